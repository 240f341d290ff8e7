//! What goes wrong on a node's way to a warning, and what must come of it: the image that ships, hurt on every channel in every way.
//!
//! Each row is a node with a station of its own, at the rise of the Maule wave. Rows that hurt only their own node share an edge and a
//! hub; rows that hurt edge or broker have their own. `WATCHFIRE_HIL_ROW=<name> WATCHFIRE_HIL_SEED=<seed>` plays one again. The table is
//! printed, and kept in `target/hil/faults.txt`.

use std::fmt::Write as _;

use clock::Clock;
use hil::fault::Fault;
use hil::rig::Bench;
use hil::script::{BuiltSensor, Model, Script};
use scenarios::chain;
use scenarios::hurt::{EdgeKeeper, Expect, Row, Seen};
use scenarios::proxy::Proxy;
use scenarios::recorded::repository;
use scenarios::rigged::{Firmware, NodePlan, Rigged, faults};
use scenarios::site::{At, small};

use Expect::{Alert, Clean, Degraded, Drift, Refused, Restarted, Silence};

const MINUTE_US: u64 = 60_000_000;

/// Most nodes on the bench at a time: an emulator takes 40 MB.
const GROUP: usize = 12;

/// Pressure at the wave's crest less a third of its height, pascals.
const LIMIT_PA: f64 = 44_610_066.0;

const fn row(
    name: &'static str,
    faults: &'static [&'static str],
    expect: &'static [Expect],
) -> Row {
    Row {
        name,
        faults,
        expect,
    }
}

/// What shows of a node's frames that were bent on the line: a frame that cannot be read names nobody, but what it carried is missing, asked
/// for and repeated, and bent answers are refused by the node.
const LINE: &[&str] = &[
    "edge crc",
    "edge tag",
    "edge replayed",
    "repeated",
    "gaps",
    "node refused",
];

/// The wave rises 8 minutes after the start and stands above the limit from 9 to 13.
const ROWS: &[Row] = &[
    row("none", &[], &[Alert, Clean]),
    row("sensor-off", &["sensor:off@3m+4m"], &[Alert, Degraded]),
    row(
        "sensor-off-for-good",
        &["sensor:off@3m"],
        &[Silence, Degraded],
    ),
    row("sensor-stuck", &["sensor:stuck@3m+4m"], &[Alert]),
    row(
        "sensor-garbage",
        &["sensor.up:garbage(rate=0.3)@3m+4m"],
        &[Alert, Refused(&["node sensor_errors"])],
    ),
    row(
        "sensor-garbage-for-good",
        &["sensor.up:garbage(rate=0.5)@3m"],
        &[Silence, Degraded],
    ),
    row("sensor-wrong", &["sensor:wrong(scale=0.5)@3m+4m"], &[Alert]),
    row("sensor-slow", &["sensor:slow(bps=600)@3m"], &[Alert]),
    row("sensor-delayed", &["sensor:delayed(by=500ms)@3m"], &[Alert]),
    row(
        "sensor-intermittent",
        &["sensor:intermittent(on=20s,off=20s)@3m"],
        &[Alert, Degraded],
    ),
    row("link-off", &["link:off@3m+7m"], &[Alert, Degraded]),
    row(
        "link-stuck",
        &["link.up:stuck@3m+4m"],
        &[Alert, Refused(LINE)],
    ),
    row(
        "link-garbage",
        &["link:garbage(rate=0.05)@3m+8m"],
        &[Alert, Refused(LINE)],
    ),
    row(
        "link-wrong",
        &["link:wrong(how=any,rate=0.4)@3m+8m"],
        &[Alert, Refused(LINE)],
    ),
    row(
        "link-replayed",
        &["link:wrong(how=replay,rate=0.7)@3m+8m"],
        &[Alert, Refused(&["edge replayed"])],
    ),
    row(
        "link-forged",
        &["link:wrong(how=forge,rate=0.5)@3m+8m"],
        &[Alert, Refused(&["edge tag"])],
    ),
    row(
        "link-cut-short",
        &["link:wrong(how=truncate,rate=0.5)@3m+8m"],
        &[Alert, Refused(LINE)],
    ),
    row("link-slow", &["link:slow(bps=1200)@3m+8m"], &[Alert]),
    row("link-delayed", &["link:delayed(by=2s)@3m+8m"], &[Alert]),
    row(
        "link-intermittent",
        &["link:intermittent(on=10s,off=10s)@3m+8m"],
        &[Alert],
    ),
    row("clock-off", &["clock:off@3m"], &[Alert]),
    row(
        "clock-garbage",
        &["clock:garbage(up_to=1h)@3m+4m"],
        &[Alert],
    ),
    row(
        "clock-fast",
        &["clock:wrong(ppm=100)"],
        &[Alert, Drift(100)],
    ),
    row(
        "clock-slow",
        &["clock:slow(ppm=100)"],
        &[Alert, Drift(-100)],
    ),
    row("clock-jump", &["clock:wrong(jump=1h)@3m+2m"], &[Alert]),
    row("clock-delayed", &["clock:delayed(by=2s)@3m"], &[Alert]),
    row(
        "clock-intermittent",
        &["clock:intermittent(on=1m,off=1m)@1m"],
        &[Alert],
    ),
    row("clock-stuck", &["clock:stuck@3m+3m"], &[Alert, Degraded]),
    row("power-off", &["power:off@3m+3m"], &[Alert, Degraded]),
    row(
        "power-off-byte-1",
        &["power:off(after=1)@4m+30s"],
        &[Alert, Restarted("power_on")],
    ),
    row(
        "power-off-byte-40",
        &["power:off(after=40)@4m+30s"],
        &[Alert, Restarted("power_on")],
    ),
    row(
        "power-off-byte-97",
        &["power:off(after=97)@4m+30s"],
        &[Alert, Restarted("power_on")],
    ),
    row("power-stuck", &["power:stuck@3m+3m"], &[Alert, Degraded]),
    row(
        "power-brown-out",
        &["power:wrong(count=1)@4m"],
        &[Alert, Restarted("brown_out")],
    ),
    row(
        "power-slow",
        &["power:slow@4m"],
        &[Alert, Restarted("brown_out")],
    ),
    row("power-delayed", &["power:delayed(by=4m)"], &[Alert]),
    row(
        "power-intermittent",
        &["power:intermittent(on=40s,off=10s)@3m+5m"],
        &[Alert],
    ),
];

/// These have a hub and an edge of their own.
const ALONE: &[Row] = &[
    row("edge-off", &["edge:off@3m+5m"], &[Alert, Degraded]),
    row("edge-stuck", &["edge:stuck@3m+5m"], &[Alert, Degraded]),
    row("edge-slow", &["edge:slow(share=0.2)@3m+5m"], &[Alert]),
    row("edge-delayed", &["edge:delayed(by=4m)"], &[Alert]),
    row(
        "edge-reconnect-storm",
        &["edge:intermittent(on=20s,off=10s)@3m+5m"],
        &[Alert],
    ),
    row("broker-off", &["broker:off@3m+5m"], &[Alert, Degraded]),
    row("broker-stuck", &["broker:stuck@3m+5m"], &[Alert, Degraded]),
    // Which bytes are hit hangs on how the stream was cut: a batch, or what keeps the connection. That a bent batch is refused, counted and sent
    // again is in `edge/tests/delivery.rs` and `mistakes.rs`.
    row(
        "broker-garbage",
        &["broker:garbage(rate=0.02)@3m+5m"],
        &[Alert, Degraded],
    ),
    row(
        "broker-wrong",
        &["broker:wrong(rate=0.01)@3m+5m"],
        &[Alert, Degraded],
    ),
    row("broker-slow", &["broker:slow(bps=9600)@3m+5m"], &[Alert]),
    row(
        "broker-delayed",
        &["broker:delayed(by=10s)@3m+5m"],
        &[Alert],
    ),
    row(
        "broker-intermittent",
        &["broker:intermittent(on=20s,off=20s)@3m+5m"],
        &[Alert],
    ),
];

/// A node whose 32-bit count of microseconds wraps (after 71 minutes) before the wave comes.
const LONG: &[Row] = &[row("clock-wraps-32-bits", &[], &[Alert])];

/// The sensor of a row: the station's record from `start` on, which is so long before the earthquake or behind it.
fn sensor(row: &Row, start: &str, length: &str, seed: u64) -> BuiltSensor {
    let own = row.faults.iter().filter(|text| text.starts_with("sensor"));
    let own: Vec<String> = own.map(|text| format!("{text:?}")).collect();
    let text = format!(
        r#"
name = "{}"
length = "{length}"
seed = {seed}
faults = [{}]

[[sensor]]
name = "deep"
[sensor.digiquartz]
unit = "kPa"
digits = 9
[sensor.digiquartz.pressure]
record = {{ event = "configs/events/chile-2010", station = "32412" }}
start = "{start}"
water = {{ depth_m = 4325 }}

[[expect]]
outcome = "alert_issued"
"#,
        row.name,
        own.join(", ")
    );
    let script = Script::parse(row.name, &text).unwrap_or_else(|why| panic!("{why}"));
    let sensors = script.build(&repository());
    let sensor = sensors.unwrap_or_else(|why| panic!("{why}")).pop();
    sensor.expect("a sensor")
}

/// The station of a group's row with this number. Short: events have ids of bounded length.
fn station(n: usize) -> String {
    format!("row{n}")
}

/// A deployment with a station for each row, and a limit on what it measures.
fn deployment(rows: &[Row]) -> toml::Table {
    let mut text = String::from("[timing]\nlate = \"2m\"\nunknown = \"4m\"\ntick = \"10s\"\n");
    for (n, row) in rows.iter().enumerate() {
        let _ = write!(
            text,
            r#"
[[station]]
id = "{}"
name = "{}"
lat = -18
lon = {}
quantity = "water_pressure"
[[station.threshold]]
quantity = "water_pressure"
above = {LIMIT_PA}
hysteresis = 500
text = "The sea rises"
"#,
            station(n),
            row.name,
            -86.0 - n as f64 * 0.1,
        );
    }
    small(&text)
}

struct Window {
    /// Of the record, from the earthquake.
    start: &'static str,
    length: &'static str,
    minutes: u64,
}

const WAVE: Window = Window {
    start: "+3h05m",
    length: "15m",
    minutes: 15,
};
const LONG_WAVE: Window = Window {
    start: "+1h50m",
    length: "1h30m",
    minutes: 90,
};

/// Plays rows together. Gives what was seen of each.
fn play(firmware: &Firmware, rows: &[Row], window: &Window, seed: u64) -> Vec<Seen> {
    let all: Vec<Fault> = rows.iter().flat_map(|row| faults(row.faults)).collect();
    let plans: Vec<NodePlan> = (1..)
        .zip(rows)
        .zip(0..)
        .map(|((number, row), n)| NodePlan::new(number, row.name, &station(n), Model::Digiquartz))
        .collect();
    let start_us = Clock::System.now_us();
    let mut rig = Rigged::start(deployment(rows), At::Embedded, start_us, &plans);
    let is_broker = |fault: &Fault| fault.channel == hil::fault::Channel::Broker;
    let broker: Vec<Fault> = all
        .iter()
        .filter(|fault| is_broker(fault))
        .cloned()
        .collect();
    let _proxy = (!broker.is_empty()).then(|| {
        let clock = rig.site.clock.as_deref().expect("a given time");
        let clock = Clock::parse(clock).expect("a given time");
        let proxy = Proxy::start(rig.port(), clock, start_us, &broker, seed);
        rig.edge = None;
        rig.write_edge(proxy.port);
        rig.start_edge();
        proxy
    });
    for (plan, row) in plans.iter().zip(rows) {
        let own: Vec<Fault> = faults(row.faults);
        let built = sensor(row, window.start, window.length, seed);
        rig.add(firmware, plan, Some(built), &own, seed);
    }
    let mut keeper = EdgeKeeper::new(&all, seed);
    let alone = rows.len() == 1;
    let mut seen = vec![Seen::default(); rows.len()];
    let mut minute = 1;
    // While the way to the hub is cut, it does not follow.
    rig.follows = rows.len() > 1;
    rig.play(window.minutes * MINUTE_US, |rig| {
        keeper.keep(rig);
        if rig.bench.now_us() > (minute + 1) * MINUTE_US {
            minute = rig.bench.now_us() / MINUTE_US;
            let (hub, status) = (rig.hub.state(), rig.report());
            for (n, seen) in seen.iter_mut().enumerate() {
                seen.look(&station(n), alone, &hub, &status);
            }
            if alone {
                seen[0].look_at_refusals(&rig.hub.get("/metrics").body);
            }
        }
    });
    keeper.keep(&mut rig);
    rig.settle();
    let (hub, report) = (rig.hub.state(), rig.report());
    let log = rig.site.alert_log();
    let messages: Vec<cap::Alert> = log.iter().map(|m| chain::read(&m.xml)).collect();
    let chains = chain::check(&messages);
    if alone {
        seen[0].look_at_refusals(&rig.hub.get("/metrics").body);
    }
    // A longer window begins so much earlier before the wave.
    let before = (window.minutes - WAVE.minutes).cast_signed();
    for (n, seen) in seen.iter_mut().enumerate() {
        seen.look(&station(n), alone, &hub, &report);
        let own = format!("{}.water_pressure.above", station(n));
        seen.alerts = chains
            .iter()
            .filter(|(event, _)| event.starts_with(&own))
            .filter_map(|(_, messages)| messages.first())
            .map(|first| (first.sent.us() - start_us) / 60_000_000 - before)
            .collect();
    }
    seen
}

fn judge(rows: &[Row], seen: &[Seen], table: &mut String, failures: &mut Vec<String>, seed: u64) {
    for (row, seen) in rows.iter().zip(seen) {
        let missed: Vec<String> = row
            .expect
            .iter()
            .filter_map(|expect| seen.meets(*expect).err())
            .collect();
        let verdict = if missed.is_empty() { "ok" } else { "FAILED" };
        let expected: Vec<String> = row
            .expect
            .iter()
            .map(|e| format!("{e:?}").to_lowercase())
            .collect();
        let line = format!(
            "{:<26} {:<44} {:<28} {verdict:<6} {}",
            row.name,
            row.faults.join(" "),
            expected.join(" + "),
            seen.words()
        );
        println!("{line}");
        let _ = writeln!(table, "{line}");
        if !missed.is_empty() {
            failures.push(format!(
                "{}: {}; again: WATCHFIRE_HIL_SEED={seed} WATCHFIRE_HIL_ROW={} cargo test -p scenarios --test hil_faults -- --nocapture",
                row.name,
                missed.join(", "),
                row.name
            ));
        }
    }
}

#[test]
fn faults_on_every_channel_have_the_consequences_they_must() {
    let Some(firmware) = Firmware::find() else {
        return;
    };
    let seed =
        std::env::var("WATCHFIRE_HIL_SEED").map_or(1, |text| text.parse().expect("a number"));
    let only = std::env::var("WATCHFIRE_HIL_ROW").ok();
    let chosen = |rows: &[Row]| -> Vec<Row> {
        let fits = |row: &&Row| only.as_ref().is_none_or(|name| row.name == name);
        rows.iter().filter(fits).copied().collect()
    };
    let (mut table, mut failures) = (format!("seed {seed}\n"), Vec::new());
    println!("seed {seed}");
    let mut groups: Vec<(Vec<Row>, &Window)> = Vec::new();
    groups.extend(
        chosen(ROWS)
            .chunks(GROUP)
            .map(|rows| (rows.to_vec(), &WAVE)),
    );
    groups.extend(chosen(ALONE).into_iter().map(|row| (vec![row], &WAVE)));
    groups.extend(chosen(LONG).into_iter().map(|row| (vec![row], &LONG_WAVE)));
    assert!(!groups.is_empty(), "no row is called {only:?}");
    for (rows, window) in groups {
        let seen = play(&firmware, &rows, window, seed);
        judge(&rows, &seen, &mut table, &mut failures, seed);
    }
    let folder = repository().join("target/hil");
    std::fs::create_dir_all(&folder).expect("a folder for the table");
    std::fs::write(folder.join("faults.txt"), &table).expect("a place for the table");
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// The bench without nodes is no rig: a reminder that the table above is about something.
#[test]
fn every_channel_and_kind_is_in_the_table() {
    use hil::fault::Channel;
    let rows: Vec<&Row> = ROWS.iter().chain(ALONE).collect();
    for channel in Channel::ALL {
        for kind in channel.kinds() {
            let has = rows.iter().any(|row| {
                let own = faults(row.faults);
                own.iter()
                    .any(|fault| fault.channel == channel && fault.kind == *kind)
            });
            assert!(has, "{}:{}", channel.name(), kind.name());
        }
    }
    let _ = size_of::<Bench>();
}
