//! What people see: for each zone what is ordered, and what is known of each siren.

use serde::Serialize;
use wire::topic::Mode;

use super::book::{Book, Kind, Order};
use super::reports::Reports;
use super::settings::{SirenName, SirenZone};

/// One zone with sirens.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct SirenZoneView {
    /// Id.
    pub id: String,
    /// What is ordered; `None` when nothing is.
    pub order: Option<SirenOrderView>,
    /// Sirens that are expected to answer.
    pub expected: usize,
    /// Of them, those that have taken the order: they sound, or have sounded.
    pub acknowledged: usize,
    /// Those that sound now, by what they told last.
    pub sounding: usize,
    /// Those whose output fails.
    pub failed: usize,
    /// Those of which nothing is known: silence is not safety.
    pub unknown: usize,
    /// `acknowledged / expected`; `None` when nothing is ordered.
    pub share: Option<f64>,
    /// Each siren.
    pub sirens: Vec<SirenView>,
}

/// An order to sound.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct SirenOrderView {
    /// Command id, hexadecimal.
    pub id: String,
    /// Event.
    pub event: String,
    /// Identifier of the message that first said so.
    pub alert: String,
    /// `actual`, `exercise` or `test`.
    pub mode: &'static str,
    /// Signal.
    pub signal: String,
    /// Since when, microseconds since the Unix epoch.
    pub since_us: i64,
    /// Until when it holds unless renewed, microseconds since the Unix epoch.
    pub until_us: i64,
}

/// One siren.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct SirenView {
    /// Edge.
    pub edge: String,
    /// Id at that edge.
    pub id: String,
    /// `idle`, `sounding`, `done`, `silenced`, `failed`, `refused` or `unknown`.
    pub state: &'static str,
    /// Why it failed, was refused or is unknown.
    pub reason: Option<String>,
    /// When its edge last told anything, microseconds since the Unix epoch.
    pub heard_us: Option<i64>,
    /// `actual`, `exercise` or `test`: what it sounds now, commanded or not.
    pub mode: Option<&'static str>,
}

/// All zones as they are now.
pub fn of(zones: &[SirenZone], book: &Book, reports: &Reports) -> Vec<SirenZoneView> {
    zones
        .iter()
        .enumerate()
        .map(|(at, zone)| {
            let order = book.sounding(at);
            let sirens: Vec<SirenView> = zone
                .sirens
                .iter()
                .map(|name| siren(name, order, reports))
                .collect();
            let count =
                |states: &[&str]| sirens.iter().filter(|s| states.contains(&s.state)).count();
            let acknowledged = if order.is_some() {
                count(&["sounding", "done", "silenced"])
            } else {
                0
            };
            SirenZoneView {
                id: zone.id.clone(),
                order: order.map(shown),
                expected: sirens.len(),
                acknowledged,
                sounding: sirens.iter().filter(|s| s.mode.is_some()).count(),
                failed: count(&["failed"]),
                unknown: count(&["unknown"]),
                share: order.map(|_| acknowledged as f64 / sirens.len().max(1) as f64),
                sirens,
            }
        })
        .collect()
}

fn shown(order: &Order) -> SirenOrderView {
    SirenOrderView {
        id: order.id.to_string(),
        event: order.event.clone(),
        alert: order.alert.clone(),
        mode: order.mode.name(),
        signal: match &order.kind {
            Kind::Sound(signal) => signal.clone(),
            Kind::Silence => String::new(),
        },
        since_us: order.since_us,
        until_us: order.until_us,
    }
}

fn siren(name: &SirenName, order: Option<&Order>, reports: &Reports) -> SirenView {
    let heard = reports.of(&name.edge);
    let known = reports.siren(&name.edge, &name.siren);
    let ack = order.and_then(|order| reports.ack(&name.edge, &name.siren, order.id));
    let now = known.map_or("", |known| known.state.as_str());
    let (state, reason) = match (heard, known, order, ack) {
        (None, ..) => ("unknown", Some("its edge is not heard".to_owned())),
        (Some(_), None, ..) => (
            "unknown",
            Some("its edge has no siren of this name".to_owned()),
        ),
        (.., Some(ack)) => match ack.state.as_str() {
            "sounding" => ("sounding", None),
            "done" => ("done", None),
            // Another sound, of another order, has taken its place: it was heard.
            "silenced" | "replaced" => ("silenced", None),
            "refused" => ("refused", ack.reason.clone()),
            _ => ("failed", ack.reason.clone()),
        },
        (Some(_), Some(_), Some(order), None) => {
            let why = reports.refusal(&name.edge, order.id);
            match why {
                Some(why) => ("refused", Some(why.to_owned())),
                None => ("unknown", Some("no answer yet".to_owned())),
            }
        }
        (Some(_), Some(known), None, None) => match now {
            "idle" => ("idle", None),
            "sounding" => ("sounding", None),
            _ => ("failed", known.reason.clone()),
        },
    };
    SirenView {
        edge: name.edge.clone(),
        id: name.siren.clone(),
        state,
        reason,
        heard_us: heard.map(|heard| heard.at_us),
        mode: known
            .filter(|known| known.state == "sounding")
            .and_then(|known| Mode::from_name(known.mode.as_deref()?))
            .map(Mode::name),
    }
}
