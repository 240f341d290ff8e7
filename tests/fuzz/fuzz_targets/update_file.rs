//! A signed firmware file: as it comes; and any image, well signed.
#![no_main]

use libfuzzer_sys::fuzz_target;
use update::layout::Board;
use update::{UpdateFile, UpdateSigner, sign};

fuzz_target!(|data: &[u8]| {
    let signer = UpdateSigner::new(&[8; 32]);
    let keys = [signer.key()];
    // Nobody else's file is ever believed: the fuzzer has no key.
    assert!(UpdateFile::open(data, &keys).is_err());
    if let Ok(read) = UpdateFile::parse(data) {
        assert_eq!(update::digest(read.image), read.offer.digest);
    }

    let Some((&[code, major, minor, patch, security], image)) = data.split_first_chunk() else {
        return;
    };
    let Some(board) = Board::from_code(code) else {
        return;
    };
    let version = [major, minor, patch];
    let Ok(mut file) = sign(image, version, u32::from(security), board, &signer) else {
        return;
    };
    let read = UpdateFile::open(&file, &keys).expect("what was signed is believed");
    assert_eq!((read.board, read.image), (board, image));
    assert_eq!(read.offer.version, version);
    let at = (major as usize * 256 + minor as usize) % file.len();
    file[at] ^= patch | 1;
    assert!(UpdateFile::open(&file, &keys).is_err());
});
