//! CSV with a row of hashtags under the headings: the Humanitarian Exchange Language 1.1 (hxlstandard.org). A number that is not known is an empty
//! cell, never 0; there is no row of totals, which a reader that sums would count twice.

use super::geojson::knowledge;
use super::{Report, utc};
use crate::figure::{Figure, People};
use crate::places::Place;

/// A column: heading and hashtag.
type Column = (&'static str, &'static str);

/// Heading, hashtag and order of the table of needs.
const NEEDS: [Column; 26] = [
    ("Event", "#event+code"),
    ("Mode", "#meta+mode"),
    ("Made for", "#date+reported"),
    ("Zone", "#loc+code"),
    ("Zone name", "#loc+name"),
    ("Level", "#severity"),
    ("Earliest arrival", "#date+start+earliest"),
    ("People", "#population"),
    ("People: how well known", "#meta+population+quality"),
    ("To evacuate", "#affected+evacuate"),
    ("Bed promised", "#capacity+shelter+promised"),
    ("Capacity lacking", "#inneed+shelter"),
    ("No way out known", "#affected+evacuate+no_way"),
    ("Way out too long", "#affected+evacuate+too_late"),
    ("No way to a shelter known", "#affected+shelter+no_way"),
    ("Way to a shelter too long", "#affected+shelter+too_late"),
    ("Hospitals inside", "#indicator+hospitals+num"),
    ("Schools inside", "#indicator+schools+num"),
    ("Shelters inside", "#indicator+shelters+num"),
    ("Bridges inside", "#indicator+bridges+num"),
    ("People in these houses", "#affected+occupants"),
    ("Bridges on ways to shelters", "#indicator+bridges+ways+num"),
    ("Water, l a day", "#inneed+water+l_day"),
    ("Covered floor, m2", "#inneed+floor+m2"),
    ("Toilets", "#inneed+toilets+num"),
    ("Message", "#meta+id+message"),
];

/// The same for the table of places.
const PLACES: [Column; 20] = [
    ("Event", "#event+code"),
    ("Mode", "#meta+mode"),
    ("Made for", "#date+reported"),
    ("Id", "#loc+code"),
    ("Name", "#loc+name"),
    ("Kind", "#loc+type"),
    ("Latitude", "#geo+lat"),
    ("Longitude", "#geo+lon"),
    ("Status", "#status"),
    ("Capacity", "#capacity"),
    ("Occupancy", "#capacity+used"),
    ("Free before", "#capacity+free"),
    ("Promised", "#capacity+promised"),
    ("Zone", "#adm+zone"),
    ("Level", "#severity"),
    ("Nearest shelter", "#meta+shelter"),
    ("Way to it, s", "#indicator+travel+s"),
    ("The same on foot, s", "#indicator+travel+foot+s"),
    ("Time left, s", "#indicator+left+s"),
    ("Source", "#meta+source"),
];

/// Needs by zone.
pub fn needs_csv(report: &Report<'_>) -> String {
    let rows = report.assessment.zones.iter().map(|z| {
        let n = &z.needs;
        let way =
            |people: fn(&crate::assess::Ways) -> People| n.ways.as_ref().map(|w| people(w).count());
        let [event, mode, made] = common(report);
        [
            event,
            mode,
            made,
            text(&z.zone.id),
            text(&z.zone.name),
            z.zone.level.name().to_owned(),
            maybe(z.zone.earliest_us().map(utc)),
            figure(n.people),
            knowledge(n.people).to_owned(),
            figure(n.to_evacuate),
            n.with_bed.count().to_string(),
            figure(n.lacking),
            maybe(way(|w| w.no_way_out)),
            maybe(way(|w| w.too_late_out)),
            maybe(way(|w| w.no_way_to_shelter)),
            maybe(way(|w| w.too_late_to_shelter)),
            n.hospitals.to_string(),
            n.schools.to_string(),
            n.shelters.to_string(),
            n.bridges.to_string(),
            figure(n.occupants),
            n.bridges_on_ways.to_string(),
            maybe(n.water_l_day),
            maybe(n.floor_m2),
            maybe(n.toilets),
            text(&report.header.message),
        ]
    });
    table(&NEEDS, rows)
}

/// Places inside the zones, and shelters outside.
pub fn places_csv(report: &Report<'_>) -> String {
    let a = report.assessment;
    let inside = a.inside.iter().map(|i| {
        let zone = &a.zones[i.zone].zone;
        let n = i.nearest.as_ref();
        row(
            report,
            &i.place,
            [String::new(), String::new()],
            [
                text(&zone.id),
                zone.level.name().to_owned(),
                n.map(|n| text(&n.shelter)).unwrap_or_default(),
                maybe(n.and_then(|n| n.travel_s).map(f64::ceil)),
                maybe(n.and_then(|n| n.on_foot_s).map(f64::ceil)),
                maybe(i.left_s),
            ],
        )
    });
    let outside = a.shelters.iter().map(|s| {
        row(
            report,
            &s.place,
            [maybe(s.free), s.promised.count().to_string()],
            Default::default(),
        )
    });
    table(&PLACES, inside.chain(outside))
}

fn common(report: &Report<'_>) -> [String; 3] {
    [
        text(&report.header.event),
        report.header.mode().to_owned(),
        utc(report.assessment.now_us),
    ]
}

fn row(
    report: &Report<'_>,
    place: &Place,
    [free, promised]: [String; 2],
    [zone, level, shelter, travel, foot, left]: [String; 6],
) -> [String; 20] {
    let [event, mode, made] = common(report);
    [
        event,
        mode,
        made,
        text(&place.id),
        text(&place.name),
        place.kind.name().to_owned(),
        place.lat.to_string(),
        place.lon.to_string(),
        place.status.name().to_owned(),
        maybe(place.capacity),
        maybe(place.occupancy),
        free,
        promised,
        zone,
        level,
        shelter,
        travel,
        foot,
        left,
        text(&place.source),
    ]
}

fn table<const N: usize>(columns: &[Column; N], rows: impl Iterator<Item = [String; N]>) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    // Writing to memory cannot fail, and every row has as many cells as there are columns.
    let _ = writer.write_record(columns.iter().map(|c| c.0));
    let _ = writer.write_record(columns.iter().map(|c| c.1));
    for row in rows {
        let _ = writer.write_record(&row);
    }
    let bytes = writer.into_inner().unwrap_or_default();
    String::from_utf8(bytes).unwrap_or_default()
}

fn maybe<T: ToString>(value: Option<T>) -> String {
    value.map(|v| v.to_string()).unwrap_or_default()
}

fn figure(figure: Figure) -> String {
    maybe(figure.people().map(People::count))
}

/// Somebody else's text. A spreadsheet must not take it for a formula.
fn text(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}
