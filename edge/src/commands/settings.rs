//! Settings of one node: what the configuration wants, and what the node says.
//!
//! The configuration file is the desired state. Changing it here is the same as changing it by hand; the agent takes it
//! over when it is told to (SIGHUP) or started again, writes it to the node, and reads it back.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use toml_edit::Value;
use wire::frame::SettingKey;

use super::edit::{Edit, EditError};
use crate::config::Config;
use crate::config::node::shown;
use crate::inquiry;

/// Why settings cannot be shown or changed.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The file.
    #[error(transparent)]
    Edit(#[from] EditError),
    /// No such node.
    #[error("{path}: there is no [[node]] with id = {node}; see `watchfire-edge enroll`")]
    Unknown {
        /// The file.
        path: String,
        /// The number.
        node: u32,
    },
}

/// Changes the desired settings of a node.
///
/// # Errors
/// [`SettingsError`]; the file is as it was then.
pub fn change(
    path: &Path,
    node: u32,
    values: &[(String, Option<Value>)],
) -> Result<(), SettingsError> {
    let config = Config::load(path).map_err(EditError::from)?;
    let place = place(&config, path, node)?;
    let mut edit = Edit::open(path)?;
    edit.set(place, values)?;
    edit.save()?;
    Ok(())
}

fn place(config: &Config, path: &Path, node: u32) -> Result<usize, SettingsError> {
    config
        .node
        .iter()
        .position(|known| known.id == node)
        .ok_or_else(|| SettingsError::Unknown {
            path: path.display().to_string(),
            node,
        })
}

/// What is wanted and what is in force, for people.
///
/// # Errors
/// [`SettingsError`]. That no agent is running is no error: what is wanted is shown then.
pub fn show(path: &Path, node: u32) -> Result<String, SettingsError> {
    let config = Config::load(path).map_err(EditError::from)?;
    let place = place(&config, path, node)?;
    let wanted: BTreeMap<String, serde_json::Value> = config.node[place]
        .settings
        .values()
        .iter()
        .filter_map(|setting| {
            let key = SettingKey::from_code(setting.key)?;
            Some((key.name().to_owned(), shown(setting)))
        })
        .collect();
    let asked = inquiry::ask(&config.data_dir);
    let status = asked.as_ref().ok().and_then(|status| {
        let nodes = status["nodes"].as_array()?;
        nodes.iter().find(|known| known["id"] == node)
    });
    let settings = status.map(|status| &status["settings"]);
    let mut text = String::new();
    let _ = match (&asked, settings) {
        (Err(error), _) => writeln!(text, "what the node has is not known: {error}"),
        (Ok(_), None) => writeln!(
            text,
            "the agent does not know this node yet: reload it (SIGHUP)"
        ),
        (Ok(_), Some(settings)) if settings.is_null() => {
            writeln!(text, "the node has not told its settings")
        }
        (Ok(_), Some(settings)) => writeln!(
            text,
            "{}, revision {}",
            settings["state"].as_str().unwrap_or("unknown"),
            settings["revision"]
        ),
    };
    let _ = writeln!(text, "{:20} {:>14} {:>14}", "setting", "wanted", "in force");
    for key in SettingKey::ALL {
        let wanted = wanted.get(key.name());
        let in_force = settings.map(|settings| &settings["in_force"][key.name()]);
        let word = |value: Option<&serde_json::Value>| match value {
            None | Some(serde_json::Value::Null) => "-".to_owned(),
            Some(serde_json::Value::String(text)) => text.clone(),
            Some(value) => value.to_string(),
        };
        let _ = writeln!(
            text,
            "{:20} {:>14} {:>14}",
            key.name(),
            word(wanted),
            word(in_force)
        );
    }
    Ok(text)
}
