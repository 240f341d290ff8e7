//! A contact with faults.
//!
//! | Kind | What the contact does |
//! |---|---|
//! | off | stays open |
//! | stuck | stays as it was when the fault began |
//! | garbage(rate) | closes and opens at random, on the mean 20 times a second at rate 1 |
//! | wrong | is closed when it should be open |
//! | slow(bps) | follows after ten bit times, and not at all what is shorter |
//! | delayed(by) | changes later |
//! | intermittent(on, off) | is open in the phases without contact |

use super::{ByteFault, Channel, Effect, Fault, Phases, ValueFault, Window};
use crate::sensor::inductive_loop::{Contact, Edge};
use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::{Rng as _, SeedableRng as _};

/// Mean distance of random edges at rate 1, microseconds.
const GARBAGE_US: f64 = 50_000.0;

/// Most edges that a fault adds.
const MAX_ADDED: usize = 1_000_000;

/// What becomes of the level from an instant on.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Control {
    Pass,
    Fixed(bool),
    Inverted,
}

/// The contact with the faults of the channel `sensor` that are on `name`, one after the other. `until_us` bounds a fault
/// that does not end.
#[must_use]
pub fn faulty(
    contact: &Contact,
    name: &str,
    faults: &[Fault],
    seed: u64,
    until_us: u64,
) -> Contact {
    let own = faults
        .iter()
        .filter(|fault| fault.channel == Channel::Sensor && fault.is_on(name));
    let mut edges = contact.edges().to_vec();
    for (index, fault) in own.enumerate() {
        let seed = seed.wrapping_add(index as u64 + 1);
        let window = Window::new(
            fault.window.begin_us,
            Some(fault.window.end_us.unwrap_or(until_us).min(until_us)),
        );
        edges = apply(&edges, window, &fault.effect, seed);
    }
    Contact::new(edges)
}

fn apply(edges: &[Edge], window: Window, effect: &Effect, seed: u64) -> Vec<Edge> {
    let end_us = window.end_us.unwrap_or(u64::MAX);
    let whole = |control| vec![(window.begin_us, control), (end_us, Control::Pass)];
    match effect {
        Effect::Bytes(ByteFault::Off) => gated(edges, &whole(Control::Fixed(false))),
        Effect::Value(ValueFault::Stuck) => {
            let level = level_at(edges, window.begin_us);
            gated(edges, &whole(Control::Fixed(level)))
        }
        Effect::Value(ValueFault::Wrong { .. }) => gated(edges, &whole(Control::Inverted)),
        Effect::Bytes(ByteFault::Garbage { rate }) => {
            gated(edges, &random_levels(window, *rate, seed))
        }
        Effect::Bytes(ByteFault::Intermittent { on_us, off_us }) => {
            let mut phases = Phases::new(seed, window, *on_us, *off_us);
            let mut controls = Vec::new();
            let mut us = window.begin_us;
            while let Some(next_us) = phases.next_change_us(us) {
                let on = phases.is_on(us);
                controls.push((
                    us,
                    if on {
                        Control::Pass
                    } else {
                        Control::Fixed(false)
                    },
                ));
                us = next_us;
                if controls.len() >= MAX_ADDED {
                    break;
                }
            }
            controls.push((end_us, Control::Pass));
            gated(edges, &controls)
        }
        Effect::Bytes(ByteFault::Delayed { by_us }) => shifted(edges, window, *by_us),
        Effect::Bytes(ByteFault::Slow { bits_per_s }) => {
            let us = 10_000_000 / u64::from((*bits_per_s).max(1));
            shifted(&without_short(edges, window, us), window, us)
        }
        // Messages and processes are nothing that a contact has.
        _ => edges.to_vec(),
    }
}

fn level_at(edges: &[Edge], us: u64) -> bool {
    let after = edges.partition_point(|edge| edge.time_us <= us);
    after
        .checked_sub(1)
        .and_then(|at| edges.get(at))
        .is_some_and(|edge| edge.closed)
}

/// The level as the controls make it, from the edges of both.
fn gated(edges: &[Edge], controls: &[(u64, Control)]) -> Vec<Edge> {
    let mut out = Vec::with_capacity(edges.len() + controls.len());
    let (mut level, mut control) = (false, Control::Pass);
    let (mut edge_at, mut control_at) = (0, 0);
    loop {
        let edge = edges.get(edge_at);
        let next = controls.get(control_at);
        let time_us = match (edge, next) {
            (Some(edge), Some((us, _))) => edge.time_us.min(*us),
            (Some(edge), None) => edge.time_us,
            (None, Some((us, _))) => *us,
            (None, None) => return out,
        };
        if let Some(edge) = edge.filter(|edge| edge.time_us == time_us) {
            level = edge.closed;
            edge_at += 1;
        }
        if let Some((_, new)) = next.filter(|(us, _)| *us == time_us) {
            control = *new;
            control_at += 1;
        }
        let closed = match control {
            Control::Pass => level,
            Control::Fixed(fixed) => fixed,
            Control::Inverted => !level,
        };
        out.push(Edge { time_us, closed });
    }
}

fn random_levels(window: Window, rate: f64, seed: u64) -> Vec<(u64, Control)> {
    let end_us = window.end_us.unwrap_or(u64::MAX);
    let mut controls = Vec::new();
    if rate > 0.0 {
        let mut random = Pcg64Mcg::seed_from_u64(seed);
        let mut us = window.begin_us;
        let mut closed = false;
        while us < end_us && controls.len() < MAX_ADDED {
            closed = !closed;
            controls.push((us, Control::Fixed(closed)));
            let unit = ((random.next_u64() >> 11) + 1) as f64 / (1_u64 << 53) as f64;
            let wait_us = -GARBAGE_US / rate * unit.ln();
            us = us.saturating_add(1 + wait_us as u64);
        }
    }
    controls.push((end_us, Control::Pass));
    controls
}

/// Edges within the window come later; none overtakes another.
fn shifted(edges: &[Edge], window: Window, by_us: u64) -> Vec<Edge> {
    let mut last_us = 0;
    edges
        .iter()
        .map(|edge| {
            let late_us = if window.contains(edge.time_us) {
                by_us
            } else {
                0
            };
            last_us = edge.time_us.saturating_add(late_us).max(last_us);
            Edge {
                time_us: last_us,
                closed: edge.closed,
            }
        })
        .collect()
}

/// Without the levels that begin within the window and are shorter than `us`.
fn without_short(edges: &[Edge], window: Window, us: u64) -> Vec<Edge> {
    let mut out: Vec<Edge> = Vec::with_capacity(edges.len());
    for &edge in edges {
        let short = out
            .last()
            .is_some_and(|last| window.contains(last.time_us) && edge.time_us - last.time_us < us);
        if short {
            out.pop();
            // What was before goes on, unless this edge changes that.
            if out.last().is_some_and(|last| last.closed) == edge.closed {
                continue;
            }
        }
        out.push(edge);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contact() -> Contact {
        Contact::new(
            (0..100)
                .flat_map(|k| [(k * 1_000_000, true), (k * 1_000_000 + 200_000, false)])
                .map(|(time_us, closed)| Edge { time_us, closed })
                .collect(),
        )
    }

    fn with(text: &str) -> Contact {
        let fault = text.parse().expect("a fault");
        faulty(&contact(), "loop", &[fault], 1, 100_000_000)
    }

    fn closed_at(contact: &Contact, us: u64) -> bool {
        level_at(contact.edges(), us)
    }

    #[test]
    fn faults_of_a_contact_do_what_the_table_says_and_end() {
        for (text, inside) in [
            ("sensor:off@10s+5s", (false, false)),
            ("sensor:stuck@10100ms+5s", (true, true)),
            ("sensor:stuck@10500ms+5s", (false, false)),
            ("sensor:wrong@10s+5s", (false, true)),
            ("sensor:delayed(by=300ms)@10s+5s", (false, true)),
        ] {
            let faulty = with(text);
            // 12.1 s is in a pulse, 12.4 s behind it.
            let levels = (
                closed_at(&faulty, 12_100_000),
                closed_at(&faulty, 12_400_000),
            );
            assert_eq!(levels, inside, "{text}");
            for k in (0..9).chain(17..99) {
                let us = k * 1_000_000;
                let levels = (
                    closed_at(&faulty, us + 100_000),
                    closed_at(&faulty, us + 250_000),
                );
                assert_eq!(levels, (true, false), "{text} at {us}");
            }
        }
    }

    #[test]
    fn a_slow_contact_misses_what_is_short() {
        // 10 bits at 40 a second: 250 ms, longer than the pulses of 200 ms.
        let slow = with("sensor:slow(bps=40)@10s+5s");
        assert_eq!(slow.edges().len(), contact().edges().len() - 2 * 5);
        let slow = with("sensor:slow(bps=100)@10s+5s");
        assert_eq!(slow.edges().len(), contact().edges().len());
        assert!(!closed_at(&slow, 12_050_000) && closed_at(&slow, 12_250_000));
    }

    #[test]
    fn random_and_intermittent_contacts_follow_their_seed() {
        let garbage: Fault = "sensor:garbage@10s+50s".parse().expect("a fault");
        let faults = [garbage];
        let first = faulty(&contact(), "loop", &faults, 1, 100_000_000);
        assert_eq!(first, faulty(&contact(), "loop", &faults, 1, 100_000_000));
        assert_ne!(first, faulty(&contact(), "loop", &faults, 2, 100_000_000));
        let within = first
            .edges()
            .iter()
            .filter(|edge| (10_000_000..60_000_000).contains(&edge.time_us))
            .count();
        // 1,000 expected, scatter 32.
        assert!((850..1_150).contains(&within), "{within}");
        assert_eq!(
            faulty(&contact(), "other", &faults, 1, 1),
            first_without_edges(&contact())
        );

        let broken = with("sensor:intermittent(on=3s,off=3s)@10s+60s");
        let pulses = |contact: &Contact| contact.edges().iter().filter(|e| e.closed).count();
        let lost = pulses(&contact()) - pulses(&broken);
        assert!((15..50).contains(&lost), "{lost}");
    }

    /// A fault whose window is empty leaves the contact alone.
    fn first_without_edges(contact: &Contact) -> Contact {
        contact.clone()
    }
}
