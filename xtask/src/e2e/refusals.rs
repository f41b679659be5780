//! What must be refused, each beside what is accepted: the real tools make the situation, our
//! verifier judges it.

use std::cell::LazyCell;

use camino::Utf8PathBuf;
use serde_json::{Value, json};

use super::attachments::{self, Attachment};
use super::cases::{Cases, again};
use super::cosign::{Cosign, predicate};
use super::instance::Instance;
use super::interop::push_unsigned;
use super::ours::{Ours, SIGNATURE};
use super::world::{CD, REUSABLE, World};
use crate::failure::{Context as _, Failure, Outcome};

// The reasons, by the codes of `sealwright-verifier explain`.
const NOTHING_ATTACHED: &str = "SW4009";
const KIND_ABSENT: &str = "SW4010";
const NOT_THE_SIGNER: &str = "SW4001";
const ANOTHER_ARTIFACT: &str = "SW3009";
const BAD_SIGNATURE: &str = "SW3010";
const BAD_LOG_ENTRY: &str = "SW3013";
/// The time of signing lies outside the log's window (v1), or nothing proves a time at all (v2).
const OUT_OF_WINDOW: &[&str] = &["SW3014", "SW3016"];

/// A good publication, what is attached to it, and who made it.
struct Good<'a> {
    world: &'a World,
    instance: &'a Instance,
    ours: Ours<'a>,
    digest: String,
    attached: Vec<Attachment>,
}

/// Makes one situation and says what was seen.
type Situation<'a> = fn(&Good<'a>) -> Outcome<String>;

/// Runs the refusals of one instance.
pub(super) fn run(cases: &mut Cases, world: &World, instance: &Instance) {
    // Made when the first case that is wanted asks for it.
    let good = LazyCell::new(|| Good::publish(world, instance));
    let situations: [(&str, Situation<'_>); 9] = [
        ("unsigned", Good::unsigned),
        ("wrong identity", Good::wrong_identity),
        ("wrong issuer", Good::wrong_issuer),
        ("attestation without signature", Good::attestation_alone),
        ("another artifact's signature moved over", Good::moved_over),
        ("tampered manifest", Good::tampered_manifest),
        ("tampered bundle", Good::tampered_bundle),
        ("expired trusted-root window", Good::expired_window),
        ("wrong log key", Good::wrong_log_key),
    ];
    for (what, situation) in situations {
        cases.run(&format!("{}: refuses: {what}", instance.name), instance.name, || {
            situation(good.as_ref().map_err(again)?)
        });
    }
}

impl<'a> Good<'a> {
    fn publish(world: &'a World, instance: &'a Instance) -> Outcome<Good<'a>> {
        let ours = Ours::new(world, instance, &world.stack.endpoints().registry, "good")?;
        let digest = ours.publish()?.digest;
        ours.insist_verified(&ours.at(&digest))?;
        let attached = attachments::of(&ours, &digest)?;
        Ok(Good { world, instance, ours, digest, attached })
    }

    fn elsewhere(&self, case: &str) -> Outcome<Ours<'a>> {
        Ours::new(self.world, self.instance, &self.ours.registry, case)
    }

    fn unsigned(&self) -> Outcome<String> {
        let ours = self.elsewhere("unsigned")?;
        ours.insist_refused(&push_unsigned(self.world, &ours)?, &[NOTHING_ATTACHED])
    }

    fn wrong_identity(&self) -> Outcome<String> {
        let reference = self.ours.at(&self.digest);
        self.ours.with_policy(REUSABLE, SIGNATURE)?.insist_refused(&reference, &[NOT_THE_SIGNER])
    }

    fn wrong_issuer(&self) -> Outcome<String> {
        let ours = self.ours.with_issuer("https://token.actions.githubusercontent.com");
        ours.insist_refused(&self.ours.at(&self.digest), &[NOT_THE_SIGNER])
    }

    /// cosign attests; a signature is asked for, and then made.
    fn attestation_alone(&self) -> Outcome<String> {
        let ours = self.elsewhere("attestation-alone")?.with_policy(CD, SIGNATURE)?;
        let reference = push_unsigned(self.world, &ours)?;
        let cosign = Cosign { world: self.world, instance: self.instance };
        let kind = "slsaprovenance1";
        cosign.attest(&reference, kind, &predicate(self.world, kind)?)?;
        let refused = ours.insist_refused(&reference, &[KIND_ABSENT])?;
        cosign.sign(&reference, CD)?;
        Ok(format!("{refused}; signed: {}", ours.insist_verified(&reference)?))
    }

    fn moved_over(&self) -> Outcome<String> {
        let ours = self.elsewhere("moved-over")?;
        let reference = push_unsigned(self.world, &ours)?;
        attachments::attach(self.world, &reference, &self.attached)?;
        ours.insist_refused(&reference, &[ANOTHER_ARTIFACT])
    }

    /// One annotation more; everything that the original has is attached.
    fn tampered_manifest(&self) -> Outcome<String> {
        let mut manifest: Value =
            serde_json::from_slice(&attachments::manifest(&self.ours, &self.digest)?)?;
        manifest["annotations"]["org.opencontainers.image.revision"] = json!("main@sha1:forged");
        let file = self.world.folder.join("tampered-manifest.json");
        self.world.write(&file, manifest.to_string().as_bytes())?;
        let tag = format!("{}:tampered", self.ours.repository());
        let words = ["manifest", "push", "--plain-http", &tag, file.as_str()];
        self.world.tools.peer("oras")?.args(words).run_ok()?;
        attachments::attach(self.world, &tag, &self.attached)?;
        self.ours.insist_refused(&tag, &[ANOTHER_ARTIFACT])
    }

    /// The same artifact elsewhere: first with spoilt bundles, then with the true ones.
    fn tampered_bundle(&self) -> Outcome<String> {
        let ours = self.elsewhere("tampered-bundle")?;
        let (from, to) = (self.ours.at(&self.digest), format!("{}:latest", ours.repository()));
        let words = ["cp", "--from-plain-http", "--to-plain-http", &from, &to];
        self.world.tools.peer("oras")?.args(words).run_ok()?;
        let spoilt: Vec<Attachment> =
            self.attached.iter().map(Attachment::spoilt).collect::<Outcome<_>>()?;
        attachments::attach(self.world, &to, &spoilt)?;
        let refused = ours.insist_refused(&to, &[BAD_SIGNATURE])?;
        attachments::attach(self.world, &to, &self.attached)?;
        Ok(format!("{refused}; with the true ones: {}", ours.insist_verified(&to)?))
    }

    fn expired_window(&self) -> Outcome<String> {
        let over = |window: &mut Value| {
            *window = json!({"start": "2020-01-01T00:00:00Z", "end": "2021-01-01T00:00:00Z"});
        };
        let trust = self.other_trust("expired", |root| {
            for list in ["certificateAuthorities", "ctlogs", "tlogs", "timestampAuthorities"] {
                for entry in root[list].as_array_mut().into_iter().flatten() {
                    match entry.get_mut("publicKey") {
                        Some(key) => over(&mut key["validFor"]),
                        None => over(&mut entry["validFor"]),
                    }
                }
            }
            Ok(())
        })?;
        self.ours.with_trust(trust).insist_refused(&self.ours.at(&self.digest), OUT_OF_WINDOW)
    }

    /// The log keeps its id and gets a key of the same kind that is not its own.
    fn wrong_log_key(&self) -> Outcome<String> {
        let folder = self.world.folder.join(format!("other-keys-{}", self.instance.slug));
        std::fs::create_dir_all(&folder)?;
        self.world.tools.peer("keys")?.args([folder.as_str()]).run_ok()?;
        let trust = self.other_trust("wrong-log-key", |root| {
            for log in root["tlogs"].as_array_mut().into_iter().flatten() {
                let kind = log["publicKey"]["keyDetails"].as_str().unwrap_or_default().to_owned();
                let file = if kind.contains("ED25519") { "rekor.pub" } else { "ct.pub" };
                let pem = std::fs::read_to_string(folder.join(file))?;
                let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
                log["publicKey"]["rawBytes"] = json!(body);
            }
            Ok(())
        })?;
        self.ours.with_trust(trust).insist_refused(&self.ours.at(&self.digest), &[BAD_LOG_ENTRY])
    }

    /// A trust folder with a changed trusted root.
    fn other_trust(
        &self,
        name: &str,
        change: impl FnOnce(&mut Value) -> Outcome,
    ) -> Outcome<Utf8PathBuf> {
        let path = self.instance.trusted_root();
        let bytes = std::fs::read(&path).context(|| path.to_string())?;
        let mut root: Value = serde_json::from_slice(&bytes)?;
        let before = root.clone();
        change(&mut root)?;
        if root == before {
            return Err(Failure::new(format!("nothing in {path} was changed")));
        }
        let folder = self.world.folder.join(format!("trust-{name}-{}", self.instance.slug));
        self.world.write(&folder.join("trusted_root.json"), root.to_string().as_bytes())?;
        Ok(folder)
    }
}
