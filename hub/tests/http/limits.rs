//! What the server bounds, and what it refuses.

use std::time::Duration;

use super::client::{self, Answer, Listener, get, send_raw};
use super::sample::{serve, serve_with, timeline};
use wire::topic::Mode;

#[tokio::test]
async fn listeners_beyond_the_limit_are_refused_and_places_come_back() {
    let hub = serve_with(Mode::Actual, |s| {
        s.listeners_max = 2;
        s.heartbeat = Duration::from_millis(10);
    })
    .await;
    let first = Listener::open(hub.address).await;
    let _second = Listener::open(hub.address).await;
    let refused = get(hub.address, "/events").await;
    assert_eq!(
        (refused.status, refused.header("retry-after")),
        (503, Some("5"))
    );
    assert_eq!(
        get(hub.address, "/api/state").await.status,
        200,
        "the rest still works"
    );
    drop(first);
    while get(hub.address, "/metrics")
        .await
        .text()
        .contains("watchfire_http_listeners 2")
    {}
    let mut third = Listener::open(hub.address).await;
    assert_eq!(third.next().await.expect("greeting").0, "hello");
    hub.stop().await;
}

#[tokio::test]
async fn a_peer_that_stops_reading_is_cut() {
    let hub = serve_with(Mode::Actual, |s| {
        s.write_timeout = Duration::from_millis(50)
    })
    .await;
    let deaf = Listener::open(hub.address).await;
    let long = "x".repeat(1 << 20);
    let mut quick = Listener::open(hub.address).await;
    loop {
        hub.board.timeline(timeline(&long));
        quick.wait_for("timeline").await;
        if get(hub.address, "/metrics")
            .await
            .text()
            .contains("watchfire_http_refused_total{reason=\"stopped_reading\"} 1\n")
        {
            break;
        }
    }
    drop(deaf);
    hub.stop().await;
}

#[tokio::test]
async fn a_request_that_dribbles_in_is_cut_and_so_is_an_idle_connection() {
    let hub = serve_with(Mode::Actual, |s| {
        s.header_timeout = Duration::from_millis(100)
    })
    .await;
    // Both return only because the server closes the connection.
    let dribble = send_raw(hub.address, b"GET / HTTP/1.1\r\nhost: h\r\nx-slow: ").await;
    assert!(!dribble.contains("200 OK"), "{dribble}");
    let idle = send_raw(hub.address, b"GET /readyz HTTP/1.1\r\nhost: h\r\n\r\n").await;
    assert!(idle.contains("200 OK"), "{idle}");
    let silent = send_raw(hub.address, b"").await;
    assert!(!silent.contains("200 OK"));
    hub.stop().await;
}

#[tokio::test]
async fn oversized_and_broken_requests_are_refused() {
    let hub = serve(Mode::Actual).await;
    let long = format!(
        "GET / HTTP/1.1\r\nhost: h\r\nx: {}\r\n\r\n",
        "a".repeat(100_000)
    );
    assert!(
        !send_raw(hub.address, long.as_bytes())
            .await
            .contains("200 OK")
    );
    let many = format!(
        "GET / HTTP/1.1\r\nhost: h\r\n{}\r\n",
        "a: b\r\n".repeat(200)
    );
    assert!(
        send_raw(hub.address, many.as_bytes())
            .await
            .starts_with("HTTP/1.1 431 ")
    );
    for broken in [
        &b"\0\0\0\0\r\n\r\n"[..],
        b"GET\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"GET / HTTP/9.9\r\n\r\n",
    ] {
        assert!(!send_raw(hub.address, broken).await.contains("200 OK"));
    }
    assert_eq!(get(hub.address, "/readyz").await.status, 200);
    hub.stop().await;
}

#[tokio::test]
async fn connections_beyond_the_limit_are_turned_away() {
    let hub = serve_with(Mode::Actual, |s| s.connections_max = 2).await;
    let first = Listener::open(hub.address).await;
    let _second = Listener::open(hub.address).await;
    let turned = send_raw(hub.address, b"").await;
    assert!(turned.starts_with("HTTP/1.1 503 "), "{turned}");
    drop(first);
    loop {
        let answer: Answer = match client::try_get(hub.address, "/readyz").await {
            Some(answer) => answer,
            None => continue,
        };
        if answer.status == 200 {
            break;
        }
    }
    hub.stop().await;
}

#[tokio::test]
async fn a_base_url_that_cannot_be_linked_is_refused_at_the_start() {
    let board = hub::view::Board::new("d", "D", Mode::Actual);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("binds");
    let settings = hub::http::Settings::new("warnings.example.org", "Centre");
    let error = hub::http::serve(board, None, listener, settings, std::future::pending())
        .await
        .expect_err("refused");
    assert!(error.to_string().contains("must be absolute"), "{error}");
}
