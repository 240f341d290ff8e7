//! Where everything lies in the flash of each board. The linker scripts of the boot loader and the application say the same.
//!
//! | What | Sectors | Address | Bytes |
//! |---|---|---|---|
//! | boot loader | 0-1 | 0x08000000 | 32 KiB |
//! | storage, see package `store` | 2-3 | 0x08008000 | 2 x 16 KiB |
//! | the boot loader's state | 4 | 0x08010000 | 64 KiB |
//! | active image | 5-7 | 0x08020000 | 384 KiB |
//! | new image, or the one before | 8-11 | 0x08080000 | 512 KiB |
//!
//! Sectors: RM0090 (STM32F405 and STM32F407), table 5. The exchange of images needs one sector more for the new image than the
//! active one has.

/// Address of the flash's first byte.
pub const FLASH_START: u32 = 0x0800_0000;

/// Bytes of a sector of the storage.
pub const STORE_SECTOR: usize = 16 * 1024;

/// Bytes of the sector that holds the boot loader's state.
pub const STATE_SECTOR: usize = 64 * 1024;

/// Bytes of a sector of the images.
pub const IMAGE_SECTOR: usize = 128 * 1024;

/// A board's code, as it is in signed images and in birth frames.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Board {
    /// Boards with an STM32F405.
    Stm32f405 = 1,
    /// Boards with an STM32F407.
    Stm32f407 = 2,
    /// A node that is a process on a host.
    Host = 3,
}

impl Board {
    /// Every board.
    pub const ALL: [Self; 3] = [Board::Stm32f405, Board::Stm32f407, Board::Host];

    /// The board with this code.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|board| *board as u8 == code)
    }

    /// Its name, as commands and files have it.
    pub const fn name(self) -> &'static str {
        match self {
            Board::Stm32f405 => "stm32f405",
            Board::Stm32f407 => "stm32f407",
            Board::Host => "host",
        }
    }

    /// The board of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|board| board.name() == name)
    }

    /// Its flash. All have 1 MiB; a node on a host has that of an STM32F405, in memory.
    pub const fn layout(self) -> &'static Layout {
        match self {
            Board::Stm32f405 | Board::Stm32f407 | Board::Host => &ONE_MIB,
        }
    }
}

/// A part of the flash.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Region {
    /// From the flash's first byte, see [`FLASH_START`].
    pub offset: u32,
    /// Length, bytes.
    pub bytes: u32,
}

impl Region {
    /// Its address in memory.
    pub const fn address(self) -> u32 {
        FLASH_START + self.offset
    }
}

/// The flash of a board.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Layout {
    /// All of it, bytes.
    pub flash_bytes: u32,
    /// The boot loader.
    pub boot: Region,
    /// The storage, see package `store`, on sectors of [`STORE_SECTOR`].
    pub store: Region,
    /// The boot loader's state, one sector of [`STATE_SECTOR`].
    pub state: Region,
    /// The image that runs, on sectors of [`IMAGE_SECTOR`]. Its vector table is at the start.
    pub active: Region,
    /// The image that is received, or the one before, on sectors of [`IMAGE_SECTOR`].
    pub dfu: Region,
}

const KIB: u32 = 1024;

const fn region(offset_kib: u32, kib: u32) -> Region {
    Region {
        offset: offset_kib * KIB,
        bytes: kib * KIB,
    }
}

/// STM32F405 and STM32F407 with 1 MiB.
pub const ONE_MIB: Layout = Layout {
    flash_bytes: 1024 * KIB,
    boot: region(0, 32),
    store: region(32, 32),
    state: region(64, 64),
    active: region(128, 384),
    dfu: region(512, 512),
};

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    /// Offsets of the sectors of an STM32F4 and its end: four of 16 KiB, one of 64, the rest 128.
    fn sectors(bytes: u32) -> Vec<u32> {
        let mut ends: Vec<u32> = [0, 16, 32, 48, 64].map(|kib| kib * KIB).to_vec();
        ends.extend((128..=bytes / KIB).step_by(128).map(|kib| kib * KIB));
        ends
    }

    #[test]
    fn regions_lie_on_their_sectors_without_gap_or_overlap() {
        for layout in Board::ALL.map(Board::layout) {
            let sectors = sectors(layout.flash_bytes);
            let mut at = 0;
            for (region, sector) in [
                (layout.boot, STORE_SECTOR),
                (layout.store, STORE_SECTOR),
                (layout.state, STATE_SECTOR),
                (layout.active, IMAGE_SECTOR),
                (layout.dfu, IMAGE_SECTOR),
            ] {
                assert_eq!(region.offset, at);
                at += region.bytes;
                let starts = (region.offset..=at).step_by(sector);
                for start in starts {
                    assert!(sectors.contains(&start), "{start:#x}");
                }
                let inside = sectors.iter().filter(|&&s| s > region.offset && s <= at);
                assert_eq!(inside.count(), region.bytes as usize / sector);
            }
            assert_eq!(at, layout.flash_bytes);
            assert!(layout.dfu.bytes - layout.active.bytes >= IMAGE_SECTOR as u32);
            // Vector tables of up to 128 entries are aligned to 512 bytes (ARMv7-M architecture reference manual, B3.2.5).
            assert!(layout.active.address().is_multiple_of(512));
        }
    }

    #[test]
    fn boards_have_codes_and_names() {
        for board in Board::ALL {
            assert_eq!(Board::from_code(board as u8), Some(board));
            assert_eq!(Board::from_name(board.name()), Some(board));
        }
        assert_eq!(Board::from_code(0), None);
        assert_eq!(Board::Stm32f405.layout().active.address(), 0x0802_0000);
        assert_eq!(Board::Stm32f407.layout().dfu.address(), 0x0808_0000);
    }
}
