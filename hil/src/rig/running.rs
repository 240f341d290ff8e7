//! A running emulator: its time, its alarms, its ports.
//!
//! The emulator takes a processor that a debugger has stopped for one that sleeps, and moves its time on to the next timer of any
//! peripheral, once at each stop. That is used: to let time pass, the machine is stopped again where it stands ([`Running::doze`]), and
//! the next timer is the firmware's own (SysTick) or the rig's alarm at the instant when something is due. While the firmware is about to
//! go on, alarms are shortly ahead, so that at its next stop time moves by no more than [`GRAIN_NS`].

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec};

use super::error::{Error, system};
use super::gdb::{self, Gdb, Stopped};
use super::machine::{Cause, Hook, Port};
use super::qemu::{Pace, Process};
use super::qtest::{Access, Qtest};

/// Longest wait of the wall for the firmware to be idle again; it takes milliseconds.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);
/// How often the ports are emptied meanwhile, so that a firmware that sends and sends does not wait for us.
pub(super) const LOOK: Duration = Duration::from_millis(100);
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
pub const GRAIN_NS: u64 = 300_000;
/// See [`GRAIN_NS`].
pub const LONG_GRAIN_NS: u64 = 40_000_000;
/// An alarm that is out of the way: the timer has 32 bits, and SysTick ends every sleep long before.
const FAR_NS: u64 = 4_000_000_000;
/// SysTick has 24 bits at 21 MHz: no sleep is longer.
const LONGEST_SLEEP_NS: u64 = 800_000_000;
/// SysTick: control, reload value, counter.
const SYST_CSR: u32 = 0xe000_e010;
const SYST_RVR: u32 = 0xe000_e014;
const SYST_CVR: u32 = 0xe000_e018;
/// The longest that SysTick counts.
const SYST_LONGEST: u32 = 0x00ff_ffff;
/// RXNE in SR: a byte waits.
const RECEIVED: u32 = 1 << 5;

/// One-shot alarms, in timers that no firmware of ours uses.
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

/// Alarms for when the firmware goes on, and for when it sleeps.
const NEAR: [(Alarm, u64); 2] = [(Alarm::Soon, GRAIN_NS), (Alarm::Later, LONG_GRAIN_NS)];
const FAR: [(Alarm, u64); 2] = [(Alarm::Soon, FAR_NS), (Alarm::Later, FAR_NS)];

impl Port {
    pub(super) const fn index(self) -> usize {
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

/// Where the firmware stops when it is idle: the word that it reads there, and the instruction.
pub(super) type Watched = Option<(u32, u32)>;

#[derive(Debug)]
pub(super) struct Running {
    pub gdb: Gdb,
    qtest: Qtest,
    ports: [UnixStream; 2],
    pub process: Process,
    pub hooks: BTreeMap<u32, Hook>,
    pub watched: Watched,
    /// Where to go on; nothing at the reset.
    pub next: Option<u32>,
    queues: [VecDeque<u8>; 2],
    /// Bytes may be left in the port's socket.
    feeding: [bool; 2],
    /// A byte is in the register of some port, as was seen at this stop.
    is_fed: bool,
    sent: [Vec<u8>; 2],
    /// Time since power came, nanoseconds.
    pub now_ns: u64,
    /// When the rig's alarms go off.
    alarms_ns: [u64; 3],
    /// They are those of [`NEAR`].
    is_near: bool,
    /// SysTick's reload value, and whether it has come to its end, as was seen at this stop.
    reload: u32,
    is_systick_over: bool,
    /// The firmware has slept long enough: an interrupt is pending.
    pub woken: bool,
    /// It does not stand.
    pub runs: bool,
    /// Its counter is held.
    held: bool,
}

pub(super) fn broke(error: io::Error) -> Error {
    system("connection to the emulator")(error)
}

pub(super) fn is_gone(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe
    )
}

impl Running {
    /// Takes an emulator that stands at its reset.
    pub fn new(process: Process, cause: Cause) -> Result<Self, Error> {
        let clone = |stream: &UnixStream| stream.try_clone().map_err(broke);
        let mut qtest = Qtest::new(clone(&process.qtest)?).map_err(broke)?;
        let gdb = Gdb::new(clone(&process.gdb)?).map_err(broke)?;
        let presets = [
            Access::Write(RCC_CR, CLOCKS_READY),
            Access::Write(RCC_CSR, cause.flags()),
        ];
        qtest.batch(&presets).map_err(broke)?;
        Ok(Self {
            gdb,
            qtest,
            ports: [clone(&process.ports[0])?, clone(&process.ports[1])?],
            process,
            hooks: BTreeMap::new(),
            watched: None,
            next: None,
            queues: Default::default(),
            feeding: [false; 2],
            is_fed: false,
            sent: Default::default(),
            now_ns: 0,
            alarms_ns: [0; 3],
            is_near: false,
            reload: 0,
            is_systick_over: false,
            woken: true,
            runs: false,
            held: false,
        })
    }

    /// Stops at these places from now on, and at no others.
    pub fn stop_at(&mut self, hooks: BTreeMap<u32, Hook>, watched: Watched) -> Result<(), Error> {
        for at in self.hooks.keys().filter(|at| !hooks.contains_key(at)) {
            self.gdb.breakpoint(*at, false).map_err(broke)?;
        }
        for at in hooks.keys().filter(|at| !self.hooks.contains_key(at)) {
            self.gdb.breakpoint(*at, true).map_err(broke)?;
        }
        if self.watched != watched {
            if let Some((word, _)) = self.watched {
                self.gdb.watchpoint(word, false).map_err(broke)?;
            }
            if let Some((word, _)) = watched {
                self.gdb.watchpoint(word, true).map_err(broke)?;
            }
        }
        self.hooks = hooks;
        self.watched = watched;
        Ok(())
    }

    /// Takes bytes for a port; false when too many wait already.
    pub fn queue(&mut self, port: Port, bytes: &[u8]) -> bool {
        let queue = &mut self.queues[port.index()];
        let fits = queue.len() + bytes.len() <= MAX_QUEUE;
        if fits {
            queue.extend(bytes);
        }
        fits
    }

    /// What was sent on a port since the last call.
    pub fn take_sent(&mut self, port: Port) -> Vec<u8> {
        std::mem::take(&mut self.sent[port.index()])
    }

    /// Whether it is in the middle of taking bytes and has said nothing: nobody else has anything to do.
    pub fn only_listens(&self) -> bool {
        self.feeding != [false; 2] && self.sent.iter().all(Vec::is_empty)
    }

    /// Sets the level of an external interrupt line.
    pub fn set_line(&mut self, line: u8, high: bool) -> Result<(), Error> {
        self.woken = true;
        self.qtest.set_line(line, high).map_err(broke)
    }

    /// Holds SysTick, or lets it go on.
    pub fn hold(&mut self, hold: bool) -> Result<(), Error> {
        const TICKS_AND_INTERRUPTS: u32 = 3;
        const INTERRUPTS: u32 = 2;
        if self.held == hold {
            return Ok(());
        }
        self.held = hold;
        let word = if hold {
            INTERRUPTS
        } else {
            TICKS_AND_INTERRUPTS
        };
        let write = [Access::Write(SYST_CSR, word)];
        self.qtest.batch(&write).map(drop).map_err(broke)
    }

    /// Reads the time, sets alarms, and looks at SysTick and at the ports that are being fed.
    fn look(&mut self, alarms: &[(Alarm, u64)]) -> Result<(), Error> {
        let ports = [Port::Sensor, Port::Link];
        let reads = [TIM5_CNT, SYST_RVR, SYST_CVR].map(Access::Read);
        let writes = alarms
            .iter()
            .map(|(alarm, ahead_ns)| Access::Write(alarm.timer() + ARR, *ahead_ns as u32));
        let status = |port: &Port| Access::Read(port.registers());
        let feeding = self.feeding;
        let fed = ports.iter().filter(|port| feeding[port.index()]);
        let accesses: Vec<Access> = reads
            .into_iter()
            .chain(writes)
            .chain(fed.map(status))
            .collect();
        let words = self.qtest.batch(&accesses).map_err(broke)?;
        let [low, reload, left, statuses @ ..] = words.as_slice() else {
            return Err(Error::Emulator(
                "the test port leaves something out".to_owned(),
            ));
        };
        // The counter has 32 bits, 4.3 s; the firmware's own timer ends every sleep after 0.8 s.
        self.now_ns += u64::from(low.wrapping_sub(self.now_ns as u32));
        self.reload = *reload;
        // At its end the counter shows the one or the other.
        self.is_systick_over = *left == 0 || left == reload;
        for (alarm, ahead_ns) in alarms {
            self.alarms_ns[*alarm as usize] = self.now_ns + ahead_ns;
        }
        let fed = ports.iter().filter(|port| feeding[port.index()]);
        for (port, status_word) in fed.zip(statuses) {
            let mut is_there = status_word & RECEIVED != 0;
            if !is_there {
                // The emulator takes a byte from the socket whenever the register is empty, but maybe not before it answers what came
                // together with it.
                for _ in 0..2 {
                    let again = self.qtest.batch(&[status(port)]).map_err(broke)?;
                    is_there |= again.iter().any(|word| word & RECEIVED != 0);
                }
            }
            self.feeding[port.index()] = is_there;
            self.is_fed |= is_there;
        }
        Ok(())
    }

    /// It stands where it has nothing to do.
    pub fn is_idle(&mut self, at: u32) -> Result<(), Error> {
        // Behind the instruction at which it stopped: WFI, which a pending interrupt ends at once.
        self.next = Some(at + 2);
        self.is_fed = false;
        self.is_near = self.feeding != [false; 2];
        self.look_awake(if self.is_near { &NEAR } else { &FAR })
    }

    /// Looks at a stop, which has moved time on to the next timer: notes whether that was the firmware's.
    fn look_awake(&mut self, alarms: &[(Alarm, u64)]) -> Result<(), Error> {
        let alarms_ns = self.alarms_ns;
        self.look(alarms)?;
        // If it was an alarm of the rig's, the firmware's timer may end at the same nanosecond.
        let is_alarm = alarms_ns.contains(&self.now_ns);
        self.woken = !self.held && (!is_alarm || self.is_systick_over);
        Ok(())
    }

    /// Whether the interrupt that is pending comes from a counter that has run its whole length, so that no timer of the firmware's is due:
    /// it only counts the length, and sleeps on.
    pub fn only_counts(&self) -> bool {
        self.woken && self.reload == SYST_LONGEST && self.feeding == [false; 2]
    }

    /// Whether nothing is due before SysTick ends again.
    pub const fn sleeps_long(&self, due_ns: u64) -> bool {
        due_ns.saturating_sub(self.now_ns) > LONGEST_SLEEP_NS
    }

    /// Lets the firmware count, and sleep until its next interrupt.
    pub fn count(&mut self) -> Result<(), Error> {
        if self.is_near {
            self.look(&FAR)?;
            self.is_near = false;
        }
        self.start()
    }

    /// Sees to it that a sleep ends at `due_ns`, and not before for the rig's own alarms.
    pub fn prepare_sleep(&mut self, due_ns: u64) -> Result<(), Error> {
        let ahead_ns = due_ns.saturating_sub(self.now_ns);
        let is_due = ahead_ns < LONGEST_SLEEP_NS || self.held && ahead_ns < FAR_NS;
        let due = is_due.then_some((Alarm::Due, ahead_ns.max(1)));
        if !self.is_near && due.is_none() {
            return Ok(());
        }
        self.is_near = false;
        let alarms: Vec<(Alarm, u64)> = FAR.into_iter().chain(due).collect();
        self.look(&alarms)
    }

    /// Stops the sleeping firmware where it stands, which moves time on to the next timer.
    pub fn doze(&mut self) -> Result<(), Error> {
        self.gdb.go(None).map_err(broke)?;
        let begun = Instant::now();
        while self.wait(LOOK)?.is_none() {
            if begun.elapsed() > PATIENCE {
                return Err(Error::Emulator("it does not stop again".to_owned()));
            }
        }
        self.is_near = true;
        self.look_awake(&NEAR)
    }

    /// Waits until it stands, and takes what it sends meanwhile: the emulator waits when nobody does.
    pub fn wait(&mut self, patience: Duration) -> Result<Option<Stopped>, Error> {
        let begun = Instant::now();
        loop {
            let left = match self.gdb.has_news() {
                true => Duration::ZERO,
                false => patience.saturating_sub(begun.elapsed()),
            };
            let timeout = Timespec::try_from(left)
                .map_err(|_| Error::Emulator("a wait without end".to_owned()))?;
            let [first, second] = &self.ports;
            let mut sockets = [
                PollFd::new(self.gdb.socket(), PollFlags::IN),
                PollFd::new(first, PollFlags::IN),
                PollFd::new(second, PollFlags::IN),
            ];
            match rustix::event::poll(&mut sockets, Some(&timeout)) {
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(e) => return Err(broke(e.into())),
            }
            let stands = self.gdb.has_news() || !sockets[0].revents().is_empty();
            // Before it is known whether it stands, or what it sent last would be left for the next stop.
            let stopped = match stands {
                true => self.gdb.stopped(gdb::PATIENCE).map_err(broke),
                false => Ok(None),
            };
            self.collect()?;
            match stopped? {
                None if begun.elapsed() < patience => {}
                stopped => return Ok(stopped),
            }
        }
    }

    /// Takes what is in the sockets.
    fn collect(&mut self) -> Result<(), Error> {
        let mut bytes = [0; 4_096];
        for (port, sent) in self.ports.iter_mut().zip(&mut self.sent) {
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

    /// All that waits, as far as the emulator takes it.
    pub fn feed_freely(&mut self) -> Result<(), Error> {
        let ports = self.ports.iter_mut().zip(&mut self.queues);
        for ((port, queue), feeding) in ports.zip(&mut self.feeding) {
            while !queue.is_empty() {
                let (first, _) = queue.as_slices();
                match port.write(first) {
                    Ok(n) => {
                        queue.drain(..n);
                        *feeding = true;
                    }
                    Err(e) if e.kind() == io::ErrorKind::WouldBlock => break,
                    Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                    Err(e) => return Err(broke(e)),
                }
            }
        }
        Ok(())
    }

    /// Puts the bytes that wait into the sockets, and does not return before the first of them is in the port's register: no time passes
    /// meanwhile. The emulator takes the others as the firmware takes the first. Returns whether there is a byte at some port.
    pub fn feed(&mut self) -> Result<bool, Error> {
        if self.queues.iter().any(|queue| !queue.is_empty()) {
            self.feed_freely()?;
            self.is_near = true;
            self.look(&NEAR)?;
        }
        Ok(self.is_fed)
    }

    /// Lets the firmware go on.
    pub fn go(&mut self, pace: Pace) -> Result<(), Error> {
        if pace == Pace::Virtual && !self.is_near {
            self.look(&NEAR)?;
        }
        self.start()
    }

    fn start(&mut self) -> Result<(), Error> {
        self.is_near = false;
        self.is_fed = false;
        self.runs = true;
        let next = self.next.take();
        self.gdb.go(next).map_err(broke)
    }
}
