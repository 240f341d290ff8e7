//! `watchfire-edge`: runs one edge agent from a configuration file.
#![forbid(unsafe_code)]

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{CommandFactory as _, Parser, Subcommand, ValueEnum};
use clock::Clock;
use edge::commands::{edit, enroll, settings, status};
use edge::node::update::dotted;
use edge::{Agent, Config, Handle, StartError, config, inquiry, secret, updates};
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

SIGTERM and SIGINT stop it in good order; everything received is on disk then. SIGHUP takes over [[node]], [nodes] and
the nodes of shared lines from the file; everything else takes a restart.

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
    /// Make a node known: a key of its own, its lines in the configuration, and the memory to flash into its board.
    Enroll {
        /// The configuration file.
        #[arg(short, long, value_name = "FILE")]
        config: PathBuf,
        /// Number of the node, unique in the deployment.
        #[arg(long, value_name = "N")]
        node: u32,
        /// Station whose readings it delivers.
        #[arg(long, value_name = "STATION")]
        station: String,
        /// What it is for.
        #[arg(long, value_parser = config::node::KINDS)]
        kind: Option<String>,
        /// Serial device or pattern that it is on; added to the configuration unless it is there.
        #[arg(long, value_name = "DEVICE")]
        serial: Option<String>,
        /// Leave the configuration alone and print what belongs into it.
        #[arg(long)]
        print: bool,
        /// Settings that differ from those of its kind: key=value.
        #[arg(value_name = "KEY=VALUE", value_parser = edit::assignment)]
        settings: Vec<(String, Option<toml_edit::Value>)>,
    },
    /// Show what a node is set to, or change what it shall be set to.
    ///
    /// Without KEY=VALUE: what the configuration wants and what the node says, asked of the running agent. With: the
    /// configuration is changed; the agent takes it over on SIGHUP, writes it to the node and reads it back. KEY= takes a
    /// setting out: it stays as it is.
    Settings {
        /// The configuration file.
        #[arg(short, long, value_name = "FILE")]
        config: PathBuf,
        /// Number of the node.
        #[arg(long, value_name = "N")]
        node: u32,
        /// What to change.
        #[arg(value_name = "KEY=VALUE", value_parser = edit::assignment)]
        values: Vec<(String, Option<toml_edit::Value>)>,
    },
    /// Check a signed firmware file, and whom it is for.
    CheckUpdate {
        /// The file, *.wfu.
        file: PathBuf,
        /// A configuration whose [updates] keys must have signed it.
        #[arg(short, long, value_name = "FILE")]
        config: Option<PathBuf>,
    },
    /// Tell how a running agent, its lines and its nodes are.
    Status {
        /// The configuration file.
        #[arg(short, long, value_name = "FILE")]
        config: PathBuf,
        /// Everything that is counted.
        #[arg(long)]
        wide: bool,
        /// The status document as it is, JSON.
        #[arg(long)]
        json: bool,
    },
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
        Some(Command::Enroll {
            config,
            node,
            station,
            kind,
            serial,
            print,
            settings,
        }) => enroll_node(&enroll::Request {
            config,
            node,
            station,
            kind,
            serial,
            settings,
            print,
        }),
        Some(Command::Settings {
            config,
            node,
            values,
        }) => node_settings(&config, node, &values),
        Some(Command::CheckUpdate { file, config }) => check_update(&file, config.as_deref()),
        Some(Command::Status { config, wide, json }) => tell_status(&config, wide, json),
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
            let code = runtime.block_on(serve(config, &path, clock));
            // A name look-up that hangs must not hold up the end.
            runtime.shutdown_timeout(Duration::from_secs(1));
            code
        }
        Err(error) => fail(&error, RUNTIME),
    }
}

fn enroll_node(request: &enroll::Request) -> u8 {
    let made = match enroll::enroll(request) {
        Ok(made) => made,
        Err(error) => return fail(&error, USAGE),
    };
    let (key, memory) = (made.key.display(), made.memory.display());
    let mut text = format!("key:    {key}\nmemory: {memory}, which holds the key too\n");
    match &made.lines {
        Some(lines) => text.push_str(&format!("\nadd to {}:\n{lines}", request.config.display())),
        None => text.push_str(&format!("added to {}\n", request.config.display())),
    }
    text.push_str(&format!(
        "{}\nThen delete {memory}, and {}.\n",
        enroll::flashing(&made.memory),
        if made.new_line {
            "restart the agent, which has a new line to open"
        } else {
            "reload the agent (SIGHUP)"
        }
    ));
    print(text.as_bytes())
}

fn node_settings(
    path: &std::path::Path,
    node: u32,
    values: &[(String, Option<toml_edit::Value>)],
) -> u8 {
    if !values.is_empty() {
        return match settings::change(path, node, values) {
            Ok(()) => print(b"changed; the agent takes it over when it is reloaded (SIGHUP)\n"),
            Err(error) => fail(&error, USAGE),
        };
    }
    match settings::show(path, node) {
        Ok(text) => print(text.as_bytes()),
        Err(error) => fail(&error, USAGE),
    }
}

fn check_update(file: &std::path::Path, config: Option<&std::path::Path>) -> u8 {
    let keys = match config.map(Config::load).transpose() {
        Ok(config) => config.map(|config| updates::keys(&config.updates).unwrap_or_default()),
        Err(error) => return fail(&error, USAGE),
    };
    let keys = keys.unwrap_or_default();
    match updates::read(file, &keys) {
        Ok(image) => {
            let digest: String = image
                .digest
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect();
            let signed = if keys.is_empty() {
                "not checked: no keys given (--config with [updates] keys)"
            } else {
                "good"
            };
            let text = format!(
                "{}: whole\nboard     {}\nversion   {}\nsecurity  {}\nbytes     {}\ndigest    {digest} (SHA-512/256)\nsignature {signed}\n",
                file.display(),
                image.board.name(),
                dotted(image.version),
                image.security,
                image.bytes.len(),
            );
            print(text.as_bytes())
        }
        Err(error) => fail(&error, USAGE),
    }
}

fn tell_status(path: &std::path::Path, wide: bool, json: bool) -> u8 {
    let config = match Config::load(path) {
        Ok(config) => config,
        Err(error) => return fail(&error, USAGE),
    };
    match inquiry::ask(&config.data_dir) {
        Ok(document) if json => print(format!("{document:#}\n").as_bytes()),
        Ok(document) => print(status::text(&document, wide).as_bytes()),
        Err(error) => fail(&error, RUNTIME),
    }
}

/// Takes over what can be taken over while running; a file with a mistake changes nothing.
fn reload(handle: &Handle, path: &std::path::Path) {
    let config = match Config::load(path) {
        Ok(config) => config,
        Err(error) => {
            tracing::error!(%error, "not reloaded: everything stays as it was");
            return;
        }
    };
    match handle.reload(&config) {
        Ok(changes) => tracing::info!(
            added = changes.added,
            removed = changes.removed,
            kept = changes.kept,
            replaced = changes.replaced,
            "nodes reloaded"
        ),
        Err(error) => tracing::error!(%error, "not reloaded: everything stays as it was"),
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

async fn serve(config: Config, path: &std::path::Path, clock: Clock) -> u8 {
    let (mut terminate, mut interrupt, mut hang_up) = match (
        signal(SignalKind::terminate()),
        signal(SignalKind::interrupt()),
        signal(SignalKind::hangup()),
    ) {
        (Ok(terminate), Ok(interrupt), Ok(hang_up)) => (terminate, interrupt, hang_up),
        (Err(error), ..) | (_, Err(error), _) | (.., Err(error)) => return fail(&error, RUNTIME),
    };
    let name = format!("{}/{}", config.deployment, config.edge);
    let mut handle = match Agent::start(config, clock, Vec::new()).await {
        Ok(handle) => handle,
        Err(error) => {
            let code = match &error {
                StartError::Config(_) | StartError::Secret(_) | StartError::Map(_) => USAGE,
                StartError::Storage(_) => STORAGE,
                StartError::Link(_) | StartError::Shared { .. } | StartError::Thread(_) => RUNTIME,
            };
            return fail(&error, code);
        }
    };
    tracing::info!(edge = name, version = env!("CARGO_PKG_VERSION"), listening = ?handle.addresses(), "started");
    if let Err(error) = handle.answer_inquiries() {
        tracing::warn!(%error, "`watchfire-edge status` will find nobody");
    }
    let mut look = tokio::time::interval(Duration::from_secs(1));
    loop {
        tokio::select! {
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
            _ = hang_up.recv() => reload(&handle, path),
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
