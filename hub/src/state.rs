//! What a hub keeps on disk, and what it makes of it when it starts.
//!
//! The journal is played back through the core. What the core then wants to publish was published by the run that wrote the journal,
//! unless that run was killed in between: so a message is proposed now only if the desk's log does not know it, its entry lies at or after
//! the cursor of what was carried out, and it has not expired. Otherwise an edited configuration would publish last week as news.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clock::Clock;
use desk::Outcome;
use journal::Cursor;
use serde::{Deserialize, Serialize};

use crate::alert::Published;
use crate::config::Config;
use crate::core::{Core, Output};
use crate::gate::Gate;
use crate::intake_log::IntakeLog;
use crate::pipeline::Sink;
use crate::series::Store;
use crate::service::{ocean, retained_still};
use crate::view::{AlertView, Board, TimelineEntry};

/// How long before the first message of an event its story begins: the sensors' quiet before the wave.
const BEFORE_US: i64 = 24 * 3_600 * 1_000_000;

/// A hub's state after its journal has been played back.
pub struct State {
    /// The core.
    pub core: Core,
    /// What the stations have said lately.
    pub series: Store,
    /// The journal.
    pub log: IntakeLog,
    /// The gate, with what was issued.
    pub gate: Gate,
    /// How far the journal's consequences have been carried out.
    pub done: Cursor,
    /// Hub's time of the last entry, microseconds since the Unix epoch.
    pub not_before_us: i64,
    /// The latest message of every event, for a broker that has lost its memory.
    pub retained: Vec<Published>,
    /// Everything that was issued, oldest first.
    pub issued: Vec<Published>,
}

/// Whose data a directory holds.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Owner {
    deployment: String,
    mode: String,
}

/// Directory of the journal under a data directory.
pub fn journal_dir(config: &Config) -> PathBuf {
    config.data_dir.join("journal")
}

/// Refuses a data directory of another deployment or mode: an exercise's journal under `mode = "actual"` would go out as a warning.
/// With `claim`, a directory of nobody becomes this deployment's.
///
/// # Errors
/// Text that says whose the directory is and what to do.
pub fn own(config: &Config, claim: bool) -> Result<(), String> {
    let file = config.data_dir.join("owner.json");
    let ours = Owner {
        deployment: config.deployment.clone(),
        mode: config.mode.name().to_owned(),
    };
    match std::fs::read(&file) {
        Ok(bytes) => {
            let owner: Owner =
                serde_json::from_slice(&bytes).map_err(|e| format!("{}: {e}", file.display()))?;
            if owner == ours {
                return Ok(());
            }
            Err(format!(
                "{} holds the data of deployment {} in mode {}, and this is {} in mode {}: give each its own data_dir, so that nothing of one goes out as the other",
                config.data_dir.display(),
                owner.deployment,
                owner.mode,
                ours.deployment,
                ours.mode
            ))
        }
        Err(e) if e.kind() == std::io::ErrorKind::NotFound && claim => {
            write_owner(&file, &ours).map_err(|e| format!("{}: {e}", file.display()))
        }
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(e) => Err(format!("{}: {e}", file.display())),
    }
}

fn write_owner(file: &Path, owner: &Owner) -> std::io::Result<()> {
    let bytes = serde_json::to_vec(owner)?;
    let part = file.with_extension("part");
    let mut out = std::fs::File::create(&part)?;
    std::io::Write::write_all(&mut out, &bytes)?;
    out.sync_all()?;
    std::fs::rename(part, file)
}

impl State {
    /// Opens what is on disk and plays the journal back. What was said goes to the board; what was not published and should have
    /// been is published now.
    ///
    /// # Errors
    /// Text that says what failed, where, and what to do.
    pub fn open(
        config: &Arc<Config>,
        clock: &Clock,
        board: &Board,
        sink: &mut dyn Sink,
    ) -> Result<Self, String> {
        let mut core = Core::new(config.clone(), ocean(config)?);
        std::fs::create_dir_all(&config.data_dir)
            .map_err(|e| format!("data_dir {}: {e}", config.data_dir.display()))?;
        own(config, true)?;
        let (mut gate, earlier) = Gate::open(config)?;
        let (log, recovery) = IntakeLog::open(&journal_dir(config), &config.journal)?;
        let done = Cursor::open(&config.data_dir.join("carried-out")).map_err(|e| e.to_string())?;
        tracing::info!(recovery, "journal");
        for message in &earlier {
            board.alert(AlertView::from(message));
            sink.published(message);
        }
        let now_us = clock.now_us();
        let from_us = story_begins(&earlier, now_us)
            .min(now_us.saturating_sub(config.journal.read_back.as_micros() as i64));
        let mut series = Store::new(&config.series);
        if log.begins_before(from_us)? {
            series.begins(from_us);
        }
        let (mut entries, mut not_before_us, mut missed) = (0_u64, i64::MIN, Vec::new());
        for entry in log.entries(from_us)? {
            let (offset, entry) = entry?;
            entries += 1;
            not_before_us = not_before_us.max(entry.received_us);
            let outputs = core.replay(&entry);
            if let Some(rows) = core.rows() {
                series.take(&rows);
            }
            for output in outputs {
                match output {
                    Output::Say {
                        time_us,
                        kind,
                        text,
                        situation,
                    } => {
                        board.timeline(TimelineEntry {
                            time_us,
                            kind,
                            text,
                            compute_ms: None,
                            situation,
                        });
                    }
                    Output::Publish(message) => match gate.sent_us(&message.identifier) {
                        // What was told stands, to the second: later messages refer to it.
                        Some(sent_us) => core.told(&message.identifier, sent_us),
                        None if offset >= done.get() && message.expires_us > now_us => {
                            missed.push(message)
                        }
                        None => tracing::warn!(
                            identifier = message.identifier,
                            "not published: its time has passed"
                        ),
                    },
                    Output::Forecast { .. } => {}
                }
            }
        }
        for (event, proposed) in gate.proposals() {
            core.adopt(&event, &proposed);
        }
        if entries > 0 {
            tracing::info!(entries, alerts = earlier.len(), "played the journal back");
        }
        let mut late = Vec::new();
        for message in missed {
            tracing::warn!(
                identifier = message.identifier,
                "proposing an alert that the last run did not get to"
            );
            match gate.propose(&message, now_us) {
                Ok(Outcome::Issued(message)) => late.push(*message),
                Ok(_) => {}
                Err(why) => {
                    tracing::error!(identifier = message.identifier, %why, "cannot be issued")
                }
            }
        }
        // What a person's deadline or a renewal asked for while the hub was down.
        late.extend(gate.tick(now_us, clock));
        board.condition("alert_log", gate.refusal(), now_us);
        for message in &late {
            board.alert(AlertView::from(message));
            sink.published(message);
        }
        let mut issued = earlier;
        issued.extend(late);
        let mut latest: BTreeMap<String, Published> = BTreeMap::new();
        for message in issued
            .iter()
            .filter(|m| retained_still(m.expires_us, now_us))
        {
            latest.insert(message.event.clone(), message.clone());
        }
        Ok(Self {
            core,
            series,
            log,
            gate,
            done,
            not_before_us,
            retained: latest.into_values().collect(),
            issued,
        })
    }
}

/// When the story of the oldest event that is still in force begins: it is read back however long ago that was.
fn story_begins(earlier: &[Published], now_us: i64) -> i64 {
    let mut events: BTreeMap<&str, (i64, bool)> = BTreeMap::new();
    for message in earlier {
        let in_force = message.msg_type != "Cancel" && message.expires_us > now_us;
        events
            .entry(&message.event)
            .or_insert((message.sent_us, false))
            .1 = in_force;
    }
    let oldest = events
        .values()
        .filter(|(_, in_force)| *in_force)
        .map(|(first_us, _)| *first_us)
        .min();
    oldest.map_or(now_us, |first_us| first_us.saturating_sub(BEFORE_US))
}
