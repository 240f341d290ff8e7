//! The hub: from readings to alerts.
