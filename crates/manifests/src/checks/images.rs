//! Globs over images, as an engine spells the images: one that takes no such spelling guards nothing, and
//! one that takes an image by its tag alone lets it in by its digest.
//!
//! Kyverno compares `registry/path@digest` where a digest is given, and `registry/path:tag` elsewhere
//! (kyverno 1.19.1 pkg/utils/image/infos.go). policy-controller resolves a tag before it verifies, and
//! compares `registry/path@digest` (0.13.1 pkg/webhook/validator.go).

use sealwright_pattern::{Containment, GoRegex, Language, Witness};
use sealwright_policy::{Code, Finding, Severity};

use super::{finding, place};
use crate::declaration::{Consumer, Declaration, Form, Guarded};
use crate::patterns::as_regex;

const BY_TAG: &str = "^[^/@]+(?:/[^/@:]+)+:[^/@:]+$";
const BY_DIGEST: &str = "^[^/@]+(?:/[^/@:]+)+@sha256:[0-9a-f]+$";
/// What follows the repository of an image.
const TAG: &str = ":[^/@:]+$";
const DIGEST: &str = "@sha256:[0-9a-f]+$";

/// What is told of a glob.
type Said = (Code, String);

/// `meant`: the configuration lists what is guarded.
pub(super) fn told(declaration: &Declaration, meant: bool) -> Vec<Finding> {
    let of: fn(&str, &[&str]) -> Option<Said> = match declaration.consumer {
        Consumer::KyvernoClusterPolicy => of_kyverno,
        Consumer::PolicyController => of_controller,
        _ => return Vec::new(),
    };
    let whole = declaration.guards.iter().filter(|one| one.whole && !one.what.is_empty());
    let whole: Vec<&Guarded> = whole.collect();
    let globs: Vec<&str> = whole.iter().map(|one| one.what.as_str()).collect();
    let told = whole.iter().filter_map(|guarded| {
        let (code, message) = of(&guarded.what, &globs)?;
        let at = place(&declaration.file, &guarded.at, &declaration.object);
        let hint = "Name both: `REPOSITORY:*` and `REPOSITORY@*`.";
        let found = finding(code, message, at).with_hint(hint);
        Some(match meant {
            true => Finding { severity: Severity::Error, ..found },
            false => found,
        })
    });
    told.collect()
}

fn of_kyverno(glob: &str, all: &[&str]) -> Option<Said> {
    // It goes on whatever follows the name.
    let name = glob.rsplit('/').next().unwrap_or(glob);
    if name.ends_with('*') && !name.contains([':', '@']) {
        return None;
    }
    let takes = |of: &str| Some(Language::glob(glob).overlap(&language(of)?) != Witness::Nobody);
    let takes = (takes(BY_TAG)?, takes(BY_DIGEST)?);
    let inner = as_regex(repository(glob), Form::Glob);
    let guarded: Vec<Language> = all.iter().map(|glob| Language::glob(glob)).collect();
    let missed = |end| missed(&inner, end, &guarded);
    let open = |sort: &str, image: String| {
        let message = format!(
            "`{glob}` takes no image that is named by its {sort}, and this rule does not verify it: {image}"
        );
        (Code::CheckWeakened, message)
    };
    match takes {
        (true, true) => None,
        (true, false) => missed(DIGEST).map(|image| open("digest", image)),
        (false, true) => missed(TAG).map(|image| open("tag", image)),
        (false, false) => missed(DIGEST).or_else(|| missed(TAG)).map(|_| {
            let message = format!(
                "`{glob}` takes no image: Kyverno compares it with `REPOSITORY:TAG`, or with `REPOSITORY@DIGEST`"
            );
            (Code::GuardsNothing, message)
        }),
    }
}

fn of_controller(glob: &str, all: &[&str]) -> Option<Said> {
    if language(&controllers(glob))?.overlap(&language(BY_DIGEST)?) != Witness::Nobody {
        return None;
    }
    let guarded: Option<Vec<Language>> =
        all.iter().map(|glob| language(&controllers(glob))).collect();
    missed(&controllers(repository(glob)), DIGEST, &guarded?)?;
    let message = format!(
        "`{glob}` takes no image: policy-controller resolves each tag, and compares it with `REPOSITORY@DIGEST`"
    );
    Some((Code::GuardsNothing, message))
}

/// A glob without the tag or digest behind its last segment.
fn repository(glob: &str) -> &str {
    let name = glob.rfind('/').map_or(0, |slash| slash + 1);
    let end = glob[name..].find([':', '@']).map_or(glob.len(), |end| name + end);
    &glob[..end]
}

/// An image of a repository with such an end that none of these takes.
fn missed(repository: &str, end: &str, guarded: &[Language]) -> Option<String> {
    let images = language(&(repository.trim_end_matches('$').to_owned() + end))?;
    match images.contained_in(&Language::union(guarded)) {
        Containment::Outside(image) => Some(image),
        _ => None,
    }
}

/// A glob of policy-controller as a pattern (0.13.1 pkg/apis/glob): `*` ends at a slash, `**` does not, and
/// without a host it is about Docker Hub.
fn controllers(glob: &str) -> String {
    let glob = match glob {
        "*" => "index.docker.io/library/*",
        "*/*" => "index.docker.io/*/*",
        glob => glob,
    };
    let pieces = glob.split("**").map(|piece| {
        let parts: Vec<String> = piece.split('*').map(inside).collect();
        parts.join("[^/]*")
    });
    format!("^{}$", pieces.collect::<Vec<_>>().join(".*"))
}

fn inside(text: &str) -> String {
    let exact = as_regex(text, Form::Exact);
    exact.trim_start_matches('^').trim_end_matches('$').to_owned()
}

fn language(pattern: &str) -> Option<Language> {
    Some(Language::search(&GoRegex::parse(pattern).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kyverno_asks_for_a_tag_or_a_digest() {
        let x = "ghcr.io/acme/x";
        for (globs, nothing, open, why) in [
            (vec!["ghcr.io/acme/*"], false, None, "all of them"),
            (vec!["ghcr.io/acme/x*"], false, None, "whatever follows"),
            (vec!["*"], false, None, "every image"),
            (vec!["*/*"], false, None, "every image"),
            (vec!["ghcr.io/acme/x:*", "ghcr.io/acme/x@*"], false, None, "both"),
            (vec!["ghcr.io/acme/x:*", "ghcr.io/acme/x@sha256:*"], false, None, "both"),
            (vec!["ghcr.io/acme/x:*", "ghcr.io/*"], false, None, "the wider one takes it"),
            (vec![x, "ghcr.io/acme/*"], false, None, "the wider one takes it"),
            (vec![x], true, None, "it has neither tag nor digest"),
            (vec!["ghcr.io/acme/x/"], true, None, "no image ends so"),
            (vec!["ghcr.io/acme/x:*"], false, Some("digest"), "by its digest it comes in"),
            (vec!["ghcr.io/acme/x:v1"], false, Some("digest"), "by its digest it comes in"),
            (vec!["ghcr.io/acme/x:*", "ghcr.io/acme/y@*"], false, Some("digest"), "another one"),
            (vec!["ghcr.io/acme/x@*"], false, Some("tag"), "by its tag it comes in"),
            (vec!["localhost:5000/x*"], false, None, "a port is no tag"),
            (vec!["localhost:5000/x"], true, None, "a port is no tag"),
        ] {
            let said = of_kyverno(globs[0], &globs);
            let is = |code| said.as_ref().is_some_and(|(is, _)| *is == code);
            assert_eq!(is(Code::GuardsNothing), nothing, "{why}: {globs:?}");
            assert_eq!(is(Code::CheckWeakened), open.is_some(), "{why}: {globs:?}");
            let message = said.map(|(_, message)| message).unwrap_or_default();
            assert!(open.is_none_or(|sort| message.contains(&format!("its {sort}"))), "{message}");
        }
    }

    #[test]
    fn policy_controller_asks_for_a_digest() {
        for (globs, takes, why) in [
            (vec!["**"], true, "every image"),
            (vec!["*"], true, "the library of Docker Hub"),
            (vec!["ghcr.io/acme/*"], true, "a digest has no slash"),
            (vec!["ghcr.io/acme/x*"], true, "whatever follows"),
            (vec!["ghcr.io/acme/x@*"], true, "a digest"),
            (vec!["ghcr.io/acme/x@sha256:*"], true, "a digest"),
            (vec!["ghcr.io/**"], true, "at any depth"),
            (vec!["ghcr.io/acme/x:*", "ghcr.io/acme/x@*"], true, "the other takes it"),
            (vec!["ghcr.io/acme/x:*"], false, "a tag is no longer there"),
            (vec!["ghcr.io/acme/x:v1"], false, "a tag is no longer there"),
            (vec!["ghcr.io/acme/x"], false, "neither"),
            (vec!["ghcr.io/acme/x:*", "ghcr.io/acme/y@*"], false, "another one"),
            (vec!["ghcr.io/acme/x", "ghcr.io/*"], false, "a star ends at a slash"),
        ] {
            assert_eq!(of_controller(globs[0], &globs).is_none(), takes, "{why}: {globs:?}");
        }
    }
}
