//! The arithmetic of one row: what every cell-step costs. Plain loops over slices of one length, so that the compiler
//! makes vectors of them; nobody else computes, so that bits cannot depend on who did it.
//!
//! Units: fluxes are metres of height that they move in one step (`m` = M dt / (R cos p dl), `n` = N cos p' dt / (R dp)
//! with p' the face's latitude), so that a height changes by plain differences.

/// Heights are rounded to multiples of 2^-40 m (0.9 pm): adding and subtracting this number leaves nothing smaller. Below half
/// of that a toe is zero. Far under what `f32` resolves of a wave of one millimetre.
pub(super) const QUANTUM: f32 = 1.5 / 131_072.0;

/// Fluxes through eastern faces: `m -= cx (eta_east - eta)`.
#[inline(always)]
pub(super) fn east(m: &mut [f32], eta: &[f32], east: &[f32], cx: &[f32]) {
    for (((m, &e), &f), &c) in m.iter_mut().zip(eta).zip(east).zip(cx) {
        *m -= c * (f - e);
    }
}

/// Fluxes through northern faces: `n -= cy (eta_north - eta)`.
#[inline(always)]
pub(super) fn north(n: &mut [f32], eta: &[f32], north: &[f32], cy: &[f32]) {
    for (((n, &e), &f), &c) in n.iter_mut().zip(eta).zip(north).zip(cy) {
        *n -= c * (f - e);
    }
}

/// Heights: what flows in from the west and south less what flows out. `s` is 1 / cos p of the row.
#[inline(always)]
pub(super) fn height(eta: &mut [f32], west: &[f32], m: &[f32], south: &[f32], n: &[f32], s: f32) {
    for ((((h, &w), &e), &a), &b) in eta.iter_mut().zip(west).zip(m).zip(south).zip(n) {
        let new = *h + ((w - e) + s * (a - b));
        *h = (new + QUANTUM) - QUANTUM;
    }
}

/// Coriolis on eastern faces: `m += f (n_sw + n_se + n_nw + n_ne)` where the face is wet.
#[inline(always)]
pub(super) fn turn_east(m: &mut [f32], south: &[f32], north: &[f32], cx: &[f32], f: [f32; 2]) {
    let width = m.len();
    let (south, north, cx) = (&south[..width + 1], &north[..width + 1], &cx[..width]);
    for k in 0..width {
        let add = f[0] * (south[k] + south[k + 1]) + f[1] * (north[k] + north[k + 1]);
        m[k] += if cx[k] > 0.0 { add } else { 0.0 };
    }
}

/// Coriolis on northern faces: `n -= f_s (m_sw + m_se) + f_n (m_nw + m_ne)` where the face is wet. The slices of `m` begin one
/// face west of the cell.
#[inline(always)]
pub(super) fn turn_north(n: &mut [f32], south: &[f32], north: &[f32], cy: &[f32], f: [f32; 2]) {
    let width = n.len();
    let (south, north, cy) = (&south[..width + 1], &north[..width + 1], &cy[..width]);
    for k in 0..width {
        let add = f[0] * (south[k] + south[k + 1]) + f[1] * (north[k] + north[k + 1]);
        n[k] -= if cy[k] > 0.0 { add } else { 0.0 };
    }
}
