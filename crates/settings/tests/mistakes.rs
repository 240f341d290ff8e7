//! What a person sees who made a mistake in a settings file.

use serde::{Deserialize, Serialize};
use settings::{Document, Environment, Error, Place, load, load_with, parse, parse_with};
use std::time::Duration;

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Hub {
    name: String,
    #[serde(default, with = "settings::instant::option")]
    origin: Option<i64>,
    #[serde(default)]
    web: Web,
    #[serde(default)]
    station: Vec<Station>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Web {
    port: u16,
    host: String,
    open: bool,
    #[serde(with = "settings::duration")]
    timeout: Duration,
    mode: Mode,
}

impl Default for Web {
    fn default() -> Self {
        Self {
            port: 8080,
            host: "127.0.0.1".into(),
            open: false,
            timeout: Duration::from_secs(5),
            mode: Mode::Exercise,
        }
    }
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Mode {
    Actual,
    Exercise,
}

/// Forgot `deny_unknown_fields` on purpose.
#[derive(Debug, PartialEq, Deserialize)]
struct Station {
    id: String,
    threshold: f64,
    #[serde(default, with = "settings::offset::option")]
    after: Option<i64>,
}

fn refused(text: &str) -> String {
    match parse::<Hub>("hub.toml", text) {
        Ok(hub) => panic!("accepted: {hub:?}"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn a_good_file_is_read() {
    let hub: Hub = parse(
        "hub.toml",
        "name = \"chile\"\norigin = 2010-02-27T06:34:14Z\n[web]\ntimeout = \"1m30s\"\nmode = \"actual\"\n\
         [[station]]\nid = \"32412\"\nthreshold = 1\nafter = \"-3h\"\n",
    )
    .expect("a good file");
    assert_eq!(hub.origin, Some(1_267_252_454_000_000));
    assert_eq!(hub.web.timeout, Duration::from_secs(90));
    assert_eq!(hub.web.port, 8080);
    assert_eq!(hub.station[0].after, Some(-10_800_000_000));
    assert_eq!(hub.station[0].threshold, 1.0);
}

#[test]
fn an_unknown_key_is_named_with_its_place_and_a_suggestion() {
    assert_eq!(
        refused("name = \"x\"\n\n[web]\n  prot = 1\n"),
        "hub.toml:4:3: unknown key \"prot\" in [web]; did you mean \"port\"?"
    );
    assert_eq!(
        refused("nmae = \"x\"\n"),
        "hub.toml:1:1: unknown key \"nmae\"; did you mean \"name\"?"
    );
    assert_eq!(
        refused("name = \"x\"\nzzz = 1\n"),
        "hub.toml:2:1: unknown key \"zzz\"; the keys here are: name, origin, web, station"
    );
    assert_eq!(
        refused("name = \"x\"\nweb.prot = 1\n"),
        "hub.toml:2:5: unknown key \"prot\" in [web]; did you mean \"port\"?"
    );
    assert_eq!(
        refused("name = \"x\"\nweb = { open = true, prot = 1 }\n"),
        "hub.toml:2:22: unknown key \"prot\" in [web]; did you mean \"port\"?"
    );
}

#[test]
fn every_unknown_key_is_reported_at_once_in_the_order_of_the_file() {
    assert_eq!(
        refused("name = \"x\"\nzeta = 1\n[web]\nprot = 1\nhots = \"h\"\n[alpha]\nx = 1\n"),
        "hub.toml:2:1: unknown key \"zeta\"; the keys here are: name, origin, web, station\n\
         hub.toml:4:1: unknown key \"prot\" in [web]; did you mean \"port\"?\n\
         hub.toml:5:1: unknown key \"hots\" in [web]; did you mean \"host\"?\n\
         hub.toml:6:2: unknown key \"alpha\"; the keys here are: name, origin, web, station"
    );
}

#[test]
fn a_struct_that_forgot_to_deny_unknown_keys_still_does() {
    assert_eq!(
        refused(
            "name = \"x\"\n[[station]]\nid = \"a\"\nthreshold = 1.0\n[[station]]\nid = \"b\"\nthreshold = 2\ntreshold = 3\n"
        ),
        "hub.toml:8:1: unknown key \"treshold\" in [station[1]]; nothing reads it; remove it"
    );
}

#[test]
fn wrong_types_say_what_was_found_and_what_is_needed() {
    assert_eq!(
        refused("name = \"x\"\n[web]\nport = \"eighty\"\n"),
        "hub.toml:3:8: web.port: found string \"eighty\", but it must be a whole number from 0 to 65535"
    );
    assert_eq!(
        refused("name = \"x\"\nweb.port = 70000\n"),
        "hub.toml:2:12: web.port: found integer 70000, but it must be a whole number from 0 to 65535"
    );
    assert_eq!(
        refused("name = 7\n"),
        "hub.toml:1:8: name: found integer 7, but it must be text in quotes"
    );
    assert_eq!(
        refused("name = \"x\"\nweb.open = \"yes\"\n"),
        "hub.toml:2:12: web.open: found string \"yes\", but it must be true or false"
    );
    assert_eq!(
        refused("name = \"x\"\nweb.timeout = 15\n"),
        "hub.toml:2:15: web.timeout: found integer 15, but it must be a span of time with its unit, such as \"15m\""
    );
    assert_eq!(
        refused("name = \"x\"\nweb.timeout = \"15\"\n"),
        "hub.toml:2:15: web.timeout: \"15\" is not a span of time; write for instance \"15m\" or \"1h30m\", \
         with units d, h, m, s, ms, us"
    );
    assert_eq!(
        refused("name = \"x\"\nweb.mode = \"actaul\"\n"),
        "hub.toml:2:12: web.mode: \"actaul\" is not known; did you mean \"actual\"? (possible: actual, exercise)"
    );
    assert_eq!(
        refused("name = \"x\"\norigin = 2010-02-27T06:34:14\n"),
        "hub.toml:2:10: origin: \"2010-02-27T06:34:14\" is not an RFC 3339 time such as 2010-02-27T06:34:14Z"
    );
    assert_eq!(
        refused("name = \"x\"\nstation = 3\n"),
        "hub.toml:2:11: station: found integer 3, but it must be a list [...]"
    );
}

#[test]
fn missing_keys_point_at_their_table() {
    assert_eq!(
        refused("# nothing\n"),
        "hub.toml:1:1: missing key \"name\" at the top level; add a line name = ..."
    );
    assert_eq!(
        refused(
            "name = \"x\"\n\n[[station]]\nid = \"a\"\nthreshold = 1\n\n[[station]]\nid = \"b\"\n"
        ),
        "hub.toml:7:1: missing key \"threshold\" in [station[1]]; add a line threshold = ..."
    );
}

#[test]
fn broken_toml_has_a_place_too() {
    let text = refused("name = \"x\"\n[web\nport = 1\n");
    assert!(text.starts_with("hub.toml:2:5: not valid TOML: "), "{text}");
    assert!(!text.contains('\n'), "{text}");
    let text = refused("name = \"x\"\nname = \"y\"\n");
    assert!(text.starts_with("hub.toml:2:1: not valid TOML: "), "{text}");
}

#[test]
fn columns_count_characters() {
    assert_eq!(
        refused("name = \"x\"\nweb = { host = \"ñandú\", prot = 1 }\n"),
        "hub.toml:2:25: unknown key \"prot\" in [web]; did you mean \"port\"?"
    );
}

#[test]
fn the_environment_goes_over_the_file_and_is_typed() {
    let environment = Environment::from_pairs(
        "WATCHFIRE_",
        [
            ("WATCHFIRE_WEB__PORT", "9090"),
            ("WATCHFIRE_WEB__HOST", "10"),
            ("WATCHFIRE_WEB__OPEN", "true"),
            ("WATCHFIRE_WEB__TIMEOUT", "2m"),
            ("WATCHFIRE_STATION__0__THRESHOLD", "0.5"),
            ("WATCHFIRE___NAME", "2011"),
            ("WATCHFIRE___ORIGIN", "2010-02-27T06:34:14Z"),
            ("WATCHFIRE_CLOCK", "1,2,3"),
            ("PATH", "/bin"),
        ],
    );
    let text = "name = \"x\"\n[[station]]\nid = \"a\"\nthreshold = 1\n";
    let hub: Hub = parse_with("hub.toml", text, &environment).expect("fits");
    assert_eq!(hub.web.port, 9090);
    assert_eq!(
        hub.web.host, "10",
        "text that looks like a number is still text"
    );
    assert!(hub.web.open);
    assert_eq!(hub.web.timeout, Duration::from_secs(120));
    assert_eq!(hub.name, "2011");
    assert_eq!(hub.origin, Some(1_267_252_454_000_000));
    assert_eq!(hub.station[0].threshold, 0.5);
    assert_eq!(environment.variables().count(), 7);
}

#[test]
fn mistakes_in_the_environment_name_the_variable() {
    let complain = |name, value| {
        let environment = Environment::from_pairs("WATCHFIRE_", [(name, value)]);
        let text = "name = \"x\"\n[[station]]\nid = \"a\"\nthreshold = 1\n";
        parse_with::<Hub>("hub.toml", text, &environment)
            .expect_err("a mistake")
            .to_string()
    };
    assert_eq!(
        complain("WATCHFIRE_WEB__PROT", "1"),
        "environment variable WATCHFIRE_WEB__PROT: unknown key \"prot\" in [web]; did you mean \"port\"?"
    );
    assert_eq!(
        complain("WATCHFIRE_WEB__PORT", "70000"),
        "environment variable WATCHFIRE_WEB__PORT: web.port: found integer 70000, \
         but it must be a whole number from 0 to 65535"
    );
    assert_eq!(
        complain("WATCHFIRE_WEB__PORT", "http"),
        "environment variable WATCHFIRE_WEB__PORT: web.port: found string \"http\", \
         but it must be a whole number from 0 to 65535"
    );
    assert_eq!(
        complain("WATCHFIRE_STATION__4__THRESHOLD", "1"),
        "environment variable WATCHFIRE_STATION__4__THRESHOLD: station.4.threshold: \
         there is no table \"station[4]\" to put this in"
    );
    assert_eq!(
        complain("WATCHFIRE_NAME__X", "1"),
        "environment variable WATCHFIRE_NAME__X: name.x: there is no table \"name\" to put this in"
    );
}

#[test]
fn files_are_read_and_named() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("hub.toml");
    assert!(matches!(load::<Hub>(&path), Err(Error::Read { .. })));
    std::fs::write(&path, "name = \"x\"\nzzz = 1\n").expect("written");
    let error = load::<Hub>(&path).expect_err("an unknown key");
    assert!(
        error
            .to_string()
            .starts_with(&format!("{}:2:1: unknown key", path.display())),
        "{error}"
    );
    assert_eq!(error.problems()[0].key, "zzz");
    std::fs::write(&path, b"name = \"x\"\n# \xff\n").expect("written");
    assert!(matches!(
        load_with::<Hub>(&path, &Environment::none()),
        Err(Error::NotText { line: 2, .. })
    ));
    let file = std::fs::File::create(&path).expect("created");
    file.set_len(settings::MAX_FILE_BYTES + 1).expect("sparse");
    assert!(matches!(load::<Hub>(&path), Err(Error::TooLarge(_))));
}

#[test]
fn a_caller_can_complain_with_a_line() {
    let document = Document::new(
        "hub.toml",
        "name = \"x\"\n[[station]]\nid = \"a\"\n[[station]]\n  id = \"a\"\n",
    );
    let line = |key| match &document.refuse(key, "is taken").problems()[0].place {
        Place::File { line, column, .. } => (*line, *column),
        Place::Environment { .. } => panic!("not from the environment"),
    };
    assert_eq!(line("station[1].id"), (5, 8));
    assert_eq!(line("station[1].gone"), (4, 1));
    assert_eq!(line("name"), (1, 8));
    assert_eq!(line("nowhere.at.all"), (1, 1));
    assert_eq!(
        document
            .refuse("station[1].id", "\"a\" is taken")
            .to_string(),
        "hub.toml:5:8: station[1].id: \"a\" is taken"
    );
}

#[derive(Serialize, Deserialize)]
struct Times {
    #[serde(with = "settings::duration")]
    span: Duration,
    #[serde(with = "settings::offset")]
    shift: i64,
    #[serde(with = "settings::instant")]
    at: i64,
}

proptest::proptest! {
    #[test]
    fn any_text_gets_an_answer(text in "[a-z\\[\\]={}\"\n.# 0-9`-]{0,120}") {
        let _ = parse::<Hub>("any.toml", &text);
    }

    #[test]
    fn any_bytes_after_a_good_start_get_an_answer(tail in proptest::collection::vec(0_u8.., 0..60)) {
        let text = format!("name = \"x\"\n[web]\n{}", String::from_utf8_lossy(&tail));
        let environment = Environment::from_pairs("W_", [("W_WEB__PORT", text.as_str())]);
        let _ = parse_with::<Hub>("any.toml", &text, &environment);
    }

    #[test]
    fn times_survive_being_read(span in 0_i64..=i64::MAX, shift in -i64::MAX..=i64::MAX) {
        let text = format!(
            "span = \"{}\"\nshift = \"{}\"\nat = 1969-12-31T23:59:59.5-01:00\n",
            settings::duration::format(Duration::from_micros(span as u64)),
            settings::offset::format(shift),
        );
        let times: Times = parse("times.toml", &text).expect("what was written");
        proptest::prop_assert_eq!(times.span, Duration::from_micros(span as u64));
        proptest::prop_assert_eq!(times.shift, shift);
        proptest::prop_assert_eq!(times.at, 3_599_500_000);
    }
}
