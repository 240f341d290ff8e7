//! What a running agent notices about itself and its configuration.

use std::time::Duration;

use super::*;
use crate::link::trial::node;

/// An agent without a broker.
async fn agent(directory: &std::path::Path, nodes: u32) -> (Config, Handle) {
    let mut config = Config::new("d", "e", &directory.join("data"), "127.0.0.1", 1);
    config.node.extend((1..=nodes).map(node));
    let handle = Agent::start(config.clone(), Clock::System, Vec::new());
    (config, handle.await.unwrap())
}

async fn until(mut holds: impl FnMut() -> bool) {
    for _ in 0..6_000 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("never");
}

/// Only the publisher and the threads were looked at: a line whose task had panicked stayed dead, and nobody was told.
#[tokio::test]
async fn a_task_that_panics_is_noticed() {
    let directory = tempfile::tempdir().unwrap();
    let (_, mut handle) = agent(directory.path(), 1).await;
    assert!(!handle.is_broken());
    // A line in memory ends with its node.
    handle.tasks.spawn(async {});
    tokio::task::yield_now().await;
    assert!(!handle.is_broken());
    handle.tasks.spawn(async { panic!("on purpose") });
    until(|| handle.is_broken()).await;
    assert!(handle.is_broken(), "also when asked again");
    handle.shutdown().await;
}

/// The quick start ended with SIGHUP after `enroll` had added a line, which takes a restart; nothing said so.
#[tokio::test]
async fn a_reload_tells_what_takes_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let (mut config, handle) = agent(directory.path(), 1).await;
    config.node.push(node(2));
    config.nodes.frames_per_s = 7;
    let changes = handle.reload(&config).unwrap();
    assert_eq!((changes.added, changes.need_restart.len()), (1, 0));
    config
        .link
        .push(settings::parse("link", "kind = \"serial\"\ndevice = \"/dev/a\"\n").unwrap());
    config.broker.port = 2;
    let changes = handle.reload(&config).unwrap();
    assert_eq!(
        (changes.kept, changes.need_restart),
        (2, vec!["broker", "link"])
    );
    handle.shutdown().await;
}

/// The state of the nodes was saved only when the hub acknowledged something: without a hub, an agent that was killed had
/// forgotten which frames it had heard and which updates had failed.
#[tokio::test]
async fn who_is_taken_out_is_remembered_without_a_hub() {
    let directory = tempfile::tempdir().unwrap();
    let (mut config, handle) = agent(directory.path(), 2).await;
    config.node.pop();
    handle.reload(&config).unwrap();
    until(|| {
        let state = State::load(&config.data_dir).unwrap();
        state.retired.iter().any(|known| known.id == 2)
    })
    .await;
    handle.shutdown().await;
}

/// Above the longest document only silent nodes were told: one that refused its settings, or whose update had failed, vanished.
#[tokio::test]
async fn a_document_that_is_too_long_keeps_the_nodes_that_need_a_look() {
    let directory = tempfile::tempdir().unwrap();
    let (_, handle) = agent(directory.path(), 5_000).await;
    let mut status = handle.stats();
    assert!(!status.nodes[6].silent);
    status.nodes[6].needs_look = true;
    let id = status.nodes[6].id;
    let document = status.for_hub().unwrap();
    let document: serde_json::Value = serde_json::from_slice(&document).unwrap();
    let nodes = document["nodes"].as_array().unwrap();
    assert_eq!(nodes.len(), 1);
    assert_eq!(nodes[0]["id"], id);
    handle.shutdown().await;
}
