//! How fast can an outbox or intake take entries, and how fast does it come back after a restart? Each answer is given
//! beside plain writes of the same bytes to one file with the same number of syncs, in the same run, and as a ratio
//! to them, since machines are noisy.

#![allow(missing_docs)] // `criterion_group!` makes a public function.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use journal::{Fsync, Journal, Options, read_only};
use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

/// Payload of one entry: a few dozen readings.
const ENTRY_BYTES: usize = 1024;

/// Entries in a group: what arrives at a busy hub in a few milliseconds.
const GROUP: usize = 512;

/// Groups in one sample: 34 MB, within one segment, so that both sides wait for the disk equally often.
const GROUPS: usize = 64;

fn journal_append(directory: &Path, fsync: Fsync, grouped_write: bool, groups: usize) -> Duration {
    let options = Options {
        fsync,
        ..Options::default()
    };
    let (mut journal, _) = Journal::open(directory, options).expect("opens");
    let entry = vec![0x5A_u8; ENTRY_BYTES];
    let group = vec![entry.as_slice(); GROUP];
    let start = Instant::now();
    for _ in 0..groups {
        if grouped_write {
            journal.append_group(&group).expect("appended");
        } else {
            for entry in &group {
                journal.append(entry).expect("appended");
            }
        }
        journal.commit().expect("committed");
    }
    let spent = start.elapsed();
    let next = journal.next();
    journal.trim(next).expect("trimmed");
    spent
}

fn plain_append(directory: &Path, fsync: Fsync, grouped_write: bool, groups: usize) -> Duration {
    let path = directory.join("plain");
    let mut file = File::create(&path).expect("created");
    let entry = vec![0x5A_u8; ENTRY_BYTES + 16];
    let group = entry.repeat(GROUP);
    let start = Instant::now();
    for _ in 0..groups {
        if grouped_write {
            file.write_all(&group).expect("written");
        } else {
            for _ in 0..GROUP {
                file.write_all(&entry).expect("written");
            }
        }
        if fsync == Fsync::Always {
            file.sync_data().expect("synced");
        }
    }
    let spent = start.elapsed();
    std::fs::remove_file(path).expect("removed");
    spent
}

fn append(criterion: &mut Criterion) {
    let directory = tempfile::tempdir().expect("a directory");
    let mut group = criterion.benchmark_group("append_1KiB");
    group
        .sample_size(10)
        .throughput(Throughput::Bytes((GROUPS * GROUP * ENTRY_BYTES) as u64));
    let mut ratios = Vec::new();
    for (fsync, fsync_name) in [(Fsync::Always, "fsync"), (Fsync::Never, "no_fsync")] {
        for (grouped, write_name) in [(true, "one_write_a_group"), (false, "one_write_an_entry")] {
            let name = format!("{fsync_name}/{write_name}");
            group.bench_function(BenchmarkId::new("journal", &name), |bencher| {
                bencher.iter_custom(|rounds| {
                    (0..rounds)
                        .map(|_| journal_append(directory.path(), fsync, grouped, GROUPS))
                        .sum()
                });
            });
            group.bench_function(BenchmarkId::new("plain_file", &name), |bencher| {
                bencher.iter_custom(|rounds| {
                    (0..rounds)
                        .map(|_| plain_append(directory.path(), fsync, grouped, GROUPS))
                        .sum()
                });
            });
            // Turn about, so that both meet the same weather.
            let pairs = (0..8).map(|_| {
                let ours = journal_append(directory.path(), fsync, grouped, GROUPS);
                (ours, plain_append(directory.path(), fsync, grouped, GROUPS))
            });
            let (ours, plain) = pairs.fold((Duration::ZERO, Duration::ZERO), |sum, one| {
                (sum.0 + one.0, sum.1 + one.1)
            });
            ratios.push((name, ours, plain));
        }
    }
    group.finish();
    let megabytes = (8 * GROUPS * GROUP * ENTRY_BYTES) as f64 / 1e6;
    for (name, ours, plain) in ratios {
        println!(
            "{name}: journal {:.0} MB/s, plain file {:.0} MB/s, ratio of times {:.2}",
            megabytes / ours.as_secs_f64(),
            megabytes / plain.as_secs_f64(),
            ours.as_secs_f64() / plain.as_secs_f64()
        );
    }
}

fn read_back(criterion: &mut Criterion) {
    let directory = tempfile::tempdir().expect("a directory");
    let options = Options {
        fsync: Fsync::Never,
        ..Options::default()
    };
    let (mut journal, _) = Journal::open(directory.path(), options.clone()).expect("opens");
    let entry = vec![0x5A_u8; ENTRY_BYTES];
    for _ in 0..32 * 1024 {
        journal.append(&entry).expect("appended");
    }
    let bytes = journal.bytes();
    drop(journal);
    let mut group = criterion.benchmark_group("read_back_32MiB");
    group.sample_size(10).throughput(Throughput::Bytes(bytes));
    group.bench_function("reader", |bencher| {
        bencher.iter(|| {
            let mut reader = read_only(directory.path()).expect("opens");
            let mut sum = 0;
            while let Some((_, payload)) = reader.advance().expect("no damage") {
                sum += payload.len();
            }
            sum
        });
    });
    group.bench_function("open", |bencher| {
        bencher.iter(|| {
            Journal::open(directory.path(), options.clone())
                .expect("opens")
                .1
                .next
        });
    });
    let file = directory.path().join("00000000000000000000.log");
    group.bench_function("plain_read", |bencher| {
        bencher.iter(|| std::fs::read(&file).expect("read").len())
    });
    group.finish();
}

criterion_group!(benches, append, read_back);
criterion_main!(benches);
