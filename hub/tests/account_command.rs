//! `watchfire account` and `watchfire token` on a deployment's directory, and a hub that runs there.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

const PASSWORD: &str = "llueve mansamente en quellón";

struct Site(tempfile::TempDir);

impl Site {
    fn new() -> Self {
        let scratch = tempfile::tempdir().expect("a directory");
        let text = "deployment = \"rig\"\ntitle = \"Rig\"\nmode = \"exercise\"\ndata_dir = \"data\"\n\
            [sender]\nid = \"rig@example.org\"\nname = \"Rig\"\n\
            [broker]\nport = 0\n[http]\nlisten = \"127.0.0.1:0\"\n";
        std::fs::write(scratch.path().join("hub.toml"), text).expect("written");
        Self(scratch)
    }

    fn program(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_watchfire"));
        command
            .current_dir(self.0.path())
            .env_remove("RUST_LOG")
            .env_remove("WATCHFIRE_CLOCK");
        command
    }

    /// Runs a command with this on its standard input.
    fn run(&self, words: &[&str], input: &str) -> Output {
        let mut child = self
            .program()
            .args(words)
            .args(["--config", "hub.toml"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("started");
        let mut stdin = child.stdin.take().expect("standard input");
        // A command that reads nothing may be gone already.
        let _ = stdin.write_all(input.as_bytes());
        drop(stdin);
        child.wait_with_output().expect("ended")
    }

    /// What it prints when it succeeds.
    fn done(&self, words: &[&str], input: &str) -> String {
        let output = self.run(words, input);
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        assert!(output.status.success(), "{words:?}: {out}{err}");
        out
    }

    /// What it complains of when it does not.
    fn refused(&self, words: &[&str], input: &str) -> String {
        let output = self.run(words, input);
        assert_eq!(output.status.code(), Some(2), "{words:?}");
        assert!(output.stdout.is_empty(), "{words:?}");
        text(&output.stderr)
    }

    fn add(&self, name: &str, role: &str) -> String {
        let words = ["account", "add", name, "--role", role, "--password-stdin"];
        self.done(&words, &format!("{PASSWORD}\n"))
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn accounts_are_made_changed_and_listed() {
    let site = Site::new();
    assert_eq!(site.add("ana", "approver"), "account ana added: approver\n");
    let again = [
        "account",
        "add",
        "ana",
        "--role",
        "viewer",
        "--password-stdin",
    ];
    assert!(site.refused(&again, PASSWORD).contains("never given twice"));
    let weak = [
        "account",
        "add",
        "beto",
        "--role",
        "viewer",
        "--password-stdin",
    ];
    assert!(site.refused(&weak, "short\n").contains("at least 15"));
    assert!(
        site.refused(&weak, "beto watchfire 12345678\n")
            .contains("everybody tries")
    );
    let unasked = ["account", "add", "beto", "--role", "viewer"];
    assert!(
        site.refused(&unasked, PASSWORD)
            .contains("--password-stdin")
    );
    let odd = [
        "account",
        "add",
        "Beto",
        "--role",
        "viewer",
        "--password-stdin",
    ];
    assert!(site.refused(&odd, PASSWORD).contains("a-z"));
    let role = ["account", "roles", "ana", "chief"];
    assert!(
        site.refused(&role, "")
            .contains("there are viewer, operator, approver")
    );

    site.done(&["account", "roles", "ana", "operator", "approver"], "");
    site.done(&["account", "disable", "ana"], "");
    let list = site.done(&["account", "list"], "");
    assert!(
        list.contains("disabled") && list.contains("operator,approver"),
        "{list}"
    );
    site.done(&["account", "enable", "ana"], "");
    let new = ["account", "password", "ana", "--password-stdin"];
    site.done(&new, "otra noche sin luna en chiloé\n");
    assert!(
        site.refused(&["account", "disable", "eva"], "")
            .contains("no account eva")
    );
    let kept = std::fs::read_to_string(site.0.path().join("data/accounts.json")).expect("kept");
    assert!(!kept.contains(PASSWORD) && kept.contains("$argon2id$v=19$m=19456,t=2,p=1$"));
}

#[test]
fn tokens_are_printed_once_and_never_approve() {
    let site = Site::new();
    let words = [
        "token",
        "add",
        "rig",
        "--role",
        "operator",
        "--scope",
        "propose",
        "--expires",
        "30d",
    ];
    let token = site.done(&words, "");
    let digits = token.strip_prefix("wf_").expect("the prefix").trim_end();
    assert_eq!(digits.len(), 64);
    let kept = std::fs::read_to_string(site.0.path().join("data/accounts.json")).expect("kept");
    assert!(!kept.contains(digits));
    let list = site.done(&["token", "list"], "");
    assert!(
        list.contains("rig") && list.contains("propose") && !list.contains("exercise"),
        "{list}"
    );
    let approve = ["token", "add", "robot", "--role", "approver"];
    assert!(site.refused(&approve, "").contains("cannot be approver"));
    let long = [
        "token",
        "add",
        "robot",
        "--role",
        "viewer",
        "--expires",
        "3000d",
    ];
    assert!(site.refused(&long, "").contains("two years"));
    let wide = [
        "token", "add", "robot", "--role", "viewer", "--scope", "propose",
    ];
    assert!(site.refused(&wide, "").contains("scope"));
    site.done(&["token", "revoke", "rig"], "");
    assert!(!site.done(&["token", "list"], "").contains("rig"));
}

#[test]
fn the_accounts_of_another_deployment_are_left_alone() {
    let site = Site::new();
    let data = site.0.path().join("data");
    std::fs::create_dir(&data).expect("made");
    let owner = "{\"deployment\":\"rig\",\"mode\":\"actual\"}";
    std::fs::write(data.join("owner.json"), owner).expect("written");
    let words = [
        "account",
        "add",
        "ana",
        "--role",
        "viewer",
        "--password-stdin",
    ];
    assert!(site.refused(&words, PASSWORD).contains("in mode actual"));
    assert!(!data.join("accounts.json").exists());
}

/// A running hub, killed at the end.
struct Hub(Child, std::net::SocketAddr);

impl Drop for Hub {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Hub {
    fn start(site: &Site, log: &Path) -> Self {
        let child = site
            .program()
            .args(["--log", "json", "run", "--config", "hub.toml"])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("started");
        // Ours to end from here on, whatever fails.
        let mut hub = Self(child, std::net::SocketAddr::from(([127, 0, 0, 1], 0)));
        let stderr = hub.0.stderr.take().expect("standard error");
        let mut lines = BufReader::new(stderr).lines();
        let mut log = std::fs::File::create(log).expect("a file");
        loop {
            let line = lines.next().expect("it runs").expect("text");
            writeln!(log, "{line}").expect("written");
            if let Some((_, rest)) = line.split_once("\"page\":\"http://") {
                let address = rest.split('/').next().expect("an address");
                hub.1 = address.parse().expect("an address");
                break;
            }
        }
        // Read on, so that the hub never waits for us.
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let _ = writeln!(log, "{line}");
            }
        });
        hub
    }

    fn send(&self, head: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(self.1).expect("connected");
        let length = body.len();
        write!(
            stream,
            "{head}\r\nhost: {}\r\ncontent-length: {length}\r\n\r\n{body}",
            self.1
        )
        .expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        answer
    }

    fn login(&self, name: &str, password: &str) -> String {
        let body = format!("{{\"name\":\"{name}\",\"password\":\"{password}\"}}");
        self.send(
            "POST /api/login HTTP/1.0\r\ncontent-type: application/json",
            &body,
        )
    }
}

/// The first account is made while the hub runs, logs in at once, and is out a moment after it is disabled.
#[test]
fn a_running_hub_takes_the_accounts_as_they_are() {
    let site = Site::new();
    let log = site.0.path().join("hub.log");
    let hub = Hub::start(&site, &log);
    assert!(hub.login("ana", PASSWORD).starts_with("HTTP/1.0 401 "));
    site.add("ana", "approver");
    let answer = hub.login("ana", PASSWORD);
    assert!(answer.starts_with("HTTP/1.0 200 "), "{answer}");
    let cookie = answer
        .lines()
        .filter_map(|line| line.strip_prefix("set-cookie: "))
        .find_map(|set| set.split(';').next())
        .expect("a cookie")
        .to_owned();
    let me = || hub.send(&format!("GET /api/me HTTP/1.0\r\ncookie: {cookie}"), "");
    assert!(me().contains("\"name\":\"ana\""));
    site.done(&["account", "disable", "ana"], "");
    while me().contains("\"name\":\"ana\"") {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    drop(hub);
    let log = std::fs::read_to_string(log).expect("the log");
    for line in [
        "there is no account yet",
        "accounts: account ana added: approver",
        "logged in",
        "accounts: account ana disabled",
    ] {
        assert!(log.contains(line), "{line}: {log}");
    }
    for secret in [PASSWORD, "quell", &cookie[cookie.len() - 64..]] {
        assert!(!log.contains(secret), "the log has a secret");
    }
}
