//! Electricity in the core: what meters find and which of them are out together goes to the timeline.

use super::situations::Gathered;
use super::{Core, Output, say};
use crate::columns::Rows;
use crate::outage::{News, Outage};

fn tell(out: &mut Vec<Output>, gathered: &mut Gathered, news: Vec<News>) {
    for line in news {
        if let Some(key) = line.about {
            gathered.about(out.len(), key);
        }
        say(out, line.time_us, line.kind, line.text);
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
