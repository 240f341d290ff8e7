//! Changes to a configuration file that keep its comments and its order.
//!
//! Invariants: what is written has been read back and checked as a whole first; the file is replaced in one step and keeps
//! its mode; a file that is written in a way this cannot extend is left alone, with a word on what to do.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use toml_edit::{ArrayOfTables, DocumentMut, Item, Table, Value};

use crate::config::{Config, ENVIRONMENT_PREFIX};

/// Why a file was not changed.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// The configuration as it is, or as it would be, is wrong.
    #[error("{0}")]
    Config(#[from] settings::Error),
    /// Not a form that can be extended.
    #[error("{}: {what}", path.display())]
    Form {
        /// The file.
        path: PathBuf,
        /// What is in the way, and what to do.
        what: String,
    },
    /// A file could not be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// A configuration file under change.
#[derive(Debug)]
pub struct Edit {
    path: PathBuf,
    document: DocumentMut,
}

impl Edit {
    /// Reads a file.
    ///
    /// # Errors
    /// It cannot be read, or is no TOML.
    pub fn open(path: &Path) -> Result<Self, EditError> {
        // Bounded, and with the usual words for what is wrong.
        settings::Document::load(path)?;
        let text = fs::read_to_string(path).map_err(|source| EditError::File {
            path: path.to_owned(),
            source,
        })?;
        let document = text.parse().map_err(|error| EditError::Form {
            path: path.to_owned(),
            what: format!("{error}"),
        })?;
        Ok(Self {
            path: path.to_owned(),
            document,
        })
    }

    fn form(&self, what: &str) -> EditError {
        EditError::Form {
            path: self.path.clone(),
            what: what.to_owned(),
        }
    }

    fn tables(&mut self, name: &str) -> Result<&mut ArrayOfTables, EditError> {
        let refused = self.form(&format!(
            "{name} is not written as [[{name}]]: change it by hand (--print shows the lines)"
        ));
        self.document
            .entry(name)
            .or_insert(Item::ArrayOfTables(ArrayOfTables::new()))
            .as_array_of_tables_mut()
            .ok_or(refused)
    }

    /// Adds a table to an array of tables.
    ///
    /// # Errors
    /// The array is written in another form.
    pub fn push(&mut self, name: &str, table: Table) -> Result<(), EditError> {
        self.tables(name)?.push(table);
        Ok(())
    }

    /// Adds a node to a shared line, by the line's place.
    ///
    /// # Errors
    /// The line's list is written in another form.
    pub fn share(&mut self, link: usize, node: u32) -> Result<(), EditError> {
        let refused = self.form(&format!("add {node} to nodes of link[{link}] by hand"));
        let nodes = self
            .tables("link")?
            .get_mut(link)
            .and_then(|link| link.get_mut("nodes"))
            .and_then(Item::as_array_mut);
        match nodes {
            Some(nodes) => {
                nodes.push(i64::from(node));
                Ok(())
            }
            None => Err(refused),
        }
    }

    /// Sets settings of a node, by the node's place; `None` takes one out.
    ///
    /// # Errors
    /// The node or its settings are written in another form.
    pub fn set(
        &mut self,
        node: usize,
        values: &[(String, Option<Value>)],
    ) -> Result<(), EditError> {
        let refused = self.form(&format!("change settings of node[{node}] by hand"));
        let node = self.tables("node")?.get_mut(node);
        let settings = node.map(|node| {
            node.entry("settings")
                .or_insert(Item::Table(Table::new()))
                .as_table_like_mut()
        });
        let Some(Some(settings)) = settings else {
            return Err(refused);
        };
        for (key, value) in values {
            match (value, settings.get_mut(key)) {
                (Some(value), Some(item)) => {
                    // The comment behind the old value stays.
                    let mut value = value.clone();
                    if let Some(old) = item.as_value() {
                        *value.decor_mut() = old.decor().clone();
                    }
                    *item = Item::Value(value);
                }
                (Some(value), None) => {
                    settings.insert(key, Item::Value(value.clone()));
                }
                (None, _) => {
                    settings.remove(key);
                }
            }
        }
        Ok(())
    }

    /// The file as it would be, checked.
    ///
    /// # Errors
    /// It would be wrong.
    pub fn checked(&self) -> Result<(String, Config), EditError> {
        let text = self.document.to_string();
        let name = self.path.display().to_string();
        let document = settings::Document::new(&name, &text);
        let config: Config =
            document.read(&settings::Environment::of_process(ENVIRONMENT_PREFIX))?;
        config
            .check()
            .map_err(|refusal| document.refuse(&refusal.key, &refusal.message))?;
        Ok((text, config))
    }

    /// Replaces the file, after a check.
    ///
    /// # Errors
    /// It would be wrong, or cannot be written; it is as it was then.
    pub fn save(&self) -> Result<(), EditError> {
        let (text, _) = self.checked()?;
        // A link to the real file stays a link.
        let path = fs::canonicalize(&self.path).unwrap_or_else(|_| self.path.clone());
        let failed = |path: &Path, source| EditError::File {
            path: path.to_owned(),
            source,
        };
        let metadata = fs::metadata(&path).map_err(|source| failed(&path, source))?;
        let mode = metadata.permissions().mode();
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(".new");
        let fresh = path.with_file_name(name);
        create(&fresh, mode & 0o777, text.as_bytes()).map_err(|source| {
            if source.kind() == io::ErrorKind::AlreadyExists {
                // Another's, who may be about to put it in place.
                EditError::Form {
                    path: fresh.clone(),
                    what: "this file is there: another change is under way, or one was broken off; in that case remove it and try again".to_owned(),
                }
            } else {
                failed(&fresh, source)
            }
        })?;
        fs::rename(&fresh, &path).map_err(|source| {
            let _ = fs::remove_file(&fresh);
            failed(&path, source)
        })
    }
}

/// Makes a file that must not be there yet.
///
/// # Errors
/// It is there, or cannot be written; it is not left behind half written.
pub fn create(path: &Path, mode: u32, content: &[u8]) -> io::Result<()> {
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)?;
    // The umask may have taken bits of an existing file's mode away.
    file.set_permissions(fs::Permissions::from_mode(mode))
        .and_then(|()| file.write_all(content))
        .and_then(|()| file.sync_all())
        .inspect_err(|_| drop(fs::remove_file(path)))
}

/// Reads `key=value` as the file would have it; an empty value takes the setting out.
///
/// # Errors
/// There is no `=`.
pub fn assignment(text: &str) -> Result<(String, Option<Value>), String> {
    let (key, value) = text
        .split_once('=')
        .ok_or_else(|| format!("\"{text}\" is not key=value"))?;
    let (key, value) = (key.trim().to_owned(), value.trim());
    if value.is_empty() {
        return Ok((key, None));
    }
    let value = match value.parse::<Value>() {
        Ok(
            value @ (Value::Integer(_) | Value::Float(_) | Value::Boolean(_) | Value::String(_)),
        ) => value,
        _ => Value::from(value),
    };
    Ok((key, Some(value)))
}
