//! Keeps a node set as the configuration says: read, compare, write, read back.
//!
//! Invariants: a write is sent only after the node has told what it is set to, names only what differs, and carries the
//! revision after the node's, so that its repetition after a lost answer changes nothing; what counts is what the node
//! says in the end. A node that answers [`TRIES`] times without having taken the values has refused them, and is left
//! alone until the configuration or its boot changes.
//!
//! Refuses: to read a clock, or to ask in version 1, which has no settings.

use std::collections::BTreeMap;

use serde::Serialize;
use wire::frame::{Body, MAX_SETTINGS, Setting, SettingKey, Version};

use crate::config::node::shown;

/// First pause before the same question again, microseconds; doubled each time.
const PAUSE_US: i64 = 5_000_000;

/// Longest pause.
const PAUSE_MAX_US: i64 = 600_000_000;

/// Answers after a write that leave values as they were: one may have crossed the write on its way.
const TRIES: u32 = 3;

/// What became of the wanted settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// The configuration wants nothing.
    Unmanaged,
    /// Not known yet whether the node has them.
    Pending,
    /// The node says that it has them.
    Applied,
    /// The node does not take them.
    Refused,
    /// The node speaks a version without settings.
    Unsupported,
}

/// The settings of one node in the status document.
#[derive(Debug, Clone, Serialize)]
pub struct SettingsReport {
    /// What became of those wanted.
    pub state: Standing,
    /// Revision in force; absent before the node has told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision: Option<u32>,
    /// What is in force, as the node says.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub in_force: BTreeMap<String, serde_json::Value>,
    /// Wanted, but not in force.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub wanted: BTreeMap<String, serde_json::Value>,
}

/// One node's settings.
#[derive(Debug)]
pub struct Keeper {
    wanted: Vec<Setting>,
    in_force: Option<(u32, Vec<Setting>)>,
    version: Version,
    /// Answers since the last write was sent, while it is not fulfilled.
    vain: Option<u32>,
    refused: bool,
    next_us: Option<i64>,
    pause_us: i64,
    /// Read also when nothing is wanted: there is a board to look after.
    curious: bool,
}

impl Keeper {
    /// Wants `wanted`.
    pub fn new(wanted: Vec<Setting>) -> Self {
        Self {
            wanted,
            in_force: None,
            version: Version::default(),
            vain: None,
            refused: false,
            next_us: None,
            pause_us: PAUSE_US,
            curious: false,
        }
    }

    /// Wants `wanted` from now on.
    pub fn want(&mut self, wanted: Vec<Setting>) {
        if !same_all(&self.wanted, &wanted) {
            let in_force = self.in_force.take();
            *self = Self {
                in_force,
                version: self.version,
                curious: self.curious,
                ..Self::new(wanted)
            };
        }
    }

    /// The node has told who it is. `curious`: its settings are worth reading although none is wanted.
    pub fn born(&mut self, revision: u32, curious: bool) {
        self.curious = curious;
        if self
            .in_force
            .as_ref()
            .is_none_or(|(known, _)| *known != revision)
        {
            self.restart();
        }
    }

    /// Nothing is known of the node: its settings are worth reading although none is wanted.
    pub fn curious(&mut self) {
        self.curious = true;
    }

    /// The node has started anew: what it is set to must be read again.
    pub fn restart(&mut self) {
        let wanted = std::mem::take(&mut self.wanted);
        *self = Self {
            version: self.version,
            curious: self.curious,
            ..Self::new(wanted)
        };
    }

    /// The question or the write that is due at `now_us`, to a node that has just spoken in `version`.
    pub fn due(&mut self, now_us: i64, version: Version) -> Option<Body> {
        self.version = version;
        let idle = self.wanted.is_empty() && !self.curious;
        if version < Version::V2 || self.refused || idle {
            return None;
        }
        let body = match &self.in_force {
            None => Body::ReadSettings,
            Some((revision, _)) => {
                let values = self.missing().into_iter().take(MAX_SETTINGS).collect();
                // At the last number there is no way on: the board must be made anew.
                let revision = revision.checked_add(1)?;
                Body::SetSettings { revision, values }
            }
        };
        if matches!(&body, Body::SetSettings { values, .. } if values.is_empty()) {
            return None;
        }
        // A clock that was set back must not make the pause any longer.
        let wait = |next_us: i64| (1..=PAUSE_MAX_US).contains(&next_us.saturating_sub(now_us));
        if self.next_us.is_some_and(wait) {
            return None;
        }
        self.next_us = Some(now_us.saturating_add(self.pause_us));
        self.pause_us = (self.pause_us * 2).min(PAUSE_MAX_US);
        if matches!(body, Body::SetSettings { .. }) {
            self.vain = self.vain.or(Some(0));
        }
        Some(body)
    }

    /// The node has told its settings.
    pub fn told(&mut self, revision: u32, values: &[Setting]) {
        self.in_force = Some((revision, values.to_vec()));
        if self.missing().is_empty() {
            (self.vain, self.refused) = (None, false);
        } else if let Some(vain) = &mut self.vain {
            *vain += 1;
            if *vain >= TRIES {
                (self.vain, self.refused) = (None, true);
            }
        }
        // It is there and answers: no reason to wait.
        (self.next_us, self.pause_us) = (None, PAUSE_US);
    }

    fn missing(&self) -> Vec<Setting> {
        let in_force = self.in_force.as_ref().map_or(&[][..], |(_, values)| values);
        let has = |wanted: &&Setting| in_force.iter().any(|value| same(value, wanted));
        self.wanted
            .iter()
            .filter(|wanted| !has(wanted))
            .copied()
            .collect()
    }

    /// What became of the wanted settings.
    pub fn standing(&self) -> Standing {
        match &self.in_force {
            _ if self.wanted.is_empty() => Standing::Unmanaged,
            _ if self.version < Version::V2 => Standing::Unsupported,
            _ if self.refused => Standing::Refused,
            Some(_) if self.missing().is_empty() => Standing::Applied,
            _ => Standing::Pending,
        }
    }

    /// For the status document; `None` where there is nothing to say.
    pub fn report(&self) -> Option<SettingsReport> {
        if self.wanted.is_empty() && self.in_force.is_none() {
            return None;
        }
        let named = |values: &[Setting]| {
            values
                .iter()
                .map(|setting| {
                    let name = match SettingKey::from_code(setting.key) {
                        Some(key) => key.name().to_owned(),
                        None => format!("setting_{}", setting.key),
                    };
                    (name, shown(setting))
                })
                .collect()
        };
        Some(SettingsReport {
            state: self.standing(),
            revision: self.in_force.as_ref().map(|(revision, _)| *revision),
            in_force: self
                .in_force
                .as_ref()
                .map(|(_, values)| named(values))
                .unwrap_or_default(),
            wanted: named(&self.missing()),
        })
    }
}

fn same(a: &Setting, b: &Setting) -> bool {
    a.key == b.key && (a.value == b.value || a.value.is_nan() && b.value.is_nan())
}

fn same_all(a: &[Setting], b: &[Setting]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interval(ms: f64) -> Setting {
        Setting::new(SettingKey::SampleIntervalMs, ms)
    }
    fn off() -> Setting {
        Setting::new(SettingKey::ThresholdAbove, f64::NAN)
    }

    #[test]
    fn reads_writes_what_differs_and_reads_back() {
        let mut keeper = Keeper::new(vec![interval(1_000.0), off()]);
        assert_eq!(keeper.standing(), Standing::Pending);
        assert_eq!(keeper.due(0, Version::V2), Some(Body::ReadSettings));
        assert_eq!(
            keeper.due(1_000_000, Version::V2),
            None,
            "an answer takes its time"
        );
        assert_eq!(keeper.due(5_000_000, Version::V2), Some(Body::ReadSettings));
        keeper.told(7, &[interval(15_000.0), off()]);
        let write = Some(Body::SetSettings {
            revision: 8,
            values: [interval(1_000.0)].into_iter().collect(),
        });
        assert_eq!(keeper.due(6_000_000, Version::V2), write);
        assert_eq!(
            keeper.due(11_000_000, Version::V2),
            write,
            "its answer was lost: the same again"
        );
        keeper.told(8, &[interval(1_000.0), off()]);
        assert_eq!(keeper.standing(), Standing::Applied);
        assert_eq!(keeper.due(i64::MAX, Version::V2), None);
        let report = keeper.report().unwrap();
        assert_eq!(report.in_force["sample_interval_ms"], 1_000);
        assert_eq!(report.in_force["threshold_above"], "off");
        assert!(report.wanted.is_empty());
    }

    #[test]
    fn a_refusal_shows_and_ends_with_a_new_wish_or_a_new_boot() {
        let mut keeper = Keeper::new(vec![interval(1.0)]);
        assert!(keeper.due(0, Version::V2).is_some());
        keeper.told(0, &[interval(15_000.0)]);
        for now_us in 1..=3 {
            assert!(matches!(
                keeper.due(now_us, Version::V2),
                Some(Body::SetSettings { revision: 1, .. })
            ));
            keeper.told(0, &[interval(15_000.0)]);
        }
        assert_eq!(keeper.standing(), Standing::Refused);
        assert_eq!(keeper.due(i64::MAX, Version::V2), None);
        keeper.want(vec![interval(2_000.0)]);
        assert!(matches!(
            keeper.due(9, Version::V2),
            Some(Body::SetSettings { .. })
        ));
        keeper.told(1, &[interval(2_000.0)]);
        assert_eq!(keeper.standing(), Standing::Applied);
        keeper.born(0, false);
        assert_eq!(
            keeper.due(10, Version::V2),
            Some(Body::ReadSettings),
            "somebody has put in a new board"
        );
    }

    /// The edge's clock was a year ahead when it asked, and was then set right: it did not ask again for a year.
    #[test]
    fn a_clock_that_is_set_back_delays_nothing() {
        let year_us = 365 * 86_400 * 1_000_000;
        let mut keeper = Keeper::new(vec![interval(1_000.0)]);
        assert!(keeper.due(year_us, Version::V2).is_some());
        assert!(keeper.due(year_us + 1, Version::V2).is_none());
        assert!(keeper.due(0, Version::V2).is_some());
        assert!(keeper.due(1, Version::V2).is_none());
    }

    #[test]
    fn old_nodes_and_wishless_ones_are_left_alone() {
        let mut keeper = Keeper::new(vec![interval(1_000.0)]);
        assert_eq!(keeper.due(0, Version::V1), None);
        assert_eq!(keeper.standing(), Standing::Unsupported);
        let mut keeper = Keeper::new(Vec::new());
        assert_eq!(
            (keeper.due(0, Version::V2), keeper.standing()),
            (None, Standing::Unmanaged)
        );
        keeper.born(3, true);
        assert_eq!(keeper.due(0, Version::V2), Some(Body::ReadSettings));
        keeper.told(3, &[]);
        assert_eq!(keeper.due(9, Version::V2), None);
        keeper.told(u32::MAX, &[]);
        keeper.want(vec![off()]);
        assert_eq!(keeper.due(99, Version::V2), None, "no revision is left");
    }
}
