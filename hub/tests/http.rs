//! The HTTP side over real sockets on loopback: shapes, conditional requests, live events, limits.

mod http_client;
mod http_sample;

use std::time::Duration;

use http_client::{Answer, Listener, get, get_with, send_raw};
use http_sample::{Served, alert, serve, serve_with, station, timeline};
use hub::view::StationState;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use wire::topic::Mode;

#[tokio::test]
async fn the_page_and_its_parts_come_with_their_types_and_a_strict_policy() {
    let hub = serve(Mode::Exercise).await;
    for (path, media_type) in [
        ("/", "text/html; charset=utf-8"),
        ("/app.js", "text/javascript; charset=utf-8"),
        ("/app.css", "text/css; charset=utf-8"),
        ("/favicon.svg", "image/svg+xml"),
    ] {
        let answer = get(hub.address, path).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, Some(media_type)), "{path}");
        let policy = answer.header("content-security-policy").expect("policy");
        assert!(policy.contains("default-src 'self'") && !policy.contains("unsafe"), "{policy}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        let tag = answer.header("etag").expect("tag").to_owned();
        assert_eq!(get_with(hub.address, path, &[("if-none-match", &tag)]).await.status, 304);
    }
    assert!(get(hub.address, "/").await.text().contains("data-mode=\"exercise\""));
    hub.stop().await;
}

#[tokio::test]
async fn nothing_can_be_posted_and_unknown_paths_say_so() {
    let hub = serve(Mode::Actual).await;
    let missing = get(hub.address, "/../etc/passwd").await;
    assert_eq!((missing.status, missing.header("cache-control")), (404, Some("no-store")));
    let posted = send_raw(hub.address, b"POST /api/state HTTP/1.1\r\nhost: h\r\ncontent-length: 1000000000\r\n\r\n").await;
    assert!(posted.starts_with("HTTP/1.1 405 "), "{posted}");
    let head = send_raw(hub.address, b"HEAD /feed.atom HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n").await;
    assert!(head.starts_with("HTTP/1.1 200 ") && head.ends_with("\r\n\r\n"), "{head}");
    hub.stop().await;
}

#[tokio::test]
async fn feeds_answer_304_until_something_is_published() {
    let hub = serve(Mode::Actual).await;
    hub.board.alert(alert(1, Mode::Actual));
    for path in ["/feed.atom", "/feed.rss"] {
        let first = get(hub.address, path).await;
        assert_eq!(first.status, 200);
        assert!(first.header("content-type").expect("type").contains("xml"));
        assert!(first.text().contains(&format!("http://{}/cap/event-1-alert.xml", hub.address)));
        let tag = first.header("etag").expect("tag").to_owned();
        let again = get_with(hub.address, path, &[("if-none-match", &tag)]).await;
        assert_eq!((again.status, again.body.len()), (304, 0));
        assert_eq!(again.header("etag"), Some(tag.as_str()));

        hub.board.alert(alert(if path.ends_with("atom") { 2 } else { 3 }, Mode::Actual));
        let changed = get_with(hub.address, path, &[("if-none-match", &tag)]).await;
        assert_eq!(changed.status, 200);
        let date = first.header("last-modified").expect("date").to_owned();
        let by_date = get_with(hub.address, path, &[("if-modified-since", &date)]).await;
        assert_eq!(by_date.status, 200, "a change within the same second is not missed");
    }
    hub.stop().await;
}

#[tokio::test]
async fn an_unchanged_feed_answers_304_by_date_too() {
    let hub = serve(Mode::Actual).await;
    hub.board.alert(alert(1, Mode::Actual));
    assert_eq!(get(hub.address, "/feed.atom").await.status, 200);
    let tomorrow = hub::feed::rfc9110(i64::try_from(
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("clock").as_micros(),
    ).expect("fits") + 86_400_000_000);
    assert_eq!(get_with(hub.address, "/feed.atom", &[("if-modified-since", &tomorrow)]).await.status, 304);
    hub.stop().await;
}

/// A list that is not complete yet would read as "no alert", and some consumers delete what is not listed.
#[tokio::test]
async fn a_hub_that_is_starting_serves_no_feed() {
    let hub = serve(Mode::Actual).await;
    hub.board.update(|v| v.ready = false);
    let feed = get(hub.address, "/feed.atom").await;
    assert_eq!((feed.status, feed.header("retry-after")), (503, Some("5")));
    hub.stop().await;
}

#[tokio::test]
async fn an_exercise_never_shows_up_where_real_alerts_are_expected() {
    let hub = serve(Mode::Exercise).await;
    hub.board.alert(alert(1, Mode::Exercise));
    let real = get(hub.address, "/feed.atom").await;
    assert_eq!(real.status, 404);
    assert!(real.text().contains("/exercise/feed.atom") && real.text().contains("not an all-clear"));
    assert!(real.header("location").is_none());
    let exercise = get(hub.address, "/exercise/feed.rss").await;
    assert_eq!(exercise.status, 200);
    assert!(exercise.text().contains("<title>EXERCISE EXERCISE EXERCISE"));
    assert_eq!(get(hub.address, "/test/feed.rss").await.status, 404);
    hub.stop().await;
}

#[tokio::test]
async fn a_message_has_an_immutable_address() {
    let hub = serve(Mode::Actual).await;
    let sent = alert(7, Mode::Actual);
    hub.board.alert(sent.clone());
    let message = get(hub.address, "/cap/event-7-alert.xml").await;
    assert_eq!((message.status, message.header("content-type")), (200, Some("application/cap+xml")));
    assert!(message.header("cache-control").expect("caching").contains("immutable"));
    assert_eq!(message.text(), &*sent.xml);
    let absent = get(hub.address, "/cap/event-8-alert.xml").await;
    assert_eq!((absent.status, absent.header("cache-control")), (404, Some("no-store")), "it may be published later");
    assert_eq!(get(hub.address, "/cap/%2e%2e%2fetc%2fpasswd").await.status, 404);
    assert_eq!(get(hub.address, "/cap/%ff").await.status, 400);
    hub.stop().await;
}

#[tokio::test]
async fn the_snapshot_is_json_with_everything_the_page_shows() {
    let hub = serve(Mode::Test).await;
    hub.board.station(station("d32412", StationState::Good, f64::NAN));
    hub.board.alert(alert(1, Mode::Test));
    hub.board.timeline(timeline("<script>alert(1)</script>"));
    hub.board.condition("edge_offline", Some("Edge pier does not answer."), 5);
    hub.board.count("readings_total", "edge=\"pier\"", 3);
    let answer = get(hub.address, "/api/state").await;
    assert_eq!((answer.status, answer.header("cache-control")), (200, Some("no-store")));
    let state: serde_json::Value = serde_json::from_str(answer.text()).expect("JSON");
    assert_eq!(state["mode"], "test");
    assert_eq!(state["stations"][0]["id"], "d32412");
    assert!(state["stations"][0]["latest"]["sea_level"]["value"].is_null(), "no value is null, not a number");
    assert_eq!(state["alerts"][0]["identifier"], "urn:oid:2.49.0.1.152.1");
    assert_eq!(state["timeline"][0]["text"], "<script>alert(1)</script>");
    assert_eq!(state["conditions"][0]["code"], "edge_offline");
    hub.stop().await;
}

#[tokio::test]
async fn health_tells_starting_ok_and_degraded_apart() {
    let hub = serve(Mode::Actual).await;
    let health = async || {
        let answer = get(hub.address, "/healthz").await;
        let body: serde_json::Value = serde_json::from_str(answer.text()).expect("JSON");
        (answer.status, body["status"].as_str().expect("status").to_owned(), body["conditions"].as_array().expect("list").len())
    };
    assert_eq!(health().await, (200, "ok".to_owned(), 0));
    hub.board.condition("journal_full", Some("No space left."), 0);
    assert_eq!(health().await, (200, "degraded".to_owned(), 1));
    assert_eq!(get(hub.address, "/readyz").await.status, 200);
    hub.board.update(|v| v.ready = false);
    assert_eq!(health().await, (503, "starting".to_owned(), 1));
    assert_eq!(get(hub.address, "/readyz").await.status, 503);
    hub.stop().await;
}

#[tokio::test]
async fn a_hub_whose_clock_stands_still_is_not_healthy() {
    let hub = serve_with(Mode::Actual, |s| {
        s.stall = Some(Duration::from_millis(20));
        s.heartbeat = Duration::from_millis(10);
    })
    .await;
    loop {
        let answer = get(hub.address, "/healthz").await;
        if answer.status == 503 {
            assert!(answer.text().contains("\"stalled\""));
            break;
        }
        tokio::task::yield_now().await;
    }
    hub.stop().await;
}

#[tokio::test]
async fn metrics_are_strict_prometheus_text() {
    let hub = serve(Mode::Actual).await;
    let mut named = station("a", StationState::Fault, 1.5);
    named.id = "quote\" back\\slash\nline".to_owned();
    hub.board.station(named);
    hub.board.station(station("b", StationState::Unknown, 2.0));
    hub.board.alert(alert(1, Mode::Actual));
    hub.board.count("frames_refused_total", "reason=\"crc\"", 9);
    hub.board.condition("broker_down", Some("x"), 0);
    let answer = get(hub.address, "/metrics").await;
    assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    let series = parse_exposition(answer.text());
    let value = |name: &str| series.iter().find(|(n, _)| n == name).map(|(_, v)| *v);
    assert_eq!(value("watchfire_stations{state=\"fault\"}"), Some(1.0));
    assert_eq!(value("watchfire_stations{state=\"good\"}"), Some(0.0));
    assert_eq!(value("watchfire_ready{deployment=\"chile\"}"), Some(1.0));
    assert_eq!(value("watchfire_condition{code=\"broker_down\"}"), Some(1.0));
    assert_eq!(value("watchfire_frames_refused_total{reason=\"crc\"}"), Some(9.0));
    assert_eq!(value("watchfire_alerts_published_total{mode=\"actual\",msg_type=\"Alert\"}"), Some(1.0));
    assert_eq!(value("watchfire_alerts_published_total{mode=\"actual\",msg_type=\"Cancel\"}"), Some(0.0));
    assert_eq!(value("watchfire_alerts_in_force{mode=\"actual\"}"), Some(1.0));
    assert!(answer.text().contains("station=\"quote\\\" back\\\\slash\\nline\""));
    hub.stop().await;
}

/// Series and values; panics on anything that the format does not allow.
fn parse_exposition(page: &str) -> Vec<(String, f64)> {
    assert!(page.ends_with('\n'));
    let (mut series, mut typed, mut current) = (Vec::new(), Vec::new(), String::new());
    for line in page.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').expect("type");
            assert!(["counter", "gauge"].contains(&kind));
            assert_eq!(kind == "counter", name.ends_with("_total"), "{name}");
            assert!(!typed.contains(&name.to_owned()), "{name} has two groups");
            typed.push(name.to_owned());
            current = name.to_owned();
            continue;
        }
        if line.starts_with("# HELP ") {
            continue;
        }
        let (name, value) = line.rsplit_once(' ').expect("value");
        assert_eq!(name.split('{').next(), Some(current.as_str()), "{line}");
        assert!(name.ends_with('}') || !name.contains('{'), "{line}");
        assert!(!series.iter().any(|(known, _)| known == name), "{name} twice");
        series.push((name.to_owned(), value.parse().expect("number")));
    }
    series
}

#[tokio::test]
async fn a_listener_is_greeted_and_told_what_happens() {
    let hub = serve_with(Mode::Actual, |s| s.heartbeat = Duration::from_millis(20)).await;
    let mut listener = Listener::open(hub.address).await;
    assert_eq!(listener.next().await.expect("greeting").0, "hello");
    hub.board.alert(alert(1, Mode::Actual));
    let alert = listener.wait_for("alert").await;
    assert_eq!(alert["headline"], "Headline 1");
    hub.board.timeline(timeline("line\nbreaks\r\n\nevent: x"));
    assert_eq!(listener.wait_for("timeline").await["text"], "line\nbreaks\r\n\nevent: x");
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
    for n in 0..160 {
        hub.board.timeline(timeline(&format!("{n} {long}")));
        let text = quick.wait_for("timeline").await["text"].as_str().expect("text").to_owned();
        assert!(text.starts_with(&format!("{n} ")), "the quick listener misses nothing");
    }
    slow.wait_for("reload").await;
    hub.board.alert(alert(1, Mode::Actual));
    slow.wait_for("alert").await;
    hub.stop().await;
}

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
    assert_eq!((refused.status, refused.header("retry-after")), (503, Some("5")));
    assert_eq!(get(hub.address, "/api/state").await.status, 200, "the rest still works");
    drop(first);
    while get(hub.address, "/metrics").await.text().contains("watchfire_http_listeners 2") {}
    let mut third = Listener::open(hub.address).await;
    assert_eq!(third.next().await.expect("greeting").0, "hello");
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_listeners_half_of_them_deaf_hold_up_neither_board_nor_readers() {
    let crowd = http_sample::crowd(1_000);
    let hub = serve_with(Mode::Actual, |s| s.heartbeat = Duration::from_millis(250)).await;
    let mut listeners = Vec::with_capacity(crowd);
    for _ in 0..crowd {
        listeners.push(Listener::open(hub.address).await);
    }
    assert_eq!(get(hub.address, "/metrics").await.text().matches(&format!("watchfire_http_listeners {crowd}\n")).count(), 1);
    // The board is written from a plain thread, as the pipeline does; if a listener could hold it up, this would hang.
    let board = hub.board.clone();
    let writer = std::thread::spawn(move || {
        for n in 0..10_000_u32 {
            board.station(station(&format!("s{}", n % 100), StationState::Good, f64::from(n)));
        }
        board.alert(alert(1, Mode::Actual));
    });
    let mut hearing = listeners.split_off(crowd / 2);
    writer.join().expect("writer");
    for listener in &mut hearing {
        loop {
            match listener.next().await.expect("stream").0.as_str() {
                "alert" => break,
                // Allowed when the machine is busy; the state then has the alert.
                "reload" => {
                    assert!(get(hub.address, "/api/state").await.text().contains("urn:oid:2.49.0.1.152.1"));
                    break;
                }
                _ => {}
            }
        }
    }
    assert_eq!(get(hub.address, "/feed.atom").await.status, 200);
    hub.stop().await;
}

#[tokio::test]
async fn a_peer_that_stops_reading_is_cut() {
    let hub = serve_with(Mode::Actual, |s| s.write_timeout = Duration::from_millis(50)).await;
    let deaf = Listener::open(hub.address).await;
    let long = "x".repeat(1 << 20);
    let mut quick = Listener::open(hub.address).await;
    loop {
        hub.board.timeline(timeline(&long));
        quick.wait_for("timeline").await;
        if get(hub.address, "/metrics").await.text().contains("watchfire_http_refused_total{reason=\"stopped_reading\"} 1\n") {
            break;
        }
    }
    drop(deaf);
    hub.stop().await;
}

#[tokio::test]
async fn a_request_that_dribbles_in_is_cut_and_so_is_an_idle_connection() {
    let hub = serve_with(Mode::Actual, |s| s.header_timeout = Duration::from_millis(100)).await;
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
    let long = format!("GET / HTTP/1.1\r\nhost: h\r\nx: {}\r\n\r\n", "a".repeat(100_000));
    assert!(!send_raw(hub.address, long.as_bytes()).await.contains("200 OK"));
    let many = format!("GET / HTTP/1.1\r\nhost: h\r\n{}\r\n", "a: b\r\n".repeat(200));
    assert!(send_raw(hub.address, many.as_bytes()).await.starts_with("HTTP/1.1 431 "));
    for broken in [&b"\0\0\0\0\r\n\r\n"[..], b"GET\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00", b"GET / HTTP/9.9\r\n\r\n"] {
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
        let answer: Answer = match http_client::try_get(hub.address, "/readyz").await {
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
async fn stopping_ends_streams_at_once_and_other_requests_after_the_grace() {
    let Served { address, .. } = {
        let hub = serve_with(Mode::Actual, |s| s.grace = Duration::from_millis(50)).await;
        let mut listener = Listener::open(hub.address).await;
        assert_eq!(listener.next().await.expect("greeting").0, "hello");
        let mut stuck = tokio::net::TcpStream::connect(hub.address).await.expect("connects");
        stuck.write_all(b"GET / HTTP/1.1\r\n").await.expect("half a request");
        // Connections are accepted in order: after this answer the half one is inside too.
        assert_eq!(get(hub.address, "/readyz").await.status, 200);
        let hub = hub.stop().await;
        while listener.next().await.is_some() {}
        let _ = stuck.read_to_end(&mut Vec::new()).await;
        hub
    };
    assert!(tokio::net::TcpStream::connect(address).await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn a_base_url_that_cannot_be_linked_is_refused_at_the_start() {
    let board = hub::view::Board::new("d", "D", Mode::Actual);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("binds");
    let settings = hub::http::Settings::new("warnings.example.org", "Centre");
    let error = hub::http::serve(board, listener, settings, std::future::pending()).await.expect_err("refused");
    assert!(error.to_string().contains("must be absolute"), "{error}");
}
