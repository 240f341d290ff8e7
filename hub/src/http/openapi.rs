//! `GET /api/openapi.json`: the API that the page uses, described by the code that serves it (OpenAPI 3.1).
//!
//! The description is made of the handlers' annotations and the answers' own types, so it says what the code does; tests compare its paths with
//! the router's, and real answers with its schemas. Feeds, CAP, metrics and SensorThings follow documents of others and are not in it.

use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Response};
use axum::routing::get;
use bytes::Bytes;
use serde_json::{Value, json};
use utoipa::OpenApi;

use super::conditional::Document;
use super::routes::{JSON, Outlet, REVALIDATE};

/// What is sent to the hub: what may be left out of it may be left out.
const REQUESTS: [&str; 5] = ["Action", "Login", "Wish", "Words", "Written"];

/// Fields of answers that may be absent; all others are always there, null where they say nothing.
const ABSENT: [(&str, &str); 1] = [("TimelineEntry", "situation")];

/// The API.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Watchfire hub",
        description = "What the hub's own page asks for. Times (`_us`) are microseconds since the Unix epoch, heights metres, places degrees \
                       north and east. Fields of answers are always there, null where nothing is known. Refusals are `{\"error\": ...}`."
    ),
    paths(
        super::routes::state,
        super::routes::events,
        super::routes::others,
        super::tsunami_events::all,
        super::tsunami_events::one,
        super::tsunami_events::fields,
        super::tsunami_events::field,
        super::tsunami_events::curve,
        super::series::station,
        super::series::series,
        super::history::history,
        super::history::at,
        super::map::map,
        super::system::health,
        super::desk::look,
        super::desk::ask,
        super::desk::preview_draft,
        super::desk::preview,
        super::auth::login,
        super::auth::logout,
        super::auth::me,
        openapi,
    ),
    tags(
        (name = "look", description = "What is shown: open to everybody, or to those who have logged in where the deployment says so."),
        (name = "desk", description = "What officers see and decide: never public."),
        (name = "account", description = "Logging in and out.")
    )
)]
struct Api;

/// The routes of this module.
pub(super) fn router() -> Router<Arc<Outlet>> {
    Router::new().route("/api/openapi.json", get(openapi))
}

/// This description.
#[utoipa::path(get, path = "/api/openapi.json", tag = "look", responses((status = 200, description = "OpenAPI 3.1", body = Value)))]
async fn openapi(headers: HeaderMap) -> Response<Body> {
    static DOCUMENT: LazyLock<Bytes> = LazyLock::new(|| Bytes::from(description().to_string()));
    Document::dated(DOCUMENT.clone(), 0).answer(&headers, JSON, REVALIDATE)
}

/// The description, with what types alone do not say.
fn description() -> Value {
    // Plain values with string keys: this cannot fail.
    let mut api = serde_json::to_value(Api::openapi()).unwrap_or_default();
    if let Some(schemas) = api
        .pointer_mut("/components/schemas")
        .and_then(Value::as_object_mut)
    {
        for (name, schema) in schemas.iter_mut() {
            if !REQUESTS.contains(&name.as_str()) {
                require_all(name, schema);
            }
        }
    }
    if let Some(components) = api
        .pointer_mut("/components")
        .and_then(Value::as_object_mut)
    {
        components.insert(
            "securitySchemes".to_owned(),
            json!({
                "session": {
                    "type": "apiKey", "in": "cookie", "name": "watchfire-<deployment>-<mode>",
                    "description": "The cookie of /api/login; behind TLS its name begins with __Host-. Whatever changes something must come from the hub's own page and bear X-Watchfire.",
                },
                "token": {"type": "http", "scheme": "bearer", "description": "A machine's: watchfire token add. Never approves, refuses or corrects."},
            }),
        );
    }
    api
}

/// Serde writes every field, `None` as null.
fn require_all(name: &str, schema: &mut Value) {
    let Some(schema) = schema.as_object_mut() else {
        return;
    };
    if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
        let there = properties
            .keys()
            .filter(|field| !ABSENT.contains(&(name, field.as_str())))
            .cloned()
            .map(Value::String)
            .collect();
        schema.insert("required".to_owned(), Value::Array(there));
    }
    for joined in ["allOf", "oneOf"] {
        let parts = schema.get_mut(joined).and_then(Value::as_array_mut);
        for part in parts.into_iter().flatten() {
            require_all(name, part);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::http::routes;

    /// The router prints its paths among other things; whatever is quoted and begins like one of the API's is one.
    fn routed() -> BTreeSet<String> {
        let printed = format!("{:?}", routes::api());
        printed
            .split('"')
            .filter(|text| text.starts_with('/'))
            // What answers where nothing is, which axum prints too.
            .filter(|text| *text != "/" && !text.contains("__private"))
            .map(str::to_owned)
            .collect()
    }

    #[test]
    fn the_description_has_the_paths_of_the_router_and_no_others() {
        let described: BTreeSet<String> = description()["paths"]
            .as_object()
            .expect("paths")
            .keys()
            .cloned()
            .collect();
        assert_eq!(described, routed());
        assert!(described.len() > 10);
    }

    #[test]
    fn every_reference_leads_somewhere() {
        fn walk<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
            match value {
                Value::Object(fields) => {
                    found.extend(fields.get("$ref").and_then(Value::as_str));
                    fields.values().for_each(|v| walk(v, found));
                }
                Value::Array(items) => items.iter().for_each(|v| walk(v, found)),
                _ => {}
            }
        }
        let api = description();
        let mut found = Vec::new();
        walk(&api, &mut found);
        assert!(!found.is_empty());
        for reference in found {
            let pointer = reference.strip_prefix('#').expect("a local one");
            assert!(api.pointer(pointer).is_some(), "{reference}");
        }
    }
}
