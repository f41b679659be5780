//! A crowd of referrers: well-made bundles of somebody else, each listed before the good one.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::failure::{Context as _, Failure, Outcome};

const BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// Pushed at a time; they wait for a round trip, not for a processor.
const THREADS: usize = 16;

/// Where the crowd gathers.
pub(super) struct Crowd<'a> {
    /// URL of the repository's API: `http://host/v2/path`.
    pub(super) repository: &'a str,
    /// Base URL of the dev stack's Sigstore.
    pub(super) sigstore: &'a str,
    /// The artifact's digest.
    pub(super) artifact: &'a str,
}

impl Crowd<'_> {
    /// Puts `count` foreign bundles beside the artifact.
    pub(super) fn gather(&self, count: usize) -> Outcome {
        let list: Value = read_json(&format!("{}/referrers/{}", self.repository, self.artifact))?;
        let good = list["manifests"][0]["digest"].as_str().unwrap_or_default().to_owned();
        let subject = self.subject_descriptor()?;
        self.push_blob(b"{}")?;
        let numbers: Vec<usize> = (0..count).collect();
        std::thread::scope(|scope| {
            let pushes = numbers.chunks(count.div_ceil(THREADS).max(1)).map(|chunk| {
                let (good, subject) = (&good, &subject);
                scope.spawn(move || chunk.iter().try_for_each(|n| self.push(*n, subject, good)))
            });
            let pushes: Vec<_> = pushes.collect();
            pushes.into_iter().try_for_each(|push| {
                push.join().unwrap_or_else(|_| Err(Failure::new("a pushing thread panicked")))
            })
        })
    }

    fn subject_descriptor(&self) -> Outcome<Value> {
        let url = format!("{}/manifests/{}", self.repository, self.artifact);
        let mut answer = ureq::get(&url).call().context(|| url.clone())?;
        let bytes = answer.body_mut().read_to_vec().context(|| url.clone())?;
        Ok(json!({"mediaType": MANIFEST, "digest": self.artifact, "size": bytes.len()}))
    }

    fn push(&self, number: usize, subject: &Value, good: &str) -> Outcome {
        let bundle = self.mint(number)?;
        let layer =
            json!({"mediaType": BUNDLE, "digest": self.push_blob(&bundle)?, "size": bundle.len()});
        let manifest = listed_before(good, |nonce| {
            json!({
                "schemaVersion": 2,
                "mediaType": MANIFEST,
                "artifactType": BUNDLE,
                "config": {"mediaType": "application/vnd.oci.empty.v1+json", "digest": digest(b"{}"), "size": 2},
                "layers": [layer],
                "subject": subject,
                "annotations": {"nonce": nonce.to_string()},
            })
        });
        let url = format!("{}/manifests/{}", self.repository, digest(&manifest));
        ureq::put(&url).content_type(MANIFEST).send(&manifest).context(|| url.clone())?;
        Ok(())
    }

    /// A signature over this artifact, and over a number, so that no two are equal.
    fn mint(&self, number: usize) -> Outcome<Vec<u8>> {
        let hex = self.artifact.trim_start_matches("sha256:");
        let statement = json!({
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{"name": number.to_string(), "digest": {"sha256": hex}}],
            "predicateType": "https://sigstore.dev/cosign/sign/v1",
            "predicate": {},
        });
        let wanted =
            json!({"statement": statement.to_string(), "run": {"repository": "stranger/fork"}});
        let mut answer = ureq::post(format!("{}/_mint", self.sigstore))
            .send_json(wanted)
            .context(|| "mint a bundle".to_owned())?;
        let answer: Value = answer.body_mut().read_json().context(|| "mint a bundle".to_owned())?;
        Ok(answer["bundle"].to_string().into_bytes())
    }

    fn push_blob(&self, bytes: &[u8]) -> Outcome<String> {
        let digest = digest(bytes);
        let url = format!("{}/blobs/uploads/?digest={digest}", self.repository);
        ureq::post(&url)
            .content_type("application/octet-stream")
            .send(bytes)
            .context(|| url.clone())?;
        Ok(digest)
    }
}

/// Registries list by digest: tries nonces until the manifest stands before the good one.
fn listed_before(good: &str, manifest: impl Fn(u32) -> Value) -> Vec<u8> {
    let candidates = (0..u32::MAX).map(|nonce| manifest(nonce).to_string().into_bytes());
    let mut before = candidates.filter(|bytes| digest(bytes).as_str() < good);
    before.next().expect("one of four thousand million digests is smaller")
}

fn digest(bytes: &[u8]) -> String {
    let sum = Sha256::digest(bytes);
    sum.iter().fold("sha256:".to_owned(), |text, byte| text + &format!("{byte:02x}"))
}

fn read_json(url: &str) -> Outcome<Value> {
    ureq::get(url)
        .call()
        .context(|| url.to_owned())?
        .body_mut()
        .read_json()
        .context(|| url.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crowd_stands_before_the_good_one() {
        let good = digest(b"good");
        let bytes = listed_before(&good, |nonce| json!({"nonce": nonce}));
        assert!(digest(&bytes) < good);
    }
}
