use std::sync::Arc;
use std::time::Duration;

use quick_xml::Reader;
use quick_xml::events::Event;
use wire::topic::Mode;

use super::*;
use crate::view::Board;

const HOUR_US: i64 = 3_600_000_000;
const DAY_US: i64 = 24 * HOUR_US;
const START_US: i64 = 1_267_252_454_000_000;

fn publisher() -> Publisher {
    Publisher {
        base_url: "https://warn.example/hub".to_owned(),
        sender_name: "Centre <A&B>".to_owned(),
        kept: Duration::from_secs(7 * 24 * 3_600),
        entries_max: 5,
        hubs: Vec::new(),
    }
}

fn alert(n: i64, mode: Mode) -> AlertView {
    AlertView {
        identifier: format!("urn:oid:2.49.0.1.152.{n}"),
        file: format!("chile-{n}.xml"),
        event: format!("event-{n}"),
        mode,
        msg_type: "Alert".to_owned(),
        severity: "Severe".to_owned(),
        sent_us: START_US + n * HOUR_US,
        expires_us: START_US + (n + 6) * HOUR_US,
        headline: format!("Tsunami <warning> & \"{n}\""),
        summary: "Waves\u{0}of 1 m".to_owned(),
        areas: vec!["Valparaíso".to_owned(), "Biobío".to_owned()],
        superseded: false,
        xml: Arc::from(
            "<alert><info><language>en</language><category>Geo</category></info></alert>",
        ),
    }
}

fn select(alerts: Vec<AlertView>, now_us: i64, mode: Mode) -> Feed {
    let board = Board::new("chile", "Chile", mode);
    board.update(|v| {
        v.alerts = alerts;
        v.now_us = now_us;
    });
    board.read(|v| Feed::select(v, mode, &publisher()))
}

fn files(feed: &Feed) -> Vec<&str> {
    feed.entries().iter().map(|a| a.file.as_str()).collect()
}

/// Every element as `(path, attributes, text)`; panics when the document is not well-formed.
fn elements(document: &[u8]) -> Vec<(String, String, String)> {
    let mut reader = Reader::from_str(std::str::from_utf8(document).expect("utf-8"));
    reader.config_mut().check_end_names = true;
    let mut open: Vec<usize> = Vec::new();
    let mut found: Vec<(String, String, String)> = Vec::new();
    loop {
        match reader.read_event().expect("well-formed") {
            event @ (Event::Start(_) | Event::Empty(_)) => {
                let (Event::Start(tag) | Event::Empty(tag)) = &event else {
                    unreachable!()
                };
                let parent = open
                    .last()
                    .map_or(String::new(), |at| format!("{}/", found[*at].0));
                let name = tag.name().as_ref().to_owned();
                let attributes = tag
                    .attributes()
                    .map(|a| {
                        let a = a.expect("attribute");
                        format!("{}={}", a.key.as_ref(), a.value)
                    })
                    .collect::<Vec<_>>()
                    .join(" ");
                found.push((parent + &name, attributes, String::new()));
                if matches!(event, Event::Start(_)) {
                    open.push(found.len() - 1);
                }
            }
            Event::Text(words) => {
                if let Some(at) = open.last() {
                    found[*at].2.push_str(&words);
                }
            }
            Event::GeneralRef(name) => {
                if let Some(at) = open.last() {
                    found[*at].2.push_str(&format!("&{};", &*name));
                }
            }
            Event::End(_) => {
                open.pop();
            }
            Event::Eof => break,
            _ => {}
        }
    }
    assert!(open.is_empty(), "every element is closed");
    found
}

fn texts<'a>(found: &'a [(String, String, String)], path: &str) -> Vec<&'a str> {
    found
        .iter()
        .filter(|e| e.0 == path)
        .map(|e| e.2.as_str())
        .collect()
}

#[test]
fn newest_is_first_and_equal_times_keep_publication_order() {
    let mut later = alert(1, Mode::Actual);
    later.file = "later.xml".to_owned();
    let feed = select(
        vec![alert(0, Mode::Actual), alert(1, Mode::Actual), later],
        START_US,
        Mode::Actual,
    );
    assert_eq!(files(&feed), ["later.xml", "chile-1.xml", "chile-0.xml"]);
}

#[test]
fn modes_never_mix() {
    let all = || {
        vec![
            alert(0, Mode::Actual),
            alert(1, Mode::Exercise),
            alert(2, Mode::Test),
        ]
    };
    assert_eq!(
        files(&select(all(), START_US, Mode::Actual)),
        ["chile-0.xml"]
    );
    assert_eq!(
        files(&select(all(), START_US, Mode::Exercise)),
        ["chile-1.xml"]
    );
    assert_eq!(files(&select(all(), START_US, Mode::Test)), ["chile-2.xml"]);
}

#[test]
fn expired_messages_leave_after_the_configured_time() {
    let expires_us = START_US + 6 * HOUR_US;
    let one = || vec![alert(0, Mode::Actual)];
    assert_eq!(
        select(one(), expires_us + 7 * DAY_US, Mode::Actual)
            .entries()
            .len(),
        1
    );
    assert_eq!(
        select(one(), expires_us + 7 * DAY_US + 1, Mode::Actual)
            .entries()
            .len(),
        0
    );
}

/// The hub of a relief organisation deletes what leaves the feed, so the limit must not push out what is in force.
#[test]
fn the_entry_limit_never_drops_a_message_in_force() {
    let mut alerts: Vec<_> = (0..12).map(|n| alert(n, Mode::Actual)).collect();
    for replaced in &mut alerts[1..] {
        replaced.superseded = true;
    }
    let feed = select(alerts, START_US + HOUR_US, Mode::Actual);
    assert_eq!(
        files(&feed),
        [
            "chile-11.xml",
            "chile-10.xml",
            "chile-9.xml",
            "chile-8.xml",
            "chile-0.xml"
        ]
    );

    let many: Vec<_> = (0..12).map(|n| alert(n, Mode::Actual)).collect();
    assert_eq!(select(many, START_US, Mode::Actual).entries().len(), 12);
}

#[test]
fn atom_has_the_shape_that_consumers_accept() {
    let feed = select(
        vec![alert(0, Mode::Actual), alert(1, Mode::Actual)],
        START_US,
        Mode::Actual,
    );
    let found = elements(&feed.write(Format::Atom, &publisher()).expect("writes"));
    let url = "https://warn.example/hub/cap/chile-1.xml";
    assert_eq!(
        texts(&found, "feed/id"),
        ["https://warn.example/hub/feed.atom"]
    );
    assert_eq!(texts(&found, "feed/entry/id")[0], url);
    let links: Vec<_> = found.iter().filter(|e| e.0 == "feed/entry/link").collect();
    assert_eq!(links.len(), 2, "one link an entry");
    assert_eq!(links[0].1, format!("type=application/cap+xml href={url}"));
    assert_eq!(texts(&found, "feed/updated"), ["2010-02-27T07:34:14Z"]);
    assert_eq!(
        texts(&found, "feed/entry/updated")[1],
        "2010-02-27T06:34:14Z"
    );
    assert_eq!(
        texts(&found, "feed/entry/published")[1],
        "2010-02-27T06:34:14Z"
    );
    assert_eq!(
        texts(&found, "feed/entry/title")[0],
        "Tsunami &lt;warning&gt; &amp; &quot;1&quot;"
    );
    assert_eq!(
        texts(&found, "feed/entry/summary")[0],
        "Waves\u{fffd}of 1 m"
    );
    assert_eq!(
        texts(&found, "feed/entry/author/name")[0],
        "Centre &lt;A&amp;B&gt;"
    );
    assert_eq!(
        texts(&found, "feed/entry/cap:sent")[0],
        "2010-02-27T07:34:14-00:00"
    );
    let terms: Vec<_> = found
        .iter()
        .filter(|e| e.0 == "feed/entry/category")
        .map(|e| e.1.as_str())
        .collect();
    assert_eq!(&terms[..2], ["term=Geo", "term=Actual"]);
}

#[test]
fn rss_links_the_message_and_identifies_it_without_a_link() {
    let feed = select(vec![alert(3, Mode::Actual)], START_US, Mode::Actual);
    let found = elements(&feed.write(Format::Rss, &publisher()).expect("writes"));
    assert_eq!(
        texts(&found, "rss/channel/item/link"),
        ["https://warn.example/hub/cap/chile-3.xml"]
    );
    let guid = found
        .iter()
        .find(|e| e.0 == "rss/channel/item/guid")
        .expect("guid");
    assert_eq!(
        (guid.1.as_str(), guid.2.as_str()),
        ("isPermaLink=false", "urn:oid:2.49.0.1.152.3")
    );
    assert_eq!(
        texts(&found, "rss/channel/item/pubDate"),
        ["Sat, 27 Feb 2010 09:34:14 GMT"]
    );
    assert_eq!(
        texts(&found, "rss/channel/link"),
        ["https://warn.example/hub/"]
    );
}

/// A tsunami drill reached users as a warning because only running text marked it.
#[test]
fn an_exercise_says_so_in_every_title_and_for_machines() {
    let mut marked = alert(1, Mode::Exercise);
    marked.headline = "Exercise: tsunami".to_owned();
    let feed = select(
        vec![alert(0, Mode::Exercise), marked],
        START_US,
        Mode::Exercise,
    );
    for format in Format::ALL {
        let found = elements(&feed.write(format, &publisher()).expect("writes"));
        let (top, item) = match format {
            Format::Atom => ("feed", "feed/entry"),
            Format::Rss => ("rss/channel", "rss/channel/item"),
        };
        assert!(
            texts(&found, &format!("{top}/title"))[0].starts_with("EXERCISE EXERCISE EXERCISE")
        );
        let titles = texts(&found, &format!("{item}/title"));
        assert_eq!(titles[0], "Exercise: tsunami", "said once, not twice");
        assert!(titles[1].starts_with("EXERCISE: Tsunami"));
        assert_eq!(
            texts(&found, &format!("{item}/cap:status")),
            ["Exercise", "Exercise"]
        );
    }
}

#[test]
fn an_empty_feed_is_valid_and_does_not_sound_like_safety() {
    let feed = select(Vec::new(), START_US, Mode::Actual);
    let found = elements(&feed.write(Format::Atom, &publisher()).expect("writes"));
    assert!(texts(&found, "feed/subtitle")[0].contains("not an all-clear"));
    assert_eq!(texts(&found, "feed/updated"), ["1970-01-01T00:00:00Z"]);
}

#[test]
fn the_same_view_gives_the_same_bytes() {
    let write = || {
        select(vec![alert(0, Mode::Test)], START_US, Mode::Test)
            .write(Format::Rss, &publisher())
            .expect("writes")
    };
    assert_eq!(write(), write());
}
