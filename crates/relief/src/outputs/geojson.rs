//! GeoJSON (RFC 7946): one feature a zone, a place inside, a shelter outside, a bridge on a way. Totals are in the member `assessment`.

use cap::MsgType;
use serde_json::{Map, Value, json};

use super::{Report, utc};
use crate::assess::{Needs, Ways};
use crate::figure::Figure;
use crate::places::Place;
use crate::zone::Zone;

/// Writes an assessment as a `FeatureCollection`. A number that is not known is `null`; `..._is` says `known`, `at_least` or `unknown`.
pub fn geojson(report: &Report<'_>) -> String {
    let (a, header) = (report.assessment, report.header);
    let mut features = Vec::new();
    for z in &a.zones {
        let mut p = needs(&z.needs);
        p.insert("what".into(), json!("zone"));
        p.insert("id".into(), json!(z.zone.id));
        p.insert("name".into(), json!(z.zone.name));
        p.insert("level".into(), json!(z.zone.level.name()));
        p.insert("evacuate".into(), json!(z.evacuate));
        p.insert("arrival".into(), json!(z.zone.arrival_us.map(utc)));
        p.insert(
            "arrival_earliest".into(),
            json!(z.zone.earliest_us().map(utc)),
        );
        p.insert("wave_in_s".into(), json!(z.wave_in_s));
        features.push(feature(outline(&z.zone), p));
    }
    for i in &a.inside {
        let mut p = place(&i.place);
        let zone = &a.zones[i.zone].zone;
        p.insert("what".into(), json!("inside"));
        p.insert("zone".into(), json!(zone.id));
        p.insert("level".into(), json!(zone.level.name()));
        if let Some(n) = &i.nearest {
            p.insert("shelter".into(), json!(n.shelter));
            p.insert("shelter_name".into(), json!(n.name));
            p.insert("straight_m".into(), json!(n.straight_m.round()));
            p.insert("travel_s".into(), json!(n.travel_s.map(f64::ceil)));
            p.insert("on_foot_s".into(), json!(n.on_foot_s.map(f64::ceil)));
        }
        p.insert("out_s".into(), json!(i.out_s.map(f64::ceil)));
        p.insert("left_s".into(), json!(i.left_s));
        p.insert("left_out_s".into(), json!(i.left_out_s));
        features.push(feature(point(i.place.lat, i.place.lon), p));
    }
    for s in &a.shelters {
        let mut p = place(&s.place);
        p.insert("what".into(), json!("shelter"));
        p.insert("free".into(), json!(s.free));
        p.insert("promised".into(), json!(s.promised.count()));
        p.insert("left".into(), json!(s.left()));
        features.push(feature(point(s.place.lat, s.place.lon), p));
    }
    for b in &a.bridges {
        let mut p = Map::new();
        p.insert("what".into(), json!("bridge_on_way"));
        p.insert("id".into(), json!(b.id));
        p.insert("name".into(), json!(b.name));
        p.insert("people".into(), json!(b.people.count()));
        p.insert("zone".into(), json!(b.zone.map(|z| &a.zones[z].zone.id)));
        p.insert("status".into(), json!(b.status.name()));
        features.push(feature(point(b.lat, b.lon), p));
    }
    let sources: Vec<Value> = header
        .sources
        .iter()
        .map(|s| json!({"name": s.name, "told": s.told, "age_s": s.age_s, "trouble": s.trouble}))
        .collect();
    let planning = report.planning;
    let figures: Vec<Value> = [
        ("water", &planning.water),
        ("floor", &planning.floor),
        ("toilet", &planning.toilet),
        ("walking", &planning.walking),
    ]
    .iter()
    .map(|(name, f)| json!({"name": name, "value": f.value, "unit": f.unit, "source": f.source}))
    .collect();
    json!({
        "type": "FeatureCollection",
        "assessment": {
            "event": header.event,
            "mode": header.mode(),
            "headline": header.headline,
            "message": header.message,
            "message_sent": utc(header.sent_us),
            "over": header.msg_type == MsgType::Cancel,
            "number": header.number,
            "made_for": utc(a.now_us),
            "by_road": a.by_road,
            "travel": planning.travel.name(),
            "speeds_used": a.speeds_used,
            "shelters_closed": a.shelters_closed,
            "total": needs(&a.total),
            "planning": figures,
            "sources": sources,
            "notes": a.notes,
        },
        "features": features,
    })
    .to_string()
}

fn feature(geometry: Value, properties: Map<String, Value>) -> Value {
    json!({"type": "Feature", "geometry": geometry, "properties": properties})
}

fn point(lat: f64, lon: f64) -> Value {
    json!({"type": "Point", "coordinates": [lon, lat]})
}

/// Outlines, counter-clockwise as RFC 7946 asks; a disc is its centre.
fn outline(zone: &Zone) -> Value {
    let rings: Vec<Value> = zone
        .outlines
        .iter()
        .map(|outline| {
            let mut ring: Vec<[f64; 2]> = outline.iter().map(|[lat, lon]| [*lon, *lat]).collect();
            if ring.first() != ring.last() {
                ring.extend(ring.first().copied());
            }
            let turning: f64 = ring
                .windows(2)
                .map(|w| (w[1][0] - w[0][0]) * (w[1][1] + w[0][1]))
                .sum();
            if turning > 0.0 {
                ring.reverse();
            }
            json!([ring])
        })
        .collect();
    match (&rings[..], &zone.discs[..]) {
        ([], [([lat, lon], _), ..]) => point(*lat, *lon),
        ([], []) => Value::Null,
        ([one], _) => json!({"type": "Polygon", "coordinates": one}),
        (all, _) => json!({"type": "MultiPolygon", "coordinates": all}),
    }
}

fn place(place: &Place) -> Map<String, Value> {
    let mut p = Map::new();
    p.insert("id".into(), json!(place.id));
    p.insert("kind".into(), json!(place.kind.name()));
    p.insert("name".into(), json!(place.name));
    p.insert("capacity".into(), json!(place.capacity));
    p.insert("occupancy".into(), json!(place.occupancy));
    p.insert("status".into(), json!(place.status.name()));
    p.insert("source".into(), json!(place.source));
    p.insert("updated".into(), json!(place.updated));
    p
}

fn figure(p: &mut Map<String, Value>, name: &str, figure: Figure) {
    p.insert(name.into(), json!(figure.people().map(|f| f.count())));
    p.insert(format!("{name}_is"), json!(knowledge(figure)));
}

/// How much is known.
pub(super) const fn knowledge(figure: Figure) -> &'static str {
    match figure {
        Figure::Unknown => "unknown",
        Figure::AtLeast(_) => "at_least",
        Figure::Known(_) => "known",
    }
}

fn needs(needs: &Needs) -> Map<String, Value> {
    let mut p = Map::new();
    figure(&mut p, "people", needs.people);
    p.insert("cells".into(), json!(needs.cells));
    p.insert(
        "cells_without_number".into(),
        json!(needs.cells_without_number),
    );
    figure(&mut p, "to_evacuate", needs.to_evacuate);
    p.insert("with_bed".into(), json!(needs.with_bed.count()));
    figure(&mut p, "capacity_lacking", needs.lacking);
    let way = |get: fn(&Ways) -> crate::People| json!(needs.ways.as_ref().map(|w| get(w).count()));
    p.insert("no_way_out".into(), way(|w| w.no_way_out));
    p.insert("too_late_out".into(), way(|w| w.too_late_out));
    p.insert("no_way_to_shelter".into(), way(|w| w.no_way_to_shelter));
    p.insert("too_late_to_shelter".into(), way(|w| w.too_late_to_shelter));
    p.insert("hospitals".into(), json!(needs.hospitals));
    p.insert("schools".into(), json!(needs.schools));
    p.insert("shelters".into(), json!(needs.shelters));
    p.insert("bridges".into(), json!(needs.bridges));
    figure(&mut p, "occupants", needs.occupants);
    p.insert("bridges_on_ways".into(), json!(needs.bridges_on_ways));
    p.insert("water_l_day".into(), json!(needs.water_l_day));
    p.insert("floor_m2".into(), json!(needs.floor_m2));
    p.insert("toilets".into(), json!(needs.toilets));
    p
}
