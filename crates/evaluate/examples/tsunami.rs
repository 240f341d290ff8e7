//! Scores tsunami detectors without the hub: `cargo run -p evaluate --example tsunami -- DIR`.

fn main() -> Result<(), String> {
    let arguments = evaluate::tsunami::Arguments {
        data: std::env::args().nth(1).unwrap_or_default().into(),
        records: None,
        detectors: Vec::new(),
        csv: None,
        json: false,
    };
    evaluate::tsunami::run(&arguments, &mut std::io::stdout())
}
