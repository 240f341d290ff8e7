//! A running hub: broker, client, pipeline, HTTP. Live mode and replay start it the same way; only the clock and the broker's port differ.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use clock::Clock;
use flume::Sender;
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};

use crate::alert::log::AlertLog;
use crate::config::Config;
use crate::core::{Core, Output};
use crate::forecast::Ocean;
use crate::intake_log::IntakeLog;
use crate::mqtt::{self, Inbound};
use crate::pipeline::{Control, Pipeline, Sink};
use crate::shipped;
use crate::view::{Board, TimelineEntry};
use crate::{broker, http};

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
    /// Where MQTT clients connect.
    pub mqtt: (String, u16),
    /// Where the page is.
    pub http: SocketAddr,
    /// Whether the broker is there.
    pub connected: watch::Receiver<bool>,
    control: Sender<Control>,
    pipeline: std::thread::JoinHandle<()>,
    stop: watch::Sender<bool>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
    web: std::thread::JoinHandle<()>,
}

/// Opens the ocean that the configuration names; `None` when it names none.
///
/// # Errors
/// Text that says which grid failed and why.
pub fn ocean(config: &Config) -> Result<Option<Ocean>, String> {
    let Some(forecast) = &config.forecast else {
        return Ok(None);
    };
    let grid = shipped::grid(&forecast.grid)?;
    let ocean = Ocean::new(config, Arc::new(grid));
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

/// Directory of the journal under a data directory.
pub fn journal_dir(config: &Config) -> PathBuf {
    config.data_dir.join("journal")
}

/// Directory of the alert log under a data directory.
pub fn alerts_dir(config: &Config) -> PathBuf {
    config.data_dir.join("alerts")
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
        let board = Board::new(&config.deployment, &config.title, config.mode);
        let mut core = Core::new(config.clone(), ocean(&config)?);
        std::fs::create_dir_all(&config.data_dir)
            .map_err(|e| format!("data_dir {}: {e}", config.data_dir.display()))?;
        let (mut alerts, earlier) = AlertLog::open(&alerts_dir(&config))?;
        let (log, recovery) = IntakeLog::open(&journal_dir(&config), &config.journal)?;
        tracing::info!(recovery, "journal");

        let (outbound, outbound_rx) = flume::unbounded();
        for message in &earlier {
            board.alert(message.view());
            sink.published(message);
        }
        let (mut entries, mut missed) = (0_u64, Vec::new());
        for entry in log.entries(
            clock
                .now_us()
                .saturating_sub(config.journal.read_back.as_micros() as i64),
        )? {
            entries += 1;
            let entry = entry?;
            for output in core.replay(&entry) {
                match output {
                    Output::Say {
                        time_us,
                        kind,
                        text,
                    } => {
                        board.timeline(TimelineEntry {
                            time_us,
                            kind,
                            text,
                            compute_ms: None,
                        });
                    }
                    Output::Publish(message) if !alerts.knows(&message.identifier) => {
                        missed.push(message)
                    }
                    // What was told stands, to the second: later messages refer to it.
                    Output::Publish(message) => {
                        if let Some(sent_us) = alerts.sent_us(&message.identifier) {
                            core.told(&message.identifier, sent_us);
                        }
                    }
                    Output::Forecast { .. } => {}
                }
            }
        }
        if entries > 0 {
            tracing::info!(entries, alerts = earlier.len(), "played the journal back");
        }

        let (mqtt_host, mqtt_port) = if config.broker.embedded {
            let ip = config.broker.host.parse().map_err(|_| {
                format!("[broker] host = \"{}\": an embedded broker listens on an IP address, for example 127.0.0.1", config.broker.host)
            })?;
            let address = tokio::task::spawn_blocking({
                let wanted = SocketAddr::new(ip, config.broker.port);
                move || broker::start(wanted)
            })
            .await
            .map_err(|e| e.to_string())??;
            (address.ip().to_string(), address.port())
        } else {
            (config.broker.host.clone(), config.broker.port)
        };
        let listener = std::net::TcpListener::bind(config.http.listen)
            .and_then(|l| l.set_nonblocking(true).map(|()| l))
            .map_err(|e| {
                format!(
                    "[http] listen = {}: {e}; is another hub running? choose another port",
                    config.http.listen
                )
            })?;
        let http_address = listener.local_addr().map_err(|e| e.to_string())?;

        let (stop, stopped) = watch::channel(false);
        let (inbound_tx, inbound) = flume::bounded::<Inbound>(mqtt::INBOUND);
        let link = mqtt::start(
            &config.deployment,
            &config.broker,
            (mqtt_host.clone(), mqtt_port),
            inbound_tx,
            stopped.clone(),
        )?;
        let sender = tokio::spawn(mqtt::send_all(link.client.clone(), outbound_rx));

        // The crash came between the journal and the alert log: these were computed and never told.
        for message in missed {
            tracing::warn!(
                identifier = message.identifier,
                "publishing an alert that the last run did not get to"
            );
            if let Err(why) = alerts.publish(&message) {
                board.condition("alert_log", Some(&why), clock.now_us());
            }
            board.alert(message.view());
            sink.published(&message);
            outbound
                .send(mqtt_message(&config, &message))
                .map_err(|e| e.to_string())?;
        }
        // A broker that lost its memory gets the retained messages of every event again.
        for message in latest_by_event(&earlier) {
            outbound
                .send(mqtt_message(&config, message))
                .map_err(|e| e.to_string())?;
        }

        let mut settings = http::Settings::new(
            config.http.base_url.as_deref().unwrap_or(""),
            &config.sender.name,
        );
        if ticking {
            settings.stall = Some(config.timing.tick * 3 + std::time::Duration::from_secs(20));
        }
        let web = serve_http(board.clone(), listener, settings, stopped.clone())?;

        let watcher = tokio::spawn(watch_broker(
            board.clone(),
            link.connected.clone(),
            clock.clone(),
            (mqtt_host.clone(), mqtt_port),
        ));
        let (control, control_rx) = flume::bounded(16);
        let pipeline = Pipeline {
            config,
            clock,
            core,
            log,
            alerts,
            board: board.clone(),
            inbound,
            control: control_rx,
            client: link.client,
            outbound,
            sink,
            ticking,
        };
        let pipeline = std::thread::Builder::new()
            .name("pipeline".to_owned())
            .spawn(move || pipeline.run())
            .map_err(|e| format!("cannot start the pipeline's thread: {e}"))?;
        Ok(Self {
            board,
            mqtt: (mqtt_host, mqtt_port),
            http: http_address,
            connected: link.connected,
            control,
            pipeline,
            stop,
            tasks: vec![link.task, sender, watcher],
            web,
        })
    }

    /// Waits until the broker answers.
    pub async fn ready(&mut self) {
        // An error means that the client has ended, which the caller sees by what it does next.
        let _ = self.connected.wait_for(|c| *c).await;
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
        let _ = self.control.send_async(Control::Stop).await;
        let pipeline = self.pipeline;
        let _ = tokio::task::spawn_blocking(move || pipeline.join()).await;
        // The outbound queue closes with the pipeline; a broker that is gone must not hold up the end.
        let mut tasks = self.tasks;
        let sender = tasks.remove(1);
        let _ = tokio::time::timeout(std::time::Duration::from_secs(2), sender).await;
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        self.stop.send_replace(true);
        let web = self.web;
        // The server's own grace bounds this.
        let _ = tokio::task::spawn_blocking(move || web.join()).await;
        for task in tasks {
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
    board: Arc<Board>,
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
                Ok(listener) => http::serve(board, listener, settings, until)
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

fn mqtt_message(config: &Config, message: &crate::alert::log::Published) -> mqtt::Outbound {
    let topic = wire::topic::Topic::Alert {
        deployment: &config.deployment,
        mode: message.mode(),
        event: &message.event,
    };
    mqtt::Outbound {
        topic: topic.to_string(),
        payload: message.xml.clone().into_bytes(),
        retain: true,
        sure: true,
    }
}

fn latest_by_event(earlier: &[crate::alert::log::Published]) -> Vec<&crate::alert::log::Published> {
    let mut latest: std::collections::BTreeMap<&str, &crate::alert::log::Published> =
        std::collections::BTreeMap::new();
    for message in earlier {
        latest.insert(&message.event, message);
    }
    latest.into_values().collect()
}

async fn watch_broker(
    board: Arc<Board>,
    mut connected: watch::Receiver<bool>,
    clock: Clock,
    at: (String, u16),
) {
    loop {
        let up = *connected.borrow_and_update();
        let text = (!up).then(|| {
            format!(
                "no connection to the MQTT broker at {}:{}: nothing arrives; trying again",
                at.0, at.1
            )
        });
        board.condition("broker_down", text.as_deref(), clock.now_us());
        if connected.changed().await.is_err() {
            return;
        }
    }
}
