//! The file of accounts and tokens, and that of sessions.
#![no_main]

use accounts::{Limits, Permission, Register, Sessions};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(register) = Register::parse(data) {
        assert_eq!(Register::parse(&register.write()), Ok(register.clone()));
        for account in register.accounts() {
            assert!(!account.roles.is_empty());
            // Settings are bounded, whatever the file says; computing with them here would take seconds.
            let _ = account.password.is_outdated();
        }
        for token in register.tokens() {
            assert!(token.permissions().is_within(token.roles.permissions()));
            for forbidden in [Permission::Approve, Permission::Administer] {
                assert!(!token.permissions().has(forbidden));
            }
        }
    }
    if let Ok(sessions) = Sessions::parse(data, Limits::default()) {
        let again = Sessions::parse(&sessions.write(), Limits::default()).expect("our own");
        assert_eq!(again.write(), sessions.write());
    }
});
