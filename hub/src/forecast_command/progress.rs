//! What the person sees while the ocean is computed.

use std::cell::RefCell;
use std::io::IsTerminal as _;
use std::time::Instant;

use indicatif::{ProgressBar, ProgressStyle};

/// Bars on a terminal, nothing elsewhere; and how long each part took.
#[derive(Debug)]
pub struct Progress {
    shown: bool,
    taken: RefCell<Vec<(&'static str, f64)>>,
}

impl Progress {
    /// Shows nothing when told to be quiet, or when standard error is no terminal.
    pub fn new(quiet: bool) -> Self {
        Self {
            shown: !quiet && std::io::stderr().is_terminal(),
            taken: RefCell::new(Vec::new()),
        }
    }

    /// A part of the work, in hundredths.
    pub fn part(&self, name: &'static str) -> Bar {
        const HUNDREDTHS: u64 = 100;
        let bar = if self.shown {
            ProgressBar::new(HUNDREDTHS)
        } else {
            ProgressBar::hidden()
        };
        // A template of ours: it parses, or the default bar is shown.
        if let Ok(style) =
            ProgressStyle::with_template("{msg:<12} [{bar:40}] {percent:>3} %  {eta} left")
        {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_message(name);
        Bar { bar }
    }

    /// Does a part of the work and remembers how long it took.
    pub fn timed<T>(&self, name: &'static str, work: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let done = work();
        self.taken
            .borrow_mut()
            .push((name, start.elapsed().as_secs_f64()));
        done
    }

    /// How long each part took, seconds.
    pub fn taken(&self) -> Vec<(&'static str, f64)> {
        self.taken.borrow().clone()
    }
}

/// One part's bar; gone when the part is done.
#[derive(Debug)]
pub struct Bar {
    bar: ProgressBar,
}

impl Bar {
    /// The part that is done, 0 to 1.
    pub fn set(&self, part: f64) {
        self.bar.set_position((part * 100.0) as u64);
    }

    /// All of it is done.
    pub fn done(&self) {
        self.bar.finish_and_clear();
    }
}
