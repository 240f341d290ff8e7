//! The sensor node's logic, free of hardware: readings in, frames out, acknowledgements back.
//!
//! A board's program owns the sensors, the clock, the serial line and the lasting boot number. It calls
//! [`Node::sample`] with every reading, moves bytes from [`Node::poll`] to the line and from the line to
//! [`Node::receive`], and sleeps until [`Node::next_deadline_us`]. The same code runs in tests, in the virtual nodes
//! of replays and exercises (package `hil`), and on the microcontroller.
//!
//! What it promises:
//! - Every sample and finding gets the next number of its boot and is kept until the edge has acknowledged it as
//!   durable; only when the ring is full does the oldest sample go, counted and reported. Findings go last.
//! - A frame counter is never used twice in a boot; a repeated sample travels under a new one.
//! - Same calls, same bytes: no randomness, no clock of its own.
//! - All of it is fixed in size: `Node<N>` holds `N` entries of 32 bytes and 5.2 kB more, 3 kB of them detectors.
//!
//! What it refuses: downlink that is damaged, unauthentic, seen before, misaddressed or senseless; each reason has a
//! counter in [`Stats`].
//!
//! | Frame | When |
//! |---|---|
//! | `Birth` | at the start, and again with back-off until something is acknowledged; also when the edge waits for numbers that were dropped: `first_seq` then says where the rest begins |
//! | `TimeRequest` | at the start and every `time_request_us`; unanswered ones sooner |
//! | `Health` | at the start and every `health_us` |
//! | `Finding` | at once, ahead of a backlog, and again in its turn |
//! | `Samples` | at once when nothing is in flight, else when full or after `max_hold_us` |
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

mod command;
mod config;
mod delivery;
mod detect;
mod downlink;
mod drift;
mod guard;
mod guardian;
mod keeping;
mod ring;
mod schedule;
mod settings;
mod stats;
mod time;
mod timer;
mod turn;
mod update;
mod uplink;

pub use command::{COMMAND_QUEUE, Command};
pub use config::{Config, MAX_WATCHES, METRES_PER_PASCAL, TsunamiWatch, Watch};
pub use detect::FindingCode;
pub use drift::Rate;
pub use guardian::{Guardian, MAX_TASKS, Task};
pub use keeping::Proposal;
pub use ring::{Slot, Slots};
pub use schedule::Schedule;
pub use settings::{MAX_SETTINGS_BYTES, Role, Settings, SettingsError, Values};
pub use stats::{Refused, Stats};
pub use time::Fix;
pub use update::{Offer, UpdateError, UpdateTarget, UpdateWork};
pub use wire::frame::MAX_FRAME;

use command::Commands;
use delivery::{Delivery, Stored};
use detect::Detection;
use guard::ReplayGuard;
use keeping::Keeping;
use ring::What;
use signal::threshold::LimitsError;
use stats::count;
use time::Exchange;
use turn::Turn;
use update::Pull;
use uplink::Repeat;
use wire::frame::Receiver;
use wire::quality::Quality;
use wire::quantity::Quantity;

/// A step back of the clock longer than this is a jump, microseconds. Late words about earlier instants are of seconds.
const JUMP_US: u64 = 600_000_000;

/// A sensor node that keeps up to `N` unacknowledged samples and findings (2 to 65,535).
pub struct Node<const N: usize, S = [Slot; N]> {
    config: Config,
    delivery: Delivery<N, S>,
    detection: Detection,
    receiver: Receiver<MAX_FRAME>,
    guard: ReplayGuard,
    exchange: Exchange,
    commands: Commands,
    keeping: Keeping,
    update: Pull,
    turn: Turn,
    birth: Repeat,
    /// Something of this boot has been acknowledged, if only that nothing has come.
    known: bool,
    health_due_us: Option<u64>,
    rapid_until_us: Option<u64>,
    /// Counter of the next frame.
    counter: u32,
    /// The latest instant the caller spoke of.
    now_us: u64,
    battery_mv: u16,
    stack_free: u16,
    stalled: u8,
    stats: Stats,
}

impl<const N: usize> Node<N> {
    /// A node that has just started and holds its slots itself.
    ///
    /// # Errors
    /// Limits that could never raise or never clear.
    pub fn new(config: Config) -> Result<Self, LimitsError> {
        Self::with_slots(config, [Slot::EMPTY; N])
    }
}

impl<const N: usize, S: Slots<N>> Node<N, S> {
    /// A node that has just started, with slots that may lie elsewhere. What they hold is overwritten.
    ///
    /// # Errors
    /// As [`Node::new`].
    pub fn with_slots(config: Config, slots: S) -> Result<Self, LimitsError> {
        let start_us = config.start_us;
        Ok(Self {
            delivery: Delivery::new(slots),
            detection: Detection::new(&config)?,
            receiver: Receiver::new(),
            guard: ReplayGuard::default(),
            exchange: Exchange::new(start_us, config.time_request_us, config.retry_us),
            commands: Commands::default(),
            keeping: Keeping::default(),
            update: Pull::default(),
            turn: Turn::default(),
            birth: Repeat::starting_at(start_us),
            known: false,
            health_due_us: (config.health_us > 0).then_some(start_us),
            rapid_until_us: None,
            counter: 0,
            now_us: start_us,
            battery_mv: 0,
            stack_free: u16::MAX,
            stalled: 0,
            stats: Stats::default(),
            config,
        })
    }

    /// Takes one reading, measured at `mono_us` on the node's clock, in the quantity's unit.
    ///
    /// A reading without a value is handed in as NaN; it travels as a missing sample, because silence must be told from
    /// loss. Impossible values are flagged and kept. Samples should come in the order of their times; a step back costs a
    /// frame of its own and is otherwise harmless.
    pub fn sample(&mut self, mono_us: u64, quantity: Quantity, value: f64, quality: Quality) {
        self.advance(mono_us);
        self.stats.samples += 1;
        let (value, quality) = self.judge(quantity, value, quality);
        self.store(
            mono_us,
            value,
            What::Sample {
                quantity,
                quality: quality.bits(),
            },
        );
        if quality.intersects(Quality::MISSING | Quality::SENSOR_FAULT | Quality::OUT_OF_RANGE) {
            return;
        }
        // Counted from the start, so that detectors see no wrap of the 64-bit clock.
        let since_start_us = mono_us.wrapping_sub(self.config.start_us) as i64;
        for found in self.detection.step(since_start_us, quantity, value) {
            self.stats.findings += 1;
            self.store(
                mono_us,
                found.value,
                What::Finding {
                    code: found.code.code(),
                },
            );
            if found.code.is_alarming() {
                self.rapid_until_us = Some(mono_us.wrapping_add(self.config.rapid_us));
            }
        }
    }

    /// Adds the flags that follow from the value alone.
    fn judge(&mut self, quantity: Quantity, value: f64, mut quality: Quality) -> (f64, Quality) {
        let mut value = value;
        if !value.is_finite() || quality.contains(Quality::MISSING) {
            value = f64::NAN;
            quality |= Quality::MISSING;
        } else if !quantity.is_possible(value) {
            quality |= Quality::OUT_OF_RANGE;
            count(&mut self.stats.out_of_range);
        }
        if quality.intersects(Quality::MISSING | Quality::SENSOR_FAULT) {
            count(&mut self.stats.sensor_errors);
        }
        (value, quality)
    }

    fn store(&mut self, mono_us: u64, value: f64, what: What) {
        match self.delivery.store(mono_us, value, what) {
            Stored::Kept => {}
            Stored::DisplacedSample | Stored::Refused => count(&mut self.stats.dropped_samples),
            Stored::DisplacedFinding => count(&mut self.stats.dropped_findings),
        }
    }

    /// Whether the sampler should measure and report as fast as it can: something was found a while ago.
    #[must_use]
    pub fn is_rapid(&self, mono_us: u64) -> bool {
        self.rapid_until_us
            .is_some_and(|until_us| !timer::reached(mono_us, until_us))
    }

    /// Supply voltage for the next health report, millivolts; 0 when unknown.
    pub const fn set_battery_mv(&mut self, battery_mv: u16) {
        self.battery_mv = battery_mv;
    }

    /// Bytes of the stack that were never used, for the next health report; `u16::MAX` when unknown.
    pub const fn set_stack_free(&mut self, bytes: u16) {
        self.stack_free = bytes;
    }

    /// Tasks that had not checked in, for the next health report: those before the reset, see [`Guardian::stalled`].
    pub const fn set_stalled(&mut self, tasks: u8) {
        self.stalled = tasks;
    }

    /// Sampling instants that passed without a sample, see [`Schedule::take_missed`]. They count as failed readings.
    pub const fn count_missed(&mut self, missed: u32) {
        self.stats.missed_samples = self.stats.missed_samples.saturating_add(missed);
    }

    /// An access to lasting memory failed.
    pub fn count_storage_error(&mut self) {
        count(&mut self.stats.storage_errors);
    }

    /// The link came up again, as far as the board can tell: introduces the node anew, sends everything unacknowledged
    /// again and asks for the time, without waiting for timeouts. A board that cannot tell need not call it.
    pub fn link_up(&mut self, mono_us: u64) {
        self.advance(mono_us);
        self.delivery.restart();
        self.exchange.restart(mono_us);
        self.update.hasten(mono_us);
        self.birth = Repeat::starting_at(mono_us);
        self.known = false;
        // A frame that broke off with the old link must not swallow the first one of the new.
        self.receiver = Receiver::new();
    }

    /// Unix time in microseconds at `mono_us`, once an exchange with the edge has succeeded, corrected by the measured
    /// rate of the node's clock.
    #[must_use]
    pub fn unix_us(&self, mono_us: u64) -> Option<i64> {
        self.exchange.unix_at(mono_us)
    }

    /// Bound of the error of [`Node::unix_us`] at `mono_us`, microseconds.
    #[must_use]
    pub fn clock_uncertainty_us(&self, mono_us: u64) -> Option<u64> {
        self.exchange.uncertainty_us(mono_us)
    }

    /// How fast the node's clock runs, once that is known to 20 ppm.
    #[must_use]
    pub fn clock_rate(&self) -> Option<Rate> {
        self.exchange.rate()
    }

    /// The clock exchange in use.
    #[must_use]
    pub const fn clock_fix(&self) -> Option<Fix> {
        self.exchange.fix()
    }

    /// Whether a clock exchange is under way.
    #[must_use]
    pub const fn is_awaiting_time(&self) -> bool {
        self.exchange.is_awaiting()
    }

    /// Samples and findings that the edge has not acknowledged.
    #[must_use]
    pub const fn unacknowledged(&self) -> usize {
        self.delivery.len()
    }

    /// Age of the oldest of them at `mono_us`, microseconds; 0 when there is none.
    #[must_use]
    pub fn oldest_age_us(&self, mono_us: u64) -> u64 {
        self.delivery.oldest_age_us(mono_us)
    }

    /// Whether the edge has acknowledged this boot since the start or the last [`Node::link_up`].
    #[must_use]
    pub const fn is_known(&self) -> bool {
        self.known
    }

    /// The number that the next sample will get.
    #[must_use]
    pub const fn next_seq(&self) -> u64 {
        self.delivery.next_seq()
    }

    /// The counters since the start.
    #[must_use]
    pub const fn stats(&self) -> &Stats {
        &self.stats
    }

    /// As [`Node::advance`], from a caller who says what time it is: a long step back is no late word about an earlier
    /// instant but a clock that has jumped, and every timer starts anew on its scale.
    fn tell_time(&mut self, mono_us: u64) {
        if !timer::reached(mono_us, self.now_us) && timer::elapsed(self.now_us, mono_us) > JUMP_US {
            count(&mut self.stats.clock_jumps);
            let rapid = self.is_rapid(self.now_us);
            self.now_us = mono_us;
            self.rapid_until_us = rapid.then(|| mono_us.wrapping_add(self.config.rapid_us));
            self.health_due_us = (self.config.health_us > 0).then_some(mono_us);
            self.exchange.clock_jumped(mono_us);
            self.stats.clock_steps = self.exchange.steps();
            self.birth = Repeat::starting_at(mono_us);
            self.delivery.restart();
            self.update.hasten(mono_us);
        }
        self.advance(mono_us);
    }

    /// Moves time forward; an earlier instant, such as that of a sample measured before the last call, changes nothing.
    fn advance(&mut self, mono_us: u64) {
        if timer::reached(mono_us, self.now_us) {
            self.now_us = mono_us;
        }
    }
}
