//! Whether something passes a filter.

use geo::{Coord, Intersects as _, LineString, Point, Polygon};
use serde_json::Value;

use super::{Comparison, Filter, Literal, Operand, Subject, Test, time_literal};

impl Filter {
    /// Whether it holds.
    pub fn holds(&self, subject: &dyn Subject) -> bool {
        match self {
            Self::Or(all) => all.iter().any(|f| f.holds(subject)),
            Self::And(all) => all.iter().all(|f| f.holds(subject)),
            Self::Not(filter) => !filter.holds(subject),
            Self::Is(operand) => values(operand, subject).contains(&Literal::Bool(true)),
            Self::Compare(first, comparison, second) => {
                let (first, second) = (values(first, subject), values(second, subject));
                first
                    .iter()
                    .any(|a| second.iter().any(|b| compares(a, *comparison, b)))
            }
            Self::Call(test, first, second) => {
                let (first, second) = (values(first, subject), values(second, subject));
                first
                    .iter()
                    .any(|a| second.iter().any(|b| passes(*test, a, b)))
            }
        }
    }

    /// The times within which a property must lie for the filter to hold, as far as that is plain; both ends included.
    pub fn times(&self, property: &str) -> (i64, i64) {
        let all = (i64::MIN, i64::MAX);
        match self {
            Self::And(filters) => filters.iter().fold(all, |(from, to), f| {
                let (f_from, f_to) = f.times(property);
                (from.max(f_from), to.min(f_to))
            }),
            Self::Compare(
                Operand::Path(path),
                comparison,
                Operand::Literal(Literal::Time(from, to)),
            ) if path.len() == 1 && path[0] == property => match comparison {
                Comparison::Eq => (*from, *to),
                Comparison::Gt | Comparison::Ge => (*from, i64::MAX),
                Comparison::Lt | Comparison::Le => (i64::MIN, *to),
                Comparison::Ne => all,
            },
            _ => all,
        }
    }
}

/// The values of an operand. A path that leads nowhere is null.
fn values(operand: &Operand, subject: &dyn Subject) -> Vec<Literal> {
    let text = |inner: &Operand, f: fn(&str) -> Literal| {
        let inner = values(inner, subject);
        inner
            .iter()
            .map(|v| match v {
                Literal::Text(text) => f(text),
                _ => Literal::Null,
            })
            .collect()
    };
    match operand {
        Operand::Literal(literal) => vec![literal.clone()],
        Operand::Path(path) => {
            let found: Vec<Literal> = subject.values(path).iter().map(literal).collect();
            if found.is_empty() {
                vec![Literal::Null]
            } else {
                found
            }
        }
        Operand::Lower(inner) => text(inner, |t| Literal::Text(t.to_lowercase())),
        Operand::Upper(inner) => text(inner, |t| Literal::Text(t.to_uppercase())),
        Operand::Trim(inner) => text(inner, |t| Literal::Text(t.trim().to_owned())),
        Operand::Length(inner) => text(inner, |t| Literal::Number(t.chars().count() as f64)),
    }
}

fn literal(value: &Value) -> Literal {
    match value {
        Value::Null | Value::Array(_) => Literal::Null,
        Value::Bool(b) => Literal::Bool(*b),
        Value::Number(n) => n.as_f64().map_or(Literal::Null, Literal::Number),
        Value::String(text) => Literal::Text(text.clone()),
        // A GeoJSON point.
        Value::Object(object) => {
            let at = |i: usize| object.get("coordinates")?.get(i)?.as_f64();
            match (at(0), at(1)) {
                (Some(lon), Some(lat)) => Literal::Place([lon, lat]),
                _ => Literal::Null,
            }
        }
    }
}

fn compares(a: &Literal, comparison: Comparison, b: &Literal) -> bool {
    use std::cmp::Ordering::{Equal, Greater, Less};
    let order = match (a, b) {
        (Literal::Time(..), Literal::Text(text)) => {
            return time_literal(text).is_some_and(|b| compares(a, comparison, &b));
        }
        (Literal::Text(text), Literal::Time(..)) => {
            return time_literal(text).is_some_and(|a| compares(&a, comparison, b));
        }
        // An interval is after a time when all of it is.
        (Literal::Time(a_from, a_to), Literal::Time(b_from, b_to)) => {
            return match comparison {
                Comparison::Eq => (a_from, a_to) == (b_from, b_to),
                Comparison::Ne => (a_from, a_to) != (b_from, b_to),
                Comparison::Gt => a_from > b_to,
                Comparison::Ge => a_from >= b_to,
                Comparison::Lt => a_to < b_from,
                Comparison::Le => a_to <= b_from,
            };
        }
        (Literal::Number(a), Literal::Number(b)) => a.partial_cmp(b),
        // An id that is digits may be given without quotes.
        (Literal::Text(text), Literal::Number(n)) | (Literal::Number(n), Literal::Text(text))
            if *text == n.to_string() =>
        {
            Some(Equal)
        }
        (Literal::Text(a), Literal::Text(b)) => Some(a.cmp(b)),
        (Literal::Bool(a), Literal::Bool(b)) => Some(a.cmp(b)),
        (Literal::Null, Literal::Null) => Some(Equal),
        _ => None,
    };
    match comparison {
        Comparison::Eq => order == Some(Equal),
        Comparison::Ne => order != Some(Equal),
        Comparison::Gt => order == Some(Greater),
        Comparison::Ge => matches!(order, Some(Greater | Equal)),
        Comparison::Lt => order == Some(Less),
        Comparison::Le => matches!(order, Some(Less | Equal)),
    }
}

fn passes(test: Test, a: &Literal, b: &Literal) -> bool {
    match (a, b) {
        (Literal::Text(a), Literal::Text(b)) => match test {
            Test::SubstringOf => b.contains(a.as_str()),
            Test::Contains => a.contains(b.as_str()),
            Test::StartsWith => a.starts_with(b.as_str()),
            Test::EndsWith => a.ends_with(b.as_str()),
            Test::Intersects | Test::Within => false,
        },
        (Literal::Place(place), Literal::Area(area))
            if matches!(test, Test::Intersects | Test::Within) =>
        {
            is_in(*place, area)
        }
        (Literal::Area(area), Literal::Place(place)) if test == Test::Intersects => {
            is_in(*place, area)
        }
        (Literal::Place(a), Literal::Place(b)) => {
            matches!(test, Test::Intersects | Test::Within) && a == b
        }
        _ => false,
    }
}

fn is_in(place: [f64; 2], area: &[[f64; 2]]) -> bool {
    let ring: LineString<f64> = area.iter().map(|p| Coord { x: p[0], y: p[1] }).collect();
    Polygon::new(ring, Vec::new()).intersects(&Point::new(place[0], place[1]))
}
