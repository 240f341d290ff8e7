//! The edge agent: links, outbox, publishing.
