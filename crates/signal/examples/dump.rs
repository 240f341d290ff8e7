#[path = "../tests/recorded/mod.rs"]
mod recorded;
use signal::tsunami::{Detector, Settings};
fn main() {
    let want: Vec<String> = std::env::args().skip(1).collect();
    let (a, b): (f64, f64) = (want[1].parse().unwrap(), want[2].parse().unwrap());
    let mut d = Detector::new(Settings::default());
    for (t, h) in recorded::load(&want[0]).unwrap() {
        let s = d.step(t, h);
        let t = t as f64 * 1e-6;
        let f = s.change.map_or(String::new(), |c| format!("{c:?}"));
        let told = f.contains("Onset") || f.contains("End") || f.contains("Shak");
        if told || (t >= a && t < b) {
            println!("{t} {h:.3} r {:.4} slow {:.4} T {:.4} | {} {f}", s.residual_m, s.slow_m, s.threshold_m, d.probe());
        }
    }
}
