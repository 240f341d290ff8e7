//! Proposals for tests.
#![allow(dead_code, reason = "each test file uses its part")]

use cap::{
    Alert, Area, Category, Certainty, Info, MsgType, Point, Polygon, Severity, Status, Time,
    Urgency,
};
use desk::{Author, Desk, Grade, Mode, Naming, Outcome, Proposal, Weight, gate::Policy};

pub const MINUTE_US: i64 = 60_000_000;
pub const HOUR_US: i64 = 60 * MINUTE_US;
/// 2010-02-27 06:34:14 UTC.
pub const T0: i64 = 1_267_252_454_000_000;

pub fn naming() -> Naming {
    Naming {
        deployment: "coast".to_owned(),
        prefix: "watchfire".to_owned(),
    }
}

pub fn policy(toml: &str) -> Policy {
    let policy: Policy = settings::parse("gate", toml).expect("a gate");
    policy
        .check(["north", "south"])
        .expect("a gate that can be meant");
    policy
}

pub fn desk<M: Mode>(toml: &str) -> Desk<M> {
    Desk::new(naming(), policy(toml))
}

pub fn weight(zones: &[(&str, Grade)]) -> Weight {
    Weight {
        zones: zones.iter().map(|(z, g)| ((*z).to_owned(), *g)).collect(),
        observed: false,
    }
}

pub fn message(status: Status, sent_us: i64, text: &str) -> String {
    let mut alert = Alert::new(
        "draft",
        "desk@example.org",
        Time::from_us(sent_us),
        status,
        MsgType::Alert,
    );
    let mut info = Info::new(
        "en",
        Category::Geo,
        "Tsunami",
        Urgency::Immediate,
        Severity::Severe,
        Certainty::Possible,
    );
    info.headline = Some(text.to_owned());
    info.expires = Some(Time::from_us(sent_us + HOUR_US));
    let mut area = Area::new("North");
    let corners = [(0.0, 0.0), (0.0, 1.0), (1.0, 1.0)];
    area.polygons.push(
        Polygon::closed(corners.iter().map(|(a, b)| Point::new(*a, *b)).collect())
            .expect("a triangle"),
    );
    info.areas.push(area);
    alert.infos.push(info);
    alert.to_xml().expect("a message")
}

pub fn proposal<M: Mode>(event: &str, n: u32, sent_us: i64) -> Proposal {
    Proposal {
        key: format!("{event}#{n}"),
        event: event.to_owned(),
        xml: message(M::STATUS, sent_us, &format!("{event} {n}")),
        ending: false,
        renewal: false,
        reason: "earthquake".to_owned(),
        sent_us,
        life_us: HOUR_US,
    }
}

pub fn ending<M: Mode>(event: &str, n: u32, sent_us: i64) -> Proposal {
    Proposal {
        ending: true,
        reason: "all clear".to_owned(),
        ..proposal::<M>(event, n, sent_us)
    }
}

/// Proposes as the hub does.
pub fn propose<M: Mode>(desk: &mut Desk<M>, p: Proposal, w: &Weight) -> Outcome {
    let at = p.sent_us;
    desk.propose(p, w.clone(), &Author::System, at)
        .expect("a proposal")
}

pub fn waiting(outcome: Outcome) -> String {
    match outcome {
        Outcome::Waiting(id) => id,
        other => panic!("not waiting: {other:?}"),
    }
}

pub fn issued(outcome: Outcome) -> desk::Published {
    match outcome {
        Outcome::Issued(message) => *message,
        other => panic!("not issued: {other:?}"),
    }
}
