//! `watchfire audit`: what the desk's log says, and whether anybody changed it.

use std::io::Write;
use std::path::Path;

use clap::Subcommand;
use desk::{Act, Hash, Record};

/// The desk's log: every draft, approval, refusal and message, each record holding the hash of the one before.
#[derive(Debug, Subcommand)]
pub enum Audit {
    /// Check every hash. Note the head somewhere else, and give it next time: a log that was cut off at its end shows by that alone.
    Verify {
        /// Whose log.
        #[command(flatten)]
        journal: crate::cli::JournalChoice,
        /// Number and hash that an earlier run printed, `<n>:<hash>`: that record must still be there, unchanged.
        #[arg(long, value_name = "N:HASH", value_parser = head)]
        head: Option<Head>,
    },
    /// Print the log, a line for each record. The hub may be running.
    Show {
        /// Whose log.
        #[command(flatten)]
        journal: crate::cli::JournalChoice,
        /// This event alone.
        #[arg(long)]
        event: Option<String>,
        /// The records as JSON lines, with the messages.
        #[arg(long)]
        json: bool,
    },
}

/// A record's number and hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    n: u64,
    hash: Hash,
}

fn head(text: &str) -> Result<Head, String> {
    let (n, hash) = text.split_once(':').ok_or("write <n>:<hash>")?;
    Ok(Head {
        n: n.parse().map_err(|_| "the number is none")?,
        hash: Hash::parse(hash).ok_or("the hash has 64 hexadecimal digits")?,
    })
}

/// Checks the log in `dir`, and that `noted` is still in it; answers with what to print.
///
/// # Errors
/// Text that names the first record that does not fit.
pub fn verify(dir: &Path, noted: Option<Head>) -> Result<String, String> {
    let (mut records, mut issued, mut last, mut found) = (0_u64, 0_u64, None, false);
    for record in desk::read(dir)? {
        let (record, hash) = record?;
        if noted.is_some_and(|h| h.n == record.n) {
            if noted.is_some_and(|h| h.hash != hash) {
                return Err(format!(
                    "{}: record {} has hash {hash}, not the one that was noted: the log was written anew",
                    dir.display(),
                    record.n
                ));
            }
            found = true;
        }
        issued += u64::from(matches!(record.act, Act::Issued { .. }));
        records += 1;
        last = Some((record.n, hash, record.at_us));
    }
    if let (Some(head), false) = (noted, found) {
        return Err(format!(
            "{}: record {} was noted and is not there: the log was cut off after record {}",
            dir.display(),
            head.n,
            records.saturating_sub(1)
        ));
    }
    Ok(match last {
        None => "the log is empty".to_owned(),
        Some((n, hash, at_us)) => format!(
            "whole: {records} records, {issued} messages issued, the last at {}\nhead {n}:{hash}",
            clock::format_utc(at_us)
        ),
    })
}

/// Prints the log in `dir`.
///
/// # Errors
/// Text that names the first record that does not fit, or the trouble with the output.
pub fn show(
    dir: &Path,
    event: Option<&str>,
    json: bool,
    out: &mut dyn Write,
) -> Result<(), String> {
    let mut events = std::collections::BTreeMap::new();
    for record in desk::read(dir)? {
        let (record, _) = record?;
        if let Act::Proposed {
            draft, proposal, ..
        } = &record.act
        {
            events.insert(draft.clone(), proposal.event.clone());
        }
        let of = event_of(&record, &events);
        if event.is_some_and(|wanted| of != Some(wanted)) {
            continue;
        }
        let line = if json {
            serde_json::to_string(&record).map_err(|e| e.to_string())?
        } else {
            line(&record, of.unwrap_or_default())
        };
        match writeln!(out, "{line}") {
            Err(e) if e.kind() == std::io::ErrorKind::BrokenPipe => return Ok(()),
            written => written.map_err(|e| e.to_string())?,
        }
    }
    Ok(())
}

fn event_of<'a>(
    record: &'a Record,
    events: &'a std::collections::BTreeMap<String, String>,
) -> Option<&'a str> {
    match &record.act {
        Act::Opened { .. } => None,
        Act::Proposed { proposal, .. } => Some(&proposal.event),
        Act::Issued { message, .. } => Some(&message.event),
        Act::Expired { event, .. } => Some(event),
        Act::Approved { draft, .. }
        | Act::Refused { draft, .. }
        | Act::Withdrawn { draft }
        | Act::Held { draft }
        | Act::Superseded { draft, .. }
        | Act::Void { draft } => events.get(draft).map(String::as_str),
    }
}

fn line(record: &Record, event: &str) -> String {
    let what = match &record.act {
        Act::Opened { deployment, mode } => format!("log of {deployment}, mode {mode}"),
        Act::Proposed {
            draft,
            proposal,
            weight,
            gate,
            ..
        } => format!(
            "draft {draft} proposed: {} ({:?}{}), {} to agree",
            proposal.reason,
            weight.grade(),
            if proposal.ending { ", calls back" } else { "" },
            gate.approvals
        ),
        Act::Approved {
            draft,
            digest,
            carried,
        } => {
            let words = digest.map(|d| format!(", SHA-256 {d}")).unwrap_or_default();
            let before = if *carried { " (as before)" } else { "" };
            format!("draft {draft} agreed to{words}{before}")
        }
        Act::Refused { draft, why } => format!("draft {draft} refused: {why}"),
        Act::Withdrawn { draft } => format!("draft {draft} withdrawn"),
        Act::Held { draft } => format!("draft {draft} held: nobody decided in time"),
        Act::Superseded { draft, by } => format!("draft {draft} gave way to {by}"),
        Act::Void { draft } => format!("draft {draft} void: nothing to call back"),
        Act::Issued {
            by_virtue_of,
            message,
            ..
        } => format!(
            "issued ({by_virtue_of}): {} {} {}",
            message.msg_type, message.identifier, message.headline
        ),
        Act::Expired { identifier, .. } => format!("expired: {identifier}"),
    };
    format!(
        "{:>6}  {}  {:<12}  {event}  {what}",
        record.n,
        clock::format_utc(record.at_us),
        record.by.to_string()
    )
}
