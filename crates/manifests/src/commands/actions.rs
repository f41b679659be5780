//! GitHub's actions that verify by their inputs. Those that only install a verifier do not:
//! `sigstore/cosign-installer`, `slsa-framework/slsa-verifier/actions/installer`,
//! `notaryproject/notation-action/setup`; nor does one that attests.

use sealwright_yaml::{Node, Stream, Value};

use crate::File;
use crate::declaration::{Consumer, Declaration, Form, Identity, Matcher, Provider};

/// Signs files, and verifies what it signed when it is told to.
const SIGSTORE_PYTHON: &str = "sigstore/gh-action-sigstore-python";
/// Verifies by a trust policy of its own.
const NOTATION: &str = "notaryproject/notation-action/verify";

/// The declarations in the inputs of actions.
pub(super) fn declarations(stream: &Stream, file: File<'_>) -> Vec<Declaration> {
    let mut found = Vec::new();
    for document in &stream.documents {
        document.root.walk(&mut |node| found.extend(declaration(node, file)));
    }
    found
}

fn declaration(step: &Node, file: File<'_>) -> Option<Declaration> {
    let (uses, with) = (step.get("uses")?, step.get("with")?);
    let name = uses.text()?.split('@').next()?;
    let input = |key: &str| Matcher::of(with.get(key)?, Form::Exact);
    let is_on = |key: &str| {
        with.get(key)
            .is_some_and(|node| node.value == Value::Bool(true) || node.text() == Some("true"))
    };
    let of = |consumer, provider, identities| Declaration {
        consumer,
        object: name.to_owned(),
        file: file.path.to_owned(),
        at: uses.at.clone(),
        guards: Vec::new(),
        provider,
        key: false,
        identities,
        claims: Vec::new(),
        bundle_path: false,
        weakened: Vec::new(),
    };
    match name {
        SIGSTORE_PYTHON if is_on("verify") => {
            let (issuer, subject) = (input("verify-oidc-issuer"), input("verify-cert-identity"));
            let identity = Identity { issuer, subject, at: uses.at.clone() };
            Some(of(Consumer::CosignCommand, Provider::Cosign, vec![identity]))
        }
        NOTATION => Some(of(Consumer::NotationCommand, Provider::Notation, Vec::new())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::{File, discover};

    #[test]
    fn inputs_that_verify_are_told_from_others() {
        let sigstore = "uses: sigstore/gh-action-sigstore-python@v3\n        with:\n          verify: true\n          verify-oidc-issuer: i\n          verify-cert-identity: s\n";
        for (step, expected, why) in [
            (sigstore.to_owned(), Some("s"), "told to verify"),
            (sigstore.replace("verify: true", "verify: false"), None, "told not to"),
            ("uses: notaryproject/notation-action/verify@v1\n        with: {target_artifact_reference: x}\n".to_owned(), Some("-"), "a trust policy"),
            ("uses: sigstore/cosign-installer@v3\n        with: {verify: true}\n".to_owned(), None, "installs"),
            ("uses: slsa-framework/slsa-verifier/actions/installer@v2\n        with: {verify: true}\n".to_owned(), None, "installs"),
        ] {
            let text = format!("jobs:\n  a:\n    steps:\n      - {step}");
            let path = ".github/workflows/a.yml";
            let found = discover([File { path, bytes: text.as_bytes() }]);
            let told = found.declarations.iter().map(|one| {
                let subject = one.identities.first().and_then(|one| one.subject.as_ref());
                subject.map_or("-", |subject| subject.text.as_str())
            });
            assert_eq!(told.collect::<Vec<_>>(), Vec::from_iter(expected), "{why}: {step}");
        }
    }
}
