//! An acknowledgement as an edge hears it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wire::ack::{Ack, MAX_BYTES};

fuzz_target!(|data: &[u8]| {
    let Ok((version, ack)) = Ack::decode(data) else { return };
    let mut out = [0; MAX_BYTES];
    let n = ack
        .encode(version, &mut out)
        .expect("there is room for every acknowledgement");
    assert_eq!(Ack::decode(&out[..n]), Ok((version, ack)));
});
