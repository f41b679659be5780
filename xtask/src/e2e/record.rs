//! Stores evidence of the real services as test data, so that tests without Go judge real bytes.
//! The format is described in `crates/evidence/tests/data/recorded/README.md`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::attachments;
use super::cosign::{ATTESTATIONS, Cosign, predicate};
use super::instance::Instance;
use super::interop::push_unsigned;
use super::ours::{ALL, Ours, SIGNATURE};
use super::world::{CD, REUSABLE, Run, World};
use crate::failure::{Context as _, Outcome};
use crate::say;

/// Media types as the registry serves them.
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";

/// A policy that a recording is judged under.
struct Case {
    why: &'static str,
    run: Run,
    evidence: &'static str,
}

const fn case(why: &'static str, run: Run, evidence: &'static str) -> Case {
    Case { why, run, evidence }
}

/// Makes and stores every recording.
pub(super) fn run(world: &World, instance: &Instance) -> Outcome {
    say::stage("record the real services");
    let registry = &world.stack.endpoints().registry;
    let cosign = Cosign { world, instance };
    let recorder = Recorder { world, instance };

    let ours = Ours::new(world, instance, registry, "recorded/published")?;
    let digest = ours.publish()?.digest;
    recorder.store(
        &ours,
        &digest,
        "real-rekor-v2-published",
        &[
            case("every statement kind by our publisher, under one certificate", CD, ALL),
            case("the same under a policy that expects a shared workflow", REUSABLE, ALL),
        ],
    )?;

    let ours = Ours::new(world, instance, registry, "recorded/by-cosign")?;
    let reference = push_unsigned(world, &ours)?;
    cosign.sign(&reference, CD)?;
    for kind in ATTESTATIONS {
        cosign.attest(&reference, kind, &predicate(world, kind)?)?;
    }
    recorder.store(
        &ours,
        digest_of(&reference),
        "real-rekor-v2-cosign",
        &[
            case("every statement kind by cosign, each under a certificate of its own", CD, ALL),
            case("the same under a policy that expects a shared workflow", REUSABLE, ALL),
        ],
    )?;

    let ours = Ours::new(world, instance, registry, "recorded/reusable")?
        .with_policy(REUSABLE, SIGNATURE)?;
    let reference = push_unsigned(world, &ours)?;
    ours.sign(&reference, REUSABLE)?;
    recorder.store(
        &ours,
        digest_of(&reference),
        "real-rekor-v2-reusable",
        &[
            case(
                "a shared workflow signed, called from the platform's repository",
                REUSABLE,
                SIGNATURE,
            ),
            case("the platform's own workflow is expected", CD, SIGNATURE),
            case("nobody attested", REUSABLE, ALL),
        ],
    )?;

    let ours = Ours::new(world, instance, registry, "recorded/key")?;
    let reference = push_unsigned(world, &ours)?;
    cosign.sign_with_key(&reference, &world.folder)?;
    recorder.store(
        &ours,
        digest_of(&reference),
        "real-rekor-v2-key",
        &[case("signed with a key: nobody in particular", CD, SIGNATURE)],
    )?;
    // The same with more around it: a stranger's signature, then the right one.
    cosign.sign(&reference, REUSABLE)?;
    cosign.sign(&reference, CD)?;
    recorder.store(
        &ours,
        digest_of(&reference),
        "real-rekor-v2-several",
        &[
            case("a key's, a stranger's and the right signature side by side", CD, SIGNATURE),
            case("none of the three attests", CD, ALL),
        ],
    )
}

fn digest_of(reference: &str) -> &str {
    reference.rsplit_once('@').map_or(reference, |(_, digest)| digest)
}

struct Recorder<'a> {
    world: &'a World,
    instance: &'a Instance,
}

impl Recorder<'_> {
    fn store(&self, ours: &Ours<'_>, digest: &str, name: &str, cases: &[Case]) -> Outcome {
        let folder = self.world.recorded.join(name);
        let root = self.instance.trusted_root();
        let root_json = std::fs::read(&root).context(|| root.to_string())?;
        self.world.write(&folder.join("trusted_root.json"), &root_json)?;
        let evidence = evidence(ours, digest)?;
        self.write_json(&folder.join("evidence.json"), &evidence)?;
        let cases: Outcome<Vec<Value>> =
            cases.iter().map(|case| self.expectation(ours, digest, case)).collect();
        let expectations = json!({
            "source": "fulcio 1.8.8, rekor-tiles 2.4.0, tesseract, timestamp-authority 2.1 and \
                       cosign 3.1.2 on loopback, with tokens of the dev stack",
            "now": now(self.world)?,
            "cases": cases?,
        });
        self.write_json(&folder.join("expectations.json"), &expectations)?;
        say::line(&format!("recorded {folder}"));
        Ok(())
    }

    /// What the verifier says now. Whoever commits a recording reads it.
    fn expectation(&self, ours: &Ours<'_>, digest: &str, case: &Case) -> Outcome<Value> {
        let judged = ours.with_policy(case.run, case.evidence)?.judge(&ours.at(digest))?;
        let evidence: Vec<&str> = case.evidence.split(", ").collect();
        let mut signer = json!({
            "name": "signer", "issuer": self.instance.issuer, "san": case.run.san,
        });
        if case.run.workflow_repository.is_some() {
            signer["sourceRepositories"] = json!(["https://github.com/acme/platform"]);
        }
        Ok(json!({
            "why": case.why,
            "requirements": {"evidence": evidence, "signers": [signer]},
            "verdict": judged.verdict,
            "findings": judged.codes,
        }))
    }

    fn write_json(&self, path: &camino::Utf8Path, value: &Value) -> Outcome {
        let text = serde_json::to_string_pretty(value)? + "\n";
        self.world.write(path, text.as_bytes())
    }
}

/// In the form of `sealwright_evidence::Evidence`.
fn evidence(ours: &Ours<'_>, digest: &str) -> Outcome<Value> {
    let blob = |digest: &str, media_type: &str, bytes: &[u8]| json!({"digest": digest, "mediaType": media_type, "bytes": STANDARD.encode(bytes)});
    let attached = attachments::of(ours, digest)?;
    let referrers = attached.iter().map(|attachment| {
        json!({
            "manifest": blob(&attachment.manifest_digest, MANIFEST, &attachment.manifest),
            "bundles": [blob(&attachment.bundle_digest, BUNDLE, &attachment.bundle)],
        })
    });
    Ok(json!({
        "repository": format!("ghcr.io/{}", ours.path),
        "artifact": blob(digest, MANIFEST, &attachments::manifest(ours, digest)?),
        "referrersFrom": "api",
        "referrers": referrers.collect::<Vec<_>>(),
        "legacy": null,
        "gaps": [],
    }))
}

/// The time, in RFC 3339, as the system's `date` tells it.
fn now(world: &World) -> Outcome<String> {
    let date = world
        .tools
        .system("date")
        .ok_or_else(|| crate::failure::Failure::new("date is not installed"))?;
    let said = date.args(["-u", "+%Y-%m-%dT%H:%M:%SZ"]).run_ok()?;
    Ok(String::from_utf8_lossy(&said).trim().to_owned())
}
