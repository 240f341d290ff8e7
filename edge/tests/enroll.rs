//! The program enrols nodes, changes settings, and takes both over while it runs.

mod rig;

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use rig::board::Board;
use rig::program::Program;
use rig::wait_until;
use tokio::net::UnixStream;

/// Enrols node 7.
const ENROL_7: &[&str] = &[
    "enroll",
    "--config",
    "edge.toml",
    "--node",
    "7",
    "--station",
    "pier",
    "--kind",
    "energy",
];

const CONFIG: &str = r#"# kept
deployment = "d" # and this
edge = "e"
data_dir = "data"

[[node]]
id = 1
station = "first"
key = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

[[link]]
kind = "unix"
listen = "SOCKET"

# a bus
[[link]]
kind = "serial"
device = "/dev/nowhere-485"
shared = true
nodes = [1]
"#;

fn program(directory: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_watchfire-edge"))
        .args(arguments)
        .current_dir(directory)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn text(output: &Output) -> String {
    let both = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    String::from_utf8(both).unwrap()
}

fn directory() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join("socket");
    let config = CONFIG.replace("SOCKET", &socket.display().to_string());
    std::fs::write(directory.path().join("edge.toml"), config).unwrap();
    directory
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_node_gets_a_key_a_memory_and_its_lines() {
    let directory = directory();
    let at = |name: &str| directory.path().join(name);
    let enroll = [
        "enroll",
        "--config",
        "edge.toml",
        "--node",
        "7",
        "--station",
        "pier",
    ];
    let done = program(
        directory.path(),
        &[
            &enroll[..],
            &[
                "--kind",
                "tsunami",
                "--serial",
                "/dev/nowhere-485",
                "health_s=30",
            ],
        ]
        .concat(),
    );
    assert!(done.status.success(), "{}", text(&done));
    assert!(text(&done).contains("probe-rs download"));
    assert!(text(&done).contains("reload the agent"));
    for made in ["node-7.key", "node-7.bin"] {
        assert_eq!(mode(&at(made)), 0o600, "{made}");
    }
    let hex = std::fs::read_to_string(at("node-7.key")).unwrap();
    assert!(wire::frame::Key::from_hex(hex.trim()).is_some());
    // The memory is what a board's storage opens.
    let board = Board::from_memory(&std::fs::read(at("node-7.bin")).unwrap());
    assert_eq!(board.identity().node, 7);
    let key: String = board
        .identity()
        .key
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(key, hex.trim());
    let (revision, settings) = board.settings().unwrap();
    assert_eq!(
        (revision, settings.health_s, settings.shared_line),
        (1, 30, true)
    );

    let config = std::fs::read_to_string(at("edge.toml")).unwrap();
    for kept in [
        "# kept",
        "# and this",
        "# a bus",
        "nodes = [1, 7]",
        "station = \"pier\"",
        "health_s = 30",
    ] {
        assert!(config.contains(kept), "{kept}: {config}");
    }
    let check = program(directory.path(), &["--config", "edge.toml", "--check"]);
    assert!(text(&check).contains("2 nodes"), "{}", text(&check));

    // Never twice, and nothing is overwritten.
    let again = program(directory.path(), &enroll);
    assert_eq!(again.status.code(), Some(2));
    assert!(
        text(&again).contains("node 7 is already enrolled, for station pier"),
        "{}",
        text(&again)
    );
    std::fs::write(at("node-8.key"), "somebody's").unwrap();
    let taken = program(
        directory.path(),
        &[
            "enroll",
            "--config",
            "edge.toml",
            "--node",
            "8",
            "--station",
            "hill",
        ],
    );
    assert_eq!(taken.status.code(), Some(2));
    assert!(
        text(&taken).contains("never overwritten"),
        "{}",
        text(&taken)
    );
    assert_eq!(
        std::fs::read_to_string(at("node-8.key")).unwrap(),
        "somebody's"
    );
    assert_eq!(std::fs::read_to_string(at("edge.toml")).unwrap(), config);
    assert!(!at("node-8.bin").exists());
}

#[test]
fn what_a_node_would_refuse_is_refused_before_anything_is_made() {
    let directory = directory();
    let before = std::fs::read_to_string(directory.path().join("edge.toml")).unwrap();
    let enroll = [
        "enroll",
        "--config",
        "edge.toml",
        "--node",
        "7",
        "--station",
    ];
    for (more, said) in [
        (
            &["pier", "--kind", "road", "tsunami_detector=true"][..],
            "needs a pressure sensor",
        ),
        (&["pier", "--kind", "road", "health=30"], "health_s"),
        (
            &["pier", "--kind", "road", "sample_interval_ms=1"],
            "10 to 3600000",
        ),
        (&["pier", "health_s=30"], "--kind"),
        (&["a b"], "an id is"),
        (&["pier", "--kind", "boat"], "tsunami"),
    ] {
        let refused = program(directory.path(), &[&enroll[..], more].concat());
        assert_eq!(refused.status.code(), Some(2), "{more:?}");
        assert!(text(&refused).contains(said), "{said}: {}", text(&refused));
    }
    assert_eq!(
        std::fs::read_to_string(directory.path().join("edge.toml")).unwrap(),
        before
    );
    assert!(!directory.path().join("node-7.key").exists());
    // Printed lines are the ones that would have been written.
    let printed = program(
        directory.path(),
        &[
            &enroll[..],
            &[
                "pier",
                "--kind",
                "road",
                "--serial",
                "/dev/ttyUSB*",
                "--print",
            ],
        ]
        .concat(),
    );
    assert!(printed.status.success());
    // A reload opens no line.
    assert!(text(&printed).contains("restart the agent"));
    for line in [
        "[[node]]",
        "key_file = \"node-7.key\"",
        "[[link]]",
        "device = \"/dev/ttyUSB*\"",
    ] {
        assert!(text(&printed).contains(line), "{line}: {}", text(&printed));
    }
    assert_eq!(
        std::fs::read_to_string(directory.path().join("edge.toml")).unwrap(),
        before
    );
}

fn status(directory: &Path) -> serde_json::Value {
    let asked = program(directory, &["status", "--config", "edge.toml", "--json"]);
    serde_json::from_slice(&asked.stdout).unwrap_or_default()
}

/// Node 7 in a status document.
fn seven(status: &serde_json::Value) -> serde_json::Value {
    let nodes = status["nodes"].as_array().cloned().unwrap_or_default();
    nodes
        .into_iter()
        .find(|node| node["id"] == 7)
        .unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_agent_takes_up_a_new_node_and_its_settings() {
    let directory = directory();
    let here = directory.path();
    let agent = Program::start(&here.join("edge.toml"));
    wait_until("the agent answers", || status(here)["state"] == "online").await;
    let done = program(here, ENROL_7);
    assert!(done.status.success(), "{}", text(&done));
    let board = Board::from_memory(&std::fs::read(here.join("node-7.bin")).unwrap());
    let stream = UnixStream::connect(here.join("socket")).await.unwrap();
    let running = board.run(stream);
    let node = seven;
    wait_until("the stranger is counted", || {
        status(here)["frame_errors"]["unknown_node"].as_u64() > Some(0)
    })
    .await;
    agent.signal("-HUP");
    wait_until("its settings are as enrolled", || {
        node(&status(here))["settings"]["state"] == "applied"
    })
    .await;
    assert_eq!(node(&status(here))["settings"]["revision"], 1);
    assert_eq!(node(&status(here))["reset_cause"], "power_on");

    let changed = program(
        here,
        &[
            "settings",
            "--config",
            "edge.toml",
            "--node",
            "7",
            "sample_interval_ms=2000",
            "threshold_above=off",
        ],
    );
    assert!(changed.status.success(), "{}", text(&changed));
    agent.signal("-HUP");
    wait_until("the node has them", || {
        let node = node(&status(here));
        node["settings"]["revision"] == 2 && node["settings"]["state"] == "applied"
    })
    .await;
    let shown = text(&program(
        here,
        &["settings", "--config", "edge.toml", "--node", "7"],
    ));
    let line = shown
        .lines()
        .find(|line| line.starts_with("sample_interval_ms"))
        .unwrap();
    assert_eq!(
        line.split_whitespace().collect::<Vec<_>>(),
        ["sample_interval_ms", "2000", "2000"]
    );
    assert!(shown.contains("applied, revision 2"), "{shown}");
    // What contradicts itself is refused here where the kind is known, and by the node, which always knows it.
    let settings = ["settings", "--config", "edge.toml", "--node", "7"];
    let vain = program(here, &[&settings[..], &["tsunami_detector=true"]].concat());
    assert_eq!(vain.status.code(), Some(2));
    assert!(
        text(&vain).contains("needs a pressure sensor"),
        "{}",
        text(&vain)
    );
    let vain = program(
        here,
        &[&settings[..], &["tsunami_detector=true", "node_kind="]].concat(),
    );
    assert!(vain.status.success(), "{}", text(&vain));
    agent.signal("-HUP");
    wait_until("the refusal", || {
        node(&status(here))["settings"]["state"] == "refused"
    })
    .await;
    assert!(
        status(here)["conditions"]
            .to_string()
            .contains("node_settings_refused")
    );
    let people = text(&program(here, &["status", "--config", "edge.toml"]));
    assert!(
        people.contains("pier") && people.contains("socket"),
        "{people}"
    );
    drop(agent);
    running.abort();
    let gone = program(here, &["status", "--config", "edge.toml"]);
    assert_eq!(gone.status.code(), Some(4));
    assert!(
        text(&gone).contains("no agent is running"),
        "{}",
        text(&gone)
    );
}

/// A broken board was replaced as documented: its `[[node]]` and key taken away, its number enrolled anew, one SIGHUP. The
/// new board began at boot 1 like the old one: the edge took its frames for old or repeated ones, acknowledged its readings,
/// and they never came anywhere. And where the edge had lost its data, the hub would have dropped them as duplicates.
#[tokio::test(flavor = "multi_thread")]
async fn readings_of_a_replaced_board_reach_the_outbox() {
    let directory = directory();
    let here = directory.path();
    let before = std::fs::read_to_string(here.join("edge.toml")).unwrap();
    let outbox = |here: &Path| {
        let mut config = edge::Config::load(&here.join("edge.toml")).unwrap();
        config.data_dir = here.join("data");
        let outbox = edge::outbox::Outbox::open(&config, 1).unwrap();
        let mut readings = std::collections::BTreeSet::new();
        let each = |node, boot, seq| {
            readings.insert((node, boot, seq));
        };
        assert_eq!(outbox.readings_from(0, each).unwrap(), 0);
        readings
    };
    let mut agent = Program::start(&here.join("edge.toml"));
    let mut boots = Vec::new();
    for round in 0..3 {
        wait_until("the agent answers", || status(here)["state"] == "online").await;
        std::fs::write(here.join("edge.toml"), &before).unwrap();
        for file in ["node-7.key", "node-7.bin"] {
            let _ = std::fs::remove_file(here.join(file));
        }
        let done = program(here, ENROL_7);
        assert!(done.status.success(), "{}", text(&done));
        agent.signal("-HUP");
        let board = Board::from_memory(&std::fs::read(here.join("node-7.bin")).unwrap());
        let boot = board.boot();
        let running = board.run(UnixStream::connect(here.join("socket")).await.unwrap());
        wait_until("its readings are stored", || {
            let node = seven(&status(here));
            node["boot"] == boot && node["next_seq"].as_u64() > Some(0)
        })
        .await;
        running.abort();
        boots.push(boot);
        if round == 1 {
            // The disk is lost: only the clock still knows that the number was in use.
            assert_eq!(agent.stop(), Some(0));
            let stored = outbox(here);
            for boot in &boots {
                assert!(stored.contains(&(7, *boot, 0)), "{boot}: {stored:?}");
            }
            std::fs::remove_dir_all(here.join("data")).unwrap();
            let second = || clock::Clock::System.now_us() / 1_000_000;
            let lost = second();
            wait_until("time has passed", || second() > lost + 2).await;
            agent = Program::start(&here.join("edge.toml"));
        }
    }
    assert_eq!(agent.stop(), Some(0));
    assert!(outbox(here).contains(&(7, boots[2], 0)));
    assert!(
        boots.is_sorted() && boots[0] < boots[1] && boots[1] < boots[2],
        "{boots:?}"
    );
}

/// `enroll`, run by root, made a key that the service's own user could not read: at its next start the agent ended with exit
/// code 2, which the service takes for final, and all nodes of the edge were blind.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_cannot_be_read_costs_only_its_node() {
    let directory = directory();
    let here = directory.path();
    let config = std::fs::read_to_string(here.join("edge.toml")).unwrap();
    let more = "[[node]]\nid = 7\nstation = \"pier\"\nkey_file = \"locked.key\"\n";
    std::fs::write(here.join("edge.toml"), format!("{config}\n{more}")).unwrap();
    // A directory cannot be read by root either.
    std::fs::create_dir(here.join("locked.key")).unwrap();
    let agent = Program::start(&here.join("edge.toml"));
    wait_until("the agent answers", || status(here)["state"] == "online").await;
    let told = status(here);
    assert!(
        told["conditions"]
            .to_string()
            .contains("node_key_unreadable")
    );
    assert_eq!(told["keyless"], serde_json::json!([7]));
    assert_eq!(told["nodes"][0]["id"], 1);
    std::fs::remove_dir(here.join("locked.key")).unwrap();
    std::fs::write(here.join("locked.key"), "0f".repeat(32)).unwrap();
    agent.signal("-HUP");
    wait_until("the node is known", || seven(&status(here))["id"] == 7).await;
    assert!(
        !status(here)["conditions"]
            .to_string()
            .contains("node_key_unreadable")
    );
    // A running node keeps the key it has.
    std::fs::write(here.join("locked.key"), "").unwrap();
    agent.signal("-HUP");
    wait_until("the trouble shows", || status(here)["keyless"][0] == 7).await;
    assert_eq!(seven(&status(here))["id"], 7);
    // Who asks for a check is told.
    let check = program(here, &["--config", "edge.toml", "--check"]);
    assert!(
        text(&check).contains("64 hexadecimal digits"),
        "{}",
        text(&check)
    );
    assert_eq!(agent.stop(), Some(0));
}

/// A change of the configuration took away the `edge.toml.new` of another one that was under way.
#[test]
fn a_change_leaves_the_file_of_another_alone() {
    let directory = directory();
    let here = directory.path();
    let before = std::fs::read_to_string(here.join("edge.toml")).unwrap();
    std::fs::write(here.join("edge.toml.new"), "another's").unwrap();
    let settings = [
        "settings",
        "--config",
        "edge.toml",
        "--node",
        "1",
        "health_s=30",
    ];
    let refused = program(here, &settings);
    assert_eq!(refused.status.code(), Some(2));
    let said = text(&refused);
    assert!(
        said.contains("edge.toml.new") && said.contains("under way"),
        "{said}"
    );
    assert_eq!(
        std::fs::read_to_string(here.join("edge.toml.new")).unwrap(),
        "another's"
    );
    assert_eq!(
        std::fs::read_to_string(here.join("edge.toml")).unwrap(),
        before
    );
    std::fs::remove_file(here.join("edge.toml.new")).unwrap();
    assert!(program(here, &settings).status.success());
    assert!(!here.join("edge.toml.new").exists());
}
