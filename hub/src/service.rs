//! A running hub: broker, client, pipeline, HTTP. Live mode and replay start it the same way; only the clock and the broker's port differ.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use clock::Clock;
use flume::Sender;
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};

use crate::access::Access;
use crate::alert::sign::Signer;
use crate::config::Config;
use crate::coverage::Watch;
use crate::fields;
use crate::forecast::Ocean;
use crate::mqtt::{self, Inbound, Outbound, Session};
use crate::others;
use crate::outlets::{self, Outlets};
use crate::pipeline::{Control, Modeller, Pipeline, Sink};
use crate::quake_feeds;
use crate::series;
use crate::shipped;
use crate::state::{self, State};
use crate::view::Board;
use crate::{assess, broker, chronicle, gate, http, sirens};

/// How to start.
pub struct Options {
    /// The deployment.
    pub config: Arc<Config>,
    /// The hub's clock.
    pub clock: Clock,
    /// Another place for what is published.
    pub sink: Box<dyn Sink>,
    /// Let time pass by itself.
    pub ticking: bool,
}

/// A running hub.
pub struct Service {
    /// What people see.
    pub board: Arc<Board>,
    /// The desk: drafts, and what persons ask of it.
    pub desk: gate::Handle,
    /// Where MQTT clients connect.
    pub mqtt: (String, u16),
    /// Where the page is.
    pub http: SocketAddr,
    /// Whether the broker is there, for each connection.
    pub connected: Vec<watch::Receiver<bool>>,
    control: Sender<Control>,
    pipeline: std::thread::JoinHandle<()>,
    stop: watch::Sender<bool>,
    sender: tokio::task::JoinHandle<()>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
    web: std::thread::JoinHandle<()>,
    feeds: Vec<agency::Follower>,
    others: Option<others::Others>,
    outlets: Option<Outlets>,
    relief: Option<assess::Running>,
    coverage: Watch,
    sirens: Option<sirens::Running>,
    series: series::Running,
    chronicle: Option<chronicle::Running>,
    fields: Option<fields::worker::Running>,
}

/// Opens the ocean that the configuration names; `None` when it names none.
///
/// # Errors
/// Text that says which grid failed and why.
pub fn ocean(config: &Config) -> Result<Option<Ocean>, String> {
    let Some(forecast) = &config.forecast else {
        return Ok(None);
    };
    let grid = shipped::grid(&forecast.grid).map_err(|e| format!("[forecast] {e}"))?;
    let ocean = Ocean::new(config, Arc::new(grid))
        .map_err(|e| format!("[forecast] grid = \"{}\": {e}", forecast.grid))?;
    let blind = ocean.blind_spots();
    if !blind.is_empty() {
        return Err(format!(
            "no forecast is possible on grid {} for {}: no sea within reach, or outside the grid; correct the coordinates or choose another grid",
            forecast.grid,
            blind.join(", ")
        ));
    }
    Ok(Some(ocean))
}

impl Service {
    /// Starts a hub: plays its journal back, then listens.
    ///
    /// # Errors
    /// Text that says what failed, where, and what to do.
    pub async fn start(options: Options) -> Result<Self, String> {
        let Options {
            config,
            clock,
            mut sink,
            ticking,
        } = options;
        let started = std::time::Instant::now();
        let board = Board::new(&config.deployment, &config.title, config.mode);
        let state = State::open(&config, &clock, &board, sink.as_mut())?;

        let (mqtt_host, mqtt_port) = broker_address(&config).await?;
        let listener = std::net::TcpListener::bind(config.http.listen)
            .and_then(|l| l.set_nonblocking(true).map(|()| l))
            .map_err(|e| {
                format!(
                    "[http] listen = {}: {e}; is another hub running? choose another port",
                    config.http.listen
                )
            })?;
        let http = listener.local_addr().map_err(|e| e.to_string())?;

        let (stop, stopped) = watch::channel(false);
        let (control, control_rx) = flume::bounded(16);
        let desk = state.gate.handle(control.clone(), config.clone());
        let (inbound_tx, inbound) = flume::bounded::<Inbound>(mqtt::INBOUND);
        let connect = |session| {
            let address = (mqtt_host.clone(), mqtt_port);
            mqtt::start(
                session,
                &config.deployment,
                &config.broker,
                address,
                inbound_tx.clone(),
                stopped.clone(),
            )
        };
        let readings = connect(Session::Readings)?;
        let warnings = connect(Session::Warnings)?;
        // A replay tells its earthquakes itself.
        let feeds = if ticking {
            quake_feeds::start(&config, &clock, &board, &inbound_tx)?
        } else {
            Vec::new()
        };
        // Nor does it hear of what others warn of today.
        let others = if ticking {
            others::start(&config, &clock, &board)?
        } else {
            None
        };
        drop(inbound_tx);
        let (outbound, outbound_rx) = flume::unbounded();
        for message in &state.retained {
            outbound
                .send(Outbound::alert(&config.deployment, message))
                .map_err(|e| e.to_string())?;
        }
        // Not on the readings' connection: the broker's answers to alerts are small packets, and rumqttd leaves Nagle's algorithm on, so that
        // a batch behind such an answer would wait 40 ms for our kernel's delayed acknowledgement (docs/performance.md).
        let sender = tokio::spawn(mqtt::send_all(warnings.client.clone(), outbound_rx));

        let mut settings = http::Settings::new(
            config.http.base_url.as_deref().unwrap_or(""),
            &config.sender.name,
        );
        if ticking {
            settings.stall = Some(config.timing.tick * 3 + std::time::Duration::from_secs(20));
        }
        settings.hubs = outlets::hubs(&config);
        // A replay has nobody who acts.
        let acting = if ticking {
            let base_url = settings.resolve_base_url(http).map_err(|e| e.to_string())?;
            let access = Access::open(&config, &base_url, board.clone(), clock.clone())?;
            Some(http::Acting {
                access,
                desk: Some(desk.clone()),
            })
        } else {
            None
        };
        // A replay's messages are for the screen.
        let outlets = if ticking && !config.subscriber.is_empty() {
            let signer = Signer::load(&config)?.map(|s| Arc::new(s) as Arc<dyn outlet::Sign>);
            let base_url = settings.resolve_base_url(http).map_err(|e| e.to_string())?;
            Outlets::start(&config, &clock, &board, &base_url, signer, &state.issued)?
        } else {
            None
        };
        let series = series::start(state.series, state::journal_dir(&config))?;
        let relief = assess::start(&config, &clock, &board)?;
        let coverage = Watch::new(config.clone(), state.core.ocean().cloned());
        let chronicle = chronicle::start(&config, &clock, &board, stopped.clone())?;
        let sources = http::Sources {
            series: Some(series.series.clone()),
            surroundings: Some(http::Surroundings {
                config: config.clone(),
                started,
                extent: state
                    .core
                    .ocean()
                    .map(|o| http::Extent::of(o.grid().lattice())),
                ground: relief.as_ref().map(|r| r.ground.clone()),
                coverage: coverage.clone(),
            }),
            chronicle: chronicle.as_ref().map(|c| c.chronicle.clone()),
            ..http::Sources::from(board.clone())
        };
        let web = serve_http(sources, acting, listener, settings, stopped.clone())?;
        let connected = vec![readings.connected, warnings.connected];
        let watcher = tokio::spawn(watch_broker(
            board.clone(),
            connected.clone(),
            clock.clone(),
            format!("{mqtt_host}:{mqtt_port}"),
            outbound.downgrade(),
        ));
        let modeller = match state.core.ocean() {
            Some(ocean) if ticking && ocean.has_model() => {
                let started = Modeller::start(ocean.clone(), config.policy.clone());
                Some(
                    started
                        .map_err(|e| format!("cannot start the propagation model's thread: {e}"))?,
                )
            }
            _ => None,
        };
        let fields = match state.core.ocean() {
            Some(ocean) => Some(
                fields::worker::start(&board, ocean.clone(), config.policy.clone(), ticking)
                    .map_err(|e| format!("cannot start the threads that compute fields: {e}"))?,
            ),
            None => None,
        };
        // A replay is told at any speed; sirens sound in real time.
        let sirens = if ticking {
            let address = (mqtt_host.clone(), mqtt_port);
            sirens::start(&config, &clock, &board, address, stopped.clone())?
        } else {
            None
        };
        let pipeline = Pipeline {
            config,
            clock,
            core: state.core,
            log: state.log,
            gate: state.gate,
            board: board.clone(),
            inbound,
            control: control_rx,
            client: readings.client,
            warnings: warnings.client,
            connections: [readings.connection, warnings.connection],
            done: state.done,
            not_before_us: state.not_before_us,
            outbound,
            outlets: outlets.as_ref().map(Outlets::tap).unwrap_or_default(),
            series: series.tap(),
            sink,
            assessor: relief.as_ref().map(|r| r.assessor.clone()),
            sirens: sirens.as_ref().map(|running| running.sirens.clone()),
            ticking,
            modeller,
        };
        let pipeline = std::thread::Builder::new()
            .name("pipeline".to_owned())
            .spawn(move || pipeline.run())
            .map_err(|e| format!("cannot start the pipeline's thread: {e}"))?;
        Ok(Self {
            board,
            desk,
            mqtt: (mqtt_host, mqtt_port),
            http,
            connected,
            control,
            pipeline,
            stop,
            sender,
            tasks: vec![readings.task, warnings.task, watcher],
            web,
            feeds,
            others,
            outlets,
            relief,
            coverage,
            sirens,
            series,
            chronicle,
            fields,
        })
    }

    /// Waits until the broker answers.
    pub async fn ready(&mut self) {
        for connected in &mut self.connected {
            // An error means that the client has ended, which the caller sees by what it does next.
            let _ = connected.wait_for(|c| *c).await;
        }
    }

    /// Lets time pass to the clock's now and waits until everything that arrived before is done.
    pub async fn step(&self) {
        let (done, wait) = oneshot::channel();
        if self.control.send_async(Control::Step(done)).await.is_ok() {
            let _ = wait.await;
        }
    }

    /// Whether the pipeline has ended by itself, which only a bug of ours does.
    pub fn has_ended(&self) -> bool {
        self.pipeline.is_finished()
    }

    /// Stops gracefully: what has arrived is journaled and acknowledged, messages are handed to the broker, connections are closed.
    pub async fn stop(self) {
        self.coverage.stop();
        for feed in self.feeds {
            feed.stop();
        }
        if let Some(others) = self.others {
            let _ = tokio::task::spawn_blocking(move || others.stop()).await;
        }
        let _ = self.control.send_async(Control::Stop).await;
        let pipeline = self.pipeline;
        let _ = tokio::task::spawn_blocking(move || pipeline.join()).await;
        let series = self.series;
        let _ = tokio::task::spawn_blocking(move || series.stop()).await;
        if let Some(outlets) = self.outlets {
            let _ = tokio::task::spawn_blocking(move || outlets.stop()).await;
        }
        if let Some(fields) = self.fields {
            fields.stop().await;
        }
        if let Some(relief) = self.relief {
            relief.stop().await;
        }
        // The outbound queue closes with the pipeline; a broker that is gone must not hold up the end.
        let _ = tokio::time::timeout(std::time::Duration::from_secs(2), self.sender).await;
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        self.stop.send_replace(true);
        if let Some(sirens) = self.sirens {
            sirens.stop().await;
        }
        if let Some(chronicle) = self.chronicle {
            let _ = tokio::task::spawn_blocking(move || chronicle.stop()).await;
        }
        let web = self.web;
        // The server's own grace bounds this.
        let _ = tokio::task::spawn_blocking(move || web.join()).await;
        for task in self.tasks {
            let abort = task.abort_handle();
            if tokio::time::timeout(std::time::Duration::from_secs(2), task)
                .await
                .is_err()
            {
                abort.abort();
            }
        }
    }
}

/// Serves HTTP from a runtime of its own: however many readers there are, they take no worker from the pipeline's MQTT client.
fn serve_http(
    sources: http::Sources,
    acting: Option<http::Acting>,
    listener: std::net::TcpListener,
    settings: http::Settings,
    mut stopped: watch::Receiver<bool>,
) -> Result<std::thread::JoinHandle<()>, String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|e| format!("cannot start the HTTP runtime: {e}"))?;
    let serve = move || {
        runtime.block_on(async move {
            let until = async move {
                // An error means that the sender is gone, which is a stop too.
                let _ = stopped.wait_for(|s| *s).await;
            };
            let served = match TcpListener::from_std(listener) {
                Ok(listener) => http::serve(sources, acting, listener, settings, until)
                    .await
                    .map_err(|e| e.to_string()),
                Err(e) => Err(e.to_string()),
            };
            if let Err(error) = served {
                tracing::error!(error, "the HTTP server has stopped");
            }
        });
    };
    std::thread::Builder::new()
        .name("http".to_owned())
        .spawn(serve)
        .map_err(|e| format!("cannot start the HTTP thread: {e}"))
}

/// Where MQTT clients connect; starts the embedded broker when there is to be one.
async fn broker_address(config: &Config) -> Result<(String, u16), String> {
    if !config.broker.embedded {
        return Ok((config.broker.host.clone(), config.broker.port));
    }
    let ip = config.broker.host.parse().map_err(|_| {
        format!("[broker] host = \"{}\": an embedded broker listens on an IP address, for example 127.0.0.1", config.broker.host)
    })?;
    let wanted = SocketAddr::new(ip, config.broker.port);
    let address = tokio::task::spawn_blocking(move || broker::start(wanted))
        .await
        .map_err(|e| e.to_string())??;
    Ok((address.ip().to_string(), address.port()))
}

/// Says when the broker is gone, and tells it the latest alerts again when it is back: it may have lost its memory.
async fn watch_broker(
    board: Arc<Board>,
    mut connected: Vec<watch::Receiver<bool>>,
    clock: Clock,
    at: String,
    outbound: flume::WeakSender<Outbound>,
) {
    // The first connection hears what the last run published from `start`.
    let mut first_time = true;
    loop {
        let up = connected.iter_mut().all(|c| *c.borrow_and_update());
        let text = (!up).then(|| {
            format!("no connection to the MQTT broker at {at}: nothing arrives; trying again")
        });
        board.condition("broker_down", text.as_deref(), clock.now_us());
        if up && !std::mem::take(&mut first_time) {
            for message in latest(&board) {
                let told = outbound.upgrade().is_some_and(|o| o.send(message).is_ok());
                if !told {
                    return;
                }
            }
        }
        let [first, second] = connected.as_mut_slice() else {
            return;
        };
        let changed = tokio::select! {
            changed = first.changed() => changed,
            changed = second.changed() => changed,
        };
        if changed.is_err() {
            return;
        }
    }
}

/// The latest message of every event that is worth a subscriber's while.
fn latest(board: &Board) -> Vec<Outbound> {
    board.read(|view| {
        let mut latest = BTreeMap::new();
        for alert in view
            .alerts
            .iter()
            .filter(|a| retained_still(a.expires_us, view.now_us))
        {
            latest.insert(alert.event.as_str(), alert);
        }
        latest
            .into_values()
            .map(|alert| Outbound::shown(&view.deployment, alert))
            .collect()
    })
}

/// Whether a message that expired then is still kept at the broker: as long as the feeds list it.
pub fn retained_still(expires_us: i64, now_us: i64) -> bool {
    const KEPT_US: i64 = 7 * 24 * 3_600 * 1_000_000;
    expires_us.saturating_add(KEPT_US) >= now_us
}
