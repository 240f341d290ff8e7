//! The envelope of a message that is issued: identifier, status, type, times and references. Everything else is the draft's.

use cap::{Alert, MsgType, Reference, Time};

use crate::desk::Naming;
use crate::draft::Proposal;
use crate::mode::Mode;
use crate::published::Published;

/// A message that was issued, as later ones refer to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Link {
    pub identifier: String,
    pub sender: String,
    pub sent_us: i64,
}

/// Stamps a draft as the next message of a chain; also gives CAP `sender`, which later messages name.
///
/// # Errors
/// The rule of CAP that the message would break.
pub(crate) fn stamp<M: Mode>(
    proposal: &Proposal,
    naming: &Naming,
    chain: &[Link],
    now_us: i64,
) -> Result<(Published, String), String> {
    let mut alert = parse::<M>(&proposal.xml)?;
    // CAP counts in seconds and wants `sent` after what it refers to: two steps within one second are one second apart.
    let sent = chain.last().map_or(now_us, |last| {
        now_us.max(last.sent_us.saturating_add(1_000_000))
    });
    let sent = Time::from_us(sent);
    let expires_us = sent.us().saturating_add(proposal.life_us);
    alert.identifier = naming.identifier(M::WORD, &proposal.event, chain.len() + 1);
    alert.sent = sent;
    alert.status = M::STATUS;
    alert.msg_type = match (chain.is_empty(), proposal.ending) {
        (true, _) => MsgType::Alert,
        (false, false) => MsgType::Update,
        (false, true) => MsgType::Cancel,
    };
    alert.references = chain
        .iter()
        .map(|link| Reference {
            sender: link.sender.clone(),
            identifier: link.identifier.clone(),
            sent: Time::from_us(link.sent_us),
        })
        .collect();
    for info in &mut alert.infos {
        info.effective = Some(sent);
        info.expires = Some(Time::from_us(expires_us));
        // What was to come when the draft was written may have come while it waited.
        info.onset = info.onset.filter(|onset| *onset > sent);
    }
    let xml = alert.to_xml().map_err(|e| e.to_string())?;
    let info = alert
        .infos
        .first()
        .ok_or("a message without an info block")?;
    let published = Published {
        identifier: alert.identifier.clone(),
        event: proposal.event.clone(),
        mode: M::WORD.name().to_owned(),
        msg_type: alert.msg_type.as_str().to_owned(),
        severity: info.severity.as_str().to_owned(),
        sent_us: sent.us(),
        expires_us,
        headline: info.headline.clone().unwrap_or_default(),
        summary: info.description.clone().unwrap_or_default(),
        areas: info.areas.iter().map(|a| a.description.clone()).collect(),
        reason: proposal.reason.clone(),
        xml,
    };
    Ok((published, alert.sender))
}

/// Reads a draft's message, which must be of the desk's mode.
///
/// # Errors
/// Text that says what is wrong with it.
pub(crate) fn parse<M: Mode>(xml: &str) -> Result<Alert, String> {
    let (alert, complaints) = cap::read(xml.as_bytes()).map_err(|e| e.to_string())?;
    if let Some(complaint) = complaints.first() {
        return Err(complaint.to_string());
    }
    if alert.status != M::STATUS {
        return Err(format!(
            "it is a message of status {}, and this desk issues {} messages only",
            alert.status.as_str(),
            M::STATUS.as_str()
        ));
    }
    Ok(alert)
}
