//! What a person sees of a message: plain values, bounded, nothing of which is markup.

use cap::{Info, Severity, Status};
use serde::Serialize;

use crate::message::Message;
use crate::standing::Standing;

/// Longest text shown, characters; the message has the rest.
const MAX_TEXT: usize = 1_000;
/// Longest name or headline, characters.
const MAX_LINE: usize = 300;
/// Most areas named of one part.
const MAX_AREAS: usize = 12;
/// Most parts of a message.
const MAX_PARTS: usize = 6;
/// Most outlines drawn, and points of them all.
const MAX_OUTLINES: usize = 8;
const MAX_POINTS: usize = 200;
/// Corners of a circle drawn as an outline.
const CIRCLE_CORNERS: u32 = 24;

/// Whether a message holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = OthersAlertState)]
pub enum State {
    /// Neither replaced nor lapsed.
    InForce,
    /// It withdraws what was said before it.
    Ended,
}

/// A message as shown.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = OthersAlert)]
pub struct Shown {
    /// The feeds that told it.
    pub feeds: Vec<String>,
    /// Who vouches for it.
    #[serde(flatten)]
    pub standing: Standing,
    /// The sender itself is known to have said this.
    pub verified: bool,
    /// Another message goes about under the same name, with other content; it is not shown.
    pub contested: bool,
    /// CAP sender.
    pub sender: String,
    /// The sender's name for people.
    pub sender_name: Option<String>,
    /// CAP identifier.
    pub identifier: String,
    /// CAP status: `Actual`, `Exercise`, `Test`, `System`.
    pub status: &'static str,
    /// `Alert`, `Update` or `Cancel`.
    pub msg_type: &'static str,
    /// Whether it holds.
    pub state: State,
    /// Sent, microseconds since the Unix epoch.
    pub sent_us: i64,
    /// Begins, if it says so.
    pub onset_us: Option<i64>,
    /// Lapses.
    pub expires_us: i64,
    /// The message does not say when it lapses: a day after it was sent is assumed.
    pub expires_assumed: bool,
    /// When it was received.
    pub received_us: i64,
    /// Language of the texts.
    pub language: String,
    /// One line.
    pub headline: String,
    /// What happens.
    pub description: String,
    /// What to do.
    pub instruction: String,
    /// More information: `http` or `https` only.
    pub web: Option<String>,
    /// Its parts in that language, the gravest first.
    pub parts: Vec<Part>,
    /// Outlines, `[lat, lon]` in degrees, closed.
    pub outlines: Vec<Vec<[f64; 2]>>,
    /// What was wrong with it.
    pub complaints: Vec<String>,
}

/// One info of a message.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = OthersAlertPart)]
pub struct Part {
    /// The event: for tsunami centres, the level.
    pub event: String,
    /// CAP severity.
    pub severity: &'static str,
    /// CAP urgency.
    pub urgency: &'static str,
    /// CAP certainty.
    pub certainty: &'static str,
    /// Its areas' names.
    pub areas: Vec<String>,
    /// Areas beyond those named.
    pub areas_more: usize,
}

impl Shown {
    pub(crate) fn of(
        message: &Message,
        feeds: Vec<String>,
        contested: bool,
        languages: &[String],
    ) -> Self {
        let alert = &message.alert;
        let mut infos = in_one_language(&alert.infos, languages);
        infos.sort_by_key(|info| severity_rank(info.severity));
        let lead = infos.first();
        let text = |of: fn(&Info) -> &Option<String>| {
            let said = infos.iter().find_map(|info| of(info).as_deref());
            shortened(said.unwrap_or_default(), MAX_TEXT)
        };
        let headline = lead.map_or("", |i| i.headline.as_deref().unwrap_or(&i.event));
        let headline = match (headline.trim(), &alert.note) {
            ("", Some(note)) => note,
            (headline, _) => headline,
        };
        let (expires_us, expires_assumed) = message.expires_us();
        let web = infos.iter().find_map(|i| i.web.as_deref());
        Self {
            feeds,
            standing: message.standing.clone(),
            verified: message.standing.is_verified(),
            contested,
            sender: shortened(&alert.sender, MAX_LINE),
            sender_name: lead
                .and_then(|i| i.sender_name.as_deref())
                .map(|name| shortened(name, MAX_LINE)),
            identifier: shortened(&alert.identifier, MAX_LINE),
            status: alert.status.as_str(),
            msg_type: alert.msg_type.as_str(),
            state: if message.is_end() {
                State::Ended
            } else {
                State::InForce
            },
            sent_us: alert.sent.us(),
            onset_us: infos.iter().filter_map(|i| i.onset).map(|t| t.us()).min(),
            expires_us,
            expires_assumed,
            received_us: message.origin.received_us,
            language: lead.map_or(String::new(), |i| shortened(&i.language, 20)),
            headline: shortened(headline, MAX_LINE),
            description: text(|i| &i.description),
            instruction: text(|i| &i.instruction),
            web: web.filter(|url| is_web(url)).map(str::to_owned),
            parts: infos.iter().take(MAX_PARTS).map(|i| part(i)).collect(),
            outlines: outlines(&infos),
            complaints: message
                .complaints
                .iter()
                .take(5)
                .map(|c| shortened(c, MAX_LINE))
                .collect(),
        }
    }

    /// Whether it is to be acted on, as far as the sender says.
    pub fn is_actual(&self) -> bool {
        self.status == Status::Actual.as_str()
    }
}

/// The gravest first. What is not known may be grave: it comes before what is minor.
pub(crate) const fn severity_rank(severity: Severity) -> u8 {
    match severity {
        Severity::Extreme => 0,
        Severity::Severe => 1,
        Severity::Moderate => 2,
        Severity::Unknown => 3,
        Severity::Minor => 4,
    }
}

/// The infos in the first of the languages that the message has, else in that of its first info.
fn in_one_language<'m>(infos: &'m [Info], languages: &[String]) -> Vec<&'m Info> {
    let primary = |tag: &str| {
        let first = tag.split('-').next().unwrap_or_default();
        first.to_ascii_lowercase()
    };
    let wanted = languages
        .iter()
        .map(|l| primary(l))
        .find(|l| infos.iter().any(|i| primary(&i.language) == *l))
        .or_else(|| infos.first().map(|i| primary(&i.language)));
    let Some(wanted) = wanted else {
        return Vec::new();
    };
    infos
        .iter()
        .filter(|i| primary(&i.language) == wanted)
        .collect()
}

fn part(info: &Info) -> Part {
    Part {
        event: shortened(&info.event, MAX_LINE),
        severity: info.severity.as_str(),
        urgency: info.urgency.as_str(),
        certainty: info.certainty.as_str(),
        areas: info
            .areas
            .iter()
            .take(MAX_AREAS)
            .map(|a| shortened(&a.description, MAX_LINE))
            .collect(),
        areas_more: info.areas.len().saturating_sub(MAX_AREAS),
    }
}

fn outlines(infos: &[&Info]) -> Vec<Vec<[f64; 2]>> {
    let mut drawn: Vec<Vec<[f64; 2]>> = Vec::new();
    let mut points = 0;
    for area in infos.iter().flat_map(|i| &i.areas) {
        let polygons = area.polygons.iter().map(|p| {
            // What has too many corners loses some: this is a picture, the message has the area.
            let step = p.points.len().div_ceil(MAX_POINTS / 2).max(1);
            let corner = |p: &cap::Point| [p.lat_deg(), p.lon_deg()];
            p.points.iter().step_by(step).map(corner).collect()
        });
        let circles = area.circles.iter().filter_map(circle);
        for outline in polygons.chain(circles) {
            let outline: Vec<[f64; 2]> = outline;
            let sound = outline
                .iter()
                .all(|[lat, lon]| (-90.0..=90.0).contains(lat) && (-180.0..=180.0).contains(lon));
            if !sound || outline.len() < 3 {
                continue;
            }
            if drawn.len() >= MAX_OUTLINES || points + outline.len() > MAX_POINTS {
                return drawn;
            }
            points += outline.len();
            drawn.push(outline);
        }
    }
    drawn
}

/// A circle as corners; none for a point, and for one that reaches a pole or the antimeridian.
fn circle(circle: &cap::Circle) -> Option<Vec<[f64; 2]>> {
    let (lat, lon) = (circle.center.lat_deg(), circle.center.lon_deg());
    let dlat = circle.radius_km() / 111.2;
    let dlon = dlat / lat.to_radians().cos();
    let fits = circle.radius_km() > 0.0 && lat.abs() + dlat < 89.0 && lon.abs() + dlon < 180.0;
    fits.then(|| {
        (0..=CIRCLE_CORNERS)
            .map(|k| {
                let turn = f64::from(k % CIRCLE_CORNERS) / f64::from(CIRCLE_CORNERS);
                let (sin, cos) = (turn * std::f64::consts::TAU).sin_cos();
                [lat + dlat * sin, lon + dlon * cos]
            })
            .collect()
    })
}

/// Text without control characters but line breaks, and without marks that turn the direction of what stands beside it.
fn shortened(text: &str, most: usize) -> String {
    let inert = |c: &char| {
        (!c.is_control() || *c == '\n')
            && !matches!(*c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let mut all = text.trim().chars().filter(inert);
    let mut short: String = all.by_ref().take(most).collect();
    if all.next().is_some() {
        short.push_str("...");
    }
    short
}

fn is_web(url: &str) -> bool {
    let scheme = url.split(':').next().unwrap_or_default();
    let web = ["http", "https"]
        .iter()
        .any(|s| scheme.eq_ignore_ascii_case(s));
    web && url.len() <= 2_048 && url.bytes().all(|b| b.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_inert_and_links_lead_to_the_web() {
        assert_eq!(shortened(" a\u{202e}b\u{7}\nc ", 10), "ab\nc");
        assert_eq!(shortened("abcdef", 3), "abc...");
        assert!(is_web("https://example.org/a?b=c") && is_web("HTTP://example.org"));
        for refused in [
            "javascript:alert(1)",
            "data:text/html,x",
            "//example.org",
            "https://example.org/ x",
            "",
        ] {
            assert!(!is_web(refused), "{refused}");
        }
    }
}
