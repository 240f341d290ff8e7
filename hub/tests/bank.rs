//! `watchfire bank` as people run it: built, interrupted in every way, shown; and what it says to mistakes.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use bank::Bank;
use ocean::response::ResponseTable;

/// A bank that takes some seconds.
const SMALL: &str = r#"
title = "Luzon"
grid = "southchinasea_5min"
duration = "3h"
step = "1m"

[area]
west = 108.0
south = 8.0
east = 122.0
north = 23.0

[unit]
length_km = 100
width_km = 50
rows = 2

[[trench]]
id = "manila"
from = [15.0, 119.1]
to = [18.3, 119.2]

[[sensor]]
id = "middle"
name = "Middle of the sea"
lat = 16.0
lon = 115.0
[[sensor]]
id = "west"
lat = 14.2
lon = 112.3

[[point]]
id = "san-fernando"
name = "San Fernando"
lat = 16.61
lon = 120.30
[[point]]
id = "vigan"
lat = 17.54
lon = 120.37
[[point]]
id = "hong-kong"
lat = 22.25
lon = 114.17
[[point]]
id = "nha-trang"
lat = 12.24
lon = 109.20
[[point]]
id = "laoag"
lat = 17.99
lon = 120.49
[[point]]
id = "subic"
lat = 14.80
lon = 120.27
"#;
const RECEIVERS: usize = 8;

struct Site {
    folder: tempfile::TempDir,
}

impl Site {
    fn new(config: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("bank.toml"), config).unwrap();
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn build(&self, out: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_watchfire"));
        command
            .args(["bank", "build", "--threads", "2", "--config"])
            .arg(self.folder.path())
            .arg("--out")
            .arg(self.path(out))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    fn run(&self, out: &str) -> Output {
        self.build(out).output().unwrap()
    }

    fn parts(&self, out: &str) -> usize {
        std::fs::read_dir(self.path(&format!("{out}.parts"))).map_or(0, |entries| {
            entries
                .filter(|e| e.as_ref().is_ok_and(|e| is_part(&e.path())))
                .count()
        })
    }

    /// Starts a build and waits until some more receivers are finished.
    fn started(&self, out: &str, more: usize) -> Child {
        let before = self.parts(out);
        let mut child = self.build(out).spawn().unwrap();
        while self.parts(out) < before + more && child.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_millis(2));
        }
        child
    }
}

fn is_part(path: &Path) -> bool {
    path.extension().is_some_and(|e| e == "part")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn killed_and_interrupted_it_ends_in_the_same_bytes() {
    let site = Site::new(SMALL);
    let done = site.run("whole");
    assert!(done.status.success(), "{}", text(&done.stderr));
    let said = text(&done.stderr);
    // Line by line where there is no terminal, and an estimate after the first receiver.
    assert!(said.contains("s for a receiver: about"), "{said}");
    assert!(
        said.contains(&format!("{RECEIVERS}/{RECEIVERS} ")),
        "{said}"
    );
    assert!(!site.path("whole.parts").exists());

    // SIGKILL in the middle.
    let mut child = site.started("again", 1);
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!site.path("again").exists(), "killed before the end");
    let kept = site.parts("again");
    assert!(kept >= 1);

    // Ctrl-C in the middle of the rest.
    let child = site.started("again", 1);
    let pid = child.id().to_string();
    let sent = Command::new("kill").args(["-INT", &pid]).status().unwrap();
    assert!(sent.success());
    let stopped = child.wait_with_output().unwrap();
    let said = text(&stopped.stderr);
    assert_eq!(stopped.status.code(), Some(1), "{said}");
    assert!(said.contains("going on: "), "{said}");
    assert!(
        said.contains("the same command goes on from there"),
        "{said}"
    );
    let kept = site.parts("again");
    assert!(kept >= 2 && !site.path("again").exists());

    // To the end.
    let done = site.run("again");
    assert!(done.status.success(), "{}", text(&done.stderr));
    let said = text(&done.stdout);
    assert!(said.contains(&format!("{kept} there before")), "{said}");
    let read = |name: &str| std::fs::read(site.path(name)).unwrap();
    assert!(read("again") == read("whole"), "the same bytes");

    // What is in it.
    let bank = Bank::open(&site.path("whole")).unwrap();
    assert_eq!(bank.receivers().len(), RECEIVERS);
    assert_eq!((bank.step_s(), bank.samples()), (60.0, 181));
    let near = bank.receiver("san-fernando").unwrap();
    let highest = |r: usize| bank.responses(r).iter().copied().fold(0f32, f32::max);
    assert!(
        highest(near) > 0.05,
        "a metre of slip off Luzon lifts its coast's sea"
    );
    assert!(highest(bank.receiver("hong-kong").unwrap()) > 1e-3);
    let folder = site.folder.path().to_str().unwrap();
    let json = serde_json::to_string(bank.provenance()).unwrap();
    assert!(!json.contains(folder), "no path of this machine");
    let shown = Command::new(env!("CARGO_BIN_EXE_watchfire"))
        .args(["bank", "show"])
        .arg(site.path("whole"))
        .output()
        .unwrap();
    assert!(shown.status.success());
    let shown = text(&shown.stdout);
    for word in [
        "southchinasea_5min",
        "blake3",
        "compressible true",
        "on manila",
        "hong-kong",
    ] {
        assert!(shown.contains(word), "{word} in {shown}");
    }
}

#[test]
fn mistakes_are_answered_with_the_place_and_a_remedy() {
    let refused = |from: &str, to: &str| {
        assert!(SMALL.contains(from), "{from}");
        let site = Site::new(&SMALL.replace(from, to));
        let out = site.run("out");
        assert_eq!(out.status.code(), Some(2), "{from} -> {to}");
        assert!(!site.path("out.parts").exists(), "nothing was begun");
        text(&out.stderr)
    };
    let has = |answer: String, words: &[&str]| {
        for word in words {
            assert!(answer.contains(word), "{word} in {answer}");
        }
    };
    has(
        refused("step =", "stepp ="),
        &["bank.toml:5", "stepp", "step"],
    );
    has(
        refused("\"manila\"", "\"manilla\""),
        &["no trench \"manilla\"", "chile-peru"],
    );
    has(
        refused("15.0, 119.1", "35.0, 119.1"),
        &["not near the trench", "bank.toml"],
    );
    has(refused("\"3h\"", "\"3\""), &["span of time"]);
    has(refused("\"3h\"", "\"90h\""), &["duration", "48h"]);
    has(
        refused("southchinasea_5min", "atlantis"),
        &["grid", "atlantis", "pacific_10min"],
    );
    has(
        refused("id = \"vigan\"", "id = \"subic\""),
        &["subic", "twice"],
    );
    has(
        refused("lat = 22.25", "lat = 222.25"),
        &["no place on Earth"],
    );
    has(
        refused("[area]", "[grid_file]\nholes = \"filled\"\n[area]"),
        &["grid_file", "leave this table away"],
    );
    has(
        refused("lat = 22.25", "lat = 62.25"),
        &["hong-kong", "outside the grid"],
    );
}

#[test]
fn what_a_grids_file_leaves_open_is_answered_in_its_table() {
    // Depths that count down, half a degree apart, with land in the east.
    let row: Vec<&str> = (0..29).map(|i| if i > 26 { "0" } else { "4000" }).collect();
    let head = "ncols 29\nnrows 31\nxllcenter 108\nyllcenter 8\ncellsize 0.5\nNODATA_value -9999\n";
    let row = row.join(" ") + "\n";
    let (before, after) = SMALL
        .split_once("[area]")
        .and_then(|(before, rest)| Some((before, rest.split_once("[unit]")?.1)))
        .expect("an area");
    let (sources, _) = after.split_once("[[point]]").expect("points");
    let config = |table: &str| {
        let before = before
            .replace("southchinasea_5min", "depths.asc")
            .replace("3h", "30m");
        format!("{before}{table}\n[unit]{sources}")
    };
    let run = |table: &str, depths: &str| {
        let site = Site::new(&config(table));
        std::fs::write(site.path("depths.asc"), depths).unwrap();
        let out = site.build("out").output().unwrap();
        (out.status.code(), text(&out.stderr))
    };
    let depths = head.to_owned() + &row.repeat(31);
    let (code, told) = run("", &depths);
    assert_eq!(code, Some(2), "{told}");
    assert!(
        told.contains("positive = \"down\" under [grid_file]"),
        "{told}"
    );
    let (code, told) = run("[grid_file]\npositive = \"down\"", &depths);
    assert_eq!(code, Some(0), "{told}");
    let holed = depths.replacen("4000", "-9999", 1);
    let (code, told) = run("[grid_file]\npositive = \"down\"", &holed);
    assert_eq!(code, Some(2), "{told}");
    assert!(
        told.contains("holes = \"filled\" under [grid_file]"),
        "{told}"
    );
    let (code, told) = run(
        "[grid_file]\npositive = \"down\"\nholes = \"filled\"",
        &holed,
    );
    assert_eq!(code, Some(0), "{told}");
}

#[test]
fn what_is_no_bank_is_refused() {
    let site = Site::new(SMALL);
    let run = |args: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_watchfire"))
            .current_dir(site.folder.path())
            .args(args)
            .output()
            .unwrap()
    };
    let out = run(&["bank", "show", "bank.toml"]);
    assert_eq!(out.status.code(), Some(1));
    assert!(text(&out.stderr).contains("not an Arrow IPC file"));
    let out = run(&["bank", "show", "nothing-here"]);
    assert_eq!(out.status.code(), Some(2));
    let out = run(&["bank", "build", "--config", "atlantis"]);
    assert_eq!(out.status.code(), Some(2));
    assert!(text(&out.stderr).contains("japan-kuril"));
}
