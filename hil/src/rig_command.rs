//! The command `rig`: a firmware image in the emulator, or a board on a serial port, with virtual sensors.

use clock::{Clock, Given};
use hil::Endpoint;
use hil::fault::Channel;
use hil::rig::{
    Bench, Emulator, Error as RigError, Image, Machine, Pace, Provision, Wiring, settings_of,
};
use hil::script::{BuildError, BuiltSensor, Script, Wired};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;
use wire::frame::Key;

/// Arguments of `watchfire-hil rig`.
#[derive(clap::Args)]
#[command(after_help = "\
With --time the emulated node runs in virtual time, hundreds of times faster than the wall's, and gives that time to a file; start edge
and hub with WATCHFIRE_CLOCK=file:FILE before the rig's first sample is due. Without it the node runs in real time.

Exit codes: 0 the script is over; 1 an error; 2 wrong usage.

Examples:
  watchfire-hil rig --image target/firmware/h405.elf --boot target/firmware/h405-boot.elf --node 7 --key-file node7.key \\
    --script hil/scripts/maule.toml --link unix:/run/watchfire/nodes.sock --time /run/watchfire/time
  watchfire-hil rig --serial /dev/ttyUSB0 --script hil/scripts/maule.toml --sensor deep")]
pub struct Rig {
    /// Firmware image, an ELF file.
    #[arg(
        long,
        value_name = "ELF",
        required_unless_present = "serial",
        conflicts_with = "serial"
    )]
    image: Option<PathBuf>,
    /// Its bootloader. Without one the image starts as if a bootloader had jumped to it.
    #[arg(long, value_name = "ELF")]
    boot: Option<PathBuf>,
    /// Node number, as the edge's configuration has it.
    #[arg(long, value_name = "N", default_value_t = 1)]
    node: u32,
    /// The node's secret, 64 hexadecimal digits. Others on this machine can see it; prefer the variable or a file.
    #[arg(
        long,
        value_name = "HEX",
        env = "WATCHFIRE_NODE_KEY",
        hide_env_values = true
    )]
    key: Option<String>,
    /// File that holds the secret.
    #[arg(long, value_name = "FILE", conflicts_with = "key")]
    key_file: Option<PathBuf>,
    /// Boot numbers that the node has used up: a node that was on the bench before needs a higher number each time.
    #[arg(long, value_name = "N", default_value_t = 0)]
    boots_used: u32,
    /// Sensor script, see hil/scripts/README.md.
    #[arg(long, value_name = "FILE")]
    script: PathBuf,
    /// Which sensor of the script; needed when it has several.
    #[arg(long, value_name = "NAME")]
    sensor: Option<String>,
    /// Where the edge listens for nodes: tcp:HOST:PORT or unix:PATH.
    #[arg(long, value_name = "ENDPOINT", required_unless_present = "serial")]
    link: Option<Endpoint>,
    /// Seed of all chances, instead of the script's.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Run in virtual time, and give it to this file.
    #[arg(long, value_name = "FILE", conflicts_with = "serial")]
    time: Option<PathBuf>,
    /// Virtual instant at which the script begins, for example 2010-02-27T06:24:11Z; now without it.
    #[arg(long, value_name = "TIME", requires = "time")]
    start: Option<String>,
    /// Largest pace in virtual time, virtual seconds a second: edge and hub must keep up.
    #[arg(long, value_name = "PACE", default_value_t = 500.0, requires = "time")]
    speed: f64,
    /// A board instead of the emulator: the serial port that is wired to its sensor port. Its link goes to the edge by itself.
    #[arg(long, value_name = "DEVICE")]
    serial: Option<String>,
}

/// Why the rig did not work.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Script(#[from] settings::Error),
    #[error(transparent)]
    Build(#[from] BuildError),
    #[error("the script has {0}; say which one with --sensor NAME")]
    Which(String),
    #[error("sensor {name:?} is on {line}; {why}")]
    Wired {
        name: String,
        line: &'static str,
        why: &'static str,
    },
    #[error("a key is needed: --key-file FILE or WATCHFIRE_NODE_KEY, 64 hexadecimal digits")]
    Key,
    #[error("{path}: {source}")]
    File { path: String, source: io::Error },
    #[error("the pace must be above 0")]
    Pace,
    #[error(transparent)]
    Time(#[from] clock::Error),
    #[error(transparent)]
    Rig(#[from] RigError),
    #[error("serial port {device}: {reason}")]
    Serial { device: String, reason: String },
}

impl Rig {
    /// Plays the script to its end.
    pub fn run(self) -> Result<(), Error> {
        let mut script = Script::load(&self.script)?;
        if let Some(seed) = self.seed {
            script.seed = seed;
        }
        for fault in &script.faults {
            if matches!(fault.channel, Channel::Edge | Channel::Broker) {
                eprintln!(
                    "watchfire-hil: left out: {fault}: this program starts neither edge nor broker (the tests of the package scenarios do)"
                );
            }
        }
        let directory = self.script.parent().unwrap_or(Path::new(".")).to_owned();
        let sensor = self.choose(script.build(&directory)?)?;
        match &self.serial {
            Some(device) => self.board(device, sensor, script.length_us),
            None => self.emulated(&script, sensor),
        }
    }

    fn choose(&self, sensors: Vec<BuiltSensor>) -> Result<BuiltSensor, Error> {
        let names: Vec<String> = sensors.iter().map(|sensor| sensor.name.clone()).collect();
        let mut fitting = sensors
            .into_iter()
            .filter(|sensor| self.sensor.as_ref().is_none_or(|name| *name == sensor.name));
        match (fitting.next(), fitting.next()) {
            (Some(sensor), None) => Ok(sensor),
            _ => Err(Error::Which(names.join(", "))),
        }
    }

    fn emulated(&self, script: &Script, sensor: BuiltSensor) -> Result<(), Error> {
        let (Some(image), Some(edge)) = (&self.image, &self.link) else {
            return Err(Error::Key);
        };
        let emulator = Emulator::find()?;
        eprintln!("{}", emulator.version);
        let application = Image::read(image)?;
        let boot = self.boot.as_deref().map(Image::read).transpose()?;
        let key = self.secret()?;
        let name = sensor.node.clone();
        let provision = Provision {
            node: self.node,
            key,
            settings: Some(settings_of(&sensor)),
            boots_used: self.boots_used,
        };
        let flash = provision.flash(boot.as_ref(), &application)?;
        let pace = match self.time {
            Some(_) => Pace::Virtual,
            None => Pace::Real,
        };
        let images = boot.into_iter().chain([application]).collect();
        let (mut serial, mut contact) = (None, None);
        match sensor.wired {
            Wired::Serial { sensor, .. } => serial = Some(sensor),
            Wired::Contact(own) => contact = Some(own),
            Wired::I2c(_) => return Err(unwired(sensor.name, "I2C")),
            Wired::Spi(_) => return Err(unwired(sensor.name, "SPI")),
        }
        let mut bench = match &self.time {
            Some(path) => Bench::new(self.give(path)?),
            None => Bench::real_time(),
        };
        bench.add(Wiring {
            name,
            machine: Machine::new(emulator, pace, images, flash),
            serial,
            contact,
            edge: edge.clone(),
            key: Key::new(key),
            faults: &script.faults,
            seed: script.seed,
        });
        self.play(&mut bench, script)
    }

    fn play(&self, bench: &mut Bench, script: &Script) -> Result<(), Error> {
        const TOLD_US: u64 = 3_600_000_000;
        if self.speed.is_nan() || self.speed <= 0.0 {
            return Err(Error::Pace);
        }
        let begun = std::time::Instant::now();
        let mut told_us = 0;
        while bench.turn(script.length_us)? {
            let now_us = bench.now_us();
            if self.time.is_some() {
                let wall = Duration::from_secs_f64(now_us as f64 / 1e6 / self.speed);
                std::thread::sleep(wall.saturating_sub(begun.elapsed()));
            }
            if now_us >= told_us + TOLD_US {
                told_us = now_us;
                say(bench, begun.elapsed());
            }
        }
        say(bench, begun.elapsed());
        Ok(())
    }

    fn give(&self, path: &Path) -> Result<Given, Error> {
        let start_us = match &self.start {
            Some(text) => clock::parse_utc(text)?,
            None => Clock::System.now_us(),
        };
        let given = Given::create(path, start_us).map_err(|source| Error::File {
            path: path.display().to_string(),
            source,
        })?;
        eprintln!(
            "time is given: WATCHFIRE_CLOCK={} for edge and hub",
            given.description()
        );
        Ok(given)
    }

    fn secret(&self) -> Result<[u8; 32], Error> {
        let text = match (&self.key, &self.key_file) {
            (_, Some(path)) => std::fs::read_to_string(path).map_err(|source| Error::File {
                path: path.display().to_string(),
                source,
            })?,
            (Some(text), None) => text.clone(),
            (None, None) => return Err(Error::Key),
        };
        let digits = text.trim().as_bytes();
        let mut key = [0; 32];
        if digits.len() != 64 {
            return Err(Error::Key);
        }
        for (byte, pair) in key.iter_mut().zip(digits.chunks(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| Error::Key)?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| Error::Key)?;
        }
        Ok(key)
    }

    /// Plays a sensor into a real board's sensor port, in real time.
    fn board(&self, device: &str, sensor: BuiltSensor, length_us: u64) -> Result<(), Error> {
        const LOOK: Duration = Duration::from_millis(2);
        let Wired::Serial { pace, mut sensor } = sensor.wired else {
            return Err(Error::Wired {
                name: sensor.name,
                line: "no serial line",
                why: "wire the real one to the board",
            });
        };
        let refused = |reason: String| Error::Serial {
            device: device.to_owned(),
            reason,
        };
        let mut port = serialport::new(device, pace.baud)
            .timeout(LOOK)
            .open()
            .map_err(|e| refused(e.to_string()))?;
        eprintln!("{device} at {} baud", pace.baud);
        let begun = std::time::Instant::now();
        let mut bytes = [0; 256];
        let mut out = Vec::new();
        let (mut heard, mut said) = (0, 0);
        loop {
            let now_us = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
            if now_us >= length_us {
                break;
            }
            match port.read(&mut bytes) {
                Ok(length) => {
                    heard += length;
                    sensor.receive(bytes.get(..length).unwrap_or_default(), now_us);
                }
                Err(e) if e.kind() == io::ErrorKind::TimedOut => {}
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(refused(e.to_string())),
            }
            out.clear();
            sensor.transmit(now_us, &mut out);
            port.write_all(&out).map_err(|e| refused(e.to_string()))?;
            said += out.len();
        }
        println!("{heard} bytes heard, {said} said");
        Ok(())
    }
}

fn unwired(name: String, line: &'static str) -> Error {
    Error::Wired {
        name,
        line,
        why: "the emulated board has no such bus",
    }
}

fn say(bench: &Bench, wall: Duration) {
    for node in bench.nodes() {
        let link = node.link();
        println!(
            "{}: {} s in {:.0} s; {} starts, {} resets by itself; the edge answered {} times, left {} questions open, {} connections broke",
            node.name(),
            bench.now_us() / 1_000_000,
            wall.as_secs_f64(),
            node.starts(),
            node.resets(),
            node.answers(),
            link.unanswered,
            link.broken,
        );
    }
}
