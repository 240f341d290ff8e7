//! What the page says of each edge and its nodes: from the status documents that edges publish, and from when their batches came.
//!
//! Pure, and bounded: names and numbers come from outside. What a document does not say is unknown here, not zero.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

/// Edges that are shown.
pub const MOST_EDGES: usize = 2_000;
/// Nodes that are shown of one edge; those of a document that was cut are the ones that need a look.
const MOST_NODES: usize = 512;
/// Longest word of a document that is shown, characters: an id has 48 at most, a version about 20.
const LONGEST_WORD: usize = 48;

/// One edge, or another publisher of readings.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct EdgeView {
    /// Its id.
    pub id: String,
    /// Whether it is there, as it or its last will told; `None` of who never said: an open publisher tells no status.
    pub online: Option<bool>,
    /// Of its program; empty while unknown.
    pub version: String,
    /// When the hub last heard of it, by the hub's clock, microseconds since the Unix epoch.
    pub last_us: Option<i64>,
    /// How long its last batch was under way: from when the edge made it, by its own clock, to the hub, seconds.
    pub lag_s: Option<f64>,
    /// Entries in its outbox that the hub has not acknowledged.
    pub outbox: Option<u64>,
    /// Requests to its nodes for readings that were missing, since its start.
    pub gaps: u64,
    /// Readings of its nodes that were given up, since its start.
    pub lost: u64,
    /// Its clock minus the hub's when its last status came, milliseconds; the way of the message is in it.
    pub clock_offset_ms: Option<f64>,
    /// Its nodes.
    pub nodes: Vec<NodeView>,
}

/// One node of an edge.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct NodeView {
    /// Its number.
    pub node: String,
    /// Its station.
    pub station: String,
    /// Nothing has come for longer than the edge allows.
    pub silent: bool,
    /// Its boot; 0 before its first frame.
    pub boot: u32,
    /// Of its firmware; empty while unknown.
    pub version: String,
    /// Readings that were given up.
    pub lost: u64,
    /// How much its clock runs fast, parts per billion: by its own measurement, else as the edge sees it.
    pub drift_ppb: Option<i64>,
}

/// When batches of an edge came.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Heard {
    /// By the hub's clock, microseconds since the Unix epoch.
    pub at_us: i64,
    /// See [`EdgeView::lag_s`]; `None` of who says no time.
    pub lag_s: Option<f64>,
}

/// How a status document came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrived {
    /// When, by the hub's clock, microseconds since the Unix epoch.
    pub at_us: i64,
    /// The broker had kept it: it tells of an earlier time, and nothing of the clock.
    pub kept: bool,
}

/// Takes a status document of an edge.
pub fn take_status(
    edges: &mut BTreeMap<String, EdgeView>,
    edge: &str,
    status: &Value,
    arrived: Arrived,
) {
    let Some(view) = slot(edges, edge) else {
        return;
    };
    let said_us = word(status, "time").and_then(|text| clock::parse_utc(&text).ok());
    view.online = match status.get("state").and_then(Value::as_str) {
        Some("online") => Some(true),
        Some("offline") => Some(false),
        _ => None,
    };
    if arrived.kept {
        // Never in the hub's future: it did not hear then what it hears now.
        let then_us = said_us.map(|us| us.min(arrived.at_us));
        view.last_us = view.last_us.max(then_us);
    } else {
        view.last_us = Some(arrived.at_us);
        view.clock_offset_ms = said_us.map(|us| us.saturating_sub(arrived.at_us) as f64 / 1_000.0);
    }
    // A last will says nothing more: what was known before stays, as of then.
    if view.online != Some(true) {
        return;
    }
    view.version = word(status, "version").unwrap_or_default();
    view.outbox = status.pointer("/outbox/depth").and_then(Value::as_u64);
    let nodes = status.get("nodes").and_then(Value::as_array);
    let all = || nodes.into_iter().flatten();
    let sum = |what: &str| {
        all()
            .filter_map(|node| node.pointer(what)?.as_u64())
            .fold(0_u64, u64::saturating_add)
    };
    view.gaps = sum("/traffic/gaps");
    view.lost = sum("/traffic/lost");
    view.nodes = all().take(MOST_NODES).filter_map(node).collect();
}

/// Notes when batches came.
pub fn take_heard(edges: &mut BTreeMap<String, EdgeView>, edge: &str, heard: Heard) {
    if let Some(view) = slot(edges, edge) {
        view.last_us = view.last_us.max(Some(heard.at_us));
        view.lag_s = heard.lag_s;
    }
}

fn slot<'a>(edges: &'a mut BTreeMap<String, EdgeView>, edge: &str) -> Option<&'a mut EdgeView> {
    if !edges.contains_key(edge) && edges.len() >= MOST_EDGES {
        return None;
    }
    let fresh = || EdgeView {
        id: edge.to_owned(),
        online: None,
        version: String::new(),
        last_us: None,
        lag_s: None,
        outbox: None,
        gaps: 0,
        lost: 0,
        clock_offset_ms: None,
        nodes: Vec::new(),
    };
    Some(edges.entry(edge.to_owned()).or_insert_with(fresh))
}

fn node(told: &Value) -> Option<NodeView> {
    let whole = |what: &str| told.pointer(what).and_then(Value::as_u64);
    let drift = |what: &str| told.pointer(what).and_then(Value::as_i64);
    Some(NodeView {
        node: whole("/id")?.to_string(),
        station: word(told, "station").unwrap_or_default(),
        silent: told.get("silent")?.as_bool()?,
        boot: whole("/boot").and_then(|n| n.try_into().ok()).unwrap_or(0),
        version: word(told, "firmware").unwrap_or_default(),
        lost: whole("/traffic/lost").unwrap_or(0),
        drift_ppb: drift("/health/clock_drift_ppb").or_else(|| drift("/clock_drift_ppb")),
    })
}

fn word(told: &Value, key: &str) -> Option<String> {
    let text = told.get(key)?.as_str()?.chars();
    Some(
        text.filter(|c| !c.is_control())
            .take(LONGEST_WORD)
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: i64 = 1_267_252_454_000_000;

    fn live(at_us: i64) -> Arrived {
        Arrived { at_us, kept: false }
    }

    /// What an edge publishes, as far as it is read here: `edge/src/publish/status.rs`.
    fn status() -> Value {
        json!({
            "state": "online", "version": "0.1.0", "time": "2010-02-27T06:34:13.500000Z",
            "outbox": {"depth": 3},
            "nodes": [
                {"id": 21, "station": "pier", "boot": 7, "silent": false, "firmware": "1.2.3",
                 "clock_drift_ppb": 9_000, "health": {"clock_drift_ppb": 1_500}, "traffic": {"gaps": 2, "lost": 5}},
                {"id": 22, "station": "jetty", "boot": 0, "silent": true, "clock_drift_ppb": -40,
                 "traffic": {"gaps": 1, "lost": 0}},
            ],
        })
    }

    #[test]
    fn an_edge_is_as_it_told_last_and_a_last_will_leaves_the_rest() {
        let mut edges = BTreeMap::new();
        take_status(&mut edges, "quay", &status(), live(NOW));
        let quay = edges["quay"].clone();
        assert_eq!(
            (quay.online, quay.outbox, quay.gaps, quay.lost),
            (Some(true), Some(3), 3, 5)
        );
        assert_eq!(quay.clock_offset_ms, Some(-500.0));
        assert_eq!(
            quay.nodes[0].drift_ppb,
            Some(1_500),
            "the node's own is better"
        );
        assert_eq!(quay.nodes[1].drift_ppb, Some(-40));
        assert!(quay.nodes[1].silent);

        let will = json!({"state": "offline", "reason": "vanished", "edge": "quay", "boot": 4});
        take_status(&mut edges, "quay", &will, live(NOW + 9));
        let gone = &edges["quay"];
        assert_eq!((gone.online, gone.last_us), (Some(false), Some(NOW + 9)));
        assert_eq!(gone.nodes, quay.nodes);
    }

    #[test]
    fn what_the_broker_kept_tells_of_its_own_time_and_nothing_of_the_clock() {
        let mut edges = BTreeMap::new();
        let kept = Arrived {
            at_us: NOW + 3_600_000_000,
            kept: true,
        };
        take_status(&mut edges, "quay", &status(), kept);
        assert_eq!(edges["quay"].last_us, Some(NOW - 500_000));
        assert_eq!(edges["quay"].clock_offset_ms, None);
    }

    #[test]
    fn whoever_only_sends_readings_is_heard_and_says_nothing_of_itself() {
        let mut edges = BTreeMap::new();
        let heard = Heard {
            at_us: NOW,
            lag_s: Some(0.25),
        };
        take_heard(&mut edges, "buoys", heard);
        let buoys = &edges["buoys"];
        assert_eq!((buoys.online, buoys.outbox), (None, None));
        assert_eq!((buoys.last_us, buoys.lag_s), (Some(NOW), Some(0.25)));
    }

    #[test]
    fn nonsense_from_outside_is_bounded() {
        let mut edges = BTreeMap::new();
        let nodes: Vec<Value> = (0..2_000)
            .map(|n| json!({"id": n, "silent": true, "station": "x".repeat(9_000), "traffic": {"lost": u64::MAX}}))
            .chain([json!({"id": "x"}), json!(7), json!({"silent": true})])
            .collect();
        let odd = json!({"state": "online", "version": 7, "time": "yesterday", "outbox": [], "nodes": nodes});
        take_status(&mut edges, "quay", &odd, live(NOW));
        let quay = &edges["quay"];
        assert_eq!((quay.nodes.len(), quay.lost), (MOST_NODES, u64::MAX));
        assert_eq!(quay.nodes[0].station.len(), LONGEST_WORD);
        for n in 0..3_000 {
            take_status(&mut edges, &format!("e{n}"), &odd, live(NOW));
        }
        assert_eq!(edges.len(), MOST_EDGES);
    }
}
