//! Carries out what the schedule decides, over one connection after another.
//!
//! Invariants: nothing here is waited for by the storing of readings; live batches go before backlog at every step; disk
//! work (reading backlog, trimming) happens on threads that may block.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rumqttc::QoS;
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use wire::ack::Ack;

use super::connection::{Connection, Heard, Login, Phase, Topics};
use super::findings::Findings;
use super::schedule::{Limits, Schedule, Step, Verdict};
use super::status::{self, Sources};
use crate::backoff::Backoff;
use crate::config::Config;
use crate::outbox::backlog::{Backlog, Resend};
use crate::outbox::writer::Live;

/// How often acknowledged entries are freed: each time costs a few disk flushes.
const RELEASE_INTERVAL: Duration = Duration::from_secs(5);

/// How often that and the like is looked at.
const HOUSEKEEPING: Duration = Duration::from_secs(1);

/// Most entries read back at a time; live batches can go between any two of them.
const CHUNK: u64 = 16;

/// Most findings that the broker has not confirmed: more would hold up the readings behind them.
const FINDINGS_UNDER_WAY: usize = 16;

/// How long a graceful end waits for the socket.
const FAREWELL: Duration = Duration::from_secs(2);

/// A connection that lasted this long ends the back-off.
const STABLE: Duration = Duration::from_secs(10);

/// What the publisher works with.
pub struct Publisher {
    /// The agent's configuration.
    pub config: Config,
    /// Who we are to the broker.
    pub login: Login,
    /// Counters and state for the status document.
    pub sources: Arc<Sources>,
    /// Batches to send now. Ends when the agent stops.
    pub live: mpsc::Receiver<Live>,
    /// End of the entries that did not fit `live`.
    pub overflow: Arc<AtomicU64>,
    /// Findings to send now.
    pub findings: Arc<Findings>,
}

enum End {
    /// The agent stops, and all live batches have been seen.
    Stopped,
    /// The connection broke.
    Lost,
}

struct Work {
    publisher: Publisher,
    topics: Topics,
    schedule: Schedule,
    started: Instant,
    /// In use by a blocking thread when absent.
    backlog: Option<Backlog>,
    release: Option<JoinHandle<()>>,
    released: u64,
    released_at: Instant,
    acks_seen: u64,
    /// When acknowledgements were last subscribed to.
    subscribed_at: Instant,
    /// Number of the next finding to send by this connection.
    finding: u64,
    /// Those that it has sent and the broker has not confirmed.
    findings_sent: VecDeque<u64>,
    /// Confirmations of this connection that were taken in.
    confirmed: u64,
    /// The status tells something that the hub needs now.
    announce: bool,
}

impl Publisher {
    /// Works until the agent stops.
    pub async fn run(self) {
        let config = &self.config;
        let limits = Limits {
            window: config.publish.window,
            backlog_readings_per_s: config.publish.backlog_readings_per_s,
            ack_timeout: config.publish.ack_timeout,
        };
        let outbox = self.sources.outbox.clone();
        let acked = outbox.acked();
        self.sources.acked.send_replace(acked);
        let work = Work {
            topics: Topics::new(&config.deployment, &config.edge),
            schedule: Schedule::new(limits, acked),
            started: Instant::now(),
            backlog: Some(Backlog::new(outbox, self.sources.stored.clone())),
            release: None,
            released: acked,
            released_at: Instant::now(),
            acks_seen: 0,
            subscribed_at: Instant::now(),
            finding: 0,
            findings_sent: VecDeque::new(),
            confirmed: 0,
            announce: false,
            publisher: self,
        };
        work.run().await;
    }
}

impl Work {
    async fn run(mut self) {
        let broker = self.publisher.config.broker.clone();
        let mut backoff = Backoff::new(broker.reconnect_min, broker.reconnect_max);
        loop {
            let opened = Instant::now();
            let tally = self.publisher.sources.publish.clone();
            let connection = Connection::open(&broker, &self.publisher.login, &self.topics, tally);
            let end = self.use_connection(connection).await;
            self.schedule.disconnected();
            self.publisher
                .sources
                .connected
                .store(false, Ordering::Release);
            if matches!(end, End::Stopped) {
                break;
            }
            if opened.elapsed() > STABLE {
                backoff.reset();
            }
            if matches!(self.pause(backoff.pause()).await, End::Stopped) {
                break;
            }
        }
        self.release(true).await;
        self.publisher.findings.finish().await;
    }

    fn now(&self) -> Duration {
        self.started.elapsed()
    }

    /// Waits while disconnected; live batches that pass become backlog.
    async fn pause(&mut self, length: Duration) -> End {
        let until = Instant::now() + length;
        loop {
            tokio::select! {
                () = sleep_until(until) => return End::Lost,
                live = self.publisher.live.recv() => match live {
                    Some(live) => self.pass(&live),
                    None => return End::Stopped,
                },
            }
        }
    }

    /// A live batch that cannot be sent: it is in the outbox, unless that is full.
    fn pass(&self, live: &Live) {
        if live.offset.is_none() {
            self.publisher
                .sources
                .stored
                .add("not_stored_and_not_published", 1);
        }
    }

    async fn use_connection(&mut self, mut connection: Connection) -> End {
        loop {
            let phase = connection.heard.borrow_and_update().phase.clone();
            match phase {
                Phase::Connecting => {}
                Phase::Open => break,
                Phase::Closed(reason) => {
                    if self.publisher.sources.publish.count("connections_failed") {
                        let broker = &self.publisher.config.broker;
                        tracing::warn!(
                            host = broker.host,
                            port = broker.port,
                            reason,
                            "no connection to the broker"
                        );
                    }
                    return End::Lost;
                }
            }
            tokio::select! {
                changed = connection.heard.changed() => if changed.is_err() { return End::Lost },
                live = self.publisher.live.recv() => match live {
                    Some(live) => self.pass(&live),
                    None => return End::Stopped,
                },
            }
        }
        self.acks_seen = 0;
        self.publisher.sources.publish.add("connections", 1);
        self.publisher
            .sources
            .connected
            .store(true, Ordering::Release);
        if !self.subscribe(&connection).await || !self.send_status(&connection).await {
            return End::Lost;
        }
        let next = self.publisher.sources.outbox.next();
        self.schedule.connected(next);
        tracing::info!(backlog = self.schedule.backlog(), "connected to the broker");
        match self.converse(&mut connection).await {
            End::Stopped => {
                self.say_goodbye(connection).await;
                End::Stopped
            }
            End::Lost => {
                if let Phase::Closed(reason) = connection.heard.borrow().phase.clone() {
                    tracing::warn!(reason, "connection to the broker lost");
                }
                End::Lost
            }
        }
    }

    /// Asks the broker for acknowledgements; false when the connection is over.
    async fn subscribe(&mut self, connection: &Connection) -> bool {
        self.subscribed_at = Instant::now();
        let topic = self.topics.ack.clone();
        let asked = connection.client.subscribe(topic, QoS::AtLeastOnce);
        asked.await.is_ok()
    }

    async fn converse(&mut self, connection: &mut Connection) -> End {
        let status_interval = self.publisher.config.publish.status_interval;
        let mut status_due = Instant::now() + status_interval;
        let mut housekeeping_due = Instant::now();
        // What an earlier connection took with it goes again.
        self.finding = 0;
        self.findings_sent.clear();
        self.confirmed = 0;
        let findings = self.publisher.findings.clone();
        loop {
            if !self.send_findings(connection).await {
                return End::Lost;
            }
            let overflow = self.publisher.overflow.swap(0, Ordering::AcqRel);
            if overflow > 0 {
                self.schedule.grown(overflow);
            }
            // Before the wait, not in it: a saturated live queue would never let them come up.
            if Instant::now() >= housekeeping_due {
                housekeeping_due = Instant::now() + HOUSEKEEPING;
                self.release(false).await;
                // The subscription itself may have been damaged on its way: then this connection would wait for ever.
                let unheard =
                    self.subscribed_at.elapsed() >= self.publisher.config.publish.ack_timeout;
                if self.schedule.is_stalled() && unheard && !self.subscribe(connection).await {
                    return End::Lost;
                }
            }
            if Instant::now() >= status_due || std::mem::take(&mut self.announce) {
                status_due = Instant::now() + status_interval;
                if !self.send_status(connection).await {
                    return End::Lost;
                }
            }
            let now = self.now();
            let step = self.schedule.step(now);
            self.publisher
                .sources
                .stalled
                .store(self.schedule.is_stalled(), Ordering::Release);
            let alive = tokio::select! {
                biased;
                changed = connection.heard.changed() => {
                    let heard = connection.heard.borrow_and_update().clone();
                    changed.is_ok() && self.hear(heard).await
                }
                () = findings.more.notified() => true,
                live = self.publisher.live.recv() => match live {
                    Some(live) => self.send_live(connection, live).await,
                    None => return End::Stopped,
                },
                () = async {}, if matches!(step, Step::Backlog { .. }) => match step {
                    Step::Backlog { from, count } => self.send_backlog(connection, from, count).await,
                    _ => true,
                },
                () = wait(step, now), if matches!(step, Step::Wait(_)) => true,
                () = sleep_until(status_due.min(housekeeping_due)) => true,
            };
            if !alive {
                return End::Lost;
            }
        }
    }

    /// Takes in what was heard; false when the connection is over.
    async fn hear(&mut self, heard: Heard) -> bool {
        if let Some(ack) = heard.ack
            && heard.acks > self.acks_seen
        {
            self.acks_seen = heard.acks;
            self.acknowledge(ack).await;
        }
        while self.confirmed < heard.confirmed {
            self.confirmed += 1;
            if let Some(number) = self.findings_sent.pop_front() {
                self.publisher.findings.confirm(number);
            }
        }
        heard.phase == Phase::Open
    }

    async fn acknowledge(&mut self, ack: Ack) {
        let sources = self.publisher.sources.clone();
        if ack.outbox != sources.outbox.identity() {
            // Batches that could not be stored are acknowledged under another identity, and so are earlier outboxes.
            sources.publish.add("acks_of_other_outbox", 1);
            return;
        }
        let now = self.now();
        if ack.next > sources.outbox.next() {
            self.renew(ack).await;
            return;
        }
        match self.schedule.acknowledge(now, ack.next) {
            Verdict::Progress => {
                sources.publish.add("acks", 1);
                sources.acked.send_replace(self.schedule.acked());
            }
            Verdict::Stale => {
                sources.publish.add("acks_stale", 1);
            }
        }
    }

    /// The hub has more of this outbox than there is: the disk was set back. A new identity, and everything again.
    async fn renew(&mut self, ack: Ack) {
        let sources = self.publisher.sources.clone();
        sources.publish.add("acks_impossible", 1);
        tracing::error!(
            acknowledged = ack.next,
            held = sources.outbox.next(),
            "the hub acknowledges what this outbox never had: the outbox lost its end; sending everything under a new identity"
        );
        let outbox = sources.outbox.clone();
        match spawn_blocking(move || outbox.renew()).await {
            Ok(Ok(first)) => {
                self.schedule.restart(first, sources.outbox.next());
                self.released = first;
                sources.acked.send_replace(first);
                // The hub learns from it where the new identity begins; what lies below is not coming.
                self.announce = true;
            }
            Ok(Err(error)) => {
                tracing::error!(%error, "no new identity for the outbox; trying again at the next acknowledgement")
            }
            Err(_) => {}
        }
    }

    async fn send_live(&mut self, connection: &Connection, live: Live) -> bool {
        let now = self.now();
        if live
            .offset
            .is_some_and(|offset| !self.schedule.live(now, offset))
        {
            // Appended before the connection was up: it goes with the backlog.
            return true;
        }
        self.publisher.sources.publish.add("live", 1);
        let topic = self.topics.batch.clone();
        connection
            .client
            .publish(topic, QoS::AtMostOnce, false, live.bytes)
            .await
            .is_ok()
    }

    async fn send_backlog(&mut self, connection: &mut Connection, from: u64, count: u64) -> bool {
        let Some(mut backlog) = self.backlog.take() else {
            return true;
        };
        let sent_us = self.publisher.sources.clock.now_us();
        let fetched = spawn_blocking(move || {
            let resends = backlog.fetch(from, count.min(CHUNK), sent_us);
            (backlog, resends)
        });
        let resends = match fetched.await {
            Ok((backlog, Ok(resends))) => {
                self.backlog = Some(backlog);
                resends
            }
            Ok((backlog, Err(error))) => {
                self.backlog = Some(backlog);
                if self.publisher.sources.stored.count("backlog_read_failed") {
                    tracing::error!(%error, "the outbox cannot be read back; trying again");
                }
                sleep(Duration::from_secs(1)).await;
                return true;
            }
            Err(_) => {
                // The thread panicked: our own bug, and the reader is gone with it.
                let sources = &self.publisher.sources;
                self.backlog = Some(Backlog::new(sources.outbox.clone(), sources.stored.clone()));
                return true;
            }
        };
        for Resend {
            offset,
            readings,
            bytes,
        } in resends
        {
            while let Ok(live) = self.publisher.live.try_recv() {
                if !self.send_live(connection, live).await {
                    return false;
                }
            }
            let topic = self.topics.batch.clone();
            if connection
                .client
                .publish(topic, QoS::AtMostOnce, false, bytes)
                .await
                .is_err()
            {
                return false;
            }
            let now = self.now();
            self.schedule.backlog_sent(now, offset, readings);
            self.publisher.sources.publish.add("backlog", 1);
        }
        true
    }

    /// Sends the findings that wait, as many as may be under way.
    async fn send_findings(&mut self, connection: &Connection) -> bool {
        while self.findings_sent.len() < FINDINGS_UNDER_WAY {
            let Some((number, document)) = self.publisher.findings.from(self.finding) else {
                break;
            };
            let topic = self.topics.finding.clone();
            let sent = connection
                .client
                .publish(topic, QoS::AtLeastOnce, false, document);
            if sent.await.is_err() {
                return false;
            }
            self.publisher.sources.publish.add("findings", 1);
            self.finding = number + 1;
            self.findings_sent.push_back(number);
        }
        true
    }

    async fn send_status(&self, connection: &Connection) -> bool {
        let sources = self.publisher.sources.clone();
        // The outbox's numbers are behind a lock that a slow disk may hold.
        let document = spawn_blocking(move || sources.status().for_hub()).await;
        let Ok(Some(document)) = document else {
            return true;
        };
        let topic = self.topics.status.clone();
        connection
            .client
            .publish(topic, QoS::AtMostOnce, true, document)
            .await
            .is_ok()
    }

    /// Frees what is acknowledged, now and then; at the end, at once and in any case.
    async fn release(&mut self, last: bool) {
        let acked = self.schedule.acked();
        if let Some(running) = &mut self.release {
            if !last && !running.is_finished() {
                return;
            }
            let _ = running.await;
            self.release = None;
        }
        let due = acked > self.released && self.released_at.elapsed() >= RELEASE_INTERVAL;
        if !last && !due {
            return;
        }
        self.released = acked;
        self.released_at = Instant::now();
        let sources = self.publisher.sources.clone();
        let task = spawn_blocking(move || remember_and_release(&sources, acked));
        if last {
            let _ = task.await;
        } else {
            self.release = Some(task);
        }
    }

    async fn say_goodbye(&mut self, connection: Connection) {
        let sources = &self.publisher.sources;
        let farewell = status::farewell(sources.outbox.edge(), sources.outbox.boot());
        let topic = self.topics.status.clone();
        let published = connection
            .client
            .publish(topic, QoS::AtMostOnce, true, farewell);
        if matches!(timeout(FAREWELL, published).await, Ok(Ok(()))) {
            connection.finish(FAREWELL).await;
        }
    }
}

async fn wait(step: Step, now: Duration) {
    if let Step::Wait(until) = step {
        sleep(until.saturating_sub(now)).await;
    }
}

/// Saves what the freed entries tell about nodes, then frees them.
fn remember_and_release(sources: &Sources, acked: u64) {
    sources.remember();
    let outbox = &sources.outbox;
    if let Err(error) = outbox.release(acked)
        && sources.stored.count("release_failed")
    {
        tracing::error!(%error, "acknowledged entries cannot be freed");
    }
}
