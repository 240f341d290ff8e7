//! The clock that live hubs, exercises and replays share.
//!
//! Purpose: every part that needs to know "now" is given a [`Clock`], so that one binary runs live, plays an
//! exercise at another pace, and is stepped by a replay. Time is `i64` microseconds since the Unix epoch, UTC.
//!
//! Invariants: a manual or followed clock never runs backwards; a scaled clock depends on three numbers only, so that two
//! processes (or one that restarts) with the same three numbers agree.
//!
//! It refuses to: sleep, spawn, or hide a global clock. Code that must be deterministic (detection, forecast,
//! alert policy) takes instants as arguments and is never given a clock at all.
#![forbid(unsafe_code)]

mod followed;
mod utc;

pub use followed::{Followed, Given};
pub use utc::{format_utc, parse_utc};

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Name of the environment variable that [`Clock::from_environment`] reads.
pub const ENVIRONMENT: &str = "WATCHFIRE_CLOCK";

/// Fastest pace that a scaled clock accepts: at a million, a day passes in 86 ms, and an `f64` still holds the
/// product to the microsecond.
pub const MAX_SPEED: f64 = 1e6;

/// How a followed clock's description begins.
const FILE: &str = "file:";

/// Pause between two looks at a followed clock: what it shows when is known to nobody but its giver.
const FOLLOWED_PAUSE: Duration = Duration::from_millis(2);

/// Where "now" comes from. Cloning is cheap, and clones of a manual clock move together.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// Exercise time in live mode: `start_us + (real now - real_us) * speed`.
    Scaled {
        /// Real instant, in microseconds since the epoch, at which exercise time was `start_us`.
        real_us: i64,
        /// Exercise instant, in microseconds since the epoch, that belongs to `real_us`.
        start_us: i64,
        /// Exercise seconds in a real second; above 0 and at most [`MAX_SPEED`].
        speed: f64,
    },
    /// Set by whoever drives a replay or a test; it moves only through [`Clock::advance_to`].
    Manual(Arc<AtomicI64>),
    /// Read from a file that a rig writes, see [`Given`]: programs under test go by the rig's virtual time.
    Followed(Arc<Followed>),
}

/// Why a clock description was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Not three numbers separated by commas.
    #[error(
        "clock {0:?} is not \"real_us,start_us,speed\" (two integers in microseconds since 1970, one pace), nor file:PATH"
    )]
    Shape(String),
    /// The pace is not usable.
    #[error("clock speed {0:?} must be above 0 and at most 1000000")]
    Speed(String),
    /// Not an RFC 3339 instant, or outside the years -9999..9999.
    #[error("{0:?} is not an RFC 3339 time such as 2010-02-27T06:34:14Z")]
    Instant(String),
    /// The file that gives the time cannot be used.
    #[error(
        "clock file {path:?}: {reason}; start the rig that writes it first, or unset WATCHFIRE_CLOCK"
    )]
    File {
        /// The file.
        path: String,
        /// What the system says.
        reason: String,
    },
}

impl Clock {
    /// A manual clock that shows `us` until it is advanced.
    #[must_use]
    pub fn manual(us: i64) -> Self {
        Self::Manual(Arc::new(AtomicI64::new(us)))
    }

    /// A scaled clock; `speed` must be above 0 and at most [`MAX_SPEED`].
    ///
    /// # Errors
    /// [`Error::Speed`] for any other pace.
    pub fn scaled(real_us: i64, start_us: i64, speed: f64) -> Result<Self, Error> {
        if speed > 0.0 && speed <= MAX_SPEED {
            Ok(Self::Scaled {
                real_us,
                start_us,
                speed,
            })
        } else {
            Err(Error::Speed(speed.to_string()))
        }
    }

    /// A clock that shows what a [`Given`] writes to `path`.
    ///
    /// # Errors
    /// [`Error::File`] when the file is missing or does not hold an instant.
    pub fn followed(path: &Path) -> Result<Self, Error> {
        match Followed::open(path) {
            Ok(followed) => Ok(Self::Followed(Arc::new(followed))),
            Err(error) => Err(Error::File {
                path: path.display().to_string(),
                reason: error.to_string(),
            }),
        }
    }

    /// Reads `"real_us,start_us,speed"` or `"file:PATH"`, the forms that [`ENVIRONMENT`] and configurations carry.
    ///
    /// # Errors
    /// [`Error::Shape`], [`Error::Speed`] or [`Error::File`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        if let Some(path) = text.trim().strip_prefix(FILE) {
            return Self::followed(Path::new(path));
        }
        let shape = || Error::Shape(text.chars().take(80).collect());
        let mut parts = text.split(',').map(str::trim);
        let (Some(real), Some(start), Some(speed), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(shape());
        };
        let real_us = real.parse().map_err(|_| shape())?;
        let start_us = start.parse().map_err(|_| shape())?;
        let speed = speed.parse().map_err(|_| shape())?;
        Self::scaled(real_us, start_us, speed)
    }

    /// The clock that [`ENVIRONMENT`] describes, or the machine's when it is unset or empty.
    ///
    /// # Errors
    /// As [`Clock::parse`]; a malformed variable is never quietly ignored, since an exercise would then run in
    /// real time.
    pub fn from_environment() -> Result<Self, Error> {
        match std::env::var(ENVIRONMENT) {
            Ok(text) if text.trim().is_empty() => Ok(Self::System),
            Ok(text) => Self::parse(&text),
            Err(std::env::VarError::NotPresent) => Ok(Self::System),
            Err(std::env::VarError::NotUnicode(raw)) => {
                Err(Error::Shape(raw.to_string_lossy().into_owned()))
            }
        }
    }

    /// Microseconds since the Unix epoch, UTC.
    #[must_use]
    pub fn now_us(&self) -> i64 {
        match self {
            Self::System => system_us(),
            Self::Scaled {
                real_us,
                start_us,
                speed,
            } => scale(system_us(), *real_us, *start_us, *speed),
            Self::Manual(now) => now.load(Ordering::Acquire),
            Self::Followed(followed) => followed.now_us(),
        }
    }

    /// Moves a manual clock forward to `us`; an earlier instant changes nothing. Other clocks move by
    /// themselves and ignore this, so that a driver needs no case distinction. Returns the time afterwards.
    pub fn advance_to(&self, us: i64) -> i64 {
        match self {
            Self::Manual(now) => now.fetch_max(us, Ordering::AcqRel).max(us),
            Self::System | Self::Scaled { .. } | Self::Followed(_) => self.now_us(),
        }
    }

    /// How long to sleep on the wall until `virtual_us` microseconds of this clock have passed. Zero for
    /// negative spans, and for a manual clock, which no sleep moves. For a followed clock a short pause, after which to look again.
    #[must_use]
    pub fn real_duration(&self, virtual_us: i64) -> Duration {
        let span_us = u64::try_from(virtual_us).unwrap_or(0);
        match self {
            Self::System => Duration::from_micros(span_us),
            // Rounded up: waking a microsecond early would make the caller spin once more.
            Self::Scaled { speed, .. } => {
                Duration::from_micros((span_us as f64 / speed).ceil() as u64)
            }
            Self::Manual(_) => Duration::ZERO,
            Self::Followed(_) if span_us == 0 => Duration::ZERO,
            Self::Followed(_) => FOLLOWED_PAUSE,
        }
    }

    /// How long to sleep on the wall until this clock shows `instant_us`; zero when that has passed.
    #[must_use]
    pub fn real_until(&self, instant_us: i64) -> Duration {
        self.real_duration(instant_us.saturating_sub(self.now_us()))
    }

    /// The description of a clock that is not the machine's, to hand on to a child process; nothing for a manual clock.
    #[must_use]
    pub fn description(&self) -> Option<String> {
        match self {
            Self::Scaled {
                real_us,
                start_us,
                speed,
            } => Some(format!("{real_us},{start_us},{speed}")),
            Self::Followed(followed) => Some(format!("{FILE}{}", followed.path().display())),
            Self::System | Self::Manual(_) => None,
        }
    }
}

/// The machine's clock in microseconds; negative before 1970, so a board with a dead battery is visible as such.
fn system_us() -> i64 {
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_micros()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_micros()).map_or(i64::MIN, |us| -us),
    }
}

fn scale(now_us: i64, real_us: i64, start_us: i64, speed: f64) -> i64 {
    let passed_us = now_us.saturating_sub(real_us) as f64 * speed;
    start_us.saturating_add(passed_us as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn manual_clock_moves_with_its_clones_and_never_back() {
        let clock = Clock::manual(100);
        let other = clock.clone();
        assert_eq!(clock.advance_to(250), 250);
        assert_eq!(other.now_us(), 250);
        assert_eq!(other.advance_to(200), 250);
        assert_eq!(clock.real_duration(1_000_000), Duration::ZERO);
    }

    #[test]
    fn scaled_clock_is_a_straight_line_through_three_numbers() {
        assert_eq!(scale(1_000_000, 1_000_000, 7, 60.0), 7);
        assert_eq!(scale(3_000_000, 1_000_000, 7, 60.0), 120_000_007);
        assert_eq!(scale(0, 1_000_000, 7, 0.5), 7 - 500_000);
        assert_eq!(scale(i64::MAX, i64::MIN, i64::MAX, 1e6), i64::MAX);
    }

    #[test]
    fn sleeps_are_shortened_by_the_pace() {
        let clock = Clock::scaled(0, 0, 300.0).expect("a valid pace");
        assert_eq!(clock.real_duration(300_000_000), Duration::from_secs(1));
        assert_eq!(clock.real_duration(-5), Duration::ZERO);
        assert_eq!(clock.real_until(i64::MIN), Duration::ZERO);
        assert_eq!(
            Clock::System.real_duration(1_500),
            Duration::from_micros(1_500)
        );
    }

    #[test]
    fn description_round_trips_and_nonsense_is_refused() {
        let clock =
            Clock::parse(" 1700000000000000, 1267252454000000 ,300 ").expect("three numbers");
        assert_eq!(
            clock.description().as_deref(),
            Some("1700000000000000,1267252454000000,300")
        );
        for bad in ["", "1,2", "1,2,3,4", "a,2,3", "1,2,fast"] {
            assert!(matches!(Clock::parse(bad), Err(Error::Shape(_))), "{bad:?}");
        }
        for bad in ["1,2,0", "1,2,-1", "1,2,NaN", "1,2,inf", "1,2,1e7"] {
            assert!(matches!(Clock::parse(bad), Err(Error::Speed(_))), "{bad:?}");
        }
    }

    #[test]
    fn a_followed_clock_shows_what_is_given_and_never_goes_back() {
        let directory = tempfile::tempdir().expect("a scratch directory");
        let path = directory.path().join("time");
        let mut given = Given::create(&path, 100).expect("a file");
        let clock = Clock::parse(&given.description()).expect("a followed clock");
        assert_eq!(clock.description(), Some(given.description()));
        assert_eq!(clock.now_us(), 100);
        given.advance_to(1_000_000).expect("written");
        assert_eq!(clock.now_us(), 1_000_000);
        given.advance_to(5).expect("nothing to write");
        assert_eq!(clock.now_us(), 1_000_000);
        given.set(5).expect("written");
        assert_eq!(clock.now_us(), 1_000_000, "who follows does not go back");
        let later = Clock::followed(&path).expect("a new follower");
        assert_eq!(later.now_us(), 5);
        assert_eq!(clock.real_duration(-1), Duration::ZERO);
        assert!(clock.real_until(2_000_000) > Duration::ZERO);
        // Its file is gone, the time stands still.
        std::fs::remove_file(&path).expect("a file");
        assert_eq!(clock.now_us(), 1_000_000);
    }

    #[test]
    fn a_file_that_gives_no_time_is_refused_with_its_name() {
        let directory = tempfile::tempdir().expect("a scratch directory");
        let path = directory.path().join("time");
        for bytes in [None, Some(&b"short"[..]), Some(&[7; 16]), Some(&[0; 16])] {
            if let Some(bytes) = bytes {
                std::fs::write(&path, bytes).expect("a file");
            }
            let error = Clock::parse(&format!("file:{}", path.display())).expect_err("no time");
            assert!(error.to_string().contains("time"), "{error}");
            assert!(matches!(error, Error::File { .. }));
        }
    }

    /// The writer's two halves are never taken for one instant: a reader at full speed sees only instants that were given.
    #[test]
    fn half_written_instants_are_not_shown() {
        let directory = tempfile::tempdir().expect("a scratch directory");
        let path = directory.path().join("time");
        const STEP: i64 = 0xFFFF_FF01;
        let mut given = Given::create(&path, 0).expect("a file");
        let clock = Clock::followed(&path).expect("a followed clock");
        let reader = std::thread::spawn(move || {
            loop {
                let us = clock.now_us();
                assert_eq!(us % STEP, 0, "{us}");
                if us == STEP * 20_000 {
                    return;
                }
            }
        });
        for n in 0..=20_000 {
            given.advance_to(STEP * n).expect("written");
        }
        reader.join().expect("only instants that were given");
    }

    #[test]
    fn the_system_clock_is_in_this_century() {
        // 2020-01-01; a unit slip (seconds or nanoseconds) would miss this by a factor of a thousand.
        assert!((1_577_836_800_000_000..4_102_444_800_000_000).contains(&Clock::System.now_us()));
    }
}
