//! A node without a ring of its own: writes the frames it is told to and reads the answers.

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use wire::frame::{Body, Direction, Header, MAX_FRAME, Receiver, Sample, Version, encode, open};
use wire::quantity::Quantity;

pub struct SimpleNode<S> {
    stream: S,
    receiver: Receiver<MAX_FRAME>,
    pub id: u32,
    pub boot: u32,
    pub counter: u32,
    /// Highest acknowledged number.
    pub acked: u64,
    pub gaps: u64,
}

impl<S: AsyncRead + AsyncWrite + Unpin> SimpleNode<S> {
    pub fn new(stream: S, id: u32, boot: u32) -> Self {
        Self {
            stream,
            receiver: Receiver::new(),
            id,
            boot,
            counter: 0,
            acked: 0,
            gaps: 0,
        }
    }

    pub fn encoded(&mut self, body: &Body, key: &wire::frame::Key) -> Vec<u8> {
        let header = Header {
            node: self.id,
            boot: self.boot,
            counter: self.counter,
            direction: Direction::Up,
        };
        self.counter += 1;
        let mut bytes = [0; MAX_FRAME];
        let length = encode(Version::V2, &header, body, key, &mut bytes).unwrap();
        bytes[..length].to_vec()
    }

    pub async fn write(&mut self, bytes: &[u8]) -> bool {
        self.stream.write_all(bytes).await.is_ok()
    }

    pub async fn send(&mut self, body: &Body) -> bool {
        let bytes = self.encoded(body, &super::key());
        self.write(&bytes).await
    }

    /// `count` sea levels, one a second from node time `first_seq` seconds on.
    pub async fn samples(&mut self, first_seq: u64, count: usize) -> bool {
        self.send(&samples(first_seq, count, 1.0)).await
    }

    /// The next answer, or nothing within `limit`.
    pub async fn answer(&mut self, limit: std::time::Duration) -> Option<Body> {
        tokio::time::timeout(limit, self.next())
            .await
            .ok()
            .flatten()
    }

    async fn next(&mut self) -> Option<Body> {
        loop {
            let byte = self.stream.read_u8().await.ok()?;
            if let Some(Ok(raw)) = self.receiver.push(byte) {
                let frame = open(raw, &super::key()).unwrap();
                // Answered in the version that this node speaks.
                assert_eq!(frame.version, Version::V2);
                let (header, body) = (frame.header, frame.body);
                assert_eq!((header.direction, header.node), (Direction::Down, self.id));
                match &body {
                    Body::Ack { boot, next_seq } if *boot == self.boot => {
                        self.acked = self.acked.max(*next_seq);
                    }
                    Body::Gap { .. } => self.gaps += 1,
                    _ => {}
                }
                return Some(body);
            }
        }
    }

    /// Reads answers until everything below `next_seq` is acknowledged.
    pub async fn until_acked(&mut self, next_seq: u64) {
        let started = std::time::Instant::now();
        while self.acked < next_seq {
            assert!(
                started.elapsed() < super::PATIENCE,
                "never acknowledged: {next_seq}, only {}",
                self.acked
            );
            let _ = self.answer(std::time::Duration::from_secs(1)).await;
        }
    }
}

pub fn samples(first_seq: u64, count: usize, value: f64) -> Body {
    Body::Samples {
        first_seq,
        quantity: Quantity::SeaLevel,
        start_us: first_seq * 1_000_000,
        samples: (0..count)
            .map(|index| Sample {
                dt_us: if index == 0 { 0 } else { 1_000_000 },
                value,
                quality: 0,
            })
            .collect(),
    }
}
