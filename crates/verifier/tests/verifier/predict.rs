//! The whole command `predict`: sources from files and environments, and what is wrong with them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sealwright_devstack::sigstore::Mint;
use sealwright_policy::{Code, Report, Verdict};

use crate::world::*;

/// A source of the artifact, with a Secret of the dev stack's trusted root, in one file.
pub(crate) fn source(world: &World, change: impl Fn(String) -> String) -> String {
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
        (vec!["--file", "bytes"], 65, "bytes is not YAML"),
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

/// A layer that Flux can unpack: an empty tar archive in gzip.
const LAYER: &str = "H4sIAAAAAAACA2NgGAWjYBSMVAAALq+17wAEAAA=";

pub(crate) fn push_signed(world: &World) -> String {
    let layer = STANDARD.decode(LAYER).expect("base64");
    let digest = world.push_layer(&layer);
    world.attach(&digest, &mint(&Mint::new(statement(&digest, SIGNATURE))));
    digest
}

#[test]
fn ready_is_foretold_and_each_neighbour_refused() {
    let two = "    matchOIDCIdentity:\n    - {issuer: '^https://other$', subject: '^x$'}";
    for (from, to, flags, verdict, words, why) in [
        (
            "",
            "",
            vec![],
            Verdict::Verified,
            "stored artifact for digest 'latest@sha256:",
            "healthy",
        ),
        (
            "    matchOIDCIdentity:",
            two,
            vec![],
            Verdict::Refused,
            "multiple identities are not supported",
            "a second identity",
        ),
        (
            "cd\\.yaml",
            "ci\\.yaml",
            vec![],
            Verdict::Refused,
            "expected SAN value",
            "another workflow",
        ),
        (
            "{tag: latest}",
            "{tag: none}",
            vec![],
            Verdict::Refused,
            "MANIFEST_UNKNOWN",
            "no such tag",
        ),
        (
            "",
            "",
            vec!["--controller", "2.7"],
            Verdict::Refused,
            "no signatures found",
            "before bundles",
        ),
        (
            "{name: root}\n",
            "{name: gone}\n",
            vec![],
            Verdict::Unknown,
            "it is in no file",
            "no Secret",
        ),
    ] {
        let world = World::start();
        push_signed(&world);
        let text = source(&world, |text| match from {
            "" => text,
            from => text.replacen(from, to, 1),
        });
        let (report, _) = predict_file(&world, &text, &flags);
        assert_eq!(report.verdict, verdict, "{why}: {:?}", report.sources);
        let predicted = serde_json::to_string(&report.sources[0].predicted).unwrap();
        assert!(predicted.contains(words), "{why}: {predicted}");
    }
}

#[test]
fn a_secret_that_all_files_lack_is_absent_when_all_are_given() {
    let world = World::start();
    push_signed(&world);
    let text = source(&world, |text| text.replacen("{name: root}", "{name: gone}", 1));
    std::fs::write(world.path("secrets.yaml"), "").unwrap();
    let (report, exit) = predict_file(&world, &text, &["--secrets", "secrets.yaml"]);
    assert_eq!((report.verdict, exit), (Verdict::Refused, 1));
    assert!(all_codes(&report).contains(&Code::PredictedRefusal), "{report:?}");
}

#[test]
fn a_recording_predicts_the_same_without_any_request() {
    let world = World::start();
    push_signed(&world);
    let text = source(&world, |text| text);
    let (first, exit) = predict_file(&world, &text, &["--record", "seen.json"]);
    assert_eq!(exit, 0, "{first:?}");
    world.registry.clear_requests();
    let (again, exit) = predict_file(&world, &text, &["--replay", "seen.json"]);
    assert_eq!((exit, &again.sources), (0, &first.sources));
    assert_eq!(world.registry.requests(), vec![]);
    let other = text.replacen("{tag: latest}", "{tag: v1}", 1);
    let (report, exit) = predict_file(&world, &other, &["--replay", "seen.json"]);
    assert_eq!((report.verdict, exit), (Verdict::Unknown, 2), "it was not recorded");
}

#[test]
fn environments_are_predicted_from_what_is_rendered() {
    let world = World::start();
    push_signed(&world);
    world.add_to_config(
        "environments:\n  local: {trust: devstack, flux: '2.9'}\n  prod: {trust: public, flux: '2.9'}\n",
    );
    let (report, _) = predict(&world, &[]);
    let told = |environment: &str| {
        let of = |one: &&sealwright_policy::source_report::SourceReport| {
            one.environment.as_deref() == Some(environment) && one.name.ends_with("/manifests")
        };
        report.sources.iter().find(of).unwrap()
    };
    assert_eq!(told("local").verdict, Verdict::Verified, "{:?}", told("local"));
    assert_eq!(told("prod").verdict, Verdict::Verified);
    let codes = |environment| told(environment).findings.iter().map(|one| one.code);
    assert!(codes("prod").any(|code| code == Code::TrustReplaced), "a rehearsal, and said so");
    assert!(codes("local").all(|code| code != Code::TrustReplaced));
    let proven = report.sources.iter().find(|one| one.name.ends_with("/proven")).unwrap();
    assert_eq!(proven.verdict, Verdict::Refused, "nobody published it");
}

#[test]
fn what_flux_takes_and_our_judge_refuses_is_said_aloud() {
    let world = World::start();
    let layer = STANDARD.decode(LAYER).unwrap();
    let digest = world.push_layer(&layer);
    world.attach(&digest, &mint(&Mint::new(statement(&digest, PROVENANCE))));
    let (report, exit) = predict_file(&world, &source(&world, |text| text), &[]);
    assert_eq!((report.verdict, exit), (Verdict::Refused, 1));
    assert!(all_codes(&report).contains(&Code::JudgeRefuses), "{:?}", all_codes(&report));
}
