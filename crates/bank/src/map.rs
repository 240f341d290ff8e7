//! A file's bytes without reading them: the only place in the workspace's host crates that needs `unsafe`.

use std::fs::File;
use std::io;
use std::path::Path;

use arrow_buffer::Buffer;
use bytes::Bytes;
use memmap2::Mmap;

/// Maps a file for reading. The map lives as long as any buffer cut from the result, and starts on a page, so that whatever
/// is aligned in the file is aligned in memory.
pub(crate) fn map(path: &Path) -> io::Result<Buffer> {
    let file = File::open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "not a regular file",
        ));
    }
    #[allow(unsafe_code)]
    // SAFETY: `Mmap::map` asks for one thing: that the file's bytes do not change while they are borrowed. They do not:
    // - We hold it read-only, and no code of ours writes to a file under a bank's name: `build` writes another file and
    //   renames it over the name, which leaves this map on the old file, whole, until the last buffer is gone.
    // - Only `&[u8]` and `&[f32]` are made from it. Every bit pattern is a valid value of both, so bytes that were wrong
    //   from the start are wrong numbers, found by the checks in `read`, and never undefined behaviour.
    // - Someone else who writes into the file in place, with the rights to do so, breaks the condition; docs of
    //   `Bank::open` say that a bank is replaced by renaming only. Should that someone truncate it, the system ends
    //   the process with SIGBUS at the next access beyond the new end: no wrong forecast comes of it, and the
    //   supervisor's restart refuses the short file. Whoever cannot live with that uses `Bank::read`, which copies.
    let map = unsafe { Mmap::map(&file)? };
    Ok(Buffer::from(Bytes::from_owner(map)))
}
