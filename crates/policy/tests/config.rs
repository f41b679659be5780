//! Whole configurations: what is read, what is refused and where, and how mistakes are shown.

use jiff::civil::{Date, date};
use proptest::prelude::*;
use sealwright_policy::config::{CONFIG_BYTES_MAX, Commit};
use sealwright_policy::{Code, Config, ConfigErrors, EvidenceKind, Issuers};

const PLATFORM: &str = include_str!("configs/platform.yaml");
const BROKEN: &str = include_str!("configs/broken.yaml");
const TODAY: Date = date(2026, 11, 25);

fn parse(text: &str) -> Result<Config, ConfigErrors> {
    Config::parse("sealwright.yaml", text, TODAY)
}

/// The platform's configuration with one text replaced, which must stand in it exactly once.
fn with(original: &str, replacement: &str) -> String {
    assert_eq!(PLATFORM.matches(original).count(), 1, "{original:?} must be unique");
    PLATFORM.replace(original, replacement)
}

#[test]
fn a_platform_is_read_as_it_is_written() {
    let config = parse(PLATFORM).unwrap();
    assert_eq!(
        config.signers.keys().collect::<Vec<_>>(),
        ["cd", "merge-queue", "recovery", "shared-app"]
    );
    assert_eq!(config.signers["cd"].github.refs, ["refs/heads/main"]);
    assert!(matches!(config.signers["shared-app"].github.commit, Some(Commit::Any(_))));
    assert_eq!(config.artifacts["manifests"].evidence, EvidenceKind::ALL);
    assert_eq!(config.artifacts["manifests"].contents.as_deref(), Some("k8s"));
    assert_eq!(config.artifacts["shop"].contents, None);
    assert_eq!(config.charts[0].unsigned.until, date(2027, 3, 1));
    assert_eq!(config.environments["prod"].flux.as_deref(), Some("2.9"));
    assert_eq!(config.environments["local"].sources, ["flux-system/flux-system"]);
    let (name, _) = config.artifact_for_repository("ghcr.io/acme/shop/manifests").unwrap();
    assert_eq!(name, "shop");
    assert!(config.artifact_for_repository("ghcr.io/acme/shop").is_none(), "not a prefix");
}

#[test]
fn the_example_platform_is_valid_and_has_its_modeline() {
    let text = include_str!("../../../docs/example/sealwright.yaml");
    assert!(parse(text).is_ok(), "{}", parse(text).unwrap_err());
    let modeline = "# yaml-language-server: $schema=../../crates/policy/sealwright.schema.json\n";
    assert!(text.starts_with(modeline), "editors find the schema");
}

#[test]
fn another_registry_takes_the_place_of_the_host_only() {
    let config = parse(PLATFORM).unwrap().with_registry("127.0.0.1:5000");
    assert_eq!(config.artifacts["manifests"].repository, "127.0.0.1:5000/acme/platform/manifests");
}

#[test]
fn the_patterns_of_a_platform() {
    let config = parse(PLATFORM).unwrap();
    let pattern =
        |artifact| config.requirements(artifact, &Issuers::public()).unwrap().subject_pattern();
    insta::assert_snapshot!(pattern("manifests"));
    insta::assert_snapshot!(pattern("shop"));
    assert!(config.requirements("nothing", &Issuers::public()).is_none());
}

#[test]
fn every_mistake_is_shown_at_its_place() {
    insta::assert_snapshot!(parse(BROKEN).unwrap_err());
}

/// A text of the platform's configuration, what must not stand there, and what may.
struct Case {
    original: &'static str,
    wrong: &'static str,
    code: Code,
    right: &'static str,
    why: &'static str,
}

const fn case(
    original: &'static str,
    wrong: &'static str,
    code: Code,
    right: &'static str,
    why: &'static str,
) -> Case {
    Case { original, wrong, code, right, why }
}

use Code::{
    ConfigConflict as Conflict, ConfigDuplicateKey as Duplicate, ConfigExceptionExpired as Expired,
    ConfigMissingKey as Missing, ConfigUnknownKey as Unknown, ConfigUnknownName as Undefined,
    ConfigUnreadable as Unreadable, ConfigWrongType as Type, ConfigWrongValue as Value,
};

const CD: &str = "{repository: acme/platform, workflow: cd.yaml, refs: [refs/heads/main]}";
const QUEUE: &str = "refs/heads/gh-readonly-queue/main/*";
const SHOP: &str =
    "{repository: ghcr.io/acme/shop/manifests, signers: [shared-app], evidence: [signature]}";

/// Every refusal beside a neighbour that is accepted.
#[rustfmt::skip]
const CASES: &[Case] = &[
    case("kind: SupplyChain", "kind: Chain", Value, "kind: \"SupplyChain\"", "another kind"),
    case("sealwright.dev/v1alpha1", "v1", Value, "'sealwright.dev/v1alpha1'", "another version"),
    case("kind: SupplyChain\n", "", Missing, "kind: SupplyChain\n\n", "no kind"),
    case("charts:", "chart:", Unknown, "charts:  ", "a key nobody reads"),
    case("contents: k8s", "<<: k8s", Unknown, "contents: k8s/", "merge keys are ordinary, unknown keys"),
    case("contents: k8s", "contents: k8s\n    contents: k8s", Duplicate, "contents: ./k8s", "the same twice is twice"),
    case("contents: k8s", "contents: /k8s", Value, "contents: ../k8s", "depends on the machine"),
    case("contents: k8s", "contents: [k8s]", Type, "contents: 'k8s'", "a list for a text"),
    case("contents: k8s", "contents:", Type, "contents: k", "nothing for a text"),
    case("  recovery: ", "  re_covery: ", Value, "  recovery:  ", "an underscore is no part of names, but the signer is known"),
    case("[cd, merge-queue, recovery]", "[cd, queue]", Undefined, "[cd]", "nobody defined it"),
    case("[cd, merge-queue, recovery]", "[cd, cd]", Conflict, "[cd, recovery]", "a signer twice"),
    case("[cd, merge-queue, recovery]", "[]", Value, "[recovery]", "signed by nobody"),
    case("[cd, merge-queue, recovery]", "cd", Type, "['cd']", "a text for a list"),
    case("[signature, provenance, sbom]", "[signature, sbm]", Value, "[signature, sbom]", "an unknown kind of evidence"),
    case("[signature, provenance, sbom]", "[]", Value, "[signature]", "nothing required"),
    case(CD, "{repository: acme/platform, workflow: cd.yaml}", Missing, CD, "any branch could sign"),
    case(CD, "{workflow: cd.yaml, refs: [refs/heads/main]}", Missing, CD, "any repository could sign"),
    case(CD, "[acme/platform]", Type, CD, "a list for a mapping"),
    case(CD, "{repository: acme, workflow: cd.yaml, refs: [refs/heads/main]}", Value,
         "{repository: acme/.github, workflow: cd.yaml, refs: [refs/heads/main]}", "no owner"),
    case(CD, "{repository: acme/.., workflow: cd.yaml, refs: [refs/heads/main]}", Value,
         "{repository: acme/a.b, workflow: cd.yaml, refs: [refs/heads/main]}", "a path trick"),
    case(CD, "{repository: acme/*, workflow: cd.yaml, refs: [refs/heads/main]}", Value,
         "{repository: Acme/Platform_1, workflow: cd.yaml, refs: [refs/heads/main]}", "a star is for refs only"),
    case(CD, "{repository: acme/platform, workflow: ../cd.yaml, refs: [refs/heads/main]}", Value,
         "{repository: acme/platform, workflow: cd.yml, refs: [refs/heads/main]}", "a path for a file name"),
    case(CD, "{repository: acme/platform, workflow: cd.yaml, refs: []}", Value,
         "{repository: acme/platform, workflow: cd.yaml, refs: [refs/tags/v1.2.3+build]}", "no ref at all"),
    case(CD, "{repository: acme/platform, workflow: cd.yaml, refs: [refs/heads/main, refs/heads/main]}", Conflict,
         "{repository: acme/platform, workflow: cd.yaml, refs: [refs/heads/main, refs/heads/next]}", "a ref twice"),
    case(CD, "{repository: acme/platform, workflow: cd.yaml, refs: [refs/heads/main], commit: any}", Conflict, CD, "a ref and a commit"),
    case(QUEUE, "main", Value, "refs/heads/main", "a branch without its prefix"),
    case(QUEUE, "refs/heads/.*", Value, "refs/heads/*", "a regular expression that git would refuse"),
    case(QUEUE, "refs/heads/release-.+", Value, "refs/heads/release-1.x", "a regular expression that git would take"),
    case(QUEUE, "refs/heads/(main|next)", Value, "refs/heads/main/next", "alternatives"),
    case(QUEUE, "refs/heads/main$", Value, "refs/heads/main@1", "an anchor"),
    case(QUEUE, "refs/heads/release-*", Value, "refs/heads/release/*", "a star for part of a segment"),
    case(QUEUE, "refs/*/main", Value, "refs/heads/*/main", "a star before heads or tags"),
    case(QUEUE, "refs/pull/*/merge", Value, "refs/heads/pull/*/merge", "what nobody reviewed"),
    case(QUEUE, "refs/heads/../main", Value, "refs/heads/a.b/main", "not a ref of git"),
    case(QUEUE, "refs/heads/", Value, "refs/heads/x", "an empty segment"),
    case(QUEUE, "refs/heads/m\u{e4}in", Value, "refs/heads/main", "stands otherwise in a certificate"),
    case("commit: any", "commit: every", Value, "commit: any ", "not the word"),
    case("commit: any", "commit: 8f4b7f84864484a7bf31766abe9204da3cbe65b3", Type,
         "commit: [8f4b7f84864484a7bf31766abe9204da3cbe65b3]", "one commit without a list"),
    case("commit: any", "commit: [8f4b7f8]", Value, "commit: [\"0000000000000000000000000000000000000000\"]", "an abbreviated commit"),
    case("commit: any", "commit: [8F4B7F84864484A7BF31766ABE9204DA3CBE65B3]", Value,
         "commit: [8f4b7f84864484a7bf31766abe9204da3cbe65b3]", "certificates have lower case"),
    case("commit: any", "commit: null", Type, "commit: any", "null is not left out"),
    case("calledFrom: [acme/shop, acme/wiki]", "", Missing, "calledFrom: [acme/shop]", "anybody could call it"),
    case("calledFrom: [acme/shop, acme/wiki]", "calledFrom: []", Value, "calledFrom: [acme/wiki]", "nobody may call it"),
    case("calledFrom: [acme/shop, acme/wiki]", "calledFrom: [acme/*]", Value, "calledFrom: [acme/a, acme/b]", "no star in repositories"),
    case(SHOP, "{repository: acme/shop, signers: [cd], evidence: [signature]}", Value,
         "{repository: localhost/acme/shop, signers: [cd], evidence: [signature]}", "whose default registry?"),
    case(SHOP, "{repository: oci://ghcr.io/acme/shop, signers: [cd], evidence: [signature]}", Value,
         "{repository: \"127.0.0.1:5000/acme/shop\", signers: [cd], evidence: [signature]}", "a URL"),
    case(SHOP, "{repository: \"ghcr.io/acme/shop:v1\", signers: [cd], evidence: [signature]}", Value,
         "{repository: \"ghcr.io:443/acme/shop\", signers: [cd], evidence: [signature]}", "a tag"),
    case(SHOP, "{repository: ghcr.io/Acme/shop, signers: [cd], evidence: [signature]}", Value,
         "{repository: ghcr.io/acme/s__h-o.p, signers: [cd], evidence: [signature]}", "upper case"),
    case(SHOP, "{repository: ghcr.io/acme/platform/manifests, signers: [cd], evidence: [signature]}", Conflict, SHOP, "two artifacts in one repository"),
    case("until: 2027-03-01", "until: 2026-11-24", Expired, "until: 2026-11-25", "ended yesterday; today is the last day"),
    case("until: 2027-03-01", "until: 2027-02-30", Value, "until: 2028-02-29", "not in the calendar"),
    case("until: 2027-03-01", "until: soon", Value, "until: '2027-03-01'", "no end"),
    case("reason: \"publisher does not sign\", ", "", Missing, "reason: why not, ", "no reason"),
    case("reason: \"publisher does not sign\"", "reason: ' '", Value, "reason: x", "a blank reason"),
    case("oci://registry.example/charts/*", "https://registry.example/charts/*", Value, "oci://registry.example/charts/a", "not OCI"),
    case("trust: devstack", "trust: dev-stack", Value, "trust: public", "an unknown trust"),
    case("flux: \"2.9\"", "flux: 2.9", Type, "flux: '2.10'", "YAML would make 2.1 of 2.10"),
    case("flux: \"2.9\"", "flux: v2.9", Value, "flux: 2.9.1", "a prefix"),
    case("flux: \"2.9\"", "certificates: flux-system/registry-ca", Value, "certificates: registry-ca", "a Secret is named without its namespace"),
    case("[flux-system/flux-system]", "[flux-system]", Value, "[flux-system/flux-system, apps/shop]", "no namespace"),
    case("[flux-system/flux-system]", "[a/b, a/b]", Conflict, "[a/b, b/a]", "a source twice"),
    case("kind: SupplyChain", "kind: *nothing", Unreadable, "kind: &a SupplyChain", "an alias without its anchor"),
    case("kind: SupplyChain", "kind: [", Unreadable, "kind: >-\n  SupplyChain", "not YAML"),
    case("kind: SupplyChain", "kind: !!set x", Unreadable, "kind: !!str SupplyChain", "a tag of another type"),
    case("kind: SupplyChain", "kind: SupplyChain\n---\nkind: x", Unreadable, "---\nkind: SupplyChain", "two documents"),
];

#[test]
fn every_refusal_has_an_accepted_neighbour() {
    for Case { original, wrong, code, right, why } in CASES {
        let right = match *right {
            "---\nkind: SupplyChain" => format!("---\n{PLATFORM}"),
            right => with(original, right),
        };
        if let Err(errors) = parse(&right) {
            panic!("{why}: the neighbour is refused:\n{right}\n{errors}");
        }
        let text = with(original, wrong);
        let errors = parse(&text).expect_err(why);
        let codes: Vec<Code> = errors.findings.iter().map(|finding| finding.code).collect();
        assert!(codes.contains(code), "{why}: {errors}");
        let beside: Vec<&Code> = codes.iter().filter(|found| *found != code).collect();
        let renamed = original.contains("recovery: ") && beside == [&Undefined];
        assert!(beside.is_empty() || renamed, "{why}: one mistake gives one code: {errors}");
    }
}

/// It spoke of a breached budget.
#[test]
fn a_second_document_is_called_one() {
    let errors = parse(&format!("{PLATFORM}---\nkind: x\n")).unwrap_err();
    assert!(errors.to_string().contains("a second YAML document begins here"), "{errors}");
}

#[test]
fn a_finding_knows_its_place_and_what_would_be_right() {
    let errors = parse(&with("workflow: ci.yaml", "workfolw: ci.yaml")).unwrap_err();
    let [unknown] = errors.findings.as_slice() else { panic!("{errors}") };
    assert_eq!(unknown.code, Unknown, "what is misspelt is not missing as well: {errors}");
    assert_eq!(
        unknown.place.to_string(),
        "sealwright.yaml:5:53 signers.merge-queue.github.workfolw"
    );
    assert_eq!(unknown.found.as_deref(), Some("workfolw"));
    assert_eq!(unknown.hint.as_deref(), Some("did you mean `workflow`?"));
}

#[test]
fn what_is_no_slip_of_the_keyboard_gets_no_suggestion() {
    let errors = parse(&with("workflow: ci.yaml", "pipeline: ci.yaml")).unwrap_err();
    assert_eq!(errors.findings.len(), 2, "one key is missing, one is unknown: {errors}");
    assert!(errors.findings.iter().all(|finding| finding.hint.is_none()), "{errors}");
}

#[test]
fn limits_are_findings() {
    let bomb = (0..12).fold("a0: &a0 [x, x, x, x]\n".to_owned(), |text, n| {
        let item = format!("*a{n}");
        let items = vec![item; 10].join(", ");
        format!("{text}a{}: &a{} [{items}]\n", n + 1, n + 1)
    });
    let exact = format!("{PLATFORM}{}", " ".repeat(CONFIG_BYTES_MAX - PLATFORM.len()));
    assert!(parse(&exact).is_ok(), "as large as may be");
    for (text, why) in [
        (format!("{exact} "), "one byte more"),
        (format!("{PLATFORM}#{}", "x".repeat(10 << 20)), "10 MB"),
        (bomb, "an alias bomb"),
        (format!("a: {}{}", "[".repeat(5000), "]".repeat(5000)), "deep flow"),
        (
            format!(
                "a:\n{}",
                (1..200).map(|n| format!("{}b:\n", " ".repeat(n))).collect::<String>()
            ),
            "deep blocks",
        ),
        (format!("a: [{}]", "x,".repeat(100_000)), "very many values"),
    ] {
        let errors = parse(&text).expect_err(why);
        let codes: Vec<Code> = errors.findings.iter().map(|finding| finding.code).collect();
        assert_eq!(codes, [Code::ConfigTooLarge], "{why}: {}", &errors.to_string()[..200]);
        assert!(errors.to_string().len() < 2000, "{why}: the message is short");
    }
}

#[test]
fn nothing_and_nonsense_are_refused_with_a_message() {
    for (text, code, why) in [
        ("", Type, "an empty file"),
        ("# nothing\n", Type, "only a comment"),
        ("[]", Type, "a list"),
        ("sealwright", Type, "a word"),
        ("\u{0}", Unreadable, "a zero byte"),
        ("{? [a]: b}", Unreadable, "a list as a key"),
    ] {
        let errors = parse(text).expect_err(why);
        assert_eq!(errors.findings[0].code, code, "{why}: {errors}");
        assert!(!errors.to_string().is_empty(), "{why}");
    }
}

#[test]
fn a_file_cannot_drive_a_terminal_through_its_messages() {
    let text = with("kind: SupplyChain", "kind: \"\\e[2J\\u202e\\r\\n\"\n\"\u{85}\\e]0;x\": 1");
    let shown = parse(&text).unwrap_err().to_string();
    let driving = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
    assert!(!shown.contains(driving), "{shown:?}");
}

#[test]
fn many_mistakes_are_counted_and_some_are_shown() {
    let wrong: String = (0..100).map(|n| format!("key{n}: 1\n")).collect();
    let errors = parse(&format!("{PLATFORM}{wrong}")).unwrap_err();
    assert_eq!(errors.findings.len(), 100);
    assert!(errors.to_string().ends_with("and 80 more"), "{errors}");
}

/// One edit of the platform's configuration, which mostly leaves it near to what is valid.
fn edited() -> impl Strategy<Value = String> {
    let noise = prop_oneof![
        Just(String::new()),
        "[-:{}\\[\\],*&!|>'\"#%@`\\n \\t]{1,3}",
        "\\PC{0,6}",
        Just("*a".to_owned()),
        Just("&a ".to_owned()),
    ];
    (0..PLATFORM.len(), 0..12usize, noise).prop_map(|(start, length, noise)| {
        let boundary = |mut index: usize| {
            index = index.min(PLATFORM.len());
            while !PLATFORM.is_char_boundary(index) {
                index -= 1;
            }
            index
        };
        let (start, end) = (boundary(start), boundary(start + length));
        format!("{}{noise}{}", &PLATFORM[..start], &PLATFORM[end..])
    })
}

proptest! {
    #[test]
    fn no_text_panics_and_no_refusal_is_silent(text in prop_oneof![edited(), any::<String>(), "\\PC*"]) {
        match parse(&text) {
            Ok(config) => {
                for name in config.artifacts.keys() {
                    let requirements = config.requirements(name, &Issuers::public()).unwrap();
                    prop_assert_eq!(requirements.signers.len(), config.artifacts[name].signers.len());
                    prop_assert!(!requirements.signers.is_empty() && !requirements.evidence.is_empty());
                }
            }
            Err(errors) => {
                prop_assert!(!errors.findings.is_empty() && !errors.to_string().is_empty());
                for finding in &errors.findings {
                    let lines = u32::try_from(text.lines().count()).unwrap() + 1;
                    prop_assert!(finding.place.line.is_none_or(|line| (1..=lines).contains(&line)));
                }
            }
        }
    }
}
