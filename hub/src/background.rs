//! Threads whose work can wait: whatever warns comes first.

/// Puts the thread that calls this last in line for the machine's cores.
pub fn last_in_line() {
    /// The lowest priority that there is.
    const NICEST: i32 = 19;
    // Linux counts it by thread. Where it is refused, the work still takes one core at most.
    let _ = rustix::process::nice(NICEST);
}
