//! What moves a tag, what signs, what verifies and what tests: one row for each command and action.
//! What stands in no table is not known to do any of it.

/// Where a command that moves a tag names what it moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Where {
    /// The first positional argument, or the first with this scheme.
    First,
    /// The second positional argument, or the first where there is only one.
    Second,
    /// Tags behind the first positional argument: `TOOL tag REPOSITORY:OLD NEW…`.
    TagsBehindFirst,
    /// Values of these options, whole references.
    Options(&'static [&'static str]),
    /// The repository of the first positional argument, with the tags of these options.
    FirstWithTags(&'static [&'static str]),
    /// The artifact in the configuration, with the tags of `--tag`, `latest` without one.
    Artifact,
    /// `PINNED --tag TAG…`.
    Pinned,
    /// Somewhere else: a file, an environment variable, a cluster's configuration.
    Elsewhere,
}

/// A command that moves a tag.
pub(super) struct CommandFact {
    pub(super) program: &'static str,
    pub(super) verbs: &'static [&'static str],
    pub(super) at: Where,
    /// Options that take a value, beside those that every program has.
    pub(super) valued: &'static [&'static str],
    /// It does so only with one of these among its words.
    pub(super) only_with: &'static [&'static str],
    /// It does not with any of these.
    pub(super) not_with: &'static [&'static str],
    /// The tag is a version that the contents bring along.
    pub(super) version: bool,
    /// It signs and proves before it moves the tag.
    pub(super) proves: bool,
}

const FACT: CommandFact = CommandFact {
    program: "",
    verbs: &[],
    at: Where::First,
    valued: &[],
    only_with: &[],
    not_with: &[],
    version: false,
    proves: false,
};

const fn moves(
    program: &'static str,
    verbs: &'static [&'static str],
    at: Where,
    valued: &'static [&'static str],
) -> CommandFact {
    CommandFact { program, verbs, at, valued, ..FACT }
}

const FLUX: &[&str] = &[
    "--path",
    "-f",
    "--source",
    "--revision",
    "--creds",
    "--provider",
    "-a",
    "--annotations",
    "-o",
    "--output",
    "--ignore-paths",
    "-n",
    "--namespace",
    "--context",
    "--kubeconfig",
    "--timeout",
];
const ORAS: &[&str] = &[
    "-a",
    "--annotation",
    "--annotation-file",
    "--artifact-type",
    "--config",
    "-u",
    "--username",
    "-p",
    "--password",
    "--registry-config",
    "--concurrency",
    "--export-manifest",
    "--platform",
    "--image-spec",
    "--format",
    "--from-username",
    "--to-username",
    "--to-registry-config",
    "--from-registry-config",
    "--ca-file",
];
const CRANE: &[&str] = &["--platform", "--jobs", "-j", "--image-refs", "-t", "--tag"];
const SKOPEO: &[&str] = &[
    "--src-creds",
    "--dest-creds",
    "--authfile",
    "--src-authfile",
    "--dest-authfile",
    "--format",
    "--sign-by",
    "--digestfile",
    "--multi-arch",
    "--src-tls-verify",
    "--dest-tls-verify",
    "--retry-times",
    "--additional-tag",
];
const BUILD: &[&str] = &[
    "-f",
    "--file",
    "--build-arg",
    "--platform",
    "--cache-from",
    "--cache-to",
    "--label",
    "--target",
    "--builder",
    "-o",
    "--output",
    "--secret",
    "--ssh",
    "--iidfile",
    "--metadata-file",
    "--build-context",
    "--progress",
    "--annotation",
    "--sbom",
    "--provenance",
];
const PUSH: &[&str] = &["--creds", "--authfile", "--digestfile", "--format", "--cert-dir"];
const HELM: &[&str] = &[
    "--username",
    "--password",
    "--registry-config",
    "--ca-file",
    "--cert-file",
    "--key-file",
    "--version",
];

/// Commands that move a tag in a registry.
pub(super) const COMMANDS: &[CommandFact] = &[
    moves("flux", &["push", "artifact"], Where::First, FLUX),
    moves("flux", &["tag", "artifact"], Where::FirstWithTags(&["--tag"]), FLUX),
    moves("oras", &["push"], Where::First, ORAS),
    moves("oras", &["tag"], Where::TagsBehindFirst, ORAS),
    moves("oras", &["cp"], Where::Second, ORAS),
    moves("oras", &["copy"], Where::Second, ORAS),
    moves("oras", &["manifest", "push"], Where::First, ORAS),
    moves("crane", &["push"], Where::Second, CRANE),
    moves("crane", &["tag"], Where::TagsBehindFirst, CRANE),
    moves("crane", &["cp"], Where::Second, CRANE),
    moves("crane", &["copy"], Where::Second, CRANE),
    moves("crane", &["append"], Where::Options(&["-t", "--new_tag"]), &[]),
    moves("crane", &["mutate"], Where::Options(&["-t", "--tag"]), &[]),
    moves("crane", &["index", "append"], Where::Options(&["-t", "--tag"]), &[]),
    moves("gcrane", &["cp"], Where::Second, CRANE),
    moves("skopeo", &["copy"], Where::Second, SKOPEO),
    moves("docker", &["push"], Where::First, PUSH),
    moves("docker", &["image", "push"], Where::First, PUSH),
    moves("docker", &["manifest", "push"], Where::First, PUSH),
    moves("docker", &["buildx", "imagetools", "create"], Where::Options(&["-t", "--tag"]), &[]),
    CommandFact {
        only_with: BUILD_PUSHES,
        not_with: BY_DIGEST,
        ..moves("docker", &["buildx", "build"], Where::Options(&["-t", "--tag"]), BUILD)
    },
    CommandFact {
        only_with: BUILD_PUSHES,
        not_with: BY_DIGEST,
        ..moves("docker", &["build"], Where::Options(&["-t", "--tag"]), BUILD)
    },
    CommandFact {
        only_with: &["--push"],
        ..moves("docker", &["buildx", "bake"], Where::Elsewhere, &[])
    },
    moves("podman", &["push"], Where::Second, PUSH),
    moves("podman", &["manifest", "push"], Where::Second, PUSH),
    moves("buildah", &["push"], Where::Second, PUSH),
    moves("buildah", &["manifest", "push"], Where::Second, PUSH),
    moves("nerdctl", &["push"], Where::First, PUSH),
    CommandFact { version: true, ..moves("helm", &["push"], Where::Second, HELM) },
    moves("cosign", &["copy"], Where::Second, &["--platform", "--only"]),
    moves("regctl", &["image", "copy"], Where::Second, &[]),
    moves("regctl", &["image", "mod"], Where::Options(&["--create"]), &[]),
    moves("regctl", &["artifact", "put"], Where::First, &["-f", "--file", "--artifact-type"]),
    moves("regctl", &["index", "create"], Where::First, &["--ref", "--digest"]),
    CommandFact {
        not_with: &["--push=false", "--local", "-L"],
        ..moves("ko", &["build"], Where::Elsewhere, &[])
    },
    moves("ko", &["publish"], Where::Elsewhere, &[]),
    moves("ko", &["resolve"], Where::Elsewhere, &[]),
    moves("ko", &["apply"], Where::Elsewhere, &[]),
    moves("docker", &["compose", "push"], Where::Elsewhere, &[]),
    CommandFact {
        only_with: &["--push"],
        ..moves("docker", &["compose", "build"], Where::Elsewhere, &[])
    },
    CommandFact { only_with: &["--push"], ..moves("skaffold", &["build"], Where::Elsewhere, &[]) },
    CommandFact {
        only_with: &["--publish"],
        ..moves(
            "pack",
            &["build"],
            Where::First,
            &["-B", "--builder", "-p", "--path", "-e", "--env"],
        )
    },
    moves("skopeo", &["sync"], Where::Second, SKOPEO),
    moves("imgpkg", &["push"], Where::Options(&["-b", "--bundle", "-i", "--image"]), &[]),
    moves("conftest", &["push"], Where::First, &["-p", "--policy"]),
    moves("finch", &["push"], Where::First, PUSH),
    moves("timoni", &["mod", "push"], Where::First, &["-v", "--version", "--sign", "--cosign-key"]),
    moves("apko", &["publish"], Where::Second, &["--arch", "--sbom-path", "--image-refs"]),
    moves("timoni", &["artifact", "push"], Where::FirstWithTags(&["-t", "--tag"]), &["-f"]),
    moves("timoni", &["artifact", "tag"], Where::FirstWithTags(&["-t", "--tag"]), &[]),
    moves("ksail", &["workload", "push"], Where::Elsewhere, &[]),
    CommandFact {
        proves: true,
        ..moves("sealwright-publisher", &["publish"], Where::Artifact, &["--config"])
    },
    CommandFact {
        proves: true,
        ..moves("sealwright-publisher", &["promote"], Where::Pinned, &["--config", "--artifact"])
    },
];

const BUILD_PUSHES: &[&str] = &["--push", "--push=true", "type=registry", "push=true"];
/// What is pushed by digest alone moves no tag.
const BY_DIGEST: &[&str] = &["push-by-digest=true"];

/// Commands that sign something in a registry, and options that take a value.
pub(super) const SIGNS: &[(&str, &[&str])] = &[
    ("cosign", &["sign"]),
    ("cosign", &["attest"]),
    ("notation", &["sign"]),
    ("syft", &["attest"]),
    ("sealwright-publisher", &["sign"]),
    ("sealwright-publisher", &["attest"]),
];

/// Whether the command lines of a program are read, wherever it was built.
pub(super) fn is_read(program: &str) -> bool {
    let pushes = COMMANDS.iter().any(|fact| fact.program == program);
    pushes || SIGNS.iter().chain(VERIFIES).any(|(name, _)| *name == program)
}

/// Programs whose push signs as well, with `--sign`.
pub(super) const SIGN_BEHIND: &[&str] = &["timoni", "nerdctl"];

/// Options of those that take a value.
pub(super) const SIGN_VALUED: &[&str] = &[
    "--key",
    "--identity-token",
    "-a",
    "--annotations",
    "--predicate",
    "--type",
    "--fulcio-url",
    "--rekor-url",
    "--oidc-issuer",
    "--oidc-client-id",
    "--certificate",
    "--bundle",
    "--output-signature",
    "--output-certificate",
    "--registry-referrers-mode",
    "--signature-format",
    "--config",
    "--artifact",
    "-k",
    "-d",
    "--timeout",
    "--attachment",
    "--payload",
    "--signature",
    "--certificate-chain",
    "--timestamp-server-url",
    "--plugin",
    "--id",
    "--trusted-root",
    "--signing-config",
    "--output-file",
];

/// Commands whose failure says that something is not signed by whom it should be.
pub(super) const VERIFIES: &[(&str, &[&str])] = &[
    ("cosign", &["verify"]),
    ("cosign", &["verify-attestation"]),
    ("gh", &["attestation", "verify"]),
    ("notation", &["verify"]),
    ("slsa-verifier", &["verify-image"]),
    ("sealwright-verifier", &["artifact"]),
];

/// Commands that check what is about to be published. Only what nobody doubts.
pub(super) const CHECKS: &[(&str, &[&str])] = &[
    ("cargo", &["test"]),
    ("cargo", &["nextest"]),
    ("cargo", &["clippy"]),
    ("cargo", &["xtask", "ci"]),
    ("cargo", &["xtask", "release"]),
    ("go", &["test"]),
    ("go", &["vet"]),
    ("make", &["test"]),
    ("make", &["check"]),
    ("make", &["lint"]),
    ("make", &["validate"]),
    ("make", &["verify"]),
    ("make", &["e2e"]),
    ("task", &["test"]),
    ("task", &["lint"]),
    ("task", &["validate"]),
    ("just", &["test"]),
    ("just", &["check"]),
    ("just", &["lint"]),
    ("npm", &["test"]),
    ("npm", &["run", "test"]),
    ("npm", &["run", "lint"]),
    ("pnpm", &["test"]),
    ("yarn", &["test"]),
    ("pytest", &[]),
    ("kubeconform", &[]),
    ("kubeval", &[]),
    ("kube-linter", &["lint"]),
    ("conftest", &["test"]),
    ("kyverno", &["test"]),
    ("kyverno", &["apply"]),
    ("helm", &["lint"]),
    ("ct", &["lint"]),
    ("ct", &["install"]),
    ("yamllint", &[]),
    ("trivy", &["image"]),
    ("trivy", &["config"]),
    ("trivy", &["fs"]),
    ("ksail", &["workload", "validate"]),
    ("sealwright-publisher", &["plan"]),
    ("sealwright-verifier", &["manifests"]),
    ("sealwright-verifier", &["workflows"]),
    ("sealwright-verifier", &["wait"]),
    ("sealwright-verifier", &["controls"]),
];

/// Actions that do the same, without their version.
pub(super) const CHECK_ACTIONS: &[&str] = &[
    "golangci/golangci-lint-action",
    "aquasecurity/trivy-action",
    "helm/chart-testing-action",
    "super-linter/super-linter",
    "anchore/scan-action",
    "github/codeql-action/analyze",
];
