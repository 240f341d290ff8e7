//! The program `watchfire-hil`, as a process of its own.

mod peer;

use peer::{Held, Manners, NODE, serve};
use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;

/// The key of the peer, in hexadecimal.
const KEY: &str = "0303030303030303030303030303030303030303030303030303030303030303";
/// 2010-02-27 06:34:14 UTC.
const ORIGIN_US: i64 = 1_267_252_454_000_000;
const SAMPLES: u64 = 120;

fn write_event(directory: &Path) {
    let event = r#"
name = "A made-up wave"
origin = "2010-02-27T06:34:14Z"
start = "0s"
end = "1h"

[[station]]
id = "32412"
name = "Off Chile"
lat = -17.975
lon = -86.392
depth_m = 4325.0
quantity = "sea_level"
file = "level.txt"
format = "seconds"
"#;
    std::fs::write(directory.join("event.toml"), event).expect("a directory to write to");
    let mut record = String::new();
    for index in 0..SAMPLES {
        writeln!(record, "{} {}", index * 15, index as f64 / 1_000.0)
            .expect("a string takes everything");
    }
    std::fs::write(directory.join("level.txt"), record).expect("a directory to write to");
}

fn program(directory: &Path, endpoint: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_watchfire-hil"));
    command
        .args([
            "play",
            "--station",
            "32412",
            "--boot",
            "1",
            "--exit-when-done",
        ])
        .args([
            "--node-id",
            &NODE.to_string(),
            "--connect",
            endpoint,
            "--event",
        ])
        .arg(directory)
        .env_remove("WATCHFIRE_CLOCK")
        .env_remove("WATCHFIRE_NODE_KEY");
    command
}

fn text(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

#[tokio::test]
async fn plays_an_event_directory_into_a_listening_edge() {
    let directory = tempfile::tempdir().expect("a directory");
    write_event(directory.path());
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
    let endpoint = format!("tcp:{}", listener.local_addr().expect("bound"));
    let held = Arc::new(Mutex::new(Held::default()));
    let serving = {
        let held = Arc::clone(&held);
        tokio::spawn(async move {
            let (link, _) = listener.accept().await.expect("the node connects");
            serve(link, held, Manners::default()).await;
        })
    };
    // Half an hour of record in well under a second.
    let clock = format!("{},{ORIGIN_US},10000", clock::Clock::System.now_us());
    let mut command = program(directory.path(), &endpoint);
    command
        .env("WATCHFIRE_NODE_KEY", KEY)
        .args(["--clock", &clock, "--detect"]);
    let output = tokio::task::spawn_blocking(move || command.output())
        .await
        .expect("no panic")
        .expect("the program starts");
    assert!(output.status.success(), "{}", text(&output));
    assert!(
        text(&output).contains("done: 120 samples measured, 0 unacknowledged"),
        "{}",
        text(&output)
    );
    serving.await.expect("the peer saw only sound frames");
    let held = held.lock().expect("no panic");
    let times: Vec<_> = held.of(1).iter().map(|arrived| arrived.mono_us).collect();
    let levels = SAMPLES as usize;
    assert!(times.len() >= levels, "samples, and findings if any");
    assert!((0..SAMPLES).all(|index| times.contains(&(index * 15_000_000))));
}

#[test]
fn says_what_is_wrong_with_its_arguments() {
    let directory = tempfile::tempdir().expect("a directory");
    write_event(directory.path());
    let refusal = |change: &dyn Fn(&mut Command), code: i32, words: &str| {
        let mut command = program(directory.path(), "tcp:127.0.0.1:9");
        change(&mut command);
        let output = command.output().expect("the program starts");
        assert_eq!(output.status.code(), Some(code), "{}", text(&output));
        assert!(
            text(&output).contains(words),
            "{words:?} is not in {:?}",
            text(&output)
        );
    };
    refusal(
        &|command| {
            command.args(["--key", "12"]);
        },
        1,
        "64 hexadecimal digits",
    );
    refusal(&|_| (), 2, "--key");
    refusal(
        &|command| {
            command.args(["--key", KEY, "--clock", "soon"]);
        },
        1,
        "real_us,start_us,speed",
    );
    let other = tempfile::tempdir().expect("a directory");
    let missing = |command: &mut Command| {
        *command = program(other.path(), "tcp:127.0.0.1:9");
        command.args(["--key", KEY]);
    };
    refusal(&missing, 1, "event.toml");
    let mut command = Command::new(env!("CARGO_BIN_EXE_watchfire-hil"));
    command
        .args([
            "play",
            "--station",
            "nowhere",
            "--node-id",
            "7",
            "--connect",
            "tcp:127.0.0.1:9",
            "--key",
            KEY,
            "--event",
        ])
        .arg(directory.path())
        .env_remove("WATCHFIRE_CLOCK");
    let output = command.output().expect("the program starts");
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text(&output).contains("no station \"nowhere\"; it has 32412"),
        "{}",
        text(&output)
    );
}
