//! Detectors and filters: sample in, finding out.
