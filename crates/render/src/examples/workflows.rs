//! Workflows, wrong and right.

use sealwright_policy::Code;

use super::{Example, Shown};

/// A workflow by itself.
const fn workflow(code: Code, wrong: &'static str, right: &'static str) -> Example {
    beside(code, wrong, right, &[])
}

/// A workflow with other files beside it.
const fn beside(
    code: Code,
    wrong: &'static str,
    right: &'static str,
    beside: &'static [(&'static str, &'static str)],
) -> Example {
    at(".github/workflows/cd.yaml", code, wrong, right, beside)
}

/// Another file than the workflow that publishes.
const fn at(
    path: &'static str,
    code: Code,
    wrong: &'static str,
    right: &'static str,
    beside: &'static [(&'static str, &'static str)],
) -> Example {
    Example { code, shown: Shown::File { command: "workflows", path, wrong, right, beside } }
}

macro_rules! lines {
    ($($line:literal),* $(,)?) => { concat!($($line, "\n",)*) };
}

/// A job that publishes from main, with these rights and steps.
macro_rules! publish {
    ($rights:literal, $($step:literal),* $(,)?) => {
        lines!(
            "on: {push: {branches: [main]}}",
            "permissions: {contents: read}",
            "jobs:",
            "  publish:",
            "    runs-on: ubuntu-24.04",
            $rights,
            "    steps:",
            $($step,)*
        )
    };
}

/// A job that publishes as it should.
const GOOD: &str = publish!(
    "    permissions: {contents: read, packages: write, id-token: write}",
    "      - uses: actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0",
    "      - run: sealwright-publisher publish --artifact shop --tag latest",
);
/// One that tests.
const TESTS: &str = lines!(
    "on: pull_request",
    "permissions: {contents: read}",
    "jobs:",
    "  test:",
    "    runs-on: ubuntu-24.04",
    "    steps:",
    "      - uses: actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0",
    "      - run: make test",
);
/// One that signs what it is told to.
const SIGNS: &str = publish!(
    "    permissions: {contents: read, packages: write, id-token: write}",
    "      - run: cosign sign --yes ghcr.io/acme/shop@$DIGEST",
);
/// Who may sign.
const SIGNERS: &str = lines!(
    "apiVersion: sealwright.dev/v1alpha1",
    "kind: SupplyChain",
    "signers:",
    "  cd: {github: {repository: acme/shop, workflow: cd.yaml, refs: [refs/heads/main]}}",
    "artifacts:",
    "  shop: {repository: ghcr.io/acme/shop, signers: [cd], evidence: [signature]}",
);
const CONFIG: &[(&str, &str)] = &[("sealwright.yaml", SIGNERS)];
/// The whole of it.
const PUBLISHES: &[(&str, &str)] =
    &[("sealwright.yaml", SIGNERS), (".github/workflows/cd.yaml", GOOD)];
/// A workflow that others call to sign.
const CALLED: &[(&str, &str)] = &[(
    ".github/workflows/sign.yaml",
    lines!(
        "on: workflow_call",
        "jobs:",
        "  sign:",
        "    runs-on: ubuntu-24.04",
        "    permissions: {packages: write, id-token: write}",
        "    steps:",
        "      - run: cosign sign --yes ghcr.io/acme/shop@$DIGEST",
    ),
)];
/// A workflow that runs on every proposal.
const CI: &[(&str, &str)] = &[(
    ".github/workflows/ci.yaml",
    lines!(
        "name: ci",
        "on: {push: {branches: [main]}, pull_request: {}}",
        "permissions: {contents: read}",
        "jobs:",
        "  test:",
        "    runs-on: ubuntu-24.04",
        "    steps:",
        "      - run: make test",
    ),
)];
/// One that shows strangers' proposals, with nothing but the right to write a comment.
const PREVIEW: &[(&str, &str)] = &[(
    ".github/workflows/preview.yaml",
    lines!(
        "on: pull_request_target",
        "permissions: {pull-requests: write}",
        "jobs:",
        "  preview:",
        "    runs-on: ubuntu-24.04",
        "    steps:",
        "      - uses: actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0",
        "        with: {ref: \"${{ github.event.pull_request.head.sha }}\"}",
        "      - run: make preview",
    ),
)];

/// Somebody verifies what is mirrored.
const MIRRORED: &[(&str, &str)] = &[(
    "source.yaml",
    lines!(
        "apiVersion: source.toolkit.fluxcd.io/v1",
        "kind: OCIRepository",
        "metadata: {name: shop, namespace: shop}",
        "spec:",
        "  url: oci://ghcr.io/acme/shop",
        "  verify:",
        "    provider: cosign",
        "    secretRef: {name: key}",
    ),
)];

/// Those about workflows, in the order of the codes.
pub(super) const EXAMPLES: &[Example] = &[
    workflow(Code::WorkflowUnreadable, "on: [push\njobs: {}\n", GOOD),
    workflow(
        Code::WorkflowMalformed,
        lines!("on: push", "permissions: {contents: read}", "jobs: [test]"),
        TESTS,
    ),
    at(
        "sealwright.yaml",
        Code::SignerWorkflowMissing,
        lines!(
            "apiVersion: sealwright.dev/v1alpha1",
            "kind: SupplyChain",
            "signers:",
            "  old: {github: {repository: acme/shop, workflow: release.yaml, refs: [refs/heads/main]}}",
            "  cd: {github: {repository: acme/shop, workflow: cd.yaml, refs: [refs/heads/main]}}",
            "artifacts:",
            "  shop: {repository: ghcr.io/acme/shop, signers: [cd, old], evidence: [signature]}",
        ),
        SIGNERS,
        &[(".github/workflows/cd.yaml", GOOD)],
    ),
    beside(Code::SignerCannotSign, TESTS, GOOD, CONFIG),
    beside(
        Code::SignerSignsNothing,
        publish!(
            "    permissions: {contents: read, id-token: write}",
            "      - run: aws s3 sync public s3://acme-shop",
        ),
        GOOD,
        CONFIG,
    ),
    at(".github/workflows/nightly.yaml", Code::SigningUnaccepted, SIGNS, TESTS, PUBLISHES),
    beside(
        Code::SigningEventUnaccepted,
        lines!(
            "on: {push: {branches: [main]}, release: {types: [published]}}",
            "permissions: {contents: read}",
            "jobs:",
            "  publish:",
            "    runs-on: ubuntu-24.04",
            "    permissions: {contents: read, packages: write, id-token: write}",
            "    steps:",
            "      - run: cosign sign --yes ghcr.io/acme/shop@$DIGEST",
        ),
        SIGNS,
        CONFIG,
    ),
    workflow(
        Code::SigningWithoutToken,
        publish!(
            "    permissions: {contents: read, packages: write}",
            "      - uses: actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0",
            "      - run: sealwright-publisher publish --artifact shop --tag latest",
        ),
        GOOD,
    ),
    workflow(
        Code::SigningWithoutRight,
        publish!(
            "    permissions: {contents: read, id-token: write}",
            "      - uses: actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0",
            "      - uses: actions/attest-build-provenance@e8998f949152b193b063cb0ec769d69d929409be # v2.4.0",
            "        with: {subject-path: shop.tar}",
        ),
        publish!(
            "    permissions: {contents: read, id-token: write, attestations: write}",
            "      - uses: actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0",
            "      - uses: actions/attest-build-provenance@e8998f949152b193b063cb0ec769d69d929409be # v2.4.0",
            "        with: {subject-path: shop.tar}",
        ),
    ),
    beside(
        Code::CallerGrantsLess,
        lines!(
            "on: {push: {branches: [main]}}",
            "jobs:",
            "  publish:",
            "    permissions: {packages: write}",
            "    uses: ./.github/workflows/sign.yaml",
        ),
        lines!(
            "on: {push: {branches: [main]}}",
            "jobs:",
            "  publish:",
            "    permissions: {packages: write, id-token: write}",
            "    uses: ./.github/workflows/sign.yaml",
        ),
        CALLED,
    ),
    workflow(
        Code::SigningHoldsAll,
        publish!(
            "    permissions: write-all",
            "      - uses: actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0",
            "      - run: sealwright-publisher publish --artifact shop --tag latest",
        ),
        GOOD,
    ),
    beside(
        Code::JobMaySign,
        publish!(
            "    permissions: {contents: read, packages: write, id-token: write}",
            "      - uses: actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0",
            "      - run: ./release.sh",
        ),
        GOOD,
        CONFIG,
    ),
    workflow(
        Code::SigningPathUnpinned,
        publish!(
            "    permissions: {contents: read, packages: write, id-token: write}",
            "      - uses: sigstore/cosign-installer@v4",
            "      - run: cosign sign --yes ghcr.io/acme/shop@$DIGEST",
        ),
        publish!(
            "    permissions: {contents: read, packages: write, id-token: write}",
            "      - uses: sigstore/cosign-installer@faadad0cce49287aee09b3a48701e75088a2c6ad # v4.0.0",
            "      - run: cosign sign --yes ghcr.io/acme/shop@$DIGEST",
        ),
    ),
    workflow(
        Code::UsesUnpinned,
        lines!(
            "on: pull_request",
            "permissions: {contents: read}",
            "jobs:",
            "  test:",
            "    runs-on: ubuntu-24.04",
            "    steps:",
            "      - uses: actions/checkout@v5",
            "      - run: make test",
        ),
        TESTS,
    ),
    workflow(
        Code::UsesNotJudged,
        lines!(
            "on: pull_request",
            "permissions: {contents: read}",
            "jobs:",
            "  test:",
            "    runs-on: ubuntu-24.04",
            "    steps:",
            "      - uses: ${{ vars.CHECKOUT }}",
            "      - run: make test",
        ),
        TESTS,
    ),
    workflow(
        Code::CalledFileMissing,
        lines!(
            "on: pull_request",
            "permissions: {contents: read}",
            "jobs:",
            "  test:",
            "    uses: ./.github/workflows/gone.yaml",
        ),
        TESTS,
    ),
    workflow(
        Code::CallsInCircle,
        lines!(
            "on: [pull_request, workflow_call]",
            "permissions: {contents: read}",
            "jobs:",
            "  test:",
            "    uses: ./.github/workflows/cd.yaml",
        ),
        TESTS,
    ),
    workflow(
        Code::CosignRefuses,
        publish!(
            "    permissions: {contents: read, id-token: write}",
            "      - uses: sigstore/cosign-installer@faadad0cce49287aee09b3a48701e75088a2c6ad # v4.0.0",
            "        with: {cosign-release: v3.1.2}",
            "      - run: cosign sign-blob --yes --new-bundle-format=false shop.tar",
        ),
        publish!(
            "    permissions: {contents: read, id-token: write}",
            "      - uses: sigstore/cosign-installer@faadad0cce49287aee09b3a48701e75088a2c6ad # v4.0.0",
            "        with: {cosign-release: v3.1.2}",
            "      - run: cosign sign-blob --yes --bundle shop.sigstore.json shop.tar",
        ),
    ),
    workflow(
        Code::CosignIgnores,
        publish!(
            "    permissions: {contents: read, id-token: write}",
            "      - uses: sigstore/cosign-installer@faadad0cce49287aee09b3a48701e75088a2c6ad # v4.0.0",
            "        with: {cosign-release: v3.1.2}",
            "      - run: cosign sign-blob --yes --bundle shop.sigstore.json --output-signature shop.sig shop.tar",
        ),
        publish!(
            "    permissions: {contents: read, id-token: write}",
            "      - uses: sigstore/cosign-installer@faadad0cce49287aee09b3a48701e75088a2c6ad # v4.0.0",
            "        with: {cosign-release: v3.1.2}",
            "      - run: cosign sign-blob --yes --bundle shop.sigstore.json shop.tar",
        ),
    ),
    beside(
        Code::EvidenceLeftBehind,
        lines!(
            "on: workflow_dispatch",
            "permissions: {contents: read}",
            "jobs:",
            "  mirror:",
            "    runs-on: ubuntu-24.04",
            "    steps:",
            "      - run: oras cp ghcr.io/acme/shop:v1 registry.acme.example/shop:v1",
        ),
        lines!(
            "on: workflow_dispatch",
            "permissions: {contents: read}",
            "jobs:",
            "  mirror:",
            "    runs-on: ubuntu-24.04",
            "    steps:",
            "      - run: oras cp --recursive ghcr.io/acme/shop:v1 registry.acme.example/shop:v1",
        ),
        MIRRORED,
    ),
    workflow(
        Code::RouteMissesGate,
        lines!(
            "on: {push: {branches: [main]}, workflow_dispatch: {}}",
            "permissions: {contents: read}",
            "jobs:",
            "  publish:",
            "    runs-on: ubuntu-24.04",
            "    permissions: {contents: read, packages: write, id-token: write}",
            "    steps:",
            "      - uses: actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0",
            "      - run: sealwright-publisher publish --artifact shop --tag latest",
        ),
        GOOD,
    ),
    workflow(
        Code::TagBeforeEvidence,
        publish!(
            "    permissions: {contents: read, packages: write, id-token: write}",
            "      - uses: actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0",
            "      - run: flux push artifact oci://ghcr.io/acme/shop:latest --path . --source shop --revision main",
            "      - run: cosign sign --yes ghcr.io/acme/shop:latest",
        ),
        GOOD,
    ),
    at(
        ".github/workflows/rebuild.yaml",
        Code::RouteWithoutEvidence,
        lines!(
            "on: {push: {branches: [main]}}",
            "permissions: {contents: read}",
            "jobs:",
            "  rebuild:",
            "    runs-on: ubuntu-24.04",
            "    permissions: {contents: read, packages: write}",
            "    steps:",
            "      - run: flux push artifact oci://ghcr.io/acme/shop:latest --path . --source shop --revision main",
        ),
        TESTS,
        PUBLISHES,
    ),
    workflow(
        Code::SigningFailureUnseen,
        publish!(
            "    permissions: {contents: read, packages: write, id-token: write}",
            "      - uses: actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0",
            "      - run: cosign sign --yes ghcr.io/acme/shop@$DIGEST || true",
            "      - run: crane tag ghcr.io/acme/shop@$DIGEST latest",
        ),
        publish!(
            "    permissions: {contents: read, packages: write, id-token: write}",
            "      - uses: actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0",
            "      - run: cosign sign --yes ghcr.io/acme/shop@$DIGEST",
            "      - run: crane tag ghcr.io/acme/shop@$DIGEST latest",
        ),
    ),
    workflow(
        Code::TagMovesWhatever,
        publish!(
            "    permissions: {contents: read, packages: write, id-token: write}",
            "      - run: cosign sign --yes ghcr.io/acme/shop@$DIGEST",
            "      - if: always()",
            "        run: crane tag ghcr.io/acme/shop@$DIGEST latest",
        ),
        publish!(
            "    permissions: {contents: read, packages: write, id-token: write}",
            "      - run: cosign sign --yes ghcr.io/acme/shop@$DIGEST",
            "      - run: crane tag ghcr.io/acme/shop@$DIGEST latest",
        ),
    ),
    workflow(
        Code::StrangersCodeSigns,
        lines!(
            "on: pull_request_target",
            "permissions: {contents: read}",
            "jobs:",
            "  publish:",
            "    runs-on: ubuntu-24.04",
            "    permissions: {contents: read, packages: write, id-token: write}",
            "    steps:",
            "      - uses: actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0",
            "        with: {ref: \"${{ github.event.pull_request.head.sha }}\"}",
            "      - run: make test",
        ),
        TESTS,
    ),
    workflow(
        Code::ScriptInjection,
        publish!(
            "    permissions: {contents: read, packages: write, id-token: write}",
            "      - uses: actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0",
            "      - run: echo '${{ github.event.head_commit.message }}'",
            "      - run: sealwright-publisher publish --artifact shop --tag latest",
        ),
        GOOD,
    ),
    workflow(
        Code::StrangersStartSigning,
        lines!(
            "on: issue_comment",
            "permissions: {contents: read}",
            "jobs:",
            "  publish:",
            "    runs-on: ubuntu-24.04",
            "    permissions: {contents: read, packages: write, id-token: write}",
            "    steps:",
            "      - run: cosign sign --yes ghcr.io/acme/shop@$DIGEST",
        ),
        SIGNS,
    ),
    workflow(
        Code::RouteUnread,
        publish!(
            "    permissions: {contents: read, packages: write}",
            "      - uses: actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0",
            "      - run: ./release.sh",
        ),
        GOOD,
    ),
    beside(
        Code::StrangersArtifact,
        lines!(
            "on: {workflow_run: {workflows: [ci], types: [completed]}}",
            "permissions: {contents: read}",
            "jobs:",
            "  publish:",
            "    if: github.event.workflow_run.head_branch == 'main'",
            "    runs-on: ubuntu-24.04",
            "    permissions: {actions: read, packages: write, id-token: write}",
            "    steps:",
            "      - run: gh run download ${{ github.event.workflow_run.id }}",
            "      - run: cosign sign --yes ghcr.io/acme/shop@$(cat digest)",
        ),
        lines!(
            "on: {workflow_run: {workflows: [ci], types: [completed]}}",
            "permissions: {contents: read}",
            "jobs:",
            "  publish:",
            "    if: github.event.workflow_run.event == 'push'",
            "    runs-on: ubuntu-24.04",
            "    permissions: {actions: read, packages: write, id-token: write}",
            "    steps:",
            "      - run: gh run download ${{ github.event.workflow_run.id }}",
            "      - run: cosign sign --yes ghcr.io/acme/shop@$(cat digest)",
        ),
        CI,
    ),
    beside(
        Code::StrangersCache,
        publish!(
            "    permissions: {contents: read, packages: write, id-token: write}",
            "      - uses: actions/cache@0057852bfaa89a56745cba8c7296529d2fc39830 # v4.3.0",
            "        with: {path: target, key: build}",
            "      - run: cosign sign --yes ghcr.io/acme/shop@$DIGEST",
        ),
        SIGNS,
        PREVIEW,
    ),
];
