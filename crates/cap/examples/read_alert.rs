//! Reads a CAP message from a file or standard input, says what it is and what is wrong with it.
//!
//! `cargo run -p cap --example read_alert -- message.xml`
//!
//! Exit code: 0 for a message without complaints, 1 for one with some, 2 for what is no message.

use std::io::Read;
use std::process::ExitCode;

fn main() -> ExitCode {
    let bytes = match std::env::args().nth(1) {
        Some(file) => std::fs::read(file),
        None => {
            let mut bytes = Vec::new();
            // One byte more than a message may have, so that the reader can say that it is too long.
            let most = cap::MAX_MESSAGE_BYTES as u64 + 1;
            std::io::stdin()
                .take(most)
                .read_to_end(&mut bytes)
                .map(|_| bytes)
        }
    };
    let bytes = match bytes {
        Ok(bytes) => bytes,
        Err(error) => {
            eprintln!("cannot be read: {error}");
            return ExitCode::from(2);
        }
    };
    let (alert, complaints) = match cap::read(&bytes) {
        Ok(read) => read,
        Err(error) => {
            eprintln!("no CAP message ({}): {error}", error.name());
            return ExitCode::from(2);
        }
    };
    println!(
        "{} {} {} from {}, sent {}",
        alert.status, alert.msg_type, alert.identifier, alert.sender, alert.sent
    );
    for reference in &alert.references {
        println!(
            "  follows {} of {}, sent {}",
            reference.identifier, reference.sender, reference.sent
        );
    }
    for info in &alert.infos {
        let headline = info.headline.as_deref().unwrap_or(&info.event);
        println!(
            "  [{}] {}/{}/{}: {headline}",
            info.language, info.urgency, info.severity, info.certainty
        );
        for area in &info.areas {
            let (polygons, circles) = (area.polygons.len(), area.circles.len());
            println!(
                "      {} ({polygons} polygons, {circles} circles)",
                area.description
            );
        }
    }
    for complaint in &complaints {
        println!("  but: {complaint}");
    }
    ExitCode::from(u8::from(!complaints.is_empty()))
}
