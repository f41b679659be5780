//! What would mend a file: comments, quotes and layout stay, what is not mechanical is left, and
//! mending twice changes nothing.

use sealwright_manifests::checks::Expected;
use sealwright_manifests::fix::{Mended, mend};
use sealwright_manifests::{File, discover, look};
use sealwright_pattern::{Containment, GoRegex, Language};
use sealwright_policy::{Config, Issuers};

const CONFIG: &str = include_str!("../../../../docs/example/sealwright.yaml");

fn mended(text: &str, config: Option<&Config>) -> Option<Mended> {
    let file = File { path: "source.yaml", bytes: text.as_bytes() };
    let expected = Expected { config, issuers: Issuers::public() };
    let mut all = mend(&[file], &[look(file)], &discover([file]), &expected).mended;
    assert!(all.len() < 2);
    all.pop()
}

/// The text as it would be, which must need nothing more.
fn fixed(text: &str, config: Option<&Config>) -> Option<String> {
    let mended = mended(text, config)?;
    let fixed = String::from_utf8(mended.text).expect("UTF-8");
    let again = self::mended(&fixed, config);
    assert_eq!(again.map(|again| again.changes), None, "twice: {fixed}");
    Some(fixed)
}

/// A source with this list of identities.
fn source(entries: &str) -> String {
    format!(
        "# The root of everything.\napiVersion: source.toolkit.fluxcd.io/v1\nkind: OCIRepository\nmetadata:\n  name: root   # kept as it is\nspec:\n  url: oci://ghcr.io/acme/other\n  verify:\n    provider: cosign\n    matchOIDCIdentity:{entries}\n  interval: 1m\n"
    )
}

const TIGHT: &str = r"^https://github\.com/acme/x/\.github/workflows/cd\.yaml@refs/heads/main$";
const SLIP: &str = r"https://github.com/acme/x/\.github/workflows/cd\.yaml@refs/heads/main$";
const ISSUER: &str = r"^https://token\.actions\.githubusercontent\.com$";

#[test]
fn a_pattern_is_mended_in_the_quotes_that_it_has() {
    let double = |text: &str| text.replace('\\', r"\\");
    for (entries, why) in [
        (
            format!("\n      # why\n      - issuer: {ISSUER}\n        subject: SLIP # and why\n"),
            "plain",
        ),
        (format!("\n    - issuer: '{ISSUER}'\n      subject: 'SLIP'\n"), "single quotes"),
        (
            format!("\n    - issuer: \"{}\"\n      subject: \"DSLIP\"\n", double(ISSUER)),
            "double quotes",
        ),
        (
            format!("\n    - issuer: |-\n        {ISSUER}\n      subject: |-\n        SLIP\n"),
            "literal",
        ),
        (
            format!("\n    - issuer: >-\n        {ISSUER}\n      subject: >-\n        SLIP\n"),
            "folded",
        ),
        (format!(" [{{issuer: '{ISSUER}', subject: 'SLIP'}}]"), "flow"),
        (
            format!(" [{{\"issuer\": \"{}\", \"subject\": \"DSLIP\"}},]", double(ISSUER)),
            "as in JSON",
        ),
    ] {
        let with = |pattern: &str| {
            source(&entries.replace("DSLIP", &double(pattern)).replace("SLIP", pattern))
        };
        for ending in ["\n", "\r\n"] {
            let (slip, tight) =
                (with(SLIP).replace('\n', ending), with(TIGHT).replace('\n', ending));
            assert_eq!(fixed(&slip, None).as_deref(), Some(tight.as_str()), "{why}");
            assert_eq!(fixed(&tight, None), None, "{why}: nothing is to be mended");
        }
    }
}

#[test]
fn json_stays_json() {
    let file = |subject: &str| {
        format!(
            "{{\n  \"apiVersion\": \"source.toolkit.fluxcd.io/v1\",\n  \"kind\": \"OCIRepository\",\n  \"metadata\": {{\"name\": \"root\"}},\n  \"spec\": {{\n    \"url\": \"oci://ghcr.io/acme/other\",\n    \"verify\": {{\n      \"provider\": \"cosign\",\n      \"matchOIDCIdentity\": [\n        {{\n          \"issuer\": \"{}\",\n          \"subject\": \"{}\"\n        }}\n      ]\n    }}\n  }}\n}}\n",
            ISSUER.replace('\\', r"\\"),
            subject.replace('\\', r"\\")
        )
    };
    assert_eq!(fixed(&file(SLIP), None), Some(file(TIGHT)));
}

#[test]
fn several_entries_become_one() {
    let other = TIGHT.replace("cd", "ci");
    let inside = |pattern: &str| pattern.trim_matches(['^', '$']).to_owned();
    let joined = format!("^(?:{}|{})$", inside(TIGHT), inside(&other));
    for (two, one, why) in [
        (
            format!(
                "\n      # first\n      - issuer: {ISSUER}\n        subject: {TIGHT} # a\n      - issuer: {ISSUER}\n        subject: {other}\n"
            ),
            format!("\n      # first\n      - issuer: {ISSUER}\n        subject: {joined} # a\n"),
            "a comment stays",
        ),
        (
            format!(
                " [{{issuer: '{ISSUER}', subject: '{TIGHT}'}}, {{issuer: '{ISSUER}', subject: '{other}'}}]"
            ),
            format!(" [{{issuer: '{ISSUER}', subject: '{joined}'}}]"),
            "between brackets",
        ),
        (
            format!(
                "\n    - issuer: {ISSUER}\n      subject: {SLIP}\n    - issuer: {ISSUER}\n      subject: {other}\n"
            ),
            format!("\n    - issuer: {ISSUER}\n      subject: {joined}\n"),
            "with a slip in one",
        ),
        (
            format!(
                "\n    - issuer: {ISSUER}\n      subject: {TIGHT}\n    - issuer: {ISSUER}\n      subject: {TIGHT}\n"
            ),
            format!("\n    - issuer: {ISSUER}\n      subject: {TIGHT}\n"),
            "the same twice",
        ),
    ] {
        assert_eq!(fixed(&source(&two), None), Some(source(&one)), "{why}");
    }
    let gitlab = format!(
        "\n    - issuer: {ISSUER}\n      subject: {TIGHT}\n    - issuer: ^https://gitlab\\.com$\n      subject: {other}\n"
    );
    assert_eq!(fixed(&source(&gitlab), None), None, "of two issuers, one pattern cannot be made");
}

#[test]
fn what_is_not_mechanical_is_left() {
    let one = |issuer: &str, subject: &str| {
        source(&format!("\n    - issuer: {issuer}\n      subject: {subject}\n"))
    };
    for (text, why) in [
        (one(ISSUER, r"^https://github\.com/acme/.*$"), "what is open may be meant"),
        (one(ISSUER, "'^https://github.com/acme/${REPOSITORY}/.*'"), "a template"),
        (one(ISSUER, "'^(?!x)'"), "nothing that Go compiles"),
        (one("&issuer x.y", "*issuer"), "anchors and aliases"),
        (source(" []"), "nothing is there"),
        (String::from("a: [\n"), "no YAML"),
    ] {
        assert_eq!(fixed(&text, None), None, "{why}: {text}");
    }
}

#[test]
fn no_anchor_shuts_out_everybody() {
    let one =
        |subject: &str| source(&format!("\n    - issuer: {ISSUER}\n      subject: {subject}\n"));
    assert_eq!(
        fixed(&one("https://github.com/acme/x"), None),
        Some(one(r"^https://github\.com/acme/x")),
        "it works because what follows is open"
    );
}

#[test]
fn the_configuration_says_what_is_meant() {
    let config = Config::parse("sealwright.yaml", CONFIG, jiff::civil::date(2026, 1, 1)).unwrap();
    let text = |subject: &str| {
        let entry = format!("\n    - issuer: {ISSUER}\n      subject: {subject}\n");
        source(&entry).replace("acme/other", "acme/shop/manifests")
    };
    let rendered =
        r"^https://github\.com/acme/actions/\.github/workflows/publish-app\.yaml@[0-9a-f]{40}$";
    let open = r"^https://github\.com/acme/actions/\.github/workflows/publish-app\.yaml@.+$";
    assert_eq!(fixed(&text(open), Some(&config)), Some(text(rendered)));
    assert_eq!(fixed(&text(rendered), Some(&config)), None);
    let mended = mended(&text(open), Some(&config)).unwrap();
    let diff = mended.diff("k8s/source.yaml", text(open).as_bytes());
    assert!(
        diff.starts_with("--- a/k8s/source.yaml\n+++ b/k8s/source.yaml\n@@ -9,6 +9,6 @@\n"),
        "{diff}"
    );
    assert!(
        diff.contains(&format!("-      subject: {open}\n+      subject: {rendered}\n")),
        "{diff}"
    );
    let told = mended.changes;
    assert_eq!((told[0].line, told[0].told.as_str()), (12, "written as the configuration has it"));
}

const KSAIL: &str = "apiVersion: ksail.io/v1alpha1\nkind: Cluster\nmetadata: {name: prod}\nspec:\n";

#[test]
fn a_block_that_nobody_reads_is_moved_to_where_it_is() {
    let block = |by: usize| -> String {
        let lines = [
            "verify: # why",
            "  provider: cosign",
            "",
            "  # whose",
            "  secretRef:",
            "    name: 'k'",
        ];
        lines
            .iter()
            .map(|line| match *line {
                "" => "\n".to_owned(),
                line => format!("{}{line}\n", " ".repeat(by)),
            })
            .collect()
    };
    let source = |top: &str, spec: &str| {
        format!(
            "apiVersion: source.toolkit.fluxcd.io/v1\nkind: OCIRepository\n{top}metadata: {{name: a}}\nspec:\n  \
             url: oci://ghcr.io/acme/a\n{spec}"
        )
    };
    for (wrong, right, why) in [
        (
            format!(
                "{KSAIL}  cluster:\n    name: x # kept\n{}  workload:\n    flux:\n      interval: 1m\n",
                block(4)
            ),
            format!(
                "{KSAIL}  cluster:\n    name: x # kept\n  workload:\n    flux:\n      interval: 1m\n{}",
                block(6)
            ),
            "deeper",
        ),
        (
            format!("{KSAIL}  cluster:\n{}  workload:\n    engine: flux\n", block(4)),
            format!("{KSAIL}  workload:\n    engine: flux\n    flux:\n{}", block(6)),
            "with a parent that is not there, out of one that holds nothing else",
        ),
        (source(&block(0), ""), source("", &block(2)), "from the top"),
    ] {
        for ending in ["\n", "\r\n"] {
            let (wrong, right) = (wrong.replace('\n', ending), right.replace('\n', ending));
            assert_eq!(fixed(&wrong, None).as_deref(), Some(right.as_str()), "{why}");
        }
    }
    let both = format!("{KSAIL}  cluster:\n{}  workload:\n    flux:\n{}", block(4), block(6));
    let flow =
        format!("{KSAIL}  cluster: {{verify: {{provider: cosign}}}}\n  workload: {{flux: {{}}}}\n");
    for (text, why) in [(both, "a block is there already"), (flow, "not by indentation")] {
        assert_eq!(fixed(&text, None), None, "{why}: that is somebody's to do");
    }
}

#[test]
fn a_value_that_several_share_is_mended_for_all_or_for_none() {
    let config = Config::parse("sealwright.yaml", CONFIG, jiff::civil::date(2026, 1, 1)).unwrap();
    let two = |entry: &str, urls: [&str; 2]| {
        let one = |name: &str, url: &str, entries: &str| {
            format!(
                "- apiVersion: source.toolkit.fluxcd.io/v1\n  kind: OCIRepository\n  metadata: {{name: {name}}}\n  \
                 spec:\n    url: oci://ghcr.io/acme/{url}\n    verify:\n      provider: cosign\n      \
                 matchOIDCIdentity: {entries}\n"
            )
        };
        format!(
            "kind: List\napiVersion: v1\nitems:\n{}{}",
            one("a", urls[0], &format!("&ids\n{entry}")),
            one("b", urls[1], "*ids")
        )
    };
    let entry =
        |subject: &str| format!("        - issuer: {ISSUER}\n          subject: {subject}\n");
    let alike = two(&entry(SLIP), ["x", "y"]);
    assert_eq!(fixed(&alike, None), Some(two(&entry(TIGHT), ["x", "y"])), "both want the same");
    // The one is an artifact of the configuration, with signers of its own; the other is not.
    let open = r"^https://github\.com/acme/actions/\.github/workflows/publish-app\.yaml@.+$";
    let unlike = two(&entry(open), ["shop/manifests", "y"]);
    assert_eq!(fixed(&unlike, Some(&config)), None, "the other one means something else by it");
}

/// Made of pieces in which people slip.
fn slips() -> Vec<String> {
    let pieces: [&[&str]; 5] = [
        &["", "^"],
        &["https://github.com", r"https?://github\.com"],
        &["/acme/(x|y.z)/", "/acme|other/x/"],
        &[".github/workflows/cd.yaml"],
        &["@refs/heads/main", "@.*", "", "@[0-9a-f]{40}$|^b.c$"],
    ];
    pieces.iter().fold(vec![String::new()], |begun, pieces| {
        let each =
            |one: &String| pieces.iter().map(|piece| format!("{one}{piece}")).collect::<Vec<_>>();
        begun.iter().flat_map(each).collect()
    })
}

#[test]
fn no_fix_lets_in_anybody_new() {
    let language = |pattern: &str| Language::search(&GoRegex::parse(pattern).expect("it compiles"));
    let mut mended = 0;
    for slip in slips() {
        let before = source(&format!("\n    - issuer: {ISSUER}\n      subject: '{slip}'\n"));
        let Some(after) = self::mended(&before, None) else { continue };
        let after = String::from_utf8(after.text).expect("UTF-8");
        let file = File { path: "source.yaml", bytes: after.as_bytes() };
        let found = discover([file]);
        let now = found.declarations[0].identities[0].subject.as_ref().expect("it has one");
        let contained = language(&now.text).contained_in(&language(&slip));
        assert_eq!(contained, Containment::Contained, "{slip} became {}", now.text);
        mended += 1;
    }
    assert!(mended > 20, "{mended}");
}
