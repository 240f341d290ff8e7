//! The bytes of written messages, and what the schema says about them.

mod message;

use cap::{MsgType, Status};
use message::{full, minutes, schema_complaints, small};

const GOLDEN: &str = include_str!("golden.xml");

#[test]
fn a_message_with_every_element_is_written_byte_for_byte() {
    assert_eq!(full().to_xml().unwrap(), GOLDEN.trim_end());
}

#[test]
fn the_golden_message_reads_back_without_complaint() {
    let (alert, complaints) = cap::read(GOLDEN.trim_end().as_bytes()).unwrap();
    assert_eq!(complaints, []);
    assert_eq!(alert, full());
}

/// Compact, no declaration, one namespace: the canonical form is the message itself.
#[test]
fn written_messages_are_canonical() {
    let xml = full().to_xml().unwrap();
    assert!(xml.starts_with(&format!("<alert xmlns=\"{}\"><identifier>", cap::NAMESPACE)));
    assert!(xml.ends_with("</info></alert>"));
    assert_eq!(xml.matches("xmlns").count(), 1);
    assert!(
        !xml.contains("><!")
            && !xml.contains("/>")
            && !xml.contains("> <")
            && !xml.contains(">\n<")
    );

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("alert.xml");
    std::fs::write(&path, &xml).unwrap();
    match std::process::Command::new("xmllint")
        .args(["--nonet", "--exc-c14n"])
        .arg(&path)
        .output()
    {
        Ok(answer) => assert_eq!(String::from_utf8(answer.stdout).unwrap(), xml),
        Err(_) => println!("skipped: canonical form (xmllint not found)"),
    }
}

#[test]
fn a_chain_of_messages_meets_the_schema() {
    let first = small();
    let mut update = first.follow("wf-2", minutes(30), MsgType::Update);
    update.infos = first.infos.clone();
    let cancel = update.follow("wf-3", minutes(60), MsgType::Cancel);
    assert_eq!(cancel.status, Status::Exercise);
    assert_eq!(cancel.references, [first.reference(), update.reference()]);

    let messages: Vec<String> = [first, update, cancel, full()]
        .iter()
        .map(|alert| alert.to_xml().unwrap())
        .collect();
    if let Some(complaints) = schema_complaints(&messages) {
        assert_eq!(complaints, "");
    }
}
