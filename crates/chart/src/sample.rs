//! Values of a field between its cells.

use ocean::Lattice;

/// A field that reaches a little beyond its coast: cells without a value take the mean of their neighbours,
/// a few cells deep, so that colours and lines end at the drawn coast and not at the last wet cell.
pub(crate) struct Sampler<'a> {
    lattice: &'a Lattice,
    values: Vec<f32>,
}

impl<'a> Sampler<'a> {
    /// `values` in storage order; whatever is not finite is no value. `depth` is how many cells to reach
    /// beyond the coast.
    pub fn new(lattice: &'a Lattice, mut values: Vec<f32>, depth: usize) -> Self {
        for v in &mut values {
            if !v.is_finite() {
                *v = f32::NAN;
            }
        }
        for _ in 0..depth {
            grow(lattice, &mut values);
        }
        Sampler { lattice, values }
    }

    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// Bilinear among the cells that have a value, `None` where the heaviest of the four has none and
    /// outside the lattice.
    pub fn at(&self, lat: f64, lon: f64) -> Option<f32> {
        let l = self.lattice;
        let (x, y) = l.locate(lat, lon)?;
        let (i, fx) = split(x, l.nx());
        let (j, fy) = split(y, l.ny());
        let east = if i + 1 < l.nx() {
            i + 1
        } else if l.is_periodic() {
            0
        } else {
            i
        };
        let north = (j + 1).min(l.ny() - 1);
        let mut sum = 0.0;
        let mut weight = 0.0;
        for (i, j, w) in [
            (i, j, (1.0 - fx) * (1.0 - fy)),
            (east, j, fx * (1.0 - fy)),
            (i, north, (1.0 - fx) * fy),
            (east, north, fx * fy),
        ] {
            let v = self.values[j * l.nx() + i];
            if !v.is_nan() {
                sum += w * v;
                weight += w;
            }
        }
        (weight >= 0.25).then(|| sum / weight)
    }
}

/// The lower node and the fraction above it; the outer half cells are held at the outer nodes.
fn split(x: f64, n: usize) -> (usize, f32) {
    let x = x.clamp(0.0, n as f64 - 1e-9);
    let i = (x.floor() as usize).min(n - 1);
    (i, (x - i as f64) as f32)
}

/// One cell farther: from the state before, so that the order of the cells does not matter.
fn grow(lattice: &Lattice, values: &mut [f32]) {
    let (nx, ny) = (lattice.nx(), lattice.ny());
    let mut added: Vec<(usize, f32)> = Vec::new();
    for j in 0..ny {
        for i in 0..nx {
            if !values[j * nx + i].is_nan() {
                continue;
            }
            let mut sum = 0.0;
            let mut count = 0.0;
            for dj in -1i64..=1 {
                for di in -1i64..=1 {
                    let mut i = i as i64 + di;
                    if lattice.is_periodic() {
                        i = i.rem_euclid(nx as i64);
                    }
                    let j = j as i64 + dj;
                    if (0..nx as i64).contains(&i) && (0..ny as i64).contains(&j) {
                        let v = values[j as usize * nx + i as usize];
                        if !v.is_nan() {
                            sum += v;
                            count += 1.0;
                        }
                    }
                }
            }
            if count > 0.0 {
                added.push((j * nx + i, sum / count));
            }
        }
    }
    for (k, v) in added {
        values[k] = v;
    }
}
