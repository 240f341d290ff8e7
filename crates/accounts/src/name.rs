//! Names of accounts and tokens.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Longest name, bytes.
const BYTES_MAX: usize = 48;

/// A name: 1 to 48 of `a-z 0-9 . _ -`, a letter or digit first.
///
/// Lower case only: `Ana` beside `ana` would look like a second person in an approval.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Name(String);

/// Text that is no name. Does not hold the text, which may be a password in the wrong field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a name has 1 to 48 characters of a-z 0-9 . _ - and begins with a letter or a digit")]
pub struct NotAName;

impl Name {
    /// Takes a name as it is written in files.
    ///
    /// # Errors
    /// [`NotAName`].
    pub fn parse(text: &str) -> Result<Self, NotAName> {
        let fits = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || b"._-".contains(&c);
        let first = text.bytes().next().ok_or(NotAName)?;
        if text.len() <= BYTES_MAX && text.bytes().all(fits) && first.is_ascii_alphanumeric() {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotAName)
        }
    }

    /// Takes a name as a person types it: spaces around it and capitals do not matter.
    ///
    /// # Errors
    /// [`NotAName`].
    pub fn typed(text: &str) -> Result<Self, NotAName> {
        let text = text.trim();
        if text.len() > BYTES_MAX {
            return Err(NotAName);
        }
        Self::parse(&text.to_ascii_lowercase())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Name {
    type Error = NotAName;

    fn try_from(text: String) -> Result<Self, NotAName> {
        Self::parse(&text)
    }
}

impl From<Name> for String {
    fn from(name: Name) -> Self {
        name.0
    }
}

impl std::str::FromStr for Name {
    type Err = NotAName;

    fn from_str(text: &str) -> Result<Self, NotAName> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_person_has_one_spelling() {
        assert_eq!(
            Name::typed(" Ana.Soto ").map(|n| n.to_string()),
            Ok("ana.soto".to_owned())
        );
        for bad in [
            "",
            ".",
            "-ana",
            "Ana",
            "ana soto",
            "anä",
            "a/b",
            "a\n",
            &"a".repeat(49),
        ] {
            assert_eq!(Name::parse(bad), Err(NotAName), "{bad:?}");
        }
        assert!(Name::parse(&"a".repeat(48)).is_ok());
    }
}
