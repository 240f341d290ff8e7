//! One condition over time: begun, sustained, ended, with what the readings can and cannot say about its length.

use super::{Span, Stage};

/// How a reading stands to a limit with hysteresis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Clearly inside: ends the condition.
    Inside,
    /// Inside the limit and not yet back by the hysteresis: keeps what holds.
    Between,
    /// Beyond the limit.
    Beyond,
}

/// How long things take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    /// The condition is told once it has certainly lasted this long, microseconds.
    pub least_us: i64,
    /// It is told again when it has certainly lasted longer than this; `i64::MAX` for never.
    pub sustained_us: i64,
    /// Time between readings further apart than this is not certain to belong to the condition, microseconds.
    pub gap_us: i64,
}

/// What changed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Told {
    pub stage: Stage,
    pub since_us: i64,
    pub extreme: f64,
    pub span: Span,
}

/// State of one condition.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Condition {
    /// Time of the first reading beyond the limit; `None` when nothing is under way.
    since_us: Option<i64>,
    told: bool,
    sustained: bool,
    /// Time of the latest reading, whatever it said.
    latest_us: Option<i64>,
    /// Certain and possible length so far, microseconds: steps are added, so that a clock set back takes nothing away.
    least_us: i64,
    most_us: i64,
    extreme: f64,
}

impl Condition {
    pub(super) const IDLE: Self = Self {
        since_us: None,
        told: false,
        sustained: false,
        latest_us: None,
        least_us: 0,
        most_us: 0,
        extreme: 0.0,
    };

    /// Whether it has been told and not ended.
    pub(super) fn is_active(&self) -> bool {
        self.told
    }

    /// When it began, if it is under way.
    pub(super) fn since_us(&self) -> Option<i64> {
        self.since_us
    }

    /// Takes a finite reading. `worse` says whether the first value is a worse extreme than the second.
    pub(super) fn step(
        &mut self,
        time_us: i64,
        verdict: Verdict,
        value: f64,
        worse: fn(f64, f64) -> bool,
        rules: Rules,
    ) -> Option<Told> {
        let step_us = self
            .latest_us
            .map_or(0, |latest| time_us.saturating_sub(latest).max(0));
        self.latest_us = Some(time_us);
        if self.since_us.is_none() {
            if verdict != Verdict::Beyond {
                return None;
            }
            *self = Self {
                since_us: Some(time_us),
                latest_us: self.latest_us,
                // It may have begun right after the reading before.
                most_us: step_us,
                extreme: value,
                ..Self::IDLE
            };
        } else if verdict == Verdict::Inside {
            // It may have ended right before this reading, or right after the one before.
            self.most_us = self.most_us.saturating_add(step_us);
            return self.end();
        } else {
            self.most_us = self.most_us.saturating_add(step_us);
            if step_us <= rules.gap_us {
                self.least_us = self.least_us.saturating_add(step_us);
            }
            if worse(value, self.extreme) {
                self.extreme = value;
            }
        }
        if !self.told && self.least_us >= rules.least_us {
            self.told = true;
            self.sustained = self.least_us > rules.sustained_us;
            return self.tell(Stage::Onset);
        }
        if self.told && !self.sustained && self.least_us > rules.sustained_us {
            self.sustained = true;
            return self.tell(Stage::Sustained);
        }
        None
    }

    /// Ends what is under way; tells it if it was told.
    pub(super) fn end(&mut self) -> Option<Told> {
        let told = self.told.then(|| self.tell(Stage::End)).flatten();
        *self = Self {
            latest_us: self.latest_us,
            ..Self::IDLE
        };
        told
    }

    fn tell(&self, stage: Stage) -> Option<Told> {
        Some(Told {
            stage,
            since_us: self.since_us?,
            extreme: self.extreme,
            span: Span {
                least_us: self.least_us,
                most_us: self.most_us,
            },
        })
    }
}

/// For limits from above.
pub(super) fn higher(a: f64, b: f64) -> bool {
    a > b
}

/// For limits from below.
pub(super) fn lower(a: f64, b: f64) -> bool {
    a < b
}

/// For signed quantities.
pub(super) fn farther(a: f64, b: f64) -> bool {
    a.abs() > b.abs()
}

/// Above `limit`, back inside at `limit - back`.
pub(super) fn above(value: f64, limit: f64, back: f64) -> Verdict {
    if value > limit {
        Verdict::Beyond
    } else if value <= limit - back {
        Verdict::Inside
    } else {
        Verdict::Between
    }
}

/// Below `limit`, back inside at `limit + back`.
pub(super) fn below(value: f64, limit: f64, back: f64) -> Verdict {
    if value < limit {
        Verdict::Beyond
    } else if value >= limit + back {
        Verdict::Inside
    } else {
        Verdict::Between
    }
}
