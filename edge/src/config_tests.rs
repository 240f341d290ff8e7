//! The example parses; mistakes are named with their line.

use super::*;

fn load(text: &str) -> Result<Config, String> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("edge.toml");
    std::fs::write(&path, text).unwrap();
    Config::load(&path).map_err(|error| {
        error
            .to_string()
            .replace(&path.display().to_string(), "edge.toml")
    })
}

const START: &str = "deployment = \"d\"\nedge = \"e\"\ndata_dir = \"x\"\n";

#[test]
fn the_example_is_good_and_shows_the_defaults() {
    let example = load(EXAMPLE).unwrap();
    assert_eq!(
        (example.node.len(), example.link.len(), example.meter.len()),
        (2, 5, 2)
    );
    // What the example shows as default is the default.
    let plain = load(START).unwrap();
    let shown = |config: &Config| {
        format!(
            "{:?} {:?} {:?} {:?} {:?} {:?}",
            config.broker, config.outbox, config.publish, config.time, config.nodes, config.updates
        )
    };
    assert_eq!(shown(&example), shown(&plain));
    let alone = |config: &Config| format!("{:?}", config.sirens.alone);
    assert_eq!(alone(&example), alone(&plain));
    assert_eq!((example.siren.len(), example.siren_pattern.len()), (3, 2));
    // The settings shown are those that a new board of that kind begins with.
    let settings = ::node::Settings::defaults(::node::Role::Tsunami).values();
    let text = |values: &[wire::frame::Setting]| format!("{values:?}");
    assert_eq!(text(&example.node[0].settings.values()), text(&settings));
    let shared = example.link.last().unwrap();
    let written = format!(
        "kind = \"serial\"\ndevice = \"{}\"\nbaud = 115200\nshared = true\nnodes = [7]\n",
        shared.name()
    );
    let plain: Link = settings::parse("link", &written).unwrap();
    assert_eq!(format!("{shared:?}"), format!("{plain:?}"));
    assert_eq!(example.meter[1].registers().unwrap().len(), 1);
}

#[test]
fn mistakes_are_named_with_their_line() {
    let node = "[[node]]\nid = 1\nstation = \"s\"\nkey = \"00\"\n";
    let serial = |rest: &str| format!("[[link]]\nkind = \"serial\"{rest}\n");
    for (text, line, said) in [
        ("[outbox]\nfsnyc = \"never\"\n", 5, "fsync"),
        ("[broker]\nusername = \"u\"\n", 4, "go together"),
        ("[publish]\nwindow = 0\n", 5, "at least 1"),
        ("[outbox]\nmax_bytes = 10\n", 4, "segment_bytes"),
        (&format!("{node}{node}"), 9, "already used by node[0].id"),
        (
            "[[node]]\nid = 1\nstation = \"a b\"\nkey = \"\"\n",
            6,
            "an id is",
        ),
        ("[[node]]\nid = 1\nstation = \"s\"\n", 4, "key_file or key"),
        ("[[link]]\nkind = \"tcp\"\n", 4, "either listen or connect"),
        ("[[link]]\nkind = \"serial\"\n", 4, "needs device"),
        (&serial("\ndevice = \"/dev/ttyUSB[\""), 4, "no pattern"),
        (
            &serial("\nnodes = [1]\ndevice = \"/dev/a\""),
            4,
            "shared = true",
        ),
        (
            &serial("\nshared = true\ndevice = \"/dev/a\""),
            4,
            "needs its nodes",
        ),
        (
            &serial("\nshared = true\nnodes = [9]\ndevice = \"/dev/a\""),
            7,
            "no [[node]] with id = 9",
        ),
        (
            &serial("\nshared = true\nnodes = [9]\ndevice = \"/dev/a*\""),
            4,
            "needs one device",
        ),
        (
            &format!("{0}{0}", serial("\ndevice = \"/dev/a\"")),
            9,
            "link[0] is on this device",
        ),
        (
            &format!(
                "{node}[node.settings]\nshared_line = false\n{}",
                serial("\nshared = true\nnodes = [1]\ndevice = \"/dev/a\"")
            ),
            9,
            "on a shared line",
        ),
        // Nodes may begin 50 ms after a poll.
        (
            &serial("\nshared = true\nnodes = [1]\nturn_timeout = \"50ms\"\ndevice = \"/dev/a\""),
            4,
            "100ms to 10s",
        ),
        // It would be told to wait for polls that nobody sends, and could not even be told to stop.
        (
            &format!("{node}[node.settings]\nshared_line = true\n"),
            9,
            "would wait for polls for ever",
        ),
        ("[updates]\nkeys = [\"00\"]\n", 5, "no public key"),
        ("[nodes]\nframes_per_s = 0\n", 5, "1 to 100000"),
        (
            &format!("{node}[node.settings]\nhealth_s = 1.5\n"),
            9,
            "whole number from 0 to 86400",
        ),
        (
            &format!("{node}[node.settings]\nsensor = \"ear\"\n"),
            9,
            "digiquartz, ms5837",
        ),
        (
            &format!("{node}[node.settings]\nthreshold_above = \"none\"\n"),
            9,
            "off",
        ),
        (
            &format!("{node}[node.settings]\nnode_kind = \"road\"\nrapid_interval_ms = 5000\n"),
            9,
            "rapid_interval_ms is longer",
        ),
        (
            "[[meter]]\nnode = 1\nstation = \"m\"\ntransport = \"tcp\"\naddress = \"h:502\"\nmap = \"sdm631\"\n",
            4,
            "shipped are sdm630",
        ),
        (
            "[[meter]]\nnode = 1\nstation = \"m\"\ntransport = \"rtu\"\nmap = \"sdm630\"\n",
            4,
            "rtu needs device",
        ),
    ] {
        let error = load(&format!("{START}{text}")).unwrap_err();
        assert!(
            error.starts_with(&format!("edge.toml:{line}:")),
            "{line}: {error}"
        );
        assert!(error.contains(said), "{said}: {error}");
    }
}

#[test]
fn two_meters_on_one_line_need_different_units_and_the_same_speed() {
    let meter = |node: u32, unit: u8, baud: u32| {
        format!(
            "[[meter]]\nnode = {node}\nstation = \"m{node}\"\ntransport = \"rtu\"\ndevice = \"/dev/ttyS9\"\n\
             unit = {unit}\nbaud = {baud}\nmap = \"sdm230\"\n"
        )
    };
    let both = |a: String, b: String| load(&format!("{START}{a}{b}"));
    assert!(both(meter(1, 1, 9600), meter(2, 2, 9600)).is_ok());
    assert!(
        both(meter(1, 1, 9600), meter(2, 1, 9600))
            .unwrap_err()
            .contains("unit id")
    );
    assert!(
        both(meter(1, 1, 9600), meter(2, 2, 2400))
            .unwrap_err()
            .contains("other baud")
    );
}

#[test]
fn secrets_lie_beside_the_file_and_are_checked() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("edge.toml");
    std::fs::write(
        &path,
        format!("{START}[[node]]\nid = 1\nstation = \"s\"\nkey_file = \"k\"\n"),
    )
    .unwrap();
    let config = Config::load(&path).unwrap();
    assert!(
        crate::secret::keys(&config)
            .unwrap_err()
            .to_string()
            .contains("cannot read")
    );
    std::fs::write(directory.path().join("k"), "abc\n").unwrap();
    assert!(
        crate::secret::keys(&config)
            .unwrap_err()
            .to_string()
            .contains("64 hexadecimal digits")
    );
    std::fs::write(directory.path().join("k"), format!("{}\n", "0f".repeat(32))).unwrap();
    assert_eq!(crate::secret::keys(&config).unwrap().len(), 1);
}

#[test]
fn sirens_that_cannot_be_meant_are_refused() {
    let key = "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8";
    let good = format!(
        r#"
[sirens]
issuers = ["{key}"]
[[siren_pattern]]
id = "wail"
on = "60s"
off = "0s"
lasts = "60s"
[[siren_pattern]]
id = "chirp"
on = "1s"
off = "9s"
lasts = "10s"
[[siren]]
id = "pier"
zones = ["bay"]
output = "file"
file = "sounds.txt"
actual = {{ warning = "wail" }}
exercise = {{ warning = "chirp" }}
"#
    );
    load(&format!("{START}{good}")).unwrap();
    let small_order = "0".repeat(64);
    for (from, to, said) in [
        (key, small_order.as_str(), "a public key is"),
        (key, "03a1", "a public key is"),
        (&format!("\"{key}\""), "", "need the hub's public key"),
        ("\"9s\"", "\"1ms\"", "at least 10ms"),
        ("\"10s\"", "\"31m\"", "at most 30m"),
        ("\"bay\"", "\"the bay\"", "zones by id"),
        ("\"bay\"", "", "1 to 8 zones"),
        ("id = \"chirp\"", "id = \"wail\"", "id of its own"),
        (
            "exercise = { warning = \"chirp\" }",
            "exercise = { warning = \"horn\" }",
            "no [[siren_pattern]] \"horn\"",
        ),
        // A drill that sounds like the real thing, by name or by its sound.
        (
            "exercise = { warning = \"chirp\" }",
            "exercise = { warning = \"wail\" }",
            "must not sound like a warning",
        ),
        (
            "on = \"1s\"\noff = \"9s\"",
            "on = \"60s\"\noff = \"0s\"",
            "lasts at least on",
        ),
        ("file = \"sounds.txt\"", "line = 1", "needs file"),
        (
            "output = \"file\"\nfile = \"sounds.txt\"",
            "output = \"node\"\nnode = 5",
            "no [[node]]",
        ),
        (
            "output = \"file\"\nfile = \"sounds.txt\"",
            "output = \"gpio\"\nchip = \"x\"",
            "chip and line",
        ),
        (
            "[[siren_pattern]]\nid = \"wail\"",
            "[sirens.alone]\npolicy = \"sound\"\n[[siren_pattern]]\nid = \"wail\"",
            "needs mode",
        ),
        (
            "[[siren_pattern]]\nid = \"wail\"",
            "[sirens.alone]\npolicy = \"sound\"\nmode = \"test\"\n[[siren_pattern]]\nid = \"wail\"",
            "nothing would sound",
        ),
        (
            "[[siren_pattern]]\nid = \"wail\"",
            "[sirens.alone]\npolicy = \"sounds\"\n[[siren_pattern]]\nid = \"wail\"",
            "sound",
        ),
    ] {
        assert!(good.contains(from), "{from}");
        let refused = load(&format!("{START}{}", good.replacen(from, to, 1))).unwrap_err();
        assert!(refused.contains(said), "{to}: {refused}");
    }
}
