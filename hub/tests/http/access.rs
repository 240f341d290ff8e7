//! Who may act: logging in, sessions, tokens, requests from elsewhere, and what happens when the accounts change under a running hub.

use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use accounts::disk::{AccountsFile, DiskError};
use accounts::{Hash, Name, Password, Permission, Role, Secret, SystemRandom, request};
use axum::http::{HeaderMap, HeaderValue, Method};
use clock::Clock;
use hub::access::Access;
use hub::config::Config;
use serde_json::{Value, json};
use wire::topic::Mode;

use super::client::{Answer, Listener, get, get_with, post};
use super::sample::{Served, serve, serve_for};

pub(super) const PASSWORD: &str = "llueve mansamente en quellón";

pub(super) const JSON: (&str, &str) = ("content-type", "application/json");
pub(super) const MARK: (&str, &str) = ("x-watchfire", "1");
pub(super) const HERE: (&str, &str) = ("sec-fetch-site", "same-origin");

/// A deployment with the account `ana`.
struct Site {
    scratch: tempfile::TempDir,
    config: Config,
}

impl Site {
    /// `more` is the table `[accounts]`.
    fn new(more: &str) -> Self {
        let scratch = tempfile::tempdir().expect("a directory");
        let text = format!(
            "deployment = \"chile\"\ntitle = \"Chile\"\nmode = \"exercise\"\ndata_dir = \"{}\"\n\
             [sender]\nid = \"c@example.org\"\nname = \"Centre\"\n[accounts]\n{more}\n",
            scratch.path().display()
        );
        let config = Config::parse("test", &text).expect("a configuration");
        let site = Self { scratch, config };
        site.add("ana", Role::Approver);
        site
    }

    fn file(&self) -> AccountsFile {
        AccountsFile::of(self.scratch.path())
    }

    fn change<T>(&self, change: impl FnOnce(&mut accounts::Register) -> T) -> T {
        change_accounts(self.scratch.path(), change)
    }

    fn add(&self, who: &str, role: Role) {
        add_account(self.scratch.path(), who, role);
    }

    fn token(&self, who: &str, role: Role) -> String {
        let roles = [role].into_iter().collect();
        let soon_us = now_us() + 3_600_000_000;
        let secret = self
            .change(|r| r.add_token(name(who), roles, None, soon_us, &mut SystemRandom, now_us()))
            .expect("added");
        format!("Bearer {}", *request::token_text(&secret))
    }

    /// Runs a hub on it.
    async fn serve(&self) -> (Served, Arc<Access>) {
        let mut opened = None;
        let hub = serve_for(
            Mode::Exercise,
            |s| s.heartbeat = Duration::from_millis(10),
            |board, address| {
                let url = format!("http://{address}");
                let access =
                    Access::open(&self.config, &url, board.clone(), Clock::System).expect("opened");
                opened = Some(access.clone());
                Some(access)
            },
        )
        .await;
        (hub, opened.expect("opened"))
    }
}

fn change_accounts<T>(data_dir: &Path, change: impl FnOnce(&mut accounts::Register) -> T) -> T {
    AccountsFile::of(data_dir)
        .change(|r| Ok::<_, DiskError>(change(r)))
        .expect("changed")
}

/// Everybody has the same password.
pub(super) fn add_account(data_dir: &Path, who: &str, role: Role) {
    let password = Password::chosen(PASSWORD, &name(who)).expect("a good one");
    let hash = Hash::of(&password, &mut SystemRandom).expect("random");
    let roles = [role].into_iter().collect();
    change_accounts(data_dir, |r| {
        r.add(name(who), roles, hash, &mut SystemRandom, now_us())
    })
    .expect("added");
}

fn name(text: &str) -> Name {
    Name::parse(text).expect("a name")
}

fn now_us() -> i64 {
    Clock::System.now_us()
}

pub(super) fn entry(who: &str, password: &str) -> String {
    json!({ "name": who, "password": password }).to_string()
}

async fn login(hub: &Served, who: &str, password: &str) -> Answer {
    post(hub.address, "/api/login", &[JSON], &entry(who, password)).await
}

/// The `Cookie` header of a browser that was given these.
pub(super) fn cookies(answer: &Answer) -> String {
    let pairs: Vec<&str> = answer
        .headers("set-cookie")
        .filter_map(|set| set.split(';').next())
        .collect();
    pairs.join("; ")
}

pub(super) fn value(answer: &Answer) -> Value {
    serde_json::from_str(answer.text()).expect("JSON")
}

async fn who(hub: &Served, cookie: &str) -> Value {
    let answer = get_with(hub.address, "/api/me", &[("cookie", cookie)]).await;
    assert_eq!(answer.status, 200);
    value(&answer)["name"].clone()
}

async fn sample(hub: &Served, series: &str) -> bool {
    let metrics = get(hub.address, "/metrics").await;
    metrics.text().contains(&format!("{series}\n"))
}

#[tokio::test]
async fn a_person_logs_in_is_known_and_logs_out() {
    let site = Site::new("");
    let (hub, _) = site.serve().await;
    assert_eq!(who(&hub, "").await, Value::Null);

    let answer = login(&hub, " Ana ", PASSWORD).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let me = value(&answer);
    assert_eq!(me["name"], "ana");
    assert_eq!(me["roles"], json!(["approver"]));
    assert_eq!(
        me["permissions"],
        json!(["view", "approve", "refuse", "retract"])
    );
    let sets: Vec<&str> = answer.headers("set-cookie").collect();
    assert_eq!(sets.len(), 2);
    for (set, begins) in sets.iter().zip([
        "watchfire-chile-exercise=",
        "watchfire-chile-exercise-device=",
    ]) {
        assert!(set.starts_with(begins), "{set}");
        assert!(set.contains("; Path=/; HttpOnly; SameSite=Strict"), "{set}");
    }

    let cookie = cookies(&answer);
    assert_eq!(who(&hub, &cookie).await, "ana");
    // The same browser again: it keeps its device.
    let again = post(
        hub.address,
        "/api/login",
        &[JSON, ("cookie", &cookie)],
        &entry("ana", PASSWORD),
    )
    .await;
    assert_eq!(again.headers("set-cookie").count(), 1);

    let out = post(
        hub.address,
        "/api/logout",
        &[MARK, HERE, ("cookie", &cookie)],
        "",
    )
    .await;
    assert_eq!((out.status, &value(&out)["name"]), (200, &Value::Null));
    assert!(
        out.header("set-cookie")
            .is_some_and(|c| c.contains("Max-Age=0"))
    );
    assert_eq!(who(&hub, &cookie).await, Value::Null);
    assert!(sample(&hub, "watchfire_logins_total{result=\"in\"} 2").await);
    assert!(sample(&hub, "watchfire_sessions_active 1").await);
    hub.stop().await;
}

#[tokio::test]
async fn a_wrong_password_and_a_wrong_name_are_told_alike_and_soon_have_to_wait() {
    let site = Site::new("");
    site.add("beto", Role::Operator);
    site.change(|r| r.set_disabled(&name("beto"), true, &mut SystemRandom))
        .expect("disabled");
    let (hub, _) = site.serve().await;
    let mut told = Vec::new();
    for (who, password) in [
        ("ana", "not this one, surely"),
        ("nobody", PASSWORD),
        ("beto", PASSWORD),
        ("no name at all", PASSWORD),
        ("", ""),
    ] {
        let answer = login(&hub, who, password).await;
        assert!(answer.header("set-cookie").is_none());
        told.push((answer.status, answer.text().to_owned()));
    }
    assert_eq!(told[0].0, 401);
    assert!(told.iter().all(|one| *one == told[0]), "{told:?}");
    // Five from one address are free; then each must wait longer, and a right password as well: else it would be known for one.
    let mut wrong = 5;
    let early = loop {
        let answer = login(&hub, "ana", "not this one, surely").await;
        if answer.status == 429 {
            break login(&hub, "ana", PASSWORD).await;
        }
        wrong += 1;
        assert!(wrong < 20, "guesses go on and on");
    };
    assert_eq!(early.status, 429);
    let wait_s: u64 = early
        .header("retry-after")
        .and_then(|s| s.parse().ok())
        .expect("seconds");
    assert!((1..=301).contains(&wait_s), "{wait_s}");
    let counted = format!("watchfire_logins_total{{result=\"wrong\"}} {wrong}");
    assert!(sample(&hub, &counted).await);
    assert!(sample(&hub, "watchfire_logins_total{result=\"early\"} 2").await);
    hub.stop().await;
}

/// Strangers knock as hard as they can; who has logged in from this browser before gets in at once.
#[tokio::test]
async fn a_crowd_that_knocks_does_not_keep_an_approver_out() {
    let site = Site::new("");
    let (hub, _) = site.serve().await;
    let cookie = cookies(&login(&hub, "ana", PASSWORD).await);
    let address = hub.address;
    let crowd: Vec<_> = (0..60)
        .map(|n| {
            tokio::spawn(async move {
                let body = entry(&format!("guess-{n}"), "not this one, surely");
                post(address, "/api/login", &[JSON], &body).await.status
            })
        })
        .collect();
    let known = post(
        hub.address,
        "/api/login",
        &[JSON, ("cookie", &cookie)],
        &entry("ana", PASSWORD),
    )
    .await;
    assert_eq!(known.status, 200, "{}", known.text());
    let mut wrong = 0;
    for one in crowd {
        match one.await.expect("answered") {
            401 => wrong += 1,
            429 | 503 => {}
            other => panic!("status {other}"),
        }
    }
    // Five are free, and one more for each doubling of the time that this takes on a busy machine.
    assert!(wrong <= 15, "{wrong} passwords were looked at");
    hub.stop().await;
}

#[tokio::test]
async fn what_other_sites_make_a_browser_send_is_refused() {
    let site = Site::new("");
    let (hub, _) = site.serve().await;
    let cookie = cookies(&login(&hub, "ana", PASSWORD).await);
    let own = format!("http://{}", hub.address);
    let logout = async |headers: &[(&str, &str)]| {
        let mut all = vec![("cookie", cookie.as_str())];
        all.extend_from_slice(headers);
        post(hub.address, "/api/logout", &all, "").await.status
    };
    for foreign in [
        vec![],
        vec![MARK],
        vec![HERE],
        vec![MARK, ("sec-fetch-site", "cross-site")],
        vec![MARK, HERE, ("origin", "https://evil.example")],
        vec![("origin", &own)],
    ] {
        assert_eq!(logout(&foreign).await, 403, "{foreign:?}");
    }
    assert_eq!(who(&hub, &cookie).await, "ana");
    // A log-in that another site sends for somebody, and one that a form could send.
    for (headers, status) in [
        (vec![JSON, ("origin", "https://evil.example")], 403),
        (vec![JSON, ("sec-fetch-site", "cross-site")], 403),
        (vec![("content-type", "text/plain")], 415),
        (vec![], 415),
    ] {
        let body = entry("ana", PASSWORD);
        let answer = post(hub.address, "/api/login", &headers, &body).await;
        assert_eq!(answer.status, status, "{headers:?}");
    }
    assert!(sample(&hub, "watchfire_access_refused_total{reason=\"foreign\"} 6").await);
    assert_eq!(logout(&[MARK, ("origin", &own)]).await, 200);
    hub.stop().await;
}

#[tokio::test]
async fn bodies_are_bounded_and_never_quoted() {
    let site = Site::new("");
    let (hub, _) = site.serve().await;
    let long = "x".repeat(5_000);
    for (body, status) in [
        (entry("ana", &long), 413),
        (entry("ana", &"x".repeat(2_000)), 400),
        ("{\"name\":\"ana\",\"password\":\"geheim".to_owned(), 400),
        ("{\"name\":\"ana\",\"pasword\":\"geheim\"}".to_owned(), 400),
        ("[\"geheim\"]".to_owned(), 400),
        (String::new(), 400),
    ] {
        let answer = post(hub.address, "/api/login", &[JSON], &body).await;
        assert_eq!(answer.status, status, "{}", answer.text());
        assert!(!answer.text().contains("geheim"), "{}", answer.text());
    }
    assert_eq!(get(hub.address, "/api/login").await.status, 405);
    assert!(sample(&hub, "watchfire_logins_total{result=\"malformed\"} 6").await);
    hub.stop().await;
}

#[tokio::test]
async fn changes_of_the_accounts_hold_for_sessions_that_are_open() {
    let site = Site::new("");
    let (hub, access) = site.serve().await;
    let cookie = cookies(&login(&hub, "ana", PASSWORD).await);
    let may = |permission| {
        let mut headers = HeaderMap::new();
        headers.insert("cookie", HeaderValue::from_str(&cookie).expect("a cookie"));
        access.authorize(&Method::GET, &headers, permission).is_ok()
    };
    assert!(may(Permission::Approve) && !may(Permission::Propose));

    let operator = [Role::Operator].into_iter().collect();
    site.change(|r| r.set_roles(&name("ana"), operator))
        .expect("set");
    access.look();
    assert!(!may(Permission::Approve) && may(Permission::Propose));

    site.change(|r| r.set_disabled(&name("ana"), true, &mut SystemRandom))
        .expect("set");
    access.look();
    assert!(!may(Permission::View));
    // Enabled again, what ended has ended.
    site.change(|r| r.set_disabled(&name("ana"), false, &mut SystemRandom))
        .expect("set");
    access.look();
    assert!(!may(Permission::View));
    hub.stop().await;
}

/// Nobody tells the hub: it looks by itself.
#[tokio::test]
async fn a_running_hub_notices_within_a_moment() {
    let site = Site::new("");
    let (hub, _) = site.serve().await;
    let cookie = cookies(&login(&hub, "ana", PASSWORD).await);
    site.change(|r| r.set_disabled(&name("ana"), true, &mut SystemRandom))
        .expect("set");
    while who(&hub, &cookie).await != Value::Null {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    hub.stop().await;
}

#[tokio::test]
async fn accounts_that_cannot_be_read_let_nobody_in_and_the_hub_goes_on() {
    let site = Site::new("");
    let (hub, access) = site.serve().await;
    let cookie = cookies(&login(&hub, "ana", PASSWORD).await);
    let good = std::fs::read(site.file().path()).expect("bytes");
    std::fs::write(site.file().path(), &good[..good.len() / 2]).expect("written");
    access.look();

    let answer = login(&hub, "ana", PASSWORD).await;
    assert_eq!(answer.status, 503);
    let me = get_with(hub.address, "/api/me", &[("cookie", &cookie)]).await;
    assert_eq!(me.status, 503);
    assert_eq!(get(hub.address, "/exercise/feed.atom").await.status, 200);
    let state = get(hub.address, "/api/state").await;
    let conditions = value(&state)["conditions"].to_string();
    assert!(
        conditions.contains("accounts cannot be read"),
        "{conditions}"
    );
    assert_eq!(access.approvers(), 0);

    // Repaired, everything is as it was.
    std::fs::write(site.file().path(), &good).expect("written");
    access.look();
    assert_eq!(who(&hub, &cookie).await, "ana");
    let state = get(hub.address, "/api/state").await;
    assert_eq!(value(&state)["conditions"], json!([]));
    hub.stop().await;
}

#[tokio::test]
async fn sessions_outlast_the_hub_and_their_file_opens_nothing() {
    let site = Site::new("");
    let (hub, _) = site.serve().await;
    let cookie = cookies(&login(&hub, "ana", PASSWORD).await);
    hub.stop().await;
    let kept = std::fs::read_to_string(site.scratch.path().join("sessions.json")).expect("kept");
    for secret in cookie.split("; ").filter_map(|pair| pair.split_once('=')) {
        assert!(!kept.contains(secret.1), "a secret is on the disk");
    }
    let (hub, _) = site.serve().await;
    assert_eq!(who(&hub, &cookie).await, "ana");
    hub.stop().await;
    // Damaged, everybody logs in again, and that is all.
    std::fs::write(site.scratch.path().join("sessions.json"), "{").expect("written");
    let (hub, _) = site.serve().await;
    assert_eq!(who(&hub, &cookie).await, Value::Null);
    assert_eq!(login(&hub, "ana", PASSWORD).await.status, 200);
    hub.stop().await;
}

#[tokio::test]
async fn what_is_not_public_is_for_sessions_and_tokens_and_feeds_stay_open() {
    let site = Site::new("require_login_to_view = true");
    let token = site.token("prometheus", Role::Viewer);
    let (hub, access) = site.serve().await;
    for path in ["/api/state", "/events", "/metrics"] {
        let refused = get(hub.address, path).await;
        assert_eq!(
            (refused.status, refused.header("www-authenticate")),
            (401, Some("Bearer")),
            "{path}"
        );
    }
    for path in [
        "/",
        "/app.js",
        "/exercise/feed.atom",
        "/healthz",
        "/readyz",
        "/api/me",
    ] {
        assert_eq!(get(hub.address, path).await.status, 200, "{path}");
    }
    let metrics = get_with(hub.address, "/metrics", &[("authorization", &token)]).await;
    assert_eq!(metrics.status, 200);
    for bad in ["Bearer wf_", "Basic YTpi", "Bearer"] {
        let refused = get_with(hub.address, "/metrics", &[("authorization", bad)]).await;
        assert_eq!(refused.status, 400, "{bad}");
    }
    let unknown = Secret::parse(&"0".repeat(64)).expect("a secret");
    let unknown = format!("Bearer {}", *request::token_text(&unknown));
    let refused = get_with(hub.address, "/metrics", &[("authorization", &unknown)]).await;
    assert_eq!(refused.status, 401);

    // A listener is heard until its session ends, and no longer.
    let cookie = cookies(&login(&hub, "ana", PASSWORD).await);
    let state = get_with(hub.address, "/api/state", &[("cookie", &cookie)]).await;
    assert_eq!(state.status, 200);
    let mut listener = Listener::open_with(hub.address, &format!("cookie: {cookie}")).await;
    assert_eq!(listener.next().await.expect("greeting").0, "hello");
    listener.next_named("clock").await;
    site.change(|r| r.set_disabled(&name("ana"), true, &mut SystemRandom))
        .expect("set");
    access.look();
    while listener.next().await.is_some() {}
    hub.stop().await;
}

#[tokio::test]
async fn an_old_hash_is_renewed_when_its_password_is_entered() {
    let site = Site::new("");
    let old = "$argon2id$v=19$m=8192,t=2,p=1$c29tZXNhbHRzYWx0";
    // Made with the same library and cheaper settings.
    let params = argon2::Params::new(8_192, 2, 1, None).expect("settings");
    let argon2 = argon2::Argon2::from(params);
    let password = "an older shorter";
    let hash = argon2::PasswordHasher::hash_password_with_salt(
        &argon2,
        password.as_bytes(),
        b"somesaltsalt",
    )
    .expect("hashed");
    let phc: String = argon2::password_hash::phc::PasswordHash::to_string(&hash);
    assert!(phc.starts_with(old), "{phc}");
    let hash = Hash::try_from(phc.clone()).expect("a hash");
    site.change(|r| r.set_password(&name("ana"), hash, &mut SystemRandom, now_us()))
        .expect("set");
    let (hub, _) = site.serve().await;
    let cookie = cookies(&login(&hub, "ana", password).await);
    let text = std::fs::read_to_string(site.file().path()).expect("text");
    assert!(
        !text.contains(&phc) && text.contains("m=19456,t=2"),
        "{text}"
    );
    assert_eq!(who(&hub, &cookie).await, "ana");
    assert_eq!(login(&hub, "ana", password).await.status, 200);
    hub.stop().await;
}

#[tokio::test]
async fn a_proxy_names_the_client_and_nobody_else_can() {
    let site = Site::new("proxies = [\"192.0.2.10\", \"192.0.2.11\"]");
    let (hub, access) = site.serve().await;
    let from = |peer: &str, lines: &[&str]| {
        let mut headers = HeaderMap::new();
        for line in lines {
            let line = HeaderValue::from_str(line).expect("a value");
            headers.append("x-forwarded-for", line);
        }
        let peer: IpAddr = peer.parse().expect("an address");
        access.address(peer, &headers).to_string()
    };
    assert_eq!(from("192.0.2.10", &["203.0.113.5"]), "203.0.113.5");
    // The client said the first one, the outer proxy the second, the inner one the third.
    assert_eq!(
        from("192.0.2.10", &["1.1.1.1, 203.0.113.5", "192.0.2.11"]),
        "203.0.113.5"
    );
    assert_eq!(from("192.0.2.10", &["garbage, 203.0.113.5"]), "203.0.113.5");
    assert_eq!(from("192.0.2.10", &[]), "192.0.2.10");
    assert_eq!(from("192.0.2.10", &["unknown"]), "192.0.2.10");
    assert_eq!(from("198.51.100.1", &["203.0.113.5"]), "198.51.100.1");
    hub.stop().await;
}

/// The desk is shown to nobody who has not logged in, and takes nothing from another site's page.
#[tokio::test]
async fn the_desk_is_for_those_who_may() {
    let site = Site::new("");
    let token = site.token("rig", Role::Viewer);
    let (hub, _) = site.serve().await;
    assert_eq!(get(hub.address, "/api/desk").await.status, 401);
    let action = "{\"action\":\"approve\",\"draft\":\"x\"}";
    let ask = async |headers: &[(&str, &str)]| {
        let mut all = vec![JSON];
        all.extend_from_slice(headers);
        post(hub.address, "/api/desk", &all, action).await.status
    };
    assert_eq!(ask(&[]).await, 401);
    let cookie = cookies(&login(&hub, "ana", PASSWORD).await);
    assert_eq!(ask(&[("cookie", &cookie)]).await, 403);
    // Past the door there is no desk in this test.
    assert_eq!(ask(&[("cookie", &cookie), MARK, HERE]).await, 404);
    let look = get_with(hub.address, "/api/desk", &[("authorization", &token)]).await;
    assert_eq!(look.status, 404);
    hub.stop().await;
}

#[tokio::test]
async fn nobody_logs_in_where_nobody_acts() {
    let hub = serve(Mode::Exercise).await;
    let me = value(&get(hub.address, "/api/me").await);
    assert_eq!(
        (&me["name"], &me["accounts"]),
        (&Value::Null, &json!(false))
    );
    assert_eq!(login(&hub, "ana", PASSWORD).await.status, 404);
    assert_eq!(get(hub.address, "/api/state").await.status, 200);
    hub.stop().await;
}
