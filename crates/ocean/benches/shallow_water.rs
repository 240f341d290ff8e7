//! How long does a day of the Pacific take, and is that what the machine can give?
//!
//! `cargo bench -p ocean --bench shallow_water [-- quick]`. Prints a table for Pacific 10' and 5': cell-steps
//! a second on one thread and on all, days in seconds, and ratios to two references of the same run, since
//! machines are noisy: a plain two-pass program of the same scheme (`tests/plain`), and what the memory
//! carries in `a[i] = b[i] + s * c[i]` (McCalpin 1995, STREAM). Every cell of the grid counts, land too, as
//! peers count; the whole sea moves from the first step on, so that none of it is the saving of still water;
//! each figure is the best of three.
//!
//! The 5' grid is the one that `WATCHFIRE_PACIFIC_5MIN` names (without `.json` and `.i16le.gz`), else the
//! shipped 10' one with each cell as four, which costs the same.

use std::hint::black_box;
use std::time::Instant;

use ocean::motion::{Motion, Patch};
use ocean::shallow_water::{Model, Request, Run, Settings};
use ocean::{Cell, Grid, GridHeader};

#[path = "../tests/plain/mod.rs"]
mod plain;
#[path = "../tests/shipped/mod.rs"]
mod shipped;

const DAY_S: f64 = 86_400.0;

fn main() {
    let quick = std::env::args().any(|a| a == "quick" || a == "--test");
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let triad = in_pool(1, triad_gb_s);
    println!("memory carries {triad:.1} GB/s on one core (triad over 3 x 64 MB)\n");
    println!("| grid | what | threads | G cell-steps/s | of plain | day, s |");
    println!("|---|---|---|---|---|---|");
    for (name, grid, steps) in [
        ("10'", shipped::grid("pacific_10min"), 480),
        ("5'", pacific_5min(), 160),
    ] {
        measure(name, &grid, if quick { 32 } else { steps }, threads, triad);
    }
}

fn measure(name: &str, grid: &Grid, steps: usize, threads: usize, triad: f64) {
    let cells = grid.lattice().len() as f64;
    let off = Settings {
        coriolis: false,
        dispersion: false,
        compressible: false,
        elastic: false,
    };
    let model = Model::new(grid, &off).expect("a model");
    let mut reference = plain::Plain::new(grid, &model);
    let mut plainly = |maxima| {
        let few = steps / 8;
        in_pool(1, || best(|| reference.advance(few, maxima))) / few as f64
    };
    let (plain, with_maxima) = (plainly(false), plainly(true));
    black_box(reference.row(0));
    let line = |what: &str, threads: usize, step_s: f64, day_s: f64| {
        println!(
            "| {name} | {what} | {threads} | {:.2} | {:.1} x | {day_s:.2} |",
            cells / step_s / 1e9,
            plain / step_s,
        );
    };
    let day = |step_s: f64| step_s * DAY_S / model.dt_s();
    line("plain two-pass", 1, plain, day(plain));
    line("plain two-pass, maxima", 1, with_maxima, day(with_maxima));
    let mut one_core = 0.0;
    for (what, settings) in [
        ("engine", off),
        (
            "engine, Coriolis",
            Settings {
                coriolis: true,
                ..off
            },
        ),
        (
            "engine, dispersion",
            Settings {
                dispersion: true,
                ..off
            },
        ),
    ] {
        let model = Model::new(grid, &settings).expect("a model");
        let mut run = Run::new(&model);
        run.add(&everywhere(grid).patch, 1.0);
        for threads in [1, threads] {
            let step_s = in_pool(threads, || best(|| run.advance(steps))) / steps as f64;
            if what == "engine" && threads == 1 {
                one_core = step_s;
            }
            line(what, threads, step_s, day(step_s));
            if threads == 1 && std::thread::available_parallelism().map_or(1, usize::from) == 1 {
                break;
            }
        }
    }
    for threads in [1, threads] {
        let day_s = in_pool(threads, || forecast(grid));
        let steps_in_day = DAY_S / model.dt_s();
        line(
            "forecast: one source, 100 gauges, maxima",
            threads,
            day_s / steps_in_day,
            day_s,
        );
    }
    // Three fields read and written, two coefficients read, once in so many steps; all of them at every step
    // without blocking.
    let bytes = 8.0 * 4.0;
    println!(
        "{name}: one step of a cell touches {bytes} B of fields and coefficients; streamed at every step they would \
         need {:.1} GB/s, {:.1} times what the memory carries\n",
        bytes * cells / one_core / 1e9,
        bytes * cells / one_core / 1e9 / triad
    );
}

/// A day after an earthquake off Maule, as a forecast does it; seconds.
fn forecast(grid: &Grid) -> f64 {
    let model = Model::new(grid, &Settings::default()).expect("a model");
    let centre = grid.cell_at(-36.0, -74.5).expect("on the grid");
    let (half_x, half_y) = (
        (0.8 / grid.lattice().dlon()) as usize,
        (2.5 / grid.lattice().dlat()) as usize,
    );
    let (nx, ny) = (2 * half_x, 2 * half_y);
    let patch = Patch {
        i0: centre.i - half_x,
        j0: centre.j - half_y,
        nx,
        ny,
        metres: vec![2.0; nx * ny],
    };
    let motions = [Motion {
        patch,
        start_s: 0.0,
        rise_s: 60.0,
    }];
    let gauges: Vec<Cell> = (0..100)
        .filter_map(|k| grid.nearest_wet(-55.0 + f64::from(k), 150.0 + f64::from(k), 500.0))
        .filter(|&c| model.is_sea(c))
        .collect();
    let request = Request {
        motions: &motions,
        duration_s: DAY_S,
        gauges: &gauges,
        every_s: 60.0,
        maxima: true,
    };
    best(|| {
        black_box(model.simulate(&request, &mut |_| {}).expect("simulated"));
    })
}

/// A swell over the whole sea.
fn everywhere(grid: &Grid) -> Motion {
    let (nx, ny) = (grid.lattice().nx(), grid.lattice().ny());
    let height = |k: usize| ((k % nx) as f32 * 0.1).sin() * ((k / nx) as f32 * 0.1).cos();
    Motion::instant(Patch {
        i0: 0,
        j0: 0,
        nx,
        ny,
        metres: (0..nx * ny).map(height).collect(),
    })
}

fn in_pool<T: Send>(threads: usize, job: impl FnOnce() -> T + Send) -> T {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .expect("a pool");
    pool.install(job)
}

/// Seconds of the fastest of three: of this thread's own time on a processor where the system tells it (Linux),
/// else by the clock. A machine that is shared shows what it can do only in the former.
fn best(mut job: impl FnMut()) -> f64 {
    let once = |_| {
        let (begin, before) = (Instant::now(), own_time_s());
        job();
        let clock_s = begin.elapsed().as_secs_f64();
        match (before, own_time_s()) {
            (Some(before), Some(after)) if rayon::current_num_threads() == 1 => after - before,
            _ => clock_s,
        }
    };
    (0..3).map(once).fold(f64::INFINITY, f64::min)
}

/// Seconds that this thread has run.
fn own_time_s() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanoseconds: f64 = text.split_whitespace().next()?.parse().ok()?;
    Some(nanoseconds * 1e-9)
}

fn triad_gb_s() -> f64 {
    let n = 16 * 1024 * 1024;
    let (mut a, b, c) = (vec![0f32; n], vec![1f32; n], vec![2f32; n]);
    let seconds = best(|| {
        for ((a, &b), &c) in a.iter_mut().zip(&b).zip(&c) {
            *a = b + 3.0 * c;
        }
        black_box(&mut a);
    });
    12.0 * n as f64 / seconds / 1e9
}

fn pacific_5min() -> Grid {
    let Some(path) = std::env::var_os("WATCHFIRE_PACIFIC_5MIN") else {
        return refined(&shipped::grid("pacific_10min"));
    };
    let path = path.to_string_lossy();
    let header = std::fs::read_to_string(format!("{path}.json")).expect("grid header");
    let header: GridHeader = serde_json::from_str(&header).expect("grid header is JSON");
    let mut bytes = Vec::new();
    let file = std::fs::File::open(format!("{path}.i16le.gz")).expect("grid file");
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(file), &mut bytes).expect("gzip");
    Grid::from_parts(&header, &bytes).expect("grid is valid")
}

/// Each cell as four.
fn refined(grid: &Grid) -> Grid {
    let l = grid.lattice();
    let (nx, ny) = (2 * l.nx(), 2 * l.ny());
    let header = GridHeader {
        nx,
        ny,
        lon0: l.lon(0),
        lat0: l.lat(0),
        dlon: 0.5 * l.dlon(),
        dlat: 0.5 * l.dlat(),
        ..Default::default()
    };
    let z = (0..nx * ny).map(|k| grid.z()[k / nx / 2 * l.nx() + k % nx / 2]);
    Grid::from_metres(&header, z.collect()).expect("grid is valid")
}
