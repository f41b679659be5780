//! Who should sign what, from the configuration.

use sealwright_flux::Controller;
use sealwright_policy::{Artifact, Config, Issuers, Requirements};

use crate::declaration::{Consumer, Declaration, Guarded};

/// By what a repository is judged.
#[derive(Debug, Clone)]
pub struct Expected<'a> {
    /// The configuration. Without one only slips are found, and no intentions.
    pub config: Option<&'a Config>,
    /// Who issues the tokens of `github:` signers.
    pub issuers: Issuers,
}

/// The artifacts that a declaration guards, and all who may sign any of them.
#[derive(Debug, Clone)]
pub(super) struct Measure {
    /// Their names, with commas between.
    pub(super) artifacts: String,
    pub(super) requirements: Requirements,
}

impl Expected<'_> {
    /// By whom a declaration is measured; `None` when it guards nothing of the configuration.
    pub(super) fn measure(&self, declaration: &Declaration) -> Option<Measure> {
        let config = self.config?;
        // It compares builders of provenance, of which the configuration says nothing.
        if declaration.consumer == Consumer::SlsaCommand {
            return None;
        }
        let whole = || declaration.guards.iter().filter(|guarded| guarded.whole);
        let mut guarded: Vec<&str> = config
            .artifacts
            .iter()
            .filter(|(_, artifact)| whole().any(|guarded| covers(guarded, artifact)))
            .map(|(name, _)| name.as_str())
            .collect();
        if guarded.is_empty() && whole().any(|guarded| self.is_declared_source(&guarded.what)) {
            guarded.extend(only_one(config));
        }
        let all = guarded.iter().filter_map(|name| config.requirements(name, &self.issuers));
        let requirements = all.reduce(|mut joined, more| {
            for signer in more.signers {
                if !joined.signers.contains(&signer) {
                    joined.signers.push(signer);
                }
            }
            joined
        })?;
        Some(Measure { artifacts: guarded.join(", "), requirements })
    }

    /// Who may sign what a declaration guards; `None` when the configuration does not say.
    pub(crate) fn requirements(&self, declaration: &Declaration) -> Option<Requirements> {
        self.measure(declaration).map(|measure| measure.requirements)
    }

    /// Whether a URL is the organisation's, or an artifact's.
    pub(super) fn is_own(&self, url: &str) -> bool {
        let Some(config) = self.config else { return false };
        let organisation = config.environments.values().flat_map(|one| &one.organisation);
        let artifacts = config.artifacts.values().map(|artifact| &artifact.repository);
        organisation.chain(artifacts).any(|pattern| fits(pattern, url))
    }

    /// Whether the configuration names the object among the sources of an environment.
    pub(super) fn is_declared_source(&self, object: &str) -> bool {
        let name = object.rsplit(' ').next().unwrap_or(object);
        let environments = self.config.iter().flat_map(|config| config.environments.values());
        environments.flat_map(|one| &one.sources).any(|source| source == name)
    }

    /// Whether bundles are looked for anywhere: no environment says otherwise.
    pub(super) fn finds_bundles(&self) -> bool {
        let environments = self.config.iter().flat_map(|config| config.environments.values());
        let mut versions = environments.filter_map(|one| one.flux.as_deref()).peekable();
        let finds = |version: &str| Controller::parse(version).is_ok_and(|one| one.finds_bundles());
        versions.peek().is_none() || versions.any(finds)
    }
}

fn only_one(config: &Config) -> Option<&str> {
    let mut names = config.artifacts.keys();
    let only = names.next().filter(|_| names.len() == 0);
    only.map(String::as_str)
}

/// Whether what is guarded, a URL or a glob over references, is an artifact's repository.
///
/// A glob that is wider is about images of all kinds, whose signers the configuration does not name.
fn covers(guarded: &Guarded, artifact: &Artifact) -> bool {
    let fixed = guarded.what.split(['*', '?']).next().unwrap_or_default();
    let fixed = fixed.trim_end_matches([':', '@']);
    segments(&repository(fixed)) == segments(&artifact.repository)
}

/// `host/path` of a URL or reference, without scheme, tag and digest.
pub(super) fn repository(reference: &str) -> String {
    let rest = reference.strip_prefix("oci://").unwrap_or(reference);
    let rest = rest.split('@').next().unwrap_or(rest);
    let name = match rest.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => name,
        _ => rest,
    };
    name.trim_end_matches('/').to_owned()
}

/// Whether a URL has the form of a pattern, in which a `*` stands for one segment of the path.
pub(super) fn fits(pattern: &str, url: &str) -> bool {
    let (pattern, url) = (segments(&repository(pattern)), segments(&repository(url)));
    pattern.len() == url.len()
        && pattern.iter().zip(&url).all(|(wanted, is)| wanted == "*" || wanted == is)
}

/// Host, which has no case, and path.
fn segments(repository: &str) -> Vec<String> {
    let mut segments: Vec<String> =
        repository.split('/').filter(|one| !one.is_empty()).map(ToOwned::to_owned).collect();
    if let Some(host) = segments.first_mut() {
        *host = host.to_ascii_lowercase();
    }
    segments
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_taken_apart() {
        for (reference, expected) in [
            ("oci://ghcr.io/acme/x", "ghcr.io/acme/x"),
            ("ghcr.io/acme/x:1.0", "ghcr.io/acme/x"),
            ("ghcr.io/acme/x:1.0@sha256:ab", "ghcr.io/acme/x"),
            ("localhost:5000/x", "localhost:5000/x"),
            ("oci://localhost:5000/x/", "localhost:5000/x"),
        ] {
            assert_eq!(repository(reference), expected);
        }
    }

    #[test]
    fn what_is_guarded_takes_in_a_repository() {
        let artifact = |repository: &str| Artifact {
            repository: repository.to_owned(),
            contents: None,
            signers: vec![],
            evidence: vec![],
        };
        for (what, repository, expected, why) in [
            ("oci://ghcr.io/acme/x", "ghcr.io/acme/x", true, "a URL"),
            ("oci://GHCR.io/acme/x:1", "ghcr.io/acme/x", true, "hosts have no case"),
            ("ghcr.io/acme/x:*", "ghcr.io/acme/x", true, "any tag"),
            ("ghcr.io/acme/x*", "ghcr.io/acme/x", true, "any end"),
            ("ghcr.io/acme/*", "ghcr.io/acme/x", false, "images of all kinds"),
            ("*", "ghcr.io/acme/x", false, "every image"),
            ("oci://ghcr.io/acme/x", "ghcr.io/acme/xy", false, "a longer name"),
            ("ghcr.io/other/*", "ghcr.io/acme/x", false, "another owner"),
        ] {
            let guarded = Guarded::object(what, Default::default());
            assert_eq!(covers(&guarded, &artifact(repository)), expected, "{why}: {what}");
        }
    }

    #[test]
    fn a_star_of_the_configuration_is_one_segment() {
        for (pattern, url, expected) in [
            ("oci://ghcr.io/acme/*/*", "oci://ghcr.io/acme/platform/manifests", true),
            ("oci://ghcr.io/acme/*/*", "oci://ghcr.io/acme/platform", false),
            ("oci://ghcr.io/acme/*", "oci://ghcr.io/acme/a/b", false),
            ("oci://ghcr.io/acme/*", "oci://ghcr.io.evil.example/acme/a", false),
        ] {
            assert_eq!(fits(pattern, url), expected, "{pattern} {url}");
        }
    }
}
