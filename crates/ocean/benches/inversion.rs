//! Is a forecast for 200 points renewed in under 100 ms on one core, from 2 h of 50 sensors' one-minute data, over 300 unit sources?
//!
//! The reference of the same run is the same algebra done plainly: normal equations over all unit sources, a Cholesky
//! factor, and the posterior's variance at every point and time, in double loops over `f64`. Everything here runs on one thread;
//! where the system tells how long that thread really ran (Linux), that is what counts, since others share the machine.

use std::hint::black_box;
use std::time::Duration;

use ocean::inversion::{Inversion, Prior, Record};
use ocean::response::{ResponseTable, Responses};

#[path = "../tests/simulated/mod.rs"]
mod simulated;
use simulated::{Dice, Event, Path};

const SENSORS: usize = 50;
const POINTS: usize = 200;
const SAMPLES: usize = 361;
const DATA_S: f64 = 7200.0;
/// One in so many points is done by the reference; its time is multiplied.
const REFERENCE_PART: usize = 20;

fn main() {
    // `cargo test` runs benches with --test to see that they work; `cargo bench` passes --bench.
    let quick = std::env::args().any(|a| a == "--test");
    let table = simulated::ocean(SENSORS, POINTS, SAMPLES, simulated::trench(100, 3));
    let event = Event::random(&table.units, 5);
    let dice = &mut Dice::new(1);
    let records: Vec<Record> = (0..SENSORS)
        .map(|k| event.record(&table, k, Path::TABLE, DATA_S, dice))
        .collect();
    println!(
        "{SENSORS} sensors, {} unit sources, {POINTS} points, {SAMPLES} samples",
        table.units.len()
    );
    let rounds = if quick { 1 } else { 15 };
    let plain = plain(&table, &records);
    println!(
        "reference, plain dense algebra: {:.0} ms",
        milliseconds(plain)
    );
    for (name, prior) in [
        (
            "earthquake solution",
            Prior::from_quake(&table.units, &event.quake).expect("prior"),
        ),
        ("records alone", Prior::broad(&table.units).expect("prior")),
    ] {
        let begin = Clock::start();
        let mut inversion = Inversion::new(&table, &prior).expect("inversion");
        let made = begin.elapsed();
        inversion.prepare();
        let prepared = begin.elapsed();
        let mut updates = Vec::new();
        let (mut solving, mut forecasting) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            let begin = Clock::start();
            for record in &records {
                inversion.observe(black_box(record)).expect("record");
            }
            let posterior = inversion.posterior();
            solving.push(begin.elapsed());
            for point in SENSORS..SENSORS + POINTS {
                black_box(posterior.forecast(point));
            }
            updates.push(begin.elapsed());
            forecasting.push(updates[updates.len() - 1] - solving[solving.len() - 1]);
        }
        let update = median(&mut updates);
        println!(
            "{name}: once per event {:.0} ms and responses {:.0} ms; update {:.1} ms (posterior {:.1}, forecasts {:.1}; \
             best {:.1}), {:.0} times faster than the reference; patterns hold {:.1} % of the prior's variance",
            milliseconds(made),
            milliseconds(prepared - made),
            milliseconds(update),
            milliseconds(median(&mut solving)),
            milliseconds(median(&mut forecasting)),
            milliseconds(updates[0]),
            plain.as_secs_f64() / update.as_secs_f64(),
            100.0 * inversion.retained(),
        );
    }
}

/// Time that this thread has run, or that has passed where the system does not tell.
struct Clock {
    wall: std::time::Instant,
    ran: Option<Duration>,
}

impl Clock {
    fn start() -> Self {
        Clock {
            wall: std::time::Instant::now(),
            ran: ran(),
        }
    }

    fn elapsed(&self) -> Duration {
        match (self.ran, ran()) {
            (Some(before), Some(now)) => now - before,
            _ => self.wall.elapsed(),
        }
    }
}

/// Nanoseconds on a processor: the first number of the thread's scheduling statistics.
fn ran() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanoseconds = text.split_whitespace().next()?.parse().ok()?;
    Some(Duration::from_nanos(nanoseconds))
}

fn milliseconds(d: Duration) -> f64 {
    d.as_secs_f64() * 1e3
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// Time of the same by plain loops, with unit errors and a unit prior.
fn plain(table: &Responses, records: &[Record]) -> Duration {
    let n = table.units.len();
    let begin = Clock::start();
    let mut normal = vec![vec![0.0f64; n]; n];
    let mut right = vec![0.0f64; n];
    let mut row = vec![0.0f64; n];
    for record in records {
        let responses = table.responses(record.receiver);
        for (t, h) in record.times_s.iter().zip(&record.heights_m) {
            if *t < 0.0 || !h.is_finite() {
                continue;
            }
            let (k, part) = ((t / table.step_s) as usize, (t / table.step_s).fract());
            for (i, x) in row.iter_mut().enumerate() {
                let at = |k: usize| f64::from(responses[i * table.samples + k]);
                *x = (1.0 - part) * at(k) + part * at(k + 1);
            }
            for i in 0..n {
                right[i] += row[i] * h;
                for j in 0..=i {
                    normal[i][j] += row[i] * row[j];
                }
            }
        }
    }
    for i in 0..n {
        normal[i][i] += 1.0;
        for j in 0..=i {
            let sum: f64 = (0..j).map(|k| normal[i][k] * normal[j][k]).sum();
            if i == j {
                normal[i][i] = (normal[i][i] - sum).sqrt();
            } else {
                normal[i][j] = (normal[i][j] - sum) / normal[j][j];
            }
        }
    }
    let solved = begin.elapsed();
    let begin = Clock::start();
    let mut sum = 0.0;
    for point in (SENSORS..SENSORS + POINTS).step_by(REFERENCE_PART) {
        let responses = table.responses(point);
        for k in 0..table.samples {
            // Variance of g^T x is the square of L^-1 g.
            for i in 0..n {
                let g = f64::from(responses[i * table.samples + k]);
                let known: f64 = (0..i).map(|j| normal[i][j] * row[j]).sum();
                row[i] = (g - known) / normal[i][i];
            }
            sum += row.iter().map(|x| x * x).sum::<f64>();
        }
    }
    black_box((sum, right));
    solved + begin.elapsed() * REFERENCE_PART as u32
}
