//! `watchfire-edge`: runs one edge agent from a configuration file.
#![forbid(unsafe_code)]

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{CommandFactory as _, Parser, Subcommand, ValueEnum};
use clock::Clock;
use edge::{Agent, Config, StartError, config, secret};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

const OK: u8 = 0;
const USAGE: u8 = 2;
const STORAGE: u8 = 3;
const RUNTIME: u8 = 4;

/// Collect readings from sensor nodes and Modbus meters, keep them safe, and send them to the Watchfire hub.
///
/// Readings are stored in an outbox on disk before they are published over MQTT, and stay there until the hub has
/// confirmed that it has them: a power cut, a dead link or a restarted hub loses nothing.
#[derive(Parser)]
#[command(
    name = "watchfire-edge",
    version,
    after_help = "\
Start with:
  watchfire-edge example > edge.toml      write a commented configuration
  watchfire-edge --config edge.toml --check
  watchfire-edge --config edge.toml

Any key can be overridden from the environment: WATCHFIRE_EDGE_BROKER__PORT=1884 sets port in [broker],
WATCHFIRE_EDGE___DATA_DIR=/var/lib/edge a key outside any table. RUST_LOG sets the log level.
WATCHFIRE_CLOCK=\"real_us,start_us,speed\" runs on exercise time.

SIGTERM and SIGINT stop it in good order; everything received is on disk then.

Exit codes: 0 stopped or checked in good order, 2 wrong usage or configuration, 3 the data directory cannot be used,
4 the program could not run or go on (a port is taken, the system refuses a thread, a bug)."
)]
struct Arguments {
    /// The configuration file.
    #[arg(short, long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Check the configuration, the keys and the register maps it names, and exit.
    #[arg(long)]
    check: bool,
    /// How to write the log, on standard error.
    #[arg(long, value_enum, default_value_t = LogFormat::Pretty, value_name = "FORMAT")]
    log: LogFormat,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Clone, Copy, ValueEnum)]
enum LogFormat {
    /// One JSON object a line.
    Json,
    /// For people.
    Pretty,
}

#[derive(Subcommand)]
enum Command {
    /// Print a fully commented configuration with every key and its default.
    Example,
    /// Print a completion script for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    ExitCode::from(match arguments.command {
        Some(Command::Example) => print(config::EXAMPLE.as_bytes()),
        Some(Command::Completions { shell }) => {
            let mut script = Vec::new();
            clap_complete::generate(
                shell,
                &mut Arguments::command(),
                "watchfire-edge",
                &mut script,
            );
            print(&script)
        }
        None => match &arguments.config {
            Some(path) => run(path.clone(), arguments.check, arguments.log),
            None => {
                eprintln!(
                    "watchfire-edge: --config FILE is needed; `watchfire-edge example` prints one to start from"
                );
                USAGE
            }
        },
    })
}

/// A reader that has gone away (`| head`) is no error.
fn print(bytes: &[u8]) -> u8 {
    let mut out = std::io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => RUNTIME,
        _ => OK,
    }
}

fn run(path: PathBuf, check: bool, log: LogFormat) -> u8 {
    let config = match Config::load(&path) {
        Ok(config) => config,
        Err(error) => return fail(&error, USAGE),
    };
    if check {
        return self::check(&config, &path);
    }
    let clock = match Clock::from_environment() {
        Ok(clock) => clock,
        Err(error) => return fail(&error, USAGE),
    };
    start_log(log);
    // Everything but the disk waits for sockets: two threads serve a thousand nodes in little memory.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .max_blocking_threads(4)
        .thread_stack_size(512 * 1024)
        .enable_all()
        .build();
    match runtime {
        Ok(runtime) => {
            let code = runtime.block_on(serve(config, clock));
            // A name look-up that hangs must not hold up the end.
            runtime.shutdown_timeout(Duration::from_secs(1));
            code
        }
        Err(error) => fail(&error, RUNTIME),
    }
}

fn check(config: &Config, path: &std::path::Path) -> u8 {
    if let Err(error) = secret::keys(config).and_then(|_| secret::credentials(config)) {
        return fail(&error, USAGE);
    }
    if let Err(error) = edge::meter::poll::lines(&config.meter, &Clock::System, 0) {
        return fail(&error, USAGE);
    }
    let text = format!(
        "{}: good: edge {}/{}, {} nodes, {} links, {} meters, broker {}:{}\n",
        path.display(),
        config.deployment,
        config.edge,
        config.node.len(),
        config.link.len(),
        config.meter.len(),
        config.broker.host,
        config.broker.port,
    );
    print(text.as_bytes())
}

fn fail(error: &dyn std::fmt::Display, code: u8) -> u8 {
    eprintln!("watchfire-edge: {error}");
    code
}

fn start_log(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env()
        // rumqttc logs every lost connection itself, less readably than we do.
        .unwrap_or_else(|_| EnvFilter::new("info,rumqttc=off"));
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
        .with_writer(std::io::stderr);
    match format {
        LogFormat::Json => subscriber.json().flatten_event(true).init(),
        LogFormat::Pretty => subscriber.with_target(false).init(),
    }
}

async fn serve(config: Config, clock: Clock) -> u8 {
    let (mut terminate, mut interrupt) = match (
        signal(SignalKind::terminate()),
        signal(SignalKind::interrupt()),
    ) {
        (Ok(terminate), Ok(interrupt)) => (terminate, interrupt),
        (Err(error), _) | (_, Err(error)) => return fail(&error, RUNTIME),
    };
    let name = format!("{}/{}", config.deployment, config.edge);
    let handle = match Agent::start(config, clock, Vec::new()).await {
        Ok(handle) => handle,
        Err(error) => {
            let code = match &error {
                StartError::Config(_) | StartError::Secret(_) | StartError::Map(_) => USAGE,
                StartError::Storage(_) => STORAGE,
                StartError::Link(_) | StartError::Thread(_) => RUNTIME,
            };
            return fail(&error, code);
        }
    };
    tracing::info!(edge = name, version = env!("CARGO_PKG_VERSION"), listening = ?handle.addresses(), "started");
    let mut look = tokio::time::interval(Duration::from_secs(1));
    loop {
        tokio::select! {
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
            _ = look.tick() => if handle.is_broken() {
                tracing::error!("a part of the agent has ended by itself; stopping, so that a supervisor can start it again");
                return RUNTIME;
            },
        }
    }
    let status = handle.shutdown().await;
    tracing::info!(
        held = status.outbox.depth,
        "stopped; what the hub has not acknowledged is in the outbox"
    );
    OK
}
