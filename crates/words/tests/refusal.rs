//! The build's check refuses what it is there to refuse, and names it.

#[path = "../build/check.rs"]
mod check;

use check::{catalogue, differences};

const ENGLISH: &str = "\
zone = { $name }: { $height } m
many =
    { $count ->
        [one] { $count } zone
       *[other] { $count } zones
    }
back =
    .headline =
        { $event ->
            [tsunami] No tsunami
           *[other] Nothing
        }
month =
    { $number ->
        [1] January
       *[2] February
    }
";

fn found(translation: &str) -> Vec<String> {
    let english = catalogue(ENGLISH).expect("the reference");
    match catalogue(translation) {
        Ok(translation) => differences(&english, &translation),
        Err(faults) => faults,
    }
}

#[test]
fn a_whole_translation_passes_with_plurals_and_months_of_its_own() {
    assert_eq!(found(ENGLISH), Vec::<String>::new());
    let own = ENGLISH
        .replace("[one]", "[few] { $count } zony\n        [one]")
        .replace(
            "{ $number ->\n        [1] January\n       *[2] February\n    }",
            "{ $number }",
        );
    assert_eq!(found(&own), Vec::<String>::new());
}

#[test]
fn what_is_missing_or_unknown_is_named() {
    for (from, to, expected) in [
        (
            "zone = { $name }: { $height } m\n",
            "",
            "message `zone` is missing",
        ),
        (
            "{ $height } m",
            "m",
            "message `zone`: variable $height is missing",
        ),
        (
            "{ $height } m",
            "{ $heigth } { $height } m",
            "message `zone`: variable $heigth is unknown; the English one has none of that name",
        ),
        (
            "            [tsunami] No tsunami\n",
            "",
            "message `back.headline`: the choice [tsunami] of $event is missing",
        ),
        (
            "[tsunami]",
            "[flood] No flood\n            [tsunami]",
            "message `back.headline`: the choice [flood] of $event is unknown",
        ),
        (
            "        [1] January\n",
            "        [3] March\n",
            "message `month`: the choice [1] of $number is missing",
        ),
        (
            "month =",
            "year = { $year }\nmonth =",
            "message `year` is unknown; the English file has none of that name",
        ),
        (
            "    .headline =",
            "    .title =",
            "message `back.headline` is missing",
        ),
    ] {
        let text = ENGLISH.replace(from, to);
        assert_ne!(text, ENGLISH, "{from}");
        let faults = found(&text);
        assert!(faults.iter().any(|f| f == expected), "{faults:?}");
    }
}

#[test]
fn what_is_no_fluent_or_more_than_is_used_here_is_refused() {
    for (text, expected) in [
        ("zone = { $name\n", "line "),
        ("zone = { NUMBER($n) }\n", "function NUMBER()"),
        ("zone = { other }\n", "a reference to message `other`"),
        ("zone = { -term }\n", "a reference to term `-term`"),
        ("-term = x\n", "terms are not used here"),
        ("zone = x\nzone = y\n", "is there twice"),
    ] {
        let faults = catalogue(text).expect_err("refused");
        assert!(faults.iter().any(|f| f.contains(expected)), "{faults:?}");
    }
}
