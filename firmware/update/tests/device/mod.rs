//! A board with a small flash: what its boot loader and its application do with it.

use std::cell::RefCell;

use store::Partition;
use store::model::FlashModel;
use update::{
    BootFailed, ImageState, Offer, Refused, Running, UpdateKey, UpdateSigner, Updater, boot,
};

pub const PAGE: usize = 256;
pub const STATE: usize = 512;
pub const PAGES: usize = 3;
pub const ACTIVE_BYTES: usize = PAGES * PAGE;
pub const BOARD: u8 = 1;

/// Where the parts begin.
const ACTIVE_AT: u32 = STATE as u32;
const DFU_AT: u32 = ACTIVE_AT + ACTIVE_BYTES as u32;

pub type Flash<const UNIT: usize> = FlashModel<UNIT, PAGE>;
pub type Images<'f, const UNIT: usize> = Partition<'f, Flash<UNIT>, PAGE>;
pub type State<'f, const UNIT: usize> = Partition<'f, Flash<UNIT>, STATE>;

/// A firmware: its version and its bytes, which nearly fill the active partition.
#[derive(Clone, Debug)]
pub struct Firmware {
    pub version: [u8; 3],
    pub image: Vec<u8>,
}

pub fn firmware(minor: u8) -> Firmware {
    let bytes = (0..ACTIVE_BYTES - 5).map(|at| (at * 7 + minor as usize * 31) as u8 ^ minor);
    Firmware {
        version: [1, minor, 0],
        image: bytes.collect(),
    }
}

pub fn signer() -> UpdateSigner {
    UpdateSigner::new(&[7; 32])
}

pub fn keys() -> [UpdateKey; 1] {
    [signer().key()]
}

impl Firmware {
    pub fn offer(&self) -> Offer {
        signer().offer(&self.image, BOARD, self.version, 0).unwrap()
    }

    pub fn running(&self) -> Running {
        Running {
            board: BOARD,
            version: self.version,
            security: 0,
        }
    }
}

/// A board as it leaves the factory with a firmware.
pub fn new_board<const UNIT: usize>(firmware: &Firmware) -> Flash<UNIT> {
    let mut sectors = vec![STATE];
    sectors.extend([PAGE; 2 * PAGES + 1]);
    let mut flash = Flash::new(&sectors);
    let at = ACTIVE_AT as usize;
    flash.bytes_mut()[at..at + firmware.image.len()].copy_from_slice(&firmware.image);
    flash
}

/// What the active partition holds.
pub fn active<const UNIT: usize>(flash: &Flash<UNIT>) -> &[u8] {
    &flash.bytes()[ACTIVE_AT as usize..ACTIVE_AT as usize + ACTIVE_BYTES - 5]
}

/// Lends the flash to `what` and takes it back.
fn lend<const UNIT: usize, T>(
    flash: &mut Flash<UNIT>,
    what: impl FnOnce(&RefCell<Flash<UNIT>>) -> T,
) -> T {
    let cell = RefCell::new(std::mem::replace(flash, Flash::new(&[])));
    let result = what(&cell);
    *flash = cell.into_inner();
    result
}

/// Power on: the boot loader's work.
pub fn power_on<const UNIT: usize>(flash: &mut Flash<UNIT>) -> Result<ImageState, BootFailed> {
    lend(flash, |cell| {
        boot(
            Images::new(cell, ACTIVE_AT, ACTIVE_BYTES as u32),
            Images::new(cell, DFU_AT, (ACTIVE_BYTES + PAGE) as u32),
            State::new(cell, 0, STATE as u32),
            &mut [0; 64],
        )
    })
}

/// The application `running` does something with its updater.
pub fn application<const UNIT: usize, T>(
    flash: &mut Flash<UNIT>,
    running: Running,
    what: impl FnOnce(&mut Updater<Images<'_, UNIT>, State<'_, UNIT>>) -> Result<T, Refused>,
) -> Result<T, Refused> {
    lend(flash, |cell| {
        let dfu = Images::new(cell, DFU_AT, (ACTIVE_BYTES + PAGE) as u32);
        let state = State::new(cell, 0, STATE as u32);
        what(&mut Updater::new(dfu, state, running)?)
    })
}

/// The application `old` receives `new` and marks it.
pub fn download<const UNIT: usize>(
    flash: &mut Flash<UNIT>,
    old: &Firmware,
    new: &Firmware,
) -> Result<(), Refused> {
    application(flash, old.running(), |updater| {
        let mut offset = updater.begin(&new.offer(), &keys())?;
        while (offset as usize) < new.image.len() {
            let rest = &new.image[offset as usize..];
            offset = updater.write(offset, &rest[..rest.len().min(50)])?;
        }
        updater.finish()
    })
}
