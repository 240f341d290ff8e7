//! The status of a running agent, for people.

use std::fmt::Write as _;

use serde_json::Value;

/// The status document as text; `wide` adds everything that is counted.
pub fn text(status: &Value, wide: bool) -> String {
    let mut out = String::new();
    let word = |value: &Value| match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        value => value.to_string(),
    };
    let conditions = list(&status["conditions"]);
    let _ = writeln!(
        out,
        "edge {}, version {}, boot {}, since {}",
        word(&status["edge"]),
        word(&status["version"]),
        word(&status["boot"]),
        word(&status["since"])
    );
    let _ = writeln!(
        out,
        "conditions: {}",
        if conditions.is_empty() {
            "none".to_owned()
        } else {
            conditions
        }
    );
    if status["keyless"].is_array() {
        let _ = writeln!(
            out,
            "nodes without a readable key: {}; the log says why",
            status["keyless"]
        );
    }
    let _ = writeln!(
        out,
        "outbox: {} entries that the hub does not have, {} bytes; broker {}",
        word(&status["outbox"]["depth"]),
        word(&status["outbox"]["bytes"]),
        if status["connected"] == true {
            "connected"
        } else {
            "out of reach"
        }
    );
    let _ = writeln!(
        out,
        "\n{:40} {:>6} {:>10} {:>10} {:>8} {:>8}",
        "line", "open", "bytes", "frames", "refused", "polls"
    );
    for line in array(&status["lines"]) {
        let _ = writeln!(
            out,
            "{:40} {:>6} {:>10} {:>10} {:>8} {:>8}",
            word(&line["name"]),
            word(&line["open"]),
            word(&line["bytes"]),
            word(&line["frames"]),
            sum(&line["errors"]),
            word(&line["polls"]),
        );
        if !line["trouble"].is_null() {
            let _ = writeln!(out, "  {}", word(&line["trouble"]));
        }
        if wide && line["errors"].is_object() {
            let _ = writeln!(out, "  {}", line["errors"]);
        }
    }
    let _ = writeln!(
        out,
        "\n{:>10} {:20} {:>8} {:>9} {:10} {:10} {:>6} {:10} {:10} last frame",
        "node", "station", "boot", "firmware", "board", "image", "ring", "settings", "update"
    );
    for node in array(&status["nodes"]) {
        let _ = writeln!(
            out,
            "{:>10} {:20} {:>8} {:>9} {:10} {:10} {:>6} {:10} {:10} {}{}",
            word(&node["id"]),
            word(&node["station"]),
            word(&node["boot"]),
            word(&node["firmware"]),
            word(&node["board"]),
            word(&node["image"]),
            word(&node["health"]["ring_used"]),
            word(&node["settings"]["state"]),
            word(&node["update"]["state"]),
            word(&node["last_frame"]),
            if node["silent"] == true {
                " SILENT"
            } else {
                ""
            }
        );
        if wide {
            let _ = writeln!(out, "  {node}");
        }
    }
    out
}

fn array(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn list(value: &Value) -> String {
    let words: Vec<&str> = array(value).filter_map(Value::as_str).collect();
    words.join(", ")
}

fn sum(counts: &Value) -> u64 {
    let counts = counts.as_object().into_iter().flatten();
    counts.filter_map(|(_, count)| count.as_u64()).sum()
}
