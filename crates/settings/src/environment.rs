//! Values that the environment puts over those of a file.
//!
//! `<PREFIX><TABLE>__<KEY>=value`, for instance `WATCHFIRE_WEB__PORT=8080` for `port` in `[web]`; deeper tables and
//! array elements that exist take more parts (`WATCHFIRE_STATION__0__LIMITS__ABOVE`). A key of the top level has
//! no table, so its variable has two underscores after the prefix (`WATCHFIRE___NAME` for `name` with the prefix
//! `WATCHFIRE_`); variables without `__` belong to somebody else and are left alone. Case does not matter, and `-`
//! in a key is written `_`.
//!
//! The value is read as TOML where it is TOML and as plain text otherwise, whichever the key's type accepts.

use crate::place::{Place, Step, entry_mut};
use crate::{Error, Problem};
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

/// Longest value that is taken from a variable, in bytes.
const MAX_VALUE_BYTES: usize = 64 * 1024;

/// Deepest path that a variable can name; ours end at four.
const MAX_DEPTH: usize = 16;

/// Bytes of range that stand for one override: its value, then the keys of its path.
const RANGE: usize = MAX_DEPTH + 2;

/// Where the ranges of overrides start; the end of the text itself is a place in the text.
fn first_range(length: usize) -> usize {
    length + 2
}

/// Variables that override settings.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    pub(crate) overrides: Vec<Override>,
    refused: Vec<Problem>,
}

#[derive(Debug, Clone)]
pub(crate) struct Override {
    pub variable: String,
    path: Vec<String>,
    value: String,
}

impl Environment {
    /// No overrides.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// The variables of this process that start with `prefix` and hold `__` after it.
    #[must_use]
    pub fn of_process(prefix: &str) -> Self {
        let pairs = std::env::vars_os().filter_map(|(name, value)| {
            let name = name.into_string().ok()?;
            Some((name, value.into_string()))
        });
        let mut environment = Self::none();
        for (name, value) in pairs {
            match value {
                Ok(value) => environment.add(prefix, &name, value),
                Err(_) if split(prefix, &name).is_some() => {
                    environment.refuse(&name, String::new(), "its value is not UTF-8 text");
                }
                Err(_) => {}
            }
        }
        environment.sort();
        environment
    }

    /// The same from given pairs, for tests and for callers that carry their own environment.
    #[must_use]
    pub fn from_pairs<'a>(
        prefix: &str,
        pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Self {
        let mut environment = Self::none();
        for (name, value) in pairs {
            environment.add(prefix, name, value.to_owned());
        }
        environment.sort();
        environment
    }

    /// Which override a byte range belongs to; nothing for a range of the text itself.
    pub(crate) fn index_of(&self, length: usize, range: &Range<usize>) -> Option<usize> {
        let index = range.start.checked_sub(first_range(length))? / RANGE;
        (index < self.overrides.len()).then_some(index)
    }

    /// Names of the variables that take effect, for a start-up log. Values may be secret and are not given.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        self.overrides.iter().map(|one| one.variable.as_str())
    }

    fn add(&mut self, prefix: &str, name: &str, value: String) {
        let Some(path) = split(prefix, name) else {
            return;
        };
        if value.len() > MAX_VALUE_BYTES {
            self.refuse(name, path.join("."), "its value is longer than 64 KiB");
        } else {
            self.overrides.push(Override {
                variable: name.to_owned(),
                path,
                value,
            });
        }
    }

    fn refuse(&mut self, variable: &str, key: String, why: &str) {
        let place = Place::Environment {
            variable: variable.to_owned(),
        };
        self.refused.push(Problem {
            place,
            key,
            message: why.to_owned(),
        });
    }

    /// The order of an environment is arbitrary; messages should not be.
    fn sort(&mut self) {
        self.overrides.sort_by(|a, b| a.variable.cmp(&b.variable));
    }

    /// Puts every override into the tree, with byte ranges beyond the text's `length`, so that a later complaint
    /// can be told from one about the file: see [`Environment::index_of`]. `as_text[i]` skips the attempt to read
    /// override `i` as TOML.
    pub(crate) fn apply<'i>(
        &'i self,
        root: &mut DeTable<'i>,
        length: usize,
        as_text: &[bool],
    ) -> Result<(), Error> {
        if !self.refused.is_empty() {
            return Err(Error::Refused(self.refused.clone()));
        }
        for (index, one) in self.overrides.iter().enumerate() {
            let start = first_range(length) + index * RANGE;
            let value = one.value(as_text[index], &(start..start + 1));
            if let Err(at) = put(root, &one.path, value, start) {
                let place = Place::Environment {
                    variable: one.variable.clone(),
                };
                let key = one.path.join(".");
                let message = format!("{key}: there is no table {at:?} to put this in");
                return Err(Error::Refused(vec![Problem {
                    place,
                    key,
                    message,
                }]));
            }
        }
        Ok(())
    }
}

impl Override {
    /// Whether this can be tried as plain text after its TOML reading did not fit.
    pub(crate) fn has_two_readings(&self) -> bool {
        DeValue::parse(self.value.trim()).is_ok()
    }

    fn value<'i>(&'i self, as_text: bool, range: &Range<usize>) -> Spanned<DeValue<'i>> {
        let parsed = if as_text {
            None
        } else {
            DeValue::parse(self.value.trim()).ok()
        };
        match parsed {
            Some(value) => place_at(value.into_inner(), range),
            None => Spanned::new(range.clone(), DeValue::String(self.value.as_str().into())),
        }
    }
}

/// The path that a variable names, in lower case; nothing when it is not an override.
fn split(prefix: &str, name: &str) -> Option<Vec<String>> {
    let rest = name.strip_prefix(prefix)?;
    if !rest.contains("__") {
        return None;
    }
    let rest = rest.strip_prefix("__").unwrap_or(rest);
    let path: Vec<String> = rest.split("__").map(str::to_ascii_lowercase).collect();
    (path.len() <= MAX_DEPTH && path.iter().all(|part| !part.is_empty())).then_some(path)
}

/// Gives a value and everything in it one byte range.
fn place_at<'i>(value: DeValue<'i>, range: &Range<usize>) -> Spanned<DeValue<'i>> {
    let value = match value {
        DeValue::Array(items) => {
            let items: DeArray<'i> = items
                .into_iter()
                .map(|item| place_at(item.into_inner(), range))
                .collect();
            DeValue::Array(items)
        }
        DeValue::Table(table) => {
            let mut placed = DeTable::new();
            for (key, value) in table {
                let key = Spanned::new(range.clone(), key.into_inner());
                placed.insert(key, place_at(value.into_inner(), range));
            }
            DeValue::Table(placed)
        }
        simple => simple,
    };
    Spanned::new(range.clone(), value)
}

/// Sets the value at a path, making tables that are absent; the part that stands in the way otherwise.
fn put<'i>(
    table: &mut DeTable<'i>,
    path: &'i [String],
    value: Spanned<DeValue<'i>>,
    start: usize,
) -> Result<(), String> {
    let Some((name, rest)) = path.split_first() else {
        return Ok(());
    };
    // The file's own spelling wins: variables cannot say `-` or upper case.
    let spelled = table
        .keys()
        .map(|key| key.get_ref().to_string())
        .find(|key| key.to_ascii_lowercase().replace('-', "_") == *name)
        .unwrap_or_else(|| name.clone());
    if entry_mut(table, &spelled).is_none() {
        // Each key of the path has a range of its own; the value and the tables made for it share the first.
        let own = start + 1 + (MAX_DEPTH - path.len().min(MAX_DEPTH));
        let empty = Spanned::new(start..start + 1, DeValue::Table(DeTable::new()));
        table.insert(Spanned::new(own..own + 1, spelled.clone().into()), empty);
    }
    let Some(mut slot) = entry_mut(table, &spelled) else {
        return Err(spelled);
    };
    let mut rest = rest;
    while let (DeValue::Array(items), Some((part, deeper))) = (slot.get_ref(), rest.split_first()) {
        let index = part
            .parse::<usize>()
            .ok()
            .filter(|&index| index < items.len());
        let Some(index) = index else {
            return Err(format!("{spelled}[{part}]"));
        };
        let DeValue::Array(items) = slot.get_mut() else {
            return Err(spelled);
        };
        let Some(item) = items.get_mut(index) else {
            return Err(spelled);
        };
        slot = item;
        rest = deeper;
    }
    if rest.is_empty() {
        *slot = value;
        return Ok(());
    }
    match slot.get_mut() {
        DeValue::Table(inner) => put(inner, rest, value, start),
        _ => Err(spelled),
    }
}

/// Steps of an override, for naming its key.
pub(crate) fn steps(one: &Override) -> Vec<Step> {
    one.path
        .iter()
        .map(|part| {
            part.parse()
                .map_or_else(|_| Step::Key(part.clone()), Step::Index)
        })
        .collect()
}
