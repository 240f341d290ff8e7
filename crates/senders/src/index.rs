//! A feed's document to the messages in it: those that stand in it whole, and links to the others.
//!
//! | Document | What is taken |
//! |---|---|
//! | Atom | for each `entry`: an `<alert>` in it, else its best link |
//! | RSS 2.0, RSS 1.0 | for each `item`: an `<alert>` in it, else its best link, else its `guid` |
//! | a bare `<alert>` | itself |
//! | anything else (EDXL-DE, a list of alerts) | every `<alert>` in it |
//!
//! The best link is one of type `application/cap+xml`, else one to `*.cap`, else one to `*.xml`, else one of no type to anything: NWS
//! lists `wwacapget.php?x=...`. Pages, pictures and the feed itself are no messages.
//!
//! A message inside is cut out of the text as it stands, with the namespaces that were declared around it declared on it: a signature over it
//! still holds, since exclusive canonical form does not see those that it does not use.
//!
//! Refuses any document type, and what exceeds the bounds of this module; expands no entity.

use std::fmt::Write as _;

use quick_xml::events::{BytesStart, Event};
use quick_xml::name::{PrefixDeclaration, ResolveResult};
use quick_xml::reader::NsReader;

/// Most messages taken from one document; lists have the newest first.
pub const MAX_ITEMS: usize = 200;
/// Deepest nesting of elements.
pub const MAX_DEPTH: usize = 64;
/// Most elements of a document.
pub const MAX_ELEMENTS: usize = 400_000;
/// Namespace bindings in scope at a time.
const MAX_BINDINGS: usize = 32;
/// Longest link, bytes.
const MAX_LINK: usize = 2_048;
/// Longest declarations that are put on a message inside, bytes.
const MAX_DECLARED: usize = 8 * 1_024;
/// Longest mark of an entry, characters.
const MAX_MARK: usize = 64;
/// Candidate links looked at in one entry.
const MAX_CANDIDATES: usize = 50;

/// Namespaces of CAP 1.0 to 1.2.
const CAP: [&str; 3] = [
    cap::NAMESPACE,
    "urn:oasis:names:tc:emergency:cap:1.1",
    "http://www.incident.com/cap/1.0",
];

/// Why bytes are no index. Trying again does not help until the document changes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IndexError {
    /// Longer than [`agency::MAX_DOCUMENT`].
    #[error("{0} bytes are more than a document may have")]
    TooLong(usize),
    /// Neither UTF-8 nor declared as Latin-1.
    #[error("is neither in UTF-8 nor declared as ISO-8859-1")]
    Encoding,
    /// Has a document type, which feeds do not need and attackers do.
    #[error("has a document type declaration")]
    Doctype,
    /// Not well-formed, or no XML at all.
    #[error("not well-formed at byte {at_byte}: {what}")]
    Malformed {
        /// Where.
        at_byte: u64,
        /// What the tokenizer says.
        what: String,
    },
    /// Nested deeper than [`MAX_DEPTH`].
    #[error("elements nest deeper than {MAX_DEPTH}")]
    TooDeep,
    /// More elements than [`MAX_ELEMENTS`].
    #[error("more than {MAX_ELEMENTS} elements")]
    TooManyElements,
    /// Another document: a page about maintenance, a network's login.
    #[error("is <{root}>: neither a feed nor a CAP message, and there is none in it")]
    NotAFeed {
        /// Its root.
        root: String,
    },
}

impl IndexError {
    /// A stable name for counters.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::TooLong(_) => "too_long",
            Self::Encoding => "encoding",
            Self::Doctype => "doctype",
            Self::Malformed { .. } => "malformed",
            Self::TooDeep => "too_deep",
            Self::TooManyElements => "too_many_elements",
            Self::NotAFeed { .. } => "not_a_feed",
        }
    }
}

/// What a document lists.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Index {
    /// Messages and links to some, in the document's order.
    pub items: Vec<Item>,
    /// Entries without anything that could be a message.
    pub without: usize,
    /// Entries beyond [`MAX_ITEMS`].
    pub beyond: usize,
}

/// One message, or where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// The message itself.
    Message(String),
    /// A link, as it stands in the document.
    Link {
        /// Where to; may be relative.
        link: String,
        /// What changes when the entry does: its time and identity.
        mark: String,
    },
}

/// Reads a feed's document.
///
/// # Errors
/// [`IndexError`] when it is none. Entries without a message are counted, not refused: a list may hold other things too.
pub fn read(bytes: &[u8]) -> Result<Index, IndexError> {
    if bytes.len() as u64 > agency::MAX_DOCUMENT {
        return Err(IndexError::TooLong(bytes.len()));
    }
    let text = decode(bytes)?;
    let mut reader = NsReader::from_str(&text);
    reader.config_mut().allow_dangling_amp = true;
    reader
        .resolver_mut()
        .set_max_namespace_bindings(MAX_BINDINGS);
    let mut walk = Walk::default();
    loop {
        let at = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
        let (is_cap, event) = match reader.read_resolved_event() {
            Ok((namespace, event)) => (is_cap(&namespace), event),
            Err(error) => {
                return Err(IndexError::Malformed {
                    at_byte: reader.error_position(),
                    what: error.to_string().chars().take(80).collect(),
                });
            }
        };
        match event {
            Event::DocType(_) => return Err(IndexError::Doctype),
            Event::Start(start) => {
                let declared = walk.starts_message(&start, is_cap).then(|| {
                    let resolver = reader.resolver();
                    declarations(&start, resolver.bindings())
                });
                walk.start(&start, at, declared)?;
            }
            Event::Empty(start) => {
                walk.start(&start, at, None)?;
                walk.end(&text, reader.buffer_position());
            }
            Event::End(_) => walk.end(&text, reader.buffer_position()),
            Event::Text(t) => walk.text(&t.xml10_content()),
            Event::CData(t) => walk.text(&t.xml10_content()),
            Event::GeneralRef(entity) => {
                let name: &str = entity.as_ref();
                let known = match name {
                    "amp" => Some('&'),
                    "lt" => Some('<'),
                    "gt" => Some('>'),
                    "apos" => Some('\''),
                    "quot" => Some('"'),
                    _ => entity.resolve_char_ref().ok().flatten(),
                };
                // What is not known is no part of a link or a message.
                if let Some(c) = known {
                    walk.text(c.encode_utf8(&mut [0; 4]));
                }
            }
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            Event::Eof => return walk.finish(reader.buffer_position()),
        }
    }
}

fn decode(bytes: &[u8]) -> Result<String, IndexError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Ok(text.to_owned());
    }
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(200)]).to_ascii_lowercase();
    let declaration = head.split("?>").next().unwrap_or_default();
    let latin = ["iso-8859-1", "iso8859-1", "latin1", "windows-1252"];
    if declaration.starts_with("<?xml") && latin.iter().any(|name| declaration.contains(name)) {
        // Each byte is the character of its number.
        return Ok(bytes.iter().map(|&b| char::from(b)).collect());
    }
    Err(IndexError::Encoding)
}

fn is_cap(namespace: &ResolveResult<'_>) -> bool {
    match namespace {
        ResolveResult::Bound(n) => CAP.contains(&n.as_ref().trim()),
        ResolveResult::Unbound | ResolveResult::Unknown(_) => true,
    }
}

/// The namespaces in scope that a start tag does not declare itself, as attributes.
fn declarations<'b>(
    start: &BytesStart<'_>,
    bindings: impl Iterator<Item = (PrefixDeclaration<'b>, quick_xml::name::Namespace<'b>)>,
) -> String {
    let own: Vec<String> = start
        .attributes()
        .with_checks(false)
        .flatten()
        .filter_map(|a| match a.key.as_namespace_binding()? {
            PrefixDeclaration::Default => Some(String::new()),
            PrefixDeclaration::Named(prefix) => Some(prefix.to_owned()),
        })
        .collect();
    let mut declared = String::new();
    for (prefix, namespace) in bindings {
        let (name, attribute) = match prefix {
            PrefixDeclaration::Default => ("", "xmlns".to_owned()),
            PrefixDeclaration::Named(prefix) => (prefix, format!("xmlns:{prefix}")),
        };
        // The raw value of an attribute: escaped as it must be, but for the quotation mark that it may have stood in.
        let value: &str = namespace.as_ref();
        let fits = declared.len() + value.len() <= MAX_DECLARED;
        if fits && !own.iter().any(|o| o == name) {
            let _ = write!(
                declared,
                " {attribute}=\"{}\"",
                value.replace('"', "&quot;")
            );
        }
    }
    declared
}

/// A link of an entry, and how likely it leads to a message: 0 is surest.
struct Candidate {
    rank: u8,
    link: String,
}

/// An entry that is being read.
#[derive(Default)]
struct Entry {
    depth: usize,
    best: Option<Candidate>,
    candidates: usize,
    messages: Vec<Item>,
    mark: String,
}

/// A message inside that is being passed over.
struct Cut {
    depth: usize,
    start: usize,
    /// Where the declarations go.
    name_end: usize,
    declared: String,
}

/// What the text of an element is for.
#[derive(PartialEq, Eq)]
enum Purpose {
    Link,
    Guid,
    Mark,
    /// A message may stand in it escaped.
    Content,
}

#[derive(Default)]
struct Walk {
    root: Option<String>,
    depth: usize,
    elements: usize,
    entry: Option<Entry>,
    cut: Option<Cut>,
    /// What is being listened to, at which depth, and what was heard.
    heard: Option<(Purpose, usize, String)>,
    index: Index,
}

impl Walk {
    fn is_feed(&self) -> bool {
        matches!(self.root.as_deref(), Some("feed" | "rss" | "RDF"))
    }

    fn starts_message(&self, start: &BytesStart<'_>, is_cap: bool) -> bool {
        let local = start.local_name();
        self.cut.is_none() && is_cap && <_ as AsRef<str>>::as_ref(&local) == "alert"
    }

    fn start(
        &mut self,
        start: &BytesStart<'_>,
        at: usize,
        declared: Option<String>,
    ) -> Result<(), IndexError> {
        self.depth += 1;
        self.elements += 1;
        if self.depth > MAX_DEPTH {
            return Err(IndexError::TooDeep);
        }
        if self.elements > MAX_ELEMENTS {
            return Err(IndexError::TooManyElements);
        }
        if self.cut.is_some() {
            return Ok(());
        }
        let local = start.local_name();
        let local: &str = local.as_ref();
        if self.root.is_none() {
            self.root = Some(local.chars().take(40).collect());
        }
        if let Some(declared) = declared {
            let name: &str = start.name().into_inner();
            self.cut = Some(Cut {
                depth: self.depth,
                start: at,
                name_end: at + 1 + name.len(),
                declared,
            });
            return Ok(());
        }
        if !self.is_feed() {
            return Ok(());
        }
        match &mut self.entry {
            None if matches!(local, "entry" | "item") => {
                self.entry = Some(Entry {
                    depth: self.depth,
                    ..Entry::default()
                });
            }
            None => {}
            Some(entry) if self.depth == entry.depth + 1 => {
                let purpose = match local {
                    "link" | "enclosure" => {
                        entry.attribute_link(start, local);
                        (local == "link").then_some(Purpose::Link)
                    }
                    "guid" => {
                        let permanent = attribute(start, "isPermaLink");
                        (permanent.as_deref() != Some("false")).then_some(Purpose::Guid)
                    }
                    "id" | "updated" | "pubDate" | "date" => Some(Purpose::Mark),
                    "content" | "description" | "summary" | "encoded" => Some(Purpose::Content),
                    _ => None,
                };
                self.heard = purpose.map(|purpose| (purpose, self.depth, String::new()));
            }
            Some(_) => {}
        }
        Ok(())
    }

    fn text(&mut self, text: &str) {
        let Some((purpose, depth, heard)) = &mut self.heard else {
            return;
        };
        if self.cut.is_some() || *depth != self.depth {
            return;
        }
        let most = match purpose {
            Purpose::Link | Purpose::Guid => MAX_LINK + 1,
            Purpose::Mark => 4 * MAX_MARK,
            Purpose::Content => cap::MAX_MESSAGE_BYTES,
        };
        let text = if heard.is_empty() {
            text.trim_start()
        } else {
            text
        };
        // A message begins with markup; prose is not kept.
        let prose = *purpose == Purpose::Content && heard.is_empty() && !text.starts_with('<');
        if prose && !text.is_empty() {
            self.heard = None;
        } else if heard.len() + text.len() <= most {
            heard.push_str(text);
        }
    }

    fn end(&mut self, text: &str, position: u64) {
        let depth = self.depth;
        self.depth = depth.saturating_sub(1);
        if let Some(cut) = &self.cut {
            if cut.depth == depth {
                let end = usize::try_from(position).unwrap_or(usize::MAX);
                self.message(text, end);
            }
            return;
        }
        if self.heard.as_ref().is_some_and(|(_, at, _)| *at == depth)
            && let Some((purpose, _, heard)) = self.heard.take()
            && let Some(entry) = &mut self.entry
        {
            entry.heard(&purpose, heard.trim());
        }
        if self.entry.as_ref().is_some_and(|e| e.depth == depth)
            && let Some(entry) = self.entry.take()
        {
            self.entry(entry);
        }
    }

    /// A message that stands in the document has ended.
    fn message(&mut self, text: &str, end: usize) {
        let Some(cut) = self.cut.take() else { return };
        let parts = (
            text.get(cut.start..cut.name_end),
            text.get(cut.name_end..end),
        );
        let (Some(head), Some(rest)) = parts else {
            return;
        };
        let message = format!("{head}{}{rest}", cut.declared);
        match &mut self.entry {
            Some(entry) => entry.messages.push(Item::Message(message)),
            None => self.add(Item::Message(message)),
        }
    }

    fn entry(&mut self, entry: Entry) {
        if !entry.messages.is_empty() {
            for message in entry.messages {
                self.add(message);
            }
        } else if let Some(best) = entry.best {
            self.add(Item::Link {
                link: best.link,
                mark: entry.mark,
            });
        } else {
            self.index.without += 1;
        }
    }

    fn add(&mut self, item: Item) {
        if self.index.items.len() < MAX_ITEMS {
            self.index.items.push(item);
        } else {
            self.index.beyond += 1;
        }
    }

    fn finish(self, at_byte: u64) -> Result<Index, IndexError> {
        let Some(root) = &self.root else {
            let what = "no element".to_owned();
            return Err(IndexError::Malformed { at_byte, what });
        };
        if self.depth > 0 {
            let what = format!("ends inside <{root}>");
            return Err(IndexError::Malformed { at_byte, what });
        }
        // A list of messages that is empty looks like any other document; EDXL says that it is one.
        if !self.is_feed() && self.index.items.is_empty() && root != "EDXLDistribution" {
            return Err(IndexError::NotAFeed { root: root.clone() });
        }
        Ok(self.index)
    }
}

impl Entry {
    /// A link that stands in attributes: Atom's `link`, RSS's `enclosure`.
    fn attribute_link(&mut self, start: &BytesStart<'_>, local: &str) {
        let href = attribute(start, if local == "link" { "href" } else { "url" });
        let Some(href) = href else { return };
        let kind = attribute(start, "type").unwrap_or_default();
        let rel = attribute(start, "rel").unwrap_or_default();
        if matches!(rel.as_str(), "" | "alternate" | "related" | "enclosure") {
            self.consider(&href, &kind, local == "link");
        }
    }

    /// Keeps the link if it is better than the one before. `anything`: take it even when nothing says that it is a message.
    fn consider(&mut self, link: &str, kind: &str, anything: bool) {
        let link = link.trim();
        self.candidates += 1;
        if link.is_empty() || link.len() > MAX_LINK || self.candidates > MAX_CANDIDATES {
            return;
        }
        let kind = kind.split(';').next().unwrap_or_default().trim();
        let kind = kind.to_ascii_lowercase();
        let path = link.split(['?', '#']).next().unwrap_or_default();
        let path = path.to_ascii_lowercase();
        let xml = kind.is_empty() || kind.ends_with("/xml") || kind.ends_with("+xml");
        let rank = if kind == cap::MIME_TYPE {
            0
        } else if kind == "text/html" || kind == "application/xhtml+xml" {
            return;
        } else if path.ends_with(".cap") {
            1
        } else if path.ends_with(".xml") && xml {
            2
        } else if kind.is_empty() && anything && !is_page(&path) {
            3
        } else {
            return;
        };
        if self.best.as_ref().is_none_or(|best| rank < best.rank) {
            self.best = Some(Candidate {
                rank,
                link: link.to_owned(),
            });
        }
    }

    fn heard(&mut self, purpose: &Purpose, text: &str) {
        match purpose {
            Purpose::Link => self.consider(text, "", true),
            // An identity that is a link, where there is no better one.
            Purpose::Guid if self.best.is_none() && text.starts_with("http") => {
                self.consider(text, "", true);
            }
            Purpose::Guid => {}
            Purpose::Mark => {
                let room = MAX_MARK.saturating_sub(self.mark.chars().count());
                self.mark.extend(text.chars().take(room));
            }
            Purpose::Content => {
                let root = text.split_once("?>").filter(|_| text.starts_with("<?xml"));
                let body = root.map_or(text, |(_, body)| body).trim_start();
                let name = body.get(1..).unwrap_or_default();
                let name = name.split([' ', '>', '\n', '\r', '\t', '/']).next();
                let local = name.and_then(|n| n.rsplit(':').next());
                if body.starts_with('<') && local == Some("alert") {
                    self.messages.push(Item::Message(text.to_owned()));
                }
            }
        }
    }
}

/// Whether a path says that it is a page, a picture or a text.
fn is_page(path: &str) -> bool {
    [
        ".html", ".htm", ".txt", ".jpg", ".jpeg", ".png", ".gif", ".pdf", ".kml", ".kmz", ".json",
    ]
    .iter()
    .any(|ending| path.ends_with(ending))
}

fn attribute(start: &BytesStart<'_>, name: &str) -> Option<String> {
    start
        .attributes()
        .with_checks(false)
        .flatten()
        .take(64)
        .find(|a| {
            a.key.prefix().is_none() && <_ as AsRef<str>>::as_ref(&a.key.local_name()) == name
        })
        .and_then(|a| {
            a.normalized_value(quick_xml::XmlVersion::Implicit1_0)
                .ok()
                .map(|v| v.into_owned())
        })
}
