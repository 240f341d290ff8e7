//! The values of a variable: unpacked, missing ones as NaN.

use super::file::{File, Variable};
use crate::problem::{Problem, shown};

impl Variable {
    /// How many values it has; `None` beyond what this machine can count.
    pub fn len(&self) -> Option<usize> {
        self.shape
            .iter()
            .try_fold(1usize, |n, &length| n.checked_mul(length))
    }

    /// Its shape without dimensions of length 1.
    pub fn extent(&self) -> Vec<usize> {
        self.shape.iter().copied().filter(|&n| n != 1).collect()
    }

    /// The number that stands for "none", and whether it is one.
    fn is_missing(&self) -> impl Fn(f64) -> bool + use<> {
        let codes = ["_FillValue", "missing_value"].map(|name| self.attributes.number(name));
        let (least, most) = (
            self.attributes.number("valid_min"),
            self.attributes.number("valid_max"),
        );
        move |raw| {
            codes.contains(&Some(raw))
                || least.is_some_and(|least| raw < least)
                || most.is_some_and(|most| raw > most)
        }
    }
}

impl File<'_> {
    /// All values, at most `most`, each unpacked (`scale_factor`, `add_offset`) and handed to `take`; missing ones as NaN.
    pub fn each(
        &self,
        variable: &Variable,
        most: usize,
        mut take: impl FnMut(f64),
    ) -> Result<(), Problem> {
        let name = shown(&variable.name);
        let n = variable
            .len()
            .filter(|&n| n <= most)
            .ok_or_else(|| Problem::TooLarge {
                what: "values of one variable",
                found: variable.len().map_or(u64::MAX, |n| n as u64),
                most: most as u64,
                hint: "",
            })?;
        if n == 0 {
            return Ok(());
        }
        let size = variable.kind.size();
        // One stretch of bytes, or one a record.
        let (stretches, each) = if variable.record {
            (variable.shape[0], n / variable.shape[0])
        } else {
            (1, n)
        };
        let short = |found: usize| {
            Problem::Malformed(format!(
                "ends within the values of \"{name}\", of which {n} are announced and {found} are there"
            ))
        };
        let missing = variable.is_missing();
        let scale = variable.attributes.number("scale_factor").unwrap_or(1.0);
        let offset = variable.attributes.number("add_offset").unwrap_or(0.0);
        for k in 0..stretches {
            let from = (k as u64)
                .checked_mul(self.record_size)
                .and_then(|skip| skip.checked_add(variable.begin));
            let from = from
                .and_then(|from| usize::try_from(from).ok())
                .unwrap_or(usize::MAX);
            let bytes = each
                .checked_mul(size)
                .and_then(|length| self.bytes.get(from..from.checked_add(length)?));
            let bytes = bytes
                .ok_or_else(|| short(k * each + self.bytes.len().saturating_sub(from) / size))?;
            for b in bytes.chunks_exact(size) {
                let raw = variable.kind.number(b);
                take(if missing(raw) {
                    f64::NAN
                } else {
                    raw * scale + offset
                });
            }
        }
        Ok(())
    }

    /// All values as numbers, at most `most`.
    pub fn numbers(&self, variable: &Variable, most: usize) -> Result<Vec<f64>, Problem> {
        let mut numbers = Vec::new();
        self.each(variable, most, |x| numbers.push(x))?;
        Ok(numbers)
    }
}
