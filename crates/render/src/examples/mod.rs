//! A minimal case of each code about identities on paper: wrong, and right. A test of the verifier
//! runs every one of them through the command that it names.

mod workflows;

use sealwright_policy::Code;

/// One case.
#[derive(Debug, Clone, Copy)]
pub struct Example {
    /// What is found in the wrong one alone.
    pub code: Code,
    /// What shows it.
    pub shown: Shown,
}

/// What an example consists of.
#[derive(Debug, Clone, Copy)]
pub enum Shown {
    /// A pattern over names, for `sealwright-verifier patterns`.
    Pattern {
        /// What stands before it: `--subject` or `--issuer`.
        flag: &'static str,
        /// A pattern of which it is found.
        wrong: &'static str,
        /// And one of which it is not.
        right: &'static str,
    },
    /// A file in a folder, for `sealwright-verifier manifests` or `workflows`.
    File {
        /// The command.
        command: &'static str,
        /// Its path.
        path: &'static str,
        /// A file in which it is found.
        wrong: &'static str,
        /// And one in which it is not.
        right: &'static str,
        /// Files that stand beside it in both.
        beside: &'static [(&'static str, &'static str)],
    },
}

/// A pattern.
const fn pattern(code: Code, wrong: &'static str, right: &'static str) -> Example {
    Example { code, shown: Shown::Pattern { flag: "--subject", wrong, right } }
}

/// A manifest.
const fn manifest(code: Code, wrong: &'static str, right: &'static str) -> Example {
    measured(code, wrong, right, &[])
}

/// A manifest with other files beside it.
const fn measured(
    code: Code,
    wrong: &'static str,
    right: &'static str,
    beside: &'static [(&'static str, &'static str)],
) -> Example {
    let (command, path) = ("manifests", "source.yaml");
    Example { code, shown: Shown::File { command, path, wrong, right, beside } }
}

/// A line of a script.
const fn command(code: Code, wrong: &'static str, right: &'static str) -> Example {
    let (command, path, beside): (_, _, &[(&str, &str)]) = ("manifests", "verify.sh", &[]);
    Example { code, shown: Shown::File { command, path, wrong, right, beside } }
}

macro_rules! config {
    ($more:literal) => {
        &[(
            "sealwright.yaml",
            concat!(
                "apiVersion: sealwright.dev/v1alpha1\n",
                "kind: SupplyChain\n",
                "signers:\n",
                "  cd: {github: {repository: acme/shop, workflow: cd.yaml, refs: [refs/heads/main]}}\n",
                "artifacts:\n",
                "  shop: {repository: ghcr.io/acme/shop, signers: [cd], evidence: [signature]}\n",
                $more
            ),
        )]
    };
}

macro_rules! source {
    ($($line:expr),* $(,)?) => {
        concat!(
            "apiVersion: source.toolkit.fluxcd.io/v1\n",
            "kind: OCIRepository\n",
            "metadata: {name: shop, namespace: shop}\n",
            "spec:\n",
            "  url: oci://ghcr.io/acme/shop\n",
            $($line, "\n",)*
        )
    };
}

macro_rules! entry {
    ($subject:expr) => {
        concat!(
            "      - issuer: ^https://token\\.actions\\.githubusercontent\\.com$\n",
            "        subject: ",
            $subject
        )
    };
}

macro_rules! acme {
    ($rest:literal) => {
        concat!(r"^https://github\.com/acme/shop/\.github/workflows/", $rest)
    };
}

/// A source that lets in one workflow.
macro_rules! locked {
    ($rest:literal) => {
        source!("  verify:", "    provider: cosign", "    matchOIDCIdentity:", entry!(acme!($rest)))
    };
}

/// What flux-operator runs by, with a patch of the source that it makes.
macro_rules! instance {
    ($name:literal) => {
        instance!($name, "/spec/verify")
    };
    ($name:literal, $path:literal) => {
        concat!(
            "apiVersion: fluxcd.controlplane.io/v1\n",
            "kind: FluxInstance\n",
            "metadata: {name: flux, namespace: flux-system}\n",
            "spec:\n",
            "  sync: {kind: OCIRepository, url: \"oci://ghcr.io/acme/shop\", ref: latest}\n",
            "  kustomize:\n",
            "    patches:\n",
            "      - target: {kind: OCIRepository, name: ",
            $name,
            "}\n",
            "        patch: |\n",
            "          - op: add\n",
            "            path: ",
            $path,
            "\n",
            "            value: {provider: cosign, secretRef: {name: key}}\n",
        )
    };
}

/// A policy of Sigstore's policy-controller.
macro_rules! policy {
    ($mode:literal, $keyless:literal) => {
        concat!(
            "apiVersion: policy.sigstore.dev/v1beta1\n",
            "kind: ClusterImagePolicy\n",
            "metadata: {name: shop}\n",
            "spec:\n",
            $mode,
            "  images:\n",
            "    - glob: '**'\n",
            "  authorities:\n",
            "    - signatureFormat: bundle\n",
            "      keyless:\n",
            $keyless,
            "        identities:\n",
            "          - issuer: https://token.actions.githubusercontent.com\n",
            "            subject: https://github.com/acme/shop/.github/workflows/cd.yaml@refs/heads/main\n",
        )
    };
}

/// Judges an artifact by whom it should be signed.
const VERIFY: &str = concat!(
    "cosign verify ghcr.io/acme/shop \\\n",
    "  --certificate-oidc-issuer https://token.actions.githubusercontent.com \\\n",
    "  --certificate-identity https://github.com/acme/shop/.github/workflows/cd.yaml@refs/heads/main\n",
);
/// A chart that nobody signs.
const CHART: &str = concat!(
    "apiVersion: source.toolkit.fluxcd.io/v1\n",
    "kind: OCIRepository\n",
    "metadata: {name: cache, namespace: shop}\n",
    "spec:\n",
    "  url: oci://charts.example/cache\n",
);
const CD: &str = acme!(r"cd\.yaml@refs/heads/main$");

/// A source that verifies as it should.
const LOCKED: &str = locked!(r"cd\.yaml@refs/heads/main$");
/// One that verifies nothing.
const OPEN: &str = source!();

/// The example of a code, where a few lines can show it.
pub fn example(code: Code) -> Option<&'static Example> {
    all().find(|example| example.code == code)
}

/// All of them, in the order of the codes.
pub fn all() -> impl Iterator<Item = &'static Example> {
    EXAMPLES.iter().chain(workflows::EXAMPLES)
}

/// Those about patterns and manifests.
const EXAMPLES: &[Example] = &[
    pattern(Code::PatternInvalid, r"^(?!evil)https://github\.com/.*$", CD),
    pattern(Code::PatternNotAnchored, acme!(r"cd\.yaml@refs/heads/main"), CD),
    pattern(
        Code::PatternUnescapedDot,
        r"^https://github.com/acme/shop/\.github/workflows/cd\.yaml@refs/heads/main$",
        CD,
    ),
    pattern(Code::PatternOpenRef, acme!(r"cd\.yaml@.+$"), CD),
    pattern(
        Code::PatternOpenOwner,
        r"^https://github\.com/[^/]+/shop/\.github/workflows/cd\.yaml@refs/heads/main$",
        CD,
    ),
    measured(
        Code::PatternOpenWorkflow,
        source!(
            "  verify:",
            "    provider: cosign",
            "    matchOIDCIdentity:",
            entry!(acme!(r"[a-z]+\.yaml@refs/heads/main$"))
        ),
        LOCKED,
        config!(""),
    ),
    pattern(
        Code::PatternCaseFolding,
        r"(?i)^https://github\.com/acme/shop/\.github/workflows/cd\.yaml@refs/heads/main$",
        CD,
    ),
    Example {
        code: Code::PatternIssuerOpen,
        shown: Shown::Pattern {
            flag: "--issuer",
            wrong: "^https://.+$",
            right: r"^https://token\.actions\.githubusercontent\.com$",
        },
    },
    pattern(Code::PatternNeverMatches, "cd.yaml@refs/heads/main ^", CD),
    pattern(Code::PatternMatchesEverything, ".*", CD),
    pattern(
        Code::PatternDeadAlternative,
        acme!(r"cd\.yaml@refs/heads/(?:main|main)$"),
        acme!(r"cd\.yaml@refs/heads/(?:main|next)$"),
    ),
    pattern(Code::PatternUndecided, "^[ab]*a[ab]{30}$", CD),
    measured(
        Code::PatternTooWide,
        source!(
            "  verify:",
            "    provider: cosign",
            "    matchOIDCIdentity:",
            entry!(
                r"^(?:https://github\.com/acme/shop/\.github/workflows/cd\.yaml@refs/heads/main|ci@acme\.example)$"
            )
        ),
        LOCKED,
        config!(""),
    ),
    measured(
        Code::PatternKeepsOut,
        LOCKED,
        source!(
            "  verify:",
            "    provider: cosign",
            "    matchOIDCIdentity:",
            entry!(
                r"^https://github\.com/acme/shop/\.github/workflows/(?:cd|dr)\.yaml@refs/heads/main$"
            )
        ),
        &[(
            "sealwright.yaml",
            concat!(
                "apiVersion: sealwright.dev/v1alpha1\n",
                "kind: SupplyChain\n",
                "signers:\n",
                "  cd: {github: {repository: acme/shop, workflow: cd.yaml, refs: [refs/heads/main]}}\n",
                "  recovery: {github: {repository: acme/shop, workflow: dr.yaml, refs: [refs/heads/main]}}\n",
                "artifacts:\n",
                "  shop: {repository: ghcr.io/acme/shop, signers: [cd, recovery], evidence: [signature]}\n",
            ),
        )],
    ),
    manifest(
        Code::DocumentUnreadable,
        source!("  verify: {provider: cosign, matchOIDCIdentity: ["),
        LOCKED,
    ),
    manifest(
        Code::KeyTwice,
        source!(
            "  url: oci://ghcr.io/acme/other",
            "  verify:",
            "    provider: cosign",
            "    matchOIDCIdentity:",
            entry!(acme!(r"cd\.yaml@refs/heads/main$"))
        ),
        LOCKED,
    ),
    manifest(Code::PatchTargetsNothing, instance!("flux-sytem"), instance!("flux-system")),
    manifest(
        Code::VerifyUnread,
        concat!(
            "apiVersion: ksail.io/v1alpha1\n",
            "kind: Cluster\n",
            "metadata: {name: prod}\n",
            "spec:\n",
            "  cluster:\n",
            "    verify:\n",
            "      provider: cosign\n",
            "      secretRef: {name: key}\n",
        ),
        concat!(
            "apiVersion: ksail.io/v1alpha1\n",
            "kind: Cluster\n",
            "metadata: {name: prod}\n",
            "spec:\n",
            "  workload:\n",
            "    flux:\n",
            "      verify:\n",
            "        provider: cosign\n",
            "        secretRef: {name: key}\n",
        ),
    ),
    manifest(
        Code::ProviderUnknown,
        source!("  verify:", "    provider: sigstore", "    secretRef: {name: key}"),
        source!("  verify:", "    provider: cosign", "    secretRef: {name: key}"),
    ),
    manifest(
        Code::PatchFails,
        instance!("flux-system", "/spec/verify/cosign"),
        instance!("flux-system"),
    ),
    command(Code::CommandWithoutIdentity, "cosign verify ghcr.io/acme/shop\n", VERIFY),
    command(
        Code::CommandLogIgnored,
        concat!(
            "cosign verify ghcr.io/acme/shop --insecure-ignore-tlog \\\n",
            "  --certificate-oidc-issuer https://token.actions.githubusercontent.com \\\n",
            "  --certificate-identity https://github.com/acme/shop/.github/workflows/cd.yaml@refs/heads/main\n",
        ),
        VERIFY,
    ),
    command(
        Code::CommandClaimsIgnored,
        concat!(
            "cosign verify ghcr.io/acme/shop --check-claims=false \\\n",
            "  --certificate-oidc-issuer https://token.actions.githubusercontent.com \\\n",
            "  --certificate-identity https://github.com/acme/shop/.github/workflows/cd.yaml@refs/heads/main\n",
        ),
        VERIFY,
    ),
    command(
        Code::CommandOwnerAlone,
        "gh attestation verify oci://ghcr.io/acme/shop --owner acme\n",
        concat!(
            "gh attestation verify oci://ghcr.io/acme/shop --repo acme/shop \\\n",
            "  --signer-workflow acme/shop/.github/workflows/cd.yaml\n",
        ),
    ),
    command(
        Code::IdentityFormMistaken,
        concat!(
            "cosign verify ghcr.io/acme/shop \\\n",
            "  --certificate-oidc-issuer https://token.actions.githubusercontent.com \\\n",
            "  --certificate-identity 'https://github.com/acme/shop/.github/workflows/cd.yaml@*'\n",
        ),
        VERIFY,
    ),
    manifest(
        Code::IdentityTokenSubject,
        source!(
            "  verify:",
            "    provider: cosign",
            "    matchOIDCIdentity:",
            entry!("^repo:acme/shop:ref:refs/heads/main$")
        ),
        LOCKED,
    ),
    command(
        Code::CommandFailureUnseen,
        concat!(
            "cosign verify ghcr.io/acme/shop \\\n",
            "  --certificate-oidc-issuer https://token.actions.githubusercontent.com \\\n",
            "  --certificate-identity https://github.com/acme/shop/.github/workflows/cd.yaml@refs/heads/main || true\n",
        ),
        VERIFY,
    ),
    manifest(
        Code::IdentitySeveralMatchers,
        source!(
            "  verify:",
            "    provider: cosign",
            "    matchOIDCIdentity:",
            entry!(acme!(r"cd\.yaml@refs/heads/main$")),
            entry!(acme!(r"dr\.yaml@refs/heads/main$"))
        ),
        source!(
            "  verify:",
            "    provider: cosign",
            "    matchOIDCIdentity:",
            entry!(
                r"^https://github\.com/acme/shop/\.github/workflows/(?:cd|dr)\.yaml@refs/heads/main$"
            )
        ),
    ),
    manifest(Code::IdentityAnybody, source!("  verify:", "    provider: cosign"), LOCKED),
    manifest(
        Code::IdentityEmpty,
        source!(
            "  verify:",
            "    provider: cosign",
            "    matchOIDCIdentity:",
            "      - issuer: ''",
            concat!("        subject: ", acme!(r"cd\.yaml@refs/heads/main$"))
        ),
        LOCKED,
    ),
    manifest(
        Code::VerificationOff,
        source!(
            "  verify:",
            "    provider: ''",
            "    matchOIDCIdentity:",
            entry!(acme!(r"cd\.yaml@refs/heads/main$"))
        ),
        LOCKED,
    ),
    manifest(
        Code::IdentityIgnored,
        source!(
            "  verify:",
            "    provider: cosign",
            "    secretRef: {name: key}",
            "    matchOIDCIdentity:",
            entry!(acme!(r"cd\.yaml@refs/heads/main$"))
        ),
        LOCKED,
    ),
    measured(
        Code::ConfigDisagreement,
        source!("  verify:", "    provider: cosign", "    secretRef: {name: key}"),
        LOCKED,
        config!(""),
    ),
    manifest(
        Code::ConsumersDisagree,
        concat!(
            locked!(r"cd\.yaml@refs/heads/main$"),
            "---\n",
            locked!(r"dr\.yaml@refs/heads/main$"),
        ),
        concat!(
            locked!(r"cd\.yaml@refs/heads/main$"),
            "---\n",
            locked!(r"cd\.yaml@refs/heads/main$"),
        ),
    ),
    manifest(Code::SourceOpen, OPEN, LOCKED),
    measured(Code::OrganisationUnverified, OPEN, LOCKED, config!("")),
    measured(
        Code::ExceptionUnused,
        LOCKED,
        CHART,
        config!(
            "charts:\n  - {url: \"oci://charts.example/cache\", unsigned: {reason: nobody signs it, until: 2099-12-31}}\n"
        ),
    ),
    manifest(
        Code::ChartAnybody,
        concat!(
            "apiVersion: source.toolkit.fluxcd.io/v1\n",
            "kind: HelmRepository\n",
            "metadata: {name: charts, namespace: shop}\n",
            "spec: {type: oci, url: \"oci://charts.example\"}\n",
            "---\n",
            "apiVersion: helm.toolkit.fluxcd.io/v2\n",
            "kind: HelmRelease\n",
            "metadata: {name: cache, namespace: shop}\n",
            "spec:\n",
            "  chart:\n",
            "    spec:\n",
            "      chart: cache\n",
            "      sourceRef: {kind: HelmRepository, name: charts}\n",
            "      verify: {provider: cosign}\n",
        ),
        concat!(
            locked!(r"cd\.yaml@refs/heads/main$"),
            "---\n",
            "apiVersion: helm.toolkit.fluxcd.io/v2\n",
            "kind: HelmRelease\n",
            "metadata: {name: shop, namespace: shop}\n",
            "spec:\n",
            "  chartRef: {kind: OCIRepository, name: shop}\n",
        ),
    ),
    manifest(
        Code::EnforcementWarns,
        policy!("  mode: warn\n", ""),
        policy!("  mode: enforce\n", ""),
    ),
    manifest(
        Code::CheckWeakened,
        policy!("", "        insecureIgnoreSCT: true\n"),
        policy!("", ""),
    ),
    manifest(
        Code::AnyRevision,
        source!(
            "  verify:",
            "    provider: cosign",
            "    matchOIDCIdentity:",
            entry!(acme!(r"cd\.yaml@[0-9a-f]{40}$"))
        ),
        source!(
            "  verify:",
            "    provider: cosign",
            "    matchOIDCIdentity:",
            entry!(acme!(r"cd\.yaml@5f0c1b7a9e5d48261f7b5c0d9a8e6f4132b7d5e9$"))
        ),
    ),
    manifest(
        Code::TreeEmpty,
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: shop, namespace: shop}\n",
        LOCKED,
    ),
    manifest(
        Code::GuardsNothing,
        concat!(
            "apiVersion: policy.sigstore.dev/v1beta1\n",
            "kind: ClusterImagePolicy\n",
            "metadata: {name: shop}\n",
            "spec:\n",
            "  images: []\n",
            "  authorities:\n",
            "    - signatureFormat: bundle\n",
            "      keyless:\n",
            "        identities:\n",
            "          - issuer: https://token.actions.githubusercontent.com\n",
            "            subject: https://github.com/acme/shop/.github/workflows/cd.yaml@refs/heads/main\n",
        ),
        policy!("", ""),
    ),
    manifest(Code::TrustWritten, policy!("", "        trustRootRef: ours\n"), policy!("", "")),
    manifest(
        Code::ImagesUnnamed,
        concat!(
            "apiVersion: policy.sigstore.dev/v1beta1\n",
            "kind: ClusterImagePolicy\n",
            "metadata: {name: shop}\n",
            "spec:\n",
            "  images:\n",
            "    - glob: ghcr.io/acme/**\n",
            "  authorities:\n",
            "    - signatureFormat: bundle\n",
            "      keyless:\n",
            "        identities:\n",
            "          - issuer: https://token.actions.githubusercontent.com\n",
            "            subject: https://github.com/acme/shop/.github/workflows/cd.yaml@refs/heads/main\n",
        ),
        policy!("", ""),
    ),
    manifest(
        Code::LegacyOnly,
        concat!(
            "apiVersion: policy.sigstore.dev/v1beta1\n",
            "kind: ClusterImagePolicy\n",
            "metadata: {name: shop}\n",
            "spec:\n",
            "  images:\n",
            "    - glob: '**'\n",
            "  authorities:\n",
            "    - keyless:\n",
            "        identities:\n",
            "          - issuer: https://token.actions.githubusercontent.com\n",
            "            subject: https://github.com/acme/shop/.github/workflows/cd.yaml@refs/heads/main\n",
        ),
        policy!("", ""),
    ),
];
