//! `watchfire bank`: builds response banks, and says what is in one.

mod config;
mod progress;
mod show;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bank::provenance::{FORMAT, GridOrigin, ReceiverOrigin, SolverOrigin};
use bank::{BuildError, Provenance};
use ocean::bank::{Builder, Stand, VERSION};
use ocean::fault::SourceError;

pub use config::{Asked, BankConfig, Loaded, of_deployment};
use progress::Progress;

/// What to do with banks.
#[derive(Debug, clap::Subcommand)]
pub enum BankCommand {
    /// Compute the responses of sensors and coastal points to unit sources along trenches. Interrupted, it goes on where it was.
    Build {
        /// A shipped bank (see `watchfire events`), a directory with a bank.toml, or a file (see configs/banks/README.md).
        #[arg(long, value_name = "NAME|DIR|FILE")]
        config: PathBuf,
        /// File to write [default: <name>.bank.arrow].
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// Receivers computed at a time [default: one for each processor].
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
        threads: Option<u16>,
    },
    /// Check a bank and say what is in it.
    Show {
        /// The file.
        file: PathBuf,
        /// Print its provenance as JSON.
        #[arg(long)]
        json: bool,
    },
}

/// Why a command did not do what it was to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// The command line or the configuration is wrong.
    Wrong(String),
    /// Something failed while running.
    Failed(String),
}

/// Runs a command. `stop` becomes true when the person asks for an end.
///
/// # Errors
/// [`Trouble`] in words for people.
pub fn run(command: BankCommand, stop: &Arc<AtomicBool>) -> Result<(), Trouble> {
    match command {
        BankCommand::Build {
            config,
            out,
            threads,
        } => build(&config, out, threads, stop),
        BankCommand::Show { file, json } => show::show(&file, json),
    }
}

/// Title of a shipped bank.
///
/// # Errors
/// What is wrong with its configuration.
pub fn title(name: &str, text: &str) -> Result<String, String> {
    let loaded = Loaded::parse(name, text)?;
    Ok(loaded.config.title)
}

/// All that a build needs.
struct Plan<'g> {
    builder: Builder<'g>,
    stands: Vec<Stand>,
    provenance: Provenance,
    /// Receivers and unit sources that take no part, and why.
    left_out: Vec<String>,
}

fn build(
    given: &Path,
    out: Option<PathBuf>,
    threads: Option<u16>,
    stop: &Arc<AtomicBool>,
) -> Result<(), Trouble> {
    let loaded = Loaded::load(given).map_err(Trouble::Wrong)?;
    let grid = loaded.grid().map_err(Trouble::Wrong)?;
    let out = out.unwrap_or_else(|| PathBuf::from(format!("{}.bank.arrow", loaded.name)));
    let plan = plan(&loaded, &grid).map_err(Trouble::Wrong)?;
    let threads = threads.map_or_else(
        || std::thread::available_parallelism().map_or(1, usize::from),
        usize::from,
    );
    let p = &plan.provenance;
    eprintln!(
        "{}: {} receivers, {} unit sources, {} samples every {} s, on {} ({} x {} cells)",
        p.title,
        p.receivers.len(),
        p.units.len(),
        p.samples,
        p.step_s,
        p.grid.name,
        p.grid.nx,
        p.grid.ny
    );
    for line in &plan.left_out {
        eprintln!("  left out: {line}");
    }
    let names = p.receivers.iter().map(|r| r.name.clone()).collect();
    let progress = Progress::new(names, threads);
    let compute = |k: usize, stop: &AtomicBool| {
        let responses = plan.builder.responses(&plan.stands[k], stop);
        responses.map_err(|e| e.to_string())
    };
    let built = bank::build(
        &out,
        plan.provenance.clone(),
        threads,
        &compute,
        &|step| progress.hear(step),
        stop,
    );
    progress.end();
    match built {
        Ok(built) => {
            println!(
                "{}: {} receivers ({} computed, {} there before), {}",
                out.display(),
                built.computed + built.kept,
                built.computed,
                built.kept,
                size(built.bytes)
            );
            Ok(())
        }
        Err(e @ BuildError::Stopped { .. }) => Err(Trouble::Failed(format!(
            "{e}; they are kept in {}.parts: the same command goes on from there",
            out.display()
        ))),
        Err(e @ (BuildError::Plan(_) | BuildError::Busy(_))) => Err(Trouble::Wrong(e.to_string())),
        Err(e) => Err(Trouble::Failed(e.to_string())),
    }
}

fn plan<'g>(loaded: &Loaded, grid: &'g ocean::Grid) -> Result<Plan<'g>, String> {
    let c = &loaded.config;
    let step_s = c.step.as_secs_f64();
    // The last sample is at the end of the duration or just before it.
    let samples = (c.duration.as_micros() / c.step.as_micros()) as usize + 1;
    let units = loaded.units()?;
    let solver = c.solver.settings();
    let builder = Builder::new(grid, &solver, &units, step_s, samples)
        .map_err(|e| loaded.refuse("", &e.to_string()))?;
    let mut left_out = Vec::new();
    for (unit, why) in builder.left_out() {
        // Under land there is nothing to lift. Beyond the grid there is, and it would be missing without a word.
        if !matches!(why, SourceError::OnLand { .. }) {
            let why = format!(
                "unit source {}: {why}; shorten the stretch or take a larger grid",
                unit.id
            );
            return Err(loaded.refuse("trench", &why));
        }
        left_out.push(format!("unit source {}: {why}", unit.id));
    }
    let (mut stands, mut receivers) = (Vec::new(), Vec::new());
    for asked in loaded.receivers()? {
        match builder.stand(&asked.point) {
            Ok(stand) => {
                receivers.push(ReceiverOrigin {
                    place: stand.receiver.clone(),
                    name: asked.name,
                    cells: stand.cells.iter().map(|(c, w)| (c.i, c.j, *w)).collect(),
                    blake3: String::new(),
                });
                stands.push(stand);
            }
            Err(why) if asked.own => {
                return Err(loaded.refuse("", &format!("\"{}\": {why}", asked.point.id)));
            }
            Err(why) => left_out.push(format!("{} ({}): {why}", asked.point.id, asked.name)),
        }
    }
    let settings = [
        ("compressible", solver.compressible),
        ("elastic", solver.elastic),
        ("coriolis", solver.coriolis),
    ];
    let provenance = Provenance {
        format: FORMAT,
        title: c.title.clone(),
        program: concat!("watchfire ", env!("CARGO_PKG_VERSION")).to_owned(),
        grid: GridOrigin::of(&c.grid, grid),
        solver: SolverOrigin {
            name: "linear shallow water on the sphere, staggered leap-frog; uplift by Okada 1985 and Kajiura 1963; reciprocity"
                .to_owned(),
            version: VERSION,
            dt_s: builder.dt_s(),
            settings: settings.map(|(k, v)| (k.to_owned(), v.to_string())).into(),
        },
        step_s,
        samples,
        units: builder.units().to_vec(),
        receivers,
        asked: asked(loaded, &left_out),
    };
    Ok(Plan {
        builder,
        stands,
        provenance,
        left_out,
    })
}

/// `13 kB`, `4.2 MB`.
fn size(bytes: u64) -> String {
    if bytes < 1_000_000 {
        format!("{} kB", bytes.div_ceil(1000))
    } else {
        format!("{:.1} MB", bytes as f64 * 1e-6)
    }
}

/// What was asked for, in words that stay in the file.
fn asked(loaded: &Loaded, left_out: &[String]) -> BTreeMap<String, String> {
    let c = &loaded.config;
    let stretches: Vec<String> = c
        .trench
        .iter()
        .map(|t| match (t.from, t.to) {
            (None, None) => t.id.clone(),
            (from, to) => format!(
                "{} from {} to {}",
                t.id,
                from.map_or("its beginning".to_owned(), |p| format!("{p:?}")),
                to.map_or("its end".to_owned(), |p| format!("{p:?}"))
            ),
        })
        .collect();
    let mut words = BTreeMap::from([
        ("bank".to_owned(), loaded.name.clone()),
        (
            "duration".to_owned(),
            settings::duration::format(c.duration),
        ),
        (
            "unit".to_owned(),
            format!(
                "{} x {} km, {} rows",
                c.unit.length_km, c.unit.width_km, c.unit.rows
            ),
        ),
        ("trenches".to_owned(), stretches.join("; ")),
    ]);
    if !left_out.is_empty() {
        words.insert("left out".to_owned(), left_out.join("; "));
    }
    words
}

/// Makes Ctrl-C and SIGTERM set a flag. The command ends by itself soon after; asked again, at once.
///
/// # Errors
/// Text when signals cannot be caught: then they end the process, which loses what is under way and no more.
pub fn stop_on_signals() -> Result<Arc<AtomicBool>, String> {
    let stop = Arc::new(AtomicBool::new(false));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|e| e.to_string())?;
    let flag = stop.clone();
    std::thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || {
            runtime.block_on(crate::cli::interrupted());
            flag.store(true, Ordering::Relaxed);
            runtime.block_on(crate::cli::interrupted());
            std::process::exit(i32::from(crate::cli::FAILED));
        })
        .map_err(|e| e.to_string())?;
    Ok(stop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_bank_can_be_built() {
        for (name, text) in crate::shipped::BANKS {
            let loaded = Loaded::parse(name, text).expect(name);
            let grid = loaded.grid().expect(name);
            let plan = plan(&loaded, &grid).expect(name);
            assert_eq!(plan.provenance.check(), Ok(()), "{name}");
            let (units, receivers) = (&plan.provenance.units, &plan.provenance.receivers);
            println!(
                "{name}: {} unit sources, {} receivers, left out {:?}",
                units.len(),
                receivers.len(),
                plan.left_out
            );
            assert!((60..=170).contains(&units.len()), "{name}: {}", units.len());
            assert!(receivers.len() >= 25, "{name}");
            for r in receivers {
                let depth = r.place.depth_m;
                assert!(depth >= 10.0, "{name}, {}: {depth} m", r.place.id);
                // A DART stands on the deep sea floor, of the grid as of the world.
                assert!(
                    r.place.coastal || depth > 1_000.0,
                    "{name}, {}: {depth} m",
                    r.place.id
                );
            }
        }
    }

    #[test]
    fn a_deployments_own_receivers_have_the_names_of_its_forecasts() {
        let chile = crate::shipped::DEPLOYMENTS.iter().find(|d| d.0 == "chile");
        let (name, text) = chile.expect("ships");
        let config = crate::config::Config::parse(name, text).expect(name);
        let asked = of_deployment(&config);
        let station = asked.iter().find(|a| a.point.id == "32412").expect("buoy");
        assert!(!station.point.coastal);
        let gauge = asked.iter().find(|a| a.point.id == "valparaiso-tide");
        assert!(gauge.expect("gauge").point.coastal);
        let points: usize = config.zone.iter().map(|z| z.coast.len()).sum();
        assert_eq!(
            asked.iter().filter(|a| a.point.id.contains('#')).count(),
            points
        );
        assert!(
            asked.iter().all(|a| a.point.id != "av-errazuriz"),
            "no sea there"
        );
    }
}
