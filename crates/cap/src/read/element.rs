//! Taking the children of an element, in whatever order they come.
//!
//! One method for each kind of content; each complains where it had to be generous.

use super::ReadError;
use super::complaint::{Complaints, Problem};
use super::tree::Node;
use super::values::{self, Read};
use crate::invalid::{Rule, excerpt};
use crate::{Polygon, Reference, Time, write};

/// A value of a code list: exact, or in another case or with blanks around it.
pub(super) fn code<T: Copy + ToString>(
    text: &str,
    from_name: fn(&str) -> Option<T>,
    all: &[T],
) -> Read<T> {
    if let Some(value) = from_name(text) {
        return Some((value, value.to_string() == text));
    }
    let text = text.trim();
    let similar = |value: &&T| value.to_string().eq_ignore_ascii_case(text);
    from_name(text)
        .or_else(|| all.iter().find(similar).copied())
        .map(|value| (value, false))
}

/// An element whose children are being taken.
pub(super) struct Element<'n, 'c> {
    node: &'n Node,
    path: &'n str,
    complaints: &'c mut Complaints,
}

impl<'n, 'c> Element<'n, 'c> {
    /// Complains about children that are unknown or out of order, and about text between them.
    pub(super) fn new(
        node: &'n Node,
        path: &'n str,
        order: &[&str],
        complaints: &'c mut Complaints,
    ) -> Self {
        let at = Self {
            node,
            path,
            complaints,
        };
        let stray = node.own_text();
        if !stray.trim().is_empty() {
            let element = if path.is_empty() { "alert" } else { path };
            at.complaints.add(
                element,
                Problem::StrayText {
                    found: excerpt(stray.trim()),
                },
            );
        }
        let mut last = 0;
        let mut misplaced = None;
        for child in node.children() {
            let Some(place) = order.iter().position(|name| *name == child.name) else {
                at.complaints
                    .add(&at.path_of(&excerpt(&child.name)), Problem::UnknownElement);
                continue;
            };
            if place >= last {
                last = place;
            } else if misplaced != Some(place) {
                // One complaint for a run of them.
                misplaced = Some(place);
                let after = order[last].to_owned();
                at.complaints
                    .add(&at.path_of(order[place]), Problem::OutOfOrder { after });
            }
        }
        at
    }

    fn path_of(&self, name: &str) -> String {
        if self.path.is_empty() {
            name.to_owned()
        } else {
            format!("{}/{name}", self.path)
        }
    }

    fn all(&self, name: &'static str) -> impl Iterator<Item = (String, &'n Node)> + use<'n> {
        let path = self.path_of(name);
        let children = self.node.children().filter(move |child| child.name == name);
        children
            .enumerate()
            .map(move |(i, child)| (format!("{path}[{}]", i + 1), child))
    }

    /// The text of an element that occurs once at most, blank or not.
    fn raw(&mut self, name: &'static str) -> Option<String> {
        let mut found = self.all(name);
        let first = found.next().map(|(_, node)| node.text());
        for (path, _) in found {
            self.complaints.add(&path, Problem::Repeated);
        }
        first
    }

    /// Free text as it is; absent if blank.
    pub(super) fn text(&mut self, name: &'static str) -> Option<String> {
        let text = self.raw(name)?;
        if text.trim().is_empty() {
            self.complaints.add(&self.path_of(name), Problem::Blank);
            return None;
        }
        Some(text)
    }

    /// Free text that must be there; that it is blank or absent is found by the writer's rules.
    pub(super) fn required_text(&mut self, name: &'static str) -> String {
        self.raw(name).unwrap_or_default()
    }

    /// Text in which outer blanks mean nothing.
    pub(super) fn word(&mut self, name: &'static str) -> Option<String> {
        let text = self.text(name)?;
        let word = text.trim();
        if word != text {
            self.complaints.read_as(&self.path_of(name), &text, word);
        }
        Some(word.to_owned())
    }

    pub(super) fn texts(&mut self, name: &'static str) -> Vec<String> {
        let mut texts = Vec::new();
        for (path, node) in self.all(name) {
            let text = node.text();
            if text.trim().is_empty() {
                self.complaints.add(&path, Problem::Blank);
            } else {
                texts.push(text);
            }
        }
        texts
    }

    pub(super) fn each<T>(
        &mut self,
        name: &'static str,
        build: fn(&Node, &str, &mut Complaints) -> T,
    ) -> Vec<T> {
        self.all(name)
            .map(|(path, node)| build(node, &path, self.complaints))
            .collect()
    }

    /// A value that must not be guessed.
    pub(super) fn certain<T: ToString>(
        &mut self,
        name: &'static str,
        read: impl Fn(&str) -> Read<T>,
    ) -> Result<T, ReadError> {
        let text = self
            .raw(name)
            .filter(|text| !text.trim().is_empty())
            .ok_or(ReadError::Missing { element: name })?;
        let Some((value, as_it_should_be)) = read(&text) else {
            return Err(ReadError::NotUnderstood {
                element: name,
                found: excerpt(&text),
            });
        };
        if !as_it_should_be {
            self.complaints.read_as(name, &text, value.to_string());
        }
        Ok(value)
    }

    /// An optional value, left out if it is not understood.
    pub(super) fn value<T>(
        &mut self,
        name: &'static str,
        read: impl Fn(&str) -> Read<T>,
        show: impl Fn(&T) -> String,
    ) -> Option<T> {
        let text = self.text(name)?;
        let path = self.path_of(name);
        take(&path, &text, read, show, self.complaints)
    }

    /// All values of a repeatable element that are understood.
    pub(super) fn values<T>(
        &mut self,
        name: &'static str,
        read: fn(&str) -> Read<T>,
        show: fn(&T) -> String,
    ) -> Vec<T> {
        let mut values = Vec::new();
        for (path, node) in self.all(name) {
            let text = node.text();
            if text.trim().is_empty() {
                self.complaints.add(&path, Problem::Blank);
            } else {
                values.extend(take(&path, &text, read, show, self.complaints));
            }
        }
        values
    }

    pub(super) fn time(&mut self, name: &'static str) -> Option<Time> {
        self.value(name, values::time, Time::to_string)
    }

    /// A value of a code list, or `otherwise` with a complaint.
    pub(super) fn code<T: Copy + ToString>(
        &mut self,
        name: &'static str,
        from_name: fn(&str) -> Option<T>,
        all: &[T],
        otherwise: T,
    ) -> T {
        let path = self.path_of(name);
        let Some(text) = self.raw(name).filter(|text| !text.trim().is_empty()) else {
            self.complaints.add(
                &path,
                Problem::Assumed {
                    taken: otherwise.to_string(),
                },
            );
            return otherwise;
        };
        let (value, as_it_should_be) = code(&text, from_name, all).unwrap_or((otherwise, false));
        if !as_it_should_be {
            self.complaints.read_as(&path, &text, value.to_string());
        }
        value
    }

    /// Values of a code list; one that is not in it becomes `otherwise` or is left out.
    pub(super) fn codes<T: Copy + PartialEq + ToString>(
        &mut self,
        name: &'static str,
        from_name: fn(&str) -> Option<T>,
        all: &[T],
        otherwise: Option<T>,
    ) -> Vec<T> {
        let mut values = Vec::new();
        for (path, node) in self.all(name) {
            let text = node.text();
            match (code(&text, from_name, all), otherwise) {
                _ if text.trim().is_empty() => self.complaints.add(&path, Problem::Blank),
                (Some((value, true)), _) => values.push(value),
                (Some((value, false)), _) | (None, Some(value)) => {
                    self.complaints.read_as(&path, &text, value.to_string());
                    values.push(value);
                }
                (None, None) => self.complaints.dropped(&path, &text),
            }
        }
        values
    }

    pub(super) fn list(&mut self, name: &'static str) -> Vec<String> {
        let Some(text) = self.text(name) else {
            return Vec::new();
        };
        let (entries, as_it_should_be) = values::list(&text);
        if !as_it_should_be {
            self.complaints
                .read_as(&self.path_of(name), &text, entries.join(" | "));
        }
        entries
    }

    pub(super) fn references(&mut self) -> Vec<Reference> {
        let Some(text) = self.text("references") else {
            return Vec::new();
        };
        let mut references = Vec::new();
        for (i, triple) in text.split_ascii_whitespace().enumerate() {
            let path = format!("references[{}]", i + 1);
            let parts = triple.split_once(',').and_then(|(sender, rest)| {
                rest.rsplit_once(',')
                    .map(|(identifier, sent)| (sender, identifier, sent))
            });
            let read = parts.and_then(|(sender, identifier, sent)| {
                let (sent, as_it_should_be) = values::time(sent)?;
                let reference = Reference {
                    sender: sender.to_owned(),
                    identifier: identifier.to_owned(),
                    sent,
                };
                Some((reference, as_it_should_be))
            });
            match read {
                Some((reference, as_it_should_be)) => {
                    if !as_it_should_be {
                        self.complaints.read_as(&path, triple, reference.sent);
                    }
                    references.push(reference);
                }
                None => self.complaints.dropped(&path, triple),
            }
        }
        references
    }

    /// Outlines, closed where they are open.
    pub(super) fn polygons(&mut self) -> Vec<Polygon> {
        let mut polygons = Vec::new();
        for (path, node) in self.all("polygon") {
            let text = node.text();
            if text.trim().is_empty() {
                self.complaints.add(&path, Problem::Blank);
            } else if let Some(mut polygon) = take(
                &path,
                &text,
                values::polygon,
                write::polygon_text,
                self.complaints,
            ) {
                if polygon.points.first() != polygon.points.last() {
                    self.complaints.add(
                        &path,
                        Problem::Rule {
                            rule: Rule::PolygonClosed,
                            found: String::new(),
                        },
                    );
                    polygon.points.extend(polygon.points.first().copied());
                }
                polygons.push(polygon);
            }
        }
        polygons
    }
}

/// A value with a complaint if it is not spelled as it should be or not understood.
fn take<T>(
    path: &str,
    text: &str,
    read: impl Fn(&str) -> Read<T>,
    show: impl Fn(&T) -> String,
    complaints: &mut Complaints,
) -> Option<T> {
    match read(text) {
        Some((value, true)) => Some(value),
        Some((value, false)) => {
            complaints.read_as(path, text, show(&value));
            Some(value)
        }
        None => {
            complaints.dropped(path, text);
            None
        }
    }
}
