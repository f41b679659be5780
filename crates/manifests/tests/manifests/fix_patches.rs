//! What would mend a patch: at its line, where it is written, with what it patches read beside it.

use sealwright_manifests::checks::Expected;
use sealwright_manifests::fix::{Mending, mend};
use sealwright_manifests::{Facts, File, join, look};
use sealwright_policy::Issuers;

const ISSUER: &str = r"^https://token\.actions\.githubusercontent\.com$";
const SLIP: &str = r"https://github.com/acme/a/\.github/workflows/cd\.yaml@refs/heads/main$";
const TIGHT: &str = r"^https://github\.com/acme/a/\.github/workflows/cd\.yaml@refs/heads/main$";
const OTHER: &str = r"^https://github\.com/acme/a/\.github/workflows/ci\.yaml@refs/heads/main$";
const JOINED: &str = r"^(?:https://github\.com/acme/a/\.github/workflows/cd\.yaml@refs/heads/main|https://github\.com/acme/a/\.github/workflows/ci\.yaml@refs/heads/main)$";

type Files<'a> = [(&'a str, String)];

fn mending(files: &Files<'_>) -> Mending {
    let files: Vec<File<'_>> =
        files.iter().map(|(path, text)| File { path, bytes: text.as_bytes() }).collect();
    let facts: Vec<Facts> = files.iter().map(|file| look(*file)).collect();
    let expected = Expected { config: None, issuers: Issuers::public() };
    mend(&files, &facts, &join(facts.clone()), &expected)
}

/// The file as it would be, when it is the only one that changes and then needs nothing more.
fn fixed(files: &Files<'_>, path: &str) -> Option<String> {
    let mut mended = mending(files).mended;
    let one = mended.pop()?;
    assert!(mended.is_empty() && one.path == path, "{}", one.path);
    let text = String::from_utf8(one.text).expect("UTF-8");
    let mut again = files.to_vec();
    again.iter_mut().filter(|(of, _)| *of == path).for_each(|(_, is)| is.clone_from(&text));
    assert_eq!(mending(&again).mended, [], "twice: {text}");
    Some(text)
}

fn base(verify: &str) -> String {
    format!(
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: OCIRepository\nmetadata: {{name: a, namespace: apps}}\n\
         spec:\n  url: oci://ghcr.io/acme/a\n{verify}"
    )
}

fn block(subject: &str) -> String {
    format!(
        "  verify:\n    provider: cosign\n    matchOIDCIdentity:\n      - issuer: {ISSUER}\n        subject: {subject}\n"
    )
}

fn indented(text: &str, by: usize) -> String {
    text.lines().map(|line| format!("{}{line}\n", " ".repeat(by))).collect()
}

/// What a patch sets, as an operation.
fn operation(entries: &[&str]) -> String {
    let entry =
        |one: &&str| format!("      - issuer: {ISSUER}\n        subject: '{one}' # whose\n");
    let entries: String = entries.iter().map(entry).collect();
    format!(
        "# why\n- op: add\n  path: /spec/verify\n  value:\n    provider: cosign\n    matchOIDCIdentity:\n{entries}"
    )
}

#[test]
fn a_patch_is_mended_where_it_is_written() {
    let merge = |one: &str| {
        format!("# why\n{}", base(&block(one)).replace("  url: oci://ghcr.io/acme/a\n", ""))
    };
    let at_path = "resources: [a.yaml]\npatches: [{path: p.yaml, target: {kind: OCIRepository}}]\n";
    let inline = |patch: &str, by: &str| {
        format!(
            "resources: [a.yaml]\n{by}:\n  - target: {{kind: OCIRepository}} # all\n    patch: |-\n{}",
            indented(patch, 6)
        )
    };
    let flux = |patch: &str| {
        format!(
            "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {{name: apps}}\nspec:\n  \
             path: ./\n  sourceRef: {{kind: GitRepository, name: r}}\n  patches:\n    - target: {{kind: OCIRepository}}\n      \
             patch: |\n{}",
            indented(patch, 8)
        )
    };
    type Patched<'a> = &'a dyn Fn(&[&str]) -> (&'static str, String);
    let cases: [(Patched<'_>, &str); 5] = [
        (&|them| ("p.yaml", operation(them)), "operations in a file"),
        (&|them| ("p.yaml", merge(them[0])), "a partial object in a file"),
        (&|them| ("kustomization.yaml", inline(&operation(them), "patches")), "in the overlay"),
        (
            &|them| ("kustomization.yaml", inline(&merge(them[0]), "patches")),
            "a partial object there",
        ),
        (&|them| ("flux.yaml", flux(&operation(them))), "in a Flux Kustomization"),
    ];
    for (patched, why) in cases {
        for ending in ["\n", "\r\n"] {
            let of = |them: &[&str]| {
                let (path, text) = patched(them);
                (path, text.replace('\n', ending))
            };
            let (path, slip) = of(&[SLIP]);
            let mut files = vec![("a.yaml", base("")), (path, slip)];
            if path == "p.yaml" {
                files.push(("kustomization.yaml", at_path.to_owned()));
            }
            assert_eq!(fixed(&files, path), Some(of(&[TIGHT]).1), "{why}");
            files[1].1 = of(&[TIGHT]).1;
            assert_eq!(mending(&files), Mending::default(), "{why}: nothing is to be mended");
        }
    }
    let files = |them: &[&str]| {
        [
            ("a.yaml", base("")),
            ("p.yaml", operation(them)),
            ("kustomization.yaml", at_path.to_owned()),
        ]
    };
    assert_eq!(fixed(&files(&[SLIP, OTHER]), "p.yaml"), Some(operation(&[JOINED])), "two entries");
    let unused = [("a.yaml", base("")), ("p.yaml", operation(&[SLIP]))];
    assert_eq!(mending(&unused), Mending::default(), "a patch that nobody lays declares nothing");
}

#[test]
fn only_what_the_patch_says_is_changed() {
    let replace = |one: &str| {
        format!(
            "resources: [a.yaml]\npatches:\n  - target: {{kind: OCIRepository}}\n    patch: |\n      - op: replace\n        \
             path: /spec/verify/matchOIDCIdentity/0/subject\n        value: {one}\n"
        )
    };
    let own = base(&block(OTHER));
    let files = |one: &str| [("a.yaml", own.clone()), ("kustomization.yaml", replace(one))];
    assert_eq!(fixed(&files(SLIP), "kustomization.yaml"), Some(replace(TIGHT)), "one half");
    // The name with the slip is the base's, and the patch changes the issuer alone.
    let issuer = replace(ISSUER).replace("/0/subject", "/0/issuer");
    let slip = base(&block(SLIP).replace(ISSUER, "^i$"));
    let mending = mending(&[("a.yaml", slip), ("kustomization.yaml", issuer)]);
    assert_eq!(mending.mended, []);
    assert!(mending.left[0].why.contains("stands in another file"), "{mending:?}");
}

#[test]
fn what_is_left_is_said_with_its_reason() {
    let add = format!(
        "resources: [a.yaml]\npatches:\n  - target: {{kind: OCIRepository}}\n    patch: |\n      - op: add\n        \
         path: /spec/verify/matchOIDCIdentity/-\n        value: {{issuer: '{ISSUER}', subject: '{OTHER}'}}\n"
    );
    let escaped = SLIP.replace('\\', r"\\\\");
    let quoted = format!(
        "resources: [a.yaml]\npatches:\n  - target: {{kind: OCIRepository}}\n    patch: \"[{{op: add, path: /spec/verify, \
         value: {{provider: cosign, matchOIDCIdentity: [{{issuer: ^i$, subject: \\\"{escaped}\\\"}}]}}}}]\"\n"
    );
    for (own, overlay, expected, why) in [
        (
            block(TIGHT),
            &add,
            "stands in several files",
            "an entry of the base and one of the patch",
        ),
        (String::new(), &quoted, "in a text in quotes", "it is one"),
    ] {
        let files = [("a.yaml", base(&own)), ("kustomization.yaml", overlay.clone())];
        let mending = mending(&files);
        assert_eq!(mending.mended, [], "{why}");
        let told: Vec<_> =
            mending.left.iter().map(|one| (one.path.as_str(), one.why.as_str())).collect();
        assert!(
            matches!(told.as_slice(), [("kustomization.yaml", one)] if one.contains(expected)),
            "{why}: {told:?}"
        );
    }
}
