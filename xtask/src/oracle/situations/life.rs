//! What happens after the first reconciliation.

use serde_json::json;

use crate::oracle::evidence::{bundle, signature};
use crate::oracle::situation::{Act, Secret, Situation, situation};

use super::{by_cd, keyed};

pub(super) fn situations() -> Vec<Situation> {
    [specs(), secrets(), registry()].concat()
}

fn specs() -> Vec<Situation> {
    vec![
        situation("suspended", "a suspended source is left alone").spec("suspend", json!(true)),
        situation("suspended-unsigned", "a suspended source is not verified")
            .spec("suspend", json!(true))
            .verify(by_cd()),
        situation("suspended-later", "what was said stays")
            .with(bundle())
            .verify(by_cd())
            .then(Act::Spec(json!({"suspend": true}))),
        situation("verify-removed", "without verification the condition goes")
            .with(bundle())
            .verify(by_cd())
            .then(Act::Spec(json!({"verify": null}))),
        situation("verify-removed-after-failure", "and a failure with it")
            .verify(by_cd())
            .then(Act::Spec(json!({"verify": null}))),
        situation("verify-added", "an artifact that is there is verified when it is asked for")
            .with(bundle())
            .then(Act::Spec(json!({"verify": by_cd()}))),
        situation("verify-added-unsigned", "and stays there when it is not verified")
            .then(Act::Spec(json!({"verify": by_cd()}))),
        situation("spec-touched", "any change of the spec verifies again")
            .with(bundle())
            .verify(by_cd())
            .then(Act::Spec(json!({"interval": "2h"}))),
        situation("identity-corrected", "a failure is over when the identity is right")
            .with(bundle())
            .verify(super::keyless(&[(super::ISSUER, "^nobody$")]))
            .then(Act::Spec(json!({"verify": by_cd()}))),
        situation("url-corrected", "a source that had stalled goes on")
            .spec("url", json!("oci://{host}/{repository}:v1"))
            .then(Act::Spec(json!({"url": "oci://{host}/{repository}"}))),
    ]
}

fn secrets() -> Vec<Situation> {
    let before = |name: &'static str, because: &str, key: &'static str| {
        situation(name, because)
            .with(bundle().key("alpha"))
            .verify(keyed(name))
            .secret(Secret::key(name, key))
    };
    vec![
        before("key-replaced", "a key that is replaced is not looked at again", "alpha")
            .then(Act::Secret(Secret::key("key-replaced", "beta"))),
        before("key-replaced-and-spec", "until the spec changes", "alpha")
            .then(Act::Secret(Secret::key("key-replaced-and-spec", "beta")))
            .then(Act::Spec(json!({"interval": "2h"}))),
        before("key-corrected", "after a failure the key is read each time", "beta")
            .then(Act::Secret(Secret::key("key-corrected", "alpha"))),
    ]
}

fn registry() -> Vec<Situation> {
    vec![
        situation("reconcile-asked", "a request to reconcile does not verify again")
            .with(bundle())
            .verify(by_cd())
            .then(Act::Reconcile),
        situation("evidence-deleted", "evidence that is gone is not missed")
            .with(signature())
            .verify(by_cd())
            .then(Act::DeleteEvidence),
        situation("evidence-deleted-and-spec", "until the spec changes")
            .with(signature())
            .verify(by_cd())
            .then(Act::DeleteEvidence)
            .then(Act::Spec(json!({"interval": "2h"}))),
        situation(
            "tag-moved",
            "a new revision is verified; the old one stays when it is not signed",
        )
        .tags(&["v1", "v2"])
        .with(bundle())
        .verify(by_cd())
        .then(Act::MoveTag("v2")),
        situation("tag-moved-unverified", "without verification the new revision is taken")
            .tags(&["v1", "v2"])
            .then(Act::MoveTag("v2")),
    ]
}
