//! The inversion on a simulated ocean: is its uncertainty honest, and does it see through broken instruments?

mod simulated;

use ocean::inversion::{Inversion, Prior};
use simulated::{Dice, Event, Path};

/// 90 % intervals of the largest heights, over many earthquakes and points, hold 85-95 % of what happened. The earthquakes follow
/// another scaling law than the prior, in patches of another shape, at another rupture velocity; magnitude, epicentre, travel
/// times and amplitudes are off; the records have noise, tide residues, shaking and gaps.
#[test]
fn ninety_percent_intervals_hold_what_happened() {
    let table = simulated::ocean(4, 10, 300, simulated::trench(30, 3));
    let sensors = 4;
    for (name, with_quake) in [("earthquake solution", true), ("records alone", false)] {
        let (mut inside, mut below, mut all) = (0, 0, 0);
        let (mut ratio_squares, mut consistent) = (0.0, 0);
        let (mut arrivals, mut arrivals_off) = (0, 0);
        let events = 60;
        for seed in 0..events {
            let event = Event::random(&table.units, seed);
            let dice = &mut Dice::new(1000 + seed);
            let prior = if with_quake {
                Prior::from_quake(&table.units, &event.quake).expect("a prior")
            } else {
                Prior::broad(&table.units).expect("a prior")
            };
            let mut inversion = Inversion::new(&table, &prior).expect("an inversion");
            let paths: Vec<Path> = table
                .receivers
                .iter()
                .map(|_| Path {
                    stretch: 1.0 + 0.01 * dice.normal(),
                    gain: (0.12 * dice.normal()).exp(),
                })
                .collect();
            let until_s = 60.0 * dice.between(50.0, 120.0);
            for (index, path) in paths.iter().take(sensors).enumerate() {
                let record = event.record(&table, index, *path, until_s, dice);
                inversion.observe(&record).expect("a record");
            }
            let posterior = inversion.posterior();
            consistent += i32::from(posterior.consistent());
            for (index, path) in paths.iter().enumerate().skip(sensors) {
                let receiver = &table.receivers[index];
                if receiver.coastal {
                    continue;
                }
                let times: Vec<f64> = (0..300).map(|k| 60.0 * f64::from(k)).collect();
                let truth = event.truth(&table.units, receiver, *path, &times);
                let highest = truth.iter().copied().fold(0.0, f64::max);
                let outlook = posterior.forecast(index);
                all += 1;
                inside += i32::from((outlook.max_m.p05..=outlook.max_m.p95).contains(&highest));
                below += i32::from(highest < outlook.max_m.p50);
                ratio_squares += (outlook.max_m.p50 / highest).ln().powi(2);
                let first = truth
                    .iter()
                    .position(|h| h.abs() > 0.05 * highest)
                    .expect("a wave");
                let arrival = outlook.arrival_s.expect("an arrival");
                arrivals += 1;
                arrivals_off +=
                    i32::from((arrival - times[first]).abs() > 1.645 * outlook.arrival_sigma_s);
            }
        }
        let part = f64::from(inside) / f64::from(all);
        println!(
            "{name}: {inside} of {all} within 90 % ({part:.3}), {below} below the median, \
             sigma of ln(p50 / true) {:.2}, {consistent} of {events} consistent, arrivals off {arrivals_off} of {arrivals}",
            (ratio_squares / f64::from(all)).sqrt()
        );
        assert!((0.85..=0.95).contains(&part), "{name}: {part}");
    }
}
