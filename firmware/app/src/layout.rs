pub const STORE_SECTOR: usize = 16 * 1024;
pub const STORE_START: u32 = 0x8000;
pub const STORE_BYTES: u32 = 0x8000;
