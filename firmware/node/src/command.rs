//! Commands: handed to the board once, and answered until the edge has heard it.
//!
//! A command is authentic, new and not expired when the board gets it. Before the first clock exchange its expiry cannot
//! be checked; it is carried out all the same, because a siren that stays silent for want of a clock would be the worse
//! failure, and the answer says so ([`CommandOutcome::DoneUnchecked`]).
//!
//! Answers are not acknowledged. An edge that hears none sends the command again, with the same identity in a new frame;
//! the node then repeats the answer and does nothing else.

use crate::stats::count;
use crate::timer::elapsed;
use crate::{Node, Slots};
use wire::frame::{Body, CommandOutcome, SIREN_ON};

/// Most commands that wait for the board.
pub const COMMAND_QUEUE: usize = 4;

/// How many commands back a repetition is recognised.
const REMEMBERED_COMMANDS: usize = 8;

/// Something the edge asks the board to do, once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Command {
    /// Identity, chosen by the sender.
    pub id: u32,
    /// What to do: [`SIREN_ON`], [`wire::frame::SIREN_OFF`], or the board's own.
    pub code: u8,
    /// Argument of it. That of [`SIREN_ON`] is bounded by the node's settings.
    pub argument: u32,
    /// Unix time in microseconds after which it must not be carried out.
    pub expires_unix_us: i64,
    /// When its last byte arrived, on the node's clock, microseconds.
    pub received_us: u64,
}

/// A command that came, and what became of it.
#[derive(Clone, Copy, Debug)]
struct Known {
    id: u32,
    received_us: u64,
    /// The node did not know the time when it handed the command out.
    unchecked: bool,
    /// `None` while the board is at it.
    done: Option<(CommandOutcome, u64)>,
    /// The edge is to be told.
    answer: bool,
}

/// Commands waiting for the board, and those seen lately.
#[derive(Debug, Default)]
pub(crate) struct Commands {
    waiting: heapless::Deque<Command, COMMAND_QUEUE>,
    /// Oldest first.
    known: heapless::Vec<Known, REMEMBERED_COMMANDS>,
}

impl Commands {
    fn of(&mut self, id: u32) -> Option<&mut Known> {
        self.known.iter_mut().find(|known| known.id == id)
    }

    /// Remembers a command; forgets the oldest that is finished for it, or the oldest of all.
    fn remember(&mut self, id: u32, received_us: u64) {
        if self.known.is_full() {
            let finished = |known: &Known| known.done.is_some() && !known.answer;
            let oldest = self.known.iter().position(finished).unwrap_or(0);
            self.known.remove(oldest);
        }
        let pushed = self.known.push(Known {
            id,
            received_us,
            unchecked: false,
            done: None,
            answer: false,
        });
        debug_assert!(pushed.is_ok(), "room was made");
    }

    fn finish(&mut self, id: u32, outcome: CommandOutcome, mono_us: u64) {
        if let Some(known) = self.of(id) {
            let outcome = match outcome {
                CommandOutcome::Done if known.unchecked => CommandOutcome::DoneUnchecked,
                outcome => outcome,
            };
            known.done = Some((outcome, mono_us));
            known.answer = true;
        }
    }

    /// Whether [`Commands::answer`] has something.
    pub(crate) fn has_answer(&self) -> bool {
        self.known.iter().any(|known| known.answer)
    }

    /// The next answer to send.
    pub(crate) fn answer(&mut self) -> Option<Body> {
        let known = self.known.iter_mut().find(|known| known.answer)?;
        known.answer = false;
        let (outcome, mono_us) = known.done?;
        let delay_us = elapsed(mono_us, known.received_us);
        Some(Body::CommandDone {
            id: known.id,
            outcome,
            mono_us,
            delay_us: u32::try_from(delay_us).unwrap_or(u32::MAX),
        })
    }
}

impl<const N: usize, S: Slots<N>> Node<N, S> {
    /// The oldest command that has not been taken, at `mono_us`. Carry it out, then call [`Node::command_done`].
    ///
    /// One that has expired while it waited is not handed out any more.
    pub fn take_command(&mut self, mono_us: u64) -> Option<Command> {
        self.advance(mono_us);
        while let Some(mut command) = self.commands.waiting.pop_front() {
            if self.is_expired(&command) {
                count(&mut self.stats.refused.expired);
                self.commands
                    .finish(command.id, CommandOutcome::Expired, self.now_us);
                continue;
            }
            if let Some((_, settings)) = self.settings()
                && command.code == SIREN_ON
            {
                let most_ms = settings.siren_max_s.saturating_mul(1_000);
                if most_ms == 0 {
                    self.commands
                        .finish(command.id, CommandOutcome::Unsupported, self.now_us);
                    continue;
                }
                command.argument = command.argument.min(most_ms);
            }
            let unchecked = self.exchange.fix().is_none();
            if let Some(known) = self.commands.of(command.id) {
                known.unchecked = unchecked;
            }
            return Some(command);
        }
        None
    }

    /// What became of a command, at `mono_us`; the answer goes out with the next [`Node::poll`].
    pub fn command_done(&mut self, id: u32, outcome: CommandOutcome, mono_us: u64) {
        self.advance(mono_us);
        self.commands.finish(id, outcome, mono_us);
    }

    fn is_expired(&self, command: &Command) -> bool {
        // A clock that is only probably ahead must not keep a siren silent.
        let doubt_us = self.exchange.uncertainty_us(self.now_us).unwrap_or(0);
        self.exchange
            .unix_at(self.now_us)
            .map(|unix_us| unix_us.saturating_sub_unsigned(doubt_us))
            .is_some_and(|unix_us| unix_us > command.expires_unix_us)
    }

    /// A command came.
    pub(crate) fn command(&mut self, command: Command) {
        if let Some(known) = self.commands.of(command.id) {
            known.answer = known.done.is_some();
            count(&mut self.stats.refused.repeated_commands);
            return;
        }
        if self.is_expired(&command) {
            count(&mut self.stats.refused.expired);
            // Perhaps the edge's clock was set, and this node's is the one that is wrong.
            self.exchange.restart(self.now_us);
            self.commands.remember(command.id, command.received_us);
            self.commands
                .finish(command.id, CommandOutcome::Expired, command.received_us);
            return;
        }
        if self.commands.waiting.push_back(command).is_err() {
            // Not remembered, so that a repetition gets its chance.
            count(&mut self.stats.refused.queue_full);
            return;
        }
        self.commands.remember(command.id, command.received_us);
        count(&mut self.stats.commands);
    }
}
