//! Permissions of jobs that sign.

use sealwright_policy::Code;

use crate::support::{COMMIT, SIGN, codes, findings, judged, workflow};

fn with(permissions: &str, steps: &str) -> String {
    let job = format!("    {permissions}\n    steps:\n{steps}");
    workflow("{push: {branches: [main]}}", "", &job)
}

#[test]
fn too_few_and_too_many_are_found() {
    let attest = format!("      - uses: actions/attest@{COMMIT}\n");
    let login = format!(
        "      - uses: docker/login-action@{COMMIT}\n        with: {{registry: ghcr.io, password: '${{{{ github.token }}}}'}}\n{SIGN}"
    );
    let pat = login.replace("github.token", "secrets.PAT");
    let keyed = "      - run: cosign sign --key k x\n";
    for (permissions, steps, expected, why) in [
        ("permissions: {id-token: write}", SIGN, vec![], "as it should be"),
        ("permissions: {contents: read}", SIGN, vec![Code::SigningWithoutToken], "denied"),
        ("permissions: {id-token: none}", SIGN, vec![Code::SigningWithoutToken], "denied by name"),
        ("permissions: read-all", SIGN, vec![Code::SigningWithoutToken], "reading is not asking"),
        ("timeout-minutes: 5", SIGN, vec![Code::SigningWithoutToken], "no default grants it"),
        ("permissions: write-all", SIGN, vec![Code::SigningHoldsAll], "everything"),
        ("permissions: {contents: read}", keyed, vec![], "a key needs no token"),
        (
            "permissions: {id-token: write}",
            &attest,
            vec![Code::SigningWithoutRight],
            "GitHub's store",
        ),
        ("permissions: {id-token: write, attestations: write}", &attest, vec![], "all it needs"),
        (
            "permissions: {id-token: write}",
            &login,
            vec![Code::SigningWithoutRight],
            "GitHub's registry",
        ),
        ("permissions: {id-token: write, packages: write}", &login, vec![], "may write there"),
        ("permissions: {id-token: write, packages: read}", &login, vec![], "means to read there"),
        ("permissions: {id-token: write}", &pat, vec![], "with a token of its own"),
    ] {
        let judged = judged(&[(".github/workflows/cd.yaml", &with(permissions, steps))]);
        assert_eq!(codes(&judged), expected, "{why}: {:?}", findings(&judged));
    }
}

#[test]
fn a_finding_points_at_the_permission() {
    let text = with("permissions:\n      packages: write\n      id-token: none", SIGN);
    let judged = judged(&[(".github/workflows/cd.yaml", &text)]);
    let finding = &findings(&judged)[0];
    assert_eq!(finding.place.to_string(), ".github/workflows/cd.yaml:8:7");
    assert_eq!(finding.found.as_deref(), Some("id-token: none"));
}

#[test]
fn a_caller_must_grant_what_the_called_needs() {
    let called = |permissions: &str| {
        let job = format!("    {permissions}\n    steps:\n{SIGN}");
        workflow("workflow_call", "", &job)
    };
    let granted = "permissions: {id-token: write}";
    for (caller, called, expected, why) in [
        (granted, called(granted), vec![], "both say so"),
        (granted, called("timeout-minutes: 5"), vec![], "the called has what the caller has"),
        ("permissions: {contents: read}", called(granted), vec![Code::CallerGrantsLess], "less"),
        ("permissions: {}", called("timeout-minutes: 5"), vec![Code::CallerGrantsLess], "nothing"),
        ("# silent", called(granted), vec![Code::CallerGrantsLess], "no setting grants it"),
        (
            granted,
            called("permissions: {}"),
            vec![Code::SigningWithoutToken],
            "the called denies it",
        ),
    ] {
        let text =
            format!("on: push\n{caller}\njobs: {{a: {{uses: ./.github/workflows/s.yml}}}}\n");
        let judged =
            judged(&[(".github/workflows/cd.yaml", &text), (".github/workflows/s.yml", &called)]);
        assert_eq!(codes(&judged), expected, "{why}: {:?}", findings(&judged));
    }
    let both = called("timeout-minutes: 5").replace("workflow_call", "[push, workflow_call]");
    let found = codes(&judged(&[(".github/workflows/s.yml", &both)]));
    assert_eq!(found, [Code::SigningWithoutToken], "on its own push it has none");
    let alone = judged(&[(".github/workflows/s.yml", &called("timeout-minutes: 5"))]);
    assert_eq!(codes(&alone), [], "whoever calls it decides");
}

#[test]
fn a_generator_elsewhere_needs_what_it_asks_for() {
    let slsa =
        "slsa-framework/slsa-github-generator/.github/workflows/generator_container_slsa3.yml";
    for (permissions, expected, why) in [
        ("{id-token: write, packages: write, actions: read}", vec![], "all of it"),
        ("{id-token: write}", vec![Code::CallerGrantsLess], "it pushes"),
        ("{packages: write}", vec![Code::CallerGrantsLess], "it signs"),
        ("# silent", vec![Code::CallerGrantsLess], "nothing is said, which is no token"),
    ] {
        let text = format!(
            "on: push\njobs:\n  a:\n    permissions: {permissions}\n    uses: {slsa}@v2.1.0\n"
        );
        let text = text.replace("permissions: # silent", "# silent");
        let judged = judged(&[(".github/workflows/cd.yaml", &text)]);
        assert_eq!(codes(&judged), expected, "{why}: {:?}", findings(&judged));
    }
}
