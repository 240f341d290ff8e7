//! The command `play`: arguments to a virtual node and its play, news to the terminal.

use clock::Clock;
use hil::endpoint::Endpoint;
use hil::live::{Ended, News, play};
use hil::{Schedule, Settings, Track, VirtualNode};
use node::{METRES_PER_PASCAL, TsunamiWatch};
use record::Event;
use std::io;
use std::path::{Path, PathBuf};
use tokio::signal::unix::{SignalKind, signal};
use wire::frame::Key;
use wire::quantity::Quantity;

/// Arguments of `watchfire-hil play`.
#[derive(clap::Args)]
#[command(after_help = "\
Without --clock and WATCHFIRE_CLOCK the record is played as if it happened from now on, at its own pace.

Exit codes: 0 all was acknowledged or it was told to stop; 1 an error; 2 wrong usage.

Example, a record in exercise time at 300 times its pace:
  watchfire-hil play --event configs/events/chile-2010 --station 32412 --connect unix:/run/watchfire/nodes.sock \\
    --node-id 7 --key-file node7.key --boot 1 --clock \"$(date +%s)000000,1267252440000000,300\" --exit-when-done")]
pub struct Play {
    /// Directory of the event: event.toml and the records it names.
    #[arg(long, value_name = "DIR")]
    event: PathBuf,
    /// Station of the event whose record is played.
    #[arg(long, value_name = "ID")]
    station: String,
    /// Where the edge listens for nodes: tcp:HOST:PORT or unix:PATH.
    #[arg(long, value_name = "ENDPOINT")]
    connect: Endpoint,
    /// Node number, as the edge's configuration has it.
    #[arg(long, value_name = "N")]
    node_id: u32,
    /// The node's secret, 64 hexadecimal digits. Others on this machine can see it; prefer the variable or a file.
    #[arg(
        long,
        value_name = "HEX",
        env = "WATCHFIRE_NODE_KEY",
        hide_env_values = true,
        required_unless_present = "key_file"
    )]
    key: Option<String>,
    /// File that holds the secret.
    #[arg(long, value_name = "FILE", conflicts_with = "key")]
    key_file: Option<PathBuf>,
    /// Boot number: one more at every start of the same node.
    #[arg(long, value_name = "N", default_value_t = 1)]
    boot: u32,
    /// Exercise time: the real instant and the exercise instant that belongs to it, in microseconds since 1970, and the
    /// pace. The same three numbers for node, edge and hub.
    #[arg(long, value_name = "REAL_US,START_US,SPEED", env = "WATCHFIRE_CLOCK")]
    clock: Option<String>,
    /// Where in the record to begin: at its start, even when that has passed, or now. The first boot plays from the
    /// start; later ones begin now, because a node that was off measured nothing.
    #[arg(long, value_enum)]
    from: Option<Begin>,
    /// Run the tsunami detector on the node as well; what it finds goes to the edge ahead of any backlog.
    #[arg(long)]
    detect: bool,
    /// Stop when everything is acknowledged; otherwise stay, as a node does.
    #[arg(long)]
    exit_when_done: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Begin {
    /// The start of the record.
    Start,
    /// The time when this program starts.
    Now,
}

/// Why a record could not be played.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("event in {directory}: {reason}")]
    Event { directory: String, reason: String },
    #[error("the event {event} has no station {station:?}; it has {known}")]
    Station {
        event: String,
        station: String,
        known: String,
    },
    #[error("station {station} has no samples between the event's start and end")]
    Empty { station: String },
    #[error("--detect needs sea level or water pressure; station {station} records {quantity}")]
    Detect {
        station: String,
        quantity: &'static str,
    },
    #[error("the key must be 64 hexadecimal digits")]
    Key,
    #[error("{path}: {source}")]
    KeyFile { path: String, source: io::Error },
    #[error(transparent)]
    Clock(#[from] clock::Error),
    #[error(transparent)]
    Node(#[from] hil::virtual_node::Error),
    #[error(transparent)]
    Manual(#[from] hil::live::ManualClock),
    #[error("cannot watch for signals: {0}")]
    Signals(io::Error),
}

impl Play {
    /// Plays until done or told to stop.
    pub async fn run(self) -> Result<(), Error> {
        let clock = match self.clock.as_deref().map(str::trim) {
            Some(text) if !text.is_empty() => Clock::parse(text)?,
            _ => Clock::System,
        };
        let key = self.secret()?;
        let (quantity, schedule, start_us) = self.schedule(&clock)?;
        let mut settings = Settings::new(self.node_id, self.boot, key, start_us);
        if self.detect {
            settings.tsunami = Some(self.detector(quantity)?);
        }
        if let Clock::Scaled { speed, .. } = clock {
            settings.speed = speed;
        }
        let mut node = VirtualNode::with_schedule(&settings, schedule)?;
        eprintln!(
            "node {} boot {}: {} samples of station {} to play{}",
            self.node_id,
            self.boot,
            node.remaining(),
            self.station,
            match node.skipped() {
                0 => String::new(),
                skipped => format!(", {skipped} passed over from before the start"),
            }
        );
        let endpoint = &self.connect;
        let tell = |news: News<'_>| match news {
            News::Connected => eprintln!("link to {endpoint} is up"),
            News::Refused(error) => eprintln!("no link to {endpoint} yet: {error}"),
            News::Lost(error) => eprintln!("link to {endpoint} lost: {error}"),
        };
        let stop = stop_signal().map_err(Error::Signals)?;
        let ended = play(&mut node, &clock, endpoint, self.exit_when_done, stop, tell).await?;
        let stats = node.stats();
        println!(
            "{}: {} samples measured, {} unacknowledged, {} dropped for lack of room, {} sent again, {} left in the record",
            match ended {
                Ended::Done => "done",
                Ended::Stopped => "stopped",
            },
            stats.samples,
            node.unacknowledged(),
            stats.dropped_samples,
            stats.repeated,
            node.remaining(),
        );
        Ok(())
    }

    fn secret(&self) -> Result<Key, Error> {
        let text = match (&self.key, &self.key_file) {
            (_, Some(path)) => std::fs::read_to_string(path).map_err(|source| Error::KeyFile {
                path: path.display().to_string(),
                source,
            })?,
            (Some(text), None) => text.clone(),
            (None, None) => return Err(Error::Key),
        };
        Key::from_hex(text.trim()).ok_or(Error::Key)
    }

    /// The detector with its documented defaults, on what the station records.
    fn detector(&self, quantity: Quantity) -> Result<TsunamiWatch, Error> {
        let metres_per_unit = match quantity {
            Quantity::SeaLevel => 1.0,
            Quantity::WaterPressure => METRES_PER_PASCAL,
            other => {
                return Err(Error::Detect {
                    station: self.station.clone(),
                    quantity: other.name(),
                });
            }
        };
        Ok(TsunamiWatch {
            quantity,
            metres_per_unit,
            settings: signal::tsunami::Settings::default(),
        })
    }

    /// What the station records, its samples, and when the node is switched on.
    fn schedule(&self, clock: &Clock) -> Result<(Quantity, Schedule, i64), Error> {
        let event = load(&self.event)?;
        let station = event
            .stations
            .iter()
            .find(|station| station.id == self.station);
        let station = station.ok_or_else(|| Error::Station {
            event: event.id.clone(),
            station: self.station.clone(),
            known: event
                .stations
                .iter()
                .map(|station| station.id.as_str())
                .collect::<Vec<_>>()
                .join(", "),
        })?;
        let track = Track {
            quantity: station.quantity,
            series: station.series.clone(),
        };
        let schedule = Schedule::new(&[track]).within(event.start_us, event.end_us);
        if schedule.remaining() == 0 {
            return Err(Error::Empty {
                station: self.station.clone(),
            });
        }
        let now_us = clock.now_us();
        let (schedule, begin_us) = match clock {
            Clock::Scaled { .. } | Clock::Followed(_) => (schedule, event.start_us),
            // In real time an old record is long over: play it as if it began now.
            Clock::System | Clock::Manual(_) => (
                schedule.shifted(now_us.saturating_sub(event.start_us)),
                now_us,
            ),
        };
        let from = self.from.unwrap_or(if self.boot <= 1 {
            Begin::Start
        } else {
            Begin::Now
        });
        let on_us = if from == Begin::Start {
            begin_us
        } else {
            now_us.max(begin_us)
        };
        Ok((station.quantity, schedule, on_us))
    }
}

fn load(directory: &Path) -> Result<Event, Error> {
    let files = record::Directory::new(directory);
    Event::load(&files).map_err(|error| Error::Event {
        directory: directory.display().to_string(),
        reason: error.to_string(),
    })
}

/// Completes at SIGTERM or SIGINT.
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
