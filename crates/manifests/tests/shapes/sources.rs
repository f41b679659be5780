//! Flux' `OCIRepository`, KSail and kro.

use sealwright_manifests::{Consumer, Form, Provider, SourceKind};

use super::{VERIFY, codes, found, guards, source};

#[test]
fn a_source_is_read_at_its_place() {
    let found = found(&[("apps/a.yaml", &source("a", VERIFY))]);
    assert_eq!(guards(&found), ["OCIRepository apps/a <- ^s$"]);
    assert_eq!(codes(&found), [""; 0]);
    let declaration = &found.declarations[0];
    assert_eq!(declaration.consumer, Consumer::FluxOciRepository);
    assert_eq!((declaration.at.line, declaration.file.as_str()), (9, "apps/a.yaml"));
    assert_eq!(declaration.guards[0].what, "oci://ghcr.io/acme/a");
    let subject = declaration.identities[0].subject.as_ref().unwrap();
    assert_eq!((subject.at.line, subject.at.column, subject.form), (12, 18, Form::Regex));
    assert!(subject.whole && declaration.bundle_path && !declaration.key);
}

#[test]
fn what_a_block_says_is_what_is_read() {
    let key = "  verify:\n    secretRef:\n      name: k\n";
    let cases = [
        ("", "nothing", "no block"),
        ("  verify: null\n", "nothing", "null is no block"),
        ("  verify: {}\n", "no identity", "an empty block has the default provider"),
        (key, "no identity", "a key"),
        (VERIFY, "^s$", "an identity"),
    ];
    for (spec, expected, reason) in cases {
        let found = found(&[("a.yaml", &source("a", spec))]);
        assert_eq!(guards(&found), [format!("OCIRepository apps/a <- {expected}")], "{reason}");
    }
    let keyed = found(&[("a.yaml", &source("a", key))]);
    assert!(keyed.declarations[0].key);
    assert_eq!(keyed.declarations[0].provider, Provider::Cosign, "the API fills it in");
}

#[test]
fn providers_are_told_apart() {
    for (word, expected, code) in [
        ("notation", Provider::Notation, None),
        ("' '", Provider::Blank, None),
        ("cosgin", Provider::Other("cosgin".to_owned()), Some("SW9107")),
        ("'${PROVIDER}'", Provider::Other("${PROVIDER}".to_owned()), None),
    ] {
        let text = source("a", &VERIFY.replace("provider: cosign", &format!("provider: {word}")));
        let found = found(&[("a.yaml", &text)]);
        assert_eq!(found.declarations[0].provider, expected, "{word}");
        assert_eq!(codes(&found), Vec::from_iter(code), "{word}");
    }
}

#[test]
fn other_kinds_of_the_name_are_not_flux() {
    let foreign = source("a", VERIFY).replace("source.toolkit.fluxcd.io", "example.org");
    let found = found(&[("a.yaml", &foreign)]);
    assert!(found.sources.is_empty() && found.declarations.is_empty() && found.unread.is_empty());
}

#[test]
fn a_list_holds_objects() {
    let object = source("a", VERIFY);
    let items = object.lines().map(|line| format!("    {line}\n")).collect::<String>();
    let list = format!("apiVersion: v1\nkind: List\nitems:\n  - {}", items.trim_start());
    assert_eq!(guards(&found(&[("a.yaml", &list)])), ["OCIRepository apps/a <- ^s$"]);
}

#[test]
fn ksail_reads_one_path() {
    let at = |path: &str| {
        let mut text = "apiVersion: ksail.io/v1alpha1\nkind: Cluster\nspec:\n".to_owned();
        for (depth, key) in path.split('.').enumerate() {
            text.push_str(&format!("{}{key}:\n", "  ".repeat(depth + 1)));
        }
        let indent = "  ".repeat(path.split('.').count() + 1);
        for line in ["provider: cosign", "matchOIDCIdentity: [{issuer: ^i$, subject: ^s$}]"] {
            text.push_str(&format!("{indent}{line}\n"));
        }
        text
    };
    let read = found(&[("ksail.yaml", &at("workload.flux.verify"))]);
    assert_eq!(guards(&read), ["OCIRepository flux-system/flux-system <- ^s$"]);
    assert_eq!(read.declarations[0].consumer, Consumer::Ksail);
    assert_eq!(codes(&read), [""; 0]);

    let unread = found(&[("ksail.yaml", &at("cluster.verify"))]);
    assert!(unread.declarations.is_empty(), "nobody reads it, so it declares nothing");
    assert_eq!(codes(&unread), ["SW9105"]);
    assert_eq!(unread.unread[0].path, "spec.cluster.verify");
    assert_eq!(unread.unread[0].read_at, "spec.workload.flux.verify");
    assert_eq!(unread.unread[0].at.line, 5);

    let unnamed =
        at("cluster.verify").replace("apiVersion: ksail.io/v1alpha1\nkind: Cluster\n", "");
    assert_eq!(codes(&found(&[("ksail.prod.yaml", &unnamed)])), ["SW9105"], "known by its name");
    assert_eq!(codes(&found(&[("values.yaml", &unnamed)])), [""; 0], "anybody's file");
}

#[test]
fn a_blank_provider_is_off_for_ksail() {
    for (provider, expected) in [
        ("provider: cosign", Provider::Cosign),
        ("provider: '  '", Provider::Blank),
        ("provider: ''", Provider::Blank),
        ("provider:", Provider::Blank),
    ] {
        let text = format!(
            "apiVersion: ksail.io/v1alpha1\nkind: Cluster\nspec:\n  workload:\n    flux:\n      \
             verify:\n        {provider}\n        matchOIDCIdentity: [{{issuer: i, subject: s}}]\n"
        );
        let found = found(&[("ksail.yaml", &text)]);
        assert_eq!(found.declarations[0].provider, expected, "{provider}");
    }
}

#[test]
fn kro_makes_sources_from_templates() {
    let definition = |template: &str| {
        format!(
            "apiVersion: kro.run/v1alpha1\nkind: ResourceGraphDefinition\nmetadata:\n  name: app\n\
             spec:\n  resources:\n    - id: source\n      template:\n{}",
            template.lines().map(|line| format!("        {line}\n")).collect::<String>()
        )
    };
    let text = source("a", VERIFY).replace("ghcr.io/acme/a", "ghcr.io/acme/${schema.spec.name}");
    let found = found(&[("rgd.yaml", &definition(&text)), ("b.yaml", &definition("kind: Pod"))]);
    assert_eq!(found.sources.len(), 1, "a template of another kind is no source");
    let source = &found.sources[0];
    assert_eq!(
        (source.kind, source.whole),
        (SourceKind::Kro, false),
        "an expression is in the URL"
    );
    assert_eq!(source.object, "OCIRepository apps/a in ResourceGraphDefinition app");
    let declaration = &found.declarations[0];
    assert_eq!(declaration.consumer, Consumer::Kro);
    assert!(declaration.identities[0].subject.as_ref().unwrap().whole);
}
