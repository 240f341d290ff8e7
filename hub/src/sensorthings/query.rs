//! What is asked: the path after `/sta/v1.1/`, and the options after `?` or in the parentheses of `$expand`.
//!
//! Bounded: options are read up to [`MOST_OPTIONS_BYTES`], `$expand` up to [`MOST_DEPTH`] links deep.

use super::filter::{self, Filter};
use super::model::{Link, Set};

/// Longest options, bytes; the HTTP server takes no longer lines either.
const MOST_OPTIONS_BYTES: usize = 12 * 1_024;
/// Deepest `$expand`.
const MOST_DEPTH: usize = 4;
/// Links in one `$expand`, properties in one `$select`.
const MOST_NAMES: usize = 32;
/// Entities of a page unless said, and at most.
pub const TOP: usize = 100;
/// See [`TOP`].
pub const MOST_TOP: usize = 1_000;

/// Why a question cannot be answered: HTTP status and text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// 400, 404 or 501.
    pub status: u16,
    /// What is wrong and what would be right.
    pub text: String,
}

impl Refused {
    /// Not understood.
    pub fn bad(text: impl Into<String>) -> Self {
        Self {
            status: 400,
            text: text.into(),
        }
    }

    /// Not there.
    pub fn none(text: impl Into<String>) -> Self {
        Self {
            status: 404,
            text: text.into(),
        }
    }
}

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Segment {
    /// A set or a link of what is before, with an id where one is given: `Things('a')`, `Datastreams`.
    Name(String, Option<String>),
    /// `$value`
    Value,
    /// `$ref`
    Ref,
}

/// Reads a path: names with ids in parentheses, between slashes.
///
/// # Errors
/// [`Refused`].
pub fn path(text: &str) -> Result<Vec<Segment>, Refused> {
    if text.len() > 1_024 {
        return Err(Refused::bad("the path is longer than 1,024 bytes"));
    }
    let (mut segments, mut rest) = (Vec::new(), text.trim_matches('/'));
    while !rest.is_empty() {
        let name_end = rest.find(['(', '/']).unwrap_or(rest.len());
        let (name, after) = rest.split_at(name_end);
        let (id, after) = match after.strip_prefix('(') {
            Some(inner) => {
                let (id, after) = id(inner)?;
                (Some(id), after)
            }
            None => (None, after),
        };
        segments.push(match name {
            "$value" => Segment::Value,
            "$ref" => Segment::Ref,
            _ => Segment::Name(name.to_owned(), id),
        });
        rest = match after.strip_prefix('/') {
            Some(next) => next,
            None if after.is_empty() => "",
            None => return Err(Refused::bad(format!("`/` is expected after {name}(..)"))),
        };
        if segments.len() > 8 {
            return Err(Refused::bad("a path of more than 8 steps"));
        }
    }
    Ok(segments)
}

/// An id, quoted or a number, and what comes after its parenthesis.
fn id(inner: &str) -> Result<(String, &str), Refused> {
    let bad = || Refused::bad("an id is a text in single quotes, such as Things('32412')");
    if let Some(mut rest) = inner.strip_prefix('\'') {
        let mut id = String::new();
        loop {
            let end = rest.find('\'').ok_or_else(bad)?;
            id.push_str(&rest[..end]);
            rest = &rest[end + 1..];
            match rest.strip_prefix('\'') {
                Some(after) => {
                    id.push('\'');
                    rest = after;
                }
                None => return Ok((id, rest.strip_prefix(')').ok_or_else(bad)?)),
            }
        }
    }
    let (id, after) = inner.split_once(')').ok_or_else(bad)?;
    let is_number = !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit());
    is_number.then(|| (id.to_owned(), after)).ok_or_else(bad)
}

/// How a collection is ordered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The property.
    pub path: Vec<String>,
    /// The greatest first.
    pub descending: bool,
}

/// The options of a collection or entity.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Query {
    /// `$filter`
    pub filter: Option<Filter>,
    /// `$orderby`
    pub order: Vec<Order>,
    /// `$top`; 0 is allowed, for a count alone.
    pub top: Option<usize>,
    /// `$skip`
    pub skip: usize,
    /// `$count`
    pub count: bool,
    /// `$select`
    pub select: Option<Vec<String>>,
    /// `$expand`
    pub expand: Vec<(Link, Query)>,
    /// The options as they were written, for the link to the next page.
    pub written: Vec<(String, String)>,
}

impl Query {
    /// How many entities a page has.
    pub fn page(&self) -> usize {
        self.top.unwrap_or(TOP).min(MOST_TOP)
    }
}

/// Reads the options of a request about some set, decoded: name and value.
///
/// # Errors
/// [`Refused`]: unknown options too, since an option that is left out silently gives another answer than was asked for.
pub fn query(set: Set, options: &[(String, String)]) -> Result<Query, Refused> {
    let length: usize = options.iter().map(|(n, v)| n.len() + v.len()).sum();
    if length > MOST_OPTIONS_BYTES {
        return Err(Refused::bad(format!(
            "the options are longer than {MOST_OPTIONS_BYTES} bytes"
        )));
    }
    read(
        set,
        options.iter().map(|(n, v)| (n.as_str(), v.as_str())),
        0,
    )
}

fn read<'a>(
    set: Set,
    options: impl Iterator<Item = (&'a str, &'a str)>,
    depth: usize,
) -> Result<Query, Refused> {
    let mut query = Query::default();
    let mut seen = Vec::new();
    for (name, value) in options {
        if seen.contains(&name) {
            return Err(Refused::bad(format!("{name} is there twice")));
        }
        seen.push(name);
        query.written.push((name.to_owned(), value.to_owned()));
        let number = || {
            value.trim().parse::<usize>().map_err(|_| {
                Refused::bad(format!("{name} must be a whole number, not less than 0"))
            })
        };
        match name {
            "$top" => query.top = Some(number()?),
            "$skip" => query.skip = number()?,
            "$count" => {
                query.count = match value.trim().to_ascii_lowercase().as_str() {
                    "true" => true,
                    "false" => false,
                    _ => return Err(Refused::bad("$count must be true or false")),
                }
            }
            "$filter" => {
                let filter = filter::parse(value).map_err(|e| Refused::bad(e.to_string()))?;
                query.filter = Some(filter);
            }
            "$orderby" => query.order = order(value)?,
            "$select" => query.select = Some(names(value)?),
            "$expand" => expand(set, value, depth, &mut query.expand)?,
            _ => {
                let short: String = name.chars().take(40).collect();
                return Err(Refused::bad(format!(
                    "no option `{short}`; there are $filter, $orderby, $top, $skip, $count, $select, $expand"
                )));
            }
        }
    }
    Ok(query)
}

fn names(value: &str) -> Result<Vec<String>, Refused> {
    let names: Vec<String> = value.split(',').map(|n| n.trim().to_owned()).collect();
    if names.len() > MOST_NAMES || names.iter().any(String::is_empty) {
        return Err(Refused::bad(format!(
            "$select takes 1 to {MOST_NAMES} names, separated by commas"
        )));
    }
    Ok(names)
}

fn order(value: &str) -> Result<Vec<Order>, Refused> {
    let bad =
        || Refused::bad("$orderby takes properties, each with asc or desc, separated by commas");
    let one = |part: &str| {
        let mut words = part.split_whitespace();
        let path = words.next().ok_or_else(bad)?;
        // Some clients write these in capitals.
        let direction = words.next().map(str::to_ascii_lowercase);
        let descending = match direction.as_deref() {
            None | Some("asc") => false,
            Some("desc") => true,
            Some(_) => return Err(bad()),
        };
        if words.next().is_some() {
            return Err(bad());
        }
        Ok(Order {
            path: path.split('/').map(str::to_owned).collect(),
            descending,
        })
    };
    let orders: Vec<Order> = value.split(',').map(one).collect::<Result<_, _>>()?;
    if orders.len() > 8 {
        return Err(Refused::bad("$orderby takes 8 properties at most"));
    }
    Ok(orders)
}

/// `A,B/C,D($top=1;$expand=E)`
fn expand(
    set: Set,
    value: &str,
    depth: usize,
    out: &mut Vec<(Link, Query)>,
) -> Result<(), Refused> {
    if depth >= MOST_DEPTH {
        return Err(Refused::bad(format!(
            "$expand goes {MOST_DEPTH} links deep at most"
        )));
    }
    for part in split(value, ',')? {
        let part = part.trim();
        let name_end = part.find(['(', '/']).unwrap_or(part.len());
        let (name, after) = part.split_at(name_end);
        let Some(link) = set.link(name.trim()) else {
            let known: Vec<&str> = set.links().iter().map(|l| l.name).collect();
            let short: String = name.chars().take(40).collect();
            return Err(Refused::bad(format!(
                "{} have no link `{short}`; they have {}",
                set.name(),
                known.join(", ")
            )));
        };
        let at = match out.iter().position(|(known, _)| *known == link) {
            Some(at) => at,
            None if out.len() < MOST_NAMES => {
                out.push((link, Query::default()));
                out.len() - 1
            }
            None => {
                return Err(Refused::bad(format!(
                    "$expand takes {MOST_NAMES} links at most"
                )));
            }
        };
        if let Some(deeper) = after.strip_prefix('/') {
            expand(link.to, deeper, depth + 1, &mut out[at].1.expand)?;
        } else if let Some(inner) = after.strip_prefix('(') {
            let inner = inner
                .trim_end()
                .strip_suffix(')')
                .ok_or_else(|| Refused::bad(format!("$expand={name}(..: `)` is missing")))?;
            let options = split(inner, ';')?;
            let options: Vec<(&str, &str)> = options
                .iter()
                .filter(|o| !o.trim().is_empty())
                .map(|o| {
                    let (name, value) = o.split_once('=').ok_or_else(|| {
                        Refused::bad(format!(
                            "$expand={name}(..): options are written $top=1;$skip=2"
                        ))
                    })?;
                    Ok((name.trim(), value))
                })
                .collect::<Result<_, Refused>>()?;
            out[at].1 = read(link.to, options.into_iter(), depth + 1)?;
        }
    }
    Ok(())
}

/// Splits at a sign that stands in no parentheses and no text.
fn split(text: &str, sign: char) -> Result<Vec<&str>, Refused> {
    let (mut parts, mut from, mut depth, mut quoted) = (Vec::new(), 0, 0_i32, false);
    for (at, c) in text.char_indices() {
        match c {
            '\'' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth -= 1,
            c if c == sign && depth == 0 && !quoted => {
                parts.push(&text[from..at]);
                from = at + sign.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(&text[from..]);
    if depth != 0 || quoted {
        return Err(Refused::bad(
            "$expand: a parenthesis or a quote is not closed",
        ));
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(set: Set, options: &[(&str, &str)]) -> Result<Query, Refused> {
        let options: Vec<(String, String)> = options
            .iter()
            .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
            .collect();
        query(set, &options)
    }

    #[test]
    fn paths_are_names_and_ids() {
        let name = |n: &str, id: Option<&str>| Segment::Name(n.to_owned(), id.map(str::to_owned));
        assert_eq!(
            path("Things('o''hara')/Datastreams(5)/Observations").expect("path"),
            [
                name("Things", Some("o'hara")),
                name("Datastreams", Some("5")),
                name("Observations", None)
            ]
        );
        assert_eq!(
            path("/Things('a')/name/$value/").expect("path"),
            [
                name("Things", Some("a")),
                name("name", None),
                Segment::Value
            ]
        );
        assert_eq!(path("").expect("root"), []);
        for bad in [
            "Things(a)",
            "Things('a'",
            "Things('a)",
            "Things('a')x",
            "Things()",
            "a/b/c/d/e/f/g/h/i",
        ] {
            assert_eq!(path(bad).expect_err(bad).status, 400);
        }
    }

    #[test]
    fn options_nest_in_expand() {
        let query = asked(
            Set::Things,
            &[(
                "$expand",
                "Locations($select=location),Datastreams($top=2;$filter=name eq 'a;b,(c';$expand=Observations($orderby=phenomenonTime DESC;$top=1),Sensor)",
            )],
        )
        .expect("query");
        assert_eq!(query.expand.len(), 2);
        let (link, datastreams) = &query.expand[1];
        assert_eq!((link.name, datastreams.top), ("Datastreams", Some(2)));
        assert!(datastreams.filter.is_some());
        assert_eq!(datastreams.expand.len(), 2);
        assert!(datastreams.expand[0].1.order[0].descending);
        let short = asked(
            Set::Things,
            &[("$expand", "Datastreams/ObservedProperty,Datastreams/Sensor")],
        )
        .expect("query");
        assert_eq!(short.expand.len(), 1);
        assert_eq!(short.expand[0].1.expand.len(), 2);
    }

    #[test]
    fn what_is_not_understood_is_refused_and_never_left_out() {
        for (name, value) in [
            ("$top", "-1"),
            ("$top", "x"),
            ("$count", "yes"),
            ("$orderby", "name sideways"),
            ("$orderby", ""),
            ("$select", "a,,b"),
            ("$expand", "Friends"),
            ("$expand", "Datastreams($top=1"),
            ("$expand", "Datastreams($top)"),
            ("$expand", "Datastreams/Thing/Datastreams/Thing/Datastreams"),
            ("$resultFormat", "dataArray"),
            ("top", "1"),
        ] {
            assert_eq!(
                asked(Set::Things, &[(name, value)])
                    .expect_err(value)
                    .status,
                400,
                "{name}={value}"
            );
        }
        assert!(asked(Set::Things, &[("$top", "1"), ("$top", "2")]).is_err());
        assert!(asked(Set::Things, &[("$filter", &"x".repeat(20_000))]).is_err());
        assert_eq!(
            asked(Set::Things, &[("$top", "100000")])
                .expect("clamped")
                .page(),
            MOST_TOP
        );
    }
}
