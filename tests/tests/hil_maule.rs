//! The image that ships, in an emulator, measures the Maule tsunami through a Digiquartz's serial line: firmware, edge and hub are the real
//! ones, and they warn. A day and a half of virtual time passes in minutes.

use hil::script::Script;
use scenarios::chain;
use scenarios::exported::{Row, each_once};
use scenarios::mqtt;
use scenarios::recorded::repository;
use scenarios::rigged::{Firmware, NodePlan, Rigged};
use scenarios::site::{At, shipped};
use scenarios::wait::until_true;

const STATION: &str = "32412";
const QUAKE: &str = "official20100227063411530_30";

/// The record from its beginning to its end, as the sensor of the station measures it.
const SCRIPT: &str = r#"
name = "Maule, the whole record"
length = "36h"
seed = 1

[[sensor]]
name = "deep"

[sensor.digiquartz]
unit = "kPa"
digits = 9

[sensor.digiquartz.pressure]
record = { event = "configs/events/chile-2010", station = "32412" }
start = "-6h"
water = { depth_m = 4325 }

[sensor.digiquartz.temperature]
constant = 2.3

[[expect]]
outcome = "alert_issued"
"#;

/// By NOAA's conversion, as in the record: 670 mm of water a psi.
fn metres(pressure_pa: f64) -> f64 {
    (pressure_pa - 101_325.0) * 0.670 / 6_894.757 - 4_325.0
}

fn of(rows: &[Row], quantity: &str) -> Vec<Row> {
    let own = rows.iter().filter(|row| row.quantity == quantity);
    own.cloned().collect()
}

#[test]
fn the_whole_record_goes_through_the_image_to_an_alert() {
    let Some(firmware) = Firmware::find() else {
        return;
    };
    let directory = repository().join("configs/events/chile-2010");
    let event = record::Event::load(&record::Directory::new(&directory)).expect("the event");
    let script = Script::parse("maule", SCRIPT).expect("a script");
    let mut sensors = script.build(&repository()).expect("its sensors");
    let sensor = sensors.pop().expect("a sensor");
    let mut plan = NodePlan::new(1, "node", STATION, sensor.model);
    // In its rapid mode a node measures every second for hours; every five are enough here, and sooner over.
    plan.settings.rapid_interval_ms = 5_000;
    let mut config = shipped("chile");
    let stations = config["station"].as_array_mut().expect("stations");
    stations[0]["quantity"] = "water_pressure".into();
    let mut rig = Rigged::start(
        config,
        At::Embedded,
        event.start_us,
        std::slice::from_ref(&plan),
    );
    rig.add(&firmware, &plan, Some(sensor), &script.faults, script.seed);

    let quake = &event.quakes[0];
    let begun = std::time::Instant::now();
    let (mut told, mut hours) = (false, 0);
    rig.play(script.length_us, |rig| {
        let now_us = rig.bench.utc_us(rig.bench.now_us());
        if !told && now_us >= quake.arrival_us {
            told = mqtt::publish(rig.port(), &rig.site.topic("usgs", "quake"), &quake.bytes);
        }
        let hour = rig.bench.now_us() / 3_600_000_000;
        if hour > hours {
            hours = hour;
            println!(
                "{hour} h after {:.0} s: {:?}",
                begun.elapsed().as_secs_f64(),
                rig.latest(STATION, "water_pressure")
            );
        }
    });
    assert!(told, "the broker never took the earthquake");
    let node = &rig.bench.nodes()[0];
    println!(
        "36 h in {:.0} s of the wall; {} starts, {:?}",
        begun.elapsed().as_secs_f64(),
        node.starts(),
        node.link()
    );
    assert_eq!((node.starts(), node.resets()), (1, 0));

    // Every sample: once, in order, at its time, with the record's value.
    let expected = 36 * 240 - 1;
    until_true("the last reading in the hub's journal", || {
        of(&rig.site.export(), "water_pressure").len() >= expected
    });
    let rows = rig.site.export();
    each_once(&rows);
    let rows = of(&rows, "water_pressure");
    let station = event.stations.iter().find(|s| s.id == STATION);
    let record = &station.expect("the station").series.samples;
    let mut last_us = None;
    for row in &rows {
        let since_us = row.time_us - event.origin_us;
        let step_us = last_us.map_or(15_000_000, |last_us| row.time_us - last_us);
        last_us = Some(row.time_us);
        // Two clocks that are compared every 64 s agree to milliseconds; the schedule follows UTC once it is known.
        let has_settled = row.time_us > event.start_us + 120_000_000;
        if has_settled {
            // Every 15 s, and faster for some hours once the node has found something itself: first the earthquake's shaking.
            let is_regular = (step_us - 15_000_000).abs() < 100_000;
            let is_allowed = since_us > 0 && (500_000..22_600_000).contains(&step_us);
            assert!(is_regular || is_allowed, "{row:?}: {step_us}");
            assert_eq!(row.quality, "simulated", "{row:?}");
        }
        let Some(recorded_m) = on_the_line(record, row.time_us) else {
            continue;
        };
        // The sensor takes the mean of 7.5 s, which cuts the corners of the shaking.
        let shakes = (0..3_600_000_000).contains(&since_us);
        let apart_m = (metres(row.value) - recorded_m).abs();
        assert!(
            apart_m < if shakes { 0.05 } else { 0.002 },
            "{row:?}: {recorded_m} m"
        );
    }

    let log = rig.site.alert_log();
    let messages: Vec<cap::Alert> = log.iter().map(|m| chain::read(&m.xml)).collect();
    let chains = chain::check(&messages);
    assert_eq!(chains.keys().collect::<Vec<_>>(), [QUAKE]);
    // Confirmed when the wave came, three hours and a bit behind the earthquake, and not before, nor taken back.
    let said = |text: &str| -> Vec<i64> {
        let saying = log.iter().filter(|m| m.xml.contains(text));
        saying
            .map(|m| (chain::read(&m.xml).sent.us() - event.origin_us) / 60_000_000)
            .collect()
    };
    let confirmed = said("the tsunami is confirmed");
    assert!(
        confirmed
            .first()
            .is_some_and(|minute| (180..215).contains(minute)),
        "minutes after the earthquake: {confirmed:?}; {messages:?}"
    );
    assert!(said("turned out to show no wave").is_empty());
}

/// The record at an instant, metres, on the straight line between its samples; `None` where it has a hole.
fn on_the_line(record: &[record::Sample], time_us: i64) -> Option<f64> {
    let after = record.partition_point(|sample| sample.time_us <= time_us);
    let (a, b) = (record.get(after.checked_sub(1)?)?, record.get(after)?);
    let (from_m, to_m) = (a.value?, b.value?);
    let share = (time_us - a.time_us) as f64 / (b.time_us - a.time_us) as f64;
    Some(from_m + share * (to_m - from_m))
}
