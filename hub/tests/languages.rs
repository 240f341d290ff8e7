//! Messages in all ten languages: each level, reason and mode, limits of each domain, and the bulletins and short messages made of them.

use cap::{Alert, MsgType};
use hub::alert::Level;
use hub::alert::compose::{Composer, LimitState};
use hub::alert::forms::Forms;
use hub::config::{Config, Language};
use hub::event::{Event, Observed, Reason, Waves};
use hub::forecast::{Ocean, Outlook};
use hub::intake::quakes::Solution;
use hub::service;
use signal::threshold::Kind;
use signal::tsunami::Sign;
use wire::quantity::Quantity;
use wire::topic::Mode;
use words::Voice;

const CHILE: &str = include_str!("../../configs/chile/hub.toml");
const PACIFIC: &str = include_str!("../../configs/pacific/hub.toml");
const MINUTE: i64 = 60_000_000;
/// 2010-02-27T06:34:11Z.
const ORIGIN: i64 = 1_267_252_451_000_000;

const REASONS: [Reason; 13] = [
    Reason::Earthquake,
    Reason::Waves,
    Reason::Explained,
    Reason::Revised,
    Reason::Confirmed,
    Reason::Unconfirmed,
    Reason::Forecast,
    Reason::Modelled,
    Reason::Renewal,
    Reason::AllClear,
    Reason::NoWave,
    Reason::Withdrawn,
    Reason::Lapsed,
];

/// A shipped deployment in all languages; parsing it writes a message about every zone and limit.
fn deployment(text: &str) -> Config {
    let all = r#"languages = ["en", "es", "fr", "pt", "id", "si", "ta", "hi", "zh", "ja"]"#;
    let changed = text.replace(r#"languages = ["en", "es"]"#, all);
    assert_ne!(changed, text);
    Config::parse("hub.toml", &changed).expect("its messages can be written")
}

fn solution() -> Solution {
    Solution {
        quake: ocean::quake::Quake {
            id: "us1".to_owned(),
            magnitude: 8.8,
            lat: -36.122,
            lon: -72.898,
            depth_km: 22.9,
            origin_us: ORIGIN,
        },
        place: "offshore Bio-Bio, Chile".to_owned(),
        deleted: false,
        updated_us: None,
    }
}

fn outlook(config: &Config, level: Level) -> Outlook {
    let mut outlook = Outlook::rehearsal(config);
    for (n, zone) in outlook.zones.iter_mut().enumerate() {
        // One zone's wave is there already.
        zone.arrival_us = ORIGIN + (n as i64) * 30 * MINUTE;
        zone.level = level;
    }
    outlook
}

fn observed(event: &mut Event) {
    for station in [0, 1] {
        let seen = Observed {
            onset_us: ORIGIN + 3 * MINUTE,
            sign: Sign::Rise,
            amplitude_m: f64::from(station) * 0.234,
            amplitude_us: ORIGIN + 4 * MINUTE,
            passed: false,
            quiet_since_us: None,
        };
        event.observed.insert(station, seen);
    }
}

/// A second message about a wave that was seen; the last zone was warned before and is not any more.
fn confirmed(config: &Config, level: Level) -> Event {
    let mut event = Event::new("e".to_owned(), solution(), outlook(config, level));
    observed(&mut event);
    event.published("before".to_owned(), ORIGIN);
    if let Some(zone) = event.outlook.zones.last_mut() {
        zone.level = Level::None;
    }
    event
}

fn name(config: &Config, station: u32) -> String {
    let configured = config.station.get(station as usize);
    configured.map_or_else(|| format!("gauge {station}"), |s| s.name.clone())
}

/// An earthquake nobody has seen a wave of, one whose wave was seen, waves alone, and waves that are gone.
fn events(config: &Config, ocean: &Ocean, level: Level) -> Vec<Event> {
    let quake = Event::new("e".to_owned(), solution(), outlook(config, level));
    let mut gone = Event::of_waves(
        "e".to_owned(),
        solution(),
        outlook(config, level),
        Waves {
            count: 3,
            cost: 1.0,
            region_km: 120.0,
        },
        &[],
        ocean,
        &config.policy,
    );
    // Fitting to no sighting has made a forecast of its own.
    gone.outlook = outlook(config, level);
    let mut waves = gone.clone();
    observed(&mut waves);
    vec![quake, confirmed(config, level), waves, gone]
}

/// Words of drills that may not be in a text of this mode, in small letters.
fn foreign_words(mode: Mode) -> Vec<String> {
    let others = Mode::ALL.iter().filter(|other| **other != mode);
    others
        .flat_map(|other| {
            let voices = Language::ALL.iter().map(|l| Voice::new(*l, *other));
            voices.filter_map(Voice::word).collect::<Vec<_>>()
        })
        .map(|word| word.to_lowercase())
        .collect()
}

/// As a whole word where words are divided by spaces: French *estimation* is no test.
fn has(text: &str, word: &str) -> bool {
    let latin = word.starts_with(|c: char| c.is_ascii_alphabetic());
    text.match_indices(word).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + word.len()..].chars().next();
        let mut beside = [before, after].into_iter().flatten();
        !latin || !beside.any(char::is_alphabetic)
    })
}

/// What holds of every message: readable without complaint, its mode unmistakable in every text, the languages in order.
fn holds(xml: &str, mode: Mode) -> Alert {
    assert!(xml.len() < cap::MAX_MESSAGE_BYTES);
    assert!(xml.len() < hub::broker::MAX_PAYLOAD);
    let (alert, complaints) = cap::read(xml.as_bytes()).expect("readable");
    assert!(complaints.is_empty(), "{complaints:?}");
    let tags: Vec<&str> = alert.infos.iter().map(|i| i.language.as_str()).collect();
    let all: Vec<&str> = Language::ALL.iter().map(|l| l.tag()).collect();
    assert_eq!(tags, all);
    let foreign = foreign_words(mode);
    let judge = |voice: Voice, text: &str| {
        assert!(text.starts_with(voice.prefix().trim_end()), "{text}");
        let text = text.to_lowercase();
        for word in &foreign {
            assert!(!has(&text, word), "{word} in {text}");
        }
    };
    for (info, &language) in alert.infos.iter().zip(Language::ALL) {
        // Sahana files a message by this parameter of each info.
        let files = |p: &cap::NamedValue| p.name == "sahana:event type" && p.value == info.event;
        assert!(info.parameters.iter().any(files), "{:?}", info.parameters);
        let voice = Voice::new(language, mode);
        for text in [&info.headline, &info.description, &info.instruction] {
            judge(voice, text.as_deref().expect("a text"));
        }
    }
    let forms = Forms::of(&alert).expect("forms");
    assert!(forms.bulletin.lines().all(|l| l.chars().count() <= 69));
    match Voice::new(Language::En, mode).word() {
        None => {
            for word in &foreign {
                assert!(!has(&forms.bulletin.to_lowercase(), word), "{word}");
            }
        }
        Some(word) => assert!(forms.bulletin.starts_with(&word), "{}", forms.bulletin),
    }
    assert_eq!(forms.short.len(), Language::ALL.len());
    for (language, pages) in &forms.short {
        assert!((1..=15).contains(&pages.pages.len()));
        judge(Voice::new(*language, mode), &pages.text);
    }
    alert
}

#[test]
fn every_tsunami_message_has_its_texts_and_its_modes_word_in_every_language() {
    let mut config = deployment(CHILE);
    let ocean = service::ocean(&config)
        .expect("a grid")
        .expect("a forecast");
    let mut written = 0;
    for &mode in Mode::ALL {
        config.mode = mode;
        let levels = [Level::None, Level::Advisory, Level::Warning, Level::Major];
        for (l, level) in levels.into_iter().enumerate() {
            let events = events(&config, &ocean, level);
            for (r, reason) in REASONS.into_iter().enumerate() {
                // Over the four levels, each reason meets each of the four events.
                let event = &events[(l + r) % events.len()];
                let published = Composer { config: &config }
                    .tsunami(event, reason, ORIGIN + 5 * MINUTE, |s| name(&config, s))
                    .expect("a message");
                holds(&published.xml, mode);
                written += 1;
            }
        }
    }
    assert_eq!(written, 3 * 4 * 13);
}

#[test]
fn every_limit_message_has_its_texts_and_its_modes_word_in_every_language() {
    let mut config = deployment(CHILE);
    for &mode in Mode::ALL {
        config.mode = mode;
        for &quantity in Quantity::ALL {
            for kind in [Kind::Above, Kind::Below, Kind::Rate] {
                for over in [false, true] {
                    let mut limit = config.threshold[0].clone();
                    limit.quantity = quantity;
                    limit.text = None;
                    let state = LimitState {
                        station: config.station.first(),
                        station_id: "32412",
                        limit: &limit,
                        kind,
                        value: 1.25,
                        time_us: ORIGIN,
                        over,
                        renewal: false,
                    };
                    let composer = Composer { config: &config };
                    let published = composer.limit("e", &[], &state, ORIGIN).expect("a message");
                    let alert = holds(&published.xml, mode);
                    let domain = hub::domain_name(quantity);
                    let english = &alert.infos[0];
                    assert_eq!(english.event == "Traffic incident", domain == "traffic");
                    assert_eq!(
                        english.event == "Power grid disturbance",
                        domain == "energy"
                    );
                }
            }
        }
    }
}

/// The widest deployment that ships, in all languages: parsing it has written a message about every zone. Polygons are most of it.
#[test]
fn the_pacific_in_ten_languages_fits_everything_that_carries_it() {
    let config = deployment(PACIFIC);
    let event = &confirmed(&config, Level::Major);
    let published = Composer { config: &config }
        .tsunami(event, Reason::Confirmed, ORIGIN + 5 * MINUTE, |s| {
            name(&config, s)
        })
        .expect("a message");
    let alert = holds(&published.xml, config.mode);
    let outlines: usize = alert.infos[0].areas.iter().map(|a| a.polygons.len()).sum();
    assert!(outlines > 0);
    println!(
        "{} bytes, {outlines} outlines a language",
        published.xml.len()
    );
    // Half of what a message may have, so that a deployment has room to grow.
    assert!(published.xml.len() < cap::MAX_MESSAGE_BYTES / 2);
}

#[test]
fn a_bulletin_says_what_the_message_says() {
    let config = deployment(CHILE);
    let event = &confirmed(&config, Level::Warning);
    let composer = Composer { config: &config };
    let published = composer
        .tsunami(event, Reason::Confirmed, ORIGIN + 5 * MINUTE, |s| {
            name(&config, s)
        })
        .expect("a message");
    let forms = Forms::read(&published.xml).expect("forms");
    let text = &forms.bulletin;
    let zone = &config.zone[0];
    for part in [
        "TSUNAMI MESSAGE NUMBER 2\n",
        "0639 UTC SAT FEB 27 2010\n",
        "...TSUNAMI WARNING: ",
        "  * Update: the tsunami is confirmed. ",
        "  * MAGNITUDE      8.8\n",
        "  * ORIGIN TIME    0634 UTC FEB 27 2010\n",
        "  * COORDINATES    36.1 SOUTH 72.9 WEST\n",
        "  * DEPTH          23 KM / 14 MILES\n",
        "  * LOCATION       offshore Bio-Bio, Chile\n",
        "  * TSUNAMI WARNING - flooding",
        "5.0M  1.0-20.0M\n",
        "0638 FEB 27    0.23M      -\n",
        // The first station's height is not known yet: its onset is told.
        "0637 FEB 27        -      -\n",
        "  * Leave the shore now.",
        "  * No longer in force for: ",
    ] {
        assert!(text.contains(part), "{part:?} in\n{text}");
    }
    assert!(text.contains(&zone.name), "{text}");
    assert!(!text.contains(" - Tsunami warning: "), "{text}");
    // The last zone is none of the message's any more.
    let last = config.zone.last().expect("zones");
    assert!(!text.contains(&format!("    {}", last.name)), "{text}");

    let spanish = forms.in_language(Language::Es).expect("Spanish");
    for part in [
        "SIMULACRO SIMULACRO SIMULACRO - Alerta de tsunami: ",
        "La primera ola puede haber llegado ya.",
        "Aléjese de la costa ahora.",
    ] {
        assert!(spanish.text.contains(part), "{part:?} in {}", spanish.text);
    }

    let cancelled = composer
        .tsunami(event, Reason::AllClear, ORIGIN + 600 * MINUTE, |_| {
            String::new()
        })
        .expect("a message");
    let (alert, _) = cap::read(cancelled.xml.as_bytes()).expect("readable");
    assert_eq!(alert.msg_type, MsgType::Cancel);
    let forms = Forms::of(&alert).expect("forms");
    assert!(
        forms.bulletin.contains("final message"),
        "{}",
        forms.bulletin
    );
    let english = forms.in_language(Language::En).expect("English");
    assert!(!english.text.contains("irst wave"), "{}", english.text);
}

/// An officer's warning about smoke has levels for zones: its bulletin must not make a tsunami of them. One about a tsunami has no forecast.
#[test]
fn an_officers_levels_are_a_tsunamis_only_when_the_message_is() {
    let mut alert = Alert::new(
        "x-1",
        "x@example.org",
        cap::Time::from_us(ORIGIN),
        cap::Status::Actual,
        MsgType::Alert,
    );
    let mut info = cap::Info::new(
        "en",
        cap::Category::Safety,
        "Public safety message",
        cap::Urgency::Immediate,
        cap::Severity::Severe,
        cap::Certainty::Likely,
    );
    let named = cap::NamedValue::new;
    info.parameters.push(named("zone:north", "level=warning"));
    let mut area = cap::Area::new("The north");
    area.geocodes.push(named("watchfire:zone", "north"));
    info.areas.push(area);
    alert.infos.push(info);
    let smoke = Forms::of(&alert).expect("forms").bulletin;
    assert!(!smoke.to_lowercase().contains("tsunami"), "{smoke}");
    alert.infos[0].event = "Tsunami".to_owned();
    let wave = Forms::of(&alert).expect("forms").bulletin;
    assert!(wave.contains("TSUNAMI WARNING - flooding"), "{wave}");
    assert!(
        wave.contains("The north") && !wave.contains("FORECAST"),
        "{wave}"
    );
}

/// A message from elsewhere, or of an older hub, has none of our parameters: its forms have what it says, and the mode it has.
#[test]
fn what_a_message_does_not_say_its_forms_do_not_say() {
    let mut alert = Alert::new(
        "x-1",
        "x@example.org",
        cap::Time::from_us(ORIGIN),
        cap::Status::System,
        MsgType::Alert,
    );
    assert_eq!(Forms::of(&alert), None);
    assert!(Forms::read(&alert.to_xml().unwrap_or_default()).is_err());
    alert.infos.push(cap::Info::new(
        "de-CH",
        cap::Category::Geo,
        "Tsunami",
        cap::Urgency::Immediate,
        cap::Severity::Severe,
        cap::Certainty::Likely,
    ));
    let forms = Forms::of(&alert).expect("forms");
    assert_eq!(forms.short, []);
    assert!(
        forms.bulletin.starts_with("TEST TEST TEST\n"),
        "{}",
        forms.bulletin
    );
    assert!(!forms.bulletin.contains("EARTHQUAKE") && !forms.bulletin.contains("FORECAST"));
    assert!(forms.bulletin.contains("when the situation changes"));
}
