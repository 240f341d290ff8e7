//! Lines of `x y z`, as GeoClaw's topotype 1, and `t x y z`, as its dtopotype 1: a full grid, one node a line, in any of the four orders
//! that start at a corner and run along rows.

use crate::problem::Problem;
use crate::raster::{Axis, Stored, check_size};
use crate::words::Words;

/// How many numbers stand in the first line, when it holds nothing else.
pub(crate) fn columns(bytes: &[u8]) -> Option<usize> {
    let line = bytes
        .split(|&b| b == b'\n')
        .find(|line| !line.trim_ascii().is_empty())?;
    let words = std::str::from_utf8(line.get(..line.len().min(400))?).ok()?;
    let mut n = 0;
    for word in words.split_whitespace() {
        word.parse::<f64>().ok().filter(|x| x.is_finite())?;
        n += 1;
    }
    Some(n)
}

pub(crate) fn read(bytes: &[u8]) -> Result<Stored, Problem> {
    let rows = table::<3>(bytes)?;
    let nodes: Vec<(f64, f64, f32)> = rows.iter().map(|&[x, y, z]| (x, y, z as f32)).collect();
    of_nodes(&nodes)
}

/// All lines of a table of `N` numbers.
pub(crate) fn table<const N: usize>(bytes: &[u8]) -> Result<Vec<[f64; N]>, Problem> {
    let mut words = Words::new(bytes);
    let mut rows = Vec::new();
    loop {
        let line = words.line();
        if words.left() == 0 {
            return Ok(rows);
        }
        if rows.len() >= ocean::grid::MAX_CELLS {
            return Err(Problem::TooLarge {
                what: "lines",
                found: rows.len() as u64 + 1,
                most: ocean::grid::MAX_CELLS as u64,
                hint: "",
            });
        }
        let mut row = [0.0; N];
        for value in &mut row {
            if words.line() != line {
                return Err(Problem::line(
                    line,
                    format!("{N} numbers are needed in every line"),
                ));
            }
            *value = words.number("a number")?;
        }
        rows.push(row);
    }
}

/// A grid from its nodes in the order of the file.
pub(crate) fn of_nodes(nodes: &[(f64, f64, f32)]) -> Result<Stored, Problem> {
    let Some(&(_, y0, _)) = nodes.first() else {
        return Err(Problem::malformed("holds no points"));
    };
    let nx = nodes.iter().take_while(|n| n.1 == y0).count();
    let ny = nodes.len() / nx.max(1);
    if nx < 2 || ny < 2 || nx * ny != nodes.len() {
        return Err(Problem::malformed(format!(
            "holds {} points that are no full grid: its first row has {nx}",
            nodes.len()
        )));
    }
    check_size(nx, ny)?;
    let xs: Vec<f64> = nodes[..nx].iter().map(|n| n.0).collect();
    let ys: Vec<f64> = nodes.iter().step_by(nx).map(|n| n.1).collect();
    let (x, y) = (Axis::even_longitudes(&xs)?, Axis::even("latitude", &ys)?);
    for (k, node) in nodes.iter().enumerate() {
        let (expected_x, expected_y) = (xs[k % nx], ys[k / nx]);
        if !((node.0 - expected_x).abs() <= 0.02 * x.step.abs()
            && (node.1 - expected_y).abs() <= 0.02 * y.step.abs())
        {
            return Err(Problem::malformed(format!(
                "point {} stands at {} {}, where its row and column lead to {expected_x} {expected_y}",
                k + 1,
                node.0,
                node.1
            )));
        }
    }
    Ok(Stored::new(x, y, nodes.iter().map(|n| n.2).collect()))
}
