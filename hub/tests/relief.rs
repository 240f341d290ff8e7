//! The relief picture over real messages, files, sockets and HTTP: what the core composes, what a Sahana answers, what a browser gets.

#[path = "http/client.rs"]
#[allow(dead_code, reason = "this test fetches, it does not stream")]
mod client;

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use clock::Clock;
use hub::alert::Published;
use hub::assess;
use hub::config::Config;
use hub::core::{Core, Output};
use hub::service;
use hub::view::{AlertView, Board, Latest, ReliefView, StationState, StationView, View};
use tokio::sync::oneshot;

const MINUTE: i64 = 60_000_000;
/// 2010-02-27T06:34:11Z.
const ORIGIN: i64 = 1_267_252_451_000_000;
const CHILE: &str = include_str!("../../configs/chile/hub.toml");
/// Longest that anything is waited for; a test that waits so long has failed.
const WAIT: Duration = Duration::from_secs(60);

/// Chile with made-up places near Valparaíso: a made-up town of 1,200, a road of 60 km inland, two shelters.
fn config(dir: &Path, sahana: Option<&str>) -> Arc<Config> {
    std::fs::write(
        dir.join("town.csv"),
        "id,kind,name,lat,lon,population,capacity\n\
         cell-1,population,,-33.05,-71.60,1000,\n\
         cell-2,population,,-33.06,-71.61,200.5,\n\
         clinic,hospital,Clinic,-33.05,-71.60,,40\n\
         bad,castle,Castle,-33.05,-71.60,,\n\
         high-school,shelter,High School,-33.05,-71.20,,900\n",
    )
    .expect("written");
    std::fs::write(
        dir.join("roads.geojson"),
        r#"{"type":"FeatureCollection","features":[
            {"type":"Feature","properties":{"segment":"ruta-68","name":"Ruta 68","speed_kmh":90,"bridge":"yes"},
             "geometry":{"type":"LineString","coordinates":[[-71.61,-33.06],[-71.60,-33.05],[-71.20,-33.05]]}}]}"#,
    )
    .expect("written");
    let at = dir.display();
    let sahana = sahana
        .map(|url| {
            format!("[[relief.places]]\nname = \"sahana\"\nurl = \"{url}/shelter.s3xml\"\nevery = \"1s\"\n")
        })
        .unwrap_or_default();
    let text = format!(
        "{CHILE}\n[relief]\nevery = \"5s\"\n\
         [[relief.places]]\nname = \"town\"\nfile = \"{at}/town.csv\"\nevery = \"1s\"\n{sahana}\
         [[relief.roads]]\nname = \"roads\"\nfile = \"{at}/roads.geojson\"\nevery = \"1s\"\n\
         [[relief.traffic]]\nstation = \"av-errazuriz\"\nsegments = [\"ruta-68\"]\n"
    );
    let mut config = Config::parse("hub.toml", &text).expect("sound");
    config.forecast.as_mut().expect("a grid").model = false;
    Arc::new(config)
}

/// What the core says about an earthquake off Chile, and what it says when the agency deletes it.
fn messages(config: &Arc<Config>) -> Vec<Published> {
    let ocean = service::ocean(config).expect("a grid");
    let mut core = Core::new(config.clone(), ocean);
    let mut told = Vec::new();
    for (after_us, extra) in [(5 * MINUTE, ""), (9 * MINUTE, r#","status":"deleted""#)] {
        let document = format!(
            r#"{{"type":"Feature","id":"us1","properties":{{"mag":8.8,"place":"off Maule","time":{}{extra}}},"geometry":{{"type":"Point","coordinates":[-72.898,-36.122,22.9]}}}}"#,
            ORIGIN / 1_000
        );
        let mut outputs = core.quake(document.as_bytes(), ORIGIN + after_us);
        outputs.extend(core.finish(ORIGIN + after_us));
        told.extend(outputs.into_iter().filter_map(|o| match o {
            Output::Publish(message) => Some(message),
            _ => None,
        }));
    }
    told
}

struct Rig {
    config: Arc<Config>,
    clock: Clock,
    board: Arc<Board>,
    running: assess::Running,
    stop: Option<oneshot::Sender<()>>,
    web: tokio::task::JoinHandle<()>,
    address: SocketAddr,
}

impl Rig {
    async fn start(config: Arc<Config>) -> Self {
        let clock = Clock::manual(ORIGIN + 5 * MINUTE);
        let board = Board::new(&config.deployment, &config.title, config.mode);
        board.update(|v| v.ready = true);
        let running = assess::start(&config, &clock, &board)
            .expect("starts")
            .expect("has [relief]");
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("binds");
        let address = listener.local_addr().expect("bound");
        let (stop, stopped) = oneshot::channel::<()>();
        let served = board.clone();
        let web = tokio::spawn(async move {
            let until = async {
                let _ = stopped.await;
            };
            hub::http::serve(
                served,
                None,
                listener,
                hub::http::Settings::new("", "x"),
                until,
            )
            .await
            .expect("serves");
        });
        Self {
            config,
            clock,
            board,
            running,
            stop: Some(stop),
            web,
            address,
        }
    }

    fn issue(&self, message: &Published) {
        self.board.alert(AlertView::from(message));
        self.running.assessor.issued();
    }

    /// Waits until the board is as wanted.
    async fn until<R>(&self, what: &str, wanted: impl Fn(&View) -> Option<R>) -> R {
        let found = async {
            loop {
                if let Some(found) = self.board.read(&wanted) {
                    return found;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(WAIT, found).await.unwrap_or_else(|_| {
            panic!(
                "{what}: {:?}",
                self.board
                    .read(|v| (v.conditions.clone(), v.relief.clone()))
            )
        })
    }

    /// Waits for an assessment as wanted.
    async fn assessed(&self, what: &str, wanted: impl Fn(&ReliefView) -> bool) -> ReliefView {
        self.until(what, |v| {
            v.relief.as_ref()?.iter().find(|r| wanted(r)).cloned()
        })
        .await
    }

    fn json(relief: &ReliefView) -> serde_json::Value {
        serde_json::from_slice(&relief.documents.geojson).expect("JSON")
    }

    async fn stop(mut self) {
        self.running.stop().await;
        drop(self.stop.take());
        self.web.await.expect("ends");
    }
}

fn feature<'a>(all: &'a serde_json::Value, id: &str) -> &'a serde_json::Value {
    all["features"]
        .as_array()
        .and_then(|f| f.iter().find(|f| f["properties"]["id"] == id))
        .map(|f| &f["properties"])
        .unwrap_or_else(|| panic!("no {id} in {all}"))
}

fn traffic(time_us: i64, km_h: f64, state: StationState) -> StationView {
    let latest = Latest {
        value: km_h,
        unit: "km/h",
        time_us,
        quality: 0,
    };
    StationView {
        id: "av-errazuriz".to_owned(),
        name: String::new(),
        lat: -33.041,
        lon: -71.611,
        domain: "traffic",
        state,
        latest: [("speed", latest)].into(),
        finding: String::new(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issued_message_is_assessed_renewed_and_served() {
    let dir = tempfile::tempdir().expect("a folder");
    let rig = Rig::start(config(dir.path(), None)).await;
    let messages = messages(&rig.config);
    let [first, .., last] = &messages[..] else {
        panic!("{messages:?}");
    };
    assert_eq!(
        (first.msg_type.as_str(), last.msg_type.as_str()),
        ("Alert", "Cancel")
    );
    let empty = client::get(rig.address, "/relief/").await;
    assert_eq!(empty.status, 200);
    assert!(
        empty.text().contains("not an all-clear"),
        "{}",
        empty.text()
    );

    rig.issue(first);
    let made = rig
        .assessed("by road", |r| {
            r.people == Some(1_201) && Rig::json(r)["assessment"]["by_road"] == true
        })
        .await;
    assert_eq!(made.to_evacuate, Some(1_201));
    assert_eq!((made.hospitals, made.bridges_on_ways), (1, 1));
    assert_eq!(made.message, first.identifier);
    let all = Rig::json(&made);
    // Other zones have no population data: the total is a lower bound, and the report says where nothing is known.
    assert!(!made.all_known);
    assert_eq!(all["assessment"]["total"]["people_is"], "at_least");
    assert_eq!(feature(&all, "valparaiso")["people"], 1_201);
    assert!(feature(&all, "antofagasta")["people"].is_null());
    assert_eq!(feature(&all, "high-school")["promised"], 900);
    let town = &all["assessment"]["sources"][0];
    assert!(
        town["told"]
            .as_str()
            .expect("words")
            .contains("1 refused (1 kind)"),
        "{town}"
    );
    let drive_s = feature(&all, "clinic")["travel_s"].as_f64().expect("a way");
    assert!((drive_s - 37_285.0 / 25.0).abs() < 10.0, "{drive_s}");

    // Traffic slows down to 36 km/h, and the way takes two and a half times as long.
    let now_us = rig.clock.now_us();
    rig.board
        .station(traffic(now_us, 36.0, StationState::Finding));
    let slower = rig
        .assessed("slower", |r| Rig::json(r)["assessment"]["speeds_used"] == 1)
        .await;
    let jam_s = feature(&Rig::json(&slower), "clinic")["travel_s"]
        .as_f64()
        .expect("a way");
    assert!((jam_s / drive_s - 2.5).abs() < 0.01, "{jam_s}");
    assert!(slower.number > made.number);
    // A station that is silent tells nothing of now.
    rig.board
        .station(traffic(now_us, 36.0, StationState::Unknown));
    rig.assessed("silent", |r| {
        r.number > slower.number && Rig::json(r)["assessment"]["speeds_used"] == 0
    })
    .await;

    // A shelter fills up.
    let table = std::fs::read_to_string(dir.path().join("town.csv")).expect("read");
    std::fs::write(
        dir.path().join("town.csv"),
        table.replace(",,900", ",,1500"),
    )
    .expect("written");
    let more = rig
        .assessed("more room", |r| r.capacity_lacking == Some(0))
        .await;
    // Time passes.
    rig.clock.advance_to(rig.clock.now_us() + 10 * MINUTE);
    let later = rig
        .assessed("later", |r| {
            r.number > more.number && r.made_us > more.made_us
        })
        .await;
    let left = |r: &ReliefView| {
        feature(&Rig::json(r), "clinic")["left_s"]
            .as_i64()
            .expect("known")
    };
    assert_eq!(left(&more) - left(&later), 600);

    let event = &first.event;
    for (form, media_type, word) in [
        ("html", "text/html; charset=utf-8", "EXERCISE EXERCISE"),
        ("geojson", "application/geo+json", "\"mode\":\"Exercise\""),
        ("csv", "text/csv; charset=utf-8", "#inneed+shelter"),
        ("places.csv", "text/csv; charset=utf-8", "#geo+lat"),
        (
            "edxl.xml",
            "application/xml",
            "<distributionStatus>Exercise<",
        ),
    ] {
        let answer = client::get(rig.address, &format!("/relief/{event}.{form}")).await;
        assert_eq!(answer.status, 200, "{form}");
        assert_eq!(answer.header("content-type"), Some(media_type));
        assert!(answer.text().contains(word), "{form}: {}", answer.text());
        let policy = answer.header("content-security-policy").expect("a policy");
        assert!(
            policy.contains("default-src 'none'") && policy.contains("style-src 'sha256-"),
            "{policy}"
        );
    }
    assert_eq!(
        client::get(rig.address, "/relief/nothing.html")
            .await
            .status,
        404
    );
    assert_eq!(client::get(rig.address, "/relief/x.exe").await.status, 404);
    let state = client::get(rig.address, "/api/state").await;
    let state: serde_json::Value = serde_json::from_slice(&state.body).expect("JSON");
    assert_eq!(state["relief"][0]["page"], format!("relief/{event}.html"));
    assert!(state["relief"][0].get("documents").is_none());
    let index = client::get(rig.address, "/relief/").await;
    assert!(
        index.text().contains(&format!("{event}.html")),
        "{}",
        index.text()
    );

    // The rest of the chain, as it would be issued.
    for message in &messages[1..] {
        rig.issue(message);
    }
    let over = rig.assessed("over", |r| r.over).await;
    assert_eq!((over.zones, over.people), (0, None));
    assert!(String::from_utf8_lossy(&over.documents.page).contains("cancelled"));
    assert!(String::from_utf8_lossy(&over.documents.edxl).contains("<distributionType>Cancel<"));
    rig.stop().await;
}

/// Answers every request with what is in the cell: the body, or 503 for none.
fn sahana(body: &Arc<Mutex<Option<String>>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    let body = Arc::downgrade(body);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            // Ends with the test that holds the cell.
            let (Ok(mut stream), Some(body)) = (stream, body.upgrade()) else {
                return;
            };
            for line in BufReader::new(&stream).lines() {
                if line.is_ok_and(|l| l.is_empty()) {
                    break;
                }
            }
            let answer = match &*body.lock().expect("no panic") {
                Some(body) => format!(
                    "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                    body.len()
                ),
                None => "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_owned(),
            };
            // The client may have gone.
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    url
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_fails_is_a_condition_and_its_last_places_stay() {
    let record = |capacity: u32| {
        format!(
            r#"<s3xml><resource name="cr_shelter" uuid="urn:uuid:gym"><data field="name">Gym</data><data field="capacity" value="{capacity}">x</data><data field="status" value="2">Open</data><reference field="location_id" resource="gis_location" uuid="l" lat="-33.05" lon="-71.20"/></resource></s3xml>"#
        )
    };
    let body = Arc::new(Mutex::new(Some(record(100))));
    let url = sahana(&body);
    let dir = tempfile::tempdir().expect("a folder");
    let rig = Rig::start(config(dir.path(), Some(&url))).await;
    let first = messages(&rig.config).remove(0);
    rig.issue(&first);
    let before = rig
        .assessed("with the gym", |r| {
            r.capacity_lacking == Some(201) && r.people == Some(1_201)
        })
        .await;
    assert_eq!(
        feature(&Rig::json(&before), "urn:uuid:gym")["status"],
        "open"
    );

    // A login page instead of records.
    *body.lock().expect("no panic") = Some("<html><body>Please log in</body></html>".to_owned());
    let text = rig
        .until("unreadable", |v| {
            let found = v
                .conditions
                .iter()
                .find(|c| c.code == "relief_source_unreadable_sahana");
            found.map(|c| c.text.clone())
        })
        .await;
    assert!(text.contains("last is still used"), "{text}");
    // Asked for again after a while, as it is now.
    rig.clock.advance_to(rig.clock.now_us() + MINUTE);
    let after = rig
        .assessed("still the gym", |r| {
            r.number > before.number
                && String::from_utf8_lossy(&r.documents.page)
                    .contains("its last answer cannot be read")
        })
        .await;
    assert_eq!(after.capacity_lacking, Some(201));

    // Back, and larger; the condition goes.
    *body.lock().expect("no panic") = Some(record(301));
    rig.assessed("larger", |r| r.capacity_lacking == Some(0))
        .await;
    rig.until("clear", |v| {
        v.conditions
            .iter()
            .all(|c| !c.code.starts_with("relief_source"))
            .then_some(())
    })
    .await;
    // An answer without any record is an answer, and is seen.
    *body.lock().expect("no panic") = Some("<s3xml/>".to_owned());
    rig.until("empty", |v| {
        v.conditions
            .iter()
            .any(|c| c.code == "relief_source_empty_sahana")
            .then_some(())
    })
    .await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_issued_before_a_start_is_assessed_after_it() {
    let dir = tempfile::tempdir().expect("a folder");
    let config = config(dir.path(), None);
    let first = messages(&config).remove(0);
    let clock = Clock::manual(ORIGIN + 6 * MINUTE);
    let board = Board::new(&config.deployment, &config.title, config.mode);
    board.alert(AlertView::from(&first));
    let running = assess::start(&config, &clock, &board)
        .expect("starts")
        .expect("has [relief]");
    let found = async {
        while board.read(|v| v.relief.as_ref().is_none_or(Vec::is_empty)) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(WAIT, found).await.expect("assessed");
    running.stop().await;
}

#[test]
fn a_deployment_without_relief_starts_nothing() {
    let config = Arc::new(Config::parse("hub.toml", CHILE).expect("sound"));
    let board = Board::new("chile", "Chile", config.mode);
    let started = assess::start(&config, &Clock::System, &board).expect("nothing to do");
    assert!(started.is_none());
    assert!(board.read(|v| v.relief.is_none()));
}
