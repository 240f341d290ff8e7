//! A node's supply with its faults: when it is there, and why the node starts when it comes back.

use super::machine::Cause;
use crate::fault::{Effect, Fault, Phases, PowerFault};
use crate::sensor::earlier;

/// When a node has power.
#[derive(Clone, Debug)]
pub struct Supply {
    faults: Vec<Active>,
    /// Cause that the next start has.
    cause: Cause,
}

#[derive(Clone, Debug)]
struct Active {
    begin_us: u64,
    end_us: Option<u64>,
    fault: PowerFault,
    phases: Option<Phases>,
    /// Bytes on the link since it began, where that matters.
    bytes: u64,
    /// Brown-outs that have happened; for a cut, whether it has.
    happened: u32,
}

/// What the supply wants of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Power, and when it comes, this start.
    On(Cause),
    /// No power.
    Off,
    /// The supply sagged: a start although it is on.
    Again,
}

impl Supply {
    /// The supply of the node called `name`.
    #[must_use]
    pub fn of(faults: &[Fault], name: &str, seed: u64) -> Self {
        let own = faults.iter().filter(|fault| fault.is_on(name));
        let faults = own.filter_map(|fault| {
            let Effect::Power(power) = fault.effect else {
                return None;
            };
            let phases = match power {
                PowerFault::Intermittent { on_us, off_us } => {
                    Some(Phases::new(seed, fault.window, on_us, off_us))
                }
                _ => None,
            };
            Some(Active {
                begin_us: fault.window.begin_us,
                end_us: fault.window.end_us,
                fault: power,
                phases,
                bytes: 0,
                happened: 0,
            })
        });
        Self {
            faults: faults.collect(),
            cause: Cause::PowerOn,
        }
    }

    /// How many of the bytes that the node sends on its link at `now_us` still leave it: the others are cut off.
    pub fn passes(&mut self, bytes: usize, now_us: u64) -> usize {
        let mut passes = bytes;
        for active in &mut self.faults {
            let after = match active.fault {
                PowerFault::Cut {
                    after_bytes: Some(after),
                } => after,
                PowerFault::BrownOut {
                    after_bytes: Some(after),
                    ..
                } => after,
                _ => continue,
            };
            if now_us < active.begin_us || active.happened > 0 {
                continue;
            }
            let left = after.saturating_sub(active.bytes);
            active.bytes += bytes as u64;
            if active.bytes >= after {
                passes = passes.min(usize::try_from(left).unwrap_or(usize::MAX));
            }
        }
        passes
    }

    /// What it wants of the node at `now_us`, which must not run backwards.
    pub fn at(&mut self, now_us: u64) -> Wanted {
        let (mut on, mut again) = (true, false);
        for active in &mut self.faults {
            let began = now_us >= active.begin_us;
            let within = began && active.end_us.is_none_or(|end_us| now_us < end_us);
            match active.fault {
                PowerFault::Cut { after_bytes } => {
                    let is_cut = after_bytes.is_none_or(|after| active.bytes >= after);
                    if within && is_cut {
                        active.happened = 1;
                        on = false;
                        self.cause = Cause::PowerOn;
                    }
                }
                PowerFault::HeldInReset => {
                    if within {
                        on = false;
                        self.cause = Cause::Pin;
                    }
                }
                PowerFault::Late { by_us } => {
                    if now_us < active.begin_us.saturating_add(by_us) {
                        on = false;
                        self.cause = Cause::PowerOn;
                    }
                }
                PowerFault::Intermittent { .. } => {
                    if !active.phases.as_mut().is_none_or(|p| p.is_on(now_us)) {
                        on = false;
                        self.cause = Cause::PowerOn;
                    }
                }
                PowerFault::BrownOut {
                    count, after_bytes, ..
                } => {
                    let is_due = match (after_bytes, active.happened) {
                        (Some(after), 0) => active.bytes >= after,
                        _ => active.next_sag_us().is_some_and(|us| now_us >= us),
                    };
                    if began && is_due && active.happened < count {
                        if active.happened == 0 && after_bytes.is_some() {
                            active.begin_us = now_us;
                        }
                        active.happened += 1;
                        again = true;
                        self.cause = Cause::BrownOut;
                    }
                }
            }
        }
        match (on, again) {
            (false, _) => Wanted::Off,
            (true, true) => Wanted::Again,
            (true, false) => Wanted::On(self.cause),
        }
    }

    /// The cause of the start that happens now; the next one will be an ordinary one.
    pub fn take_cause(&mut self) -> Cause {
        std::mem::replace(&mut self.cause, Cause::PowerOn)
    }

    /// When it wants something else next.
    pub fn next_us(&mut self, now_us: u64) -> Option<u64> {
        let mut next = None;
        for active in &mut self.faults {
            let own = match active.fault {
                PowerFault::Intermittent { .. } => active
                    .phases
                    .as_mut()
                    .and_then(|phases| phases.next_change_us(now_us)),
                PowerFault::Late { by_us } => Some(active.begin_us.saturating_add(by_us)),
                PowerFault::BrownOut { .. } => active.next_sag_us(),
                PowerFault::Cut { .. } | PowerFault::HeldInReset => {
                    let end_us = active.end_us.filter(|us| *us > now_us);
                    Some(active.begin_us).filter(|us| *us > now_us).or(end_us)
                }
            };
            next = earlier(next, own.filter(|us| *us > now_us));
        }
        next
    }
}

impl Active {
    fn next_sag_us(&self) -> Option<u64> {
        let PowerFault::BrownOut {
            count,
            every_us,
            after_bytes,
        } = self.fault
        else {
            return None;
        };
        let waits_for_bytes = after_bytes.is_some() && self.happened == 0;
        (self.happened < count && !waits_for_bytes)
            .then(|| self.begin_us + u64::from(self.happened) * every_us)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn supply(text: &str) -> Supply {
        Supply::of(&[text.parse().expect("a fault")], "node", 3)
    }

    #[test]
    fn a_cut_lasts_as_long_as_its_window() {
        let mut supply = supply("power:off@10s+5s");
        assert_eq!(supply.at(9_999_999), Wanted::On(Cause::PowerOn));
        assert_eq!(supply.next_us(9_999_999), Some(10_000_000));
        assert_eq!(supply.at(10_000_000), Wanted::Off);
        assert_eq!(supply.next_us(10_000_000), Some(15_000_000));
        assert_eq!(supply.at(15_000_000), Wanted::On(Cause::PowerOn));
        assert_eq!(supply.next_us(15_000_000), None);
    }

    #[test]
    fn a_cut_after_bytes_lets_just_those_leave() {
        let mut supply = supply("power:off(after=100)@10s+5s");
        assert_eq!(supply.passes(70, 9_000_000), 70);
        assert_eq!(supply.passes(70, 11_000_000), 70);
        assert_eq!(supply.at(11_000_000), Wanted::On(Cause::PowerOn));
        assert_eq!(supply.passes(70, 12_000_000), 30);
        assert_eq!(supply.at(12_000_000), Wanted::Off);
        assert_eq!(supply.at(15_000_000), Wanted::On(Cause::PowerOn));
        assert_eq!(supply.passes(500, 15_000_000), 500);
    }

    #[test]
    fn brown_outs_come_so_often_and_say_so() {
        let mut supply = supply("power:wrong(count=2,every=3s)@10s");
        assert_eq!(supply.at(9_000_000), Wanted::On(Cause::PowerOn));
        assert_eq!(supply.next_us(9_000_000), Some(10_000_000));
        assert_eq!(supply.at(10_000_000), Wanted::Again);
        assert_eq!(supply.take_cause(), Cause::BrownOut);
        assert_eq!(supply.at(10_000_001), Wanted::On(Cause::PowerOn));
        assert_eq!(supply.next_us(10_000_001), Some(13_000_000));
        assert_eq!(supply.at(13_000_000), Wanted::Again);
        assert_eq!(supply.take_cause(), Cause::BrownOut);
        assert_eq!(
            (supply.at(60_000_000), supply.next_us(60_000_000)),
            (Wanted::On(Cause::PowerOn), None)
        );
    }

    #[test]
    fn a_node_held_in_reset_starts_by_its_pin() {
        let mut supply = supply("power:stuck@1s+1s");
        assert_eq!(supply.at(1_000_000), Wanted::Off);
        assert_eq!(supply.at(2_000_000), Wanted::On(Cause::Pin));
    }
}
