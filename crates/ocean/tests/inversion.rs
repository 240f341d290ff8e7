//! The inversion on a simulated ocean: is its uncertainty honest, and does it see through broken instruments?

mod simulated;

use ocean::Quake;
use ocean::inversion::{
    Inversion, InversionError, Noise, Prior, PriorError, Record, Settings, Verdict,
};
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
        let events = 80;
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
                    gain: (0.18 * dice.normal()).exp(),
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

/// A few stations' records of one earthquake, as a test wants them.
fn observed(
    table: &ocean::response::Responses,
    event: &Event,
    stations: usize,
    until_s: f64,
) -> Vec<Record> {
    let dice = &mut Dice::new(5);
    (0..stations)
        .map(|k| event.record(table, k, Path::TABLE, until_s, dice))
        .collect()
}

/// The plates of an interface slip one way. One station leaves much open, and none of it is filled by slip backwards.
#[test]
fn slip_runs_forward() {
    let table = simulated::ocean(1, 4, 300, simulated::trench(30, 3));
    for seed in 0..12 {
        let event = Event::random(&table.units, seed);
        let prior = Prior::from_quake(&table.units, &event.quake).expect("a prior");
        let mut inversion = Inversion::new(&table, &prior).expect("an inversion");
        for record in observed(&table, &event, 1, 4800.0) {
            inversion.observe(&record).expect("a record");
        }
        let slip = inversion.posterior();
        let slip = slip.slip_mean_m();
        let most = slip.iter().copied().fold(0.0, f64::max);
        let least = slip.iter().copied().fold(0.0, f64::min);
        println!("{seed}: {least:.2} to {most:.2} m");
        assert!(least > -0.05 * most, "event {seed}: {least} to {most} m");
    }
}

#[test]
fn a_dead_a_lying_and_an_absurd_sensor_are_found_and_do_no_harm() {
    let table = simulated::ocean(6, 6, 300, simulated::trench(30, 3));
    let event = Event::random(&table.units, 3);
    let good = observed(&table, &event, 6, 7200.0);
    let prior = Prior::from_quake(&table.units, &event.quake).expect("a prior");
    let outlooks = |records: &[Record]| {
        let mut inversion = Inversion::new(&table, &prior).expect("an inversion");
        for record in records {
            inversion.observe(record).expect("a record");
        }
        let posterior = inversion.posterior();
        let verdicts: Vec<Verdict> = posterior.stations().iter().map(|s| s.verdict).collect();
        let points: Vec<f64> = (6..12).map(|k| posterior.forecast(k).max_m.p50).collect();
        (verdicts, points, posterior.consistent())
    };
    let (verdicts, reference, consistent) = outlooks(&good);
    println!("good: {verdicts:?} {reference:?}");
    assert!(consistent && verdicts.iter().all(Verdict::counts));
    type Damage = fn(f64, f64) -> f64;
    type Expected = fn(&Verdict) -> bool;
    let cases: [(&str, Damage, Expected); 6] = [
        ("flat", |_, _| 0.0021, |v| *v == Verdict::Stuck),
        (
            "noise only",
            |t, _| 0.002 * (t * 1.7).sin(),
            |v| *v == Verdict::Contradicts,
        ),
        ("upside down", |_, h| -h, |v| *v == Verdict::Contradicts),
        ("ten times", |_, h| 10.0 * h, |v| *v == Verdict::Contradicts),
        ("codes", |_, _| 9999.0, |v| *v == Verdict::Absurd),
        ("silent", |_, _| f64::NAN, |v| *v == Verdict::TooFew),
    ];
    for (name, damage, expected) in cases {
        let mut records = good.clone();
        let broken = &mut records[2];
        for (t, h) in broken.times_s.iter().zip(&mut broken.heights_m) {
            *h = damage(*t, *h);
        }
        let (verdicts, points, consistent) = outlooks(&records);
        println!("{name}: {verdicts:?} {points:?} {consistent}");
        assert!(expected(&verdicts[2]), "{name}: {verdicts:?}");
        for (k, verdict) in verdicts.iter().enumerate() {
            assert!(k == 2 || verdict.counts(), "{name}: {verdicts:?}");
        }
        assert!(consistent != (verdicts[2] == Verdict::Contradicts));
        for (a, b) in points.iter().zip(&reference) {
            assert!((a / b).ln().abs() < 0.25, "{name}: {a} for {b}");
        }
    }
}

/// Waves that no rupture there can make: all stations at once, in step.
#[test]
fn another_source_is_said_to_contradict() {
    let table = simulated::ocean(5, 2, 300, simulated::trench(30, 3));
    let event = Event::random(&table.units, 3);
    let prior = Prior::from_quake(&table.units, &event.quake).expect("a prior");
    let mut inversion = Inversion::new(&table, &prior).expect("an inversion");
    for mut record in observed(&table, &event, 5, 7200.0) {
        for (t, h) in record.times_s.iter().zip(&mut record.heights_m) {
            *h = if *t > 600.0 {
                0.8 * (t / 150.0).sin()
            } else {
                0.0
            };
        }
        inversion.observe(&record).expect("a record");
    }
    let posterior = inversion.posterior();
    println!(
        "misfit {:.1} {:?}",
        posterior.misfit(),
        posterior.stations()
    );
    assert!(!posterior.consistent());
}

/// A pressure sensor above the rupture feels the surface less the floor's rise; a buoy that knows where it is feels the surface.
#[test]
fn a_sensor_above_the_rupture_is_understood() {
    let mut table = simulated::ocean(3, 4, 300, simulated::trench(30, 3));
    let event = Event::random(&table.units, 3);
    // Sensor 0 moves above the unit source that slips most.
    let most = (0..table.units.len())
        .max_by(|&a, &b| event.slip_m[a].total_cmp(&event.slip_m[b]))
        .expect("units");
    let unit = &table.units[most];
    let above = simulated::receiver("above".into(), unit.lat, unit.lon, false);
    // The surface rises by a Gaussian of the distance and runs off as the wave does; the floor stays up.
    let lift = |unit: &ocean::response::UnitSource| {
        let km = ocean::sphere::distance_km(unit.lat, unit.lon, above.lat, above.lon);
        0.3 * (-(km / 45.0).powi(2)).exp()
    };
    let surface = |unit: &ocean::response::UnitSource, t: f64| {
        if t < 0.0 {
            return 0.0;
        }
        lift(unit) * (-t / 240.0).exp()
            + simulated::height(unit, &above, Path::TABLE, t) * (1.0 - (-t / 240.0).exp())
    };
    for (k, unit) in table.units.iter().enumerate() {
        for j in 0..table.samples {
            table.heights[0][k * table.samples + j] = surface(unit, 60.0 * j as f64) as f32;
        }
    }
    let prior = Prior::from_quake(&table.units, &event.quake).expect("a prior");
    let times_s: Vec<f64> = (-20..40).map(|k| 60.0 * f64::from(k) + 20.0).collect();
    let heights = |on_the_ground: bool| -> Vec<f64> {
        let one = |t: f64| {
            let parts = table.units.iter().zip(&event.slip_m).zip(&event.delay_s);
            parts
                .map(|((unit, slip), delay)| {
                    let since = t - delay;
                    let floor = if on_the_ground && since >= 0.0 {
                        lift(unit)
                    } else {
                        0.0
                    };
                    slip * (surface(unit, since) - floor)
                })
                .sum::<f64>()
        };
        times_s.iter().map(|&t| one(t)).collect()
    };
    let fit = |recorded_on_the_ground: bool, told_on_the_ground: bool| {
        let mut inversion = Inversion::new(&table, &prior).expect("an inversion");
        let record = Record {
            receiver: 0,
            times_s: times_s.clone(),
            heights_m: heights(recorded_on_the_ground),
            noise: Noise::assumed(),
            on_the_ground: told_on_the_ground,
        };
        inversion.observe(&record).expect("a record");
        let posterior = inversion.posterior();
        posterior.slip_mean_m()[most]
    };
    let truth = event.slip_m[most];
    let (pressure, buoy, mistaken) = (fit(true, true), fit(false, false), fit(true, false));
    println!(
        "slip {truth:.1} m: {pressure:.1} by pressure, {buoy:.1} by buoy, {mistaken:.1} by pressure taken for a buoy"
    );
    let off = |slip: f64| (slip / truth - 1.0).abs();
    assert!(off(pressure) < 0.5 && off(buoy) < 0.5);
    assert!(off(mistaken) > off(pressure));
}

/// Batches, order and repetition do not matter; an update takes the place of the one before.
#[test]
fn the_same_records_give_the_same_answer_in_whatever_order() {
    let table = simulated::ocean(4, 2, 300, simulated::trench(20, 3));
    let event = Event::random(&table.units, 8);
    let prior = Prior::from_quake(&table.units, &event.quake).expect("a prior");
    let records = observed(&table, &event, 4, 6000.0);
    let early = observed(&table, &event, 4, 3000.0);
    let mut all = Inversion::new(&table, &prior).expect("an inversion");
    records
        .iter()
        .for_each(|r| all.observe(r).expect("a record"));
    let mut batches = Inversion::new(&table, &prior).expect("an inversion");
    for record in early.iter().chain(records.iter().rev()) {
        batches.observe(record).expect("a record");
        let _ = batches.posterior();
    }
    assert_eq!(
        all.posterior().slip_mean_m(),
        batches.posterior().slip_mean_m()
    );
    assert_eq!(all.posterior().forecast(5), batches.posterior().forecast(5));
}

#[test]
fn without_data_the_posterior_is_the_prior() {
    let table = simulated::ocean(1, 4, 300, simulated::trench(20, 3));
    let event = Event::random(&table.units, 8);
    let prior = Prior::from_quake(&table.units, &event.quake).expect("a prior");
    let inversion = Inversion::new(&table, &prior).expect("an inversion");
    let posterior = inversion.posterior();
    for (slip, mean) in posterior.slip_mean_m().iter().zip(prior.mean_m()) {
        assert!(
            (slip - mean).abs() < 1e-3 + 0.01 * mean.abs(),
            "{slip} {mean}"
        );
    }
    assert!((posterior.magnitude().p50 - event.quake.magnitude).abs() < 0.1);
    assert!(posterior.consistent() && posterior.stations().is_empty());
    let outlook = posterior.forecast(2);
    assert!((outlook.probability_above(outlook.max_m.p50) - 0.5).abs() < 0.01);
    assert!((outlook.probability_above(outlook.max_m.p95) - 0.05).abs() < 0.005);
    assert!(outlook.p05_m.len() == 300 && outlook.p50_m.len() == 300);
}

#[test]
fn what_makes_no_sense_is_refused() {
    let table = simulated::ocean(1, 1, 300, simulated::trench(20, 3));
    let event = Event::random(&table.units, 8);
    let far = Quake {
        lat: 30.0,
        lon: 140.0,
        ..event.quake.clone()
    };
    assert!(matches!(
        Prior::from_quake(&table.units, &far),
        Err(PriorError::Elsewhere { .. })
    ));
    let small = Quake {
        magnitude: 4.0,
        ..event.quake.clone()
    };
    assert!(matches!(
        Prior::from_quake(&table.units, &small),
        Err(PriorError::Quake(_))
    ));
    assert_eq!(Prior::broad(&[]), Err(PriorError::NoUnits));
    let mut units = table.units.clone();
    units[7].width_km = f64::NAN;
    assert!(matches!(
        Prior::broad(&units),
        Err(PriorError::Unit { index: 7, .. })
    ));
    let prior = Prior::broad(&table.units[..10]).expect("a prior");
    assert!(matches!(
        Inversion::new(&table, &prior),
        Err(InversionError::Units { .. })
    ));
    let prior = Prior::from_quake(&table.units, &event.quake).expect("a prior");
    let settings = Settings {
        model_error_s: 0.0,
        ..Settings::default()
    };
    assert!(matches!(
        Inversion::with(&table, &prior, settings),
        Err(InversionError::Setting { .. })
    ));
    let mut inversion = Inversion::new(&table, &prior).expect("an inversion");
    let record = Record {
        receiver: 9,
        times_s: vec![0.0],
        heights_m: vec![0.0],
        noise: Noise::assumed(),
        on_the_ground: true,
    };
    assert!(matches!(
        inversion.observe(&record),
        Err(InversionError::NoReceiver { .. })
    ));
    let short = Record {
        receiver: 0,
        heights_m: Vec::new(),
        ..record.clone()
    };
    assert!(matches!(
        inversion.observe(&short),
        Err(InversionError::Lengths { .. })
    ));
    let noise = Noise {
        sd_m: -1.0,
        ..Noise::assumed()
    };
    let noisy = Record {
        receiver: 0,
        noise,
        ..record.clone()
    };
    assert!(matches!(
        inversion.observe(&noisy),
        Err(InversionError::Noise { .. })
    ));
    // Numbers of any kind in a record end in a verdict, not in a panic.
    for wild in [f64::NAN, f64::INFINITY, -1e300, 1e-300] {
        let record = Record {
            receiver: 0,
            times_s: (0..200)
                .map(|k| {
                    if k % 7 == 0 {
                        wild
                    } else {
                        60.0 * f64::from(k)
                    }
                })
                .collect(),
            heights_m: (0..200)
                .map(|k| if k % 5 == 0 { wild } else { f64::from(k) })
                .collect(),
            ..record.clone()
        };
        inversion.observe(&record).expect("a record");
        let posterior = inversion.posterior();
        assert!(posterior.forecast(1).max_m.p95.is_finite());
    }
}

/// An inversion that is kept and given other records says, bit for bit, what a new one says of them: playing a journal back makes new
/// ones where the live hub kept its own.
#[test]
fn a_kept_inversion_gives_the_bits_of_a_fresh_one() {
    let mut table = simulated::ocean(4, 3, 300, simulated::trench(20, 3));
    // A gauge at the coast, whose record is now on the ground and now not there.
    table.receivers[3].coastal = true;
    for unit in 0..table.units.len() {
        table.heights[3][unit * table.samples] = 0.01;
    }
    let event = Event::random(&table.units, 8);
    for prior in [
        Prior::from_quake(&table.units, &event.quake).expect("a prior"),
        Prior::broad(&table.units).expect("a prior"),
    ] {
        let records = observed(&table, &event, 4, 6000.0);
        let early = observed(&table, &event, 4, 3000.0);
        let mut kept = Inversion::new(&table, &prior).expect("an inversion");
        kept.prepare();
        // What comes after one another: nothing, few records, all, fewer again, others of the same stations.
        for update in [
            &[][..],
            &early[..2],
            &records[..],
            &records[1..3],
            &early[..],
        ] {
            kept.forget();
            let mut fresh = Inversion::new(&table, &prior).expect("an inversion");
            for record in update {
                kept.observe(record).expect("a record");
                fresh.observe(record).expect("a record");
            }
            let (kept, fresh) = (kept.posterior(), fresh.posterior());
            let bits = |values: &[f64]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
            assert_eq!(bits(kept.slip_mean_m()), bits(fresh.slip_mean_m()));
            assert_eq!(bits(kept.slip_sd_m()), bits(fresh.slip_sd_m()));
            assert_eq!(kept.misfit().to_bits(), fresh.misfit().to_bits());
            assert_eq!(kept.stations(), fresh.stations());
            for receiver in 0..table.receivers.len() {
                let (kept, fresh) = (kept.forecast(receiver), fresh.forecast(receiver));
                // No field can be minus zero or not a number without differing here in text.
                assert_eq!(format!("{kept:?}"), format!("{fresh:?}"));
            }
        }
    }
}
