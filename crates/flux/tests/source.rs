//! The objects of Flux are read with the API's own spellings.

use sealwright_flux::{Source, SourceError};
use serde_json::{Value, json};

fn oci_repository(spec: Value) -> Value {
    json!({
        "apiVersion": "source.toolkit.fluxcd.io/v1",
        "kind": "OCIRepository",
        "metadata": { "name": "flux-system", "namespace": "flux-system", "generation": 3 },
        "spec": spec,
    })
}

/// Golden: a change of any spelling here would make a verify block invisible.
#[test]
fn every_field_of_a_verify_block_is_read_under_its_exact_name() {
    let object = oci_repository(json!({
        "url": "oci://ghcr.io/acme/platform",
        "ref": { "digest": "d", "semver": "s", "semverFilter": "f", "tag": "t" },
        "layerSelector": { "mediaType": "m", "operation": "copy" },
        "provider": "generic",
        "secretRef": { "name": "pull" },
        "certSecretRef": { "name": "cert" },
        "proxySecretRef": { "name": "proxy" },
        "serviceAccountName": "puller",
        "insecure": true,
        "suspend": true,
        "verify": {
            "provider": "cosign",
            "secretRef": { "name": "keys" },
            "trustedRootSecretRef": { "name": "root" },
            "matchOIDCIdentity": [{ "issuer": "^i$", "subject": "^s$" }],
        },
    }));
    let source = Source::parse(&object).unwrap();
    assert_eq!(source.secret_names(), ["root", "keys", "pull", "cert", "proxy"]);
    let Source::OciRepository(repository) = source else { panic!("another kind") };
    let spec = repository.spec;
    let reference = spec.reference.clone().unwrap();
    assert_eq!(
        [&reference.digest, &reference.semver, &reference.semver_filter, &reference.tag],
        ["d", "s", "f", "t"]
    );
    let verify = spec.verify.unwrap();
    assert_eq!(verify.match_oidc_identity[0].issuer, "^i$");
    assert_eq!(verify.match_oidc_identity[0].subject_pattern, "^s$");
    let selector = spec.layer_selector.unwrap();
    assert_eq!([&selector.media_type, &selector.operation], ["m", "copy"]);
    assert_eq!(spec.service_account_name.as_deref(), Some("puller"));
    assert!(spec.insecure && spec.suspend);
    assert_eq!(repository.metadata.generation, 3);
}

#[test]
fn another_spelling_is_dropped_as_the_api_server_drops_it() {
    for (name, why) in [
        ("matchOidcIdentity", "camel case as a generator would write it"),
        ("matchOIDCIdentities", "plural"),
        ("matchoidcidentity", "lower case"),
    ] {
        let mut verify = json!({ "provider": "cosign" });
        verify[name] = json!([{ "issuer": "i", "subject": "s" }]);
        let object = oci_repository(json!({ "url": "oci://h/r", "verify": verify }));
        let Ok(Source::OciRepository(repository)) = Source::parse(&object) else {
            panic!("{why}: not read")
        };
        assert!(repository.spec.verify.unwrap().match_oidc_identity.is_empty(), "{why}");
    }
}

#[test]
fn a_field_of_another_type_is_named_by_its_path() {
    for (spec, path, why) in [
        (json!({}), "spec", "the URL is required"),
        (json!({ "url": 1 }), "spec.url", "a number for a text"),
        (
            json!({ "url": "oci://h/r", "verify": { "matchOIDCIdentity": [{ "issuer": "i" }] } }),
            "spec.verify.matchOIDCIdentity[0]",
            "an identity without a subject",
        ),
        (
            json!({ "url": "oci://h/r", "verify": { "matchOIDCIdentity": { "issuer": "i" } } }),
            "spec.verify.matchOIDCIdentity",
            "an object for a list",
        ),
        (json!({ "url": "oci://h/r", "suspend": "yes" }), "spec.suspend", "a text for a truth"),
    ] {
        match Source::parse(&oci_repository(spec)) {
            Err(SourceError::Field { path: found, .. }) => assert_eq!(found, path, "{why}"),
            other => panic!("{why}: {other:?}"),
        }
    }
}

#[test]
fn kinds_and_versions_that_are_read() {
    for (api_version, kind, spec, read) in [
        ("source.toolkit.fluxcd.io/v1beta2", "OCIRepository", json!({ "url": "oci://h/r" }), true),
        (
            "source.toolkit.fluxcd.io/v1",
            "HelmChart",
            json!({ "chart": "c", "sourceRef": { "kind": "HelmRepository", "name": "r" } }),
            true,
        ),
        ("source.toolkit.fluxcd.io/v1", "HelmRepository", json!({ "url": "oci://h" }), true),
        ("helm.toolkit.fluxcd.io/v2", "HelmRelease", json!({ "chartRef": { "name": "c" } }), true),
        ("fluxcd.controlplane.io/v1", "FluxInstance", json!({}), true),
        ("source.toolkit.fluxcd.io/v2", "OCIRepository", json!({ "url": "oci://h/r" }), false),
        ("source.toolkit.fluxcd.io/v1", "GitRepository", json!({ "url": "ssh://h/r" }), false),
        ("v1", "ConfigMap", json!({}), false),
        ("", "", json!(null), false),
    ] {
        let object = json!({ "apiVersion": api_version, "kind": kind, "spec": spec });
        assert_eq!(Source::parse(&object).is_ok(), read, "{api_version} {kind}");
    }
    assert!(Source::parse(&json!("text")).is_err(), "no object at all");
}
