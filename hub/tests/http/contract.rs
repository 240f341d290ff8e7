//! The API says what it does: real answers of a whole hub are held against `/api/openapi.json`, and so are the methods that it takes.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::client::{get, post};
use super::officers::{Officer, quake, start, written};

/// The description with every object closed: a field that it does not name is an error.
fn closed(mut api: Value) -> Value {
    fn close(schema: &mut Value) {
        match schema {
            Value::Object(fields) => {
                fields.values_mut().for_each(close);
                let plain = !fields.contains_key("additionalProperties");
                if let Some(parts) = fields.get_mut("allOf").and_then(Value::as_array_mut) {
                    // The parts know only their own fields: the whole is closed.
                    for part in parts.iter_mut().filter_map(Value::as_object_mut) {
                        part.remove("additionalProperties");
                    }
                    fields.insert("unevaluatedProperties".to_owned(), json!(false));
                } else if plain && fields.get("properties").is_some_and(Value::is_object) {
                    fields.insert("additionalProperties".to_owned(), json!(false));
                }
            }
            Value::Array(items) => items.iter_mut().for_each(close),
            _ => {}
        }
    }
    if let Some(schemas) = api.pointer_mut("/components/schemas") {
        close(schemas);
        // What is joined into another object is closed with that.
        schemas["Frame"]["additionalProperties"] = json!(true);
    }
    api
}

/// What speaks against an answer being what the description says.
fn complaints(api: &Value, schema: &Value, answer: &Value) -> Vec<String> {
    let whole = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "allOf": [schema],
        "components": api["components"],
    });
    let validator = jsonschema::validator_for(&whole).expect("a schema");
    validator
        .iter_errors(answer)
        .take(8)
        .map(|e| format!("{}: {e}", e.instance_path()))
        .collect()
}

fn schema_of(api: &Value, path: &str, method: &str, status: &str) -> Value {
    let response = &api["paths"][path][method]["responses"][status];
    response["content"]["application/json"]["schema"].clone()
}

#[tokio::test]
async fn what_the_hub_answers_is_what_its_description_says() {
    let dir = tempfile::tempdir().expect("a directory");
    let hub = start(dir.path(), "").await;
    let eva = Officer::log_in(&hub, "eva").await;
    let api = closed(super::access::value(
        &get(hub.http, "/api/openapi.json").await,
    ));
    assert_eq!(api["openapi"], "3.1.0");

    quake(&hub, 8.8).await;
    let ana = Officer::log_in(&hub, "ana").await;
    let draft = ana.draft().await;
    let id = draft["id"].as_str().expect("an id").to_owned();
    let said = ana.ask(super::officers::approve(&draft)).await;
    assert_eq!(said.0, 200);

    // The chronicle is written beside the page.
    let recorded = async {
        loop {
            let history = super::access::value(&eva.get("/api/history").await);
            if let Some(to_us) = history["to_us"].as_i64() {
                return to_us;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    let recorded_us = tokio::time::timeout(super::officers::WAIT, recorded)
        .await
        .expect("a record");

    // So are fields. This hub has no model, and so no curves: it says why.
    let event = draft["event"].as_str().expect("an event");
    let computed = async {
        loop {
            let fields = eva.get(&format!("/api/events/{event}/fields")).await;
            let field = super::access::value(&fields)["travel_time"].clone();
            if field.is_object() {
                return field;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    let field = tokio::time::timeout(super::officers::WAIT, computed)
        .await
        .expect("travel times");
    let url = field["url"].as_str().expect("an address");
    let bytes = eva.get(&format!("/{}", url.trim_start_matches('/'))).await;
    assert_eq!(bytes.status, 200, "{url}");
    let cells = field["columns"].as_u64().zip(field["rows"].as_u64());
    let (columns, rows) = cells.expect("a size");
    assert_eq!(bytes.body.len() as u64, 2 * columns * rows);
    let curve = format!("/api/events/{event}/curves/32412");

    // Each path that can be looked at, with what to put in place of its parameters.
    let samples = [
        (
            "/api/desk/preview/{draft}",
            format!("/api/desk/preview/{id}"),
        ),
        ("/api/events/{id}", format!("/api/events/{event}")),
        (
            "/api/events/{id}/fields",
            format!("/api/events/{event}/fields"),
        ),
        ("/api/events/{id}/curves/{station}", curve),
        (
            "/api/history/at",
            format!("/api/history/at?time_us={recorded_us}"),
        ),
        ("/api/stations/{id}", "/api/stations/32412".to_owned()),
        (
            "/api/stations/{id}/series",
            "/api/stations/32412/series?quantity=sea_level".to_owned(),
        ),
    ];
    let samples = BTreeMap::from(samples);
    let paths = api["paths"].as_object().expect("paths");
    let mut looked = 0;
    for path in paths.keys().filter(|path| paths[*path]["get"].is_object()) {
        // A stream, this description, and bytes, which were looked at above.
        if [
            "/events",
            "/api/openapi.json",
            "/api/events/{id}/fields/{name}",
        ]
        .contains(&path.as_str())
        {
            continue;
        }
        let real = samples.get(path.as_str()).unwrap_or(path);
        assert!(!real.contains('{'), "{path}: give its parameters a sample");
        // Where one must log in to view, there is no way round it.
        let stranger = get(hub.http, real).await;
        let open = path == "/api/me";
        assert_eq!(stranger.status, if open { 200 } else { 401 }, "{path}");
        let answer = eva.get(real).await;
        let status = if path.contains("/curves/") { 404 } else { 200 };
        assert_eq!(answer.status, status, "{real}: {}", answer.text());
        let schema = schema_of(&api, path, "get", &status.to_string());
        assert!(schema.is_object(), "{path} has no schema");
        let found = complaints(&api, &schema, &super::access::value(&answer));
        assert!(found.is_empty(), "{path}: {found:#?}");
        looked += 1;
    }
    assert!(looked >= 11, "{looked}");

    for path in ["/events", "/sta/v1.1", "/metrics", "/relief/"] {
        assert_eq!(get(hub.http, path).await.status, 401, "{path}");
    }

    // What is sent is what it says, and what comes back, refusals too.
    let wish = json!({"message": written(json!({}))});
    let write = json!({"action": "write", "message": written(json!({}))});
    let approve = json!({"action": "approve", "draft": id});
    for (who, path, body, status) in [
        (&eva, "/api/desk/preview", wish, 200),
        (
            &eva,
            "/api/desk/preview",
            json!({"correct": "nothing"}),
            404,
        ),
        (&eva, "/api/desk", write, 200),
        (&eva, "/api/desk", approve.clone(), 403),
        (&ana, "/api/desk", approve, 409),
    ] {
        let asked = &api["paths"][path]["post"]["requestBody"]["content"]["application/json"];
        let found = complaints(&api, &asked["schema"], &body);
        assert!(found.is_empty(), "{path} {body}: {found:#?}");
        let (got, answer) = who.post(path, &body).await;
        assert_eq!(got, status, "{path} {body}: {answer}");
        let schema = schema_of(&api, path, "post", &status.to_string());
        let found = complaints(&api, &schema, &answer);
        assert!(found.is_empty(), "{path} {status}: {found:#?}");
    }
    // The check can fail.
    let odd = json!({"action": "approve", "draft": id, "digits": 1});
    let asked = &api["paths"]["/api/desk"]["post"]["requestBody"]["content"]["application/json"];
    assert!(!complaints(&api, &asked["schema"], &odd).is_empty());

    // Every method that is not described is none.
    for (path, item) in paths {
        let described: BTreeSet<&String> = item.as_object().expect("methods").keys().collect();
        let real = samples.get(path.as_str()).unwrap_or(path);
        if !described.contains(&"get".to_owned()) {
            assert_eq!(eva.get(real).await.status, 405, "GET {path}");
        }
        if !described.contains(&"post".to_owned()) {
            assert_eq!(
                post(hub.http, real, &[], "").await.status,
                405,
                "POST {path}"
            );
        }
    }
    hub.stop().await;
}
