//! What real senders publish, and what the reader makes of each.

mod message;

use cap::{MsgType, Scope, Urgency, read};
use message::recorded;

/// File, number of infos, and `name at element` of every complaint, in order.
const READABLE: &[(&str, usize, &[&str])] = &[
    (
        "australia.cap",
        2,
        &[
            "empty at info[1]/parameter[6]/value",
            "empty at info[2]/parameter[6]/value",
            "one_info_per_language at info[2]",
        ],
    ),
    (
        "canada.cap",
        2,
        &[
            "blank at restriction",
            "blank at addresses",
            "blank at note",
            "blank at incidents",
            "blank at info[1]/contact",
            "blank at info[2]/contact",
        ],
    ),
    (
        "earthquake.cap",
        1,
        &[
            "namespace at alert",
            "circle_radius at info[1]/area[1]/circle[1]",
        ],
    ),
    (
        "invalid.cap",
        1,
        &["assumed at scope", "addresses at addresses"],
    ),
    (
        "noaa_errors.cap",
        1,
        &[
            "namespace at alert",
            "blank at references",
            "assumed at info[1]/urgency",
            "assumed at info[1]/severity",
            "assumed at info[1]/certainty",
            "read_as at info[1]/area[1]/polygon[1]",
            "blank at info[1]/area[1]/polygon[2]",
            "empty at info[1]/eventCode[1]/value",
            "empty at info[1]/parameter[1]/value",
            "empty at info[1]/parameter[4]/value",
        ],
    ),
    (
        "ntwc-2026-09-17-information-OUT-OF-ORDER.cap",
        1,
        &[
            "out_of_order at info[1]/parameter",
            "circle_radius at info[1]/area[1]/circle[1]",
        ],
    ),
    (
        "ntwc_cap12_information_2022-06-05.xml",
        1,
        &[
            "out_of_order at info[1]/eventCode",
            "circle_radius at info[1]/area[1]/circle[1]",
        ],
    ),
    ("wcatwc-2011-09-02-warning.cap", 1, &[]),
    ("wcatwc-warning.cap", 1, &[]),
    (
        "wcatwc-2013-01-05-update-is-cancellation.cap",
        1,
        &[
            "expires_after_sent at info[1]/expires",
            "circle_radius at info[1]/area[1]/circle[1]",
        ],
    ),
];

/// File and the name of the refusal.
const REFUSED: &[(&str, &str)] = &[
    ("earthquake_index.atom", "not_an_alert"),
    ("weather.atom", "not_an_alert"),
    ("ptwc-2025-07-31-observations-WEPA40.txt", "not_xml"),
    ("ptwc-2026-07-28-threat-WEPA40.txt", "not_xml"),
    ("xee.cap", "doctype"),
];

#[test]
fn samples_read_with_the_complaints_they_deserve() {
    let Some(folder) = recorded("cap/samples") else {
        return;
    };
    for (file, infos, expected) in READABLE {
        let (alert, complaints) = read(&std::fs::read(folder.join(file)).unwrap()).unwrap();
        let said: Vec<String> = complaints
            .iter()
            .map(|c| format!("{} at {}", c.problem.name(), c.element))
            .collect();
        assert_eq!(
            (alert.infos.len(), said),
            (*infos, expected.iter().map(|&s| s.to_owned()).collect()),
            "{file}"
        );
        // No complaint means that it may be written again, and reads the same.
        if complaints.is_empty() {
            assert_eq!(
                read(alert.to_xml().unwrap().as_bytes()).unwrap(),
                (alert, vec![]),
                "{file}"
            );
        }
    }
}

#[test]
fn samples_that_are_no_messages_are_refused() {
    let Some(folder) = recorded("cap/samples") else {
        return;
    };
    for (file, name) in REFUSED {
        let refusal = read(&std::fs::read(folder.join(file)).unwrap()).unwrap_err();
        assert_eq!(refusal.name(), *name, "{file}: {refusal}");
    }
}

#[test]
fn no_sample_is_without_expectation() {
    let Some(folder) = recorded("cap/samples") else {
        return;
    };
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let known = READABLE.iter().any(|(file, ..)| *file == name)
            || REFUSED.iter().any(|(file, _)| *file == name);
        assert!(known, "{name} has no expectation");
    }
}

/// NTWC ends a warning with an Update of urgency Past: a reader that only looks for Cancel misses it.
#[test]
fn the_update_that_is_a_cancellation_keeps_what_tells_it() {
    let Some(path) = recorded("cap/samples/wcatwc-2013-01-05-update-is-cancellation.cap") else {
        return;
    };
    let (alert, _) = read(&std::fs::read(path).unwrap()).unwrap();
    assert_eq!(alert.msg_type, MsgType::Update);
    assert_eq!(alert.infos[0].urgency, Urgency::Past);
    assert_eq!(alert.infos[0].event, "Tsunami Cancellation");
    let referred: Vec<&str> = alert
        .references
        .iter()
        .map(|r| r.identifier.as_str())
        .collect();
    assert_eq!(
        referred,
        ["PAAQ-1-mg5a94", "PAAQ-2-mg5a94", "PAAQ-3-mg5a94"]
    );
}

#[test]
fn the_out_of_order_message_loses_nothing() {
    let Some(path) = recorded("cap/samples/ntwc-2026-09-17-information-OUT-OF-ORDER.cap") else {
        return;
    };
    let (alert, _) = read(&std::fs::read(path).unwrap()).unwrap();
    let info = &alert.infos[0];
    assert_eq!(info.parameters.len(), 2);
    assert_eq!(info.parameters[1].value, "52.810,-171.341 0.000");
    let circle = info.areas[0].circles[0];
    assert_eq!(
        (
            circle.center.lat_deg(),
            circle.center.lon_deg(),
            circle.radius_km()
        ),
        (52.81, -171.341, 0.0)
    );
    assert_eq!(alert.scope, Scope::Public);
}

/// Sahana's export has `contact` before `web`.
#[test]
fn what_sahana_exports_reads() {
    let Some(path) = recorded("sahana/alert-export-roundtrip.cap") else {
        return;
    };
    let (alert, complaints) = read(&std::fs::read(path).unwrap()).unwrap();
    let said: Vec<&str> = complaints.iter().map(|c| c.problem.name()).collect();
    assert_eq!(said, ["out_of_order"]);
    assert_eq!(alert.infos[0].areas[0].polygons.len(), 2);
    // Once read, it can be written in order.
    alert.to_xml().unwrap();
}
