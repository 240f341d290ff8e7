//! Signs a CAP message and verifies one.
//!
//! `cargo run -p cap --features signature --example sign_alert -- sign KEY.pem CERTIFICATE.pem < alert.xml`
//! `cargo run -p cap --features signature --example sign_alert -- verify TRUSTED.pem 2026-06-01T00:00:00+00:00 < signed.xml`
//!
//! A key and a certificate of one's own, for a try:
//! `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 365 -subj /CN=me -addext keyUsage=digitalSignature
//! -keyout KEY.pem -out CERTIFICATE.pem`

use std::io::Read;

use cap::Time;
use cap::signature::{Signer, TrustList, verify};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let mut message = Vec::new();
    match arguments[..] {
        ["sign", key, certificate] => {
            let key = std::fs::read_to_string(key)?;
            let signer = Signer::from_pem(&key, &std::fs::read_to_string(certificate)?)?;
            std::io::stdin().read_to_end(&mut message)?;
            print!("{}", signer.sign(&String::from_utf8(message)?)?);
        }
        ["verify", trusted, at] => {
            let trusted = TrustList::from_pem(&std::fs::read_to_string(trusted)?)?;
            let at =
                Time::parse(at).ok_or("the time is not of the form 2026-06-01T00:00:00+00:00")?;
            std::io::stdin().read_to_end(&mut message)?;
            let verified = verify(&message, &trusted, at)?;
            let (alert, complaints) = verified.read()?;
            println!(
                "{} of {} signed by {}",
                alert.identifier,
                alert.sender,
                verified.subject()
            );
            for complaint in complaints {
                println!("but: {complaint}");
            }
        }
        _ => return Err("usage: sign_alert sign KEY CERTIFICATE | verify TRUSTED TIME".into()),
    }
    Ok(())
}
