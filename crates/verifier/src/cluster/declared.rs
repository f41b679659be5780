//! The verify block as it stands in the cluster against the one that is rendered from the
//! configuration: one function makes both what people apply and what is expected here.

use sealwright_flux::render::{Follows, Matcher, Place as Standing};
use sealwright_policy::{Code, Finding, Requirements};
use serde_json::Value;

use crate::kubernetes::{Kind, Live};

/// Complaints about what is declared: no block, another block, one that was typed.
pub(super) fn complaints(
    live: &Live,
    requirements: Option<&Requirements>,
    own_root: bool,
) -> Vec<Finding> {
    let Some(verify) = &live.verify else { return vec![unverified(live)] };
    let mut findings = Vec::new();
    if let Some(requirements) = requirements {
        let expected = expected(live, requirements, own_root);
        if *verify != expected {
            findings.push(differs(live, &expected, verify));
        }
    }
    findings.extend(live.owners.iter().filter(|owner| owner.is_by_hand()).map(|owner| {
        let message = format!("the verify block was set with {}", owner.manager);
        Finding::new(Code::SourceOwner, message).with_place(live.place())
    }));
    findings
}

/// The rendered block. Where another root than the public one is trusted, which Secret holds it is
/// the cluster's own choice; what the Secret holds is compared elsewhere.
fn expected(live: &Live, requirements: &Requirements, own_root: bool) -> Value {
    let named = live.verify.as_ref().and_then(|verify| {
        verify.pointer("/trustedRootSecretRef/name")?.as_str().map(ToOwned::to_owned)
    });
    let secret = (own_root && live.kind == Kind::OciRepository)
        .then(|| named.unwrap_or_else(|| sealwright_flux::render::TRUSTED_ROOT_SECRET.to_owned()));
    let standing = Standing {
        namespace: live.namespace.clone(),
        name: live.name.clone(),
        repository: String::new(),
        follows: Follows::Tag(String::new()),
        certificates: None,
    };
    let object = Matcher::of(requirements).trusting(secret).oci_repository_object(&standing);
    object.pointer("/spec/verify").cloned().unwrap_or_default()
}

fn unverified(live: &Live) -> Finding {
    let mut finding = Finding::new(Code::SourceUnverified, "it has no verify block")
        .with_place(live.place())
        .with_mismatch("spec.verify", "nothing");
    if live.full_name() == "flux-system/flux-system" {
        finding = finding.with_hint("where flux-operator generates this source, the block goes into spec.kustomize.patches of the FluxInstance: sealwright-verifier render --help");
    }
    finding
}

fn differs(live: &Live, expected: &Value, found: &Value) -> Finding {
    Finding::new(Code::SourceDiffers, "its verify block is not the declared one")
        .with_place(live.place())
        .with_mismatch(expected.to_string(), found.to_string())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use sealwright_policy::{EvidenceKind, ExpectedSigner, SanPattern};
    use serde_json::json;

    use super::*;

    fn requirements() -> Requirements {
        Requirements {
            artifact: "shop".to_owned(),
            evidence: BTreeSet::from([EvidenceKind::Signature]),
            signers: vec![ExpectedSigner {
                name: "cd".to_owned(),
                issuer: "https://issuer".to_owned(),
                san: SanPattern::exact(
                    "https://github.com/acme/x/.github/workflows/cd.yaml@refs/heads/main",
                ),
                source_repositories: vec![],
            }],
            accept_legacy_signature: false,
        }
    }

    fn block(extra: Value) -> Value {
        let mut verify = json!({"provider": "cosign", "matchOIDCIdentity": [{
            "issuer": requirements().issuer_pattern(), "subject": requirements().subject_pattern(),
        }]});
        if let (Some(block), Value::Object(extra)) = (verify.as_object_mut(), extra) {
            block.extend(extra);
        }
        verify
    }

    fn codes(verify: Value, own_root: bool) -> Vec<Code> {
        let object = json!({"spec": {"verify": verify}});
        let live = Live::read(Kind::OciRepository, &object);
        let found = complaints(&live, Some(&requirements()), own_root);
        found.into_iter().map(|finding| finding.code).collect()
    }

    #[test]
    fn only_the_rendered_block_is_the_declared_one() {
        let two = json!([{"issuer": "a", "subject": "b"}, {"issuer": "c", "subject": "d"}]);
        let root = json!({"trustedRootSecretRef": {"name": "mine"}});
        for (verify, own_root, expected, why) in [
            (block(json!({})), false, vec![], "as rendered"),
            (json!(null), false, vec![Code::SourceUnverified], "none"),
            (
                block(json!({"matchOIDCIdentity": two})),
                false,
                vec![Code::SourceDiffers],
                "two identities",
            ),
            (
                block(json!({"secretRef": {"name": "keys"}})),
                false,
                vec![Code::SourceDiffers],
                "keys make identities void",
            ),
            (
                block(json!({"provider": "notation"})),
                false,
                vec![Code::SourceDiffers],
                "another provider",
            ),
            (block(root.clone()), false, vec![Code::SourceDiffers], "somebody's own trusted root"),
            (block(root), true, vec![], "our own trusted root, in any Secret"),
            (block(json!({})), true, vec![Code::SourceDiffers], "the public root instead of ours"),
        ] {
            assert_eq!(codes(verify, own_root), expected, "{why}");
        }
    }

    #[test]
    fn a_block_that_was_typed_is_told() {
        let typed = |manager: &str| {
            let object = json!({
                "metadata": {"managedFields": [{"manager": manager, "operation": "Update",
                    "fieldsV1": {"f:spec": {"f:verify": {}}}}]},
                "spec": {"verify": block(json!({}))},
            });
            let live = Live::read(Kind::OciRepository, &object);
            complaints(&live, Some(&requirements()), false).len()
        };
        assert_eq!((typed("kubectl-edit"), typed("kustomize-controller")), (1, 0));
    }
}
