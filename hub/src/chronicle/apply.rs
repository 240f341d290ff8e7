//! A change, applied to a state: what the page does with the events of its stream, on the JSON that both are made of.
//!
//! Applying a change twice does no harm: a key frame may hold the last changes before it already.

use serde_json::Value;

/// How many messages and lines a state has: the newest. As `/api/state` has it.
const LINES: usize = 500;
/// A line or message that comes again is among the last.
const LOOKED_AT: usize = 64;

/// Applies `{"type": .., "data": ..}`. What this version does not know is left out.
pub fn apply(state: &mut Value, change: Value) {
    let Value::Object(mut change) = change else {
        return;
    };
    let (Some(kind), Some(data)) = (change.remove("type"), change.remove("data")) else {
        return;
    };
    match kind.as_str() {
        Some("station") => replace(list(state, "stations"), "id", data),
        Some("event") => replace(list(state, "events"), "id", data),
        Some("relief") => replace(list(state, "relief"), "event", data),
        Some("alert") => alert(list(state, "alerts"), data),
        Some("timeline") => push(list(state, "timeline"), data),
        Some("conditions") => set(state, "conditions", data),
        Some("others") => set(state, "others", data),
        Some("sirens") => set(state, "sirens", data),
        Some("picture") => {
            let Value::Object(mut picture) = data else {
                return;
            };
            for part in ["situations", "outages"] {
                if let Some(data) = picture.remove(part) {
                    set(state, part, data);
                }
            }
        }
        _ => {}
    }
}

fn set(state: &mut Value, key: &str, data: Value) {
    if let Value::Object(state) = state {
        state.insert(key.to_owned(), data);
    }
}

/// The list behind a key; an empty one where there is none yet.
fn list<'a>(state: &'a mut Value, key: &str) -> Option<&'a mut Vec<Value>> {
    let slot = state.as_object_mut()?.entry(key).or_insert(Value::Null);
    if slot.is_null() {
        *slot = Value::Array(Vec::new());
    }
    slot.as_array_mut()
}

/// Replaces the element of the same name, or adds it at the end.
fn replace(list: Option<&mut Vec<Value>>, name: &str, data: Value) {
    let Some(list) = list else { return };
    match list.iter_mut().find(|known| known[name] == data[name]) {
        Some(known) => *known = data,
        None => list.push(data),
    }
}

fn push(list: Option<&mut Vec<Value>>, data: Value) {
    let Some(list) = list else { return };
    if list
        .iter()
        .rev()
        .take(LOOKED_AT)
        .any(|known| *known == data)
    {
        return;
    }
    list.push(data);
    if list.len() > LINES {
        list.drain(..list.len() - LINES);
    }
}

/// A message replaces the earlier ones of its event, as the board has it.
fn alert(list: Option<&mut Vec<Value>>, data: Value) {
    let Some(list) = list else { return };
    let same = |known: &Value| known["identifier"] == data["identifier"];
    if list.iter().rev().any(same) {
        return;
    }
    for earlier in list.iter_mut().filter(|a| a["event"] == data["event"]) {
        if let Some(earlier) = earlier.as_object_mut() {
            earlier.insert("superseded".to_owned(), Value::Bool(true));
        }
    }
    push(Some(list), data);
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn told(kind: &str, data: Value) -> Value {
        json!({"type": kind, "data": data})
    }

    #[test]
    fn changes_do_to_a_state_what_they_did_to_the_page() {
        let mut state = json!({
            "stations": [{"id": "a", "finding": ""}], "alerts": [], "timeline": [], "conditions": [],
            "situations": [], "outages": [], "others": {}, "relief": null, "sirens": [],
        });
        let changes = [
            told("station", json!({"id": "a", "finding": "wave"})),
            told("station", json!({"id": "b", "finding": ""})),
            told(
                "alert",
                json!({"identifier": "1", "event": "e", "superseded": false}),
            ),
            told(
                "alert",
                json!({"identifier": "2", "event": "e", "superseded": false}),
            ),
            told("timeline", json!({"time_us": 1, "text": "x"})),
            told("conditions", json!([{"code": "c"}])),
            told("picture", json!({"situations": [1], "outages": [2]})),
            told("relief", json!({"event": "e", "number": 1})),
            told("event", json!({"id": "e", "level": "major"})),
            told("something new", json!(1)),
        ];
        for change in &changes {
            apply(&mut state, change.clone());
        }
        let expected = json!({
            "stations": [{"id": "a", "finding": "wave"}, {"id": "b", "finding": ""}],
            "alerts": [
                {"identifier": "1", "event": "e", "superseded": true},
                {"identifier": "2", "event": "e", "superseded": false},
            ],
            "timeline": [{"time_us": 1, "text": "x"}], "conditions": [{"code": "c"}],
            "situations": [1], "outages": [2], "others": {}, "relief": [{"event": "e", "number": 1}], "sirens": [],
            "events": [{"id": "e", "level": "major"}],
        });
        assert_eq!(state, expected);
        for change in changes {
            apply(&mut state, change);
        }
        assert_eq!(state, expected, "twice does no harm");
    }

    #[test]
    fn what_is_no_change_changes_nothing() {
        let mut state = json!({"stations": 5});
        for change in [
            json!(null),
            json!([]),
            json!({"type": "station"}),
            told("station", json!({"id": 1})),
            told("picture", json!(1)),
        ] {
            apply(&mut state, change);
        }
        assert_eq!(state, json!({"stations": 5}));
    }

    #[test]
    fn lines_are_bounded() {
        let mut state = json!({});
        for n in 0..LINES + 10 {
            apply(&mut state, told("timeline", json!(n)));
        }
        let lines = state["timeline"].as_array().expect("list");
        assert_eq!((lines.len(), &lines[0]), (LINES, &json!(10)));
    }
}
