//! The text bulletin, laid out as those of the tsunami centres of UNESCO's Intergovernmental Oceanographic Commission: header, title,
//! evaluation, earthquake, potential impacts, forecast, observations, actions, next message. English, as theirs; names stay as they
//! are. Lines have at most 69 characters, times are UTC with the month's name.

use std::fmt::Write as _;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;
use wire::topic::Mode;

use crate::phrase::{Level, Phrase};
use crate::place::wrapped;
use crate::wrap::{LINE_MAX, clip, wrap};
use crate::{Language, Voice};

/// What made the wave.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Source<'a> {
    /// An earthquake.
    Earthquake {
        /// Moment magnitude.
        magnitude: f64,
        /// Degrees north.
        lat: f64,
        /// Degrees east.
        lon: f64,
        /// Depth, km.
        depth_km: f64,
        /// Origin time, microseconds since the Unix epoch.
        origin_us: i64,
        /// What the agency calls the place; may be empty.
        location: &'a str,
    },
    /// Waves that no known earthquake explains.
    Waves {
        /// Degrees north.
        lat: f64,
        /// Degrees east.
        lon: f64,
        /// One standard deviation of the place, km.
        sigma_km: f64,
        /// When the waves began, microseconds since the Unix epoch.
        time_us: i64,
        /// How many stations show them.
        stations: u32,
    },
}

/// A zone of the message, and the forecast for it where there is one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ZoneForecast<'a> {
    /// Name.
    pub name: &'a str,
    /// Level.
    pub level: Level,
    /// First wave, microseconds since the Unix epoch, and height at the shore, m: 5th, 50th and 95th percentile.
    pub forecast: Option<(i64, [f64; 3])>,
}

/// What one gauge saw.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gauge<'a> {
    /// Name.
    pub name: &'a str,
    /// Degrees north and east, when known.
    pub place: Option<[f64; 2]>,
    /// When the amplitude was measured, else when the wave began, microseconds since the Unix epoch.
    pub time_us: i64,
    /// Largest height over the tide so far, signed, m, when known.
    pub amplitude_m: Option<f64>,
    /// Period of the waves, minutes, when known.
    pub period_min: Option<f64>,
}

/// What comes after this message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Another one by this time, microseconds since the Unix epoch.
    By(i64),
    /// Another one, nobody knows when.
    WhenItChanges,
    /// This is the last one.
    Final,
}

/// What a bulletin is made of; texts as in the English block of the CAP message, with or without the mode's words.
#[derive(Debug, Clone, Copy)]
pub struct BulletinInput<'a> {
    /// Real, exercise or test.
    pub mode: Mode,
    /// What it is about, such as `Tsunami`.
    pub subject: &'a str,
    /// Place in the event's chain of messages, from 1.
    pub number: usize,
    /// CAP identifier.
    pub identifier: &'a str,
    /// Who says it.
    pub sender: &'a str,
    /// Sent, microseconds since the Unix epoch.
    pub sent_us: i64,
    /// CAP headline.
    pub headline: &'a str,
    /// What there is to say about the situation: the CAP description without the lines that the tables have.
    pub evaluation: &'a str,
    /// What made the wave, if there is one.
    pub source: Option<Source<'a>>,
    /// Zones at a level, in the order of the message.
    pub zones: &'a [ZoneForecast<'a>],
    /// What gauges saw.
    pub gauges: &'a [Gauge<'a>],
    /// CAP instruction.
    pub actions: &'a str,
    /// What comes after.
    pub next: Next,
    /// Where people read more.
    pub web: Option<&'a str>,
    /// Whom to ask.
    pub contact: Option<&'a str>,
}

/// Writes a bulletin.
pub fn bulletin(input: &BulletinInput<'_>) -> String {
    let voice = Voice::new(Language::En, input.mode);
    let mut page = Page(String::new());
    if input.mode != Mode::Actual {
        page.mode(voice);
        page.blank();
    }
    page.header(input);
    page.section("EVALUATION");
    for line in voice.unmarked(input.evaluation).lines() {
        page.bullet(line);
    }
    match input.source {
        None => {}
        Some(Source::Earthquake {
            magnitude,
            lat,
            lon,
            depth_km,
            origin_us,
            location,
        }) => {
            page.section("PRELIMINARY EARTHQUAKE PARAMETERS");
            page.field("MAGNITUDE", &format!("{magnitude:.1}"));
            page.field("ORIGIN TIME", &stamp(origin_us));
            page.field("COORDINATES", &coordinates(lat, lon));
            page.field(
                "DEPTH",
                &format!("{depth_km:.0} KM / {:.0} MILES", depth_km / KM_PER_MILE),
            );
            if !location.trim().is_empty() {
                page.field("LOCATION", location);
            }
        }
        Some(Source::Waves {
            lat,
            lon,
            sigma_km,
            time_us,
            stations,
        }) => {
            page.section("SOURCE OF THE WAVES");
            page.field("EARTHQUAKE", "NONE KNOWN");
            page.field("TIME", &format!("ABOUT {}", stamp(time_us)));
            page.field("COORDINATES", &format!("NEAR {}", coordinates(lat, lon)));
            page.field("UNCERTAINTY", &format!("{sigma_km:.0} KM"));
            page.field("SEEN BY", &format!("{stations} STATIONS"));
        }
    }
    page.impacts(input.zones);
    page.forecasts(input.zones);
    page.gauges(input.gauges);
    page.section("RECOMMENDED ACTIONS");
    for line in voice.unmarked(input.actions).lines() {
        page.bullet(line);
    }
    page.next(input);
    if input.mode != Mode::Actual {
        page.blank();
        page.mode(voice);
    }
    page.0
}

/// International mile (1959), km.
const KM_PER_MILE: f64 = 1.609_344;
/// International foot (1959), m.
const M_PER_FOOT: f64 = 0.304_8;

/// The bulletin as far as it is written.
struct Page(String);

impl Page {
    fn line(&mut self, text: &str) {
        wrap(&mut self.0, text, "", "");
    }

    fn blank(&mut self) {
        self.0.push('\n');
    }

    fn mode(&mut self, voice: Voice) {
        let (Some(word), Some(sentence)) = (voice.word(), voice.sentence()) else {
            return;
        };
        self.line(&format!("{word} {word} {word}"));
        self.line(&sentence.to_uppercase());
    }

    fn header(&mut self, input: &BulletinInput<'_>) {
        let subject = input.subject.to_uppercase();
        self.line(&format!("{subject} MESSAGE NUMBER {}", input.number));
        self.line(&input.sender.to_uppercase());
        let sent = civil(input.sent_us);
        self.line(&format!(
            "{:02}{:02} UTC {} {}",
            sent.hour(),
            sent.minute(),
            sent.strftime("%a").to_string().to_uppercase(),
            day(sent)
        ));
        self.line(&format!("IDENTIFIER {}", input.identifier));
        self.blank();
        let voice = Voice::new(Language::En, input.mode);
        let title = voice.unmarked(input.headline).to_uppercase();
        wrap(&mut self.0, &format!("...{title}..."), "", "   ");
    }

    fn section(&mut self, title: &str) {
        self.blank();
        self.line(title);
        self.line(&"-".repeat(title.chars().count().min(LINE_MAX)));
        self.blank();
    }

    fn bullet(&mut self, text: &str) {
        wrap(&mut self.0, text, "  * ", "    ");
    }

    fn field(&mut self, name: &str, value: &str) {
        let first = format!("  * {name:<15}");
        wrap(&mut self.0, value, &first, &" ".repeat(19));
    }

    fn impacts(&mut self, zones: &[ZoneForecast<'_>]) {
        if zones.iter().all(|zone| zone.level == Level::None) {
            return;
        }
        self.section("POTENTIAL IMPACTS");
        for level in [Level::Major, Level::Warning, Level::Advisory] {
            let names: Vec<&str> = zones
                .iter()
                .filter(|zone| zone.level == level)
                .map(|zone| zone.name)
                .collect();
            if names.is_empty() {
                continue;
            }
            let name = Phrase::Level(level).say(Language::En).to_uppercase();
            let what = match level {
                Level::Major => "widespread flooding of the coast is possible",
                Level::Warning => "flooding of the coast is possible",
                Level::Advisory | Level::None => {
                    "strong currents and waves, dangerous in and near the water, are possible"
                }
            };
            self.bullet(&format!("{name} - {what} along the coasts of:"));
            wrap(&mut self.0, &names.join(", "), "      ", "      ");
        }
    }

    fn forecasts(&mut self, zones: &[ZoneForecast<'_>]) {
        if zones.iter().all(|zone| zone.forecast.is_none()) {
            return;
        }
        self.section("FORECAST FIRST WAVE AND HEIGHT AT THE SHORE");
        self.row(&format!(
            "    {:<28} {:<16}  {:>6}  {}",
            "LOCATION", "FIRST WAVE (UTC)", "HEIGHT", "LIKELY"
        ));
        self.row(&format!("    {}", "-".repeat(LINE_MAX - 4)));
        for zone in zones {
            let Some((arrival_us, heights_m)) = zone.forecast else {
                continue;
            };
            let [low, middle, high] = heights_m.map(|m| m.clamp(0.0, 99.0));
            let first = self.name(zone.name, 28);
            let arrival = civil(arrival_us);
            self.row(&format!(
                "    {first:<28} {:02}{:02} {:<11}  {middle:>5.1}M  {low:.1}-{high:.1}M",
                arrival.hour(),
                arrival.minute(),
                day(arrival),
            ));
        }
    }

    fn gauges(&mut self, gauges: &[Gauge<'_>]) {
        if gauges.is_empty() {
            return;
        }
        self.section("TSUNAMI OBSERVATIONS");
        self.row(&format!(
            "    {:<20}  {:>5} {:>6}  {:<13} {:>6} {:>6}",
            "GAUGE", "LAT", "LON", "MEASURED(UTC)", "HEIGHT", "PERIOD"
        ));
        self.row(&format!("    {}", "-".repeat(LINE_MAX - 4)));
        for gauge in gauges {
            let first = self.name(gauge.name, 20);
            let place = gauge.place.map_or_else(
                || format!("{:>5} {:>6}", "-", "-"),
                |[lat, lon]| {
                    let lon = wrapped(lon);
                    let ns = if lat < 0.0 { 'S' } else { 'N' };
                    let ew = if lon < 0.0 { 'W' } else { 'E' };
                    format!("{:>4.1}{ns} {:>5.1}{ew}", lat.abs(), lon.abs())
                },
            );
            let time = civil(gauge.time_us);
            let period = gauge.period_min.map_or_else(
                || "-".to_owned(),
                |min| format!("{:.0}MIN", min.clamp(0.0, 999.0)),
            );
            let clock = format!("{:02}{:02} {}", time.hour(), time.minute(), month_day(time));
            let height = gauge.amplitude_m.map_or_else(
                || "-".to_owned(),
                |m| format!("{:.2}M", m.clamp(-99.0, 99.0)),
            );
            self.row(&format!(
                "    {first:<20}  {place}  {clock:<13} {height:>6} {period:>6}"
            ));
        }
        self.blank();
        self.bullet(&format!(
            "Heights are relative to the tide at the time. 1M is {:.1}FT.",
            1.0 / M_PER_FOOT
        ));
    }

    fn next(&mut self, input: &BulletinInput<'_>) {
        self.section("NEXT UPDATE AND ADDITIONAL INFORMATION");
        match input.next {
            Next::By(us) => self.bullet(&format!(
                "The next message will come by {}, or earlier if the situation changes.",
                stamp(us)
            )),
            Next::WhenItChanges => {
                self.bullet("The next message will come when the situation changes.");
            }
            Next::Final => {
                self.bullet(
                    "This is the final message for this event unless something new happens.",
                );
            }
        }
        if let Some(web) = input.web {
            self.bullet(&format!("More at {web}"));
        }
        if let Some(contact) = input.contact {
            self.bullet(&format!("Contact {contact}"));
        }
    }

    /// The last line of a name that is too long for its column; the lines before are written.
    fn name(&mut self, name: &str, width: usize) -> String {
        let mut rest: Vec<char> = name.chars().filter(|c| !c.is_control()).collect();
        while rest.len() > width {
            let at = rest[..=width]
                .iter()
                .rposition(|c| *c == ' ')
                .filter(|at| *at > 0)
                .unwrap_or(width);
            let line: String = rest.drain(..at).collect();
            self.row(&format!("    {}", line.trim()));
            let skipped = rest.iter().take_while(|c| **c == ' ').count();
            rest.drain(..skipped);
        }
        rest.into_iter().collect()
    }

    /// A line of a table, as it is.
    fn row(&mut self, text: &str) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.0, "{}", clip(text, LINE_MAX).trim_end());
    }
}

/// `0728 UTC JUL 28 2026`.
fn stamp(us: i64) -> String {
    let time = civil(us);
    format!("{:02}{:02} UTC {}", time.hour(), time.minute(), day(time))
}

/// `JUL 28 2026`.
fn day(time: DateTime) -> String {
    format!("{} {}", month_day(time), time.year())
}

/// `JUL 28`.
fn month_day(time: DateTime) -> String {
    time.strftime("%b %d").to_string().to_uppercase()
}

/// `32.6 NORTH  130.7 EAST`.
fn coordinates(lat: f64, lon: f64) -> String {
    let lon = wrapped(lon);
    format!(
        "{:.1} {} {:.1} {}",
        lat.abs(),
        if lat < 0.0 { "SOUTH" } else { "NORTH" },
        lon.abs(),
        if lon < 0.0 { "WEST" } else { "EAST" }
    )
}

/// UTC; what lies beyond the calendar is its first or last instant.
fn civil(us: i64) -> DateTime {
    let instant = Timestamp::from_microsecond(us).unwrap_or(if us < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    });
    Offset::UTC.to_datetime(instant)
}
