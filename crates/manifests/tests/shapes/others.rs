//! What says who may sign to an engine that is not read here: told, and never passed over.

use sealwright_manifests::{File, discover};

fn told(text: &str) -> Vec<(u32, bool)> {
    let found = discover([File { path: "p.yaml", bytes: text.as_bytes() }]);
    assert_eq!(found.declarations, [], "none of it is judged: {text}");
    found.unjudged.iter().map(|one| (one.at.line, one.names_a_kind)).collect()
}

#[test]
fn what_other_engines_are_told_of_signers_is_said_not_to_be_judged() {
    let keyless = "keyless: {identities: [{issuer: 'https://i', subject: s}]}";
    let image_config = |verification: &str| {
        format!(
            "apiVersion: pkg.crossplane.io/v1beta1\nkind: ImageConfig\nmetadata: {{name: a}}\nspec:\n  \
             matchImages: [{{prefix: xpkg.acme.test/}}]\n{verification}"
        )
    };
    let kubewarden = |settings: &str| {
        format!(
            "apiVersion: policies.kubewarden.io/v1\nkind: ClusterAdmissionPolicy\nmetadata: {{name: a}}\n\
             spec:\n  settings:\n    {settings}\n"
        )
    };
    let openshift = "apiVersion: config.openshift.io/v1\nkind: ClusterImagePolicy\nmetadata: {name: a}\nspec:\n  policy:\n    rootOfTrust: {policyType: PublicKey}\n";
    let ratify = "apiVersion: config.ratify.deislabs.io/v1beta1\nkind: Verifier\nmetadata: {name: a}\nspec:\n  name: cosign\n  parameters:\n    trustPolicies: []\n";
    for (text, expected, why) in [
        (
            image_config(&format!(
                "  verification:\n    cosign: {{authorities: [{{{keyless}}}]}}\n"
            )),
            vec![(7, true)],
            "Crossplane",
        ),
        (image_config("  registry: {}\n"), vec![], "which also says where packages are from"),
        (
            kubewarden("signatures:\n      - {image: 'ghcr.io/acme/*'}"),
            vec![(7, true)],
            "Kubewarden",
        ),
        (kubewarden("allowed: [a]"), vec![], "whose policies are about all kinds of things"),
        (openshift.to_owned(), vec![(6, true)], "OpenShift, not policy-controller"),
        (ratify.to_owned(), vec![(7, true)], "Ratify"),
        (ratify.replace("config.ratify", "acme"), vec![], "an object of others"),
    ] {
        assert_eq!(told(&text), expected, "{why}\n{text}");
    }
}
