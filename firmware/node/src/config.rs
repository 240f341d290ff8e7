//! What a node is told when it starts. All times are microseconds on the node's monotonic clock.

use crate::delivery::Pace;
use crate::settings::Settings;
use signal::{threshold, tsunami};
use wire::frame::{Board, Image, Key, NodeKind, ResetCause};
use wire::quantity::Quantity;

/// Most quantities that one node watches with limits.
pub const MAX_WATCHES: usize = 4;

pub use signal::tsunami::METRES_PER_PASCAL;

/// Limits on one quantity.
#[derive(Clone, Copy, Debug)]
pub struct Watch {
    /// The quantity whose samples are watched.
    pub quantity: Quantity,
    /// The limits, in the quantity's unit.
    pub limits: threshold::Limits,
}

/// The tsunami detector on one quantity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TsunamiWatch {
    /// The quantity whose samples are watched: sea level or water pressure.
    pub quantity: Quantity,
    /// Metres of water per unit of it: 1 for sea level, [`METRES_PER_PASCAL`] for pressure.
    pub metres_per_unit: f64,
    /// The detector's settings.
    pub settings: tsunami::Settings,
}

/// Everything a node needs to know. Start from [`Config::new`] and change what differs.
#[derive(Clone)]
pub struct Config {
    /// Node number, unique within the deployment.
    pub node: u32,
    /// Boot number: the board counts it up in lasting memory **before** it starts the node. A boot number used twice
    /// repeats cipher nonces and sequence numbers.
    pub boot: u32,
    /// The secret shared with the edge.
    pub key: Key,
    /// Firmware version, major, minor, patch.
    pub firmware: [u8; 3],
    /// What the node measures.
    pub kind: NodeKind,
    /// Why it started.
    pub reset_cause: ResetCause,
    /// The hardware it runs on.
    pub board: Board,
    /// Whether the image that runs is there to stay.
    pub image: Image,
    /// Settings that can be read and written over the link, with their revision; `None` for a node that has none. Set by
    /// [`Config::use_settings`], together with what they decide.
    pub settings: Option<(u32, Settings)>,
    /// Speak only when polled: the line is shared with other nodes. Default false.
    pub shared_line: bool,
    /// The monotonic clock at the start; any value.
    pub start_us: u64,
    /// How long to wait for an acknowledgement before sending again; doubled per attempt. Default 500 ms.
    pub retry_us: u64,
    /// Limit of that doubling. Default 30 s.
    pub retry_max_us: u64,
    /// How long a sample may wait for others to share a frame, counted from its measurement. Default 1 s.
    pub max_hold_us: u64,
    /// Let samples wait also when the link is idle, to save energy; otherwise an idle link sends at once. Default false.
    pub hold_when_idle: bool,
    /// Most samples in flight without acknowledgement. Default 96: eight full frames, about 1.8 kB.
    pub window: u16,
    /// Time between clock exchanges; 0 for none. Default 64 s: a 20 ppm oscillator drifts 1.3 ms in it.
    pub time_request_us: u64,
    /// Time between health reports; 0 for none. Default 60 s.
    pub health_us: u64,
    /// How long rapid mode lasts after the last finding. Default 4 h, as the event mode of DART buoys.
    pub rapid_us: u64,
    /// Limits watched on the node itself.
    pub watches: heapless::Vec<Watch, MAX_WATCHES>,
    /// The tsunami detector on the node itself.
    pub tsunami: Option<TsunamiWatch>,
}

impl Config {
    /// A node with the documented defaults and no detection of its own.
    #[must_use]
    pub fn new(node: u32, boot: u32, key: Key) -> Self {
        Self {
            node,
            boot,
            key,
            firmware: FIRMWARE,
            kind: NodeKind::Unknown,
            reset_cause: ResetCause::Unknown,
            board: Board::Unknown,
            image: Image::Unknown,
            settings: None,
            shared_line: false,
            start_us: 0,
            retry_us: 500_000,
            retry_max_us: 30_000_000,
            max_hold_us: 1_000_000,
            hold_when_idle: false,
            window: 96,
            time_request_us: 64_000_000,
            health_us: 60_000_000,
            rapid_us: 4 * 3_600_000_000,
            watches: heapless::Vec::new(),
            tsunami: None,
        }
    }

    /// Puts settings in force: timing, line, kind, and the node's own detection.
    pub fn use_settings(&mut self, revision: u32, settings: Settings) {
        self.kind = settings.role.kind();
        self.max_hold_us = u64::from(settings.max_hold_ms) * 1_000;
        self.rapid_us = u64::from(settings.rapid_hold_s) * 1_000_000;
        self.health_us = u64::from(settings.health_s) * 1_000_000;
        self.time_request_us = u64::from(settings.time_request_s) * 1_000_000;
        self.shared_line = settings.shared_line;
        self.watches.clear();
        self.watches.extend(settings.watch());
        self.tsunami = settings.tsunami();
        self.settings = Some((revision, settings));
    }

    pub(crate) fn pace(&self) -> Pace {
        Pace {
            // A window of nothing would never send.
            window: usize::from(self.window).max(1),
            retry_us: self.retry_us.max(1),
            retry_max_us: self.retry_max_us,
            max_hold_us: self.max_hold_us,
            hold_when_idle: self.hold_when_idle,
        }
    }
}

/// This crate's version, as the node reports it.
const FIRMWARE: [u8; 3] = [
    number(env!("CARGO_PKG_VERSION_MAJOR")),
    number(env!("CARGO_PKG_VERSION_MINOR")),
    number(env!("CARGO_PKG_VERSION_PATCH")),
];

/// Decimal text to a byte, at compile time; a version part above 255 stops the build.
const fn number(text: &str) -> u8 {
    let digits = text.as_bytes();
    let (mut value, mut index) = (0u8, 0);
    while index < digits.len() {
        value = value * 10 + (digits[index] - b'0');
        index += 1;
    }
    value
}
