//! Accounts and tokens as tables.

use std::fmt::Write as _;
use std::path::Path;

use accounts::disk::read_bounded;
use accounts::{Limits, Register, Sessions};

/// A day, UTC.
pub(super) fn day(us: i64) -> String {
    clock::format_utc(us).chars().take(10).collect()
}

pub(super) fn accounts(register: &Register) -> String {
    let mut table = String::new();
    let _ = writeln!(
        table,
        "{:<24} {:<9} {:<12} {:<12} ROLES",
        "ACCOUNT", "STATE", "MADE", "PASSWORD OF"
    );
    for account in register.accounts() {
        let _ = writeln!(
            table,
            "{:<24} {:<9} {:<12} {:<12} {}",
            account.name.as_str(),
            if account.disabled {
                "disabled"
            } else {
                "enabled"
            },
            day(account.created_us),
            day(account.password_us),
            account.roles
        );
    }
    table
}

pub(super) fn tokens(register: &Register, data_dir: &Path, now_us: i64) -> String {
    // The hub writes this; without it nothing is known of their use.
    let used = read_bounded(&data_dir.join("sessions.json"), 4 << 20)
        .ok()
        .flatten()
        .and_then(|bytes| Sessions::parse(&bytes, Limits::default()).ok());
    let mut table = String::new();
    let _ = writeln!(
        table,
        "{:<24} {:<9} {:<12} {:<12} {:<12} MAY",
        "TOKEN", "STATE", "MADE", "UNTIL", "LAST USED"
    );
    for token in register.tokens() {
        let last = used
            .as_ref()
            .and_then(|used| used.token_used_us(&token.name));
        let _ = writeln!(
            table,
            "{:<24} {:<9} {:<12} {:<12} {:<12} {}",
            token.name.as_str(),
            if token.expires_us > now_us {
                "valid"
            } else {
                "expired"
            },
            day(token.created_us),
            day(token.expires_us),
            last.map_or("-".to_owned(), day),
            token.permissions()
        );
    }
    table
}
