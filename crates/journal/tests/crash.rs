//! Processes that are killed while they append, and disks that are really full.
//!
//! The processes are this test program itself, told by an environment variable to be the writer: nothing else has
//! to be built, and the real file system, locks and limits take part.

use journal::{Fsync, Journal, Options};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Names the directory that a child writes to.
const DIRECTORY: &str = "JOURNAL_TEST_DIRECTORY";

fn child_directory() -> Option<PathBuf> {
    std::env::var_os(DIRECTORY).map(PathBuf::from)
}

/// The command line that runs one test of this program, and no other, in a child.
fn child_arguments(test: &str) -> [String; 4] {
    [
        test.to_owned(),
        "--exact".to_owned(),
        "--nocapture".to_owned(),
        "--test-threads=1".to_owned(),
    ]
}

fn payload(offset: u64) -> Vec<u8> {
    let length = 1 + (offset as usize * 37) % 700;
    (0..length).map(|at| (offset as usize + at) as u8).collect()
}

/// In the child: appends groups and reports each commit, for ever. A test without work in the parent.
#[test]
fn child_appends_until_killed() {
    let Some(directory) = child_directory() else {
        return;
    };
    let options = Options {
        segment_bytes: 20_000,
        ..Options::default()
    };
    let (mut journal, _) = Journal::open(&directory, options).expect("opens");
    let mut out = std::io::stdout().lock();
    for group in 0_u64.. {
        for _ in 0..1 + group % 5 {
            journal.append(&payload(journal.next())).expect("appended");
        }
        journal.commit().expect("committed");
        // A closed pipe means that the parent is gone.
        if writeln!(out, "committed {}", journal.next())
            .and_then(|()| out.flush())
            .is_err()
        {
            return;
        }
    }
}

#[test]
fn whatever_a_killed_process_reported_committed_is_there() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut reported = 0;
    for round in 1..=12_u64 {
        let mut child = Command::new(std::env::current_exe().expect("this program"))
            .args(child_arguments("child_appends_until_killed"))
            .env(DIRECTORY, directory.path())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a child");
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        // Kill after another number of commits each round: at any point of a group, a commit or a new segment.
        for _ in 0..round * 7 {
            let line = lines
                .by_ref()
                .map(|line| line.expect("text"))
                .find(|line| line.contains("committed "));
            let line = line.expect("the child goes on until killed");
            let number = line.rsplit(' ').next().expect("a number");
            reported = number.parse().expect("a number");
        }
        child.kill().expect("killed");
        // What it managed to report before the signal counts too.
        for line in lines.map_while(Result::ok) {
            if let Some(number) = line
                .strip_prefix("committed ")
                .and_then(|number| number.parse().ok())
            {
                reported = number;
            }
        }
        child.wait().expect("gone");
        let (journal, recovery) =
            Journal::open(directory.path(), Options::default()).expect("opens, and is unlocked");
        assert!(
            recovery.next >= reported,
            "round {round}: {recovery:?}, reported {reported}"
        );
        let mut next = 0;
        for entry in journal.reader(0).expect("a reader") {
            let entry = entry.expect("no damage");
            assert_eq!(
                (entry.offset, &entry.payload),
                (next, &payload(next)),
                "round {round}"
            );
            next += 1;
        }
        assert_eq!(next, recovery.next, "round {round}");
    }
    assert!(reported > 100, "the children worked: {reported}");
}

/// In the child: fills what space there is, then frees some and goes on. Prints `ok` at the end.
#[test]
fn child_meets_the_limit() {
    let Some(directory) = child_directory() else {
        return;
    };
    let options = Options {
        segment_bytes: 1 << 30,
        ..Options::default()
    };
    let (mut journal, _) = Journal::open(&directory, options).expect("opens");
    let filler = std::fs::metadata(directory.join("filler")).map_or(0, |filler| filler.len());
    let error = loop {
        match journal.append(&payload(journal.next())) {
            Ok(_) => journal.commit().expect("committed"),
            Err(error) => break error,
        }
    };
    assert!(error.is_full(), "{error}");
    let full = journal.next();
    assert!(
        journal
            .append(&[0; 2000])
            .expect_err("still full")
            .is_full()
    );
    let intact = journal
        .reader(0)
        .expect("a reader")
        .inspect(|entry| assert!(entry.is_ok(), "{entry:?}"))
        .count();
    assert_eq!(intact as u64, full);
    if filler > 0 {
        std::fs::remove_file(directory.join("filler")).expect("removed");
    } else {
        // A limit on the file's size: a new segment is new room.
        journal.trim(full).expect("trimmed");
    }
    for _ in 0..20 {
        journal
            .append(&payload(journal.next()))
            .expect("room again");
    }
    journal.commit().expect("committed");
    drop(journal);
    let (journal, recovery) = Journal::open(&directory, Options::default()).expect("opens");
    assert_eq!((recovery.next, recovery.cut_bytes), (full + 20, 0));
    let read: Vec<u64> = journal
        .reader(recovery.first)
        .expect("a reader")
        .map(|entry| entry.expect("no damage").offset)
        .collect();
    assert_eq!(read, (recovery.first..full + 20).collect::<Vec<_>>());
    println!("ok");
}

/// Runs `child_meets_the_limit` from a shell that sets the limit first.
fn meet_limit(shell: &mut Command, script: &str, directory: &Path) -> std::process::Output {
    shell
        .arg("-c")
        .arg(script)
        .arg("sh")
        .arg(std::env::current_exe().expect("this program"))
        .args(child_arguments("child_meets_the_limit"))
        .env(DIRECTORY, directory)
        .output()
        .expect("a shell")
}

fn assert_ok(output: &std::process::Output) {
    let text = String::from_utf8_lossy(&output.stdout);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && text.contains("ok"),
        "{text}\n{complaint}"
    );
}

#[test]
fn a_file_size_limit_is_a_full_disk() {
    let directory = tempfile::tempdir().expect("a directory");
    // Blocks of 512 bytes; ignoring the signal turns it into EFBIG, and children inherit that.
    let script = "trap '' XFSZ; ulimit -f 64 && exec \"$@\"";
    assert_ok(&meet_limit(
        &mut Command::new("sh"),
        script,
        directory.path(),
    ));
}

#[test]
fn a_full_file_system_is_survived() {
    let directory = tempfile::tempdir().expect("a directory");
    // A namespace of its own: the mount ends with the child.
    let script = "mount -t tmpfs -o size=256k tmpfs \"$JOURNAL_TEST_DIRECTORY\" || exit 77
        head -c 100000 /dev/zero > \"$JOURNAL_TEST_DIRECTORY/filler\" && exec \"$@\"";
    let mut shell = Command::new("unshare");
    shell.args(["--mount", "sh"]);
    let output = match Command::new("unshare").args(["--mount", "true"]).output() {
        Ok(probe) if probe.status.success() => meet_limit(&mut shell, script, directory.path()),
        _ => {
            println!("skipped: a full file system (needs root and unshare for a small tmpfs)");
            return;
        }
    };
    if output.status.code() == Some(77) {
        println!("skipped: a full file system (tmpfs cannot be mounted here)");
        return;
    }
    assert_ok(&output);
}

#[test]
fn another_process_holding_the_lock_is_told_from_one_that_died() {
    let directory = tempfile::tempdir().expect("a directory");
    let options = Options {
        fsync: Fsync::Never,
        ..Options::default()
    };
    let mut child = Command::new(std::env::current_exe().expect("this program"))
        .args(child_arguments("child_appends_until_killed"))
        .env(DIRECTORY, directory.path())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a child");
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    assert!(lines.any(|line| line.is_ok_and(|line| line.contains("committed "))));
    assert!(matches!(
        Journal::open(directory.path(), options.clone()),
        Err(journal::Error::Locked { .. })
    ));
    child.kill().expect("killed");
    child.wait().expect("gone");
    Journal::open(directory.path(), options).expect("the lock died with its owner");
}
