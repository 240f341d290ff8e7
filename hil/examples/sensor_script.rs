//! Plays a serial sensor of a script against a poller and prints what goes over the line, with virtual times.
//!
//! For those who write a sensor script: nothing else is needed to see what a sensor says and what a fault makes of it.

use clap::Parser;
use hil::script::{Model, Script, Wired};
use hil::sensor::SerialSensor as _;
use hil::sensor::modbus::CRC;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

/// Plays a sensor of a script and prints the bytes of its line.
#[derive(Parser)]
struct Arguments {
    /// The script.
    script: PathBuf,
    /// Name of the sensor; the first without one.
    #[arg(long)]
    sensor: Option<String>,
    /// How often it is asked.
    #[arg(long, default_value = "15s", value_parser = settings::duration::parse)]
    every: Duration,
    /// Until when it is played.
    #[arg(long, default_value = "60s", value_parser = settings::duration::parse)]
    until: Duration,
}

fn main() -> ExitCode {
    match play(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("sensor_script: {why}");
            ExitCode::FAILURE
        }
    }
}

type Failure = Box<dyn std::error::Error>;

fn play(arguments: &Arguments) -> Result<(), Failure> {
    let script = Script::load(&arguments.script)?;
    let directory = arguments.script.parent().unwrap_or(Path::new("."));
    let mut sensors = script.build(directory)?;
    let wanted = |name: &str| {
        arguments
            .sensor
            .as_ref()
            .is_none_or(|sensor| sensor == name)
    };
    let chosen = sensors
        .iter_mut()
        .find(|sensor| wanted(&sensor.name))
        .ok_or("the script has no sensor of this name")?;
    let until_us = u64::try_from(arguments.until.as_micros())?;
    let every_us = u64::try_from(arguments.every.as_micros())?.max(1);
    let mut out = std::io::stdout().lock();
    let title = format!("{}: {} ({})", script.name, chosen.name, chosen.model.name());
    writeln!(out, "{title}")?;
    match &mut chosen.wired {
        Wired::Serial { sensor, .. } => {
            let (mut question_us, mut last_us) = (0, 0);
            let mut heard = Vec::new();
            loop {
                let next_us = sensor.next_us().unwrap_or(u64::MAX).min(question_us);
                if next_us > until_us {
                    return show(&mut out, last_us, "<-", &mut heard);
                }
                // What came without a pause is shown together, at the time of its last byte.
                if next_us > last_us + 5_000 || heard.ends_with(b"\n") {
                    show(&mut out, last_us, "<-", &mut heard)?;
                }
                let before = heard.len();
                sensor.transmit(next_us, &mut heard);
                if heard.len() > before {
                    last_us = next_us;
                }
                if next_us == question_us {
                    let mut question = question(chosen.model, question_us == 0);
                    sensor.receive(&question, next_us);
                    show(&mut out, next_us, "->", &mut question)?;
                    question_us += every_us;
                }
            }
        }
        Wired::Contact(contact) => {
            while let Some(edge) = contact.take_due(until_us) {
                let level = if edge.closed { "closed" } else { "open" };
                writeln!(out, "{} {level}", seconds(edge.time_us))?;
            }
            Ok(())
        }
        Wired::I2c(_) | Wired::Spi(_) => {
            Err("this sensor has no line to listen to: a driver has to read it".into())
        }
    }
}

/// Prints bytes, if there are any, and forgets them.
fn show(out: &mut impl Write, us: u64, arrow: &str, bytes: &mut Vec<u8>) -> Result<(), Failure> {
    if !bytes.is_empty() {
        writeln!(out, "{} {arrow} {}", seconds(us), bytes.escape_ascii())?;
        bytes.clear();
    }
    Ok(())
}

fn seconds(us: u64) -> String {
    format!("{:>6}.{:06} s", us / 1_000_000, us % 1_000_000)
}

/// What a node would ask.
fn question(model: Model, first: bool) -> Vec<u8> {
    let modbus = |request: &[u8]| {
        let mut frame = request.to_vec();
        frame.extend(CRC.checksum(request).to_le_bytes());
        frame
    };
    match model {
        Model::Digiquartz => b"*0100P3\r\n".to_vec(),
        Model::Ops243 if first => b"OJOTOM".to_vec(),
        Model::Sdm230 => modbus(&[1, 4, 0, 0, 0, 2]),
        Model::Sdm630 => modbus(&[2, 4, 0, 0, 0, 6]),
        Model::Pzem004t => modbus(&[0xF8, 4, 0, 0, 0, 10]),
        _ => Vec::new(),
    }
}
