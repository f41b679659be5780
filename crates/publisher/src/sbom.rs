//! The SBOM: what the manifests pull, as CycloneDX 1.6 JSON. Equal contents give equal bytes: there
//! is no serial number and no time in it.
//!
//! Own types, because the crate for the format is larger than what we write of it.
//! Specification: <https://cyclonedx.org/docs/1.6/json/>; purl types:
//! <https://github.com/package-url/purl-spec/blob/main/PURL-TYPES.rst>.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use sealwright_evidence::Digest;
use serde::Serialize;

use crate::inventory::{ChartRepository, ImageReference, Inventory, Location, Pulled};

/// Properties carry this prefix, our namespace in the sense of CycloneDX.
const LOCATION: &str = "sealwright:location";
const RULE: &str = "sealwright:rule";
const RANGE: &str = "sealwright:versionRange";
const NOT_SEARCHED: &str = "sealwright:notSearched";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Bom {
    bom_format: &'static str,
    spec_version: &'static str,
    version: u32,
    metadata: Metadata,
    components: Vec<Component>,
    dependencies: Vec<Dependency>,
}

#[derive(Serialize)]
struct Metadata {
    tools: Tools,
    component: Component,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    properties: Vec<Property>,
}

#[derive(Serialize)]
struct Tools {
    components: [Component; 1],
}

#[derive(Serialize, Default)]
struct Component {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(rename = "bom-ref", skip_serializing_if = "Option::is_none")]
    bom_ref: Option<String>,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hashes: Vec<Hash>,
    #[serde(skip_serializing_if = "Option::is_none")]
    purl: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    properties: Vec<Property>,
}

#[derive(Serialize)]
struct Hash {
    alg: &'static str,
    content: String,
}

#[derive(Serialize)]
struct Property {
    name: &'static str,
    value: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Dependency {
    #[serde(rename = "ref")]
    reference: String,
    depends_on: Vec<String>,
}

/// The SBOM of the artifact `repository@digest`.
pub fn sbom(repository: &str, artifact: &Digest, inventory: &Inventory) -> serde_json::Value {
    let about = ImageReference {
        repository: repository.to_owned(),
        tag: None,
        digest: Some(artifact.to_string()),
    };
    let components: Vec<Component> = merged(inventory.pulled());
    let depends_on = components.iter().filter_map(|found| found.bom_ref.clone()).collect();
    let about = Component { properties: vec![], ..oci("data", &about) };
    let bom = Bom {
        bom_format: "CycloneDX",
        spec_version: "1.6",
        version: 1,
        dependencies: vec![Dependency {
            reference: about.bom_ref.clone().unwrap_or_default(),
            depends_on,
        }],
        metadata: Metadata { tools: tools(), component: about, properties: gaps(inventory) },
        components,
    };
    serde_json::to_value(&bom).unwrap_or_default()
}

fn tools() -> Tools {
    let component = Component {
        kind: "application",
        name: "sealwright-publisher".to_owned(),
        version: Some(env!("CARGO_PKG_VERSION").to_owned()),
        ..Component::default()
    };
    Tools { components: [component] }
}

/// What could not be searched stands in the SBOM too: its reader must know that it has gaps.
fn gaps(inventory: &Inventory) -> Vec<Property> {
    let place = |note: &sealwright_policy::Finding| format!("{}: {}", note.place, note.message);
    let gaps: BTreeSet<String> = inventory.notes().iter().map(place).collect();
    gaps.into_iter().map(|value| Property { name: NOT_SEARCHED, value }).collect()
}

/// One component for each purl, since a `bom-ref` must be unique.
fn merged(pulled: BTreeMap<Pulled, BTreeSet<Location>>) -> Vec<Component> {
    let mut components: BTreeMap<String, Component> = BTreeMap::new();
    for (pulled, locations) in pulled {
        let mut component = component(&pulled);
        for Location { file, line, rule } in locations {
            component.properties.push(Property { name: LOCATION, value: format!("{file}:{line}") });
            component.properties.push(Property { name: RULE, value: rule.name().to_owned() });
        }
        let key = component.bom_ref.clone().unwrap_or_default();
        match components.get_mut(&key) {
            Some(same) => same.properties.append(&mut component.properties),
            None => drop(components.insert(key, component)),
        }
    }
    components.into_values().collect()
}

fn component(pulled: &Pulled) -> Component {
    match pulled {
        Pulled::Image(reference) => oci("container", reference),
        Pulled::OciArtifact { reference, range } => {
            ranged(oci("data", reference), range.as_deref())
        }
        Pulled::Chart { repository, name, version } => chart(repository, name, version.as_deref()),
        Pulled::Git { url, revision } => {
            let name = last_part(url).trim_end_matches(".git");
            let at = revision.as_deref().map_or(String::new(), |revision| format!("@{revision}"));
            let purl = purl("generic", name, None, &[("vcs_url", &format!("git+{url}{at}"))]);
            with_purl("data", name, revision.clone(), purl)
        }
        Pulled::Bucket { endpoint, name } => {
            let url = format!("{endpoint}/{name}");
            with_purl("data", name, None, purl("generic", name, None, &[("download_url", &url)]))
        }
        Pulled::File { url } => {
            let name = last_part(url);
            with_purl("file", name, None, purl("generic", name, None, &[("download_url", url)]))
        }
    }
}

/// `pkg:oci/<name>@<digest>?repository_url=…&tag=…`.
fn oci(kind: &'static str, reference: &ImageReference) -> Component {
    let mut qualifiers = vec![("repository_url", reference.repository.as_str())];
    qualifiers.extend(reference.tag.as_deref().map(|tag| ("tag", tag)));
    let purl = purl("oci", reference.name(), reference.digest.as_deref(), &qualifiers);
    let version = reference.tag.clone().or_else(|| reference.digest.clone());
    let mut component = with_purl(kind, &reference.repository, version, purl);
    component.hashes.extend(reference.digest.as_deref().and_then(hash));
    component
}

/// Only an exact version is a version.
fn chart(repository: &ChartRepository, name: &str, version: Option<&str>) -> Component {
    let exact = version.filter(|version| is_exact(version));
    let range = version.filter(|version| !is_exact(version));
    let purl = match repository {
        ChartRepository::Url(url) => purl("helm", name, exact, &[("repository_url", url)]),
        ChartRepository::Named { .. } => purl("helm", name, exact, &[]),
    };
    let mut component =
        ranged(with_purl("application", name, exact.map(str::to_owned), purl), range);
    if let ChartRepository::Named { namespace, name } = repository {
        let value = format!("{namespace}/{name}");
        component.properties.push(Property { name: "sealwright:helmRepository", value });
    }
    component
}

fn is_exact(version: &str) -> bool {
    let version = version.strip_prefix('v').unwrap_or(version);
    version.split(['.', '-', '+']).count() >= 3
        && version.starts_with(|first: char| first.is_ascii_digit())
        && version.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-+".contains(&byte))
        && !version.split('.').any(|part| ["x", "X"].contains(&part))
}

fn ranged(mut component: Component, range: Option<&str>) -> Component {
    let value = range.map(str::to_owned);
    component.properties.extend(value.map(|value| Property { name: RANGE, value }));
    component
}

fn with_purl(kind: &'static str, name: &str, version: Option<String>, purl: String) -> Component {
    let (bom_ref, purl) = (Some(purl.clone()), Some(purl));
    Component { kind, bom_ref, name: name.to_owned(), version, purl, ..Component::default() }
}

fn hash(digest: &str) -> Option<Hash> {
    let (algorithm, content) = digest.split_once(':')?;
    let alg = match algorithm {
        "sha256" => "SHA-256",
        "sha512" => "SHA-512",
        _ => return None,
    };
    Some(Hash { alg, content: content.to_owned() })
}

fn last_part(url: &str) -> &str {
    let path = url.split(['?', '#']).next().unwrap_or(url).trim_end_matches('/');
    let path = path.split_once("://").map_or(path, |(_, rest)| rest);
    let path = path.split("//").next().unwrap_or(path);
    path.rsplit(['/', ':']).next().unwrap_or(path)
}

/// `pkg:type/name@version?qualifiers`; the qualifiers must be given in the order of their names.
fn purl(kind: &str, name: &str, version: Option<&str>, qualifiers: &[(&str, &str)]) -> String {
    let mut purl = format!("pkg:{kind}/{}", encode(name));
    if let Some(version) = version {
        let _ = write!(purl, "@{}", encode(version));
    }
    for (index, (key, value)) in qualifiers.iter().enumerate() {
        let separator = if index == 0 { '?' } else { '&' };
        let _ = write!(purl, "{separator}{key}={}", encode(value));
    }
    purl
}

/// Percent-encodes all but what the purl specification leaves as it is.
fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/:".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFESTS: &str = "\
apiVersion: v1
kind: Pod
spec:
  containers:
    - image: nginx:1.29
    - image: ghcr.io/acme/app:v1@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
    - image: nginx:1.29
---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
spec: {chart: {spec: {chart: podinfo, version: '>=1.0.0', sourceRef: {kind: HelmRepository, name: p}}}}
---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
spec: {chart: {spec: {chart: podinfo, version: 6.9.0, sourceRef: {kind: HelmRepository, name: q}}}}
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: HelmRepository
metadata: {name: q}
spec: {url: 'https://charts.example.com/a b'}
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
spec: {url: 'https://github.com/acme/platform.git', ref: {branch: main}}
";

    fn written() -> serde_json::Value {
        let mut inventory = Inventory::default();
        inventory.read("k8s/all.yaml", MANIFESTS.as_bytes());
        inventory.read("k8s/broken.yaml", b"a: [");
        sbom("ghcr.io/acme/platform/manifests", &Digest::of(b"artifact"), &inventory)
    }

    #[test]
    fn the_sbom_names_everything_with_its_places() {
        insta::assert_snapshot!(serde_json::to_string_pretty(&written()).unwrap());
    }

    #[test]
    fn equal_contents_give_equal_bytes() {
        assert_eq!(written().to_string(), written().to_string());
    }

    #[test]
    fn every_bom_ref_is_there_once_and_every_dependency_is_a_component() {
        let bom = written();
        let components = bom["components"].as_array().unwrap();
        let references: Vec<&str> =
            components.iter().map(|found| found["bom-ref"].as_str().unwrap()).collect();
        let unique: BTreeSet<&&str> = references.iter().collect();
        assert_eq!(unique.len(), references.len());
        assert_eq!(bom["dependencies"][0]["dependsOn"], serde_json::json!(references));
        assert_eq!(bom["dependencies"][0]["ref"], bom["metadata"]["component"]["bom-ref"]);
    }

    #[test]
    fn only_an_exact_version_is_a_version() {
        for version in ["1.2.3", "v1.2.3", "1.2.3-rc.1+build"] {
            assert!(is_exact(version), "{version}");
        }
        for range in
            [">=1.0.0", "1.x", "1.2.x", "1.2", "*", "^1.2.3", "~1.2.3", "", "1.2.3 || 2.0.0"]
        {
            assert!(!is_exact(range), "{range}");
        }
    }
}
