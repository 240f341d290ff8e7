//! Words of a text file, each with its line.

use crate::problem::{Problem, shown};

/// Walks over the words between white space.
#[derive(Debug, Clone)]
pub(crate) struct Words<'a> {
    bytes: &'a [u8],
    at: usize,
    line: usize,
}

impl<'a> Words<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Words {
            bytes: bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes),
            at: 0,
            line: 1,
        }
    }

    /// The line of the word that comes next, or the last line.
    pub fn line(&mut self) -> usize {
        self.skip_space();
        self.line
    }

    /// Bytes not yet walked over.
    pub fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    fn skip_space(&mut self) {
        while let Some(&byte) = self.bytes.get(self.at) {
            if !byte.is_ascii_whitespace() {
                break;
            }
            self.line += usize::from(byte == b'\n');
            self.at += 1;
        }
    }

    /// The next word, or `None` at the end. Bytes that are no text come as an empty word, which nothing accepts.
    pub fn word(&mut self) -> Option<&'a str> {
        self.skip_space();
        let from = self.at;
        let rest = &self.bytes[from..];
        let length = rest
            .iter()
            .position(u8::is_ascii_whitespace)
            .unwrap_or(rest.len());
        self.at += length;
        (length > 0).then(|| std::str::from_utf8(&rest[..length]).unwrap_or(""))
    }

    /// The rest of the line that the last word stood on.
    pub fn rest_of_line(&mut self) -> &'a str {
        let rest = &self.bytes[self.at..];
        let length = rest.iter().position(|&b| b == b'\n').unwrap_or(rest.len());
        self.at += length;
        std::str::from_utf8(&rest[..length]).unwrap_or("").trim()
    }

    /// The next word as a finite number; `what` it should be goes into the message.
    pub fn number(&mut self, what: &str) -> Result<f64, Problem> {
        let line = self.line();
        let word = self
            .word()
            .ok_or_else(|| Problem::line(line, format!("ends where {what} should stand")))?;
        let number = word.parse::<f64>().ok().filter(|x| x.is_finite());
        number.ok_or_else(|| {
            Problem::line(
                line,
                format!("\"{}\" stands where {what} should", shown(word)),
            )
        })
    }

    /// The next word as a count of columns or rows.
    pub fn count(&mut self, what: &str) -> Result<usize, Problem> {
        let line = self.line();
        let number = self.number(what)?;
        as_count(number).ok_or_else(|| Problem::line(line, format!("{number} is no {what}")))
    }

    /// `n` values of a grid; those equal to `nodata` and NaN come as NaN.
    ///
    /// # Errors
    /// [`Problem::Short`] when there are fewer; with the line, a word that is no number and a word too many.
    pub fn values(&mut self, n: usize, nodata: Option<f32>) -> Result<Vec<f32>, Problem> {
        // A value takes two bytes at least: a header cannot ask for memory that the file does not back.
        if n > self.left() / 2 + 1 {
            return Err(Problem::Short {
                expected: n,
                found: self.clone().count_words(),
            });
        }
        let mut z = Vec::with_capacity(n);
        while z.len() < n {
            let Some(word) = self.word() else {
                return Err(Problem::Short {
                    expected: n,
                    found: z.len(),
                });
            };
            let value: f32 = word.parse().map_err(|_| {
                let hint = if word.contains(',') {
                    "; numbers have decimal points and blanks between them"
                } else {
                    ""
                };
                Problem::line(self.line, format!("\"{}\" is no height{hint}", shown(word)))
            })?;
            z.push(if Some(value) == nodata {
                f32::NAN
            } else {
                value
            });
        }
        Ok(z)
    }

    /// Says so when anything is left.
    pub fn end(&mut self, n: usize) -> Result<(), Problem> {
        let line = self.line();
        match self.word() {
            Some(word) => Err(Problem::line(
                line,
                format!(
                    "\"{}\" stands after the last of the {n} values that the header announces",
                    shown(word)
                ),
            )),
            None => Ok(()),
        }
    }

    fn count_words(mut self) -> usize {
        let mut n = 0;
        while self.word().is_some() {
            n += 1;
        }
        n
    }
}

/// A count from a number: whole, at least 1, below 2^31.
pub(crate) fn as_count(number: f64) -> Option<usize> {
    (number.fract() == 0.0 && (1.0..2_147_483_648.0).contains(&number)).then_some(number as usize)
}
