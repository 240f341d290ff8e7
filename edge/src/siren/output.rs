//! What a siren is switched by.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clock::Clock;
use wire::frame::{SIREN_OFF, SIREN_ON};

use super::settings::{OutputKind, Siren};
use crate::node::Nodes;

/// How often an output that is on is told so again. Nodes switch off by themselves when they are not.
pub const REFRESH: Duration = Duration::from_secs(2);

/// How much longer than until the next refresh a node stays on: three lost frames in a row.
const LEASE: Duration = Duration::from_secs(7);

/// A node that has not been heard for this long fails a self-test.
const HEARD_WITHIN_US: i64 = 5 * 60 * 1_000_000;

/// One switch. Errors are for people; they become the reason in the acknowledgement.
pub trait Output: Send {
    /// Switches it. Called at each change and, while on, every [`REFRESH`]; `left` is how long it shall stay on.
    ///
    /// # Errors
    /// What failed.
    fn set(&mut self, on: bool, left: Duration, sound: &str) -> Result<(), String>;

    /// Whether it is on, as far as that can be seen; `None` where it cannot.
    ///
    /// # Errors
    /// What failed.
    fn read(&mut self) -> Result<Option<bool>, String>;

    /// Looks whether it can be reached, without a sound.
    ///
    /// # Errors
    /// What failed.
    fn probe(&mut self) -> Result<(), String>;
}

/// The output that the configuration describes. One that cannot be had now is tried again at each use.
pub fn open(siren: &Siren, nodes: &Arc<Nodes>, clock: &Clock) -> Box<dyn Output> {
    match siren.output {
        OutputKind::Gpio => Box::new(Gpio::new(siren)),
        OutputKind::Node => Box::new(NodeOutput {
            node: siren.node.unwrap_or_default(),
            nodes: nodes.clone(),
            clock: clock.clone(),
            next: clock.now_us() as u32,
        }),
        OutputKind::File => Box::new(FileOutput::new(
            siren.file.as_deref().unwrap_or(Path::new("")),
            &siren.id,
            clock,
        )),
    }
}

/// Appends a line for every change: `2026-01-01T00:00:00Z pier on actual warning <command>`.
#[derive(Debug)]
pub struct FileOutput {
    path: PathBuf,
    siren: String,
    clock: Clock,
    last: bool,
}

impl FileOutput {
    /// An output that is off.
    pub fn new(path: &Path, siren: &str, clock: &Clock) -> Self {
        Self {
            path: path.to_owned(),
            siren: siren.to_owned(),
            clock: clock.clone(),
            last: false,
        }
    }

    fn file(&self) -> Result<File, String> {
        let opened = OpenOptions::new()
            .append(true)
            .create(true)
            .open(&self.path);
        opened.map_err(|error| format!("{}: {error}", self.path.display()))
    }
}

impl Output for FileOutput {
    fn set(&mut self, on: bool, _: Duration, sound: &str) -> Result<(), String> {
        if on == self.last {
            return Ok(());
        }
        let time = clock::format_utc(self.clock.now_us());
        let word = if on { "on" } else { "off" };
        let line = format!("{time} {} {word} {sound}\n", self.siren);
        let mut file = self.file()?;
        file.write_all(line.as_bytes())
            .map_err(|error| format!("{}: {error}", self.path.display()))?;
        self.last = on;
        Ok(())
    }

    fn read(&mut self) -> Result<Option<bool>, String> {
        Ok(None)
    }

    fn probe(&mut self) -> Result<(), String> {
        self.file().map(|_| ())
    }
}

/// A node that is told by frames. It has no answer to a command, so what it does is not seen here.
struct NodeOutput {
    node: u32,
    nodes: Arc<Nodes>,
    clock: Clock,
    /// Number of the next command; nodes do each number once.
    next: u32,
}

impl Output for NodeOutput {
    fn set(&mut self, on: bool, left: Duration, _: &str) -> Result<(), String> {
        let lease = left.min(LEASE);
        let (code, argument) = if on {
            (
                SIREN_ON,
                u32::try_from(lease.as_millis()).unwrap_or(u32::MAX),
            )
        } else {
            (SIREN_OFF, 0)
        };
        self.next = self.next.wrapping_add(1);
        let expires_us = self.clock.now_us().saturating_add(LEASE.as_micros() as i64);
        self.nodes
            .command(self.node, self.next, code, argument, expires_us)
            .map_err(|reason| format!("node {}: {reason}", self.node))
    }

    fn read(&mut self) -> Result<Option<bool>, String> {
        Ok(None)
    }

    fn probe(&mut self) -> Result<(), String> {
        match self.nodes.last_frame_us(self.node) {
            Some(at_us) if self.clock.now_us().saturating_sub(at_us) <= HEARD_WITHIN_US => Ok(()),
            Some(_) => Err(format!("node {} has been silent for minutes", self.node)),
            None => Err(format!("node {} has not been heard", self.node)),
        }
    }
}

#[cfg(all(feature = "gpio", target_os = "linux"))]
use gpio::Gpio;

#[cfg(all(feature = "gpio", target_os = "linux"))]
mod gpio {
    //! A line of a GPIO character device (Linux kernel, include/uapi/linux/gpio.h, version 2).

    use std::path::PathBuf;
    use std::time::Duration;

    use gpiocdev::Request;
    use gpiocdev::line::Value;

    use super::super::settings::Siren;
    use super::Output;

    /// A line that is requested at its first use and kept.
    pub(super) struct Gpio {
        chip: PathBuf,
        line: u32,
        active_low: bool,
        request: Option<Request>,
    }

    impl Gpio {
        pub(super) fn new(siren: &Siren) -> Self {
            Self {
                chip: siren.chip.clone().unwrap_or_default(),
                line: siren.line.unwrap_or_default(),
                active_low: siren.active_low,
                request: None,
            }
        }

        fn request(&mut self) -> Result<&Request, String> {
            let named = |error: gpiocdev::Error| {
                format!("{} line {}: {error}", self.chip.display(), self.line)
            };
            let request = match self.request.take() {
                Some(request) => request,
                None => {
                    let mut builder = Request::builder();
                    builder
                        .on_chip(&self.chip)
                        .with_consumer("watchfire-edge")
                        .with_line(self.line)
                        .as_output(Value::Inactive);
                    if self.active_low {
                        builder.as_active_low();
                    }
                    builder.request().map_err(named)?
                }
            };
            Ok(self.request.insert(request))
        }

        /// A chip that went away is requested anew next time.
        fn failed(&mut self, error: &gpiocdev::Error) -> String {
            self.request = None;
            format!("{} line {}: {error}", self.chip.display(), self.line)
        }
    }

    impl Output for Gpio {
        fn set(&mut self, on: bool, _: Duration, _: &str) -> Result<(), String> {
            let line = self.line;
            let value = if on { Value::Active } else { Value::Inactive };
            let set = self.request()?.set_value(line, value);
            set.map_err(|error| self.failed(&error))
        }

        fn read(&mut self) -> Result<Option<bool>, String> {
            let line = self.line;
            let read = self.request()?.value(line);
            read.map(|value| Some(value == Value::Active))
                .map_err(|error| self.failed(&error))
        }

        fn probe(&mut self) -> Result<(), String> {
            self.read().map(|_| ())
        }
    }
}

/// A build without the feature `gpio`, or not on Linux: says so where a line is to be driven.
#[cfg(not(all(feature = "gpio", target_os = "linux")))]
struct Gpio;

#[cfg(not(all(feature = "gpio", target_os = "linux")))]
impl Gpio {
    const WHY: &'static str = "this program was built without GPIO";

    fn new(_: &Siren) -> Self {
        Self
    }
}

#[cfg(not(all(feature = "gpio", target_os = "linux")))]
impl Output for Gpio {
    fn set(&mut self, _: bool, _: Duration, _: &str) -> Result<(), String> {
        Err(Self::WHY.to_owned())
    }

    fn read(&mut self) -> Result<Option<bool>, String> {
        Err(Self::WHY.to_owned())
    }

    fn probe(&mut self) -> Result<(), String> {
        Err(Self::WHY.to_owned())
    }
}
