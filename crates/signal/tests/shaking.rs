//! STA/LTA and coincidence on a recorded four-station set of 2010-05-27: four minutes with two local earthquakes that all stations
//! recorded (16:24:33 and 16:27:30 UTC, as ObsPy's documentation finds them too) and local noise besides. Where the data is absent the
//! tests say so and pass.

use std::io::Read;
use std::path::PathBuf;

use signal::stalta::{Coincidence, Settings, StaLta, Together, Trigger};

const FILES: [&str; 4] = [
    "BW.UH1._.SHZ.D.2010.147.cut.slist.gz",
    "BW.UH2._.SHZ.D.2010.147.cut.slist.gz",
    "BW.UH3._.SHZ.D.2010.147.cut.slist.gz",
    "BW.UH4._.EHZ.D.2010.147.cut.slist.gz",
];
/// The earthquakes, seconds after 16:24:03.67, when all four files begin to within 10 ms.
const QUAKES_S: [f64; 2] = [29.5, 206.9];
/// The stations lie within some kilometres: a wave of 3 km/s has crossed them in this.
const WINDOW_US: i64 = 3_000_000;

/// Samples per second, and the samples.
fn load(name: &str) -> Option<(f64, Vec<f64>)> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data/seismic")
        .join(name);
    let Ok(bytes) = std::fs::read(&path) else {
        println!("{} is absent: nothing is tested", path.display());
        return None;
    };
    let mut text = String::new();
    flate2::read::GzDecoder::new(&bytes[..])
        .read_to_string(&mut text)
        .expect("gzip");
    let (head, body) = text.split_once('\n').expect("a head line");
    let rate = head.split(',').nth(2).expect("a rate");
    let rate = rate.trim().trim_end_matches(" sps").parse().expect("sps");
    let samples = body.split_whitespace().map(|w| w.parse().expect("number"));
    Some((rate, samples.collect()))
}

/// Triggers of one record, every `every`th sample scaled.
fn triggers(name: &str, every: usize, scale: f64) -> Option<Vec<i64>> {
    let (rate, samples) = load(name)?;
    let mut detector = StaLta::new(Settings::default());
    let mut found = Vec::new();
    for (k, value) in samples.iter().enumerate().step_by(every) {
        let time_us = (k as f64 / rate * 1e6) as i64;
        if let Some(Trigger::On { since_us, .. }) = detector.step(time_us, scale * value) {
            found.push(since_us);
        }
    }
    Some(found)
}

fn together(all: &[Vec<i64>]) -> Vec<Together> {
    let mut sorted: Vec<(i64, usize)> = all
        .iter()
        .enumerate()
        .flat_map(|(k, list)| list.iter().map(move |t| (*t, k)))
        .collect();
    sorted.sort_unstable();
    let mut coincidence = Coincidence::new(3, WINDOW_US);
    let found = sorted.into_iter();
    found
        .filter_map(|(t, k)| coincidence.trigger(k, t))
        .collect()
}

#[test]
fn all_four_stations_trigger_for_both_earthquakes_and_nothing_else_coincides() {
    // As recorded, at half the rate, and turned round.
    for (every, scale) in [(1, 1.0), (2, 1.0), (1, -1e-9)] {
        let all: Option<Vec<_>> = FILES.iter().map(|f| triggers(f, every, scale)).collect();
        let Some(all) = all else { return };
        for (name, found) in FILES.iter().zip(&all) {
            println!("{name}: {found:?}");
            for quake_s in QUAKES_S {
                let near = |t: &i64| (*t as f64 * 1e-6 - quake_s).abs() < 2.0;
                assert!(
                    found.iter().any(near),
                    "{name} misses {quake_s} s: {found:?}"
                );
            }
        }
        let coincidences = together(&all);
        assert_eq!(coincidences.len(), QUAKES_S.len(), "{coincidences:?}");
        for (quake_s, found) in QUAKES_S.iter().zip(&coincidences) {
            assert!(
                (found.first_us as f64 * 1e-6 - quake_s).abs() < 2.0,
                "{found:?}"
            );
        }
    }
}
