//! Builds the page with npm, and lists its files for the library.
//!
//! Where npm is not there, or its packages cannot be fetched, the build goes on without the page and says so; the hub serves its plain page
//! then. `WATCHFIRE_CONSOLE=plain` leaves it out on purpose, `WATCHFIRE_CONSOLE=required` makes it an error.
//!
//! Everything happens in the build's own folder: the sources are copied there, so that nothing is written among them.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

/// What the page is made of; `src` and `public` are folders.
const SOURCES: [&str; 8] = [
    "src",
    "public",
    "index.html",
    "package.json",
    "package-lock.json",
    "tsconfig.json",
    "vite.config.ts",
    "compress.mjs",
];
/// Longest that npm may take: on a slow line it fetches 30 MB.
const LONGEST: Duration = Duration::from_secs(600);

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    for source in SOURCES {
        println!("cargo::rerun-if-changed={source}");
    }
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=WATCHFIRE_CONSOLE");
    let wish = env::var("WATCHFIRE_CONSOLE").unwrap_or_default();
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let built = if wish == "plain" {
        Ok(None)
    } else {
        build(&out).map(Some)
    };
    let dist = match built {
        Ok(dist) => dist,
        Err(why) if wish == "required" => return Err(why),
        Err(why) => {
            println!(
                "cargo::warning=the console is not built, the hub will serve its plain page: {why}"
            );
            println!(
                "cargo::warning=for the whole console install Node.js 20.19 or newer with npm, and build again"
            );
            None
        }
    };
    fs::write(out.join("files.rs"), list(dist.as_deref())?)?;
    Ok(())
}

/// Copies, installs, builds; gives the folder with what came out.
fn build(out: &Path) -> Result<PathBuf> {
    let version = run("npm", &["--version"], Path::new("."))
        .map_err(|why| format!("npm does not answer ({why})"))?;
    if !version.status.success() {
        return Err("npm does not say its version".into());
    }
    let page = out.join("page");
    fs::create_dir_all(&page)?;
    for source in SOURCES {
        let to = page.join(source);
        if Path::new(source).is_dir() {
            // A file that was deleted must not linger.
            if to.exists() {
                fs::remove_dir_all(&to)?;
            }
            copy_folder(Path::new(source), &to)?;
        } else {
            fs::copy(source, to)?;
        }
    }
    let lock = fs::read(page.join("package-lock.json"))?;
    let installed = page.join("installed-lock.json");
    if fs::read(&installed).ok().as_ref() != Some(&lock) {
        let _ = fs::remove_file(&installed);
        npm(
            &page,
            &[
                "ci",
                "--no-audit",
                "--no-fund",
                "--loglevel=error",
                "--fetch-retries=2",
            ],
        )?;
        fs::write(&installed, &lock)?;
    }
    npm(&page, &["run", "build", "--silent"])?;
    Ok(page.join("dist"))
}

fn npm(page: &Path, arguments: &[&str]) -> Result<()> {
    let output = run("npm", arguments, page)?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    // One line: cargo shows no more of a warning.
    let lines: Vec<&str> = said.lines().filter(|l| !l.trim().is_empty()).collect();
    let end = lines[lines.len().saturating_sub(6)..].join(" | ");
    Err(format!("`npm {}` failed: {end}", arguments.join(" ")).into())
}

/// Runs a program to its end or to the limit of time.
fn run(program: &str, arguments: &[&str], folder: &Path) -> Result<Output> {
    let log = PathBuf::from(env::var("OUT_DIR")?).join("npm.log");
    let mut child = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(fs::File::create(&log)?)
        .spawn()?;
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Output {
                status,
                stdout: Vec::new(),
                stderr: fs::read(&log)?,
            });
        }
        if begun.elapsed() > LONGEST {
            child.kill()?;
            child.wait()?;
            return Err(format!("`{program} {}` takes too long", arguments.join(" ")).into());
        }
        thread::sleep(Duration::from_millis(50));
    }
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// The library's list of files.
fn list(dist: Option<&Path>) -> Result<String> {
    let mut paths = Vec::new();
    if let Some(dist) = dist {
        walk(dist, &mut paths)?;
    }
    paths.sort();
    let mut text = String::from(
        "/// The files of the page; none where it was not built.\npub static FILES: &[File] = &[\n",
    );
    for (dist, path) in dist.iter().flat_map(|d| paths.iter().map(move |p| (d, p))) {
        if path.extension().is_some_and(|end| end == "gz") {
            continue;
        }
        let name = path
            .strip_prefix(dist)?
            .to_string_lossy()
            .replace('\\', "/");
        let compressed = PathBuf::from(format!("{}.gz", path.display()));
        let gzip = if compressed.is_file() {
            format!(
                "Some(include_bytes!({:?}))",
                compressed.display().to_string()
            )
        } else {
            "None".to_owned()
        };
        writeln!(
            text,
            "    File {{ path: {name:?}, plain: include_bytes!({:?}), gzip: {gzip}, immutable: {} }},",
            path.display().to_string(),
            name.starts_with("assets/"),
        )?;
    }
    text.push_str("];\n");
    Ok(text)
}

fn walk(folder: &Path, paths: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            walk(&path, paths)?;
        } else {
            paths.push(path);
        }
    }
    Ok(())
}
