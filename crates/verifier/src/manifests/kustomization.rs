//! Kustomizations as they are written: where each leads, and why one is not given to kubectl.
//!
//! kustomize loads what it is told to from wherever that is. Git and downloads are shut off around it, but for
//! downloads from this machine itself; so what leads to a network, or to where nobody has looked, is found here.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use sealwright_yaml::Node;

use super::reading;
use super::tree::Tree;

/// The names that kustomize takes.
const NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];
/// Keys that lead to other files.
const LEADS: [&str; 4] = ["resources", "bases", "components", "crds"];
/// Keys that lead to files which make kustomize load others again, or hold their text.
const PLUGINS: [&str; 3] = ["generators", "transformers", "validators"];
/// Keys below which a file may be a URL.
const LOADS: [&str; 11] = [
    "patches",
    "patchesStrategicMerge",
    "patchesJson6902",
    "replacements",
    "configMapGenerator",
    "secretGenerator",
    "configurations",
    "openapi",
    "generators",
    "transformers",
    "validators",
];
/// Keys below these that hold no names of files.
const VALUES: [&str; 4] = ["literals", "options", "target", "patch"];
/// Keys by which what is rendered is another than the files one by one.
const CHANGES: [&str; 8] = [
    "patches",
    "patchesStrategicMerge",
    "patchesJson6902",
    "replacements",
    "transformers",
    "generators",
    "helmCharts",
    "components",
];
/// What a URL begins with that kustomize downloads.
const DOWNLOADED: [&str; 2] = ["http://", "https://"];

/// All of a tree, by their folders.
#[derive(Debug)]
pub(super) struct Kustomizations {
    root: PathBuf,
    all: BTreeMap<String, Kustomization>,
}

/// One kustomization.
#[derive(Debug, Default)]
pub(super) struct Kustomization {
    pub(super) file: String,
    pub(super) is_component: bool,
    changes: bool,
    /// Paths in the tree, of files and folders.
    leads: Vec<String>,
    /// The same, of what configures plugins.
    plugins: Vec<String>,
    /// What would be fetched.
    remote: Option<String>,
}

/// A folder with everything that it takes in.
#[derive(Debug, Default)]
pub(super) struct Closure<'a> {
    pub(super) paths: BTreeSet<&'a str>,
    /// What is rendered is another than the files one by one.
    pub(super) changes: bool,
    /// Why it is not given to kubectl, where that is so.
    pub(super) left: Option<String>,
}

impl Kustomizations {
    pub(super) fn read(tree: &Tree) -> Self {
        let all = tree.files.iter().filter_map(|file| kustomization(&tree.root, file)).collect();
        Self { root: tree.root.clone(), all }
    }

    /// Each with its folder.
    pub(super) fn by_folder(&self) -> impl Iterator<Item = (&String, &Kustomization)> {
        self.all.iter()
    }

    /// Folders and files that are taken in by others.
    pub(super) fn taken(&self) -> BTreeSet<&String> {
        self.all.values().flat_map(|one| &one.leads).collect()
    }

    /// Everything that a folder takes in, itself first.
    pub(super) fn closure<'a>(&'a self, folder: &'a String) -> Closure<'a> {
        let mut closure = Closure::default();
        let plugins = self.follow(folder, &mut closure);
        let mut configured = Closure::default();
        plugins.into_iter().for_each(|plugin| drop(self.follow(plugin, &mut configured)));
        let loads = configured.paths.iter().find(|path| self.downloads(path));
        let loads = loads.map(|path| format!("it has a plugin that may fetch something: {path}"));
        closure.left = closure.left.or(configured.left).or(loads);
        closure
    }

    /// Adds what a path takes in; gives what configures plugins.
    fn follow<'a>(&'a self, path: &'a String, closure: &mut Closure<'a>) -> Vec<&'a String> {
        let mut plugins = Vec::new();
        let mut next = vec![path];
        while let Some(path) = next.pop() {
            if !closure.paths.insert(path.as_str()) {
                continue;
            }
            let Some(one) = self.all.get(path) else {
                match self.behind(path) {
                    Ok(folder) => next.extend(folder),
                    Err(why) => closure.left = closure.left.take().or(Some(why)),
                }
                continue;
            };
            closure.changes |= one.changes;
            next.extend(&one.leads);
            plugins.extend(&one.plugins);
            let fetched = one
                .remote
                .as_ref()
                .map(|remote| format!("it takes a remote base, which is never fetched: {remote}"));
            closure.left = closure.left.take().or(fetched);
        }
        plugins
    }

    /// The folder that a link leads to; of a folder where nobody has looked it is not known what it takes.
    fn behind(&self, path: &str) -> Result<Option<&String>, String> {
        let whole = self.root.join(path);
        if !whole.is_dir() {
            return Ok(None);
        }
        let real = fs::canonicalize(&whole).ok();
        let real = real.as_ref().and_then(|real| real.strip_prefix(&self.root).ok()?.to_str());
        match real.and_then(|real| self.all.get_key_value(real)) {
            Some((folder, _)) => Ok(Some(folder)),
            None => Err(format!("it takes a folder in which no kustomization was read: {path}")),
        }
    }

    /// Whether a file says something that could be downloaded; also when it cannot be read.
    fn downloads(&self, path: &str) -> bool {
        let whole = self.root.join(path);
        let bytes = if whole.is_dir() { Ok(vec![]) } else { reading::read(&whole) };
        bytes.map_or(true, |bytes| says_download(&String::from_utf8_lossy(&bytes)))
    }
}

/// The folder and what its file says; `None` when the file is no kustomization.
fn kustomization(root: &Path, file: &str) -> Option<(String, Kustomization)> {
    let (folder, name) = file.rsplit_once('/').unwrap_or(("", file));
    if !NAMES.contains(&name) {
        return None;
    }
    let bytes = reading::read(&root.join(file)).ok()?;
    let stream = sealwright_yaml::read(&bytes);
    let node = &stream.documents.first()?.root;
    let mut read = Kustomization {
        file: file.to_owned(),
        is_component: node.text_at(&["kind"]) == Some("Component"),
        changes: CHANGES.iter().any(|key| node.get(key).is_some_and(|node| !node.is_null())),
        remote: LOADS.iter().filter_map(|key| node.get(key)).find_map(url),
        ..Kustomization::default()
    };
    let here = |lead: &str| inside(folder, lead).filter(|path| root.join(path).exists());
    for lead in LEADS.iter().filter_map(|key| node.get(key)).flat_map(Node::items) {
        let Some(lead) = lead.text() else { continue };
        match here(lead) {
            Some(path) => read.leads.push(path),
            // What is not in the tree is on the network, or missing; kustomize would look there.
            None => read.remote = Some(lead.to_owned()),
        }
    }
    for lead in PLUGINS.iter().filter_map(|key| node.get(key)).flat_map(Node::items) {
        let Some(lead) = lead.text() else { continue };
        match here(lead) {
            Some(path) => read.plugins.push(path),
            None if says_download(lead) => read.remote = Some(lead.to_owned()),
            None => {}
        }
    }
    Some((folder.to_owned(), read))
}

/// The first text that is a URL by itself, or behind a name of its own.
fn url(node: &Node) -> Option<String> {
    if let Some(text) = node.text() {
        let parts = [Some(text), text.split_once('=').map(|(_, rest)| rest)];
        let is_url = |part: &str| {
            let part = part.trim_start().to_ascii_lowercase();
            DOWNLOADED.iter().any(|begin| part.starts_with(begin))
        };
        return parts.into_iter().flatten().any(is_url).then(|| text.to_owned());
    }
    let entries = node.entries().iter();
    let named = entries.filter(|(key, _)| !VALUES.contains(&key.name.as_str()));
    node.items().iter().chain(named.map(|(_, value)| value)).find_map(url)
}

fn says_download(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    DOWNLOADED.iter().any(|begin| text.contains(begin))
}

/// A path relative to a folder, as one of the tree; `None` when it leads out of it.
fn inside(folder: &str, lead: &str) -> Option<String> {
    let mut path: Vec<&str> = folder.split('/').filter(|one| !one.is_empty()).collect();
    for step in lead.split('/') {
        match step {
            "" | "." => {}
            ".." => {
                path.pop()?;
            }
            name => path.push(name),
        }
    }
    Some(path.join("/"))
}
