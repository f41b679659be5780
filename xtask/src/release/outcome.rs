//! What receipt and report say, as far as the flow needs it: read as a stranger would, from the files.

use camino::Utf8Path;
use serde::Deserialize;

use super::Expected;
use crate::failure::{Context as _, Failure, Outcome};

/// The publisher's receipt.
#[derive(Debug, Deserialize)]
pub(crate) struct Published {
    /// `published` or `unchanged`.
    pub(crate) outcome: String,
    /// Registry and path.
    pub(crate) repository: String,
    /// What was promoted.
    pub(crate) digest: String,
    tags: Vec<String>,
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

    /// The tag that clusters follow.
    pub(crate) fn reference(&self) -> Outcome<String> {
        match self.tags.first() {
            Some(tag) => Ok(format!("{}:{tag}", self.repository)),
            None => Err(Failure::new("the receipt names no tag")),
        }
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
            tags: vec!["latest".into()],
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
    fn the_reference_is_the_first_tag() {
        let receipt = r#"{"outcome":"unchanged","repository":"r.example/a","digest":"sha256:a","tags":["latest","v1"]}"#;
        let published: Published = serde_json::from_str(receipt).unwrap();
        assert_eq!(published.reference().unwrap(), "r.example/a:latest");
        assert!(published.insist_on(Expected::Unchanged).is_ok());
        assert!(published.insist_on(Expected::Published).is_err());
    }
}
