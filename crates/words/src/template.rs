//! The templates at run time: one Fluent bundle per language, built once, shared by all threads.
//!
//! The build has checked every file, and the tests format every message in every language, so that a template that cannot be formatted
//! does not reach a release. Should one do so all the same, the English one is said instead: an alert is never held back by a word.

use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use unic_langid::LanguageIdentifier;

use crate::Language;

/// A message or attribute that the English file has; only the build makes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Id(&'static str);

impl Id {
    #[cfg(test)]
    pub(crate) const fn key(self) -> &'static str {
        self.0
    }
}

/// One constant for each message.
pub(crate) mod ids {
    use super::Id;

    include!(concat!(env!("OUT_DIR"), "/ids.rs"));
}

static BUNDLES: LazyLock<Vec<FluentBundle<FluentResource>>> =
    LazyLock::new(|| Language::ALL.iter().map(|l| bundle(*l)).collect());

fn bundle(language: Language) -> FluentBundle<FluentResource> {
    let identifier: LanguageIdentifier = language.tag().parse().unwrap_or_default();
    let mut bundle = FluentBundle::new_concurrent(vec![identifier]);
    // Marks of direction around every argument would count as characters of a short message, and all languages run left to right.
    bundle.set_use_isolating(false);
    let resource = FluentResource::try_new(language.templates().to_owned())
        .unwrap_or_else(|(resource, _)| resource);
    bundle.add_resource_overriding(resource);
    bundle
}

/// A message with its arguments.
#[derive(Debug)]
pub(crate) struct Template<'a> {
    pub(crate) id: Id,
    pub(crate) args: FluentArgs<'a>,
}

impl<'a> Template<'a> {
    pub(crate) fn new(id: Id) -> Self {
        Self {
            id,
            args: FluentArgs::new(),
        }
    }

    pub(crate) fn text(mut self, name: &'a str, text: impl Into<String>) -> Self {
        self.args.set(name, text.into());
        self
    }

    /// A number that the language may choose words by.
    pub(crate) fn count(mut self, name: &'a str, count: usize) -> Self {
        self.args.set(name, count);
        self
    }

    /// The message in a language; the English one if that cannot be formatted.
    pub(crate) fn say(&self, language: Language) -> String {
        self.attempt(language)
            .or_else(|_| self.attempt(Language::En))
            .unwrap_or_else(|_| self.id.0.to_owned())
    }

    /// The message in a language.
    ///
    /// # Errors
    /// What is wrong with the template or its arguments.
    pub(crate) fn attempt(&self, language: Language) -> Result<String, String> {
        let Id(key) = self.id;
        let bundle = BUNDLES.get(language.index()).ok_or("no such language")?;
        let (name, attribute) = match key.split_once('.') {
            Some((name, attribute)) => (name, Some(attribute)),
            None => (key, None),
        };
        let message = bundle
            .get_message(name)
            .ok_or_else(|| format!("no message {name}"))?;
        let pattern = match attribute {
            None => message.value(),
            Some(attribute) => message.get_attribute(attribute).map(|a| a.value()),
        };
        let pattern = pattern.ok_or_else(|| format!("no text of {key}"))?;
        let mut errors = Vec::new();
        let text = bundle.format_pattern(pattern, Some(&self.args), &mut errors);
        match errors.first() {
            None => Ok(text.into_owned()),
            Some(error) => Err(format!("{key}: {error}")),
        }
    }
}

/// A message without arguments.
pub(crate) fn say(language: Language, id: Id) -> String {
    Template::new(id).say(language)
}

/// Names one after the other.
pub(crate) fn list(language: Language, names: &[&str]) -> String {
    names.join(&say(language, ids::LIST_SEPARATOR))
}
