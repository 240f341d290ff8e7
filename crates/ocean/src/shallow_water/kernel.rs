//! The arithmetic of one row: what every cell-step costs. Plain loops over slices of one length, so that the
//! compiler makes vectors of them; nobody else computes, so that bits cannot depend on who did it. No fused
//! multiply-add: every processor rounds alike.
//!
//! Units: fluxes are metres of height that they move in one step (`m` = M dt / (R cos p dl), `n` = N cos p'
//! dt / (R dp) with p' the face's latitude), so that a height changes by plain differences.

/// Heights are rounded to multiples of 2^-40 m (0.9 pm): adding and subtracting this number leaves nothing
/// smaller. Below half of that a toe is zero. Far under what `f32` resolves of a wave of one millimetre.
pub(super) const QUANTUM: f32 = 1.5 / 131_072.0;

/// Fluxes through eastern faces: `m -= cx (eta_east - eta)`. `eta` holds one cell more.
#[inline(always)]
pub(super) fn east(m: &mut [f32], eta: &[f32], cx: &[f32]) {
    let n = m.len();
    let (eta, cx) = (&eta[..n + 1], &cx[..n]);
    for k in 0..n {
        m[k] -= cx[k] * (eta[k + 1] - eta[k]);
    }
}

/// Fluxes through northern faces: `n -= cy (eta_north - eta)`.
#[inline(always)]
pub(super) fn north(n: &mut [f32], eta: &[f32], above: &[f32], cy: &[f32]) {
    let count = n.len();
    let (eta, above, cy) = (&eta[..count], &above[..count], &cy[..count]);
    for k in 0..count {
        n[k] -= cy[k] * (above[k] - eta[k]);
    }
}

/// Heights: what flows in from the west and south less what flows out. `m` begins one face west of `eta`; `s`
/// is 1 / cos p.
#[inline(always)]
pub(super) fn height(eta: &mut [f32], m: &[f32], south: &[f32], n: &[f32], s: f32) {
    let count = eta.len();
    let (m, south, n) = (&m[..count + 1], &south[..count], &n[..count]);
    for k in 0..count {
        let new = eta[k] + ((m[k] - m[k + 1]) + s * (south[k] - n[k]));
        eta[k] = (new + QUANTUM) - QUANTUM;
    }
}

/// Coriolis on eastern faces: `m += f_s (n_sw + n_se) + f_n (n_nw + n_ne)` where the face is wet. `south` and
/// `north` hold one face more.
#[inline(always)]
pub(super) fn turn_east(m: &mut [f32], south: &[f32], north: &[f32], cx: &[f32], f: [f32; 2]) {
    let n = m.len();
    let (south, north, cx) = (&south[..n + 1], &north[..n + 1], &cx[..n]);
    for k in 0..n {
        let add = f[0] * (south[k] + south[k + 1]) + f[1] * (north[k] + north[k + 1]);
        m[k] += if cx[k] > 0.0 { add } else { 0.0 };
    }
}

/// Coriolis on northern faces: `n -= f_s (m_sw + m_se) + f_n (m_nw + m_ne)` where the face is wet. `south`
/// and `north` begin one face west of the cell.
#[inline(always)]
pub(super) fn turn_north(n: &mut [f32], south: &[f32], north: &[f32], cy: &[f32], f: [f32; 2]) {
    let count = n.len();
    let (south, north, cy) = (&south[..count + 1], &north[..count + 1], &cy[..count]);
    for k in 0..count {
        let add = f[0] * (south[k] + south[k + 1]) + f[1] * (north[k] + north[k + 1]);
        n[k] -= if cy[k] > 0.0 { add } else { 0.0 };
    }
}

/// What a row's dispersion needs: coefficients of the row's faces and of its cells.
#[derive(Clone, Copy)]
pub(super) struct Spread<'a> {
    /// Of eastern faces, from one west of the first cell.
    pub cx: &'a [f32],
    /// Of the faces south and north of the cells.
    pub cy: [&'a [f32]; 2],
    /// 1 / cos p.
    pub secant: f32,
    /// Of the cells: weight of the whole curvature, and of the eastward and northward parts within their own
    /// direction.
    pub whole: &'a [f32],
    pub own: [&'a [f32]; 2],
}

/// Heights that drive the eastward and the northward fluxes under dispersion: with `a` and `b` what the flux
/// through the cell's faces would change its height by in one step, from east and west and from north and
/// south, `zm = eta + own_x a + whole b`, `zn = eta + whole a + own_y b`. `eta` begins one cell west of the
/// others.
#[inline(always)]
pub(super) fn spread(
    zm: &mut [f32],
    zn: &mut [f32],
    south: &[f32],
    eta: &[f32],
    north: &[f32],
    c: Spread<'_>,
) {
    let n = zm.len();
    let (zn, south, north, eta) = (&mut zn[..n], &south[..n], &north[..n], &eta[..n + 2]);
    let (cx, cs, cn) = (&c.cx[..n + 1], &c.cy[0][..n], &c.cy[1][..n]);
    let (whole, own_x, own_y) = (&c.whole[..n], &c.own[0][..n], &c.own[1][..n]);
    for k in 0..n {
        let here = eta[k + 1];
        let a = cx[k + 1] * (eta[k + 2] - here) - cx[k] * (here - eta[k]);
        let b = c.secant * (cn[k] * (north[k] - here) - cs[k] * (here - south[k]));
        zm[k] = here + (own_x[k] * a + whole[k] * b);
        zn[k] = here + (whole[k] * a + own_y[k] * b);
    }
}

/// Keeps the largest.
#[inline(always)]
pub(super) fn highest(max: &mut [f32], eta: &[f32]) {
    for (max, &eta) in max.iter_mut().zip(eta) {
        *max = if eta > *max { eta } else { *max };
    }
}
