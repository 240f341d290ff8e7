//! What a text would be once it went out, as each audience reads it: nothing is proposed, noted or issued by looking.
//!
//! Made of copies, away from the pipeline, by the code that makes what is sent: the desk's own stamp, [`Forms`] for bulletin and short
//! messages. What it leaves out is the deployment's signature.

use std::sync::Arc;

use cap::Alert;
use desk::{Chains, DraftView, Grade, Hash, Proposal, Published, Refusal};
use ocean::sphere::destination;
use serde::{Deserialize, Serialize};
use words::Language;

use super::weigh;
use super::{Shown, Written, cut, retraction, written};
use crate::alert::forms::Forms;
use crate::config::Config;

/// What a person wants to see before it exists.
#[derive(Debug, Clone, PartialEq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Wish {
    /// A message of one's own.
    Message(Box<Written>),
    /// What would call back what is in force of this event.
    Correct(String),
}

/// A text as each audience reads it.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Preview {
    /// The draft; `None` while it is none.
    pub draft: Option<String>,
    /// SHA-256 of the draft's words, which an approval names. Of what is no draft yet it changes with the time in it.
    #[schema(value_type = String)]
    pub digest: Hash,
    /// The event.
    pub event: String,
    /// `Alert`, `Update` or `Cancel`.
    pub msg_type: String,
    /// `Actual`, `Exercise` or `Test`.
    pub status: &'static str,
    /// The highest grade of its zones.
    pub level: Grade,
    /// It calls back what was issued.
    pub ending: bool,
    /// One for each language of the message, in its order.
    pub audiences: Vec<Audience>,
    /// Where it holds.
    pub areas: Vec<Area>,
    /// The message as CAP, without the deployment's signature.
    pub cap: String,
    /// Until when it would hold, microseconds since the Unix epoch; `None` of a draft that does not go out any more.
    pub expires_us: Option<i64>,
}

/// What those read who read one language.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Audience {
    /// Language tag, as CAP has it.
    pub language: String,
    /// What the language calls itself.
    pub name: String,
    /// One line.
    pub headline: String,
    /// What happens.
    pub description: String,
    /// What to do.
    pub instruction: String,
    /// The short message, page by page as they are sent; none where the hub has no short form in that language.
    pub sms: Vec<String>,
    /// The text bulletin, which a message has one of: empty in the languages that it is not made from.
    pub bulletin: String,
}

/// An area of the message.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = PreviewArea)]
pub struct Area {
    /// Its name in the message's first language.
    pub name: String,
    /// Outlines, closed: `[lat, lon]` in degrees.
    pub polygon: Vec<Vec<[f64; 2]>>,
}

/// A draft that is on the desk, or was lately. One that can still go out is shown as it would go out now.
///
/// # Errors
/// [`Refusal::NoDraft`], or what a message would be refused for.
pub fn of_draft(shown: &Shown, id: &str, now_us: i64) -> Result<Preview, Refusal> {
    let no = || Refusal::NoDraft(cut(id));
    let draft = shown.drafts.iter().find(|d| d.id == id).ok_or_else(no)?;
    let preview = match &shown.chains {
        Some(chains) if draft.standing.is_open() => {
            let message = chains.stamp(&proposal_of(draft), now_us)?;
            read(&message.xml, Some(message.expires_us))
        }
        _ => read(&draft.xml, None),
    }?;
    Ok(Preview {
        draft: Some(draft.id.clone()),
        digest: draft.digest,
        event: draft.event.clone(),
        level: draft.grade,
        ending: draft.ending,
        ..preview
    })
}

/// What a person would write, or what would call an event back.
///
/// # Errors
/// What the desk would refuse it for.
pub fn of_wish(
    shown: &Shown,
    wish: &Wish,
    by: &str,
    config: &Config,
    now_us: i64,
) -> Result<Preview, Refusal> {
    let chains = chains(shown)?;
    let in_force = |event: &str| {
        let last = chains.in_force(event);
        last.ok_or_else(|| Refusal::NotInForce(cut(event)))
    };
    let proposal = match wish {
        Wish::Message(message) => {
            if let Some(event) = &message.event {
                in_force(event)?;
            }
            written::proposal(config, message, by, now_us)?.0
        }
        Wish::Correct(event) => retraction::retract(config, in_force(event)?, now_us)?,
    };
    let Published {
        xml, expires_us, ..
    } = chains.stamp(&proposal, now_us)?;
    Ok(Preview {
        digest: Hash::of_message(&proposal.xml),
        event: proposal.event,
        ending: proposal.ending,
        ..read(&xml, Some(expires_us))?
    })
}

fn chains(shown: &Shown) -> Result<&Arc<Chains>, Refusal> {
    let starting = || Refusal::Invalid("the desk is not open yet; ask again".to_owned());
    shown.chains.as_ref().ok_or_else(starting)
}

fn proposal_of(draft: &DraftView) -> Proposal {
    Proposal {
        key: draft.id.clone(),
        event: draft.event.clone(),
        xml: draft.xml.to_string(),
        ending: draft.ending,
        renewal: false,
        reason: draft.reason.clone(),
        sent_us: draft.proposed_us,
        life_us: draft.life_us,
    }
}

/// A message in all its forms.
fn read(xml: &str, expires_us: Option<i64>) -> Result<Preview, Refusal> {
    let (alert, _) = cap::read(xml.as_bytes()).map_err(|e| Refusal::Invalid(e.to_string()))?;
    let no_info = || Refusal::Invalid("the message has no info block".to_owned());
    let forms = Forms::of(&alert).ok_or_else(no_info)?;
    Ok(Preview {
        draft: None,
        digest: Hash::of_message(xml),
        event: alert.incidents.first().cloned().unwrap_or_default(),
        msg_type: alert.msg_type.as_str().to_owned(),
        status: alert.status.as_str(),
        level: weigh::weight_of(&alert).grade(),
        ending: alert.msg_type == cap::MsgType::Cancel,
        audiences: audiences(&alert, &forms),
        areas: areas(&alert),
        cap: xml.to_owned(),
        expires_us,
    })
}

fn audiences(alert: &Alert, forms: &Forms) -> Vec<Audience> {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let told = |info: &cap::Info| {
        let language = Language::from_tag(&info.language);
        let pages = language.and_then(|l| forms.in_language(l));
        Audience {
            language: info.language.clone(),
            name: match language {
                Some(language) => language.autonym().to_owned(),
                None => info.language.clone(),
            },
            headline: text(&info.headline),
            description: text(&info.description),
            instruction: text(&info.instruction),
            sms: pages.map(|p| p.pages.clone()).unwrap_or_default(),
            bulletin: if info.language == forms.bulletin_from {
                forms.bulletin.clone()
            } else {
                String::new()
            },
        }
    };
    alert.infos.iter().map(told).collect()
}

fn areas(alert: &Alert) -> Vec<Area> {
    let areas = alert.infos.iter().take(1).flat_map(|info| &info.areas);
    areas
        .map(|area| Area {
            name: area.description.clone(),
            polygon: area
                .polygons
                .iter()
                .map(|p| p.points.iter().map(|at| [at.lat_deg(), at.lon_deg()]))
                .map(Iterator::collect)
                .chain(area.circles.iter().map(|c| ring(*c)))
                .collect(),
        })
        .collect()
}

/// A circle as the page draws it.
fn ring(circle: cap::Circle) -> Vec<[f64; 2]> {
    const CORNERS: u32 = 36;
    let middle = circle.center;
    (0..=CORNERS)
        .map(|k| {
            let azimuth_deg = f64::from(k % CORNERS) * 360.0 / f64::from(CORNERS);
            let (lat, lon) = destination(
                middle.lat_deg(),
                middle.lon_deg(),
                azimuth_deg,
                circle.radius_km(),
            );
            [lat, lon]
        })
        .collect()
}
