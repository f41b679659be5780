//! The controls, as a table.

use super::evidence::Run;

/// One control.
pub(super) struct Control {
    pub(super) name: &'static str,
    /// What is the matter with it, in one sentence.
    pub(super) does: &'static str,
    /// `judge`, `flux`, `both` or `comparison`: what each can see.
    pub(super) refused_by: &'static str,
    /// What the judge must say.
    pub(super) expected_finding: Option<&'static str>,
    pub(super) tag: Option<&'static str>,
    pub(super) verify_at: Option<&'static str>,
    pub(super) recipe: Recipe,
}

/// How a control is made.
pub(super) enum Recipe {
    /// No evidence at all.
    Bare,
    /// Evidence like the original's, in a situation of `POST /_mint`.
    Situation(&'static str),
    /// Evidence like the original's, by another run.
    Run(fn(&mut Run)),
    /// The original's own evidence.
    EvidenceOfOriginal,
    /// Sound evidence about the neighbour.
    EvidenceOfNeighbour,
    /// Everything but the signature.
    AttestationsOnly,
    /// A layer whose bytes are not those that its digest names.
    ForgedLayer,
    /// A tag that has gone back.
    RolledBack,
}

const fn control(
    name: &'static str,
    does: &'static str,
    refused_by: &'static str,
    expected_finding: Option<&'static str>,
    recipe: Recipe,
) -> Control {
    Control { name, does, refused_by, expected_finding, tag: None, verify_at: None, recipe }
}

const BOTH: &str = "both";
/// What Flux accepts by its own rules, or cannot see.
const JUDGE: &str = "judge";
/// What is soundly signed: only who compares digests can tell.
const COMPARISON: &str = "comparison";

pub(super) const CONTROLS: &[Control] = &[
    control("unsigned", "Nothing vouches for it.", BOTH, Some("SW4009"), Recipe::Bare),
    control(
        "other-repository",
        "It is signed by the workflow of the same name in another repository.",
        BOTH,
        Some("SW4001"),
        Recipe::Run(|run| {
            run.repository = format!("stranger/{}", run.repository_name());
            run.workflow_repository.clone_from(&run.repository);
        }),
    ),
    control(
        "other-workflow",
        "It is signed by another workflow of the right repository.",
        BOTH,
        Some("SW4001"),
        Recipe::Run(|run| run.workflow = "sealwright-control.yaml".to_owned()),
    ),
    control(
        "other-ref",
        "It is signed by the right workflow, run for a pull request.",
        BOTH,
        Some("SW4001"),
        Recipe::Run(|run| {
            run.git_ref = "refs/pull/1/merge".to_owned();
            run.workflow_ref.clone_from(&run.git_ref);
        }),
    ),
    control(
        "other-caller",
        "It is signed by the right workflow, called from a foreign repository.",
        // Flux matches the certificate's name, which is the called workflow's.
        JUDGE,
        Some("SW4001"),
        Recipe::Run(|run| run.repository = format!("stranger/{}", run.repository_name())),
    ),
    control(
        "other-issuer",
        "Its certificate names another issuer of tokens.",
        BOTH,
        Some("SW4001"),
        Recipe::Situation("other-issuer"),
    ),
    control(
        "two-identities",
        "Its certificate names a second identity after the right one.",
        // sigstore-go reads the first URI of the certificate and no other.
        JUDGE,
        Some("SW4002"),
        Recipe::Situation("two-sans"),
    ),
    control(
        "empty-identity",
        "Its certificate names the empty string.",
        BOTH,
        Some("SW4002"),
        Recipe::Situation("empty-san"),
    ),
    control(
        "tampered-manifest",
        "It is the good artifact's manifest, changed, with the good artifact's evidence.",
        BOTH,
        Some("SW3009"),
        Recipe::EvidenceOfOriginal,
    ),
    control(
        "tampered-layer",
        "Its manifest is soundly signed, and the registry serves other bytes for its layer.",
        // Evidence is about the manifest, and source-controller 1.9.6 stops reading a layer where its
        // archive ends, before its digest is compared.
        COMPARISON,
        None,
        Recipe::ForgedLayer,
    ),
    control(
        "other-artifact",
        "It carries sound evidence about another artifact.",
        BOTH,
        Some("SW3009"),
        Recipe::EvidenceOfNeighbour,
    ),
    control(
        "attestation-without-signature",
        "It carries attestations by the right workflow, and no signature.",
        // Any envelope by the right identity is a signature to Flux.
        JUDGE,
        Some("SW4010"),
        Recipe::AttestationsOnly,
    ),
    control(
        "expired-certificate",
        "It was signed an hour after its certificate had ended.",
        BOTH,
        Some("SW3011"),
        Recipe::Situation("signed-after-expiry"),
    ),
    control(
        "foreign-authority",
        "Its certificate is of an authority that nobody trusts.",
        BOTH,
        Some("SW3011"),
        Recipe::Situation("foreign-authority"),
    ),
    control(
        "not-logged",
        "Its signature is in no transparency log.",
        BOTH,
        Some("SW3013"),
        Recipe::Situation("not-logged"),
    ),
    control(
        "foreign-log",
        "Its signature is in a transparency log that nobody trusts.",
        BOTH,
        Some("SW3014"),
        Recipe::Situation("foreign-log"),
    ),
    Control {
        tag: Some("sealwright-control-rolled-back"),
        ..control(
            "rolled-back",
            "A tag was moved back to an artifact that was soundly signed and has been superseded.",
            // A signature has no successor.
            COMPARISON,
            None,
            Recipe::RolledBack,
        )
    },
    Control {
        verify_at: Some("workload.flux.verify"),
        ..control(
            "misplaced-verify",
            "Nothing vouches for it, and the source has its verify block where nobody reads it.",
            // Flux has no verify block to refuse it by.
            JUDGE,
            None,
            Recipe::Bare,
        )
    },
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_control_has_a_name_of_its_own_and_says_what_it_does() {
        let mut names = BTreeSet::new();
        for control in CONTROLS {
            assert!(names.insert(control.name), "{} twice", control.name);
            assert!(control.does.ends_with('.'), "{}: a sentence ends", control.name);
            let judged = control.refused_by != COMPARISON;
            assert_eq!(
                control.expected_finding.is_some(),
                judged && control.verify_at.is_none(),
                "{}: what the judge refuses by evidence has a code",
                control.name
            );
        }
    }
}
