//! Bulletins: one in full, and the laws of all.

use proptest::prelude::*;
use wire::topic::Mode;
use words::{BulletinInput, Gauge, Level, Next, Source, ZoneForecast, bulletin};

const MINUTE: i64 = 60_000_000;
const ORIGIN: i64 = 1_267_252_454_000_000;

fn maule(mode: Mode) -> String {
    let voice = words::Voice::new(words::Language::En, mode);
    let headline = voice.headline(&words::Headline::Tsunami {
        level: Level::Major,
        areas: &["Coquimbo", "Valparaíso"],
    });
    let instruction = voice.instruction(words::Action::Tsunami(Level::Major));
    let mut evaluation = voice.description();
    evaluation.sentence(&words::Phrase::WaveMeasured {
        stations: &["Talcahuano"],
    });
    evaluation.line(&words::Phrase::Nature);
    let evaluation = evaluation.finish();
    bulletin(&BulletinInput {
        mode,
        subject: "Tsunami",
        number: 2,
        identifier: "watchfire.chile.actual.us2010.2",
        sender: "Example Warning Centre",
        sent_us: ORIGIN + 20 * MINUTE,
        headline: &headline,
        evaluation: &evaluation,
        source: Some(Source::Earthquake {
            magnitude: 8.8,
            lat: -36.122,
            lon: 287.102,
            depth_km: 22.9,
            origin_us: ORIGIN,
            location: "offshore Bio-Bio, Chile",
        }),
        zones: &[
            ZoneForecast {
                name: "Coquimbo",
                level: Level::Major,
                forecast: Some((ORIGIN + 30 * MINUTE, [1.2, 3.4, 9.9])),
            },
            ZoneForecast {
                name: "Valparaíso",
                level: Level::Warning,
                forecast: Some((ORIGIN + 45 * MINUTE, [0.5, 1.4, 3.9])),
            },
            ZoneForecast {
                name: "Archipiélago Juan Fernández and the islands around it",
                level: Level::Advisory,
                forecast: Some((ORIGIN + 50 * MINUTE, [0.1, 0.4, 1.0])),
            },
        ],
        gauges: &[
            Gauge {
                name: "Talcahuano",
                place: Some([-36.7, -73.1]),
                time_us: ORIGIN + 19 * MINUTE,
                amplitude_m: Some(2.34),
                period_min: Some(38.0),
            },
            Gauge {
                name: "DART 32412",
                place: None,
                time_us: ORIGIN + 18 * MINUTE,
                amplitude_m: Some(-0.24),
                period_min: None,
            },
        ],
        actions: &instruction,
        next: Next::By(ORIGIN + 80 * MINUTE),
        web: Some("https://warnings.example.org"),
        contact: None,
    })
}

#[test]
fn a_bulletin_reads_like_this() {
    let text = maule(Mode::Exercise);
    let expected = include_str!("maule.txt");
    assert_eq!(text, expected, "\n{text}");
}

#[test]
fn a_drill_is_one_at_the_top_and_at_the_bottom_and_a_real_one_never() {
    for (mode, word, other) in [
        (Mode::Exercise, "EXERCISE", "TEST"),
        (Mode::Test, "TEST", "EXERCISE"),
    ] {
        let text = maule(mode);
        let line = format!("{word} {word} {word}\n");
        assert!(text.starts_with(&line), "{text}");
        let (_, end) = text.split_once("ADDITIONAL INFORMATION").expect("the end");
        assert!(end.contains(&line), "{text}");
        assert!(!text.contains(other), "{text}");
    }
    let real = maule(Mode::Actual).to_uppercase();
    assert!(
        !real.contains("EXERCISE") && !real.contains("TEST"),
        "{real}"
    );
    assert!(real.starts_with("TSUNAMI MESSAGE NUMBER 2\n"), "{real}");
}

#[test]
fn waves_without_an_earthquake_are_no_earthquake() {
    let text = bulletin(&BulletinInput {
        mode: Mode::Actual,
        subject: "Tsunami",
        number: 1,
        identifier: "x",
        sender: "x",
        sent_us: 0,
        headline: "Tsunami warning: X",
        evaluation: "",
        source: Some(Source::Waves {
            lat: 3.0,
            lon: 200.0,
            sigma_km: 120.0,
            time_us: 0,
            stations: 3,
        }),
        zones: &[],
        gauges: &[],
        actions: "",
        next: Next::Final,
        web: None,
        contact: None,
    });
    assert!(!text.contains("EARTHQUAKE PARAMETERS") && !text.contains("MAGNITUDE"));
    assert!(text.contains("  * EARTHQUAKE     NONE KNOWN\n"), "{text}");
    assert!(text.contains("NEAR 3.0 NORTH 160.0 WEST"), "{text}");
    assert!(text.contains("final message"), "{text}");
}

fn level() -> impl Strategy<Value = Level> {
    proptest::sample::select(vec![
        Level::None,
        Level::Advisory,
        Level::Warning,
        Level::Major,
    ])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn no_line_is_too_long_whatever_the_names(
        mode in proptest::sample::select(Mode::ALL),
        names in proptest::collection::vec("[ -~éñ津波\\n]{0,200}", 1..6),
        free in "\\PC{0,600}",
        level in level(),
        us in any::<i64>(),
        numbers in proptest::array::uniform8(any::<f64>()),
    ) {
        let zones: Vec<ZoneForecast<'_>> = names
            .iter()
            .map(|name| ZoneForecast {
                name,
                level,
                forecast: Some((us, [numbers[0], numbers[1], numbers[2]])),
            })
            .collect();
        let gauges: Vec<Gauge<'_>> = names
            .iter()
            .map(|name| Gauge {
                name,
                place: Some([numbers[3].clamp(-90.0, 90.0), numbers[4].clamp(-180.0, 360.0)]),
                time_us: us,
                amplitude_m: (numbers[5] > 0.0).then_some(numbers[5]),
                period_min: Some(numbers[6]),
            })
            .collect();
        let text = bulletin(&BulletinInput {
            mode,
            subject: &free,
            number: usize::MAX,
            identifier: &free,
            sender: &free,
            sent_us: us,
            headline: &free,
            evaluation: &free,
            source: Some(Source::Earthquake {
                magnitude: numbers[7],
                lat: numbers[0],
                lon: numbers[1],
                depth_km: numbers[2],
                origin_us: us,
                location: &free,
            }),
            zones: &zones,
            gauges: &gauges,
            actions: &free,
            next: Next::By(us),
            web: Some(&free),
            contact: Some(&free),
        });
        for line in text.lines() {
            prop_assert!(line.chars().count() <= 69, "{}: {line}", line.chars().count());
        }
        if mode != Mode::Actual {
            let word = mode.name().to_uppercase();
            let line = format!("{word} {word} {word}\n");
            prop_assert!(text.starts_with(&line));
            prop_assert!(text.trim_end().lines().rev().take(4).any(|l| l == line.trim_end()));
        }
    }
}
