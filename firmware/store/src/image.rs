//! The storage area of a node that leaves the factory, composed on a host by the code that the node reads it with.

use embassy_futures::block_on;
use std::vec::Vec;

use crate::model::FlashModel;
use crate::{Error, Identity, Store};

/// Size of a sector of the storage area of every board, bytes.
pub const SECTOR_BYTES: usize = 16 * 1024;

/// Number of its sectors.
pub const SECTORS: usize = 2;

/// What a new node knows.
#[derive(Clone, Copy, Debug)]
pub struct Factory<'a> {
    /// Who it is.
    pub identity: Identity,
    /// Its settings, when it shall not begin with those that its firmware has: revision, 1 or more, and bytes.
    pub settings: Option<(u32, &'a [u8])>,
    /// Boot numbers up to this one are used. 0 with a new key; with a key that was in use, the highest number that its edge
    /// has seen: going below would repeat the keys of frames.
    pub boots_used: u32,
}

/// The bytes of the whole storage area, to be written at its start, see `update::layout`.
///
/// # Errors
/// [`Error::TooLong`] and [`Error::Revision`] for settings that a node would not take.
pub fn factory_image(factory: &Factory<'_>) -> Result<Vec<u8>, Error> {
    block_on(async {
        let flash = FlashModel::<4, SECTOR_BYTES>::new(&[SECTOR_BYTES; SECTORS]);
        let mut store = Store::open(flash, factory.boots_used).await?;
        store.set_identity(&factory.identity).await?;
        if let Some((revision, settings)) = factory.settings {
            store.set_settings(revision, settings).await?;
        }
        Ok(store.close().bytes().to_vec())
    })
}
