//! Prints what the detector makes of the recorded data: `cargo run -p signal --example table`.

#[path = "../tests/recorded/mod.rs"]
mod recorded;

use recorded::summary::{HEAD, row, summarise};

fn main() {
    println!("{HEAD}");
    for (name, arrival_s) in recorded::ALL {
        if let Some(series) = recorded::load(name) {
            println!("{}", row(name, &summarise(&series, *arrival_s)));
        }
    }
}
