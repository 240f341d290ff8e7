//! `$filter` (OGC 18-088, 9.3.3.5): the part of OData that clients of SensorThings use, read by hand within bounds.
//!
//! ```text
//! or      = and *( "or" and )
//! and     = not *( "and" not )
//! not     = "not" not / "(" or ")" / call / operand ( "eq" / "ne" / "gt" / "ge" / "lt" / "le" ) operand
//! operand = literal / call / path
//! literal = number / 'text' / instant / instant "/" instant / "true" / "false" / "null" / geography'WKT'
//! path    = name *( "/" name ), over properties and links: Thing/name, unitOfMeasurement/symbol
//! call    = name "(" operand *( "," operand ) ")"
//! ```
//! It refuses to: compute (`add`, `mul`), and whatever is longer or deeper than the bounds below.

mod evaluate;

use serde_json::Value;

/// Longest filter, bytes: QGIS asks for an area in about 300.
pub const MOST_BYTES: usize = 4_096;
/// Deepest nesting of parentheses, `not` and calls.
const MOST_DEPTH: usize = 32;
/// Corners of an area.
const MOST_CORNERS: usize = 200;

/// A condition.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// Any of these.
    Or(Vec<Filter>),
    /// All of these.
    And(Vec<Filter>),
    /// Not this.
    Not(Box<Filter>),
    /// A comparison.
    Compare(Operand, Comparison, Operand),
    /// A function that is true or false.
    Call(Test, Operand, Operand),
    /// A path or literal that is true or false by itself.
    Is(Operand),
}

/// How two values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// Equal.
    Eq,
    /// Not equal.
    Ne,
    /// Greater.
    Gt,
    /// Greater or equal.
    Ge,
    /// Less.
    Lt,
    /// Less or equal.
    Le,
}

/// Functions that are true or false.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Test {
    /// The first lies in the second.
    SubstringOf,
    /// The second lies in the first.
    Contains,
    /// The first begins with the second.
    StartsWith,
    /// The first ends with the second.
    EndsWith,
    /// A place and an area have a point in common.
    Intersects,
    /// A place lies in an area.
    Within,
}

/// What is compared.
#[derive(Debug, Clone, PartialEq)]
pub enum Operand {
    /// A property, by names of properties and links.
    Path(Vec<String>),
    /// A value.
    Literal(Literal),
    /// In lower case.
    Lower(Box<Operand>),
    /// In upper case.
    Upper(Box<Operand>),
    /// Without blanks around it.
    Trim(Box<Operand>),
    /// Length of a text.
    Length(Box<Operand>),
}

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    /// No value.
    Null,
    /// True or false.
    Bool(bool),
    /// A number.
    Number(f64),
    /// A text.
    Text(String),
    /// A time or an interval of it, microseconds since the Unix epoch.
    Time(i64, i64),
    /// An area.
    Area(Vec<[f64; 2]>),
    /// A place: longitude, latitude.
    Place([f64; 2]),
}

/// Why a filter is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("$filter, at character {at}: {why}")]
pub struct Error {
    /// Where, from 1.
    pub at: usize,
    /// What is wrong there.
    pub why: String,
}

/// Reads a filter.
///
/// # Errors
/// [`Error`] says where and what.
pub fn parse(text: &str) -> Result<Filter, Error> {
    if text.len() > MOST_BYTES {
        return Err(Error {
            at: MOST_BYTES,
            why: format!("longer than {MOST_BYTES} bytes"),
        });
    }
    let mut parser = Parser {
        text,
        at: 0,
        depth: 0,
    };
    let filter = parser.or()?;
    parser.blanks();
    if parser.rest().is_empty() {
        Ok(filter)
    } else {
        Err(parser.error("`and`, `or` or the end is expected here"))
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

impl Parser<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn error(&self, why: impl Into<String>) -> Error {
        Error {
            at: self.text[..self.at].chars().count() + 1,
            why: why.into(),
        }
    }

    fn blanks(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    /// Takes a sign such as a parenthesis.
    fn sign(&mut self, sign: char) -> bool {
        self.blanks();
        let there = self.rest().starts_with(sign);
        self.at += if there { sign.len_utf8() } else { 0 };
        there
    }

    /// What could be a word here: letters, digits, `.`, `_`, `@`.
    fn word(&mut self) -> &str {
        self.blanks();
        let rest = &self.text[self.at..];
        let is_word = |c: char| c.is_ascii_alphanumeric() || "._@".contains(c);
        &rest[..rest.find(|c| !is_word(c)).unwrap_or(rest.len())]
    }

    fn keyword(&mut self, keyword: &str) -> bool {
        let there = self.word().eq_ignore_ascii_case(keyword);
        self.at += if there { keyword.len() } else { 0 };
        there
    }

    fn deeper<T>(&mut self, f: impl FnOnce(&mut Self) -> Result<T, Error>) -> Result<T, Error> {
        if self.depth >= MOST_DEPTH {
            return Err(self.error(format!("nested deeper than {MOST_DEPTH}")));
        }
        self.depth += 1;
        let result = f(self);
        self.depth -= 1;
        result
    }

    fn or(&mut self) -> Result<Filter, Error> {
        let mut all = vec![self.and()?];
        while self.keyword("or") {
            all.push(self.and()?);
        }
        Ok(one_or(all, Filter::Or))
    }

    fn and(&mut self) -> Result<Filter, Error> {
        let mut all = vec![self.not()?];
        while self.keyword("and") {
            all.push(self.not()?);
        }
        Ok(one_or(all, Filter::And))
    }

    fn not(&mut self) -> Result<Filter, Error> {
        if self.keyword("not") {
            return self.deeper(|p| Ok(Filter::Not(Box::new(p.not()?))));
        }
        if self.sign('(') {
            let inner = self.deeper(Self::or)?;
            return match self.sign(')') {
                true => Ok(inner),
                false => Err(self.error("`)` is expected here")),
            };
        }
        self.condition()
    }

    fn condition(&mut self) -> Result<Filter, Error> {
        if let Some((test, length)) = test(self.word()) {
            self.at += length;
            let (first, second) = self.arguments()?;
            return Ok(Filter::Call(test, first, second));
        }
        let first = self.operand()?;
        let comparison = match self.word().to_ascii_lowercase().as_str() {
            "eq" => Comparison::Eq,
            "ne" => Comparison::Ne,
            "gt" => Comparison::Gt,
            "ge" => Comparison::Ge,
            "lt" => Comparison::Lt,
            "le" => Comparison::Le,
            "" | "and" | "or" => return Ok(Filter::Is(first)),
            other => {
                let why = format!(
                    "`{other}` is none of eq, ne, gt, ge, lt, le; arithmetic is not offered"
                );
                return Err(self.error(why));
            }
        };
        self.at += 2;
        let second = self.operand()?;
        Ok(Filter::Compare(first, comparison, second))
    }

    fn arguments(&mut self) -> Result<(Operand, Operand), Error> {
        if !self.sign('(') {
            return Err(self.error("`(` is expected after a function"));
        }
        let first = self.deeper(Self::operand)?;
        if !self.sign(',') {
            return Err(self.error("`,` and a second argument are expected here"));
        }
        let second = self.deeper(Self::operand)?;
        match self.sign(')') {
            true => Ok((first, second)),
            false => Err(self.error("`)` is expected here")),
        }
    }

    fn operand(&mut self) -> Result<Operand, Error> {
        self.blanks();
        let rest = self.rest();
        let Some(first) = rest.chars().next() else {
            return Err(self.error("a property or a value is expected here"));
        };
        if first == '\'' {
            return Ok(Operand::Literal(Literal::Text(self.quoted()?)));
        }
        if first.is_ascii_digit() || first == '-' || first == '+' {
            return self.number_or_time();
        }
        if !first.is_ascii_alphabetic() && first != '@' && first != '_' {
            return Err(self.error(format!("`{first}` begins neither a property nor a value")));
        }
        let word = self.word().to_owned();
        let after = &self.rest()[word.len()..];
        match word.to_ascii_lowercase().as_str() {
            "null" => return Ok(self.literal(&word, Literal::Null)),
            "true" => return Ok(self.literal(&word, Literal::Bool(true))),
            "false" => return Ok(self.literal(&word, Literal::Bool(false))),
            "geography" | "geometry" if after.starts_with('\'') => {
                self.at += word.len();
                let wkt = self.quoted()?;
                let place = wkt_literal(&wkt).map_err(|why| self.error(why))?;
                return Ok(Operand::Literal(place));
            }
            "datetime" | "datetimeoffset" if after.starts_with('\'') => {
                self.at += word.len();
                let text = self.quoted()?;
                let time = time_literal(&text).ok_or_else(|| self.error("no RFC 3339 time"))?;
                return Ok(Operand::Literal(time));
            }
            _ => {}
        }
        if after.starts_with('(') {
            return self.function(&word);
        }
        self.path()
    }

    fn literal(&mut self, word: &str, literal: Literal) -> Operand {
        self.at += word.len();
        Operand::Literal(literal)
    }

    fn function(&mut self, word: &str) -> Result<Operand, Error> {
        let of: fn(Box<Operand>) -> Operand = match word.to_ascii_lowercase().as_str() {
            "tolower" => Operand::Lower,
            "toupper" => Operand::Upper,
            "trim" => Operand::Trim,
            "length" => Operand::Length,
            _ => {
                return Err(self.error(format!(
                    "no function `{word}`; there are substringof, contains, startswith, endswith, tolower, toupper, trim, length, geo.intersects, st_intersects, st_within"
                )));
            }
        };
        self.at += word.len();
        self.sign('(');
        let inner = self.deeper(Self::operand)?;
        match self.sign(')') {
            true => Ok(of(Box::new(inner))),
            false => Err(self.error("`)` is expected here")),
        }
    }

    fn path(&mut self) -> Result<Operand, Error> {
        let mut names = Vec::new();
        loop {
            let blank = self.rest().starts_with(char::is_whitespace);
            let name = self.word().to_owned();
            if name.is_empty() || (blank && !names.is_empty()) {
                return Err(self.error("a name is expected after `/`"));
            }
            self.at += name.len();
            names.push(name);
            if !self.rest().starts_with('/') {
                return Ok(Operand::Path(names));
            }
            if names.len() >= 8 {
                return Err(self.error("a path of more than 8 names"));
            }
            self.at += 1;
        }
    }

    /// Text in single quotes; a quote in it is written twice.
    fn quoted(&mut self) -> Result<String, Error> {
        let mut out = String::new();
        let mut rest = &self.text[self.at + 1..];
        loop {
            let Some(end) = rest.find('\'') else {
                return Err(self.error("this text does not end: `'` is missing"));
            };
            out.push_str(&rest[..end]);
            rest = &rest[end + 1..];
            if let Some(after) = rest.strip_prefix('\'') {
                out.push('\'');
                rest = after;
            } else {
                self.at = self.text.len() - rest.len();
                return Ok(out);
            }
        }
    }

    fn number_or_time(&mut self) -> Result<Operand, Error> {
        let rest = self.rest();
        let is_part = |c: char| c.is_ascii_alphanumeric() || ".:+-/".contains(c);
        let token = rest[..rest.find(|c| !is_part(c)).unwrap_or(rest.len())].to_owned();
        let literal = match token.parse::<f64>() {
            Ok(number) if number.is_finite() => Some(Literal::Number(number)),
            _ => time_literal(&token),
        };
        let Some(literal) = literal else {
            return Err(self.error(format!(
                "`{token}` is neither a number nor a time such as 2010-02-27T06:34:14Z"
            )));
        };
        Ok(self.literal(&token, literal))
    }
}

fn one_or(mut all: Vec<Filter>, many: fn(Vec<Filter>) -> Filter) -> Filter {
    match all.len() {
        1 => all.remove(0),
        _ => many(all),
    }
}

fn test(word: &str) -> Option<(Test, usize)> {
    let test = match word.to_ascii_lowercase().as_str() {
        "substringof" => Test::SubstringOf,
        "contains" => Test::Contains,
        "startswith" => Test::StartsWith,
        "endswith" => Test::EndsWith,
        "geo.intersects" | "st_intersects" => Test::Intersects,
        "st_within" => Test::Within,
        _ => return None,
    };
    Some((test, word.len()))
}

fn time_literal(text: &str) -> Option<Literal> {
    let instant = |text: &str| clock::parse_utc(text).ok();
    match text.split_once('/') {
        Some((from, to)) => Some(Literal::Time(instant(from)?, instant(to)?)),
        None => instant(text).map(|us| Literal::Time(us, us)),
    }
}

/// `POINT (..)` or `POLYGON ((..))` of one ring, longitude first.
fn wkt_literal(wkt: &str) -> Result<Literal, String> {
    let text = wkt.trim();
    // PostGIS's way of saying which coordinates these are: there is one kind here.
    let text = text.split_once(';').map_or(text, |(_, after)| after).trim();
    let upper = text.to_ascii_uppercase();
    let inner = |name: &str, open: &str, close: &str| {
        let body = upper.strip_prefix(name)?.trim_start();
        Some(body.strip_prefix(open)?.strip_suffix(close)?.to_owned())
    };
    let compact = upper
        .replace("( ", "(")
        .replace(" )", ")")
        .replace("( (", "((")
        .replace(") )", "))");
    let polygon = compact
        .strip_prefix("POLYGON")
        .and_then(|body| body.trim_start().strip_prefix("(("))
        .and_then(|body| body.strip_suffix("))"));
    if let Some(ring) = polygon {
        if ring.contains('(') {
            return Err("an area has one ring here, without holes".to_owned());
        }
        let corners: Option<Vec<[f64; 2]>> = ring.split(',').map(position).collect();
        return match corners {
            Some(corners) if (4..=MOST_CORNERS).contains(&corners.len()) => {
                Ok(Literal::Area(corners))
            }
            Some(_) => Err(format!(
                "an area has 4 to {MOST_CORNERS} corners, the last the same as the first"
            )),
            None => Err("a corner is two numbers, longitude and latitude".to_owned()),
        };
    }
    if let Some(place) = inner("POINT", "(", ")").and_then(|text| position(&text)) {
        return Ok(Literal::Place(place));
    }
    Err("only POINT (lon lat) and POLYGON ((lon lat, ...)) are understood here".to_owned())
}

fn position(text: &str) -> Option<[f64; 2]> {
    let mut numbers = text.split_whitespace().map(str::parse::<f64>);
    let place = [numbers.next()?.ok()?, numbers.next()?.ok()?];
    place.iter().all(|n| n.is_finite()).then_some(place)
}

/// What a filter is asked about: the values behind a path, none where there is none, several where a link leads to several.
pub trait Subject {
    /// The values.
    fn values(&self, path: &[String]) -> Vec<Value>;
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    struct Entity(Value);

    impl Subject for Entity {
        fn values(&self, path: &[String]) -> Vec<Value> {
            let mut at = &self.0;
            for name in path {
                match at.get(name) {
                    Some(next) => at = next,
                    None => return Vec::new(),
                }
            }
            vec![at.clone()]
        }
    }

    fn holds(filter: &str) -> bool {
        let entity = Entity(json!({
            "id": "32412", "name": "DART's 32412", "result": 1.5, "good": true, "none": null,
            "phenomenonTime": "2010-02-27T09:00:00Z", "span": "2010-02-27T00:00:00Z/2010-02-28T00:00:00Z",
            "unit": {"symbol": "m"}, "location": {"type": "Point", "coordinates": [-86.392, -17.975]},
        }));
        parse(filter)
            .unwrap_or_else(|e| panic!("{filter}: {e}"))
            .holds(&entity)
    }

    #[test]
    fn what_clients_ask() {
        for yes in [
            "result gt 1",
            "result ge 1.5 and result le 1.5e0",
            "name eq 'DART''s 32412'",
            "substringof('32412', name)",
            "contains(name,'32')",
            "startswith(tolower(name), 'dart') and endswith(name, '12')",
            "length(name) eq 12",
            "not (result lt 1) and not result gt 2",
            "result lt 1 or result gt 1 and name ne 'x'",
            "phenomenonTime gt 2010-02-27T06:34:14Z",
            "phenomenonTime lt 2010-02-27T06:34:14-03:00",
            "phenomenonTime ge datetime'2010-02-27T09:00:00Z'",
            "span lt 2010-03-01T00:00:00Z",
            "span eq 2010-02-27T00:00:00Z/2010-02-28T00:00:00Z",
            "unit/symbol eq 'm'",
            "none eq null and absent/deeper eq null",
            "good",
            "good eq true",
            "not false",
            "id eq 32412",
            "(location/type eq 'Point' or location/geometry/type eq 'Point') and (geo.intersects(location, geography'POLYGON((-90 -20, -80 -20, -80 -10, -90 -10, -90 -20))'))",
            "st_within(location, geography'SRID=4326;Polygon ((-90 -20, -80 -20, -80 -10, -90 -10, -90 -20))')",
            "geo.intersects(location, geography'POINT (-86.392 -17.975)')",
        ] {
            assert!(holds(yes), "{yes}");
        }
        for no in [
            "result gt 1.5",
            "name eq 'dart'",
            "phenomenonTime gt 2010-02-27T09:00:00Z",
            "span gt 2010-02-27T12:00:00Z",
            "result eq '1.5x'",
            "absent gt 5",
            "geo.intersects(location, geography'POLYGON((0 0, 1 0, 1 1, 0 1, 0 0))')",
        ] {
            assert!(!holds(no), "{no}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        for (filter, at, word) in [
            ("", 1, "expected"),
            ("result", 7, ""),
            ("result gt", 10, "expected"),
            ("result is 5", 8, "is"),
            ("result gt 1 name", 13, "and"),
            ("(result gt 1", 13, ")"),
            ("name eq 'x", 9, "end"),
            ("phenomenonTime gt 2010-13-45", 19, "time"),
            ("result add 1 gt 2", 8, "arithmetic"),
            ("foo(name) eq 1", 1, "no function"),
            (
                "geo.intersects(location, geography'LINESTRING(0 0,1 1)')",
                0,
                "POLYGON",
            ),
            ("a/ eq 1", 4, "name"),
            ("result gt ü", 11, "ü"),
        ] {
            if filter == "result" {
                assert!(parse(filter).is_ok());
                continue;
            }
            let error = parse(filter).expect_err(filter);
            assert!(at == 0 || error.at == at, "{filter}: {error}");
            assert!(error.why.contains(word), "{filter}: {error}");
        }
    }

    #[test]
    fn depth_and_length_are_bounded() {
        let deep = format!(
            "{}result gt 1{}",
            "(".repeat(MOST_DEPTH),
            ")".repeat(MOST_DEPTH)
        );
        assert!(parse(&deep).is_ok());
        for open in ["(", "not ", "tolower("] {
            let error = parse(&open.repeat(200)).expect_err("deep");
            assert!(error.why.contains("deeper"), "{error}");
        }
        assert!(
            parse(&" ".repeat(MOST_BYTES + 1))
                .expect_err("long")
                .why
                .contains("longer")
        );
    }

    #[test]
    fn plain_bounds_of_time_are_seen() {
        let times = |filter: &str| parse(filter).expect(filter).times("phenomenonTime");
        let hour = |h: i64| clock::parse_utc(&format!("2010-02-27T{h:02}:00:00Z")).expect("time");
        assert_eq!(
            times(
                "phenomenonTime gt 2010-02-27T06:00:00Z and phenomenonTime le 2010-02-27T09:00:00Z and result gt 1"
            ),
            (hour(6), hour(9))
        );
        assert_eq!(times("result gt 1"), (i64::MIN, i64::MAX));
        assert_eq!(
            times("phenomenonTime gt 2010-02-27T06:00:00Z or result gt 1"),
            (i64::MIN, i64::MAX)
        );
    }
}
