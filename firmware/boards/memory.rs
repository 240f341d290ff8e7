//! The build script of every image: tells the linker where the memory is, and has it write a map of what lies where.
//!
//! | What | Where |
//! |---|---|
//! | bootloader | 0x0800_0000, 32 KiB |
//! | lasting memory (two sectors) | 0x0800_8000, 32 KiB |
//! | state of an update | 0x0801_0000, 64 KiB |
//! | application | 0x0802_0000, 384 KiB |
//! | new image | 0x0808_0000, 512 KiB |
//! | data | 0x2000_0000, 128 KiB |
//! | stack (core-coupled memory) | 0x1000_0000, 64 KiB |
//!
//! The crate `update` has the same table for those who write there.

use std::path::PathBuf;

fn main() {
    let variable = |name: &str| std::env::var(name).unwrap_or_default();
    let package = variable("CARGO_PKG_NAME");
    let (start, kib) = match package.as_str() {
        "boot" => (0x0800_0000, 32),
        "h405" | "discovery" => (0x0802_0000, 384),
        other => panic!("no memory map for {other}"),
    };
    let out = PathBuf::from(variable("OUT_DIR"));
    let memory = format!(
        "MEMORY {{
           FLASH : ORIGIN = {start:#010x}, LENGTH = {kib}K
           RAM : ORIGIN = 0x20000000, LENGTH = 128K
           CCM : ORIGIN = 0x10000000, LENGTH = 64K
         }}
         /* A stack of its own: what overflows it meets no memory and is caught, instead of growing into data. */
         _stack_start = ORIGIN(CCM) + LENGTH(CCM);
         _stack_end = ORIGIN(CCM);\n"
    );
    std::fs::write(out.join("memory.x"), memory).expect("a writable folder");
    println!("cargo:rustc-link-search={}", out.display());
    println!("cargo:rustc-link-arg=-Tlink.x");
    println!("cargo:rustc-link-arg=-Tdefmt.x");
    // Beside the image: target/TARGET/release/PACKAGE.map.
    if let Some(release) = out.ancestors().nth(3) {
        println!(
            "cargo:rustc-link-arg=-Map={}",
            release.join(format!("{package}.map")).display()
        );
    }
    println!("cargo:rerun-if-changed=../memory.rs");
}
