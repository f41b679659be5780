//! What is said of a repository: each mistake with its healthy neighbour.

use std::collections::BTreeSet;

use jiff::civil::date;
use sealwright_manifests::checks::{Expected, Judged, judge};
use sealwright_manifests::{File, discover};
use sealwright_policy::declaration_report::DeclarationState;
use sealwright_policy::{Code, Config, Issuers, Severity, Verdict};

const CONFIG: &str = r#"
apiVersion: sealwright.dev/v1alpha1
kind: SupplyChain
signers:
  cd: {github: {repository: acme/platform, workflow: cd.yaml, refs: [refs/heads/main]}}
  queue: {github: {repository: acme/platform, workflow: ci.yaml, refs: ["refs/heads/queue/*"]}}
artifacts:
  manifests: {repository: ghcr.io/acme/manifests, signers: [cd, queue], evidence: [signature]}
charts:
  - {url: "oci://charts.example/*", unsigned: {reason: nobody signs there, until: 2030-01-01}}
environments:
  prod: {trust: public, organisation: ["oci://ghcr.io/acme/*"]}
"#;

const ISSUER: &str = r"^https://token\.actions\.githubusercontent\.com$";
const CD: &str = r"^https://github\.com/acme/platform/\.github/workflows/cd\.yaml@refs/heads/main$";
const BOTH: &str = r"^(?:https://github\.com/acme/platform/\.github/workflows/cd\.yaml@refs/heads/main|https://github\.com/acme/platform/\.github/workflows/ci\.yaml@refs/heads/queue/[!-.0-~]+)$";

fn source(url: &str, verify: &str) -> String {
    let head = "apiVersion: source.toolkit.fluxcd.io/v1\nkind: OCIRepository\n";
    let verify = if verify.is_empty() { String::new() } else { format!("  verify: {verify}\n") };
    format!("{head}metadata: {{name: app, namespace: apps}}\nspec:\n  url: oci://{url}\n{verify}")
}

fn entry(issuer: &str, subject: &str) -> String {
    format!("{{issuer: '{issuer}', subject: '{subject}'}}")
}

fn cosign(entries: &[String]) -> String {
    format!("{{provider: cosign, matchOIDCIdentity: [{}]}}", entries.join(", "))
}

fn judged(files: &[String], config: Option<&Config>) -> Judged {
    let paths: Vec<String> = (0..files.len()).map(|number| format!("{number}.yaml")).collect();
    let files = paths.iter().zip(files).map(|(path, text)| File { path, bytes: text.as_bytes() });
    judge(&discover(files), &Expected { config, issuers: Issuers::public() })
}

fn config() -> Config {
    Config::parse("sealwright.yaml", CONFIG, date(2026, 11, 25)).expect("it is one")
}

/// Codes of warnings and worse.
fn codes(judged: &Judged) -> BTreeSet<Code> {
    let declared = judged.declarations.iter().flat_map(|one| &one.findings);
    let loud = declared.chain(&judged.findings).filter(|one| one.severity >= Severity::Warning);
    loud.map(|finding| finding.code).collect()
}

#[test]
fn without_a_configuration_slips_are_found() {
    use Code::*;
    let one = |subject: &str| cosign(&[entry(ISSUER, subject)]);
    for (verify, expected, state, why) in [
        (one(CD), vec![], DeclarationState::NoSlip, "as it should be"),
        (String::new(), vec![SourceOpen], DeclarationState::Unverified, "no block"),
        (
            "{provider: cosign}".into(),
            vec![IdentityAnybody],
            DeclarationState::Open,
            "nobody named",
        ),
        ("{provider: '  '}".into(), vec![VerificationOff], DeclarationState::Unread, "blank"),
        (
            cosign(&[entry(ISSUER, CD), entry(ISSUER, &CD.replace("cd", "dr"))]),
            vec![IdentitySeveralMatchers],
            DeclarationState::Stuck,
            "two entries",
        ),
        (cosign(&[entry("", CD)]), vec![IdentityEmpty], DeclarationState::Open, "no issuer"),
        (
            "{provider: cosign, secretRef: {name: key}}".into(),
            vec![],
            DeclarationState::Keyed,
            "a key",
        ),
        (
            format!(
                "{{provider: cosign, secretRef: {{name: key}}, matchOIDCIdentity: [{}]}}",
                entry(ISSUER, CD)
            ),
            vec![IdentityIgnored],
            DeclarationState::Keyed,
            "identities beside a key",
        ),
        (
            "{provider: notation, secretRef: {name: policy}}".into(),
            vec![],
            DeclarationState::Keyed,
            "a trust policy",
        ),
        (
            one(CD).replace("cosign", "notation"),
            vec![IdentityIgnored],
            DeclarationState::Keyed,
            "identities beside a trust policy",
        ),
        (
            one(CD).replace("cosign", "Cosign"),
            vec![ProviderUnknown],
            DeclarationState::Stuck,
            "no word that Flux knows",
        ),
        (
            one(&CD.replace("refs/heads/main", ".+")),
            vec![PatternOpenRef],
            DeclarationState::Open,
            "any ref",
        ),
        (
            one(CD.trim_end_matches('$')),
            vec![PatternNotAnchored],
            DeclarationState::Open,
            "a branch that begins so",
        ),
        (
            one(&CD.replace('^', "")),
            vec![PatternNotAnchored],
            DeclarationState::Slips,
            "nothing stands before the host of GitHub's names",
        ),
        (one("^(?!x)$"), vec![PatternInvalid], DeclarationState::Stuck, "not Go's"),
        (one("^https://${OWNER}/x$"), vec![NotJudged], DeclarationState::NotJudged, "a template"),
    ] {
        let judged = judged(&[source("ghcr.io/acme/other", &verify)], None);
        assert_eq!(codes(&judged), expected.into_iter().collect(), "{why}: {judged:#?}");
        assert_eq!(judged.declarations[0].state, state, "{why}");
    }
}

#[test]
fn with_a_configuration_everybody_is_measured() {
    use Code::*;
    let own = "ghcr.io/acme/manifests";
    for (url, verify, expected, why) in [
        (own, cosign(&[entry(ISSUER, BOTH)]), vec![], "what is rendered"),
        (
            own,
            cosign(&[entry(ISSUER, &BOTH.replace("(?:", "("))]),
            vec![],
            "the same language in other words",
        ),
        (own, cosign(&[entry(ISSUER, CD)]), vec![PatternKeepsOut], "the queue is kept out"),
        (
            own,
            cosign(&[entry(ISSUER, &BOTH.replace("[!-.0-~]+", "a"))]),
            vec![PatternKeepsOut],
            "only one branch of the queue",
        ),
        (
            own,
            cosign(&[entry(ISSUER, "^https://github\\.com/acme/platform/.*$")]),
            vec![PatternOpenWorkflow, PatternOpenRef],
            "any workflow",
        ),
        (
            own,
            cosign(&[entry("https://.*", BOTH)]),
            vec![PatternNotAnchored, PatternIssuerOpen],
            "any issuer",
        ),
        (own, String::new(), vec![OrganisationUnverified], "an artifact's source is open"),
        ("ghcr.io/acme/x", String::new(), vec![OrganisationUnverified], "the organisation's"),
        ("ghcr.io/other/x", String::new(), vec![SourceOpen], "somebody else's"),
        ("charts.example/x", String::new(), vec![], "by an exception"),
        (
            own,
            "{provider: cosign, secretRef: {name: key}}".to_owned(),
            vec![ConfigDisagreement],
            "a key where identities are told",
        ),
    ] {
        let judged = judged(&[source(url, &verify)], Some(&config()));
        let mut found = codes(&judged);
        found.remove(&ExceptionUnused);
        assert_eq!(found, expected.into_iter().collect(), "{why}: {judged:#?}");
    }
}

/// Nobody said that it may be open, and nobody that it may not.
#[test]
fn an_open_source_is_judged_by_a_configuration_alone() {
    let open = source("ghcr.io/other/x", "");
    let closed = source("ghcr.io/other/x", &cosign(&[entry(ISSUER, CD)]));
    let own = source("ghcr.io/acme/x", "");
    for (text, config, expected, why) in [
        (&open, None, Verdict::Unknown, "nothing says whether it may be"),
        (&open, Some(config()), Verdict::Verified, "outside the organisation, with a warning"),
        (&own, Some(config()), Verdict::Refused, "the organisation's"),
        (&closed, None, Verdict::Verified, "it is verified"),
    ] {
        let judged = judged(std::slice::from_ref(text), config.as_ref());
        let report = &judged.declarations[0];
        assert_eq!(report.verdict, expected, "{why}: {judged:#?}");
        let told = report
            .findings
            .iter()
            .any(|one| one.message.ends_with("and no configuration says whether it may stay so"));
        assert_eq!(told, expected == Verdict::Unknown, "{why}");
    }
}

#[test]
fn what_admission_lets_in_unverified_is_never_green_by_itself() {
    let policy = |spec: &str| {
        let head = "apiVersion: policy.sigstore.dev/v1beta1\nkind: ClusterImagePolicy\n";
        format!(
            "{head}metadata: {{name: all}}\nspec:\n  images: [{{glob: 'ghcr.io/b/**'}}]\n{spec}"
        )
    };
    let identity = format!("{{issuer: {}, subject: {}}}", "'https://a.example'", "'b@c.example'");
    let keyless = format!("  authorities: [{{keyless: {{identities: [{identity}]}}}}]\n");
    let passed = "  authorities: [{static: {action: pass}}]\n".to_owned();
    let (no_config, config) = (None, config());
    let config = Some(&config);
    for (spec, config, expected, why) in [
        (keyless.clone(), no_config, Verdict::Verified, "an identity is asked for"),
        (keyless + "  mode: warn\n", no_config, Verdict::Refused, "and who has none gets in"),
        (passed.clone(), no_config, Verdict::Unknown, "nobody says that it may be so"),
        (passed, config, Verdict::Verified, "a team that has a configuration is warned"),
    ] {
        let judged = judged(&[policy(&spec)], config);
        assert_eq!(judged.declarations[0].verdict, expected, "{why}");
    }
}

#[test]
fn a_finding_is_at_its_matcher_with_a_fix() {
    let verify = cosign(&[entry(ISSUER, CD)]);
    let judged = judged(&[source("ghcr.io/acme/manifests", &verify)], Some(&config()));
    let report = &judged.declarations[0];
    let finding = &report.findings[0];
    assert_eq!(finding.place.line, Some(6));
    let suggested = report.suggested.as_ref().expect("a suggestion");
    assert_eq!(suggested.subject_pattern, BOTH);
    assert!(finding.hint.as_ref().expect("a hint").contains(BOTH), "{finding:?}");
    assert!(finding.message.contains("ci.yaml@refs/heads/queue/"), "the witness: {finding:?}");
}

#[test]
fn consumers_of_one_artifact_agree() {
    let of = |subject: &str| source("ghcr.io/acme/other", &cosign(&[entry(ISSUER, subject)]));
    let wider = CD.replace("/main", "/(?:main|next)");
    let tagged = |text: &str, tag: &str| {
        text.replace("  verify:", &format!("  ref: {{tag: {tag}}}\n  verify:"))
    };
    for (other, disagree, why) in [
        (of(CD), false, "the same"),
        (of(&CD.replace("main", "(?:main)")), false, "in other words"),
        (of(&wider), true, "one more branch"),
        (of(&wider).replace("other", "third"), false, "another artifact"),
        (tagged(&of(&wider), "latest"), true, "the same tag, said"),
        (tagged(&of(&wider), "latest-stable"), false, "another tag, which another branch signs"),
    ] {
        let judged = judged(&[of(CD), other], None);
        assert_eq!(codes(&judged).contains(&Code::ConsumersDisagree), disagree, "{why}");
    }
}

#[test]
fn sources_are_counted_by_kind_and_by_organisation() {
    let verify = cosign(&[entry(ISSUER, BOTH)]);
    let files = [
        source("ghcr.io/acme/manifests", &verify),
        source("ghcr.io/acme/x", ""),
        source("charts.example/x", ""),
        source("ghcr.io/other/x", "{provider: ''}"),
    ];
    let judged = judged(&files, Some(&config()));
    let counted = judged.coverage.iter();
    let counted: Vec<_> =
        counted.map(|one| (one.scope.as_str(), one.found, one.guarded, one.excepted)).collect();
    assert_eq!(counted, [("OCIRepository", 4, 1, 1), ("oci://ghcr.io/acme/*", 2, 1, 0)]);
}

#[test]
fn an_exception_that_nothing_uses_is_told() {
    let used = judged(&[source("charts.example/x", "")], Some(&config()));
    assert!(!codes(&used).contains(&Code::ExceptionUnused));
    let unused = judged(&[source("ghcr.io/other/x", "")], Some(&config()));
    assert!(codes(&unused).contains(&Code::ExceptionUnused));
}

/// One of everything that declares, by what it says and what must be found.
#[test]
fn every_consumer_is_judged_as_it_reads() {
    use Code::*;
    let kyverno = |identities: &str, actions: &str| {
        format!(
            "apiVersion: policies.kyverno.io/v1\nkind: ImageValidatingPolicy\nmetadata: {{name: p}}\nspec:\n  \
             validationActions: [{actions}]\n  matchImageReferences: [{{glob: 'ghcr.io/acme/app:*'}}]\n  \
             attestors: [{{name: a, cosign: {{keyless: {{identities: [{identities}]}}}}}}]\n"
        )
    };
    let exact = "{issuer: 'https://token.actions.githubusercontent.com', subject: 'https://github.com/acme/a/.github/workflows/r.yaml@refs/heads/main'}";
    let release = |verify: &str| {
        format!(
            "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: r, namespace: a}}\n\
             spec:\n  chart:\n    spec:\n      chart: app\n      verify: {verify}\n      \
             sourceRef: {{kind: HelmRepository, name: charts}}\n---\n\
             apiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmRepository\n\
             metadata: {{name: charts, namespace: a}}\nspec: {{type: oci, url: 'oci://ghcr.io/acme/charts'}}\n"
        )
    };
    let policy = |mode: &str| {
        format!(
            "apiVersion: policy.sigstore.dev/v1beta1\nkind: ClusterImagePolicy\nmetadata: {{name: p}}\n\
             spec:\n  mode: {mode}\n  images: [{{glob: 'ghcr.io/acme/app*'}}]\n  \
             authorities: [{{keyless: {{identities: [{exact}]}}}}]\n"
        )
    };
    let talos = |image: &str| {
        format!(
            "apiVersion: v1alpha1\nkind: ImageVerificationConfig\nrules:\n  - {image}keyless: {exact}\n"
        )
    };
    let authority = |authority: &str| {
        policy("enforce").replace(&format!("keyless: {{identities: [{exact}]}}"), authority)
    };
    for (text, expected, why) in [
        (kyverno(exact, "Deny"), vec![], "one identity"),
        (kyverno(&format!("{exact}, {exact}"), "Deny"), vec![IdentitySeveralMatchers], "two"),
        (kyverno(exact, "Audit"), vec![EnforcementWarns], "only audited"),
        (kyverno("", "Deny"), vec![IdentityAnybody], "nobody named"),
        (release("{provider: cosign}"), vec![ChartAnybody], "no field for an identity"),
        (release("{provider: cosign, secretRef: {name: key}}"), vec![], "by a key"),
        (policy("enforce"), vec![], "policy-controller"),
        (policy("warn"), vec![EnforcementWarns], "that only warns"),
        (talos("image: 'ghcr.io/acme/*'\n    "), vec![], "Talos"),
        (talos(""), vec![GuardsNothing], "of no image"),
        (authority("static: {action: pass}"), vec![CheckWeakened], "whoever signed it"),
        (
            authority("keyless: {insecureIgnoreSCT: true}"),
            vec![CheckWeakened, IdentityAnybody],
            "both",
        ),
    ] {
        let judged = judged(std::slice::from_ref(&text), None);
        assert!(!judged.declarations.is_empty(), "{why}: found");
        assert_eq!(codes(&judged), expected.into_iter().collect(), "{why}: {judged:#?}\n{text}");
    }
}

/// Incident 12: the cluster is built anew by other rules than it is kept by.
#[test]
fn bootstrap_and_steady_state_agree() {
    let ksail = |subject: &str| {
        format!(
            "apiVersion: ksail.io/v1alpha1\nkind: Cluster\nspec:\n  workload:\n    flux:\n      verify: {}\n",
            cosign(&[entry(ISSUER, subject)])
        )
    };
    let instance = |subject: &str| {
        format!(
            "apiVersion: fluxcd.controlplane.io/v1\nkind: FluxInstance\n\
             metadata: {{name: flux, namespace: flux-system}}\nspec:\n  \
             sync: {{kind: OCIRepository, url: 'oci://ghcr.io/acme/other', ref: latest, path: .}}\n  \
             kustomize:\n    patches:\n      - target: {{kind: OCIRepository, name: flux-system}}\n        \
             patch: |\n          - op: add\n            path: /spec/verify\n            value: {}\n",
            cosign(&[entry(ISSUER, subject)])
        )
    };
    for (first, steady, disagree, why) in [
        (BOTH, BOTH, false, "the same"),
        (CD, BOTH, true, "a signer is missing at bootstrap"),
        (BOTH, CD, true, "a signer is missing in steady state"),
    ] {
        let judged = judged(&[ksail(first), instance(steady)], None);
        assert_eq!(judged.declarations.len(), 2, "{judged:#?}");
        assert_eq!(codes(&judged).contains(&Code::BootstrapDisagrees), disagree, "{why}");
    }
}

#[test]
fn a_release_is_guarded_as_the_source_that_it_names() {
    let release = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\n\
                   metadata: {name: r, namespace: apps}\n\
                   spec: {chartRef: {kind: OCIRepository, name: app}}\n";
    for (verify, guarded, why) in [
        (cosign(&[entry(ISSUER, CD)]), 1, "the source is verified"),
        (String::new(), 0, "the source is open"),
        ("{provider: ''}".to_owned(), 0, "switched off"),
    ] {
        let judged = judged(&[source("ghcr.io/acme/x", &verify), release.to_owned()], None);
        let count = judged.coverage.iter().find(|one| one.scope == "HelmRelease").expect("counted");
        assert_eq!((count.found, count.guarded), (1, guarded), "{why}: {judged:#?}");
    }
}
