//! Which tags an image is built for: by an action's inputs, and by those of `docker/metadata-action`.

use super::deeds::What;
use super::scope::{Ref, Scope};
use super::target::{Kind, Target};
use crate::goreleaser::Release;
use crate::model::{Setting, Step, setting};
use crate::triggers::Event;

pub(super) fn moved(to: Target, perhaps: bool) -> What {
    What::Move { to, proves: false, artifact: None, perhaps }
}

/// Whether `push` is on: a text that is not known may be.
pub(super) fn pushes(push: &str) -> Option<bool> {
    match push.trim() {
        "" | "false" => Some(false),
        "true" => Some(true),
        _ => None,
    }
}

pub(super) fn of_build(with: &[Setting], scope: &Scope<'_>) -> Vec<What> {
    let value = |key: &str| setting(with, key).map(|written| scope.expand(&written.text));
    let outputs = value("outputs").unwrap_or_default();
    if outputs.contains("push-by-digest=true") {
        return vec![];
    }
    let to_registry = outputs.contains("push=true") || outputs.contains("type=registry");
    let pushes = pushes(&value("push").unwrap_or_default());
    if pushes == Some(false) && !to_registry {
        return vec![];
    }
    let perhaps = pushes.is_none() && !to_registry;
    let tags = value("tags").unwrap_or_default();
    let references = tags.split([',', '\n']).map(str::trim).filter(|text| !text.is_empty());
    let targets = references.flat_map(|text| match outputs_of(text) {
        Some(id) => from_metadata(id, scope),
        None => vec![Target::parse(text)],
    });
    let mut targets: Vec<Target> = targets.collect();
    if targets.is_empty() {
        targets.push(Target::unknown(None));
    }
    targets.into_iter().map(|target| moved(target, perhaps)).collect()
}

/// What goreleaser pushes, and then signs where it is told to.
pub(super) fn goreleased(arguments: &str, scope: &Scope<'_>) -> Vec<What> {
    let images = match Release::of(arguments).pushes(scope.goreleaser) {
        Ok(None) => return vec![],
        Ok(Some(known)) => known.images.as_ref().map(|images| (images, known.signs_images)),
        Err(()) => None,
    };
    // It pushes by what is not here.
    let Some((images, signs)) = images else { return vec![moved(Target::unknown(None), true)] };
    let mut targets: Vec<Target> = Vec::new();
    for image in images {
        let target = Target::parse(image);
        // The parts of one release, of which each machine has its own, are one.
        let target = match target.kind {
            Kind::Version => Target { tag: None, ..target },
            _ => target,
        };
        if !targets.contains(&target) {
            targets.push(target);
        }
    }
    let signed = (signs && !targets.is_empty()).then(|| {
        What::Sign(targets.iter().map(|target| format!("{}@digest", target.repository)).collect())
    });
    targets.into_iter().map(|target| moved(target, false)).chain(signed).collect()
}

/// The step whose output a text is: `${{ steps.meta.outputs.tags }}`.
fn outputs_of(text: &str) -> Option<&str> {
    let inner = text.strip_prefix("${{")?.strip_suffix("}}")?.trim();
    inner.strip_prefix("steps.")?.strip_suffix(".outputs.tags")
}

/// The tags that `docker/metadata-action` makes: of each rule, what kind of tag it is.
fn from_metadata(id: &str, scope: &Scope<'_>) -> Vec<Target> {
    let named = |step: &&Step| step.id.as_ref().is_some_and(|known| known.text == id);
    let of_metadata = |step: &&Step| {
        let remote = step.uses().and_then(crate::uses::Uses::remote);
        remote.is_some_and(|remote| remote.name() == "docker/metadata-action")
    };
    let Some(step) = scope.steps.iter().find(|step| named(step) && of_metadata(step)) else {
        return vec![Target::unknown(None)];
    };
    let value = |key: &str| setting(&step.with, key).map(|written| scope.expand(&written.text));
    let images = value("images").unwrap_or_default();
    let image = images.split([',', '\n']).map(str::trim).find(|text| !text.is_empty());
    let image = Target::parse(image.unwrap_or_default().trim_start_matches("name="));
    let rules = value("tags").unwrap_or_else(|| "type=ref,event=branch\ntype=ref,event=tag".into());
    let rules = rules.lines().map(str::trim).filter(|rule| !rule.is_empty());
    rules.filter_map(|rule| by_rule(rule, &image, scope)).collect()
}

fn by_rule(rule: &str, image: &Target, scope: &Scope<'_>) -> Option<Target> {
    let settings: Vec<(&str, &str)> = rule.split(',').filter_map(|s| s.split_once('=')).collect();
    let get = |key: &str| settings.iter().find(|(name, _)| *name == key).map(|(_, value)| *value);
    let tagged = scope.reference == Ref::Tag;
    let on_branch = matches!(scope.reference, Ref::Exact(_) | Ref::Anybodys);
    let enabled = match get("enable") {
        Some("false") => false,
        Some("{{is_default_branch}}") => !tagged,
        _ => true,
    };
    let fits = match (get("type"), get("event")) {
        (Some("ref"), Some("pr")) => false,
        (Some("ref"), Some("branch")) | (Some("edge"), _) => !tagged,
        (Some("ref"), Some("tag")) | (Some("semver" | "pep440" | "match"), _) => !on_branch,
        (Some("schedule"), _) => *scope.event == Event::Schedule,
        _ => true,
    };
    if !enabled || !fits {
        return None;
    }
    let repository = image.repository.clone();
    Some(match get("type") {
        Some("sha") => Target { repository, tag: Some("sha".to_owned()), kind: Kind::Unique },
        Some("raw") => image.with_tag(get("value").unwrap_or_default()),
        Some("schedule") => Target { repository, tag: None, kind: Kind::Staging },
        Some("edge") => image.with_tag("edge"),
        Some("semver" | "pep440" | "match") => {
            Target { repository, tag: None, kind: Kind::Version }
        }
        Some(_) => Target { repository, tag: None, kind: Kind::Unknown },
        None => image.with_tag(rule),
    })
}
