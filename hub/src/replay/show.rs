//! What the person sees while an event is replayed, and at its end.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use record::{Event, Role};

use super::Request;
use super::report::after;
use super::sink::{self, Kept};
use crate::config::Config;
use crate::service::Service;

/// What the person sees.
pub struct Show {
    bar: ProgressBar,
    origin_us: i64,
    start_us: i64,
    event: String,
    out: PathBuf,
    page: String,
    stations: Vec<String>,
    zone_names: std::collections::BTreeMap<String, String>,
    quiet: bool,
    colour: bool,
}

impl Show {
    /// Made when everything runs.
    pub fn new(request: &Request, event: &Event, config: &Config, service: &Service) -> Self {
        let bar = if request.quiet || !std::io::stderr().is_terminal() {
            ProgressBar::hidden()
        } else {
            ProgressBar::new(((event.end_us - event.start_us) / 1_000_000).max(1) as u64)
        };
        // A template of ours: it parses, or the default bar is shown.
        if let Ok(style) = ProgressStyle::with_template("{msg} [{bar:40}] {percent:>3} %") {
            bar.set_style(style.progress_chars("=> "));
        }
        Self {
            bar,
            origin_us: event.origin_us,
            start_us: event.start_us,
            event: event.name.clone(),
            out: request.out.clone(),
            page: format!("http://{}/", service.http),
            stations: event
                .stations
                .iter()
                .filter(|s| s.role == Role::Sensor)
                .map(|s| s.name.clone())
                .collect(),
            zone_names: config
                .zone
                .iter()
                .map(|z| (z.id.clone(), z.name.clone()))
                .collect(),
            quiet: request.quiet,
            colour: std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none(),
        }
    }

    /// What is about to be seen.
    pub fn opening(&self) {
        if self.quiet {
            return;
        }
        println!("{}", self.event);
        println!(
            "  An exercise: recorded values of {} through the whole system.",
            self.stations.join(", ")
        );
        println!("  Live page  {}", self.page);
        println!("  Times are event time after the earthquake (T).\n");
    }

    /// Prints the lines from `from` on; returns how many there are.
    pub fn lines(&self, kept: &Kept, from: usize, now_us: i64) -> usize {
        self.bar
            .set_position(((now_us - self.start_us) / 1_000_000).max(0) as u64);
        self.bar.set_message(after(now_us, self.origin_us));
        if !self.quiet {
            for line in &kept.lines[from.min(kept.lines.len())..] {
                let mut text = self.line(line);
                if matches!(line.kind.as_str(), "alert" | "update") {
                    self.zones(kept, now_us, &mut text);
                }
                // A hidden bar prints nothing; the timeline belongs to the output either way.
                if self.bar.is_hidden() {
                    println!("{text}")
                } else {
                    self.bar.println(text)
                }
            }
        }
        kept.lines.len()
    }

    fn line(&self, line: &sink::Line) -> String {
        let time = after(line.time_us, self.origin_us);
        let mark = match line.kind.as_str() {
            "alert" => "ALERT ",
            "update" => "UPDATE",
            "cancel" => "CANCEL",
            "earthquake" => "quake ",
            "confirmed" => "WAVE  ",
            "shaking" => "shakes",
            _ => "      ",
        };
        let code = match line.kind.as_str() {
            "alert" | "confirmed" => "1;31",
            "update" => "1;33",
            "cancel" => "1;32",
            "earthquake" => "1;36",
            _ => "",
        };
        let mark = if self.colour && !code.is_empty() {
            format!("\x1b[{code}m{mark}\x1b[0m")
        } else {
            mark.to_owned()
        };
        let took = line.compute_ms.map_or(String::new(), |ms| {
            format!("  [{ms:.1} ms from sample to CAP]")
        });
        format!("{time}  {mark}  {}{took}", line.text)
    }

    /// The zones of the forecast behind a message, when it was made in this step: where, what, when, how high.
    fn zones(&self, kept: &Kept, now_us: i64, out: &mut String) {
        let Some(issued_us) = kept
            .rows
            .iter()
            .rev()
            .map(|r| r.issued_us)
            .next()
            .filter(|t| *t == now_us)
        else {
            return;
        };
        // Of two forecasts in one step, the first estimate's and the model's, the later one is what the message says.
        let mut latest: Vec<&sink::Row> = Vec::new();
        for row in kept
            .rows
            .iter()
            .filter(|r| r.kind == "zone" && r.issued_us == issued_us)
        {
            match latest.iter_mut().find(|known| known.id == row.id) {
                Some(known) => *known = row,
                None => latest.push(row),
            }
        }
        for row in latest.into_iter().filter(|r| r.level != "none") {
            let name = self
                .zone_names
                .get(&row.id)
                .map_or(row.id.as_str(), String::as_str);
            let [low, middle, high] = row.heights_m;
            let when = if row.arrival_us <= now_us {
                "now".to_owned()
            } else {
                after(row.arrival_us, self.origin_us)
            };
            out.push_str(&format!(
                "\n                 {:<8} {name:<34} first wave {when:<8}  {middle:>4.1} m ({low:.1} to {high:.0})",
                row.level
            ));
        }
    }

    /// What it came to, and where the results are.
    pub fn closing(&self, kept: &Kept, readings: u64, comparison: &[String], took: Duration) {
        self.bar.finish_and_clear();
        let alerted = kept.lines.iter().any(|l| l.kind == "alert");
        if !alerted {
            println!(
                "\nNo alert was issued: no forecast reached the advisory height, or no earthquake was told."
            );
        } else if !kept.lines.iter().any(|l| l.kind == "cancel") {
            println!(
                "\nThe record ends with the alert in force: nothing said yet that the sea is quiet everywhere."
            );
        }
        println!("\nForecast against record");
        for line in comparison {
            println!("  {line}");
        }
        println!(
            "\nResults ({readings} readings, {} CAP messages, {:.1} s)",
            kept.messages.len(),
            took.as_secs_f64()
        );
        for (what, file) in [
            ("CAP messages", "*.xml"),
            ("Feeds", "exercise-feed.atom, exercise-feed.rss"),
            ("Timeline", "timeline.json"),
            ("Forecasts", "forecast.csv"),
            ("Journal", "state/journal"),
        ] {
            println!("  {what:<13} {}", self.out.join(file).display());
        }
        println!(
            "  {:<13} {} (and exercise/feed.atom, exercise/feed.rss; --serve keeps it up after the end)",
            "Page", self.page
        );
    }
}
