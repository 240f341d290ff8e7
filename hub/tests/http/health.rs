//! Health and metrics, as machines read them.

use std::time::Duration;

use super::client::get;
use super::sample::{alert, serve, serve_with, station};
use hub::view::StationState;
use wire::topic::Mode;

#[tokio::test]
async fn health_tells_starting_ok_and_degraded_apart() {
    let hub = serve(Mode::Actual).await;
    let health = async || {
        let answer = get(hub.address, "/healthz").await;
        let body: serde_json::Value = serde_json::from_str(answer.text()).expect("JSON");
        (
            answer.status,
            body["status"].as_str().expect("status").to_owned(),
            body["conditions"].as_array().expect("list").len(),
        )
    };
    assert_eq!(health().await, (200, "ok".to_owned(), 0));
    hub.board
        .condition("journal_full", Some("No space left."), 0);
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
    assert_eq!(
        answer.header("content-type"),
        Some("text/plain; version=0.0.4; charset=utf-8")
    );
    let series = parse_exposition(answer.text());
    let value = |name: &str| series.iter().find(|(n, _)| n == name).map(|(_, v)| *v);
    assert_eq!(value("watchfire_stations{state=\"fault\"}"), Some(1.0));
    assert_eq!(value("watchfire_stations{state=\"good\"}"), Some(0.0));
    assert_eq!(value("watchfire_ready{deployment=\"chile\"}"), Some(1.0));
    assert_eq!(
        value("watchfire_condition{code=\"broker_down\"}"),
        Some(1.0)
    );
    assert_eq!(
        value("watchfire_frames_refused_total{reason=\"crc\"}"),
        Some(9.0)
    );
    assert_eq!(
        value("watchfire_alerts{mode=\"actual\",msg_type=\"Alert\"}"),
        Some(1.0)
    );
    assert_eq!(
        value("watchfire_alerts{mode=\"actual\",msg_type=\"Cancel\"}"),
        Some(0.0)
    );
    assert_eq!(
        value("watchfire_alerts_in_force{mode=\"actual\"}"),
        Some(1.0)
    );
    assert!(
        answer
            .text()
            .contains("station=\"quote\\\" back\\\\slash\\nline\"")
    );
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
        assert!(
            !series.iter().any(|(known, _)| known == name),
            "{name} twice"
        );
        series.push((name.to_owned(), value.parse().expect("number")));
    }
    series
}
