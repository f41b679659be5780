//! The real cosign as signer and as judge. Where it is not built, these tests say so and judge nothing;
//! `cargo xtask peers` builds it.

use std::path::PathBuf;
use std::process::{Command, Output};

use sealwright_devstack::sigstore::{LogVersion, Mint, Sigstore, Situation, TokenRequest};

use crate::world::{ARTIFACT, digest, sigstore, statement, verify};

/// `target/peers/cosign`, or what `SEALWRIGHT_COSIGN` names.
fn cosign() -> Option<PathBuf> {
    let built = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/peers/cosign");
    let path = PathBuf::from(std::env::var_os("SEALWRIGHT_COSIGN").unwrap_or_else(|| built.into()));
    if !path.exists() {
        eprintln!("not run: cosign is not built (`cargo xtask peers` builds it)");
        return None;
    }
    Some(path)
}

/// One world: a Sigstore, a folder with the artifact, and cosign without any surroundings.
struct World {
    cosign: PathBuf,
    sigstore: Sigstore,
    folder: tempfile::TempDir,
}

impl World {
    fn new() -> Option<Self> {
        let cosign = cosign()?;
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("artifact"), ARTIFACT).unwrap();
        std::fs::write(folder.path().join("predicate.json"), "{}").unwrap();
        Some(Self { cosign, sigstore: sigstore(), folder })
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.cosign);
        command
            .args(arguments)
            .args([
                "--trusted-root",
                self.sigstore.trust_folder().join("trusted_root.json").as_str(),
            ])
            .current_dir(self.folder.path())
            .env_clear()
            .env("HOME", self.folder.path());
        command
    }

    fn sign(&self, config: &str, command: &[&str]) {
        let config = self.sigstore.trust_folder().join(config);
        let token = self.sigstore.token(&TokenRequest::default()).unwrap();
        let mut arguments = command.to_vec();
        arguments.extend([
            "--yes",
            "--signing-config",
            config.as_str(),
            "--identity-token",
            &token,
        ]);
        arguments.extend(["--bundle", "bundle.json", "artifact"]);
        let output = self.run(&arguments);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// cosign's complaint, or nothing.
    fn complaint(&self, command: &[&str], san: &str) -> Option<String> {
        let mut arguments = command.to_vec();
        arguments.extend(["--bundle", "bundle.json", "--certificate-identity", san]);
        arguments.extend(["--certificate-oidc-issuer", self.sigstore.issuer_url()]);
        let output = self.run(&arguments);
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        (!output.status.success()).then_some(words)
    }
}

const CONFIGS: [&str; 2] = ["signing_config.json", "signing_config.rekor-v1.json"];
const TYPE: [&str; 2] = ["--type", "https://sigstore.dev/cosign/sign/v1"];

#[test]
fn cosign_signs_and_verifies_with_both_logs() {
    let Some(world) = World::new() else { return };
    let san = TokenRequest::default().san();
    for config in CONFIGS {
        world.sign(config, &["sign-blob"]);
        assert_eq!(world.complaint(&["verify-blob", "artifact"], &san), None, "{config}");
        let other = TokenRequest::new("acme/other", "cd.yaml").san();
        let complaint = world.complaint(&["verify-blob", "artifact"], &other).unwrap();
        assert!(complaint.contains("no matching CertificateIdentity"), "{config}: {complaint}");
    }
}

#[test]
fn cosign_asks_for_its_token_as_a_job_on_github_does() {
    let Some(world) = World::new() else { return };
    let config = world.sigstore.trust_folder().join("signing_config.json");
    let arguments = [
        "sign-blob",
        "--yes",
        "--signing-config",
        config.as_str(),
        "--bundle",
        "bundle.json",
        "artifact",
    ];
    for (secret, succeeds) in [(world.sigstore.token_request_token(), true), ("guess", false)] {
        let output = world
            .command(&arguments)
            .env("ACTIONS_ID_TOKEN_REQUEST_URL", world.sigstore.token_request_url())
            .env("ACTIONS_ID_TOKEN_REQUEST_TOKEN", secret)
            .output()
            .unwrap();
        let words = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.success(), succeeds, "{words}");
    }
    let san = TokenRequest::default().san();
    assert_eq!(world.complaint(&["verify-blob", "artifact"], &san), None);
}

#[test]
fn cosign_attests_and_both_cosign_and_the_crate_accept() {
    let Some(world) = World::new() else { return };
    let san = TokenRequest::default().san();
    for config in CONFIGS {
        let mut attest = vec!["attest-blob", "--predicate", "predicate.json"];
        attest.extend(TYPE);
        world.sign(config, &attest);
        let mut check = vec!["verify-blob-attestation", "artifact"];
        check.extend(TYPE);
        assert_eq!(world.complaint(&check, &san), None, "{config}");
        let bundle = std::fs::read(world.folder.path().join("bundle.json")).unwrap();
        assert_eq!(verify(&world.sigstore, &bundle).map(|_| ()), Ok(()), "{config}");
    }
}

/// What cosign 3.1.2 says of each situation, for Rekor v1 and v2; `""` is accepted.
///
/// cosign passes over entries and timestamps that it cannot verify as long as others suffice, and takes
/// the first identity for the only one: `EntryTwice` and log matters are stricter here than in the crate.
fn answers(situation: Situation) -> [&'static str; 2] {
    const UNKNOWN_LOG: &str = "not enough verified log entries from transparency log: 0 < 1";
    const NO_CHECKPOINT: &str = "note has no verifiable signatures";
    match situation {
        Situation::Healthy | Situation::TwoSans | Situation::BundleV02 => ["", ""],
        Situation::SignedAfterExpiry => {
            ["integrated time outside certificate validity", "leaf certificate verification failed"]
        }
        Situation::NoSct | Situation::ForeignSct => ["only able to verify 0 SCT entries"; 2],
        Situation::ForeignAuthority => ["leaf certificate verification failed"; 2],
        Situation::EmptySan | Situation::NoSan => ["no Subject Alternative Name found"; 2],
        Situation::NoIssuer => ["got \"\""; 2],
        Situation::OtherIssuer => ["got \"https://issuer.acme.example\""; 2],
        Situation::NotLogged | Situation::ForeignLog => [UNKNOWN_LOG; 2],
        Situation::ForeignLogUnderOurId | Situation::LogIdLies => [UNKNOWN_LOG, NO_CHECKPOINT],
        Situation::CheckpointOfOtherLog => {
            [NO_CHECKPOINT, "signature on checkpoint did not verify"]
        }
        Situation::WrongProof => ["wrong proof size"; 2],
        Situation::EntryOfOtherStatement => {
            ["transparency log signature does not match", "verifying inclusion"]
        }
        Situation::EntryTwice => ["duplicate tlog entries found"; 2],
        Situation::WrongTime => [UNKNOWN_LOG, "hashed messages don't match"],
        Situation::NoTime => ["threshold not met"; 2],
        Situation::ForeignTimestamp => ["", "No certificate for signer"],
        Situation::TamperedPayload => {
            ["does not match envelope payload hash", "verifying inclusion"]
        }
        Situation::OtherPayloadType => ["unsupported media type"; 2],
        Situation::MessageSignature => ["bundle does not contain a DSSE envelope"; 2],
        Situation::BundleV01 => ["", "--trusted-root only supported with --new-bundle-format"],
        other => panic!("{other:?} has no answer here: write it down"),
    }
}

#[test]
fn cosign_says_of_each_situation_what_is_the_matter() {
    let Some(world) = World::new() else { return };
    let san = TokenRequest::default().san();
    let digest = digest().to_hex();
    for _ in 0..3 {
        for log in [LogVersion::V1, LogVersion::V2] {
            world.sigstore.mint(&Mint::new(statement()).log(log)).unwrap();
        }
    }
    for situation in Situation::ALL {
        for (log, expected) in [LogVersion::V1, LogVersion::V2].into_iter().zip(answers(situation))
        {
            let mint = Mint::new(statement()).log(log).situation(situation);
            let bundle = world.sigstore.mint(&mint).unwrap();
            std::fs::write(world.folder.path().join("bundle.json"), bundle).unwrap();
            let mut check =
                vec!["verify-blob-attestation", "--digest", &digest, "--digestAlg", "sha256"];
            check.extend(TYPE);
            match (expected, world.complaint(&check, &san)) {
                ("", None) => {}
                (words, Some(complaint)) if !words.is_empty() && complaint.contains(words) => {}
                (_, answer) => {
                    panic!("{situation:?} {log:?}: expected {expected:?}, found {answer:?}")
                }
            }
        }
    }
}
