//! The Secrets that a source points at.

use std::collections::BTreeMap;

/// What is known of a Secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Secret {
    /// It is there, with these entries, base64 taken off.
    Found(BTreeMap<String, Vec<u8>>),
    /// The API server says that there is none.
    Missing,
    /// It could not be read, and why; the controller may see more.
    Unreadable(String),
}

/// Secrets by `namespace/name`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Secrets {
    secrets: BTreeMap<String, Secret>,
}

impl Secrets {
    /// Notes what is known of one.
    pub fn insert(&mut self, namespace: &str, name: &str, secret: Secret) {
        self.secrets.insert(format!("{namespace}/{name}"), secret);
    }

    /// Whether anything is known of it.
    pub fn knows(&self, namespace: &str, name: &str) -> bool {
        self.secrets.contains_key(&format!("{namespace}/{name}"))
    }

    /// What is known of it; one that nobody looked for is unreadable.
    pub fn get(&self, namespace: &str, name: &str) -> Secret {
        let name = format!("{namespace}/{name}");
        let unseen = || Secret::Unreadable(format!("Secret `{name}` was not looked at"));
        self.secrets.get(&name).cloned().unwrap_or_else(unseen)
    }
}
