//! Flux' `OCIRepository`, KSail and kro.

use sealwright_manifests::{Consumer, Follows, Form, Found, Provider, SourceKind};

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

/// What the first declaration guards, as a reference; `?` and the reason where that is not known.
fn followed(found: &Found) -> Vec<String> {
    let guards = found.declarations.iter().flat_map(|one| &one.guards);
    let told = guards.map(|guarded| match &guarded.follows {
        Follows::AsWritten => String::new(),
        Follows::Tag(tag) => format!(":{tag}"),
        Follows::Digest(digest) => format!("@{digest}"),
        Follows::Range(one) => format!("[{} {} {}]", one.text, one.filter, one.is_chart),
        Follows::NotResolved(why) => format!("? {why}"),
    });
    told.collect()
}

#[test]
fn a_source_follows_what_its_reference_says() {
    for (reference, expected, why) in [
        ("", ":latest", "no reference"),
        ("  ref: {}\n", ":latest", "an empty one"),
        ("  ref: {tag: ''}\n", ":latest", "an empty tag"),
        ("  ref: {tag: v1}\n", ":v1", "a tag"),
        ("  ref: {tag: 1.10}\n", ":1.10", "a tag that YAML takes for a number"),
        ("  ref: {tag: v1, digest: 'sha256:a'}\n", "@sha256:a", "a digest wins"),
        ("  ref: {tag: v1, semver: '>=1'}\n", "[>=1  false]", "a range wins"),
        ("  ref: {tag: '${TAG:=v2}'}\n", ":v2", "a variable with its default"),
        ("  ref: {tag: '${TAG}'}\n", "? `${TAG}` is a template", "a variable without"),
        (
            "  ref: {semver: '${R:=1.x}', semverFilter: '-rc'}\n",
            "[1.x -rc false]",
            "a filter of tags",
        ),
        ("  ref: {semver: '${R}'}\n", "? `${R}` is a template", "a range without a value"),
        (
            "  ref: {semver: '*'}\n  layerSelector: {mediaType: \
             application/vnd.cncf.helm.chart.content.v1.tar+gzip}\n",
            "[*  true]",
            "tags of charts",
        ),
        ("  ref: v1\n", "? `spec.ref` is a text", "no reference of Flux"),
    ] {
        let found = found(&[("a.yaml", &source("a", &format!("{reference}{VERIFY}")))]);
        assert_eq!(followed(&found), [expected], "{why}");
    }
}

#[test]
fn an_overlay_can_make_a_source_follow_something_else() {
    let base = source("a", &format!("  ref: {{tag: v1}}\n{VERIFY}"));
    let of = |patch: &str| {
        let overlay =
            "resources: [a.yaml]\npatches: [{path: p.yaml, target: {kind: OCIRepository}}]\n";
        found(&[("a.yaml", &base), ("kustomization.yaml", overlay), ("p.yaml", patch)])
    };
    for (patch, expected, why) in [
        ("- {op: replace, path: /spec/interval, value: 1m}\n", ":v1", "something else"),
        ("- {op: replace, path: /spec/ref/tag, value: v2}\n", ":v2", "by an operation"),
        (
            "apiVersion: source.toolkit.fluxcd.io/v1\nkind: OCIRepository\nmetadata: {name: a}\n\
             spec: {ref: {semver: '>=2', tag: null}}\n",
            "[>=2  false]",
            "by merging",
        ),
    ] {
        let found = of(patch);
        assert_eq!(followed(&found), [expected], "{why}");
        assert_eq!(codes(&found), [""; 0], "{why}");
    }
}

#[test]
fn a_chart_follows_one_version_or_a_range() {
    for (version, expected) in [
        ("1.2.3", ":1.2.3"),
        ("1.2.3+b", ":1.2.3_b"),
        ("1.2.3-rc.1", ":1.2.3-rc.1"),
        ("1.2.x", "[1.2.x  true]"),
        (">=1.2.3", "[>=1.2.3  true]"),
    ] {
        let chart = format!(
            "apiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmChart\n\
             metadata: {{name: web, namespace: apps}}\nspec:\n  chart: web\n  version: '{version}'\n  \
             sourceRef: {{kind: HelmRepository, name: acme}}\n{VERIFY}---\n\
             apiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmRepository\n\
             metadata: {{name: acme, namespace: apps}}\nspec: {{type: oci, url: 'oci://ghcr.io/acme'}}\n"
        );
        assert_eq!(followed(&found(&[("c.yaml", &chart)])), [expected]);
    }
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
