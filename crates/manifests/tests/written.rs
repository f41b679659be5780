//! One identity in the words of every consumer: each text is found where it is written, and lets in the
//! very same names. Report 55: which flag of a command is which field of a policy.

use sealwright_flux::render::{Follows, Matcher, Place};
use sealwright_manifests::checks::{Expected, judge};
use sealwright_manifests::patterns::as_regex;
use sealwright_manifests::written::{NotSayable, Reader, Wanted, written};
use sealwright_manifests::{Declaration, File, Identity, discover};
use sealwright_pattern::{Equivalence, GoRegex, Language};
use sealwright_policy::{Config, Issuers, Requirements, Severity};

const CONFIG: &str = "\
apiVersion: sealwright.dev/v1alpha1
kind: SupplyChain
signers:
  cd: {github: {repository: acme/platform, workflow: cd.yaml, refs: [refs/heads/main]}}
  merge-queue: {github: {repository: acme/platform, workflow: ci.yaml, refs: ['refs/heads/gh-readonly-queue/main/*']}}
  shared: {github: {repository: acme/actions, workflow: publish.yaml, commit: any}, calledFrom: [acme/shop, acme/wiki]}
  elsewhere: {github: {repository: other/app, workflow: cd.yaml, refs: [refs/heads/main]}}
artifacts:
  one: {repository: ghcr.io/acme/one, signers: [cd], evidence: [signature]}
  manifests: {repository: ghcr.io/acme/platform/manifests, signers: [cd, merge-queue], evidence: [signature, provenance]}
  shop: {repository: ghcr.io/acme/shop/manifests, signers: [shared], evidence: [signature]}
  both: {repository: ghcr.io/acme/both, signers: [cd, elsewhere], evidence: [signature]}
";

const READERS: [(Reader, &str); 6] = [
    (Reader::KyvernoClusterPolicy, "policy.yaml"),
    (Reader::KyvernoImageValidatingPolicy, "policy.yaml"),
    (Reader::ClusterImagePolicy, "policy.yaml"),
    (Reader::Talos, "talos.yaml"),
    (Reader::Cosign, "verify.sh"),
    (Reader::Gh, "verify.sh"),
];

fn config() -> Config {
    let today = jiff::civil::date(2026, 11, 25);
    Config::parse("sealwright.yaml", CONFIG, today).expect("a configuration of ours")
}

fn text(config: &Config, artifact: &str, reader: Reader) -> Result<String, NotSayable> {
    let requirements = config.requirements(artifact, &Issuers::public()).expect("it is there");
    let repository = &config.artifacts[artifact].repository;
    written(
        reader,
        &Wanted { requirements: &requirements, repository, name: artifact, tag: "latest" },
    )
}

/// Issuers and names that a declaration lets in.
fn languages(declaration: &Declaration) -> (Language, Language) {
    let [identity] = declaration.identities.as_slice() else { panic!("{declaration:?}") };
    let Identity { issuer: Some(issuer), subject: Some(subject), .. } = identity else {
        panic!("{identity:?}")
    };
    let language = |one: &sealwright_manifests::Matcher| {
        Language::search(&GoRegex::parse(&as_regex(&one.text, one.form)).expect("it compiles"))
    };
    (language(issuer), language(subject))
}

fn is_same(declaration: &Declaration, requirements: &Requirements, why: &str) {
    let pattern = |text: &str| Language::search(&GoRegex::parse(text).expect("it compiles"));
    let (issuer, subject) = languages(declaration);
    assert_eq!(
        issuer.compared_with(&pattern(&requirements.issuer_pattern())),
        Equivalence::Same,
        "{why}"
    );
    assert_eq!(
        subject.compared_with(&pattern(&requirements.subject_pattern())),
        Equivalence::Same,
        "{why}"
    );
}

/// What an instance has beside the patch: without it the patch aims at nothing.
const SYNC: &str = "spec:\n  sync: {kind: OCIRepository, url: 'oci://ghcr.io/acme/platform/manifests', ref: latest, path: .}\n  kustomize";

#[test]
fn what_is_written_for_a_consumer_is_read_as_the_same_identities() {
    let config = config();
    let expected = Expected { config: Some(&config), issuers: Issuers::public() };
    for artifact in ["one", "manifests", "shop"] {
        let requirements = config.requirements(artifact, &Issuers::public()).expect("it is there");
        for (reader, path) in READERS {
            let text = text(&config, artifact, reader).expect("it can be said");
            let why = format!("{artifact} {reader:?}: {text}");
            let found = discover([File { path, bytes: text.as_bytes() }]);
            assert_eq!(found.declarations.len(), 1, "{why}");
            is_same(&found.declarations[0], &requirements, &why);
            let judged = judge(&found, &expected);
            let report = &judged.declarations[0];
            assert_eq!(report.artifact.as_deref(), Some(artifact), "{why}");
            let loud = report.findings.iter().chain(&judged.findings);
            let loud: Vec<_> = loud.filter(|one| one.severity > Severity::Note).collect();
            assert!(loud.is_empty(), "{why}: {loud:#?}");
        }
    }
}

/// The forms of Flux, in the same way; what they are letter for letter is tested beside them.
#[test]
fn so_is_what_is_written_for_flux() {
    let config = config();
    for artifact in ["one", "manifests", "shop", "both"] {
        let requirements = config.requirements(artifact, &Issuers::public()).expect("it is there");
        let place = Place {
            namespace: "flux-system".to_owned(),
            name: "flux-system".to_owned(),
            repository: config.artifacts[artifact].repository.clone(),
            follows: Follows::Tag("latest".to_owned()),
            certificates: None,
        };
        let matcher = Matcher::of(&requirements);
        for (path, text) in [
            ("source.yaml", matcher.oci_repository(&place)),
            (
                "instance.yaml",
                matcher.flux_instance_patch(&place).replace("spec:\n  kustomize", SYNC),
            ),
            ("ksail.yaml", matcher.ksail().expect("of the public Sigstore")),
        ] {
            let found = discover([File { path, bytes: text.as_bytes() }]);
            let why = format!("{artifact} {path}: {text}");
            assert_eq!(found.declarations.len(), 1, "{why}");
            is_same(&found.declarations[0], &requirements, &why);
        }
    }
}

/// The neighbours: one letter less in any of them is another language.
#[test]
fn a_pattern_that_is_not_the_same_is_seen() {
    let config = config();
    for (reader, path) in READERS {
        let text = text(&config, "manifests", reader)
            .expect("it can be said")
            .replace("ci\\.yaml", "cx\\.yaml");
        let found = discover([File { path, bytes: text.as_bytes() }]);
        let judged = judge(&found, &Expected { config: Some(&config), issuers: Issuers::public() });
        let findings = &judged.declarations[0].findings;
        assert!(
            findings.iter().any(|one| one.severity == Severity::Error),
            "{reader:?}: {findings:#?}"
        );
    }
}

#[test]
fn one_name_is_written_as_a_name_and_several_as_a_pattern() {
    let config = config();
    let name = "https://github.com/acme/platform/.github/workflows/cd.yaml@refs/heads/main";
    for (artifact, reader, present) in [
        ("one", Reader::Cosign, format!("--certificate-identity {name}\n")),
        ("manifests", Reader::Cosign, "--certificate-identity-regexp '^(?:".to_owned()),
        ("one", Reader::Gh, format!("--repo acme/platform \\\n  --cert-identity {name}")),
        ("one", Reader::Gh, "--predicate-type https://sigstore.dev/cosign/sign/v1".to_owned()),
        ("shop", Reader::Gh, "--owner acme".to_owned()),
    ] {
        let text = text(&config, artifact, reader).expect("it can be said");
        assert!(text.contains(&present), "{artifact} {reader:?}: {text}");
    }
}

#[test]
fn what_a_consumer_has_no_words_for_is_said() {
    let config = config();
    let said = text(&config, "both", Reader::Gh).expect_err("two owners");
    assert!(said.to_string().contains("one owner on GitHub"), "{said}");
    assert!(text(&config, "both", Reader::Talos).is_ok(), "one issuer");
    let mut requirements = config.requirements("both", &Issuers::public()).expect("it is there");
    requirements.signers[1].issuer = "https://gitlab.com".to_owned();
    let wanted = Wanted {
        requirements: &requirements,
        repository: "ghcr.io/acme/both",
        name: "both",
        tag: "latest",
    };
    let said = written(Reader::Talos, &wanted).expect_err("two issuers");
    assert!(said.to_string().contains("https://gitlab.com, https://token"), "{said}");
    assert!(
        written(Reader::Cosign, &wanted).expect("as a pattern").contains("issuer-regexp '^(?:")
    );
}
