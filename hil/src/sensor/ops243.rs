//! OmniPreSense OPS243-A traffic radar: speeds as text or JSON lines.
//!
//! Commands are two characters without an end (line feeds between them are passed over).
//!
//! | Command | Effect | Answer | Source |
//! |---|---|---|---|
//! | `OJ` `Oj` | JSON lines on, off | `{"OutputFeature":"J"}` | S, answer K |
//! | `OM` `Om` | magnitude before the speed on, off | as above | S, answer K |
//! | `OT` `Ot` | time on, off | as above | S, answer K |
//! | `OS` `Os` | speed reports on, off | as above | S, answer K |
//! | `OU` `Ou` | unit in each report on, off | as above | S for the -B model, form K |
//! | `UM` `UK` `US` `UC` `UF` `U?` | m/s, km/h, mph, cm/s, ft/s, ask | `{"Units":"m-per-sec"}` | S |
//! | `F0` to `F5` | decimal places | `{"Decimals":2}` | S, answer K |
//! | `R+` `R-` `R\|` | only inbound, only outbound, both | `{"Direction":"..."}` | K |
//! | `?P` `?V` | product, version | `{"Product":"OPS243"}`, `{"Version":"1.3.1"}` | S |
//!
//! A report with `OJ` and `OT` is `{"speed":0.58,"direction":"inbound","time":105,"tick":135}` (S): seconds and milliseconds since
//! power-on. With `OM`, `"magnitude":523,` comes first; with `OU`, `"unit":"mps",` before that. Without JSON it is
//! `105.135,0.58`, and outbound speeds are negative.
//!
//! A report comes with every block of 1,024 samples at 10,000 a second (S), 102.4 ms, while a vehicle is in the beam; of several
//! the one with the largest magnitude. Magnitudes are this model's own: from 50 at the far end of the beam to 1,050 at the radar.

use super::line::{Line, Pace};
use super::source::Distortion;
use super::traffic::{Heading, Traffic, Vehicle};
use super::{SerialSensor, earlier};
use crate::fault::Window;

/// One block of samples, microseconds.
pub const BLOCK_US: u64 = 102_400;

/// Units of the reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Metres a second, as after power-on.
    MetrePerSecond,
    /// Kilometres an hour.
    KilometrePerHour,
    /// International miles an hour.
    MilePerHour,
    /// Centimetres a second.
    CentimetrePerSecond,
    /// Feet a second.
    FootPerSecond,
}

impl Unit {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::MetrePerSecond,
        Self::KilometrePerHour,
        Self::MilePerHour,
        Self::CentimetrePerSecond,
        Self::FootPerSecond,
    ];

    /// How many of them are one metre a second.
    #[must_use]
    pub const fn per_metre_per_second(self) -> f64 {
        match self {
            Self::MetrePerSecond => 1.0,
            Self::KilometrePerHour => 3.6,
            Self::MilePerHour => 3_600.0 / 1_609.344,
            Self::CentimetrePerSecond => 100.0,
            Self::FootPerSecond => 1.0 / 0.304_8,
        }
    }

    /// Name in scripts, faults and, with `OU`, in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::MetrePerSecond => "mps",
            Self::KilometrePerHour => "kmph",
            Self::MilePerHour => "mph",
            Self::CentimetrePerSecond => "cmps",
            Self::FootPerSecond => "fps",
        }
    }

    /// The unit of this name, whatever the case.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|unit| unit.name().eq_ignore_ascii_case(name))
    }

    const fn letter(self) -> u8 {
        match self {
            Self::MetrePerSecond => b'M',
            Self::KilometrePerHour => b'K',
            Self::MilePerHour => b'S',
            Self::CentimetrePerSecond => b'C',
            Self::FootPerSecond => b'F',
        }
    }

    const fn long_name(self) -> &'static str {
        match self {
            Self::MetrePerSecond => "m-per-sec",
            Self::KilometrePerHour => "km-per-hr",
            Self::MilePerHour => "mph",
            Self::CentimetrePerSecond => "cm-per-sec",
            Self::FootPerSecond => "ft-per-sec",
        }
    }
}

/// What happened so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Commands carried out.
    pub commands: u64,
    /// Pairs of characters that are no command of this model.
    pub unknown: u64,
    /// Reports sent.
    pub reports: u64,
}

/// What commands change; not kept without the supply.
#[derive(Clone, Copy, Debug)]
struct Settings {
    json: bool,
    magnitude: bool,
    time: bool,
    speed: bool,
    show_unit: bool,
    unit: Unit,
    decimals: usize,
    only: Option<Heading>,
}

impl Default for Settings {
    /// As after power-on: speeds as text, metres a second.
    fn default() -> Self {
        Self {
            json: false,
            magnitude: false,
            time: false,
            speed: true,
            show_unit: false,
            unit: Unit::MetrePerSecond,
            decimals: 2,
            only: None,
        }
    }
}

/// A virtual OPS243.
pub struct Ops243 {
    line: Line,
    traffic: Traffic,
    beam_m: f64,
    /// Vehicles before this one have left the beam.
    first: usize,
    next_block: u64,
    half: Option<u8>,
    settings: Settings,
    on_since_us: u64,
    wrongs: Vec<(Window, Distortion)>,
    wrong_units: Vec<(Window, Unit)>,
    last: Option<(f64, f64, Heading)>,
    counts: Counts,
}

impl Ops243 {
    /// A radar that sees each vehicle of the traffic for the last `beam_m` metres before it (inbound), or the first behind
    /// it (outbound). It begins as after power-on: text, metres a second, no time, no magnitude.
    #[must_use]
    pub fn new(baud: u32, traffic: Traffic, beam_m: f64) -> Self {
        Self {
            line: Line::new(Pace::eight_n_one(baud)),
            traffic,
            beam_m,
            first: 0,
            next_block: 1,
            half: None,
            settings: Settings::default(),
            on_since_us: 0,
            wrongs: Vec::new(),
            wrong_units: Vec::new(),
            last: None,
            counts: Counts::default(),
        }
    }

    /// The counters.
    #[must_use]
    pub const fn counts(&self) -> Counts {
        self.counts
    }

    /// Distorts speeds within the window, in metres a second. Stuck: the last report before it comes again with every block.
    pub fn distort(&mut self, window: Window, distortion: Distortion) {
        self.wrongs.push((window, distortion));
    }

    /// Within the window the numbers are in another unit than the one that was asked for.
    pub fn mistake_unit(&mut self, window: Window, unit: Unit) {
        self.wrong_units.push((window, unit));
    }

    fn stuck(&self, us: u64) -> bool {
        self.wrongs
            .iter()
            .any(|(window, what)| *what == Distortion::Stuck && window.contains(us))
    }

    fn command(&mut self, pair: [u8; 2], now_us: u64) {
        self.counts.commands += 1;
        let feature = |letter: u8| format!("{{\"OutputFeature\":\"{}\"}}", char::from(letter));
        let answer = match pair {
            [b'O', letter @ (b'J' | b'j')] => {
                self.settings.json = letter == b'J';
                feature(letter)
            }
            [b'O', letter @ (b'M' | b'm')] => {
                self.settings.magnitude = letter == b'M';
                feature(letter)
            }
            [b'O', letter @ (b'T' | b't')] => {
                self.settings.time = letter == b'T';
                feature(letter)
            }
            [b'O', letter @ (b'S' | b's')] => {
                self.settings.speed = letter == b'S';
                feature(letter)
            }
            [b'O', letter @ (b'U' | b'u')] => {
                self.settings.show_unit = letter == b'U';
                feature(letter)
            }
            [b'U', letter] if letter == b'?' || Unit::ALL.iter().any(|u| u.letter() == letter) => {
                if let Some(unit) = Unit::ALL.into_iter().find(|unit| unit.letter() == letter) {
                    self.settings.unit = unit;
                }
                format!("{{\"Units\":\"{}\"}}", self.settings.unit.long_name())
            }
            [b'F', digit @ b'0'..=b'5'] => {
                self.settings.decimals = usize::from(digit - b'0');
                format!("{{\"Decimals\":{}}}", self.settings.decimals)
            }
            [b'R', b'+'] => {
                self.settings.only = Some(Heading::Inbound);
                "{\"Direction\":\"Inbound\"}".to_owned()
            }
            [b'R', b'-'] => {
                self.settings.only = Some(Heading::Outbound);
                "{\"Direction\":\"Outbound\"}".to_owned()
            }
            [b'R', b'|'] => {
                self.settings.only = None;
                "{\"Direction\":\"Both\"}".to_owned()
            }
            [b'?', b'P'] => "{\"Product\":\"OPS243\"}".to_owned(),
            [b'?', b'V'] => "{\"Version\":\"1.3.1\"}".to_owned(),
            _ => {
                self.counts.commands -= 1;
                self.counts.unknown += 1;
                return;
            }
        };
        self.line.send(now_us, format!("{answer}\r\n").as_bytes());
    }

    /// When a vehicle is in the beam, microseconds.
    fn seen_us(&self, vehicle: &Vehicle) -> (u64, u64) {
        let length_us = (self.beam_m / vehicle.speed_mps * 1e6) as u64;
        match vehicle.heading {
            Heading::Inbound => (vehicle.at_us.saturating_sub(length_us), vehicle.at_us),
            Heading::Outbound => (vehicle.at_us, vehicle.at_us.saturating_add(length_us)),
        }
    }

    /// Speed, magnitude and heading of the strongest vehicle at `us`.
    fn strongest(&self, us: u64) -> Option<(f64, f64, Heading)> {
        let vehicles = self.traffic.vehicles().get(self.first..)?;
        vehicles
            .iter()
            // Nobody is seen longer before it arrives than the slowest vehicle needs for the beam.
            .take_while(|vehicle| vehicle.at_us <= us.saturating_add(self.horizon_us()))
            .filter(|vehicle| {
                self.settings
                    .only
                    .is_none_or(|only| only == vehicle.heading)
            })
            .filter_map(|vehicle| {
                let (begin_us, end_us) = self.seen_us(vehicle);
                if us < begin_us || us > end_us {
                    return None;
                }
                let distance_m = vehicle.at_us.abs_diff(us) as f64 / 1e6 * vehicle.speed_mps;
                let magnitude = 50.0 + 1_000.0 * (1.0 - distance_m / self.beam_m).max(0.0);
                Some((vehicle.speed_mps, magnitude, vehicle.heading))
            })
            .max_by(|a, b| a.1.total_cmp(&b.1))
    }

    /// Time in the beam at 1 km/h; slower vehicles are seen late.
    fn horizon_us(&self) -> u64 {
        (self.beam_m * 3.6 * 1e6) as u64
    }

    fn block(&mut self, us: u64) {
        let measured = if self.stuck(us) {
            self.last
        } else {
            self.strongest(us)
        };
        let Some((mps, magnitude, heading)) = measured else {
            return;
        };
        self.last = measured;
        if !self.settings.speed {
            return;
        }
        let mps = self
            .wrongs
            .iter()
            .fold(mps, |mps, (window, what)| match what {
                Distortion::Linear { scale, offset } if window.contains(us) => mps * scale + offset,
                Distortion::Linear { .. } | Distortion::Stuck => mps,
            });
        let unit = self
            .wrong_units
            .iter()
            .rev()
            .find(|(window, _)| window.contains(us))
            .map_or(self.settings.unit, |(_, unit)| *unit);
        let value = mps * unit.per_metre_per_second();
        let text = self.report(us, value, magnitude, heading);
        self.counts.reports += 1;
        self.line.send(us, text.as_bytes());
    }

    fn report(&self, us: u64, value: f64, magnitude: f64, heading: Heading) -> String {
        let decimals = self.settings.decimals;
        let on_us = us.saturating_sub(self.on_since_us);
        let (seconds, ms) = (on_us / 1_000_000, on_us / 1_000 % 1_000);
        let mut parts = Vec::new();
        if self.settings.json {
            if self.settings.show_unit {
                parts.push(format!("\"unit\":\"{}\"", self.settings.unit.name()));
            }
            if self.settings.magnitude {
                parts.push(format!("\"magnitude\":{magnitude:.0}"));
            }
            let direction = match heading {
                Heading::Inbound => "inbound",
                Heading::Outbound => "outbound",
            };
            parts.push(format!("\"speed\":{value:.decimals$}"));
            parts.push(format!("\"direction\":\"{direction}\""));
            if self.settings.time {
                parts.push(format!("\"time\":{seconds},\"tick\":{ms}"));
            }
            return format!("{{{}}}\r\n", parts.join(","));
        }
        if self.settings.show_unit {
            parts.push(format!("\"{}\"", self.settings.unit.name()));
        }
        if self.settings.time {
            parts.push(format!("{seconds}.{ms:03}"));
        }
        if self.settings.magnitude {
            parts.push(format!("{magnitude:.0}"));
        }
        let signed = match heading {
            Heading::Inbound => value,
            Heading::Outbound => -value,
        };
        parts.push(format!("{signed:.decimals$}"));
        format!("{}\r\n", parts.join(","))
    }

    /// Passes over blocks in which nothing can be seen.
    fn next_seen_block(&mut self) {
        let due_us = self.next_block * BLOCK_US;
        while let Some(vehicle) = self.traffic.vehicles().get(self.first) {
            let (_, end_us) = self.seen_us(vehicle);
            if end_us >= due_us {
                break;
            }
            self.first += 1;
        }
        let earliest_us = self
            .traffic
            .vehicles()
            .get(self.first..)
            .unwrap_or_default()
            .iter()
            .take_while(|vehicle| vehicle.at_us <= due_us.saturating_add(2 * self.horizon_us()))
            .map(|vehicle| self.seen_us(vehicle).0)
            .min();
        let next_vehicle_us = earliest_us.or_else(|| {
            let next = self.traffic.vehicles().get(self.first)?;
            Some(self.seen_us(next).0)
        });
        let next_stuck_us = self
            .wrongs
            .iter()
            .filter(|(_, what)| *what == Distortion::Stuck && self.last.is_some())
            .filter(|(window, _)| window.end_us.is_none_or(|end_us| end_us > due_us))
            .map(|(window, _)| window.begin_us.max(due_us))
            .min();
        self.next_block = match earlier(next_vehicle_us, next_stuck_us) {
            Some(us) => self.next_block.max(us.div_ceil(BLOCK_US)),
            None => u64::MAX / BLOCK_US,
        };
    }

    fn next_block_us(&self) -> Option<u64> {
        let us = self.next_block.checked_mul(BLOCK_US)?;
        (self.next_block < u64::MAX / BLOCK_US).then_some(us)
    }

    fn advance(&mut self, now_us: u64) {
        while let Some(us) = self.next_block_us().filter(|us| *us <= now_us) {
            self.block(us);
            self.next_block += 1;
            self.next_seen_block();
        }
    }
}

impl SerialSensor for Ops243 {
    fn receive(&mut self, bytes: &[u8], now_us: u64) {
        self.advance(now_us);
        for &byte in bytes {
            match (byte, self.half.take()) {
                (b'\r' | b'\n', _) => {}
                (byte, None) => self.half = Some(byte),
                (byte, Some(first)) => self.command([first, byte], now_us),
            }
        }
    }

    fn transmit(&mut self, now_us: u64, out: &mut Vec<u8>) {
        self.advance(now_us);
        self.line.take(now_us, out);
    }

    fn next_us(&self) -> Option<u64> {
        earlier(self.line.next_us(), self.next_block_us())
    }

    /// It speaks text in metres a second again, and its time begins anew.
    fn restart(&mut self, now_us: u64) {
        self.advance(now_us);
        self.settings = Settings::default();
        self.on_since_us = now_us;
        self.half = None;
        self.last = None;
        self.line.clear();
    }
}
