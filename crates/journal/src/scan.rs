//! Finding the end of a segment after a crash, and telling a torn end from damage.

use crate::format::{Check, HEADER_BYTES, Header, check};
use crate::window::Window;
use std::io;
use std::path::Path;

/// What a segment holds.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Scan {
    /// Byte position after the last good record.
    pub end: u64,
    /// One past the number of the last good record.
    pub next: u64,
    /// Length of the file.
    pub file_bytes: u64,
    /// What is wrong at `end`, when the file goes on there.
    pub fault: Option<String>,
}

/// Reads a segment from its first entry to the first thing that is not a record.
pub(crate) fn scan(path: &Path, first: u64) -> io::Result<(Scan, Window)> {
    let mut window = Window::open(path)?;
    let file_bytes = window.file_bytes()?;
    let (mut end, mut next) = (0, first);
    let fault = loop {
        let mut found = check(window.at(end, HEADER_BYTES)?, next);
        if let Check::Short(need) = found {
            found = check(window.at(end, need)?, next);
        }
        match found {
            Check::Valid(bytes) => {
                end += bytes as u64;
                next += 1;
            }
            Check::Short(_) if end >= file_bytes => break None,
            Check::Short(need) => {
                break Some(format!("{} bytes are there of {need}", file_bytes - end));
            }
            Check::Bad(detail) => break Some(detail),
        }
    };
    Ok((
        Scan {
            end,
            next,
            file_bytes,
            fault,
        },
        window,
    ))
}

/// Looks past a fault at `position` for a record that can only have been written after the one that is missing
/// there (entry `offset`). A torn write leaves nothing of the kind; damage in the middle does.
pub(crate) fn record_after(
    window: &mut Window,
    position: u64,
    offset: u64,
) -> io::Result<Option<u64>> {
    const STEP: usize = 128 * 1024;
    let file_bytes = window.file_bytes()?;
    let mut base = position + 1;
    while base + HEADER_BYTES as u64 <= file_bytes {
        // Only the numbers that could stand in the bytes that are left.
        let highest = offset.saturating_add((file_bytes - position) / HEADER_BYTES as u64);
        let piece = window.at(base, STEP + HEADER_BYTES)?;
        let starts = piece.len().saturating_sub(HEADER_BYTES - 1).min(STEP);
        if starts == 0 {
            break;
        }
        let likely: Vec<(usize, Header)> = (0..starts)
            .filter_map(|at| Some((at, Header::read(&piece[at..])?)))
            .filter(|(_, header)| (offset..=highest).contains(&header.offset))
            .collect();
        for (at, header) in likely {
            let start = base + at as u64;
            let Some(bytes) = header.record_bytes() else {
                continue;
            };
            if start + bytes as u64 <= file_bytes
                && matches!(
                    check(window.at(start, bytes)?, header.offset),
                    Check::Valid(_)
                )
            {
                return Ok(Some(start));
            }
        }
        base += starts as u64;
    }
    Ok(None)
}
