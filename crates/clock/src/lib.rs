//! The clock that live hubs, exercises and replays share.
