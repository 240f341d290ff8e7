//! What a node refuses, and what a host does.

mod device;

use device::{
    ACTIVE_BYTES, BOARD, application, download, firmware, keys, new_board, power_on, signer,
};
use proptest::prelude::*;
use update::layout::Board;
use update::{
    FileError, HEAD_BYTES, ImageState, Offer, Refused, Running, UpdateFile, UpdateKey,
    UpdateSigner, sign,
};

/// What a node running 1.1.0 answers to an offer.
fn answer(offer: &Offer) -> Result<u32, Refused> {
    let old = firmware(1);
    let mut flash = new_board::<4>(&old);
    power_on(&mut flash).unwrap();
    application(&mut flash, old.running(), |u| u.begin(offer, &keys()))
}

#[test]
fn only_newer_images_for_this_board_by_a_trusted_key_are_taken() {
    let good = firmware(2).offer();
    assert_eq!(answer(&good), Ok(0));
    let by = |signer: &UpdateSigner, board, version, security| {
        let image = firmware(2).image;
        answer(&signer.offer(&image, board, version, security).unwrap())
    };
    assert_eq!(by(&signer(), BOARD, [1, 1, 1], 0), Ok(0));
    assert_eq!(by(&signer(), BOARD, [2, 0, 0], 9), Ok(0));
    assert_eq!(by(&signer(), 2, [1, 2, 0], 0), Err(Refused::Board));
    for version in [[1, 1, 0], [1, 0, 255], [0, 255, 255]] {
        assert_eq!(by(&signer(), BOARD, version, 0), Err(Refused::Downgrade));
    }
    let other = UpdateSigner::new(&[8; 32]);
    assert_eq!(by(&other, BOARD, [1, 2, 0], 0), Err(Refused::Signature));
    for length in [0, ACTIVE_BYTES + 1, 1 << 20] {
        let offer = signer().offer(&vec![1; length], BOARD, [1, 2, 0], 0);
        assert_eq!(answer(&offer.unwrap()), Err(Refused::NoRoom), "{length}");
    }
    let whole = signer().offer(&[1; ACTIVE_BYTES], BOARD, [1, 2, 0], 0);
    assert_eq!(answer(&whole.unwrap()), Ok(0));
}

#[test]
fn a_change_of_anything_signed_is_noticed() {
    let good = firmware(2).offer();
    let mut changed = vec![
        Offer {
            version: [1, 3, 0],
            ..good
        },
        Offer {
            security: 1,
            ..good
        },
        Offer {
            length: good.length - 1,
            ..good
        },
    ];
    for at in 0..32 {
        let mut offer = good;
        offer.digest[at] ^= 1;
        changed.push(offer);
    }
    for at in 0..64 {
        let mut offer = good;
        offer.signature[at] ^= 1;
        changed.push(offer);
    }
    for offer in changed {
        assert_eq!(answer(&offer), Err(Refused::Signature), "{offer:?}");
    }
}

#[test]
fn a_security_counter_below_the_lowest_is_a_downgrade() {
    let old = firmware(1);
    let running = Running {
        security: 3,
        ..old.running()
    };
    let image = firmware(2).image;
    for (security, expected) in [(2, Err(Refused::Downgrade)), (3, Ok(0)), (4, Ok(0))] {
        let offer = signer().offer(&image, BOARD, [9, 0, 0], security).unwrap();
        let mut flash = new_board::<4>(&old);
        let answer = application(&mut flash, running, |u| u.begin(&offer, &keys()));
        assert_eq!(answer, expected);
    }
}

#[test]
fn bytes_come_in_order_and_an_offer_that_is_repeated_goes_on() {
    let (old, new) = (firmware(1), firmware(2));
    let mut flash = new_board::<4>(&old);
    application(&mut flash, old.running(), |u| {
        assert_eq!(u.write(0, &[1]), Err(Refused::NotBegun));
        assert_eq!(u.finish(), Err(Refused::NotBegun));
        u.begin(&new.offer(), &keys())?;
        // Pieces of odd lengths, one of them empty.
        assert_eq!(u.write(0, &new.image[..7])?, 7);
        assert_eq!(u.write(7, &[])?, 7);
        for offset in [0, 6, 8, u32::MAX] {
            assert_eq!(u.write(offset, &[1]), Err(Refused::Offset { wanted: 7 }));
        }
        assert_eq!(u.finish(), Err(Refused::Offset { wanted: 7 }));
        assert_eq!(u.begin(&new.offer(), &keys())?, 7);
        // A refused offer does not disturb.
        let forged = Offer {
            security: 9,
            ..new.offer()
        };
        assert_eq!(u.begin(&forged, &keys()), Err(Refused::Signature));
        assert_eq!(u.receiving().map(|(_, next)| next), Some(7));
        let too_long = vec![0; new.image.len()];
        assert_eq!(u.write(7, &too_long), Err(Refused::NoRoom));
        let mut offset = 7;
        for piece in new.image[7..].chunks(13) {
            offset = u.write(offset, piece)?;
        }
        u.finish()
    })
    .unwrap();
    assert_eq!(power_on(&mut flash), Ok(ImageState::Trial));
    assert_eq!(device::active(&flash), new.image);
}

#[test]
fn what_is_in_the_flash_is_verified_not_what_came_over_the_wire() {
    let (old, new) = (firmware(1), firmware(2));
    // A byte of the new image's place is stuck.
    let mut flash = new_board::<4>(&old);
    let at = flash.bytes().len() - device::PAGE - 100;
    flash.bytes_mut()[at] = 0;
    flash.break_byte(at);
    assert_eq!(download(&mut flash, &old, &new), Err(Refused::Digest));
    assert_eq!(power_on(&mut flash), Ok(ImageState::Confirmed));
    assert_eq!(device::active(&flash), old.image);
    // Other bytes than were signed.
    let mut other = new.clone();
    other.image[300] ^= 1;
    let mut flash = new_board::<4>(&old);
    let marked = application(&mut flash, old.running(), |u| {
        u.begin(&new.offer(), &keys())?;
        u.write(0, &other.image)?;
        u.finish()
    });
    assert_eq!(marked, Err(Refused::Digest));
    assert_eq!(power_on(&mut flash), Ok(ImageState::Confirmed));
    assert_eq!(device::active(&flash), old.image);
}

#[test]
fn nothing_is_received_during_a_trial() {
    let (old, new, newer) = (firmware(1), firmware(2), firmware(3));
    let mut flash = new_board::<4>(&old);
    download(&mut flash, &old, &new).unwrap();
    assert_eq!(power_on(&mut flash), Ok(ImageState::Trial));
    assert_eq!(download(&mut flash, &new, &newer), Err(Refused::Trial));
    application(&mut flash, new.running(), |u| u.confirm()).unwrap();
    download(&mut flash, &new, &newer).unwrap();
    assert_eq!(power_on(&mut flash), Ok(ImageState::Trial));
    assert_eq!(device::active(&flash), newer.image);
    // Nobody confirms.
    assert_eq!(power_on(&mut flash), Ok(ImageState::Returned));
    assert_eq!(device::active(&flash), new.image);
    let state = application(&mut flash, new.running(), |u| u.image_state());
    assert_eq!(state, Ok(ImageState::Returned));
    // To confirm a returned image changes nothing; the next download is taken.
    application(&mut flash, new.running(), |u| u.confirm()).unwrap();
    download(&mut flash, &new, &newer).unwrap();
    assert_eq!(power_on(&mut flash), Ok(ImageState::Trial));
}

#[test]
fn an_image_that_is_in_the_flash_already_is_not_sent_again() {
    let (old, new) = (firmware(1), firmware(2));
    let mut flash = new_board::<4>(&old);
    application(&mut flash, old.running(), |u| {
        u.begin(&new.offer(), &keys())?;
        u.write(0, &new.image)
    })
    .unwrap();
    // A reset before it was marked.
    assert_eq!(power_on(&mut flash), Ok(ImageState::Confirmed));
    application(&mut flash, old.running(), |u| {
        let length = new.image.len() as u32;
        assert_eq!(u.begin(&new.offer(), &keys()), Ok(length));
        u.finish()
    })
    .unwrap();
    assert_eq!(power_on(&mut flash), Ok(ImageState::Trial));
}

fn file() -> Vec<u8> {
    sign(&[0xA5; 1000], [1, 2, 3], 4, Board::Stm32f405, &signer()).unwrap()
}

#[test]
fn a_file_is_read_as_it_was_made() {
    let file = file();
    let read = UpdateFile::open(&file, &keys()).unwrap();
    assert_eq!(
        (read.board, read.image),
        (Board::Stm32f405, &[0xA5; 1000][..])
    );
    assert_eq!((read.offer.version, read.offer.security), ([1, 2, 3], 4));
    assert_eq!(file.len(), HEAD_BYTES + 1000);
    let other = [UpdateSigner::new(&[9; 32]).key()];
    assert_eq!(UpdateFile::open(&file, &other), Err(FileError::Signature));
    assert_eq!(UpdateFile::open(&file, &[]), Err(FileError::Signature));
    let two = [other[0], keys()[0]];
    assert!(UpdateFile::open(&file, &two).is_ok());
    let max = Board::Stm32f407.layout().active.bytes;
    let long = vec![0; max as usize + 1];
    let made = sign(&long, [1, 0, 0], 0, Board::Stm32f407, &signer());
    assert_eq!(made, Err(FileError::Size { max }));
}

#[test]
fn the_signed_bytes_are_those_of_the_documentation() {
    let file = file();
    assert_eq!(&file[..8], b"WFUPDATE");
    assert_eq!(file[8..21], [1, 1, 1, 2, 3, 4, 0, 0, 0, 0xE8, 3, 0, 0]);
    // `python3 -c "import hashlib; print(hashlib.new('sha512_256', b'\xa5' * 1000).hexdigest())"`
    let digest: String = file[21..53].iter().map(|b| format!("{b:02x}")).collect();
    assert_eq!(
        digest,
        "be5cc05c7da8ce38d71aa573a5869914fc8b93c76640cdf17b2ffa60cc8e8c15"
    );
    let mut message = b"watchfire node firmware\0".to_vec();
    message.extend_from_slice(&file[8..53]);
    let key = ed25519_dalek::SigningKey::from_bytes(&[7; 32]);
    use ed25519_dalek::Signer as _;
    assert_eq!(key.sign(&message).to_bytes(), file[53..117]);
}

#[test]
fn keys_are_64_hexadecimal_digits() {
    let hex: String = signer()
        .key()
        .to_bytes()
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect();
    assert_eq!(UpdateKey::from_hex(&hex), Some(signer().key()));
    assert_eq!(UpdateKey::from_hex(&hex[1..]), None);
    assert!(
        UpdateKey::from_hex(&"0".repeat(64)).is_none(),
        "a point of small order"
    );
    assert_eq!(
        UpdateSigner::from_hex(&"07".repeat(32)).unwrap().key(),
        signer().key()
    );
    assert!(!format!("{:?}", signer()).contains("0707"));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// One changed byte, or a cut, anywhere in the file.
    #[test]
    fn a_damaged_file_is_refused(at in 0_usize..HEAD_BYTES + 1000, flip in 1_u8..=255) {
        let mut damaged = file();
        damaged[at] ^= flip;
        prop_assert!(UpdateFile::open(&damaged, &keys()).is_err());
        prop_assert!(UpdateFile::open(&file()[..at], &keys()).is_err());
    }

    #[test]
    fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let mut file = b"WFUPDATE\x01".to_vec();
        prop_assert!(UpdateFile::parse(&bytes).is_err());
        file.extend_from_slice(&bytes);
        prop_assert!(UpdateFile::parse(&file).is_err());
    }
}
