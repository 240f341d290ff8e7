//! Roles and what each may do.
//!
//! | permission        | viewer | operator | approver | administrator |
//! |-------------------|:------:|:--------:|:--------:|:-------------:|
//! | `view`            |   x    |    x     |    x     |       x       |
//! | `propose`         |        |    x     |          |               |
//! | `withdraw`        |        |    x     |          |               |
//! | `exercise`        |        |    x     |          |               |
//! | `approve`         |        |          |    x     |               |
//! | `refuse`          |        |          |    x     |               |
//! | `retract`         |        |          |    x     |               |
//! | `administer`      |        |          |          |       x       |
//!
//! An account has a set of roles, and a role does not contain the one below it: who keeps the accounts does not thereby approve
//! warnings. That two approvals come from two persons is for whoever counts them to see, by name.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What somebody is at the hub, from least to most answerable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Sees what is not public.
    Viewer,
    /// Drafts messages and asks for exercises.
    Operator,
    /// Decides what goes out.
    Approver,
    /// Keeps accounts and tokens.
    Administrator,
}

/// One thing that somebody may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Permission {
    /// See what is not public.
    View,
    /// Draft a message and propose it.
    Propose,
    /// Withdraw one's own draft.
    Withdraw,
    /// Ask for an exercise.
    Exercise,
    /// Approve a draft.
    Approve,
    /// Refuse a draft.
    Refuse,
    /// Retract what has been published.
    Retract,
    /// Make and change accounts and tokens.
    Administer,
}

/// Text that names no role or permission.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no {what} {text:?}; there are {all}")]
pub struct Unknown {
    what: &'static str,
    text: String,
    all: String,
}

/// The words for both enumerations, beside serde's.
macro_rules! words {
    ($type:ty, $what:literal, $($variant:ident = $word:literal),+ $(,)?) => {
        impl $type {
            /// All of them, in order.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// Its word in files and on the command line.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.word())
            }
        }

        impl FromStr for $type {
            type Err = Unknown;

            fn from_str(text: &str) -> Result<Self, Unknown> {
                Self::ALL.iter().copied().find(|one| one.word() == text).ok_or_else(|| Unknown {
                    what: $what,
                    text: text.chars().take(40).collect(),
                    all: Self::ALL.iter().map(|one| one.word()).collect::<Vec<_>>().join(", "),
                })
            }
        }
    };
}

words!(
    Role,
    "role",
    Viewer = "viewer",
    Operator = "operator",
    Approver = "approver",
    Administrator = "administrator"
);
words!(
    Permission,
    "permission",
    View = "view",
    Propose = "propose",
    Withdraw = "withdraw",
    Exercise = "exercise",
    Approve = "approve",
    Refuse = "refuse",
    Retract = "retract",
    Administer = "administer"
);

impl Role {
    /// What this role may do: the table above.
    pub fn permissions(self) -> Permissions {
        use Permission::{Administer, Approve, Exercise, Propose, Refuse, Retract, View, Withdraw};
        let list: &[Permission] = match self {
            Self::Viewer => &[View],
            Self::Operator => &[View, Propose, Withdraw, Exercise],
            Self::Approver => &[View, Approve, Refuse, Retract],
            Self::Administrator => &[View, Administer],
        };
        list.iter().copied().collect()
    }
}

/// A set of roles.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Role>", into = "Vec<Role>")]
pub struct Roles(u8);

impl Roles {
    /// What all of them together may do.
    pub fn permissions(self) -> Permissions {
        self.iter().fold(Permissions::default(), |all, role| {
            all.union(role.permissions())
        })
    }

    /// Whether this role is one of them.
    pub const fn has(self, role: Role) -> bool {
        self.0 & (1 << role as u8) != 0
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The roles in order.
    pub fn iter(self) -> impl Iterator<Item = Role> {
        Role::ALL
            .iter()
            .copied()
            .filter(move |role| self.has(*role))
    }
}

impl FromIterator<Role> for Roles {
    fn from_iter<I: IntoIterator<Item = Role>>(roles: I) -> Self {
        Self(
            roles
                .into_iter()
                .fold(0, |set, role| set | (1 << role as u8)),
        )
    }
}

impl TryFrom<Vec<Role>> for Roles {
    type Error = &'static str;

    fn try_from(list: Vec<Role>) -> Result<Self, Self::Error> {
        let set: Self = list.iter().copied().collect();
        if set.iter().count() == list.len() {
            Ok(set)
        } else {
            Err("a role is there twice")
        }
    }
}

impl From<Roles> for Vec<Role> {
    fn from(roles: Roles) -> Self {
        roles.iter().collect()
    }
}

impl fmt::Display for Roles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<_> = self.iter().map(Role::word).collect();
        f.write_str(&words.join(","))
    }
}

/// A set of permissions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<Permission>", into = "Vec<Permission>")]
pub struct Permissions(u16);

impl Permissions {
    /// Whether this is one of them.
    pub const fn has(self, permission: Permission) -> bool {
        self.0 & (1 << permission as u16) != 0
    }

    /// What is in either.
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What is in both.
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether all of these are in `other`.
    pub const fn is_within(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    /// The permissions in order.
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL
            .iter()
            .copied()
            .filter(move |one| self.has(*one))
    }
}

impl FromIterator<Permission> for Permissions {
    fn from_iter<I: IntoIterator<Item = Permission>>(list: I) -> Self {
        Self(list.into_iter().fold(0, |set, one| set | (1 << one as u16)))
    }
}

impl From<Vec<Permission>> for Permissions {
    fn from(list: Vec<Permission>) -> Self {
        list.into_iter().collect()
    }
}

impl From<Permissions> for Vec<Permission> {
    fn from(set: Permissions) -> Self {
        set.iter().collect()
    }
}

impl fmt::Display for Permissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<_> = self.iter().map(Permission::word).collect();
        f.write_str(&words.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table at the head of this file, line by line.
    #[test]
    fn the_table_is_what_the_roles_may_do() {
        let source = include_str!("role.rs");
        let rows = source.lines().filter_map(|l| l.strip_prefix("//! | `"));
        let mut seen = 0;
        for row in rows {
            let (word, cells) = row.split_once('`').expect("a permission");
            let permission: Permission = word.parse().expect("a permission");
            let marks: Vec<bool> = cells
                .split('|')
                .skip(1)
                .take(Role::ALL.len())
                .map(|c| c.contains('x'))
                .collect();
            for (role, marked) in Role::ALL.iter().zip(marks) {
                assert_eq!(
                    role.permissions().has(permission),
                    marked,
                    "{role} {permission}"
                );
            }
            seen += 1;
        }
        assert_eq!(seen, Permission::ALL.len());
    }

    #[test]
    fn who_keeps_the_accounts_does_not_thereby_approve() {
        let keeper: Roles = [Role::Administrator].into_iter().collect();
        assert!(!keeper.permissions().has(Permission::Approve));
        let both: Roles = [Role::Administrator, Role::Approver].into_iter().collect();
        assert!(both.permissions().has(Permission::Approve));
        assert!(!both.permissions().has(Permission::Propose));
        assert_eq!(both.to_string(), "approver,administrator");
    }

    #[test]
    fn words_are_those_of_the_file() {
        for role in Role::ALL {
            let json = serde_json::to_string(role).expect("a word");
            assert_eq!(json, format!("\"{role}\""));
            assert_eq!(role.word().parse(), Ok(*role));
        }
        for permission in Permission::ALL {
            let json = serde_json::to_string(permission).expect("a word");
            assert_eq!(json, format!("\"{permission}\""));
        }
        assert!("Approver".parse::<Role>().is_err());
        assert!(serde_json::from_str::<Roles>("[\"viewer\",\"viewer\"]").is_err());
    }
}
