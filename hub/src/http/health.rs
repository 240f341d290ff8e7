//! Whether the hub can do its job, for machines that decide on it.
//!
//! | status     | HTTP | meaning                                                                    |
//! |------------|------|----------------------------------------------------------------------------|
//! | `ok`       | 200  | ready, and no condition holds                                              |
//! | `degraded` | 200  | ready and warning, but something needs a person; see `conditions`          |
//! | `starting` | 503  | the journal is being read back, or the broker has not answered yet         |
//! | `stalled`  | 503  | the hub's clock stands still: nothing is being assessed; restart it        |
//!
//! Degraded stays 200 on purpose: restarting a hub because one sensor is silent would make things worse.

use axum::http::StatusCode;
use serde::Serialize;

use crate::view::{Condition, View};

/// The body of `/healthz`.
#[derive(Debug, Serialize)]
pub(super) struct Health {
    status: &'static str,
    deployment: String,
    mode: &'static str,
    /// The hub's clock, microseconds since the Unix epoch.
    now_us: i64,
    conditions: Vec<Condition>,
}

impl Health {
    pub(super) fn of(view: &View, stalled: bool) -> Self {
        let status = if !view.ready {
            "starting"
        } else if stalled {
            "stalled"
        } else if view.conditions.is_empty() {
            "ok"
        } else {
            "degraded"
        };
        Self {
            status,
            deployment: view.deployment.clone(),
            mode: view.mode.name(),
            now_us: view.now_us,
            conditions: view.conditions.clone(),
        }
    }

    pub(super) fn status_code(&self) -> StatusCode {
        match self.status {
            "ok" | "degraded" => StatusCode::OK,
            _ => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}
