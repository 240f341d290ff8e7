//! Two hundred nodes at 1 Hz in less than 64 MB: the real program, the real broker, real node logic at the other end.

mod rig;

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use node::{Role, Settings};
use rig::board::Board;
use rig::program::Program;
use rig::{Broker, Hub, wait_until};
use tokio::net::UnixStream;

const NODES: u32 = 200;

/// The promise, in kB as the kernel counts.
const LIMIT_KB: u64 = 64 * 1024;

/// A line of the kernel's account of a process, kB.
fn kb(program: &Program, name: &str) -> u64 {
    let path = format!("/proc/{}/status", program.0.id());
    let text = std::fs::read_to_string(path).unwrap();
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(name))
        .unwrap();
    line.trim_start_matches(':')
        .trim()
        .trim_end_matches(" kB")
        .parse()
        .unwrap()
}

fn key(node: u32) -> [u8; 32] {
    let mut key = [7; 32];
    key[..4].copy_from_slice(&node.to_le_bytes());
    key
}

fn config(directory: &Path, port: u16) -> String {
    let mut text = format!(
        "deployment = \"{}\"\nedge = \"{}\"\ndata_dir = \"{}\"\n[broker]\nport = {port}\n[publish]\nstatus_interval = \"1s\"\n",
        rig::DEPLOYMENT,
        rig::EDGE,
        directory.join("data").display(),
    );
    for node in 1..=NODES {
        let hex: String = key(node).iter().map(|byte| format!("{byte:02x}")).collect();
        let _ = write!(
            text,
            "[[node]]\nid = {node}\nstation = \"station-{node}\"\nkey = \"{hex}\"\n[node.settings]\nhealth_s = 5\n"
        );
    }
    let socket = directory.join("socket");
    let _ = write!(
        text,
        "[[link]]\nkind = \"unix\"\nlisten = \"{}\"\n",
        socket.display()
    );
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_nodes_fit_into_64_mb() {
    let Some(broker) = Broker::start() else {
        return;
    };
    let hub = Hub::start(broker.port).await;
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("edge.toml");
    std::fs::write(&file, config(directory.path(), broker.port)).unwrap();
    let agent = Program::start(&file);
    let socket = directory.path().join("socket");
    wait_until("the socket", || socket.exists()).await;
    let settings = Settings {
        sample_interval_ms: 1_000,
        ..Settings::defaults(Role::Energy)
    };
    let mut boards = Vec::new();
    for node in 1..=NODES {
        let stream = UnixStream::connect(&socket).await.unwrap();
        boards.push(Board::new(node, key(node), &settings).run(stream));
    }
    let all = |intake: &rig::Intake, each: u64| {
        (1..=NODES).all(|node| intake.readings.contains_key(&(node, 1, each - 1)))
    };
    hub.until("ten readings of every node", |intake| all(intake, 10))
        .await;
    // The hub falls silent: what it does not acknowledge gathers on the disk, not in memory.
    hub.deaf.store(true, std::sync::atomic::Ordering::SeqCst);
    tokio::time::sleep(Duration::from_secs(3)).await;
    hub.deaf.store(false, std::sync::atomic::Ordering::SeqCst);
    hub.until("five more of every node", |intake| all(intake, 15))
        .await;
    hub.until("a status with every node's settings", |intake| {
        intake.status.last().is_some_and(|status| {
            let nodes = status["nodes"].as_array().cloned().unwrap_or_default();
            nodes.len() == NODES as usize
                && nodes
                    .iter()
                    .all(|node| node["settings"]["state"] == "applied")
        })
    })
    .await;
    let status_bytes = hub.with(|intake| intake.status.last().unwrap().to_string().len());
    let (now_kb, most_kb) = (kb(&agent, "VmRSS"), kb(&agent, "VmHWM"));
    println!(
        "{NODES} nodes: resident {now_kb} kB, at most {most_kb} kB; status {status_bytes} bytes"
    );
    assert!(most_kb < LIMIT_KB, "{most_kb} kB");
    for board in boards {
        board.abort();
    }
}
