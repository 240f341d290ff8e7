//! A board on the host: the node's own logic and its storage over a model of flash, on any stream.

use std::time::{Duration, Instant};

use node::{Config, Node, Settings, UpdateTarget};
use store::model::FlashModel;
use store::{Identity, SECTOR_BYTES, SECTORS, Store};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::task::JoinHandle;
use wire::frame::{Image, Key, MAX_FRAME, ResetCause};
use wire::quality::Quality;
use wire::quantity::Quantity;

type Flash = FlashModel<4, SECTOR_BYTES>;

/// Storage and node.
pub struct Board {
    store: Store<Flash>,
    node: Box<Node<256>>,
    started: Instant,
}

impl Board {
    /// Powers a board up whose storage holds `memory`.
    pub fn from_memory(memory: &[u8]) -> Self {
        let mut flash = Flash::new(&[SECTOR_BYTES; SECTORS]);
        flash.bytes_mut().copy_from_slice(memory);
        Self::power_up(flash, [0, 1, 0], Image::Confirmed)
    }

    /// Powers up a new board with this key.
    pub fn new(node: u32, key: [u8; 32], settings: &Settings) -> Self {
        let memory = store::factory_image(&store::Factory {
            identity: Identity { node, key },
            settings: Some((1, &settings.to_bytes(1))),
            boots_used: 0,
        });
        Self::from_memory(&memory.unwrap())
    }

    fn power_up(flash: Flash, firmware: [u8; 3], image: Image) -> Self {
        // The model never waits.
        let (store, boot) = embassy_futures::block_on(async {
            let mut store = Store::open(flash, 0).await.unwrap();
            let boot = store.next_boot().await.unwrap();
            (store, boot)
        });
        let identity = store.identity().unwrap();
        let mut config = Config::new(identity.node, boot, Key::new(identity.key));
        config.reset_cause = ResetCause::PowerOn;
        config.board = wire::frame::Board::Host;
        (config.firmware, config.image) = (firmware, image);
        if let Some((revision, bytes)) = store.settings() {
            let (_, settings) = Settings::from_bytes(bytes).unwrap();
            config.use_settings(revision, settings);
        }
        Self {
            store,
            node: Box::new(Node::new(config).unwrap()),
            started: Instant::now(),
        }
    }

    /// Restarts into another image.
    pub fn restart(self, firmware: [u8; 3], image: Image) -> Self {
        Self::power_up(self.store.close(), firmware, image)
    }

    pub fn boot(&self) -> u32 {
        self.store.last_boot()
    }

    pub fn identity(&self) -> Identity {
        self.store.identity().unwrap()
    }

    pub fn settings(&self) -> Option<(u32, Settings)> {
        let (revision, bytes) = self.store.settings()?;
        Some((revision, Settings::from_bytes(bytes)?.1))
    }

    /// Runs it on a line for good.
    pub fn run<S>(mut self, stream: S) -> JoinHandle<()>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        tokio::spawn(async move {
            self.speak(stream, &mut Nowhere).await;
        })
    }

    /// Runs it on a line until the line ends, or an image waits to be started.
    pub async fn speak<S>(&mut self, stream: S, target: &mut impl UpdateTarget)
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let (mut incoming, mut outgoing) = tokio::io::split(stream);
        let mut buffer = [0; 512];
        let mut out = [0; MAX_FRAME];
        let mut sampled_us = 0;
        let now = |started: Instant| started.elapsed().as_micros() as u64;
        while !self.node.wants_restart() {
            let now_us = now(self.started);
            if now_us >= sampled_us {
                sampled_us = now_us + self.node.interval_us(now_us);
                self.node
                    .sample(now_us, Quantity::Voltage, 230.0, Quality::GOOD);
            }
            if let Some(proposal) = self.node.take_settings() {
                let bytes = proposal.settings.to_bytes(proposal.revision);
                let stored = self.store.set_settings(proposal.revision, &bytes);
                let stored = embassy_futures::block_on(stored).is_ok();
                self.node.settings_stored(stored);
            }
            while self.node.update(target, now_us) {}
            let length = self.node.poll(now_us, &mut out);
            if length > 0 {
                if outgoing.write_all(&out[..length]).await.is_err() {
                    return;
                }
                continue;
            }
            tokio::select! {
                read = incoming.read(&mut buffer) => match read {
                    Ok(0) | Err(_) => return,
                    Ok(length) => for &byte in &buffer[..length] {
                        self.node.receive(byte, now(self.started));
                    },
                },
                () = tokio::time::sleep(Duration::from_millis(10)) => {}
            }
        }
    }
}

/// A board without room for another image.
pub struct Nowhere;

impl UpdateTarget for Nowhere {
    fn begin(&mut self, _: &node::Offer) -> Result<u32, node::UpdateError> {
        Err(node::UpdateError::NoRoom)
    }

    fn write(&mut self, _: u32, _: &[u8]) -> Result<(), node::UpdateError> {
        Err(node::UpdateError::NoRoom)
    }

    fn finish(&mut self) -> Result<(), node::UpdateError> {
        Err(node::UpdateError::NoRoom)
    }
}
