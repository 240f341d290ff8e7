//! Laws of the fault layer, for any bytes at any times.

use hil::fault::tamper::Tamper;
use hil::fault::{
    ByteFault, Channel, Direction, Effect, Fault, FaultyLine, FaultySensor, Framing, Kind, Window,
};
use hil::sensor::digiquartz::{Digiquartz, Settings};
use hil::sensor::{SerialSensor, Source};
use proptest::prelude::*;

/// Bytes at instants that do not run backwards.
type Traffic = Vec<(u64, Vec<u8>)>;

fn traffic() -> impl Strategy<Value = Traffic> {
    let chunk = (0_u64..200_000, prop::collection::vec(any::<u8>(), 0..40));
    prop::collection::vec(chunk, 0..60).prop_map(|chunks| {
        let mut us = 0;
        let later = |(wait_us, bytes)| {
            us += wait_us;
            (us, bytes)
        };
        chunks.into_iter().map(later).collect()
    })
}

fn framing() -> impl Strategy<Value = Framing> {
    prop_oneof![
        Just(Framing::Byte(b'\n')),
        Just(Framing::Byte(0)),
        Just(Framing::Silence(5_000)),
        Just(Framing::Chunk),
    ]
}

/// Any fault on bytes in any window.
fn byte_fault() -> impl Strategy<Value = ByteFault> {
    let rate = prop_oneof![Just(0.0), Just(1.0), 0.0..1.0];
    prop_oneof![
        Just(ByteFault::Off),
        Just(ByteFault::Stuck),
        Just(ByteFault::Held),
        rate.clone().prop_map(|rate| ByteFault::Garbage { rate }),
        rate.clone().prop_map(|rate| ByteFault::Flip { rate }),
        (prop::sample::select(&Tamper::ALL[..]), rate)
            .prop_map(|(how, rate)| ByteFault::Tamper { how, rate }),
        (100_u32..100_000).prop_map(|bits_per_s| ByteFault::Slow { bits_per_s }),
        (0_u64..5_000_000).prop_map(|by_us| ByteFault::Delayed { by_us }),
        (1_000_u64..3_000_000, 1_000_u64..3_000_000)
            .prop_map(|(on_us, off_us)| ByteFault::Intermittent { on_us, off_us }),
    ]
}

fn window() -> impl Strategy<Value = Window> {
    (0_u64..5_000_000, prop::option::of(1_u64..5_000_000)).prop_map(|(begin_us, length_us)| {
        Window::new(begin_us, length_us.map(|length_us| begin_us + length_us))
    })
}

/// Plays traffic through a line, stopping wherever it has something to do, and gives each byte with its instant.
fn played(line: &mut FaultyLine, traffic: &Traffic) -> Vec<(u64, u8)> {
    let mut out = Vec::new();
    let pull = |line: &mut FaultyLine, us, out: &mut Vec<(u64, u8)>| {
        let mut bytes = Vec::new();
        line.pull(us, &mut bytes);
        out.extend(bytes.into_iter().map(|byte| (us, byte)));
    };
    for (us, bytes) in traffic {
        while let Some(next_us) = line.next_us().filter(|next_us| next_us < us) {
            pull(line, next_us, &mut out);
        }
        line.push(bytes, *us);
        pull(line, *us, &mut out);
    }
    // To the end; what is held for ever stays.
    while let Some(next_us) = line.next_us().filter(|next_us| *next_us < u64::MAX) {
        pull(line, next_us, &mut out);
    }
    out
}

fn line(framing: Framing, window: Window, fault: ByteFault) -> FaultyLine {
    FaultyLine::new(7, Direction::Up, framing, [(window, fault)])
}

fn content(traffic: &Traffic) -> Vec<u8> {
    traffic
        .iter()
        .flat_map(|(_, bytes)| bytes.clone())
        .collect()
}

fn bytes_of(out: &[(u64, u8)]) -> Vec<u8> {
    out.iter().map(|(_, byte)| *byte).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn without_faults_every_byte_passes_at_once(traffic in traffic(), framing in framing()) {
        let mut line = FaultyLine::new(1, Direction::Down, framing, []);
        let out = played(&mut line, &traffic);
        let expected: Vec<_> = traffic
            .iter()
            .flat_map(|(us, bytes)| bytes.iter().map(|byte| (*us, *byte)))
            .collect();
        prop_assert_eq!(out, expected);
    }

    #[test]
    fn outside_its_window_a_fault_does_nothing(
        traffic in traffic(), framing in framing(), fault in byte_fault(),
    ) {
        let last_us = traffic.last().map_or(0, |(us, _)| *us);
        let window = Window::new(last_us + 1, None);
        let out = played(&mut line(framing, window, fault), &traffic);
        prop_assert_eq!(bytes_of(&out), content(&traffic));
    }

    #[test]
    fn off_lets_nothing_through_in_its_window_and_everything_outside(
        traffic in traffic(), framing in framing(), window in window(),
    ) {
        let mut line = line(framing, window, ByteFault::Off);
        let out = played(&mut line, &traffic);
        let expected: Vec<u8> = traffic
            .iter()
            .filter(|(us, _)| !window.contains(*us))
            .flat_map(|(_, bytes)| bytes.clone())
            .collect();
        prop_assert_eq!(bytes_of(&out), expected);
    }

    #[test]
    fn delayed_slow_and_held_keep_order_and_content(
        traffic in traffic(), framing in framing(), window in window(),
        by_us in 0_u64..5_000_000, bits_per_s in 1_000_u32..1_000_000,
    ) {
        let window = Window::new(window.begin_us, Some(window.end_us.unwrap_or(20_000_000)));
        for fault in [ByteFault::Delayed { by_us }, ByteFault::Slow { bits_per_s }, ByteFault::Held] {
            let out = played(&mut line(framing, window, fault), &traffic);
            prop_assert_eq!(bytes_of(&out), content(&traffic));
            prop_assert!(out.is_sorted_by_key(|(us, _)| *us));
            let sent = traffic.iter().flat_map(|(us, bytes)| bytes.iter().map(|_| *us));
            for (sent_us, (came_us, _)) in sent.zip(&out) {
                prop_assert!(*came_us >= sent_us);
                if window.contains(sent_us) {
                    match fault {
                        ByteFault::Delayed { by_us } => prop_assert!(*came_us >= sent_us + by_us),
                        ByteFault::Held => prop_assert!(Some(*came_us) >= window.end_us),
                        _ => {}
                    }
                }
            }
        }
    }

    #[test]
    fn slow_passes_no_more_than_its_pace(traffic in traffic(), bits_per_s in 1_000_u32..50_000) {
        let out = played(&mut line(Framing::Chunk, Window::ALWAYS, ByteFault::Slow { bits_per_s }), &traffic);
        let byte_us = 10_000_000 / u64::from(bits_per_s);
        for pair in out.windows(2) {
            prop_assert!(pair[1].0 - pair[0].0 >= byte_us);
        }
    }

    #[test]
    fn garbage_and_flip_keep_number_and_time(traffic in traffic(), rate in 0.0..=1.0) {
        for fault in [ByteFault::Garbage { rate }, ByteFault::Flip { rate }] {
            let mut line = line(Framing::Chunk, Window::ALWAYS, fault);
            let out = played(&mut line, &traffic);
            let sent: Vec<_> = traffic.iter().flat_map(|(us, bytes)| bytes.iter().map(|b| (*us, *b))).collect();
            prop_assert_eq!(out.len(), sent.len());
            let mut changed = 0;
            for ((came_us, came), (sent_us, sent)) in out.into_iter().zip(sent) {
                prop_assert_eq!(came_us, sent_us);
                changed += u64::from(came != sent);
                if matches!(fault, ByteFault::Flip { .. }) {
                    prop_assert!((came ^ sent).count_ones() <= 1);
                }
            }
            prop_assert_eq!(line.counts().changed, changed);
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_bytes_and_another_does_not_matter_for_its_window(
        traffic in traffic(), framing in framing(),
        faults in prop::collection::vec((window(), byte_fault()), 0..4), seed in any::<u64>(),
    ) {
        let play = |seed| {
            let mut line = FaultyLine::new(seed, Direction::Up, framing, faults.clone());
            let out = played(&mut line, &traffic);
            let counts = line.counts();
            (out, counts)
        };
        prop_assert_eq!(play(seed), play(seed));
        let (out, counts) = play(seed);
        prop_assert!(out.is_sorted_by_key(|(us, _)| *us));
        prop_assert_eq!(counts.given, out.len() as u64);
        prop_assert_eq!(counts.taken, content(&traffic).len() as u64);
    }

    /// Intermittent loses what comes in its off phases: both directions the same.
    #[test]
    fn an_intermittent_contact_opens_both_directions(seed in any::<u64>(), on_us in 1_000_u64..2_000_000, off_us in 1_000_u64..2_000_000) {
        let traffic: Traffic = (0..500).map(|k| (k * 20_000, vec![k as u8])).collect();
        let fault = ByteFault::Intermittent { on_us, off_us };
        let [up, down] = [Direction::Up, Direction::Down].map(|direction| {
            let mut line = FaultyLine::new(seed, direction, Framing::Chunk, [(Window::ALWAYS, fault)]);
            played(&mut line, &traffic)
        });
        prop_assert_eq!(&up, &down);
        prop_assert_eq!(up.first().map(|(us, _)| *us == 0).unwrap_or(false), false, "it begins without contact");
    }

    #[test]
    fn any_text_is_a_fault_or_an_error_in_words(text in "\\PC{0,80}") {
        match text.parse::<Fault>() {
            Ok(fault) => prop_assert_eq!(fault.to_string().parse::<Fault>(), Ok(fault)),
            Err(why) => prop_assert!(!why.why.is_empty()),
        }
    }

    #[test]
    fn whatever_is_read_is_written_so_that_it_reads_the_same(
        channel in prop::sample::select(&Channel::ALL[..]),
        kind in prop::sample::select(&Kind::ALL[..]),
        params in prop::sample::select(&[
            "", "(rate=0.25)", "(by=250ms)", "(bps=1200)", "(on=2s,off=500ms)", "(after=137)",
            "(ppm=-40.5)", "(jump=-3s)", "(start=wrap32)", "(start=wrap64,before=1m)", "(count=3,every=2s)",
            "(scale=1.5,offset=-2)", "(unit=kPa,of=pressure)", "(how=forge)", "(how=flip,rate=0.001)",
            "(share=0.5)", "(up_to=5s)",
        ][..]),
        when in prop::sample::select(&["", "@1h", "@0s+5m", "@1h30m+1s"][..]),
        target in prop::sample::select(&["", "deep/", "node-2/"][..]),
    ) {
        let text = format!("{target}{}:{}{params}{when}", channel.name(), kind.name());
        match text.parse::<Fault>() {
            Ok(fault) => {
                prop_assert!(channel.kinds().contains(&kind));
                prop_assert_eq!((fault.channel, fault.kind), (channel, kind));
                prop_assert_eq!(fault.to_string().parse::<Fault>(), Ok(fault));
            }
            Err(why) => prop_assert!(!params.is_empty() || !channel.kinds().contains(&kind), "{}", why),
        }
    }
}

#[test]
fn the_text_of_a_fault_says_what_and_when() {
    let fault: Fault = "sensor:garbage@3600s+120s".parse().expect("a fault");
    assert_eq!(
        (fault.channel, fault.kind),
        (Channel::Sensor, Kind::Garbage)
    );
    assert_eq!(
        fault.effect,
        Effect::Bytes(ByteFault::Garbage { rate: 1.0 })
    );
    assert_eq!(
        fault.window,
        Window::new(3_600_000_000, Some(3_720_000_000))
    );
    assert_eq!(fault.to_string(), "sensor:garbage(rate=1)@1h+2m");
    let fault: Fault = "n1/link.down:wrong(how=duplicate,rate=0.3)@10m"
        .parse()
        .expect("a fault");
    assert_eq!(fault.target.as_deref(), Some("n1"));
    assert_eq!(fault.direction, Some(Direction::Down));
    for (text, part) in [
        ("sensor", "no ':'"),
        (
            "sensr:off",
            "there are sensor, link, clock, power, edge, broker",
        ),
        ("edge:garbage", "there are off, stuck, slow"),
        ("link.left:off", "up and down"),
        ("link:off(", "no closing ')'"),
        ("link:off(rate=1)", "it takes no parameters"),
        ("link:garbage(rat=1)", "there are rate"),
        ("link:garbage(rate=2)", "from 0 to 1"),
        ("link:garbage(rate=NaN)", "from 0 to 1"),
        ("link:garbage(rate=1,rate=1)", "twice"),
        ("link:garbage@1", "span of time"),
        ("link:garbage@1h+0s", "a length of 0"),
        ("clock:wrong(ppm=1,jump=+1s)", "one of ppm, jump and start"),
        ("clock.up:stuck", "no direction"),
        ("../x/link:off", "not a name"),
        ("link:intermittent(on=1us)", "1ms or longer"),
    ] {
        let why = text.parse::<Fault>().expect_err(text).to_string();
        assert!(why.contains(part), "{text}: {why}");
    }
}

/// Whole messages, one a second.
fn messages(count: u64) -> Traffic {
    (0..count)
        .map(|k| (k * 1_000_000, format!("message {k}\n").into_bytes()))
        .collect()
}

fn heard(how: Tamper) -> Vec<String> {
    let fault = ByteFault::Tamper { how, rate: 1.0 };
    let window = Window::new(2_000_000, Some(4_000_000));
    let out = played(&mut line(Framing::Byte(b'\n'), window, fault), &messages(6));
    let text = String::from_utf8(bytes_of(&out)).expect("text");
    text.split_inclusive('\n').map(str::to_owned).collect()
}

#[test]
fn messages_are_lost_doubled_and_put_behind_each_other() {
    let all: Vec<String> = (0..6).map(|k| format!("message {k}\n")).collect();
    let of = |places: &[usize]| -> Vec<String> {
        places.iter().filter_map(|k| all.get(*k).cloned()).collect()
    };
    assert_eq!(heard(Tamper::Lose), of(&[0, 1, 4, 5]));
    assert_eq!(heard(Tamper::Duplicate), of(&[0, 1, 2, 2, 3, 3, 4, 5]));
    // 2 waits for 3, which cannot be put back as well; then 4 comes as it came.
    assert_eq!(heard(Tamper::Reorder), of(&[0, 1, 3, 2, 4, 5]));
    let replayed = heard(Tamper::Replay);
    assert_eq!(replayed.len(), 8);
    assert!(replayed.iter().all(|message| all.contains(message)));
    let swapped = heard(Tamper::Swap);
    let changed = swapped.iter().zip(&all).filter(|(a, b)| a != b).count();
    assert_eq!((swapped.len(), changed), (6, 2));
    let cut: usize = heard(Tamper::Truncate).iter().map(String::len).sum();
    assert!((4 * 10..6 * 10).contains(&cut), "{cut}");
}

#[test]
fn stuck_repeats_the_last_message_before_it() {
    let window = Window::new(2_000_000, Some(5_000_000));
    let mut line = line(Framing::Byte(b'\n'), window, ByteFault::Stuck);
    let out = String::from_utf8(bytes_of(&played(&mut line, &messages(6)))).expect("text");
    let expected = [0, 1, 1, 1, 1, 5]
        .map(|k| format!("message {k}\n"))
        .concat();
    assert_eq!(out, expected);
    assert_eq!(line.counts().tampered, 3);
}

#[test]
fn a_line_that_never_drains_is_bounded_and_counts() {
    let mut line = line(Framing::Chunk, Window::ALWAYS, ByteFault::Held);
    for k in 0..300 {
        line.push(&[0; 1_024], k);
    }
    let counts = line.counts();
    assert_eq!(counts.taken, 300 * 1_024);
    assert_eq!(counts.lost, 300 * 1_024 - 256 * 1_024);
}

/// A Digiquartz asked once a second for 20 seconds through these faults: what the node hears.
fn asked(faults: &[&str], seed: u64) -> Vec<String> {
    let faults: Vec<Fault> = faults
        .iter()
        .map(|text| text.parse().expect("a fault"))
        .collect();
    let settings = Settings {
        pr: 25,
        ..Settings::default()
    };
    let pressure = Source::constant(4.4e7);
    let sensor = Digiquartz::new(settings, pressure, Source::constant(2.0));
    let mut wired = FaultySensor::new(sensor, "deep", Framing::Byte(b'\n'), &faults, seed);
    let mut heard = Vec::new();
    for second in 0..20 {
        wired.receive(b"*0100P3\r\n", second * 1_000_000);
        // In steps of a rig, not only when something is due.
        for step in 1..=100 {
            wired.transmit(second * 1_000_000 + step * 10_000, &mut heard);
        }
    }
    String::from_utf8_lossy(&heard)
        .split_inclusive('\n')
        .map(str::to_owned)
        .collect()
}

#[test]
fn a_sensor_behind_a_faulty_line_answers_as_the_fault_lets_it() {
    let answer = "*00016381.661\r\n".to_owned();
    assert_eq!(asked(&[], 1), vec![answer.clone(); 20]);
    assert_eq!(asked(&["sensor:off@5s+5s"], 1), vec![answer.clone(); 15]);
    // Questions that do not arrive are not answered either.
    assert_eq!(
        asked(&["sensor.down:off@5s+5s"], 1),
        vec![answer.clone(); 15]
    );
    assert_eq!(
        asked(&["other/sensor:off@5s+5s"], 1),
        vec![answer.clone(); 20]
    );
    // 15 answers and the 5 that came late.
    let late = asked(&["sensor.up:delayed(by=300ms)@5s+5s"], 1);
    assert_eq!(late, vec![answer.clone(); 20]);
    // At 100 bits a second an answer takes 1.5 s: five of them end before the 20 s are over.
    let slow = asked(&["sensor.up:slow(bps=100)@5s+5s"], 1);
    assert_eq!(slow, vec![answer.clone(); 20]);
    let garbage = asked(&["sensor.up:garbage@5s+5s"], 3);
    assert_eq!(garbage, asked(&["sensor.up:garbage@5s+5s"], 3));
    assert_ne!(garbage, asked(&["sensor.up:garbage@5s+5s"], 4));
    let good = garbage.iter().filter(|line| **line == answer).count();
    assert!((13..=15).contains(&good), "{good}");
}
