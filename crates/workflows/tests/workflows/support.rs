//! Small repositories.

use sealwright_manifests::File;
use sealwright_policy::{Code, Config, Finding};
use sealwright_workflows::{About, ConfigFile, Expected, Judged, Tree, judge};

pub(crate) const COMMIT: &str = "08c6903cd8c0fde910a37f88322edcfb5dd907a8";

pub(crate) fn read(files: &[(&str, &str)]) -> Tree {
    Tree::read(files.iter().map(|(path, text)| File { path, bytes: text.as_bytes() }))
}

/// `acme/platform`, whose default branch is `main`, without anybody who verifies.
pub(crate) fn judged(files: &[(&str, &str)]) -> Judged {
    let about = About { repository: Some("acme/platform"), default_branch: Some("main") };
    judge(&read(files), about, &Expected::default())
}

/// The same with a configuration.
pub(crate) fn judged_by(files: &[(&str, &str)], signers: &str) -> Judged {
    let about = About { repository: Some("acme/platform"), default_branch: Some("main") };
    with_signers(signers, |expected| judge(&read(files), about, expected))
}

/// What comes of a configuration with these signers.
pub(crate) fn with_signers<T>(signers: &str, then: impl Fn(&Expected<'_>) -> T) -> T {
    let text = config(signers);
    let today = jiff::civil::date(2027, 1, 1);
    let config = Config::parse("sealwright.yaml", &text, today).expect("a configuration of ours");
    let config = ConfigFile { path: "sealwright.yaml", text: &text, config: &config };
    then(&Expected { config: Some(config), declarations: &[] })
}

/// `signers` is what stands under that key, one signer a line; the artifact has the one called `cd`.
fn config(signers: &str) -> String {
    format!(
        "apiVersion: sealwright.dev/v1alpha1\nkind: SupplyChain\nsigners:\n{signers}artifacts:\n  \
         manifests:\n    repository: ghcr.io/acme/platform/manifests\n    signers: [cd]\n    \
         evidence: [signature]\n"
    )
}

/// A workflow with one job `sign`. `top` is what stands beside `on` and `jobs`.
pub(crate) fn workflow(on: &str, top: &str, job: &str) -> String {
    format!("on: {on}\n{top}\njobs:\n  sign:\n    runs-on: ubuntu-latest\n{job}")
}

/// The same with the permissions that signing needs.
pub(crate) fn signing(on: &str, steps: &str) -> String {
    let job = format!("    permissions: {{id-token: write, packages: write}}\n    steps:\n{steps}");
    workflow(on, "permissions: {}", &job)
}

pub(crate) const SIGN: &str = "      - run: cosign sign --yes ghcr.io/acme/x@$DIGEST\n";

/// All findings, those of jobs first.
pub(crate) fn findings(judged: &Judged) -> Vec<Finding> {
    let of_jobs = judged.jobs.iter().flat_map(|job| job.findings.clone());
    of_jobs.chain(judged.findings.clone()).collect()
}

pub(crate) fn codes(judged: &Judged) -> Vec<Code> {
    findings(judged).into_iter().map(|finding| finding.code).collect()
}

/// The names of the only job that signs.
pub(crate) fn names(judged: &Judged) -> Vec<String> {
    let [job] = judged.jobs.as_slice() else { panic!("{:?}", judged.jobs) };
    job.identities.iter().map(|identity| identity.san.clone()).collect()
}
