//! A command on an edge's topic: as it comes, and with any body under a good signature.
#![no_main]

use ed25519_dalek::{Signer as _, SigningKey};
use libfuzzer_sys::fuzz_target;
use wire::command::{Command, DOMAIN, MAX_BYTES, Signer, VERSION};

const SECRET: [u8; 32] = [7; 32];

fuzz_target!(|data: &[u8]| {
    let signer = Signer::new(&SECRET);
    let issuers = [signer.issuer()];
    // Nobody else's bytes are ever believed: the fuzzer has no key.
    assert!(Command::open(data, &issuers).is_err());

    let mut bytes = vec![VERSION];
    bytes.extend(issuers[0].id().0);
    bytes.extend(data);
    let message = [DOMAIN.as_slice(), &bytes].concat();
    bytes.extend(SigningKey::from_bytes(&SECRET).sign(&message).to_bytes());
    let Ok((command, key)) = Command::open(&bytes, &issuers) else {
        return;
    };
    assert_eq!(key, issuers[0].id());
    let mut out = [0; MAX_BYTES];
    let length = command
        .encode(&signer, &mut out)
        .expect("what was read can be written");
    assert_eq!(Command::open(&out[..length], &issuers), Ok((command, key)));
});
