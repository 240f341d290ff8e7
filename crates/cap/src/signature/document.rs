//! XML 1.0 to the bounded tree that canonical XML is defined on.
//!
//! Unlike the lenient reader this one forgives nothing: what other parsers might see differently is refused, not
//! guessed. Character and entity references are resolved, CDATA is text, line ends are line feeds, comments are gone,
//! prefixes are resolved. Whatever is kept has names that are names and characters that XML allows, so that writing the
//! tree and reading it again gives the same tree.
//!
//! Refuses any document type, encodings other than UTF-8, XML 1.1, and what exceeds the crate's limits.

use std::collections::HashSet;
use std::rc::Rc;

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesDecl, BytesPI, BytesStart, Event};

use crate::invalid::excerpt;
use crate::read::MAX_BINDINGS;
use crate::{MAX_DEPTH, MAX_ELEMENTS, MAX_MESSAGE_BYTES, ReadError};

/// What the prefix `xml` is bound to, always.
pub(super) const XML_NAMESPACE: &str = "http://www.w3.org/XML/1998/namespace";
/// What the prefix `xmlns` is bound to; nothing else may be.
const XMLNS_NAMESPACE: &str = "http://www.w3.org/2000/xmlns/";

pub(super) struct Document {
    /// Instructions before and after the root, in order.
    pub(super) before: Vec<Instruction>,
    pub(super) root: Element,
    pub(super) after: Vec<Instruction>,
}

pub(super) struct Instruction {
    pub(super) target: String,
    pub(super) data: String,
}

pub(super) enum Node {
    Element(Element),
    Text(String),
    Instruction(Instruction),
}

/// A name with the namespace that its prefix is bound to.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Name {
    /// Empty for none.
    pub(super) prefix: Rc<str>,
    pub(super) local: Rc<str>,
    /// Empty for none.
    pub(super) namespace: Rc<str>,
}

pub(super) struct Attribute {
    pub(super) name: Name,
    pub(super) value: String,
}

pub(super) struct Element {
    pub(super) name: Name,
    pub(super) attributes: Vec<Attribute>,
    pub(super) children: Vec<Node>,
}

impl Element {
    pub(super) fn is(&self, namespace: &str, local: &str) -> bool {
        &*self.name.namespace == namespace && &*self.name.local == local
    }

    pub(super) fn elements(&self) -> impl Iterator<Item = &Element> {
        self.children.iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            Node::Text(_) | Node::Instruction(_) => None,
        })
    }

    /// Its own text.
    pub(super) fn text(&self) -> String {
        let texts = self.children.iter().filter_map(|node| match node {
            Node::Text(text) => Some(text.as_str()),
            Node::Element(_) | Node::Instruction(_) => None,
        });
        texts.collect()
    }

    /// The value of an attribute without prefix.
    pub(super) fn attribute(&self, local: &str) -> Option<&str> {
        let mut found = self.attributes.iter();
        found
            .find(|a| a.name.prefix.is_empty() && &*a.name.local == local)
            .map(|a| a.value.as_str())
    }
}

/// The document that `bytes` are.
pub(super) fn parse(bytes: &[u8]) -> Result<Document, ReadError> {
    if bytes.len() > MAX_MESSAGE_BYTES {
        return Err(ReadError::TooLong { bytes: bytes.len() });
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let xml = std::str::from_utf8(bytes).map_err(|_| ReadError::Encoding)?;
    let mut reader = Reader::from_str(xml);
    let config = reader.config_mut();
    config.check_comments = true;
    config.expand_empty_elements = true;
    let mut builder = Builder::default();
    let mut declaration_may_come = true;
    loop {
        let event = reader.read_event().map_err(|error| ReadError::Malformed {
            at_byte: reader.error_position(),
            what: excerpt(&error.to_string()),
        })?;
        let at_byte = reader.buffer_position();
        let malformed = |what: String| ReadError::Malformed { at_byte, what };
        match event {
            Event::DocType(_) => return Err(ReadError::Doctype),
            Event::Decl(declaration) if declaration_may_come => check_declaration(&declaration)?,
            Event::Decl(_) => return Err(malformed("a declaration that is not first".to_owned())),
            Event::Start(start) => builder.start(&start).map_err(|refused| match refused {
                Refused::Limit(error) => error,
                Refused::Malformed(what) => malformed(what),
            })?,
            Event::Empty(_) => return Err(malformed("an empty tag in parts".to_owned())),
            Event::End(_) => builder.end(),
            Event::Text(text) => {
                let text = text.into_inner();
                if text.contains("]]>") {
                    return Err(malformed("]]> outside CDATA".to_owned()));
                }
                builder.text(&line_ends(&text), true).map_err(malformed)?;
            }
            Event::CData(text) => {
                let text = text.into_inner();
                builder.text(&line_ends(&text), false).map_err(malformed)?;
            }
            Event::GeneralRef(entity) => {
                let c = reference(&entity.into_inner()).map_err(malformed)?;
                builder.text(&c, false).map_err(malformed)?;
            }
            Event::PI(instruction) => builder.instruction(&instruction).map_err(malformed)?,
            Event::Comment(comment) => check_chars(&comment.into_inner()).map_err(malformed)?,
            Event::Eof => {
                return match (builder.root, builder.open.is_empty()) {
                    (Some(root), true) => Ok(Document {
                        before: builder.before,
                        root,
                        after: builder.after,
                    }),
                    (None, true) => Err(ReadError::NotXml),
                    (_, false) => Err(malformed("ends inside an element".to_owned())),
                };
            }
        }
        declaration_may_come = false;
    }
}

/// Other encodings would make other parsers see another text, XML 1.1 has other line ends.
fn check_declaration(declaration: &BytesDecl<'_>) -> Result<(), ReadError> {
    let malformed = |what: &str| ReadError::Malformed {
        at_byte: 0,
        what: what.to_owned(),
    };
    match declaration.version() {
        Ok(version) if version == "1.0" => {}
        _ => return Err(malformed("the declaration does not say version 1.0")),
    }
    match declaration.encoding() {
        None => Ok(()),
        Some(Ok(name)) if name.eq_ignore_ascii_case("utf-8") => Ok(()),
        Some(_) => Err(ReadError::Encoding),
    }
}

enum Refused {
    Limit(ReadError),
    Malformed(String),
}

impl From<String> for Refused {
    fn from(what: String) -> Self {
        Self::Malformed(what)
    }
}

#[derive(Default)]
struct Builder {
    before: Vec<Instruction>,
    root: Option<Element>,
    after: Vec<Instruction>,
    /// The elements entered and not left, each with the number of bindings before it.
    open: Vec<(Element, usize)>,
    /// Prefixes and namespaces in scope, the innermost last.
    bindings: Vec<(Rc<str>, Rc<str>)>,
    elements: usize,
}

impl Builder {
    fn start(&mut self, start: &BytesStart<'_>) -> Result<(), Refused> {
        if self.root.is_some() {
            return Err(Refused::Malformed("a second root element".to_owned()));
        }
        self.elements += 1;
        if self.elements > MAX_ELEMENTS {
            return Err(Refused::Limit(ReadError::TooManyElements));
        }
        if self.open.len() >= MAX_DEPTH {
            return Err(Refused::Limit(ReadError::TooDeep));
        }
        let bindings_before = self.bindings.len();
        let mut plain = Vec::new();
        for attribute in start.attributes().with_checks(false) {
            let attribute = attribute.map_err(|error| excerpt(&error.to_string()))?;
            let value = attribute_value(&attribute.value)?;
            let name: &str = attribute.key.as_ref();
            if name == "xmlns" {
                self.bind("", &value, bindings_before)?;
            } else if let Some(prefix) = name.strip_prefix("xmlns:") {
                self.bind(prefix, &value, bindings_before)?;
            } else {
                plain.push((name.to_owned(), value));
            }
        }
        let qualified = start.name();
        let name = self.resolve(qualified.as_ref(), true)?;
        let mut seen = HashSet::new();
        let mut attributes = Vec::with_capacity(plain.len());
        for (qualified, value) in plain {
            let name = self.resolve(&qualified, false)?;
            if !seen.insert((Rc::clone(&name.namespace), Rc::clone(&name.local))) {
                return Err(Refused::Malformed(format!(
                    "the attribute {} twice",
                    excerpt(&qualified)
                )));
            }
            attributes.push(Attribute { name, value });
        }
        let element = Element {
            name,
            attributes,
            children: Vec::new(),
        };
        self.open.push((element, bindings_before));
        Ok(())
    }

    /// Adds a binding of the element whose bindings begin at `own`.
    fn bind(&mut self, prefix: &str, namespace: &str, own: usize) -> Result<(), String> {
        let said = || format!("xmlns:{}={:?}", excerpt(prefix), excerpt(namespace));
        if self.bindings.len() >= MAX_BINDINGS {
            return Err(format!("more than {MAX_BINDINGS} namespaces in scope"));
        }
        if !prefix.is_empty() && (!is_name(prefix) || namespace.is_empty()) {
            return Err(format!("{} binds nothing", said()));
        }
        let reserved = prefix == "xmlns" || namespace == XMLNS_NAMESPACE;
        if reserved || (prefix == "xml") != (namespace == XML_NAMESPACE) {
            return Err(format!("{} binds what is reserved", said()));
        }
        if self.bindings[own..].iter().any(|(p, _)| &**p == prefix) {
            return Err(format!("{} a second time", said()));
        }
        self.bindings.push((prefix.into(), namespace.into()));
        Ok(())
    }

    fn resolve(&self, qualified: &str, is_element: bool) -> Result<Name, String> {
        let (prefix, local) = qualified.split_once(':').unwrap_or(("", qualified));
        if !is_name(local) || !(is_name(prefix) || qualified == local) {
            return Err(format!("{:?} is no name", excerpt(qualified)));
        }
        let bound = || {
            let mut inside_out = self.bindings.iter().rev();
            inside_out
                .find(|(p, _)| &**p == prefix)
                .map(|(_, namespace)| Rc::clone(namespace))
        };
        let namespace = match prefix {
            "xml" => XML_NAMESPACE.into(),
            "" if is_element => bound().unwrap_or_default(),
            "" => Rc::default(),
            _ => bound().ok_or_else(|| format!("the prefix {} is not bound", excerpt(prefix)))?,
        };
        Ok(Name {
            prefix: prefix.into(),
            local: local.into(),
            namespace,
        })
    }

    fn end(&mut self) {
        let Some((element, bindings_before)) = self.open.pop() else {
            return;
        };
        self.bindings.truncate(bindings_before);
        match self.open.last_mut() {
            Some((parent, _)) => parent.children.push(Node::Element(element)),
            None => self.root = Some(element),
        }
    }

    /// Adds text; `is_plain` if it may be the white space around the root.
    fn text(&mut self, text: &str, is_plain: bool) -> Result<(), String> {
        check_chars(text)?;
        let Some((element, _)) = self.open.last_mut() else {
            return if is_plain && text.chars().all(is_space) {
                Ok(())
            } else {
                Err("text outside the root".to_owned())
            };
        };
        match element.children.last_mut() {
            Some(Node::Text(before)) => before.push_str(text),
            // An empty CDATA section is no node.
            _ if text.is_empty() => {}
            _ => element.children.push(Node::Text(text.to_owned())),
        }
        Ok(())
    }

    fn instruction(&mut self, found: &BytesPI<'_>) -> Result<(), String> {
        let target = found.target();
        if !is_name(target) || target.eq_ignore_ascii_case("xml") {
            return Err(format!("an instruction named {:?}", excerpt(target)));
        }
        let data = line_ends(found.content().trim_start_matches(is_space));
        check_chars(&data)?;
        let instruction = Instruction {
            target: target.to_owned(),
            data,
        };
        match (self.open.last_mut(), &self.root) {
            (Some((element, _)), _) => element.children.push(Node::Instruction(instruction)),
            (None, None) => self.before.push(instruction),
            (None, Some(_)) => self.after.push(instruction),
        }
        Ok(())
    }
}

/// Line ends as XML 1.0 section 2.11 has them.
fn line_ends(text: &str) -> String {
    if text.contains('\r') {
        text.replace("\r\n", "\n").replace('\r', "\n")
    } else {
        text.to_owned()
    }
}

/// The character that `&name;` stands for.
fn reference(name: &str) -> Result<String, String> {
    if let Some(known) = resolve_predefined_entity(name) {
        return Ok(known.to_owned());
    }
    let unknown = || format!("&{}; is no character", excerpt(name));
    let digits = name.strip_prefix('#').ok_or_else(unknown)?;
    let (digits, radix) = match digits.strip_prefix('x') {
        Some(digits) => (digits, 16),
        None => (digits, 10),
    };
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
        return Err(unknown());
    }
    let c = u32::from_str_radix(digits, radix)
        .ok()
        .and_then(char::from_u32);
    let c = c.filter(|&c| is_char(c)).ok_or_else(unknown)?;
    Ok(c.to_string())
}

/// The value of an attribute from its spelling (XML 1.0 section 3.3.3, without a document type).
fn attribute_value(raw: &str) -> Result<String, String> {
    if raw.contains('<') {
        return Err("< inside an attribute".to_owned());
    }
    let mut value = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find('&') {
        value.push_str(&spaces(&rest[..at]));
        let after = &rest[at + 1..];
        let end = after.find(';').ok_or("& that begins no reference")?;
        value.push_str(&reference(&after[..end])?);
        rest = &after[end + 1..];
    }
    value.push_str(&spaces(rest));
    check_chars(&value)?;
    Ok(value)
}

fn spaces(text: &str) -> String {
    line_ends(text).replace(['\n', '\t'], " ")
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

/// `Char` of XML 1.0.
fn is_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

fn check_chars(text: &str) -> Result<(), String> {
    match text.chars().find(|&c| !is_char(c)) {
        None => Ok(()),
        Some(c) => Err(format!("the character U+{:04X}", u32::from(c))),
    }
}

/// `NCName` of Namespaces in XML 1.0.
fn is_name(text: &str) -> bool {
    let is_start = |c: char| {
        matches!(c, 'A'..='Z' | '_' | 'a'..='z' | '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}'
            | '\u{f8}'..='\u{2ff}' | '\u{370}'..='\u{37d}' | '\u{37f}'..='\u{1fff}' | '\u{200c}'..='\u{200d}'
            | '\u{2070}'..='\u{218f}' | '\u{2c00}'..='\u{2fef}' | '\u{3001}'..='\u{d7ff}'
            | '\u{f900}'..='\u{fdcf}' | '\u{fdf0}'..='\u{fffd}' | '\u{10000}'..='\u{effff}')
    };
    let is_more = |c: char| {
        is_start(c)
            || matches!(c, '-' | '.' | '0'..='9' | '\u{b7}' | '\u{300}'..='\u{36f}' | '\u{203f}'..='\u{2040}')
    };
    text.chars().next().is_some_and(is_start) && text.chars().all(is_more)
}
