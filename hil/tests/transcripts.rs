//! What the virtual Digiquartz and the virtual radar say, byte for byte, and when.

use hil::fault::Window;
use hil::sensor::digiquartz::{Digiquartz, Settings, Unit};
use hil::sensor::ops243::Ops243;
use hil::sensor::source::{Distortion, Points, Shape};
use hil::sensor::traffic::{Heading, Traffic, Vehicle};
use hil::sensor::{SerialSensor, Source};

/// Plays a sensor up to `until_us`, stopping wherever it has something to do, and gives its lines with the instant at which
/// each was complete; the beginning of one more is left out.
fn lines(sensor: &mut dyn SerialSensor, until_us: u64) -> Vec<(u64, String)> {
    let (mut lines, mut line) = (Vec::new(), Vec::new());
    while let Some(us) = sensor.next_us().filter(|us| *us <= until_us) {
        let mut bytes = Vec::new();
        sensor.transmit(us, &mut bytes);
        for byte in bytes {
            line.push(byte);
            if byte == b'\n' {
                let text = String::from_utf8(std::mem::take(&mut line)).expect("ASCII");
                lines.push((us, text));
            }
        }
    }
    lines
}

fn texts(sensor: &mut dyn SerialSensor, until_us: u64) -> Vec<String> {
    lines(sensor, until_us)
        .into_iter()
        .map(|(_, text)| text)
        .collect()
}

fn digiquartz(settings: Settings) -> Digiquartz {
    // 30 bar plus 1 kPa a second.
    let ramp = Points::new(
        vec![(0, Some(3_000_000.0)), (1_000_000_000, Some(4_000_000.0))],
        hil::sensor::source::Between::Linear,
    )
    .expect("points");
    Digiquartz::new(
        settings,
        Source::new(Shape::Points(ramp)),
        Source::constant(2.345),
    )
}

#[test]
fn a_digiquartz_answers_after_its_integration_and_at_its_baud_rate() {
    let mut sensor = digiquartz(Settings {
        unit: Unit::KiloPascal,
        ..Settings::default()
    });
    sensor.receive(b"*0100P3\r\n", 1_000_000);
    // 238 counts of 7.913 ms; then 15 characters of 10 bits at 9,600 baud, 15.625 ms. The mean of the ramp over the
    // integration is its value in the middle: 3,001 kPa + 0.9416 kPa.
    let integration_us = 1_883_294;
    assert_eq!(
        lines(&mut sensor, 10_000_000),
        [(
            1_000_000 + integration_us + 15_625,
            "*00013001.942\r\n".to_owned()
        )]
    );
    assert_eq!(sensor.counts().values, 1);
}

#[test]
fn a_digiquartz_keeps_the_commands_of_its_manual() {
    let mut sensor = digiquartz(Settings::default());
    for (command, answer) in [
        ("*0100UN\r\n", "*0001UN=1\r\n"),
        // Without EW nothing is written.
        ("*0100UN=2\r\n", "*0001UN=1\r\n"),
        ("*0100EW*0100UN=2\r\n", "*0001UN=2\r\n"),
        // EW holds for one command.
        ("*0100UN=4\r\n", "*0001UN=2\r\n"),
        ("*0100EW\r\n*0100PR=25\r\n", "*0001PR=25\r\n"),
        ("*0100EW*0100PR=0\r\n", "*0001PR=25\r\n"),
        ("*0100EW*0100UN=9\r\n", "*0001UN=2\r\n"),
        ("*0100TR\r\n", "*0001TR=100\r\n"),
        ("*0100SN\r\n", "*0001SN=100123\r\n"),
        // Noise before a command, and a lone CR as its end.
        ("\u{1}x*0100PR\r", "*0001PR=25\r\n"),
    ] {
        sensor.receive(command.as_bytes(), 0);
        assert_eq!(texts(&mut sensor, 1_000_000), [answer], "{command:?}");
    }
    // Two without EW, two out of range.
    assert_eq!(sensor.counts().refused_writes, 4);
    assert_eq!(sensor.settings().pr, 25);
}

#[test]
fn a_digiquartz_is_silent_to_others_and_to_what_it_does_not_know() {
    let mut sensor = digiquartz(Settings::default());
    for silent in [
        "*0200P3\r\n",
        "*0100ZZ\r\n",
        "*01P3\r\n",
        "hello\r\n",
        "\r\n\r\n",
        "*0100P3=1\r\n",
        "*0100BR=9600\r\n",
    ] {
        sensor.receive(silent.as_bytes(), 0);
        assert_eq!(texts(&mut sensor, 60_000_000), [""; 0], "{silent:?}");
    }
    sensor.receive(&[b'*'; 5_000], 0);
    sensor.receive(b"\r\n", 0);
    let counts = sensor.counts();
    assert_eq!((counts.others, counts.unknown, counts.noise), (1, 3, 3));
    // It still answers.
    sensor.receive(b"*0100Q3\r\n", 60_000_000);
    assert_eq!(texts(&mut sensor, 70_000_000), ["*00012.345\r\n"]);
}

#[test]
fn p4_goes_on_until_any_command() {
    let mut sensor = digiquartz(Settings {
        pr: 25,
        unit: Unit::HectoPascal,
        ..Settings::default()
    });
    sensor.receive(b"*0100P4\r\n", 0);
    let heard = lines(&mut sensor, 900_000);
    // 25 counts are 197.825 ms; 15 characters take 15.625 ms.
    let times: Vec<_> = heard.iter().map(|(us, _)| *us).collect();
    let expected: Vec<u64> = (1..=4).map(|k| k * 197_825 + 15_625).collect();
    assert_eq!(times, expected);
    assert_eq!(heard[0].1, "*000130000.99\r\n");
    assert_eq!(heard[3].1, "*000130006.92\r\n");
    sensor.receive(b"*0100SN\r\n", 900_000);
    assert_eq!(texts(&mut sensor, 10_000_000), ["*0001SN=100123\r\n"]);
    // A command to another unit does not stop it.
    sensor.receive(b"*0100P4\r\n", 10_000_000);
    sensor.receive(b"*0200P3\r\n", 10_100_000);
    assert_eq!(texts(&mut sensor, 10_500_000).len(), 2);
}

#[test]
fn a_baud_rate_is_acknowledged_at_the_old_one() {
    let mut sensor = digiquartz(Settings::default());
    sensor.receive(b"*9900BR=19200\r\n", 0);
    // 15 characters at 9,600 baud.
    assert_eq!(
        lines(&mut sensor, 1_000_000),
        [(15_625, "*9900BR=19200\r\n".to_owned())]
    );
    sensor.receive(b"*0100UN\r\n", 1_000_000);
    // 11 characters at 19,200 baud.
    assert_eq!(
        lines(&mut sensor, 2_000_000),
        [(1_005_730, "*0001UN=1\r\n".to_owned())]
    );
    sensor.receive(b"*9900BR=12345\r\n", 2_000_000);
    assert_eq!(texts(&mut sensor, 3_000_000), [""; 0]);
}

#[test]
fn at_a_slow_baud_rate_the_line_sets_the_pace() {
    let mut sensor = digiquartz(Settings {
        pr: 1,
        baud: 300,
        ..Settings::default()
    });
    sensor.receive(b"*0100P4\r\n", 0);
    let heard = lines(&mut sensor, 60_000_000);
    // 14 characters at 300 baud take 467 ms; nothing piles up.
    for pair in heard.windows(2) {
        let gap_us = pair[1].0 - pair[0].0;
        assert!((466_000..476_000).contains(&gap_us), "{gap_us}");
    }
    assert!((120..130).contains(&heard.len()), "{}", heard.len());
}

#[test]
fn a_digiquartz_in_the_wrong_unit_does_not_say_so() {
    let mut sensor = digiquartz(Settings {
        pr: 1,
        unit: Unit::KiloPascal,
        ..Settings::default()
    });
    sensor.mistake_unit(Window::new(1_000_000, Some(2_000_000)), Unit::Psi);
    let mut at = |us| {
        sensor.receive(b"*0100P3\r\n", us);
        texts(&mut sensor, us + 500_000)
    };
    assert_eq!(at(0), ["*00013000.004\r\n"]);
    assert_eq!(at(1_000_000), ["*0001435.259\r\n"]);
    assert_eq!(at(2_000_000), ["*00013002.004\r\n"]);
}

#[test]
fn the_maule_record_comes_out_of_a_digiquartz_as_it_went_in() {
    let event = record::Event::load(&record::Directory::new("../configs/events/chile-2010"))
        .expect("the event ships with the project");
    let station = &event.stations[0];
    let zero_us = event.origin_us + 3 * 3_600_000_000;
    let points = Points::recorded(&station.series, zero_us, Default::default()).expect("points");
    let water = hil::sensor::source::Water::dart(station.depth_m.expect("a depth"));
    let source = Source::new(Shape::Points(points)).under_water(water);
    let settings = Settings {
        // 0.1 s, so that the integration smooths nothing.
        pr: 12,
        ..Settings::default()
    };
    let mut sensor = Digiquartz::new(settings, source, Source::constant(2.0));
    let (mut highest, mut at_us, mut worst) = (f64::MIN, 0, 0.0_f64);
    for us in (0..3_600_000_000).step_by(15_000_000) {
        sensor.receive(b"*0100P3\r\n", us);
        let texts = texts(&mut sensor, us + 1_000_000);
        let psi: f64 = texts[0][5..].trim().parse().expect("a number");
        let metres = (psi * 6_894.757 - water.base_pa) / water.pa_per_metre;
        let written = points_at(
            &station.series,
            zero_us + i64::try_from(us).expect("small") + 47_478,
        );
        worst = worst.max((metres - written).abs());
        if metres > highest {
            (highest, at_us) = (metres, us);
        }
    }
    // The number's last digit is 0.001 psi or 0.67 mm; half of it is lost.
    assert!(worst < 0.000_36, "{worst}");
    // The README of the event: 0.235 m at 3 h 16 min.
    assert!((highest - 0.235).abs() < 0.001, "{highest}");
    assert!((15..=17).contains(&(at_us / 60_000_000)), "{at_us}");
}

/// The record's straight line at an instant.
fn points_at(series: &record::Series, us: i64) -> f64 {
    let after = series
        .samples
        .partition_point(|sample| sample.time_us <= us);
    let (a, b) = (&series.samples[after - 1], &series.samples[after]);
    let share = (us - a.time_us) as f64 / (b.time_us - a.time_us) as f64;
    let (a, b) = (a.value.expect("a value"), b.value.expect("a value"));
    a + (b - a) * share
}

fn radar() -> Ops243 {
    let vehicle = |at_us, kmh: f64, heading| Vehicle {
        at_us,
        speed_mps: kmh / 3.6,
        length_m: 4.5,
        heading,
    };
    let traffic = Traffic::new(vec![
        vehicle(105_200_000, 72.0, Heading::Inbound),
        vehicle(200_000_000, 36.0, Heading::Outbound),
    ]);
    // 8 m of beam: 0.4 s at 72 km/h.
    Ops243::new(19_200, traffic.expect("traffic"), 8.0)
}

#[test]
fn a_radar_reports_a_vehicle_with_every_block_while_it_is_in_the_beam() {
    let mut sensor = radar();
    for command in [b"OJ", b"OT", b"OM"] {
        sensor.receive(command, 0);
    }
    assert_eq!(
        texts(&mut sensor, 1_000_000),
        [
            "{\"OutputFeature\":\"J\"}\r\n",
            "{\"OutputFeature\":\"T\"}\r\n",
            "{\"OutputFeature\":\"M\"}\r\n"
        ]
    );
    // Blocks end at 1024, 1025, 1026 and 1027 times 102.4 ms; the vehicle is seen from 104.8 s to 105.2 s.
    let report = |magnitude, seconds, tick| {
        format!(
            "{{\"magnitude\":{magnitude},\"speed\":20.00,\"direction\":\"inbound\",\"time\":{seconds},\"tick\":{tick}}}\r\n"
        )
    };
    assert_eq!(
        texts(&mut sensor, 150_000_000),
        [
            report(194, 104, 857),
            report(450, 104, 960),
            report(706, 105, 62),
            report(962, 105, 164)
        ]
    );
}

#[test]
fn a_radar_speaks_text_in_the_unit_asked_for() {
    let mut sensor = radar();
    sensor.receive(b"UK\r\nF1OU", 0);
    assert_eq!(
        texts(&mut sensor, 1_000_000),
        [
            "{\"Units\":\"km-per-hr\"}\r\n",
            "{\"Decimals\":1}\r\n",
            "{\"OutputFeature\":\"U\"}\r\n"
        ]
    );
    assert_eq!(texts(&mut sensor, 150_000_000), ["\"kmph\",72.0\r\n"; 4]);
    // Outbound: negative; 8 m at 36 km/h are 0.8 s, blocks 1954 to 1960.
    assert_eq!(texts(&mut sensor, 250_000_000), ["\"kmph\",-36.0\r\n"; 7]);
    sensor.receive(b"U?OtXX", 250_000_000);
    assert_eq!(
        texts(&mut sensor, 260_000_000),
        [
            "{\"Units\":\"km-per-hr\"}\r\n",
            "{\"OutputFeature\":\"t\"}\r\n"
        ]
    );
    assert_eq!(sensor.counts().unknown, 1);
}

#[test]
fn a_stuck_radar_repeats_its_last_report_and_a_filter_holds() {
    let mut sensor = radar();
    sensor.distort(
        Window::new(110_000_000, Some(111_000_000)),
        Distortion::Stuck,
    );
    sensor.receive(b"R+", 0);
    assert_eq!(
        texts(&mut sensor, 50_000),
        ["{\"Direction\":\"Inbound\"}\r\n"]
    );
    let heard = texts(&mut sensor, 300_000_000);
    // Four real ones and the blocks 1075 to 1083, in which it is stuck; nothing outbound.
    assert_eq!(heard, vec!["20.00\r\n"; 13]);
}
