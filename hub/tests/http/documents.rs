//! The page, the feeds, the messages and the snapshot: types, caching, conditional requests, modes.

use super::client::{get, get_with, send_raw};
use super::sample::{alert, serve, station, timeline};
use hub::view::StationState;
use wire::topic::Mode;

#[tokio::test]
async fn the_page_and_its_parts_come_with_their_types_and_a_strict_policy() {
    let hub = serve(Mode::Exercise).await;
    for (path, media_type) in [
        ("/", "text/html; charset=utf-8"),
        ("/app.js", "text/javascript; charset=utf-8"),
        ("/login.js", "text/javascript; charset=utf-8"),
        ("/app.css", "text/css; charset=utf-8"),
        ("/favicon.svg", "image/svg+xml"),
        ("/land.txt", "text/plain; charset=utf-8"),
    ] {
        let answer = get(hub.address, path).await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, Some(media_type)),
            "{path}"
        );
        let policy = answer.header("content-security-policy").expect("policy");
        assert!(
            policy.contains("default-src 'none'") && !policy.contains("unsafe"),
            "{policy}"
        );
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        let tag = answer.header("etag").expect("tag").to_owned();
        assert_eq!(
            get_with(hub.address, path, &[("if-none-match", &tag)])
                .await
                .status,
            304
        );
    }
    assert!(
        get(hub.address, "/")
            .await
            .text()
            .contains("data-mode=\"exercise\"")
    );
    hub.stop().await;
}

#[tokio::test]
async fn nothing_can_be_posted_and_unknown_paths_say_so() {
    let hub = serve(Mode::Actual).await;
    let missing = get(hub.address, "/../etc/passwd").await;
    assert_eq!(
        (missing.status, missing.header("cache-control")),
        (404, Some("no-store"))
    );
    let posted = send_raw(
        hub.address,
        b"POST /api/state HTTP/1.1\r\nhost: h\r\ncontent-length: 1000000000\r\n\r\n",
    )
    .await;
    assert!(posted.starts_with("HTTP/1.1 405 "), "{posted}");
    let head = send_raw(
        hub.address,
        b"HEAD /feed.atom HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n",
    )
    .await;
    assert!(
        head.starts_with("HTTP/1.1 200 ") && head.ends_with("\r\n\r\n"),
        "{head}"
    );
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
        assert!(
            first
                .text()
                .contains(&format!("http://{}/cap/event-1-alert.xml", hub.address))
        );
        let tag = first.header("etag").expect("tag").to_owned();
        let again = get_with(hub.address, path, &[("if-none-match", &tag)]).await;
        assert_eq!((again.status, again.body.len()), (304, 0));
        assert_eq!(again.header("etag"), Some(tag.as_str()));

        hub.board.alert(alert(
            if path.ends_with("atom") { 2 } else { 3 },
            Mode::Actual,
        ));
        let changed = get_with(hub.address, path, &[("if-none-match", &tag)]).await;
        assert_eq!(changed.status, 200);
        let date = first.header("last-modified").expect("date").to_owned();
        let by_date = get_with(hub.address, path, &[("if-modified-since", &date)]).await;
        assert_eq!(
            by_date.status, 200,
            "a change within the same second is not missed"
        );
    }
    hub.stop().await;
}

#[tokio::test]
async fn an_unchanged_feed_answers_304_by_date_too() {
    let hub = serve(Mode::Actual).await;
    hub.board.alert(alert(1, Mode::Actual));
    assert_eq!(get(hub.address, "/feed.atom").await.status, 200);
    let tomorrow = hub::feed::rfc9110(
        i64::try_from(
            std::time::SystemTime::now()
                .duration_since(std::time::UNIX_EPOCH)
                .expect("clock")
                .as_micros(),
        )
        .expect("fits")
            + 86_400_000_000,
    );
    assert_eq!(
        get_with(
            hub.address,
            "/feed.atom",
            &[("if-modified-since", &tomorrow)]
        )
        .await
        .status,
        304
    );
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
    assert!(
        real.text().contains("/exercise/feed.atom") && real.text().contains("not an all-clear")
    );
    assert!(real.header("location").is_none());
    let exercise = get(hub.address, "/exercise/feed.rss").await;
    assert_eq!(exercise.status, 200);
    assert!(
        exercise
            .text()
            .contains("<title>EXERCISE EXERCISE EXERCISE")
    );
    assert_eq!(get(hub.address, "/test/feed.rss").await.status, 404);
    hub.stop().await;
}

#[tokio::test]
async fn a_message_has_an_immutable_address() {
    let hub = serve(Mode::Actual).await;
    let sent = alert(7, Mode::Actual);
    hub.board.alert(sent.clone());
    let message = get(hub.address, "/cap/event-7-alert.xml").await;
    assert_eq!(
        (message.status, message.header("content-type")),
        (200, Some("application/cap+xml"))
    );
    assert!(
        message
            .header("cache-control")
            .expect("caching")
            .contains("immutable")
    );
    assert_eq!(message.text(), &*sent.xml);
    let absent = get(hub.address, "/cap/event-8-alert.xml").await;
    assert_eq!(
        (absent.status, absent.header("cache-control")),
        (404, Some("no-store")),
        "it may be published later"
    );
    assert_eq!(
        get(hub.address, "/cap/%2e%2e%2fetc%2fpasswd").await.status,
        404
    );
    assert_eq!(get(hub.address, "/cap/%ff").await.status, 400);
    hub.stop().await;
}

#[tokio::test]
async fn the_snapshot_is_json_with_everything_the_page_shows() {
    let hub = serve(Mode::Test).await;
    hub.board
        .station(station("d32412", StationState::Good, f64::NAN));
    hub.board.alert(alert(1, Mode::Test));
    hub.board.timeline(timeline("<script>alert(1)</script>"));
    hub.board
        .condition("edge_offline", Some("Edge pier does not answer."), 5);
    hub.board.count("readings_total", "edge=\"pier\"", 3);
    let answer = get(hub.address, "/api/state").await;
    assert_eq!(
        (answer.status, answer.header("cache-control")),
        (200, Some("no-store"))
    );
    let state: serde_json::Value = serde_json::from_str(answer.text()).expect("JSON");
    assert_eq!(state["mode"], "test");
    assert_eq!(state["stations"][0]["id"], "d32412");
    assert!(
        state["stations"][0]["latest"]["sea_level"]["value"].is_null(),
        "no value is null, not a number"
    );
    assert_eq!(state["alerts"][0]["identifier"], "urn:oid:2.49.0.1.152.1");
    assert_eq!(state["timeline"][0]["text"], "<script>alert(1)</script>");
    assert_eq!(state["conditions"][0]["code"], "edge_offline");
    hub.stop().await;
}

/// A published message has its bulletin and its short messages beside it, made of the message itself.
#[tokio::test]
async fn bulletins_and_short_messages_are_made_of_the_messages() {
    let hub = serve(Mode::Exercise).await;
    let mut published = alert(1, Mode::Exercise);
    let mut message = cap::Alert::new(
        "wf-1",
        "w@example.org",
        cap::Time::from_us(published.sent_us),
        cap::Status::Exercise,
        cap::MsgType::Alert,
    );
    for (language, headline) in [("en", "Tsunami warning: X"), ("ja", "津波警報：X")] {
        let mut info = cap::Info::new(
            language,
            cap::Category::Geo,
            "Tsunami",
            cap::Urgency::Immediate,
            cap::Severity::Severe,
            cap::Certainty::Likely,
        );
        info.headline = Some(headline.to_owned());
        message.infos.push(info);
    }
    published.xml = message.to_xml().expect("a message").into();
    published.file = "wf.1.xml".to_owned();
    let mut broken = alert(2, Mode::Exercise);
    broken.file = "broken.xml".to_owned();
    hub.board.update(|v| v.alerts.extend([published, broken]));

    for (path, begins, pages) in [
        ("/bulletin/wf.1.txt", "EXERCISE EXERCISE EXERCISE\n", None),
        (
            "/sms/wf.1.en.txt",
            "EXERCISE EXERCISE EXERCISE - Tsunami warning: X.",
            Some(("GSM-7", "1")),
        ),
        (
            "/sms/wf.1.ja.txt",
            "訓練 訓練 訓練 - 津波警報：X。",
            Some(("UCS-2", "1")),
        ),
    ] {
        // The second answer comes from what was kept, and is the same.
        for _ in 0..2 {
            let answer = get(hub.address, path).await;
            assert_eq!(answer.status, 200, "{path}");
            assert_eq!(
                (
                    answer.header("content-type"),
                    answer.header("cache-control")
                ),
                (
                    Some("text/plain; charset=utf-8"),
                    Some("public, max-age=31536000, immutable")
                )
            );
            assert!(answer.text().starts_with(begins), "{}", answer.text());
            let said = (answer.header("sms-encoding"), answer.header("sms-pages"));
            assert_eq!(said, (pages.map(|p| p.0), pages.map(|p| p.1)));
            let tag = answer.header("etag").expect("tag").to_owned();
            let again = get_with(hub.address, path, &[("if-none-match", &tag)]).await;
            assert_eq!(again.status, 304, "{path}");
        }
    }
    for path in [
        "/bulletin/wf.1.xml",
        "/bulletin/wf.2.txt",
        "/bulletin/broken.txt",
        "/sms/wf.1.txt",
        "/sms/wf.1.es.txt",
        "/sms/wf.1.xx.txt",
        "/sms/wf.2.en.txt",
        "/bulletin/",
    ] {
        assert_eq!(get(hub.address, path).await.status, 404, "{path}");
    }
    hub.stop().await;
}
