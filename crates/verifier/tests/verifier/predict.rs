//! The whole command `predict`: sources from files and environments, and what is wrong with them.

use sealwright_policy::{Code, Report, Verdict};

use crate::world::*;

/// A source of the artifact, with a Secret of the dev stack's trusted root, in one file.
fn source(world: &World, change: impl Fn(String) -> String) -> String {
    let root = std::fs::read_to_string(sigstore().trust_folder().join("trusted_root.json"));
    let root: serde_json::Value = serde_json::from_str(&root.expect("it is there")).expect("JSON");
    let source = format!(
        "\
apiVersion: source.toolkit.fluxcd.io/v1
kind: OCIRepository
metadata: {{name: manifests, namespace: flux-system}}
spec:
  interval: 1m
  url: oci://{}/{REPOSITORY}
  ref: {{tag: latest}}
  verify:
    provider: cosign
    trustedRootSecretRef: {{name: root}}
    matchOIDCIdentity:
    - issuer: ^{}$
      subject: ^https://github\\.com/acme/platform/\\.github/workflows/cd\\.yaml@refs/heads/main$
---
apiVersion: v1
kind: Secret
metadata: {{name: root, namespace: flux-system}}
stringData:
  trusted_root.json: '{root}'
",
        world.registry.address(),
        sigstore().issuer_url().replace('.', "\\."),
    );
    change(source)
}

fn predict(world: &World, flags: &[&str]) -> (Report, i32) {
    let mut command = world.command();
    command.arg("predict").args(flags);
    command.args(["--registry", &world.registry.address().to_string()]);
    command.args(["--trust", sigstore().trust_folder().as_str()]);
    command.args(["--github-issuer", sigstore().issuer_url()]);
    answer(&mut command)
}

fn predict_file(world: &World, text: &str, flags: &[&str]) -> (Report, i32) {
    std::fs::write(world.path("source.yaml"), text).expect("it is written");
    predict(world, &[&["--file", "source.yaml"], flags].concat())
}

fn all_codes(report: &Report) -> Vec<Code> {
    let of_sources = report.sources.iter().flat_map(|source| &source.findings);
    of_sources.chain(&report.findings).map(|finding| finding.code).collect()
}

#[test]
fn a_suspended_source_says_nothing_and_is_not_green() {
    let world = World::start();
    world.push_signed("healthy");
    let text = source(&world, |text| text.replace("interval: 1m", "interval: 1m\n  suspend: true"));
    let (report, exit) = predict_file(&world, &text, &[]);
    assert_eq!((report.verdict, exit), (Verdict::Unknown, 2));
    assert!(all_codes(&report).contains(&Code::SourceSuspended), "{report:?}");
}

#[test]
fn mistakes_are_told_apart_from_refusals() {
    let world = World::start();
    std::fs::write(world.path("broken.yaml"), "a: [").unwrap();
    std::fs::write(world.path("bytes"), [0xff, 0xfe]).unwrap();
    for (flags, exit, words) in [
        (vec!["--file", "broken.yaml"], 65, "is not YAML"),
        (vec!["--file", "bytes"], 74, "cannot read bytes"),
        (vec!["--file", "none.yaml"], 74, "cannot read none.yaml"),
        (vec!["--environment", "none"], 64, "there is no environment none"),
        (vec!["--secrets", "x"], 64, "--file"),
        (vec!["--replay", "broken.yaml", "--file", "broken.yaml"], 65, "no recording"),
        (vec!["--controller", "latest", "--file", "broken.yaml"], 64, "is no version of Flux"),
        (vec!["no-slash"], 64, "is not NAMESPACE/NAME"),
    ] {
        let output = world.command().arg("predict").args(&flags).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(exit), "{flags:?}: {said}");
        assert!(said.contains(words), "{flags:?}: {said}");
        assert_eq!(output.stdout, b"", "{flags:?}");
    }
}

#[test]
fn nothing_to_predict_is_not_green() {
    let world = World::start();
    for (text, flags, code, why) in [
        ("kind: Namespace\n", vec![], Code::SourceNoneFound, "no source in the file"),
        ("", vec!["a/b"], Code::SourceNoneFound, "none of that name"),
    ] {
        let (report, exit) = predict_file(&world, text, &flags);
        assert_eq!((report.verdict, exit), (Verdict::Unknown, 2), "{why}");
        assert!(all_codes(&report).contains(&code), "{why}");
    }
    let (report, exit) = predict(&world, &[]);
    assert_eq!((report.verdict, exit), (Verdict::Unknown, 2), "no environments");
}
