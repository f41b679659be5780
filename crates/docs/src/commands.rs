//! The commands a reader can paste to check an artifact, with ours and with cosign.

use camino::Utf8PathBuf;
use sealwright_policy::{EvidenceKind, Requirements};

/// How a reader of the page reaches what the commands need.
#[derive(Debug, Clone, Default)]
pub struct Reader {
    /// Path of the configuration, as the reader would give it.
    pub config: Utf8PathBuf,
    /// Registry that stands in for the one in the configuration: the dev stack's.
    pub registry: Option<String>,
    /// Folder with `trusted_root.json` and `signing_config.json`; public Sigstore when absent.
    pub trust: Option<Utf8PathBuf>,
    /// OIDC issuer behind `github:` signers, when it is not GitHub's own.
    pub github_issuer: Option<String>,
}

/// The artifact as our verifier judges it: all required evidence at once.
pub(crate) fn ours(reader: &Reader, artifact: &str, reference: &str) -> String {
    let mut words = vec![
        "sealwright-verifier",
        "artifact",
        reference,
        "--artifact",
        artifact,
        "--config",
        reader.config.as_str(),
    ];
    if let Some(registry) = &reader.registry {
        words.extend(["--registry", registry]);
    }
    if let Some(trust) = &reader.trust {
        words.extend(["--trust", trust.as_str()]);
    }
    if let Some(issuer) = &reader.github_issuer {
        words.extend(["--github-issuer", issuer]);
    }
    in_lines(&words)
}

/// The same with cosign: one command for each kind of evidence, since cosign asks for one at a time.
pub(crate) fn cosign(reader: &Reader, requirements: &Requirements, reference: &str) -> Vec<String> {
    requirements
        .evidence
        .iter()
        .map(|kind| cosign_one(reader, requirements, *kind, reference))
        .collect()
}

fn cosign_one(
    reader: &Reader,
    requirements: &Requirements,
    kind: EvidenceKind,
    reference: &str,
) -> String {
    let (issuer, subject) = (requirements.issuer_pattern(), requirements.subject_pattern());
    let root = reader.trust.as_ref().map(|trust| trust.join("trusted_root.json"));
    let mut words = match kind {
        EvidenceKind::Signature => vec!["cosign", "verify"],
        EvidenceKind::Provenance => {
            vec!["cosign", "verify-attestation", "--type", "slsaprovenance1"]
        }
        EvidenceKind::Sbom => vec!["cosign", "verify-attestation", "--type", "cyclonedx"],
    };
    words.extend([
        "--certificate-oidc-issuer-regexp",
        &issuer,
        "--certificate-identity-regexp",
        &subject,
    ]);
    if let Some(root) = &root {
        words.extend(["--trusted-root", root.as_str()]);
    }
    if reader.registry.is_some() {
        words.push("--allow-http-registry");
    }
    // The reference comes before the flags: it is what the reader looks for.
    words.insert(2, reference);
    in_lines(&words)
}

/// The words as one command for a shell, a flag with its value to a line: some values are long.
fn in_lines(words: &[&str]) -> String {
    let mut command = String::new();
    for (index, word) in words.iter().enumerate() {
        if index > 0 {
            command.push_str(if word.starts_with("--") { " \\\n  " } else { " " });
        }
        command.push_str(&shell_words::quote(word));
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_reads_back_the_very_words() {
        let words = ["cosign", "verify", "r.example/a:b", "--regexp", "^a'b$|c d", "--flag"];
        let command = in_lines(&words);
        assert_eq!(shell_words::split(&command).unwrap(), words);
        assert_eq!(command.lines().count(), 3, "a flag to a line: {command}");
    }
}
