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
fn a_script_sees_what_is_exported_or_given_to_it() {
    let push = "flux push artifact oci://ghcr.io/acme/a:$TAG --path=./k8s";
    let script = format!("#!/bin/sh\n{push}\n");
    for (step, tag, why) in [
        ("export TAG=v7\n./push.sh".to_owned(), "v7", "exported"),
        ("TAG=v7\nexport TAG\n./push.sh".to_owned(), "v7", "exported later"),
        ("TAG=v7 ./push.sh".to_owned(), "v7", "given to it alone"),
        ("TAG=v7\n. ./push.sh".to_owned(), "v7", "read into the same shell"),
        ("TAG=v7\n./push.sh".to_owned(), "${TAG}", "the shell's own"),
        (format!("TAG=v7\nbash -c \"{push}\""), "v7", "put in before the other shell reads it"),
        (format!("TAG=v7\n{push}"), "v7", "no script"),
        (format!("git config TAG=v7\n{push}"), "${TAG}", "a word of another command"),
        (format!("TAG=v7\nfor TAG in $TAGS; do\n{push}\ndone"), "${TAG}", "each of a loop"),
    ] {
        let found = routes(&step, &[("push.sh", &script)]);
        let [route] = found.as_slice() else { panic!("{why}: {found:?}") };
        assert!(route.contains(&format!(" ghcr.io/acme/a:{tag} after")), "{why}: {route}");
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

/// Two scripts of one name: which of them a step runs, its folder decides.
#[test]
fn a_script_is_the_one_of_the_folder_that_it_is_run_in() {
    let script = |tag: &str| format!("#!/bin/sh\nset -e\n{}\n", PUSH.replace("latest", tag));
    let (top, deep, other) = (script("top"), script("deep"), script("other"));
    let lib = "cd deep\n";
    let makefile = "release:\n\t./push.sh\n";
    let by_own = "#!/bin/sh\nset -e\ncd \"$(dirname \"$0\")\"\n./push.sh\n";
    let by_variable = "#!/bin/sh\nset -e\nHERE=\"$(cd \"$(dirname \"${BASH_SOURCE[0]}\")\" && pwd)\"\n\"$HERE/push.sh\"\n";
    let files = [
        ("push.sh", top.as_str()),
        ("deep/push.sh", &deep),
        ("other/push.sh", &other),
        ("lib.sh", lib),
        ("Makefile", makefile),
        ("deep/Makefile", makefile),
        ("deep/own.sh", by_own),
        ("deep/variable.sh", by_variable),
    ];
    for (step, expected, why) in [
        ("./push.sh", "push", "at the root"),
        ("cd deep\n./push.sh", "deep/push", "behind a cd"),
        ("cd deep && ./push.sh", "deep/push", "in one list"),
        ("cd deep && true\ncd ..\n./push.sh", "push", "and back"),
        ("cd -\n./push.sh", "", "to where nobody wrote down"),
        ("cd other\ncd ../deep\ncd -\n./push.sh", "other/push", "to where it was before"),
        ("(cd deep && true)\n./push.sh", "push", "a shell of its own"),
        ("(cd deep && ./push.sh)", "deep/push", "within it"),
        ("X=$(cd deep && ls)\n./push.sh", "push", "a substitution"),
        ("pushd deep\npopd\n./push.sh", "push", "put away and taken again"),
        ("pushd deep >/dev/null\n./push.sh", "deep/push", "put away"),
        ("cd deep; bash ../other/push.sh", "other/push", "from there"),
        ("cd deep\n$GITHUB_WORKSPACE/push.sh", "push", "from the root all the same"),
        ("cd deep\ncd \"$(git rev-parse --show-toplevel)\"\n./push.sh", "push", "by git"),
        ("D=deep\ncd $D\n./push.sh", "deep/push", "by a variable"),
        ("cd \"$UNKNOWN\"\n./push.sh", "", "by one that is not on paper: there are three"),
        ("cd /opt/tools\n./push.sh", "", "outside of the checkout"),
        ("if [ -n \"$X\" ]; then\n  cd deep\nfi\n./push.sh", "", "perhaps"),
        ("for d in a b; do\n  cd $d\n  cd -\ndone\n./push.sh", "push", "and back each time"),
        ("if true; then\n  cd deep\n  ./push.sh\nfi", "deep/push", "within the branch"),
        (". ./lib.sh\n./push.sh", "deep/push", "by what is read in"),
        ("bash lib.sh\n./push.sh", "push", "which a shell of its own keeps"),
        ("run: ./push.sh\nworking-directory: deep", "deep/push", "of the step"),
        ("run: ../other/push.sh\nworking-directory: deep/", "other/push", "from there"),
        ("make -C deep release", "deep/push", "by make"),
        ("make -f deep/Makefile release", "push", "which stays where it is"),
        ("cd deep && make release", "deep/push", "which is there already"),
        ("./deep/own.sh", "deep/push", "beside itself"),
        ("./deep/variable.sh", "deep/push", "beside itself, by a variable"),
        ("cd deep\nbash -euo pipefail push.sh", "deep/push", "by a shell with options"),
    ] {
        let found = routes(step, &files);
        let tag = match expected {
            "push" => "top",
            "deep/push" => "deep",
            _ => "other",
        };
        let expected: Vec<String> = match expected {
            "" => vec![],
            file => vec![format!("{file}.sh:3 ghcr.io/acme/a:{tag} after")],
        };
        assert_eq!(found, expected, "{why}: {step}");
    }
}

#[test]
fn defaults_say_where_and_by_which_shell_a_step_is_run() {
    let files = [("push.sh", PUSH), ("deep/push.sh", &PUSH.replace("latest", "deep"))];
    let verify = "cosign verify --key k ghcr.io/acme/a@x | tee log";
    let defaults = |run: &str| format!("defaults: {{run: {{{run}}}}}\n");
    for (top, own, step, moves, gates, why) in [
        ("", "", "", "latest", "branch", "by nobody"),
        ("working-directory: deep", "", "", "deep", "branch", "of the workflow"),
        ("working-directory: no", "working-directory: deep", "", "deep", "branch", "of the job"),
        ("", "working-directory: deep", "working-directory: .", "latest", "branch", "of the step"),
        ("shell: bash", "", "", "latest", "verified, branch", "bash with pipefail"),
        ("shell: bash", "", "shell: sh", "latest", "branch", "of the step"),
    ] {
        let more = if step.is_empty() { String::new() } else { format!("\n{step}") };
        let folder = if more.contains("working") { more.as_str() } else { "" };
        let lines = [format!("run: {verify}{more}"), format!("run: ./push.sh{folder}")];
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let own = format!("jobs:\n  publish:\n    {}", defaults(own));
        let workflow = job(MAIN, &lines).replace("jobs:\n  publish:\n", &own);
        let workflow = format!("{}{workflow}", defaults(top));
        let mut all = vec![("cd.yaml", workflow.as_str())];
        all.extend(files.iter().map(|(path, text)| (*path, *text)));
        let found = of(&all).reports;
        let [route] = found.as_slice() else { panic!("{why}: {found:?}") };
        assert_eq!(route.moves, format!("ghcr.io/acme/a:{moves}"), "{why}");
        assert_eq!(route.gates.join(", "), gates, "{why}");
    }
}

#[test]
fn a_checkout_says_what_lies_where() {
    let checkout = |with: &str| format!("uses: actions/checkout@v5\nwith: {{{with}}}");
    let files = [("hack/push.sh", PUSH)];
    for (steps, routes, why) in [
        (vec![checkout(""), "hack/push.sh".into()], 1, "at the root"),
        (vec![checkout("path: src"), "src/hack/push.sh".into()], 1, "below a folder"),
        (vec![checkout("path: src"), "cd src/hack && ./push.sh".into()], 1, "from there"),
        (
            vec![checkout(""), checkout("path: o, repository: acme/o"), "o/hack/push.sh".into()],
            0,
            "another repository's script of that name",
        ),
        (
            vec![
                checkout("path: o, repository: '${{ github.repository }}'"),
                "o/hack/push.sh".into(),
            ],
            1,
            "this one by its name",
        ),
    ] {
        let lines: Vec<&str> = steps.iter().map(String::as_str).collect();
        let workflow = job(MAIN, &lines);
        let mut all = vec![("cd.yaml", workflow.as_str())];
        all.extend(files);
        assert_eq!(of(&all).reports.len(), routes, "{why}");
    }
}

/// What is taken by its name alone may move a tag, and is not known to hold one back.
#[test]
fn what_is_not_sure_to_be_run_holds_nothing() {
    let verify = "#!/bin/sh\nset -e\ncosign verify --key k ghcr.io/acme/a@x\n";
    for (step, gates) in
        [("cd hack && ./v.sh", "verified, branch"), ("cd \"$X\"; ./v.sh", "branch")]
    {
        let workflow = job(MAIN, &[step, PUSH]);
        let found = of(&[("cd.yaml", workflow.as_str()), ("hack/v.sh", verify)]);
        assert_eq!(found.reports[0].gates.join(", "), gates, "{step}");
        assert_eq!(found.findings, [], "{step}");
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
