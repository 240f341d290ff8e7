//! Recorded series and event directories.
