//! What `watchfire forecast` is told on its command line.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use gridfile::{Options, Zone};

use crate::grid_file::{GridFile, HolesAre, Positive, Ways};

/// Longest forecast, seconds: waves have crossed any ocean by then.
pub const MAX_DURATION_S: f64 = 30.0 * 3600.0;
/// Finest and coarsest step of the series, seconds.
const STEP_S: std::ops::RangeInclusive<f64> = 1.0..=600.0;

/// Compute a tsunami forecast: when and how high at stations and coasts, as tables, maps and mareograms.
///
/// `watchfire forecast --quake chile-2010 --out forecast` needs no file of yours.
#[derive(Debug, Clone, clap::Args)]
pub struct Arguments {
    /// The earthquake: a USGS GeoJSON or QuakeML file, with or without a mechanism, or the name of a
    /// shipped event.
    #[arg(long, value_name = "FILE|EVENT")]
    pub quake: PathBuf,
    /// What slipped or rose: a finite-fault table (CSV, FSP, USGS, text) or an uplift grid [default: a
    /// rupture that scaling
    /// laws, the mechanism if there is one and the geometry of the trench give].
    #[arg(long, value_name = "FAULTS|UPLIFT")]
    pub source: Option<PathBuf>,
    /// Bathymetry: a shipped grid or a file [default: the finest shipped grid that holds the source and
    /// every station].
    #[arg(long, value_name = "NAME|FILE")]
    pub grid: Option<String>,
    /// Use only this part of the grid, degrees: west/south/east/north.
    #[arg(long, value_name = "W/S/E/N", allow_hyphen_values = true)]
    pub area: Option<Area>,
    /// Stations whose series are wanted: CSV with id, lat, lon and, if you like, name, depth_m, kind (dart, bpr, gps-buoy, gauge).
    #[arg(long, value_name = "CSV")]
    pub stations: Option<PathBuf>,
    /// Coastal points: CSV with id, lat, lon and, if you like, name, country, factor; or a deployment,
    /// whose zones and policy
    /// then hold [default: 159 ports that ship].
    #[arg(long, value_name = "CSV|DEPLOYMENT")]
    pub points: Option<String>,
    /// What the stations recorded: a directory with one file a station, named by its id, or with an
    /// event.toml. Without --until
    /// it is only compared with the forecast.
    #[arg(long, value_name = "DIR")]
    pub records: Option<PathBuf>,
    /// Let the records say what the source was, as far as known until so long after the origin (40m, 2h),
    /// or until an instant (RFC 3339).
    #[arg(long, value_name = "T", requires = "records")]
    pub until: Option<Until>,
    /// Hours to compute after the origin, at most 30 [default: four more than the last first arrival].
    #[arg(long, value_name = "H")]
    pub hours: Option<f64>,
    /// Step of the series: seconds, or 15s, 1m.
    #[arg(long, value_name = "S", default_value = "15s")]
    pub every: Step,
    /// Directory for the results; made if it is not there.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// The rotation of the Earth: on or off. Changes heights by a few per cent at most.
    #[arg(long, value_name = "on|off", default_value = "off", action = clap::ArgAction::Set, value_parser = switch)]
    pub coriolis: bool,
    /// Dispersion of short waves: on or off. Without it, that of the grid stands for it.
    #[arg(long, value_name = "on|off", default_value = "off", action = clap::ArgAction::Set, value_parser = switch)]
    pub dispersion: bool,
    /// Mark every product as an exercise: pictures, summary, a status in tables and GeoJSON; beside the series lies a file that says so.
    #[arg(long)]
    pub exercise: bool,
    /// Print only errors.
    #[arg(long)]
    pub quiet: bool,
    /// What the files do not say of themselves.
    #[command(flatten)]
    pub unsaid: Unsaid,
}

/// What files may leave open. Nothing of it is guessed: an error says which of these options it takes.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "What files may not say of themselves")]
pub struct Unsaid {
    /// Which way the values of --grid FILE count [default: as its metadata say, else up].
    #[arg(long, value_name = "up|down", value_enum, requires = "grid")]
    pub grid_positive: Option<Positive>,
    /// The field that is the bathymetry, where a netCDF file of --grid holds several.
    #[arg(long, value_name = "NAME", requires = "grid")]
    pub grid_variable: Option<String>,
    /// The field that is the uplift, where a netCDF file of --source holds several.
    #[arg(long, value_name = "NAME", requires = "source")]
    pub source_variable: Option<String>,
    /// The zone of an uplift in UTM metres, such as utm54n [default: as the file says, else the one that puts it near the epicentre].
    #[arg(long, value_name = "ZONE", requires = "source", value_parser = zone)]
    pub source_zone: Option<Zone>,
    /// Cells without a value, in the grid and in the uplift.
    #[arg(long, value_enum, default_value_t)]
    pub holes: HolesAre,
}

/// The options that answer what a grid's file leaves open.
pub const GRID_OPTIONS: Ways = Ways {
    positive: ["--grid-positive up", "--grid-positive down"],
    holes: "--holes filled",
    variable: "--grid-variable NAME",
    zone: None,
};
/// The options that answer what an uplift's file leaves open.
pub const SOURCE_OPTIONS: Ways = Ways {
    variable: "--source-variable NAME",
    zone: Some("--source-zone ZONE"),
    ..GRID_OPTIONS
};

impl Unsaid {
    /// For the bathymetry.
    pub fn grid(&self) -> GridFile {
        GridFile {
            positive: self.grid_positive,
            holes: self.holes,
            variable: self.grid_variable.clone(),
        }
    }

    /// For an uplift of an earthquake there (degrees north and east).
    pub fn uplift(&self, near: (f64, f64)) -> Options {
        Options {
            holes: self.holes.into(),
            variable: self.source_variable.clone(),
            zone: self.source_zone,
            near: Some(near),
            ..Options::default()
        }
    }
}

fn zone(text: &str) -> Result<Zone, String> {
    text.parse().map_err(|e: gridfile::Problem| e.to_string())
}

fn switch(text: &str) -> Result<bool, String> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err("on or off".to_owned()),
    }
}

/// A part of the globe, degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Area {
    /// Western edge.
    pub west: f64,
    /// Southern edge.
    pub south: f64,
    /// Eastern edge, east of the western one; may exceed 180.
    pub east: f64,
    /// Northern edge.
    pub north: f64,
}

impl FromStr for Area {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let numbers: Vec<f64> = text
            .split(['/', ','])
            .map(|part| part.trim().parse::<f64>())
            .collect::<Result<_, _>>()
            .map_err(|_| {
                "four numbers, west/south/east/north, such as 120/-10/160/50".to_owned()
            })?;
        let [west, south, east, north] = numbers[..] else {
            return Err(format!(
                "{} numbers; four are needed: west/south/east/north",
                numbers.len()
            ));
        };
        if !(west.abs() <= 540.0 && east.abs() <= 540.0) {
            return Err("longitudes lie within -540 and 540".to_owned());
        }
        if !(-90.0..=90.0).contains(&south) || !(-90.0..=90.0).contains(&north) || south >= north {
            return Err(format!(
                "south {south} must lie below north {north}, both within -90 and 90"
            ));
        }
        // 170/-20/-160/20 crosses the date line.
        let mut width = (east - west).rem_euclid(360.0);
        if width == 0.0 && east != west {
            width = 360.0;
        }
        if width == 0.0 {
            return Err("west and east are the same meridian".to_owned());
        }
        Ok(Self {
            west,
            south,
            east: west + width,
            north,
        })
    }
}

/// The end of what records are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// So long after the origin.
    After(Duration),
    /// Microseconds since the Unix epoch.
    At(i64),
}

impl Until {
    /// Seconds after the origin.
    pub fn seconds_after(self, origin_us: i64) -> f64 {
        match self {
            Self::After(span) => span.as_secs_f64(),
            Self::At(us) => us.saturating_sub(origin_us) as f64 * 1e-6,
        }
    }
}

impl FromStr for Until {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(span) = settings::duration::parse(text) {
            return Ok(Self::After(span));
        }
        text.parse::<jiff::Timestamp>()
            .map(|t| Self::At(t.as_microsecond()))
            .map_err(|_| {
                "a time after the origin (40m, 1h30m) or an instant (2011-03-11T06:26:24Z)"
                    .to_owned()
            })
    }
}

/// A step of time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// Seconds.
    pub seconds: f64,
}

impl FromStr for Step {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let seconds = match text.parse::<f64>() {
            Ok(seconds) => seconds,
            Err(_) => settings::duration::parse(text)
                .map_err(|_| "seconds (15) or a duration (15s, 1m)".to_owned())?
                .as_secs_f64(),
        };
        if STEP_S.contains(&seconds) {
            Ok(Self { seconds })
        } else {
            Err(format!(
                "from {} to {} seconds",
                STEP_S.start(),
                STEP_S.end()
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn switches_are_on_or_off() {
        #[derive(clap::Parser)]
        struct Line {
            #[command(flatten)]
            arguments: Arguments,
        }
        let read = |more: &[&str]| {
            let line = ["forecast", "--quake", "q", "--out", "o"];
            <Line as clap::Parser>::try_parse_from(line.iter().chain(more)).map(|l| l.arguments)
        };
        let plain = read(&[]).expect("defaults");
        assert!(!plain.coriolis && !plain.dispersion);
        let on = read(&["--coriolis", "on", "--dispersion", "on"]).expect("both on");
        assert!(on.coriolis && on.dispersion);
        assert!(read(&["--dispersion", "maybe"]).is_err());
    }

    #[test]
    fn areas_cross_the_date_line() {
        let a: Area = "170/-20/-160/20".parse().expect("an area");
        assert_eq!((a.west, a.east), (170.0, 200.0));
        let a: Area = "-100,-40,-70,0".parse().expect("an area");
        assert_eq!((a.west, a.east), (-100.0, -70.0));
        let a: Area = "0/-60/360/60".parse().expect("the globe");
        assert_eq!(a.east - a.west, 360.0);
        for wrong in [
            "",
            "1/2/3",
            "1/2/3/4/5",
            "1/2/x/4",
            "0/50/10/40",
            "0/0/0/10",
            "0/-91/10/10",
            "nan/0/1/1",
            "1e9/0/1/1",
        ] {
            assert!(wrong.parse::<Area>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn times_and_steps() {
        let origin = 1_299_822_384_000_000;
        let until = |t: &str| t.parse::<Until>().map(|u| u.seconds_after(origin));
        assert_eq!(until("40m"), Ok(2400.0));
        assert_eq!(until("1h30m"), Ok(5400.0));
        assert_eq!(until("2011-03-11T06:26:24Z"), Ok(2400.0));
        assert!(until("40").is_err() && until("tomorrow").is_err());
        let step = |t: &str| t.parse::<Step>().map(|s| s.seconds);
        assert_eq!(
            (step("15"), step("15s"), step("1m")),
            (Ok(15.0), Ok(15.0), Ok(60.0))
        );
        assert!(
            step("0").is_err()
                && step("nan").is_err()
                && step("1h").is_err()
                && step("-5").is_err()
        );
    }
}
