//! The keys and certificates of `tests/keys`, made by its `make.sh`.

use std::path::PathBuf;

use cap::Time;
use cap::signature::{Signer, TrustList};

pub fn path(file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/keys")
        .join(file)
}

pub fn pem(file: &str) -> String {
    std::fs::read_to_string(path(file)).unwrap()
}

pub fn signer(name: &str) -> Signer {
    Signer::from_pem(
        &pem(&format!("{name}.key.pem")),
        &pem(&format!("{name}.crt.pem")),
    )
    .unwrap()
}

pub fn trust(names: &[&str]) -> TrustList {
    let mut list = TrustList::default();
    for name in names {
        list.extend(TrustList::from_pem(&pem(&format!("{name}.crt.pem"))).unwrap());
    }
    list
}

pub fn at(text: &str) -> Time {
    Time::parse(text).unwrap()
}

/// When the certificates are valid.
pub fn now() -> Time {
    at("2026-06-01T00:00:00+00:00")
}
