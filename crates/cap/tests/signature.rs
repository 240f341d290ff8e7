//! Signed messages: what is signed verifies, and nothing else does.

mod message;

use cap::signature::{Algorithm, Invalid, KeyError, SignError, Signer, verify};
use cap::{Alert, MsgType, Status, read};
use message::any::alert;
use message::keys::{at, now, pem, signer, trust};
use message::{full, small};
use proptest::prelude::*;

fn signed_by(name: &str) -> String {
    signer(name).sign(&small().to_xml().unwrap()).unwrap()
}

fn refusal(xml: &str, trusted: &[&str]) -> Invalid {
    verify(xml.as_bytes(), &trust(trusted), now()).expect_err("is refused")
}

#[test]
fn what_is_signed_verifies_and_reads_back() {
    let names = [
        ("rsa", Algorithm::RsaSha256),
        ("p256", Algorithm::EcdsaP256Sha256),
    ];
    for (name, algorithm) in names {
        let xml = full().to_xml().unwrap();
        let signed = signer(name).sign(&xml).unwrap();
        let (head, tail) = signed.split_once("<Signature").unwrap();
        assert_eq!(head, xml.strip_suffix("</alert>").unwrap());
        assert!(tail.ends_with("</Signature></alert>"));

        let verified = verify(signed.as_bytes(), &trust(&["other_ca", "ca"]), now()).unwrap();
        assert_eq!(verified.xml(), xml);
        assert_eq!(verified.algorithm(), algorithm);
        assert_eq!(verified.subject(), signer(name).subject());
        assert_eq!(verified.read().unwrap(), (full(), vec![]));
        // The unverified way in takes the same message, and says that nobody looked at the signature.
        let (alert, complaints) = read(signed.as_bytes()).unwrap();
        assert_eq!(alert, full());
        assert_eq!(complaints.len(), 1);
    }
}

/// No random numbers are taken, so a replay signs the same.
#[test]
fn the_same_message_gets_the_same_signature() {
    assert_eq!(signed_by("p256"), signed_by("p256"));
    assert_eq!(signed_by("rsa"), signed_by("rsa"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_message_signed_reads_back(alert in alert(), rsa in any::<bool>()) {
        let signed = signer(if rsa { "rsa" } else { "p256" }).sign(&alert.to_xml().unwrap()).unwrap();
        let verified = verify(signed.as_bytes(), &trust(&["ca"]), now()).unwrap();
        prop_assert_eq!(verified.read().unwrap(), (alert, vec![]));
    }
}

/// Every byte, three changes each and left out: refused, or the very message that was signed.
fn no_byte_can_be_changed(name: &str) {
    // The numbers of Knuth's MMIX generator; the state is the seed.
    let mut state = 20_100_227_u64;
    let mut random = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as u8
    };
    let trusted = trust(&["ca"]);
    let signed = signed_by(name).into_bytes();
    let content = verify(&signed, &trusted, now()).unwrap();
    let mut unnoticed = 0;
    for place in 0..signed.len() {
        let mut others = Vec::new();
        for change in [1 << (random() % 8), random() | 1, random() | 1] {
            let mut changed = signed.clone();
            changed[place] ^= change;
            others.push(changed);
        }
        let mut shorter = signed.clone();
        shorter.remove(place);
        others.push(shorter);
        for other in others {
            if let Ok(verified) = verify(&other, &trusted, now()) {
                assert_eq!(
                    verified,
                    content,
                    "byte {place}: {}",
                    String::from_utf8_lossy(&other)
                );
                unnoticed += 1;
            }
        }
    }
    // Another white space between attributes, another name for an element of KeyInfo that nothing asks for.
    println!(
        "{name}: {unnoticed} of {} changes left the canonical form as it was",
        signed.len() * 4
    );
    assert!(unnoticed < 30);
}

#[test]
fn no_byte_can_be_changed_under_ecdsa() {
    no_byte_can_be_changed("p256");
}

#[test]
fn no_byte_can_be_changed_under_rsa() {
    no_byte_can_be_changed("rsa");
}

#[test]
fn a_changed_message_is_told_from_a_bad_signature() {
    let signed = signed_by("p256");
    let forged = signed.replace("<status>Exercise", "<status>Actual");
    assert_eq!(refusal(&forged, &["ca"]), Invalid::Changed);
    let spaced = signed.replace("<status>", " <status>");
    assert_eq!(refusal(&spaced, &["ca"]), Invalid::Changed);
    assert!(
        verify(
            signed
                .replace("<status>", "<!-- no content --><status>")
                .as_bytes(),
            &trust(&["ca"]),
            now()
        )
        .is_ok()
    );

    // The digest made to fit a changed message: the signature is not over it.
    let mut other = small();
    other.status = Status::Actual;
    let other = signer("p256").sign(&other.to_xml().unwrap()).unwrap();
    let digest = |xml: &str| between(xml, "<DigestValue>", "</DigestValue>").to_owned();
    let value = |xml: &str| between(xml, "<SignatureValue>", "</SignatureValue>").to_owned();
    let forged = forged.replace(&digest(&signed), &digest(&other));
    assert_eq!(refusal(&forged, &["ca"]), Invalid::BadSignature);
    assert!(
        verify(
            forged.replace(&value(&signed), &value(&other)).as_bytes(),
            &trust(&["ca"]),
            now()
        )
        .is_ok()
    );

    // Somebody else's certificate under it.
    let certificate =
        |xml: &str| between(xml, "<X509Certificate>", "</X509Certificate>").to_owned();
    let swapped = signed.replace(&certificate(&signed), &certificate(&signed_by("rsa")));
    assert_eq!(refusal(&swapped, &["ca"]), Invalid::BadSignature);
    let swapped = signed.replace(&certificate(&signed), &certificate(&signed_by("alone")));
    assert_eq!(refusal(&swapped, &["ca", "alone"]), Invalid::BadSignature);
    // Padding of base64 and lengths of r and s leave no other spelling.
    for value in [
        value(&signed).replace("==", ""),
        format!("{}AAAA", value(&signed)),
        String::new(),
    ] {
        let other = signed.replace(
            &between(&signed, "<SignatureValue>", "</SignatureValue>"),
            &value,
        );
        assert!(
            verify(other.as_bytes(), &trust(&["ca"]), now()).is_err(),
            "{value}"
        );
    }
}

fn between(xml: &str, from: &str, to: &str) -> String {
    let (_, rest) = xml.split_once(from).unwrap();
    rest.split_once(to).unwrap().0.to_owned()
}

#[test]
fn an_unsigned_message_is_unsigned() {
    assert_eq!(
        refusal(&small().to_xml().unwrap(), &["ca"]),
        Invalid::Unsigned
    );
    // A namesake is none.
    let namesake = signed_by("p256").replace("http://www.w3.org/2000/09/xmldsig#\"", "urn:x\"");
    assert_eq!(refusal(&namesake, &["ca"]), Invalid::Unsigned);
    assert_eq!(refusal("<html/>", &["ca"]).name(), "document");
    assert_eq!(
        refusal("<!DOCTYPE alert><alert/>", &["ca"]).name(),
        "document"
    );
}

#[test]
fn only_who_is_trusted_is_believed() {
    let untrusted = |xml: &str, trusted: &[&str]| match refusal(xml, trusted) {
        Invalid::Untrusted { subject, why } => (subject, why),
        other => panic!("{other}"),
    };
    let signed = signed_by("p256");
    let (subject, why) = untrusted(&signed, &["other_ca"]);
    assert_eq!(subject, "CN=Watchfire test signer P-256");
    assert!(why.contains("neither"), "{why}");
    untrusted(&signed, &[]);
    untrusted(&signed, &["rsa"]);
    let (_, why) = untrusted(&signed, &["false_ca"]);
    assert!(why.contains("did not sign"), "{why}");
    // Two of a name: the right one is found.
    assert!(verify(signed.as_bytes(), &trust(&["false_ca", "ca"]), now()).is_ok());
    // The signer itself may be listed, with its own signature or another's.
    assert!(verify(signed.as_bytes(), &trust(&["p256"]), now()).is_ok());
    assert!(verify(signed_by("alone").as_bytes(), &trust(&["alone"]), now()).is_ok());
    untrusted(&signed_by("alone"), &["ca"]);
}

#[test]
fn certificates_are_valid_for_a_time() {
    let verify_at = |name: &str, trusted: &str, time: &str| {
        verify(signed_by(name).as_bytes(), &trust(&[trusted]), at(time))
    };
    let subject = "CN=Expired".to_owned();
    let end = at("2024-12-31T23:59:59-00:00");
    // Listed itself, to the second; the CA was not valid then.
    assert!(verify_at("expired", "expired", "2024-12-31T23:59:59+00:00").is_ok());
    let late = verify_at("expired", "expired", "2025-01-01T00:00:00+00:00").unwrap_err();
    assert_eq!(
        late,
        Invalid::Expired {
            subject: subject.clone(),
            at: end
        }
    );
    assert_eq!(
        refusal(&signed_by("expired"), &["ca"]),
        Invalid::Expired { subject, at: end }
    );
    let early = verify_at("early", "ca", "2039-12-31T23:59:59+00:00").unwrap_err();
    let begin = at("2040-01-01T00:00:00-00:00");
    assert_eq!(
        early,
        Invalid::NotYetValid {
            subject: "CN=Early".to_owned(),
            at: begin
        }
    );
    assert!(verify_at("early", "ca", "2040-01-01T00:00:00+00:00").is_ok());
    // The issuer's dates count too.
    let ca_early = verify_at("expired", "ca", "2024-06-01T00:00:00+00:00").unwrap_err();
    assert!(
        matches!(ca_early, Invalid::NotYetValid { subject, .. } if subject == "CN=Watchfire test CA")
    );
    assert_eq!(signer("expired").expires(), end);
}

#[test]
fn chains_are_followed_and_issuers_may_issue() {
    let chained = Signer::from_pem(&pem("chained.key.pem"), &pem("chain.pem")).unwrap();
    let whole = chained.sign(&small().to_xml().unwrap()).unwrap();
    assert!(verify(whole.as_bytes(), &trust(&["ca"]), now()).is_ok());
    assert!(verify(whole.as_bytes(), &trust(&["below"]), now()).is_ok());
    // Without the certificate between, nobody knows who issued it.
    let alone = signed_by("chained");
    assert!(
        matches!(refusal(&alone, &["ca"]), Invalid::Untrusted { subject, .. } if subject == "CN=Chained")
    );
    assert!(verify(alone.as_bytes(), &trust(&["below"]), now()).is_ok());

    // A signer that issues certificates, with its own between.
    let usurped = format!("{}{}", pem("usurped.crt.pem"), pem("p256.crt.pem"));
    let usurped = Signer::from_pem(&pem("usurped.key.pem"), &usurped).unwrap();
    let usurped = usurped.sign(&small().to_xml().unwrap()).unwrap();
    let no_ca = "its basic constraints do not make it a CA";
    let signer = "CN=Watchfire test signer P-256".to_owned();
    assert_eq!(
        refusal(&usurped, &["ca"]),
        Invalid::WrongUse {
            subject: signer.clone(),
            what: no_ca
        }
    );
    assert_eq!(
        refusal(&usurped, &["p256"]),
        Invalid::WrongUse {
            subject: signer,
            what: no_ca
        }
    );
    assert_eq!(
        refusal(&signed_by("by_no_issuer"), &["no_issuer"]).name(),
        "wrong_use"
    );
}

#[test]
fn certificates_serve_what_they_were_issued_for() {
    assert_eq!(refusal(&signed_by("server"), &["ca"]).name(), "wrong_use");
    // Whoever lists a certificate itself says what it is for.
    assert!(verify(signed_by("server").as_bytes(), &trust(&["server"]), now()).is_ok());
    let from = |name: &str| {
        Signer::from_pem(
            &pem(&format!("{name}.key.pem")),
            &pem(&format!("{name}.crt.pem")),
        )
        .unwrap_err()
    };
    assert!(matches!(
        from("agreement"),
        KeyError::Certificate(Invalid::WrongUse { .. })
    ));
    assert!(matches!(
        from("critical"),
        KeyError::Certificate(Invalid::BadCertificate { .. })
    ));
    assert!(matches!(
        refusal(&signed_by("sha1"), &["ca"]),
        Invalid::Unsupported { .. }
    ));
}

/// An issuer with a key that is not taken here goes along with many signers: it is in nobody's way.
#[test]
fn a_certificate_that_nobody_needs_may_be_unusable() {
    let signed = signed_by("p256");
    let base64 = |file: &str| {
        let lines = pem(file);
        let lines = lines.lines().filter(|line| !line.starts_with('-'));
        lines.collect::<String>()
    };
    let own = between(&signed, "<X509Certificate>", "</X509Certificate>");
    assert_eq!(own, base64("p256.crt.pem"));
    for (other, name) in [
        ("p384", "bad_certificate"),
        ("weak", "weak_key"),
        ("critical", "bad_certificate"),
    ] {
        let other = base64(&format!("{other}.crt.pem"));
        for both in [
            format!("{own}</X509Certificate><X509Certificate>{other}"),
            format!("{other}</X509Certificate><X509Certificate>{own}"),
        ] {
            assert!(
                verify(
                    signed.replace(&own, &both).as_bytes(),
                    &trust(&["ca"]),
                    now()
                )
                .is_ok()
            );
        }
        assert_eq!(
            refusal(&signed.replace(&own, &other), &["ca", "p256"]).name(),
            name
        );
    }
}

#[test]
fn keys_that_cannot_sign_say_why() {
    let from =
        |key: &str, certificate: &str| Signer::from_pem(key, certificate).unwrap_err().to_string();
    let (weak, p384) = (pem("weak.key.pem"), pem("p384.key.pem"));
    assert_eq!(
        from(&weak, &pem("weak.crt.pem")),
        "private key: has 1024 bits; at least 2048 are needed"
    );
    assert!(from(&p384, &pem("p384.crt.pem")).contains("P-256"));
    let good = pem("p256.key.pem");
    assert!(from(&good, &pem("weak.crt.pem")).contains("1024 bits"));
    assert_eq!(
        Signer::from_pem(&good, &pem("rsa.crt.pem")).unwrap_err(),
        KeyError::Mismatch
    );
    assert_eq!(
        Signer::from_pem(&good, &pem("ca.crt.pem")).unwrap_err(),
        KeyError::Mismatch
    );
    assert!(from(&good, "").contains("no -----BEGIN CERTIFICATE-----"));
    assert!(from("", "").contains("does not begin"));
    assert!(from(&good.replace("PRIVATE", "EC PRIVATE"), "").contains("openssl pkcs8"));
    assert!(from(&good.replace("PRIVATE", "ENCRYPTED PRIVATE"), "").contains("encrypted"));
    assert!(from(&good[..good.len() / 2], "").contains("damaged"));
    let shown = format!("{:?}", signer("p256"));
    assert_eq!(
        shown,
        "Signer { subject: \"CN=Watchfire test signer P-256\", algorithm: EcdsaP256Sha256, .. }"
    );
}

#[test]
fn what_cannot_be_signed_is_not() {
    let signer = signer("p256");
    assert_eq!(
        signer.sign(&signed_by("rsa")).unwrap_err(),
        SignError::AlreadySigned
    );
    assert!(matches!(
        signer.sign("<html/>"),
        Err(SignError::Document(_))
    ));
    assert!(matches!(
        signer.sign("<alert>"),
        Err(SignError::Document(_))
    ));
    let long = format!(
        "<alert>{}</alert>",
        "a".repeat(cap::MAX_MESSAGE_BYTES - 100)
    );
    assert!(matches!(signer.sign(&long), Err(SignError::Document(_))));
    // What is not canonical is made so: the message stays the same.
    let loose = small()
        .to_xml()
        .unwrap()
        .replace("<status>", "<!-- test -->\r\n<status  >");
    let loose = format!("<?xml version='1.0'?>\n<?style sheet?>{loose}\n<?end?><!-- end -->");
    let signed = signer.sign(&loose).unwrap();
    assert!(
        signed.starts_with("<?style sheet?>\n<alert xmlns")
            && signed.ends_with("</alert>\n<?end?>")
    );
    let verified = verify(signed.as_bytes(), &trust(&["ca"]), now()).unwrap();
    assert_eq!(verified.read().unwrap().0, small());
}

/// Each structure or algorithm that is not taken is refused by its name, before any of it is computed.
#[test]
fn weaker_signatures_are_refused_by_name() {
    let signed = signed_by("rsa");
    let exclusive = "http://www.w3.org/2001/10/xml-exc-c14n#";
    let reference = format!(
        "<Reference{}</Reference>",
        between(&signed, "<Reference", "</Reference>")
    );
    let key = between(&signed, "<X509Certificate>", "</X509Certificate>");
    for (from, to, said) in [
        (
            "2001/04/xmldsig-more#rsa-sha256",
            "2000/09/xmldsig#rsa-sha1",
            "xmldsig#rsa-sha1",
        ),
        (
            "2001/04/xmldsig-more#rsa-sha256",
            "2001/04/xmldsig-more#hmac-sha256",
            "hmac",
        ),
        (
            "2001/04/xmlenc#sha256",
            "2000/09/xmldsig#sha1",
            "xmldsig#sha1",
        ),
        (
            &*format!("<CanonicalizationMethod Algorithm=\"{exclusive}"),
            "<CanonicalizationMethod Algorithm=\"http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
            "REC-xml-c14n",
        ),
        (
            &format!("<Transform Algorithm=\"{exclusive}"),
            &format!("<Transform Algorithm=\"{exclusive}WithComments"),
            "WithComments",
        ),
        (
            "http://www.w3.org/2000/09/xmldsig#enveloped-signature",
            "http://www.w3.org/TR/1999/REC-xpath-19991116",
            "xpath",
        ),
        (
            "</Transforms>",
            "<Transform Algorithm=\"urn:x\"/></Transforms>",
            "transforms",
        ),
        (
            &format!("<Transform Algorithm=\"{exclusive}\">"),
            &format!(
                "<Transform Algorithm=\"{exclusive}\"><InclusiveNamespaces xmlns=\"{exclusive}\" PrefixList=\"x\"/>"
            ),
            "parameter",
        ),
        (
            &reference,
            &format!("{reference}{reference}"),
            "2 references",
        ),
        (&reference, "", "content of <SignedInfo>"),
        ("<Reference URI=\"\">", "<Reference>", "without URI"),
        (
            "<Reference URI=\"\">",
            "<Reference Type=\"http://www.w3.org/2000/09/xmldsig#Manifest\" URI=\"\">",
            "Type",
        ),
        (
            "</KeyInfo>",
            "</KeyInfo><Object>x</Object>",
            "content of <Signature>",
        ),
        ("<SignedInfo>", "text<SignedInfo>", "content of <Signature>"),
        ("<DigestValue>", "<DigestValue>*", "not base64"),
        (
            "<X509Certificate>",
            &format!(
                "{}<X509Certificate>",
                format!("<X509Certificate>{key}</X509Certificate>").repeat(8)
            ),
            "more than 8",
        ),
    ] {
        assert!(signed.contains(from), "{from}");
        match refusal(&signed.replace(from, to), &["ca"]) {
            Invalid::Unsupported { what } => assert!(what.contains(said), "{said}: {what}"),
            other => panic!("{said}: {other}"),
        }
    }
    for part in ["#wf-1", "http://example.org/alert.xml", "#xpointer(/)"] {
        let partial = signed.replace("URI=\"\"", &format!("URI=\"{part}\""));
        assert_eq!(
            refusal(&partial, &["ca"]),
            Invalid::PartialReference {
                uri: part.to_owned()
            }
        );
    }
    let garbled = signed.replace(&key, &key.replace("MII", "MIJ"));
    assert_eq!(refusal(&garbled, &["ca"]).name(), "bad_certificate");
}

#[test]
fn a_message_without_certificate_is_held_against_the_list() {
    let signed = signed_by("p256");
    let (head, rest) = signed.split_once("<KeyInfo>").unwrap();
    let (keys, tail) = rest.split_once("</KeyInfo>").unwrap();
    let without = format!("{head}{tail}");
    let verified = verify(without.as_bytes(), &trust(&["ca", "rsa", "p256"]), now()).unwrap();
    assert_eq!(verified.subject(), "CN=Watchfire test signer P-256");
    assert_eq!(refusal(&without, &["ca"]), Invalid::NoCertificate);
    // A name is no certificate.
    let named = format!("{head}<KeyInfo><KeyName>p256</KeyName></KeyInfo>{tail}");
    assert_eq!(refusal(&named, &["ca"]), Invalid::NoCertificate);
    // Hints beside it are not needed, wherever they stand.
    let hinted = format!("{head}<KeyInfo><KeyName>x</KeyName>{keys}</KeyInfo>{tail}");
    assert!(verify(hinted.as_bytes(), &trust(&["ca"]), now()).is_ok());
}

/// Signed messages inside forged ones: whatever verifies is what was signed.
#[test]
fn wrapped_signatures_do_not_verify_anything_else() {
    let signed = signed_by("p256");
    let mut forged = small();
    forged.status = Status::Actual;
    forged.msg_type = MsgType::Alert;
    let forged = forged.to_xml().unwrap();
    let (body, _) = forged.rsplit_once("</alert>").unwrap();
    let signature = format!(
        "<Signature{}</Signature>",
        between(&signed, "<Signature", "</Signature>")
    );

    // The whole signed message as a child.
    let whole = format!("{body}{signed}</alert>");
    assert_eq!(
        refusal(&whole, &["ca"]),
        Invalid::Misplaced {
            parent: "alert".to_owned()
        }
    );
    let hidden = format!("{body}<x xmlns=\"urn:x\">{signed}</x></alert>");
    assert_eq!(
        refusal(&hidden, &["ca"]),
        Invalid::Misplaced {
            parent: "alert".to_owned()
        }
    );
    // Its signature under the forged root, the signed message beside it or within.
    let original = small().to_xml().unwrap();
    assert_eq!(
        refusal(&format!("{body}{original}{signature}</alert>"), &["ca"]),
        Invalid::Changed
    );
    let object = signature.replace(
        "</Signature>",
        &format!("<Object>{original}</Object></Signature>"),
    );
    assert_eq!(
        refusal(&format!("{body}{object}</alert>"), &["ca"]).name(),
        "unsupported"
    );
    // Signed twice, by one that is trusted and one that is not.
    let (head, _) = signed.rsplit_once("</alert>").unwrap();
    let twice = format!("{head}{signature}</alert>");
    assert_eq!(
        refusal(&twice, &["ca"]),
        Invalid::SeveralSignatures { count: 2 }
    );
    // A message in the place that does not count: it verifies, and it is not in what is handed back.
    let inside = signed.replace("<X509Data>", &format!("<X509Data>{forged}"));
    let verified = verify(inside.as_bytes(), &trust(&["ca"]), now()).unwrap();
    assert_eq!(verified.xml(), original);
    let alerts: Vec<Alert> = vec![verified.read().unwrap().0];
    assert_eq!(alerts, [small()]);
    // The signature somewhere else below the root is the same message.
    let moved = signed
        .replace(&signature, "")
        .replace("<info>", &format!("{signature}<info>"));
    assert_eq!(
        verify(moved.as_bytes(), &trust(&["ca"]), now())
            .unwrap()
            .xml(),
        original
    );
}
