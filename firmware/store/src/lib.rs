//! What a node must not forget: its boot counter, who it is, and its settings. In flash, safe against a power cut at any byte.
//!
//! What it promises:
//! - A boot number that [`Store::next_boot`] returned is durable, and higher than every number before it: over power cuts, after
//!   a write that failed, and after damage. A repeated number would repeat the keys of frames. Each record is kept twice;
//!   where bytes are found that cannot be read any more, as many numbers are skipped as those bytes may have held.
//! - Where the counter is lost all the same, the identity goes with it, for numbers matter only together with their key: the
//!   node is mute until it is enrolled with a new key. A caller that knows a number that is not below any used one,
//!   from a backup register for instance, gives it to [`Store::open`] as `floor`, and keeps the identity.
//! - A change of identity, settings or security counter that was cut is there whole or not at all.
//! - Whatever the flash holds, opening it does not panic; what was lost is in [`Report`] and counted in [`Store::faults`].
//!
//! What it refuses: settings that are not newer than those it has, and a key whose boot numbers are lost.
//!
//! Records are kept by `sequential-storage`, in sectors that know whether their erase came to an end. With two
//! sectors of 16 KiB, a sector is erased once in some 550 boots: 5 million boots until the 10,000 erases that an
//! STM32F4's sector is good for (its datasheets, "Flash memory endurance").
//!
//! Erasing 16 KiB halts an STM32F4 for up to 0.8 s (with byte-wise programming; datasheet DS8626, "Flash memory programming").
//! It happens in [`Store::open`], [`Store::next_boot`] and the setters.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(any(test, feature = "std"))]
extern crate std;

mod error;
#[cfg(feature = "std")]
mod image;
#[cfg(feature = "std")]
pub mod model;
mod partition;
mod record;
mod sealed;

pub use error::Error;
#[cfg(feature = "std")]
pub use image::{Factory, SECTOR_BYTES, SECTORS, factory_image};
pub use partition::Partition;
pub use record::{Identity, MAX_SETTINGS};
pub use sealed::{Found, Sealed};

use embedded_storage::nor_flash::{MultiwriteNorFlash, ReadNorFlash as _};
use record::{COUNTERS, Counters, IDENTITY, Keys, MAX_RECORD, SETTINGS};
use sealed::{WORD, written_words};
use sequential_storage::cache::{Cache, Uncached};
use sequential_storage::map::{MapConfig, MapStorage};

/// A record and its key, in whole words.
const BUFFER: usize = (1 + MAX_RECORD).next_multiple_of(WORD);

/// How often a copy is written, at most, until it reads back as it should.
const TRIES: usize = 3;

/// The flash is read afresh each time: it is small, and memory can be wrong about it.
type Uncaching = Cache<Uncached, Uncached, Uncached, u8>;

/// Bytes of one record, without its key.
type Bytes = heapless::Vec<u8, MAX_RECORD>;

/// How the storage was found when it was opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Report {
    /// Nothing had ever been written to it.
    pub is_fresh: bool,
    /// Sectors whose erase a power cut had interrupted. The records were elsewhere.
    pub erases_finished: u8,
    /// Boot numbers that are left out, because bytes that cannot be read any more may have held them.
    pub numbers_skipped: u32,
    /// Copies of records that were out of date or unreadable and are written anew: a cut write, or damage to one copy.
    pub copies_restored: u8,
    /// The boot counter was unreadable. Numbers go on from the caller's floor; without one the identity is lost too.
    pub lost_counter: bool,
    /// There was an identity, and it is lost, or may not be used any more: enrol the node with a new key.
    pub lost_identity: bool,
    /// There were settings, and they are lost, or these are older ones.
    pub lost_settings: bool,
    /// The area was out of order or held something else; it was erased.
    pub was_erased: bool,
}

impl Report {
    /// Whether something that was stored is not there any more.
    pub fn is_loss(&self) -> bool {
        self.lost_counter || self.lost_identity || self.lost_settings || self.was_erased
    }
}

/// The storage. `F` is a whole flash or a [`Partition`] of one: two or more sectors of NOR flash whose words can be
/// overwritten with zeros.
pub struct Store<F: MultiwriteNorFlash> {
    map: MapStorage<u8, Sealed<F>, Uncaching>,
    buffer: [u8; BUFFER],
    counters: Counters,
    /// The identity on record with its serial number, which may be out of date.
    identity: Option<(u16, Identity)>,
    /// Revision and bytes, as on record.
    settings: Option<Bytes>,
    report: Report,
    faults: u16,
    /// Erases when the counters were written last.
    erases: u32,
}

impl<F: MultiwriteNorFlash> Store<F> {
    /// Opens the storage, finishes what a power cut interrupted, and repairs what is damaged.
    ///
    /// `floor` is a boot number that counts as used, with all below it; 0 for none. It is for a second memory of the
    /// board that may know better, such as a backup register.
    ///
    /// # Errors
    /// [`Error::Flash`] and [`Error::Verify`] when the flash does not work, [`Error::Area`] when it is too small.
    pub async fn open(flash: F, floor: u32) -> Result<Self, Error> {
        let sectors = flash.capacity() / F::ERASE_SIZE;
        let whole = flash.capacity().is_multiple_of(F::ERASE_SIZE);
        if !whole || sectors < 2 || !WORD.is_multiple_of(F::WRITE_SIZE) {
            return Err(Error::Area);
        }
        let (sealed, found) = Sealed::open(flash).map_err(Error::Flash)?;
        let end = sealed.capacity() as u32;
        let config = MapConfig::try_new(0..end).map_err(|_| Error::Area)?;
        let mut store = Self {
            map: MapStorage::new(sealed, config, Cache::new_uncached()),
            buffer: [0; BUFFER],
            counters: Counters::default(),
            identity: None,
            settings: None,
            report: Report {
                is_fresh: found.blank,
                erases_finished: found.unfinished as u8,
                was_erased: !found.blank && found.unfinished == sectors,
                ..Report::default()
            },
            faults: 0,
            erases: 0,
        };
        if store.report.is_fresh {
            store.report.erases_finished = 0;
        }
        if store.report.was_erased {
            store.start_over(floor).await?;
        } else {
            match store.load(floor).await {
                Err(Error::Disorder) => store.start_over(floor).await?,
                other => other?,
            }
        }
        let report = store.report;
        let lost = [
            report.lost_counter,
            report.lost_identity,
            report.lost_settings,
            report.was_erased,
        ];
        store.faults += u16::from(report.copies_restored)
            + u16::from(report.erases_finished)
            + lost.iter().map(|&lost| u16::from(lost)).sum::<u16>();
        Ok(store)
    }

    /// How the storage was found when it was opened.
    pub fn report(&self) -> Report {
        self.report
    }

    /// How often something was damaged, lost or could not be written, since the storage was opened. Stops at its maximum.
    pub fn faults(&self) -> u16 {
        self.faults
    }

    /// The highest boot number that counts as used; 0 when there is none.
    pub fn last_boot(&self) -> u32 {
        self.counters.boot
    }

    /// The next boot number, 1 or more. It is durable when this returns, and never comes again, also not after an error.
    ///
    /// # Errors
    /// [`Error::Flash`], [`Error::Verify`], [`Error::Disorder`]: there is no number to go on with, so nothing may be sent. Another
    /// try can succeed. [`Error::Exhausted`] at the end of all numbers.
    pub async fn next_boot(&mut self) -> Result<u32, Error> {
        // Taken before it is written: a number whose write failed may be in the flash all the same.
        self.counters.boot = self.counters.boot.checked_add(1).ok_or(Error::Exhausted)?;
        let boot = self.counters.boot;
        self.put_counters().await?;
        Ok(boot)
    }

    /// Who the node is; `None` before it is enrolled, and after a loss that asks for a new key.
    pub fn identity(&self) -> Option<Identity> {
        self.identity
            .filter(|(serial, _)| *serial >= self.counters.identity)
            .map(|(_, identity)| identity)
    }

    /// Keeps who the node is. The boot numbers go on.
    ///
    /// # Errors
    /// [`Error::KeyReused`] when the boot numbers that went with this key are lost; else what the flash reports: then
    /// the old identity or the new one holds when the storage is opened again.
    pub async fn set_identity(&mut self, identity: &Identity) -> Result<(), Error> {
        if let Some((_, old)) = self.identity
            && self.identity().is_none()
            && old.key == identity.key
        {
            return Err(Error::KeyReused);
        }
        let on_record = self.identity.map_or(0, |(serial, _)| serial);
        let serial = self.counters.identity.max(on_record.saturating_add(1));
        self.put(IDENTITY, &identity.write(serial)).await?;
        self.identity = Some((serial, *identity));
        self.counters.identity = serial;
        self.put_counters().await
    }

    /// The settings' revision, 1 or more, and their bytes; `None` while there are none.
    pub fn settings(&self) -> Option<(u32, &[u8])> {
        let record = self.settings.as_deref()?;
        let (revision, bytes) = record.split_first_chunk()?;
        Some((u32::from_le_bytes(*revision), bytes))
    }

    /// Keeps settings under a revision that is above the one on record.
    ///
    /// # Errors
    /// [`Error::Revision`] when it is not, [`Error::TooLong`]; else what the flash reports: then the old settings or the
    /// new ones hold when the storage is opened again.
    pub async fn set_settings(&mut self, revision: u32, settings: &[u8]) -> Result<(), Error> {
        let kept = self.settings().map_or(0, |(revision, _)| revision);
        if revision <= kept {
            return Err(Error::Revision { kept });
        }
        if settings.len() > MAX_SETTINGS {
            return Err(Error::TooLong);
        }
        let mut record = Bytes::new();
        for part in [&revision.to_le_bytes(), settings] {
            record.extend_from_slice(part).map_err(|_| Error::TooLong)?;
        }
        self.put(SETTINGS, &record).await?;
        self.settings = Some(record);
        self.counters.settings = revision;
        self.put_counters().await
    }

    /// The lowest security counter that a firmware may have, see package `update`.
    pub fn security(&self) -> u32 {
        self.counters.security
    }

    /// Raises the lowest security counter; a lower one than the present changes nothing.
    ///
    /// # Errors
    /// What the flash reports.
    pub async fn raise_security(&mut self, security: u32) -> Result<(), Error> {
        if security <= self.counters.security {
            return Ok(());
        }
        self.counters.security = security;
        self.put_counters().await
    }

    /// Gives the flash back.
    pub fn close(self) -> F {
        self.map.destroy().0.into_flash()
    }

    /// Reads every record, decides what holds, and writes anew what is damaged.
    async fn load(&mut self, floor: u32) -> Result<(), Error> {
        let (identity, old_identity) = self
            .newest(IDENTITY, |b| Identity::read(b).map(|(s, _)| u32::from(s)))
            .await?;
        self.identity = identity.as_deref().and_then(Identity::read);
        let (settings, old_settings) = self.newest(SETTINGS, revision).await?;
        self.settings = settings.clone();
        let serial = self.identity.map_or(0, |(serial, _)| serial);
        let kept = self.settings().map_or(0, |(revision, _)| revision);

        let mut known: Option<Counters> = None;
        let mut is_whole = true;
        for key in COUNTERS {
            let copy = self.get(key).await?.as_deref().and_then(Counters::read);
            is_whole &= copy.is_some() && known.is_none_or(|first| Some(first) == copy);
            known = match (known, copy) {
                (Some(first), Some(second)) => Some(first.join(&second)),
                (first, second) => first.or(second),
            };
        }
        let is_fresh = self.report.is_fresh;
        self.report.lost_counter = known.is_none() && !is_fresh;
        self.counters = known.unwrap_or(Counters {
            // Asking for a higher serial number than there is keeps the key from being used with numbers that are used up.
            identity: serial.saturating_add(u16::from(floor == 0 && !is_fresh)),
            settings: kept,
            ..Counters::default()
        });
        self.report.lost_identity = serial < self.counters.identity;
        self.report.lost_settings = kept < self.counters.settings;
        if self.report.lost_settings {
            // Reported once; the revision that comes next is compared with the one on record.
            self.counters.settings = kept;
            is_whole = false;
        }
        let unreadable = self.unreadable().await?;
        let skipped = unreadable.saturating_sub(self.counters.unreadable);
        self.report.numbers_skipped = u32::from(skipped);
        let boot = self.counters.boot.saturating_add(u32::from(skipped));
        let counters = Counters {
            boot: boot.max(floor),
            unreadable,
            ..self.counters
        };
        if !is_whole || counters != self.counters {
            self.report.copies_restored += u8::from(!self.report.lost_counter && !is_fresh);
            self.counters = counters;
            self.put_counters().await?;
        }
        // Only now: a write can take a new page and erase what the counters had to be compared with.
        for (copy, old) in [(identity, old_identity), (settings, old_settings)] {
            if let (Some(bytes), Some(key)) = (copy, old) {
                self.report.copies_restored += 1;
                self.put_copy(key, &bytes).await?;
            }
        }
        Ok(())
    }

    /// Words that were written and that no record accounts for: writes that were cut, and damage.
    ///
    /// Each of them may have been part of newer counters, so each costs a number, once: the counters say how many words
    /// they knew of. What newer counters, now lost, had skipped is among them.
    async fn unreadable(&mut self) -> Result<u16, Error> {
        let mut written = 0;
        for sector in 0..self.map.flash().sectors() {
            let words = self.map.flash().written(sector);
            written += words.map_err(Error::Flash)?;
        }
        let overhead = MapStorage::<u8, Sealed<F>, Uncaching>::item_overhead_size() as usize / WORD;
        let mut known = 0;
        let mut records = self.map.fetch_all_items(&mut self.buffer).await?;
        while let Some((key, bytes)) = records.next::<&[u8]>(&mut self.buffer).await? {
            let (first, rest) = bytes.split_at(bytes.len().min(WORD - 1));
            let first_is_written = key != 0xFF || written_words(first) > 0;
            known += overhead + usize::from(first_is_written) + written_words(rest);
        }
        Ok(u16::try_from(written.saturating_sub(known)).unwrap_or(u16::MAX))
    }

    /// Begins anew on an erased area. Somebody was here before: who that was has to be said again.
    async fn start_over(&mut self, floor: u32) -> Result<(), Error> {
        self.map.flash().erase_all().map_err(Error::Flash)?;
        (self.identity, self.settings) = (None, None);
        self.report = Report {
            lost_counter: true,
            lost_identity: true,
            lost_settings: true,
            was_erased: true,
            ..self.report
        };
        self.counters = Counters {
            boot: floor,
            identity: 1,
            ..Counters::default()
        };
        self.put_counters().await
    }

    /// Writes the counters, and once more when that took a new page: what was unreadable in the old one is gone.
    async fn put_counters(&mut self) -> Result<(), Error> {
        self.put(COUNTERS, &self.counters.write()).await?;
        let erases = self.map.flash().erases();
        if erases != self.erases {
            self.erases = erases;
            self.counters.unreadable = self.unreadable().await?;
            self.put(COUNTERS, &self.counters.write()).await?;
        }
        Ok(())
    }

    /// The newer of a record's copies by `rank`, and the key of the other one when that is not the same.
    async fn newest(
        &mut self,
        keys: Keys,
        rank: fn(&[u8]) -> Option<u32>,
    ) -> Result<(Option<Bytes>, Option<u8>), Error> {
        let of = |copy: &Option<Bytes>| copy.as_deref().and_then(rank);
        let first = self.get(keys[0]).await?;
        let second = self.get(keys[1]).await?;
        let old = if of(&first) < of(&second) { 0 } else { 1 };
        let (newest, other) = if old == 0 {
            (second, first)
        } else {
            (first, second)
        };
        if of(&newest).is_none() {
            return Ok((None, None));
        }
        let stale = (newest != other).then_some(keys[old]);
        Ok((newest, stale))
    }

    async fn get(&mut self, key: u8) -> Result<Option<Bytes>, Error> {
        let bytes = self.map.fetch_item::<&[u8]>(&mut self.buffer, &key).await?;
        // A record that is too long to be one of ours is none.
        Ok(bytes.and_then(|bytes| Bytes::from_slice(bytes).ok()))
    }

    async fn put(&mut self, keys: Keys, record: &[u8]) -> Result<(), Error> {
        for key in keys {
            self.put_copy(key, record).await?;
        }
        Ok(())
    }

    /// Writes one copy until it reads back as it should.
    async fn put_copy(&mut self, key: u8, record: &[u8]) -> Result<(), Error> {
        let mut outcome = Err(Error::Verify);
        for _ in 0..TRIES {
            outcome = self.try_copy(key, record).await;
            match outcome {
                Ok(()) => return Ok(()),
                Err(_) => self.faults = self.faults.saturating_add(1),
            }
        }
        outcome
    }

    async fn try_copy(&mut self, key: u8, record: &[u8]) -> Result<(), Error> {
        self.map.store_item(&mut self.buffer, &key, &record).await?;
        match self.get(key).await? {
            Some(read) if read == record => Ok(()),
            _ => Err(Error::Verify),
        }
    }
}

/// Revision of a settings record.
fn revision(record: &[u8]) -> Option<u32> {
    record.first_chunk().map(|bytes| u32::from_le_bytes(*bytes))
}
