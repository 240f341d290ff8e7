//! The whole system around emulated nodes: firmware images on the bench, the real edge, the real hub, one virtual time for all.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use clock::Given;
use hil::fault::Fault;
use hil::rig::{
    Bench, Emulator, Error, Flash, Image, Machine, Pace, Provision, Wiring, settings_for,
};
use hil::script::{BuiltSensor, Model, Wired};
use hil::{Endpoint, fault};
use node::Settings;
use serde_json::Value;
use toml::Table;
use wire::document;
use wire::frame::Key;

use crate::mqtt::{Message, Subscriber};
use crate::program::Program;
use crate::recorded::repository;
use crate::running::{Hub, latest};
use crate::site::{At, EDGE, Site};
use crate::wait::until_true;

/// The images of a board, and the emulator to run them.
#[derive(Debug, Clone)]
pub struct Firmware {
    /// What runs them.
    pub emulator: Emulator,
    /// The bootloader.
    pub boot: Image,
    /// The application.
    pub application: Image,
}

impl Firmware {
    /// Finds the emulator and builds the images. `None`, with a word on what is skipped, when something is not installed.
    ///
    /// # Panics
    /// When the build fails, or an image lacks what the rig needs.
    pub fn find() -> Option<Self> {
        let emulator = match Emulator::find() {
            Ok(emulator) => emulator,
            Err(why @ (Error::Missing | Error::TooOld { .. })) => {
                println!("skipped: {why}");
                return None;
            }
            Err(why) => panic!("{why}"),
        };
        let folder = repository().join("target/firmware");
        let (boot, application) = (folder.join("h405-boot.elf"), folder.join("h405.elf"));
        // Cargo knows whether there is anything to do.
        let built = Command::new(env!("CARGO"))
            .args(["run", "--quiet", "--package", "xtask", "--", "firmware"])
            .current_dir(repository())
            .output()
            .expect("cargo starts");
        let said = String::from_utf8_lossy(&built.stdout).into_owned();
        assert!(
            built.status.success(),
            "{said}{}",
            String::from_utf8_lossy(&built.stderr)
        );
        if said.starts_with("skipped") {
            println!("{}", said.lines().next().unwrap_or_default());
            return None;
        }
        let read = |path: &Path| Image::read(path).unwrap_or_else(|why| panic!("{why}"));
        let this = Self {
            emulator,
            boot: read(&boot),
            application: read(&application),
        };
        let hooks = this.application.hooks;
        assert!(
            hooks.idle.is_some() && hooks.program.is_some() && hooks.erase.is_some(),
            "{hooks:?}: the image lacks where the rig steps in"
        );
        Some(this)
    }

    /// A board that is off, with this flash.
    pub fn machine(&self, flash: Flash) -> Machine {
        let images = vec![self.boot.clone(), self.application.clone()];
        Machine::new(self.emulator.clone(), Pace::Virtual, images, flash)
    }
}

/// A node's number, station and sensor.
#[derive(Debug, Clone)]
pub struct NodePlan {
    /// Number; its key follows from it.
    pub number: u32,
    /// Name by which scripts and faults know it.
    pub name: String,
    /// The station that it measures for.
    pub station: String,
    /// Its settings.
    pub settings: Settings,
}

impl NodePlan {
    /// A node for a sensor, with the defaults of what such a sensor is for.
    pub fn new(number: u32, name: &str, station: &str, model: Model) -> Self {
        Self {
            number,
            name: name.to_owned(),
            station: station.to_owned(),
            settings: settings_for(model),
        }
    }

    fn key(&self) -> [u8; 32] {
        let mut key = [0x5a; 32];
        key[..4].copy_from_slice(&self.number.to_le_bytes());
        key
    }

    fn key_hex(&self) -> String {
        self.key()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}

/// Hub, edge and bench.
pub struct Rigged {
    /// Where they live.
    pub site: Site,
    /// The hub.
    pub hub: Hub,
    /// The edge, unless it is down.
    pub edge: Option<Program>,
    /// The nodes.
    pub bench: Bench,
    plans: Vec<NodePlan>,
    port: u16,
    status: Subscriber,
    looked: Instant,
    /// Whether the hub can be expected to follow; not while the way to it is cut.
    pub follows: bool,
}

impl Rigged {
    /// Starts hub and edge at an instant of virtual time.
    ///
    /// # Panics
    /// When something does not start.
    pub fn start(config: Table, at: At, start_us: i64, plans: &[NodePlan]) -> Self {
        let mut site = Site::new(config, at);
        let time = Given::create(&site.path("time"), start_us).expect("a scratch file");
        site.clock = Some(time.description());
        let hub = site.hub();
        let port = hub.mqtt_port;
        let status = Subscriber::start(port, &site.topic(EDGE, "status"));
        let mut this = Self {
            site,
            hub,
            edge: None,
            bench: Bench::new(time),
            plans: plans.to_vec(),
            port,
            status,
            looked: Instant::now(),
            follows: true,
        };
        this.write_edge(port);
        this.start_edge();
        this
    }

    fn socket(&self) -> PathBuf {
        self.site.path("nodes.sock")
    }

    /// Writes the edge's configuration for a broker at `port`.
    pub fn write_edge(&self, port: u16) {
        let nodes: Vec<String> = self
            .plans
            .iter()
            .map(|plan| {
                format!(
                    "[[node]]\nid = {}\nstation = \"{}\"\nkey = \"{}\"\nsimulated = true\n",
                    plan.number,
                    plan.station,
                    plan.key_hex()
                )
            })
            .collect();
        let link = format!(
            "[[link]]\nkind = \"unix\"\nlisten = \"{}\"\n",
            self.socket().display()
        );
        self.site.write_edge(port, &(nodes.concat() + &link));
    }

    /// Starts the edge and waits until it listens.
    pub fn start_edge(&mut self) {
        let mut edge = self.site.edge();
        edge.until_said("that it runs", |said| {
            said.contains("started").then_some(())
        });
        self.edge = Some(edge);
    }

    /// Puts a node on the bench.
    ///
    /// # Panics
    /// When its flash cannot be composed.
    pub fn add(
        &mut self,
        firmware: &Firmware,
        plan: &NodePlan,
        sensor: Option<BuiltSensor>,
        faults: &[Fault],
        seed: u64,
    ) {
        let provision = Provision {
            node: plan.number,
            key: plan.key(),
            settings: Some(plan.settings),
            boots_used: 0,
        };
        let flash = provision
            .flash(Some(&firmware.boot), &firmware.application)
            .unwrap_or_else(|why| panic!("{why}"));
        let (mut serial, mut contact) = (None, None);
        match sensor.map(|sensor| sensor.wired) {
            Some(Wired::Serial { sensor, .. }) => serial = Some(sensor),
            Some(Wired::Contact(own)) => contact = Some(own),
            Some(Wired::I2c(_) | Wired::Spi(_)) => {
                panic!("{}: the emulator has no I2C and no SPI device", plan.name)
            }
            None => {}
        }
        self.bench.add(Wiring {
            name: plan.name.clone(),
            machine: firmware.machine(flash),
            serial,
            contact,
            edge: Endpoint::Unix(self.socket()),
            key: Key::new(plan.key()),
            faults,
            seed,
        });
    }

    /// Turns until all nodes have come to `until_us`, no faster than the hub can follow. `each` is called between turns.
    ///
    /// # Panics
    /// When an emulator fails, or the hub does not follow.
    pub fn play(&mut self, until_us: u64, mut each: impl FnMut(&mut Self)) {
        loop {
            match self.bench.turn(until_us) {
                Ok(true) => {}
                Ok(false) => return,
                Err(why) => panic!("at {} s: {why}", self.bench.now_us() / 1_000_000),
            }
            each(self);
            self.follow();
        }
    }

    /// Lets the wall's time pass while the hub is behind the edge: what it does not know yet, it cannot warn of. The edge tells once a
    /// second of the wall how much the hub has not confirmed.
    fn follow(&mut self) {
        const LOOK: Duration = Duration::from_millis(250);
        const MANY: u64 = 100;
        if !self.follows || self.edge.is_none() || self.looked.elapsed() < LOOK {
            return;
        }
        until_true("the hub has confirmed what the edge holds", || {
            let held = self.report()["outbox"]["depth"].as_u64();
            held.is_none_or(|held| held < MANY)
        });
        self.looked = Instant::now();
    }

    /// The edge's latest report that came whole; nothing before its first.
    pub fn report(&self) -> Value {
        let messages = self.status.messages();
        let whole = |m: &&Message| document::is_whole(&m.bytes) == Ok(true);
        let last = messages.iter().rev().find(whole);
        last.and_then(|m| serde_json::from_str(&m.payload).ok())
            .unwrap_or(Value::Null)
    }

    /// Waits until the hub has everything that the edge has.
    ///
    /// # Panics
    /// When that never happens.
    pub fn settle(&self) {
        let now_us = self.bench.utc_us(self.bench.now_us());
        until_true("the edge's outbox is empty at the hub", || {
            let report = self.report();
            let told_us = report["time"]
                .as_str()
                .and_then(|t| clock::parse_utc(t).ok());
            let is_new = told_us.is_some_and(|us| us >= now_us);
            is_new && report["outbox"]["depth"] == 0 && report["connected"] == true
        });
    }

    /// What the hub has last of a station's quantity: value and age in seconds of virtual time.
    pub fn latest(&self, station: &str, quantity: &str) -> Option<(f64, f64)> {
        let state = self.hub.state();
        let found = latest(&state, station, quantity)?;
        let time_us = found["time_us"].as_i64()?;
        let now_us = self.bench.utc_us(self.bench.now_us());
        Some((found["value"].as_f64()?, (now_us - time_us) as f64 / 1e6))
    }

    /// Waits until the hub has a reading of a station that is younger than `age_s`.
    ///
    /// # Panics
    /// When it never does.
    pub fn until_recent(&self, station: &str, quantity: &str, age_s: f64) {
        until_true(&format!("a recent {quantity} of {station}"), || {
            self.latest(station, quantity)
                .is_some_and(|(_, age)| age < age_s)
        });
    }

    /// The port of the broker.
    pub const fn port(&self) -> u16 {
        self.port
    }
}

/// Faults from their texts.
///
/// # Panics
/// When one is none.
pub fn faults(texts: &[&str]) -> Vec<fault::Fault> {
    texts
        .iter()
        .map(|text| text.parse().unwrap_or_else(|why| panic!("{text}: {why}")))
        .collect()
}
