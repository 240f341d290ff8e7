//! Quantities, quality flags, topics and acknowledgements: codes and names that must never change.

use proptest::prelude::*;
use wire::ack::{self, Ack, AckError};
use wire::batch::Version;
use wire::quality::Quality;
use wire::quantity::{Domain, Quantity};
use wire::topic::{Channel, Mode, Topic, TopicError, is_id};

#[test]
fn quantities_keep_their_codes_names_and_units() {
    let expected = "1 sea_level m tsunami\n2 water_pressure Pa tsunami\n\
        3 water_temperature Cel tsunami\n10 speed km/h traffic\n11 occupancy % traffic\n\
        12 flow 1/h traffic\n13 travel_time s traffic\n20 voltage V energy\n21 current A energy\n\
        22 active_power W energy\n23 reactive_power var energy\n24 apparent_power VA energy\n\
        25 power_factor 1 energy\n26 frequency Hz energy\n27 active_energy Wh energy\n\
        30 acceleration m/s2 tsunami\n40 battery_voltage V health\n";
    let actual: String = Quantity::ALL
        .iter()
        .map(|q| format!("{} {q} {} {}\n", q.code(), q.unit(), q.domain().name()))
        .collect();
    assert_eq!(actual, expected);
}

#[test]
fn quantities_are_found_by_code_and_name_and_by_nothing_else() {
    for quantity in Quantity::ALL {
        assert_eq!(Quantity::from_code(quantity.code()), Some(*quantity));
        assert_eq!(Quantity::from_name(quantity.name()), Some(*quantity));
    }
    let known = (0..=255u8).filter_map(Quantity::from_code).count();
    assert_eq!(known, Quantity::ALL.len());
    assert_eq!(Quantity::from_code(0), None);
    assert_eq!(Quantity::from_name("Sea_level"), None);
}

#[test]
fn ranges_hold_what_has_been_measured_and_refuse_what_cannot_be() {
    for quantity in Quantity::ALL {
        let (low, high) = quantity.range();
        assert!(low < high, "{quantity}");
        assert!(quantity.is_possible(low) && quantity.is_possible(high));
        assert!(!quantity.is_possible(f64::NAN) && !quantity.is_possible(f64::INFINITY));
    }
    // DART 32412 reports a column of 4,320 m; its missing code is 9999 m, which only the reader of that
    // format can tell from a depth.
    assert!(Quantity::SeaLevel.is_possible(4_320.25));
    assert!(!Quantity::Frequency.is_possible(-50.0));
    assert!(!Quantity::Occupancy.is_possible(100.5));
    assert_eq!(Quantity::Acceleration.domain(), Domain::Tsunami);
}

#[test]
fn quantities_are_names_in_json_and_bytes_in_postcard() {
    let json = serde_json::to_string(&Quantity::SeaLevel).expect("a string");
    assert_eq!(json, "\"sea_level\"");
    assert_eq!(
        serde_json::from_str::<Quantity>(&json).expect("just written"),
        Quantity::SeaLevel
    );
    let error = serde_json::from_str::<Quantity>("\"sealevel\"").expect_err("no such name");
    assert!(error.to_string().contains("sea_level"), "{error}");

    let mut out = [0; 4];
    let bytes = postcard::to_slice(&Quantity::BatteryVoltage, &mut out).expect("one byte");
    assert_eq!(bytes, [40]);
    assert_eq!(
        postcard::from_bytes::<Quantity>(&[40]),
        Ok(Quantity::BatteryVoltage)
    );
    assert!(postcard::from_bytes::<Quantity>(&[41]).is_err());
}

#[test]
fn quality_flags_keep_their_bits() {
    for (index, (flag, name)) in Quality::ALL.iter().enumerate() {
        assert_eq!(flag.bits(), 1 << index);
        assert_eq!(flag.to_string(), *name);
    }
    assert_eq!(Quality::MISSING.bits(), 16);
    let both = Quality::SUSPECT | Quality::LATE;
    assert_eq!(both.to_string(), "suspect+late");
    assert!(both.contains(Quality::LATE) && !both.contains(Quality(3)));
    assert!(both.intersects(Quality(3)));
    assert_eq!(Quality::GOOD.to_string(), "good");
    assert_eq!(serde_json::to_string(&both).expect("a number"), "129");
}

#[test]
fn topics_are_written_as_documented() {
    let edge = Topic::Edge {
        deployment: "chile",
        edge: "edge-1",
        channel: Channel::Quake,
    };
    assert_eq!(edge.to_string(), "watchfire/v1/chile/edge-1/quake");
    let alert = Topic::Alert {
        deployment: "chile",
        mode: Mode::Exercise,
        event: "us2010tfan",
    };
    assert_eq!(
        alert.to_string(),
        "watchfire/v1/chile/alerts/exercise/us2010tfan"
    );
    let down: Vec<_> = Channel::ALL.iter().filter(|c| !c.is_up()).collect();
    assert_eq!(down, [&Channel::Ack, &Channel::Command]);
}

#[test]
fn topics_that_are_not_ours_say_why() {
    let cases = [
        ("", TopicError::Prefix),
        ("watchfire/v2/chile/e/batch", TopicError::Prefix),
        ("watchfire/v1", TopicError::Prefix),
        ("watchfire/v1/", TopicError::Levels),
        ("watchfire/v1/chile/e", TopicError::Levels),
        ("watchfire/v1/chile/e/batch/x", TopicError::Levels),
        ("watchfire/v1/chile/e/batch/x/y", TopicError::Levels),
        ("watchfire/v1//e/batch", TopicError::Id),
        ("watchfire/v1/chile/+/batch", TopicError::Id),
        ("watchfire/v1/chile/e/#", TopicError::Channel),
        ("watchfire/v1/chile/alerts/batch", TopicError::Mode),
        ("watchfire/v1/chile/alerts/actual", TopicError::Levels),
        ("watchfire/v1/chile/alerts/Actual/x", TopicError::Mode),
        ("watchfire/v1/chile/alerts/actual/a b", TopicError::Id),
    ];
    for (topic, error) in cases {
        assert_eq!(Topic::parse(topic), Err(error), "{topic}");
        assert!(!error.name().is_empty());
    }
}

#[test]
fn ids_are_short_plain_ascii() {
    assert!(is_id("a") && is_id("Dart_32412.v-1") && is_id(&"x".repeat(48)));
    for bad in ["", "a b", "a/b", "ñ", "a+", "#", "a\0", &"x".repeat(49)] {
        assert!(!is_id(bad), "{bad:?}");
    }
}

#[test]
fn acknowledgements_refuse_what_they_do_not_know() {
    let ack = Ack {
        outbox: u64::MAX,
        next: u64::MAX,
    };
    let mut out = [0; ack::MAX_BYTES];
    assert_eq!(ack.encode(Version::V2, &mut out), Ok(ack::MAX_BYTES));
    for length in 0..ack::MAX_BYTES {
        let refused = ack.encode(Version::V2, &mut [0; ack::MAX_BYTES][..length]);
        assert_eq!(refused, Err(AckError::OutputTooSmall), "{length}");
    }
    assert_eq!(Ack::decode(&out), Ok((Version::V2, ack)));
    assert_eq!(Ack::decode(&out[..20]), Err(AckError::Checksum));
    assert_eq!(Ack::decode(&[0xfe]), Err(AckError::Checksum));
    // Sealed well, and still no acknowledgement.
    let mut strange = [0xfe, 0, 0, 0, 0, 0, 0, 0];
    let seal = wire::checksum::seal(&strange[..4]);
    strange[4..].copy_from_slice(&seal);
    assert_eq!(Ack::decode(&strange), Err(AckError::Malformed));

    let length = ack.encode(Version::V1, &mut out).expect("fits");
    assert_eq!(Ack::decode(&out[..length]), Ok((Version::V1, ack)));
    assert_eq!(Ack::decode(&out[..length - 1]), Err(AckError::Malformed));
    assert_eq!(Ack::decode(&[1, 0, 0, 0]), Err(AckError::Malformed));
    assert_eq!(Ack::decode(&[2, 0, 0]), Err(AckError::Version(2)));
    assert_eq!(Ack::decode(&[]), Err(AckError::Malformed));
}

proptest! {
    #[test]
    fn topics_come_back(
        deployment in "[A-Za-z0-9._-]{1,48}",
        other in "[A-Za-z0-9._-]{1,48}",
        channel in proptest::sample::select(Channel::ALL),
        mode in proptest::sample::select(Mode::ALL),
    ) {
        prop_assume!(other != "alerts");
        let edge = Topic::Edge { deployment: &deployment, edge: &other, channel };
        let text = edge.to_string();
        prop_assert_eq!(Topic::parse(&text), Ok(edge));
        let alert = Topic::Alert { deployment: &deployment, mode, event: &other };
        let text = alert.to_string();
        prop_assert_eq!(Topic::parse(&text), Ok(alert));
    }

    #[test]
    fn any_text_is_a_topic_or_an_error(text in "(watchfire/v1/)?[a-z/+#]{0,40}") {
        if let Ok(topic) = Topic::parse(&text) {
            prop_assert_eq!(topic.to_string(), text);
        }
    }

    #[test]
    fn acknowledgements_come_back(outbox: u64, next: u64) {
        let ack = Ack { outbox, next };
        let mut out = [0; ack::MAX_BYTES];
        for version in [Version::V1, Version::V2] {
            let length = ack.encode(version, &mut out).expect("long enough");
            prop_assert_eq!(Ack::decode(&out[..length]), Ok((version, ack)));
        }
    }

    /// What an edge does with a cursor that was bent: nothing. One that became unchecked by the bend is none that it believes.
    #[test]
    fn a_bent_acknowledgement_frees_nothing(
        outbox: u64,
        next: u64,
        at: proptest::sample::Index,
        bends in prop::collection::vec(any::<u8>(), 1..6),
    ) {
        let mut out = [0; ack::MAX_BYTES];
        let length = Ack { outbox, next }.encode(Version::V2, &mut out).expect("long enough");
        let sent = out;
        let at = at.index(length);
        for (byte, bend) in out[at..length].iter_mut().zip(bends) {
            *byte ^= bend;
        }
        prop_assume!(out != sent);
        let believed = Ack::decode(&out[..length]).is_ok_and(|(version, _)| version == Version::V2);
        prop_assert!(!believed);
    }

    #[test]
    fn any_bytes_are_an_acknowledgement_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        let _ = Ack::decode(&bytes);
    }
}
