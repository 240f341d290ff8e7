//! What the timeline says of outages.

use super::{News, Outage};
use crate::alert::text::utc;

fn news(time_us: i64, kind: &'static str, text: String, about: Option<&Outage>) -> News {
    News {
        time_us,
        kind,
        text,
        about: about.map(Outage::key),
        meter: None,
    }
}

fn area(km2: f64) -> String {
    if km2 < 10.0 {
        format!("{km2:.1} km2")
    } else {
        format!("{km2:.0} km2")
    }
}

fn length(us: i64) -> String {
    let minutes = us.max(0) / 60_000_000;
    if minutes < 120 {
        format!("{minutes} min")
    } else {
        format!("{} h {} min", minutes / 60, minutes % 60)
    }
}

pub fn outage(outage: &Outage, first: bool, by_word: usize, near: &str, now_us: i64) -> News {
    let out = outage.out.len();
    let text = format!(
        "{}{}: {out} of {} meters near {near} are out since {}, over {}: {by_word} read no voltage, {} are silent",
        outage.id,
        if first { "" } else { " grows" },
        outage.of,
        utc(outage.since_us),
        area(outage.area_km2),
        out - by_word,
    );
    news(now_us, "outage", text, Some(outage))
}

pub fn joined(id: &str, outage: &Outage, now_us: i64) -> News {
    let text = format!("{id} is part of {} now", outage.id);
    news(now_us, "outage", text, Some(outage))
}

pub fn restored(outage: &Outage, now_us: i64) -> News {
    let left = match outage.out.len() {
        0 => String::new(),
        1 => "; 1 is still out".to_owned(),
        n => format!("; {n} are still out"),
    };
    let text = format!(
        "{} is restored after {}: {} of {} meters are back{left}",
        outage.id,
        length(now_us.saturating_sub(outage.since_us)),
        outage.members.len() - outage.out.len(),
        outage.members.len(),
    );
    news(now_us, "outage_over", text, Some(outage))
}

pub fn link_lost(edge: &str, meters: usize, heard_us: i64, now_us: i64) -> News {
    let text = format!(
        "all {meters} meters of edge {edge} are silent since {} and none reported losing voltage: the edge or its link is lost, which is no outage; what happens there is not known",
        utc(heard_us)
    );
    news(now_us, "link_lost", text, None)
}

pub fn link_back(edge: &str, now_us: i64) -> News {
    news(now_us, "link_back", format!("edge {edge} is back"), None)
}
