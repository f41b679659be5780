//! What the manifests pull: images, charts, sources and remote bases, with the file and line of each.
//!
//! It reads what manifests *name*. What a chart or a remote base brings along is not known here, and
//! what only a template names is a note, not a guess.

mod custom;
mod document;
mod flux;
mod image;
mod kustomize;
mod pulled;
mod search;
#[cfg(test)]
mod tests;
mod workload;

use std::collections::{BTreeMap, BTreeSet};

use sealwright_policy::{Code, Finding, Place};

use crate::contents::Inspect;
pub use image::ImageReference;
pub use pulled::{ChartRepository, Location, Pulled, Rule};

/// Largest manifest that is searched, in bytes. The largest real custom resource definitions have
/// one MiB.
pub const MANIFEST_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// Most places that are kept. A large platform has some hundreds.
pub const LOCATIONS_COUNT_MAX: usize = 20_000;

/// Everything that the manifests pull. Filled while they are packed.
#[derive(Debug, Default)]
pub struct Inventory {
    pulled: BTreeMap<Pulled, BTreeSet<Location>>,
    helm_repositories: BTreeMap<(String, String), BTreeSet<String>>,
    notes: Vec<Finding>,
    locations_count: usize,
}

impl Inventory {
    /// What is pulled, in a fixed order, with all places that say so. Charts of a `HelmRepository`
    /// that is found in these manifests have its URL.
    pub fn pulled(&self) -> BTreeMap<Pulled, BTreeSet<Location>> {
        let mut resolved: BTreeMap<Pulled, BTreeSet<Location>> = BTreeMap::new();
        for (pulled, locations) in &self.pulled {
            let pulled = self.with_url(pulled.clone());
            resolved.entry(pulled).or_default().extend(locations.iter().cloned());
        }
        resolved
    }

    /// What could not be searched, and why.
    pub fn notes(&self) -> &[Finding] {
        &self.notes
    }

    /// Searches one manifest. `file` is only for the places.
    pub fn read(&mut self, file: &str, bytes: &[u8]) {
        let Ok(text) = std::str::from_utf8(bytes) else {
            return self.note(file, 1, "cannot be searched: it is not UTF-8");
        };
        for document in document::parse(text) {
            match document {
                Ok(node) => search::document(&node, file, self),
                Err(broken) => {
                    let template = if text.contains("{{") { "it is a template: " } else { "" };
                    let why = format!("cannot be searched: {template}{}", broken.why);
                    self.note(file, broken.line, &why);
                }
            }
        }
    }

    pub(self) fn add(&mut self, pulled: Pulled, file: &str, line: u32, rule: Rule) {
        if self.locations_count >= LOCATIONS_COUNT_MAX {
            return;
        }
        self.locations_count += 1;
        if self.locations_count == LOCATIONS_COUNT_MAX {
            self.note(
                file,
                line,
                &format!("more than {LOCATIONS_COUNT_MAX} places pull something"),
            );
        }
        let location = Location { file: file.to_owned(), line, rule };
        self.pulled.entry(pulled).or_default().insert(location);
    }

    /// An image, or a note when only a substitution will make one of the text.
    pub(self) fn add_image(&mut self, text: &str, file: &str, line: u32, rule: Rule) {
        match ImageReference::parse(text) {
            Some(reference) => self.add(Pulled::Image(reference), file, line, rule),
            None if text.contains("${") || text.contains("{{") => {
                self.note(file, line, &format!("`{text}` is known only after substitution"));
            }
            None => {}
        }
    }

    pub(self) fn add_helm_repository(&mut self, namespace: &str, name: &str, url: &str) {
        let key = (namespace.to_owned(), name.to_owned());
        self.helm_repositories.entry(key).or_default().insert(url.to_owned());
    }

    pub(self) fn note(&mut self, file: &str, line: u32, why: &str) {
        let finding = Finding::new(Code::ManifestNotJudged, why);
        self.notes.push(finding.with_place(Place::file(file).at(line, 1)));
    }

    /// A namespace that is set elsewhere (by Kustomize) leaves the name alone to go by.
    fn with_url(&self, pulled: Pulled) -> Pulled {
        let Pulled::Chart { repository: ChartRepository::Named { namespace, name }, .. } = &pulled
        else {
            return pulled;
        };
        let urls: BTreeSet<&String> = self
            .helm_repositories
            .iter()
            .filter(|((in_namespace, repository), _)| {
                repository == name
                    && (namespace.is_empty()
                        || in_namespace.is_empty()
                        || namespace == in_namespace)
            })
            .flat_map(|(_, urls)| urls)
            .collect();
        match (urls.first(), urls.len(), pulled) {
            (Some(url), 1, Pulled::Chart { name, version, .. }) => {
                let repository = ChartRepository::Url((*url).clone());
                Pulled::Chart { repository, name, version }
            }
            (_, _, pulled) => pulled,
        }
    }
}

impl Inspect for Inventory {
    fn wants(&self, path: &str, bytes: u64) -> bool {
        is_manifest(path) && bytes <= MANIFEST_BYTES_MAX
    }

    fn inspect(&mut self, path: &str, bytes: &[u8]) {
        self.read(path, bytes);
    }

    fn pass(&mut self, path: &str, bytes: u64) {
        if is_manifest(path) {
            self.note(
                path,
                1,
                &format!("cannot be searched: {bytes} bytes are more than {MANIFEST_BYTES_MAX}"),
            );
        }
    }
}

fn is_manifest(path: &str) -> bool {
    let extension = path.rsplit('/').next().and_then(|name| name.rsplit_once('.'));
    extension.is_some_and(|(_, extension)| ["yaml", "yml", "json"].contains(&extension))
}
