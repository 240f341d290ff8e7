//! Play by a clock over real sockets.

mod peer;

use clock::Clock;
use hil::live::{Ended, ManualClock, News, play};
use hil::{Endpoint, Settings, Track, VirtualNode};
use peer::{Held, Manners, NODE, key, series, serve};
use std::sync::{Arc, Mutex};
use tokio::net::{TcpListener, UnixListener};
use wire::quantity::Quantity;

const START_US: i64 = 1_267_252_454_000_000;
/// 200 samples of 15 s take 0.3 s of the wall.
const SPEED: f64 = 10_000.0;
const SAMPLES: usize = 200;

/// A clock that shows `START_US` now.
fn clock() -> Clock {
    Clock::scaled(Clock::System.now_us(), START_US, SPEED).expect("a valid pace")
}

fn node() -> VirtualNode {
    let track = Track {
        quantity: Quantity::SeaLevel,
        series: series(START_US, SAMPLES),
    };
    let settings = Settings {
        speed: SPEED,
        ..Settings::new(NODE, 1, key(), START_US)
    };
    VirtualNode::new(&settings, &[track]).expect("no limits")
}

fn check(held: &Mutex<Held>) {
    let held = held.lock().expect("no panic");
    let times: Vec<_> = held.of(1).iter().map(|arrived| arrived.mono_us).collect();
    let expected: Vec<_> = (0..SAMPLES as u64)
        .map(|index| index * 15_000_000)
        .collect();
    assert_eq!(times, expected);
}

#[tokio::test]
async fn plays_over_tcp_until_all_is_acknowledged() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
    let endpoint: Endpoint = format!("tcp:{}", listener.local_addr().expect("bound"))
        .parse()
        .expect("an endpoint");
    let held = Arc::new(Mutex::new(Held::default()));
    let serving = {
        let held = Arc::clone(&held);
        tokio::spawn(async move {
            let (link, _) = listener.accept().await.expect("a node connects");
            serve(link, held, Manners::default()).await;
        })
    };
    let mut node = node();
    let ended = play(
        &mut node,
        &clock(),
        &endpoint,
        true,
        std::future::pending(),
        |_| (),
    )
    .await;
    assert_eq!(ended, Ok(Ended::Done));
    drop(node);
    serving.await.expect("the peer saw only sound frames");
    check(&held);
}

#[tokio::test]
async fn a_link_that_breaks_again_and_again_loses_nothing() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("edge.sock");
    let endpoint = Endpoint::Unix(path.clone());
    let held = Arc::new(Mutex::new(Held::default()));
    let serving = {
        let held = Arc::clone(&held);
        tokio::spawn(async move {
            // The node comes first and has to wait.
            tokio::task::yield_now().await;
            let listener = UnixListener::bind(path).expect("a new socket");
            for round in 0u32.. {
                let (link, _) = listener.accept().await.expect("a node connects");
                let hang_up_after = (round < 5).then_some(8 + round);
                serve(
                    link,
                    Arc::clone(&held),
                    Manners {
                        hang_up_after,
                        ..Manners::default()
                    },
                )
                .await;
            }
        })
    };
    let mut node = node();
    let (mut connected, mut lost) = (0, 0);
    let tell = |news: News<'_>| match news {
        News::Connected => connected += 1,
        News::Lost(_) => lost += 1,
        News::Refused(_) => {}
    };
    let ended = play(
        &mut node,
        &clock(),
        &endpoint,
        true,
        std::future::pending(),
        tell,
    )
    .await;
    assert_eq!(ended, Ok(Ended::Done));
    assert_eq!((connected, lost), (6, 5));
    serving.abort();
    check(&held);
}

#[tokio::test]
async fn stops_when_told_and_refuses_a_clock_that_stands() {
    let mut node = node();
    let nowhere = Endpoint::Unix("/nonexistent/edge.sock".into());
    let mut refused = 0;
    let stop = tokio::time::sleep(std::time::Duration::from_millis(200));
    let tell = |news: News<'_>| refused += u32::from(matches!(news, News::Refused(_)));
    let ended = play(&mut node, &clock(), &nowhere, true, stop, tell).await;
    assert_eq!(ended, Ok(Ended::Stopped));
    assert_eq!(refused, 1, "told once, tried often");
    assert!(node.unacknowledged() > 0, "it measured without a link");
    let ended = play(
        &mut node,
        &Clock::manual(0),
        &nowhere,
        true,
        std::future::pending(),
        |_| (),
    )
    .await;
    assert_eq!(ended, Err(ManualClock));
}
