//! One emulated node: a firmware image on an STM32F405, stopped each time it has nothing to do.
//!
//! The firmware idles in `watchfire_idle`. The machine stops there, with interrupts held back: everything the firmware sent is then
//! in the sockets. What is due is delivered, then the firmware goes on. Time depends on instructions and timers alone, and never on
//! how busy this computer is.
//!
//! Stands for the flash controller, which the emulator does not have: `watchfire_flash_program` and `watchfire_flash_erase` are carried
//! out here. Takes no part in anything else that the firmware does.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::elf::Image;
use super::error::Error;
use super::flash::{BASE, Done, Flash, Operation};
use super::gdb::{LR, PC, Stopped};
use super::qemu::{Emulator, Pace};
use super::running::{LOOK, PATIENCE, Running, broke, is_gone};

/// Longest write of the firmware in one go, bytes; a sector's worth.
const MAX_PROGRAM: usize = 128 * 1024;

/// A serial port of the node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Port {
    /// USART2.
    Sensor,
    /// USART3.
    Link,
}

/// Why the node starts, as its reset flags say (RM0090, RCC_CSR).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Power came.
    PowerOn,
    /// The supply had sagged.
    BrownOut,
    /// The reset pin.
    Pin,
    /// The firmware itself.
    Software,
    /// The watchdog.
    Watchdog,
}

/// Why a machine stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The firmware has nothing to do.
    Idle,
    /// The firmware reset itself; power it on with [`Cause::Software`].
    Reset,
    /// The power went during an operation of the flash, as was asked.
    PowerLost,
    /// It runs on: the time to wait is over. At [`Pace::Real`] only.
    Running,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
/// Where the rig steps in.
pub(super) enum Hook {
    Idle,
    Program,
    Erase,
}

/// A node that may be on.
#[derive(Debug)]
pub struct Machine {
    emulator: Emulator,
    pace: Pace,
    images: Vec<Image>,
    flash: Flash,
    on: Option<Running>,
    cut: Option<(u64, Done)>,
    /// Operations of the flash so far.
    pub operations: u64,
}

fn off() -> Error {
    Error::Emulator("the node has no power".to_owned())
}

impl Machine {
    /// A node that is off. `images` are all that may ever run on it, so that the rig finds its hooks in each.
    #[must_use]
    pub fn new(emulator: Emulator, pace: Pace, images: Vec<Image>, flash: Flash) -> Self {
        Self {
            emulator,
            pace,
            images,
            flash,
            on: None,
            cut: None,
            operations: 0,
        }
    }

    /// How its time runs.
    #[must_use]
    pub const fn pace(&self) -> Pace {
        self.pace
    }

    /// Whether it has power.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.on.is_some()
    }

    /// What is in its flash.
    #[must_use]
    pub fn flash(&self) -> &Flash {
        &self.flash
    }

    /// What is in its flash, to be changed while it is off; a machine that is on does not see it.
    pub fn flash_mut(&mut self) -> &mut Flash {
        &mut self.flash
    }

    /// Lets the power go at the operation of the flash with this number (see [`Machine::operations`]), once.
    pub fn cut_at(&mut self, operation: u64, done: Done) {
        self.cut = Some((operation, done));
    }

    /// Gives it power.
    ///
    /// # Errors
    /// The emulator does not start.
    pub fn power_on(&mut self, cause: Cause) -> Result<(), Error> {
        self.on = None;
        let process = self.emulator.start(self.flash.bytes(), self.pace)?;
        self.on = Some(Running::new(process, cause)?);
        self.set_hooks()
    }

    /// Takes the power away.
    pub fn power_off(&mut self) {
        self.on = None;
    }

    /// Stops where the images that are in the flash now have their hooks, and nowhere else.
    fn set_hooks(&mut self) -> Result<(), Error> {
        let Some(on) = &mut self.on else {
            return Ok(());
        };
        let (mut hooks, mut watched) = (BTreeMap::new(), None);
        for image in self.images.iter().filter(|i| i.is_in(self.flash.bytes())) {
            let own = image.hooks;
            let flash = [(own.program, Hook::Program), (own.erase, Hook::Erase)];
            hooks.extend(flash.into_iter().filter_map(|(at, hook)| Some((at?, hook))));
            let Some(idle) = own.idle.filter(|_| self.pace == Pace::Virtual) else {
                continue;
            };
            match (idle.reads, watched) {
                (Some(word), None) => watched = Some((word, idle.at)),
                _ => drop(hooks.insert(idle.at, Hook::Idle)),
            }
        }
        on.stop_at(hooks, watched)
    }

    /// Hands bytes to a port; they arrive as fast as the firmware takes them. Bytes beyond 64 KiB are refused.
    ///
    /// Returns whether they were taken; a node without power takes none.
    pub fn deliver(&mut self, port: Port, bytes: &[u8]) -> bool {
        let on = self.on.as_mut();
        on.is_some_and(|on| on.queue(port, bytes))
    }

    /// What the node has sent since the last call.
    pub fn take_sent(&mut self, port: Port) -> Vec<u8> {
        let on = self.on.as_mut();
        on.map(|on| on.take_sent(port)).unwrap_or_default()
    }

    /// Time since power came, microseconds; 0 without power.
    #[must_use]
    pub fn now_us(&self) -> u64 {
        self.on.as_ref().map_or(0, |on| on.now_ns / 1_000)
    }

    /// Sets the level of an external interrupt line (EXTI number).
    ///
    /// # Errors
    /// The emulator does not answer.
    pub fn set_line(&mut self, line: u8, high: bool) -> Result<(), Error> {
        match &mut self.on {
            Some(on) => on.set_line(line, high),
            None => Ok(()),
        }
    }

    /// Holds the node's counter (SysTick), or lets it go on: a crystal that has stopped. The core goes on, woken by what comes from outside.
    ///
    /// # Errors
    /// The emulator does not answer.
    pub fn hold_clock(&mut self, hold: bool) -> Result<(), Error> {
        match &mut self.on {
            Some(on) => on.hold(hold),
            None => Ok(()),
        }
    }

    /// Reads the node's memory while it stands, as a debugger does: how deep its stack went, say.
    ///
    /// # Errors
    /// It has no power, or there is no memory.
    pub fn memory(&mut self, address: u32, length: usize) -> Result<Vec<u8>, Error> {
        match &mut self.on {
            Some(on) => on.gdb.read(address, length).map_err(broke),
            None => Err(off()),
        }
    }

    /// Runs until the firmware has nothing to do again, or until `due_us` (time since power came) while it sleeps, or until it ends.
    /// Something due within a burst of the firmware's is reported behind it, within [`GRAIN_NS`].
    ///
    /// # Errors
    /// It is never idle, the emulator crashed, or there is no power.
    pub fn run(&mut self, due_us: Option<u64>) -> Result<Stop, Error> {
        let due_ns = due_us.map_or(u64::MAX, |us| us.saturating_mul(1_000));
        loop {
            let stop = self.sleep(due_ns).and_then(|slept| match slept {
                Some(stop) => Ok(stop),
                None => self.work(PATIENCE),
            });
            let stop = self.or_reset(stop)?;
            // In the middle of a message from outside: nobody has anything to do but to give the next byte.
            let on = self.on.as_ref();
            let goes_on = on.is_some_and(|on| on.only_listens() && on.now_ns < due_ns);
            if stop != Stop::Idle || !goes_on {
                return Ok(stop);
            }
        }
    }

    /// At [`Pace::Real`]: runs for this long.
    ///
    /// # Errors
    /// As [`Machine::run`].
    pub fn run_for(&mut self, real: Duration) -> Result<Stop, Error> {
        let stop = self.work(real);
        self.or_reset(stop)
    }

    fn or_reset(&mut self, stop: Result<Stop, Error>) -> Result<Stop, Error> {
        match stop {
            Err(Error::System { error, .. }) if is_gone(&error) => {
                let on = self.on.take();
                let mut on = on.ok_or_else(off)?;
                on.process.reset()?;
                Ok(Stop::Reset)
            }
            stop => stop,
        }
    }

    /// Lets time pass while the firmware has nothing to do. Returns how that ended, or nothing when it has to work.
    fn sleep(&mut self, due_ns: u64) -> Result<Option<Stop>, Error> {
        let Some(on) = &mut self.on else {
            return Err(off());
        };
        while on.next.is_some() && !on.woken {
            if on.feed()? {
                return Ok(None);
            }
            if on.now_ns >= due_ns {
                return Ok(Some(Stop::Idle));
            }
            on.prepare_sleep(due_ns)?;
            on.doze()?;
        }
        Ok(None)
    }

    /// Lets the firmware do what it has to do.
    fn work(&mut self, real: Duration) -> Result<Stop, Error> {
        let pace = self.pace;
        let Some(on) = &mut self.on else {
            return Err(off());
        };
        match pace {
            Pace::Virtual => drop(on.feed()?),
            Pace::Real => on.feed_freely()?,
        }
        if !on.runs {
            on.go(pace)?;
        }
        let begun = Instant::now();
        loop {
            let Some(on) = &mut self.on else {
                return Ok(Stop::PowerLost);
            };
            let left = real.saturating_sub(begun.elapsed());
            let Some(stopped) = on.wait(LOOK.min(left).max(Duration::from_millis(1)))? else {
                match (pace, left.is_zero()) {
                    (Pace::Real, true) => return Ok(Stop::Running),
                    (Pace::Real, false) => on.feed_freely()?,
                    (Pace::Virtual, false) => {}
                    (Pace::Virtual, true) => {
                        on.gdb.halt().map_err(broke)?;
                        let pc = on.gdb.register(PC).map_err(broke)?;
                        return Err(Error::NotIdle(real.as_secs(), pc));
                    }
                }
                continue;
            };
            on.runs = false;
            let pc = on.gdb.register(PC).map_err(broke)?;
            let hook = match (stopped, on.watched) {
                (Stopped::Watched, Some((_, at))) => (pc == at).then_some(Hook::Idle),
                _ => on.hooks.get(&pc).copied(),
            };
            match hook {
                Some(Hook::Idle) => {
                    on.is_idle(pc)?;
                    return Ok(Stop::Idle);
                }
                Some(Hook::Program) => self.flash_call(false)?,
                Some(Hook::Erase) => self.flash_call(true)?,
                None => on.next = Some(pc),
            }
            match &mut self.on {
                Some(on) => on.go(pace)?,
                None => return Ok(Stop::PowerLost),
            }
        }
    }

    /// The firmware calls its flash driver: does it, and returns to the caller.
    fn flash_call(&mut self, erase: bool) -> Result<(), Error> {
        let Some(on) = &mut self.on else {
            return Ok(());
        };
        let gdb = &mut on.gdb;
        let offset = gdb.register(0).map_err(broke)? as usize;
        let operation = if erase {
            Some(Operation::Erase { offset })
        } else {
            let data = gdb.register(1).map_err(broke)?;
            let length = gdb.register(2).map_err(broke)? as usize;
            (length <= MAX_PROGRAM)
                .then(|| gdb.read(data, length))
                .transpose()
                .map_err(broke)?
                .map(|bytes| Operation::Program { offset, bytes })
        };
        let number = self.operations;
        self.operations += 1;
        let done = match self.cut.take_if(|(at, _)| *at <= number) {
            Some((_, done)) => {
                if let Some(operation) = operation {
                    let _ = self.flash.apply(&operation, done);
                }
                self.on = None;
                return Ok(());
            }
            None => operation.and_then(|operation| self.flash.apply(&operation, Done::All).ok()),
        };
        if let Some(range) = &done {
            let at = BASE + range.start as u32;
            on.gdb
                .write(at, &self.flash.bytes()[range.clone()])
                .map_err(broke)?;
        }
        let result = u32::from(done.is_none());
        on.gdb.set_register(0, result).map_err(broke)?;
        on.next = Some(on.gdb.register(LR).map_err(broke)? & !1);
        self.set_hooks()
    }
}
