//! Electricity in the core: what meters find and which of them are out together goes to the timeline.

use super::{Core, Output, say};
use crate::columns::Rows;
use crate::intake::quakes::Solution;
use crate::outage::{News, Outage};

fn tell(out: &mut Vec<Output>, news: Vec<News>) {
    for line in news {
        say(out, line.time_us, line.kind, line.text);
    }
}

impl Core {
    pub(super) fn energy_rows(&mut self, rows: &Rows<'_>, out: &mut Vec<Output>) {
        if let Some(energy) = &mut self.energy {
            tell(
                out,
                energy.step(rows, self.detect.order(), &self.intake.stations),
            );
        }
    }

    pub(super) fn energy_tick(&mut self, now_us: i64, out: &mut Vec<Output>) {
        if let Some(energy) = &mut self.energy {
            tell(out, energy.tick(now_us));
        }
    }

    /// Every earthquake that is told counts here, also one too small or too far inland for a tsunami.
    pub(super) fn energy_quake(&mut self, solution: &Solution, now_us: i64, out: &mut Vec<Output>) {
        if let Some(energy) = &mut self.energy {
            let news = energy.quake(&solution.quake, solution.deleted, now_us);
            tell(out, news);
        }
    }

    /// The outages that are on.
    pub fn outages(&self) -> &[Outage] {
        self.energy.as_ref().map_or(&[], |e| e.outages().on())
    }
}
