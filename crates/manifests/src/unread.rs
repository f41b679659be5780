//! Blocks that look like declarations, at paths that nobody reads.

use sealwright_yaml::{Key, Node, Place, Value};

use crate::found::Unread;
use crate::object::Object;
use crate::patch::{is_block, is_like};
use crate::shapes::flux::{HELM_GROUP, KUSTOMIZE_GROUP, SOURCE_GROUP};
use crate::shapes::ksail;

/// Where a kind is read, and what is read there.
struct Reading {
    /// Path of the block; empty when the kind has none.
    path: &'static [&'static str],
    keys: &'static [&'static str],
    /// What to say about blocks elsewhere.
    read_at: &'static str,
    reader: &'static str,
}

const KEYS_OF_ENTRY: &[&str] = &["issuer", "subject"];

const NO_READER: Reading = Reading {
    path: &[],
    keys: &[],
    read_at: "spec.verify of an OCIRepository",
    reader: "this kind has no identities",
};

/// Folders of an object that belong to somebody else.
const OTHERS: &[&str] = &["metadata.annotations", "spec.values", "spec.postRenderers", "status"];

fn reading(object: &Object<'_>) -> Option<Reading> {
    let found = match (object.group(), object.kind) {
        (SOURCE_GROUP, "OCIRepository") => Reading {
            path: &["spec", "verify"],
            keys: &["provider", "secretRef", "trustedRootSecretRef", "matchOIDCIdentity"],
            read_at: "spec.verify",
            reader: "source-controller reads an OCIRepository there",
        },
        (SOURCE_GROUP, "HelmChart") => Reading {
            path: &["spec", "verify"],
            keys: &["provider", "secretRef", "matchOIDCIdentity"],
            read_at: "spec.verify",
            reader: "source-controller reads a HelmChart there",
        },
        (HELM_GROUP, "HelmRelease") => Reading {
            path: &["spec", "chart", "spec", "verify"],
            keys: &["provider", "secretRef"],
            read_at: "spec.verify of an OCIRepository that spec.chartRef names",
            reader: "a HelmRelease has no field for identities",
        },
        ("fluxcd.controlplane.io", "FluxInstance") => Reading {
            path: &[],
            keys: &[],
            read_at: "spec.kustomize.patches, as a patch that adds /spec/verify to the OCIRepository",
            reader: "flux-operator's sync has no verification",
        },
        (SOURCE_GROUP | KUSTOMIZE_GROUP, _) => NO_READER,
        _ if ksail::is_it(object) => KSAIL,
        _ => return None,
    };
    Some(found)
}

const KSAIL: Reading = Reading {
    path: ksail::PATH,
    keys: &["provider", "secretRef", "matchOIDCIdentity"],
    read_at: "spec.workload.flux.verify",
    reader: "KSail drops keys that it does not know",
};

/// What nobody reads in an object.
pub(crate) fn unread(object: &Object<'_>, file: &str) -> Vec<Unread> {
    match reading(object) {
        Some(reading) => search(object.node, &reading, object.told(), file),
        None => Vec::new(),
    }
}

/// What nobody reads in KSail's configuration when it does not say its kind.
pub(crate) fn unread_by_ksail(root: &Node, file: &str) -> Vec<Unread> {
    search(root, &KSAIL, "KSail configuration".to_owned(), file)
}

fn search(root: &Node, reading: &Reading, object: String, file: &str) -> Vec<Unread> {
    let mut search = Search { reading, object, file, found: Vec::new() };
    search.below(root, &mut Vec::new());
    search.found
}

struct Search<'a> {
    reading: &'a Reading,
    object: String,
    file: &'a str,
    found: Vec<Unread>,
}

impl Search<'_> {
    fn below<'n>(&mut self, node: &'n Node, path: &mut Vec<&'n str>) {
        if path.len() >= self.reading.path.len().max(1) && path == self.reading.path {
            return self.block(node);
        }
        match &node.value {
            Value::Map(entries) => {
                for (key, value) in entries {
                    path.push(&key.name);
                    self.entry(key, value, path);
                    path.pop();
                }
            }
            Value::List(items) => items.iter().for_each(|item| self.below(item, path)),
            _ => {}
        }
    }

    fn entry<'n>(&mut self, key: &Key, value: &'n Node, path: &mut Vec<&'n str>) {
        let told = path.join(".");
        if OTHERS.contains(&told.as_str()) {
            return;
        }
        if is_block(value) && path != self.reading.path {
            let read_at = self.reading.read_at.to_owned();
            self.tell(&key.at, told, read_at, self.reading.reader.to_owned());
        } else {
            self.below(value, path);
        }
    }

    /// The block that is read: what in it is not.
    fn block(&mut self, block: &Node) {
        let path = self.reading.path.join(".");
        if block.scalar().is_some() || !block.items().is_empty() {
            return self.refused(&block.at, path, "a mapping with provider and identities");
        }
        for (key, value) in block.entries() {
            if !self.reading.keys.contains(&key.name.as_str()) {
                self.unknown(key, &path, self.reading.keys);
            } else if key.name == "matchOIDCIdentity" && !value.entries().is_empty() {
                let path = format!("{path}.matchOIDCIdentity");
                self.refused(&value.at, path, "a list, each entry behind a dash");
            } else if key.name == "matchOIDCIdentity" {
                let path = format!("{path}.matchOIDCIdentity[]");
                let keys = value.items().iter().flat_map(Node::entries).map(|(key, _)| key);
                keys.filter(|key| !KEYS_OF_ENTRY.contains(&key.name.as_str()))
                    .for_each(|key| self.unknown(key, &path, KEYS_OF_ENTRY));
            }
        }
    }

    fn refused(&mut self, at: &Place, path: String, wanted: &str) {
        let why = format!("its API takes {wanted}, and refuses the object");
        self.tell(at, path, wanted.to_owned(), why);
    }

    fn unknown(&mut self, key: &Key, path: &str, known: &[&str]) {
        let meant = known.iter().find(|known| is_like(&key.name, known));
        let (read_at, why) = match meant {
            Some(meant) => (format!("{path}.{meant}"), format!("the key is written `{meant}`")),
            None if key.name == "matchOIDCIdentity" => {
                (self.reading.read_at.to_owned(), self.reading.reader.to_owned())
            }
            None => (path.to_owned(), format!("it knows {}", known.join(", "))),
        };
        self.tell(&key.at, format!("{path}.{}", key.name), read_at, why);
    }

    fn tell(&mut self, at: &Place, path: String, read_at: String, why: String) {
        let told = format!("nobody reads `{path}` of {}: {why}", self.object);
        let (file, object) = (self.file.to_owned(), self.object.clone());
        self.found.push(Unread { file, at: at.clone(), object, path, read_at, told });
    }
}
