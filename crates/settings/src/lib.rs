//! TOML settings that refuse unknown keys and say where they are.
//!
//! Purpose: every file that a person edits (deployments, event directories, edges) is read here, so that all of
//! them answer a mistake in the same words: file, line, column, key, and what to do about it.
//!
//! Invariants: a key that nothing reads is an error, also when the struct forgot `deny_unknown_fields`; every
//! unknown key is reported in one go; a value from the environment is named by its variable, never by a line
//! that does not hold it.
//!
//! It refuses to: guess a default (that is `#[serde(default)]` in the struct), read anything over
//! [`MAX_FILE_BYTES`], or print values of keys that it was not asked about.
#![forbid(unsafe_code)]

pub mod duration;
mod environment;
mod explain;
pub mod instant;
pub mod offset;
mod place;

pub use environment::Environment;
pub use place::Place;

use serde::de::DeserializeOwned;
use std::fmt;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use toml::de::DeTable;

/// Largest settings file that is read: a nation's deployment with 10,000 stations takes about 2 MB.
pub const MAX_FILE_BYTES: u64 = 8 * 1024 * 1024;

/// Most problems reported for one file; past that, another look at the documentation helps more.
const MAX_PROBLEMS: usize = 32;

/// Why settings were refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file could not be read.
    #[error("{}: cannot read the settings: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is larger than any settings are.
    #[error("{}: larger than {MAX_FILE_BYTES} bytes, so hardly a settings file", .0.display())]
    TooLarge(PathBuf),
    /// The file is not UTF-8.
    #[error("{name}:{line}: not UTF-8 text; save the file as UTF-8")]
    NotText {
        /// Name of the file.
        name: String,
        /// Line of the first bad byte, from 1.
        line: usize,
    },
    /// Mistakes in what the file or the environment says, in the order of the file.
    #[error("{}", Lines(.0))]
    Refused(Vec<Problem>),
}

/// One mistake, with its place and a remedy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where it is.
    pub place: Place,
    /// Dotted path of the key, as far as known: `station[3].limits.above`. Empty for the top level.
    pub key: String,
    /// What is wrong and what to do.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}

struct Lines<'a>(&'a [Problem]);

impl fmt::Display for Lines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl Error {
    /// The single problems, where the content (and not the reading of the file) was at fault.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        match self {
            Self::Refused(problems) => problems,
            Self::Read { .. } | Self::TooLarge(_) | Self::NotText { .. } => &[],
        }
    }

    /// One problem at a key that only the caller can judge, such as two stations with the same id. The place is
    /// the start of the file; [`Document::refuse`] knows better where the text is still at hand.
    #[must_use]
    pub fn at_file(name: &str, message: String) -> Self {
        let place = Place::File {
            name: name.to_owned(),
            line: 1,
            column: 1,
        };
        Self::Refused(vec![Problem {
            place,
            key: String::new(),
            message,
        }])
    }
}

/// Reads settings of type `T` from a file.
///
/// # Errors
/// [`Error`]: the file is missing, too large or not text, is not TOML, or does not fit `T`.
pub fn load<T: DeserializeOwned>(path: &Path) -> Result<T, Error> {
    Document::load(path)?.read(&Environment::none())
}

/// As [`load`], with values of the environment put over those of the file.
///
/// # Errors
/// As [`load`]; a variable that names no key or does not fit its type is a problem like any other.
pub fn load_with<T: DeserializeOwned>(path: &Path, environment: &Environment) -> Result<T, Error> {
    Document::load(path)?.read(environment)
}

/// Reads settings of type `T` from text; `name` stands for the file in messages.
///
/// # Errors
/// [`Error::Refused`] as [`load`].
pub fn parse<T: DeserializeOwned>(name: &str, text: &str) -> Result<T, Error> {
    Document::new(name, text).read(&Environment::none())
}

/// As [`parse`], with values of the environment put over those of the text.
///
/// # Errors
/// [`Error::Refused`] as [`load_with`].
pub fn parse_with<T: DeserializeOwned>(
    name: &str,
    text: &str,
    environment: &Environment,
) -> Result<T, Error> {
    Document::new(name, text).read(environment)
}

/// A settings file in memory. Callers that check more than types (ids that must exist, ranges) keep it, so that
/// their complaints carry a line too.
#[derive(Debug, Clone)]
pub struct Document {
    name: String,
    text: String,
}

impl Document {
    /// Text with the name it goes by in messages.
    #[must_use]
    pub fn new(name: &str, text: &str) -> Self {
        Self {
            name: name.to_owned(),
            text: text.to_owned(),
        }
    }

    /// Reads a file into memory.
    ///
    /// # Errors
    /// [`Error::Read`], [`Error::TooLarge`] or [`Error::NotText`].
    pub fn load(path: &Path) -> Result<Self, Error> {
        let failed = |source| Error::Read {
            path: path.to_owned(),
            source,
        };
        let file = std::fs::File::open(path).map_err(failed)?;
        let mut bytes = Vec::new();
        file.take(MAX_FILE_BYTES + 1)
            .read_to_end(&mut bytes)
            .map_err(failed)?;
        if bytes.len() as u64 > MAX_FILE_BYTES {
            return Err(Error::TooLarge(path.to_owned()));
        }
        Self::from_bytes(&path.display().to_string(), bytes)
    }

    /// Bytes that should be text.
    ///
    /// # Errors
    /// [`Error::NotText`].
    pub fn from_bytes(name: &str, bytes: Vec<u8>) -> Result<Self, Error> {
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Self {
                name: name.to_owned(),
                text,
            }),
            Err(error) => {
                let good = error.utf8_error().valid_up_to();
                let line = 1 + error.as_bytes()[..good]
                    .iter()
                    .filter(|&&byte| byte == b'\n')
                    .count();
                Err(Error::NotText {
                    name: name.to_owned(),
                    line,
                })
            }
        }
    }

    /// The name in messages.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Fits the text, and the environment over it, to `T`.
    ///
    /// # Errors
    /// [`Error::Refused`] with every unknown key, and the first of any other mistakes.
    pub fn read<T: DeserializeOwned>(&self, environment: &Environment) -> Result<T, Error> {
        let root = DeTable::parse(&self.text).map_err(|error| {
            let place = place::in_text(
                &self.name,
                &self.text,
                error.span().map_or(0, |span| span.start),
            );
            let message = format!("not valid TOML: {}", error.message().replace('\n', "; "));
            Error::Refused(vec![Problem {
                place,
                key: String::new(),
                message,
            }])
        })?;
        explain::read(&self.name, &self.text, &root, environment)
    }

    /// A complaint about the value at a dotted path such as `station[2].id`, placed at its line; at the nearest
    /// enclosing table where the path does not exist.
    #[must_use]
    pub fn refuse(&self, key: &str, message: &str) -> Error {
        let start = DeTable::parse(&self.text)
            .ok()
            .and_then(|root| place::find(&root, key))
            .unwrap_or(0);
        let place = place::in_text(&self.name, &self.text, start);
        let message = if key.is_empty() {
            message.to_owned()
        } else {
            format!("{key}: {message}")
        };
        Error::Refused(vec![Problem {
            place,
            key: key.to_owned(),
            message,
        }])
    }
}
