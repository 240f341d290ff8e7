//! The three modes as types. What carries one of them cannot be used where another is expected, and nothing converts between them.

use std::fmt::Debug;

use cap::Status;
use wire::topic::Mode as Word;

mod sealed {
    pub trait Sealed {}
}

/// Actual, exercise or test: closed to other crates, so that no fourth mode and no second meaning can be added.
pub trait Mode: sealed::Sealed + Debug + Copy + Send + Sync + 'static {
    /// CAP `status` of everything that a desk of this mode issues (CAP 1.2, 3.2.1).
    const STATUS: Status;
    /// The topic level, the feed and the word in identifiers.
    const WORD: Word;
}

/// Real warnings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Actual;

/// Exercises: people act as if, and are told so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exercise;

/// Technical tests: nobody acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Test;

impl sealed::Sealed for Actual {}
impl sealed::Sealed for Exercise {}
impl sealed::Sealed for Test {}

impl Mode for Actual {
    const STATUS: Status = Status::Actual;
    const WORD: Word = Word::Actual;
}

impl Mode for Exercise {
    const STATUS: Status = Status::Exercise;
    const WORD: Word = Word::Exercise;
}

impl Mode for Test {
    const STATUS: Status = Status::Test;
    const WORD: Word = Word::Test;
}
