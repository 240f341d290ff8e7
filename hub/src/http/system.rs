//! `GET /api/health`: how the hub itself is, for officers: links, disk, intake, delivery, and which coast is blind. What machines decide
//! on is [`super::health`].

use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Method, Response, StatusCode};
use axum::routing::get;
use serde::Serialize;

use super::routes::{JSON, Outlet, json, public, with_type};
use super::{Surroundings, auth};
use crate::coverage::CoverageView;
use crate::edges::EdgeView;
use crate::view::View;

/// Counters of what was not taken: each with the reason as its label.
const REFUSED: [&str; 4] = [
    "messages_refused",
    "batches_refused",
    "readings_refused",
    "readings_flagged",
];

/// The routes of this module.
pub(super) fn router() -> Router<Arc<Outlet>> {
    Router::new().route("/api/health", get(health))
}

/// How the hub is.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct HealthView {
    /// The hub's clock, microseconds since the Unix epoch.
    now_us: i64,
    /// Of the hub.
    version: &'static str,
    /// Since its start, seconds.
    up_s: u64,
    /// Edges and other publishers, by id.
    edges: Vec<EdgeView>,
    /// Where the journal is.
    disk: Disk,
    /// What came in, since the start.
    intake: Intake,
    /// From the input that caused a message to the published message, of the messages in the timeline.
    latency_ms: Option<Latency>,
    /// Whom messages are pushed to, and how that goes.
    subscribers: Vec<outlet::Status>,
    /// Which coast is blind now.
    coverage: CoverageView,
}

/// The file system of the data directory.
#[derive(Debug, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
struct Disk {
    /// What the hub can still write.
    free_bytes: Option<u64>,
    /// Its size.
    total_bytes: Option<u64>,
    /// The journal of what came in.
    journal_bytes: Option<u64>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
struct Intake {
    /// Readings taken.
    readings: u64,
    /// Readings that had been taken before.
    duplicates: u64,
    /// What was refused or flagged, by reason.
    refused: Vec<Refused>,
}

#[derive(Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = IntakeRefused)]
struct Refused {
    reason: String,
    count: u64,
}

#[derive(Debug, PartialEq, Serialize, utoipa::ToSchema)]
struct Latency {
    /// Half of the messages took no longer, milliseconds.
    p50: f64,
    /// All but one in a hundred.
    p99: f64,
}

/// How the hub itself is: links, disk, intake, delivery, and which coast is blind. Machines decide on `/healthz`.
#[utoipa::path(get, path = "/api/health", tag = "look", responses(
    (status = 200, description = "How the hub is", body = HealthView),
    (status = 401, description = "Only for those who have logged in", body = auth::Problem),
))]
pub(super) async fn health(
    State(outlet): State<Arc<Outlet>>,
    method: Method,
    headers: HeaderMap,
) -> Response<Body> {
    if let Err(refused) = auth::may_view(&outlet, &method, &headers) {
        return *refused;
    }
    let Some(around) = &outlet.surroundings else {
        return auth::error(
            StatusCode::NOT_FOUND,
            "nothing is known of this hub's own state",
        );
    };
    let build = |_: Option<&bytes::Bytes>| {
        // The file system answers in microseconds unless it hangs, and then the journal does too.
        let disk = disk(&around.config.data_dir);
        let mut view = outlet.board.read(|view| HealthView::of(view, around, disk));
        view.coverage = around.coverage.view(&outlet.board);
        json(&view)
    };
    let body = outlet.caches.system.get(build).await;
    with_type(StatusCode::OK, JSON, Body::from(body))
}

impl HealthView {
    fn of(view: &View, around: &Surroundings, disk: Disk) -> Self {
        let counter = |name: &'static str| {
            let of_name = view.counters.range((name, String::new())..);
            of_name
                .take_while(move |((known, _), _)| *known == name)
                .map(|((_, label), count)| (label.as_str(), *count))
        };
        let total = |name| counter(name).map(|(_, count)| count).sum();
        let mut took: Vec<f64> = view.timeline.iter().filter_map(|l| l.compute_ms).collect();
        Self {
            now_us: view.now_us,
            version: env!("CARGO_PKG_VERSION"),
            up_s: around.started.elapsed().as_secs(),
            edges: view.edges.values().cloned().collect(),
            disk: Disk {
                journal_bytes: counter("journal_bytes").next().map(|(_, bytes)| bytes),
                ..disk
            },
            intake: Intake {
                readings: total("readings"),
                duplicates: total("readings_duplicate"),
                refused: REFUSED
                    .into_iter()
                    .flat_map(|name| counter(name).map(move |(label, count)| (name, label, count)))
                    .map(|(name, label, count)| Refused {
                        reason: format!("{name}: {}", value(label)),
                        count,
                    })
                    .collect(),
            },
            latency_ms: latency(&mut took),
            subscribers: public(view),
            coverage: CoverageView::default(),
        }
    }
}

/// The value of `reason="value"`.
fn value(label: &str) -> &str {
    let quoted = label
        .split_once("=\"")
        .and_then(|(_, v)| v.strip_suffix('"'));
    quoted.unwrap_or(label)
}

/// Nearest ranks; `None` of nothing.
fn latency(took: &mut [f64]) -> Option<Latency> {
    took.sort_by(f64::total_cmp);
    let rank = |share: f64| {
        let at = (share * took.len() as f64).ceil() as usize;
        took.get(at.max(1) - 1).copied()
    };
    Some(Latency {
        p50: rank(0.5)?,
        p99: rank(0.99)?,
    })
}

fn disk(dir: &Path) -> Disk {
    match rustix::fs::statvfs(dir) {
        Ok(told) => Disk {
            // What the hub may write, which is less than what root may.
            free_bytes: Some(told.f_bavail.saturating_mul(told.f_frsize)),
            total_bytes: Some(told.f_blocks.saturating_mul(told.f_frsize)),
            journal_bytes: None,
        },
        Err(error) => {
            tracing::warn!(%error, dir = %dir.display(), "the file system does not say how full it is");
            Disk::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latency_is_that_of_messages_that_were_sent() {
        assert_eq!(latency(&mut []), None);
        let one = Latency { p50: 7.0, p99: 7.0 };
        assert_eq!(latency(&mut [7.0]), Some(one));
        let mut many: Vec<f64> = (1..=200).rev().map(f64::from).collect();
        let expected = Latency {
            p50: 100.0,
            p99: 198.0,
        };
        assert_eq!(latency(&mut many), Some(expected));
    }

    #[test]
    fn a_disk_has_room_and_a_directory_that_is_not_there_is_unknown() {
        let scratch = tempfile::tempdir().expect("a directory");
        let told = disk(scratch.path());
        assert!(told.free_bytes.is_some() && told.free_bytes <= told.total_bytes);
        assert_eq!(disk(&scratch.path().join("gone")), Disk::default());
    }

    #[test]
    fn a_reason_is_the_value_of_its_label() {
        assert_eq!(value("reason=\"too_large\""), "too_large");
        assert_eq!(value(""), "");
    }
}
