//! XML to a bounded tree of the CAP elements in it.
//!
//! Never expands an entity, never follows a reference, refuses a document type outright. Depth, elements and
//! namespace bindings are counted as they come, before anything is kept. Elements of other namespaces are skipped.

use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::name::ResolveResult;
use quick_xml::reader::NsReader;

use super::complaint::{Complaints, Problem};
use super::{MAX_DEPTH, ReadError};
use crate::invalid::excerpt;
use crate::{MAX_ELEMENTS, NAMESPACE};

/// Namespaces of CAP 1.0 and 1.1, which share their element names with 1.2.
const OLD_NAMESPACES: [&str; 2] = [
    "http://www.incident.com/cap/1.0",
    "urn:oasis:names:tc:emergency:cap:1.1",
];
/// Namespace of XML signatures.
pub(crate) const SIGNATURE_NAMESPACE: &str = "http://www.w3.org/2000/09/xmldsig#";
/// Namespace bindings in scope at a time; a real message has two or three.
pub(crate) const MAX_BINDINGS: usize = 32;

/// An element.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) name: String,
    parts: Vec<Part>,
}

#[derive(Debug)]
enum Part {
    Text(String),
    Child(Node),
}

impl Node {
    fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            parts: Vec::new(),
        }
    }

    pub(super) fn children(&self) -> impl Iterator<Item = &Node> {
        self.parts.iter().filter_map(|part| match part {
            Part::Child(node) => Some(node),
            Part::Text(_) => None,
        })
    }

    /// Its own text, that of its children left out.
    pub(super) fn own_text(&self) -> String {
        self.parts
            .iter()
            .filter_map(|part| {
                if let Part::Text(text) = part {
                    Some(text.as_str())
                } else {
                    None
                }
            })
            .collect()
    }

    /// Its text and that of all inside it: what a person sees of `<description>Go <b>now</b></description>`.
    pub(super) fn text(&self) -> String {
        let mut all = String::new();
        self.append_to(&mut all);
        all
    }

    /// Recursion ends at [`MAX_DEPTH`].
    fn append_to(&self, all: &mut String) {
        for part in &self.parts {
            match part {
                Part::Text(text) => all.push_str(text),
                Part::Child(node) => node.append_to(all),
            }
        }
    }

    fn push_text(&mut self, more: &str) {
        match self.parts.last_mut() {
            Some(Part::Text(text)) => text.push_str(more),
            _ => self.parts.push(Part::Text(more.to_owned())),
        }
    }
}

/// The namespace of an element.
#[derive(Clone, Debug, PartialEq)]
enum Namespace {
    None,
    UndeclaredPrefix,
    Bound(String),
}

impl Namespace {
    fn of(resolved: &ResolveResult<'_>) -> Self {
        match resolved {
            ResolveResult::Unbound => Self::None,
            ResolveResult::Unknown(_) => Self::UndeclaredPrefix,
            ResolveResult::Bound(namespace) => Self::Bound(namespace.as_ref().trim().to_owned()),
        }
    }

    fn is_cap(&self, root: &Self) -> bool {
        match self {
            Self::None => true,
            Self::Bound(name) if name == NAMESPACE || OLD_NAMESPACES.contains(&name.as_str()) => {
                true
            }
            other => other == root,
        }
    }
}

/// The element that `xml` consists of.
pub(super) fn parse(xml: &str, complaints: &mut Complaints) -> Result<Node, ReadError> {
    let mut reader = NsReader::from_str(xml);
    reader.config_mut().allow_dangling_amp = true;
    reader
        .resolver_mut()
        .set_max_namespace_bindings(MAX_BINDINGS);
    let mut builder = Builder {
        complaints,
        root: None,
        open: Vec::new(),
        skipped: 0,
        elements: 0,
        done: None,
    };
    loop {
        let event = reader.read_resolved_event();
        let (namespace, event) = match event {
            Ok((resolved, event)) => (Namespace::of(&resolved), event),
            Err(error) => {
                let at_byte = reader.error_position();
                return Err(ReadError::Malformed {
                    at_byte,
                    what: excerpt(&error.to_string()),
                });
            }
        };
        let malformed = |what: &str| ReadError::Malformed {
            at_byte: reader.buffer_position(),
            what: what.to_owned(),
        };
        match event {
            Event::DocType(_) => return Err(ReadError::Doctype),
            Event::Start(start) => {
                if builder.done.is_some() {
                    return Err(malformed("a second root element"));
                }
                builder.start(namespace, &start)?;
            }
            Event::Empty(start) => {
                if builder.done.is_some() {
                    return Err(malformed("a second root element"));
                }
                builder.start(namespace, &start)?;
                builder.end();
            }
            Event::End(_) => builder.end(),
            Event::Text(text) => builder.text(&text.xml10_content()),
            Event::CData(text) => builder.raw_text(&text.xml10_content()),
            Event::GeneralRef(entity) => builder.entity(&entity),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            Event::Eof => {
                return match (builder.done, builder.open.is_empty()) {
                    (Some(root), _) => Ok(root),
                    (None, true) => Err(ReadError::NotXml),
                    (None, false) => Err(malformed("ends inside an element")),
                };
            }
        }
    }
}

struct Builder<'c> {
    complaints: &'c mut Complaints,
    /// Namespace of the root, once it was seen.
    root: Option<Namespace>,
    /// The elements entered and not left, the root first.
    open: Vec<Node>,
    /// Depth inside a skipped element.
    skipped: usize,
    elements: usize,
    done: Option<Node>,
}

impl Builder<'_> {
    fn start(&mut self, namespace: Namespace, start: &BytesStart<'_>) -> Result<(), ReadError> {
        self.elements += 1;
        if self.elements > MAX_ELEMENTS {
            return Err(ReadError::TooManyElements);
        }
        if self.open.len() + self.skipped >= MAX_DEPTH {
            return Err(ReadError::TooDeep);
        }
        let local = start.local_name();
        let name: &str = local.as_ref();
        let Some(root) = &self.root else {
            return self.start_root(namespace, name);
        };
        if self.skipped > 0 {
            self.skipped += 1;
        } else if namespace.is_cap(root) {
            self.open.push(Node::new(name));
        } else {
            self.skipped = 1;
            let signature = namespace == Namespace::Bound(SIGNATURE_NAMESPACE.to_owned())
                && self.open.len() == 1;
            let problem = if signature {
                Problem::SignatureNotVerified
            } else {
                Problem::UnknownElement
            };
            self.complaints.add(&excerpt(name), problem);
        }
        Ok(())
    }

    fn start_root(&mut self, namespace: Namespace, name: &str) -> Result<(), ReadError> {
        if name != "alert" {
            return Err(ReadError::NotAnAlert {
                root: excerpt(name),
            });
        }
        let found = match &namespace {
            Namespace::Bound(found) => found.as_str(),
            Namespace::None | Namespace::UndeclaredPrefix => "",
        };
        if found != NAMESPACE {
            self.complaints.add(
                "alert",
                Problem::Namespace {
                    found: excerpt(found),
                },
            );
        }
        self.root = Some(namespace);
        self.open.push(Node::new(name));
        Ok(())
    }

    fn end(&mut self) {
        if self.skipped > 0 {
            self.skipped -= 1;
        } else if let Some(node) = self.open.pop() {
            match self.open.last_mut() {
                Some(parent) => parent.parts.push(Part::Child(node)),
                None => self.done = Some(node),
            }
        }
    }

    /// Text outside CDATA, where an ampersand that is still there started no entity.
    fn text(&mut self, text: &str) {
        if text.contains('&') {
            let element = self.element();
            self.complaints.add(&element, Problem::BareAmpersand);
        }
        self.raw_text(text);
    }

    fn raw_text(&mut self, text: &str) {
        if self.skipped > 0 {
            return;
        }
        match self.open.last_mut() {
            Some(node) => node.push_text(text),
            None if text.trim().is_empty() => {}
            None => self.complaints.add(
                "alert",
                Problem::StrayText {
                    found: excerpt(text.trim()),
                },
            ),
        }
    }

    fn entity(&mut self, entity: &BytesRef<'_>) {
        let name: &str = entity.as_ref();
        let known = match name {
            "amp" => Some('&'),
            "lt" => Some('<'),
            "gt" => Some('>'),
            "apos" => Some('\''),
            "quot" => Some('"'),
            _ => entity.resolve_char_ref().ok().flatten(),
        };
        match known {
            Some(c) => self.raw_text(c.encode_utf8(&mut [0; 4])),
            None => {
                let spelled = format!("&{name};");
                let element = self.element();
                self.complaints.add(
                    &element,
                    Problem::UnknownEntity {
                        found: excerpt(&spelled),
                    },
                );
                self.raw_text(&spelled);
            }
        }
    }

    fn element(&self) -> String {
        self.open
            .last()
            .map_or_else(|| "alert".to_owned(), |node| excerpt(&node.name))
    }
}
