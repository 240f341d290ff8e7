//! What a node costs in memory; a microcontroller has 128 kB in all.

use node::{Guardian, Node, Schedule, Settings};

#[test]
fn a_node_is_small() {
    let (small, large) = (size_of::<Node<16>>(), size_of::<Node<1_040>>());
    println!("Node<16>     {small} bytes");
    println!("an entry     {} bytes", (large - small) / 1_024);
    println!("Settings     {} bytes", size_of::<Settings>());
    println!("Schedule     {} bytes", size_of::<Schedule>());
    println!("Guardian     {} bytes", size_of::<Guardian>());
    println!("a frame body {} bytes", size_of::<wire::frame::Body>());
    // The numbers of the host; 32-bit targets need less.
    assert_eq!((large - small) / 1_024, 32);
    // Three thousand of them are the detectors.
    assert!(small - 16 * 32 <= 5_400, "{}", small - 16 * 32);
    assert!(size_of::<wire::frame::Body>() <= 320);
}
