//! Commands: written and read back, every byte of them protected, every bound held.

use proptest::prelude::*;
use wire::command::{
    Action, Command, CommandError, CommandId, Issuer, MAX_BYTES, MAX_LIFETIME_US, Signer,
};
use wire::topic::Mode;

fn signer() -> Signer {
    Signer::new(&core::array::from_fn(|index| index as u8))
}

fn command() -> Command<'static> {
    Command {
        deployment: "chile",
        mode: Mode::Exercise,
        counter: 1_267_252_500_000_000,
        id: CommandId(core::array::from_fn(|index| 0xa0 + index as u8)),
        alert: "watchfire.chile.exercise.us2010tfan.1",
        issued_us: 1_267_252_500_000_000,
        expires_us: 1_267_253_400_000_000,
        session: 0x0123_4567_89ab_cdef,
        action: Action::Sound { signal: "warning" },
        zones: ["valparaiso"].into_iter().collect(),
    }
}

fn encode(command: &Command<'_>) -> Vec<u8> {
    let mut out = [0; MAX_BYTES];
    let length = command
        .encode(&signer(), &mut out)
        .expect("a sound command");
    out[..length].to_vec()
}

#[test]
fn comes_back_as_it_was_with_the_key_that_signed() {
    for action in [
        Action::Sound { signal: "warning" },
        Action::Silence,
        Action::SelfTest,
    ] {
        for mode in Mode::ALL.iter().copied() {
            let sent = Command {
                action,
                mode,
                ..command()
            };
            let bytes = encode(&sent);
            let issuer = signer().issuer();
            let (read, key) = Command::open(&bytes, &[issuer]).expect("signed");
            assert_eq!((read, key), (sent, issuer.id()));
        }
    }
}

/// Above all the mode: no byte of an exercise can be changed on its way into a warning.
#[test]
fn no_byte_can_be_changed() {
    let bytes = encode(&command());
    let issuers = [signer().issuer()];
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut forged = bytes.clone();
            forged[at] ^= 1 << bit;
            let refused = Command::open(&forged, &issuers).expect_err("a changed byte");
            let expected = match at {
                0 => CommandError::Version(forged[0]),
                1..9 => CommandError::UnknownKey,
                _ => CommandError::Signature,
            };
            assert_eq!(refused, expected, "byte {at}, bit {bit}");
        }
    }
    for length in 0..bytes.len() {
        assert!(Command::open(&bytes[..length], &issuers).is_err());
    }
    let mut longer = bytes.clone();
    longer.push(0);
    assert_eq!(
        Command::open(&longer, &issuers),
        Err(CommandError::Signature)
    );
}

#[test]
fn only_trusted_keys_count_and_several_may_be() {
    let other = Signer::new(&[7; 32]).issuer();
    let bytes = encode(&command());
    assert_eq!(Command::open(&bytes, &[]), Err(CommandError::UnknownKey));
    assert_eq!(
        Command::open(&bytes, &[other]),
        Err(CommandError::UnknownKey)
    );
    assert!(Command::open(&bytes, &[other, signer().issuer()]).is_ok());
    assert_eq!(
        Issuer::new(&[0; 32]),
        None,
        "a point of small order signs anything"
    );
}

#[test]
fn what_a_reader_would_refuse_is_not_written() {
    let long = "x".repeat(49);
    let sound = command();
    let broken = [
        Command {
            deployment: "",
            ..sound.clone()
        },
        Command {
            counter: 0,
            ..sound.clone()
        },
        Command {
            alert: "two words",
            ..sound.clone()
        },
        Command {
            expires_us: sound.issued_us,
            ..sound.clone()
        },
        Command {
            expires_us: sound.issued_us + MAX_LIFETIME_US + 1,
            ..sound.clone()
        },
        Command {
            issued_us: i64::MIN,
            expires_us: i64::MAX,
            ..sound.clone()
        },
        Command {
            action: Action::Sound { signal: &long },
            ..sound.clone()
        },
        Command {
            zones: heapless_none(),
            ..sound.clone()
        },
    ];
    let mut out = [0; MAX_BYTES];
    for command in broken {
        assert_eq!(
            command.encode(&signer(), &mut out),
            Err(CommandError::Field),
            "{command:?}"
        );
    }
    let mut small = [0; 100];
    assert_eq!(
        sound.encode(&signer(), &mut small),
        Err(CommandError::TooLong)
    );
    assert_eq!(
        Command::open(&[1; MAX_BYTES + 1], &[]),
        Err(CommandError::TooLong)
    );
}

fn heapless_none() -> heapless::Vec<&'static str, { wire::command::MAX_ZONES }> {
    heapless::Vec::new()
}

/// The bound is one that the largest command keeps.
#[test]
fn the_largest_command_fits() {
    let id = "z".repeat(48);
    let alert = "a".repeat(wire::command::MAX_ALERT_BYTES);
    let largest = Command {
        deployment: &id,
        counter: u64::MAX,
        alert: &alert,
        issued_us: i64::MAX - MAX_LIFETIME_US,
        expires_us: i64::MAX,
        session: u64::MAX,
        action: Action::Sound { signal: &id },
        zones: [id.as_str(); 8].into_iter().collect(),
        ..command()
    };
    let bytes = encode(&largest);
    assert!(bytes.len() > MAX_BYTES - 16, "{}", bytes.len());
    assert!(Command::open(&bytes, &[signer().issuer()]).is_ok());
}

#[test]
fn ids_are_read_as_they_are_written() {
    let id = command().id;
    assert_eq!(CommandId::from_hex(&id.to_string()), Some(id));
    for bad in ["", "a0", "zz", &"0".repeat(31), &"é".repeat(16)] {
        assert_eq!(CommandId::from_hex(bad), None, "{bad}");
    }
    assert!(!format!("{:?}", signer()).contains("000102"));
}

proptest! {
    /// Whatever a body says, also one that is signed, it is refused or a sound command; it never panics.
    #[test]
    fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..900)) {
        let _ = Command::open(&bytes, &[signer().issuer()]);
    }
}
