//! Server-sent events: what listeners hear, and that none of them holds anybody up.

use std::time::Duration;

use super::client::{Listener, get};
use super::sample::{Served, alert, crowd, serve_with, station, timeline};
use hub::view::StationState;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use wire::topic::Mode;

#[tokio::test]
async fn a_listener_is_greeted_and_told_what_happens() {
    let hub = serve_with(Mode::Actual, |s| s.heartbeat = Duration::from_millis(20)).await;
    let mut listener = Listener::open(hub.address).await;
    assert_eq!(listener.next().await.expect("greeting").0, "hello");
    hub.board.alert(alert(1, Mode::Actual));
    let alert = listener.wait_for("alert").await;
    assert_eq!(alert["headline"], "Headline 1");
    hub.board.timeline(timeline("line\nbreaks\r\n\nevent: x"));
    assert_eq!(
        listener.wait_for("timeline").await["text"],
        "line\nbreaks\r\n\nevent: x"
    );
    hub.board.condition("c", Some("t"), 0);
    assert_eq!(listener.wait_for("conditions").await[0]["code"], "c");
    for value in [1.0, 2.0, 3.0] {
        hub.board.station(station("a", StationState::Good, value));
    }
    loop {
        let stations = listener.wait_for("stations").await;
        if stations[0]["latest"]["sea_level"]["value"] == 3.0 {
            break;
        }
    }
    hub.board.update(|v| v.now_us = 42);
    while listener.wait_for("clock").await["now_us"] != 42 {}
    hub.stop().await;
    while listener.next().await.is_some() {}
}

#[tokio::test]
async fn a_listener_that_falls_behind_is_told_to_reload_and_holds_nobody_up() {
    let hub = serve_with(Mode::Actual, |s| s.heartbeat = Duration::from_secs(3_600)).await;
    let mut quick = Listener::open(hub.address).await;
    let mut slow = Listener::open(hub.address).await;
    assert_eq!(slow.next().await.expect("greeting").0, "hello");
    // More than the socket buffers between the two and the ring hold; the quick listener paces the board.
    let long = "x".repeat(256 * 1_024);
    for n in 0..120 {
        hub.board.timeline(timeline(&format!("{n} {long}")));
        let (_, data) = quick.next_named("timeline").await;
        assert!(
            data.contains(&format!("\"text\":\"{n} ")),
            "the quick listener misses nothing"
        );
    }
    slow.wait_for("reload").await;
    hub.board.alert(alert(1, Mode::Actual));
    slow.wait_for("alert").await;
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_listeners_half_of_them_deaf_hold_up_neither_board_nor_readers() {
    let listening = crowd(1_000);
    let hub = serve_with(Mode::Actual, |s| s.heartbeat = Duration::from_millis(250)).await;
    let mut listeners = Vec::with_capacity(listening);
    for _ in 0..listening {
        listeners.push(Listener::open(hub.address).await);
    }
    assert_eq!(
        get(hub.address, "/metrics")
            .await
            .text()
            .matches(&format!("watchfire_http_listeners {listening}\n"))
            .count(),
        1
    );
    // The board is written from a plain thread, as the pipeline does; if a listener could hold it up, this would hang.
    let board = hub.board.clone();
    let writer = std::thread::spawn(move || {
        for n in 0..10_000_u32 {
            board.station(station(
                &format!("s{}", n % 100),
                StationState::Good,
                f64::from(n),
            ));
        }
        board.alert(alert(1, Mode::Actual));
    });
    let mut hearing = listeners.split_off(listening / 2);
    writer.join().expect("writer");
    let mut told_to_reload = false;
    for listener in &mut hearing {
        loop {
            match listener.next().await.expect("stream").0.as_str() {
                "alert" => break,
                // Allowed when the board outruns the fan-out; the state then has the alert.
                "reload" => {
                    told_to_reload = true;
                    break;
                }
                _ => {}
            }
        }
    }
    if told_to_reload {
        let state = get(hub.address, "/api/state").await;
        assert!(state.text().contains("urn:oid:2.49.0.1.152.1"));
    }
    assert_eq!(get(hub.address, "/feed.atom").await.status, 200);
    hub.stop().await;
}

#[tokio::test]
async fn stopping_ends_streams_at_once_and_other_requests_after_the_grace() {
    let Served { address, .. } = {
        let hub = serve_with(Mode::Actual, |s| s.grace = Duration::from_millis(50)).await;
        let mut listener = Listener::open(hub.address).await;
        assert_eq!(listener.next().await.expect("greeting").0, "hello");
        let mut stuck = tokio::net::TcpStream::connect(hub.address)
            .await
            .expect("connects");
        stuck
            .write_all(b"GET / HTTP/1.1\r\n")
            .await
            .expect("half a request");
        // Connections are accepted in order: after this answer the half one is inside too.
        assert_eq!(get(hub.address, "/readyz").await.status, 200);
        let hub = hub.stop().await;
        while listener.next().await.is_some() {}
        let _ = stuck.read_to_end(&mut Vec::new()).await;
        hub
    };
    assert!(
        tokio::net::TcpStream::connect(address).await.is_err(),
        "nobody listens any more"
    );
}
