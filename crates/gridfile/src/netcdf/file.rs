//! The header of a netCDF file: what it holds and where.
//!
//! Big-endian. `CDF` and a version byte (1 classic, 2 64-bit offset, 5 64-bit data), number of records, then three lists -
//! dimensions, attributes, variables - each a tag (0x0A, 0x0C, 0x0B; 0 when empty), a count and its entries. Names and values are padded
//! to four bytes. Counts are 32 bits wide, 64 in version 5; offsets 32 bits in version 1. Values of a variable whose first dimension is
//! the record dimension are interleaved with those of the others, record by record. Format: Unidata, "NetCDF classic format
//! specification".

use crate::problem::{Problem, shown};

/// Most dimensions, attributes of one thing, and variables, each; real files have dozens.
const MAX_ENTRIES: u64 = 4096;
/// Most dimensions of a variable.
const MAX_RANK: u64 = 32;

/// How numbers are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Type {
    I8,
    Char,
    I16,
    I32,
    F32,
    F64,
    U8,
    U16,
    U32,
    I64,
    U64,
}

impl Type {
    fn of(code: u32) -> Option<Self> {
        Some(match code {
            1 => Type::I8,
            2 => Type::Char,
            3 => Type::I16,
            4 => Type::I32,
            5 => Type::F32,
            6 => Type::F64,
            7 => Type::U8,
            8 => Type::U16,
            9 => Type::U32,
            10 => Type::I64,
            11 => Type::U64,
            _ => return None,
        })
    }

    pub fn size(self) -> usize {
        match self {
            Type::I8 | Type::Char | Type::U8 => 1,
            Type::I16 | Type::U16 => 2,
            Type::I32 | Type::U32 | Type::F32 => 4,
            Type::F64 | Type::I64 | Type::U64 => 8,
        }
    }

    /// A number from its bytes, of which there are [`Type::size`].
    pub fn number(self, b: &[u8]) -> f64 {
        fn first<const N: usize>(b: &[u8]) -> [u8; N] {
            b.first_chunk().copied().unwrap_or([0; N])
        }
        match self {
            Type::I8 => f64::from(i8::from_be_bytes(first(b))),
            Type::Char | Type::U8 => f64::from(first::<1>(b)[0]),
            Type::I16 => f64::from(i16::from_be_bytes(first(b))),
            Type::U16 => f64::from(u16::from_be_bytes(first(b))),
            Type::I32 => f64::from(i32::from_be_bytes(first(b))),
            Type::U32 => f64::from(u32::from_be_bytes(first(b))),
            Type::F32 => f64::from(f32::from_be_bytes(first(b))),
            Type::F64 => f64::from_be_bytes(first(b)),
            Type::I64 => i64::from_be_bytes(first(b)) as f64,
            Type::U64 => u64::from_be_bytes(first(b)) as f64,
        }
    }
}

/// An attribute: text, or numbers.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Text(String),
    Numbers(Vec<f64>),
}

/// Attributes by name.
#[derive(Debug, Clone, Default)]
pub(crate) struct Attributes(Vec<(String, Value)>);

impl Attributes {
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().find_map(|(n, v)| match v {
            Value::Text(text) if n == name => Some(text.as_str()),
            _ => None,
        })
    }

    pub fn number(&self, name: &str) -> Option<f64> {
        self.0.iter().find_map(|(n, v)| match v {
            Value::Numbers(numbers) if n == name => numbers.first().copied(),
            _ => None,
        })
    }
}

/// A variable and where its values lie.
#[derive(Debug, Clone)]
pub(crate) struct Variable {
    pub name: String,
    /// Lengths of its dimensions, slowest first.
    pub shape: Vec<usize>,
    /// Names of its dimensions.
    pub dims: Vec<String>,
    pub attributes: Attributes,
    pub kind: Type,
    /// Where the first value lies.
    pub begin: u64,
    /// True when the first dimension is the record dimension.
    pub record: bool,
}

/// A file of which the header was understood.
#[derive(Debug, Clone)]
pub(crate) struct File<'a> {
    pub bytes: &'a [u8],
    pub attributes: Attributes,
    pub variables: Vec<Variable>,
    /// Bytes from one record to the next.
    pub record_size: u64,
}

struct Dimension {
    name: String,
    /// 0 for the record dimension.
    length: u64,
}

impl<'a> File<'a> {
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Problem> {
        let version = match bytes.get(..4) {
            Some([b'C', b'D', b'F', version @ (1 | 2 | 5)]) => *version,
            _ => {
                return Err(Problem::malformed(
                    "its first bytes are no netCDF version that is read",
                ));
            }
        };
        let mut header = Header {
            bytes,
            at: 4,
            wide: version == 5,
        };
        let records = header.count()?;
        // All ones: the file is still being written and its length tells.
        let streaming = records == u64::from(u32::MAX) || records == u64::MAX;
        let dimensions = header.list(0x0A, |h| {
            Ok(Dimension {
                name: h.name()?,
                length: h.count()?,
            })
        })?;
        let attributes = header.attributes()?;
        let variables = header.list(0x0B, |h| h.variable(&dimensions, version))?;
        let mut file = File {
            bytes,
            attributes,
            variables,
            record_size: 0,
        };
        let records = if streaming { 0 } else { records };
        file.lay_out_records(usize::try_from(records).unwrap_or(usize::MAX))?;
        Ok(file)
    }

    /// The record size: each record variable's share padded to four bytes, except when there is only one.
    fn lay_out_records(&mut self, records: usize) -> Result<(), Problem> {
        let too_large = || Problem::malformed("sizes in its header are beyond any file");
        let mut sizes = Vec::new();
        for variable in self.variables.iter_mut().filter(|v| v.record) {
            variable.shape[0] = records;
            let mut size = variable.kind.size() as u64;
            for &n in &variable.shape[1..] {
                size = size.checked_mul(n as u64).ok_or_else(too_large)?;
            }
            sizes.push(size);
        }
        self.record_size = match sizes[..] {
            [only] => only,
            _ => sizes
                .iter()
                .try_fold(0u64, |sum, &size| {
                    sum.checked_add(size.checked_next_multiple_of(4)?)
                })
                .ok_or_else(too_large)?,
        };
        Ok(())
    }

    pub fn variable(&self, name: &str) -> Option<&Variable> {
        self.variables.iter().find(|v| v.name == name)
    }
}

struct Header<'a> {
    bytes: &'a [u8],
    at: usize,
    wide: bool,
}

impl<'a> Header<'a> {
    fn take(&mut self, n: usize) -> Result<&'a [u8], Problem> {
        let end = self
            .at
            .checked_add(n)
            .filter(|&end| end <= self.bytes.len());
        let Some(end) = end else {
            return Err(Problem::malformed(format!(
                "its netCDF header reaches beyond its end, at byte {}",
                self.bytes.len()
            )));
        };
        let taken = &self.bytes[self.at..end];
        self.at = end;
        Ok(taken)
    }

    fn u32(&mut self) -> Result<u32, Problem> {
        let b = self.take(4)?;
        Ok(u32::from_be_bytes([b[0], b[1], b[2], b[3]]))
    }

    fn u64(&mut self) -> Result<u64, Problem> {
        let (high, low) = (self.u32()?, self.u32()?);
        Ok(u64::from(high) << 32 | u64::from(low))
    }

    fn count(&mut self) -> Result<u64, Problem> {
        if self.wide {
            self.u64()
        } else {
            self.u32().map(u64::from)
        }
    }

    /// Bytes of a text or of values, with the padding behind them.
    fn padded(&mut self, n: u64) -> Result<&'a [u8], Problem> {
        let n = usize::try_from(n).unwrap_or(usize::MAX);
        let taken = self.take(n)?;
        // Some writers leave the padding of the very last entry out.
        self.at = self.at.next_multiple_of(4).min(self.bytes.len());
        Ok(taken)
    }

    fn name(&mut self) -> Result<String, Problem> {
        let n = self.count()?;
        Ok(String::from_utf8_lossy(self.padded(n)?)
            .chars()
            .take(256)
            .collect())
    }

    fn list<T>(
        &mut self,
        tag: u32,
        mut entry: impl FnMut(&mut Self) -> Result<T, Problem>,
    ) -> Result<Vec<T>, Problem> {
        let (found, n) = (self.u32()?, self.count()?);
        if !(found == tag || (found == 0 && n == 0)) {
            return Err(Problem::malformed(format!(
                "its netCDF header has tag {found:#x} at byte {}, where {tag:#x} belongs",
                self.at
            )));
        }
        if n > MAX_ENTRIES {
            return Err(Problem::malformed(format!(
                "its netCDF header lists {n} entries; at most {MAX_ENTRIES} are read"
            )));
        }
        (0..n).map(|_| entry(self)).collect()
    }

    fn attributes(&mut self) -> Result<Attributes, Problem> {
        self.list(0x0C, |h| {
            let name = h.name()?;
            let kind = h.kind(&name)?;
            let n = h.count()?;
            let bytes = h.padded(n.saturating_mul(kind.size() as u64))?;
            let value = if kind == Type::Char {
                Value::Text(
                    String::from_utf8_lossy(bytes)
                        .trim_end_matches('\0')
                        .trim()
                        .to_owned(),
                )
            } else {
                Value::Numbers(
                    bytes
                        .chunks_exact(kind.size())
                        .map(|b| kind.number(b))
                        .collect(),
                )
            };
            Ok((name, value))
        })
        .map(Attributes)
    }

    fn kind(&mut self, name: &str) -> Result<Type, Problem> {
        let code = self.u32()?;
        Type::of(code).ok_or_else(|| {
            Problem::malformed(format!(
                "\"{}\" has type {code}, which netCDF does not know",
                shown(name)
            ))
        })
    }

    fn variable(&mut self, dimensions: &[Dimension], version: u8) -> Result<Variable, Problem> {
        let name = self.name()?;
        let rank = self.count()?;
        if rank > MAX_RANK {
            return Err(Problem::malformed(format!(
                "\"{}\" has {rank} dimensions",
                shown(&name)
            )));
        }
        let (mut shape, mut dims) = (Vec::new(), Vec::new());
        let mut record = false;
        for k in 0..rank {
            let id = usize::try_from(self.count()?).unwrap_or(usize::MAX);
            let dimension = dimensions.get(id).ok_or_else(|| {
                Problem::malformed(format!(
                    "\"{}\" has dimension {id}, which there is not",
                    shown(&name)
                ))
            })?;
            record |= k == 0 && dimension.length == 0;
            shape.push(usize::try_from(dimension.length).unwrap_or(usize::MAX));
            dims.push(dimension.name.clone());
        }
        let attributes = self.attributes()?;
        let kind = self.kind(&name)?;
        // The size is said again, and capped for large variables: the shape is what counts.
        self.count()?;
        let begin = if version == 1 {
            u64::from(self.u32()?)
        } else {
            self.u64()?
        };
        Ok(Variable {
            name,
            shape,
            dims,
            attributes,
            kind,
            begin,
            record,
        })
    }
}
