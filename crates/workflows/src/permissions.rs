//! What a job's token may do: as it is written, and as GitHub grants it.

use sealwright_yaml::Place;

use crate::model::Written;

/// `permissions`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permissions {
    /// Where it stands.
    pub at: Place,
    /// What it grants.
    pub grants: Grants,
}

/// What is granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Grants {
    /// `read-all`.
    ReadAll,
    /// `write-all`.
    WriteAll,
    /// These; everything that is not named is denied.
    Each(Vec<(Written, Level)>),
    /// Neither of the words, and no mapping: GitHub refuses the file.
    Unreadable,
}

/// How much of one permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Nothing.
    None,
    /// Reading.
    Read,
    /// Reading and writing.
    Write,
}

/// The permission to ask for an OIDC token, by which a job gets certificates.
pub const ID_TOKEN: &str = "id-token";
/// The permission to push to GitHub's own registry.
pub const PACKAGES: &str = "packages";
/// The permission to keep attestations in GitHub's own store.
pub const ATTESTATIONS: &str = "attestations";

impl Permissions {
    /// How much of this permission it grants.
    pub fn level(&self, name: &str) -> Level {
        match &self.grants {
            Grants::WriteAll => Level::Write,
            // Asking for a token is writing alone.
            Grants::ReadAll if name == ID_TOKEN => Level::None,
            Grants::ReadAll => Level::Read,
            Grants::Unreadable => Level::None,
            Grants::Each(each) => each
                .iter()
                .find(|(granted, _)| granted.text == name)
                .map_or(Level::None, |(_, level)| *level),
        }
    }

    /// Where a permission is granted: at its own line, else where the block begins.
    pub fn place(&self, name: &str) -> &Place {
        match &self.grants {
            Grants::Each(each) => each
                .iter()
                .find(|(granted, _)| granted.text == name)
                .map_or(&self.at, |(granted, _)| &granted.at),
            _ => &self.at,
        }
    }
}

impl Level {
    pub(crate) fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "none" => Level::None,
            "read" => Level::Read,
            "write" => Level::Write,
            _ => return None,
        })
    }
}

impl std::fmt::Display for Level {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Level::None => "none",
            Level::Read => "read",
            Level::Write => "write",
        })
    }
}
