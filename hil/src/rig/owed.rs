//! What the edge owes a node: the rig keeps time still until it has been answered.
//!
//! Reads the frames that pass in both directions with the node's key. A frame that was damaged on its way asks for nothing.

use wire::frame::{Body, Key, MAX_FRAME, Receiver, open};

/// Open questions of a node.
pub struct Owed {
    key: Key,
    up: Box<Receiver<MAX_FRAME>>,
    down: Box<Receiver<MAX_FRAME>>,
    /// Everything below this number is to be acknowledged.
    acknowledged_to: Option<u64>,
    /// The time was asked for.
    time: Option<u64>,
    /// Something else that has an answer.
    other: bool,
    /// Answers that have come.
    pub answers: u64,
    /// Acknowledgements of samples or findings among them.
    pub acknowledgements: u64,
}

impl Owed {
    /// Nothing is owed to the node with this key.
    #[must_use]
    pub fn new(key: Key) -> Self {
        Self {
            key,
            up: Box::new(Receiver::new()),
            down: Box::new(Receiver::new()),
            acknowledged_to: None,
            time: None,
            other: false,
            answers: 0,
            acknowledgements: 0,
        }
    }

    /// Bytes went to the edge.
    pub fn sent(&mut self, bytes: &[u8]) {
        for byte in bytes {
            let Some(Ok(raw)) = self.up.push(*byte) else {
                continue;
            };
            let Ok(frame) = open(raw, &self.key) else {
                continue;
            };
            let to = match frame.body {
                Body::Birth { first_seq, .. } => first_seq,
                Body::Samples {
                    first_seq, samples, ..
                } => first_seq.saturating_add(samples.len() as u64),
                Body::Finding { seq, .. } => seq.saturating_add(1),
                Body::TimeRequest { t1_us } => {
                    self.time = Some(t1_us);
                    continue;
                }
                Body::UpdateState { .. } => {
                    self.other = true;
                    continue;
                }
                _ => continue,
            };
            self.acknowledged_to = self.acknowledged_to.max(Some(to));
        }
    }

    /// Bytes came from the edge.
    pub fn received(&mut self, bytes: &[u8]) {
        for byte in bytes {
            let Some(Ok(raw)) = self.down.push(*byte) else {
                continue;
            };
            let Ok(frame) = open(raw, &self.key) else {
                continue;
            };
            self.answers += 1;
            match frame.body {
                Body::Ack { next_seq, .. } => {
                    self.acknowledgements += 1;
                    self.acknowledged_to.take_if(|to| *to <= next_seq);
                }
                // It waits for something else than it was sent: the node has to speak first.
                Body::Gap { .. } => self.acknowledged_to = None,
                Body::TimeReply { t1_us, .. } => drop(self.time.take_if(|t1| *t1 == t1_us)),
                _ => self.other = false,
            }
        }
    }

    /// Whether everything has been answered.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.acknowledged_to.is_none() && self.time.is_none() && !self.other
    }

    /// Expects nothing any more.
    pub fn forget(&mut self) {
        self.acknowledged_to = None;
        self.time = None;
        self.other = false;
    }
}
