//! The correction that is approved beforehand: calls back what is in force, for the same areas, in every language of the deployment,
//! with nothing for the person to write.

use cap::{Certainty, ResponseType, Severity, Urgency};
use desk::{Proposal, Published, Refusal};
use words::{Event, Language, Moment, Phrase, Voice};

use crate::alert::compose::UTC_OFFSET;
use crate::config::Config;

/// The text that calls `last` back.
///
/// # Errors
/// [`Refusal::Invalid`] when the message cannot be read; we wrote it.
pub fn retract(config: &Config, last: &Published, now_us: i64) -> Result<Proposal, Refusal> {
    let invalid = |e: String| Refusal::Invalid(e);
    let (mut alert, _) = cap::read(last.xml.as_bytes()).map_err(|e| invalid(e.to_string()))?;
    for info in &mut alert.infos {
        let language = Language::from_tag(&info.language).unwrap_or(Language::En);
        let event = if info.event == Phrase::Event(Event::Tsunami).say(language) {
            Event::Tsunami
        } else {
            Event::Officer
        };
        let when = Moment {
            us: last.sent_us,
            utc_offset_minutes: config.sender.utc_offset_minutes,
            dated: true,
        };
        let notice = Voice::new(language, config.mode).retraction(event, when);
        info.headline = Some(notice.headline);
        info.description = Some(notice.description);
        info.instruction = Some(notice.instruction);
        info.response_types = vec![ResponseType::AllClear];
        info.urgency = Urgency::Past;
        info.severity = Severity::Minor;
        info.certainty = Certainty::Unlikely;
        info.onset = None;
        // Levels, heights, the earthquake and what stations saw are what is called back: no bulletin made of this may repeat them.
        info.parameters
            .retain(|p| p.name == "sahana:event type" || p.name == UTC_OFFSET);
    }
    Ok(Proposal {
        key: format!("{}.retracted", last.identifier),
        event: last.event.clone(),
        xml: alert.to_xml().map_err(|e| invalid(e.to_string()))?,
        ending: true,
        renewal: false,
        reason: "sent in error".to_owned(),
        sent_us: now_us,
        life_us: config.policy.expires.as_micros() as i64,
    })
}
