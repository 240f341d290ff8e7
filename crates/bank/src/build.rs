//! Building: receivers in parallel, each kept as soon as it is finished; whatever stops the build, the next one goes on.
//!
//! What a receiver's responses depend on has a fingerprint ([`Provenance::fingerprint`]). Finished receivers lie under it
//! in `<out>.parts/`; a build takes from there, and from an earlier bank under the same name, whatever has the right
//! fingerprint, computes the rest, writes the file under another name, forces it to the disk, checks it and renames it. So
//! one more receiver costs one run, and a killed build ends in the same bytes as one that nothing disturbed.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use ocean::response::ResponseTable;

use crate::part::{Parts, Refused, folder};
use crate::provenance::Provenance;
use crate::read::{Bank, BankError};

/// Why a bank was not built. What was finished is kept, except where it says otherwise.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The provenance is not one that a bank can have. Nothing was begun.
    #[error("no bank can be made of this: {0}")]
    Plan(String),
    /// Another process builds the same bank. Nothing was begun.
    #[error("{} is being built by another process", .0.display())]
    Busy(PathBuf),
    /// A file cannot be written. Mend that and build again: it goes on where it was.
    #[error("{}: {source}", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A receiver cannot be computed; another try would fail alike.
    #[error("receiver \"{receiver}\": {why}")]
    Receiver {
        /// Its id.
        receiver: String,
        /// Why.
        why: String,
    },
    /// It was told to stop. Build again: it goes on where it was.
    #[error("stopped with {finished} of {receivers} receivers finished")]
    Stopped {
        /// Receivers that are kept.
        finished: usize,
        /// Receivers of the bank.
        receivers: usize,
    },
    /// The file that was just written does not read back: the disk, or a bug of ours. The file was not put in place.
    #[error("what was written does not read back: {0}")]
    ReadBack(BankError),
}

/// What a build tells while it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// It begins.
    Began {
        /// Receivers of the bank.
        receivers: usize,
        /// Those whose responses are there already.
        kept: usize,
    },
    /// A receiver has been computed and is kept.
    Finished {
        /// Its index in the provenance.
        receiver: usize,
        /// Receivers that are there now.
        finished: usize,
    },
    /// All are there; the file is being written.
    Writing,
}

/// A bank that was built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Built {
    /// Receivers computed by this build.
    pub computed: usize,
    /// Receivers taken from an earlier one.
    pub kept: usize,
    /// Size of the file, bytes.
    pub bytes: u64,
}

/// Computes the responses of one receiver, named by its index in the provenance: `units x samples` heights. Runs on a
/// thread of its own whose rayon pool has one thread. Asked to stop, it may return early with any error.
pub type Compute<'a> = dyn Fn(usize, &AtomicBool) -> Result<Vec<f32>, String> + Sync + 'a;

/// Builds a bank at `out`.
///
/// `threads`: receivers computed at a time. `watch` is told what happens, from any of the threads. `stop`: set it to true to
/// stop after what is being computed.
///
/// # Errors
/// [`BuildError`]; a bank that was at `out` before is untouched then.
pub fn build(
    out: &Path,
    mut provenance: Provenance,
    threads: usize,
    compute: &Compute<'_>,
    watch: &(dyn Fn(Step) + Sync),
    stop: &AtomicBool,
) -> Result<Built, BuildError> {
    provenance.check().map_err(BuildError::Plan)?;
    let receivers = provenance.receivers.len();
    let parts = Parts::open(out).map_err(|e| match e {
        Refused::Busy => BuildError::Busy(out.to_owned()),
        Refused::System(source) => BuildError::Write {
            path: folder(out),
            source,
        },
    })?;
    let earlier = Earlier::open(out);
    let fingerprints: Vec<String> = (0..receivers).map(|k| provenance.fingerprint(k)).collect();
    let count = provenance.heights_per_receiver();
    let there: Vec<Option<String>> = fingerprints
        .iter()
        .map(|f| match earlier.find(f) {
            Some((_, digest)) => Some(digest.to_owned()),
            None => parts.load(f, count).map(|(_, digest)| digest),
        })
        .collect();
    let missing: Vec<usize> = (0..receivers).filter(|&k| there[k].is_none()).collect();
    let kept = receivers - missing.len();
    watch(Step::Began { receivers, kept });
    let work = Work {
        provenance: &provenance,
        fingerprints: &fingerprints,
        parts: &parts,
        compute,
        watch,
        stop,
        give_up: AtomicBool::new(false),
        next: AtomicUsize::new(0),
        missing: &missing,
        kept,
        outcome: Mutex::new(Outcome {
            digests: there,
            computed: 0,
            error: None,
        }),
    };
    std::thread::scope(|scope| {
        for _ in 0..threads.clamp(1, missing.len().max(1)) {
            scope.spawn(|| work.run());
        }
    });
    let outcome = lock(&work.outcome);
    let (digests, computed) = (outcome.digests.clone(), outcome.computed);
    if let Some(error) = &outcome.error {
        return Err(match error {
            Failure::Receiver(k, why) => BuildError::Receiver {
                receiver: provenance.receivers[*k].place.id.clone(),
                why: why.clone(),
            },
            Failure::Store(kind, why) => BuildError::Write {
                path: folder(out),
                source: io::Error::new(*kind, why.clone()),
            },
        });
    }
    drop(outcome);
    if computed < missing.len() {
        return Err(BuildError::Stopped {
            finished: kept + computed,
            receivers,
        });
    }
    watch(Step::Writing);
    for (receiver, digest) in provenance.receivers.iter_mut().zip(digests) {
        receiver.blake3 = digest.unwrap_or_default();
    }
    let heights = |k: usize| match earlier.find(&fingerprints[k]) {
        Some((heights, _)) => Ok(heights.to_vec()),
        None => parts
            .load(&fingerprints[k], count)
            .map(|(heights, _)| heights)
            .ok_or_else(|| {
                io::Error::other(format!(
                    "the finished part {} has gone or changed",
                    fingerprints[k]
                ))
            }),
    };
    let bytes = put(out, &provenance, heights)?;
    // The bank is there; parts that cannot be removed are a nuisance and no failure.
    let _ = parts.remove();
    Ok(Built {
        computed,
        kept,
        bytes,
    })
}

/// The bank that was under the name before, and the fingerprints of its receivers.
struct Earlier {
    bank: Option<Bank>,
    fingerprints: Vec<String>,
}

impl Earlier {
    fn open(out: &Path) -> Self {
        let bank = Bank::open(out).ok();
        let fingerprints = bank.as_ref().map_or_else(Vec::new, |b| {
            (0..b.provenance().receivers.len())
                .map(|k| b.provenance().fingerprint(k))
                .collect()
        });
        Self { bank, fingerprints }
    }

    fn find(&self, fingerprint: &str) -> Option<(&[f32], &str)> {
        let bank = self.bank.as_ref()?;
        let k = self.fingerprints.iter().position(|f| f == fingerprint)?;
        Some((bank.responses(k), &bank.provenance().receivers[k].blake3))
    }
}

enum Failure {
    Receiver(usize, String),
    Store(io::ErrorKind, String),
}

struct Outcome {
    digests: Vec<Option<String>>,
    computed: usize,
    error: Option<Failure>,
}

struct Work<'a> {
    provenance: &'a Provenance,
    fingerprints: &'a [String],
    parts: &'a Parts,
    compute: &'a Compute<'a>,
    watch: &'a (dyn Fn(Step) + Sync),
    stop: &'a AtomicBool,
    /// One worker has failed: the others need not go on.
    give_up: AtomicBool,
    next: AtomicUsize,
    missing: &'a [usize],
    kept: usize,
    outcome: Mutex<Outcome>,
}

impl Work<'_> {
    fn run(&self) {
        // A pool of one: the solver stays on this thread, and the receivers are what runs in parallel. Bits do not depend on
        // it. Without a pool of its own (no thread to be had) it uses the process's, which is slower and as right.
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build();
        loop {
            if self.stop.load(Ordering::Relaxed) || self.give_up.load(Ordering::Relaxed) {
                return;
            }
            let Some(&k) = self.missing.get(self.next.fetch_add(1, Ordering::Relaxed)) else {
                return;
            };
            let computed = match &pool {
                Ok(pool) => pool.install(|| (self.compute)(k, self.stop)),
                Err(_) => (self.compute)(k, self.stop),
            };
            let stored = computed
                .and_then(|heights| self.sound(heights))
                .map_err(|why| Failure::Receiver(k, why))
                .and_then(|heights| {
                    self.parts
                        .store(&self.fingerprints[k], &heights)
                        .map_err(|e| Failure::Store(e.kind(), e.to_string()))
                });
            let mut outcome = lock(&self.outcome);
            match stored {
                Ok(digest) => {
                    outcome.digests[k] = Some(digest);
                    outcome.computed += 1;
                    let finished = self.kept + outcome.computed;
                    // Told under the lock, so that the count only rises.
                    (self.watch)(Step::Finished {
                        receiver: k,
                        finished,
                    });
                }
                // Whoever was told to stop may say so as an error.
                Err(_) if self.stop.load(Ordering::Relaxed) => return,
                Err(failure) => {
                    outcome.error.get_or_insert(failure);
                    self.give_up.store(true, Ordering::Relaxed);
                    return;
                }
            }
        }
    }

    fn sound(&self, heights: Vec<f32>) -> Result<Vec<f32>, String> {
        let expected = self.provenance.heights_per_receiver();
        if heights.len() != expected {
            return Err(format!("{} heights instead of {expected}", heights.len()));
        }
        match heights.iter().find(|h| !h.is_finite()) {
            Some(h) => Err(format!("a height is {h}")),
            None => Ok(heights),
        }
    }
}

/// A worker that panicked has broken no invariant of what is behind the lock; its panic goes on through the scope.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Writes the file beside its place, forces it to the disk, reads it back and renames it.
fn put(
    out: &Path,
    provenance: &Provenance,
    heights: impl FnMut(usize) -> io::Result<Vec<f32>>,
) -> Result<u64, BuildError> {
    let mut beside = out.as_os_str().to_owned();
    beside.push(".tmp");
    let beside = PathBuf::from(beside);
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| BuildError::Write { path, source }
    };
    let written = (|| {
        let file = BufWriter::with_capacity(1 << 20, File::create(&beside)?);
        let mut file = crate::file::write(file, provenance, heights)?;
        file.flush()?;
        file.get_ref().sync_all()?;
        file.get_ref().metadata().map(|m| m.len())
    })();
    let bytes = written.map_err(failed(&beside))?;
    if let Err(e) = Bank::open(&beside) {
        let _ = fs::remove_file(&beside);
        return Err(BuildError::ReadBack(e));
    }
    fs::rename(&beside, out).map_err(failed(out))?;
    let folder = match out.parent() {
        Some(p) if !p.as_os_str().is_empty() => p,
        _ => Path::new("."),
    };
    // The rename is on the disk when the folder is.
    File::open(folder)
        .and_then(|f| f.sync_all())
        .map_err(failed(folder))?;
    Ok(bytes)
}
