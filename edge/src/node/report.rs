//! One node's lines in the status document.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use wire::frame::{CommandOutcome, Version};

use super::heard::Health;
use super::keeper::{SettingsReport, Standing};
use super::member::Member;
use super::session::Timing;
use super::update::{UpdateReport, dotted};

/// Frames and readings of one node since the agent's start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Traffic {
    /// Authentic frames taken.
    pub frames: u64,
    /// Their bytes, before stuffing.
    pub bytes: u64,
    /// Frames sent to it.
    pub frames_down: u64,
    /// Their bytes.
    pub bytes_down: u64,
    /// Readings that came again.
    pub repeated: u64,
    /// Requests for readings that were missing.
    pub gaps: u64,
    /// Readings that were given up.
    pub lost: u64,
}

/// One node.
#[derive(Debug, Clone, Serialize)]
pub struct NodeReport {
    /// Node number.
    pub id: u32,
    /// Station.
    pub station: Arc<str>,
    /// The node's boot; 0 before its first frame.
    pub boot: u32,
    /// First sequence number that is not durable here.
    pub next_seq: u64,
    /// RFC 3339 UTC of the last authentic frame.
    pub last_frame: Option<String>,
    /// Nothing has come for longer than `nodes.silent_after`.
    pub silent: bool,
    /// It is silent, refuses its settings, or its update has failed.
    #[serde(skip)]
    pub needs_look: bool,
    /// Line by which it was heard last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<Arc<str>>,
    /// Version of its frames.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol: Option<u8>,
    /// Firmware version, from its birth, as the next four.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub firmware: Option<String>,
    /// What it is built for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<&'static str>,
    /// The hardware.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub board: Option<&'static str>,
    /// Whether the image that runs is there to stay.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<&'static str>,
    /// Why it started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reset_cause: Option<&'static str>,
    /// RFC 3339 UTC of its birth's arrival.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub born: Option<String>,
    /// UTC minus its clock, microseconds: the instant at which its clock showed 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clock_offset_us: Option<i64>,
    /// How much its clock runs fast as seen from here, parts per billion; rough, see [`super::timebase`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clock_drift_ppb: Option<i64>,
    /// Uncertainty of its clock; absent before the first exchange.
    pub clock_uncertainty_ms: Option<f64>,
    /// Its condition as last reported.
    pub health: Option<Health>,
    /// Frames and readings by fate.
    pub traffic: Traffic,
    /// Refused frames that named it, by reason.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub refused: BTreeMap<&'static str, u64>,
    /// The last command that it answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<CommandReport>,
    /// Its settings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settings: Option<SettingsReport>,
    /// Its update.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub update: Option<UpdateReport>,
}

/// The last command that a node answered.
#[derive(Debug, Clone, Serialize)]
pub struct CommandReport {
    /// Identity.
    pub id: u32,
    /// What became of it.
    pub outcome: &'static str,
    /// From its arrival to its execution, microseconds.
    pub delay_us: u32,
    /// RFC 3339 UTC of the answer.
    pub time: String,
}

impl NodeReport {
    /// The node as it is at `now_us`.
    pub(super) fn new(id: u32, member: &Member, now_us: i64, timing: Timing, silent: bool) -> Self {
        let session = &member.session;
        let birth = session.birth();
        let heard = session.last_frame_us().is_some();
        Self {
            id,
            station: member.station.clone(),
            boot: session.boot(),
            next_seq: session.durable().next(),
            last_frame: session.last_frame_us().map(clock::format_utc),
            silent,
            needs_look: silent
                || member.keeper.standing() == Standing::Refused
                || member.course.has_failed(),
            link: member.route.as_ref().map(|route| route.link.clone()),
            protocol: heard.then_some(Version::code(member.version)),
            firmware: birth.map(|birth| dotted(birth.firmware)),
            kind: birth.map(|birth| birth.kind.name()),
            board: birth.map(|birth| birth.board.name()),
            image: birth.map(|birth| birth.image.name()),
            reset_cause: birth.map(|birth| birth.reset_cause.name()),
            born: birth.map(|birth| clock::format_utc(birth.at_us)),
            clock_offset_us: session.clock_offset_us(now_us, timing),
            clock_drift_ppb: session.clock_drift_ppb(),
            clock_uncertainty_ms: session
                .clock_uncertainty_us(now_us, timing)
                .map(|uncertainty_us| uncertainty_us as f64 / 1e3),
            health: session.health(),
            traffic: member.traffic,
            refused: member.refused.clone(),
            command: session.command().map(|command| CommandReport {
                id: command.id,
                outcome: CommandOutcome::name(command.outcome),
                delay_us: command.delay_us,
                time: clock::format_utc(command.at_us),
            }),
            settings: member.keeper.report(),
            update: member.course.report(),
        }
    }
}
