//! What stands of what others say: chains, ends, expiry, and who may replace what.

mod recorded;

use cap::signature::{Signer, TrustList};
use cap::{Alert, Area, Category, Certainty, Info, MsgType, Severity, Status, Time, Urgency};
use senders::{Ledger, MOST_MESSAGES, Message, Origin, Region, Standing, State, Taken};

const MINUTE_US: i64 = 60_000_000;
const HOUR_US: i64 = 60 * MINUTE_US;
/// 2026-06-01T00:00:00 UTC, when the test keys are valid.
const T0: i64 = 1_780_272_000_000_000;

fn languages() -> Vec<String> {
    vec!["en".to_owned()]
}

fn alert(identifier: &str, minutes: i64) -> Alert {
    let sent = Time::from_us(T0 + minutes * MINUTE_US);
    let mut alert = Alert::new(
        identifier,
        "ntwc@example.org",
        sent,
        Status::Actual,
        MsgType::Alert,
    );
    alert.infos.push(info(Severity::Severe));
    alert
}

fn info(severity: Severity) -> Info {
    let mut info = Info::new(
        "en",
        Category::Geo,
        "Tsunami Warning",
        Urgency::Immediate,
        severity,
        Certainty::Likely,
    );
    info.expires = Some(Time::from_us(T0 + 6 * HOUR_US));
    info.areas.push(Area::new("Coast of X"));
    info
}

fn next(before: &Alert, identifier: &str, minutes: i64, msg_type: MsgType) -> Alert {
    let sent = Time::from_us(T0 + minutes * MINUTE_US);
    let mut next = before.follow(identifier, sent, msg_type);
    next.infos.clone_from(&before.infos);
    next
}

fn origin(feed: &str, host: Option<&str>) -> Origin {
    Origin {
        feed: feed.to_owned(),
        link: None,
        mark: String::new(),
        vouched_by: host.map(str::to_owned),
        received_us: T0,
    }
}

fn trust() -> TrustList {
    TrustList::from_pem(include_str!("../../cap/tests/keys/ca.crt.pem")).unwrap()
}

fn signer() -> Signer {
    Signer::from_pem(
        include_str!("../../cap/tests/keys/p256.key.pem"),
        include_str!("../../cap/tests/keys/p256.crt.pem"),
    )
    .unwrap()
}

fn unsigned(alert: &Alert, feed: &str) -> Message {
    Message::read(alert.to_xml().unwrap(), origin(feed, None), &trust()).unwrap()
}

fn signed(alert: &Alert, feed: &str) -> Message {
    let xml = signer().sign(&alert.to_xml().unwrap()).unwrap();
    Message::read(xml, origin(feed, None), &trust()).unwrap()
}

/// Identifiers of what is shown, with a mark for what has ended.
fn shown(ledger: &Ledger, minutes: i64) -> Vec<String> {
    let all = ledger.shown(T0 + minutes * MINUTE_US, &languages());
    all.iter()
        .map(|s| match s.state {
            State::InForce => s.identifier.clone(),
            State::Ended => format!("{} ended", s.identifier),
        })
        .collect()
}

#[test]
fn a_signature_proves_the_sender_and_https_the_server() {
    let a = alert("a", 0);
    let xml = a.to_xml().unwrap();
    let standing = |xml: &str, host: Option<&str>, trust: &TrustList| {
        Message::read(xml.to_owned(), origin("f", host), trust)
            .unwrap()
            .standing
    };
    let sealed = signer().sign(&xml).unwrap();
    assert_eq!(
        standing(&sealed, None, &trust()),
        Standing::Signed {
            signer: "CN=Watchfire test signer P-256".to_owned()
        }
    );
    assert_eq!(
        standing(&xml, Some("alerts.example"), &trust()),
        Standing::Transport {
            host: "alerts.example".to_owned(),
            signature: None
        }
    );
    assert_eq!(
        standing(&xml, None, &trust()),
        Standing::Unverified { signature: None }
    );
    // Whoever signed it, a changed message is told as changed, also when it came over HTTPS.
    let forged = sealed.replace("Severe", "Minor");
    for host in [None, Some("alerts.example")] {
        for trust in [trust(), TrustList::default()] {
            assert_eq!(standing(&forged, host, &trust).name(), "bad_signature");
        }
    }
    // Signed by somebody unknown: worth as much as unsigned, and said to be.
    match standing(&sealed, None, &TrustList::default()) {
        Standing::Unverified {
            signature: Some(why),
        } => assert!(why.contains("not trusted"), "{why}"),
        other => panic!("{other:?}"),
    }
}

/// What the signature covers is read, not what stands beside it.
#[test]
fn a_message_wrapped_around_a_signed_one_is_not_believed() {
    let sealed = signer().sign(&alert("a", 0).to_xml().unwrap()).unwrap();
    let wrapped = sealed
        .replacen("<info>", &format!("<note>{sealed}</note><info>"), 1)
        .replacen("<identifier>a", "<identifier>b", 1);
    let message = Message::read(wrapped, origin("f", None), &trust()).unwrap();
    assert_eq!(message.standing.name(), "bad_signature");
}

#[test]
fn updates_replace_and_cancellations_end() {
    let mut ledger = Ledger::default();
    let a = alert("a", 0);
    let b = next(&a, "b", 10, MsgType::Update);
    let c = next(&b, "c", 20, MsgType::Cancel);
    assert_eq!(ledger.take(unsigned(&a, "f"), None, T0), Taken::New);
    assert_eq!(ledger.take(unsigned(&a, "f"), None, T0), Taken::Known);
    assert_eq!(shown(&ledger, 0), ["a"]);
    ledger.take(unsigned(&b, "f"), None, T0);
    assert_eq!(shown(&ledger, 0), ["b"]);
    ledger.take(unsigned(&c, "f"), None, T0);
    assert_eq!(shown(&ledger, 20), ["c ended"]);
    // A list that brings the first once more revives nothing.
    assert_eq!(ledger.take(unsigned(&a, "f"), None, T0), Taken::Known);
    assert_eq!(shown(&ledger, 20), ["c ended"]);
    assert_eq!(shown(&ledger, 20 + 24 * 60), [""; 0]);
}

#[test]
fn the_order_of_arrival_does_not_matter() {
    let a = alert("a", 0);
    let b = next(&a, "b", 10, MsgType::Update);
    let c = next(&b, "c", 20, MsgType::Cancel);
    for order in [[&c, &b, &a], [&b, &c, &a], [&c, &a, &b], [&a, &c, &b]] {
        let mut ledger = Ledger::default();
        for message in order {
            ledger.take(unsigned(message, "f"), None, T0);
        }
        assert_eq!(shown(&ledger, 20), ["c ended"]);
    }
}

/// NTWC ends a warning with an Update of urgency Past.
#[test]
fn an_update_with_nothing_ahead_is_an_end() {
    let mut ledger = Ledger::default();
    let a = alert("a", 0);
    let mut b = next(&a, "b", 10, MsgType::Update);
    b.infos[0].urgency = Urgency::Past;
    ledger.take(unsigned(&a, "f"), None, T0);
    ledger.take(unsigned(&b, "f"), None, T0);
    assert_eq!(shown(&ledger, 20), ["b ended"]);
    // A report on what is past is no end of anything.
    let mut report = alert("report", 0);
    report.infos[0].urgency = Urgency::Past;
    ledger.take(unsigned(&report, "f"), None, T0);
    assert_eq!(shown(&ledger, 20), ["report", "b ended"]);
}

#[test]
fn what_is_believed_less_takes_nothing_back() {
    let a = alert("a", 0);
    let cancel = next(&a, "c", 10, MsgType::Cancel);
    let mut ledger = Ledger::default();
    assert_eq!(ledger.take(signed(&a, "f"), None, T0), Taken::New);
    ledger.take(unsigned(&cancel, "f"), None, T0);
    assert_eq!(shown(&ledger, 10), ["a", "c ended"], "both are shown");
    assert_eq!(ledger.take(signed(&cancel, "f"), None, T0), Taken::Stronger);
    assert_eq!(shown(&ledger, 10), ["c ended"]);

    // A bad signature takes back nothing at all, not even what nobody vouches for.
    let mut ledger = Ledger::default();
    ledger.take(unsigned(&a, "f"), None, T0);
    let xml = signer().sign(&cancel.to_xml().unwrap()).unwrap();
    let forged = xml.replace("Severe", "Minor");
    let forged = Message::read(forged, origin("f", None), &trust()).unwrap();
    ledger.take(forged, None, T0);
    assert_eq!(shown(&ledger, 10), ["a", "c ended"]);
    assert_eq!(ledger.doubtful("f", T0 + 10 * MINUTE_US), (1, 0));
}

#[test]
fn an_exercise_touches_nothing_actual() {
    let a = alert("a", 0);
    let mut ledger = Ledger::default();
    ledger.take(unsigned(&a, "f"), None, T0);
    for (status, name) in [
        (Status::Exercise, "x"),
        (Status::Test, "t"),
        (Status::System, "s"),
    ] {
        let mut cancel = next(&a, name, 10, MsgType::Cancel);
        cancel.status = status;
        ledger.take(signed(&cancel, "f"), None, T0);
    }
    let all = ledger.shown(T0 + 10 * MINUTE_US, &languages());
    let actual: Vec<&str> = all
        .iter()
        .filter(|s| s.is_actual())
        .map(|s| s.identifier.as_str())
        .collect();
    assert_eq!(actual, ["a"]);
    assert_eq!(all.len(), 4);
}

/// Another sender of another feed may refer to whatever it likes.
#[test]
fn strangers_take_nothing_back() {
    let a = alert("a", 0);
    let mut cancel = next(&a, "c", 10, MsgType::Cancel);
    cancel.sender = "stranger@example.org".to_owned();
    let mut ledger = Ledger::default();
    ledger.take(unsigned(&a, "f"), None, T0);
    ledger.take(signed(&cancel, "other"), None, T0);
    assert_eq!(shown(&ledger, 10), ["a", "c ended"]);
    // In the same feed somebody speaks for somebody else, as centres do when one takes over from another.
    ledger.take(signed(&cancel, "f"), None, T0);
    let mut ledger = Ledger::default();
    ledger.take(unsigned(&a, "f"), None, T0);
    ledger.take(signed(&cancel, "f"), None, T0);
    assert_eq!(shown(&ledger, 10), ["c ended"]);
}

#[test]
fn one_message_of_two_feeds_is_one_and_two_of_one_name_are_told() {
    let a = alert("a", 0);
    let mut ledger = Ledger::default();
    ledger.take(unsigned(&a, "f"), None, T0);
    assert_eq!(ledger.take(unsigned(&a, "g"), None, T0), Taken::Known);
    let mut other = a.clone();
    other.infos[0].severity = Severity::Minor;
    assert_eq!(
        ledger.take(unsigned(&other, "h"), None, T0),
        Taken::Conflict
    );
    let all = ledger.shown(T0, &languages());
    assert_eq!(
        (all.len(), all[0].feeds.as_slice(), all[0].contested),
        (1, &["f".to_owned(), "g".to_owned()][..], true)
    );
    assert_eq!(
        all[0].parts[0].severity, "Severe",
        "the first of equals stands"
    );
    // What is signed stands against what is not, whichever came first.
    assert_eq!(ledger.take(signed(&other, "h"), None, T0), Taken::Conflict);
    let all = ledger.shown(T0, &languages());
    assert_eq!((all[0].parts[0].severity, all[0].verified), ("Minor", true));
    assert_eq!(ledger.take(unsigned(&a, "f"), None, T0), Taken::Conflict);
    assert!(ledger.shown(T0, &languages())[0].verified);
}

#[test]
fn what_lapses_falls_out_and_a_day_is_assumed() {
    let mut ledger = Ledger::default();
    ledger.take(unsigned(&alert("a", 0), "f"), None, T0);
    let mut open = alert("open", 0);
    open.infos[0].expires = None;
    ledger.take(unsigned(&open, "f"), None, T0);
    assert_eq!(shown(&ledger, 359), ["a", "open"]);
    assert_eq!(shown(&ledger, 360), ["open"]);
    assert!(ledger.pass(T0 + 359 * MINUTE_US, T0 + 360 * MINUTE_US));
    assert!(!ledger.pass(T0 + 360 * MINUTE_US, T0 + 361 * MINUTE_US));
    assert_eq!(shown(&ledger, 24 * 60 - 1), ["open"]);
    assert_eq!(shown(&ledger, 24 * 60), [""; 0]);
    let late = T0 + 7 * HOUR_US;
    assert_eq!(
        ledger.take(unsigned(&alert("late", 0), "f"), None, late),
        Taken::Lapsed
    );
}

#[test]
fn what_is_not_for_everyone_or_not_from_here_is_not_shown() {
    let mut ledger = Ledger::default();
    let mut private = alert("p", 0);
    private.scope = cap::Scope::Private;
    private.addresses = vec!["duty officer".to_owned()];
    assert_eq!(
        ledger.take(unsigned(&private, "f"), None, T0),
        Taken::NotPublic
    );
    let mut draft = alert("d", 0);
    draft.status = Status::Draft;
    assert_eq!(
        ledger.take(unsigned(&draft, "f"), None, T0),
        Taken::NotForPeople
    );
    let ack = next(&alert("a", 0), "k", 1, MsgType::Ack);
    assert_eq!(
        ledger.take(unsigned(&ack, "f"), None, T0),
        Taken::NotForPeople
    );
    let chile = Region {
        south: -40.0,
        west: -80.0,
        north: -20.0,
        east: -66.0,
    };
    let mut alaska = alert("far", 0);
    let area = &mut alaska.infos[0].areas[0];
    area.circles
        .push(cap::Circle::new(cap::Point::new(52.8, -171.3), 10.0));
    assert_eq!(
        ledger.take(unsigned(&alaska, "f"), Some(&chile), T0),
        Taken::Elsewhere
    );
    assert_eq!(
        ledger.take(unsigned(&alert("a", 0), "f"), Some(&chile), T0),
        Taken::New
    );
    assert_eq!(shown(&ledger, 0), ["a"]);
}

/// A feed that lists without end costs no more than its room, and the gravest stay.
#[test]
fn a_flood_leaves_the_gravest() {
    let mut ledger = Ledger::default();
    let mut grave = alert("grave", 0);
    grave.infos[0].severity = Severity::Extreme;
    ledger.take(unsigned(&grave, "f"), None, T0);
    ledger.take(signed(&alert("signed", 0), "f"), None, T0);
    ledger.take(unsigned(&alert("elsewhere", 0), "g"), None, T0);
    for k in 0..2 * MOST_MESSAGES {
        let mut minor = alert(&format!("m{k}"), 1);
        minor.infos[0].severity = Severity::Minor;
        ledger.take(unsigned(&minor, "f"), None, T0);
    }
    let all = shown(&ledger, 1);
    assert_eq!(all.len(), MOST_MESSAGES + 1);
    for kept in ["grave", "signed", "elsewhere"] {
        assert!(all.iter().any(|id| id == kept), "{kept}");
    }
    assert_eq!(
        ledger.let_go(),
        (2 * MOST_MESSAGES + 2 - MOST_MESSAGES) as u64
    );
}

#[test]
fn a_start_knows_what_stood_and_believes_as_the_list_says_today() {
    let dir = std::env::temp_dir().join(format!("senders-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let path = dir.join("others.json");
    assert!(senders::load(&path).unwrap().is_empty(), "none is empty");
    let a = alert("a", 0);
    let b = next(&a, "b", 10, MsgType::Update);
    let mut ledger = Ledger::default();
    for message in [
        signed(&a, "f"),
        signed(&b, "f"),
        unsigned(&alert("gone", 0), "old"),
    ] {
        ledger.take(message, None, T0);
    }
    senders::save(&path, ledger.to_remember()).unwrap();
    let remembered = senders::load(&path).unwrap();
    let restore = |trust: TrustList| {
        let mut ledger = Ledger::default();
        ledger.restore(remembered.clone(), T0, |r| {
            let followed = r.origin.feed == "f";
            followed.then(|| Message::read(r.xml.clone(), r.origin.clone(), &trust).unwrap())
        });
        ledger
    };
    let again = restore(trust());
    assert_eq!(shown(&again, 10), ["b"]);
    assert!(again.shown(T0, &languages())[0].verified);
    let distrusted = restore(TrustList::default());
    assert_eq!(shown(&distrusted, 10), ["b"]);
    assert!(!distrusted.shown(T0, &languages())[0].verified);
    for damaged in ["", "{}", "{\"version\":9,\"messages\":[]}"] {
        std::fs::write(&path, damaged).unwrap();
        assert!(senders::load(&path).is_err(), "{damaged}");
    }
    std::fs::remove_dir_all(dir).unwrap();
}

/// The gravest part speaks, in the language asked for; markup stays text and what is no web address is no link.
#[test]
fn what_is_shown_is_bounded_plain_text() {
    let mut a = alert("a", 0);
    let mut spanish = info(Severity::Extreme);
    spanish.language = "es-CL".to_owned();
    spanish.headline = Some("<script>alert(1)</script>".to_owned());
    spanish.description = Some("x".repeat(5_000));
    spanish.web = Some("javascript:alert(1)".to_owned());
    spanish.areas = (0..40).map(|k| Area::new(format!("Area {k}"))).collect();
    a.infos.push(spanish);
    let mut ledger = Ledger::default();
    ledger.take(unsigned(&a, "f"), None, T0);
    let one = |language: &str| ledger.shown(T0, &[language.to_owned()]).remove(0);
    assert_eq!(one("fr").language, "en");
    let es = one("es");
    assert_eq!((es.language.as_str(), es.parts.len()), ("es-CL", 1));
    assert_eq!(es.headline, "<script>alert(1)</script>");
    assert_eq!((es.description.len(), es.web), (1_003, None));
    assert_eq!((es.parts[0].areas.len(), es.parts[0].areas_more), (12, 28));
}

#[test]
fn recorded_messages_are_taken() {
    let Some(folder) = recorded::recorded("cap/samples") else {
        return;
    };
    let message = |name: &str| {
        let xml = String::from_utf8(std::fs::read(folder.join(name)).unwrap()).unwrap();
        Message::read(xml, origin("ntwc", None), &trust()).unwrap()
    };
    let mut ledger = Ledger::default();
    let information = message("ntwc-2026-09-17-information-OUT-OF-ORDER.cap");
    let at = information.alert.sent.us();
    assert_eq!(ledger.take(information, None, at), Taken::New);
    let warning = message("wcatwc-2011-09-02-warning.cap");
    let at = warning.alert.sent.us();
    assert_eq!(ledger.take(warning, None, at), Taken::New);
    let shown = ledger.shown(at, &languages());
    assert!(shown[0].parts[0].event.contains("Tsunami"), "{shown:?}");
    let end = message("wcatwc-2013-01-05-update-is-cancellation.cap");
    let at = end.alert.sent.us();
    assert_eq!(ledger.take(end, None, at), Taken::New);
    let ended: Vec<_> = ledger
        .shown(at, &languages())
        .into_iter()
        .filter(|s| s.state == State::Ended)
        .collect();
    assert_eq!(ended.len(), 1);
    assert!(
        ended[0].complaints.iter().any(|c| c.contains("expires")),
        "{ended:?}"
    );
}
