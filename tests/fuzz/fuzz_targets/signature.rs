//! A signed message from anybody. Nobody here has the keys but the seeds: what verifies is what one of them said. The canonical form of
//! anything is its own canonical form, and signed it verifies. Bytes that begin like DER are tried as a certificate to trust, too.
#![no_main]

use std::sync::LazyLock;

use base64ct::{Base64, Encoding};
use cap::signature::{Signer, TrustList, canonical_xml, verify};
use libfuzzer_sys::fuzz_target;

const SEEDS: [&[u8]; 4] = [
    include_bytes!("../corpus/signature/seed-p256"),
    include_bytes!("../corpus/signature/seed-rsa"),
    include_bytes!("../corpus/signature/seed-chain"),
    include_bytes!("../corpus/signature/seed-other"),
];

struct World {
    trusted: TrustList,
    /// With a key of its own, which `trusted` does not know.
    signer: Signer,
    signer_trusted: TrustList,
    said: Vec<String>,
    now: cap::Time,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let certificate = include_str!("../../../crates/cap/tests/keys/alone.crt.pem");
    let key = include_str!("../../../crates/cap/tests/keys/alone.key.pem");
    let list = |pem| TrustList::from_pem(pem).expect("the tests' certificates are read");
    let trusted = list(include_str!("../../../crates/cap/tests/keys/ca.crt.pem"));
    let now = cap::Time::parse("2026-06-01T00:00:00+00:00").expect("a time");
    let said = SEEDS.map(|seed| verify(seed, &trusted, now).expect("seeds verify").xml().to_owned());
    World {
        trusted,
        signer: Signer::from_pem(key, certificate).expect("the tests' key is read"),
        signer_trusted: list(certificate),
        said: said.to_vec(),
        now,
    }
});

fuzz_target!(|data: &[u8]| {
    let world = &*WORLD;
    match verify(data, &world.trusted, world.now) {
        Ok(verified) => assert!(world.said.iter().any(|said| said == verified.xml()), "nobody said this"),
        Err(invalid) => assert!(!invalid.to_string().is_empty()),
    }
    if let Ok(form) = canonical_xml(data) {
        assert_eq!(canonical_xml(form.as_bytes()).as_ref(), Ok(&form));
        if let Ok(signed) = std::str::from_utf8(data).map_err(drop).and_then(|xml| world.signer.sign(xml).map_err(drop)) {
            let verified = verify(signed.as_bytes(), &world.signer_trusted, world.now).expect("what is signed verifies");
            assert_eq!(verified.xml(), form);
            assert!(verify(signed.as_bytes(), &world.trusted, world.now).is_err());
        }
    }
    if data.first() == Some(&0x30) {
        let text = Base64::encode_string(data);
        let lines: Vec<&str> = text.as_bytes().chunks(64).filter_map(|line| std::str::from_utf8(line).ok()).collect();
        let pem = format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"));
        if let Ok(list) = TrustList::from_pem(&pem) {
            let _ = verify(SEEDS[0], &list, world.now);
        }
    }
});
