//! Refuses a translation that lacks a message, attribute, variable or choice of the English one, or has another; then writes one
//! constant for each English message, so that the code can name no message that is not there, and has to use all that are.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs, process};

#[path = "build/check.rs"]
mod check;

const REFERENCE: &str = "en";
const FILE: &str = "alert.ftl";

fn main() {
    println!("cargo::rerun-if-changed=locales");
    println!("cargo::rerun-if-changed=build");
    if let Err(faults) = run() {
        for fault in faults {
            println!("cargo::error={fault}");
        }
        process::exit(1);
    }
}

fn run() -> Result<(), Vec<String>> {
    let english = read(REFERENCE)?;
    let mut faults = Vec::new();
    let entries = fs::read_dir("locales").map_err(|e| vec![format!("locales: {e}")])?;
    let mut tags: Vec<String> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    tags.sort();
    for tag in tags {
        match read(&tag) {
            Ok(translation) => faults.extend(
                check::differences(&english, &translation)
                    .into_iter()
                    .map(|fault| format!("locales/{tag}/{FILE}: {fault}")),
            ),
            Err(found) => faults.extend(found),
        }
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    let mut code = String::new();
    for key in english.keys() {
        let name = key.to_uppercase().replace(['-', '.'], "_");
        // Writing to a string cannot fail.
        let _ = writeln!(code, "pub(crate) const {name}: Id = Id({key:?});");
    }
    let out = env::var("OUT_DIR").map_err(|e| vec![format!("OUT_DIR: {e}")])?;
    let path = Path::new(&out).join("ids.rs");
    fs::write(&path, code).map_err(|e| vec![format!("{}: {e}", path.display())])
}

fn read(tag: &str) -> Result<check::Catalogue, Vec<String>> {
    let path = format!("locales/{tag}/{FILE}");
    let text = fs::read_to_string(&path).map_err(|e| vec![format!("{path}: {e}")])?;
    check::catalogue(&text).map_err(|faults| {
        faults
            .into_iter()
            .map(|fault| format!("{path}: {fault}"))
            .collect()
    })
}
