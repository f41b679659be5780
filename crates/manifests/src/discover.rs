//! Two passes: each file alone, then what one file says about another.

use sealwright_yaml::Stream;

use crate::File;
use crate::commands::{self, Commands};
use crate::declaration::Declaration;
use crate::found::{Found, Guard, Source};
use crate::object::Object;
use crate::shapes::flux;

/// What one file says; ask for it with [`look`], put all of them together with [`join`]. Files can
/// be looked at in any order and on any thread.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Facts {
    sources: Vec<(Source, Option<Declaration>)>,
    commands: Commands,
}

/// All that is declared in these files.
pub fn discover<'a>(files: impl IntoIterator<Item = File<'a>>) -> Found {
    join(files.into_iter().map(look).collect())
}

/// What one file says.
pub fn look(file: File<'_>) -> Facts {
    let mut facts = Facts::default();
    let embedded = commands::embedded(file.path, file.bytes);
    let stream = match &embedded {
        Some(yaml) => sealwright_yaml::read(yaml),
        None if is_yaml(file.path) => sealwright_yaml::read(file.bytes),
        None => Stream::default(),
    };
    facts.commands = commands::commands(file, &stream);
    for object in stream.documents.iter().filter_map(|document| Object::of(&document.root)) {
        if (object.group(), object.kind) == (flux::SOURCE_GROUP, "OCIRepository") {
            facts.sources.push(flux::oci_repository(&object, file.path));
        }
    }
    facts
}

fn is_yaml(path: &str) -> bool {
    [".yaml", ".yml", ".json"].iter().any(|end| path.ends_with(end))
}

/// What all files say together.
pub fn join(mut facts: Vec<Facts>) -> Found {
    let mut found = Found::default();
    for facts in &mut facts {
        let Commands { declarations, findings, unjudged } = std::mem::take(&mut facts.commands);
        found.declarations.extend(declarations);
        found.findings.extend(findings);
        found.unjudged.extend(unjudged);
    }
    for (mut source, declaration) in facts.into_iter().flat_map(|facts| facts.sources) {
        if let Some(declaration) = declaration {
            source.guarded_by = Guard::Declaration(found.declarations.len());
            found.declarations.push(declaration);
        }
        found.sources.push(source);
    }
    found
}
