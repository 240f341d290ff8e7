//! From a station's file to heights above the tide, and to what the inversion may use of them.

use ocean::inversion::{Noise, Record, Verdict};
use ocean::tide::Tide;

use super::outlook::Part;
use super::records::Found;
use super::words;

/// A record with its tide taken out, all of it: what was known at the time and what came later.
#[derive(Debug, Clone, Default)]
pub struct Observed {
    /// Seconds after the origin and metres above the tide, sorted.
    pub samples: Vec<(f64, f64)>,
    /// The station's noise before the event.
    pub noise: Option<Noise>,
    /// Why it cannot be used, if so.
    pub fault: Option<String>,
    /// What is to be known about it.
    pub note: String,
}

/// How much of the record is shown and compared, seconds after the origin.
const SHOWN_BEFORE_S: f64 = -2.0 * 3600.0;

/// Takes the tide out of a record by what it recorded before the origin: nobody knew more at the time.
pub fn observed(found: &Found) -> Observed {
    let mut observed = Observed {
        note: found.note.clone().unwrap_or_default(),
        ..Observed::default()
    };
    let (times, heights): (Vec<f64>, Vec<f64>) = found.samples.iter().copied().unzip();
    let (first, last) = (times.first().copied(), times.last().copied());
    let (Some(first), Some(last)) = (first, last) else {
        observed.fault = Some("the file holds no values".to_owned());
        return observed;
    };
    if last <= 0.0 {
        observed.fault = Some(format!(
            "it ends {} before the earthquake",
            words::span(-last)
        ));
        return observed;
    }
    match Tide::fit(&times, &heights, 0.0) {
        Ok(tide) => {
            observed.noise = Some(tide.noise());
            if found.detided {
                observed.samples = found.samples.clone();
            } else if let Ok(residual) = tide.residual(&times, &heights) {
                observed.samples = residual
                    .times_s
                    .into_iter()
                    .zip(residual.heights_m)
                    .collect();
            }
        }
        Err(_) if found.detided => observed.samples = found.samples.clone(),
        Err(why) => {
            observed.fault = Some(format!(
                "its tide is not known: {why}; the file begins {} {} the origin",
                words::span(first.abs()),
                if first < 0.0 { "before" } else { "after" }
            ));
        }
    }
    observed.samples.retain(|s| s.0 >= SHOWN_BEFORE_S);
    observed
}

impl Observed {
    /// What the inversion may use: nothing after `until_s`. `on_the_ground`: its station rises and sinks with the sea floor.
    pub fn record(&self, receiver: usize, until_s: f64, on_the_ground: bool) -> Record {
        let known = self.samples.iter().filter(|s| s.0 <= until_s);
        let (times_s, heights_m) = known.copied().unzip();
        Record {
            receiver,
            times_s,
            heights_m,
            noise: self.noise.unwrap_or_else(Noise::assumed),
            on_the_ground,
        }
    }

    /// How long the record goes on within the limit, seconds after the origin.
    pub fn known_until_s(&self, until_s: f64) -> Option<f64> {
        self.samples
            .iter()
            .rev()
            .find(|s| s.0 <= until_s)
            .map(|s| s.0)
    }
}

/// The verdict in words.
pub fn part(verdict: Verdict, samples: usize, shift_s: f64, misfit: f64) -> Part {
    let shift = if shift_s.abs() < 15.0 {
        String::new()
    } else {
        format!(
            ", its wave {:.0} s {} than modelled",
            shift_s.abs(),
            if shift_s > 0.0 { "later" } else { "earlier" }
        )
    };
    match verdict {
        Verdict::Used => Part::Used(format!("{samples} minutes, misfit {misfit:.2}{shift}")),
        Verdict::DownWeighted { factor } => Part::Used(format!(
            "{samples} minutes, fits badly and counts less (variance times {factor:.1}){shift}"
        )),
        Verdict::Contradicts => Part::Contradicts(
            "what it says cannot be reconciled with the model and the other stations; left out"
                .to_owned(),
        ),
        Verdict::Stuck => Part::Ignored("it repeats one value".to_owned()),
        Verdict::Absurd => Part::Ignored("most of its values are no sea levels".to_owned()),
        Verdict::TooFew => {
            Part::Ignored("too few values after the origin and before the limit".to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(from_s: i32, to_s: i32, detided: bool) -> Found {
        Found {
            samples: (from_s..to_s)
                .step_by(60)
                .map(|t| {
                    let t = f64::from(t);
                    (
                        t,
                        5000.0
                            + (t * std::f64::consts::TAU / 44_714.0).sin()
                            + 0.001 * (t * 0.37).sin(),
                    )
                })
                .collect(),
            detided,
            file: Default::default(),
            note: None,
        }
    }

    #[test]
    fn a_tide_is_taken_out_by_the_past() {
        let o = observed(&found(-3 * 86_400, 7200, false));
        assert!(o.fault.is_none() && o.noise.is_some());
        assert!(
            o.samples
                .iter()
                .all(|s| s.1.abs() < 0.05 && s.0 >= SHOWN_BEFORE_S)
        );
        assert_eq!(o.known_until_s(2400.0), Some(2400.0));
        let r = o.record(3, 2400.0, true);
        assert!(r.times_s.iter().all(|t| *t <= 2400.0) && r.receiver == 3);
    }

    #[test]
    fn records_that_cannot_help_say_why() {
        assert!(
            observed(&found(-600, 7200, false))
                .fault
                .expect("short")
                .contains("tide")
        );
        assert!(
            observed(&found(-86_400, -3600, false))
                .fault
                .expect("early")
                .contains("before the earthquake")
        );
        assert!(
            observed(&found(0, 0, false))
                .fault
                .expect("empty")
                .contains("no values")
        );
        assert!(
            observed(&found(-600, 7200, true)).fault.is_none(),
            "a de-tided one needs no past"
        );
    }
}
