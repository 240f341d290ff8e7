//! New firmware from a directory to a board: offered, pulled, verified, tried, confirmed; and what is refused.

mod rig;

use std::path::Path;
use std::process::{Command, Stdio};

use clock::Clock;
use edge::node::NodeReport;
use edge::{Agent, Handle};
use node::{Offer, Role, Settings, UpdateError, UpdateTarget};
use rig::board::Board;
use rig::{config, data_directory, wait_until};
use update::layout::Board as Hardware;
use update::{UpdateKey, UpdateSigner};
use wire::frame::Image;

const KEY: [u8; 32] = [5; 32];

/// Room for an image on the board, which believes one key.
struct Room {
    key: UpdateKey,
    offer: Option<Offer>,
    bytes: Vec<u8>,
    verified: bool,
}

impl UpdateTarget for Room {
    fn begin(&mut self, offer: &Offer) -> Result<u32, UpdateError> {
        let signed = update::Offer {
            board: Hardware::Host as u8,
            version: offer.version,
            security: offer.security,
            length: offer.length,
            digest: offer.digest,
            signature: offer.signature,
        };
        signed
            .verify(&[self.key])
            .map_err(|_| UpdateError::Signature)?;
        if self.offer.as_ref() != Some(offer) {
            self.bytes.clear();
        }
        self.offer = Some(*offer);
        Ok(self.bytes.len() as u32)
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), UpdateError> {
        assert_eq!(offset as usize, self.bytes.len());
        self.bytes.extend(bytes);
        Ok(())
    }

    fn finish(&mut self) -> Result<(), UpdateError> {
        let good = self
            .offer
            .is_some_and(|offer| update::digest(&self.bytes) == offer.digest);
        self.verified = good;
        good.then_some(()).ok_or(UpdateError::Signature)
    }
}

fn room(signer: &UpdateSigner) -> Room {
    Room {
        key: signer.key(),
        offer: None,
        bytes: Vec::new(),
        verified: false,
    }
}

fn image() -> Vec<u8> {
    (0..5_000u32).map(|byte| (byte * 7) as u8).collect()
}

fn put(directory: &Path, name: &str, version: [u8; 3], signer: &UpdateSigner) {
    let file = update::sign(&image(), version, 1, Hardware::Host, signer).unwrap();
    std::fs::write(directory.join(name), file).unwrap();
}

fn hex(key: &[u8; 32]) -> String {
    key.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// An agent without a broker, and a line to it.
async fn agent(
    updates: &Path,
    keys: &[String],
) -> (Handle, tokio::io::DuplexStream, tempfile::TempDir) {
    let (keep, data) = data_directory();
    let mut config = config(&data, 1);
    config.node.push(edge::config::Node {
        key: Some(hex(&KEY)),
        ..rig::node(7)
    });
    config.updates.dir = Some(updates.to_owned());
    config.updates.keys = keys.to_vec();
    let (near, far) = tokio::io::duplex(4096);
    let handle = Agent::start(config, Clock::System, vec![far])
        .await
        .unwrap();
    (handle, near, keep)
}

fn report(handle: &Handle) -> NodeReport {
    handle.stats().nodes.remove(0)
}

fn state(handle: &Handle) -> String {
    report(handle)
        .update
        .map_or("", |update| update.state)
        .to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_board_pulls_a_new_image_tries_it_and_confirms_it() {
    let signer = UpdateSigner::new(&[9; 32]);
    let directory = tempfile::tempdir().unwrap();
    put(directory.path(), "new.wfu", [2, 0, 0], &signer);
    put(directory.path(), "older.wfu", [1, 5, 0], &signer);
    put(
        directory.path(),
        "strange.wfu",
        [3, 0, 0],
        &UpdateSigner::new(&[8; 32]),
    );
    std::fs::write(directory.path().join("cut.wfu"), b"WFUPDATE").unwrap();
    std::fs::write(directory.path().join("notes.txt"), b"nothing").unwrap();
    let (handle, line, _keep) = agent(directory.path(), &[hex(&signer.key().to_bytes())]).await;
    let mut room = room(&signer);
    let mut board = Board::new(7, KEY, &Settings::defaults(Role::Energy));
    board.speak(line, &mut room).await;
    assert!(room.verified && room.bytes == image());
    wait_until("the edge hears of it", || state(&handle) == "verified").await;
    let update = report(&handle).update.unwrap();
    assert_eq!((update.version.as_str(), update.of), ("2.0.0", 5_000));
    handle.shutdown().await;

    // The new image on trial, then confirmed, at an edge that was restarted meanwhile.
    let (handle, line, _keep) = agent(directory.path(), &[]).await;
    let trial = board.restart([2, 0, 0], Image::Trial);
    let running = trial.run(line);
    wait_until("the trial shows", || report(&handle).image == Some("trial")).await;
    assert_eq!(report(&handle).firmware.as_deref(), Some("2.0.0"));
    running.abort();
    handle.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_board_does_not_believe_is_refused_once_and_shown() {
    let signer = UpdateSigner::new(&[9; 32]);
    let directory = tempfile::tempdir().unwrap();
    put(
        directory.path(),
        "strange.wfu",
        [3, 0, 0],
        &UpdateSigner::new(&[8; 32]),
    );
    let (handle, line, _keep) = agent(directory.path(), &[]).await;
    let mut room = room(&signer);
    let mut board = Board::new(7, KEY, &Settings::defaults(Role::Energy));
    tokio::select! {
        () = board.speak(line, &mut room) => panic!("it restarts into what nobody signed"),
        () = wait_until("the refusal", || state(&handle) == "refused_signature") => {}
    }
    assert!(room.bytes.is_empty());
    assert!(handle.stats().conditions.contains(&"node_update_failed"));
    handle.shutdown().await;
}

#[test]
fn a_file_is_checked_from_the_command_line() {
    let signer = UpdateSigner::new(&[9; 32]);
    let directory = tempfile::tempdir().unwrap();
    put(directory.path(), "new.wfu", [2, 0, 0], &signer);
    let configuration = |key: &UpdateSigner| {
        format!(
            "deployment = \"d\"\nedge = \"e\"\ndata_dir = \"x\"\n[updates]\nkeys = [\"{}\"]\n",
            hex(&key.key().to_bytes())
        )
    };
    let path = directory.path();
    std::fs::write(path.join("good.toml"), configuration(&signer)).unwrap();
    std::fs::write(
        path.join("other.toml"),
        configuration(&UpdateSigner::new(&[8; 32])),
    )
    .unwrap();
    let mut damaged = std::fs::read(path.join("new.wfu")).unwrap();
    damaged[1_000] ^= 1;
    std::fs::write(path.join("damaged.wfu"), damaged).unwrap();
    for (arguments, code, said) in [
        (&["new.wfu"][..], 0, "not checked"),
        (&["new.wfu", "--config", "good.toml"], 0, "signature good"),
        (
            &["new.wfu", "--config", "other.toml"],
            2,
            "not signed by a key that is trusted",
        ),
        (&["damaged.wfu"], 2, "damaged"),
        (&["good.toml"], 2, "does not begin with WFUPDATE"),
        (&["missing.wfu"], 2, "No such file"),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_watchfire-edge"))
            .arg("check-update")
            .args(arguments)
            .current_dir(path)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert_eq!(output.status.code(), Some(code), "{text}");
        assert!(text.contains(said), "{said}: {text}");
    }
}
