//! Any message that may be written.
// Each test binary uses its own part of this.
#![allow(dead_code)]

use std::hash::Hash;

use cap::{
    Alert, Area, Category, Certainty, Circle, Info, MsgType, NamedValue, Point, Reference,
    Resource, ResponseType, Scope, Severity, Status, Time, Urgency,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::{MINUTE_US, ORIGIN_US};

fn unique<T: Clone + Eq + Hash>(values: Vec<T>) -> Vec<T> {
    let mut seen = std::collections::HashSet::new();
    values
        .into_iter()
        .filter(|value| seen.insert(value.clone()))
        .collect()
}

/// Any text with something in it, markup and line ends included.
fn text() -> impl Strategy<Value = String> {
    "[\\PC\t\n\r&<>\"'\\]]{1,24}".prop_filter("blank", |text| !text.trim().is_empty())
}

fn token() -> impl Strategy<Value = String> {
    "[!-%'-+\\--;=-~\u{e0}-\u{ff}]{1,24}"
}

/// Times after the base, with and without offset.
fn time(minutes: std::ops::Range<i64>) -> impl Strategy<Value = Time> {
    (minutes, 0..60_000_000_i64, option::of(-840..=840_i16)).prop_map(|(minute, us, offset)| {
        let time = Time::from_us(ORIGIN_US + minute * MINUTE_US + us);
        offset.map_or(time, |offset| time.with_offset_minutes(offset).unwrap())
    })
}

fn pairs() -> impl Strategy<Value = Vec<NamedValue>> {
    vec(
        (text(), text()).prop_map(|(name, value)| NamedValue { name, value }),
        0..4,
    )
    .prop_map(unique)
}

fn entries() -> impl Strategy<Value = Vec<String>> {
    vec("[^\"\\p{C}\\s]{1,9}( [^\"\\p{C}\\s]{1,9})?", 0..4).prop_map(unique)
}

fn uri() -> impl Strategy<Value = String> {
    "(https?://[a-z]{1,9}(:[0-9]{1,4})?(/[a-z%~]{0,5})?(\\?[a-z]=[0-9]&b=c)?(#[a-z]{1,3})?|urn:oid:[0-9.]{1,9}|mailto:a@b)"
        .prop_map(|uri: String| uri.replace('%', "%C3"))
}

fn point() -> impl Strategy<Value = Point> {
    (-90.0..=90.0, -180.0..=180.0).prop_map(|(lat, lon)| Point::new(lat, lon))
}

fn area() -> impl Strategy<Value = Area> {
    let outline = (
        vec((-5.0..5.0, -5.0..5.0), 3..150),
        -80.0..80.0,
        -170.0..170.0,
    );
    let polygons = vec(outline, 0..3).prop_map(|outlines| {
        let outlines = outlines
            .into_iter()
            .enumerate()
            .map(|(i, (corners, lat, lon))| {
                // Moved a little each, so that no two are equal.
                let place = |(y, x): (f64, f64)| Point::new(lat + y, lon + x + i as f64);
                corners.into_iter().map(place).collect::<Vec<_>>()
            });
        outlines
            .filter_map(|outline| cap::cover(&outline, 100).ok())
            .flatten()
            .collect()
    });
    let circles = vec((point(), 0.001..20_000.0), 0..2).prop_map(|circles| {
        circles
            .into_iter()
            .map(|(center, radius)| Circle::new(center, radius))
            .collect()
    });
    (
        text(),
        polygons,
        circles,
        pairs(),
        option::of((-1e3..1e3, option::of(0.0..1e5))),
    )
        .prop_map(|(description, polygons, circles, geocodes, height)| Area {
            description,
            polygons,
            circles,
            geocodes,
            altitude_ft: height.map(|(altitude, _)| altitude),
            ceiling_ft: height
                .and_then(|(altitude, more): (f64, Option<f64>)| more.map(|more| altitude + more)),
        })
}

fn resource() -> impl Strategy<Value = Resource> {
    let mime = select(vec![
        "image/png",
        "text/html; charset=utf-8",
        "application/vnd.x+json",
    ]);
    (
        text(),
        mime,
        option::of(0..u64::MAX / 2),
        option::of(uri()),
        any::<bool>(),
        option::of("[0-9a-fA-F]{40}"),
    )
        .prop_map(
            |(description, mime, size_bytes, uri, inline, digest)| Resource {
                description,
                mime_type: mime.to_owned(),
                size_bytes,
                uri,
                deref_uri: inline.then(|| "AAAA BBB=\n".to_owned()),
                digest,
            },
        )
}

fn info() -> impl Strategy<Value = Info> {
    let codes = (
        vec(select(Category::ALL), 1..4),
        vec(select(ResponseType::ALL), 0..4),
        select(Urgency::ALL),
        select(Severity::ALL),
        select(Certainty::ALL),
    );
    let times = (
        option::of(time(0..300)),
        option::of(time(0..900)),
        option::of(time(400..900)),
    );
    let texts = (text(), vec(option::of(text()), 6), option::of(uri()));
    let lists = (pairs(), pairs(), vec(resource(), 0..3), vec(area(), 0..3));
    ("[a-z]{2,3}(-[A-Z0-9]{2,8})?", codes, times, texts, lists).prop_map(
        |(language, codes, (effective, onset, expires), (event, mut texts, web), lists)| {
            let mut info = Info::new(language, Category::Geo, event, codes.2, codes.3, codes.4);
            info.categories = unique(codes.0);
            info.response_types = unique(codes.1);
            (info.effective, info.onset, info.expires) = (effective, onset, expires);
            info.audience = texts.pop().flatten();
            info.sender_name = texts.pop().flatten();
            info.headline = texts.pop().flatten();
            info.description = texts.pop().flatten();
            info.instruction = texts.pop().flatten();
            info.contact = texts.pop().flatten();
            info.web = web;
            info.event_codes = lists.0;
            info.parameters = lists.1;
            info.resources = unique(lists.2);
            info.areas = lists.3;
            info.areas.dedup_by(|a, b| a == b);
            info
        },
    )
}

pub fn alert() -> impl Strategy<Value = Alert> {
    let head = (
        token(),
        token(),
        time(300..399),
        select(Status::ALL),
        select(MsgType::ALL),
        select(Scope::ALL),
    );
    let references = vec((token(), token(), time(-900..299)), 1..4);
    let lists = (
        entries(),
        entries(),
        vec(text(), 0..3),
        references,
        vec(info(), 1..3),
    );
    (head, lists, option::of(text()), text(), text()).prop_map(
        |(
            (identifier, sender, sent, status, msg_type, scope),
            lists,
            source,
            note,
            restriction,
        )| {
            let mut alert = Alert::new(identifier, sender, sent, status, msg_type);
            alert.scope = scope;
            alert.source = source;
            alert.restriction = (scope == Scope::Restricted).then_some(restriction);
            alert.addresses = lists.0;
            if scope == Scope::Private && alert.addresses.is_empty() {
                alert.addresses.push("duty officer".to_owned());
            }
            alert.incidents = lists.1;
            alert.codes = unique(lists.2);
            alert.note = (msg_type == MsgType::Error || status == Status::Exercise).then_some(note);
            if msg_type != MsgType::Alert {
                let reference = |(sender, identifier, sent)| Reference {
                    sender,
                    identifier,
                    sent,
                };
                alert.references = lists.3.into_iter().map(reference).collect();
                alert
                    .references
                    .dedup_by(|a, b| (&a.sender, &a.identifier) == (&b.sender, &b.identifier));
            }
            alert.infos = lists.4;
            alert
                .infos
                .dedup_by(|a, b| a.language.eq_ignore_ascii_case(&b.language));
            alert
        },
    )
}
