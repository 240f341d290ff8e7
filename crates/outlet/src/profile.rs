//! What a subscriber wants, and the form in which it takes it.

use std::borrow::Cow;
use std::sync::Arc;

use cap::{Alert, Area, Point, Severity, Status};

use crate::Issued;

/// Points of a polygon down to which outlines are simplified, one step after the other.
const STEPS: [usize; 4] = [64, 32, 16, 8];

/// Signs a message that was rewritten; the text says why it could not.
pub trait Sign: Send + Sync {
    /// The message with a signature.
    ///
    /// # Errors
    /// Text, when the message cannot be signed.
    fn sign(&self, xml: &str) -> Result<String, String>;
}

/// A language that is sent, under which tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retag {
    /// As the message has it (RFC 3066); `en` also stands for `en-US`.
    pub from: String,
    /// As the subscriber wants it.
    pub to: String,
}

impl Retag {
    /// Reads `en` or `en=en-US`.
    ///
    /// # Errors
    /// Text, when one of them is no language tag.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (from, to) = text.split_once('=').unwrap_or((text, text));
        let is_tag = |tag: &str| {
            (2..=35).contains(&tag.len())
                && tag.split('-').all(|part| {
                    (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric())
                })
        };
        if is_tag(from) && is_tag(to) {
            Ok(Self {
                from: from.to_owned(),
                to: to.to_owned(),
            })
        } else {
            Err(format!(
                "\"{text}\" is no language: write a tag such as en, or en=en-US to send English under that tag"
            ))
        }
    }

    fn takes(&self, tag: &str) -> bool {
        let head = tag.get(..self.from.len());
        head.is_some_and(|head| head.eq_ignore_ascii_case(&self.from))
            && (tag.len() == self.from.len() || tag.as_bytes()[self.from.len()] == b'-')
    }
}

/// What a subscriber wants, and how its messages are rewritten.
#[derive(Clone)]
pub struct Profile {
    /// Statuses that it takes. An exercise never reaches a subscriber that did not ask for exercises.
    pub statuses: Vec<Status>,
    /// Messages at least as grave as this, and those of unknown severity; `Unknown` takes all.
    pub severity: Severity,
    /// Messages for one of these zones (values of areas' geocodes); empty takes all.
    pub zones: Vec<String>,
    /// Languages to send, and under which tags; empty sends all as they are.
    pub languages: Vec<Retag>,
    /// Most points of all polygons together; outlines are simplified, outwards, until they fit.
    pub points_max: Option<usize>,
    /// Signs what was rewritten: a signature does not survive that.
    pub signer: Option<Arc<dyn Sign>>,
}

impl Default for Profile {
    fn default() -> Self {
        Self {
            statuses: vec![Status::Actual],
            severity: Severity::Unknown,
            zones: Vec::new(),
            languages: Vec::new(),
            points_max: None,
            signer: None,
        }
    }
}

impl std::fmt::Debug for Profile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Profile")
            .field("statuses", &self.statuses)
            .field("severity", &self.severity)
            .field("zones", &self.zones)
            .field("languages", &self.languages)
            .field("points_max", &self.points_max)
            .field("signs", &self.signer.is_some())
            .finish()
    }
}

impl Profile {
    /// Whether it asked for such messages.
    pub fn wants(&self, issued: &Issued) -> bool {
        self.statuses.contains(&issued.status)
            && (issued.severity <= self.severity || issued.severity == Severity::Unknown)
            && (self.zones.is_empty() || issued.zones.iter().any(|z| self.zones.contains(z)))
    }

    /// The message as the subscriber takes it: the very bytes that were issued where nothing needs to change.
    ///
    /// # Errors
    /// Text that says why there is no such form.
    pub fn form<'a>(&self, issued: &'a Issued) -> Result<Cow<'a, str>, String> {
        let (mut alert, _) = cap::read(issued.xml.as_bytes()).map_err(|e| e.to_string())?;
        // Read again from what is about to leave: nothing of another status passes.
        if !self.statuses.contains(&alert.status) {
            return Err(format!(
                "status {} is not one that this subscriber takes",
                alert.status
            ));
        }
        let retagged = self.choose_languages(&mut alert)?;
        let reduced = self.reduce(&mut alert)?;
        if !retagged && !reduced {
            return Ok(Cow::Borrowed(&issued.xml));
        }
        let xml = alert
            .to_xml()
            .map_err(|e| format!("the rewritten message breaks a rule: {e}"))?;
        match &self.signer {
            Some(signer) => signer.sign(&xml).map(Cow::Owned),
            None => Ok(Cow::Owned(xml)),
        }
    }

    /// Keeps the languages that are wanted, under their tags. Returns whether anything changed.
    fn choose_languages(&self, alert: &mut Alert) -> Result<bool, String> {
        if self.languages.is_empty() {
            return Ok(false);
        }
        let before = alert.infos.len();
        let had: Vec<String> = alert
            .infos
            .iter()
            .map(|info| info.language.clone())
            .collect();
        let mut changed = false;
        alert.infos.retain_mut(|info| {
            let Some(tag) = self.languages.iter().find(|l| l.takes(&info.language)) else {
                return false;
            };
            if tag.from != tag.to && info.language != tag.to {
                info.language.clone_from(&tag.to);
                changed = true;
            }
            true
        });
        if alert.infos.is_empty() && before > 0 {
            return Err(format!(
                "it is written in {}, and none of these is a language of this subscriber",
                had.join(", ")
            ));
        }
        Ok(changed || alert.infos.len() != before)
    }

    /// Simplifies outlines until they fit. Returns whether anything changed.
    fn reduce(&self, alert: &mut Alert) -> Result<bool, String> {
        let Some(most) = self.points_max else {
            return Ok(false);
        };
        if points(alert) <= most {
            return Ok(false);
        }
        for per_polygon in STEPS {
            for area in alert.infos.iter_mut().flat_map(|info| &mut info.areas) {
                simplify(area, per_polygon)?;
            }
            if points(alert) <= most {
                return Ok(true);
            }
        }
        // Many small polygons: one around those of each area.
        for area in alert.infos.iter_mut().flat_map(|info| &mut info.areas) {
            let all: Vec<Point> = area
                .polygons
                .iter()
                .flat_map(|p| p.points.iter().copied())
                .collect();
            if !all.is_empty() {
                area.polygons =
                    cap::cover(&all, STEPS[STEPS.len() - 1]).map_err(|e| e.to_string())?;
            }
        }
        let left = points(alert);
        if left <= most {
            return Ok(true);
        }
        Err(format!(
            "its areas need {left} points at least, and this subscriber takes {most}"
        ))
    }
}

fn points(alert: &Alert) -> usize {
    let areas = alert.infos.iter().flat_map(|info| &info.areas);
    areas
        .flat_map(|area| &area.polygons)
        .map(|p| p.points.len())
        .sum()
}

fn simplify(area: &mut Area, per_polygon: usize) -> Result<(), String> {
    let mut simpler = Vec::with_capacity(area.polygons.len());
    for polygon in std::mem::take(&mut area.polygons) {
        if polygon.points.len() <= per_polygon {
            simpler.push(polygon);
        } else {
            simpler.extend(cap::cover(&polygon.points, per_polygon).map_err(|e| e.to_string())?);
        }
    }
    area.polygons = simpler;
    Ok(())
}
