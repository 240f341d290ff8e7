//! Firmware images: what is loaded where, and the few functions that a rig must know.

use std::path::{Path, PathBuf};

use object::elf::PT_LOAD;
use object::read::elf::{ElfFile32, ProgramHeader as _};
use object::{Endianness, Object as _, ObjectSymbol as _};

use super::error::{Error, system};
use super::flash::{BASE, SIZE};

/// Largest image file; with debugging information some tens of megabytes.
const MAX_BYTES: u64 = 256 * 1024 * 1024;

/// Where the firmware has nothing to do: `watchfire_idle`, whose second instruction is `wfi`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Idle {
    /// Its first instruction.
    pub at: u32,
    /// The word that its first instruction reads, to be watched: the emulator then keeps what it has translated, and a stop costs a
    /// third of what it costs at an instruction that reads nothing.
    pub reads: Option<u32>,
}

/// Where a rig steps in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hooks {
    /// `watchfire_idle`: called when there is nothing to do.
    pub idle: Option<Idle>,
    /// `watchfire_flash_program(offset, data, len) -> u32`.
    pub program: Option<u32>,
    /// `watchfire_flash_erase(offset) -> u32`.
    pub erase: Option<u32>,
}

/// An image.
#[derive(Clone, Debug)]
pub struct Image {
    /// The file.
    pub path: PathBuf,
    /// What is in the flash: offset from its start, bytes. In the order of the file.
    pub segments: Vec<(usize, Vec<u8>)>,
    /// Where a rig steps in.
    pub hooks: Hooks,
}

/// The word that an instruction reads if it is `ldr Rt, [pc, #imm8 * 4]` (ARMv7-M Architecture Reference Manual, A7.7.44, encoding T1).
fn literal((offset, bytes): &(usize, Vec<u8>), at: u32) -> Option<u32> {
    let place = (at.checked_sub(BASE)? as usize).checked_sub(*offset)?;
    let instruction = bytes.get(place..place + 2)?;
    let instruction = u16::from_le_bytes(instruction.try_into().ok()?);
    let base = (at + 4) & !3;
    (instruction >> 11 == 0b01001).then(|| base + u32::from(instruction & 0xff) * 4)
}

impl Image {
    /// Reads an ELF file for a 32-bit Arm core.
    ///
    /// # Errors
    /// [`Error::Image`] when it is none, or when nothing of it lies in the flash.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let bad = |reason: String| Error::Image {
            path: path.to_owned(),
            reason,
        };
        let name = || format!("image {}", path.display());
        let length = std::fs::metadata(path).map_err(system(name()))?.len();
        if length > MAX_BYTES {
            return Err(bad(format!("{length} bytes, more than an image has")));
        }
        let bytes = std::fs::read(path).map_err(system(name()))?;
        let elf = ElfFile32::<Endianness>::parse(bytes.as_slice())
            .map_err(|e| bad(format!("no 32-bit ELF file: {e}")))?;
        let endian = elf.endian();
        let mut segments = Vec::new();
        for header in elf.elf_program_headers() {
            let data = header
                .data(endian, bytes.as_slice())
                .map_err(|()| bad("a segment lies outside the file".to_owned()))?;
            let at = header.p_paddr(endian);
            if header.p_type(endian) != PT_LOAD || data.is_empty() {
                continue;
            }
            let offset = at
                .checked_sub(BASE)
                .map(|o| o as usize)
                .filter(|o| o + data.len() <= SIZE)
                .ok_or_else(|| {
                    bad(format!(
                        "{} bytes at {at:#010x} lie outside the flash (1 MiB at {BASE:#010x})",
                        data.len()
                    ))
                })?;
            segments.push((offset, data.to_vec()));
        }
        if segments.is_empty() {
            return Err(bad("nothing to load".to_owned()));
        }
        // Bit 0 of a function's address means Thumb.
        let find = |name: &str| {
            let symbol = elf.symbols().find(|s| s.name() == Ok(name))?;
            Some(symbol.address() as u32 & !1)
        };
        let hooks = Hooks {
            idle: find("watchfire_idle").map(|at| Idle { at, reads: None }),
            program: find("watchfire_flash_program"),
            erase: find("watchfire_flash_erase"),
        };
        let mut image = Self {
            path: path.to_owned(),
            segments,
            hooks,
        };
        if let Some(idle) = &mut image.hooks.idle {
            idle.reads = image
                .segments
                .iter()
                .find_map(|segment| literal(segment, idle.at));
        }
        Ok(image)
    }

    /// Whether the flash holds this image.
    #[must_use]
    pub fn is_in(&self, flash: &[u8]) -> bool {
        let mut segments = self.segments.iter();
        segments.all(|(offset, bytes)| {
            flash.get(*offset..offset + bytes.len()) == Some(bytes.as_slice())
        })
    }

    /// The whole image from its first byte to its last, and where it begins; gaps are blank.
    #[must_use]
    pub fn flat(&self) -> (usize, Vec<u8>) {
        let start = self.segments.iter().map(|(o, _)| *o).min().unwrap_or(0);
        let end = self.segments.iter().map(|(o, b)| o + b.len()).max();
        let mut flat = vec![0xff; end.unwrap_or(0) - start];
        for (offset, bytes) in &self.segments {
            if let Some(place) = flat.get_mut(offset - start..offset - start + bytes.len()) {
                place.copy_from_slice(bytes);
            }
        }
        (start, flat)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_that_a_load_reads_is_found() {
        let segment = |bytes: &[u8]| (0x1e0, bytes.to_vec());
        assert_eq!(
            literal(&segment(&[0x01, 0x48]), BASE + 0x1e0),
            Some(BASE + 0x1e8)
        );
        assert_eq!(
            literal(&segment(&[0, 0, 0x01, 0x4b]), BASE + 0x1e2),
            Some(BASE + 0x1e8)
        );
        assert_eq!(literal(&segment(&[0x00, 0xbf]), BASE + 0x1e0), None);
        assert_eq!(literal(&segment(&[0x01, 0x48]), BASE), None);
        assert_eq!(literal(&segment(&[0x01, 0x48]), BASE + 0x1e1), None);
    }

    #[test]
    fn other_files_are_refused_with_their_names() {
        let directory = tempfile::tempdir().expect("a scratch directory");
        let path = directory.path().join("image.elf");
        for bytes in [&b""[..], b"\x7fELF", &[0x7f; 5_000]] {
            std::fs::write(&path, bytes).expect("a file");
            let error = Image::read(&path).expect_err("no image");
            assert!(error.to_string().contains("image.elf"), "{error}");
        }
        assert!(Image::read(&directory.path().join("none")).is_err());
    }
}
