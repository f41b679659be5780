//! Whole files with commands in them: what is declared, and what is wrong.

use crate::checks::{Expected, judge};
use crate::declaration::{Declaration, Form, Matcher};
use crate::{Consumer, File, Found, discover};

use proptest::prelude::*;
use sealwright_policy::Issuers;

const ISSUER: &str = "--certificate-oidc-issuer https://token.actions.githubusercontent.com";

fn found(path: &str, text: &str) -> Found {
    discover([File { path, bytes: text.as_bytes() }])
}

/// Found by guided fuzzing: bytes that are no UTF-8 moved everything behind them.
#[test]
fn a_command_behind_bytes_that_are_no_utf8_is_found_at_its_place() {
    let line = b"cosign verify --key k img\n";
    let bytes = [&b"x: \xff\xff\xff\xe2\x82 "[..], b"\n\t", line].concat();
    let found = discover([File { path: "Makefile", bytes: &bytes }]);
    let places = found.declarations.iter().map(|one| one.at.range.clone());
    let places: Vec<&[u8]> = places.map(|range| &bytes[range]).collect();
    assert_eq!(places.len(), 1, "{:?}", found.declarations);
    assert!(places[0].starts_with(b"cosign"), "{:?}", String::from_utf8_lossy(places[0]));
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
    let claims = declaration.claims.iter().map(|claim| format!(" {}", claim.is.text));
    let claims: String = claims.collect();
    let own = declaration.consumer == Consumer::SlsaCommand && !claims.is_empty();
    let claims = if own { format!(" for{claims}") } else { String::new() };
    format!(
        "{}:{} {who} guards {}{claims}",
        declaration.at.line,
        declaration.object,
        what.join(" ")
    )
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
        ("README.md", format!("> ```sh\n> {exact}\n> ```\n"), vec![format!("2:{said}")], "a fence in a quotation"),
        ("README.md", format!("> ```yaml\n> - run: |\n>     {exact}\n> ```\n"), vec![format!("3:{said}")], "a step in one"),
        ("play.yaml", format!("- tasks:\n    - ansible.builtin.command: {exact}\n"), vec![format!("2:{said}")], "Ansible"),
        ("README.md", format!("Use {exact}.\n"), vec![], "a sentence"),
        ("README.md", "```\nUsage: cosign verify [flags]\n```\n".to_owned(), vec![], "usage"),
        (".goreleaser.yaml", format!("release:\n  footer: |\n    To check:\n    ```sh\n    {exact}\n    ```\n"), vec![format!("5:{said}")], "notes of a release"),
        ("README.md", format!("```yaml\n- run: |\n    {exact}\n```\n"), vec![format!("3:{said}")], "a step in a fence"),
        ("a.ps1", "cosign verify `\n  --key a.pub `\n  img\n".to_owned(), vec!["1:cosign verify key guards img".to_owned()], "PowerShell"),
        ("a.sh", "gh attestation verify f --repo acme/a".to_owned(), vec!["1:gh attestation verify prefix https://github.com/acme/a/ guards f".to_owned()], "gh takes the whole repository"),
        ("a.sh", "gh attestation verify f -R acme/a --signer-workflow acme/b/.github/workflows/r.yml".to_owned(), vec!["1:gh attestation verify prefix https://github.com/acme/b/.github/workflows/r.yml guards f".to_owned()], "or the workflow of another"),
        (
            "a.sh",
            "slsa-verifier verify-image ghcr.io/acme/a@sha256:0 --source-uri github.com/acme/a --builder-id https://github.com/acme/b/.github/workflows/g.yml@v1.0.0".to_owned(),
            vec!["1:slsa-verifier verify-image prefix https://github.com/acme/b/.github/workflows/g.yml@v1.0.0 guards ghcr.io/acme/a@sha256:0 for acme/a".to_owned()],
            "a builder, and whose build",
        ),
        (
            "a.sh",
            "slsa-verifier verify-artifact f --provenance-path p --source-uri git+https://github.com/acme/a --source-tag v1".to_owned(),
            vec!["1:slsa-verifier verify-artifact prefix https://github.com/slsa-framework/slsa-github-generator/.github/workflows/ guards f for acme/a v1".to_owned()],
            "the builders that are trusted without being named",
        ),
        ("a.sh", "slsa-verifier verify-image i --source-uri github.com/acme/a --builder-id https://cloudbuild.googleapis.com/GoogleHostedWorker".to_owned(), vec!["1:slsa-verifier verify-image key guards i".to_owned()], "Google's keys"),
        ("a.sh", "notation verify img".to_owned(), vec!["1:notation verify nobody guards img".to_owned()], "a trust policy"),
        ("Dockerfile", "FROM a\nRUN [\"cosign\", \"verify\", \"--key\", \"k\", \"img\"]\n".to_owned(), vec!["2:cosign verify key guards img".to_owned()], "a layer as a list of words"),
        ("Dockerfile", "FROM a\nENTRYPOINT [ \"/cosign\", \\\n \"verify\", \"--key=k\", \"img\" ]\n".to_owned(), vec!["2:cosign verify key guards img".to_owned()], "a list over two lines"),
        ("pod.yaml", "spec:\n  containers:\n    - image: a\n      command: [cosign, verify]\n      args:\n        - --key=k\n        - img\n".to_owned(), vec!["4:cosign verify key guards img".to_owned()], "a container's words"),
        ("pod.yaml", "spec:\n  containers:\n    - image: ghcr.io/sigstore/cosign/cosign:v3\n      args: [verify, --key, k, img]\n".to_owned(), vec!["3:cosign verify key guards img".to_owned()], "an image of it"),
        ("pod.yaml", "spec:\n  containers:\n    - image: a\n      args: [verify, --key, k, img]\n".to_owned(), vec![], "an image of something else"),
        ("task.yaml", "spec:\n  steps:\n    - command: [/bin/sh, -c]\n      args:\n        - |\n          set -e\n          cosign verify --key k img\n".to_owned(), vec!["7:cosign verify key guards img".to_owned()], "a shell's argument"),
        ("task.yaml", "spec:\n  steps:\n    - script: |\n        #!/bin/sh\n        cosign verify --key k img\n".to_owned(), vec!["5:cosign verify key guards img".to_owned()], "Tekton"),
        (".circleci/config.yml", "jobs:\n  a:\n    steps:\n      - run:\n          command: cosign verify --key k img\n".to_owned(), vec!["5:cosign verify key guards img".to_owned()], "CircleCI"),
        ("azure-pipelines.yml", "steps:\n  - task: Bash@3\n    inputs:\n      inlineScript: cosign verify --key k img\n".to_owned(), vec!["4:cosign verify key guards img".to_owned()], "Azure"),
        ("Taskfile.yml", "tasks:\n  a:\n    cmds:\n      - cmd: cosign verify --key k img\n".to_owned(), vec!["4:cosign verify key guards img".to_owned()], "Task"),
        ("package.json", "{\"scripts\": {\"check\": \"cosign verify --key k img\"}}".to_owned(), vec!["1:cosign verify key guards img".to_owned()], "npm"),
        ("Jenkinsfile", "stage('a') {\n  sh 'cosign verify --key k img'\n}\n".to_owned(), vec!["2:cosign verify key guards img".to_owned()], "Jenkins"),
        ("Jenkinsfile", "sh \"\"\"\n  set -e\n  cosign verify --certificate-oidc-issuer i --certificate-identity \\\"s\\\" img\n\"\"\"\n".to_owned(), vec!["3:cosign verify exact s guards img".to_owned()], "with lines and quotes"),
        ("Jenkinsfile", "echo 'cosign verify --key k img'\n".to_owned(), vec![], "what is printed"),
        ("a.tf", "provisioner \"local-exec\" {\n  command = \"cosign verify --key k img\"\n}\n".to_owned(), vec!["2:cosign verify key guards img".to_owned()], "Terraform"),
        ("a.tf", "  command = <<-EOT\n    cosign verify --key k img\n  EOT\n".to_owned(), vec!["2:cosign verify key guards img".to_owned()], "with lines"),
        ("justfile", "id := \"s\"\ncheck:\n    @cosign verify --certificate-oidc-issuer i --certificate-identity {{id}} img\n".to_owned(), vec!["3:cosign verify exact s guards img".to_owned()], "just, with its variable"),
        ("Makefile", "ID = ^s$$\ncheck:\n\t@cosign verify \\\n\t  --certificate-oidc-issuer i \\\n\t  --certificate-identity-regexp '$(ID)' $(IMG)\n".to_owned(), vec!["3:cosign verify regex ^s$ guards ${IMG}".to_owned()], "make, with its variables"),
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
            format!("cosign verify {identity} --insecure-ignore-sct --use-signed-timestamps img"),
            Some(("SW9121", "warning")),
            "a signed time says nothing of who issued the certificate",
        ),
        (
            "a.sh",
            format!("cosign verify {identity} --insecure-ignore-sct --ca-roots r img"),
            None,
            "an authority of one's own has no public log",
        ),
        (
            "a.sh",
            format!("cosign verify {identity} --allow-insecure-registry img"),
            None,
            "the way there",
        ),
        (
            "a.sh",
            "COSIGN_CERTIFICATE_IDENTITY=a COSIGN_EXPERIMENTAL=1 cosign verify img".to_owned(),
            Some(("SW9120", "error")),
            "cosign reads neither",
        ),
        (
            "a.sh",
            "slsa-verifier verify-image img".to_owned(),
            Some(("SW9120", "error")),
            "nobody's source",
        ),
        (
            "a.sh",
            "slsa-verifier verify-image i --source-uri github.com/acme/a".to_owned(),
            None,
            "a source",
        ),
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

#[test]
fn a_failure_that_nobody_sees_is_told_and_no_other() {
    let verify = "cosign verify --key k img";
    let step = |key: &str, run: &str| {
        let run = run.replace('\n', "\n          ");
        format!("jobs:\n  a:\n    steps:\n      - run: |\n          {run}\n{key}")
    };
    let workflow = ".github/workflows/a.yml";
    for (path, text, expected, why) in [
        ("a.sh", format!("{verify} || true\nb"), true, "made good"),
        ("a.sh", format!("{verify} || exit 1\nb"), false, "left"),
        ("a.sh", format!("out=$({verify} || true)\nb $out"), false, "the output is looked at"),
        ("a.sh", format!("#!/bin/sh\n{verify}\nb"), true, "nothing stops it"),
        ("a.sh", format!("#!/bin/sh\nset -eu\n{verify}\nb"), false, "it stops"),
        ("a.sh", format!("#!/bin/bash -e\n{verify}\nb"), false, "by its first line"),
        ("a.sh", format!("#!/bin/sh\n{verify}"), false, "the last answer is the script's"),
        (
            "a.sh",
            format!("#!/bin/sh\n{verify}\nif [ $? -ne 0 ]; then exit 1; fi\nb"),
            false,
            "asked",
        ),
        (
            "a.sh",
            format!("#!/bin/sh\ncheck() {{\n  {verify}\n  b\n}}\ncheck"),
            false,
            "a function; who knows",
        ),
        ("a.sh", format!("{verify}\nb"), false, "read in by another, perhaps"),
        ("a.sh", format!("#!/bin/sh\nset -e\n{verify} | jq ."), true, "a pipe"),
        ("a.sh", format!("#!/bin/bash\nset -eo pipefail\n{verify} | jq ."), false, "with pipefail"),
        (
            "a.sh",
            format!("#!/bin/sh\nset -e\n{verify} | ./check"),
            false,
            "a program that may look",
        ),
        (
            "a.sh",
            format!("#!/bin/sh\nset -e\nif ! {verify}; then\n  echo no\nfi\nb"),
            true,
            "only told",
        ),
        (
            "a.sh",
            format!("#!/bin/sh\nset -e\nif ! {verify}; then\n  echo no\n  exit 1\nfi\nb"),
            false,
            "told and left",
        ),
        ("a.sh", format!("{verify} &\nb"), true, "nobody waits"),
        ("Makefile", format!("a:\n\t-{verify}\n\tb\n"), true, "make goes on"),
        ("Makefile", format!("a:\n\t@{verify}\n\tb\n"), false, "make stops"),
        (workflow, step("", &format!("{verify}\nb")), false, "GitHub stops"),
        (workflow, step("", &format!("{verify} | jq .")), true, "GitHub has no pipefail"),
        (
            workflow,
            step("        shell: bash\n", &format!("{verify} | jq .")),
            false,
            "but where a shell is named",
        ),
        (workflow, step("        continue-on-error: true\n", verify), true, "the step may fail"),
        (workflow, step("        continue-on-error: false\n", verify), false, "it may not"),
        (
            ".gitlab-ci.yml",
            format!("a:\n  allow_failure: true\n  script:\n    - {verify}\n"),
            true,
            "GitLab",
        ),
        ("a.md", format!("```\n{verify} || true\n{verify} | jq .\n```\n"), false, "a document"),
    ] {
        let findings = found(path, &text).findings;
        let told = findings.iter().any(|finding| finding.code.to_string() == "SW9127");
        assert_eq!(told, expected, "{why}: {text}");
    }
}

#[test]
fn what_a_reader_fills_in_is_a_note_and_not_a_lock_that_nobody_opens() {
    let github = "https://github.com";
    for (subject, expected, why) in [
        (
            format!("{github}/<owner>/<repo>/.github/workflows/x.yml@refs/heads/main"),
            true,
            "brackets",
        ),
        (format!("{github}/OWNER/REPO/.github/workflows/x.yml@refs/heads/main"), true, "capitals"),
        (format!("{github}/YOUR_ORG/a/.github/workflows/x.yml@refs/heads/main"), true, "yours"),
        (format!("{github}/acme/a/.github/workflows/x.yml@refs/heads/main"), false, "a name"),
    ] {
        let text = format!(
            "```sh\ncosign verify {ISSUER} --certificate-identity \"{subject}\" img\n```\n"
        );
        let found = found("README.md", &text);
        let judged = judge(&found, &Expected { config: None, issuers: Issuers::public() });
        let own = judged.declarations.iter().flat_map(|one| &one.findings);
        let told: Vec<String> =
            judged.findings.iter().chain(own).map(ToString::to_string).collect();
        let note = told.len() == 1 && told[0].contains("placeholder, not judged");
        assert!(if expected { note } else { told.is_empty() }, "{why}: {told:?}");
        assert_eq!(judged.declarations.len(), 1, "{why}: it stays in the table");
    }
}

/// What is left of a text without the signs that a shell, make or a template takes out of it.
fn bare(text: &str) -> String {
    let signs = ['$', '`', '\'', '"', '(', ')', '{', '}', '\\', '<', '>'];
    text.chars().filter(|letter| !letter.is_whitespace() && !signs.contains(letter)).collect()
}

proptest! {
    /// In whatever file and between whatever quotes: nobody is told of whom the file does not speak.
    #[test]
    fn an_identity_is_a_text_of_the_file(
        value in "[ac$`'\"(){}|&;<> \\\\#/.@^*é-]{0,40}",
        more in "[ac$`'\"(){}|&;<> \n\\\\#-]{0,40}",
        place in 0_usize..8,
    ) {
        let command = format!("cosign verify --certificate-oidc-issuer {value} --certificate-identity-regexp \"{value}\" i {more}");
        let (path, text) = match place {
            0 => ("a.sh", command),
            1 => ("Makefile", format!("a:\n\t{command}\n")),
            2 => ("justfile", format!("a:\n  {command}\n")),
            3 => ("Dockerfile", format!("RUN [\"{command}\n")),
            4 => ("Jenkinsfile", format!("sh \"\"\"{command}\"\"\"\n")),
            5 => ("a.tf", format!("command = <<E\n{command}\nE\n")),
            6 => ("a.md", format!("```\n{command}\n```\n")),
            _ => (".github/workflows/a.yml", format!("run: |\n  {}\n", command.replace('\n', "\n  "))),
        };
        let found = found(path, &text);
        let all = bare(&text);
        for identity in found.declarations.iter().flat_map(|one| &one.identities) {
            for matcher in [&identity.issuer, &identity.subject].into_iter().flatten() {
                prop_assert!(all.contains(&bare(&matcher.text)), "{path}: {:?} of {text:?}", matcher.text);
            }
        }
    }
}
