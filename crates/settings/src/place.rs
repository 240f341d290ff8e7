//! Where in a file a key or value stands.
//!
//! serde reports byte ranges and sometimes nothing but a range; the parsed tree keeps the range of every key and
//! value, so a range can be turned back into a dotted path and a path into a range.

use std::fmt;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Where a setting comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A file; line and column count from 1, columns in characters.
    File {
        /// Name or path as given.
        name: String,
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
    },
    /// An environment variable.
    Environment {
        /// Name of the variable.
        variable: String,
    },
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { name, line, column } => write!(f, "{name}:{line}:{column}"),
            Self::Environment { variable } => write!(f, "environment variable {variable}"),
        }
    }
}

/// Line and column of a byte position.
pub(crate) fn in_text(name: &str, text: &str, position: usize) -> Place {
    let before = &text.as_bytes()[..position.min(text.len())];
    let line = 1 + before.iter().filter(|&&byte| byte == b'\n').count();
    let start = before
        .iter()
        .rposition(|&byte| byte == b'\n')
        .map_or(0, |at| at + 1);
    // Characters, not bytes: continuation bytes of UTF-8 do not count.
    let column = 1 + before[start..]
        .iter()
        .filter(|&&byte| byte & 0xC0 != 0x80)
        .count();
    Place::File {
        name: name.to_owned(),
        line,
        column,
    }
}

/// A step from a table or array to what it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    Key(String),
    Index(usize),
}

/// `station[3].limits` from steps.
pub(crate) fn dotted(steps: &[Step]) -> String {
    let mut path = String::new();
    for step in steps {
        match step {
            Step::Key(key) => {
                if !path.is_empty() {
                    path.push('.');
                }
                path.push_str(key);
            }
            Step::Index(index) => path.push_str(&format!("[{index}]")),
        }
    }
    path
}

/// What a byte range belongs to.
pub(crate) struct Found {
    /// Steps to it; the last is the key itself where `is_key`.
    pub steps: Vec<Step>,
    /// The range is that of a key, not of a value.
    pub is_key: bool,
    length: usize,
}

/// The smallest key or value that covers a byte range. Tables are searched through even where their own range
/// does not cover it, since a `[header]` table's range is its header only.
pub(crate) fn owner(root: &Spanned<DeTable<'_>>, range: &Range<usize>) -> Option<Found> {
    let mut best = None;
    let mut steps = Vec::new();
    search_table(root.get_ref(), range, &mut steps, &mut best);
    best
}

fn offer(
    own: Range<usize>,
    range: &Range<usize>,
    steps: &[Step],
    is_key: bool,
    best: &mut Option<Found>,
) {
    // On a tie the deeper one wins: the search goes from outside in.
    let covers = own.start <= range.start && range.end <= own.end;
    let length = own.end.saturating_sub(own.start);
    if covers && best.as_ref().is_none_or(|known| length <= known.length) {
        *best = Some(Found {
            steps: steps.to_vec(),
            is_key,
            length,
        });
    }
}

fn search_table(
    table: &DeTable<'_>,
    range: &Range<usize>,
    steps: &mut Vec<Step>,
    best: &mut Option<Found>,
) {
    for (key, value) in table {
        steps.push(Step::Key(key.get_ref().to_string()));
        offer(key.span(), range, steps, true, best);
        search_value(value, range, steps, best);
        steps.pop();
    }
}

fn search_value(
    value: &Spanned<DeValue<'_>>,
    range: &Range<usize>,
    steps: &mut Vec<Step>,
    best: &mut Option<Found>,
) {
    offer(value.span(), range, steps, false, best);
    match value.get_ref() {
        DeValue::Table(table) => search_table(table, range, steps, best),
        DeValue::Array(array) => {
            for (index, item) in array.iter().enumerate() {
                steps.push(Step::Index(index));
                search_value(item, range, steps, best);
                steps.pop();
            }
        }
        _ => {}
    }
}

/// Byte position of the value at a dotted path, or of the deepest part of the path that exists.
pub(crate) fn find(root: &Spanned<DeTable<'_>>, path: &str) -> Option<usize> {
    let mut position = None;
    let mut table = Some(root.get_ref());
    for part in path.split('.') {
        let (name, indices) = part.split_once('[').unwrap_or((part, ""));
        let Some((key, mut value)) =
            table.and_then(|table| table.iter().find(|(key, _)| key.get_ref() == name))
        else {
            break;
        };
        position = Some(key.span().start);
        for index in indices
            .split('[')
            .filter_map(|text| text.strip_suffix(']')?.parse::<usize>().ok())
        {
            let Some(item) = value
                .get_ref()
                .as_array()
                .and_then(|array| array.get(index))
            else {
                return position;
            };
            value = item;
            position = Some(value.span().start);
        }
        table = match value.get_ref() {
            DeValue::Table(inner) => Some(inner),
            _ => {
                position = Some(value.span().start);
                None
            }
        };
    }
    position
}

/// Byte range of the key at exactly these steps.
pub(crate) fn key_span(root: &Spanned<DeTable<'_>>, steps: &[Step]) -> Option<Range<usize>> {
    let (last, parents) = steps.split_last()?;
    let Step::Key(name) = last else { return None };
    let table = descend(root.get_ref(), parents)?;
    table
        .iter()
        .find(|(key, _)| key.get_ref() == name)
        .map(|(key, _)| key.span())
}

fn descend<'t, 'i>(mut table: &'t DeTable<'i>, steps: &[Step]) -> Option<&'t DeTable<'i>> {
    let mut steps = steps.iter().peekable();
    while let Some(step) = steps.next() {
        let Step::Key(name) = step else { return None };
        let mut value = table.iter().find(|(key, _)| key.get_ref() == name)?.1;
        while let Some(Step::Index(index)) = steps.peek() {
            value = value.get_ref().as_array()?.get(*index)?;
            steps.next();
        }
        table = value.get_ref().as_table()?;
    }
    Some(table)
}

/// The value that a table holds under a key, for changing it.
pub(crate) fn entry_mut<'t, 'i>(
    table: &'t mut DeTable<'i>,
    name: &str,
) -> Option<&'t mut Spanned<DeValue<'i>>> {
    table
        .iter_mut()
        .find(|(key, _)| key.get_ref() == name)
        .map(|(_, value)| value)
}

/// Takes the key at these steps out of the tree; whether it was there.
pub(crate) fn remove(root: &mut DeTable<'_>, steps: &[Step]) -> bool {
    let Some((Step::Key(last), parents)) = steps.split_last() else {
        return false;
    };
    let mut table = root;
    let mut parents = parents.iter().peekable();
    while let Some(step) = parents.next() {
        let Step::Key(name) = step else { return false };
        let Some(mut value) = entry_mut(table, name) else {
            return false;
        };
        while let Some(Step::Index(index)) = parents.peek() {
            let DeValue::Array(array) = value.get_mut() else {
                return false;
            };
            let Some(item) = array.get_mut(*index) else {
                return false;
            };
            value = item;
            parents.next();
        }
        let DeValue::Table(inner) = value.get_mut() else {
            return false;
        };
        table = inner;
    }
    let Some(key) = table.keys().find(|key| key.get_ref() == last).cloned() else {
        return false;
    };
    table.remove(&key).is_some()
}
