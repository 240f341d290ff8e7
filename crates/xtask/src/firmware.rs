//! `cargo xtask firmware`: the images for the boards, and how much of each board they take.
//!
//! For every board `target/firmware` then holds `BOARD.elf` (for probe-rs and the rig), `BOARD-boot.elf` (the bootloader), `BOARD.bin`
//! (what an update carries), `BOARD.map` (what lies where) and, with `--update-key`, `BOARD.wfu` (the signed update).
//!
//! | Option | |
//! |---|---|
//! | `--update-key FILE` | the secret key of updates, made by `cargo xtask update-key DIR`: the images take updates signed by it |
//! | `--version 1.2.3` | the images' version, instead of the sources' |
//! | `--security N` | the images' security counter, default 0: nodes take none with a lower one afterwards |
//! | `--board NAME` | one board only |
//! | `--out DIR` | where the images go |

use crate::{CORTEX_M4, needs, run};
use object::{Object as _, ObjectSection as _, SectionFlags};
use std::path::{Path, PathBuf};
use std::process::Command;
use update::UpdateSigner;

const WORKSPACE: &str = "firmware/boards/Cargo.toml";

/// A board: its package, the feature that builds the bootloader for it, and its memory.
struct Board {
    name: &'static str,
    chip: &'static str,
    /// Where the application begins and how long it may be: what the bootloader swaps.
    application: (u64, u64),
    bootloader: u64,
    ram: u64,
}

/// As `update::layout` and the boards' `memory.x` have it.
const BOARDS: &[Board] = &[
    Board {
        name: "h405",
        chip: "stm32f405",
        application: (0x0802_0000, 384 * 1_024),
        bootloader: 32 * 1_024,
        ram: 128 * 1_024,
    },
    Board {
        name: "discovery",
        chip: "stm32f407",
        application: (0x0802_0000, 384 * 1_024),
        bootloader: 32 * 1_024,
        ram: 128 * 1_024,
    },
];

/// The core-coupled memory, which holds nothing else. How deep the stack goes is in each node's health report, and the rig's tests
/// bound it.
const STACK: u64 = 64 * 1_024;

const FLASH: std::ops::Range<u64> = 0x0800_0000..0x0810_0000;
const RAM: std::ops::Range<u64> = 0x2000_0000..0x2002_0000;

/// What is asked for.
#[derive(Default)]
struct Options {
    board: Option<String>,
    out: Option<PathBuf>,
    version: Option<String>,
    security: u32,
    key: Option<UpdateSigner>,
}

impl Options {
    fn read(args: &[String]) -> Result<Self, String> {
        let mut options = Self::default();
        let mut args = args.iter();
        while let Some(name) = args.next() {
            let value = args.next().ok_or_else(|| format!("{name} needs a value"))?;
            match name.as_str() {
                "--board" => {
                    if !BOARDS.iter().any(|board| board.name == value) {
                        let names: Vec<&str> = BOARDS.iter().map(|board| board.name).collect();
                        return Err(format!(
                            "no board {value:?}; there are: {}",
                            names.join(", ")
                        ));
                    }
                    options.board = Some(value.clone());
                }
                "--out" => options.out = Some(value.into()),
                "--version" => {
                    version(value)?;
                    options.version = Some(value.clone());
                }
                "--security" => {
                    let why = |e| format!("--security {value:?}: {e}");
                    options.security = value.parse().map_err(why)?;
                }
                "--update-key" => {
                    let text = std::fs::read_to_string(value)
                        .map_err(|e| format!("--update-key {value}: {e}"))?;
                    let key = UpdateSigner::from_hex(text.trim());
                    options.key = Some(key.ok_or_else(|| {
                        format!("--update-key {value}: not 64 hexadecimal digits; make one with `cargo xtask update-key DIR`")
                    })?);
                }
                other => return Err(format!("no option {other:?} of `cargo xtask firmware`")),
            }
        }
        Ok(options)
    }
}

/// Three numbers up to 255 with dots between.
fn version(text: &str) -> Result<[u8; 3], String> {
    let parts: Vec<u8> = text
        .split('.')
        .filter_map(|part| part.parse().ok())
        .collect();
    match parts[..] {
        [major, minor, patch] if text.split('.').count() == 3 => Ok([major, minor, patch]),
        _ => Err(format!(
            "{text:?} is not a version such as 1.2.3 with numbers up to 255"
        )),
    }
}

/// Makes a key pair for updates: `update.key`, for whoever signs, and `update.pub`, for edges.
pub fn new_key(dir: Option<&String>) -> Result<(), String> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let dir = PathBuf::from(dir.ok_or("usage: cargo xtask update-key DIR")?);
    let mut secret = [0; 32];
    getrandom::fill(&mut secret).map_err(|e| format!("no random numbers: {e}"))?;
    let public = UpdateSigner::new(&secret).key().to_bytes();
    let hex = |bytes: &[u8]| bytes.iter().map(|b| format!("{b:02x}")).collect::<String>();
    for (name, mode, text) in [
        ("update.key", 0o600, hex(&secret)),
        ("update.pub", 0o644, hex(&public)),
    ] {
        let path = dir.join(name);
        // Never over a key that is there: nodes in the field trust it.
        let mut file = std::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(mode)
            .open(&path)
            .map_err(|e| format!("{}: {e}", path.display()))?;
        writeln!(file, "{text}").map_err(|e| format!("{}: {e}", path.display()))?;
        println!("{}", path.display());
    }
    Ok(())
}

/// Builds the images and prints the sizes.
pub fn build(args: &[String]) -> Result<(), String> {
    let options = Options::read(args)?;
    if !needs::target(CORTEX_M4) {
        println!("skipped: the firmware (run `rustup target add {CORTEX_M4}`)");
        return Ok(());
    }
    let target = target_dir();
    let out = options
        .out
        .clone()
        .unwrap_or_else(|| target.join("firmware"));
    std::fs::create_dir_all(&out).map_err(|e| format!("{}: {e}", out.display()))?;
    println!(
        "{:16} {:>9} {:>18} {:>9} {:>18} {:>9}",
        "image", "flash", "of", "data", "of", "stack"
    );
    let wanted = |board: &&Board| options.board.as_ref().is_none_or(|name| name == board.name);
    for board in BOARDS.iter().filter(wanted) {
        let elf = compile(board.name, None, &target, &options)?;
        let sizes = place(&elf, &out, board.name)?;
        sizes.print(board.name, board.application.1, board.ram)?;
        if let Some(key) = &options.key {
            signed(board, &out, key, &options)?;
        }
        let boot = compile("boot", Some(board.chip), &target, &options)?;
        let name = format!("{}-boot", board.name);
        let sizes = place(&boot, &out, &name)?;
        sizes.print(&name, board.bootloader, board.ram)?;
    }
    println!("images in {}", out.display());
    Ok(())
}

fn target_dir() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from)
}

/// Compiles one package of the boards' workspace; the path of its ELF.
fn compile(
    package: &str,
    feature: Option<&str>,
    target: &Path,
    options: &Options,
) -> Result<PathBuf, String> {
    let dir = target.join("boards");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command
        .args(["build", "--quiet", "--release", "--target", CORTEX_M4])
        .args(["--manifest-path", WORKSPACE, "--package", package])
        .arg("--target-dir")
        .arg(&dir);
    // A panic names its file. As it lies here, that would be this machine's business, and another machine's image would differ.
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")));
    let here = std::env::current_dir().map_err(|e| e.to_string())?;
    let mut flags = format!("--remap-path-prefix={}=.", here.display());
    let registry = home.map(|home| home.join("registry/src"));
    let indices = registry.and_then(|dir| std::fs::read_dir(dir).ok());
    for index in indices.into_iter().flatten().flatten() {
        flags += &format!(" --remap-path-prefix={}=crates", index.path().display());
    }
    command.env("RUSTFLAGS", flags);
    // Log lines of this level and above are compiled in; defmt's own default is errors only.
    if std::env::var_os("DEFMT_LOG").is_none() {
        command.env("DEFMT_LOG", "info");
    }
    if let Some(key) = &options.key {
        let key: String = key
            .key()
            .to_bytes()
            .iter()
            .map(|b| format!("{b:02x}"))
            .collect();
        command.env("WATCHFIRE_UPDATE_KEY", key);
    }
    command.env("WATCHFIRE_FIRMWARE_SECURITY", options.security.to_string());
    if let Some(version) = &options.version {
        command.env("WATCHFIRE_FIRMWARE_VERSION", version);
    }
    if let Some(feature) = feature {
        command.args(["--features", feature]);
    }
    run(&mut command)?;
    Ok(dir.join(CORTEX_M4).join("release").join(package))
}

/// Writes the update of an image that has been built.
fn signed(board: &Board, out: &Path, key: &UpdateSigner, options: &Options) -> Result<(), String> {
    let said = |path: &Path, e: std::io::Error| format!("{}: {e}", path.display());
    let bin = out.join(format!("{}.bin", board.name));
    let image = std::fs::read(&bin).map_err(|e| said(&bin, e))?;
    let number = version(
        options
            .version
            .as_deref()
            .unwrap_or(env!("CARGO_PKG_VERSION")),
    )?;
    let chip = update::layout::Board::from_name(board.chip).ok_or("a board without a code")?;
    let file = update::sign(&image, number, options.security, chip, key)
        .map_err(|e| format!("{}: {e}", bin.display()))?;
    let path = out.join(format!("{}.wfu", board.name));
    std::fs::write(&path, file).map_err(|e| said(&path, e))
}

struct Sizes {
    flash: u64,
    ram: u64,
}

impl Sizes {
    fn print(&self, name: &str, flash: u64, ram: u64) -> Result<(), String> {
        let Self {
            flash: used,
            ram: taken,
        } = self;
        println!(
            "{name:16} {used:>9} {flash:>10} ({:>3} %) {taken:>9} {ram:>10} ({:>3} %) {STACK:>9}",
            used * 100 / flash,
            taken * 100 / ram,
        );
        if *used > flash || *taken > ram {
            return Err(format!("{name} does not fit its board"));
        }
        Ok(())
    }
}

/// Copies an image to where it is looked for, writes its bytes as they lie in flash, and measures it.
fn place(elf: &Path, out: &Path, name: &str) -> Result<Sizes, String> {
    let said = |path: &Path, e: std::io::Error| format!("{}: {e}", path.display());
    let bytes = std::fs::read(elf).map_err(|e| said(elf, e))?;
    let file = object::File::parse(&*bytes).map_err(|e| format!("{}: {e}", elf.display()))?;
    let copy = out.join(format!("{name}.elf"));
    std::fs::write(&copy, &bytes).map_err(|e| said(&copy, e))?;
    let image = flash_image(&file)?;
    let bin = out.join(format!("{name}.bin"));
    std::fs::write(&bin, &image).map_err(|e| said(&bin, e))?;
    let map = elf.with_extension("map");
    if map.is_file() {
        let to = out.join(format!("{name}.map"));
        std::fs::copy(&map, &to).map_err(|e| said(&to, e))?;
    }
    let ram = file
        .sections()
        .filter(|s| RAM.contains(&s.address()) && is_allocated(s.flags()))
        .map(|s| s.size())
        .sum();
    Ok(Sizes {
        flash: image.len() as u64,
        ram,
    })
}

fn is_allocated(flags: SectionFlags) -> bool {
    matches!(flags, SectionFlags::Elf { sh_flags, .. } if sh_flags & u64::from(object::elf::SHF_ALLOC) != 0)
}

/// The bytes that lie in flash, from the first to the last; what lies between two pieces is blank.
fn flash_image(file: &object::File<'_>) -> Result<Vec<u8>, String> {
    let mut pieces = Vec::new();
    let object::File::Elf32(elf) = file else {
        return Err("not a 32-bit ELF file".to_owned());
    };
    use object::read::elf::ProgramHeader as _;
    for header in elf.elf_program_headers() {
        let at = u64::from(header.p_paddr(elf.endian()));
        let data = header
            .data(elf.endian(), elf.data())
            .map_err(|()| "a segment that lies outside its file".to_owned())?;
        if header.p_type(elf.endian()) == object::elf::PT_LOAD
            && FLASH.contains(&at)
            && !data.is_empty()
        {
            pieces.push((at, data));
        }
    }
    let start = pieces
        .iter()
        .map(|(at, _)| *at)
        .min()
        .unwrap_or(FLASH.start);
    let end = pieces
        .iter()
        .map(|(at, data)| at + data.len() as u64)
        .max()
        .unwrap_or(start);
    let length = usize::try_from(end - start).map_err(|e| e.to_string())?;
    let mut image = vec![0xff; length];
    for (at, data) in pieces {
        let from = usize::try_from(at - start).map_err(|e| e.to_string())?;
        image[from..from + data.len()].copy_from_slice(data);
    }
    Ok(image)
}
