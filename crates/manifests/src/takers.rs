//! Objects that take from a source without being one: a source that they name and that is not in these
//! files is somebody's all the same, and whether anything verifies it is not known.

use std::collections::{BTreeSet, HashMap};

use sealwright_yaml::{Node, Place, template_in};

use crate::declaration::Follows;
use crate::discover::Kept;
use crate::found::{Guard, NOT_HERE, Source, SourceKind};
use crate::object::Object;
use crate::present::Present;
use crate::target::Named;

/// Group of source-watcher's generators.
pub(crate) const GENERATOR_GROUP: &str = "source.extensions.fluxcd.io";
/// It puts files of several sources together, as one `ExternalArtifact` for each entry.
pub(crate) const GENERATOR: &str = "ArtifactGenerator";
/// Group of tofu-controller.
pub(crate) const TERRAFORM_GROUP: &str = "infra.contrib.fluxcd.io";
/// It runs the modules of a source.
pub(crate) const TERRAFORM: &str = "Terraform";

/// Kinds whose content is verified, or made of what is. Commits and buckets are verified otherwise.
const KINDS: [(&str, SourceKind); 2] = [
    ("OCIRepository", SourceKind::OciRepository),
    ("ExternalArtifact", SourceKind::ExternalArtifact),
];

/// All that is taken from sources.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    references: Vec<Reference>,
    /// `ExternalArtifact`s that generators make.
    made: Vec<Named>,
}

/// One source that an object names.
#[derive(Debug)]
struct Reference {
    kind: SourceKind,
    named: Named,
    /// `Kustomization flux-system/apps`.
    by: String,
    file: String,
    at: Place,
    /// Why what an overlay makes of the object is not known.
    doubt: Option<String>,
}

impl Taken {
    /// What an object takes from, as an overlay makes it.
    pub(crate) fn add(&mut self, kept: &Kept, made: &Node, doubt: Option<&str>, file: &str) {
        let Some(object) = Object::of(made) else { return };
        let sources = made.at_path(&["spec", "sources"]).map(Node::items).unwrap_or_default();
        let named: Vec<&Node> = match object.kind {
            "Kustomization" | TERRAFORM => {
                made.at_path(&["spec", "sourceRef"]).into_iter().collect()
            }
            GENERATOR => sources.iter().collect(),
            // One that is a source's chart is told of by itself.
            "HelmRelease" => {
                let reference = made.at_path(&["spec", "chartRef"]).into_iter();
                reference.filter(|one| one.text_at(&["kind"]) == Some("ExternalArtifact")).collect()
            }
            _ => return,
        };
        for reference in named {
            let field = |key| reference.get(key).and_then(Node::scalar);
            let kind = KINDS.iter().find(|(kind, _)| field("kind") == Some(kind));
            let (Some((name, kind)), Some(is)) = (kind, field("name")) else { continue };
            let namespace = field("namespace").unwrap_or(object.namespace).to_owned();
            let named = Named {
                kind: (*name).to_owned(),
                name: is.to_owned(),
                namespace,
                ..Named::default()
            };
            self.references.push(Reference {
                kind: *kind,
                named,
                by: kept.named.told(),
                file: file.to_owned(),
                at: kept.object.at.clone(),
                doubt: doubt.map(str::to_owned),
            });
        }
        if object.kind == GENERATOR {
            let artifacts = made.at_path(&["spec", "artifacts"]).map(Node::items);
            let names =
                artifacts.unwrap_or_default().iter().filter_map(|one| one.get("name")?.scalar());
            self.made.extend(names.map(|name| Named {
                kind: "ExternalArtifact".to_owned(),
                name: name.to_owned(),
                namespace: object.namespace.to_owned(),
                ..Named::default()
            }));
        }
    }

    /// The sources that are named and not there: each once, at the first object that names it.
    pub(crate) fn absent(self, present: &Present) -> Vec<Source> {
        let mut generated = Present::default();
        self.made.iter().for_each(|made| generated.add(&made.told(), 0));
        let is_here = |named| present.find(named).or_else(|| generated.find(named)).is_some();
        let mut absent: Vec<(&Reference, BTreeSet<&str>)> = Vec::new();
        let mut numbers: HashMap<String, usize> = HashMap::new();
        for one in self.references.iter().filter(|one| !is_here(&one.named)) {
            let number = *numbers.entry(one.named.told()).or_insert(absent.len());
            if number == absent.len() {
                absent.push((one, BTreeSet::new()));
            }
            absent[number].1.insert(&one.by);
        }
        absent.into_iter().map(|(first, by)| first.source(by.len() - 1)).collect()
    }
}

impl Reference {
    fn source(&self, others: usize) -> Source {
        let more = match others {
            0 => String::new(),
            others => format!(" (and {others} more)"),
        };
        let names = [&self.named.name, &self.named.namespace];
        let is_template = names.into_iter().any(|name| template_in(name).is_some());
        let but = match &self.doubt {
            Some(doubt) => doubt.clone(),
            None if is_template => "its name is filled in later".to_owned(),
            None => format!("it {NOT_HERE}"),
        };
        let why = format!("{} takes from it{more}, and {but}", self.by);
        Source {
            kind: self.kind,
            object: self.named.told(),
            url: String::new(),
            whole: false,
            follows: Follows::AsWritten,
            file: self.file.clone(),
            at: self.at.clone(),
            guarded_by: Guard::Elsewhere(why),
            rendered: Vec::new(),
        }
    }
}
