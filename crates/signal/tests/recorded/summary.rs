//! What the detector and the DART reference make of one record.

use super::Series;
use signal::dart::{Dart, THRESHOLD_M};
use signal::tsunami::{Change, Detector, Settings};

/// One row of the table. Times are seconds after origin.
#[derive(Debug, Default)]
pub struct Summary {
    /// First sample told as shaking after the origin.
    pub shaking_s: Option<f64>,
    /// First confirmation at or after `arrival_s`, and the onset it estimated.
    pub confirmed_s: Option<f64>,
    /// Estimated first motion.
    pub onset_s: Option<f64>,
    /// Largest amplitude of that event, its time, and the period told last.
    pub amplitude_m: Option<f64>,
    /// When the largest amplitude was reached.
    pub peak_s: Option<f64>,
    /// Period of the largest wave.
    pub period_s: Option<f64>,
    /// When that event ended.
    pub end_s: Option<f64>,
    /// Confirmations before the tsunami's arrival or after that event: false (or another event).
    pub false_onsets: u32,
    /// Days of record outside the event.
    pub quiet_days: f64,
    /// First trigger of the published algorithm after the origin, at one sample a minute. It needs 3 h 10 min of those, which the
    /// instruments have inside and the 15-minute parts of the records have not.
    pub reference_s: Option<f64>,
    /// Its separate triggers (an hour apart) before the arrival and after the event's end.
    pub reference_false: u32,
}

/// Runs both over a record; the tsunami cannot be there before `arrival_s`.
pub fn summarise(series: &Series, arrival_s: f64) -> Summary {
    let mut summary = Summary::default();
    let mut detector = Detector::new(Settings::default());
    let mut reference = Dart::<194>::new(60_000_000, THRESHOLD_M).expect("fits");
    let mut last_trigger_s = f64::NEG_INFINITY;
    let mut previous_s: Option<f64> = None;
    for &(time_us, height_m) in series {
        let t_s = time_us as f64 * 1e-6;
        if !detector.in_event() {
            summary.quiet_days += previous_s.map_or(0.0, |p| t_s - p) / 86_400.0;
        }
        previous_s = Some(t_s);
        match detector.step(time_us, height_m).change {
            Some(Change::Shaking { .. }) if t_s > 0.0 && summary.shaking_s.is_none() => {
                summary.shaking_s = Some(t_s)
            }
            Some(Change::Onset { onset_us, .. })
                if t_s >= arrival_s && summary.confirmed_s.is_none() =>
            {
                summary.confirmed_s = Some(t_s);
                summary.onset_s = Some(onset_us as f64 * 1e-6);
            }
            Some(Change::Onset { .. }) => summary.false_onsets += 1,
            Some(Change::Growth {
                amplitude_m,
                time_us,
                period_s,
            }) if summary.confirmed_s.is_some() && summary.end_s.is_none() => {
                summary.amplitude_m = Some(amplitude_m);
                summary.peak_s = Some(time_us as f64 * 1e-6);
                summary.period_s = period_s;
            }
            Some(Change::End { .. })
                if summary.confirmed_s.is_some() && summary.end_s.is_none() =>
            {
                summary.end_s = Some(t_s);
            }
            _ => {}
        }
        if reference
            .step(time_us, height_m)
            .is_some_and(|p| p.triggered)
        {
            if t_s > 0.0 && summary.reference_s.is_none() {
                summary.reference_s = Some(t_s);
            }
            let outside = t_s < arrival_s || summary.end_s.is_some();
            if outside && t_s - last_trigger_s > 3600.0 {
                summary.reference_false += 1;
            }
            last_trigger_s = t_s;
        }
    }
    summary
}

/// The table's head.
pub const HEAD: &str = "record          shaking confirmed   onset  ampl.    peak  period     end | false  quiet | DART ref.  its false
                      s         s       s      m       s       s       s |        days |         s (outside)";

/// One row of the table.
pub fn row(name: &str, s: &Summary) -> String {
    let time = |value: Option<f64>, width: usize| {
        value.map_or(format!("{:>width$}", "-"), |v| format!("{v:>width$.0}"))
    };
    let amplitude = s
        .amplitude_m
        .map_or("     -".into(), |v| format!("{v:>6.3}"));
    format!(
        "{name:<15} {} {} {} {amplitude} {} {} {} | {:>5} {:>6.2} | {} {:>9}",
        time(s.shaking_s, 7),
        time(s.confirmed_s, 9),
        time(s.onset_s, 7),
        time(s.peak_s, 7),
        time(s.period_s, 7),
        time(s.end_s, 7),
        s.false_onsets,
        s.quiet_days,
        time(s.reference_s, 9),
        s.reference_false,
    )
}
