//! `watchfire replay`: a recorded event through the whole system, sensor to feed, nothing short-cut.
//!
//! A virtual node plays each sensor's record through the node's own library into an edge agent; the agent stores, publishes over MQTT
//! to the broker on loopback; the hub ingests, journals, detects, forecasts, alerts. The earthquake arrives as the agency's GeoJSON by
//! MQTT. All parts share one clock that this driver moves from sample to sample; it goes on when the sample is durable at the hub and
//! everything that follows from it has happened, so that a replay says the same at any speed.

mod agency;
pub mod report;
mod show;
pub mod sink;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use clock::Clock;
use hil::{Stepped, Track, VirtualNode};
use record::{Directory, Embedded, Event, Role};
use tokio::io::DuplexStream;
use wire::frame::Key;
use wire::topic::Mode;

use crate::config::{Config, Station};
use crate::service::{Options, Service};
use crate::shipped;
use agency::Agency;
use show::Show;
use sink::{Kept, ReplaySink, Shared, csv, lock, write_whole};

/// The clock moves at least this often, so that what depends on time alone (an alert's renewal, the all clear) happens in time.
const STEP_US: i64 = 60_000_000;

/// Longest that one step may take on the wall before the replay is given up as stuck.
const STUCK: Duration = Duration::from_secs(30);
/// Likewise where the propagation model may run in the step: seconds on a quiet machine, minutes on a crowded one.
const STUCK_COMPUTING: Duration = Duration::from_secs(600);

/// How much of the link between node and edge is buffered, bytes.
const LINK_BUFFER: usize = 64 * 1024;

/// How fast.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Speed {
    /// So many times real time.
    Times(f64),
    /// As fast as it goes.
    Max,
}

impl std::str::FromStr for Speed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "max" {
            return Ok(Self::Max);
        }
        match text.trim_end_matches(['x', '×']).parse::<f64>() {
            Ok(times) if times.is_finite() && times > 0.0 => Ok(Self::Times(times)),
            _ => Err(format!(
                "\"{text}\" is neither a number above zero nor `max`"
            )),
        }
    }
}

/// What to replay and how.
#[derive(Debug, Clone)]
pub struct Request {
    /// Name of a shipped event, or a directory.
    pub event: String,
    /// Deployment instead of the event's own: a shipped name or a directory.
    pub deployment: Option<String>,
    /// Pace.
    pub speed: Speed,
    /// Where results go.
    pub out: PathBuf,
    /// Port of the page; 0 lets the system pick.
    pub port: u16,
    /// Keep page and feeds up after the end, until interrupted.
    pub serve: bool,
    /// Print nothing but the end.
    pub quiet: bool,
}

/// What a replay came to.
#[derive(Debug)]
pub struct Outcome {
    /// Everything that was kept.
    pub kept: Kept,
    /// Readings that reached the journal.
    pub readings: u64,
    /// Forecast against record, one line per station.
    pub comparison: Vec<String>,
}

/// Loads an event: a shipped one by name, or a directory.
///
/// # Errors
/// Text that says what failed, where, and which events ship.
pub fn load_event(name: &str) -> Result<Event, String> {
    let path = Path::new(name);
    if path.is_dir() {
        return Event::load(&Directory::new(path)).map_err(|e| e.to_string());
    }
    match shipped::EVENTS.iter().find(|(n, _)| *n == name) {
        Some((id, files)) => Event::load(&Embedded { id, files }).map_err(|e| e.to_string()),
        None => {
            let known: Vec<&str> = shipped::EVENTS.iter().map(|(n, _)| *n).collect();
            Err(format!(
                "\"{name}\" is neither a directory with an event.toml nor a shipped event ({}); configs/README.md shows how to make one",
                known.join(", ")
            ))
        }
    }
}

/// The deployment's configuration, changed to what a replay is: an exercise on loopback with the event's stations.
///
/// # Errors
/// Text that says which deployment failed and why.
pub fn deployment(
    name: &str,
    chosen: Option<&str>,
    event: &Event,
    data_dir: &Path,
) -> Result<Config, String> {
    let named = chosen.or(event.deployment.as_deref()).unwrap_or("pacific");
    let beside = Path::new(name).join(named);
    let mut config =
        if let Some((name, text)) = shipped::DEPLOYMENTS.iter().find(|(n, _)| *n == named) {
            Config::parse(&format!("configs/{name}/hub.toml"), text).map_err(|e| e.to_string())?
        } else if chosen.is_none() && beside.exists() {
            Config::load(&beside).map_err(|e| e.to_string())?
        } else if Path::new(named).exists() {
            Config::load(Path::new(named)).map_err(|e| e.to_string())?
        } else {
            let known: Vec<&str> = shipped::DEPLOYMENTS.iter().map(|(n, _)| *n).collect();
            return Err(format!(
                "deployment \"{named}\" is neither shipped ({}) nor a directory",
                known.join(", ")
            ));
        };
    // A replay is never a warning, whatever the deployment says.
    config.mode = Mode::Exercise;
    data_dir.clone_into(&mut config.data_dir);
    config.broker = crate::config::Broker {
        port: 0,
        ..Default::default()
    };
    config
        .http
        .listen
        .set_ip(std::net::Ipv4Addr::LOCALHOST.into());
    config.http.listen.set_port(0);
    config.http.base_url = None;
    let known = std::mem::take(&mut config.station);
    for station in &event.stations {
        let earlier = known.iter().find(|k| k.id == station.id).cloned();
        config.station.push(Station {
            id: station.id.clone(),
            name: station.name.clone(),
            lat: station.lat,
            lon: station.lon,
            depth_m: station.depth_m,
            quantity: station.quantity,
            threshold: earlier
                .as_ref()
                .map_or_else(Vec::new, |k| k.threshold.clone()),
            downstream: None,
            radius_km: earlier.as_ref().map_or(5.0, |k| k.radius_km),
            energy: earlier.and_then(|k| k.energy),
        });
    }
    config.check(named).map_err(|e| e.to_string())?;
    Ok(config)
}

struct Sensors {
    nodes: Vec<Stepped<DuplexStream>>,
    agent: edge::Handle,
}

async fn sensors(
    event: &Event,
    config: &Config,
    mqtt: &(String, u16),
    clock: &Clock,
    data_dir: &Path,
) -> Result<Sensors, String> {
    let mut edge_config = edge::Config::new(
        &config.deployment,
        "replay",
        &data_dir.join("edge"),
        &mqtt.0,
        mqtt.1,
    );
    let (mut nodes, mut ends) = (Vec::new(), Vec::new());
    for (i, station) in event
        .stations
        .iter()
        .filter(|s| s.role == Role::Sensor)
        .enumerate()
    {
        let id = i as u32 + 1;
        // A key of the exercise, known to all: it protects nothing and shows the tag at work.
        let hex = format!("{id:064x}");
        let key = Key::from_hex(&hex).ok_or("the exercise's key is no key")?;
        edge_config.node.push(edge::config::Node {
            id,
            station: station.id.clone(),
            key: Some(hex),
            quantities: vec![station.quantity],
            simulated: true,
            ..Default::default()
        });
        let settings = hil::Settings::new(id, 1, key, event.start_us);
        let track = Track {
            quantity: station.quantity,
            series: station.series.clone(),
        };
        let node =
            VirtualNode::new(&settings, &[track]).map_err(|e| format!("{}: {e}", station.id))?;
        let (ours, theirs) = tokio::io::duplex(LINK_BUFFER);
        let mut stepped = Stepped::new(node, STUCK);
        stepped.attach(ours, event.start_us);
        nodes.push(stepped);
        ends.push(theirs);
    }
    let agent = edge::Agent::start(edge_config, clock.clone(), ends)
        .await
        .map_err(|e| format!("edge: {e}"))?;
    Ok(Sensors { nodes, agent })
}

/// Replays an event. Prints the timeline as it happens.
///
/// # Errors
/// Text that says what failed, where, and what to do.
pub async fn run(request: &Request) -> Result<Outcome, String> {
    let event = load_event(&request.event)?;
    std::fs::create_dir_all(&request.out).map_err(|e| format!("{}: {e}", request.out.display()))?;
    // Journal and outbox of this run; earlier results under the same name are replaced as a whole.
    let state = request.out.join("state");
    if state.exists() {
        std::fs::remove_dir_all(&state).map_err(|e| format!("{}: {e}", state.display()))?;
    }
    clear_earlier(&request.out)?;
    let mut config = deployment(
        &request.event,
        request.deployment.as_deref(),
        &event,
        &state,
    )?;
    config.http.listen.set_port(request.port);
    let config = Arc::new(config);
    let clock = Clock::manual(event.start_us);
    let shared = Arc::new(Shared {
        kept: Default::default(),
        began: std::sync::Mutex::new(Instant::now()),
        now_us: AtomicI64::new(event.start_us),
    });
    let sink = ReplaySink {
        shared: shared.clone(),
        out: request.out.clone(),
        origin_us: event.origin_us,
    };
    let mut service = Service::start(Options {
        config: config.clone(),
        clock: clock.clone(),
        sink: Box::new(sink),
        ticking: false,
    })
    .await?;
    within("the broker", service.ready()).await?;
    let mut sensors = sensors(&event, &config, &service.mqtt, &clock, &state).await?;
    let agency = Agency::connect(&config.deployment, &service.mqtt);

    let show = Show::new(request, &event, &config, &service);
    show.opening();
    let mut due: Vec<(i64, &[u8])> = event
        .quakes
        .iter()
        .map(|q| (q.arrival_us, q.bytes.as_slice()))
        .collect();
    due.sort_by_key(|q| q.0);
    let mut quakes = due.into_iter().peekable();
    let (began, mut now_us, mut printed) = (Instant::now(), event.start_us, 0);
    let mut ended = false;
    while now_us < event.end_us && !ended {
        let sample = sensors
            .nodes
            .iter()
            .filter_map(|n| n.node().next_sample_us())
            .min();
        let quake = quakes.peek().map(|q| q.0);
        now_us = [sample, quake]
            .into_iter()
            .flatten()
            .fold(now_us + STEP_US, i64::min)
            .clamp(now_us, event.end_us);
        if let Speed::Times(times) = request.speed {
            let at = Duration::from_secs_f64((now_us - event.start_us) as f64 / 1e6 / times);
            tokio::time::sleep(at.saturating_sub(began.elapsed())).await;
        }
        clock.advance_to(now_us);
        shared.now_us.store(now_us, Ordering::Release);
        *lock(&shared.began) = Instant::now();
        while let Some((_, bytes)) = quakes.next_if(|q| q.0 <= now_us) {
            within_time(
                STUCK_COMPUTING,
                "the earthquake",
                agency.tell(bytes, &service),
            )
            .await?;
        }
        for node in &mut sensors.nodes {
            let step = node
                .play_until(now_us)
                .await
                .map_err(|e| format!("the node's link broke: {e}"))?;
            if !step.settled {
                return Err(format!(
                    "{} samples were not acknowledged by the edge within {} s",
                    step.unacknowledged,
                    STUCK.as_secs()
                ));
            }
        }
        within("the hub's acknowledgement", sensors.agent.drained()).await?;
        within_time(STUCK_COMPUTING, "the hub", service.step()).await?;
        if service.has_ended() {
            return Err("the hub's pipeline has ended; this is a bug of ours: please report it with the log".to_owned());
        }
        printed = show.lines(&lock(&shared.kept), printed, now_us);
        ended = service.board.read(|v| all_over(v, now_us));
    }
    let readings = service.board.read(|v| {
        v.counters
            .get(&("readings", String::new()))
            .copied()
            .unwrap_or(0)
    });
    let kept = std::mem::take(&mut *lock(&shared.kept));
    if let Some(failure) = &kept.failure {
        return Err(failure.clone());
    }
    let comparison = report::lines(&event, &kept.rows);
    write_results(request, &service, &kept, config.mode)?;
    show.closing(&kept, readings, &comparison, began.elapsed());
    agency.close().await;
    if request.serve {
        println!("\nPage and feeds stay up until you press Ctrl-C.");
        tokio::signal::ctrl_c().await.map_err(|e| e.to_string())?;
    }
    sensors.agent.shutdown().await;
    service.stop().await;
    Ok(Outcome {
        kept,
        readings,
        comparison,
    })
}

/// The event has been called off and nothing else is in force.
fn all_over(view: &crate::view::View, now_us: i64) -> bool {
    view.alerts.iter().any(|a| a.msg_type == "Cancel")
        && !view
            .alerts
            .iter()
            .any(|a| !a.superseded && a.msg_type != "Cancel" && a.expires_us > now_us)
}

async fn within<T>(what: &str, future: impl Future<Output = T>) -> Result<T, String> {
    within_time(STUCK, what, future).await
}

async fn within_time<T>(
    time: Duration,
    what: &str,
    future: impl Future<Output = T>,
) -> Result<T, String> {
    tokio::time::timeout(time, future)
        .await
        .map_err(|_| format!("{what} did not answer within {} s", time.as_secs()))
}

/// Messages and results of an earlier run; anything else in the directory is left alone.
fn clear_earlier(out: &Path) -> Result<(), String> {
    let entries = std::fs::read_dir(out).map_err(|e| format!("{}: {e}", out.display()))?;
    for entry in entries {
        let path = entry.map_err(|e| e.to_string())?.path();
        let name = path.file_name().and_then(|n| n.to_str()).unwrap_or("");
        let ours = [".xml", ".xml.part"].iter().any(|end| name.ends_with(end))
            || [
                "timeline.json",
                "forecast.csv",
                "exercise-feed.atom",
                "exercise-feed.rss",
            ]
            .contains(&name);
        if ours && path.is_file() {
            std::fs::remove_file(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        }
    }
    Ok(())
}

fn write_results(
    request: &Request,
    service: &Service,
    kept: &Kept,
    mode: Mode,
) -> Result<(), String> {
    let timeline = serde_json::to_vec_pretty(&kept.lines).map_err(|e| e.to_string())?;
    let mut files = vec![
        ("timeline.json", timeline),
        ("forecast.csv", csv(&kept.rows).into_bytes()),
    ];
    let publisher = crate::feed::Publisher {
        base_url: format!("http://{}", service.http),
        sender_name: service.board.read(|v| v.title.clone()),
        kept: Duration::from_secs(7 * 24 * 3_600),
        entries_max: 500,
        hubs: Vec::new(),
    };
    let feed = service
        .board
        .read(|v| crate::feed::Feed::select(v, mode, &publisher));
    for (name, format) in [
        ("exercise-feed.atom", crate::feed::Format::Atom),
        ("exercise-feed.rss", crate::feed::Format::Rss),
    ] {
        files.push((
            name,
            feed.write(format, &publisher).map_err(|e| e.to_string())?,
        ));
    }
    for (name, bytes) in files {
        let path = request.out.join(name);
        write_whole(&path, &bytes).map_err(|e| format!("{}: {e}", path.display()))?;
    }
    Ok(())
}
