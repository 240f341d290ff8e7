//! The map of the highest wave.

use ocean::{Grid, Lattice};

use crate::colour::{self, OUTSIDE, Rgba, STILL};
use crate::error::ChartError;
use crate::event::{EventText, Marks};
use crate::legend::{self, Section, Sign};
use crate::map::{MapPage, Sheet, reaches_beyond};
use crate::sample::Sampler;

/// Most bounds of a [`HeightScale`].
pub const MAX_BOUNDS: usize = 12;

/// Classes of height: below the first bound the sea counts as still, above the last there is one more class.
#[derive(Debug, Clone, PartialEq)]
pub struct HeightScale {
    bounds_m: Vec<f32>,
}

impl Default for HeightScale {
    /// 1, 2, 5 cm ... 10 m: even steps of a logarithmic scale, the same for every event, so that maps can
    /// be compared.
    fn default() -> Self {
        HeightScale {
            bounds_m: vec![0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0],
        }
    }
}

impl HeightScale {
    /// Classes between bounds in metres.
    ///
    /// # Errors
    /// [`ChartError::Classes`] unless there are 1 to [`MAX_BOUNDS`] finite bounds above zero in ascending
    /// order.
    pub fn new(bounds_m: &[f32]) -> Result<Self, ChartError> {
        let usable = (1..=MAX_BOUNDS).contains(&bounds_m.len())
            && bounds_m.iter().all(|b| b.is_finite() && *b > 0.0)
            && bounds_m.windows(2).all(|w| w[0] < w[1]);
        usable
            .then(|| HeightScale {
                bounds_m: bounds_m.to_vec(),
            })
            .ok_or(ChartError::Classes { most: MAX_BOUNDS })
    }

    /// Class of a height: 0 is still, [`HeightScale::classes`]` - 1` the highest.
    pub fn class(&self, height_m: f32) -> usize {
        self.bounds_m.iter().take_while(|&&b| height_m >= b).count()
    }

    /// Number of classes, still sea among them.
    pub fn classes(&self) -> usize {
        self.bounds_m.len() + 1
    }

    /// What the legend says of a class: `20 – 50 cm`.
    pub fn label(&self, class: usize) -> String {
        let b = &self.bounds_m;
        match class {
            0 => format!("below {}", metres(b[0])),
            k if k >= b.len() => format!("above {}", metres(b[b.len() - 1])),
            k => {
                let (from, to) = (metres(b[k - 1]), metres(b[k]));
                match (from.split_once(' '), to.split_once(' ')) {
                    (Some((number, a)), Some((_, b))) if a == b => format!("{number} – {to}"),
                    _ => format!("{from} – {to}"),
                }
            }
        }
    }

    fn colour(&self, class: usize) -> Rgba {
        if class == 0 {
            STILL
        } else {
            colour::height(class - 1, self.bounds_m.len())
        }
    }
}

/// A bound in the unit that reads best.
fn metres(m: f32) -> String {
    let number = |v: f32| {
        let text = format!("{v:.3}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    if m < 0.01 {
        format!("{} mm", number(m * 1e3))
    } else if m < 1.0 {
        format!("{} cm", number(m * 1e2))
    } else {
        format!("{} m", number(m))
    }
}

/// A map of the highest water level that a computation gave, in classes on a logarithmic scale.
#[derive(Debug, Clone, Copy)]
pub struct MaximumHeightMap<'a> {
    /// Ground for relief; may be another grid than that of the heights.
    pub grid: &'a Grid,
    /// Geometry of the heights.
    pub lattice: &'a Lattice,
    /// Heights in metres, storage order of `lattice`; NaN on land and where nothing was computed.
    pub max_m: &'a [f32],
    /// Classes.
    pub scale: &'a HeightScale,
    /// Hours that were computed, told in the legend.
    pub hours: Option<f64>,
    /// Words.
    pub event: &'a EventText,
    /// Places.
    pub marks: &'a Marks,
    /// Size and extent.
    pub page: &'a MapPage,
}

impl MaximumHeightMap<'_> {
    /// The picture.
    ///
    /// # Errors
    /// [`ChartError`] for a field of the wrong length, an area or a size that cannot be drawn, too many
    /// marks.
    pub fn png(&self) -> Result<Vec<u8>, ChartError> {
        if self.max_m.len() != self.lattice.len() {
            return Err(ChartError::Field {
                expected: self.lattice.len(),
                found: self.max_m.len(),
            });
        }
        let scale = self.scale;
        let mut rows: Vec<(Sign, String)> = (0..scale.classes())
            .rev()
            .map(|class| (Sign::Swatch(scale.colour(class)), scale.label(class)))
            .collect();
        if let Some((_, label)) = rows.last_mut() {
            label.push_str(", or not reached");
        }
        if reaches_beyond(self.page, self.lattice) {
            rows.push((Sign::Outside, "not computed".to_owned()));
        }
        rows.push(legend::land());
        let title = match self.hours.filter(|h| h.is_finite()) {
            Some(h) => format!("Highest water level in {} h", trimmed(h)),
            None => "Highest water level".to_owned(),
        };
        let remarks = [
            "Above the sea level without the tsunami, offshore on the computing grid: not the height at the shore or on land."
                .to_owned(),
            self.event.note.clone(),
        ];
        let mut sheet = Sheet::new(
            self.page,
            self.lattice,
            self.event,
            self.marks,
            vec![Section { title, rows }],
            &remarks,
        )?;

        // The logarithm is what is interpolated: a beam of 20 cm beside 1 cm ends half-way between 2 and 20.
        let floor = scale.bounds_m[0] * 0.1;
        let bounds: Vec<f32> = scale.bounds_m.iter().map(|b| b.ln()).collect();
        let colours: Vec<Rgba> = (0..scale.classes())
            .map(|class| scale.colour(class))
            .collect();
        let logarithm = |h: &f32| h.max(floor).ln();
        let values = self
            .max_m
            .iter()
            .map(|h| if h.is_nan() { f32::NAN } else { logarithm(h) })
            .collect();
        let field = Sampler::new(self.lattice, values, 2);
        sheet.ground(self.grid, true, |lat, lon, _| match field.at(lat, lon) {
            Some(log) => colours[bounds.partition_point(|&b| b <= log)],
            None if self.lattice.covers(lat, lon) => STILL,
            None => OUTSIDE,
        });
        sheet.symbols();
        sheet.finish()
    }
}

/// A number without a needless decimal.
pub(crate) fn trimmed(v: f64) -> String {
    let text = format!("{v:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_and_their_words() {
        let s = HeightScale::default();
        assert_eq!(s.classes(), 11);
        let labels: Vec<String> = (0..11).map(|k| s.label(k)).collect();
        assert_eq!(
            labels,
            [
                "below 1 cm",
                "1 – 2 cm",
                "2 – 5 cm",
                "5 – 10 cm",
                "10 – 20 cm",
                "20 – 50 cm",
                "50 cm – 1 m",
                "1 – 2 m",
                "2 – 5 m",
                "5 – 10 m",
                "above 10 m"
            ]
        );
        assert_eq!(
            (
                s.class(0.0),
                s.class(0.01),
                s.class(0.3),
                s.class(99.0),
                s.class(f32::NAN)
            ),
            (0, 1, 5, 10, 0)
        );
        assert_eq!(
            HeightScale::new(&[0.003, 0.03]).expect("usable").label(1),
            "3 mm – 3 cm"
        );
        for bad in [
            &[][..],
            &[0.0],
            &[1.0, 1.0],
            &[f32::NAN],
            &[2.0, 1.0],
            &[1.0; 13],
        ] {
            assert!(HeightScale::new(bad).is_err());
        }
    }
}
