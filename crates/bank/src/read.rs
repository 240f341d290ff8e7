//! Reading: a file's bytes become a [`Bank`], or an error that says what is wrong with them.
//!
//! Arrow's own decoder would do for files that a writer of ours made. This one is stricter and simpler: it takes the
//! layout of [`crate::file`] and nothing else, compares everything that the provenance already says (ids, counts), bounds
//! every offset before it is used, and copies nothing.

use std::io;
use std::path::{Path, PathBuf};

use arrow_buffer::{Buffer, ScalarBuffer};
use arrow_ipc::convert::try_fb_to_schema;
use arrow_ipc::reader::read_footer_length;
use arrow_ipc::{Block, Endianness, root_as_footer, root_as_message};
use ocean::response::{Receiver, ResponseTable, UnitSource};

use crate::file::{SEAL, schema, seal};
use crate::map::map;
use crate::provenance::{KEY, Provenance, digest};

/// First bytes of an Arrow file, and its last.
const MAGIC: &[u8; 6] = b"ARROW1";
/// Bytes behind the footer: its length and the magic.
const TRAILER: usize = 10;
/// Bytes before a message: continuation marker and length.
const PREFIX: usize = 8;

/// What is wrong with the bytes of a bank.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Flaw {
    /// Not an Arrow IPC file at all.
    #[error("not an Arrow IPC file")]
    NotArrow,
    /// It begins as an Arrow IPC file and does not end as one.
    #[error("cut off: {0} bytes, and the end of an Arrow IPC file is not there")]
    CutOff(usize),
    /// The footer cannot be read.
    #[error("damaged footer: {0}")]
    Footer(String),
    /// An Arrow IPC file of somebody else.
    #[error("an Arrow IPC file, but no response bank: {0}")]
    Foreign(String),
    /// The provenance cannot be read or cannot be meant.
    #[error("provenance: {0}")]
    Provenance(String),
    /// A receiver's record batch differs from what the provenance says.
    #[error("receiver \"{receiver}\": {why}")]
    Batch {
        /// Its id.
        receiver: String,
        /// What is wrong.
        why: String,
    },
}

/// Why there is no bank.
#[derive(Debug, thiserror::Error)]
pub enum BankError {
    /// The file cannot be opened or mapped. Worth another try once that is mended.
    #[error("{}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is no bank of ours, or damaged. Build it again.
    #[error("{}: {flaw}", path.display())]
    Flaw {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        flaw: Flaw,
    },
}

/// A response bank in memory or mapped from its file.
#[derive(Debug, Clone)]
pub struct Bank {
    provenance: Provenance,
    receivers: Vec<Receiver>,
    heights: Vec<ScalarBuffer<f32>>,
}

impl Bank {
    /// Opens a bank in place: heights are read from the mapped file when they are used, and shared with every other process
    /// that has it open. Everything is checked once, which reads the whole file.
    ///
    /// While it is open the file may be replaced by renaming another over it, as [`crate::build()`] does, and must not be
    /// written to or cut off in place: the system ends a process that reads a map beyond the end of its file.
    ///
    /// # Errors
    /// [`BankError`] with the file's name.
    pub fn open(path: &Path) -> Result<Self, BankError> {
        let buffer = map(path).map_err(|source| BankError::Read {
            path: path.to_owned(),
            source,
        })?;
        Self::from_buffer(buffer).map_err(|flaw| BankError::Flaw {
            path: path.to_owned(),
            flaw,
        })
    }

    /// As [`Bank::open`], with a copy in memory that nothing outside can touch.
    ///
    /// # Errors
    /// [`BankError`] with the file's name.
    pub fn read(path: &Path) -> Result<Self, BankError> {
        let bytes = std::fs::read(path).map_err(|source| BankError::Read {
            path: path.to_owned(),
            source,
        })?;
        Self::from_bytes(&bytes).map_err(|flaw| BankError::Flaw {
            path: path.to_owned(),
            flaw,
        })
    }

    /// A bank from a file's bytes, which are copied to where floats may lie.
    ///
    /// # Errors
    /// The first [`Flaw`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Flaw> {
        Self::from_buffer(Buffer::from_slice_ref(bytes))
    }

    /// What the bank says about itself.
    pub fn provenance(&self) -> &Provenance {
        &self.provenance
    }

    /// Index of a receiver by its id.
    pub fn receiver(&self, id: &str) -> Option<usize> {
        self.receivers.iter().position(|r| r.id == id)
    }

    fn from_buffer(file: Buffer) -> Result<Self, Flaw> {
        let bytes = file.as_slice();
        if bytes.get(..MAGIC.len()) != Some(MAGIC) {
            return Err(Flaw::NotArrow);
        }
        let cut_off = || Flaw::CutOff(bytes.len());
        let (before, trailer) = bytes.split_last_chunk::<TRAILER>().ok_or_else(cut_off)?;
        let length = read_footer_length(*trailer).map_err(|_| cut_off())?;
        let start = before.len().checked_sub(length).ok_or_else(cut_off)?;
        let footer = root_as_footer(&before[start..]).map_err(|e| Flaw::Footer(e.to_string()))?;
        let written = footer
            .schema()
            .ok_or_else(|| Flaw::Footer("no schema".to_owned()))?;
        if written.endianness() != Endianness::Little || cfg!(target_endian = "big") {
            return Err(Flaw::Foreign(
                "heights are little-endian, here and in the file".to_owned(),
            ));
        }
        let written = try_fb_to_schema(written).map_err(|e| Flaw::Footer(e.to_string()))?;
        let json = written
            .metadata()
            .get(KEY)
            .ok_or_else(|| Flaw::Foreign(format!("no \"{KEY}\" in its metadata")))?;
        let mut footers = footer.custom_metadata().into_iter().flatten();
        let sealed = footers.find(|kv| kv.key() == Some(SEAL));
        if sealed.and_then(|kv| kv.value()) != Some(&seal(json)) {
            return Err(Flaw::Provenance("damaged".to_owned()));
        }
        let provenance: Provenance =
            serde_json::from_str(json).map_err(|e| Flaw::Provenance(e.to_string()))?;
        provenance.check().map_err(Flaw::Provenance)?;
        if written != *schema(provenance.samples, json.clone()) {
            return Err(Flaw::Foreign(
                "its columns are not receiver, unit, height_m".to_owned(),
            ));
        }
        let blocks = footer.recordBatches().map_or(0, |b| b.len());
        if blocks != provenance.receivers.len() {
            return Err(Flaw::Provenance(format!(
                "{} receivers, and {blocks} record batches in the file",
                provenance.receivers.len()
            )));
        }
        let units = Texts::of(provenance.units.iter().map(|u| u.id.as_str()));
        let mut heights = Vec::with_capacity(blocks);
        for (block, receiver) in footer
            .recordBatches()
            .into_iter()
            .flatten()
            .zip(&provenance.receivers)
        {
            let id = &receiver.place.id;
            let taken = batch(&file, block, &provenance, id, &units).and_then(|values| {
                if digest(&values) != receiver.blake3 {
                    return Err("its heights are not those that were computed: damaged".to_owned());
                }
                match values.iter().position(|h| !h.is_finite()) {
                    Some(k) => Err(format!(
                        "height {} at sample {} of unit source \"{}\"",
                        values[k],
                        k % provenance.samples,
                        provenance.units[k / provenance.samples].id
                    )),
                    None => Ok(values),
                }
            });
            heights.push(taken.map_err(|why| Flaw::Batch {
                receiver: id.clone(),
                why,
            })?);
        }
        Ok(Self {
            receivers: provenance
                .receivers
                .iter()
                .map(|r| r.place.clone())
                .collect(),
            provenance,
            heights,
        })
    }
}

/// A column of texts as Arrow lays it out: offsets and characters.
struct Texts {
    offsets: Vec<u8>,
    characters: Vec<u8>,
}

impl Texts {
    fn of<'a>(texts: impl Iterator<Item = &'a str>) -> Self {
        let mut offsets = 0i32.to_le_bytes().to_vec();
        let mut characters = Vec::new();
        for text in texts {
            characters.extend_from_slice(text.as_bytes());
            // A column beyond 2 GiB matches no file: its batch would not have fitted one.
            let end = i32::try_from(characters.len()).unwrap_or(i32::MAX);
            offsets.extend_from_slice(&end.to_le_bytes());
        }
        Self {
            offsets,
            characters,
        }
    }

    /// True when the two buffers hold just these texts; Arrow pads buffers, and the padding counts for nothing.
    fn are(&self, offsets: &[u8], characters: &[u8]) -> bool {
        offsets.starts_with(&self.offsets) && characters.starts_with(&self.characters)
    }
}

/// Buffers of a batch: validity, offsets and characters of two text columns, validity of the list, validity and values of
/// what it lists.
const BUFFERS: usize = 9;
const RECEIVER_TEXT: [usize; 2] = [1, 2];
const UNIT_TEXT: [usize; 2] = [4, 5];
const VALUES: usize = 8;

/// The heights of one record batch.
fn batch(
    file: &Buffer,
    block: &Block,
    provenance: &Provenance,
    id: &str,
    units: &Texts,
) -> Result<ScalarBuffer<f32>, String> {
    let outside = || "its record batch lies outside the file".to_owned();
    let number = |n: i64| usize::try_from(n).map_err(|_| outside());
    let start = number(block.offset())?;
    let head = number(block.metaDataLength().into())?;
    let length = number(block.bodyLength())?;
    let body = start.checked_add(head).ok_or_else(outside)?;
    let end = body.checked_add(length).ok_or_else(outside)?;
    if head < PREFIX || end > file.len() {
        return Err(outside());
    }
    let message =
        root_as_message(&file[start + PREFIX..body]).map_err(|e| format!("its message: {e}"))?;
    let layout = message
        .header_as_record_batch()
        .ok_or("its message is no record batch")?;
    if layout.compression().is_some() {
        return Err("its record batch is compressed".to_owned());
    }
    let rows = provenance.units.len();
    let expected = [rows, rows, rows, provenance.heights_per_receiver()];
    let nodes = layout.nodes().ok_or("its record batch has no columns")?;
    let as_expected = layout.length() == rows as i64
        && nodes.len() == expected.len()
        && nodes
            .iter()
            .zip(expected)
            .all(|(node, n)| node.length() == n as i64 && node.null_count() == 0);
    if !as_expected {
        return Err(format!(
            "its record batch is not {rows} rows of {} heights without gaps",
            provenance.samples
        ));
    }
    let buffers = layout
        .buffers()
        .filter(|b| b.len() == BUFFERS)
        .ok_or("its record batch has not the buffers of three columns")?;
    let buffer = |k: usize| {
        let b = buffers.get(k);
        let from = number(b.offset())?;
        let size = number(b.length())?;
        let to = from.checked_add(size).filter(|to| *to <= length);
        to.ok_or_else(outside)?;
        Ok::<_, String>(body + from..body + from + size)
    };
    let texts = |at: [usize; 2]| Ok::<_, String>((&file[buffer(at[0])?], &file[buffer(at[1])?]));
    let (offsets, characters) = texts(RECEIVER_TEXT)?;
    if !Texts::of(std::iter::repeat_n(id, rows)).are(offsets, characters) {
        return Err("its record batch is of another receiver".to_owned());
    }
    let (offsets, characters) = texts(UNIT_TEXT)?;
    if !units.are(offsets, characters) {
        return Err("its rows are not the unit sources of the provenance".to_owned());
    }
    let at = buffer(VALUES)?;
    let count = provenance.heights_per_receiver();
    let size = count * size_of::<f32>();
    if at.len() < size {
        return Err(format!("{} bytes of heights instead of {size}", at.len()));
    }
    let values = file.slice_with_length(at.start, size);
    if !values.as_ptr().cast::<f32>().is_aligned() {
        return Err("its heights do not lie on four-byte boundaries".to_owned());
    }
    Ok(ScalarBuffer::new(values, 0, count))
}

impl ResponseTable for Bank {
    fn step_s(&self) -> f64 {
        self.provenance.step_s
    }
    fn samples(&self) -> usize {
        self.provenance.samples
    }
    fn units(&self) -> &[UnitSource] {
        &self.provenance.units
    }
    fn receivers(&self) -> &[Receiver] {
        &self.receivers
    }
    fn responses(&self, receiver: usize) -> &[f32] {
        &self.heights[receiver]
    }
}
