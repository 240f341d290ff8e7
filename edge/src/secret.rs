//! Secrets from files: node keys and the broker's password.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use wire::frame::Key;

use crate::config::{Config, Node};

/// Longest secret file that is read.
const MAX_BYTES: u64 = 4096;

/// Why a secret cannot be used. Never shows the secret.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The file cannot be read.
    #[error("{}: cannot read this secret: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Not a key.
    #[error("node {node}: a key is 64 hexadecimal digits{}", path.as_ref().map(|path| format!(" ({})", path.display())).unwrap_or_default())]
    Key {
        /// Node number.
        node: u32,
        /// The file, if it came from one.
        path: Option<PathBuf>,
    },
}

/// Keys of the configured nodes, in their order.
///
/// # Errors
/// [`SecretError`]: the first that cannot be used.
pub fn keys(config: &Config) -> Result<Vec<Key>, SecretError> {
    config.node.iter().map(key).collect()
}

/// Keys of the configured nodes, in their order; a key that cannot be used is told in the log, and its node goes without:
/// one wrong file must not blind an edge to all its nodes.
pub fn usable_keys(config: &Config) -> Vec<Option<Key>> {
    let usable = |node| match key(node) {
        Ok(key) => Some(key),
        Err(error) => {
            tracing::error!(node = node.id, %error, "nothing is taken from this node until its key can be read and the agent is reloaded");
            None
        }
    };
    config.node.iter().map(usable).collect()
}

fn key(node: &Node) -> Result<Key, SecretError> {
    let text = match (&node.key, &node.key_file) {
        (Some(key), _) => key.clone(),
        (None, Some(path)) => read(path)?,
        (None, None) => String::new(),
    };
    Key::from_hex(text.trim()).ok_or(SecretError::Key {
        node: node.id,
        path: node.key_file.clone(),
    })
}

/// User name and password for the broker, if it wants any.
///
/// # Errors
/// The password file cannot be read.
pub fn credentials(config: &Config) -> Result<Option<(String, String)>, SecretError> {
    match (&config.broker.username, &config.broker.password_file) {
        (Some(username), Some(path)) => {
            let password = read(path)?;
            Ok(Some((
                username.clone(),
                password.trim_end_matches(['\r', '\n']).to_owned(),
            )))
        }
        _ => Ok(None),
    }
}

fn read(path: &Path) -> Result<String, SecretError> {
    let failed = |source| SecretError::Read {
        path: path.to_owned(),
        source,
    };
    let mut text = String::new();
    std::fs::File::open(path)
        .map_err(failed)?
        .take(MAX_BYTES)
        .read_to_string(&mut text)
        .map_err(failed)?;
    Ok(text)
}
