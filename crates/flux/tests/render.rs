//! What is rendered, letter for letter, and that all forms hold the same block.

#![allow(missing_docs, clippy::unwrap_used, reason = "all of this is a test")]

use sealwright_flux::render::{Follows, Matcher, NoTrustedRoot, Place};
use sealwright_pattern::GoRegex;
use sealwright_policy::{Config, Issuers, Requirements};
use serde_json::Value;

const CONFIG: &str = "\
apiVersion: sealwright.dev/v1alpha1
kind: SupplyChain
signers:
  cd: {github: {repository: acme/platform, workflow: cd.yaml, refs: [refs/heads/main]}}
  merge-queue: {github: {repository: acme/platform, workflow: ci.yaml, refs: ['refs/heads/gh-readonly-queue/main/*']}}
  shared: {github: {repository: acme/actions, workflow: publish.yaml, commit: any}, calledFrom: [acme/shop]}
artifacts:
  manifests: {repository: ghcr.io/acme/platform/manifests, signers: [cd, merge-queue], evidence: [signature]}
  shop: {repository: ghcr.io/acme/shop/manifests, signers: [shared], evidence: [signature]}
";

fn requirements(artifact: &str) -> Requirements {
    let config = Config::parse("sealwright.yaml", CONFIG, "2026-11-25".parse().unwrap()).unwrap();
    config.requirements(artifact, &Issuers::public()).unwrap()
}

fn place() -> Place {
    Place {
        namespace: "flux-system".to_owned(),
        name: "flux-system".to_owned(),
        repository: "ghcr.io/acme/platform/manifests".to_owned(),
        follows: Follows::Tag("latest".to_owned()),
        certificates: None,
    }
}

#[test]
fn each_form_letter_for_letter() {
    let matcher = Matcher::of(&requirements("manifests"));
    insta::assert_snapshot!("oci_repository", matcher.oci_repository(&place()));
    insta::assert_snapshot!("flux_instance_patch", matcher.flux_instance_patch(&place()));
    insta::assert_snapshot!("ksail", matcher.ksail().unwrap());
    let private = Place { certificates: Some("registry-ca".to_owned()), ..place() };
    insta::assert_snapshot!(
        "oci_repository_of_a_private_registry",
        matcher.oci_repository(&private)
    );
    insta::assert_snapshot!(
        "flux_instance_patch_of_a_private_registry",
        matcher.flux_instance_patch(&private)
    );
    let trusting = matcher.trusting(Some("dev-root".to_owned()));
    let digest = Follows::Digest(format!("sha256:{}", "2c".repeat(32)));
    let place = Place { follows: digest, ..place() };
    insta::assert_snapshot!("oci_repository_of_a_dev_stack", trusting.oci_repository(&place));
}

#[test]
fn all_forms_hold_the_same_block() {
    let matcher = Matcher::of(&requirements("manifests"));
    let read = |text: &str| serde_saphyr::from_str::<Value>(text).unwrap();
    let source = read(&matcher.oci_repository(&place()));
    assert_eq!(source, matcher.oci_repository_object(&place()));
    let instance = read(&matcher.flux_instance_patch(&place()));
    let patch = instance["spec"]["kustomize"]["patches"][0]["patch"].as_str().unwrap();
    let block = &source["spec"]["verify"];
    assert_eq!(read(patch)[0]["value"], *block, "the patch");
    assert_eq!(read(&matcher.ksail().unwrap())["spec"]["workload"]["flux"]["verify"], *block);
    assert_eq!(block["matchOIDCIdentity"].as_array().unwrap().len(), 1, "two stop everything");
}

#[test]
fn ksail_cannot_say_whom_to_trust_and_says_so() {
    let matcher = Matcher::of(&requirements("manifests")).trusting(Some("dev-root".to_owned()));
    assert_eq!(matcher.ksail(), Err(NoTrustedRoot));
}

#[test]
fn what_is_rendered_accepts_our_signers_and_nobody_beside_them() {
    let workflow = "https://github.com/acme/platform/.github/workflows";
    let called = "https://github.com/acme/actions/.github/workflows/publish.yaml@";
    let commit = "8f4b7f84864484a7bf31766abe9204da3cbe65b3";
    for (artifact, san, accepted, why) in [
        ("manifests", format!("{workflow}/cd.yaml@refs/heads/main"), true, "the release"),
        (
            "manifests",
            format!("{workflow}/ci.yaml@refs/heads/gh-readonly-queue/main/pr-7"),
            true,
            "the merge queue",
        ),
        ("manifests", format!("{workflow}/cd.yaml@refs/heads/main2"), false, "goes on"),
        ("manifests", format!("x{workflow}/cd.yaml@refs/heads/main"), false, "begins earlier"),
        ("manifests", format!("{workflow}/cdxyaml@refs/heads/main"), false, "a dot is a dot"),
        ("manifests", format!("{workflow}/ci.yaml@refs/heads/main"), false, "halves of two"),
        ("shop", format!("{called}{commit}"), true, "a commit"),
        ("shop", format!("{called}{}", &commit[1..]), false, "39 digits"),
        ("shop", format!("{called}refs/heads/main"), false, "a branch"),
    ] {
        let source = Matcher::of(&requirements(artifact)).oci_repository_object(&place());
        let identity = &source["spec"]["verify"]["matchOIDCIdentity"][0];
        let pattern = GoRegex::parse(identity["subject"].as_str().unwrap()).unwrap();
        assert_eq!(pattern.is_match(&san), accepted, "{why}");
        let issuer = GoRegex::parse(identity["issuer"].as_str().unwrap()).unwrap();
        assert!(issuer.is_match("https://token.actions.githubusercontent.com"));
        assert!(!issuer.is_match("https://token.actions.githubusercontent.com.evil.test"));
    }
}
