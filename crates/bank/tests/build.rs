//! Building: the same bytes whatever the threads, the order, the interruptions and what was there before.

mod sample;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use bank::provenance::Provenance;
use bank::{Bank, BuildError, Built, Step, build};
use ocean::response::ResponseTable;
use sample::{heights, provenance};

static RUNNING: AtomicBool = AtomicBool::new(false);

/// Builds and counts the runs.
fn run(out: &Path, p: &Provenance, threads: usize) -> (Result<Built, BuildError>, usize) {
    let runs = AtomicUsize::new(0);
    let compute = |k: usize, _: &AtomicBool| {
        runs.fetch_add(1, Ordering::Relaxed);
        Ok(heights(p, k))
    };
    let built = build(out, p.clone(), threads, &compute, &|_| {}, &RUNNING);
    (built, runs.into_inner())
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn threads_do_not_show_in_the_file_and_nothing_is_left_behind() {
    let folder = tempfile::tempdir().unwrap();
    let p = provenance(9, 4, 5);
    let mut files = Vec::new();
    for threads in [1, 2, 5, 100] {
        let out = folder.path().join(format!("{threads}.arrow"));
        let (built, runs) = run(&out, &p, threads);
        let built = built.unwrap();
        assert_eq!((built.computed, built.kept, runs), (9, 0, 9));
        files.push(std::fs::read(&out).unwrap());
        assert_eq!(built.bytes, files[0].len() as u64);
    }
    assert!(files.iter().all(|f| f == &files[0]));
    assert_eq!(
        names(folder.path()),
        ["1.arrow", "100.arrow", "2.arrow", "5.arrow"]
    );
}

#[test]
fn a_built_bank_is_extended_at_the_price_of_what_is_new() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("b.arrow");
    run(&out, &provenance(4, 3, 5), 2).0.unwrap();
    // Again: nothing to do. One more: one run. Fewer: none.
    assert_eq!(run(&out, &provenance(4, 3, 5), 2).1, 0);
    assert_eq!(run(&out, &provenance(5, 3, 5), 2).1, 1);
    assert_eq!(run(&out, &provenance(2, 3, 5), 2).1, 0);
    let bank = Bank::open(&out).unwrap();
    assert_eq!(bank.receivers().len(), 2);
    // Another solver: everything.
    let mut p = provenance(2, 3, 5);
    p.solver.version += 1;
    assert_eq!(run(&out, &p, 2).1, 2);
}

#[test]
fn a_stopped_build_goes_on_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let p = provenance(8, 4, 5);
    let (whole, out) = (folder.path().join("w"), folder.path().join("o"));
    run(&whole, &p, 1).0.unwrap();
    let stop = AtomicBool::new(false);
    let compute = |k: usize, _: &AtomicBool| Ok(heights(&p, k));
    let watch = |step: Step| {
        if matches!(step, Step::Finished { finished: 3, .. }) {
            stop.store(true, Ordering::Relaxed);
        }
    };
    match build(&out, p.clone(), 1, &compute, &watch, &stop) {
        Err(BuildError::Stopped {
            finished: 3,
            receivers: 8,
        }) => {}
        other => panic!("{other:?}"),
    }
    assert!(!out.exists());
    let (built, runs) = run(&out, &p, 2);
    assert_eq!((built.unwrap().kept, runs), (3, 5));
    assert_eq!(std::fs::read(&out).unwrap(), std::fs::read(&whole).unwrap());
}

#[test]
fn damaged_and_foreign_parts_are_computed_again() {
    let folder = tempfile::tempdir().unwrap();
    let p = provenance(6, 4, 5);
    let (whole, out) = (folder.path().join("w"), folder.path().join("o"));
    run(&whole, &p, 1).0.unwrap();
    let fail_last = |k: usize, _: &AtomicBool| match k {
        5 => Err("the last one fails".to_owned()),
        k => Ok(heights(&p, k)),
    };
    match build(&out, p.clone(), 1, &fail_last, &|_| {}, &RUNNING) {
        Err(BuildError::Receiver { receiver, why }) => {
            assert_eq!(
                (receiver.as_str(), why.as_str()),
                ("place-5", "the last one fails")
            );
        }
        other => panic!("{other:?}"),
    }
    let parts = folder.path().join("o.parts");
    let part = |k: usize| parts.join(p.fingerprint(k)).with_extension("part");
    // Cut off, flipped, empty, and somebody else's.
    let first = std::fs::read(part(0)).unwrap();
    std::fs::write(part(0), &first[..first.len() - 1]).unwrap();
    let mut flipped = std::fs::read(part(1)).unwrap();
    *flipped.last_mut().unwrap() ^= 1;
    std::fs::write(part(1), flipped).unwrap();
    std::fs::write(part(2), b"").unwrap();
    std::fs::copy(part(4), part(3)).unwrap();
    std::fs::write(parts.join("keep.txt"), b"a person's note").unwrap();
    let (built, runs) = run(&out, &p, 2);
    assert_eq!((built.unwrap().kept, runs), (1, 5));
    assert_eq!(std::fs::read(&out).unwrap(), std::fs::read(&whole).unwrap());
    assert_eq!(names(&parts), ["keep.txt"], "only what is ours is removed");
}

#[test]
fn wrong_heights_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("o");
    let p = provenance(2, 2, 2);
    for (wrong, why) in [
        (vec![0.0; 3], "3 heights instead of 4"),
        (vec![0.0, f32::NAN, 0.0, 0.0], "a height is NaN"),
    ] {
        let compute = |_: usize, _: &AtomicBool| Ok(wrong.clone());
        let e = build(&out, p.clone(), 1, &compute, &|_| {}, &RUNNING).unwrap_err();
        assert!(e.to_string().contains(why), "{e}");
        assert!(!out.exists());
    }
    let mut twice = p.clone();
    twice.receivers[1].place.id = "place-0".into();
    let compute = |_: usize, _: &AtomicBool| Ok(vec![0.0; 4]);
    let e = build(&out, twice, 1, &compute, &|_| {}, &RUNNING).unwrap_err();
    assert!(matches!(e, BuildError::Plan(_)), "{e}");
    let e = build(
        &folder.path().join("no/such/\0"),
        p,
        1,
        &compute,
        &|_| {},
        &RUNNING,
    );
    assert!(matches!(e.unwrap_err(), BuildError::Write { .. }));
}

#[test]
fn two_builds_of_one_bank_do_not_meet() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("o");
    let p = provenance(2, 2, 2);
    let inner = Mutex::new(None);
    let compute = |k: usize, _: &AtomicBool| {
        let other = |k: usize, _: &AtomicBool| Ok(heights(&p, k));
        let refused = build(&out, p.clone(), 1, &other, &|_| {}, &RUNNING);
        *inner.lock().unwrap() = Some(refused);
        Ok(heights(&p, k))
    };
    build(&out, p.clone(), 1, &compute, &|_| {}, &RUNNING).unwrap();
    let refused = inner.into_inner().unwrap().unwrap();
    assert!(matches!(refused, Err(BuildError::Busy(_))), "{refused:?}");
}

/// Name of the variable that makes [`child`] build; the rest of its value is the file.
const CHILD: &str = "WATCHFIRE_TEST_BANK_BUILD";

/// Not a test of its own: what the killed process runs.
#[test]
fn child() {
    let Some(out) = std::env::var_os(CHILD) else {
        return;
    };
    let p = provenance(40, 4, 500);
    let compute = |k: usize, _: &AtomicBool| {
        std::thread::sleep(Duration::from_millis(20));
        Ok(heights(&p, k))
    };
    build(Path::new(&out), p.clone(), 2, &compute, &|_| {}, &RUNNING).unwrap();
}

#[test]
fn a_killed_process_costs_what_was_under_way_and_no_byte_differs() {
    let folder = tempfile::tempdir().unwrap();
    let p = provenance(40, 4, 500);
    let (whole, out) = (folder.path().join("w"), folder.path().join("o"));
    run(&whole, &p, 1).0.unwrap();
    let parts = folder.path().join("o.parts");
    let finished = |folder: &PathBuf| {
        std::fs::read_dir(folder).map_or(0, |entries| {
            entries
                .filter(|e| {
                    let path = e.as_ref().unwrap().path();
                    path.extension().is_some_and(|x| x == "part")
                })
                .count()
        })
    };
    let mut kept = 0;
    // Killed again and again, each time after some progress.
    for _ in 0..3 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child", "--nocapture"])
            .env(CHILD, &out)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        while finished(&parts) < kept + 3 && child.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_millis(1));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(!out.exists(), "killed before it was done");
        kept = finished(&parts);
        assert!(kept >= 3);
    }
    let (built, runs) = run(&out, &p, 2);
    assert_eq!((built.unwrap().kept, runs), (kept, 40 - kept));
    assert_eq!(std::fs::read(&out).unwrap(), std::fs::read(&whole).unwrap());
    assert!(!parts.exists());
}
