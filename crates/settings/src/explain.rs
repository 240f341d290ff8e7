//! Fits a tree to a type and turns what serde says about it into words with a place.
//!
//! serde's messages are the only source of the expected names, so they are parsed here; a message that does not
//! have the known shape is passed on as it is, with its place, rather than guessed at.

use crate::environment::{self, Environment};
use crate::place::{self, Place, Step};
use crate::{Error, MAX_PROBLEMS, Problem};
use serde::de::DeserializeOwned;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, Deserializer};

/// How alike two names must be (0..1, Jaro-Winkler) to be offered as a correction: "treshold" and "threshold"
/// score 0.96, unrelated keys of our files stay under 0.75.
const ALIKE: f64 = 0.8;

/// Fits the tree, with the environment over it, to `T`.
pub(crate) fn read<'i, T: DeserializeOwned>(
    name: &str,
    text: &str,
    root: &Spanned<DeTable<'i>>,
    environment: &'i Environment,
) -> Result<T, Error> {
    let mut as_text = vec![false; environment.overrides.len()];
    let mut first_answer: Vec<Option<Problem>> = vec![None; environment.overrides.len()];
    let mut removed: Vec<Vec<Step>> = Vec::new();
    let mut problems: Vec<(usize, Problem)> = Vec::new();
    loop {
        let mut tree = root.clone();
        environment.apply(tree.get_mut(), text.len(), &as_text)?;
        for steps in &removed {
            place::remove(tree.get_mut(), steps);
        }
        let mut ignored = Vec::new();
        let deserializer = Deserializer::from(tree.clone());
        let result: Result<T, toml::de::Error> =
            serde_ignored::deserialize(deserializer, |path| ignored.push(path_steps(&path)));
        let look = Look {
            name,
            text,
            tree: &tree,
            environment,
        };
        match result {
            Ok(value) if ignored.is_empty() && problems.is_empty() => return Ok(value),
            Ok(_) => {
                for steps in ignored.into_iter().take(MAX_PROBLEMS) {
                    problems.push(look.unknown_key(&steps, &[]));
                }
                break;
            }
            Err(error) => {
                let span = error.span().unwrap_or(0..0);
                let owner = place::owner(&tree, &span);
                let unknown = unknown_field(error.message());
                if let (Some(expected), Some(owner)) = (&unknown, &owner)
                    && owner.is_key
                    && problems.len() < MAX_PROBLEMS
                {
                    problems.push(look.unknown_key(&owner.steps, expected));
                    removed.push(owner.steps.clone());
                    continue;
                }
                let problem = look.other(&span, owner.as_ref(), error.message());
                if let Some(index) = look.override_index(&span) {
                    let two = environment.overrides[index].has_two_readings();
                    if two && !as_text[index] {
                        as_text[index] = true;
                        first_answer[index] = Some(problem);
                        continue;
                    }
                    // Neither reading fits; what was wrong with the typed one says more.
                    problems.push((span.start, first_answer[index].take().unwrap_or(problem)));
                } else if !explained_by_typo(&problems, &problem) {
                    problems.push((span.start, problem));
                }
                break;
            }
        }
    }
    problems.sort_by_key(|(position, _)| *position);
    Err(Error::Refused(
        problems.into_iter().map(|(_, problem)| problem).collect(),
    ))
}

/// What is needed to turn a range into words.
struct Look<'a, 'i> {
    name: &'a str,
    text: &'a str,
    tree: &'a Spanned<DeTable<'i>>,
    environment: &'a Environment,
}

impl Look<'_, '_> {
    fn override_index(&self, span: &Range<usize>) -> Option<usize> {
        self.environment.index_of(self.text.len(), span)
    }

    fn place(&self, span: &Range<usize>) -> Place {
        match self.override_index(span) {
            Some(index) => Place::Environment {
                variable: self.environment.overrides[index].variable.clone(),
            },
            None => place::in_text(self.name, self.text, span.start),
        }
    }

    fn unknown_key(&self, steps: &[Step], expected: &[String]) -> (usize, Problem) {
        let span = place::key_span(self.tree, steps).unwrap_or(0..0);
        let (last, parents) =
            steps
                .split_last()
                .map_or(("", steps), |(last, parents)| match last {
                    Step::Key(key) => (key.as_str(), parents),
                    Step::Index(_) => ("", steps),
                });
        let table = place::dotted(parents);
        let whereabouts = if table.is_empty() {
            String::new()
        } else {
            format!(" in [{table}]")
        };
        let message = format!(
            "unknown key {last:?}{whereabouts}; {}",
            advice(last, expected)
        );
        (
            span.start,
            Problem {
                place: self.place(&span),
                key: place::dotted(steps),
                message,
            },
        )
    }

    fn other(&self, span: &Range<usize>, owner: Option<&place::Found>, message: &str) -> Problem {
        let steps = match (self.override_index(span), owner) {
            (Some(index), None) => environment::steps(&self.environment.overrides[index]),
            (_, Some(owner)) => owner.steps.clone(),
            (None, None) => Vec::new(),
        };
        let key = place::dotted(&steps);
        let (key, message) = if let Some(missing) = between(message, "missing field `", "`") {
            let whereabouts = if key.is_empty() {
                "at the top level".into()
            } else {
                format!("in [{key}]")
            };
            let full = if key.is_empty() {
                missing.to_owned()
            } else {
                format!("{key}.{missing}")
            };
            (
                full,
                format!("missing key {missing:?} {whereabouts}; add a line {missing} = ..."),
            )
        } else {
            let words = words(message);
            let prefix = if key.is_empty() {
                String::new()
            } else {
                format!("{key}: ")
            };
            (key, format!("{prefix}{words}"))
        };
        Problem {
            place: self.place(span),
            key,
            message,
        }
    }
}

/// A misspelt key makes its right name missing; saying so as well would only confuse.
fn explained_by_typo(problems: &[(usize, Problem)], problem: &Problem) -> bool {
    let name = problem.key.rsplit('.').next().unwrap_or_default();
    problem.message.starts_with("missing key")
        && problems
            .iter()
            .any(|(_, known)| known.message.ends_with(&format!("did you mean {name:?}?")))
}

fn path_steps(path: &serde_ignored::Path<'_>) -> Vec<Step> {
    use serde_ignored::Path;
    match path {
        Path::Root => Vec::new(),
        Path::Seq { parent, index } => {
            let mut steps = path_steps(parent);
            steps.push(Step::Index(*index));
            steps
        }
        Path::Map { parent, key } => {
            let mut steps = path_steps(parent);
            steps.push(Step::Key(key.clone()));
            steps
        }
        Path::Some { parent }
        | Path::NewtypeStruct { parent }
        | Path::NewtypeVariant { parent } => path_steps(parent),
    }
}

/// The names that serde expected instead of an unknown field; nothing for other messages. serde writes
/// "unknown field `x`, expected one of `a`, `b`", "... expected `a` or `b`", "... expected `a`", or
/// "unknown field `x`, there are no fields". The key itself may hold anything, so the end is searched for.
fn unknown_field(message: &str) -> Option<Vec<String>> {
    let rest = message.strip_prefix("unknown field `")?;
    if rest.ends_with("`, there are no fields") {
        return Some(Vec::new());
    }
    let (_, list) = rest.rsplit_once("`, expected ")?;
    Some(quoted(list))
}

/// Names between backticks.
fn quoted(list: &str) -> Vec<String> {
    list.split('`')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}

fn between<'m>(message: &'m str, start: &str, end: &str) -> Option<&'m str> {
    message.strip_prefix(start)?.strip_suffix(end)
}

/// "did you mean", or the names there are.
fn advice(given: &str, expected: &[String]) -> String {
    let given = given.to_ascii_lowercase().replace('-', "_");
    let best = expected
        .iter()
        .map(|name| {
            (
                strsim::jaro_winkler(&given, &name.to_ascii_lowercase()),
                name,
            )
        })
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .filter(|(score, _)| *score >= ALIKE);
    match best {
        Some((_, name)) => format!("did you mean {name:?}?"),
        None if expected.is_empty() => "nothing reads it; remove it".to_owned(),
        None => format!("the keys here are: {}", expected.join(", ")),
    }
}

/// serde's complaint in words for people who do not program.
fn words(message: &str) -> String {
    for start in ["invalid type: ", "invalid value: "] {
        if let Some((found, expected)) = message
            .strip_prefix(start)
            .and_then(|rest| rest.rsplit_once(", expected "))
        {
            return format!(
                "found {}, but it must be {}",
                found.replace('`', ""),
                type_words(expected)
            );
        }
    }
    if let Some(rest) = message.strip_prefix("unknown variant `")
        && let Some((given, list)) = rest.rsplit_once("`, expected ")
    {
        let expected = quoted(list);
        return match advice(given, &expected) {
            advice if advice.starts_with("did you mean") => {
                format!(
                    "{given:?} is not known; {advice} (possible: {})",
                    expected.join(", ")
                )
            }
            _ => format!("{given:?} is not known; possible: {}", expected.join(", ")),
        };
    }
    message.replace('\n', "; ")
}

fn type_words(expected: &str) -> String {
    let integer = |low: String, high: String| format!("a whole number from {low} to {high}");
    match expected {
        "bool" | "a boolean" => "true or false".to_owned(),
        "a string" | "a borrowed string" | "string or table" => "text in quotes".to_owned(),
        "f64" | "f32" => "a number".to_owned(),
        "u8" => integer(u8::MIN.to_string(), u8::MAX.to_string()),
        "u16" => integer(u16::MIN.to_string(), u16::MAX.to_string()),
        "u32" => integer(u32::MIN.to_string(), u32::MAX.to_string()),
        "u64" | "usize" => "a whole number, 0 or above".to_owned(),
        "i8" => integer(i8::MIN.to_string(), i8::MAX.to_string()),
        "i16" => integer(i16::MIN.to_string(), i16::MAX.to_string()),
        "i32" => integer(i32::MIN.to_string(), i32::MAX.to_string()),
        "i64" | "isize" => "a whole number".to_owned(),
        "a sequence" => "a list [...]".to_owned(),
        "a map" => "a table".to_owned(),
        other => match other.strip_prefix("struct ") {
            Some(_) => "a table".to_owned(),
            None => other.replace('`', ""),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expected_names_survive_hostile_keys() {
        let list = |message| unknown_field(message).expect("an unknown field");
        assert_eq!(
            list("unknown field `x`, expected one of `a`, `b`, `c`"),
            ["a", "b", "c"]
        );
        assert_eq!(list("unknown field `x`, expected `a` or `b`"), ["a", "b"]);
        assert_eq!(list("unknown field `x`, expected `a`"), ["a"]);
        assert_eq!(list("unknown field `a`, expected `z`, expected `q`"), ["q"]);
        assert_eq!(list("unknown field `x`, there are no fields"), [""; 0]);
        assert_eq!(unknown_field("missing field `x`"), None);
    }

    #[test]
    fn far_names_are_listed_and_near_ones_offered() {
        let expected: Vec<String> = ["threshold", "station", "port"].map(String::from).to_vec();
        assert_eq!(advice("treshold", &expected), "did you mean \"threshold\"?");
        assert_eq!(
            advice("zzz", &expected),
            "the keys here are: threshold, station, port"
        );
    }
}
