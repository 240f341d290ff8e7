//! Exclusive XML Canonicalization 1.0, without comments and without a list of inclusive prefixes.
//!
//! Of a whole document or of one element. A prefix is declared where an element or one of its attributes uses it and
//! no ancestor in the output has declared it alike; declarations are sorted by prefix, attributes by namespace and
//! name. The form of a document ends at [`MAX_MESSAGE_BYTES`]: repeating a long namespace on each of many elements
//! would otherwise make gigabytes of a megabyte.

use std::rc::Rc;

use super::document::{Attribute, Document, Element, Instruction, Node, XML_NAMESPACE};
use crate::{MAX_MESSAGE_BYTES, ReadError};

/// The canonical form of a document.
pub(super) struct Canonical {
    pub(super) xml: String,
    /// Where the root's end tag begins.
    pub(super) root_end: usize,
}

/// The canonical form of a document, the root's child `without` left out.
pub(super) fn document(
    document: &Document,
    without: Option<usize>,
) -> Result<Canonical, ReadError> {
    let mut writer = Writer::default();
    for instruction in &document.before {
        writer.instruction(instruction);
        writer.xml.push('\n');
    }
    writer.element(&document.root, without)?;
    let root_end = writer.last_end;
    for instruction in &document.after {
        writer.xml.push('\n');
        writer.instruction(instruction);
    }
    writer.check_length()?;
    Ok(Canonical {
        xml: writer.xml,
        root_end,
    })
}

/// The canonical form of an element alone.
pub(super) fn element(element: &Element) -> Result<String, ReadError> {
    let mut writer = Writer::default();
    writer.element(element, None)?;
    Ok(writer.xml)
}

#[derive(Default)]
struct Writer {
    xml: String,
    /// Prefixes and namespaces declared by the elements that are open in the output, the innermost last.
    declared: Vec<(Rc<str>, Rc<str>)>,
    /// Where the last end tag begins.
    last_end: usize,
}

impl Writer {
    fn check_length(&self) -> Result<(), ReadError> {
        if self.xml.len() > MAX_MESSAGE_BYTES {
            return Err(ReadError::TooLong {
                bytes: self.xml.len(),
            });
        }
        Ok(())
    }

    /// Recursion ends at [`MAX_DEPTH`](crate::MAX_DEPTH).
    fn element(&mut self, element: &Element, without: Option<usize>) -> Result<(), ReadError> {
        let declared_before = self.declared.len();
        let name = if element.name.prefix.is_empty() {
            element.name.local.to_string()
        } else {
            format!("{}:{}", element.name.prefix, element.name.local)
        };
        self.xml.push('<');
        self.xml.push_str(&name);
        for (prefix, namespace) in self.to_declare(element) {
            self.xml.push_str(" xmlns");
            if !prefix.is_empty() {
                self.xml.push(':');
                self.xml.push_str(&prefix);
            }
            self.value(&namespace);
            self.declared.push((prefix, namespace));
        }
        let mut attributes: Vec<&Attribute> = element.attributes.iter().collect();
        attributes.sort_by_key(|a| (&a.name.namespace, &a.name.local));
        for attribute in attributes {
            self.xml.push(' ');
            if !attribute.name.prefix.is_empty() {
                self.xml.push_str(&attribute.name.prefix);
                self.xml.push(':');
            }
            self.xml.push_str(&attribute.name.local);
            self.value(&attribute.value);
        }
        self.xml.push('>');
        self.check_length()?;
        for (i, child) in element.children.iter().enumerate() {
            match child {
                _ if Some(i) == without => {}
                Node::Element(child) => self.element(child, None)?,
                Node::Text(text) => self.text(text),
                Node::Instruction(instruction) => self.instruction(instruction),
            }
        }
        self.last_end = self.xml.len();
        self.xml.push_str("</");
        self.xml.push_str(&name);
        self.xml.push('>');
        self.declared.truncate(declared_before);
        self.check_length()
    }

    /// The declarations that an element needs, sorted by prefix.
    fn to_declare(&self, element: &Element) -> Vec<(Rc<str>, Rc<str>)> {
        let attributes = element.attributes.iter().map(|a| &a.name);
        // An attribute without prefix is in no namespace, whatever the default is.
        let used = attributes.filter(|name| !name.prefix.is_empty());
        let mut needed: Vec<(Rc<str>, Rc<str>)> = std::iter::once(&element.name)
            .chain(used)
            .filter(|name| &*name.namespace != XML_NAMESPACE)
            .map(|name| (Rc::clone(&name.prefix), Rc::clone(&name.namespace)))
            .filter(|(prefix, namespace)| {
                let mut inside_out = self.declared.iter().rev();
                let declared = inside_out.find(|(p, _)| p == prefix).map(|(_, n)| &**n);
                declared.unwrap_or_default() != &**namespace
            })
            .collect();
        needed.sort();
        needed.dedup();
        needed
    }

    fn value(&mut self, value: &str) {
        self.xml.push_str("=\"");
        for c in value.chars() {
            match c {
                '&' => self.xml.push_str("&amp;"),
                '<' => self.xml.push_str("&lt;"),
                '"' => self.xml.push_str("&quot;"),
                '\t' => self.xml.push_str("&#x9;"),
                '\n' => self.xml.push_str("&#xA;"),
                '\r' => self.xml.push_str("&#xD;"),
                c => self.xml.push(c),
            }
        }
        self.xml.push('"');
    }

    fn text(&mut self, text: &str) {
        for c in text.chars() {
            match c {
                '&' => self.xml.push_str("&amp;"),
                '<' => self.xml.push_str("&lt;"),
                '>' => self.xml.push_str("&gt;"),
                '\r' => self.xml.push_str("&#xD;"),
                c => self.xml.push(c),
            }
        }
    }

    fn instruction(&mut self, instruction: &Instruction) {
        self.xml.push_str("<?");
        self.xml.push_str(&instruction.target);
        if !instruction.data.is_empty() {
            self.xml.push(' ');
            self.xml.push_str(&instruction.data);
        }
        self.xml.push_str("?>");
    }
}
