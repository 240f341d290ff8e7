//! The parameters of a fault: names and values as text, each read once, the rest refused.

use std::fmt::Display;
use std::str::FromStr;

/// Most parameters of a fault.
pub const MAX_PARAMS: usize = 8;

/// Parameters of a fault, as written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Params {
    pairs: Vec<(String, String)>,
    known: Vec<&'static str>,
}

impl Params {
    /// Takes names and values.
    ///
    /// # Errors
    /// In words: a name twice, or too many.
    pub fn new(pairs: impl IntoIterator<Item = (String, String)>) -> Result<Self, String> {
        let mut params = Self::default();
        for (name, value) in pairs {
            if params.pairs.len() >= MAX_PARAMS {
                return Err(format!("more than {MAX_PARAMS} parameters"));
            }
            if params.pairs.iter().any(|(known, _)| *known == name) {
                return Err(format!("the parameter {name:?} is there twice"));
            }
            params.pairs.push((name, value));
        }
        Ok(params)
    }

    pub(super) fn text(&mut self, name: &'static str) -> Option<String> {
        self.known.push(name);
        let at = self.pairs.iter().position(|(known, _)| known == name)?;
        Some(self.pairs.swap_remove(at).1)
    }

    /// A number within bounds, both included.
    pub(super) fn number<N: FromStr + PartialOrd + Display + Copy>(
        &mut self,
        name: &'static str,
        low: N,
        high: N,
    ) -> Result<Option<N>, String> {
        let Some(text) = self.text(name) else {
            return Ok(None);
        };
        text.parse()
            .ok()
            .filter(|number| *number >= low && *number <= high)
            .map(Some)
            .ok_or_else(|| format!("{name}={text:?} is not a number from {low} to {high}"))
    }

    /// A share from 0 to 1.
    pub(super) fn share(&mut self, name: &'static str, default: f64) -> Result<f64, String> {
        Ok(self.number(name, 0.0, 1.0)?.unwrap_or(default))
    }

    /// A span of time.
    pub(super) fn span_us(&mut self, name: &'static str, default: u64) -> Result<u64, String> {
        let Some(text) = self.text(name) else {
            return Ok(default);
        };
        let span = settings::duration::parse(&text).map_err(|why| format!("{name}: {why}"))?;
        Ok(u64::try_from(span.as_micros()).unwrap_or(u64::MAX))
    }

    /// A span of time with a sign.
    pub(super) fn offset_us(&mut self, name: &'static str) -> Result<Option<i64>, String> {
        self.text(name)
            .map(|text| settings::offset::parse(&text).map_err(|why| format!("{name}: {why}")))
            .transpose()
    }

    /// Refuses what nobody asked for.
    pub(super) fn finish(self) -> Result<(), String> {
        let Some((name, _)) = self.pairs.first() else {
            return Ok(());
        };
        Err(if self.known.is_empty() {
            format!("it takes no parameters, {name:?} is one too many")
        } else {
            format!("no parameter {name:?}; there are {}", self.known.join(", "))
        })
    }
}
