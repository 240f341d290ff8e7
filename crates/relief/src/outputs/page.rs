//! The situation report: one page of HTML that stands alone, with no script, for a screen and for paper.

use std::fmt::Write;

use base64ct::{Base64, Encoding};
use cap::MsgType;
use sha2::{Digest, Sha256};

use super::{Report, minute, span};
use crate::assess::{Assessment, Inside, Needs};
use crate::figure::Figure;
use crate::places::Kind;

/// Most rows of a table: the rest is in the files, and the page stays one.
const ROWS: usize = 8;
/// Most rows of zones.
const ZONES: usize = 12;

/// The page's style, for a content security policy that wants its hash.
pub const fn style() -> &'static str {
    include_str!("page.css")
}

/// `sha256-...` of [`style`], as a content security policy names it (CSP 3, section 2.3.1).
pub fn style_hash() -> &'static str {
    static HASH: std::sync::LazyLock<String> = std::sync::LazyLock::new(|| {
        let digest = Sha256::digest(style().as_bytes());
        format!("sha256-{}", Base64::encode_string(&digest))
    });
    &HASH
}

/// Writes the page. `files` are the names of the machine-readable forms, for links: `[("GeoJSON", "x.geojson")]`.
pub fn page(report: &Report<'_>, files: &[(&str, &str)]) -> String {
    let (a, h) = (report.assessment, report.header);
    let mut out = String::with_capacity(16 * 1024);
    let banner = h.banner().unwrap_or_default();
    let title = format!(
        "{}{}Situation report: {}",
        banner,
        if banner.is_empty() { "" } else { " - " },
        h.headline
    );
    let _ = write!(
        out,
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>{}</title><style>{}</style></head><body>",
        escape(&title),
        style()
    );
    if !banner.is_empty() {
        let _ = write!(
            out,
            "<p class=\"banner\" role=\"note\">{banner} {banner} {banner}</p>"
        );
    }
    let _ = write!(
        out,
        "<header><h1>{}</h1><p>Situation report no. {} for {} &middot; event {} &middot; message {} of {} &middot; {}</p></header>",
        escape(&h.headline),
        h.number,
        minute(a.now_us),
        escape(&h.event),
        escape(&h.message),
        minute(h.sent_us),
        escape(&h.sender_name)
    );
    if h.msg_type == MsgType::Cancel {
        out.push_str("<p class=\"over\">The warning is cancelled: no zone is threatened any more. What people need who have left is not counted here.</p>");
    } else {
        summary(&mut out, &a.total);
        zones(&mut out, a);
        places(&mut out, a);
        shelters(&mut out, a);
        bridges(&mut out, a);
    }
    notes(&mut out, report);
    if !files.is_empty() {
        out.push_str("<p class=\"files\">The whole: ");
        for (k, (name, file)) in files.iter().enumerate() {
            let comma = if k > 0 { ", " } else { "" };
            let _ = write!(
                out,
                "{comma}<a href=\"{}\">{}</a>",
                escape(file),
                escape(name)
            );
        }
        out.push_str("</p>");
    }
    if !banner.is_empty() {
        let _ = write!(
            out,
            "<p class=\"banner\">{banner}: this is no real warning</p>"
        );
    }
    out.push_str("</body></html>");
    out
}

fn summary(out: &mut String, total: &Needs) {
    out.push_str("<section class=\"sum\">");
    let mut tile = |label: &str, value: String| {
        let _ = write!(
            out,
            "<div><b>{}</b><span>{label}</span></div>",
            escape(&value)
        );
    };
    tile("people in the zones", grouped(total.people));
    tile("to evacuate", grouped(total.to_evacuate));
    tile("beds lacking", grouped(total.lacking));
    tile("hospitals inside", total.hospitals.to_string());
    tile("schools inside", total.schools.to_string());
    tile(
        "bridges on ways to shelters",
        total.bridges_on_ways.to_string(),
    );
    let number = |n: Option<f64>, unit: &str| {
        n.map_or("unknown".to_owned(), |n| {
            format!("{} {unit}", thousands(n.ceil() as u64))
        })
    };
    tile("water a day", number(total.water_l_day, "l"));
    tile("covered floor", number(total.floor_m2, "m2"));
    tile("toilets", number(total.toilets.map(|t| t as f64), ""));
    out.push_str("</section>");
}

fn zones(out: &mut String, a: &Assessment) {
    out.push_str("<h2>Zones</h2><table><thead><tr><th>Zone<th>Level<th>Earliest wave<th>Time left<th>People<th>To evacuate<th>Beds promised<th>Beds lacking<th>No way out known<th>Way out too long<th>Hospitals<th>Schools<th>Bridges on ways</thead><tbody>");
    let row = |out: &mut String, head: [String; 4], n: &Needs| {
        let way = |f: fn(&crate::assess::Ways) -> crate::People| {
            n.ways
                .as_ref()
                .map_or("unknown".to_owned(), |w| thousands(f(w).count()))
        };
        let cells = [
            grouped(n.people),
            grouped(n.to_evacuate),
            thousands(n.with_bed.count()),
            grouped(n.lacking),
            way(|w| w.no_way_out),
            way(|w| w.too_late_out),
            n.hospitals.to_string(),
            n.schools.to_string(),
            n.bridges_on_ways.to_string(),
        ];
        out.push_str("<tr>");
        for cell in head.iter().chain(&cells) {
            let _ = write!(out, "<td>{}", escape(cell));
        }
    };
    for z in a.zones.iter().take(ZONES) {
        row(
            out,
            [
                z.zone.name.clone(),
                z.zone.level.name().to_owned(),
                z.zone.earliest_us().map_or("unknown".to_owned(), minute),
                z.wave_in_s.map_or("unknown".to_owned(), span),
            ],
            &z.needs,
        );
    }
    if a.zones.is_empty() {
        out.push_str("<tr><td colspan=\"13\">The message names no zone.");
    }
    out.push_str("</tbody><tfoot>");
    let name = match a.zones.len().checked_sub(ZONES) {
        Some(more) if more > 0 => format!("All zones ({more} are not listed)"),
        _ => "All zones".to_owned(),
    };
    row(
        out,
        [name, String::new(), String::new(), String::new()],
        &a.total,
    );
    out.push_str("</tfoot></table>");
}

/// Those with the least time left first; those of whom nothing is known before all others.
fn places(out: &mut String, a: &Assessment) {
    let mut inside: Vec<&Inside> = a
        .inside
        .iter()
        .filter(|i| i.place.kind != Kind::Bridge)
        .collect();
    inside.sort_by_key(|i| (i.place.kind != Kind::Hospital, i.left_s));
    if inside.is_empty() {
        return;
    }
    out.push_str("<h2>Hospitals, schools and shelters inside</h2><table><thead><tr><th>Place<th>Kind<th>Zone<th>People in it<th>Nearest safe shelter<th>By road<th>On foot<th>Time left after that</thead><tbody>");
    for i in inside.iter().take(ROWS) {
        let n = i.nearest.as_ref();
        let time = |s: Option<f64>| s.map_or("unknown".to_owned(), |s| span(s.ceil() as i64));
        let cells = [
            i.place.title().to_owned(),
            i.place.kind.name().to_owned(),
            a.zones[i.zone].zone.name.clone(),
            i.place
                .occupancy
                .map_or("unknown".to_owned(), |n| thousands(n.into())),
            n.map_or("none known".to_owned(), |n| {
                let name = if n.name.is_empty() {
                    &n.shelter
                } else {
                    &n.name
                };
                format!("{name} ({:.1} km)", n.straight_m / 1_000.0)
            }),
            time(n.and_then(|n| n.travel_s)),
            time(n.and_then(|n| n.on_foot_s)),
            i.left_s.map_or("unknown".to_owned(), span),
        ];
        out.push_str("<tr>");
        for cell in &cells {
            let _ = write!(out, "<td>{}", escape(cell));
        }
    }
    out.push_str("</tbody></table>");
    more(out, inside.len());
}

fn shelters(out: &mut String, a: &Assessment) {
    let mut shelters: Vec<_> = a.shelters.iter().collect();
    shelters.sort_by(|x, y| y.promised.cmp(&x.promised).then(y.free.cmp(&x.free)));
    out.push_str("<h2>Shelters outside</h2>");
    if shelters.is_empty() {
        out.push_str("<p>No shelter outside the zones is known.</p>");
        return;
    }
    out.push_str("<table><thead><tr><th>Shelter<th>State<th>Capacity<th>Free before<th>Promised<th>Still free<th>Source</thead><tbody>");
    for s in shelters.iter().take(ROWS) {
        let number = |n: Option<u64>| n.map_or("unknown".to_owned(), thousands);
        let cells = [
            s.place.title().to_owned(),
            s.place.status.name().to_owned(),
            number(s.place.capacity.map(u64::from)),
            number(s.free.map(u64::from)),
            thousands(s.promised.count()),
            number(s.left()),
            s.place.source.clone(),
        ];
        out.push_str("<tr>");
        for cell in &cells {
            let _ = write!(out, "<td>{}", escape(cell));
        }
    }
    out.push_str("</tbody></table>");
    more(out, shelters.len());
}

fn bridges(out: &mut String, a: &Assessment) {
    if a.bridges.is_empty() {
        return;
    }
    out.push_str("<h2>Bridges on ways to shelters</h2><p>");
    for (k, b) in a.bridges.iter().take(ROWS).enumerate() {
        let name = if b.name.is_empty() { &b.id } else { &b.name };
        let place = b
            .zone
            .map(|z| format!(", inside {}", a.zones[z].zone.name))
            .unwrap_or_default();
        let comma = if k > 0 { "; " } else { "" };
        let _ = write!(
            out,
            "{comma}{} ({} people{}, state {})",
            escape(name),
            thousands(b.people.count()),
            escape(&place),
            b.status.name()
        );
    }
    out.push_str("</p>");
    more(out, a.bridges.len());
}

fn more(out: &mut String, all: usize) {
    if all > ROWS {
        let _ = write!(
            out,
            "<p class=\"more\">{} more are in the files.</p>",
            all - ROWS
        );
    }
}

fn notes(out: &mut String, report: &Report<'_>) {
    out.push_str("<h2>How to read this</h2><ul>");
    for note in &report.assessment.notes {
        let _ = write!(out, "<li>{}", escape(note));
    }
    for s in &report.header.sources {
        let age = s.age_s.map_or("never answered".to_owned(), |age| {
            format!("{} old", span(age as i64))
        });
        let trouble = s
            .trouble
            .as_ref()
            .map(|t| format!("; {t}"))
            .unwrap_or_default();
        let _ = write!(
            out,
            "<li>Source {}: {}, {age}{}.",
            escape(&s.name),
            escape(&s.told),
            escape(&trouble)
        );
    }
    out.push_str("<li>The wave's earliest arrival is the expected one less one standard deviation. Time left is what remains after the way to the shelter, when one leaves now. Shelters inside a zone are not safe and not counted on. Ways are not checked for damage.");
    for (what, f) in [
        ("Water", &report.planning.water),
        ("Covered floor", &report.planning.floor),
        ("Toilets", &report.planning.toilet),
        ("Walking", &report.planning.walking),
    ] {
        let _ = write!(
            out,
            "<li>{what}: {} {} ({}).",
            f.value,
            f.unit,
            escape(&f.source)
        );
    }
    out.push_str("</ul>");
}

fn grouped(figure: Figure) -> String {
    match figure {
        Figure::Unknown => "unknown".to_owned(),
        Figure::AtLeast(people) => format!("at least {}", thousands(people.count())),
        Figure::Known(people) => thousands(people.count()),
    }
}

/// `12 345`, with spaces that do not break.
fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (k, digit) in digits.chars().enumerate() {
        if k > 0 && (digits.len() - k).is_multiple_of(3) {
            out.push('\u{a0}');
        }
        out.push(digit);
    }
    out
}

fn escape(text: &str) -> String {
    quick_xml::escape::escape(text).into_owned()
}
