//! A node's storage: whatever the flash holds, and a storage in use with any damage and any cut of the power.
#![no_main]

use embassy_futures::block_on;
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use store::model::{FlashModel, Leftover};
use store::{Error, Identity, Store};

const SECTOR: usize = 512;
const NODE: Identity = Identity {
    node: 7,
    key: [0x5A; 32],
};

type Flash = FlashModel<4, SECTOR>;

#[derive(Arbitrary, Debug)]
enum Content<'a> {
    Anything(&'a [u8]),
    Damaged {
        boots: u8,
        patches: Vec<(u16, u8)>,
    },
    Cut {
        boots: u8,
        after: u8,
        leftover: u8,
        again: u8,
    },
}

fuzz_target!(|content: Content<'_>| {
    match content {
        Content::Anything(bytes) => {
            let mut flash = Flash::new(&[SECTOR; 2]);
            for (to, from) in flash.bytes_mut().iter_mut().zip(bytes) {
                *to = *from;
            }
            use_it(flash, 0);
        }
        Content::Damaged { boots, patches } => {
            let mut flash = in_use(boots);
            for (at, byte) in patches {
                flash.bytes_mut()[at as usize % (2 * SECTOR)] = byte;
            }
            use_it(flash, 0);
        }
        Content::Cut {
            boots,
            after,
            leftover,
            again,
        } => {
            let mut flash = in_use(boots);
            for at in [after, again] {
                flash.cut_after(u64::from(at), Leftover::ALL[leftover as usize % 8]);
                flash = boot(flash).1;
                flash.restore_power();
            }
            let store = use_it(flash, u32::from(boots % 40));
            assert_eq!(store.identity(), Some(NODE));
            assert!(!store.report().is_loss());
        }
    }
});

/// Opens the storage and takes a number, if the power lasts.
fn boot(flash: Flash) -> (Result<u32, Error>, Flash) {
    let mut flash = flash;
    let number = block_on(async {
        let mut store = Store::open(&mut flash, 0).await?;
        store.next_boot().await
    });
    (number, flash)
}

fn in_use(boots: u8) -> Flash {
    block_on(async {
        let mut store = Store::open(Flash::new(&[SECTOR; 2]), 0).await.expect("new");
        store.set_identity(&NODE).await.expect("new");
        store.set_settings(1, b"settings").await.expect("new");
        for boot in 1..=u32::from(boots % 40) {
            assert_eq!(store.next_boot().await, Ok(boot));
        }
        store.close()
    })
}

/// Whatever was found, numbers rise, and what is kept is there the next time.
fn use_it(flash: Flash, above: u32) -> Store<Flash> {
    block_on(async {
        let mut store = Store::open(flash, 0).await.expect("it is repaired");
        let identity = store.identity();
        let last = store.last_boot();
        let boot = match store.next_boot().await {
            Ok(boot) => boot,
            Err(Error::Exhausted) => return store,
            Err(error) => panic!("{error}"),
        };
        assert!(boot > last && boot > above);
        let store = Store::open(store.close(), 0).await.expect("it is whole");
        assert_eq!(store.identity(), identity);
        assert!(store.last_boot() >= boot);
        store
    })
}
