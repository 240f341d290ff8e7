//! The arithmetic of one row: what every cell-step costs. Plain loops over slices of one length, so that the compiler
//! makes vectors of them; nobody else computes, so that bits cannot depend on who did it. No fused multiply-add: every
//! processor rounds alike.
//!
//! Units: fluxes are metres of height that they move in one step (`m` = M dt / (R cos p dl), `n` = N cos p' dt / (R dp)
//! with p' the face's latitude), so that a height changes by plain differences.

/// Heights are rounded to multiples of 2^-40 m (0.9 pm): adding and subtracting this number leaves nothing smaller. Below half
/// of that a toe is zero. Far under what `f32` resolves of a wave of one millimetre.
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

/// Heights: what flows in from the west and south less what flows out. `m` begins one face west of `eta`; `s` is 1 / cos p.
#[inline(always)]
pub(super) fn height(eta: &mut [f32], m: &[f32], south: &[f32], n: &[f32], s: f32) {
    let count = eta.len();
    let (m, south, n) = (&m[..count + 1], &south[..count], &n[..count]);
    for k in 0..count {
        let new = eta[k] + ((m[k] - m[k + 1]) + s * (south[k] - n[k]));
        eta[k] = (new + QUANTUM) - QUANTUM;
    }
}

/// Coriolis on eastern faces: `m += f_s (n_sw + n_se) + f_n (n_nw + n_ne)` where the face is wet. `south` and `north` hold one
/// face more.
#[inline(always)]
pub(super) fn turn_east(m: &mut [f32], south: &[f32], north: &[f32], cx: &[f32], f: [f32; 2]) {
    let n = m.len();
    let (south, north, cx) = (&south[..n + 1], &north[..n + 1], &cx[..n]);
    for k in 0..n {
        let add = f[0] * (south[k] + south[k + 1]) + f[1] * (north[k] + north[k + 1]);
        m[k] += if cx[k] > 0.0 { add } else { 0.0 };
    }
}

/// Coriolis on northern faces: `n -= f_s (m_sw + m_se) + f_n (m_nw + m_ne)` where the face is wet. `south` and `north` begin
/// one face west of the cell.
#[inline(always)]
pub(super) fn turn_north(n: &mut [f32], south: &[f32], north: &[f32], cy: &[f32], f: [f32; 2]) {
    let count = n.len();
    let (south, north, cy) = (&south[..count + 1], &north[..count + 1], &cy[..count]);
    for k in 0..count {
        let add = f[0] * (south[k] + south[k + 1]) + f[1] * (north[k] + north[k + 1]);
        n[k] -= if cy[k] > 0.0 { add } else { 0.0 };
    }
}

/// Keeps the largest.
#[inline(always)]
pub(super) fn highest(max: &mut [f32], eta: &[f32]) {
    for (max, &eta) in max.iter_mut().zip(eta) {
        *max = if eta > *max { eta } else { *max };
    }
}
