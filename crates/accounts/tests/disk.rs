//! The accounts' file: whole or not at all, one writer at a time, its owner's alone.

mod dice;

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use accounts::disk::{AccountsFile, DiskError, replace};
use accounts::{Hash, Name, Register, Role};
use dice::Dice;

fn hash() -> Hash {
    let phc =
        "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
    Hash::try_from(phc.to_owned()).expect("a hash")
}

fn add(register: &mut Register, name: &str) {
    let name = Name::parse(name).expect("a name");
    let roles = [Role::Approver].into_iter().collect();
    register
        .add(name, roles, hash(), &mut Dice::default(), 1)
        .expect("added");
}

fn names(register: &Register) -> Vec<String> {
    register.accounts().map(|a| a.name.to_string()).collect()
}

fn mode(path: &Path) -> u32 {
    let meta = std::fs::metadata(path).expect("a file");
    meta.permissions().mode() & 0o777
}

fn chmod(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("chmod");
}

fn change(file: &AccountsFile, name: &str) {
    file.change(|register| {
        add(register, name);
        Ok::<_, DiskError>(())
    })
    .expect("changed");
}

#[test]
fn no_file_is_no_accounts_and_the_first_change_makes_it() {
    let scratch = tempfile::tempdir().expect("a directory");
    let file = AccountsFile::of(&scratch.path().join("data"));
    assert_eq!(file.read().expect("none"), Register::default());
    assert_eq!(file.stamp().expect("none"), None);
    change(&file, "ana");
    assert_eq!(names(&file.read().expect("one")), ["ana"]);
    assert_eq!(mode(file.path()), 0o600);
    let first = file.stamp().expect("a file");
    change(&file, "beto");
    assert_ne!(file.stamp().expect("a file"), first);
}

/// Cut off after every byte of the new file, as a crash may, there is the old state or the new one.
#[test]
fn a_torn_write_leaves_the_old_or_the_new_accounts() {
    let scratch = tempfile::tempdir().expect("a directory");
    let file = AccountsFile::of(scratch.path());
    change(&file, "ana");
    let mut after = file.read().expect("accounts");
    add(&mut after, "beto");
    let bytes = after.write();
    let part = scratch.path().join("accounts.json.part");
    for cut in 0..=bytes.len() {
        std::fs::write(&part, &bytes[..cut]).expect("written");
        // What a crash leaves may be anybody's to read; the next writer must not keep that.
        chmod(&part, 0o666);
        assert_eq!(names(&file.read().expect("the old ones")), ["ana"], "{cut}");
    }
    replace(file.path(), &bytes).expect("replaced");
    assert_eq!(names(&file.read().expect("the new ones")), ["ana", "beto"]);
    assert_eq!(mode(file.path()), 0o600);
    assert!(!part.exists());
}

/// A disk that lost the end of the file in spite of all is an error, and never some of the accounts.
#[test]
fn a_file_cut_anywhere_is_refused_whole() {
    let scratch = tempfile::tempdir().expect("a directory");
    let file = AccountsFile::of(scratch.path());
    for name in ["ana", "beto", "carla"] {
        change(&file, name);
    }
    let whole = file.read().expect("accounts");
    let bytes = std::fs::read(file.path()).expect("bytes");
    // The last byte is a line break.
    for cut in 0..bytes.len() - 1 {
        std::fs::write(file.path(), &bytes[..cut]).expect("written");
        let error = file.read().expect_err("cut");
        assert!(
            error.to_string().contains("accounts.json"),
            "{cut}: {error}"
        );
        // Nobody writes over what cannot be read.
        let changed = file.change(|_| Ok::<_, DiskError>(()));
        assert!(changed.is_err(), "{cut}");
    }
    std::fs::write(file.path(), &bytes[..bytes.len() - 1]).expect("written");
    assert_eq!(file.read().expect("all but a line break"), whole);
}

#[test]
fn a_file_that_others_may_write_is_refused() {
    let scratch = tempfile::tempdir().expect("a directory");
    let file = AccountsFile::of(scratch.path());
    change(&file, "ana");
    for bad in [0o620, 0o602, 0o666] {
        chmod(file.path(), bad);
        let error = file.read().expect_err("refused").to_string();
        assert!(error.contains("chmod 600"), "{error}");
    }
    chmod(file.path(), 0o640);
    assert!(file.read().is_ok());
}

#[test]
fn an_error_says_what_is_wrong_and_where() {
    let scratch = tempfile::tempdir().expect("a directory");
    let file = AccountsFile::of(scratch.path());
    change(&file, "ana");
    let good = std::fs::read_to_string(file.path()).expect("text");
    for (from, to, says) in [
        ("\"version\": 1", "\"version\": 2", "newer"),
        ("\"disabled\"", "\"disbaled\"", "disbaled"),
        ("\"approver\"", "\"aprover\"", "aprover"),
        ("\"approver\"", "", "no role"),
        ("\"ana\"", "\"Ana\"", "a-z"),
        ("$argon2id$", "$argon2i$", "PHC"),
        ("m=65536", "m=6553600", "256 MiB"),
    ] {
        let bad = good.replace(from, to);
        assert_ne!(bad, good, "{from}");
        std::fs::write(file.path(), &bad).expect("written");
        let error = file.read().expect_err(from).to_string();
        assert!(
            error.contains(says) && error.contains("accounts.json"),
            "{error}"
        );
    }
    std::fs::write(file.path(), vec![b' '; 2 << 20]).expect("written");
    let error = file.read().expect_err("too large").to_string();
    assert!(error.contains("larger than"), "{error}");
}

/// Two programs change the accounts at once: neither loses what the other did.
#[test]
fn writers_wait_for_each_other() {
    let scratch = tempfile::tempdir().expect("a directory");
    let file = AccountsFile::of(scratch.path());
    let writers: Vec<_> = (0..4)
        .map(|writer| {
            let file = file.clone();
            std::thread::spawn(move || {
                for n in 0..10 {
                    change(&file, &format!("w{writer}-{n}"));
                }
            })
        })
        .collect();
    for writer in writers {
        writer.join().expect("a writer");
    }
    assert_eq!(file.read().expect("accounts").accounts().count(), 40);
}

#[test]
fn a_change_that_fails_writes_nothing() {
    let scratch = tempfile::tempdir().expect("a directory");
    let file = AccountsFile::of(scratch.path());
    change(&file, "ana");
    let before = file.stamp().expect("a file");
    let failed = file.change(|register| {
        add(register, "beto");
        Err::<(), DiskError>(DiskError::Busy {
            path: "here".into(),
        })
    });
    assert!(failed.is_err());
    assert_eq!(file.stamp().expect("a file"), before);
}

/// `sudo watchfire account add` for a hub that runs as another user: the hub must be able to read what root wrote.
#[test]
fn the_files_belong_to_the_owner_of_the_directory() {
    use std::os::unix::fs::{MetadataExt as _, chown};
    let scratch = tempfile::tempdir().expect("a directory");
    if chown(scratch.path(), Some(12_345), Some(12_345)).is_err() {
        println!("skipped: only root can give a directory away");
        return;
    }
    let file = AccountsFile::of(&scratch.path().join("data"));
    change(&file, "ana");
    change(&file, "beto");
    for (name, mode) in [
        ("data", 0o755),
        ("data/accounts.json", 0o600),
        ("data/accounts.lock", 0o600),
    ] {
        let meta = std::fs::metadata(scratch.path().join(name)).expect("a file");
        assert_eq!((meta.uid(), meta.mode() & 0o777), (12_345, mode), "{name}");
    }
}

#[test]
fn changes_are_told_without_secrets() {
    let scratch = tempfile::tempdir().expect("a directory");
    let file = AccountsFile::of(scratch.path());
    change(&file, "ana");
    let before = file.read().expect("accounts");
    let (ana, rig) = (
        Name::parse("ana").expect("a name"),
        Name::parse("rig").expect("a name"),
    );
    let mut after = before.clone();
    let mut dice = Dice::default();
    add(&mut after, "beto");
    let viewer = [Role::Viewer].into_iter().collect();
    after.set_roles(&ana, viewer).expect("set");
    after.set_disabled(&ana, true, &mut dice).expect("set");
    after.set_password(&ana, hash(), &mut dice, 2).expect("set");
    after
        .add_token(rig, viewer, None, 1_000, &mut dice, 2)
        .expect("added");
    assert_eq!(
        after.changes_since(&before),
        [
            "account ana: roles viewer instead of approver",
            "account ana disabled",
            "account ana: new password",
            "account beto added: approver",
            "token rig added: view",
        ]
    );
    assert_eq!(
        before.changes_since(&after)[3..],
        ["account beto is gone from the file", "token rig revoked"]
    );
    assert!(after.changes_since(&after).is_empty());
    let system = Name::parse("system").expect("a name");
    assert!(after.add(system, viewer, hash(), &mut dice, 2).is_err());
}
