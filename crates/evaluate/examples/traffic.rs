//! Scores traffic detectors without the hub: `cargo run -p evaluate --example traffic -- DIR`.

fn main() -> Result<(), String> {
    let arguments = evaluate::traffic::Arguments {
        data: std::env::args().nth(1).unwrap_or_default().into(),
        windows: None,
        json: false,
    };
    evaluate::traffic::run(&arguments, &mut std::io::stdout())
}
