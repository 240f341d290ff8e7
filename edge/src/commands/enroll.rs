//! Makes a node known: a key of its own, its lines in the configuration, and the memory to be flashed into its board.
//!
//! Invariants: nothing is overwritten; everything is checked before the first file is made, and what was made is taken
//! away again when something fails after all; key and memory are readable for their owner alone. The key is random and
//! never used before; the node's boot numbers begin above all that its number ever had, see [`boots_used`].

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clock::Clock;
use store::{Factory, Identity, factory_image};
use toml_edit::{Item, Table, Value};

use super::edit::{Edit, EditError, create};
use crate::config::node::KINDS;
use crate::config::{Config, LinkKind, Node};
use crate::node::state::State;

/// Whom to enrol.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// The configuration file.
    pub config: PathBuf,
    /// The node's number.
    pub node: u32,
    /// The station whose readings it delivers.
    pub station: String,
    /// What it is for, one of [`KINDS`]; decides the settings that its board begins with.
    pub kind: Option<String>,
    /// The serial device or pattern that it is on, if that is not in the configuration already.
    pub serial: Option<String>,
    /// Settings that differ from those of its kind.
    pub settings: Vec<(String, Option<Value>)>,
    /// Leave the configuration alone, only show what it needs.
    pub print: bool,
}

/// What was made.
#[derive(Debug)]
pub struct Enrolled {
    /// The key's file.
    pub key: PathBuf,
    /// The memory to be flashed.
    pub memory: PathBuf,
    /// What belongs into the configuration, when it was left alone.
    pub lines: Option<String>,
    /// It is on a shared line.
    pub shared: bool,
    /// The configuration gets a line that it did not have, and lines take a restart.
    pub new_line: bool,
}

/// Why a node was not enrolled. Nothing has changed then.
#[derive(Debug, thiserror::Error)]
pub enum EnrollError {
    /// The configuration cannot be changed so.
    #[error(transparent)]
    Edit(#[from] EditError),
    /// The number is in use.
    #[error(
        "node {node} is already enrolled, for station {station}: choose another number, or take its [[node]] out of {} and its key file away; a key is never used for a second board",
        path.display()
    )]
    Known {
        /// The number.
        node: u32,
        /// The station of the node that has it.
        station: String,
        /// The configuration.
        path: PathBuf,
    },
    /// A file is in the way.
    #[error("{}: {source}{}", path.display(), exists(source))]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The settings contradict each other, or are for no kind of node.
    #[error("these settings would be refused by the node: {0}")]
    Settings(String),
    /// The clock cannot number the node's boots.
    #[error(
        "this computer's clock says {now}: set it first; the new board's boots are numbered by it, and below those of an earlier board nothing of it would be taken"
    )]
    Clock {
        /// What it says, RFC 3339 UTC.
        now: String,
    },
    /// The system has no random numbers.
    #[error("no random key: {0}")]
    Random(getrandom::Error),
}

fn exists(error: &io::Error) -> &'static str {
    if error.kind() == io::ErrorKind::AlreadyExists {
        "; it is never overwritten: it may be the only copy of a key in use"
    } else {
        ""
    }
}

/// Enrols a node.
///
/// # Errors
/// [`EnrollError`].
pub fn enroll(request: &Request) -> Result<Enrolled, EnrollError> {
    let config = Config::load(&request.config).map_err(EditError::from)?;
    if let Some(known) = config.node.iter().find(|node| node.id == request.node) {
        return Err(EnrollError::Known {
            node: request.node,
            station: known.station.clone(),
            path: request.config.clone(),
        });
    }
    let directory = request.config.parent().unwrap_or(Path::new(""));
    let key_name = format!("node-{}.key", request.node);
    let files = (
        directory.join(&key_name),
        directory.join(format!("node-{}.bin", request.node)),
    );
    let shared_link = request.serial.as_ref().and_then(|device| {
        config
            .link
            .iter()
            .position(|link| link.shared && link.name() == *device)
    });
    let table = node_table(request, &key_name, shared_link.is_some());
    let link = request.serial.as_deref().filter(|device| {
        !config
            .link
            .iter()
            .any(|link| link.kind == LinkKind::Serial && covers(&link.name(), device))
    });
    let mut edit = Edit::open(&request.config)?;
    edit.push("node", table.clone())?;
    if let Some(device) = link {
        edit.push("link", link_table(device))?;
    }
    if let Some(link) = shared_link {
        edit.share(link, request.node)?;
    }
    let (_, checked) = edit.checked()?;
    let node = checked.node.last();
    let mut key = [0; 32];
    getrandom::fill(&mut key).map_err(EnrollError::Random)?;
    let boots_used = boots_used(Clock::System.now_us(), &config, request.node)?;
    let memory = memory(request, node, key, boots_used)?;
    let hex: String = key.iter().map(|byte| format!("{byte:02x}")).collect();

    let made = |path: &Path, content: &[u8]| {
        create(path, 0o600, content).map_err(|source| EnrollError::File {
            path: path.to_owned(),
            source,
        })
    };
    made(&files.0, format!("{hex}\n").as_bytes())?;
    let undo = |paths: &[&PathBuf]| {
        for path in paths {
            let _ = fs::remove_file(path);
        }
    };
    made(&files.1, &memory).inspect_err(|_| undo(&[&files.0]))?;
    let lines = if request.print {
        let mut lines = toml_edit::DocumentMut::new();
        let mut add = |name: &str, table: Table| {
            let mut tables = toml_edit::ArrayOfTables::new();
            tables.push(table);
            lines.insert(name, Item::ArrayOfTables(tables));
        };
        add("node", table);
        if let Some(device) = link {
            add("link", link_table(device));
        }
        let mut lines = lines.to_string();
        if let Some(link) = shared_link {
            lines.push_str(&format!(
                "# and in link[{link}], {}: add {} to nodes\n",
                config.link[link].name(),
                request.node
            ));
        }
        Some(lines)
    } else {
        edit.save().inspect_err(|_| undo(&[&files.0, &files.1]))?;
        None
    };
    Ok(Enrolled {
        key: files.0,
        memory: files.1,
        lines,
        shared: shared_link.is_some(),
        new_line: link.is_some(),
    })
}

fn covers(link: &str, device: &str) -> bool {
    link == device || glob::Pattern::new(link).is_ok_and(|pattern| pattern.matches(device))
}

fn node_table(request: &Request, key_name: &str, shared: bool) -> Table {
    let mut table = Table::new();
    table.decor_mut().set_prefix("\n");
    table.insert("id", Item::Value(i64::from(request.node).into()));
    table.insert("station", Item::Value(request.station.as_str().into()));
    table.insert("key_file", Item::Value(key_name.into()));
    let mut settings = Table::new();
    settings.decor_mut().set_prefix("\n");
    if let Some(kind) = &request.kind {
        settings.insert("node_kind", Item::Value(kind.as_str().into()));
    }
    if shared {
        settings.insert("shared_line", Item::Value(true.into()));
    }
    for (key, value) in &request.settings {
        if let Some(value) = value {
            settings.insert(key, Item::Value(value.clone()));
        }
    }
    if !settings.is_empty() {
        table.insert("settings", Item::Table(settings));
    }
    table
}

fn link_table(device: &str) -> Table {
    let mut table = Table::new();
    table.decor_mut().set_prefix("\n");
    table.insert("kind", Item::Value("serial".into()));
    table.insert("device", Item::Value(device.into()));
    table
}

/// The Unix second 2020-01-01T00:00:00Z, from which boots are numbered.
const EPOCH_S: i64 = 1_577_836_800;

/// The boot number up to which all count as used when node `id` is enrolled at `now_us`: the seconds since 2020.
///
/// Edge and hub know a reading by node, boot and sequence number, so a board that takes over a number must begin above
/// every boot that the number ever had, also where nobody remembers them: the data directory may be lost, the hub keeps
/// dozens of boots. A clock does that as long as no board starts more often than once a unit. A second is shorter than
/// any start; a minute is not, and a board that its watchdog restarts every ten seconds would have run ahead of it. In
/// seconds 32 bits last until 2156; clocks behind 2088 are refused, so that every board has two billion boots left, 400
/// times what its flash endures. Should the clock have been set back, what the edge knows is the floor.
fn boots_used(now_us: i64, config: &Config, id: u32) -> Result<u32, EnrollError> {
    let second = u32::try_from(now_us / 1_000_000 - EPOCH_S).ok();
    let second = second.filter(|second| (1..u32::MAX / 2).contains(second));
    let Some(second) = second else {
        return Err(EnrollError::Clock {
            now: clock::format_utc(now_us),
        });
    };
    // Where neither can be had, on another computer or with other rights, the clock is enough.
    let saved = State::load(&config.data_dir).ok();
    let saved = saved.and_then(|state| state.highest_boot(id));
    let heard = crate::inquiry::ask(&config.data_dir).ok();
    let heard = heard.as_ref().and_then(|status| {
        let mut nodes = status["nodes"].as_array()?.iter();
        let node = nodes.find(|node| node["id"] == id)?;
        u32::try_from(node["boot"].as_u64()?).ok()
    });
    Ok(second.max(saved.unwrap_or(0)).max(heard.unwrap_or(0)))
}

/// What the board's storage begins with.
fn memory(
    request: &Request,
    node: Option<&Node>,
    key: [u8; 32],
    boots_used: u32,
) -> Result<Vec<u8>, EnrollError> {
    let values = node.map(|node| node.settings.values()).unwrap_or_default();
    let role = request
        .kind
        .as_deref()
        .and_then(|kind| KINDS.iter().position(|known| *known == kind))
        .and_then(|index| node::Role::from_code(index as u8 + 1));
    let settings = match role {
        Some(role) => {
            let settings = node::Settings::defaults(role)
                .with(&values)
                .map_err(|error| EnrollError::Settings(format!("{error:?}")))?;
            Some(settings.to_bytes(FIRST_REVISION))
        }
        None if values.is_empty() => None,
        None => {
            return Err(EnrollError::Settings(
                "say what it is for: --kind".to_owned(),
            ));
        }
    };
    factory_image(&Factory {
        identity: Identity {
            node: request.node,
            key,
        },
        settings: settings
            .as_ref()
            .map(|settings| (FIRST_REVISION, settings.as_slice())),
        boots_used,
    })
    .map_err(|error| EnrollError::Settings(error.to_string()))
}

/// Revision of the settings that a board begins with.
const FIRST_REVISION: u32 = 1;

/// How the memory gets into a board.
pub fn flashing(memory: &Path) -> String {
    let memory = memory.display();
    // All boards have their storage at the same place.
    let address = update::layout::Board::Stm32f405.layout().store.address();
    format!(
        "flash it, with the chip that is on the board (STM32F405RGTx, STM32F407VGTx):\n  probe-rs download --chip STM32F405RGTx --verify --binary-format bin --base-address {address:#010x} {memory}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::state::NodeState;

    /// Seconds of 2020, as [`Clock`] has them.
    fn us(second: u32) -> i64 {
        (EPOCH_S + i64::from(second)) * 1_000_000
    }

    /// Boards that replaced others began at boot 1 again, below what the edge had heard, and were deaf for good.
    #[test]
    fn boots_of_a_new_board_lie_above_all_that_its_number_had() {
        let directory = tempfile::tempdir().unwrap();
        let config = Config::new("d", "e", directory.path(), "h", 1);
        assert_eq!(
            boots_used(us(200_000_000), &config, 7).unwrap(),
            200_000_000
        );
        // The edge has heard more than the clock says: the clock was set back.
        let known = NodeState {
            id: 7,
            boot: 300_000_000,
            durable: Default::default(),
            exchanges: Vec::new(),
            counter: None,
            birth: None,
            update: Default::default(),
            key: None,
        };
        let state = State::new(0, Vec::new(), vec![known]);
        state.save(directory.path(), false).unwrap();
        assert_eq!(
            boots_used(us(200_000_000), &config, 7).unwrap(),
            300_000_000
        );
        assert_eq!(
            boots_used(us(200_000_000), &config, 8).unwrap(),
            200_000_000
        );
        for wrong_us in [0, us(0), us(u32::MAX / 2), i64::MAX] {
            let error = boots_used(wrong_us, &config, 7).unwrap_err().to_string();
            assert!(error.contains("set it first"), "{error}");
        }
    }
}
