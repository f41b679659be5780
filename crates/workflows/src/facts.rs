//! What signs, and with what: one row for each action, reusable workflow and command, with the reason.
//! What stands in no table is not known to sign.

use crate::permissions::{ATTESTATIONS, ID_TOKEN, PACKAGES};

/// What is signed by a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Makes {
    /// A signature of an artifact in a registry.
    Signature,
    /// An attestation about an artifact in a registry.
    Attestation,
    /// Something about a file or a package of another kind, which no cluster looks at.
    File,
}

/// How sure it is, and with what it is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum With {
    /// A certificate for the identity of the workflow.
    Identity,
    /// A certificate for the identity of the workflow, if it signs at all: its settings are
    /// elsewhere.
    PerhapsIdentity,
    /// A key: there is no certificate, and no identity.
    Key,
    /// A token from somewhere else, or another authority: the identity is not the workflow's.
    Elsewhere,
}

/// An action that signs, by its name.
pub(crate) struct ActionFact {
    /// `owner/repository` and more in lower case; a last `*` for every folder below.
    pub(crate) name: &'static str,
    pub(crate) makes: Makes,
    pub(crate) with: With,
    pub(crate) needs: &'static [&'static str],
    /// Why we think so.
    pub(crate) why: &'static str,
}

/// Actions and reusable workflows.
pub(crate) const ACTIONS: &[ActionFact] = &[
    ActionFact {
        name: "actions/attest*",
        makes: Makes::Attestation,
        with: With::Identity,
        needs: &[ID_TOKEN, ATTESTATIONS],
        why: "asks Fulcio for a certificate and keeps the bundle in GitHub's store; in a registry only with push-to-registry",
    },
    ActionFact {
        name: "sigstore/gh-action-sigstore-python",
        makes: Makes::File,
        with: With::Identity,
        needs: &[ID_TOKEN],
        why: "signs files with the workflow's identity",
    },
    ActionFact {
        name: "pypa/gh-action-pypi-publish",
        makes: Makes::File,
        with: With::PerhapsIdentity,
        needs: &[],
        why: "attests packages when it publishes without a password",
    },
    ActionFact {
        name: "slsa-framework/slsa-github-generator/.github/workflows/generator_container_slsa3.yml",
        makes: Makes::Attestation,
        with: With::Identity,
        needs: &[ID_TOKEN, PACKAGES],
        why: "attests an image; the certificate names the generator's own workflow",
    },
    ActionFact {
        name: "slsa-framework/slsa-github-generator/.github/workflows/*",
        makes: Makes::File,
        with: With::Identity,
        needs: &[ID_TOKEN],
        why: "attests what it is given or builds; the certificate names the generator's own workflow",
    },
    ActionFact {
        name: "docker/github-builder/.github/workflows/*",
        makes: Makes::Attestation,
        with: With::PerhapsIdentity,
        needs: &[ID_TOKEN],
        why: "builds and, unless told otherwise, signs; the certificate names the builder's own workflow",
    },
    ActionFact {
        name: "goreleaser/goreleaser-action",
        makes: Makes::File,
        with: With::PerhapsIdentity,
        needs: &[],
        why: "signs when its own configuration says so",
    },
    ActionFact {
        name: "notaryproject/notation-action/sign",
        makes: Makes::Signature,
        with: With::Key,
        needs: &[],
        why: "signs with a key of a plug-in; there is no certificate of Fulcio",
    },
    ActionFact {
        name: "sealwright/sealwright/.github/actions/publish",
        makes: Makes::Signature,
        with: With::Identity,
        needs: &[ID_TOKEN, PACKAGES],
        why: "signs and attests before it moves a tag",
    },
];

/// A program that signs, by the words that do it.
pub(crate) struct CommandFact {
    pub(crate) program: &'static str,
    pub(crate) verbs: &'static [&'static str],
    pub(crate) makes: Makes,
    /// A flag without which it does not sign, with the value that it must have; none needed when empty.
    pub(crate) only_with: (&'static str, &'static str),
    /// Flags by which it signs with a key.
    pub(crate) keys: &'static [&'static str],
    /// Flags by which the identity comes from elsewhere.
    pub(crate) elsewhere: &'static [&'static str],
    pub(crate) why: &'static str,
}

const COSIGN_KEYS: &[&str] = &["--key", "--sk"];
pub(crate) const COSIGN_ELSEWHERE: &[&str] =
    &["--identity-token", "--certificate", "--fulcio-url", "--oidc-issuer", "--oidc-client-id"];
const ALWAYS: (&str, &str) = ("", "");
/// It knows nothing but keys.
pub(crate) const ALWAYS_A_KEY: &[&str] = &[""];

/// Commands.
pub(crate) const COMMANDS: &[CommandFact] = &[
    cosign(
        "sign",
        Makes::Signature,
        "signs an artifact in a registry; keyless unless it has a key",
    ),
    cosign(
        "attest",
        Makes::Attestation,
        "attests an artifact in a registry; keyless unless it has a key",
    ),
    cosign("sign-blob", Makes::File, "signs a file"),
    cosign("attest-blob", Makes::File, "attests a file"),
    sealwright("publish", Makes::Signature, "signs and attests before it moves a tag"),
    sealwright("sign", Makes::Signature, "signs an artifact in a registry"),
    sealwright("attest", Makes::Attestation, "attests an artifact in a registry"),
    CommandFact {
        program: "timoni",
        verbs: &["mod", "push"],
        makes: Makes::Signature,
        only_with: ("--sign", "cosign"),
        keys: &["--cosign-key"],
        elsewhere: &[],
        why: "runs cosign behind its push, when it is told to sign",
    },
    CommandFact {
        program: "timoni",
        verbs: &["artifact", "push"],
        makes: Makes::Signature,
        only_with: ("--sign", "cosign"),
        keys: &["--cosign-key"],
        elsewhere: &[],
        why: "runs cosign behind its push, when it is told to sign",
    },
    CommandFact {
        program: "nerdctl",
        verbs: &["push"],
        makes: Makes::Signature,
        only_with: ("--sign", "cosign"),
        keys: &["--cosign-key"],
        elsewhere: &[],
        why: "runs cosign behind its push, when it is told to sign",
    },
    CommandFact {
        program: "syft",
        verbs: &["attest"],
        makes: Makes::Attestation,
        only_with: ALWAYS,
        keys: &["--key", "-k"],
        elsewhere: &[],
        why: "hands the list of packages to cosign, which attests it",
    },
    CommandFact {
        program: "sigstore",
        verbs: &["sign"],
        makes: Makes::File,
        only_with: ALWAYS,
        keys: &[],
        elsewhere: &["--identity-token", "--oidc-issuer", "--staging"],
        why: "signs files with the workflow's identity",
    },
    CommandFact {
        program: "npm",
        verbs: &["publish"],
        makes: Makes::File,
        only_with: ("--provenance", ""),
        keys: &[],
        elsewhere: &[],
        why: "attests a package when it is told to",
    },
    CommandFact {
        program: "goreleaser",
        verbs: &["release"],
        makes: Makes::File,
        only_with: ALWAYS,
        keys: &[],
        elsewhere: &[],
        why: "signs when its own configuration says so",
    },
    CommandFact {
        program: "notation",
        verbs: &["sign"],
        makes: Makes::Signature,
        only_with: ALWAYS,
        keys: ALWAYS_A_KEY,
        elsewhere: &[],
        why: "signs with a key or a plug-in; there is no certificate of Fulcio",
    },
];

const fn cosign(verb: &'static str, makes: Makes, why: &'static str) -> CommandFact {
    let verbs: &[&str] = match verb.as_bytes() {
        b"sign" => &["sign"],
        b"attest" => &["attest"],
        b"sign-blob" => &["sign-blob"],
        _ => &["attest-blob"],
    };
    CommandFact {
        program: "cosign",
        verbs,
        makes,
        only_with: ALWAYS,
        keys: COSIGN_KEYS,
        elsewhere: COSIGN_ELSEWHERE,
        why,
    }
}

const fn sealwright(verb: &'static str, makes: Makes, why: &'static str) -> CommandFact {
    let verbs: &[&str] = match verb.as_bytes() {
        b"publish" => &["publish"],
        b"sign" => &["sign"],
        _ => &["attest"],
    };
    CommandFact {
        program: "sealwright-publisher",
        verbs,
        makes,
        only_with: ALWAYS,
        keys: &[],
        elsewhere: &["--token-file", "--github-issuer"],
        why,
    }
}

/// What looks like signing and is not, for whoever wonders why a job is not listed.
pub(crate) const NOT_SIGNED: &[(&str, &str)] = &[
    (
        "docker/build-push-action",
        "its provenance and SBOM lie beside the image and nobody has signed them",
    ),
    (
        "docker/bake-action",
        "its provenance and SBOM lie beside the image and nobody has signed them",
    ),
    ("sigstore/cosign-installer", "installs cosign and runs nothing"),
    ("fluxcd/flux2/action", "installs flux; `flux push artifact` does not sign"),
    ("ko-build/setup-ko", "installs ko; `ko build` pushes an SBOM and does not sign"),
];

/// Workflows that must be named by a tag: their verifier takes nothing else.
pub(crate) const BY_TAG_ONLY: &[(&str, &str)] = &[(
    "slsa-framework/slsa-github-generator/",
    "slsa-verifier accepts the generator at a release tag alone",
)];

/// GitHub's own owners: whoever moves their tags runs the runner as well.
pub(crate) const GITHUBS_OWN: &[&str] = &["actions", "github"];

/// The row for an action or reusable workflow; `name` as [`crate::uses::Remote::name`] has it.
pub(crate) fn action(name: &str) -> Option<&'static ActionFact> {
    ACTIONS.iter().find(|fact| match fact.name.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => fact.name == name,
    })
}

/// The action whose own configuration decides.
pub(crate) const GORELEASER: &str = "goreleaser/goreleaser-action";

/// Whether an action is known to sign nothing: GitHub's own, and those of the table.
pub(crate) fn signs_nothing(name: &str) -> bool {
    let githubs = GITHUBS_OWN
        .iter()
        .any(|owner| name.strip_prefix(owner).is_some_and(|rest| rest.starts_with('/')));
    githubs || NOT_SIGNED.iter().any(|(known, _)| *known == name)
}

/// Why a workflow has to be named by a tag, when it has to.
pub(crate) fn by_tag_only(name: &str) -> Option<&'static str> {
    BY_TAG_ONLY.iter().find(|(start, _)| name.starts_with(start)).map(|(_, why)| *why)
}
