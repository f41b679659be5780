//! Which sources are the organisation's: by URL, and by name where the configuration names them.

use std::collections::BTreeSet;

use crate::kubernetes::{Kind, Live};

/// What is looked at.
#[derive(Debug, Default)]
pub(crate) struct Scope {
    /// Segments of `oci://` URLs; `*` stands for any one.
    patterns: BTreeSet<Vec<String>>,
    /// `namespace/name` of declared sources.
    names: BTreeSet<String>,
}

impl Scope {
    /// The organisation's URLs, the repositories of its artifacts, and its declared sources.
    pub(crate) fn new<'a>(
        organisation: impl IntoIterator<Item = &'a str>,
        repositories: impl IntoIterator<Item = &'a str>,
        names: &[String],
        stand_in: Option<&str>,
    ) -> Self {
        let mut patterns = BTreeSet::new();
        for url in organisation {
            let segments = segments(url);
            if let Some(registry) = stand_in {
                patterns.insert(with_host(&segments, registry));
            }
            patterns.insert(segments);
        }
        patterns.extend(repositories.into_iter().map(segments));
        Self { patterns, names: names.iter().cloned().collect() }
    }

    /// As URLs, for people.
    pub(crate) fn urls(&self) -> Vec<String> {
        self.patterns.iter().map(|segments| format!("oci://{}", segments.join("/"))).collect()
    }

    /// Whether a source is looked at.
    pub(crate) fn covers(&self, live: &Live) -> bool {
        self.covers_url(&live.url)
            || (live.kind == Kind::OciRepository && self.names.contains(&live.full_name()))
    }

    /// Whether a URL is the organisation's.
    pub(crate) fn covers_url(&self, url: &str) -> bool {
        if !url.starts_with("oci://") {
            return false;
        }
        let segments = segments(url);
        self.patterns.iter().any(|pattern| fits(pattern, &segments))
    }
}

/// Host, which has no case, and path. An empty segment is none: `//` and a last `/` mean nothing.
/// Nor does the port that is meant without one.
fn segments(url: &str) -> Vec<String> {
    let rest = url.strip_prefix("oci://").unwrap_or(url);
    let mut segments: Vec<String> =
        rest.split('/').filter(|segment| !segment.is_empty()).map(ToOwned::to_owned).collect();
    if let Some(host) = segments.first_mut() {
        let lower = host.to_ascii_lowercase();
        *host = lower.strip_suffix(":443").unwrap_or(&lower).to_owned();
    }
    segments
}

fn with_host(segments: &[String], host: &str) -> Vec<String> {
    std::iter::once(host.to_ascii_lowercase()).chain(segments.iter().skip(1).cloned()).collect()
}

fn fits(pattern: &[String], segments: &[String]) -> bool {
    pattern.len() == segments.len()
        && pattern.iter().zip(segments).all(|(wanted, is)| wanted == "*" || wanted == is)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_one_segment() {
        let scope = Scope::new(["oci://ghcr.io/acme/*/*"], ["ghcr.io/other/one"], &[], None);
        for (url, expected, why) in [
            ("oci://ghcr.io/acme/platform/manifests", true, "two segments"),
            ("oci://GHCR.io/acme/platform/manifests", true, "hosts have no case"),
            ("oci://ghcr.io/acme/platform/manifests/", true, "a last slash"),
            ("oci://ghcr.io:443/acme/platform/manifests", true, "the port that is meant anyway"),
            ("oci://ghcr.io:8443/acme/platform/manifests", false, "another port"),
            ("oci://ghcr.io/acme/platform", false, "one segment"),
            ("oci://ghcr.io/acme/a/b/c", false, "three segments"),
            ("oci://ghcr.io/acme-evil/platform/manifests", false, "another owner"),
            ("oci://ghcr.io.evil.example/acme/platform/manifests", false, "another host"),
            ("oci://ghcr.io/other/one", true, "the repository of an artifact"),
            ("oci://ghcr.io/other/two", false, "its neighbour"),
            ("https://ghcr.io/acme/platform/manifests", false, "no OCI"),
            ("", false, "nothing"),
        ] {
            assert_eq!(scope.covers_url(url), expected, "{why}: {url}");
        }
    }

    #[test]
    fn a_registry_that_stands_in_is_in_scope_beside_the_real_one() {
        let scope = Scope::new(["oci://ghcr.io/acme/*"], [], &[], Some("127.0.0.1:5000"));
        for (url, expected) in [
            ("oci://127.0.0.1:5000/acme/shop", true),
            ("oci://ghcr.io/acme/shop", true),
            ("oci://127.0.0.1:5001/acme/shop", false),
        ] {
            assert_eq!(scope.covers_url(url), expected, "{url}");
        }
    }

    #[test]
    fn a_declared_name_is_in_scope_whatever_its_url() {
        let scope = Scope::new([], [], &["flux-system/flux-system".to_owned()], None);
        let named = |kind, namespace: &str| {
            let object = serde_json::json!({
                "metadata": {"namespace": namespace, "name": "flux-system"},
                "spec": {"url": "oci://elsewhere/x"},
            });
            scope.covers(&Live::read(kind, &object))
        };
        assert!(named(Kind::OciRepository, "flux-system"), "that is how a moved URL is noticed");
        assert!(!named(Kind::OciRepository, "other"));
        assert!(!named(Kind::HelmChart, "flux-system"), "another kind of that name");
    }
}
