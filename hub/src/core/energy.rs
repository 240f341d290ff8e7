//! Electricity in the core: what meters find and which of them are out together goes to the timeline.

use std::collections::BTreeMap;

use super::situations::Gathered;
use super::{Core, Output, say};
use crate::columns::Rows;
use crate::outage::{News, Outage};

/// Meters with the same matter in one step are told in one line from this many on.
const TOGETHER: usize = 4;
/// Of which so many are named.
const NAMED: usize = 5;

fn tell(out: &mut Vec<Output>, gathered: &mut Gathered, news: Vec<News>) {
    let mut alike: BTreeMap<(&'static str, &'static str), Vec<News>> = BTreeMap::new();
    let mut line = |time_us, kind, text, key| {
        if let Some(key) = key {
            gathered.about(out.len(), key);
        }
        say(out, time_us, kind, text);
    };
    for news in news {
        match news.meter {
            Some((_, what)) => alike.entry((news.kind, what)).or_default().push(news),
            None => line(news.time_us, news.kind, news.text, news.about),
        }
    }
    for ((kind, what), all) in alike {
        if all.len() < TOGETHER {
            for one in all {
                line(one.time_us, kind, one.text, one.about);
            }
            continue;
        }
        let names: Vec<&str> = all
            .iter()
            .filter_map(|n| Some(n.meter.as_ref()?.0.as_str()))
            .take(NAMED)
            .collect();
        let more = match all.len() - names.len() {
            0 => String::new(),
            n => format!(" and {n} more"),
        };
        let over = if kind.ends_with("_over") { " over" } else { "" };
        let text = format!(
            "{what}{over} at {} meters: {}{more}",
            all.len(),
            names.join(", ")
        );
        let time_us = all.iter().map(|n| n.time_us).min().unwrap_or_default();
        line(time_us, kind, text, all.into_iter().find_map(|n| n.about));
    }
}

impl Core {
    pub(super) fn energy_rows(&mut self, rows: &Rows<'_>, out: &mut Vec<Output>) {
        if let Some(energy) = &mut self.energy {
            let news = energy.step(rows, self.detect.order(), &self.intake.stations);
            tell(out, &mut self.gathered, news);
        }
    }

    pub(super) fn energy_tick(&mut self, now_us: i64, out: &mut Vec<Output>) {
        if let Some(energy) = &mut self.energy {
            let news = energy.tick(now_us);
            tell(out, &mut self.gathered, news);
        }
    }

    /// The outages that are on.
    pub fn outages(&self) -> &[Outage] {
        self.energy.as_ref().map_or(&[], |e| e.outages().on())
    }
}
