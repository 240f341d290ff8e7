//! An officer's requests to a whole hub: what is on the desk, how it reads, what is done about it; the map; how the hub is.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use accounts::Role;
use clock::Clock;
use hub::config::Config;
use hub::pipeline::NoSink;
use hub::service::{Options, Service};
use rumqttc::{AsyncClient, Event, MqttOptions, Packet, QoS};
use serde_json::{Value, json};

use super::access::{HERE, JSON, MARK, PASSWORD, add_account, cookies, entry, value};
use super::client::{Answer, get, get_with, post};

/// 2010-02-27T06:34:11Z, microseconds since the Unix epoch.
const ORIGIN: i64 = 1_267_252_451_000_000;
/// Longest that anything is waited for; a test that waits so long has failed.
pub(super) const WAIT: Duration = Duration::from_secs(120);

/// Chile, where a warning needs two officers, with two approvers and an operator.
pub(super) async fn start(dir: &Path, more: &str) -> Service {
    let text = include_str!("../../../configs/chile/hub.toml")
        .replace("\"watchfire-data/chile\"", &format!("{:?}", dir))
        .replace("port = 1883", "port = 0")
        .replace("127.0.0.1:8080", "127.0.0.1:0");
    let gate = "[[gate.rule]]\nlevels = [\"warning\", \"major\"]\napprovals = 2\ndeadline = \"1h\"\nat_deadline = \"hold\"\n";
    let mut config = Config::parse("hub.toml", &format!("{text}\n{gate}{more}")).expect("sound");
    // The first estimate is enough to have something to say.
    config.forecast.as_mut().expect("a grid").model = false;
    for (who, role) in [
        ("ana", Role::Approver),
        ("ben", Role::Approver),
        ("eva", Role::Operator),
    ] {
        add_account(dir, who, role);
    }
    let options = Options {
        config: Arc::new(config),
        clock: Clock::scaled(Clock::System.now_us(), ORIGIN + 300_000_000, 1.0).expect("a pace"),
        sink: Box::new(NoSink),
        ticking: true,
    };
    let mut service = Service::start(options).await.expect("the hub starts");
    service.ready().await;
    service
}

async fn publish(service: &Service, topic: &str, body: &str) {
    let (client, mut events) =
        AsyncClient::new(MqttOptions::new("rig", "127.0.0.1", service.mqtt.1), 8);
    let topic = format!("watchfire/v1/chile/{topic}");
    client
        .publish(topic, QoS::AtLeastOnce, false, body)
        .await
        .expect("queued");
    let taken = async {
        while !matches!(
            events.poll().await.expect("the broker"),
            Event::Incoming(Packet::PubAck(_))
        ) {}
    };
    tokio::time::timeout(WAIT, taken).await.expect("taken");
}

/// The Maule earthquake as its agency tells it.
pub(super) async fn quake(service: &Service, magnitude: f64) {
    let body = json!({
        "type": "Feature", "id": "us1",
        "properties": {"mag": magnitude, "place": "off Maule", "time": ORIGIN / 1_000},
        "geometry": {"type": "Point", "coordinates": [-72.898, -36.122, 22.9]},
    });
    // A hub that is connected may not have subscribed yet: agencies, too, tell more than once.
    let taken = async {
        let known = |event: &hub::event::view::EventView| event.source.magnitude == magnitude;
        while !service.board.read(|view| view.events.iter().any(known)) {
            publish(service, "usgs/quake", &body.to_string()).await;
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    };
    tokio::time::timeout(WAIT, taken).await.expect("an event");
}

/// Somebody who has logged in.
pub(super) struct Officer<'a> {
    hub: &'a Service,
    cookie: String,
}

impl<'a> Officer<'a> {
    pub(super) async fn log_in(hub: &'a Service, who: &str) -> Self {
        let answer = post(hub.http, "/api/login", &[JSON], &entry(who, PASSWORD)).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        Self {
            hub,
            cookie: cookies(&answer),
        }
    }

    pub(super) async fn get(&self, path: &str) -> Answer {
        get_with(self.hub.http, path, &[("cookie", &self.cookie)]).await
    }

    pub(super) async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let headers = [JSON, MARK, HERE, ("cookie", self.cookie.as_str())];
        let answer = post(self.hub.http, path, &headers, &body.to_string()).await;
        (answer.status, value(&answer))
    }

    pub(super) async fn ask(&self, action: Value) -> (u16, Value) {
        self.post("/api/desk", &action).await
    }

    async fn desk(&self) -> Value {
        let answer = self.get("/api/desk").await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        value(&answer)
    }

    /// The draft that waits, or is held until somebody decides, when there is one.
    async fn waiting(&self) -> Option<Value> {
        let desk = self.desk().await;
        let first = desk["drafts"].get(0)?.clone();
        ["waiting", "held"]
            .contains(&first["standing"].as_str()?)
            .then_some(first)
    }

    pub(super) async fn draft(&self) -> Value {
        let found = async {
            loop {
                if let Some(draft) = self.waiting().await {
                    return draft;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(WAIT, found).await.expect("a draft")
    }

    /// Agrees to whatever waits until more messages than so many are out.
    async fn let_out(&self, before: usize) {
        let out = async {
            while sent(self.hub).await <= before {
                if let Some(draft) = self.waiting().await {
                    let (status, said) = self.ask(approve(&draft)).await;
                    assert!([200, 409].contains(&status), "{said}");
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(WAIT, out).await.expect("a message");
    }

    async fn preview(&self, draft: &Value) -> Value {
        let id = draft["id"].as_str().expect("an id");
        let answer = self.get(&format!("/api/desk/preview/{id}")).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        value(&answer)
    }
}

pub(super) fn approve(draft: &Value) -> Value {
    json!({"action": "approve", "draft": draft["id"], "digest": draft["digest"]})
}

pub(super) fn written(more: Value) -> Value {
    let mut message = json!({
        "level": "advisory", "tsunami": true, "zones": ["valparaiso"],
        "words": {
            "en": {"headline": "Stay away from the shore", "text": "Strong currents."},
            "es": {"headline": "Aléjese de la orilla", "text": "Corrientes fuertes."},
        },
    });
    let fields = message.as_object_mut().expect("an object");
    fields.extend(more.as_object().expect("an object").clone());
    message
}

/// How many messages are out.
async fn sent(hub: &Service) -> usize {
    let state = value(&get(hub.http, "/api/state").await);
    state["alerts"].as_array().map_or(0, Vec::len)
}

/// The last message of the feed's list, as CAP.
async fn last(hub: &Service) -> cap::Alert {
    let state = value(&get(hub.http, "/api/state").await);
    let alerts = state["alerts"].as_array().expect("alerts");
    let file = alerts.last().expect("a message")["file"].clone();
    let path = format!("/cap/{}", file.as_str().expect("a name"));
    let (alert, complaints) = cap::read(&get(hub.http, &path).await.body).expect("CAP");
    assert!(complaints.is_empty());
    alert
}

#[tokio::test]
async fn two_officers_read_one_text_sign_it_update_it_and_call_it_back() {
    let dir = tempfile::tempdir().expect("a directory");
    let open = "[accounts]\nrequire_login_to_view = false\n";
    let hub = start(dir.path(), open).await;
    quake(&hub, 8.8).await;
    let ana = Officer::log_in(&hub, "ana").await;
    let draft = ana.draft().await;
    assert_eq!(draft["gate"]["approvals"], 2, "{draft}");

    // Whoever may not look at the desk sees no draft by this way either.
    let path = format!("/api/desk/preview/{}", draft["id"].as_str().expect("an id"));
    assert_eq!(get(hub.http, &path).await.status, 401);
    let wish = json!({"message": written(json!({}))}).to_string();
    let stranger = post(hub.http, "/api/desk/preview", &[JSON], &wish).await;
    assert_eq!(stranger.status, 401);
    let unmarked = [JSON, ("cookie", ana.cookie.as_str())];
    let unmarked = post(hub.http, "/api/desk/preview", &unmarked, &wish).await;
    assert_eq!(unmarked.status, 403, "a form of another site");

    // As each audience reads it.
    let shown = ana.preview(&draft).await;
    assert_eq!(
        (&shown["draft"], &shown["digest"], &shown["level"]),
        (&draft["id"], &draft["digest"], &draft["grade"])
    );
    assert_eq!(
        (&shown["msg_type"], &shown["status"]),
        (&json!("Alert"), &json!("Exercise"))
    );
    let audiences = shown["audiences"].as_array().expect("audiences");
    assert_eq!(audiences.len(), 2);
    for (audience, word) in audiences.iter().zip(["EXERCISE", "SIMULACRO"]) {
        let text = |key: &str| audience[key].as_str().expect("a text").to_owned();
        assert!(text("headline").starts_with(word), "{audience}");
        assert!(!text("description").is_empty() && !text("instruction").is_empty());
        let sms = audience["sms"].as_array().expect("pages");
        assert!(sms[0].as_str().expect("a page").contains(word), "{sms:?}");
    }
    let bulletin = audiences[0]["bulletin"].as_str().expect("a bulletin");
    assert!(bulletin.contains("EVALUATION"), "{bulletin}");
    assert_eq!(audiences[1]["bulletin"], "", "there is one, in English");
    let corners = shown["areas"][0]["polygon"][0].as_array().expect("corners");
    assert!(corners.len() >= 4 && corners.first() == corners.last());

    // Other words than those on the desk are not signed, nor anything without the page's mark.
    let other = json!({"action": "approve", "draft": draft["id"], "digest": "0".repeat(64)});
    let (status, said) = ana.ask(other).await;
    assert_eq!(status, 409);
    assert!(
        said["error"]
            .as_str()
            .expect("why")
            .contains("something else"),
        "{said}"
    );
    let odd = json!({"action": "approve", "draft": draft["id"], "digest": "yes"});
    assert_eq!(ana.ask(odd).await.0, 400);
    assert_eq!(ana.ask(approve(&draft)).await.0, 200);
    assert_eq!(ana.ask(approve(&draft)).await.0, 409, "one person is one");

    // Ben reads what ana signed, and what goes out is what both have read.
    let ben = Officer::log_in(&hub, "ben").await;
    assert_eq!(ben.draft().await["digest"], draft["digest"]);
    let again = ben.preview(&draft).await;
    for key in ["headline", "description", "instruction"] {
        assert_eq!(again["audiences"][0][key], shown["audiences"][0][key]);
    }
    let (status, said) = ben.ask(approve(&draft)).await;
    assert_eq!(status, 200, "{said}");
    let first = last(&hub).await;
    for (info, audience) in first.infos.iter().zip(audiences) {
        assert_eq!(audience["headline"], json!(info.headline));
        assert_eq!(audience["description"], json!(info.description));
        assert_eq!(audience["instruction"], json!(info.instruction));
    }
    let event = first.incidents[0].clone();
    // What is decided is shown as it was proposed; it does not go out again.
    assert_eq!(ana.preview(&draft).await["expires_us"], Value::Null);

    // An operator's update: shown first, which leaves no trace, then written, and signed by two since it takes a warning's place.
    let eva = Officer::log_in(&hub, "eva").await;
    let records = eva.desk().await["records"].clone();
    let message = written(json!({"event": event}));
    let (status, shown) = eva
        .post("/api/desk/preview", &json!({"message": message}))
        .await;
    assert_eq!(status, 200, "{shown}");
    assert_eq!(
        (&shown["msg_type"], &shown["draft"], &shown["event"]),
        (&json!("Update"), &Value::Null, &json!(event))
    );
    let (status, shown) = eva
        .post("/api/desk/preview", &json!({"correct": event}))
        .await;
    assert_eq!(status, 200, "{shown}");
    assert_eq!(
        (&shown["msg_type"], &shown["ending"]),
        (&json!("Cancel"), &json!(true))
    );
    for (wish, status) in [
        (json!({"correct": "nothing"}), 404),
        (
            json!({"message": written(json!({"event": "nothing"}))}),
            404,
        ),
        (
            json!({"message": written(json!({"zones": ["atlantis"]}))}),
            422,
        ),
        (json!({"message": written(json!({"cancels": true}))}), 422),
        (json!({"massage": {}}), 400),
    ] {
        assert_eq!(
            eva.post("/api/desk/preview", &wish).await.0,
            status,
            "{wish}"
        );
    }
    assert_eq!(eva.get("/api/desk/preview/nothing").await.status, 404);
    assert_eq!(eva.desk().await["records"], records, "looking is no act");

    let write = json!({"action": "write", "message": message});
    let (status, said) = eva.ask(write.clone()).await;
    assert_eq!(status, 200, "{said}");
    let update = ana.draft().await;
    assert_eq!(said["draft"], update["id"]);
    assert_eq!(eva.ask(approve(&update)).await.0, 403);
    // Taken back by its author, written anew, refused, and written once more.
    let withdraw = json!({"action": "withdraw", "draft": update["id"]});
    assert_eq!(ana.ask(withdraw.clone()).await.0, 403);
    assert_eq!(eva.ask(withdraw).await.0, 200);
    assert_eq!(ana.ask(approve(&update)).await.0, 409, "withdrawn");
    assert_eq!(eva.ask(write.clone()).await.0, 200);
    let refuse = json!({"action": "refuse", "draft": ana.draft().await["id"], "why": "unclear"});
    assert_eq!(ana.ask(refuse).await.0, 200);
    assert_eq!(eva.ask(write).await.0, 200);
    let update = ana.draft().await;
    assert_eq!(ana.ask(approve(&update)).await.0, 200);
    assert_eq!(ben.ask(approve(&update)).await.0, 200);
    let second = last(&hub).await;
    assert_eq!(second.msg_type, cap::MsgType::Update);
    assert_eq!(second.references[0].identifier, first.identifier);

    // Sent in error: the words that were shown go out.
    let (_, shown) = ana
        .post("/api/desk/preview", &json!({"correct": event}))
        .await;
    let (status, said) = ana.ask(json!({"action": "correct", "event": event})).await;
    assert_eq!(status, 200, "{said}");
    let third = last(&hub).await;
    assert_eq!(third.msg_type, cap::MsgType::Cancel);
    assert_eq!(
        json!(third.infos[0].headline),
        shown["audiences"][0]["headline"]
    );

    // A message of an officer's own, and its cancellation in the officer's words.
    let own = json!({"action": "write", "message": written(json!({}))});
    let before = sent(&hub).await;
    assert_eq!(eva.ask(own).await.0, 200);
    ana.let_out(before).await;
    let event = last(&hub).await.incidents[0].clone();
    let cancel = written(json!({"event": event, "cancels": true}));
    let (_, shown) = eva
        .post("/api/desk/preview", &json!({"message": cancel}))
        .await;
    assert_eq!(shown["msg_type"], "Cancel", "{shown}");
    let before = sent(&hub).await;
    let (status, said) = eva.ask(json!({"action": "write", "message": cancel})).await;
    assert_eq!(status, 200, "{said}");
    ana.let_out(before).await;
    let fourth = last(&hub).await;
    assert_eq!(fourth.msg_type, cap::MsgType::Cancel);
    assert_eq!(
        json!(fourth.infos[1].headline),
        shown["audiences"][1]["headline"]
    );
    hub.stop().await;
}

/// The first officer has signed; then the agency says that the earthquake was greater, and the words are others.
#[tokio::test]
async fn words_that_changed_are_signed_anew_by_both() {
    let dir = tempfile::tempdir().expect("a directory");
    let hub = start(dir.path(), "").await;
    quake(&hub, 8.8).await;
    let ana = Officer::log_in(&hub, "ana").await;
    let ben = Officer::log_in(&hub, "ben").await;
    let draft = ana.draft().await;
    assert_eq!(ana.ask(approve(&draft)).await.0, 200);
    quake(&hub, 9.3).await;
    let newer = async {
        loop {
            let now = ben.draft().await;
            if now["id"] != draft["id"] {
                return now;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let newer = tokio::time::timeout(WAIT, newer)
        .await
        .expect("a newer one");
    assert_eq!(newer["approvals"], json!([]));
    let (status, said) = ben.ask(approve(&draft)).await;
    assert_eq!(status, 409);
    assert!(
        said["error"].as_str().expect("why").contains("newer draft"),
        "{said}"
    );
    assert_eq!(ben.ask(approve(&newer)).await.0, 200);
    assert_eq!(ben.waiting().await.expect("not out")["id"], newer["id"]);
    hub.stop().await;
}

#[tokio::test]
async fn the_map_and_the_hubs_own_state_are_told_to_those_who_may_look() {
    let dir = tempfile::tempdir().expect("a directory");
    let places = dir.path().join("places.csv");
    let text = "id,kind,name,lat,lon,population,capacity\nschool,shelter,High School,-33.05,-71.20,,900\nclinic,hospital,Clinic,-33.05,-71.60,,40\n";
    std::fs::write(&places, text).expect("written");
    let more = format!(
        "[relief]\n[[relief.places]]\nname = \"town\"\nfile = {places:?}\nevery = \"1s\"\n"
    );
    let hub = start(dir.path(), &more).await;
    for path in ["/api/map", "/api/health"] {
        assert_eq!(get(hub.http, path).await.status, 401, "{path}");
    }
    let eva = Officer::log_in(&hub, "eva").await;
    let sheltered = async {
        loop {
            let answer = eva.get("/api/map").await;
            assert_eq!(answer.status, 200, "{}", answer.text());
            let map = value(&answer);
            if map["shelters"][0]["name"] == "High School" {
                let tag = answer.header("etag").expect("a tag").to_owned();
                return (map, tag);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let (map, tag) = tokio::time::timeout(WAIT, sheltered)
        .await
        .expect("shelters");
    assert_eq!(map["shelters"].as_array().map(Vec::len), Some(1));
    assert_eq!(map["shelters"][0]["capacity"], 900);
    let zones = map["zones"].as_array().expect("zones");
    let valparaiso = zones.iter().find(|z| z["id"] == "valparaiso").expect("it");
    assert!(
        valparaiso["coast"][0][0]
            .as_f64()
            .is_some_and(|lat| lat < -30.0)
    );
    assert_eq!(map["levels_m"], json!([0.3, 1.0, 3.0]));
    let extent = |side: &str| map["extent"][side].as_f64().expect("a side");
    assert!(
        extent("west") < 180.0 && extent("east") > 180.0,
        "over the date line"
    );
    assert!(extent("south") < -33.0 && extent("north") > 0.0);
    let known = [("cookie", eva.cookie.as_str()), ("if-none-match", &tag)];
    assert_eq!(get_with(hub.http, "/api/map", &known).await.status, 304);

    // Nobody has heard a station yet: what they would see together, nobody sees now.
    let judged = async {
        loop {
            let coverage = value(&eva.get("/api/health").await)["coverage"].clone();
            if coverage["ready"] == true {
                return coverage;
            }
            let note = coverage["note"].as_str().expect("a note").to_owned();
            assert!(note.contains("being computed"), "{note}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let coverage = tokio::time::timeout(WAIT, judged).await.expect("coverage");
    let valparaiso = |coverage: &Value| {
        let zones = coverage["zones"].as_array().expect("zones");
        let found = zones.iter().find(|z| z["id"] == "valparaiso");
        found.expect("the zone").clone()
    };
    let blind = valparaiso(&coverage);
    assert_eq!(
        (&blind["state"], &blind["lost"]),
        (&json!("blind"), &json!(["32412"]))
    );
    let towards = blind["blind_towards"].as_array().expect("trenches");
    assert!(
        towards.contains(&json!("Kamchatka, Kuril, Japan")),
        "{towards:?}"
    );

    let status = json!({
        "state": "online", "version": "9.9.9", "time": "2010-02-27T06:39:11Z", "outbox": {"depth": 4},
        "nodes": [{"id": 21, "station": "pier", "boot": 7, "silent": true, "traffic": {"gaps": 2, "lost": 5}}],
    });
    publish(&hub, "quay/status", &status.to_string()).await;
    publish(&hub, "quay/status", "{\"state\":").await;
    publish(
        &hub,
        "buoys/json",
        "{\"station\":\"32412\",\"sea_level\":4325.1}",
    )
    .await;
    let told = async {
        loop {
            let health = value(&eva.get("/api/health").await);
            if health["edges"].as_array().is_some_and(|e| e.len() == 2) {
                return health;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let health = tokio::time::timeout(WAIT, told).await.expect("edges");
    let [buoys, quay] = [&health["edges"][0], &health["edges"][1]];
    assert_eq!(
        (&buoys["id"], &buoys["online"]),
        (&json!("buoys"), &Value::Null)
    );
    assert!(buoys["last_us"].is_i64());
    assert_eq!(
        (&quay["online"], &quay["outbox"]),
        (&json!(true), &json!(4))
    );
    assert_eq!(quay["nodes"][0]["node"], "21");
    assert_eq!(quay["nodes"][0]["lost"], 5);
    assert!(health["disk"]["free_bytes"].as_u64() <= health["disk"]["total_bytes"].as_u64());
    assert!(health["disk"]["journal_bytes"].is_u64());
    assert_eq!(health["intake"]["readings"], 1);
    // The buoy off Peru speaks: it sees what comes from across the ocean hours before, and still nothing of what begins before the coast.
    let seen = valparaiso(&health["coverage"]);
    assert_eq!(
        (&seen["state"], &seen["watchers"]),
        (&json!("watched"), &json!(["32412"]))
    );
    assert!(
        seen["lead_min"].as_f64().is_some_and(|lead| lead > 60.0),
        "{seen}"
    );
    let towards = seen["blind_towards"].to_string();
    assert!(
        towards.contains("Chile") && !towards.contains("Japan"),
        "{towards}"
    );
    let refused = health["intake"]["refused"].as_array().expect("reasons");
    let syntax = json!({"reason": "messages_refused: status_syntax", "count": 1});
    assert!(refused.contains(&syntax), "{refused:?}");
    hub.stop().await;
}

/// Each role may do what its permissions say and no more, whatever a page offers: the server says so.
#[tokio::test]
async fn roles_are_checked_by_the_server() {
    let dir = tempfile::tempdir().expect("a directory");
    let hub = start(dir.path(), "").await;
    add_account(dir.path(), "vic", Role::Viewer);
    add_account(dir.path(), "adm", Role::Administrator);
    let approve = json!({"action": "approve", "draft": "none"});
    let refuse = json!({"action": "refuse", "draft": "none"});
    let withdraw = json!({"action": "withdraw", "draft": "none"});
    let correct = json!({"action": "correct", "event": "none"});
    let write = json!({"action": "write", "message": written(json!({"event": "none"}))});
    // Of what is not there: 404 to who may, 403 to who may not.
    for (who, may) in [
        ("vic", [false, false, false, false, false]),
        ("adm", [false, false, false, false, false]),
        ("eva", [false, false, true, false, true]),
        ("ana", [true, true, false, true, false]),
    ] {
        let who = Officer::log_in(&hub, who).await;
        for (action, may) in [&approve, &refuse, &withdraw, &correct, &write]
            .iter()
            .zip(may)
        {
            let (status, said) = who.ask((*action).clone()).await;
            assert_eq!(status, if may { 404 } else { 403 }, "{action}: {said}");
        }
        for path in ["/api/desk", "/api/map", "/api/health", "/api/state"] {
            assert_eq!(who.get(path).await.status, 200, "{path}");
        }
    }
    for path in [
        "/api/desk",
        "/api/map",
        "/api/health",
        "/api/state",
        "/events",
        "/others",
    ] {
        assert_eq!(get(hub.http, path).await.status, 401, "{path}");
    }
    hub.stop().await;
}

/// What others call a station is text and stays text, and every answer tells the browser so.
#[tokio::test]
async fn markup_in_names_is_served_as_data_under_a_policy_that_runs_nothing() {
    let dir = tempfile::tempdir().expect("a directory");
    let hub = start(dir.path(), "[accounts]\nrequire_login_to_view = false\n").await;
    let eva = Officer::log_in(&hub, "eva").await;
    hub.board.timeline(hub::view::TimelineEntry {
        time_us: ORIGIN,
        kind: "note".to_owned(),
        text: "</script><img src=x onerror=alert(1)>".to_owned(),
        compute_ms: None,
        situation: None,
    });
    for (path, kind) in [
        ("/", "text/html; charset=utf-8"),
        ("/api/state", "application/json"),
        ("/api/map", "application/json"),
        ("/api/health", "application/json"),
        ("/api/desk", "application/json"),
        ("/api/desk/preview/%3Cscript%3E", "application/json"),
        ("/api/openapi.json", "application/json"),
        ("/others", "application/json"),
        ("/%3Cscript%3E", "text/plain; charset=utf-8"),
    ] {
        let answer = eva.get(path).await;
        assert_eq!(answer.header("content-type"), Some(kind), "{path}");
        let policy = answer.header("content-security-policy").expect("a policy");
        for part in [
            "default-src 'none'",
            "script-src 'self'",
            "worker-src 'self'",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        ] {
            assert!(policy.split("; ").any(|p| p == part), "{path}: {policy}");
        }
        assert!(
            !policy.contains("unsafe") && !policy.contains('*'),
            "{policy}"
        );
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("x-frame-options"), Some("DENY"));
        assert_eq!(
            answer.header("cross-origin-opener-policy"),
            Some("same-origin")
        );
        let corp = answer.header("cross-origin-resource-policy");
        assert_eq!(
            corp.is_some(),
            path.starts_with("/api/") || path == "/others"
        );
        if kind.starts_with("text/html") {
            assert!(!answer.text().contains("onerror"));
        }
    }
    hub.stop().await;
}
