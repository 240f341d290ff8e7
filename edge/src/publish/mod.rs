//! From the outbox to the broker and back: what to send, the connection, the status document.
//!
//! Batches travel with QoS 0. The end-to-end acknowledgement is what counts: it covers the broker, the hub's intake and
//! its journal, where the broker's QoS 1 answer would cover only the first of them at the price of a second window,
//! broker memory and repeated delivery of what the edge repeats anyway. Findings, which nothing acknowledges end to end,
//! travel with QoS 1 and are kept on disk until the broker has confirmed them ([`findings`]); after a crash one may come
//! twice. A broker that dies with them loses them, and the hub's own detectors, which see every reading, are what that rests on.

pub mod connection;
pub mod findings;
pub mod publisher;
pub mod schedule;
pub mod status;
