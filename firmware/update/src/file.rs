//! The signed file, `.wfu`: what a release publishes and an edge is given. Numbers are little-endian.
//!
//! | Offset | Bytes | What |
//! |---|---|---|
//! | 0 | 8 | `WFUPDATE` |
//! | 8 | 1 | format, 1 |
//! | 9 | 1 | board, see [`crate::layout::Board`] |
//! | 10 | 3 | version: major, minor, patch |
//! | 13 | 4 | security counter |
//! | 17 | 4 | length of the image |
//! | 21 | 32 | SHA-512/256 digest of the image |
//! | 53 | 64 | Ed25519 signature, see [`crate::Offer`] |
//! | 117 | length | the image, as it is written to the flash |

use thiserror::Error;

use crate::layout::Board;
use crate::offer::{DESCRIPTION_BYTES, FORMAT, Offer, UpdateKey, digest};

const MAGIC: &[u8; 8] = b"WFUPDATE";

/// Bytes before the image.
pub const HEAD_BYTES: usize = MAGIC.len() + DESCRIPTION_BYTES + 64;

/// Longest file that is worth reading: the largest image of any board.
pub const MAX_FILE_BYTES: usize = HEAD_BYTES + crate::layout::ONE_MIB.active.bytes as usize;

/// Why a file is no update.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum FileError {
    /// It does not begin as one.
    #[error("this is no signed firmware file: it does not begin with WFUPDATE")]
    Magic,
    /// A format that is not known here.
    #[error("format {0} of firmware files is not known here: a newer program may read it")]
    Format(u8),
    /// A board that is not known here.
    #[error("the firmware is for board {0}, which is not known here")]
    Board(u8),
    /// It is shorter or longer than its head says.
    #[error(
        "the file should be {wanted} bytes long and is {found}: it is cut or damaged, get it again"
    )]
    Length {
        /// Bytes that the head asks for.
        wanted: u64,
        /// Bytes that there are.
        found: u64,
    },
    /// Nothing in it, or more than the board has room for.
    #[error("an image for this board is 1 to {max} bytes")]
    Size {
        /// Bytes of the board's active image.
        max: u32,
    },
    /// The image is not the one that was signed.
    #[error("the image in the file is damaged: get it again")]
    Digest,
    /// No trusted key signed it.
    #[error("the firmware is not signed by a key that is trusted here")]
    Signature,
}

/// A signed image for a board.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct UpdateFile<'a> {
    /// Its description and signature.
    pub offer: Offer,
    /// The board that it is for.
    pub board: Board,
    /// The image.
    pub image: &'a [u8],
}

impl<'a> UpdateFile<'a> {
    /// Reads a file and checks everything but who signed it.
    ///
    /// # Errors
    /// [`FileError`], in the order of the checks.
    pub fn parse(file: &'a [u8]) -> Result<Self, FileError> {
        let rest = file.strip_prefix(MAGIC).ok_or(FileError::Magic)?;
        let length = |wanted: u64| FileError::Length {
            wanted,
            found: file.len() as u64,
        };
        let short = length(HEAD_BYTES as u64);
        let (&format, _) = rest.split_first().ok_or(short)?;
        if format != FORMAT {
            return Err(FileError::Format(format));
        }
        let (head, rest) = rest.split_first_chunk::<DESCRIPTION_BYTES>().ok_or(short)?;
        let (&signature, image) = rest.split_first_chunk().ok_or(short)?;
        let [_, board, major, minor, patch, ..] = *head;
        let number = |at: usize| {
            let bytes = [head[at], head[at + 1], head[at + 2], head[at + 3]];
            u32::from_le_bytes(bytes)
        };
        let mut offer = Offer {
            board,
            version: [major, minor, patch],
            security: number(5),
            length: number(9),
            digest: [0; 32],
            signature,
        };
        offer.digest.copy_from_slice(&head[13..]);
        let board = Board::from_code(board).ok_or(FileError::Board(board))?;
        let max = board.layout().active.bytes;
        if offer.length == 0 || offer.length > max {
            return Err(FileError::Size { max });
        }
        if image.len() as u64 != u64::from(offer.length) {
            return Err(length(HEAD_BYTES as u64 + u64::from(offer.length)));
        }
        if digest(image) != offer.digest {
            return Err(FileError::Digest);
        }
        Ok(Self {
            offer,
            board,
            image,
        })
    }

    /// Reads a file that one of `keys` signed.
    ///
    /// # Errors
    /// [`FileError`], in the order of the checks.
    pub fn open(file: &'a [u8], keys: &[UpdateKey]) -> Result<Self, FileError> {
        let read = Self::parse(file)?;
        let signed = read.offer.verify(keys);
        signed.map(|()| read).map_err(|_| FileError::Signature)
    }
}

/// Makes the signed file of an image.
///
/// # Errors
/// [`FileError::Size`] when the board has no room for it.
#[cfg(feature = "std")]
pub fn sign(
    image: &[u8],
    version: [u8; 3],
    security: u32,
    board: Board,
    signer: &crate::UpdateSigner,
) -> Result<std::vec::Vec<u8>, FileError> {
    let max = board.layout().active.bytes;
    if image.is_empty() || image.len() > max as usize {
        return Err(FileError::Size { max });
    }
    let offer = signer.offer(image, board as u8, version, security);
    let offer = offer.ok_or(FileError::Size { max })?;
    let mut file = std::vec::Vec::with_capacity(HEAD_BYTES + image.len());
    file.extend_from_slice(MAGIC);
    file.extend_from_slice(&offer.description());
    file.extend_from_slice(&offer.signature);
    file.extend_from_slice(image);
    Ok(file)
}
