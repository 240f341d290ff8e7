//! A full disk and a torn record: alerts go on, somebody is told, and what was promised is there afterwards.

use std::fmt::Write as _;
use std::path::Path;

use clock::Clock;
use scenarios::batches::{batch, reading};
use scenarios::broker::{Broker, Kind};
use scenarios::chain;
use scenarios::disk::{SmallDisk, Tear, tear};
use scenarios::exported::each_once;
use scenarios::mqtt::{self, Subscriber};
use scenarios::running::Hub;
use scenarios::site::{At, EDGE, Site, small};
use scenarios::wait::until_true;
use wire::ack::Ack;
use wire::quantity::Quantity;

const STATIONS: &str = r#"
[[station]]
id = "gauge"
name = "Gauge"
lat = -33.0
lon = -71.6
quantity = "sea_level"
[[station.threshold]]
quantity = "sea_level"
above = 1.0
text = "High water"
"#;

/// Room on the small disks: an empty journal and all that the tests write, several times over.
const DISK_BYTES: u64 = 4 * 1024 * 1024;

/// The edge, by hand: one reading per entry.
struct Sender {
    site: Site,
    acks: Subscriber,
    port: u16,
    start_us: i64,
    next: u64,
}

impl Sender {
    fn new(site: Site, hub: &Hub) -> Self {
        let acks = Self::listen(&site, hub);
        Self {
            site,
            acks,
            port: hub.mqtt_port,
            start_us: Clock::System.now_us() - 3_600_000_000,
            next: 0,
        }
    }

    fn listen(site: &Site, hub: &Hub) -> Subscriber {
        let acks = Subscriber::start(hub.mqtt_port, &site.topic(EDGE, "ack"));
        until_true("a subscription", || acks.is_ready());
        acks
    }

    /// Goes on with the hub's next life.
    fn follow(&mut self, hub: &Hub) {
        self.acks = Self::listen(&self.site, hub);
        self.port = hub.mqtt_port;
    }

    fn entry(&self, offset: u64, value: f64) -> Vec<u8> {
        let time_us = self.start_us + offset as i64 * 1_000_000;
        let reading = reading(offset, time_us, Quantity::SeaLevel, value);
        batch("gauge", offset, time_us, false, &[reading])
    }

    /// Sends the entries from `from` on, the new ones with `value`.
    fn send(&mut self, from: u64, until: u64, value: f64) {
        let entries: Vec<Vec<u8>> = (from..until).map(|n| self.entry(n, value)).collect();
        let entries: Vec<&[u8]> = entries.iter().map(Vec::as_slice).collect();
        assert!(mqtt::publish_all(
            self.port,
            &self.site.topic(EDGE, "batch"),
            &entries
        ));
        self.next = self.next.max(until);
    }

    fn acknowledged(&self) -> u64 {
        let last = self.acks.messages().pop();
        last.map_or(0, |m| {
            Ack::decode(&m.bytes).expect("an acknowledgement").1.next
        })
    }
}

fn feed(hub: &Hub) -> Vec<String> {
    chain::atom_ids(&hub.get("/exercise/feed.atom").body)
}

fn has(hub: &Hub, condition: &str) -> bool {
    hub.conditions().iter().any(|c| c == condition)
}

#[test]
fn a_hub_with_a_full_disk_warns_and_journals_later() {
    let site = Site::new(small(STATIONS), At::Embedded);
    let Some(disk) = SmallDisk::mount(&site.path("hub"), DISK_BYTES) else {
        return;
    };
    let mut hub = site.hub();
    let mut sender = Sender::new(site, &hub);
    sender.send(0, 10, 0.1);
    until_true("ten entries acknowledged", || sender.acknowledged() == 10);
    disk.fill();
    // The page that the journal has begun takes some more.
    until_true("the condition", || {
        let next = sender.next;
        sender.send(next, next + 20, 0.1);
        has(&hub, "journal")
    });
    let health = hub.get("/healthz");
    assert_eq!(
        health.status, 200,
        "a full disk is no reason to restart a hub that warns"
    );
    assert!(
        health.body.contains("degraded") && health.body.contains("journal"),
        "{}",
        health.body
    );
    let acknowledged = sender.acknowledged();
    assert!(
        acknowledged < sender.next,
        "what is not on the disk is not acknowledged"
    );

    // The wave comes now.
    let alerts = Subscriber::start(hub.mqtt_port, "watchfire/v1/rig/alerts/#");
    until_true("a subscription", || alerts.is_ready());
    let next = sender.next;
    sender.send(next, next + 1, 2.0);
    until_true("the alert in the feed", || feed(&hub).len() == 1);
    until_true("the alert on its topic", || alerts.messages().len() == 1);
    until_true("the condition of the alert log", || has(&hub, "alert_log"));
    assert_eq!(sender.acknowledged(), acknowledged);
    let exported = sender.site.export().len() as u64;
    assert!(
        exported < sender.next,
        "{exported} of {} readings",
        sender.next
    );

    disk.free();
    until_true("everything acknowledged", || {
        sender.acknowledged() == sender.next
    });
    until_true("no condition any more", || {
        !has(&hub, "journal") && !has(&hub, "alert_log")
    });
    let check = |sender: &Sender, hub: &Hub| {
        let rows = sender.site.export();
        assert_eq!(each_once(&rows).len() as u64, sender.next);
        assert_eq!(sender.site.alert_log().len(), 1);
        assert_eq!(feed(hub).len(), 1);
    };
    check(&sender, &hub);
    hub.program.kill();
    let hub = sender.site.hub();
    check(&sender, &hub);
    assert_eq!(alerts.messages().len(), 1, "told once");
}

/// A gauge that measures every second for ten minutes; the water is high from the fifth on.
fn event(directory: &Path) -> usize {
    std::fs::create_dir(directory).expect("a scratch directory");
    let text = "name = \"High water\"\norigin = \"2026-01-01T00:00:00Z\"\nstart = \"0s\"\nend = \"10m\"\n\
                [[station]]\nid = \"gauge\"\nname = \"Gauge\"\nlat = -33.0\nlon = -71.6\nquantity = \"sea_level\"\n\
                file = \"level.txt\"\nformat = \"seconds\"\n";
    std::fs::write(directory.join("event.toml"), text).expect("a scratch file");
    let mut record = String::new();
    for second in 0..=600 {
        let height = if second < 300 { 0.0 } else { 2.0 };
        writeln!(record, "{second} {}", height + f64::from(second) / 1e4).expect("a string");
    }
    std::fs::write(directory.join("level.txt"), record).expect("a scratch file");
    601
}

const KEY: &str = "0000000000000000000000000000000000000000000000000000000000000001";
/// 2026-01-01T00:00:00Z, microseconds since the Unix epoch.
const START_US: i64 = 1_767_225_600_000_000;

/// Configures the edge for the gauge's node; returns where it connects.
fn gauge(site: &Site, mqtt_port: u16) -> String {
    let socket = site.path("nodes.sock").display().to_string();
    let more = format!(
        "[[node]]\nid = 1\nstation = \"gauge\"\nkey = \"{KEY}\"\n[[link]]\nkind = \"unix\"\nlisten = \"{socket}\"\n"
    );
    site.write_edge(mqtt_port, &more);
    format!("unix:{socket}")
}

#[test]
fn an_edge_with_a_full_disk_passes_readings_on_and_stores_them_later() {
    // Sixty readings a second: ten seconds of the wall.
    let clock = Clock::scaled(Clock::System.now_us() + 3_000_000, START_US, 60.0).expect("a speed");
    let mut site = Site::new(small(STATIONS), At::Embedded);
    site.clock = clock.description();
    let Some(disk) = SmallDisk::mount(&site.path("edge"), DISK_BYTES) else {
        return;
    };
    let hub = site.hub();
    let endpoint = gauge(&site, hub.mqtt_port);
    let samples = event(&site.path("gauge"));
    let mut edge = site.edge();
    until_true("the start of the record", || clock.now_us() >= START_US);
    let mut node = site.node(&site.path("gauge"), "gauge", &endpoint, KEY);
    until_true("the first readings", || {
        hub.latest("gauge", "sea_level").is_some()
    });
    disk.fill();
    let degraded = || {
        let state = hub.state();
        let conditions = state["conditions"].as_array().cloned().unwrap_or_default();
        conditions.iter().any(|c| {
            c["code"] == format!("edge_degraded:{EDGE}")
                && c["text"].to_string().contains("outbox_full")
        })
    };
    until_true("the edge's condition at the hub", degraded);
    until_true("the alert", || feed(&hub).len() == 1);
    assert!(degraded(), "the disk is still full");
    assert!(hub.get("/healthz").body.contains("outbox_full"));
    disk.free();
    assert!(node.until_end().success(), "{}", node.said());
    assert!(
        node.said().contains("0 unacknowledged, 0 dropped"),
        "{}",
        node.said()
    );
    until_true("an edge in good order", || !degraded());
    until_true("every reading", || site.export().len() >= samples);
    let rows = site.export();
    assert_eq!(each_once(&rows).len(), samples);
    assert_eq!(edge.terminate().code(), Some(0));
    assert_eq!(feed(&hub).len(), 1);
}

#[test]
fn a_torn_record_of_the_hubs_journal_costs_nothing_that_was_acknowledged_before_it() {
    for how in [Tear::Short, Tear::Garbled, Tear::Begun, Tear::Noise] {
        let site = Site::new(small(STATIONS), At::Embedded);
        let mut hub = site.hub();
        let mut sender = Sender::new(site, &hub);
        for n in 0..5 {
            // One at a time, so that each is a record of its own.
            sender.send(n, n + 1, 0.1);
            until_true("an acknowledgement", || sender.acknowledged() == n + 1);
        }
        hub.program.kill();
        tear(&sender.site.path("hub/journal"), how);
        let mut hub = sender.site.hub();
        sender.follow(&hub);
        let said = hub.program.said();
        assert!(
            !said.contains("cut_bytes: 0"),
            "{how:?}: the cut is told: {said}"
        );
        let kept = match how {
            Tear::Short | Tear::Garbled => 4,
            Tear::Begun | Tear::Noise => 5,
        };
        let rows = sender.site.export();
        assert_eq!(each_once(&rows).len(), kept, "{how:?}");
        // Whatever is sent again is taken where it was lost and recognised where it was not.
        sender.send(3, 7, 0.1);
        until_true("everything acknowledged", || sender.acknowledged() == 7);
        let rows = sender.site.export();
        assert_eq!(each_once(&rows).len(), 7, "{how:?}");
        assert!(hub.program.ended().is_none());
    }
}

#[test]
fn a_torn_record_of_the_outbox_costs_nothing_and_all_is_sent_again() {
    // All ten minutes in a second, which is over when the node starts.
    let clock = Clock::scaled(Clock::System.now_us(), START_US, 600.0).expect("a speed");
    let Some(mut broker) = Broker::start(Kind::Watchfire) else {
        return;
    };
    broker.kill();
    let mut site = Site::new(small(STATIONS), At::Port(broker.port));
    site.clock = clock.description();
    let endpoint = gauge(&site, broker.port);
    let samples = event(&site.path("gauge"));
    // Without broker and hub: the edge alone takes the readings from the node.
    let mut edge = site.edge();
    let mut node = site.node(&site.path("gauge"), "gauge", &endpoint, KEY);
    assert!(node.until_end().success(), "{}", node.said());
    edge.kill();
    let outbox = site.path("edge/outbox");
    for how in [Tear::Begun, Tear::Noise] {
        tear(&outbox, how);
        let mut edge = site.edge();
        edge.until_said("what was cut", |said| {
            said.contains("torn record").then_some(())
        });
        edge.kill();
    }
    broker.up();
    let hub = site.hub();
    let mut edge = site.edge();
    until_true("every reading", || site.export().len() >= samples);
    let rows = site.export();
    let known = each_once(&rows);
    assert_eq!(known.len(), samples);
    assert!((0..samples as u64).all(|seq| known.contains_key(&("gauge".to_owned(), 1, 1, seq))));
    until_true("the alert", || feed(&hub).len() == 1);
    assert_eq!(edge.terminate().code(), Some(0));
}
