//! Whether a translation says all that the English one says. Shared by the build, which refuses, and by the tests of the refusal.
//!
//! A translation must have the same messages, attributes and variables, no others, and where English chooses by a word (such as the
//! kind of event) the same choices. Plural categories and the numbers of months are the language's own affair.

use std::collections::{BTreeMap, BTreeSet};

use fluent_syntax::ast::{
    Attribute, Entry, Expression, InlineExpression, Pattern, PatternElement, VariantKey,
};

/// CLDR plural categories: choices by them differ between languages.
const PLURAL: [&str; 6] = ["zero", "one", "two", "few", "many", "other"];

/// What one pattern needs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Needs {
    /// Variables, without `$`.
    pub variables: BTreeSet<String>,
    /// By variable: the words that it is chosen by.
    pub words: BTreeMap<String, BTreeSet<String>>,
    /// By variable: the numbers that it is chosen by.
    pub numbers: BTreeMap<String, BTreeSet<String>>,
}

/// Patterns of a file by `message` or `message.attribute`.
pub type Catalogue = BTreeMap<String, Needs>;

/// Reads a file.
///
/// # Errors
/// Everything that is wrong with it, one sentence each, with the line or the message.
pub fn catalogue(text: &str) -> Result<Catalogue, Vec<String>> {
    let resource = fluent_syntax::parser::parse(text).map_err(|(_, errors)| {
        errors
            .iter()
            .map(|e| {
                let line = text[..e.pos.start.min(text.len())].matches('\n').count() + 1;
                format!("line {line}: {}", e.kind)
            })
            .collect::<Vec<_>>()
    })?;
    let mut catalogue = Catalogue::new();
    let mut faults = Vec::new();
    for entry in &resource.body {
        match entry {
            Entry::Message(message) => {
                if let Some(pattern) = &message.value {
                    add(
                        &mut catalogue,
                        &mut faults,
                        message.id.name.to_owned(),
                        pattern,
                    );
                }
                for Attribute { id, value } in &message.attributes {
                    let key = format!("{}.{}", message.id.name, id.name);
                    add(&mut catalogue, &mut faults, key, value);
                }
            }
            Entry::Term(term) => faults.push(format!(
                "term `-{}`: terms are not used here, write the words out",
                term.id.name
            )),
            _ => {}
        }
    }
    if faults.is_empty() {
        Ok(catalogue)
    } else {
        Err(faults)
    }
}

fn add(catalogue: &mut Catalogue, faults: &mut Vec<String>, key: String, pattern: &Pattern<&str>) {
    let mut needs = Needs::default();
    if let Err(found) = walk(pattern, &mut needs) {
        faults.push(format!(
            "message `{key}`: {found} is not used here, only text, variables and choices"
        ));
    }
    if catalogue.contains_key(&key) {
        faults.push(format!("message `{key}` is there twice"));
    }
    catalogue.insert(key, needs);
}

fn walk(pattern: &Pattern<&str>, needs: &mut Needs) -> Result<(), String> {
    for element in &pattern.elements {
        match element {
            PatternElement::TextElement { .. } => {}
            PatternElement::Placeable { expression } => expression_needs(expression, needs)?,
        }
    }
    Ok(())
}

fn expression_needs(expression: &Expression<&str>, needs: &mut Needs) -> Result<(), String> {
    match expression {
        Expression::Inline(inline) => {
            inline_needs(inline, needs)?;
        }
        Expression::Select { selector, variants } => {
            let by = inline_needs(selector, needs)?;
            for variant in variants {
                match (&by, &variant.key) {
                    (Some(by), VariantKey::Identifier { name }) if !PLURAL.contains(name) => {
                        let words = needs.words.entry(by.clone()).or_default();
                        words.insert((*name).to_owned());
                    }
                    (Some(by), VariantKey::NumberLiteral { value }) => {
                        let numbers = needs.numbers.entry(by.clone()).or_default();
                        numbers.insert((*value).to_owned());
                    }
                    _ => {}
                }
                walk(&variant.value, needs)?;
            }
        }
    }
    Ok(())
}

/// The variable, when it is one.
fn inline_needs(
    inline: &InlineExpression<&str>,
    needs: &mut Needs,
) -> Result<Option<String>, String> {
    match inline {
        InlineExpression::VariableReference { id } => {
            needs.variables.insert(id.name.to_owned());
            Ok(Some(id.name.to_owned()))
        }
        InlineExpression::StringLiteral { .. } | InlineExpression::NumberLiteral { .. } => Ok(None),
        InlineExpression::Placeable { expression } => {
            expression_needs(expression, needs)?;
            Ok(None)
        }
        InlineExpression::FunctionReference { id, .. } => Err(format!("function {}()", id.name)),
        InlineExpression::MessageReference { id, .. } => {
            Err(format!("a reference to message `{}`", id.name))
        }
        InlineExpression::TermReference { id, .. } => {
            Err(format!("a reference to term `-{}`", id.name))
        }
    }
}

/// What a translation lacks or has too much, one sentence each.
pub fn differences(english: &Catalogue, translation: &Catalogue) -> Vec<String> {
    let mut faults = Vec::new();
    for (key, wanted) in english {
        let Some(found) = translation.get(key) else {
            faults.push(format!("message `{key}` is missing"));
            continue;
        };
        for variable in wanted.variables.difference(&found.variables) {
            faults.push(format!("message `{key}`: variable ${variable} is missing"));
        }
        for variable in found.variables.difference(&wanted.variables) {
            faults.push(format!(
                "message `{key}`: variable ${variable} is unknown; the English one has none of that name"
            ));
        }
        for (variable, words) in &wanted.words {
            let nothing = BTreeSet::new();
            for word in words.difference(found.words.get(variable).unwrap_or(&nothing)) {
                faults.push(format!(
                    "message `{key}`: the choice [{word}] of ${variable} is missing"
                ));
            }
        }
        for (variable, words) in &found.words {
            let nothing = BTreeSet::new();
            for word in words.difference(wanted.words.get(variable).unwrap_or(&nothing)) {
                faults.push(format!(
                    "message `{key}`: the choice [{word}] of ${variable} is unknown"
                ));
            }
        }
        for (variable, numbers) in &wanted.numbers {
            // Who writes the number itself needs no choices.
            let Some(chosen) = found.numbers.get(variable) else {
                continue;
            };
            for number in numbers.difference(chosen) {
                faults.push(format!(
                    "message `{key}`: the choice [{number}] of ${variable} is missing"
                ));
            }
        }
    }
    for key in translation.keys().filter(|key| !english.contains_key(*key)) {
        faults.push(format!(
            "message `{key}` is unknown; the English file has none of that name"
        ));
    }
    faults
}
