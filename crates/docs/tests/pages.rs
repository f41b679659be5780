//! The pages of the example platform, as somebody reads them.

#![expect(clippy::unwrap_used, reason = "tests stop at the first surprise")]

use camino::Utf8Path;
use jiff::civil::date;
use sealwright_docs::{Inputs, Pages, Reader, render};
use sealwright_policy::config::Config;
use sealwright_policy::{Issuers, Report};

const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/example");

fn config() -> Config {
    let text = std::fs::read_to_string(format!("{EXAMPLE}/sealwright.yaml")).unwrap();
    Config::parse("sealwright.yaml", &text, date(2026, 11, 25)).unwrap()
}

fn report() -> Report {
    serde_json::from_str(include_str!("reports/verified.json")).unwrap()
}

fn pages(config: &Config, report: Option<&Report>, github: &str) -> Pages {
    let reader = Reader { config: "sealwright.yaml".into(), ..Reader::default() };
    let issuers = Issuers { github: github.to_owned() };
    render(&Inputs { config, report, issuers, reader }).unwrap()
}

fn page(pages: &Pages, path: &str) -> String {
    pages.files()[path].clone()
}

#[test]
fn what_was_observed_stands_on_the_pages() {
    let pages = pages(&config(), Some(&report()), &Issuers::public().github);
    for path in ["index.md", "artifacts/manifests.md", "signers/cd.md", "trust-map.svg"] {
        insta::assert_snapshot!(format!("observed-{}", path.replace('/', "-")), page(&pages, path));
    }
}

#[test]
fn without_a_report_nothing_is_said_to_be_verified() {
    let pages = pages(&config(), None, &Issuers::public().github);
    for (path, content) in pages.files() {
        assert!(!content.contains("Verified") || path == "findings.md", "{path}:\n{content}");
    }
    insta::assert_snapshot!("summary", page(&pages, "SUMMARY.md"));
    insta::assert_snapshot!("exceptions", page(&pages, "exceptions.md"));
    insta::assert_snapshot!("rename", page(&pages, "rename.md"));
    insta::assert_snapshot!("unobserved-artifact", page(&pages, "artifacts/shop.md"));
}

#[test]
fn a_refusal_is_loud_on_every_page_that_it_concerns() {
    let mut report = report();
    let refused = include_str!("reports/refused-artifact.json");
    report.artifacts[0] = serde_json::from_str(refused).unwrap();
    report.verdict = report.artifacts[0].verdict;
    let pages = pages(&config(), Some(&report), &Issuers::public().github);
    insta::assert_snapshot!("refused-artifact", page(&pages, "artifacts/manifests.md"));
    assert!(page(&pages, "index.md").contains("**Refused**"));
    assert!(page(&pages, "trust-map.svg").contains("class=\"artifact refused\""));
    assert!(page(&pages, "signers/cd.md").contains("Not seen"), "a refused signature is none");
}

#[test]
fn a_site_of_the_dev_stack_says_so() {
    for (issuer, says, why) in [
        ("http://127.0.0.1:4711", true, "loopback"),
        ("http://localhost:4711/", true, "loopback by name"),
        ("http://[::1]:4711", true, "loopback, version 6"),
        ("https://token.actions.githubusercontent.com", false, "GitHub"),
        ("https://localhost.example", false, "a name that only begins like it"),
    ] {
        let pages = pages(&config(), Some(&report()), issuer);
        for path in ["index.md", "artifacts/manifests.md", "signers/cd.md"] {
            assert_eq!(page(&pages, path).contains("Dev stack"), says, "{why}: {path}");
        }
    }
}

#[test]
fn evidence_stands_in_the_order_of_publishing_however_it_was_listed() {
    let mut reversed = report();
    reversed.artifacts[0].evidence.reverse();
    let github = Issuers::public().github;
    let (as_listed, reversed) =
        (pages(&config(), Some(&report()), &github), pages(&config(), Some(&reversed), &github));
    assert_eq!(
        page(&as_listed, "artifacts/manifests.md"),
        page(&reversed, "artifacts/manifests.md")
    );
}

#[test]
fn the_same_inputs_give_the_same_bytes() {
    let (config, report) = (config(), report());
    let github = Issuers::public().github;
    assert_eq!(pages(&config, Some(&report), &github), pages(&config, Some(&report), &github));
}

/// What the example's clusters enforce must be what its configuration says.
#[test]
fn the_examples_sources_carry_the_matcher_that_the_configuration_gives() {
    let config = config();
    for (source, artifact) in [
        ("k8s/clusters/prod/flux-system/source.yaml", "manifests"),
        ("k8s/clusters/staging/flux-system/source.yaml", "manifests"),
        ("k8s/apps/base/shop/source.yaml", "shop"),
    ] {
        let text = std::fs::read_to_string(Utf8Path::new(EXAMPLE).join(source)).unwrap();
        let documents: Vec<serde_json::Value> = serde_saphyr::from_multiple(&text).unwrap();
        let requirements = config.requirements(artifact, &Issuers::public()).unwrap();
        let expected = serde_json::json!([{
            "issuer": requirements.issuer_pattern(),
            "subject": requirements.subject_pattern(),
        }]);
        assert_eq!(documents[0]["spec"]["verify"]["matchOIDCIdentity"], expected, "{source}");
        let url = format!("oci://{}", config.artifacts[artifact].repository);
        assert_eq!(documents[0]["spec"]["url"], url, "{source}");
    }
}
