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

/// A cluster that was seen, and one that only imitates one.
fn clusters() -> Vec<Report> {
    let staging = include_str!("reports/staging-simulated.json");
    let prod = include_str!("reports/prod.json");
    [staging, prod].map(|text| serde_json::from_str(text).unwrap()).into()
}

fn at(mut report: Report, time: &str) -> Report {
    report.judged_at = time.parse().unwrap();
    report
}

fn pages(config: &Config, reports: &[Report], github: &str) -> Pages {
    let reader = Reader { config: "sealwright.yaml".into(), ..Reader::default() };
    let issuers = Issuers { github: github.to_owned() };
    render(&Inputs { config, reports, issuers, reader }).unwrap()
}

fn page(pages: &Pages, path: &str) -> String {
    pages.files()[path].clone()
}

#[test]
fn what_was_observed_stands_on_the_pages() {
    let pages = pages(&config(), &[report()], &Issuers::public().github);
    for path in ["index.md", "artifacts/manifests.md", "signers/cd.md", "trust-map.svg"] {
        insta::assert_snapshot!(format!("observed-{}", path.replace('/', "-")), page(&pages, path));
    }
}

#[test]
fn without_a_report_nothing_is_said_to_be_verified() {
    let pages = pages(&config(), &[], &Issuers::public().github);
    for (path, content) in pages.files() {
        assert!(!content.contains("Verified") || path == "findings.md", "{path}:\n{content}");
        assert!(!content.contains("the lock held"), "{path}:\n{content}");
    }
    insta::assert_snapshot!("summary", page(&pages, "SUMMARY.md"));
    insta::assert_snapshot!("exceptions", page(&pages, "exceptions.md"));
    insta::assert_snapshot!("rename", page(&pages, "rename.md"));
    insta::assert_snapshot!("unobserved-controls", page(&pages, "controls.md"));
    insta::assert_snapshot!("unobserved-artifact", page(&pages, "artifacts/shop.md"));
}

#[test]
fn a_refusal_is_loud_on_every_page_that_it_concerns() {
    let mut report = report();
    let refused = include_str!("reports/refused-artifact.json");
    report.artifacts[0] = serde_json::from_str(refused).unwrap();
    report.verdict = report.artifacts[0].verdict;
    let pages = pages(&config(), std::slice::from_ref(&report), &Issuers::public().github);
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
        let pages = pages(&config(), &[report()], issuer);
        for path in ["index.md", "artifacts/manifests.md", "signers/cd.md"] {
            assert_eq!(page(&pages, path).contains("Dev stack"), says, "{why}: {path}");
        }
    }
}

#[test]
fn what_was_seen_of_clusters_stands_on_the_pages() {
    let pages = pages(&config(), &clusters(), &Issuers::public().github);
    for path in ["index.md", "running.md", "coverage.md", "controls.md", "last-known-good.md"] {
        insta::assert_snapshot!(format!("clusters-{path}"), page(&pages, path));
    }
    assert!(page(&pages, "signers/cd.md").contains("proven time"), "seen in what runs");
}

#[test]
fn what_is_simulated_says_so_on_every_page_and_line() {
    let github = Issuers::public().github;
    let simulated = pages(&config(), &clusters()[..1], &github);
    let real = pages(&config(), &clusters()[1..], &github);
    for path in ["index.md", "running.md", "coverage.md", "controls.md", "last-known-good.md"] {
        assert!(page(&simulated, path).contains("> **Simulated.**"), "{path}");
        assert!(!page(&real, path).to_lowercase().contains("simulated"), "{path}");
    }
    for path in ["running.md", "coverage.md", "controls.md", "last-known-good.md"] {
        let page = page(&simulated, path);
        let rows = page.lines().filter(|line| line.starts_with("| ") && line.contains("Verified"));
        for row in rows.filter(|row| !row.starts_with("| environment |")) {
            assert!(row.contains("simulated"), "{path}: {row}");
        }
    }
}

#[test]
fn what_is_simulated_never_stands_in_for_what_is_not() {
    let mut reports = clusters();
    let cluster = reports[0].cluster.as_mut().unwrap();
    cluster.environment = "prod".to_owned();
    reports[0] = at(reports[0].clone(), "2027-01-01T00:00:00Z");
    let coverage = page(&pages(&config(), &reports, &Issuers::public().github), "coverage.md");
    assert!(coverage.contains("| prod | 2 | 1 | 1 |"), "{coverage}");
    assert!(coverage.contains("## prod (simulated)"), "{coverage}");
}

#[test]
fn of_each_thing_the_latest_counts_and_at_the_same_time_the_worst() {
    let github = Issuers::public().github;
    let mut refused = clusters().remove(1);
    refused.sources.truncate(1);
    refused.sources[0].verdict = sealwright_policy::Verdict::Refused;
    let mut good = clusters().remove(1);
    good.sources.truncate(1);
    let row = |reports: &[Report]| page(&pages(&config(), reports, &github), "coverage.md");
    for (first, second, expected, why) in [
        ("2026-11-25T09:00:00Z", "2026-11-25T10:00:00Z", "| prod | 1 | 0 | 1 |", "refused later"),
        ("2026-11-25T11:00:00Z", "2026-11-25T10:00:00Z", "| prod | 1 | 1 | 0 |", "mended later"),
        ("2026-11-25T10:00:00Z", "2026-11-25T10:00:00Z", "| prod | 1 | 0 | 1 |", "at once"),
    ] {
        let two = [at(good.clone(), first), at(refused.clone(), second)];
        assert!(row(&two).contains(expected), "{why}");
        let [one, other] = two;
        assert!(row(&[other, one]).contains(expected), "{why}, listed the other way round");
    }
}

#[test]
fn the_last_known_good_is_what_was_served_verified_and_not_refused_since() {
    let github = Issuers::public().github;
    let row = |reports: &[Report]| {
        let page = page(&pages(&config(), reports, &github), "last-known-good.md");
        let mut rows = page.lines().filter(|line| line.starts_with("| prod | flux-system/"));
        rows.next().unwrap().to_owned()
    };
    let mut before = at(clusters().remove(1), "2026-11-24T00:00:00Z");
    before.sources.truncate(1);
    let mut now = at(before.clone(), "2026-11-25T00:00:00Z");
    now.sources[0].revision = Some(format!("latest@sha256:{}", "5a".repeat(32)));
    now.sources[0].verdict = sealwright_policy::Verdict::Refused;
    now.sources[0].judged = None;
    let both = row(&[before.clone(), now.clone()]);
    assert!(both.contains("| Refused |") && both.contains("sha256:4f4f"), "{both}");
    assert!(both.contains("2026-11-24"), "when it was good: {both}");
    let alone = row(std::slice::from_ref(&now));
    assert!(alone.contains("none known"), "serving is not being good: {alone}");
    let mut other_digest = before.clone();
    other_digest.sources[0].revision = now.sources[0].revision.clone();
    let other = row(&[other_digest]);
    assert!(other.contains("none known"), "another digest was judged: {other}");
    let mut judged = now.clone();
    judged.sources[0].judged = before.sources[0].judged.clone();
    judged.sources[0].judged.as_mut().unwrap().verdict = sealwright_policy::Verdict::Refused;
    let since = row(&[before, judged]);
    assert!(since.contains("none known"), "it was refused since: {since}");
}

#[test]
fn a_control_that_was_accepted_is_loud() {
    let mut reports = clusters();
    reports[0].controls[0].verdict = sealwright_policy::Verdict::Refused;
    let accepted = pages(&config(), &reports, &Issuers::public().github);
    assert!(page(&accepted, "controls.md").contains("> **Accepted.** unsigned in staging"));
    assert!(page(&accepted, "controls.md").contains("| unsigned | ACCEPTED"));
    assert!(page(&accepted, "index.md").contains("control was accepted"));
    let held = pages(&config(), &clusters(), &Issuers::public().github);
    assert!(!page(&held, "controls.md").contains("Accepted"), "its neighbour is quiet");
}

#[test]
fn evidence_stands_in_the_order_of_publishing_however_it_was_listed() {
    let mut reversed = report();
    reversed.artifacts[0].evidence.reverse();
    let github = Issuers::public().github;
    let (as_listed, reversed) =
        (pages(&config(), &[report()], &github), pages(&config(), &[reversed], &github));
    assert_eq!(
        page(&as_listed, "artifacts/manifests.md"),
        page(&reversed, "artifacts/manifests.md")
    );
}

#[test]
fn the_same_inputs_give_the_same_bytes() {
    let (config, report) = (config(), report());
    let github = Issuers::public().github;
    assert_eq!(
        pages(&config, std::slice::from_ref(&report), &github),
        pages(&config, std::slice::from_ref(&report), &github)
    );
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
