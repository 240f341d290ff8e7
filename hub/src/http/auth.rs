//! Logging in and out, and who is logged in.
//!
//! | request            | body                      | answer                                                                        |
//! |--------------------|---------------------------|-------------------------------------------------------------------------------|
//! | `POST /api/login`  | `{"name":..,"password":..}` | 200 and two cookies; 401 wrong; 429 too early, with `Retry-After`; 503 busy |
//! | `POST /api/logout` | none                      | 200; the session has ended, whether there was one or not                      |
//! | `GET /api/me`      |                           | who is logged in, or `"name": null`                                           |
//!
//! Answers are JSON; errors are `{"error": "..."}`. A request that changes something must come from the hub's own page and bear `X-Watchfire`,
//! or bear a token ([`accounts::request`]).

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use accounts::request::Credential;
use accounts::{Identity, LoginRefused, Opened, Permission, Refusal, Via};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER, SET_COOKIE, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, Method, Response, StatusCode};
use axum::routing::{get, post};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tokio_stream::StreamExt as _;
use zeroize::Zeroizing;

use super::routes::{JSON, Outlet, json, with_type};
use crate::access::{self, Access, LoginFailed};

/// Largest body of a log-in, bytes: a password of 1,024 bytes and what JSON makes of it.
const LOGIN_BYTES_MAX: usize = 4 * 1_024;

/// How long a body may take.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// The address at the other end of the connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer(pub(super) IpAddr);

/// The routes of this module.
pub(super) fn router() -> Router<Arc<Outlet>> {
    Router::new()
        .route("/api/login", post(login))
        .route("/api/logout", post(logout))
        .route("/api/me", get(me))
}

/// Who somebody is, for the page.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct Me {
    /// `None`: nobody.
    name: Option<String>,
    roles: Vec<String>,
    permissions: Vec<String>,
    /// When the session ends at the latest, microseconds since the Unix epoch.
    expires_us: Option<i64>,
    /// Whether there is anybody who could log in.
    accounts: bool,
    /// Whether what the page shows is only for those who have logged in.
    login_to_view: bool,
}

impl Me {
    fn nobody(access: Option<&Access>) -> Self {
        Self {
            name: None,
            roles: Vec::new(),
            permissions: Vec::new(),
            expires_us: None,
            accounts: access.is_some_and(|a| a.accounts() > 0),
            login_to_view: access.is_some_and(Access::login_to_view),
        }
    }

    fn of(identity: &Identity, access: &Access) -> Self {
        let expires_us = match identity.via {
            Via::Session { expires_us, .. } => Some(expires_us),
            Via::Token => None,
        };
        Self {
            name: Some(identity.actor()),
            roles: identity.roles.iter().map(|r| r.to_string()).collect(),
            permissions: identity.permissions.iter().map(|p| p.to_string()).collect(),
            expires_us,
            accounts: true,
            login_to_view: access.login_to_view(),
        }
    }
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Login {
    name: String,
    #[schema(value_type = String)]
    password: Zeroizing<String>,
}

/// Lets a person in: two cookies, or when to try again.
#[utoipa::path(post, path = "/api/login", tag = "account", request_body = Login, responses(
    (status = 200, description = "In", body = Me),
    (status = 400, description = "Not what was asked for", body = Problem),
    (status = 401, description = "Wrong name or password", body = Problem),
    (status = 403, description = "From another site's page", body = Problem),
    (status = 429, description = "Too early after failures: see Retry-After", body = Problem),
    (status = 503, description = "Busy, or the accounts cannot be read", body = Problem),
))]
pub(super) async fn login(State(outlet): State<Arc<Outlet>>, request: Request) -> Response<Body> {
    let Some(access) = &outlet.access else {
        return error(StatusCode::NOT_FOUND, "nobody logs in to a replay");
    };
    let (parts, body) = request.into_parts();
    let head = access::head(&parts.method, &parts.headers);
    if let Err(refused) = access.site().is_not_foreign(&head) {
        access.counters.login("foreign");
        return refusal(refused);
    }
    let device = access.site().device(&head);
    let peer = parts.extensions.get().map_or(UNKNOWN, |Peer(ip)| *ip);
    let address = access.address(peer, &parts.headers);
    let malformed = |status, text: &str| {
        access.counters.login("malformed");
        error(status, text)
    };
    // A form of another site cannot have this type, whatever else it manages.
    if !is_json(&parts.headers) {
        return malformed(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "send application/json: {\"name\":..,\"password\":..}",
        );
    }
    let body = match read_body(body, LOGIN_BYTES_MAX).await {
        Ok(body) => body,
        Err(refused) => {
            access.counters.login("malformed");
            return refused;
        }
    };
    let Ok(login) = serde_json::from_slice::<Login>(&body) else {
        // Not what serde says: it would quote what was sent.
        return malformed(
            StatusCode::BAD_REQUEST,
            "send {\"name\":..,\"password\":..} and nothing else",
        );
    };
    let result = access
        .login(access::Request {
            name: &login.name,
            password: &login.password,
            address,
            device,
        })
        .await;
    match result {
        Ok(opened) => let_in(access, &opened),
        Err(failed) => {
            let mut response = error(status_of(failed), &failed.to_string());
            let retry_s = match failed {
                LoginFailed::Refused(LoginRefused::Early(wait)) => wait.0.as_secs() + 1,
                LoginFailed::Busy => 2,
                _ => 0,
            };
            if retry_s > 0 {
                response
                    .headers_mut()
                    .insert(RETRY_AFTER, HeaderValue::from(retry_s));
            }
            response
        }
    }
}

/// Where the connection's address is not known, which no server of ours leaves it: all those are one stranger.
const UNKNOWN: IpAddr = IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED);

fn status_of(failed: LoginFailed) -> StatusCode {
    match failed {
        LoginFailed::Refused(LoginRefused::Wrong { .. }) => StatusCode::UNAUTHORIZED,
        LoginFailed::Refused(LoginRefused::Early(_)) => StatusCode::TOO_MANY_REQUESTS,
        LoginFailed::Refused(LoginRefused::Unavailable | LoginRefused::Random(_))
        | LoginFailed::Busy => StatusCode::SERVICE_UNAVAILABLE,
        LoginFailed::Unfit(_) => StatusCode::BAD_REQUEST,
    }
}

fn let_in(access: &Access, opened: &Opened) -> Response<Body> {
    let credential = Credential::Session(opened.session.clone());
    let me = match access.identify(&credential, true) {
        Ok(identity) => Me::of(&identity, access),
        // Disabled in this very moment.
        Err(refused) => return refusal(refused),
    };
    let mut response = with_type(StatusCode::OK, JSON, Body::from(json(&me)));
    let site = access.site();
    let device = opened.device.as_ref().map(|d| site.device_cookie(d));
    for cookie in [Some(site.session_cookie(&opened.session)), device]
        .into_iter()
        .flatten()
    {
        set_cookie(&mut response, &cookie);
    }
    response
}

/// Ends the session, whether there was one or not.
#[utoipa::path(post, path = "/api/logout", tag = "account", responses((status = 200, description = "Out", body = Me)))]
pub(super) async fn logout(
    State(outlet): State<Arc<Outlet>>,
    method: Method,
    headers: HeaderMap,
) -> Response<Body> {
    let Some(access) = &outlet.access else {
        return error(StatusCode::NOT_FOUND, "nobody logs in to a replay");
    };
    match access.site().credential(&access::head(&method, &headers)) {
        Ok(Some(Credential::Session(session))) => access.logout(&session),
        Ok(_) => {}
        Err(refused) => return refuse(access, refused),
    }
    let nobody = Me::nobody(Some(access));
    let mut response = with_type(StatusCode::OK, JSON, Body::from(json(&nobody)));
    set_cookie(&mut response, &access.site().no_session_cookie());
    response
}

/// Who is logged in. Does not count as an act.
#[utoipa::path(get, path = "/api/me", tag = "account", responses((status = 200, description = "Who", body = Me)))]
pub(super) async fn me(
    State(outlet): State<Arc<Outlet>>,
    method: Method,
    headers: HeaderMap,
) -> Response<Body> {
    let access = outlet.access.as_deref();
    let me = match access.map(|a| (a, a.peek(&method, &headers))) {
        Some((access, Ok(identity))) => Me::of(&identity, access),
        None | Some((_, Err(Refusal::Nobody | Refusal::Ended))) => Me::nobody(access),
        Some((access, Err(refused))) => return refuse(access, refused),
    };
    with_type(StatusCode::OK, JSON, Body::from(json(&me)))
}

/// Who may act, where anybody does.
fn acting(outlet: &Outlet) -> Result<&Access, Box<Response<Body>>> {
    let nobody = || Box::new(error(StatusCode::NOT_FOUND, "nobody acts in a replay"));
    outlet.access.as_deref().ok_or_else(nobody)
}

/// Who may do this and sends this request; or the answer that says why not. For every route that acts.
pub(super) fn authorize(
    outlet: &Outlet,
    method: &Method,
    headers: &HeaderMap,
    permission: Permission,
) -> Result<Identity, Box<Response<Body>>> {
    let access = acting(outlet)?;
    access
        .authorize(method, headers, permission)
        .map_err(|refused| Box::new(refusal(refused)))
}

/// The same for what a page asks for by itself, again and again: it does not keep a session from ending idle.
pub(super) fn authorize_look(
    outlet: &Outlet,
    method: &Method,
    headers: &HeaderMap,
    permission: Permission,
) -> Result<Identity, Box<Response<Body>>> {
    let access = acting(outlet)?;
    access
        .peek(method, headers)
        .and_then(|identity| identity.must(permission).map(|()| identity))
        .map_err(|refused| Box::new(refuse(access, refused)))
}

/// Lets everybody see, or only those who have logged in, as the deployment says; the answer for the others otherwise.
pub(super) fn may_view(
    outlet: &Outlet,
    method: &Method,
    headers: &HeaderMap,
) -> Result<(), Box<Response<Body>>> {
    match outlet.access.as_deref().filter(|a| a.login_to_view()) {
        None => Ok(()),
        Some(access) => access
            .peek(method, headers)
            .and_then(|identity| identity.must(Permission::View))
            .map_err(|refused| Box::new(refuse(access, refused))),
    }
}

/// Ends a stream of events with the session of whoever listens, when only those may listen who have logged in.
pub(super) fn while_viewing(outlet: &Outlet, headers: &HeaderMap, body: Body) -> Body {
    let Some(access) = outlet.access.clone().filter(|a| a.login_to_view()) else {
        return body;
    };
    let headers = headers.clone();
    let may = move || {
        access
            .peek(&Method::GET, &headers)
            .is_ok_and(|identity| identity.may(Permission::View))
    };
    Body::from_stream(body.into_data_stream().take_while(move |_| may()))
}

/// A body of at most `bytes_max`, or the answer that says what is wrong with it.
pub(super) async fn read_body(body: Body, bytes_max: usize) -> Result<Bytes, Response<Body>> {
    match tokio::time::timeout(BODY_TIMEOUT, to_bytes(body, bytes_max)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(_)) => Err(error(
            StatusCode::PAYLOAD_TOO_LARGE,
            &format!("the body is cut off, or larger than {bytes_max} bytes"),
        )),
        Err(_) => Err(error(
            StatusCode::REQUEST_TIMEOUT,
            "the body did not come in time",
        )),
    }
}

/// Whether the body says that it is JSON.
pub(super) fn is_json(headers: &HeaderMap) -> bool {
    headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|value| value.trim().eq_ignore_ascii_case(JSON))
}

fn refuse(access: &Access, refused: Refusal) -> Response<Body> {
    access.counters.refused(refused);
    refusal(refused)
}

/// The answer to who may not.
fn refusal(refused: Refusal) -> Response<Body> {
    let status = StatusCode::from_u16(refused.status()).unwrap_or(StatusCode::FORBIDDEN);
    let mut response = error(status, &refused.to_string());
    if status == StatusCode::UNAUTHORIZED {
        // RFC 9110, section 15.5.2, wants one. Not `Basic`: browsers would ask for a password themselves.
        response
            .headers_mut()
            .insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}

/// What is wrong.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct Problem {
    /// What, where, and what to do.
    error: String,
}

/// An answer that says what is wrong.
pub(super) fn error(status: StatusCode, text: &str) -> Response<Body> {
    let body = json(&Problem {
        error: text.to_owned(),
    });
    with_type(status, JSON, Body::from(body))
}

fn set_cookie(response: &mut Response<Body>, cookie: &str) {
    // Letters, digits and what a deployment's id has: this cannot fail.
    if let Ok(mut value) = HeaderValue::from_str(cookie) {
        value.set_sensitive(true);
        response.headers_mut().append(SET_COOKIE, value);
    }
}
