//! Mail servers: a small one in the test that misbehaves as told, and a real one where Python has it.

mod peer;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cap::{MsgType, Status};
use outlet::deliver::{Encryption, Limits, Mail, Smtp};
use outlet::{Deliver, Issued, Outcome, Parcel, SecretFile};
use peer::{WAIT, alert, chain, dead_port, issued, issued_of};

/// What the server says to a recipient; the k-th time it is named.
type Answers = BTreeMap<&'static str, Vec<&'static str>>;

#[derive(Debug)]
struct Received {
    to: String,
    data: String,
}

struct MailServer {
    address: SocketAddr,
    received: Receiver<Received>,
    connections: Arc<AtomicUsize>,
}

impl MailServer {
    fn start(answers: Answers) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("bound");
        let (tell, received) = channel();
        let answers = Arc::new(Mutex::new(answers));
        let connections = Arc::new(AtomicUsize::new(0));
        let count = connections.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                count.fetch_add(1, Ordering::SeqCst);
                let (tell, answers) = (tell.clone(), answers.clone());
                std::thread::spawn(move || {
                    // A client that goes is its own affair.
                    let _ = talk(stream, &answers, |mail| {
                        let _ = tell.send(mail);
                    });
                });
            }
        });
        Self {
            address,
            received,
            connections,
        }
    }

    fn next(&self) -> Received {
        self.received.recv_timeout(WAIT).expect("a mail")
    }
}

/// RFC 5321, as much as a mail needs.
fn talk(
    stream: TcpStream,
    answers: &Mutex<Answers>,
    mut take: impl FnMut(Received),
) -> std::io::Result<()> {
    let mut out = stream.try_clone()?;
    out.write_all(b"220 test ESMTP\r\n")?;
    let mut lines = BufReader::new(stream).lines();
    let mut to = String::new();
    while let Some(line) = lines.next() {
        let line = line?;
        let command = line.to_ascii_uppercase();
        let answer = if command.starts_with("EHLO") {
            "250-test\r\n250 8BITMIME"
        } else if command.starts_with("RCPT TO:") {
            to = line[8..].trim_matches(['<', '>', ' ']).to_owned();
            let mut answers = answers.lock().expect("answers");
            let says = answers.get_mut(to.as_str()).filter(|a| !a.is_empty());
            says.map_or("250 ok", |a| a.remove(0))
        } else if command == "DATA" {
            out.write_all(b"354 go on\r\n")?;
            let mut data = String::new();
            for line in lines.by_ref() {
                let line = line?;
                if line == "." {
                    break;
                }
                data.push_str(&line);
                data.push('\n');
            }
            take(Received {
                to: to.clone(),
                data,
            });
            "250 taken"
        } else if command == "QUIT" {
            out.write_all(b"221 bye\r\n")?;
            return Ok(());
        } else {
            "250 ok"
        };
        if answer == "hang" {
            std::thread::sleep(WAIT);
            return Ok(());
        }
        out.write_all(format!("{answer}\r\n").as_bytes())?;
    }
    Ok(())
}

fn mail(address: SocketAddr, to: &[&str]) -> Mail {
    Mail {
        host: address.ip().to_string(),
        port: Some(address.port()),
        encryption: Encryption::None,
        ca_file: None,
        login: None,
        from: "Warning centre <warnings@centre.example>".to_owned(),
        to: to.iter().map(|t| (*t).to_owned()).collect(),
        limits: Limits {
            connect: Duration::from_secs(5),
            total: Duration::from_secs(5),
        },
    }
}

fn send(smtp: &mut Smtp, issued: &Issued) -> Outcome {
    smtp.deliver(&Parcel {
        issued,
        xml: &issued.xml,
    })
}

/// The value of a header, unfolded.
fn header(data: &str, name: &str) -> Option<String> {
    let head = data
        .split("\n\n")
        .next()?
        .replace("\n ", " ")
        .replace("\n\t", " ");
    head.lines().find_map(|line| {
        let (key, value) = line.split_once(": ")?;
        key.eq_ignore_ascii_case(name)
            .then(|| value.trim().to_owned())
    })
}

#[test]
fn each_recipient_gets_a_mail_that_people_can_read_with_the_message_attached() {
    let server = MailServer::start(Answers::new());
    let mut smtp = Smtp::new(mail(
        server.address,
        &["duty@a.example", "Fire brigade <112@b.example>"],
    ))
    .expect("mail");
    let issued = issued("urn:oid:1");
    assert_eq!(send(&mut smtp, &issued), Outcome::DELIVERED);
    let mails = [server.next(), server.next()];
    assert_eq!(
        [&*mails[0].to, &*mails[1].to],
        ["duty@a.example", "112@b.example"]
    );
    let data = &mails[0].data;
    assert_eq!(header(data, "Subject").as_deref(), Some("Tsunami warning"));
    assert_eq!(
        header(data, "Auto-Submitted").as_deref(),
        Some("auto-generated")
    );
    let id = header(data, "Message-ID").expect("an id");
    assert_eq!(id, smtp.message_id("urn:oid:1"));
    assert!(id.ends_with("@centre.example>"), "{id}");
    assert_eq!(header(&mails[1].data, "Message-ID"), Some(id));
    assert!(data.contains("A wave of 3 m."), "{data}");
    assert!(data.contains("application/cap+xml"), "{data}");
    assert!(data.contains("urn_oid_1-"), "{data}");
}

#[test]
fn an_exercise_says_so_first_and_updates_follow_their_thread() {
    let server = MailServer::start(Answers::new());
    let mut smtp = Smtp::new(mail(server.address, &["duty@a.example"])).expect("mail");
    send(
        &mut smtp,
        &issued_of(&alert("drill", MsgType::Alert, Status::Exercise)),
    );
    let drill = server.next().data;
    assert_eq!(
        header(&drill, "Subject").as_deref(),
        Some("[EXERCISE] Tsunami warning")
    );
    assert!(drill.contains("*** EXERCISE ***"), "{drill}");
    let chain = chain("e", 1, true);
    for message in &chain {
        assert_eq!(send(&mut smtp, message), Outcome::DELIVERED);
    }
    let mails: Vec<String> = (0..3).map(|_| server.next().data).collect();
    assert_eq!(
        header(&mails[1], "Subject").as_deref(),
        Some("Update: Tsunami warning")
    );
    assert_eq!(
        header(&mails[2], "Subject").as_deref(),
        Some("Cancelled: Tsunami warning")
    );
    assert_eq!(header(&mails[0], "In-Reply-To"), None);
    assert_eq!(
        header(&mails[2], "In-Reply-To"),
        header(&mails[1], "Message-ID")
    );
    assert!(
        header(&mails[2], "References")
            .expect("a thread")
            .contains(&smtp.message_id("e-1"))
    );
}

#[test]
fn a_recipient_that_is_refused_keeps_nobody_from_theirs() {
    let answers = Answers::from([
        (
            "gone@a.example",
            vec!["550 no such user", "550 no such user"],
        ),
        ("later@a.example", vec!["450 greylisted"]),
    ]);
    let server = MailServer::start(answers);
    let to = ["gone@a.example", "later@a.example", "good@a.example"];
    let mut smtp = Smtp::new(mail(server.address, &to)).expect("mail");
    let issued = issued("a");
    match send(&mut smtp, &issued) {
        Outcome::Failed { why, .. } => assert!(why.contains("later@a.example"), "{why}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(server.next().to, "good@a.example");
    // The second attempt is for those who are missing, and for nobody twice.
    match send(&mut smtp, &issued) {
        Outcome::Delivered { remark: Some(why) } => assert!(why.contains("1 of 3"), "{why}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(server.next().to, "later@a.example");
    assert!(server.received.try_recv().is_err());
    // Alone it is a refusal.
    let strict = MailServer::start(Answers::from([(
        "gone@a.example",
        vec!["550 no such user"],
    )]));
    let mut alone = Smtp::new(mail(strict.address, &["gone@a.example"])).expect("mail");
    assert!(matches!(send(&mut alone, &issued), Outcome::Refused { .. }));
}

#[test]
fn a_mail_server_that_is_down_or_hangs_is_tried_again() {
    let dead = SocketAddr::from(([127, 0, 0, 1], dead_port()));
    let mut smtp = Smtp::new(mail(dead, &["duty@a.example"])).expect("mail");
    assert!(matches!(
        send(&mut smtp, &issued("a")),
        Outcome::Failed { .. }
    ));

    let server = MailServer::start(Answers::from([("slow@a.example", vec!["hang"])]));
    let mut settings = mail(server.address, &["good@a.example", "slow@a.example"]);
    settings.limits.total = Duration::from_millis(300);
    // Each read may take long: only the total ends it.
    settings.limits.connect = Duration::from_millis(300);
    let mut smtp = Smtp::new(settings).expect("mail");
    let issued = issued("a");
    let hung = send(&mut smtp, &issued);
    assert!(
        matches!(
            &hung,
            Outcome::Failed {
                may_have_arrived: true,
                ..
            }
        ),
        "{hung:?}"
    );
    assert_eq!(server.next().to, "good@a.example");
    // It goes on with whom it had not reached.
    let mut outcome = send(&mut smtp, &issued);
    for _ in 0..100 {
        if outcome == Outcome::DELIVERED {
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
        outcome = send(&mut smtp, &issued);
    }
    assert_eq!(outcome, Outcome::DELIVERED);
    assert_eq!(server.next().to, "slow@a.example");
    assert!(server.received.try_recv().is_err());
}

#[test]
fn nothing_is_sent_in_the_clear_where_encryption_is_wanted() {
    let server = MailServer::start(Answers::new());
    let mut settings = mail(server.address, &["duty@a.example"]);
    settings.encryption = Encryption::StartTls;
    let mut smtp = Smtp::new(settings).expect("mail");
    let outcome = send(&mut smtp, &issued("a"));
    assert!(!matches!(outcome, Outcome::Delivered { .. }), "{outcome:?}");
    assert_eq!(server.connections.load(Ordering::SeqCst), 1);
    assert!(server.received.try_recv().is_err());
}

#[test]
fn settings_are_checked() {
    let address = SocketAddr::from(([127, 0, 0, 1], 25));
    let sound = || mail(address, &["duty@a.example"]);
    assert_eq!(Smtp::new(sound()).expect("sound").ready(), Ok(()));
    let refused = |change: fn(&mut Mail), word: &str| {
        let mut settings = sound();
        change(&mut settings);
        let why = Smtp::new(settings)
            .and_then(|smtp| smtp.ready())
            .expect_err(word);
        assert!(why.contains(word), "{why}");
    };
    refused(|m| m.from = "centre".to_owned(), "centre");
    refused(|m| m.to = vec!["a b@".to_owned()], "no e-mail address");
    refused(|m| m.to.clear(), "0 addresses");
    refused(|m| m.host = "mail.example".to_owned(), "this machine");
    refused(
        |m| m.login = Some(("u".to_owned(), SecretFile::new("/no/such/file"))),
        "/no/such/file",
    );
    refused(
        |m| {
            m.encryption = Encryption::Implicit;
            m.ca_file = Some("/no/such/ca".into());
        },
        "/no/such/ca",
    );
}

/// aiosmtpd with STARTTLS and a login: another implementation takes what is sent.
#[test]
fn a_real_mail_server_takes_it_over_starttls_with_a_login() {
    let python = std::env::var("WATCHFIRE_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let has = |program: &str, args: &[&str]| {
        let status = Command::new(program)
            .args(args)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        status.is_ok_and(|s| s.success())
    };
    if !has(&python, &["-c", "import aiosmtpd"]) {
        println!(
            "skipped: a real mail server (no Python that has aiosmtpd; name one in WATCHFIRE_PYTHON)"
        );
        return;
    }
    let dir = tempfile::tempdir().expect("a directory");
    let (key, certificate) = (dir.path().join("key.pem"), dir.path().join("crt.pem"));
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-days",
            "2",
        ])
        .args([
            "-subj",
            "/CN=localhost",
            "-addext",
            "subjectAltName=DNS:localhost",
        ])
        .args(["-addext", "basicConstraints=critical,CA:FALSE", "-keyout"])
        .arg(&key)
        .arg("-out")
        .arg(&certificate)
        .stderr(Stdio::null())
        .status();
    if !made.is_ok_and(|s| s.success()) {
        println!("skipped: a real mail server (no openssl that makes a certificate)");
        return;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peer/mail_server.py");
    let child = Command::new(&python)
        .arg(script)
        .arg(&certificate)
        .arg(&key)
        .stdout(Stdio::piped())
        .spawn();
    let mut child = Ended(child.expect("a server"));
    let mut lines = BufReader::new(child.0.stdout.take().expect("piped")).lines();
    let mut line = || lines.next().expect("a line").expect("text");
    let port: u16 = line().parse().expect("a port");

    let password = SecretFile::new(dir.path().join("password"));
    std::fs::write(password.path(), "right\n").expect("written");
    let settings = |ca: bool| Mail {
        host: "localhost".to_owned(),
        port: Some(port),
        encryption: Encryption::StartTls,
        ca_file: ca.then(|| certificate.clone()),
        login: Some(("hub".to_owned(), password.clone())),
        ..mail(
            SocketAddr::from(([127, 0, 0, 1], port)),
            &["duty@a.example"],
        )
    };
    let issued = issued("urn:oid:1");
    let mut smtp = Smtp::new(settings(true)).expect("mail");
    assert_eq!(send(&mut smtp, &issued), Outcome::DELIVERED);
    assert_eq!(line(), "duty@a.example");
    assert_eq!(line(), "Tsunami warning");
    assert_eq!(line(), smtp.message_id("urn:oid:1"));
    // The attachment is the message, byte for byte.
    assert_eq!(line(), "application/cap+xml");
    assert_eq!(line(), issued.xml.len().to_string());
    std::fs::write(password.path(), "wrong\n").expect("written");
    let outcome = send(
        &mut smtp,
        &issued_of(&alert("b", MsgType::Alert, Status::Actual)),
    );
    assert!(matches!(&outcome, Outcome::Blocked { .. }), "{outcome:?}");
    // Without that certificate the server is a stranger.
    let outcome = send(&mut Smtp::new(settings(false)).expect("mail"), &issued);
    assert!(matches!(&outcome, Outcome::Failed { .. }), "{outcome:?}");
}

struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
