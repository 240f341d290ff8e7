//! Short messages: what fits, what is cut, and that no drill is ever without its word.

use proptest::prelude::*;
use unicode_segmentation::UnicodeSegmentation;
use wire::topic::Mode;
use words::{Action, Encoding, Headline, Language, Level, Moment, Pages, Short, Voice, sms};

const WHEN: Moment = Moment {
    us: 1_267_252_454_000_000,
    utc_offset_minutes: -180,
    dated: false,
};

/// Units of a page: septets by the table of 3GPP TS 23.038, written again so that the two must agree, or UTF-16.
fn units(pages: &Pages, page: &str) -> usize {
    match pages.encoding {
        Encoding::Ucs2 => page.encode_utf16().count(),
        Encoding::Gsm7 => page
            .chars()
            .map(|c| 1 + usize::from("^{}\\[~]|€".contains(c)))
            .sum(),
    }
}

fn holds(pages: &Pages) {
    assert!(
        (1..=15).contains(&pages.pages.len()),
        "{}",
        pages.pages.len()
    );
    assert_eq!(pages.pages.concat(), pages.text);
    for page in &pages.pages {
        let most = match pages.encoding {
            Encoding::Gsm7 => 93,
            Encoding::Ucs2 => 41,
        };
        assert!(units(pages, page) <= most, "{page}");
    }
    if pages.encoding == Encoding::Gsm7 {
        assert!(pages.text.chars().all(|c| u32::from(c) < 0x400 || c == '€'));
    }
}

/// A warning for one zone, in every language: it is whole, and this is what it costs.
#[test]
fn a_warning_fits_in_every_language_and_says_what_to_do() {
    for &language in Language::ALL {
        for &mode in Mode::ALL {
            let voice = Voice::new(language, mode);
            let headline = voice.headline(&Headline::Tsunami {
                level: Level::Major,
                areas: &["Coquimbo", "Valparaiso"],
            });
            let instruction = voice.instruction(Action::Tsunami(Level::Major));
            let pages = sms(&Short {
                voice,
                headline: &headline,
                areas: &["Coquimbo", "Valparaiso"],
                first_wave: Some(Some(WHEN)),
                instruction: &instruction,
                sender: "SHOA",
            });
            holds(&pages);
            assert!(pages.text.starts_with(&voice.prefix()), "{}", pages.text);
            assert!(pages.text.ends_with("SHOA"), "{}", pages.text);
            let bare = voice.unmarked(&instruction);
            assert!(pages.text.contains(bare), "{}", pages.text);
            // The word is said once, not once for each part.
            if let Some(word) = voice.word() {
                assert_eq!(pages.text.matches(&word).count(), 3, "{}", pages.text);
            }
            assert_eq!(
                pages.encoding == Encoding::Gsm7,
                matches!(language, Language::En | Language::Id),
                "{}: {}",
                language.tag(),
                pages.text
            );
        }
    }
}

#[test]
fn an_english_warning_reads_like_this() {
    let voice = Voice::new(Language::En, Mode::Exercise);
    let areas = ["Coquimbo"];
    let level = Level::Warning;
    let pages = sms(&Short {
        voice,
        headline: &voice.headline(&Headline::Tsunami {
            level,
            areas: &areas,
        }),
        areas: &areas,
        first_wave: Some(Some(WHEN)),
        instruction: &voice.instruction(Action::Tsunami(level)),
        sender: "SHOA",
    });
    assert_eq!(
        pages.text,
        "EXERCISE EXERCISE EXERCISE - Tsunami warning: Coquimbo. First wave about 03:34 local time (06:34 UTC). \
         Leave the shore now. Move inland or to high ground now, on foot if you can. If there is no time, go to a \
         high floor of a strong building. Stay there until the all clear. SHOA"
    );
    assert_eq!((pages.encoding, pages.pages.len()), (Encoding::Gsm7, 3));
}

#[test]
fn what_is_too_long_is_cut_after_a_sentence_and_what_has_none_after_a_word() {
    let voice = Voice::new(Language::En, Mode::Test);
    let short = |instruction: &str| {
        sms(&Short {
            voice,
            headline: "Gas",
            areas: &[],
            first_wave: None,
            instruction,
            sender: "Office",
        })
    };
    let sentences = short(&"Stay inside. ".repeat(200));
    holds(&sentences);
    assert!(
        sentences.text.ends_with("Stay inside."),
        "{}",
        sentences.text
    );
    assert!(sentences.pages.len() == 15, "{}", sentences.pages.len());
    let words = short(&"inside ".repeat(400));
    holds(&words);
    assert!(words.text.ends_with("inside"), "{}", words.text);
    let one = short(&"x".repeat(3_000));
    holds(&one);
    assert!(
        one.text.starts_with("TEST TEST TEST - Gas."),
        "{}",
        one.text
    );
    // What made UCS-2 necessary is cut away: the rest is said in the smaller coding.
    let plain = short(&format!("{}日本", "Stay inside. ".repeat(200)));
    assert_eq!(plain.encoding, Encoding::Gsm7);
}

fn language() -> impl Strategy<Value = Language> {
    proptest::sample::select(Language::ALL)
}

fn mode() -> impl Strategy<Value = Mode> {
    proptest::sample::select(Mode::ALL)
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ -~]{0,2000}",
        "[a-z€\\[\\]{}é ]{0,2000}",
        "\\PC{0,400}",
        // Families, flags, accents, conjuncts: graphemes of many characters.
        proptest::collection::vec(
            proptest::sample::select(vec![
                "👨‍👩‍👧‍👦",
                "🇨🇱",
                "e\u{301}",
                "க்ஷ",
                "ක්‍ය",
                "क्ष",
                "海啸。",
                "x",
                " ",
                ". ",
                "\n"
            ]),
            0..600
        )
        .prop_map(|pieces| pieces.concat()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_message_is_longer_than_fifteen_pages_and_none_loses_its_word(
        language in language(),
        mode in mode(),
        headline in text(),
        instruction in text(),
        area in text(),
        sender in text(),
        us in any::<i64>(),
        utc_offset_minutes in any::<i32>(),
    ) {
        let voice = Voice::new(language, mode);
        let when = Moment { us, utc_offset_minutes, dated: true };
        let areas = [area.as_str()];
        let short = Short {
            voice,
            headline: &headline,
            areas: &areas,
            first_wave: Some(Some(when)),
            instruction: &instruction,
            sender: &sender,
        };
        let pages = sms(&short);
        holds(&pages);
        prop_assert!(pages.text.starts_with(voice.prefix().trim_end()), "{}", pages.text);
        prop_assert!(!pages.text.contains(char::is_control));
    }

    #[test]
    fn a_cut_is_never_within_a_grapheme(
        pieces in proptest::collection::vec(
            proptest::sample::select(vec!["👨‍👩‍👧‍👦", "🇨🇱", "e\u{301}", "கி", "කො", "कि", "海"]),
            200..900,
        ),
    ) {
        let voice = Voice::new(Language::En, Mode::Exercise);
        let body = pieces.concat();
        let pages = sms(&Short {
            voice,
            headline: &body,
            areas: &[],
            first_wave: None,
            instruction: "",
            sender: "",
        });
        holds(&pages);
        let said = pages.text.strip_prefix(&voice.prefix()).expect("the word");
        let said = said.strip_suffix('.').unwrap_or(said);
        prop_assert!(body.starts_with(said));
        let kept = said.graphemes(true).count();
        let of_body: String = body.graphemes(true).take(kept).collect();
        prop_assert_eq!(of_body, said);
    }
}
