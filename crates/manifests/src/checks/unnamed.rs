//! What each engine does with an image that no rule names: the same rules open one cluster and stop
//! another.

use sealwright_policy::{Code, Finding};

use super::{finding, place};
use crate::declaration::{Consumer, Declaration};
use crate::found::{Found, NoMatch};
use crate::relevant::is_yaml;

/// Engines that decide about images, with what they do when no rule names one.
const ENGINES: &[(&str, &[Consumer], &str)] = &[
    (
        "Kyverno",
        &[Consumer::KyvernoClusterPolicy, Consumer::KyvernoImageValidatingPolicy],
        "it is let in",
    ),
    (
        "policy-controller",
        &[Consumer::PolicyController],
        "it is denied where the namespace is labelled `policy.sigstore.dev/include: \"true\"`, and let in elsewhere",
    ),
    ("Talos", &[Consumer::Talos], "it is pulled unverified"),
];

/// One note for each engine that has rules here and none for all images.
pub(super) fn told(found: &Found) -> Vec<Finding> {
    let engines = ENGINES.iter().filter_map(|(engine, consumers, then)| {
        // One that names no image at all is told of by itself.
        let is_its = |one: &&Declaration| {
            consumers.contains(&one.consumer) && is_yaml(&one.file) && !one.guards.is_empty()
        };
        let first = found.declarations.iter().find(is_its)?;
        if found.declarations.iter().filter(is_its).any(names_all) {
            return None;
        }
        let said = found.no_match.iter().find(|_| first.consumer == Consumer::PolicyController);
        let message = match said {
            Some(said) => format!("an image that no rule of {engine} names: {}", configured(said)),
            None => format!("an image that no rule of {engine} names: {then}"),
        };
        let at = place(&first.file, &first.at, &first.object);
        Some(finding(Code::ImagesUnnamed, message, at))
    });
    engines.collect()
}

/// Any other word is read as `deny` (policy-controller pkg/config/store.go).
fn configured(said: &NoMatch) -> String {
    let then = match said.word.as_str() {
        "allow" => "it is let in",
        "warn" => "it is told and let in",
        _ => "it is denied where the namespace is labelled for it",
    };
    format!("{then}, by `no-match-policy: {}` in {}:{}", said.word, said.file, said.at.line)
}

fn names_all(declaration: &Declaration) -> bool {
    // There `*` ends at a slash, and alone it is about Docker Hub (policy-controller 0.13.1 pkg/apis/glob).
    let across = declaration.consumer == Consumer::PolicyController;
    let all = |text: &str| {
        let wild = text.chars().all(|letter| matches!(letter, '*' | '/' | ':'));
        wild && (text.contains("**") || !across)
    };
    declaration.guards.iter().any(|guarded| !guarded.what.is_empty() && all(&guarded.what))
}
