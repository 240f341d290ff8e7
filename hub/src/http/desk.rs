//! The desk over HTTP: what waits, and what officers decide.
//!
//! | request          | body                                                       | permission       | answer                              |
//! |------------------|------------------------------------------------------------|------------------|-------------------------------------|
//! | `GET /api/desk`  |                                                            | `view`           | drafts, number and hash of the log  |
//! | `POST /api/desk` | `{"action":"approve","draft":..,"digest":..}`              | `approve`        | `{"text":..,"draft":..}`, see [`crate::gate::Action`] |
//! |                  | `{"action":"refuse","draft":..,"why":..}`                  | `refuse`         |                                     |
//! |                  | `{"action":"withdraw","draft":..}`                         | `withdraw`       |                                     |
//! |                  | `{"action":"correct","event":..}`                          | `retract`        |                                     |
//! |                  | `{"action":"write","message":{..}}`                        | `propose`        |                                     |
//! | `GET /api/desk/preview/{draft}` |                                             | `view`           | [`crate::gate::Preview`]            |
//! | `POST /api/desk/preview` | `{"message":{..}}` or `{"correct":event}`          | `view`           | [`crate::gate::Preview`]            |
//!
//! 409: the draft is another by now, or decided, or this person has agreed already.
//!
//! Nothing of this is public: a draft is no warning. A name that the desk notes is the account's ([`accounts::Identity::actor`]).

use std::sync::Arc;

use accounts::Permission;
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, Method, Response, StatusCode};
use axum::routing::{get, post};
use desk::{DraftView, Hash, Refusal};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::auth::{Problem, authorize, authorize_look, error, is_json, read_body};
use super::routes::{JSON, Outlet, json, with_type};
use crate::gate::{Action, Answer, Handle, Preview, Shown, Wish};

/// Largest request, bytes: an officer's message in ten languages, each of 4,000 characters that JSON escapes.
const REQUEST_BYTES_MAX: usize = 512 * 1_024;

/// The routes of this module.
pub(super) fn router() -> Router<Arc<Outlet>> {
    Router::new()
        .route("/api/desk", get(look).post(ask))
        .route("/api/desk/preview", post(preview))
        .route("/api/desk/preview/{draft}", get(preview_draft))
}

#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = DeskZone)]
struct Zone<'a> {
    id: &'a str,
    name: &'a str,
}

#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = DeskLanguage)]
struct Language {
    tag: &'static str,
    name: &'static str,
}

#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct Desk<'a> {
    /// What a message can be written for.
    zones: Vec<Zone<'a>>,
    /// What it can be written in, the needed one first.
    languages: Vec<Language>,
    /// How many persons the gate asks at most.
    asked: usize,
    /// How many can approve.
    approvers: usize,
    /// Whom messages are pushed to.
    subscribers: Vec<outlet::Status>,
    /// The hub's time, microseconds since the Unix epoch: deadlines are counted by it.
    now_us: i64,
    /// Drafts: open ones first.
    drafts: Vec<DraftView>,
    /// Number of records in the log.
    records: u64,
    /// Hash of the last: to be noted elsewhere.
    #[schema(value_type = String)]
    head: Hash,
}

/// What waits, and what was decided lately. Does not count as an act.
#[utoipa::path(get, path = "/api/desk", tag = "desk", security(("session" = []), ("token" = [])), responses(
    (status = 200, description = "The desk", body = Desk),
    (status = 401, description = "Nobody has logged in", body = Problem),
    (status = 403, description = "Not allowed, or from another site's page", body = Problem),
    (status = 404, description = "A replay has no desk", body = Problem),
))]
pub(super) async fn look(
    State(outlet): State<Arc<Outlet>>,
    method: Method,
    headers: HeaderMap,
) -> Response<Body> {
    // The page looks every two seconds, whether anybody sits before it or not.
    if let Err(refused) = authorize_look(&outlet, &method, &headers, Permission::View) {
        return *refused;
    }
    let Some(desk) = &outlet.desk else {
        return nobody();
    };
    let config = desk.config();
    let access = outlet.access.as_deref();
    let Shown {
        drafts,
        records,
        head,
        ..
    } = desk.shown();
    let shown = Desk {
        asked: access.map_or(0, |a| a.asked()),
        approvers: access.map_or(0, |a| a.approvers()),
        zones: config
            .zone
            .iter()
            .map(|zone| Zone {
                id: &zone.id,
                name: &zone.name,
            })
            .collect(),
        languages: config
            .sender
            .languages
            .iter()
            .map(|language| Language {
                tag: language.tag(),
                name: language.autonym(),
            })
            .collect(),
        subscribers: outlet
            .board
            .read(|view| view.subscribers.values().cloned().collect()),
        now_us: outlet.board.read(|view| view.now_us),
        drafts,
        records,
        head,
    };
    with_type(StatusCode::OK, JSON, Body::from(json(&shown)))
}

/// Approves, refuses, withdraws, corrects or writes.
#[utoipa::path(post, path = "/api/desk", tag = "desk", security(("session" = []), ("token" = [])), request_body = Action, responses(
    (status = 200, description = "Done", body = Answer),
    (status = 400, description = "Not what was asked for", body = Problem),
    (status = 401, description = "Nobody has logged in", body = Problem),
    (status = 403, description = "Not allowed, or from another site's page", body = Problem),
    (status = 404, description = "There is no such draft or event", body = Problem),
    (status = 409, description = "The draft is another by now or decided, or this person has agreed already", body = Problem),
    (status = 422, description = "It could not be said like that", body = Problem),
))]
pub(super) async fn ask(State(outlet): State<Arc<Outlet>>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    // Before the body is read: whoever may not even look sends nothing.
    if let Err(refused) = authorize(&outlet, &parts.method, &parts.headers, Permission::View) {
        return *refused;
    }
    let Some(desk) = &outlet.desk else {
        return nobody();
    };
    let action: Action = match read_json(&parts.headers, body, "{\"action\":..}").await {
        Ok(action) => action,
        Err(refused) => return refused,
    };
    let permission = match action {
        Action::Approve { .. } => Permission::Approve,
        Action::Refuse { .. } => Permission::Refuse,
        Action::Withdraw { .. } => Permission::Withdraw,
        Action::Correct { .. } => Permission::Retract,
        Action::Write { .. } => Permission::Propose,
    };
    let identity = match authorize(&outlet, &parts.method, &parts.headers, permission) {
        Ok(identity) => identity,
        Err(refused) => return *refused,
    };
    match desk.act(&identity.actor(), action).await {
        Ok(answer) => with_type(StatusCode::OK, JSON, Body::from(json(&answer))),
        Err(why) => error(status(&why), &why.to_string()),
    }
}

/// A body of JSON, or the answer that says what is wrong with it. `such` is what to send.
async fn read_json<T: DeserializeOwned>(
    headers: &HeaderMap,
    body: Body,
    such: &str,
) -> Result<T, Response<Body>> {
    if !is_json(headers) {
        return Err(error(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            &format!("send application/json: {such}"),
        ));
    }
    let body = read_body(body, REQUEST_BYTES_MAX).await?;
    serde_json::from_slice(&body).map_err(|why| error(StatusCode::BAD_REQUEST, &why.to_string()))
}

/// A draft as each audience reads it. One that can still go out is shown as it would now.
#[utoipa::path(get, path = "/api/desk/preview/{draft}", tag = "desk", security(("session" = []), ("token" = [])), params(("draft" = String, Path, description = "Its id")), responses(
    (status = 200, description = "The draft", body = Preview),
    (status = 401, description = "Nobody has logged in", body = Problem),
    (status = 403, description = "Not allowed, or from another site's page", body = Problem),
    (status = 404, description = "There is no such draft", body = Problem),
))]
pub(super) async fn preview_draft(
    State(outlet): State<Arc<Outlet>>,
    Path(draft): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Response<Body> {
    if let Err(refused) = authorize_look(&outlet, &method, &headers, Permission::View) {
        return *refused;
    }
    made(&outlet, move |desk, now_us| {
        desk.preview_draft(&draft, now_us)
    })
    .await
}

/// What a person would write, or a correction, as each audience reads it. Nothing is proposed.
#[utoipa::path(post, path = "/api/desk/preview", tag = "desk", security(("session" = []), ("token" = [])), request_body = Wish, responses(
    (status = 200, description = "How it would read", body = Preview),
    (status = 400, description = "Not what was asked for", body = Problem),
    (status = 401, description = "Nobody has logged in", body = Problem),
    (status = 403, description = "Not allowed, or from another site's page", body = Problem),
    (status = 404, description = "No message of that event is in force", body = Problem),
    (status = 422, description = "It could not be said like that", body = Problem),
))]
pub(super) async fn preview(State(outlet): State<Arc<Outlet>>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let identity = match authorize(&outlet, &parts.method, &parts.headers, Permission::View) {
        Ok(identity) => identity,
        Err(refused) => return *refused,
    };
    let such = "{\"message\":{..}} or {\"correct\":event}";
    let wish: Wish = match read_json(&parts.headers, body, such).await {
        Ok(wish) => wish,
        Err(refused) => return refused,
    };
    made(&outlet, move |desk, now_us| {
        desk.preview(&identity.actor(), &wish, now_us)
    })
    .await
}

/// Makes a preview beside the server's thread, one at a time whoever asks: ten languages take some milliseconds.
async fn made(
    outlet: &Outlet,
    make: impl FnOnce(&Handle, i64) -> Result<Preview, Refusal> + Send + 'static,
) -> Response<Body> {
    let Some(desk) = outlet.desk.clone() else {
        return nobody();
    };
    let now_us = outlet.board.read(|view| view.now_us);
    let _turn = outlet.caches.previews.lock().await;
    match tokio::task::spawn_blocking(move || make(&desk, now_us)).await {
        Ok(Ok(preview)) => with_type(StatusCode::OK, JSON, Body::from(json(&preview))),
        Ok(Err(why)) => error(status(&why), &why.to_string()),
        // A panic is our own bug and in the log.
        Err(_) => error(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the preview could not be made; see the hub's log",
        ),
    }
}

fn nobody() -> Response<Body> {
    error(StatusCode::NOT_FOUND, "nobody sits at the desk of a replay")
}

const fn status(why: &Refusal) -> StatusCode {
    match why {
        Refusal::NoDraft(_) | Refusal::NotInForce(_) => StatusCode::NOT_FOUND,
        Refusal::Closed { .. } | Refusal::Twice(_) | Refusal::OtherWords(_) => StatusCode::CONFLICT,
        Refusal::NotAuthor(_) => StatusCode::FORBIDDEN,
        Refusal::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
    }
}
