//! The command line of `watchfire`.

use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::{CommandFactory, Parser, Subcommand, ValueEnum};
use clock::Clock;

use crate::account_command::{self, AccountCommand, TokenCommand};
use crate::audit_command::{self, Audit};
use crate::bank_command::{self, BankCommand};
use crate::config::Config;
use crate::pipeline::NoSink;
use crate::replay::{self, Request, Speed};
use crate::service::{Options, Service};
use crate::{chronicle, forecast_command, history, shipped};

/// Something failed while running.
pub(crate) const FAILED: u8 = 1;
/// The command line or the configuration is wrong.
const WRONG: u8 = 2;

/// Turns sensor readings into public warnings.
///
/// Start with `watchfire replay chile-2010`: a recorded tsunami from sensor to alert, nothing to install.
#[derive(Debug, Parser)]
#[command(
    name = "watchfire",
    version,
    after_help = "Exit codes: 0 done, 1 something failed while running, 2 wrong command line or configuration."
)]
struct Cli {
    /// How the log is written to standard error. RUST_LOG=debug (or hub=trace) says more.
    #[arg(long, value_enum, default_value = "pretty", global = true)]
    log: Log,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Log {
    /// For people.
    Pretty,
    /// One JSON object a line, for machines.
    Json,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Play a recorded event through the whole system, sensor to alert, as an exercise.
    Replay {
        /// A shipped event (see `watchfire events`) or a directory with an event.toml (see configs/README.md).
        event: String,
        /// Times real time, or `max`.
        #[arg(long, default_value = "600")]
        speed: Speed,
        /// Where the CAP messages, timeline.json, forecast.csv and feeds go [default: watchfire-replay/<event>].
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
        /// Deployment whose zones and policy hold, instead of the event's own: a shipped name or a directory.
        #[arg(long, value_name = "NAME|DIR")]
        deployment: Option<String>,
        /// Port of the live page on 127.0.0.1; 0 lets the system pick.
        #[arg(long, default_value_t = 0)]
        port: u16,
        /// Keep the page and the feeds up after the end, until Ctrl-C.
        #[arg(long)]
        serve: bool,
        /// Print only the results.
        #[arg(long)]
        quiet: bool,
    },
    /// Run the hub of a deployment until it is told to stop (SIGTERM, Ctrl-C).
    Run {
        /// Deployment directory with a hub.toml, or the file itself.
        #[arg(long, value_name = "DIR|FILE")]
        config: PathBuf,
    },
    /// Check a deployment's configuration and say what is in it.
    CheckConfig {
        /// Deployment directory with a hub.toml, or the file itself.
        #[arg(value_name = "DIR|FILE")]
        config: PathBuf,
    },
    /// Write every reading in a deployment's journal as CSV. The hub may be running.
    Export {
        #[command(flatten)]
        journal: JournalChoice,
        /// File to write [default: standard output].
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Compute findings, forecasts and alerts again from the journal, as JSON lines: the same journal gives the same bytes.
    Recompute {
        #[command(flatten)]
        journal: JournalChoice,
        /// File to write [default: standard output].
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// Instead, make the chronicle for /api/history from the journal and the desk's log, where there is none yet. The hub must not run.
        #[arg(long, conflicts_with = "out")]
        chronicle: bool,
    },
    /// Compute a tsunami forecast from files: when and how high at stations and coasts, as tables, maps and mareograms.
    Forecast(Box<forecast_command::arguments::Arguments>),
    /// Response banks: what each sensor and coastal point feels of each piece of a trench, computed beforehand.
    #[command(subcommand)]
    Bank(BankCommand),
    /// The log of drafts, approvals and messages, hash by hash.
    #[command(subcommand)]
    Audit(Audit),
    /// Who may act at a deployment's hub: people.
    #[command(subcommand)]
    Account(AccountCommand),
    /// Who may act at a deployment's hub: machines.
    #[command(subcommand)]
    Token(TokenCommand),
    /// Score detectors on recorded data.
    #[command(subcommand)]
    Evaluate(evaluate::Evaluate),
    /// Run the embedded MQTT broker alone.
    Broker {
        /// Address to listen on.
        #[arg(long, default_value = "127.0.0.1:1883")]
        listen: std::net::SocketAddr,
    },
    /// Keys for commands to sirens.
    #[command(subcommand)]
    Sirens(SirensCommand),
    /// List the events, deployments and response banks that ship with the program.
    Events,
    /// Print the completion script of a shell.
    Completions {
        /// Which shell.
        shell: clap_complete::Shell,
    },
}

#[derive(Debug, Subcommand)]
enum SirensCommand {
    /// Make the key pair that signs commands: `siren.key`, for the hub alone, and `siren.pub`, for the edges' `[sirens] issuers`.
    NewKey {
        /// Directory for the two files; a key that is there is never overwritten.
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
}

/// Which journal.
#[derive(Debug, clap::Args)]
pub struct JournalChoice {
    /// Deployment directory with a hub.toml, or the file itself.
    #[arg(long, value_name = "DIR|FILE", required_unless_present = "replay")]
    config: Option<PathBuf>,
    /// Data directory instead of the configuration's.
    #[arg(long, value_name = "DIR", conflicts_with = "replay")]
    data_dir: Option<PathBuf>,
    /// The journal of a replay instead of a deployment's: the event's name or directory, with --out if it was given.
    #[arg(long, value_name = "EVENT", conflicts_with = "config")]
    replay: Option<String>,
    /// Where that replay's results are [default: watchfire-replay/<event>].
    #[arg(long, value_name = "DIR", requires = "replay")]
    results: Option<PathBuf>,
    /// Deployment that the replay was given.
    #[arg(long, value_name = "NAME|DIR", requires = "replay")]
    deployment: Option<String>,
}

impl JournalChoice {
    fn config(self) -> Result<Config, Failure> {
        if let Some(path) = self.config {
            return load(&path, self.data_dir);
        }
        let name = self.replay.unwrap_or_default();
        let event = replay::load_event(&name).map_err(Failure::Wrong)?;
        let results = self
            .results
            .unwrap_or_else(|| Path::new("watchfire-replay").join(&event.id));
        replay::deployment(
            &name,
            self.deployment.as_deref(),
            &event,
            &results.join("state"),
        )
        .map_err(Failure::Wrong)
    }
}

enum Failure {
    /// While running.
    Failed(String),
    /// Before anything ran.
    Wrong(String),
}

/// Runs the program.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    start_log(cli.log, matches!(cli.command, Command::Replay { .. }));
    match dispatch(cli.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Failed(why)) => {
            eprintln!("watchfire: {why}");
            ExitCode::from(FAILED)
        }
        Err(Failure::Wrong(why)) => {
            eprintln!("watchfire: {why}");
            ExitCode::from(WRONG)
        }
    }
}

fn start_log(log: Log, replay: bool) {
    // A replay tells its own story; the log speaks up only when something is wrong. The broker logs every disconnection as an
    // error, which it is not for a system whose peers come and go.
    let default = if replay {
        "error,rumqttd=off"
    } else {
        "info,rumqttd=off"
    };
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(default));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
        .with_writer(std::io::stderr);
    match log {
        Log::Pretty => builder.with_target(false).init(),
        Log::Json => builder.json().init(),
    }
}

fn dispatch(command: Command) -> Result<(), Failure> {
    match command {
        Command::Replay {
            event,
            speed,
            out,
            deployment,
            port,
            serve,
            quiet,
        } => {
            // Looked at before anything starts: a wrong name is a wrong command line, not a failure.
            let id = replay::load_event(&event).map_err(Failure::Wrong)?.id;
            let out = out.unwrap_or_else(|| Path::new("watchfire-replay").join(id));
            let request = Request {
                event,
                deployment,
                speed,
                out,
                port,
                serve,
                quiet,
            };
            runtime()?
                .block_on(replay::run(&request))
                .map(|_| ())
                .map_err(Failure::Failed)
        }
        Command::Run { config } => {
            let config = load(&config, None)?;
            let clock = Clock::from_environment().map_err(|e| Failure::Wrong(e.to_string()))?;
            if clock.description().is_some() && config.mode == wire::topic::Mode::Actual {
                return Err(Failure::Wrong(
                    "an exercise clock (WATCHFIRE_CLOCK) with mode = \"actual\": warnings run on real time only; unset one of them".to_owned(),
                ));
            }
            runtime()?.block_on(live(config, clock))
        }
        Command::CheckConfig { config } => {
            let config = load(&config, None)?;
            crate::service::ocean(&config).map_err(Failure::Wrong)?;
            crate::outlets::ready(&config).map_err(Failure::Wrong)?;
            crate::others::sources(&config.alert_feed).map_err(Failure::Wrong)?;
            crate::alert::sign::Signer::load(&config).map_err(Failure::Wrong)?;
            if let Some(sirens) = &config.sirens {
                crate::sirens::load_key(&sirens.key_file).map_err(Failure::Wrong)?;
            }
            println!(
                "{}: sound. {} stations, {} zones, {} rules for situations, mode {}, broker {}, page http://{}/",
                config.deployment,
                config.station.len(),
                config.zone.len(),
                config.situations.rules().map_err(Failure::Wrong)?.len(),
                config.mode.name(),
                if config.broker.embedded {
                    "embedded".to_owned()
                } else {
                    format!("{}:{}", config.broker.host, config.broker.port)
                },
                config.http.listen
            );
            Ok(())
        }
        Command::Export { journal, out } => {
            let config = journal.config()?;
            let rows = to_file(out, |w| history::export(&config, w))?;
            tracing::info!(rows, "exported");
            Ok(())
        }
        Command::Recompute {
            journal,
            out,
            chronicle,
        } => {
            let config = journal.config()?;
            if chronicle {
                let made = chronicle::rebuild(config).map_err(Failure::Failed)?;
                let text = |us: Option<i64>| us.map(clock::format_utc).unwrap_or_default();
                tracing::info!(
                    from = text(made.from_us),
                    to = text(made.to_us),
                    events = made.events.len(),
                    "the chronicle is made"
                );
                return Ok(());
            }
            let lines = to_file(out, |w| history::recompute(config, w))?;
            tracing::info!(lines, "computed again");
            Ok(())
        }
        Command::Forecast(arguments) => {
            forecast_command::run(&arguments).map_err(|trouble| match trouble {
                forecast_command::Trouble::Wrong(why) => Failure::Wrong(why),
                forecast_command::Trouble::Failed(why) => Failure::Failed(why),
            })
        }
        Command::Bank(command) => {
            let stop = bank_command::stop_on_signals().map_err(Failure::Failed)?;
            bank_command::run(command, &stop).map_err(|trouble| match trouble {
                bank_command::Trouble::Wrong(why) => Failure::Wrong(why),
                bank_command::Trouble::Failed(why) => Failure::Failed(why),
            })
        }
        Command::Audit(Audit::Verify { journal, head }) => {
            let dir = crate::gate::log_dir(&journal.config()?.data_dir);
            let found = audit_command::verify(&dir, head).map_err(Failure::Failed)?;
            println!("{found}");
            Ok(())
        }
        Command::Audit(Audit::Show {
            journal,
            event,
            json,
        }) => {
            let dir = crate::gate::log_dir(&journal.config()?.data_dir);
            audit_command::show(&dir, event.as_deref(), json, &mut std::io::stdout().lock())
                .map_err(Failure::Failed)
        }
        Command::Account(command) => account_command::account(command).map_err(of_accounts),
        Command::Token(command) => account_command::token(command).map_err(of_accounts),
        Command::Evaluate(evaluate) => evaluate.run(&mut std::io::stdout()).map_err(Failure::Wrong),
        Command::Broker { listen } => {
            let address = crate::broker::start(listen).map_err(Failure::Failed)?;
            tracing::info!(%address, "broker");
            runtime()?.block_on(interrupted());
            Ok(())
        }
        Command::Sirens(SirensCommand::NewKey { out }) => {
            let (secret, public) = crate::sirens::new_pair(&out).map_err(Failure::Failed)?;
            let key = std::fs::read_to_string(&public)
                .map_err(|e| Failure::Failed(format!("{}: {e}", public.display())))?;
            println!(
                "{}: the secret; keep it on the hub, for its user alone\n{}: for the edges: [sirens] issuers = [\"{}\"]",
                secret.display(),
                public.display(),
                key.trim()
            );
            Ok(())
        }
        Command::Events => {
            println!("Events (watchfire replay NAME):");
            for (name, _) in shipped::EVENTS {
                let event = replay::load_event(name).map_err(Failure::Failed)?;
                println!("  {name:<14} {}", event.name);
            }
            println!("Deployments (watchfire replay EVENT --deployment NAME):");
            for (name, text) in shipped::DEPLOYMENTS {
                let config =
                    Config::parse(name, text).map_err(|e| Failure::Failed(e.to_string()))?;
                println!(
                    "  {name:<14} {} ({} zones)",
                    config.title,
                    config.zone.len()
                );
            }
            println!("Response banks (watchfire bank build --config NAME):");
            for (name, text) in shipped::BANKS {
                let title = bank_command::title(name, text).map_err(Failure::Failed)?;
                println!("  {name:<14} {title}");
            }
            Ok(())
        }
        Command::Completions { shell } => {
            clap_complete::generate(
                shell,
                &mut Cli::command(),
                "watchfire",
                &mut std::io::stdout(),
            );
            Ok(())
        }
    }
}

fn of_accounts(trouble: account_command::Trouble) -> Failure {
    match trouble {
        account_command::Trouble::Disk(error) => Failure::Failed(error.to_string()),
        other => Failure::Wrong(other.to_string()),
    }
}

fn load(path: &Path, data_dir: Option<PathBuf>) -> Result<Config, Failure> {
    let mut config = Config::load(path).map_err(|e| Failure::Wrong(e.to_string()))?;
    if let Some(dir) = data_dir {
        config.data_dir = dir;
    }
    Ok(config)
}

fn to_file<T>(
    out: Option<PathBuf>,
    write: impl FnOnce(&mut dyn_writer::Output) -> Result<T, String>,
) -> Result<T, Failure> {
    let mut output = match out {
        Some(path) => {
            let file = std::fs::File::create(&path)
                .map_err(|e| Failure::Failed(format!("{}: {e}", path.display())))?;
            dyn_writer::Output::File(BufWriter::new(file))
        }
        None => dyn_writer::Output::Standard(BufWriter::new(std::io::stdout())),
    };
    write(&mut output).map_err(Failure::Failed)
}

mod dyn_writer {
    use std::io::{self, BufWriter, Write};

    /// Where a command writes its result.
    pub enum Output {
        /// A file.
        File(BufWriter<std::fs::File>),
        /// Standard output.
        Standard(BufWriter<io::Stdout>),
    }

    impl Write for Output {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            match self {
                Self::File(w) => w.write(bytes),
                Self::Standard(w) => w.write(bytes),
            }
        }

        fn flush(&mut self) -> io::Result<()> {
            match self {
                Self::File(w) => w.flush(),
                Self::Standard(w) => w.flush(),
            }
        }
    }
}

fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|e| Failure::Failed(format!("cannot start the runtime: {e}")))
}

async fn live(config: Config, clock: Clock) -> Result<(), Failure> {
    let exercise_clock = clock.description();
    let deployment = config.deployment.clone();
    let options = Options {
        config: Arc::new(config),
        clock,
        sink: Box::new(NoSink),
        ticking: true,
    };
    let service = Service::start(options).await.map_err(Failure::Failed)?;
    tracing::info!(
        deployment,
        page = format!("http://{}/", service.http),
        mqtt = format!("{}:{}", service.mqtt.0, service.mqtt.1),
        clock = exercise_clock,
        "running"
    );
    let mut watch = tokio::time::interval(std::time::Duration::from_secs(1));
    let stopped = async {
        loop {
            watch.tick().await;
            if service.has_ended() {
                return;
            }
        }
    };
    let broken = tokio::select! {
        () = interrupted() => false,
        () = stopped => true,
    };
    tracing::info!("stopping");
    service.stop().await;
    if broken {
        return Err(Failure::Failed("the pipeline has ended by itself; this is a bug of ours: please report it with the log".to_owned()));
    }
    Ok(())
}

pub(crate) async fn interrupted() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
        }
        Err(e) => {
            tracing::warn!(error = %e, "SIGTERM cannot be caught; Ctrl-C can");
            let _ = tokio::signal::ctrl_c().await;
        }
    }
}
