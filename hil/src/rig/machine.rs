//! One emulated node: a firmware image on an STM32F405, stopped each time it has nothing to do.
//!
//! The firmware idles in `watchfire_idle`. The machine stops there, with interrupts held back: everything the firmware sent is then
//! in the sockets. What is due is delivered, then the firmware goes on. Time depends on instructions and timers alone, and never on
//! how busy this computer is.
//!
//! The emulator takes a processor that a debugger has stopped for one that sleeps, and moves its time on to the next timer of any
//! peripheral, once at each stop. That is used: to let time pass, the machine is stopped again where it stands, and the next timer is
//! the firmware's own (SysTick) or the rig's alarm at the instant when something is due. Before the firmware goes on, alarms are set
//! shortly ahead, so that at its next stop time moves by no more than [`GRAIN_NS`].
//!
//! Stands for the flash controller, which the emulator does not have: `watchfire_flash_program` and `watchfire_flash_erase` are carried
//! out here. Takes no part in anything else that the firmware does.

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec};

use super::elf::Image;
use super::error::{Error, system};
use super::flash::{BASE, Done, Flash, Operation, SIZE};
use super::gdb::{Gdb, LR, PC, Stopped};
use super::qemu::{Emulator, Pace, Process};
use super::qtest::Qtest;

/// Longest wait of the wall for the firmware to be idle again; it takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often the ports are emptied meanwhile, so that a firmware that sends and sends does not wait for us.
const LOOK: Duration = Duration::from_millis(100);
/// Longest write of the firmware in one go, bytes; a sector's worth.
const MAX_PROGRAM: usize = 128 * 1024;
/// Bytes that may wait to be delivered at one port.
const MAX_QUEUE: usize = 64 * 1024;
/// Bytes that may wait to be collected from one port.
const MAX_SENT: usize = 1024 * 1024;

const RCC_CR: u32 = 0x4002_3800;
/// Both oscillators and the PLL run: the emulator has no clock tree, and the firmware waits for it.
const CLOCKS_READY: u32 = 0x0303_0083;
const RCC_CSR: u32 = 0x4002_3874;
/// TIM5, which no firmware of ours uses, counts the emulator's time in nanoseconds.
const TIM5_CNT: u32 = 0x4000_0c24;
/// Offset of the reload value: the emulator's timer goes off once, so many nanoseconds after it is written.
const ARR: u32 = 0x2c;
/// Time that may pass at a stop, behind what the firmware did: it computes for less than that unless it checks a signature, and then
/// for less than [`LONG_GRAIN_NS`].
const GRAIN_NS: u64 = 300_000;
const LONG_GRAIN_NS: u64 = 40_000_000;
/// Farthest alarm: the timer has 32 bits.
const FARTHEST_NS: u64 = 4_000_000_000;
/// SysTick: control.
const SYST_CSR: u32 = 0xe000_e010;
/// SysTick: reload value and counter.
const SYST_RVR: u32 = 0xe000_e014;
/// RXNE in SR: a byte waits.
const RECEIVED: u32 = 1 << 5;

/// A serial port of the node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Port {
    /// USART2.
    Sensor,
    /// USART3.
    Link,
}

impl Port {
    const fn index(self) -> usize {
        match self {
            Self::Sensor => 0,
            Self::Link => 1,
        }
    }

    const fn registers(self) -> u32 {
        match self {
            Self::Sensor => 0x4000_4400,
            Self::Link => 0x4000_4800,
        }
    }
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

impl Cause {
    const fn flags(self) -> u32 {
        const PIN: u32 = 1 << 26;
        match self {
            Self::PowerOn => 1 << 27 | 1 << 25 | PIN,
            Self::BrownOut => 1 << 25 | PIN,
            Self::Pin => PIN,
            Self::Software => 1 << 28 | PIN,
            Self::Watchdog => 1 << 29 | PIN,
        }
    }
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

/// One-shot alarms of the rig, in timers that no firmware of ours uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Alarm {
    /// At the next event: TIM2.
    Due,
    /// Behind the firmware's next burst: TIM3.
    Soon,
    /// Behind a long one: TIM4.
    Later,
}

impl Alarm {
    const fn timer(self) -> u32 {
        match self {
            Self::Due => 0x4000_0000,
            Self::Soon => 0x4000_0400,
            Self::Later => 0x4000_0800,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hook {
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
    on: Option<On>,
    cut: Option<(u64, Done)>,
    /// Operations of the flash so far.
    pub operations: u64,
}

#[derive(Debug)]
struct On {
    gdb: Gdb,
    qtest: Qtest,
    ports: [UnixStream; 2],
    process: Process,
    hooks: BTreeMap<u32, Hook>,
    watched: Option<u32>,
    /// Where to go on; nothing at the reset.
    next: Option<u32>,
    queues: [VecDeque<u8>; 2],
    /// Bytes may be left in the port's socket.
    feeding: [bool; 2],
    sent: [Vec<u8>; 2],
    /// Time since power came, nanoseconds.
    now_ns: u64,
    /// When the rig's alarms go off.
    alarms_ns: [u64; 3],
    /// The firmware has slept long enough: an interrupt is pending.
    woken: bool,
    /// It does not stand.
    running: bool,
    /// Its counter is held.
    held: bool,
}

fn broke(error: io::Error) -> Error {
    system("connection to the emulator")(error)
}

fn is_gone(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe
    )
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
        let clone = |stream: &UnixStream| stream.try_clone().map_err(broke);
        let mut qtest = Qtest::new(clone(&process.qtest)?).map_err(broke)?;
        let gdb = Gdb::new(clone(&process.gdb)?).map_err(broke)?;
        qtest.set_word(RCC_CR, CLOCKS_READY).map_err(broke)?;
        qtest.set_word(RCC_CSR, cause.flags()).map_err(broke)?;
        self.on = Some(On {
            gdb,
            qtest,
            ports: [clone(&process.ports[0])?, clone(&process.ports[1])?],
            process,
            hooks: BTreeMap::new(),
            watched: None,
            next: None,
            queues: Default::default(),
            feeding: [false; 2],
            sent: Default::default(),
            now_ns: 0,
            alarms_ns: [0; 3],
            woken: true,
            running: false,
            held: false,
        });
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
        let (mut wanted, mut watched) = (BTreeMap::new(), None);
        for image in self.images.iter().filter(|i| i.is_in(self.flash.bytes())) {
            let hooks = image.hooks;
            let flash = [(hooks.program, Hook::Program), (hooks.erase, Hook::Erase)];
            wanted.extend(flash.into_iter().filter_map(|(at, hook)| Some((at?, hook))));
            match hooks.idle.filter(|_| self.pace == Pace::Virtual) {
                // An image that is there twice over is no case: the one in front of the flash runs, and stops at the one word.
                Some(idle) if idle.reads.is_some() && watched.is_none() => watched = idle.reads,
                Some(idle) => drop(wanted.insert(idle.at, Hook::Idle)),
                None => {}
            }
        }
        for at in on.hooks.keys().filter(|at| !wanted.contains_key(at)) {
            on.gdb.breakpoint(*at, false).map_err(broke)?;
        }
        for at in wanted.keys().filter(|at| !on.hooks.contains_key(at)) {
            on.gdb.breakpoint(*at, true).map_err(broke)?;
        }
        if on.watched != watched {
            if let Some(at) = on.watched {
                on.gdb.watchpoint(at, false).map_err(broke)?;
            }
            if let Some(at) = watched {
                on.gdb.watchpoint(at, true).map_err(broke)?;
            }
        }
        on.hooks = wanted;
        on.watched = watched;
        Ok(())
    }

    /// Hands bytes to a port; they arrive as fast as the firmware takes them. Bytes beyond 64 KiB are refused.
    ///
    /// Returns whether they were taken; a node without power takes none.
    pub fn deliver(&mut self, port: Port, bytes: &[u8]) -> bool {
        let Some(on) = &mut self.on else {
            return false;
        };
        let queue = &mut on.queues[port.index()];
        if queue.len() + bytes.len() > MAX_QUEUE {
            return false;
        }
        queue.extend(bytes);
        true
    }

    /// What the node has sent since the last call.
    pub fn take_sent(&mut self, port: Port) -> Vec<u8> {
        let on = self.on.as_mut();
        on.map(|on| std::mem::take(&mut on.sent[port.index()]))
            .unwrap_or_default()
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
            Some(on) => {
                on.woken = true;
                on.qtest.set_line(line, high).map_err(broke)
            }
            None => Ok(()),
        }
    }

    /// Holds the node's counter (SysTick), or lets it go on: a crystal that has stopped. The core goes on, woken by what comes from outside.
    ///
    /// # Errors
    /// The emulator does not answer.
    pub fn hold_clock(&mut self, hold: bool) -> Result<(), Error> {
        const TICKS_AND_INTERRUPTS: u32 = 3;
        const INTERRUPTS: u32 = 2;
        let Some(on) = self.on.as_mut().filter(|on| on.held != hold) else {
            return Ok(());
        };
        on.held = hold;
        let word = if hold {
            INTERRUPTS
        } else {
            TICKS_AND_INTERRUPTS
        };
        on.qtest.set_word(SYST_CSR, word).map_err(broke)
    }

    /// Reads the node's memory while it stands, as a debugger does: how deep its stack went, say.
    ///
    /// # Errors
    /// It has no power, or there is no memory.
    pub fn memory(&mut self, address: u32, length: usize) -> Result<Vec<u8>, Error> {
        match &mut self.on {
            Some(on) => on.gdb.read(address, length).map_err(broke),
            None => Err(Error::Emulator("the node has no power".to_owned())),
        }
    }

    /// Runs until the firmware has nothing to do again, or until `due_us` (time since power came) while it sleeps, or until it ends.
    /// Something due within a burst of the firmware's is reported behind it, within [`GRAIN_NS`].
    ///
    /// # Errors
    /// It is never idle, the emulator crashed, or there is no power.
    pub fn run(&mut self, due_us: Option<u64>) -> Result<Stop, Error> {
        let stop = self.sleep(due_us).and_then(|slept| match slept {
            Some(stop) => Ok(stop),
            None => self.work(PATIENCE),
        });
        self.or_reset(stop)
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
                let mut on = on.ok_or(Error::Emulator("the node has no power".to_owned()))?;
                on.process.reset()?;
                Ok(Stop::Reset)
            }
            stop => stop,
        }
    }

    /// Lets time pass while the firmware has nothing to do. Returns how that ended, or nothing when it has to work.
    fn sleep(&mut self, due_us: Option<u64>) -> Result<Option<Stop>, Error> {
        let Some(on) = &mut self.on else {
            return Err(Error::Emulator("the node has no power".to_owned()));
        };
        let due_ns = due_us.map_or(u64::MAX, |us| us.saturating_mul(1_000));
        let mut is_set = false;
        while on.next.is_some() && !on.woken {
            if on.feed()? > 0 {
                break;
            }
            if on.now_ns >= due_ns {
                return Ok(Some(Stop::Idle));
            }
            let ahead_ns = due_ns - on.now_ns;
            if !is_set && ahead_ns < FARTHEST_NS {
                on.set_alarms(&[(Alarm::Due, ahead_ns)])?;
                is_set = true;
            }
            on.woken = on.doze()?;
        }
        Ok(None)
    }

    /// Lets the firmware do what it has to do.
    fn work(&mut self, real: Duration) -> Result<Stop, Error> {
        let pace = self.pace;
        let Some(on) = &mut self.on else {
            return Err(Error::Emulator("the node has no power".to_owned()));
        };
        match pace {
            Pace::Virtual => drop(on.feed()?),
            Pace::Real => on.feed_freely()?,
        }
        if !on.running {
            on.go(pace)?;
        }
        let begun = Instant::now();
        loop {
            let Some(on) = &mut self.on else {
                return Ok(Stop::PowerLost);
            };
            let left = real.saturating_sub(begun.elapsed());
            let Some(stopped) = on.wait(LOOK.min(left).max(Duration::from_millis(1)))? else {
                if left.is_zero() && pace == Pace::Real {
                    return Ok(Stop::Running);
                }
                if left.is_zero() {
                    on.gdb.halt().map_err(broke)?;
                    let pc = on.gdb.register(PC).map_err(broke)?;
                    return Err(Error::NotIdle(real.as_secs(), pc));
                }
                if pace == Pace::Real {
                    on.feed_freely()?;
                }
                continue;
            };
            on.running = false;
            let pc = on.gdb.register(PC).map_err(broke)?;
            let hook = match stopped {
                Stopped::Watched => Some(Hook::Idle),
                Stopped::Other => on.hooks.get(&pc).copied(),
            };
            match hook {
                Some(Hook::Idle) => {
                    // Behind the instruction at which it stopped: WFI, which a pending interrupt ends at once.
                    on.next = Some(pc + 2);
                    on.look_at_time()?;
                    on.woken = false;
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
            debug_assert!(range.end <= SIZE);
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

impl On {
    fn look_at_time(&mut self) -> Result<(), Error> {
        let low = self.qtest.word(TIM5_CNT).map_err(broke)?;
        // The counter has 32 bits, 4.3 s; the firmware's own timer ends every sleep after 0.8 s.
        self.now_ns += u64::from(low.wrapping_sub(self.now_ns as u32));
        Ok(())
    }

    fn set_alarms(&mut self, alarms: &[(Alarm, u64)]) -> Result<(), Error> {
        let words: Vec<(u32, u32)> = alarms
            .iter()
            .map(|(alarm, ahead_ns)| (alarm.timer() + ARR, *ahead_ns as u32))
            .collect();
        self.qtest.set_words(&words).map_err(broke)?;
        for (alarm, ahead_ns) in alarms {
            self.alarms_ns[*alarm as usize] = self.now_ns + ahead_ns;
        }
        Ok(())
    }

    /// Stops the sleeping firmware where it stands, which moves time on to the next timer. Returns whether that was the firmware's.
    fn doze(&mut self) -> Result<bool, Error> {
        self.gdb.go(None).map_err(broke)?;
        let begun = Instant::now();
        while self.wait(LOOK)?.is_none() {
            if begun.elapsed() > PATIENCE {
                return Err(Error::Emulator("it does not stop again".to_owned()));
            }
        }
        self.look_at_time()?;
        if self.held {
            return Ok(false);
        }
        if !self.alarms_ns.contains(&self.now_ns) {
            return Ok(true);
        }
        // An alarm of the rig's; the firmware's timer may end at the same nanosecond.
        let registers = self.gdb.read(SYST_RVR, 8).map_err(broke)?;
        let (reload, left) = registers.split_at(4);
        Ok(left == [0; 4] || left == reload)
    }

    /// Waits until it stands, and takes what it sends meanwhile: the emulator waits when nobody does.
    fn wait(&mut self, patience: Duration) -> Result<Option<Stopped>, Error> {
        let begun = Instant::now();
        loop {
            let [first, second] = &self.ports;
            let mut sockets = [
                PollFd::new(self.gdb.socket(), PollFlags::IN),
                PollFd::new(first, PollFlags::IN),
                PollFd::new(second, PollFlags::IN),
            ];
            let left = match self.gdb.has_news() {
                true => Duration::ZERO,
                false => patience.saturating_sub(begun.elapsed()),
            };
            let timeout = Timespec::try_from(left)
                .map_err(|_| Error::Emulator("a wait without end".to_owned()))?;
            match rustix::event::poll(&mut sockets, Some(&timeout)) {
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(e) => return Err(broke(e.into())),
            }
            let stands = self.gdb.has_news() || !sockets[0].revents().is_empty();
            // Before it is known whether it stands, or what it sent last would be left for the next stop.
            let stopped = if stands {
                self.gdb.stopped(PATIENCE).map_err(broke)
            } else {
                Ok(None)
            };
            collect(&self.ports, &mut self.sent)?;
            match stopped? {
                None if begun.elapsed() < patience => {}
                stopped => return Ok(stopped),
            }
        }
    }

    /// Puts the bytes that wait into the sockets, and does not return before the first of them is in the port's register: no time passes
    /// meanwhile. The emulator takes the others as the firmware takes the first. Returns for how many ports there is a byte.
    fn feed(&mut self) -> Result<usize, Error> {
        let mut fed = 0;
        for port in [Port::Sensor, Port::Link] {
            let at = port.index();
            let queue = &mut self.queues[at];
            while !queue.is_empty() {
                let (first, _) = queue.as_slices();
                match (&self.ports[at]).write(first) {
                    Ok(n) => {
                        queue.drain(..n);
                        self.feeding[at] = true;
                    }
                    Err(e) if e.kind() == io::ErrorKind::WouldBlock => break,
                    Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                    Err(e) => return Err(broke(e)),
                }
            }
            // The emulator takes from the socket whenever the register is empty, before it answers the second time at the latest.
            let mut looks = 0..2;
            while self.feeding[at] {
                if self.qtest.word(port.registers()).map_err(broke)? & RECEIVED != 0 {
                    fed += 1;
                    break;
                }
                self.feeding[at] = looks.next().is_some();
            }
        }
        Ok(fed)
    }

    /// All that waits, as the emulator takes it.
    fn feed_freely(&mut self) -> Result<(), Error> {
        for (port, queue) in self.ports.iter_mut().zip(&mut self.queues) {
            while !queue.is_empty() {
                let (first, _) = queue.as_slices();
                match port.write(first) {
                    Ok(n) => drop(queue.drain(..n)),
                    Err(e) if e.kind() == io::ErrorKind::WouldBlock => break,
                    Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                    Err(e) => return Err(broke(e)),
                }
            }
        }
        Ok(())
    }

    fn go(&mut self, pace: Pace) -> Result<(), Error> {
        if pace == Pace::Virtual {
            self.set_alarms(&[(Alarm::Soon, GRAIN_NS), (Alarm::Later, LONG_GRAIN_NS)])?;
        }
        self.running = true;
        let next = self.next.take();
        self.gdb.go(next).map_err(broke)
    }
}

/// Takes what is in the sockets.
fn collect(ports: &[UnixStream; 2], sent: &mut [Vec<u8>; 2]) -> Result<(), Error> {
    let mut bytes = [0; 4_096];
    for (mut port, sent) in ports.iter().zip(sent) {
        loop {
            match port.read(&mut bytes) {
                Ok(0) => break,
                Ok(n) if sent.len() + n > MAX_SENT => {
                    return Err(Error::Emulator("the firmware sends without end".to_owned()));
                }
                Ok(n) => sent.extend_from_slice(&bytes[..n]),
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => break,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) if is_gone(&e) => break,
                Err(e) => return Err(broke(e)),
            }
        }
    }
    Ok(())
}
