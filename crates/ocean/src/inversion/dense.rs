//! Small dense algebra in f64: Cholesky factors, triangular solutions, an orthonormal basis. Sizes are a few hundred at most.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, ArrayViewMut1, Axis};

/// Rows of a matrix, and the only axis of a vector.
pub(crate) const ROWS: Axis = Axis(0);
/// Columns of a matrix.
pub(crate) const COLUMNS: Axis = Axis(1);

/// Runs loops compiled for the processor's widest units. What they call must be inlined into them to profit. No two operations are fused,
/// so that the bits do not depend on the units.
#[inline]
pub(crate) fn wide<R>(work: impl FnOnce() -> R) -> R {
    pulp::Arch::new().dispatch(work)
}

/// Sum of products in lanes that the compiler turns into wide instructions.
#[inline(always)]
fn product(a: &[f64], b: &[f64]) -> f64 {
    let mut lanes = [0.0f64; 16];
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<16>(), b.as_chunks::<16>());
    for (a, b) in a.iter().zip(b) {
        for (lane, (a, b)) in lanes.iter_mut().zip(a.iter().zip(b)) {
            *lane += a * b;
        }
    }
    let rest: f64 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    lanes.iter().sum::<f64>() + rest
}

/// `to + factor * from`, element by element.
#[inline(always)]
pub(crate) fn add_scaled<A: Copy + std::ops::AddAssign + std::ops::Mul<Output = A>>(
    to: &mut [A],
    factor: A,
    from: &[A],
) {
    for (to, from) in to.iter_mut().zip(from) {
        *to += factor * *from;
    }
}

/// `a^T b` where that is known to be symmetric: only the lower half of blocks is multiplied out.
pub(crate) fn symmetric_product(a: &ArrayView2<'_, f64>, b: &ArrayView2<'_, f64>) -> Array2<f64> {
    let n = a.ncols();
    let mut square = Array2::zeros((n, n));
    // Three blocks a side: six products instead of nine.
    let side = n.div_ceil(3).max(1);
    for i in (0..n).step_by(side) {
        let left = a.slice_axis(COLUMNS, (i..(i + side).min(n)).into());
        for j in (0..=i).step_by(side) {
            let right = b.slice_axis(COLUMNS, (j..(j + side).min(n)).into());
            let product = left.t().dot(&right);
            let (rows, columns) = (i..i + product.nrows(), j..j + product.ncols());
            square
                .slice_axis_mut(ROWS, rows.clone().into())
                .slice_axis_mut(COLUMNS, columns.clone().into())
                .assign(&product);
            square
                .slice_axis_mut(ROWS, columns.into())
                .slice_axis_mut(COLUMNS, rows.into())
                .assign(&product.t());
        }
    }
    square
}

/// Lower Cholesky factor of a symmetric matrix of which only the lower triangle is read; `None` when it is not positive
/// definite (or not finite).
pub(crate) fn cholesky(matrix: &Array2<f64>) -> Option<Array2<f64>> {
    let n = matrix.nrows();
    let mut factor = vec![0.0; n * n];
    let definite = wide(|| factored(matrix, &mut factor));
    let factor = Array2::from_shape_vec((n, n), factor).ok()?;
    definite.then_some(factor)
}

/// Fills in the factor, row by row; false when there is none.
#[inline(always)]
fn factored(matrix: &Array2<f64>, factor: &mut [f64]) -> bool {
    let n = matrix.nrows();
    for i in 0..n {
        let (done, rest) = factor.split_at_mut(i * n);
        let row = &mut rest[..n];
        for j in 0..i {
            let above = &done[j * n..];
            row[j] = (matrix[[i, j]] - product(&above[..j], &row[..j])) / above[j];
        }
        let pivot = matrix[[i, i]] - product(&row[..i], &row[..i]);
        if !(pivot > 0.0 && pivot.is_finite()) {
            return false;
        }
        row[i] = pivot.sqrt();
    }
    true
}

/// The factor of `matrix`, with as little added to its diagonal as makes it positive definite.
pub(crate) fn cholesky_with_jitter(matrix: &Array2<f64>) -> Array2<f64> {
    let n = matrix.nrows();
    let scale = matrix.diag().iter().fold(0.0, |m: f64, &d| m.max(d));
    let mut jitter = 1e-10 * scale + f64::MIN_POSITIVE;
    // Sixteen decades: the last attempt adds a million times the largest variance, which no covariance needs.
    for _ in 0..16 {
        let mut padded = matrix.clone();
        padded.diag_mut().mapv_inplace(|d| d + jitter);
        if let Some(factor) = cholesky(&padded) {
            return factor;
        }
        jitter *= 10.0;
    }
    Array2::from_diag(&Array1::from_elem(n, scale.max(f64::MIN_POSITIVE).sqrt()))
}

/// Solves `L x = b` in place.
pub(crate) fn forward(factor: &Array2<f64>, b: &mut ArrayViewMut1<'_, f64>) {
    for i in 0..b.len() {
        let sum = factor
            .row(i)
            .slice_axis(ROWS, (..i).into())
            .dot(&b.slice_axis(ROWS, (..i).into()));
        b[i] = (b[i] - sum) / factor[[i, i]];
    }
}

/// Solves `L^T x = b` in place.
pub(crate) fn backward(factor: &Array2<f64>, b: &mut ArrayViewMut1<'_, f64>) {
    for i in (0..b.len()).rev() {
        b[i] /= factor[[i, i]];
        let x = b[i];
        b.slice_axis_mut(ROWS, (..i).into())
            .scaled_add(-x, &factor.row(i).slice_axis(ROWS, (..i).into()));
    }
}

/// Logarithm of the determinant of `L L^T`.
pub(crate) fn log_determinant(factor: &Array2<f64>) -> f64 {
    2.0 * factor.diag().iter().map(|d| d.ln()).sum::<f64>()
}

/// `x^T A x`.
pub(crate) fn quadratic(a: &ArrayView2<'_, f64>, x: &ArrayView1<'_, f64>) -> f64 {
    x.dot(&a.dot(x))
}

/// Orthonormal columns that span most of what a covariance holds: a pivoted Cholesky factor (Harbrecht et al. 2012) picks
/// the columns, two steps of subspace iteration turn them towards the leading eigenvectors.
pub(crate) fn leading_basis(covariance: &Array2<f64>, rank: usize) -> Array2<f64> {
    let n = covariance.nrows();
    if rank >= n {
        return Array2::eye(n);
    }
    let mut basis = orthonormal(pivoted_columns(covariance, rank, 0.0));
    for _ in 0..2 {
        basis = orthonormal(covariance.dot(&basis));
    }
    basis
}

/// A factor of a covariance, `F F^T`, that leaves out at most a part of its trace.
pub(crate) fn low_rank(covariance: &Array2<f64>, part: f64) -> Array2<f64> {
    pivoted_columns(covariance, covariance.nrows(), part)
}

fn pivoted_columns(covariance: &Array2<f64>, rank: usize, part: f64) -> Array2<f64> {
    let n = covariance.nrows();
    let mut left = covariance.diag().to_owned();
    // Rounding leaves this much of what should be nothing.
    let enough = part.max(1e-12) * left.sum();
    let mut columns = Array2::<f64>::zeros((n, rank));
    for k in 0..rank {
        let (pivot, &most) = left
            .iter()
            .enumerate()
            .max_by(|a, b| a.1.total_cmp(b.1))
            .unwrap_or((0, &0.0));
        if most.is_nan() || most <= 0.0 || (k > 0 && left.sum() <= enough) {
            return columns.slice_axis(COLUMNS, (..k.max(1)).into()).to_owned();
        }
        let known = columns
            .slice_axis(COLUMNS, (..k).into())
            .dot(&columns.row(pivot).slice_axis(ROWS, (..k).into()));
        let column = (&covariance.column(pivot) - &known) / most.sqrt();
        left -= &column.mapv(|c| c * c);
        left.mapv_inplace(|l| l.max(0.0));
        left[pivot] = 0.0;
        columns.column_mut(k).assign(&column);
    }
    columns
}

/// Gram-Schmidt, twice for accuracy; columns that depend on earlier ones are dropped.
fn orthonormal(columns: Array2<f64>) -> Array2<f64> {
    let n = columns.nrows();
    // Rows are contiguous: work on the transpose.
    let mut rows = columns.reversed_axes().as_standard_layout().to_owned();
    let mut kept = 0;
    for k in 0..rows.nrows() {
        let mut row = rows.row(k).to_owned();
        let before = row.dot(&row).sqrt();
        for _ in 0..2 {
            let done = rows.slice_axis(ROWS, (..kept).into());
            let parts = done.dot(&row);
            row -= &parts.dot(&done);
        }
        let after = row.dot(&row).sqrt();
        if after > 1e-10 * before && after > 0.0 {
            rows.row_mut(kept).assign(&(row / after));
            kept += 1;
        }
    }
    if kept == 0 {
        return Array2::eye(n).slice_axis(COLUMNS, (..1).into()).to_owned();
    }
    rows.slice_axis(ROWS, (..kept).into())
        .reversed_axes()
        .as_standard_layout()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covariance(n: usize) -> Array2<f64> {
        Array2::from_shape_fn((n, n), |(i, j)| (-(i.abs_diff(j) as f64) / 6.0).exp())
    }

    #[test]
    fn factors_and_solves() {
        let a = covariance(20);
        let l = cholesky(&a).unwrap();
        assert!((&l.dot(&l.t()) - &a).iter().all(|d| d.abs() < 1e-12));
        let x = Array1::from_shape_fn(20, |i| (i as f64).sin());
        let mut b = a.dot(&x);
        forward(&l, &mut b.view_mut());
        backward(&l, &mut b.view_mut());
        assert!((&b - &x).iter().all(|d| d.abs() < 1e-10));
        assert!(cholesky(&-a).is_none());
    }

    #[test]
    fn a_product_by_blocks_is_the_product() {
        for n in [1, 2, 5, 9, 40] {
            let m = Array2::from_shape_fn((17, n), |(i, j)| ((i * 7 + j * 3) as f64).sin());
            let off = symmetric_product(&m.view(), &m.view()) - m.t().dot(&m);
            assert!(off.iter().all(|d| d.abs() < 1e-12));
        }
    }

    #[test]
    fn a_basis_is_orthonormal_and_keeps_most_of_the_variance() {
        let a = covariance(60);
        let b = leading_basis(&a, 20);
        let gram = b.t().dot(&b);
        assert!(
            (&gram - &Array2::<f64>::eye(20))
                .iter()
                .all(|d| d.abs() < 1e-9)
        );
        let kept = b.t().dot(&a).dot(&b).diag().sum() / a.diag().sum();
        assert!(kept > 0.9, "{kept}");
    }
}
