//! Every message in every language, with all its arguments.

use std::collections::{BTreeMap, BTreeSet};

use wire::quantity::Quantity;
use wire::topic::Mode;

use crate::check;
use crate::phrase::arrival_template;
use crate::template::{Template, ids};
use crate::{
    Action, Amount, Event, Headline, Language, Level, Limit, Moment, Phrase, Place, Voice, Why,
};

const WHEN: Moment = Moment {
    us: 1_267_252_454_000_000,
    utc_offset_minutes: -180,
    dated: true,
};
const PLACE: Place<'static> = Place {
    name: "Bio-Bio",
    lat: -36.1,
    lon: -72.9,
};
const VOLTS: Amount = Amount {
    value: 206.5,
    quantity: Quantity::Voltage,
    per_second: false,
};
const LEVELS: [Level; 4] = [Level::None, Level::Advisory, Level::Warning, Level::Major];
const EVENTS: [Event; 5] = [
    Event::Tsunami,
    Event::Traffic,
    Event::Energy,
    Event::Limit,
    Event::Officer,
];
const WHYS: [Why; 10] = [
    Why::Explained,
    Why::Revised,
    Why::Confirmed,
    Why::Unconfirmed,
    Why::Forecast,
    Why::Modelled,
    Why::Renewal,
    Why::AllClear,
    Why::NoWave,
    Why::Withdrawn,
];

/// One of every phrase and of every choice within it.
fn phrases() -> Vec<Phrase<'static>> {
    let mut all = vec![
        Phrase::Earthquake {
            magnitude: 8.8,
            place: PLACE,
            depth_km: 35.0,
            when: WHEN,
        },
        Phrase::NoEarthquake {
            place: PLACE,
            region_km: 120.0,
            when: WHEN,
        },
        Phrase::NoWaveLeft,
        Phrase::NoWaveSeen,
        Phrase::WaveMeasured {
            stations: &["Talcahuano", "Coquimbo"],
        },
        Phrase::FirstWave(Some(WHEN)),
        Phrase::FirstWave(None),
        Phrase::Areas(&["Coquimbo", "Atacama"]),
        Phrase::Lifted(&["Coquimbo"]),
        Phrase::Nature,
        Phrase::Do(Action::AllClear),
        Phrase::Do(Action::LimitOver),
        Phrase::Do(Action::Officer),
    ];
    for level in LEVELS {
        all.push(Phrase::Level(level));
        all.push(Phrase::Do(Action::Tsunami(level)));
        for arrival in [Some(WHEN), None] {
            all.push(Phrase::Zone {
                name: "Coquimbo",
                level,
                arrival,
                heights_m: [0.4, 1.25, 12.3],
            });
        }
    }
    for event in EVENTS {
        all.push(Phrase::Event(event));
        all.push(Phrase::Do(Action::Limit(event)));
    }
    for quantity in Quantity::ALL {
        all.push(Phrase::Quantity(*quantity));
    }
    for why in WHYS {
        all.push(Phrase::Why(why));
    }
    for limit in [Limit::Above(253.0), Limit::Below(207.0), Limit::Rate(0.5)] {
        for quantity in Quantity::ALL {
            let amount = Amount {
                quantity: *quantity,
                per_second: matches!(limit, Limit::Rate(_)),
                ..VOLTS
            };
            let station = "Substation";
            let when = WHEN;
            all.push(Phrase::LimitPassed {
                station,
                amount,
                limit,
                when,
            });
            all.push(Phrase::LimitOver {
                station,
                amount,
                limit,
                when,
            });
        }
    }
    all
}

/// One of every template that a phrase is made of, or a voice speaks.
fn templates(language: Language) -> Vec<Template<'static>> {
    let mut all: Vec<Template<'static>> = phrases().iter().map(|p| p.template(language)).collect();
    all.push(arrival_template(language, Some(WHEN)));
    all.push(arrival_template(language, None));
    for limit in [Limit::Above(1.0), Limit::Below(1.0), Limit::Rate(1.0)] {
        all.push(limit.template(language, Quantity::Voltage));
    }
    for month in 1..=12 {
        all.push(crate::moment::date(
            jiff::civil::date(2010, month, 27).at(6, 34, 0, 0),
        ));
    }
    for (north, east) in [("north", "east"), ("south", "west")] {
        all.push(
            Template::new(ids::COORDINATES)
                .text("lat", "36.1")
                .text("north", north)
                .text("lon", "72.9")
                .text("east", east),
        );
    }
    for id in [
        ids::MODE_EXERCISE_WORD,
        ids::MODE_EXERCISE_SENTENCE,
        ids::MODE_EXERCISE_ENDED_HEADLINE,
        ids::MODE_EXERCISE_ENDED_DESCRIPTION,
        ids::MODE_EXERCISE_ENDED_INSTRUCTION,
        ids::MODE_TEST_WORD,
        ids::MODE_TEST_SENTENCE,
        ids::MODE_TEST_ENDED_HEADLINE,
        ids::MODE_TEST_ENDED_DESCRIPTION,
        ids::MODE_TEST_ENDED_INSTRUCTION,
        ids::LIST_SEPARATOR,
        ids::SENTENCE_SEPARATOR,
        ids::FULL_STOP,
        ids::UNIT_VEHICLES_PER_HOUR,
        ids::HEADLINE_CANCELLED,
    ] {
        all.push(Template::new(id));
    }
    for (id, names) in [
        (ids::CLOCK, &["hour", "minute"][..]),
        (ids::DATE_CLOCK, &["date", "clock"]),
        (ids::TIME_UTC, &["time"]),
        (ids::TIME_LOCAL, &["local", "utc"]),
        (ids::PLACE_NAMED, &["name", "coordinates"]),
        (ids::RATE, &["value"]),
        (ids::HEADLINE_AREAS, &["level", "areas"]),
        (ids::HEADLINE_NOWHERE, &["level"]),
        (ids::HEADLINE_LIMIT, &["what", "station"]),
        (ids::HEADLINE_LIMIT_OVER, &["what", "station"]),
        (ids::OFFICER_DESCRIPTION, &["sender", "when", "text"]),
    ] {
        let mut template = Template::new(id);
        for name in names {
            template = template.text(name, "x");
        }
        all.push(template);
    }
    for count in [0, 1, 2, 3, 7, 11, 21, 100] {
        all.push(
            Template::new(ids::HEADLINE_MANY)
                .text("level", "x")
                .count("count", count)
                .text("first", "A")
                .text("last", "Z"),
        );
    }
    for event in EVENTS {
        let with = |id| Template::new(id).text("event", event.word());
        all.push(with(ids::RETRACTION_HEADLINE));
        all.push(with(ids::RETRACTION_DESCRIPTION).text("when", "x"));
        all.push(with(ids::RETRACTION_INSTRUCTION));
    }
    all
}

fn english() -> check::Catalogue {
    check::catalogue(Language::En.templates()).expect("the English file")
}

#[test]
fn every_message_is_said_in_every_language_with_all_its_variables_and_no_others() {
    let english = english();
    for &language in Language::ALL {
        let own = check::catalogue(language.templates()).expect("the build has read it");
        assert_eq!(check::differences(&english, &own), Vec::<String>::new());
        let mut said = BTreeSet::new();
        for template in templates(language) {
            let key = template.id.key();
            let text = template
                .attempt(language)
                .unwrap_or_else(|e| panic!("{}: {e}", language.tag()));
            assert!(!text.contains(['{', '}']), "{}: {text}", language.tag());
            let joint = key.ends_with("separator");
            assert!(
                joint || !text.trim().is_empty(),
                "{}: {key}",
                language.tag()
            );
            let passed: BTreeSet<String> = template
                .args
                .iter()
                .map(|(name, _)| name.to_owned())
                .collect();
            assert_eq!(passed, english[key].variables, "{key}");
            said.insert(key.to_owned());
        }
        let all: BTreeSet<String> = english.keys().cloned().collect();
        assert_eq!(
            said, all,
            "a message of the English file is never said here"
        );
    }
}

#[test]
fn no_sentence_is_left_in_english() {
    let english: BTreeMap<&str, Vec<String>> =
        templates(Language::En)
            .iter()
            .fold(BTreeMap::new(), |mut all, template| {
                let text = template.attempt(Language::En).expect("English");
                all.entry(template.id.key())
                    .or_insert_with(Vec::new)
                    .push(text);
                all
            });
    for &language in &Language::ALL[1..] {
        for template in templates(language) {
            let text = template.attempt(language).expect("formats");
            let same = english[template.id.key()].contains(&text);
            assert!(
                !same || text.chars().count() < 20,
                "{}: {text}",
                language.tag()
            );
        }
    }
}

/// A letter of another script in a word is a slip of the keyboard that no reader would find.
#[test]
fn every_file_is_written_in_its_own_script() {
    let script = |c: char| match u32::from(c) {
        0x41..=0x5A | 0x61..=0x7A | 0xC0..=0x24F => "latin",
        0x900..=0x963 | 0x966..=0x97F => "devanagari",
        0xB80..=0xBFF => "tamil",
        0xD80..=0xDFF => "sinhala",
        0x3040..=0x30FF => "kana",
        0x3400..=0x9FFF => "han",
        // Punctuation, digits, joiners, the danda and full-width forms belong to several.
        0..=0xBF
        | 0x964
        | 0x965
        | 0x200C
        | 0x200D
        | 0x2010..=0x2027
        | 0x3000..=0x303F
        | 0xFF00..=0xFFEF => "any",
        _ => "another",
    };
    for &language in Language::ALL {
        let own: &[&str] = match language {
            Language::En | Language::Es | Language::Fr | Language::Pt | Language::Id => &["latin"],
            Language::Hi => &["devanagari", "latin"],
            Language::Ta => &["tamil", "latin"],
            Language::Si => &["sinhala", "latin"],
            Language::Zh => &["han", "latin"],
            Language::Ja => &["han", "kana", "latin"],
        };
        for (n, line) in language.templates().lines().enumerate() {
            for c in line.chars() {
                let found = script(c);
                assert!(
                    found == "any" || own.contains(&found),
                    "{} line {}: {c:?} is {found}",
                    language.tag(),
                    n + 1
                );
            }
        }
        // Outside its names of variables, what is not written in Latin letters has no words in them.
        if !own.starts_with(&["latin"]) {
            for template in templates(language) {
                let text = template.attempt(language).expect("formats");
                for word in text.split(|c: char| !c.is_ascii_alphabetic()) {
                    let allowed = [
                        "UTC",
                        "Bio",
                        "Coquimbo",
                        "Atacama",
                        "Talcahuano",
                        "Substation",
                        "Hz",
                        "km",
                        "Pa",
                        "VA",
                        "Wh",
                        "var",
                        "xx",
                        "xxx",
                    ];
                    assert!(
                        word.len() < 2 || allowed.contains(&word),
                        "{}: {word} in {text}",
                        language.tag()
                    );
                }
            }
        }
    }
}

/// Words of drills in all languages, in small letters.
fn words_of(mode: Mode) -> Vec<String> {
    Language::ALL
        .iter()
        .filter_map(|language| Voice::new(*language, mode).word())
        .map(|word| word.to_lowercase())
        .collect()
}

/// Whether a text has a word: as a whole where words are divided by spaces, anywhere where they are not.
fn has(text: &str, word: &str) -> bool {
    let text = text.to_lowercase();
    if !word.is_ascii() && !word.chars().next().is_some_and(|c| c.is_ascii_alphabetic()) {
        return text.contains(word);
    }
    text.match_indices(word).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + word.len()..].chars().next();
        ![before, after]
            .into_iter()
            .flatten()
            .any(char::is_alphabetic)
    })
}

/// Everything that a voice can say, framed.
fn framed(voice: Voice) -> Vec<String> {
    let areas: Vec<&str> = vec!["A long name of a zone on the coast"; 12];
    let mut all = Vec::new();
    for level in LEVELS {
        for areas in [&[][..], &["X"], &areas] {
            all.push(voice.headline(&Headline::Tsunami { level, areas }));
        }
        all.push(voice.instruction(Action::Tsunami(level)));
    }
    all.push(voice.headline(&Headline::Cancelled));
    for over in [true, false] {
        all.push(voice.headline(&Headline::Limit {
            what: "Voltage",
            station: "Substation",
            over,
        }));
    }
    for event in EVENTS {
        let notice = voice.retraction(event, WHEN);
        all.extend([notice.headline, notice.description, notice.instruction]);
    }
    for own in [Some("Stay inside."), None] {
        let notice = voice.officer("Office", WHEN, "Gas leak", "Gas leaks in the port.", own);
        all.extend([notice.headline, notice.description, notice.instruction]);
    }
    for phrase in phrases() {
        let mut text = voice.description();
        text.sentence(&phrase).line(&phrase);
        all.push(text.finish());
    }
    all.push(voice.description().finish());
    all
}

#[test]
fn a_real_message_never_has_a_drills_word_and_a_drill_always_has_its_own_alone() {
    let exercise = words_of(Mode::Exercise);
    let test = words_of(Mode::Test);
    assert_eq!((exercise.len(), test.len()), (10, 10));
    for &language in Language::ALL {
        for text in framed(Voice::new(language, Mode::Actual)) {
            for word in exercise.iter().chain(&test) {
                assert!(!has(&text, word), "{}: {word} in {text}", language.tag());
            }
        }
        for (mode, other) in [(Mode::Exercise, &test), (Mode::Test, &exercise)] {
            let voice = Voice::new(language, mode);
            let word = voice.word().expect("a word");
            let mut texts = framed(voice);
            let ended = voice.ended().expect("an end");
            texts.extend([ended.headline, ended.description, ended.instruction]);
            for text in texts {
                assert!(
                    text.starts_with(&format!("{word} {word} {word} - ")),
                    "{}: {text}",
                    language.tag()
                );
                for word in other {
                    assert!(!has(&text, word), "{}: {word} in {text}", language.tag());
                }
            }
            // The sentence says it once more, for who hears the message read.
            let sentence = voice.sentence().expect("a sentence").to_lowercase();
            let stem: String = word.to_lowercase().chars().take(4).collect();
            assert!(sentence.contains(&stem), "{}: {sentence}", language.tag());
        }
        assert_eq!(Voice::new(language, Mode::Actual).ended(), None);
        assert_eq!(Voice::new(language, Mode::Actual).prefix(), "");
    }
}

#[test]
fn no_headline_is_too_long_and_the_modes_word_is_never_what_is_cut() {
    let long = "長い名前".repeat(60);
    for &language in Language::ALL {
        for &mode in Mode::ALL {
            let voice = Voice::new(language, mode);
            let over = true;
            let limit = voice.headline(&Headline::Limit {
                what: &long,
                station: &long,
                over,
            });
            assert_eq!(limit.chars().count(), crate::HEADLINE_MAX);
            assert!(limit.starts_with(&voice.prefix()));
            let cut = voice.officer("Office", WHEN, &long, "x", None).headline;
            assert_eq!(cut.chars().count(), crate::HEADLINE_MAX);
            assert!(cut.starts_with(&voice.prefix()));
            for level in LEVELS {
                let areas: Vec<&str> = vec!["A long name of a zone on the coast"; 12];
                let text = voice.headline(&Headline::Tsunami {
                    level,
                    areas: &areas,
                });
                assert!(text.chars().count() <= crate::HEADLINE_MAX, "{text}");
                assert!(text.contains("12"), "{text}");
            }
        }
    }
}

#[test]
fn what_a_voice_marks_it_can_unmark() {
    for &language in Language::ALL {
        for &mode in Mode::ALL {
            let voice = Voice::new(language, mode);
            let mut text = voice.description();
            text.sentence(&Phrase::Nature);
            let bare = Phrase::Nature.say(language);
            assert_eq!(voice.unmarked(&text.finish()), bare);
            assert_eq!(voice.unmarked(&bare), bare);
        }
    }
}

#[test]
fn the_plural_follows_the_language() {
    let many = |language: Language, count| {
        Template::new(ids::HEADLINE_MANY)
            .text("level", "X")
            .count("count", count)
            .text("first", "A")
            .text("last", "Z")
            .say(language)
    };
    assert_eq!(many(Language::En, 1), "X: 1 zone, A");
    assert_eq!(many(Language::En, 2), "X: 2 zones, from A to Z");
    assert_eq!(many(Language::Fr, 1), "X : 1 zone, A");
    assert_eq!(many(Language::Ta, 1), "X: 1 பகுதி, A");
    assert_eq!(many(Language::Ja, 1), "X：1区域、A");
    assert_eq!(many(Language::Ja, 3), "X：3区域、AからZまで");
}
