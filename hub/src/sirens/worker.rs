//! The sirens' thread: hears of messages and reports, sends commands, and shows what became of them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use clock::Clock;
use flume::Receiver;
use rumqttc::{AsyncClient, QoS};
use wire::command::{Action, Command, MAX_ALERT_BYTES, MAX_BYTES, Signer, is_alert};
use wire::topic::{Channel, Topic};

use super::book::{Book, Kind, Order};
use super::counter::Counter;
use super::reports::Reports;
use super::round::{Delivery, Round};
use super::settings::Sirens as Settings;
use super::{Event, levels, picture};
use crate::config::Config;
use crate::view::{AlertView, Board, TimelineEntry};

/// How often the thread looks at the clock when nothing happens.
const LOOK: Duration = Duration::from_millis(250);
/// Most reports between two looks.
const REPORTS_AT_ONCE: usize = 256;

/// What the thread works with.
pub struct Worker {
    config: Arc<Config>,
    settings: Settings,
    clock: Clock,
    board: Arc<Board>,
    client: AsyncClient,
    signer: Signer,
    counter: Result<Counter, String>,
    book: Book,
    reports: Reports,
    round: Round,
    started: Instant,
    connected: bool,
    /// Why the counter is not durable.
    trouble: Option<String>,
}

impl Worker {
    /// A worker that has heard of nothing.
    pub fn new(
        config: Arc<Config>,
        settings: Settings,
        clock: Clock,
        board: Arc<Board>,
        client: AsyncClient,
        signer: Signer,
    ) -> Self {
        let counter = Counter::open(&config.data_dir.join("sirens"));
        if let Err(why) = &counter {
            tracing::error!(why, "commands to sirens are numbered by the clock alone");
        }
        Self {
            settings,
            reports: Reports::new(&config.siren_zone),
            config,
            clock,
            board,
            client,
            signer,
            counter,
            book: Book::default(),
            round: Round::default(),
            started: Instant::now(),
            connected: false,
            trouble: None,
        }
    }

    /// Takes a message that was issued, now or by an earlier run.
    pub fn issued(&mut self, alert: &AlertView, earlier: bool) {
        let zones = &self.config.siren_zone;
        let levels = levels::of(alert, zones);
        let fresh = self
            .book
            .issued(&self.config.deployment, alert, zones, &levels);
        if earlier {
            return;
        }
        for order in fresh {
            let zone = &zones[order.zone];
            let what = match &order.kind {
                Kind::Sound(signal) => format!("\"{signal}\" is ordered"),
                Kind::Silence => "the end is ordered".to_owned(),
            };
            self.say(format!(
                "Sirens of {}: {what} at {}",
                zone.id,
                many(zone.sirens.len(), "siren")
            ));
        }
    }

    fn say(&self, text: String) {
        tracing::info!("{text}");
        self.board.timeline(TimelineEntry {
            time_us: self.clock.now_us(),
            kind: "siren".to_owned(),
            text,
            compute_ms: None,
            situation: None,
        });
    }

    /// Works until told to stop.
    pub fn run(mut self, orders: &Receiver<Event>, inbox: &Receiver<Event>) {
        loop {
            self.look();
            let heard = flume::Selector::new()
                .recv(orders, Result::ok)
                .recv(inbox, Result::ok)
                .wait_timeout(LOOK);
            let mut next = match heard {
                Ok(Some(event)) => Some(event),
                // The hub is gone.
                Ok(None) => return,
                Err(_) => None,
            };
            let mut reports = 0;
            while let Some(event) = next {
                match event {
                    Event::Issued(alert) => self.issued(&alert, false),
                    Event::Report { edge, payload } => {
                        reports += 1;
                        self.report(&edge, &payload);
                    }
                    Event::Link(up) => {
                        self.connected = up;
                        if !up {
                            self.reports.lose_all();
                        }
                    }
                    Event::Stop => return,
                }
                // Orders first; and not more reports than leave time to look.
                next = orders.try_recv().ok();
                if next.is_none() && reports < REPORTS_AT_ONCE {
                    next = inbox.try_recv().ok();
                }
            }
        }
    }

    fn report(&mut self, edge: &str, payload: &[u8]) {
        self.board.count("siren_reports", "", 1);
        match self.reports.take(edge, payload, self.clock.now_us()) {
            Ok(news) => {
                for own in news {
                    self.say(format!(
                        "Edge {edge} was cut off and sounded its sirens by itself at {}: {}",
                        own.time, own.because
                    ));
                }
            }
            Err(reason) => {
                tracing::warn!(edge, reason, "a report of sirens was refused");
                let label = format!("reason=\"{reason}\"");
                self.board.count("siren_reports_refused", &label, 1);
            }
        }
    }

    /// Sends what is due and shows what is.
    fn look(&mut self) {
        let now_us = self.clock.now_us();
        self.book.pass(now_us);
        // Without a connection nothing is heard and nothing is sent; what is due stays due.
        if self.connected {
            let now = self.started.elapsed();
            let due = self
                .round
                .due(&self.book, &self.config.siren_zone, &self.reports, now);
            for delivery in due {
                self.deliver(&delivery, now_us);
            }
        }
        let zones = picture::of(&self.config.siren_zone, &self.book, &self.reports);
        self.judge(&zones, now_us);
        self.board.sirens(zones);
    }

    fn deliver(&mut self, delivery: &Delivery, now_us: i64) {
        let order = self.book.orders()[delivery.order].clone();
        let (counter, stored) = match &mut self.counter {
            Ok(counter) => counter.take(now_us),
            // A file that cannot be read is no reason for silence: the clock alone numbers them.
            Err(why) => (u64::try_from(now_us).unwrap_or(1), Err(why.clone())),
        };
        self.trouble = stored.err();
        let mut bytes = [0; MAX_BYTES];
        let zone = &self.config.siren_zone[order.zone].id;
        let length = match self
            .command(&order, zone, counter, delivery.word, now_us)
            .encode(&self.signer, &mut bytes)
        {
            Ok(length) => length,
            Err(error) => {
                // Ids and times are checked before: our own bug.
                tracing::error!(%error, ?order, "a command cannot be written");
                return;
            }
        };
        let topic = Topic::Edge {
            deployment: &self.config.deployment,
            edge: &delivery.edge,
            channel: Channel::Command,
        }
        .to_string();
        // Not retained: an edge that comes later tells its word, and gets a command that proves to be fresh.
        let sent = self
            .client
            .try_publish(topic, QoS::AtLeastOnce, false, &bytes[..length]);
        let fate = if sent.is_ok() { "sent" } else { "queue_full" };
        self.board
            .count("siren_commands", &format!("fate=\"{fate}\""), 1);
        tracing::info!(edge = delivery.edge, zone, order = %order.id, counter, fate, "command to sirens");
    }

    fn command<'a>(
        &'a self,
        order: &'a Order,
        zone: &'a str,
        counter: u64,
        word: u64,
        now_us: i64,
    ) -> Command<'a> {
        let lasts_us = self.settings.lasts.as_micros() as i64;
        let until_us = now_us.saturating_add(lasts_us).min(order.until_us);
        Command {
            deployment: &self.config.deployment,
            mode: order.mode,
            counter,
            id: order.id,
            alert: told(&order.alert),
            issued_us: now_us,
            expires_us: until_us.max(now_us.saturating_add(1)),
            session: word,
            action: match &order.kind {
                Kind::Sound(signal) => Action::Sound { signal },
                Kind::Silence => Action::Silence,
            },
            zones: [zone].into_iter().collect(),
        }
    }

    fn judge(&self, zones: &[picture::SirenZoneView], now_us: i64) {
        let deadline_us = self.settings.deadline.as_micros() as i64;
        for zone in zones {
            let late = zone.order.as_ref().filter(|order| {
                now_us.saturating_sub(order.since_us) >= deadline_us
                    && zone
                        .share
                        .is_some_and(|share| share < self.settings.least_share)
            });
            let text = late.map(|order| {
                let silent: Vec<String> = zone
                    .sirens
                    .iter()
                    .filter(|s| ["failed", "refused", "unknown"].contains(&s.state))
                    .take(8)
                    .map(|s| {
                        let why = s.reason.as_deref().unwrap_or("no reason told");
                        format!("{}/{} {} ({why})", s.edge, s.id, s.state)
                    })
                    .collect();
                format!(
                    "{} of {} of {} have taken \"{}\": {}; warn there by other means",
                    zone.acknowledged,
                    many(zone.expected, "siren"),
                    zone.id,
                    order.signal,
                    silent.join(", ")
                )
            });
            let code = format!("sirens_unanswered:{}", zone.id);
            self.board.condition(&code, text.as_deref(), now_us);
            let failed: Vec<String> = zone
                .sirens
                .iter()
                .filter(|s| s.state == "failed")
                .take(8)
                .map(|s| {
                    format!(
                        "{}/{} ({})",
                        s.edge,
                        s.id,
                        s.reason.as_deref().unwrap_or("no reason told")
                    )
                })
                .collect();
            let text = (!failed.is_empty())
                .then(|| format!("sirens of {} fail: {}", zone.id, failed.join(", ")));
            self.board.condition(
                &format!("sirens_failed:{}", zone.id),
                text.as_deref(),
                now_us,
            );
            for (state, count) in [
                ("acknowledged", zone.acknowledged),
                ("sounding", zone.sounding),
                ("failed", zone.failed),
                ("unknown", zone.unknown),
            ] {
                let label = format!("zone=\"{}\",state=\"{state}\"", zone.id);
                self.board.set("sirens_now", &label, count as u64);
            }
            let label = format!("zone=\"{}\"", zone.id);
            self.board
                .set("sirens_expected_now", &label, zone.expected as u64);
        }
        let text = self.trouble.as_ref().map(|why| {
            format!("commands to sirens are sent, and their number cannot be stored ({why}): if this machine's clock is set back as well, edges will refuse them")
        });
        self.board
            .condition("siren_counter", text.as_deref(), now_us);
        let text = (!self.connected).then(|| {
            "no connection to the broker for the sirens: none can be commanded".to_owned()
        });
        self.board
            .condition("sirens_unreachable", text.as_deref(), now_us);
    }
}

/// What the command names as its alert; an identifier that cannot stand there is cut, since the command's id says which it is.
fn told(identifier: &str) -> &str {
    if is_alert(identifier) {
        return identifier;
    }
    let end = identifier
        .bytes()
        .take(MAX_ALERT_BYTES)
        .take_while(u8::is_ascii_graphic)
        .count();
    if end == 0 { "-" } else { &identifier[..end] }
}

fn many(count: usize, what: &str) -> String {
    if count == 1 {
        format!("1 {what}")
    } else {
        format!("{count} {what}s")
    }
}
