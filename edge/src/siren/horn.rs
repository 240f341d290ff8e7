//! One siren: what it plays, and whether its output does what it is told.

use std::collections::BTreeMap;
use std::time::Duration;

use wire::topic::Mode;

use super::output::{Output, REFRESH};
use super::pattern::Pattern;
use super::settings::{Siren, SirenPattern};

/// How long to wait before an output that failed is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// What is sounded, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cue {
    /// The order: a command's id, hexadecimal, or a name that no command has.
    pub order: String,
    /// How seriously it is meant.
    pub mode: Mode,
    /// Signal.
    pub signal: String,
}

/// A cue that is being played.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Playing {
    cue: Cue,
    pattern: Pattern,
    started: Duration,
    /// How much of it had been played before.
    offset: Duration,
}

/// What a look at the clock led to.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Tick {
    /// What came to its end.
    pub ended: Option<Cue>,
    /// When to look again; `None`: when something happens.
    pub next: Option<Duration>,
}

/// A siren.
pub struct Horn {
    /// Id.
    pub id: String,
    /// Zones and groups.
    pub zones: Vec<String>,
    patterns: BTreeMap<(Mode, String), Pattern>,
    output: Box<dyn Output>,
    playing: Option<Playing>,
    /// What the output was last told, if it took it.
    driven: Option<bool>,
    /// When it was last told.
    told: Duration,
    trouble: Option<String>,
}

/// More serious is higher.
pub const fn rank(mode: Mode) -> u8 {
    match mode {
        Mode::Actual => 2,
        Mode::Exercise => 1,
        Mode::Test => 0,
    }
}

impl Horn {
    /// A siren that is silent, as configured and checked.
    pub fn new(siren: &Siren, patterns: &[SirenPattern], output: Box<dyn Output>) -> Self {
        let mut own = BTreeMap::new();
        for mode in Mode::ALL.iter().copied() {
            for (signal, name) in siren.signals(mode) {
                if let Some(entry) = patterns.iter().find(|entry| entry.id == *name) {
                    own.insert((mode, signal.clone()), entry.pattern());
                }
            }
        }
        Self {
            id: siren.id.clone(),
            zones: siren.zones.clone(),
            patterns: own,
            output,
            playing: None,
            driven: None,
            told: Duration::ZERO,
            trouble: None,
        }
    }

    /// How it sounds a signal; the counted name of why it does not.
    ///
    /// # Errors
    /// `mode_not_configured` or `signal_not_configured`.
    pub fn pattern(&self, mode: Mode, signal: &str) -> Result<Pattern, &'static str> {
        match self.patterns.get(&(mode, signal.to_owned())) {
            Some(pattern) => Ok(*pattern),
            None if self.patterns.keys().any(|(known, _)| *known == mode) => {
                Err("signal_not_configured")
            }
            None => Err("mode_not_configured"),
        }
    }

    /// What it plays.
    pub fn cue(&self) -> Option<&Cue> {
        self.playing.as_ref().map(|playing| &playing.cue)
    }

    /// What is wrong with its output.
    pub fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    /// `idle`, `sounding` or `failed`.
    pub fn state(&self) -> &'static str {
        match (&self.trouble, &self.playing) {
            (Some(_), _) => "failed",
            (None, Some(_)) => "sounding",
            (None, None) => "idle",
        }
    }

    /// Begins; returns what it played before. `offset` of the pattern has been played already.
    pub fn start(
        &mut self,
        cue: Cue,
        pattern: Pattern,
        offset: Duration,
        now: Duration,
    ) -> Option<Cue> {
        let before = self.stop();
        self.playing = Some(Playing {
            cue,
            pattern,
            started: now,
            offset,
        });
        before
    }

    /// Ends; returns what it played. The output is switched by the next [`Horn::tick`].
    pub fn stop(&mut self) -> Option<Cue> {
        self.playing.take().map(|playing| playing.cue)
    }

    /// Switches the output as it should be at `now`.
    pub fn tick(&mut self, now: Duration) -> Tick {
        let mut tick = Tick::default();
        let phase = self.playing.as_ref().and_then(|playing| {
            let elapsed = now.saturating_sub(playing.started) + playing.offset;
            playing.pattern.at(elapsed)
        });
        if phase.is_none() {
            tick.ended = self.stop();
        }
        let on = phase.is_some_and(|phase| phase.on);
        let left = phase.map_or(Duration::ZERO, |phase| phase.left);
        let since = now.saturating_sub(self.told);
        let due = match self.driven {
            Some(driven) if driven != on => true,
            Some(_) => on && since >= REFRESH,
            // Refused last time, or never told.
            None => self.trouble.is_none() || since >= RETRY,
        };
        if due {
            self.drive(on, left, now);
        }
        if let Some(phase) = phase {
            tick.next = Some(if phase.on {
                phase.left.min(REFRESH)
            } else {
                phase.left
            });
        }
        if self.trouble.is_some() {
            tick.next = Some(tick.next.map_or(RETRY, |next| next.min(RETRY)));
        }
        tick
    }

    fn drive(&mut self, on: bool, left: Duration, now: Duration) {
        let sound = match &self.playing {
            Some(Playing { cue, .. }) => {
                format!("{} {} {}", cue.mode.name(), cue.signal, cue.order)
            }
            None => "end".to_owned(),
        };
        let outcome =
            self.output
                .set(on, left, &sound)
                .and_then(|()| match self.output.read()? {
                    Some(level) if level != on => Err(format!(
                        "told to be {}, and reads back {}",
                        word(on),
                        word(level)
                    )),
                    _ => Ok(()),
                });
        self.told = now;
        self.driven = outcome.is_ok().then_some(on);
        self.trouble = outcome.err();
    }

    /// Switches the output off because the process ends.
    pub fn hush(&mut self) {
        if self.driven != Some(false)
            && let Err(why) = self.output.set(false, Duration::ZERO, "end")
        {
            tracing::error!(siren = self.id, why, "the siren cannot be switched off");
        }
    }

    /// Looks whether its output can be reached, without a sound; never while it plays.
    ///
    /// # Errors
    /// What failed.
    pub fn probe(&mut self) -> Result<(), String> {
        if self.playing.is_some() {
            return Ok(());
        }
        let probed = self.output.probe();
        self.trouble = probed.clone().err();
        if self.trouble.is_some() {
            // Looked at again by the next tick, which clears what was only for a moment.
            self.driven = None;
        }
        probed
    }
}

const fn word(on: bool) -> &'static str {
    if on { "on" } else { "off" }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::super::settings::OutputKind;
    use super::*;

    /// What the output was told and does.
    #[derive(Default)]
    struct Line {
        told: Vec<bool>,
        broken: bool,
        stuck: Option<bool>,
    }

    struct Switch(Arc<Mutex<Line>>);

    impl Output for Switch {
        fn set(&mut self, on: bool, _: Duration, _: &str) -> Result<(), String> {
            let mut line = self.0.lock().unwrap();
            if line.broken {
                return Err("no line".to_owned());
            }
            line.told.push(on);
            Ok(())
        }

        fn read(&mut self) -> Result<Option<bool>, String> {
            let line = self.0.lock().unwrap();
            Ok(line.stuck.or(line.told.last().copied()))
        }

        fn probe(&mut self) -> Result<(), String> {
            self.read().map(|_| ())
        }
    }

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn horn() -> (Horn, Arc<Mutex<Line>>) {
        let line = Arc::new(Mutex::new(Line::default()));
        let signals = |pattern: &str| BTreeMap::from([("warning".to_owned(), pattern.to_owned())]);
        let siren = Siren {
            id: "pier".to_owned(),
            zones: vec!["z".to_owned()],
            output: OutputKind::File,
            chip: None,
            line: None,
            active_low: false,
            node: None,
            file: None,
            actual: signals("wail"),
            exercise: BTreeMap::new(),
            test: BTreeMap::new(),
        };
        let wail = SirenPattern {
            id: "wail".to_owned(),
            on: s(3),
            off: s(1),
            lasts: s(10),
        };
        (
            Horn::new(&siren, &[wail], Box::new(Switch(line.clone()))),
            line,
        )
    }

    fn start(horn: &mut Horn, now: Duration) -> Option<Cue> {
        let cue = Cue {
            order: "o".to_owned(),
            mode: Mode::Actual,
            signal: "warning".to_owned(),
        };
        let pattern = horn.pattern(Mode::Actual, "warning").unwrap();
        horn.start(cue, pattern, Duration::ZERO, now)
    }

    #[test]
    fn is_off_at_first_then_plays_to_the_end_and_is_off_again() {
        let (mut horn, line) = horn();
        assert_eq!(horn.tick(s(0)), Tick::default());
        assert_eq!(start(&mut horn, s(100)), None);
        let mut now = s(100);
        let ended = loop {
            let tick = horn.tick(now);
            assert_eq!(
                horn.state(),
                if tick.ended.is_some() {
                    "idle"
                } else {
                    "sounding"
                }
            );
            if let Some(cue) = tick.ended {
                break cue;
            }
            now += tick.next.unwrap();
        };
        assert_eq!((ended.order.as_str(), now), ("o", s(110)));
        // Told again every two seconds while on: nodes end by themselves.
        let told = line.lock().unwrap().told.clone();
        assert_eq!(
            told,
            [false, true, true, false, true, true, false, true, false]
        );
    }

    #[test]
    fn a_line_that_does_not_follow_is_a_failure_and_is_tried_again() {
        let (mut horn, line) = horn();
        line.lock().unwrap().stuck = Some(false);
        horn.tick(s(0));
        start(&mut horn, s(1));
        assert_eq!(horn.tick(s(1)).next, Some(RETRY));
        assert_eq!(horn.state(), "failed");
        assert_eq!(horn.trouble(), Some("told to be on, and reads back off"));
        line.lock().unwrap().stuck = None;
        horn.tick(s(2));
        assert_eq!(horn.state(), "sounding");
        line.lock().unwrap().broken = true;
        horn.tick(s(4));
        assert_eq!(horn.trouble(), Some("no line"));
        line.lock().unwrap().broken = false;
        horn.tick(s(60));
        assert_eq!(horn.state(), "idle", "its time passed, and it is off");
        assert_eq!(line.lock().unwrap().told.last(), Some(&false));
    }

    #[test]
    fn plays_only_what_is_configured_for_the_mode() {
        let (horn, _) = horn();
        assert!(horn.pattern(Mode::Actual, "warning").is_ok());
        assert_eq!(
            horn.pattern(Mode::Actual, "other"),
            Err("signal_not_configured")
        );
        for mode in [Mode::Exercise, Mode::Test] {
            assert_eq!(horn.pattern(mode, "warning"), Err("mode_not_configured"));
        }
    }
}
