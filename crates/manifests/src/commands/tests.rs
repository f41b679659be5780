//! Whole files with commands in them: what is declared, and what is wrong.

use crate::declaration::{Declaration, Form, Matcher};
use crate::{File, Found, discover};

const ISSUER: &str = "--certificate-oidc-issuer https://token.actions.githubusercontent.com";

fn found(path: &str, text: &str) -> Found {
    discover([File { path, bytes: text.as_bytes() }])
}

fn half(matcher: Option<&Matcher>) -> String {
    let Some(matcher) = matcher else { return "-".to_owned() };
    let form = match matcher.form {
        Form::Regex => "regex",
        Form::Glob => "glob",
        Form::Exact => "exact",
        Form::Prefix => "prefix",
    };
    format!("{form} {}{}", matcher.text, if matcher.whole { "" } else { "?" })
}

fn shown(declaration: &Declaration) -> String {
    let who = match declaration.identities.as_slice() {
        [] if declaration.key => "key".to_owned(),
        [] => "nobody".to_owned(),
        [one] => half(one.subject.as_ref()),
        more => format!("{} identities", more.len()),
    };
    let what: Vec<&str> = declaration.guards.iter().map(|guard| guard.what.as_str()).collect();
    format!("{}:{} {who} guards {}", declaration.at.line, declaration.object, what.join(" "))
}

#[test]
fn commands_are_found_wherever_they_are_run_or_told() {
    let exact = format!(
        "cosign verify {ISSUER} --certificate-identity https://github.com/acme/a/.github/workflows/r.yml@refs/heads/main img"
    );
    let said = "cosign verify exact https://github.com/acme/a/.github/workflows/r.yml@refs/heads/main guards img";
    for (path, text, expected, why) in [
        ("a.sh", format!("set -e\n{exact}\n"), vec![format!("2:{said}")], "a script"),
        ("bin/check", format!("#!/usr/bin/env bash\n{exact}\n"), vec![format!("2:{said}")], "a script by its first line"),
        ("Makefile", format!("verify:\n\t@{exact}\n"), vec![format!("2:{said}")], "a recipe"),
        ("Dockerfile", format!("FROM a\nRUN {exact}\n"), vec![format!("2:{said}")], "a layer"),
        (".github/workflows/a.yml", format!("jobs:\n  a:\n    steps:\n      - run: |\n          set -e\n          {exact}\n"), vec![format!("6:{said}")], "a step"),
        (".github/workflows/a.yml", format!("jobs:\n  a:\n    steps:\n      - run: {exact}\n"), vec![format!("4:{said}")], "a step of one line"),
        (".github/workflows/a.yml", format!("a:\n  run: >-\n    {}\n", exact.replace(" --", "\n    --")), vec![format!("3:{said}")], "a folded step"),
        (".gitlab-ci.yml", format!("a:\n  script:\n    - echo\n    - {exact}\n"), vec![format!("4:{said}")], "a list of lines"),
        ("README.md", format!("# a\n\n```console\n$ {exact}\n```\n"), vec![format!("4:{said}")], "a fence"),
        ("README.md", format!("Use {exact}.\n"), vec![], "a sentence"),
        ("README.md", "```\nUsage: cosign verify [flags]\n```\n".to_owned(), vec![], "usage"),
        (".goreleaser.yaml", format!("release:\n  footer: |\n    To check:\n    ```sh\n    {exact}\n    ```\n"), vec![format!("5:{said}")], "notes of a release"),
        ("README.md", format!("```yaml\n- run: |\n    {exact}\n```\n"), vec![format!("3:{said}")], "a step in a fence"),
        ("a.ps1", "cosign verify `\n  --key a.pub `\n  img\n".to_owned(), vec!["1:cosign verify key guards img".to_owned()], "PowerShell"),
        ("a.sh", "gh attestation verify f --repo acme/a".to_owned(), vec!["1:gh attestation verify prefix https://github.com/acme/a/ guards f".to_owned()], "gh takes the whole repository"),
        ("a.sh", "gh attestation verify f -R acme/a --signer-workflow acme/b/.github/workflows/r.yml".to_owned(), vec!["1:gh attestation verify prefix https://github.com/acme/b/.github/workflows/r.yml guards f".to_owned()], "or the workflow of another"),
        ("a.sh", "flux create source oci a --url oci://ghcr.io/acme/a --verify-provider=cosign --verify-subject='^b$' --verify-issuer='^c$'".to_owned(), vec!["1:flux create source oci regex ^b$ guards oci://ghcr.io/acme/a".to_owned()], "flux writes a source"),
    ] {
        let declarations: Vec<String> = found(path, &text).declarations.iter().map(shown).collect();
        assert_eq!(declarations, expected, "{why}: {text}");
    }
}

#[test]
fn what_a_script_fills_in_is_known_when_it_says_so_once() {
    for (before, value, expected, why) in [
        ("ID=^a$", "\"$ID\"", "regex ^a$", "set before"),
        ("export ID='^a$'", "${ID}", "regex ^a$", "exported"),
        ("ID=^a$\nID=^b$", "$ID", "regex $ID?", "set twice: who knows"),
        ("", "$ID", "regex $ID?", "set elsewhere"),
        ("", "\"^a/${TAG}$\"", "regex ^a/${TAG}$?", "a part of it"),
        ("", "'^a/{{ .Tag }}$'", "regex ^a/{{ .Tag }}$?", "a template, quoted or not"),
        ("", "'^a$'", "regex ^a$", "nothing to fill in"),
    ] {
        let text =
            format!("{before}\ncosign verify {ISSUER} --certificate-identity-regexp {value} img");
        let found = found("a.sh", &text);
        let subject = found.declarations[0].identities[0].subject.as_ref();
        assert_eq!(half(subject), expected, "{why}: {text}");
    }
}

#[test]
fn what_is_wrong_with_a_command_is_told_at_its_line() {
    let identity = "--certificate-identity a --certificate-oidc-issuer b";
    for (path, line, expected, why) in [
        ("a.sh", "cosign verify img".to_owned(), Some(("SW9120", "error")), "nobody in particular"),
        (
            "a.md",
            "```\ncosign verify img\n```".to_owned(),
            Some(("SW9120", "warning")),
            "told in a document, run by nobody yet",
        ),
        (
            "a.sh",
            "cosign verify --certificate-identity a img".to_owned(),
            Some(("SW9120", "error")),
            "no issuer",
        ),
        ("a.sh", "cosign verify --key k img".to_owned(), None, "a key is an identity"),
        ("a.sh", format!("cosign verify {identity} img"), None, "both halves"),
        (
            "a.sh",
            "cosign verify \"${args[@]}\" img".to_owned(),
            None,
            "nobody knows what the list holds",
        ),
        ("a.md", "```\ncosign verify <image>\n```".to_owned(), None, "a sketch"),
        ("a.sh", "cosign verify --help".to_owned(), None, "help"),
        (
            "a.sh",
            format!("cosign verify {identity} --insecure-ignore-tlog img"),
            Some(("SW9121", "warning")),
            "no log",
        ),
        (
            "a.sh",
            format!("cosign verify {identity} --insecure-ignore-tlog=false img"),
            None,
            "switched off",
        ),
        (
            "a.sh",
            format!("cosign verify {identity} --insecure-ignore-tlog --use-signed-timestamps img"),
            None,
            "a signed time instead",
        ),
        (
            "a.sh",
            "cosign verify --key k --insecure-ignore-tlog img".to_owned(),
            None,
            "a key does not expire",
        ),
        (
            "a.sh",
            format!("cosign verify {identity} --check-claims=false img"),
            Some(("SW9122", "error")),
            "another artifact's signature",
        ),
        (
            "a.sh",
            "gh attestation verify f --owner acme".to_owned(),
            Some(("SW9123", "warning")),
            "anybody of the owner",
        ),
        (
            "a.sh",
            "gh attestation verify f --owner acme --signer-repo acme/b".to_owned(),
            None,
            "one repository of the owner",
        ),
        ("a.sh", "gh attestation verify f --repo acme/a".to_owned(), None, "one repository"),
        (
            "a.sh",
            "gh attestation verify f".to_owned(),
            Some(("SW9120", "error")),
            "gh refuses to run",
        ),
    ] {
        let findings = found(path, &line).findings;
        let told: Vec<(String, String)> = findings
            .iter()
            .map(|finding| {
                let severity = format!("{:?}", finding.severity).to_lowercase();
                (finding.code.to_string(), severity)
            })
            .collect();
        let expected: Vec<(String, String)> = expected
            .iter()
            .map(|(code, severity)| ((*code).to_owned(), (*severity).to_owned()))
            .collect();
        assert_eq!(told, expected, "{why}: {line}");
    }
}
