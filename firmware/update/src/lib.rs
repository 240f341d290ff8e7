//! New firmware for a node: signed images, received into the other half of the flash, tried, and confirmed or returned from.
//!
//! | Who | What |
//! |---|---|
//! | release | [`sign`] makes a signed file, `.wfu`, from an image |
//! | edge | [`UpdateFile::open`] reads it and offers it to nodes of its board |
//! | node | [`Updater`] takes the [`Offer`], then the bytes in order, verifies what is in the flash, and marks it |
//! | boot loader | [`boot`] exchanges the images, and exchanges them back after a trial that nobody confirmed |
//! | node | [`Updater::confirm`] once its edge has acknowledged something |
//!
//! What it promises, with the power cut at any write or erase:
//! - The boot loader starts one of the two images, complete, and never one whose signature and digest were not verified in the flash.
//! - A new image that does not get as far as its confirmation runs once. After the next reset the old one is back.
//!
//! What it refuses: images for another board, without a signature by a trusted key, not newer than the running one, or with a
//! security counter below the lowest allowed; and any image while a trial runs, for then the old one lies where it would go.
//!
//! The images are exchanged by `embassy-boot`, whose state lies in a [`store::Sealed`] sector: a cut erase of the plain sector
//! could make it go on from a wrong page.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(any(test, feature = "std"))]
extern crate std;

mod boot;
mod file;
pub mod layout;
mod offer;
mod receive;

pub use boot::{BootFailed, boot};
#[cfg(feature = "std")]
pub use file::sign;
pub use file::{FileError, HEAD_BYTES, MAX_FILE_BYTES, UpdateFile};
pub use offer::{DOMAIN, Digest, Offer, OfferError, Sha, UpdateKey, UpdateSigner, digest};
pub use receive::{ImageState, Refused, Running, Updater};
