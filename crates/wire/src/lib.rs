//! Every byte that crosses a wall: quantities, frames, batches, topics.
