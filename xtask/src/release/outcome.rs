//! What receipt and report say, as far as the flow needs it: read as a stranger would, from the files.

use camino::Utf8Path;
use serde::Deserialize;

use super::Expected;
use super::flow::Stage;
use crate::failure::{Context as _, Failure, Outcome};

/// The form of manifest that a tag is asked for.
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// The publisher's receipt.
#[derive(Debug, Deserialize)]
pub(crate) struct Published {
    /// `published` or `unchanged`.
    pub(crate) outcome: String,
    /// Registry and path.
    pub(crate) repository: String,
    /// What was promoted.
    pub(crate) digest: String,
}

/// The verifier's report.
#[derive(Debug, Deserialize)]
pub(crate) struct Judged {
    pub(crate) verdict: String,
    artifacts: Vec<JudgedArtifact>,
}

#[derive(Debug, Deserialize)]
struct JudgedArtifact {
    digest: Option<String>,
}

impl Published {
    pub(crate) fn read(path: &Utf8Path) -> Outcome<Published> {
        read(path)
    }

    /// The reference that a plane follows.
    pub(crate) fn tagged(&self, stage: Stage) -> String {
        format!("{}:{}", self.repository, stage.tag())
    }

    /// The artifact itself.
    pub(crate) fn pinned(&self) -> String {
        format!("{}@{}", self.repository, self.digest)
    }

    /// The digest that the tag of a plane names right now, asked of the registry.
    pub(crate) fn named_by(&self, stage: Stage) -> Outcome<Option<String>> {
        let (host, path) = self.repository.split_once('/').unwrap_or_default();
        let url = format!("http://{host}/v2/{path}/manifests/{}", stage.tag());
        match ureq::head(&url).header("accept", MANIFEST).call() {
            Ok(answer) => {
                let digest = answer.headers().get("docker-content-digest");
                let digest = digest.and_then(|digest| digest.to_str().ok());
                digest
                    .map(|digest| Some(digest.to_owned()))
                    .ok_or_else(|| Failure::new(format!("{url}: answered without a digest")))
            }
            Err(ureq::Error::StatusCode(404)) => Ok(None),
            Err(error) => Err(Failure::new(format!("{url}: {error}"))),
        }
    }

    /// Fails unless both are about the same artifact.
    pub(crate) fn insist_same(&self, published: &Published) -> Outcome {
        if self.pinned() == published.pinned() {
            return Ok(());
        }
        Err(Failure::new(format!(
            "published {}, and promoted {}",
            published.pinned(),
            self.pinned()
        )))
    }

    /// Fails when something else came of it.
    pub(crate) fn insist_on(&self, expected: Expected) -> Outcome {
        if self.is_unchanged() == (expected == Expected::Unchanged) {
            return Ok(());
        }
        Err(Failure::new(format!("expected {expected:?}, and the outcome is {:?}", self.outcome)))
    }

    pub(crate) fn is_unchanged(&self) -> bool {
        self.outcome == "unchanged"
    }
}

impl Judged {
    pub(crate) fn read(path: &Utf8Path) -> Outcome<Judged> {
        read(path)
    }

    /// The report must be about the digest in the receipt, and about nothing else.
    pub(crate) fn insist_on(&self, published: &Published) -> Outcome {
        let digests: Vec<&str> =
            self.artifacts.iter().filter_map(|artifact| artifact.digest.as_deref()).collect();
        if self.verdict == "Verified" && digests == [published.digest.as_str()] {
            return Ok(());
        }
        Err(Failure::new(format!(
            "the receipt says {}, and the stranger says {} about {}",
            published.digest,
            self.verdict,
            if digests.is_empty() { "nothing".to_owned() } else { digests.join(", ") }
        ))
        .next("somebody else moved the tag meanwhile, or this is a defect: compare receipt.json and report.json"))
    }
}

fn read<T: serde::de::DeserializeOwned>(path: &Utf8Path) -> Outcome<T> {
    let bytes = std::fs::read(path).context(|| path.to_string())?;
    serde_json::from_slice(&bytes).context(|| path.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_verified_report_about_the_promoted_digest_will_do() {
        let published = Published {
            outcome: "published".into(),
            repository: "127.0.0.1:5000/acme/platform/manifests".into(),
            digest: "sha256:a".into(),
        };
        for (verdict, digests, holds, why) in [
            ("Verified", vec![Some("sha256:a")], true, "the very digest"),
            ("Verified", vec![Some("sha256:b")], false, "another digest"),
            ("Unknown", vec![Some("sha256:a")], false, "not knowing is not verified"),
            ("Refused", vec![Some("sha256:a")], false, "refused"),
            ("Verified", vec![None], false, "never resolved"),
            ("Verified", vec![], false, "about nothing"),
            ("Verified", vec![Some("sha256:a"), Some("sha256:b")], false, "one too many"),
        ] {
            let artifacts = digests
                .into_iter()
                .map(|digest| JudgedArtifact { digest: digest.map(str::to_owned) })
                .collect();
            let judged = Judged { verdict: verdict.into(), artifacts };
            assert_eq!(judged.insist_on(&published).is_ok(), holds, "{why}");
        }
    }

    #[test]
    fn each_plane_follows_a_tag_of_its_own() {
        let receipt =
            r#"{"outcome":"unchanged","repository":"r.example/a","digest":"sha256:a","tags":[]}"#;
        let published: Published = serde_json::from_str(receipt).unwrap();
        assert_eq!(published.tagged(Stage::Local), "r.example/a:candidate");
        assert_eq!(published.tagged(Stage::Prod), "r.example/a:latest");
        assert_eq!(published.pinned(), "r.example/a@sha256:a");
        assert!(published.insist_on(Expected::Unchanged).is_ok());
        assert!(published.insist_on(Expected::Published).is_err());
    }

    #[test]
    fn what_is_promoted_must_be_what_was_published() {
        let of = |digest: &str| Published {
            outcome: "published".into(),
            repository: "r.example/a".into(),
            digest: digest.into(),
        };
        assert!(of("sha256:a").insist_same(&of("sha256:a")).is_ok());
        assert!(of("sha256:b").insist_same(&of("sha256:a")).is_err());
    }
}
