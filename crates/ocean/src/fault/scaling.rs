//! How large a rupture of a magnitude is, and how far it slips.
//!
//! | quantity | law | source |
//! |---|---|---|
//! | interface: length, km | log10 L = -2.477 + 0.585 Mw, sigma 0.180 | Strasser et al. 2010 |
//! | interface: width, km | log10 W = -0.882 + 0.351 Mw, sigma 0.173 | same |
//! | reverse: length, width | -2.37 + 0.57 Mw, -1.86 + 0.46 Mw | Blaser et al. 2010, table of orthogonal regressions |
//! | strike-slip: length, width | -2.69 + 0.64 Mw, -1.12 + 0.33 Mw | same |
//! | normal: length, width | -1.91 + 0.52 Mw, -1.20 + 0.36 Mw | same |
//! | moment, N m | log10 M0 = 1.5 Mw + 9.1 | Kanamori 1977; IASPEI 2005 |
//! | slip, m | D = M0 / (mu L W) | definition of moment |

/// Shear modulus of the rock round an interface rupture, Pa. Between 30 GPa (PTHA18, Davies & Griffin 2018) and 44 GPa
/// (PREM's lower crust, Dziewonski & Anderson 1981); 40 GPa is a customary middle. Valid for foci of 10-50 km; near
/// the trench it may be 10 GPa, which is why tsunami earthquakes are underestimated.
pub const RIGIDITY_PA: f64 = 40e9;
/// Dip of the seismogenic interface, degrees: global mean of 23 +- 8 (Heuret et al. 2011).
pub const DIP_DEG: f64 = 23.0;
/// Standard deviation of [`DIP_DEG`] between subduction zones, degrees.
pub const DIP_SIGMA_DEG: f64 = 8.0;
/// Standard deviation of log10 length (Strasser et al. 2010).
pub const LOG_LENGTH_SIGMA: f64 = 0.180;
/// Standard deviation of log10 width (Strasser et al. 2010).
pub const LOG_WIDTH_SIGMA: f64 = 0.173;

/// Median rupture length of an interface event, kilometres. Strasser et al. (2010); data from Mw 6.3 to 9.4.
pub fn length_km(mw: f64) -> f64 {
    Scaling::Interface.length_km(mw)
}

/// Median rupture width of an interface event, kilometres. Strasser et al. (2010); data from Mw 6.3 to 9.4.
pub fn width_km(mw: f64) -> f64 {
    Scaling::Interface.width_km(mw)
}

/// Seismic moment, N m.
pub fn moment_nm(mw: f64) -> f64 {
    10f64.powf(1.5 * mw + 9.1)
}

/// Moment magnitude of a seismic moment in N m; minus infinity for none.
pub fn magnitude(moment_nm: f64) -> f64 {
    (moment_nm.log10() - 9.1) / 1.5
}

/// Mean slip in metres of an interface rupture with the median size: M0 / (mu L W).
pub fn slip_m(mw: f64) -> f64 {
    Scaling::Interface.slip_m(mw)
}

/// The regression that suits an earthquake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scaling {
    /// Thrust on a subduction interface: Strasser et al. (2010).
    Interface,
    /// Reverse faulting elsewhere: Blaser et al. (2010).
    Reverse,
    /// Strike-slip: Blaser et al. (2010).
    StrikeSlip,
    /// Normal faulting: Blaser et al. (2010).
    Normal,
}

impl Scaling {
    /// By rake, for an earthquake that is not on an interface: the quarter of the circle that it lies in.
    pub fn of_rake(rake_deg: f64) -> Self {
        let sin = rake_deg.to_radians().sin();
        if sin > std::f64::consts::FRAC_1_SQRT_2 {
            Scaling::Reverse
        } else if sin < -std::f64::consts::FRAC_1_SQRT_2 {
            Scaling::Normal
        } else {
            Scaling::StrikeSlip
        }
    }

    /// Intercept and slope of log10 length, then of log10 width.
    fn laws(self) -> [(f64, f64); 2] {
        match self {
            Scaling::Interface => [(-2.477, 0.585), (-0.882, 0.351)],
            Scaling::Reverse => [(-2.37, 0.57), (-1.86, 0.46)],
            Scaling::StrikeSlip => [(-2.69, 0.64), (-1.12, 0.33)],
            Scaling::Normal => [(-1.91, 0.52), (-1.20, 0.36)],
        }
    }

    /// Median rupture length, kilometres.
    pub fn length_km(self, mw: f64) -> f64 {
        let [(a, b), _] = self.laws();
        10f64.powf(a + b * mw)
    }

    /// Median rupture width, kilometres.
    pub fn width_km(self, mw: f64) -> f64 {
        let [_, (a, b)] = self.laws();
        10f64.powf(a + b * mw)
    }

    /// Mean slip of the median rupture, metres, with [`RIGIDITY_PA`].
    pub fn slip_m(self, mw: f64) -> f64 {
        moment_nm(mw) / (RIGIDITY_PA * self.length_km(mw) * 1e3 * self.width_km(mw) * 1e3)
    }
}
