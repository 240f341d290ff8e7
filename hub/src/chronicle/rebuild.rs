//! The chronicle of a time when there was none, made from the intake journal and the desk's log.
//!
//! The core is run again over the journal, as `history::recompute` does, and its board is recorded with the journal's times. Messages are those
//! that were issued, at the time they were. What the journal does not know is not in it: conditions of disks, brokers and subscribers, what other senders
//! warned of, and sirens.

use std::sync::{Arc, Mutex};

use tokio::sync::broadcast::error::TryRecvError;

use super::index::Index;
use super::writer::{Writer, dir, lock};
use super::{Chronicle, History};
use crate::config::Config;
use crate::core::{Core, Output};
use crate::http::snapshot;
use crate::view::{AlertView, Board, TimelineEntry};
use crate::{gate, history, service, state, stations};

/// How often stations' values are shown, by the journal's time.
const SHOW_EVERY_US: i64 = 60 * 1_000_000;

/// Makes the chronicle of the whole journal. The hub must not be running.
///
/// # Errors
/// Text that says what failed, where, and what to do; also when there is a chronicle already.
pub fn rebuild(config: Config) -> Result<History, String> {
    state::own(&config, false)?;
    let ocean = service::ocean(&config)?;
    let config = Arc::new(config);
    let log = dir(&config.data_dir);
    let index = Arc::new(Mutex::new(Index::default()));
    let mut writer = Writer::open(&log, &config.chronicle, index.clone())?;
    if lock(&index).next > 0 {
        return Err(format!(
            "{} holds a chronicle already: stop the hub and move it away first, for nothing can be put before what is there",
            log.display()
        ));
    }
    let mut issued = desk::issued(&gate::log_dir(&config.data_dir))?
        .into_iter()
        .peekable();
    let board = Board::new(&config.deployment, &config.title, config.mode);
    board.update(|v| v.ready = true);
    let mut changes = board.listen();
    let mut core = Core::new(config.clone(), ocean);
    let (mut now_us, mut shown_us) = (i64::MIN, i64::MIN);
    let mut touched: std::collections::BTreeSet<u32> = (0..config.station.len() as u32).collect();
    for entry in history::entries(&state::journal_dir(&config))? {
        let entry = entry?;
        now_us = now_us.max(entry.received_us);
        board.update(|v| v.now_us = now_us);
        let outputs = core.replay(&entry);
        while let Some(message) = issued.next_if(|m| m.sent_us <= now_us) {
            // What was told stands, to the second: later messages refer to it.
            core.told(&message.identifier, message.sent_us);
            board.alert(AlertView::from(&message));
        }
        for output in outputs {
            if let Output::Say {
                time_us,
                kind,
                text,
                situation,
            } = output
            {
                board.timeline(TimelineEntry {
                    time_us,
                    kind,
                    text,
                    compute_ms: None,
                    situation,
                });
            }
        }
        touched.extend(core.touched());
        if core.picture_changed() {
            board.picture(core.picture());
        }
        if core.events_changed() {
            core.event_views().into_iter().for_each(|e| board.event(e));
        }
        if shown_us.saturating_add(SHOW_EVERY_US) <= now_us {
            shown_us = now_us;
            for station in std::mem::take(&mut touched) {
                board.station(stations::view(&core, &config, station, now_us));
            }
            let lost = board.read(|v| stations::coverage_lost(&config, v));
            board.condition("coverage_lost", lost.as_deref(), now_us);
        }
        let mut missed = false;
        loop {
            match changes.try_recv() {
                Ok(told) => writer.change(told.at_us, &told.change),
                Err(TryRecvError::Lagged(_)) => missed = true,
                Err(TryRecvError::Empty | TryRecvError::Closed) => break,
            }
        }
        if writer.has_key() {
            writer.pass(now_us)?;
        }
        // Nothing is lost by being slow here: what the stream let go of is in the state.
        if missed || writer.is_key_due(now_us) {
            writer.key(now_us, &snapshot(&board), false)?;
        }
    }
    let chronicle = Chronicle {
        log,
        index,
        readers: Arc::default(),
    };
    Ok(chronicle.history())
}
