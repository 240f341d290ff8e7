//! How long from the sample that confirms to the published CAP?
//!
//! Three ways: a limit that is passed, in the core alone; the tsunami of 27 February 2010 at DART 32412, in the core alone; and a limit
//! that is passed, through a running hub: from the call that publishes the sample over MQTT to the arrival of the alert at another
//! client, idle and under load. Only what would be told to people counts: the message is composed, written to the alert log with fsync,
//! and carried by the broker twice. References of the same run: an MQTT round trip of the same size without a hub, and one fsync.

mod city;
mod live;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use city::{City, FIRST_ROAD, Mix, ROADS, START_US, asked, quantile_ms, station_id};
use hub::config::Config;
use hub::core::{Core, Output};
use hub::forecast::Ocean;
use hub::replay::{deployment, load_event};
use hub::shipped;
use live::{Client, Live, fsync_ms};
use wire::batch::{Batch, Header, MAX_BATCH_BYTES, Reading, Station};
use wire::quantity::Quantity;

/// One reading as an edge's batch.
fn one(offset: u64, station: &str, node: u32, reading: Reading) -> Vec<u8> {
    let header = Header {
        edge: "probe",
        outbox: 1,
        offset,
        sent_us: reading.time_us,
        backlog: false,
    };
    let stations = [Station {
        id: station,
        node,
        boot: 2,
    }];
    let mut out = vec![0; MAX_BATCH_BYTES];
    let n = wire::batch::encode(&header, &stations, &[reading], &mut out).expect("fits");
    out.truncate(n);
    out
}

fn speed(value: f64, seq: u64, time_us: i64) -> Reading {
    Reading {
        station: 0,
        time_us,
        quantity: Quantity::Speed,
        value,
        quality: 0,
        seq,
    }
}

fn line(name: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    println!(
        "{name:<58} {:>6} {:>9.3} {:>9.3} {:>9.3}",
        times.len(),
        quantile_ms(&times, 0.5),
        quantile_ms(&times, 0.99),
        quantile_ms(&times, 1.0)
    );
}

fn step(core: &mut Core, bytes: &[u8], now_us: i64) -> (Duration, Vec<Output>) {
    let start = Instant::now();
    let batch = Batch::parse(bytes).expect("just encoded");
    core.batch(&batch, now_us);
    let outputs = core.finish(now_us);
    let took = start.elapsed();
    core.touched();
    (took, outputs)
}

fn publishes(outputs: &[Output]) -> bool {
    outputs.iter().any(|o| matches!(o, Output::Publish(_)))
}

/// A limit passed, over and over, in the warm core of the whole city.
fn limit_in_core() {
    let (mut core, _) = city::warm(Mix::All, START_US);
    let mut raised = Vec::new();
    let start_us = START_US + 7_200_000_000;
    for seq in 0..3_000_u64 {
        let station = FIRST_ROAD + seq as usize % ROADS;
        let round = seq / ROADS as u64;
        let time_us = start_us + seq as i64 * 100_000;
        let value = if round.is_multiple_of(2) { 3.0 } else { 60.0 };
        let bytes = one(
            seq,
            &station_id(station),
            station as u32,
            speed(value, round, time_us),
        );
        let (took, outputs) = step(&mut core, &bytes, time_us + 1_000);
        assert!(
            publishes(&outputs),
            "every sample passes the limit or comes back"
        );
        if round.is_multiple_of(2) {
            raised.push(took);
        }
    }
    line("limit passed, core alone: batch to CAP text", raised);
}

/// The recorded tsunami, sample by sample.
fn tsunami_in_core() -> Result<(), String> {
    const ROUNDS: usize = 5;
    let event = load_event("chile-2010")?;
    let config: Arc<Config> =
        Arc::new(deployment("chile-2010", None, &event, Path::new("unused"))?);
    let grid = Arc::new(shipped::grid("pacific_10min")?);
    let station = event.sensors().next().ok_or("an event without a sensor")?;
    let quake = event
        .quakes
        .first()
        .ok_or("an event without an earthquake")?;
    let (mut first, mut confirmed, mut others) = (Vec::new(), Vec::new(), Vec::new());
    let (mut quiet, mut estimated) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let ocean = Ocean::new(&config, grid.clone()).expect("a model");
        let mut core = Core::new(config.clone(), Some(ocean));
        let mut told = false;
        for (i, sample) in station.series.samples.iter().enumerate() {
            if !told && sample.time_us >= quake.arrival_us {
                told = true;
                let start = Instant::now();
                let mut outputs = core.quake(&quake.bytes, quake.arrival_us);
                estimated.push(start.elapsed());
                for job in core.take_jobs() {
                    let answer = core.run_model(&job).ok_or("no ocean")?;
                    outputs.extend(core.modelled(job.number, answer, quake.arrival_us));
                }
                first.push(start.elapsed());
                if !publishes(&outputs) {
                    return Err("the earthquake raised no alert".to_owned());
                }
            }
            let Some(value) = sample.value.filter(|_| sample.time_us < event.end_us) else {
                continue;
            };
            let reading = Reading {
                station: 0,
                time_us: sample.time_us,
                quantity: station.quantity,
                value,
                quality: 0,
                seq: i as u64,
            };
            let bytes = one(i as u64, &station.id, 1, reading);
            let (took, outputs) = step(&mut core, &bytes, sample.time_us);
            let confirms = outputs
                .iter()
                .any(|o| matches!(o, Output::Say { kind, .. } if kind == "confirmed"));
            match (publishes(&outputs), confirms) {
                (true, true) => confirmed.push(took),
                (true, false) => others.push(took),
                _ => quiet.push(took),
            }
        }
    }
    if confirmed.len() != ROUNDS {
        return Err(format!(
            "{} of {ROUNDS} rounds confirmed the wave",
            confirmed.len()
        ));
    }
    line(
        "tsunami, core alone: earthquake to first estimate",
        estimated,
    );
    line(
        "tsunami, core alone: earthquake to first CAP (runs the wave)",
        first,
    );
    line("tsunami, core alone: confirming sample to CAP", confirmed);
    line(
        "tsunami, core alone: later updates and cancellation",
        others,
    );
    line("  reference: a sample that says nothing", quiet);
    Ok(())
}

/// When the officer heard of a station.
fn hear(officer: &Client, station: &str) -> Option<Instant> {
    let until = Instant::now() + Duration::from_secs(10);
    while let Ok((at, alert)) = officer.heard.recv_deadline(until) {
        // An alert about another station is one that was given up.
        if alert.topic.contains(station) {
            return Some(at);
        }
    }
    None
}

/// The way of a sample through a running hub.
fn limit_live(
    live: &Live,
    sensor: &Client,
    officer: &Client,
    name: &str,
    seqs: std::ops::Range<u64>,
    apart: Duration,
) {
    let mut times = Vec::new();
    for seq in seqs {
        std::thread::sleep(apart);
        if seq % ROADS as u64 == 0 {
            // No station passes its limit twice within a second: what is measured is one alert, not two of one name.
            std::thread::sleep(Duration::from_millis(1_100));
        }
        let station = FIRST_ROAD + seq as usize % ROADS;
        let round = seq / ROADS as u64;
        let value = if round.is_multiple_of(2) { 3.0 } else { 60.0 };
        let id = station_id(station);
        let reading = speed(value, round, live.clock.now_us());
        let bytes = one(seq, &id, station as u32, reading);
        let alerts = live.alerts();
        let start = Instant::now();
        sensor.publish("watchfire/v1/city/probe/batch", bytes);
        let Some(at) = hear(officer, &id) else {
            let leg = if live.alerts() > alerts {
                "the hub published it, so it is lost between hub and officer"
            } else {
                "the hub published nothing, so the sample is lost on its way (QoS 0; an edge would repeat it)"
            };
            println!("  sample {seq} of {id}: no alert within 10 s; {leg}");
            continue;
        };
        times.push(at - start);
    }
    line(name, times);
}

fn echo(port: u16, bytes: usize) {
    let echo = Client::connect("echo", port, &["reference/echo"]);
    let times = (0..500)
        .filter_map(|_| {
            let start = Instant::now();
            echo.publish("reference/echo", vec![1; bytes]);
            let (at, _) = echo.heard.recv_timeout(Duration::from_secs(10)).ok()?;
            Some(at - start)
        })
        .collect();
    line("  reference: MQTT round trip of 4 KiB, no hub", times);
}

/// Readings in one batch of the load.
const LOAD_BATCH: usize = 500;

/// Publishes the city's batches at a pace until told to stop.
fn load(port: u16, readings_per_s: u64, stop: &AtomicBool, sent: &AtomicU64) {
    let client = Client::connect("load", port, &[]);
    let mut city = City::new(Mix::All, START_US);
    let pause = Duration::from_secs_f64(LOAD_BATCH as f64 / readings_per_s as f64);
    let mut due = Instant::now();
    while !stop.load(Ordering::Relaxed) {
        let made = city.batch(LOAD_BATCH);
        client.publish(
            &format!("watchfire/v1/city/{}/batch", city.edge(made.edge)),
            made.bytes,
        );
        sent.fetch_add(LOAD_BATCH as u64, Ordering::Relaxed);
        due += pause;
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
    }
}

fn main() {
    if !asked() {
        return;
    }
    println!(
        "{:<58} {:>6} {:>9} {:>9} {:>9}  ms",
        "", "times", "p50", "p99", "worst"
    );
    limit_in_core();
    if let Err(why) = tsunami_in_core() {
        println!("tsunami: {why}");
    }
    let live = Live::start();
    let port = live.port();
    let sensor = Client::connect("sensor", port, &[]);
    let officer = Client::connect("officer", port, &["watchfire/v1/city/alerts/#"]);
    const APART: Duration = Duration::from_millis(60);
    let probe = |name, seqs, apart| limit_live(&live, &sensor, &officer, name, seqs, apart);
    probe(
        "limit passed, live, idle: sample sent to alert heard",
        0..300,
        APART,
    );
    probe(
        "  the same, one right after the other",
        300..1_200,
        Duration::ZERO,
    );
    let (stop, sent) = (AtomicBool::new(false), AtomicU64::new(0));
    std::thread::scope(|scope| {
        scope.spawn(|| load(port, 200_000, &stop, &sent));
        // Let the load begin and the caches fill.
        std::thread::sleep(Duration::from_secs(3));
        let (began, before) = (Instant::now(), sent.load(Ordering::Relaxed));
        probe(
            "limit passed, live, loaded: sample sent to alert heard",
            1_200..1_500,
            APART,
        );
        probe(
            "  the same, one right after the other",
            1_500..2_400,
            Duration::ZERO,
        );
        let readings = sent.load(Ordering::Relaxed) - before;
        println!(
            "  (the load beside it: {:.0} readings/s)",
            readings as f64 / began.elapsed().as_secs_f64()
        );
        stop.store(true, Ordering::Relaxed);
    });
    // What is on its way arrives within a second, or never.
    std::thread::sleep(Duration::from_secs(1));
    let arrived = live.counter("messages_received", "channel=\"batch\"");
    let published = sent.load(Ordering::Relaxed) / LOAD_BATCH as u64 + 2_400;
    println!(
        "  of {published} batches published with QoS 0, {} did not arrive; edges repeat what is not acknowledged",
        published.saturating_sub(arrived)
    );
    echo(port, 4 * 1024);
    println!(
        "  reference: fsync of 4 KiB in the alert log's place, median {:.3} ms",
        fsync_ms(live.dir.path(), 4 * 1024)
    );
    live.stop();
}
