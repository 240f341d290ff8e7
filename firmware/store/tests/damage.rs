//! Damage without a cut: flipped bits, lost sectors, worn out bytes, foreign content. And wear.

use embassy_futures::block_on;
use proptest::prelude::*;
use store::model::FlashModel;
use store::{Error, Factory, Identity, SECTOR_BYTES, SECTORS, Store, factory_image};

const SMALL: usize = 1024;

type Flash = FlashModel<4, SMALL>;

const NODE: Identity = Identity {
    node: 7,
    key: [0x5A; 32],
};

/// A storage in use: enrolled, with settings, after `boots` boots.
fn in_use(boots: u32) -> Flash {
    block_on(async {
        let mut store = Store::open(Flash::new(&[SMALL; 2]), 0).await.unwrap();
        store.set_identity(&NODE).await.unwrap();
        store.set_settings(3, b"sample every second").await.unwrap();
        for boot in 1..=boots {
            assert_eq!(store.next_boot().await, Ok(boot));
        }
        store.close()
    })
}

#[test]
fn any_single_flipped_bit_loses_nothing() {
    for boots in [1, 9] {
        let whole = in_use(boots);
        let mut restored = 0;
        for bit in 0..whole.bytes().len() * 8 {
            let mut flash = whole.clone();
            flash.bytes_mut()[bit / 8] ^= 1 << (bit % 8);
            block_on(async {
                let mut store = Store::open(flash, 0).await.unwrap();
                let report = store.report();
                assert!(!report.is_loss(), "bit {bit}: {report:?}");
                restored += u32::from(report.copies_restored);
                assert_eq!(store.identity(), Some(NODE), "bit {bit}");
                let settings = (3, &b"sample every second"[..]);
                assert_eq!(store.settings(), Some(settings), "bit {bit}");
                let boot = store.next_boot().await.unwrap();
                assert!((boots + 1..boots + 20).contains(&boot), "bit {bit}: {boot}");
            });
        }
        // Flips in the newest copies were seen, not luckily missed.
        assert!(restored > 500, "{restored}");
    }
}

#[test]
fn a_lost_counter_silences_the_node_until_it_has_another_key() {
    let mut flash = in_use(5);
    spoil(&mut flash, &[1, 2]);
    block_on(async {
        let mut store = Store::open(flash, 0).await.unwrap();
        let report = store.report();
        assert!(report.lost_counter && report.lost_identity && !report.lost_settings);
        assert_eq!(store.identity(), None);
        assert!(store.faults() >= 2);
        // Another boot does not make it forget that the key is spent.
        store.next_boot().await.unwrap();
        let mut store = Store::open(store.close(), 0).await.unwrap();
        assert!(store.report().lost_identity);
        assert_eq!(store.identity(), None);
        assert_eq!(store.set_identity(&NODE).await, Err(Error::KeyReused));
        let new = Identity {
            key: [0xA5; 32],
            ..NODE
        };
        store.set_identity(&new).await.unwrap();
        assert_eq!(store.identity(), Some(new));
        let store = Store::open(store.close(), 0).await.unwrap();
        assert_eq!(store.identity(), Some(new));
        assert!(!store.report().is_loss());
    });
}

#[test]
fn a_floor_from_a_second_memory_keeps_key_and_order() {
    let mut flash = in_use(5);
    spoil(&mut flash, &[1, 2]);
    block_on(async {
        let mut store = Store::open(flash, 5).await.unwrap();
        assert!(store.report().lost_counter && !store.report().lost_identity);
        assert_eq!(store.identity(), Some(NODE));
        let boot = store.next_boot().await.unwrap();
        assert!(boot > 5);
        // A floor below the counter changes nothing; one above it raises it for good.
        let store = Store::open(store.close(), 2).await.unwrap();
        assert_eq!(store.last_boot(), boot);
        let store = Store::open(store.close(), 1_000).await.unwrap();
        let mut store = Store::open(store.close(), 0).await.unwrap();
        assert_eq!(store.next_boot().await, Ok(1_001));
    });
}

#[test]
fn both_copies_of_newer_settings_lost_is_told_and_older_ones_hold() {
    let flash = block_on(async {
        let mut store = Store::open(in_use(2), 0).await.unwrap();
        store.set_settings(4, b"newer").await.unwrap();
        store.close()
    });
    let mut bytes = flash;
    let newest: Vec<usize> = find(bytes.bytes(), b"newer");
    assert_eq!(newest.len(), 2);
    for at in newest {
        bytes.bytes_mut()[at] ^= 1;
    }
    block_on(async {
        let store = Store::open(bytes, 0).await.unwrap();
        assert!(store.report().lost_settings && !store.report().lost_identity);
        assert_eq!(store.settings(), Some((3, &b"sample every second"[..])));
        let mut store = Store::open(store.close(), 0).await.unwrap();
        assert!(!store.report().lost_settings, "told once");
        store.set_settings(4, b"newer").await.unwrap();
    });
}

#[test]
fn a_foreign_or_ruined_area_is_erased_and_that_is_told() {
    for fill in [0x00, 0x55, 0xE7] {
        let mut flash = Flash::new(&[SMALL; 2]);
        flash.bytes_mut().fill(fill);
        block_on(async {
            let mut store = Store::open(flash, 0).await.unwrap();
            assert!(store.report().was_erased && store.report().is_loss());
            assert_eq!(store.identity(), None);
            store.set_identity(&NODE).await.unwrap();
            assert_eq!(store.next_boot().await, Ok(1));
            let store = Store::open(store.close(), 0).await.unwrap();
            assert!(!store.report().is_loss());
            assert_eq!(store.identity(), Some(NODE));
        });
    }
}

#[test]
fn a_number_whose_write_failed_never_comes_again() {
    let mut flash = in_use(3);
    // Everything that is erased now stays so: no write can succeed.
    for at in 0..flash.bytes().len() {
        if flash.bytes()[at] == 0xFF {
            flash.break_byte(at);
        }
    }
    block_on(async {
        let mut store = Store::open(flash, 0).await.unwrap();
        for _ in 0..2 {
            store.next_boot().await.unwrap_err();
        }
        assert!(store.faults() >= 2);
        assert_eq!(store.last_boot(), 5);
    });
}

#[test]
fn one_broken_byte_is_stepped_over() {
    let mut flash = in_use(3);
    let used = flash.bytes()[..SMALL].iter().rposition(|&b| b != 0xFF);
    let at = used.unwrap() + 20;
    flash.break_byte(at);
    block_on(async {
        let mut store = Store::open(flash, 0).await.unwrap();
        assert_eq!(store.next_boot().await, Ok(4));
        assert!(store.faults() > 0);
        let mut store = Store::open(store.close(), 0).await.unwrap();
        let skipped = store.report().numbers_skipped;
        assert!((1..10).contains(&skipped), "{skipped}");
        assert_eq!(store.next_boot().await, Ok(5 + skipped));
        // Once, and not at every boot from now on.
        let mut store = Store::open(store.close(), 0).await.unwrap();
        assert_eq!(store.report().numbers_skipped, 0);
        assert_eq!(store.next_boot().await, Ok(6 + skipped));
    });
}

#[test]
fn limits_are_kept() {
    block_on(async {
        let open = Store::open(Flash::new(&[SMALL]), 0).await;
        assert_eq!(open.err(), Some(Error::Area));
        let mut store = Store::open(in_use(1), 0).await.unwrap();
        let kept = Err(Error::Revision { kept: 3 });
        assert_eq!(store.set_settings(3, b"").await, kept);
        assert_eq!(store.set_settings(4, &[0; 257]).await, Err(Error::TooLong));
        store.raise_security(2).await.unwrap();
        store.raise_security(1).await.unwrap();
        assert_eq!(store.security(), 2);
        let mut store = Store::open(store.close(), u32::MAX).await.unwrap();
        assert_eq!(store.next_boot().await, Err(Error::Exhausted));
    });
    let error = Error::Revision { kept: 3 };
    assert_eq!(
        error.to_string(),
        "the revision of the settings is not above 3"
    );
}

/// The number that the crate's documentation states.
#[test]
fn a_sector_is_good_for_millions_of_boots() {
    block_on(async {
        let flash = FlashModel::<1, SECTOR_BYTES>::new(&[SECTOR_BYTES; SECTORS]);
        let mut store = Store::open(flash, 0).await.unwrap();
        store.set_identity(&NODE).await.unwrap();
        store.set_settings(1, &[1; 200]).await.unwrap();
        let boots = 3_000;
        for boot in 1..=boots {
            assert_eq!(store.next_boot().await, Ok(boot));
        }
        let flash = store.close();
        let erases = *flash.erases().iter().max().unwrap();
        assert!(erases >= 5, "{erases}");
        let until_worn = f64::from(boots) / f64::from(erases) * 10_000.0;
        println!("{boots} boots, {erases} erases: {until_worn:.0} boots until 10,000 erases");
        assert!(until_worn > 5_000_000.0, "{until_worn}");
    });
}

#[test]
fn a_factory_image_is_what_the_node_reads() {
    let image = factory_image(&Factory {
        identity: NODE,
        settings: Some((1, b"road")),
        boots_used: 41,
    })
    .unwrap();
    assert_eq!(image.len(), SECTOR_BYTES * SECTORS);
    // The board writes single bytes where the host wrote words.
    let mut flash = FlashModel::<1, SECTOR_BYTES>::new(&[SECTOR_BYTES; SECTORS]);
    flash.bytes_mut().copy_from_slice(&image);
    block_on(async {
        let mut store = Store::open(flash, 0).await.unwrap();
        assert_eq!(store.report(), store::Report::default());
        assert_eq!(store.identity(), Some(NODE));
        assert_eq!(store.settings(), Some((1, &b"road"[..])));
        assert_eq!(store.next_boot().await, Ok(42));
        assert!(store.close().erases().iter().all(|&erases| erases == 0));
    });
    assert!(!format!("{NODE:?}").contains("90"), "the key is not shown");
}

/// Flips a bit of every record under these keys.
fn spoil(flash: &mut Flash, keys: &[u8]) {
    let bytes = flash.bytes_mut();
    for at in 0..bytes.len() - 16 {
        // Length 17, with whatever checksum it has: a record of counters and its key.
        if bytes[at..at + 2] == [17, 0] && keys.contains(&bytes[at + 4]) {
            bytes[at + 5] ^= 0x80;
        }
    }
}

fn find(bytes: &[u8], what: &[u8]) -> Vec<usize> {
    let windows = bytes.windows(what.len()).enumerate();
    windows
        .filter(|(_, w)| *w == what)
        .map(|(at, _)| at)
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the flash holds, it opens, and a node without doubt about its boot numbers is the only one that may speak.
    #[test]
    fn any_content_opens(
        seed in proptest::collection::vec(any::<u8>(), 1..64),
        from in 0_usize..2 * SMALL,
        length in 1_usize..2 * SMALL,
        boots in 1_u32..30,
        checks in any::<bool>(),
    ) {
        let mut flash = in_use(boots);
        if checks {
            flash.check_writes();
        }
        let end = (from + length).min(2 * SMALL);
        for (at, byte) in (from..end).zip(seed.iter().cycle()) {
            flash.bytes_mut()[at] = *byte;
        }
        block_on(async {
            let mut store = Store::open(flash, 0).await.unwrap();
            if let Some(identity) = store.identity() {
                prop_assert_eq!(identity, NODE);
                let before = store.last_boot();
                prop_assert!(before >= boots, "{} could come again: {:?}", before + 1, store.report());
            } else {
                // All that is left can be the very first record, from before there was anything to lose.
                let report = store.report();
                prop_assert!(report.is_loss() || report.numbers_skipped > 0);
            }
            let boot = store.next_boot().await.unwrap();
            let mut store = Store::open(store.close(), 0).await.unwrap();
            prop_assert!(store.next_boot().await.unwrap() > boot);
            Ok(())
        })?;
    }

    /// Bits flip anywhere, in the two copies of the newest counters too.
    #[test]
    fn flipped_bits_repeat_no_number(
        flips in proptest::collection::vec(0..2 * SMALL * 8, 1..12),
        near in proptest::collection::vec(0_usize..64 * 8, 0..6),
        boots in 1_u32..60,
    ) {
        let mut flash = in_use(boots);
        let bytes = flash.bytes_mut();
        let newest = find(bytes, &boots.to_le_bytes()).into_iter().max().unwrap_or(64);
        let near = near.into_iter().map(|bit| (newest + 20) * 8 - bit);
        for bit in flips.into_iter().chain(near) {
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
        block_on(async {
            let mut store = Store::open(flash, 0).await.unwrap();
            if store.identity().is_some() {
                prop_assert!(store.next_boot().await.unwrap() > boots);
            }
            Ok(())
        })?;
    }
}
