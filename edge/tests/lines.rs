//! Real node logic on real lines: ports that come and go, and a line that several nodes share.

mod rig;

use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::Duration;

use clock::Clock;
use edge::config::{Direction, Link, LinkKind};
use edge::link::stats::LineReport;
use edge::{Agent, Handle};
use node::{Role, Settings};
use rig::board::Board;
use rig::{config, data_directory, wait_until};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_serial::{SerialPort as _, SerialStream};

fn key(node: u32) -> [u8; 32] {
    [node as u8; 32]
}

fn configured(node: u32) -> edge::config::Node {
    edge::config::Node {
        key: Some(key(node).iter().map(|byte| format!("{byte:02x}")).collect()),
        ..rig::node(node)
    }
}

fn board(node: u32, shared_line: bool) -> Board {
    let settings = Settings {
        sample_interval_ms: 100,
        rapid_interval_ms: 100,
        shared_line,
        ..Settings::defaults(Role::Energy)
    };
    Board::new(node, key(node), &settings)
}

fn link(kind: LinkKind, name: &Path) -> Link {
    let text = format!("kind = \"unix\"\nlisten = \"{}\"\n", name.display());
    let mut link: Link = settings::parse("link", &text).unwrap();
    link.kind = kind;
    if kind == LinkKind::Serial {
        link.listen = None;
        link.device = Some(name.to_owned());
    }
    link
}

async fn agent(data: &Path, link: Link, nodes: &[u32]) -> Handle {
    let mut config = config(data, 1);
    config.node.extend(nodes.iter().copied().map(configured));
    config.link.push(link);
    Agent::start(config, Clock::System, Vec::new())
        .await
        .unwrap()
}

fn acknowledged(handle: &Handle, node: u32) -> u64 {
    let nodes = handle.stats().nodes;
    nodes
        .iter()
        .find(|known| known.id == node)
        .unwrap()
        .next_seq
}

fn line(handle: &Handle, name: &str) -> Option<LineReport> {
    let lines = handle.stats().lines;
    lines.into_iter().find(|line| line.name.ends_with(name))
}

/// A pseudo-terminal under a name in `directory`; the end of the node.
fn plug_in(directory: &Path, name: &str) -> (SerialStream, SerialStream) {
    let (ours, theirs) = SerialStream::pair().unwrap();
    symlink(theirs.name().unwrap(), directory.join(name)).unwrap();
    (ours, theirs)
}

#[tokio::test(flavor = "multi_thread")]
async fn ports_of_a_pattern_are_opened_as_they_come_and_forgotten_as_they_go() {
    let (keep, data) = data_directory();
    let ports = keep.path().join("dev");
    std::fs::create_dir(&ports).unwrap();
    let handle = agent(
        &data,
        link(LinkKind::Serial, &ports.join("ttyUSB*")),
        &[1, 2],
    )
    .await;
    // Not of the pattern.
    let (_other, _) = plug_in(&ports, "ttyS0");
    let (first, theirs) = plug_in(&ports, "ttyUSB0");
    // Only the agent has it open, as with a real adapter.
    drop(theirs);
    open(&handle, "ttyUSB0").await;
    let running = board(1, false).run(first);
    wait_until("readings of the first", || acknowledged(&handle, 1) >= 3).await;
    let (second, theirs) = plug_in(&ports, "ttyUSB1");
    drop(theirs);
    open(&handle, "ttyUSB1").await;
    let other = board(2, false).run(second);
    wait_until("readings of the second", || acknowledged(&handle, 2) >= 3).await;
    // The first is unplugged.
    running.abort();
    let _ = running.await;
    std::fs::remove_file(ports.join("ttyUSB0")).unwrap();
    wait_until("it is missed", || {
        line(&handle, "ttyUSB0").is_some_and(|line| line.trouble.as_deref() == Some("unplugged"))
    })
    .await;
    let before = acknowledged(&handle, 2);
    // It comes back, by another name; the node is a new boot.
    let (again, theirs) = plug_in(&ports, "ttyUSB7");
    drop(theirs);
    open(&handle, "ttyUSB7").await;
    let running = board(1, false)
        .restart([0, 1, 0], wire::frame::Image::Confirmed)
        .run(again);
    wait_until("readings at the new port", || {
        let status = handle.stats();
        status.nodes[0].boot == 2
            && status.nodes[0]
                .link
                .as_ref()
                .is_some_and(|link| link.ends_with("ttyUSB7"))
    })
    .await;
    wait_until("the other goes on", || acknowledged(&handle, 2) > before).await;
    assert!(line(&handle, "ttyS0").is_none());
    assert_eq!(line(&handle, "ttyUSB0").unwrap().open, 0);
    assert_eq!(handle.stats().links["unplugged"], 1);
    running.abort();
    other.abort();
    handle.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_whose_driver_cannot_switch_says_so() {
    let (keep, data) = data_directory();
    let (_ours, theirs) = plug_in(keep.path(), "tty485");
    drop(theirs);
    let mut link = link(LinkKind::Serial, &keep.path().join("tty485"));
    link.shared = true;
    link.nodes = vec![1];
    link.direction = Direction::Kernel;
    let handle = agent(&data, link, &[1]).await;
    wait_until("the trouble", || {
        line(&handle, "tty485")
            .and_then(|line| line.trouble)
            .is_some_and(|trouble| trouble.contains("does not switch a transceiver"))
    })
    .await;
    handle.shutdown().await;
}

/// Waits until the agent has opened a port: before, the other end of a pseudo-terminal reads nothing but errors.
async fn open(handle: &Handle, name: &str) {
    wait_until(name, || {
        line(handle, name).is_some_and(|line| line.open == 1)
    })
    .await;
}

/// Two wires: what the master says everybody hears, what a node says only the master does here.
fn wires(mut master: SerialStream, boards: Vec<Board>) -> Vec<tokio::task::JoinHandle<()>> {
    let mut tasks = Vec::new();
    let (back, mut from_nodes) = tokio::sync::mpsc::channel::<Vec<u8>>(64);
    let mut to_nodes = Vec::new();
    for board in boards {
        let (near, far) = tokio::io::duplex(16 * 1024);
        tasks.push(board.run(far));
        let (mut incoming, outgoing) = tokio::io::split(near);
        to_nodes.push(outgoing);
        let back = back.clone();
        tasks.push(tokio::spawn(async move {
            let mut buffer = [0; 512];
            while let Ok(length @ 1..) = incoming.read(&mut buffer).await {
                if back.send(buffer[..length].to_vec()).await.is_err() {
                    return;
                }
            }
        }));
    }
    tasks.push(tokio::spawn(async move {
        let mut buffer = [0; 512];
        loop {
            tokio::select! {
                read = master.read(&mut buffer) => {
                    let Ok(length @ 1..) = read else { return };
                    for node in &mut to_nodes {
                        let _ = node.write_all(&buffer[..length]).await;
                    }
                }
                Some(bytes) = from_nodes.recv() => if master.write_all(&bytes).await.is_err() {
                    return;
                },
            }
        }
    }));
    tasks
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_share_a_line_and_a_dead_one_does_not_hold_them_up() {
    let (keep, data) = data_directory();
    let (ours, theirs) = plug_in(keep.path(), "tty485");
    drop(theirs);
    let mut link = link(LinkKind::Serial, &keep.path().join("tty485"));
    link.shared = true;
    link.nodes = vec![1, 2, 3];
    link.poll_interval = Duration::from_millis(20);
    let handle = agent(&data, link, &[1, 2, 3]).await;
    open(&handle, "tty485").await;
    let tasks = wires(ours, vec![board(1, true), board(2, true)]);
    wait_until("readings of both", || {
        acknowledged(&handle, 1) >= 20 && acknowledged(&handle, 2) >= 20
    })
    .await;
    let status = handle.stats();
    let line = line(&handle, "tty485").unwrap();
    assert_eq!(line.frames, status.frames["frames"]);
    assert!(
        line.polls_unanswered > 0 && line.polls_unanswered < line.polls / 2,
        "{line:?}"
    );
    assert_eq!(status.nodes[2].last_frame, None);
    assert!(
        status.nodes[0].firmware.is_some(),
        "births come by turns as well"
    );
    for task in tasks {
        task.abort();
    }
    handle.shutdown().await;
}

/// A reload told nodes to wait for polls although the line that they are on was not run as a shared one before a restart: they
/// fell silent for good, since they could not even be told to speak again.
#[tokio::test(flavor = "multi_thread")]
async fn a_line_does_not_become_a_shared_one_while_it_runs() {
    let (keep, data) = data_directory();
    let (_ours, theirs) = plug_in(keep.path(), "tty485");
    drop(theirs);
    let link = link(LinkKind::Serial, &keep.path().join("tty485"));
    let handle = agent(&data, link.clone(), &[1]).await;
    let mut config = config(&data, 1);
    config.node.push(configured(1));
    config.link.push(link);
    assert_eq!(handle.reload(&config).unwrap().kept, 1);
    config.node[0].settings.shared_line = Some(true);
    let refused = handle.reload(&config).unwrap_err().to_string();
    assert!(refused.contains("add it to nodes"), "{refused}");
    config.link[0].shared = true;
    config.link[0].nodes = vec![1];
    let refused = handle.reload(&config).unwrap_err().to_string();
    assert!(
        refused.contains("tty485: shared is not as it was"),
        "{refused}"
    );
    handle.shutdown().await;
}
