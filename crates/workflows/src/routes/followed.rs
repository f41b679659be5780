//! Scripts that steps run: what they do counts, at their own lines.

use sealwright_policy::Code;

use super::tests::{MAIN, job, of};

/// `FILE:LINE gates` of each route.
fn routes(step: &str, files: &[(&str, &str)]) -> Vec<String> {
    let workflow = job(MAIN, &[step]);
    let mut all = vec![("cd.yaml", workflow.as_str())];
    all.extend(files);
    let reports = of(&all).reports.into_iter();
    let told = reports.map(|route| {
        let (file, line) = (route.place.file.unwrap_or_default(), route.place.line.unwrap_or(0));
        let gates = route.gates.iter().filter(|gate| *gate != "branch").cloned();
        let gates: Vec<String> = gates.collect();
        format!("{file}:{line} {} after {}", route.moves, gates.join(", "))
    });
    told.map(|line| line.trim_end().to_owned()).collect()
}

const PUSH: &str = "flux push artifact oci://ghcr.io/acme/a:latest --path=./k8s";

#[test]
fn what_a_script_does_is_done_by_the_step() {
    let script = format!("#!/bin/sh\nset -e\n{PUSH}\n");
    let lines = format!("#!/bin/sh\nset -e\ncosign verify --key k ghcr.io/acme/a@x\n{PUSH}\n");
    let makefile = format!(
        "build:\n\ttrue\n\nrelease: build sign\n\t@{PUSH}\n\nsign:\n\tcosign verify --key k x\n"
    );
    let variable =
        "TAG ?= latest\nrelease:\n\tflux push artifact oci://ghcr.io/acme/a:$(TAG) --path=./k8s\n";
    let taskfile = format!(
        "version: '3'\ntasks:\n  release:\n    deps: [check]\n    cmds:\n      - {PUSH}\n  check:\n    cmds:\n      - go test ./...\n"
    );
    let package = format!("{{\n \"scripts\": {{\n  \"release\": \"{PUSH}\"\n }}\n}}\n");
    let justfile = format!(
        "release tag: check\n    {}\n\ncheck:\n    go test ./...\n",
        PUSH.replace("latest", "{{tag}}")
    );
    let moved = "ghcr.io/acme/a:latest";
    for (step, file, text, expected, why) in [
        (
            "./push.sh",
            "./push.sh",
            script.as_str(),
            format!("push.sh:3 {moved} after "),
            "by its path",
        ),
        (
            "bash hack/push.sh",
            "hack/push.sh",
            &script,
            format!("hack/push.sh:3 {moved} after "),
            "by a shell",
        ),
        (
            "cd hack && ./push.sh",
            "hack/push.sh",
            &script,
            format!("hack/push.sh:3 {moved} after "),
            "the only one of that name",
        ),
        (". ./push.sh", "./push.sh", &script, format!("push.sh:3 {moved} after "), "read in"),
        (
            "run: ./push.sh\nworking-directory: hack",
            "hack/push.sh",
            &script,
            format!("hack/push.sh:3 {moved} after "),
            "in a working directory",
        ),
        (
            "$GITHUB_WORKSPACE/bin/push",
            "bin/push",
            &script,
            format!("bin/push:3 {moved} after "),
            "without an ending",
        ),
        (
            "./push.sh",
            "push.sh",
            &lines,
            format!("push.sh:4 {moved} after verified"),
            "what it verifies counts",
        ),
        (
            "./push.sh || true",
            "push.sh",
            &lines,
            format!("push.sh:4 {moved} after "),
            "made good outside, it is taken to hold nothing",
        ),
        (
            "make release",
            "Makefile",
            &makefile,
            format!("Makefile:5 {moved} after verified"),
            "a target, and those before it",
        ),
        ("make", "Makefile", variable, format!("Makefile:3 {moved} after "), "the first target"),
        (
            "make release TAG=v2",
            "Makefile",
            variable,
            "Makefile:3 ghcr.io/acme/a:v2 after ".to_owned(),
            "a variable that is given",
        ),
        (
            "make -C deploy release",
            "deploy/Makefile",
            variable,
            format!("deploy/Makefile:3 {moved} after "),
            "in a folder",
        ),
        (
            "task release",
            "Taskfile.yml",
            &taskfile,
            format!("Taskfile.yml:6 {moved} after checks"),
            "Task",
        ),
        (
            "npm run release",
            "package.json",
            &package,
            format!("package.json:3 {moved} after "),
            "npm",
        ),
        (
            "just release latest",
            "justfile",
            &justfile,
            format!("justfile:2 {moved} after checks"),
            "just, with what it is given",
        ),
        (
            "bash -c 'flux push artifact oci://ghcr.io/acme/a:latest --path=.'",
            "x",
            "",
            format!(".github/workflows/cd.yaml:8 {moved} after "),
            "a text",
        ),
        (
            "bash <<'EOF'\ntrue\nflux push artifact oci://ghcr.io/acme/a:latest --path=.\nEOF",
            "x",
            "",
            format!(".github/workflows/cd.yaml:10 {moved} after "),
            "lines below",
        ),
    ] {
        let file = file.trim_start_matches("./");
        // A name without a folder is a workflow's in these tests.
        let text = [(file, text)];
        let found = routes(step, &text);
        assert_eq!(found, [expected.trim_end()], "{why}: {step}");
    }
}

#[test]
fn what_is_not_there_or_not_run_does_nothing() {
    let script = format!("#!/bin/sh\n{PUSH}\n");
    for (step, files, why) in [
        ("./other.sh", vec![("push.sh", script.as_str())], "another script"),
        ("push.sh", vec![("push.sh", script.as_str())], "a program of the path, for all we know"),
        (
            "./push.sh",
            vec![("a/push.sh", script.as_str()), ("b/push.sh", script.as_str())],
            "one of two",
        ),
        ("../push.sh", vec![("push.sh", script.as_str())], "outside of the repository"),
        ("/push.sh", vec![("push.sh", script.as_str())], "a path of the runner's"),
        ("cat ./push.sh", vec![("push.sh", script.as_str())], "read, and not run"),
        ("echo bash -c './push.sh'", vec![("push.sh", script.as_str())], "printed"),
        (
            "make build",
            vec![(
                "Makefile",
                "build:\n\ttrue\nrelease:\n\tflux push artifact oci://ghcr.io/acme/a:latest\n",
            )],
            "another target",
        ),
        (
            "npm run build",
            vec![(
                "package.json",
                "{\"scripts\": {\"release\": \"flux push artifact oci://ghcr.io/acme/a:latest\"}}",
            )],
            "another script of npm's",
        ),
        ("./push.md", vec![("push.md", script.as_str())], "a document"),
    ] {
        assert_eq!(routes(step, &files), Vec::<String>::new(), "{why}: {step}");
    }
}

#[test]
fn a_failure_that_a_script_hides_holds_nothing() {
    let verify = "cosign verify --key k ghcr.io/acme/a@x";
    for (step, text, gate, why) in [
        (
            format!("./v.sh\n{PUSH}"),
            format!("#!/bin/sh\nset -e\n{verify}\ntrue\n"),
            true,
            "it stops",
        ),
        (
            format!("./v.sh\n{PUSH}"),
            format!("#!/bin/sh\n{verify}\n"),
            true,
            "its answer is the script's",
        ),
        (
            format!("./v.sh\n{PUSH}"),
            format!("#!/bin/sh\n{verify}\ntrue\n"),
            false,
            "nothing stops it",
        ),
        (
            format!("./v.sh || true\n{PUSH}"),
            format!("#!/bin/sh\nset -e\n{verify}\n"),
            false,
            "made good outside",
        ),
        (format!(". ./v.sh\n{PUSH}"), format!("{verify}\ntrue\n"), true, "the step's shell stops"),
        (format!("bash -c '{verify}; true'\n{PUSH}"), String::new(), false, "a text without -e"),
        (format!("bash -ec '{verify}; true'\n{PUSH}"), String::new(), true, "a text with it"),
    ] {
        let found = routes(&step, &[("v.sh", &text)]);
        let [route] = found.as_slice() else { panic!("{why}: {found:?}") };
        assert_eq!(route.ends_with("after verified"), gate, "{why}: {step}\n{text}");
    }
}

#[test]
fn scripts_that_run_each_other_end_and_are_told() {
    let workflow = job(MAIN, &["./a.sh"]);
    for (text, told) in [("#!/bin/sh\n./a.sh\n./a.sh\n", true), ("#!/bin/sh\ntrue\n", false)] {
        let found = of(&[("cd.yaml", workflow.as_str()), ("a.sh", text)]);
        let cut = found.findings.iter().any(|finding| {
            finding.code == Code::RouteUnread && finding.message.contains("more scripts")
        });
        assert_eq!(cut, told, "{text}: {:?}", found.findings);
    }
}
