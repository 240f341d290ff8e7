//! Nothing is lost and nothing is told twice, whatever dies when.
//!
//! Hub, edge and broker are killed with SIGKILL at random instants while a node plays the Maule tsunami through them on an exercise
//! clock. The node lives: its memory is the only copy of a reading until the edge has it.
//!
//! A failure prints its seed; `WATCHFIRE_SEED=<seed> cargo test -p scenarios --test kill` draws the same instants and victims again.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clock::Clock;
use scenarios::broker::{Broker, Kind};
use scenarios::chain;
use scenarios::exported::each_once;
use scenarios::http;
use scenarios::mqtt::{self, Subscriber};
use scenarios::program::Program;
use scenarios::random::Random;
use scenarios::recorded::repository;
use scenarios::running::{Hub, addresses};
use scenarios::site::{At, Site, shipped};
use scenarios::wait::{until, until_true};

/// Exercise seconds in a second: a restart of the hub, about a second in a debug build, costs the exercise ten to twenty minutes, as a
/// machine that reboots would.
const SPEED: f64 = 1_200.0;

/// Exercise time before the record begins, in which everything starts for the first time.
const LEAD_US: i64 = 20 * 60 * 1_000_000;

/// Pauses between two kills, and until the victim is started again; milliseconds of the wall.
const KILL_EVERY_MS: (u64, u64) = (400, 2_400);
const DOWN_MS: (u64, u64) = (0, 700);

const STATION: &str = "32412";
const KEY: &str = "0000000000000000000000000000000000000000000000000000000000000001";
const QUAKE: &str = "official20100227063411530_30";

/// What of the record is played: the quiet before, the shaking, the wave and its decay.
const WINDOW: &str = "start = \"-1h\"\nend = \"+13h\"\n";

/// The shipped event, cut to [`WINDOW`].
fn event(directory: &Path) -> (PathBuf, record::Event) {
    let from = repository().join("configs/events/chile-2010");
    let to = directory.join("chile-2010");
    std::fs::create_dir(&to).expect("a scratch directory");
    for name in ["32412_notide.txt", "quake.geojson"] {
        std::fs::copy(from.join(name), to.join(name)).expect("a shipped file");
    }
    let text = std::fs::read_to_string(from.join("event.toml")).expect("a shipped file");
    let kept = |line: &&str| !line.starts_with("start =") && !line.starts_with("end =");
    let (head, stations) = text.split_once("[[quake]]").expect("an earthquake");
    let head: Vec<&str> = head.lines().filter(kept).collect();
    let text = format!("{}\n{WINDOW}[[quake]]{stations}", head.join("\n"));
    std::fs::write(to.join("event.toml"), text).expect("a scratch file");
    let event = record::Event::load(&record::Directory::new(&to)).expect("the event");
    (to, event)
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Victim {
    Hub,
    Edge,
    Broker,
}

/// Everything that runs but the node.
struct Rig {
    site: Site,
    broker: Broker,
    hub: Option<Program>,
    edge: Option<Program>,
    /// Who is down, and when it is started again.
    down: Vec<(Victim, Instant)>,
    kills: [u32; 3],
}

impl Rig {
    fn new(broker: Broker, clock: &Clock) -> Self {
        let mut config = shipped("chile");
        let timing = "tick = \"1m\"\nlate = \"20m\"\nunknown = \"1h\"";
        config.insert(
            "timing".to_owned(),
            timing.parse::<toml::Table>().expect("TOML").into(),
        );
        let mut site = Site::new(config, At::Port(broker.port));
        site.clock = clock.description();
        let socket = site.path("nodes.sock");
        let more = format!(
            "[[node]]\nid = 1\nstation = \"{STATION}\"\nkey = \"{KEY}\"\nsimulated = true\n\
             [[link]]\nkind = \"unix\"\nlisten = \"{}\"\n",
            socket.display()
        );
        site.write_edge(broker.port, &more);
        Self {
            hub: Some(site.launch_hub()),
            edge: Some(site.edge()),
            site,
            broker,
            down: Vec::new(),
            kills: [0; 3],
        }
    }

    fn kill(&mut self, victim: Victim, until: Instant) {
        if self.down.iter().any(|(v, _)| *v == victim) {
            return;
        }
        self.kills[victim as usize] += 1;
        match victim {
            Victim::Hub => self.hub = None,
            Victim::Edge => self.edge = None,
            Victim::Broker => self.broker.kill(),
        }
        self.down.push((victim, until));
    }

    fn raise(&mut self, now: Instant) {
        let due: Vec<Victim> = self
            .down
            .iter()
            .filter(|d| d.1 <= now)
            .map(|d| d.0)
            .collect();
        self.down.retain(|d| d.1 > now);
        for victim in due {
            match victim {
                Victim::Hub => self.hub = Some(self.site.launch_hub()),
                Victim::Edge => self.edge = Some(self.site.edge()),
                Victim::Broker => self.broker.up(),
            }
        }
        // Nobody ends by himself: that would be a failure of its own, and hidden by the next start.
        for program in [&mut self.hub, &mut self.edge].into_iter().flatten() {
            if let Some(status) = program.ended() {
                panic!("ended by itself with {status}:\n{}", program.said());
            }
        }
    }

    /// Whether the hub has the earthquake, as far as it can be asked now.
    fn knows_quake(&self) -> bool {
        let state = self.hub.as_ref().and_then(|hub| {
            let (http, _) = addresses(&hub.said())?;
            http::get(http, "/api/state")
        });
        state.is_some_and(|answer| answer.body.contains(QUAKE))
    }
}

fn killed_at_random(kind: Kind) {
    let Some(broker) = Broker::start(kind) else {
        return;
    };
    let seed = Random::seed();
    println!(
        "seed {seed}; again: WATCHFIRE_SEED={seed} cargo test -p scenarios --test kill -- {}",
        std::thread::current().name().unwrap_or("")
    );
    let mut random = Random::new(seed);
    let scratch = tempfile::tempdir().expect("a scratch directory");
    let (directory, event) = event(scratch.path());
    let begin_us = event.start_us - LEAD_US;
    let clock = Clock::scaled(Clock::System.now_us(), begin_us, SPEED).expect("a speed");
    let mut rig = Rig::new(broker, &clock);
    let endpoint = format!("unix:{}", rig.site.path("nodes.sock").display());
    let mut node = None;
    let alerts = Subscriber::start(rig.broker.port, "watchfire/v1/chile/alerts/#");

    let quake = &event.quakes[0];
    let (mut told, mut ask) = (false, Instant::now());
    let ms = |random: &mut Random, (low, high): (u64, u64)| {
        Duration::from_millis(random.between(low, high))
    };
    let mut next_kill = Instant::now() + ms(&mut random, KILL_EVERY_MS);
    while clock.now_us() < event.end_us {
        let now = Instant::now();
        rig.raise(now);
        // It is switched on when its record begins: before, its clock stands still.
        if node.is_none() && clock.now_us() >= event.start_us {
            node = Some(rig.site.node(&directory, STATION, &endpoint, KEY));
        }
        if now >= next_kill {
            let victim = [Victim::Hub, Victim::Edge, Victim::Broker][random.between(0, 3) as usize];
            rig.kill(victim, now + ms(&mut random, DOWN_MS));
            next_kill = now + ms(&mut random, KILL_EVERY_MS);
        }
        // The agency says it again until the hub has it: a broker that dies forgets what it has confirmed.
        if !told && clock.now_us() >= quake.arrival_us && now >= ask {
            ask = now + Duration::from_millis(500);
            told = rig.knows_quake();
            if !told {
                mqtt::publish(
                    rig.broker.port,
                    &rig.site.topic("usgs", "quake"),
                    &quake.bytes,
                );
            }
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    // From here on everything lives, and what is left to do gets done.
    rig.raise(Instant::now() + Duration::from_secs(3_600));
    println!(
        "killed: hub {}, edge {}, broker {}",
        rig.kills[0], rig.kills[1], rig.kills[2]
    );
    assert!(told, "the earthquake never reached the hub");
    let mut node = node.expect("a node");
    assert!(node.until_end().success(), "{}", node.said());
    let said = node.said();
    assert!(said.contains("0 unacknowledged, 0 dropped"), "{said}");
    let expected: Vec<record::Sample> = event.stations[0]
        .series
        .samples
        .iter()
        .filter(|s| (event.start_us..=event.end_us).contains(&s.time_us))
        .copied()
        .collect();
    until_true("the last reading in the hub's journal", || {
        rig.site.export().len() >= expected.len()
    });
    let topic = format!("watchfire/v1/chile/alerts/exercise/{QUAKE}");
    check(&mut rig, &expected, &alerts, &topic);
}

/// Everything that must hold afterwards.
fn check(rig: &mut Rig, expected: &[record::Sample], alerts: &Subscriber, topic: &str) {
    // Readings: each exactly once, with its value, at its time.
    let rows = rig.site.export();
    let known = each_once(&rows);
    assert_eq!(known.len(), expected.len(), "readings in the journal");
    for (seq, sample) in expected.iter().enumerate() {
        let row = known
            .get(&(STATION.to_owned(), 1, 1, seq as u64))
            .unwrap_or_else(|| panic!("reading {seq} is lost: {sample:?}"));
        match sample.value {
            Some(value) => assert_eq!(row.value, value, "{row:?}"),
            None => assert!(row.value.is_nan(), "{row:?}"),
        }
        // The edge learns the node's clock from messages that travel for milliseconds of the wall, seconds of the exercise.
        let off_s = (row.time_us - sample.time_us) as f64 / 1e6;
        assert!(
            off_s.abs() < SPEED / 2.0,
            "{row:?} is {off_s} s off {sample:?}"
        );
    }

    // Alerts: each exactly once in the log and in the feed, one consistent chain.
    let mut hub = rig.hub.take().expect("it lives");
    let (http, mqtt_port) = hub.until_said("that it runs", addresses);
    let hub = Hub {
        program: hub,
        http,
        mqtt_port,
    };
    let log = rig.site.alert_log();
    let messages: Vec<cap::Alert> = log.iter().map(|m| chain::read(&m.xml)).collect();
    let chains = chain::check(&messages);
    assert_eq!(chains.keys().collect::<Vec<_>>(), [QUAKE]);
    assert!(
        messages.len() >= 2,
        "the wave was confirmed or the alert renewed: {messages:?}"
    );
    let feed = chain::atom_ids(&hub.get("/exercise/feed.atom").body);
    let urls: Vec<String> = log
        .iter()
        .rev()
        .map(|m| format!("http://rig.example.org/cap/{}", m.file()))
        .collect();
    assert_eq!(feed, urls, "the feed, newest first");
    // Who listened all along may have heard a message twice (a broker that lost its memory is told again), never two under one name.
    let heard: BTreeSet<String> = alerts.messages().into_iter().map(|m| m.payload).collect();
    let sent: BTreeSet<String> = log.iter().map(|m| m.xml.clone()).collect();
    assert!(
        heard.is_subset(&sent),
        "heard, and not in the log: {heard:?}"
    );

    // The journal tells the same story.
    let again: Vec<String> = rig
        .site
        .recompute()
        .into_iter()
        .filter(|line| line["output"] == "publish")
        .map(|line| line["xml"].as_str().expect("a message").to_owned())
        .collect();
    let logged: Vec<String> = log.into_iter().map(|m| m.xml).collect();
    assert_eq!(again, logged, "computed again from the journal");

    // Whoever connects now finds the last word at the broker.
    let last = logged.last().expect("an alert");
    until(&format!("the last alert, retained under {topic}"), || {
        let late = Subscriber::start(rig.broker.port, topic);
        until_true("a subscription", || late.is_ready());
        std::thread::sleep(Duration::from_millis(200));
        late.messages()
            .iter()
            .any(|m| m.retained && m.payload == *last)
            .then_some(())
    });
}

#[test]
fn nothing_is_lost_behind_mosquitto() {
    killed_at_random(Kind::Mosquitto);
}

#[test]
fn nothing_is_lost_behind_the_programs_own_broker() {
    killed_at_random(Kind::Watchfire);
}

/// A broker that is killed has forgotten its retained messages. Whoever connects to the next one must find the alert in force all the
/// same, although the hub was there all along and has nothing new to say.
#[test]
fn a_broker_without_memory_is_told_the_alerts_in_force_again() {
    let Some(mut broker) = Broker::start(Kind::Watchfire) else {
        return;
    };
    let scratch = tempfile::tempdir().expect("a scratch directory");
    let (_, event) = event(scratch.path());
    let quake = &event.quakes[0];
    let mut site = Site::new(shipped("chile"), At::Port(broker.port));
    let clock = Clock::scaled(Clock::System.now_us(), quake.arrival_us, 1.0).expect("a speed");
    site.clock = clock.description();
    let hub = site.hub();
    let is_retained = |port: u16| {
        let late = Subscriber::start(port, "watchfire/v1/chile/alerts/exercise/+");
        until_true("a subscription", || late.is_ready());
        std::thread::sleep(Duration::from_millis(200));
        late.messages().iter().any(|m| m.retained)
    };
    until_true("an alert", || {
        mqtt::publish(broker.port, &site.topic("usgs", "quake"), &quake.bytes);
        hub.state()["alerts"]
            .as_array()
            .is_some_and(|a| !a.is_empty())
    });
    until_true("the alert at the broker", || is_retained(broker.port));
    broker.kill();
    broker.up();
    until_true("the alert at the broker that has lost its memory", || {
        is_retained(broker.port)
    });
}
