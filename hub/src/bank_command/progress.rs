//! What the person sees while a bank is built: a bar on a terminal, a line for each receiver elsewhere.

use std::io::IsTerminal;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use bank::Step;
use indicatif::{ProgressBar, ProgressStyle};

/// Tells a build's steps.
pub struct Progress {
    bar: Option<ProgressBar>,
    names: Vec<String>,
    threads: usize,
    began: Instant,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    kept: usize,
    estimated: bool,
}

impl Progress {
    /// `names` of the receivers; `threads` of them are computed at a time.
    pub fn new(names: Vec<String>, threads: usize) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(names.len() as u64);
            // A template of ours: it parses, or the default bar is shown.
            let style = "[{bar:40}] {pos}/{len}  {elapsed}, {eta} left  {wide_msg}";
            if let Ok(style) = ProgressStyle::with_template(style) {
                bar.set_style(style.progress_chars("=> "));
            }
            bar
        });
        Self {
            bar,
            names,
            threads,
            began: Instant::now(),
            seen: Mutex::default(),
        }
    }

    /// Tells one step.
    pub fn hear(&self, step: Step) {
        let Ok(mut seen) = self.seen.lock() else {
            return;
        };
        match step {
            Step::Began { kept, .. } => {
                seen.kept = kept;
                if kept > 0 {
                    self.say(&format!(
                        "going on: {kept} of {} receivers are there",
                        self.names.len()
                    ));
                }
                if let Some(bar) = &self.bar {
                    bar.set_position(kept as u64);
                    bar.reset_eta();
                }
            }
            Step::Finished { receiver, finished } => {
                let left = self.names.len() - finished;
                if !seen.estimated {
                    seen.estimated = true;
                    self.estimate(left, finished - seen.kept);
                }
                let name = self.names.get(receiver).map_or("", String::as_str);
                match &self.bar {
                    Some(bar) => {
                        bar.set_position(finished as u64);
                        bar.set_message(name.to_owned());
                    }
                    None => eprintln!("{finished}/{} {name}", self.names.len()),
                }
            }
            Step::Writing => {
                if let Some(bar) = &self.bar {
                    bar.set_message("writing");
                }
            }
        }
    }

    /// After the first receiver: how long the rest will take.
    fn estimate(&self, left: usize, computed: usize) {
        if left == 0 {
            return;
        }
        let one = self.began.elapsed().as_secs_f64() / computed.max(1) as f64;
        let rounds = left.div_ceil(self.threads);
        let seconds = Duration::from_secs((one * rounds as f64).ceil() as u64);
        self.say(&format!(
            "{one:.1} s for a receiver: about {} for the other {left}, {} at a time",
            settings::duration::format(seconds),
            self.threads
        ));
    }

    fn say(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.println(line),
            None => eprintln!("{line}"),
        }
    }

    /// Takes the bar away.
    pub fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
