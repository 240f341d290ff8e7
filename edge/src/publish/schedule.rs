//! Decides what to publish next: a pure state machine without I/O, clock or MQTT.
//!
//! Purpose: live entries first, backlog behind them, and everything again until the hub has acknowledged it.
//!
//! - **Live** is what is appended while connected. It is sent once, at once, whether or not the hub answers: the
//!   warning path waits for nothing.
//! - **Backlog** is `[position, limit)` of the outbox: what was appended before the connection, what the live queue
//!   had no room for, and, after [`Limits::ack_timeout`] without progress, everything sent and not acknowledged. It is
//!   rate-capped and has a window: at most [`Limits::window`] entries are sent beyond the acknowledged cursor.
//! - **Stall**: while the hub does not answer, each timeout sends only [`PROBE`] entries from the cursor, so that a
//!   broker without a hub behind it is not filled with the same data again and again. The first sign of life lifts it.
//!
//! Invariants: `acked <= position <= limit <= end` while connected; an entry leaves only by acknowledgement. Whether an
//! acknowledgement speaks of entries that exist is for the caller, who knows the outbox, to judge.

use std::time::Duration;

/// Entries sent per timeout while the hub is silent.
pub const PROBE: u64 = 4;

/// The pace of the publisher.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Most backlog entries beyond the acknowledged cursor.
    pub window: u64,
    /// Backlog readings per second.
    pub backlog_readings_per_s: f64,
    /// Without progress for this long, what was sent counts as lost.
    pub ack_timeout: Duration,
}

/// What to do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Read up to `count` entries from `from` and send them as backlog; report each by [`Schedule::backlog_sent`].
    Backlog {
        /// Offset of the first entry.
        from: u64,
        /// Most entries.
        count: u64,
    },
    /// Nothing before this instant, unless something happens.
    Wait(Duration),
    /// Nothing until something happens.
    Idle,
}

/// What an acknowledgement meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Entries below the new cursor are free.
    Progress,
    /// Nothing new, but the hub is alive.
    Stale,
}

/// The state. Instants are durations since any fixed start; they never go back.
#[derive(Debug)]
pub struct Schedule {
    limits: Limits,
    connected: bool,
    acked: u64,
    /// Next backlog entry to send.
    position: u64,
    /// End of the backlog.
    limit: u64,
    /// One past the highest entry handed over live or given to the backlog.
    end: u64,
    /// Since when something sent has been waiting without progress.
    waiting_since: Option<Duration>,
    stalled: bool,
    last_retry: Duration,
    /// Readings that may be sent now; refills at the rate cap up to one second's worth.
    tokens: f64,
    refilled: Duration,
}

impl Schedule {
    /// A disconnected schedule whose hub has acknowledged everything below `acked`.
    pub fn new(limits: Limits, acked: u64) -> Self {
        Self {
            limits,
            connected: false,
            acked,
            position: acked,
            limit: acked,
            end: acked,
            waiting_since: None,
            stalled: false,
            last_retry: Duration::ZERO,
            tokens: limits.backlog_readings_per_s,
            refilled: Duration::ZERO,
        }
    }

    /// Every entry below this is durable at the hub.
    pub fn acked(&self) -> u64 {
        self.acked
    }

    /// Entries that still have to be sent as backlog.
    pub fn backlog(&self) -> u64 {
        self.limit.saturating_sub(self.position)
    }

    /// Whether the hub has been silent for a timeout.
    pub fn is_stalled(&self) -> bool {
        self.stalled
    }

    /// The broker accepted us; the outbox ends at `end`. Everything unacknowledged is backlog.
    pub fn connected(&mut self, end: u64) {
        self.connected = true;
        self.end = self.end.max(end);
        self.position = self.acked;
        self.limit = self.end;
        self.waiting_since = None;
        self.stalled = false;
    }

    /// The outbox took a new identity: the hub has nothing below `end` but what lies below `acked`.
    pub fn restart(&mut self, acked: u64, end: u64) {
        let connected = self.connected;
        *self = Self {
            tokens: self.tokens,
            refilled: self.refilled,
            ..Self::new(self.limits, acked)
        };
        if connected {
            self.connected(end);
        }
    }

    /// The connection is gone; whatever was under way may be lost.
    pub fn disconnected(&mut self) {
        self.connected = false;
        self.waiting_since = None;
    }

    /// Entry `offset` can be sent live. False: do not send it now, it is (or will be) backlog.
    ///
    /// Offsets that were skipped, because the live queue had no room, become backlog here.
    #[must_use]
    pub fn live(&mut self, now: Duration, offset: u64) -> bool {
        if !self.connected || offset < self.end {
            return false;
        }
        if offset > self.end {
            // The backlog is one range; it grows over entries that were already sent live. The hub drops repeats.
            self.limit = offset;
        }
        self.end = offset + 1;
        self.waiting_since.get_or_insert(now);
        true
    }

    /// The outbox has grown to `end` without a live entry being handed over (its queue was full).
    pub fn grown(&mut self, end: u64) {
        if self.connected && end > self.end {
            self.end = end;
            self.limit = end;
        }
    }

    /// The hub acknowledged everything below `next`. The caller has checked that the outbox ever had that much.
    pub fn acknowledge(&mut self, now: Duration, next: u64) -> Verdict {
        if next > self.acked {
            self.acked = next;
            self.position = self.position.max(next);
            self.limit = self.limit.max(self.position);
            self.end = self.end.max(next);
            self.stalled = false;
            self.waiting_since = (self.acked < self.end).then_some(now);
            return Verdict::Progress;
        }
        // The hub is back after a silence (it announces its cursor when it starts): do not wait for the timeout, but
        // no more than once a second, or a repeated announcement would multiply what is sent.
        if self.stalled && now.saturating_sub(self.last_retry) >= Duration::from_secs(1) {
            self.stalled = false;
            self.retry(now);
        }
        Verdict::Stale
    }

    /// One backlog entry went out.
    pub fn backlog_sent(&mut self, now: Duration, offset: u64, readings: usize) {
        self.position = self
            .position
            .max(offset + 1)
            .min(self.limit.max(self.acked));
        self.tokens -= readings as f64;
        self.waiting_since.get_or_insert(now);
    }

    /// What to do now, apart from live entries, which always go first.
    pub fn step(&mut self, now: Duration) -> Step {
        if !self.connected {
            return Step::Idle;
        }
        self.refill(now);
        let timeout = self
            .waiting_since
            .map(|since| since + self.limits.ack_timeout);
        if timeout.is_some_and(|at| now >= at) {
            if self.acked < self.end {
                self.stalled = true;
                self.retry(now);
            } else {
                self.waiting_since = None;
            }
        }
        let window = if self.stalled {
            PROBE.min(self.limits.window)
        } else {
            self.limits.window
        };
        let open = (self.acked + window).min(self.limit);
        if self.position < open {
            if self.tokens > 0.0 {
                return Step::Backlog {
                    from: self.position,
                    count: open - self.position,
                };
            }
            let seconds = (1.0 - self.tokens) / self.limits.backlog_readings_per_s;
            return Step::Wait(now + Duration::from_secs_f64(seconds.clamp(0.001, 3_600.0)));
        }
        match self.waiting_since {
            Some(since) => Step::Wait(since + self.limits.ack_timeout),
            None => Step::Idle,
        }
    }

    fn retry(&mut self, now: Duration) {
        self.position = self.acked;
        self.limit = self.end;
        self.waiting_since = Some(now);
        self.last_retry = now;
    }

    fn refill(&mut self, now: Duration) {
        let rate = self.limits.backlog_readings_per_s;
        let elapsed_s = now.saturating_sub(self.refilled).as_secs_f64();
        self.tokens = (self.tokens + elapsed_s * rate).min(rate);
        self.refilled = now;
    }
}

#[cfg(test)]
#[path = "schedule_tests.rs"]
mod tests;
