//! Other software: it accepts what we sign, and we accept what it signs.

mod message;

use std::process::{Command, Output};

use cap::signature::{Signer, verify};
use message::keys::{now, path, pem, signer, trust};
use message::{full, schema_complaints, small};

fn signed(file: &str) -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/signed/");
    std::fs::read_to_string(format!("{folder}{file}")).unwrap()
}

/// What a program answers; `None`, with a line that says so, where there is none.
fn answer(command: &mut Command) -> Option<Output> {
    let answer = command.output();
    if answer.is_err() {
        println!(
            "skipped: {} (not found)",
            command.get_program().to_string_lossy()
        );
    }
    answer.ok()
}

/// What `xmlsec1` says about a message at the time of the tests' certificates.
fn xmlsec1(message: &str, trusted: &str) -> Option<Result<(), String>> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("signed.xml");
    std::fs::write(&file, message).unwrap();
    let mut command = Command::new("xmlsec1");
    let time = "2026-06-01 00:00:00";
    command.args(["--verify", "--verification-gmt-time", time, "--trusted-pem"]);
    let answer = answer(command.arg(path(trusted)).arg(file))?;
    let said = String::from_utf8_lossy(&answer.stderr).into_owned();
    Some(answer.status.success().then_some(()).ok_or(said))
}

#[test]
fn xmlsec1_accepts_what_we_sign() {
    let xml = full().to_xml().unwrap();
    let chained = Signer::from_pem(&pem("chained.key.pem"), &pem("chain.pem")).unwrap();
    let mut messages = Vec::new();
    for signer in [signer("rsa"), signer("p256"), chained] {
        let signed = signer.sign(&xml).unwrap();
        let Some(accepts) = xmlsec1(&signed, "ca.crt.pem") else {
            return;
        };
        assert_eq!(accepts, Ok(()), "{signer:?}");
        assert!(xmlsec1(&signed, "other_ca.crt.pem").unwrap().is_err());
        let forged = signed.replace("Exercise", "Actual");
        assert!(xmlsec1(&forged, "ca.crt.pem").unwrap().is_err());
        messages.push(signed);
    }
    if let Some(complaints) = schema_complaints(&messages) {
        assert_eq!(complaints, "");
    }
}

/// Not canonical, with prefixes and instructions: we sign its canonical form.
#[test]
fn xmlsec1_accepts_what_we_sign_of_others() {
    let template = signed("template.xml");
    let (head, rest) = template.split_once("<ds:Signature ").unwrap();
    let (_, tail) = rest.split_once("</ds:Signature>").unwrap();
    let signed = signer("p256").sign(&format!("{head}{tail}")).unwrap();
    if let Some(accepts) = xmlsec1(&signed, "ca.crt.pem") {
        assert_eq!(accepts, Ok(()), "{signed}");
    }
}

/// Recorded, so that they are checked where the software is not installed (`tests/signed/README.md`).
#[test]
fn we_accept_what_others_signed() {
    for (file, identifier) in [
        ("xmlsec1-rsa.xml", "x-1"),
        ("xmlsec1-p256.xml", "x-1"),
        ("signxml-rsa.xml", "wf-1"),
        ("signxml-p256.xml", "wf-1"),
    ] {
        let message = signed(file);
        let verified = verify(message.as_bytes(), &trust(&["ca"]), now())
            .unwrap_or_else(|invalid| panic!("{file}: {invalid}"));
        assert_eq!(verified.read().unwrap().0.identifier, identifier);
        let forged = message.replace("Exercise", "Actual");
        assert_eq!(
            verify(forged.as_bytes(), &trust(&["ca"]), now())
                .unwrap_err()
                .name(),
            "changed"
        );
        // Line ends are no content.
        let dos = message.replace('\n', "\r\n");
        assert_eq!(
            verify(dos.as_bytes(), &trust(&["ca"]), now())
                .unwrap()
                .xml(),
            verified.xml()
        );
    }
}

#[test]
fn we_accept_what_xmlsec1_signs() {
    let template = signed("template.xml");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("template.xml");
    for (name, method) in [("rsa", "rsa-sha256"), ("p256", "ecdsa-sha256")] {
        for template in [
            template.clone(),
            template.replace('\n', ""),
            template.replace('\n', "\r\n"),
        ] {
            std::fs::write(&file, template.replace("rsa-sha256", method)).unwrap();
            let (key, certificate) = (
                path(&format!("{name}.key.pem")),
                path(&format!("{name}.crt.pem")),
            );
            let both = format!("{},{}", key.display(), certificate.display());
            let mut command = Command::new("xmlsec1");
            let Some(answer) = answer(command.args(["--sign", "--privkey-pem", &both]).arg(&file))
            else {
                return;
            };
            assert!(
                answer.status.success(),
                "{}",
                String::from_utf8_lossy(&answer.stderr)
            );
            let verified = verify(&answer.stdout, &trust(&["ca"]), now()).unwrap();
            assert_eq!(verified.read().unwrap().0.identifier, "x-1");
        }
    }
}

/// SHA-1, inclusive C14N or comments in the digest: what others still sign by default, and we name.
#[test]
fn weaker_signatures_of_xmlsec1_are_named() {
    let template = signed("template.xml");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("template.xml");
    let both = format!(
        "{},{}",
        path("rsa.key.pem").display(),
        path("rsa.crt.pem").display()
    );
    for (from, to) in [
        (
            "2001/04/xmldsig-more#rsa-sha256",
            "2000/09/xmldsig#rsa-sha1",
        ),
        ("2001/04/xmlenc#sha256", "2000/09/xmldsig#sha1"),
        ("2001/10/xml-exc-c14n#", "TR/2001/REC-xml-c14n-20010315"),
        ("2001/10/xml-exc-c14n#", "2001/10/xml-exc-c14n#WithComments"),
        ("rsa-sha256", "rsa-sha512"),
    ] {
        std::fs::write(&file, template.replace(from, to)).unwrap();
        let mut command = Command::new("xmlsec1");
        let Some(answer) = answer(command.args(["--sign", "--privkey-pem", &both]).arg(&file))
        else {
            return;
        };
        if !answer.status.success() {
            println!("skipped: {to} (this xmlsec1 does not sign it)");
            continue;
        }
        let invalid = verify(&answer.stdout, &trust(&["ca"]), now()).unwrap_err();
        assert_eq!(invalid.name(), "unsupported", "{to}: {invalid}");
    }
}

/// `WATCHFIRE_PYTHON` names a Python that has signxml, if `python3` has not.
#[test]
fn we_accept_what_signxml_signs() {
    let python = std::env::var_os("WATCHFIRE_PYTHON").unwrap_or_else(|| "python3".into());
    let there = Command::new(&python)
        .args(["-c", "import signxml"])
        .output();
    if !there.is_ok_and(|answer| answer.status.success()) {
        println!(
            "skipped: messages signed by signxml (no Python that has it; name one in WATCHFIRE_PYTHON)"
        );
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("message.xml");
    std::fs::write(&file, small().to_xml().unwrap()).unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/signed/with_signxml.py");
    for (name, method) in [("rsa", "rsa-sha256"), ("p256", "ecdsa-sha256")] {
        let mut command = Command::new(&python);
        command
            .arg(script)
            .arg(path(&format!("{name}.key.pem")))
            .arg(path(&format!("{name}.crt.pem")));
        let answer = command.arg(method).arg(&file).output().unwrap();
        assert!(
            answer.status.success(),
            "{}",
            String::from_utf8_lossy(&answer.stderr)
        );
        let verified = verify(&answer.stdout, &trust(&["ca"]), now()).unwrap();
        assert_eq!(verified.read().unwrap().0, small());
    }
}
