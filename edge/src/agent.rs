//! Wires the rooms together: builds everything from a configuration, starts it, and stops it in order.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread::JoinHandle as ThreadHandle;

use clock::Clock;
use tokio::io::DuplexStream;
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::{JoinHandle, JoinSet, spawn_blocking};

use crate::config::{Config, Link, Refusal};
use crate::link::stream::Peer;
use crate::link::{Intake, Line};
use crate::meter::poll;
use crate::node::Nodes;
use crate::node::registry::{Changes, Rules};
use crate::node::state::{self, State};
use crate::outbox::writer::Writer;
use crate::outbox::{OpenError, Outbox};
use crate::publish::connection::Login;
use crate::publish::findings::Findings;
use crate::publish::publisher::Publisher;
use crate::publish::status::{self, Sources, Status};
use crate::secret::{self, SecretError};
use crate::siren::relay;
use crate::tally::Tally;

/// Groups between links and the writer; then links stop reading, and nodes keep their readings.
const GROUP_QUEUE: usize = 256;

/// Batches between the writer and the publisher; then they become backlog. At most about 2 MB.
const LIVE_QUEUE: usize = 256;

/// Findings that wait to be held; then nodes keep them.
const FINDING_QUEUE: usize = 64;

/// Why an agent cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration contradicts itself.
    #[error(transparent)]
    Config(#[from] Refusal),
    /// The broker's password.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// A register map.
    #[error("{0}")]
    Map(String),
    /// The outbox.
    #[error(transparent)]
    Storage(#[from] OpenError),
    /// A link cannot be bound.
    #[error("{0}")]
    Link(std::io::Error),
    /// A line of the new configuration is not the one that runs.
    #[error(
        "link {name}: shared is not as it was at the start, and lines change by a restart only; nodes that were told about it now would wait for polls which nobody sends, or speak into others' turns"
    )]
    Shared {
        /// The line.
        name: String,
    },
    /// The system gives no thread.
    #[error("cannot start a thread: {0}")]
    Thread(std::io::Error),
}

/// The edge agent.
#[derive(Debug)]
pub struct Agent;

/// A running agent. Dropping it stops the agent without waiting; readings that were acknowledged to nodes are durable
/// in any case.
pub struct Handle {
    sources: Arc<Sources>,
    stop: watch::Sender<bool>,
    settled: watch::Receiver<u64>,
    tasks: JoinSet<()>,
    /// One of them has.
    panicked: bool,
    publisher: JoinHandle<()>,
    writer: ThreadHandle<()>,
    sirens: Option<ThreadHandle<()>>,
    addresses: Vec<std::net::SocketAddr>,
    /// As it was at the start.
    config: Config,
    /// Looks for firmware at once.
    restock: Arc<Notify>,
    /// The nodes of each shared line, by its name.
    shared: Vec<(String, watch::Sender<Vec<u32>>)>,
}

impl Agent {
    /// Starts an agent inside the current tokio runtime. `links` are in-memory lines on which nodes speak, in addition to
    /// the configured ones. Does not wait for the broker.
    ///
    /// # Errors
    /// [`StartError`]; nothing runs then.
    pub async fn start(
        config: Config,
        clock: Clock,
        links: Vec<DuplexStream>,
    ) -> Result<Handle, StartError> {
        config.check()?;
        let keys = secret::usable_keys(&config);
        let credentials = secret::credentials(&config)?;
        let outbox = Arc::new(Outbox::open(&config, clock.now_us())?);
        let recovery = outbox.recovery();
        if recovery.cut_bytes > 0 {
            tracing::warn!(
                bytes = recovery.cut_bytes,
                "a torn record was cut from the outbox"
            );
        }
        let nodes = Arc::new(recover_nodes(&config, keys, &outbox, &clock));
        let (lines, meters) =
            poll::lines(&config.meter, &clock, outbox.boot()).map_err(StartError::Map)?;
        let mut taken: Vec<PathBuf> = Vec::new();
        taken.extend(config.meter.iter().filter_map(|meter| meter.device.clone()));
        taken.extend(config.link.iter().filter_map(|link| link.device.clone()));
        let mut ports = Vec::new();
        let mut shared = Vec::new();
        for link in &config.link {
            let (sender, nodes) = watch::channel(link.nodes.clone());
            if link.shared {
                shared.push((link.name(), sender));
            }
            let line = Line::open(link, nodes, &taken).await;
            ports.push(line.map_err(StartError::Link)?);
        }
        let sources = Arc::new(Sources {
            nodes: nodes.clone(),
            meters,
            links: Arc::default(),
            lines: Arc::default(),
            stored: Arc::default(),
            publish: Arc::default(),
            connected: AtomicBool::new(false),
            stalled: AtomicBool::new(false),
            acked: watch::Sender::new(outbox.acked()),
            accepted: Arc::default(),
            sirens: OnceLock::new(),
            since_us: clock.now_us(),
            clock: clock.clone(),
            saved: Mutex::default(),
            outbox,
        });
        start(
            config,
            clock,
            links,
            ports,
            shared,
            lines,
            sources,
            credentials,
        )
    }
}

#[expect(clippy::too_many_arguments, reason = "everything that was opened")]
fn start(
    config: Config,
    clock: Clock,
    links: Vec<DuplexStream>,
    ports: Vec<Line>,
    shared: Vec<(String, watch::Sender<Vec<u32>>)>,
    lines: Vec<poll::Line>,
    sources: Arc<Sources>,
    credentials: Option<(String, String)>,
) -> Result<Handle, StartError> {
    let (stop, stopped) = watch::channel(false);
    let (group_sender, groups) = mpsc::channel(GROUP_QUEUE);
    let (live_sender, live) = mpsc::channel(LIVE_QUEUE);
    let (finding_sender, findings) = mpsc::channel(FINDING_QUEUE);
    let overflow = Arc::new(AtomicU64::new(0));
    let (settled_sender, settled) = watch::channel(0);
    let writer = Writer {
        outbox: sources.outbox.clone(),
        nodes: sources.nodes.clone(),
        groups,
        live: live_sender,
        overflow: overflow.clone(),
        settled: settled_sender,
        clock: clock.clone(),
        batch_readings: config.publish.batch_readings,
        tally: sources.stored.clone(),
    };
    let writer = std::thread::Builder::new()
        .name("outbox".to_owned())
        .spawn(move || writer.run())
        .map_err(StartError::Thread)?;
    let addresses = ports.iter().filter_map(Line::address).collect();
    let mut tasks = JoinSet::new();
    let client_id = format!(
        "{}-{}-{:08x}",
        config.deployment,
        config.edge,
        sources.outbox.identity() as u32
    );
    let mut siren_thread = None;
    if !config.siren.is_empty() {
        let (sirens, thread, connection) = relay::start(relay::Surroundings {
            config: config.clone(),
            clock: clock.clone(),
            nodes: sources.nodes.clone(),
            directory: sources.outbox.directory().to_owned(),
            client_id: format!("{client_id}-sirens"),
            credentials: credentials.clone(),
            stop: stopped.clone(),
        })
        .map_err(StartError::Thread)?;
        tasks.spawn(connection);
        siren_thread = Some(thread);
        let _ = sources.sirens.set(sirens);
    }
    let intake = Intake {
        nodes: sources.nodes.clone(),
        groups: group_sender.clone(),
        accepted: sources.accepted.clone(),
        findings: finding_sender.clone(),
        sirens: sources.sirens.get().cloned(),
        clock,
        tally: sources.links.clone(),
        lines: sources.lines.clone(),
        stop: stopped.clone(),
    };
    for port in ports {
        tasks.spawn(port.run(intake.clone()));
    }
    for (index, link) in links.into_iter().enumerate() {
        let intake = intake.clone();
        tasks.spawn(async move {
            let stats = intake.lines.named(&format!("memory {index}"), "memory");
            crate::link::stream::serve(link, &stats, &intake, Peer::Memory).await;
        });
    }
    for line in lines {
        tasks.spawn(line.run(
            group_sender.clone(),
            sources.accepted.clone(),
            stopped.clone(),
        ));
    }
    // An edge may have sirens alone: nothing to read is no reason to end.
    tasks.spawn({
        let mut stopped = stopped.clone();
        async move {
            let _held = (group_sender, finding_sender);
            let _ = stopped.wait_for(|stop| *stop).await;
        }
    });
    tasks.spawn(sources.clone().keep_remembering(stopped.clone()));
    let restock = Arc::new(Notify::new());
    tasks.spawn(crate::updates::keep(
        config.updates.clone(),
        sources.nodes.clone(),
        restock.clone(),
        stopped.clone(),
    ));
    let login = Login {
        // The outbox's identity keeps two deployments that share a broker and an edge name apart.
        client_id,
        credentials,
        will: status::will(&config.edge, sources.outbox.boot()),
    };
    let held = Arc::new(Findings::load(
        sources.outbox.directory(),
        sources.outbox.syncs(),
        sources.stored.clone(),
    ));
    tasks.spawn(held.clone().keep(findings, sources.nodes.clone()));
    let publisher = Publisher {
        config,
        login,
        sources: sources.clone(),
        live,
        overflow,
        findings: held,
    };
    let config = publisher.config.clone();
    let publisher = tokio::spawn(publisher.run());
    Ok(Handle {
        sources,
        stop,
        settled,
        tasks,
        panicked: false,
        publisher,
        writer,
        sirens: siren_thread,
        addresses,
        config,
        restock,
        shared,
    })
}

/// The nodes as the state file and the outbox remember them.
fn recover_nodes(
    config: &Config,
    keys: Vec<Option<wire::frame::Key>>,
    outbox: &Outbox,
    clock: &Clock,
) -> Nodes {
    let state = State::load(outbox.directory()).unwrap_or_else(|error| {
        // An edge that refuses to start warns nobody. Without the file, nodes are asked for numbers that they no longer
        // hold, and say so.
        tracing::error!(%error, "the state of the nodes is lost; continuing without it");
        let path = outbox.directory().join(state::FILE);
        let _ = std::fs::rename(&path, path.with_extension("json.damaged"));
        State::default()
    });
    let nodes = Nodes::new(
        &config.node,
        keys,
        &state,
        Rules::from(config),
        clock.clone(),
        outbox.boot(),
    );
    if !config.node.is_empty() {
        let recovered = outbox.readings_from(state.covers, |node, boot, seq| {
            nodes.recover(node, boot, seq)
        });
        match recovered {
            Ok(0) => {}
            Ok(strange) => tracing::error!(strange, "entries of the outbox are no batches"),
            Err(error) => tracing::error!(%error, "the outbox cannot be read through"),
        }
    }
    nodes
}

/// What a running agent does not take over, table by table.
fn fixed(config: &Config) -> Vec<(&'static str, String)> {
    let mut links = config.link.clone();
    links.iter_mut().for_each(|link| link.nodes.clear());
    let names = [&config.deployment, &config.edge];
    vec![
        ("deployment, edge", format!("{names:?}")),
        ("data_dir", format!("{:?}", config.data_dir)),
        ("broker", format!("{:?}", config.broker)),
        ("outbox", format!("{:?}", config.outbox)),
        ("publish", format!("{:?}", config.publish)),
        ("updates", {
            // How many at once is a rule for nodes, and taken over.
            format!("{:?} {:?}", config.updates.dir, config.updates.keys)
        }),
        ("link", format!("{links:?}")),
        ("meter", format!("{:?}", config.meter)),
        ("sirens", format!("{:?}", config.sirens)),
        ("siren", format!("{:?}", config.siren)),
        ("siren_pattern", format!("{:?}", config.siren_pattern)),
    ]
}

impl Handle {
    /// Counters and condition, as in the status document.
    pub fn stats(&self) -> Status {
        self.sources.status()
    }

    /// Where TCP links listen, in the order of the configuration.
    pub fn addresses(&self) -> &[std::net::SocketAddr] {
        &self.addresses
    }

    /// Answers questions about the status on a socket in the data directory, see [`crate::inquiry`].
    ///
    /// # Errors
    /// The socket cannot be made.
    pub fn answer_inquiries(&mut self) -> std::io::Result<()> {
        let listener = crate::inquiry::open(self.sources.outbox.directory())?;
        let answering =
            crate::inquiry::serve(listener, self.sources.clone(), self.stop.subscribe());
        self.tasks.spawn(answering);
        Ok(())
    }

    /// Takes over the nodes of a new configuration: `[[node]]`, `[nodes]`, and which of them are on shared lines. What is
    /// known of nodes that stay is kept. The directory of firmware is
    /// looked at. Everything else takes a restart; what differs is told in the log. A node whose key cannot be read keeps the one it has, if it has one.
    ///
    /// # Errors
    /// The configuration contradicts itself, or a line is shared that is not yet, or the reverse; nothing has changed then.
    pub fn reload(&self, config: &Config) -> Result<Changes, StartError> {
        config.check()?;
        for link in &config.link {
            let name = link.name();
            if link.shared != self.shared.iter().any(|(known, _)| *known == name) {
                return Err(StartError::Shared { name });
            }
        }
        let names: Vec<String> = config.link.iter().map(Link::name).collect();
        if let Some((name, _)) = self.shared.iter().find(|(name, _)| !names.contains(name)) {
            return Err(StartError::Shared { name: name.clone() });
        }
        let differing: Vec<&str> = fixed(&self.config)
            .into_iter()
            .zip(fixed(config))
            .filter(|((_, started), (_, wanted))| started != wanted)
            .map(|((name, _), _)| name)
            .collect();
        if !differing.is_empty() {
            tracing::warn!(
                tables = differing.join(", "),
                "these have changed and are not taken over: they take a restart"
            );
        }
        let keys = secret::usable_keys(config);
        let mut changes = self
            .sources
            .nodes
            .reconfigure(&config.node, keys, Rules::from(config));
        for (name, nodes) in &self.shared {
            if let Some(link) = config.link.iter().find(|link| link.name() == *name) {
                nodes.send_if_modified(|known| {
                    let differs = *known != link.nodes;
                    known.clone_from(&link.nodes);
                    differs
                });
            }
        }
        self.restock.notify_one();
        changes.need_restart = differing;
        Ok(changes)
    }

    /// Waits until everything that links and meters had handed over when this was called is durable at the hub. What a
    /// node has written but the agent not yet read is not covered: wait for the node's acknowledgement first. Readings
    /// that could not be stored (a full disk) are not waited for.
    pub async fn drained(&self) {
        let accepted = self.sources.accepted.load(Ordering::Acquire);
        let mut settled = self.settled.clone();
        // The sender lives as long as the writer; when it is gone there is nothing left to settle.
        let _ = settled.wait_for(|settled| *settled >= accepted).await;
        let next = self.sources.outbox.next();
        let mut acked = self.sources.acked.subscribe();
        let _ = acked.wait_for(|acked| *acked >= next).await;
    }

    /// Stops: no more input, everything taken is committed, live batches are sent if the broker is there, the broker is
    /// told, the state is saved. What the hub has not acknowledged stays in the outbox.
    pub async fn shutdown(self) -> Status {
        let Self {
            sources,
            stop,
            mut tasks,
            publisher,
            writer,
            sirens,
            ..
        } = self;
        stop.send_replace(true);
        while tasks.join_next().await.is_some() {}
        // All senders of groups are gone: the writer finishes what is queued, and its end ends the publisher.
        let _ = spawn_blocking(move || writer.join()).await;
        let _ = publisher.await;
        if let Some(sirens) = sirens {
            let _ = spawn_blocking(move || sirens.join()).await;
        }
        sources.status()
    }

    /// What the sirens do; `None` where there are none.
    pub fn sirens(&self) -> Option<Arc<crate::siren::report::Report>> {
        self.sources.sirens.get().map(relay::Sirens::report)
    }

    /// The counters of refused frames, for tests and the hub's own metrics.
    pub fn frame_errors(&self) -> &Tally {
        &self.sources.nodes.tallies.errors
    }

    /// Whether a task or thread has ended that should not have: a bug in this program. Lines in memory end with their nodes;
    /// of tasks, a panic counts.
    pub fn is_broken(&mut self) -> bool {
        while let Some(ended) = self.tasks.try_join_next() {
            self.panicked |= ended.is_err();
        }
        self.panicked
            || self.publisher.is_finished()
            || self.writer.is_finished()
            || self.sirens.as_ref().is_some_and(ThreadHandle::is_finished)
    }
}

#[cfg(test)]
#[path = "agent_tests.rs"]
mod tests;
