//! What is ordered now, from the messages that were issued: for each event and zone one signal, or an end.
//!
//! Pure: the same messages give the same orders under the same ids, so a hub that starts again orders what it ordered before, and an
//! edge that has done it already only says so.

use sha2::{Digest as _, Sha256};
use wire::command::CommandId;
use wire::topic::Mode;

use super::settings::SirenZone;
use crate::alert::Level;
use crate::view::AlertView;

/// How long an end is told to edges that do not answer, microseconds: longer than any siren sounds by itself.
const SILENCE_LASTS_US: i64 = 30 * 60 * 1_000_000;

/// Most orders at a time; past it, something issues events without end.
const MAX_ORDERS: usize = 10_000;

/// What is ordered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// Sound this signal.
    Sound(String),
    /// Stop.
    Silence,
}

/// One order for one zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Its id on the wire.
    pub id: CommandId,
    /// Event.
    pub event: String,
    /// Zone, by its place in the configuration.
    pub zone: usize,
    /// How seriously it is meant.
    pub mode: Mode,
    /// What to do.
    pub kind: Kind,
    /// Identifier of the message that first said so.
    pub alert: String,
    /// When that was sent, microseconds since the Unix epoch.
    pub since_us: i64,
    /// Until when it holds unless renewed.
    pub until_us: i64,
}

/// All orders.
#[derive(Debug, Default)]
pub struct Book {
    orders: Vec<Order>,
}

impl Book {
    /// What is ordered now.
    pub fn orders(&self) -> &[Order] {
        &self.orders
    }

    /// The newest order to sound in a zone.
    pub fn sounding(&self, zone: usize) -> Option<&Order> {
        let sound = |order: &&Order| order.zone == zone && order.kind != Kind::Silence;
        self.orders
            .iter()
            .filter(sound)
            .max_by_key(|order| order.since_us)
    }

    /// Takes a message that was issued, with the level of each zone in it; returns what is ordered anew.
    pub fn issued(
        &mut self,
        deployment: &str,
        alert: &AlertView,
        zones: &[SirenZone],
        levels: &[Level],
    ) -> Vec<Order> {
        let mut fresh = Vec::new();
        for (at, (zone, level)) in zones.iter().zip(levels).enumerate() {
            let ours = |order: &Order| {
                order.event == alert.event && order.zone == at && order.kind != Kind::Silence
            };
            let standing = self.orders.iter().position(ours);
            let kind = match (zone.signal(*level), standing) {
                (Some(signal), Some(order))
                    if self.orders[order].kind == Kind::Sound(signal.to_owned()) =>
                {
                    self.orders[order].until_us = alert.expires_us;
                    continue;
                }
                (Some(signal), _) => Kind::Sound(signal.to_owned()),
                (None, Some(_)) => Kind::Silence,
                (None, None) => continue,
            };
            if let Some(order) = standing {
                self.orders.remove(order);
            }
            // Another event may want this zone's sirens still.
            if kind == Kind::Silence && self.sounding(at).is_some() {
                continue;
            }
            if kind != Kind::Silence {
                self.orders
                    .retain(|order| order.zone != at || order.kind != Kind::Silence);
            }
            if self.orders.len() >= MAX_ORDERS {
                tracing::error!(
                    event = alert.event,
                    "too many orders to sirens at a time: this one is not given"
                );
                continue;
            }
            let order = Order {
                id: id(deployment, alert, &zone.id, &kind),
                event: alert.event.clone(),
                zone: at,
                mode: alert.mode,
                until_us: match kind {
                    Kind::Sound(_) => alert.expires_us,
                    Kind::Silence => alert.sent_us.saturating_add(SILENCE_LASTS_US),
                },
                kind,
                alert: alert.identifier.clone(),
                since_us: alert.sent_us,
            };
            self.orders.push(order.clone());
            fresh.push(order);
        }
        fresh
    }

    /// Forgets what does not hold any more.
    pub fn pass(&mut self, now_us: i64) {
        self.orders.retain(|order| order.until_us > now_us);
    }
}

/// The first half of a SHA-256 over what makes the order what it is, each part with its length.
fn id(deployment: &str, alert: &AlertView, zone: &str, kind: &Kind) -> CommandId {
    let (what, signal) = match kind {
        Kind::Sound(signal) => ("sound", signal.as_str()),
        Kind::Silence => ("silence", ""),
    };
    let mut hash = Sha256::new();
    for part in [
        deployment,
        alert.mode.name(),
        &alert.event,
        zone,
        what,
        signal,
        &alert.identifier,
    ] {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    let mut id = [0; 16];
    id.copy_from_slice(&hash.finalize()[..16]);
    CommandId(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(id: &str, major: Option<&str>) -> SirenZone {
        SirenZone {
            id: id.to_owned(),
            zones: Vec::new(),
            areas: Vec::new(),
            sirens: Vec::new(),
            places: Default::default(),
            advisory: None,
            warning: Some("warning".to_owned()),
            major: major.map(str::to_owned),
        }
    }

    fn alert(event: &str, n: i64) -> AlertView {
        AlertView {
            identifier: format!("w.{event}.{n}"),
            file: String::new(),
            event: event.to_owned(),
            mode: Mode::Exercise,
            msg_type: "Alert".to_owned(),
            severity: String::new(),
            sent_us: n,
            expires_us: n + 100,
            headline: String::new(),
            summary: String::new(),
            areas: Vec::new(),
            superseded: false,
            xml: "".into(),
        }
    }

    fn kinds(orders: &[Order]) -> Vec<(usize, &Kind)> {
        orders
            .iter()
            .map(|order| (order.zone, &order.kind))
            .collect()
    }

    #[test]
    fn a_warning_sounds_an_advisory_does_not_and_an_update_renews() {
        let zones = [zone("a", None), zone("b", Some("evacuate"))];
        let mut book = Book::default();
        let mut issued = |n, levels: [Level; 2]| {
            let fresh = book.issued("d", &alert("e", n), &zones, &levels);
            (fresh, book.orders().to_vec())
        };
        let (first, _) = issued(1, [Level::Advisory, Level::Warning]);
        let warning = Kind::Sound("warning".to_owned());
        assert_eq!(kinds(&first), [(1, &warning)]);
        let (again, standing) = issued(2, [Level::None, Level::Warning]);
        assert!(again.is_empty(), "the same order is not given twice");
        assert_eq!((standing[0].id, standing[0].until_us), (first[0].id, 102));
        let (risen, standing) = issued(3, [Level::Major, Level::Major]);
        let evacuate = Kind::Sound("evacuate".to_owned());
        assert_eq!(kinds(&risen), [(0, &warning), (1, &evacuate)]);
        assert_eq!(
            standing.len(),
            2,
            "the stronger signal takes the weaker one's place"
        );
        let (off, standing) = issued(4, [Level::None, Level::None]);
        assert_eq!(kinds(&off), [(0, &Kind::Silence), (1, &Kind::Silence)]);
        assert_eq!(standing, off);
        book.pass(4 + SILENCE_LASTS_US);
        assert!(book.orders().is_empty());
    }

    #[test]
    fn the_end_of_one_event_does_not_silence_another() {
        let zones = [zone("a", None)];
        let mut book = Book::default();
        book.issued("d", &alert("e", 1), &zones, &[Level::Warning]);
        book.issued("d", &alert("f", 2), &zones, &[Level::Warning]);
        assert!(
            book.issued("d", &alert("e", 3), &zones, &[Level::None])
                .is_empty()
        );
        assert_eq!(book.sounding(0).map(|o| o.event.as_str()), Some("f"));
        let off = book.issued("d", &alert("f", 4), &zones, &[Level::None]);
        assert_eq!(kinds(&off), [(0, &Kind::Silence)]);
        book.issued("d", &alert("g", 5), &zones, &[Level::Warning]);
        assert_eq!(book.orders().len(), 1, "a new warning takes the end back");
    }

    /// What a restart rests on.
    #[test]
    fn the_same_messages_give_the_same_ids_and_others_give_others() {
        let zones = [zone("a", None)];
        let order = |deployment: &str, event: &str, n| {
            let mut book = Book::default();
            book.issued(deployment, &alert(event, n), &zones, &[Level::Warning])[0].id
        };
        assert_eq!(order("d", "e", 1), order("d", "e", 1));
        let others = [
            order("d", "e", 1),
            order("d", "e", 2),
            order("d", "f", 1),
            order("c", "e", 1),
        ];
        let distinct: std::collections::BTreeSet<_> = others.into_iter().collect();
        assert_eq!(distinct.len(), 4);
    }
}
