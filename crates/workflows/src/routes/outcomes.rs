//! What becomes of a route when something on it fails, or is not what it looks like.

use super::tests::{MAIN, RIGHTS, SIGN, STAGE, TAG, VERIFY, job, of};
use super::*;

#[test]
fn a_failure_that_nobody_sees() {
    for (lines, expected, why) in [
        (&[STAGE, SIGN, VERIFY, TAG][..], 0, "all fail loudly"),
        (&[STAGE, &format!("{SIGN} || true"), TAG], 1, "or true"),
        (&[STAGE, &format!("continue-on-error: true\nrun: {SIGN}"), TAG], 1, "continue-on-error"),
        (&[STAGE, SIGN, &format!("{VERIFY} | jq ."), TAG], 1, "a pipe in GitHub's default shell"),
        (
            &[STAGE, SIGN, &format!("shell: bash\nrun: {VERIFY} | jq ."), TAG],
            0,
            "which fails in bash",
        ),
        (&[STAGE, SIGN, &format!("{VERIFY} || exit 1"), TAG], 0, "or leaves"),
        (&[&format!("{VERIFY} || true")], 0, "not on the way to a tag"),
    ] {
        let found = of(&[("cd.yaml", &job(MAIN, lines))]);
        let unseen = found.findings.iter().filter(|f| f.code == Code::SigningFailureUnseen);
        assert_eq!(unseen.count(), expected, "{why}: {:#?}", found.findings);
    }
}

#[test]
fn a_tag_that_moves_whatever_happened() {
    let tag = |condition: &str| format!("if: {condition}\nrun: {TAG}");
    for (condition, expected, why) in [
        ("always()", 1, "also after a failure"),
        ("${{ !cancelled() }}", 1, "the same"),
        ("success()", 0, "the default"),
        ("always() && steps.verify.outcome == 'success'", 0, "asks"),
        ("github.ref == 'refs/heads/main'", 0, "something else"),
        ("failure()", 1, "only after a failure"),
        ("success() || failure()", 1, "whatever was the end"),
        ("always() && !failure()", 0, "not after a failure"),
    ] {
        let found = of(&[("cd.yaml", &job(MAIN, &[STAGE, SIGN, VERIFY, &tag(condition)]))]);
        let moves = found.findings.iter().filter(|f| f.code == Code::TagMovesWhatever);
        assert_eq!(moves.count(), expected, "{why}: {:#?}", found.findings);
    }
}

#[test]
fn what_runs_after_a_failure_alone_is_a_route_and_no_gate() {
    let rescue = |line: &str| format!("if: failure()\nrun: {line}");
    let routes = |lines: &[&str]| of(&[("cd.yaml", &job(MAIN, lines))]).reports;
    assert_eq!(routes(&["make", &rescue(TAG)]).len(), 1, "it moves the tag");
    assert_eq!(routes(&["make", &rescue("echo failed")]).len(), 0, "it tells somebody");
    assert_eq!(routes(&[VERIFY, TAG])[0].gates, ["verified", "branch"]);
    assert_eq!(routes(&[&rescue(VERIFY), TAG])[0].gates, ["branch"], "nobody verifies");
    let perhaps = format!("if: failure() || inputs.strict\nrun: {VERIFY}");
    assert_eq!(routes(&[&perhaps, TAG])[0].gates, ["branch"], "perhaps nobody verifies");
}

#[test]
fn a_push_is_reviewed_where_proposals_are_and_the_branch_is_named() {
    let proposals = job("pull_request", &["make test"]);
    for (on, gates, why) in [
        (MAIN, &["branch", "pull request"][..], "one branch"),
        ("{push: {branches: [main, next]}}", &["branch", "pull request"], "two by their names"),
        ("{push: {branches: ['release/*']}}", &[], "which of those are protected is not on paper"),
        ("{push: {branches: ['**']}}", &[], "anybody's branch"),
        ("{push: {branches-ignore: [wip]}}", &[], "all but one"),
        ("{push: {tags: ['v*']}}", &[], "a tag is on no branch"),
        ("{schedule: [{cron: 0 0 * * *}]}", &["branch"], "nobody has proposed anything"),
        ("workflow_dispatch", &[], "by hand, from wherever"),
    ] {
        let found = of(&[("cd.yaml", &job(on, &[TAG])), ("pr.yaml", &proposals)]);
        assert_eq!(found.reports[0].gates, gates, "{why}: {on}");
    }
    assert_eq!(of(&[("cd.yaml", &job(MAIN, &[TAG]))]).reports[0].gates, ["branch"], "no proposals");
}

/// What a repository calls of itself by its full name is followed; at another version it may be another
/// text, which is said, and holds nothing.
#[test]
fn a_repository_that_names_its_own_files_in_full_is_followed() {
    let caller = |work: &str| format!("on: {MAIN}\njobs:\n  call:\n    {RIGHTS}\n    {work}\n");
    let called = |file: &str| caller(&format!("uses: {file}"));
    let used = |file: &str| caller(&format!("runs-on: x\n    steps: [{{uses: '{file}'}}]"));
    let shared = job("workflow_call", &[STAGE, SIGN, VERIFY, TAG]);
    let action = format!(
        "runs:\n  using: composite\n  steps:\n    - {{shell: bash, run: '{VERIFY}'}}\n    - {{shell: bash, run: '{TAG}'}}\n"
    );
    let all = "signed, verified, branch";
    let file = "acme/platform/.github/workflows/shared.yaml";
    for (text, gates, told, why) in [
        (called("./.github/workflows/shared.yaml"), all, 0, "the same commit"),
        (called(&format!("{file}@main")), all, 0, "the branch that this is"),
        (called(&format!("{file}@refs/heads/main")), all, 0, "the same in full"),
        (called(&format!("{file}@v1")), "branch", 1, "a tag"),
        (
            called(&format!("{file}@08c6903cd8c0fde910a37f88322edcfb5dd907a8")),
            "branch",
            1,
            "a commit",
        ),
        (called("acme/other/.github/workflows/shared.yaml@v1"), "", 1, "of another repository"),
        (called("acme/platform/.github/workflows/gone.yaml@v1"), "", 1, "not here any more"),
        (used("acme/platform/move@main"), "verified, branch", 0, "an action"),
        (used("acme/platform/move@v1"), "branch", 1, "an action at a tag"),
    ] {
        let files =
            [("cd.yaml", text.as_str()), ("shared.yaml", &shared), ("move/action.yaml", &action)];
        let tree = super::tests::read(&files);
        let about = About { repository: Some("acme/platform"), default_branch: Some("main") };
        let found = routes(&tree, about, None);
        let held = found.reports.first().map(|route| route.gates.join(", ")).unwrap_or_default();
        assert_eq!(held, gates, "{why}: {:?}", found.reports);
        let other = found.findings.iter().filter(|one| one.code != Code::RouteUnread);
        assert_eq!(other.count(), 0, "{why}: {:?}", found.findings);
        assert_eq!(found.findings.len(), told, "{why}: {:?}", found.findings);
    }
}

/// The same tag by `./` and at a version: that the other text holds it back as well is not known, and
/// nor is that it does not.
#[test]
fn a_route_at_another_version_is_not_said_to_miss_a_gate() {
    let shared = job("workflow_call", &[STAGE, SIGN, VERIFY, TAG]);
    let call = |file: &str| format!("on: {MAIN}\njobs:\n  call:\n    {RIGHTS}\n    uses: {file}\n");
    let named = call("acme/platform/.github/workflows/shared.yaml@v1");
    let (here, bare) = (call("./.github/workflows/shared.yaml"), job(MAIN, &[STAGE, SIGN, TAG]));
    for (other, lacks) in [(&named, 0), (&bare, 1)] {
        let files = [("cd.yaml", here.as_str()), ("shared.yaml", &shared), ("other.yaml", other)];
        let about = About { repository: Some("acme/platform"), default_branch: Some("main") };
        let found = routes(&super::tests::read(&files), about, None);
        let missing = found.findings.iter().filter(|one| one.code == Code::RouteMissesGate);
        assert_eq!(missing.count(), lacks, "{:?}", found.findings);
    }
}

#[test]
fn a_call_that_is_made_whatever_happened_is_held_by_nothing_before_it() {
    let caller = |condition: &str| {
        format!(
            "on: {MAIN}\njobs:\n  test:\n    runs-on: x\n    steps: [{{run: make test}}]\n  call:\n    needs: test\n    if: {condition}\n    {RIGHTS}\n    uses: ./.github/workflows/shared.yaml\n"
        )
    };
    let shared = job("workflow_call", &[TAG]);
    for (condition, gates, moves) in
        [("success()", &["checks", "branch"][..], 0), ("always()", &["branch"], 1)]
    {
        let found = of(&[("cd.yaml", &caller(condition)), ("shared.yaml", &shared)]);
        assert_eq!(found.reports[0].gates, gates, "{condition}");
        let told = found.findings.iter().filter(|f| f.code == Code::TagMovesWhatever).count();
        assert_eq!(told, moves, "{condition}");
    }
}

#[test]
fn inputs_that_look_like_no_are_yes_in_an_action_and_none_is_no() {
    let action = format!(
        "inputs: {{push: {{default: 'false'}}}}\nruns:\n  using: composite\n  steps:\n    - if: IF\n      shell: bash\n      run: {TAG}\n"
    );
    let job = job(MAIN, &["uses: ./x"]);
    for (condition, routes, why) in [
        ("inputs.push", 1, "a text that is not empty"),
        ("inputs.push == 'true'", 0, "another text"),
        ("inputs.none == false", 1, "nothing is as good as no"),
        ("inputs.none", 0, "nothing"),
    ] {
        let action = action.replace("IF", condition);
        let found = of(&[("cd.yaml", &job), ("x/action.yaml", &action)]);
        assert_eq!(found.reports.len(), routes, "{why}: {condition}");
    }
}

#[test]
fn a_script_of_another_shell_moves_tags_and_holds_nothing() {
    let gates = |shell: &str| {
        let verify = format!("shell: {shell}\nrun: {VERIFY}");
        let tag = format!("shell: {shell}\nrun: {TAG}");
        let routes = of(&[("cd.yaml", &job(MAIN, &[&verify, &tag]))]).reports;
        routes.first().map(|route| route.gates.join(", "))
    };
    assert_eq!(gates("bash").as_deref(), Some("verified, branch"));
    assert_eq!(gates("pwsh").as_deref(), Some("branch"), "it may go on after a failure");
    assert_eq!(gates("cmd").as_deref(), Some("branch"));
}

#[test]
fn what_may_push_and_cannot_be_read_is_told() {
    let packages = "permissions: {packages: write}";
    let job = |rights: &str, work: &str| {
        format!("on: {MAIN}\njobs:\n  publish:\n    runs-on: x\n    {rights}\n    {work}\n")
    };
    let none = "permissions: {}";
    let called = "uses: acme/shared/.github/workflows/publish.yaml@v1";
    let inherit = format!("{called}\n    secrets: inherit");
    for (rights, work, told, why) in [
        (packages, "steps: [{run: ./release.sh}]", 1, "a script"),
        (packages, "steps: [{shell: python, run: import release}]", 1, "another language"),
        (packages, "steps: [{run: 'docker push ghcr.io/acme/x:latest'}]", 0, "it is read"),
        (packages, "steps: [{uses: acme/publish-image@v1}]", 1, "an action of somebody else's"),
        (packages, "steps: [{uses: docker/login-action@v3}]", 0, "one that logs in"),
        (none, "steps: [{run: ./release.sh}]", 0, "it may not"),
        ("name: x", "steps: [{run: ./test.sh}]", 0, "nobody says that it may"),
        (packages, called, 1, "a workflow of others"),
        ("name: x", called, 1, "with what the settings grant"),
        (none, called, 0, "which gets nothing"),
        (none, &inherit, 1, "which gets all secrets"),
    ] {
        let found = of(&[("cd.yaml", &job(rights, work)), ("test.sh", "go test\n")]);
        let unread = found.findings.iter().filter(|f| f.code == Code::RouteUnread).count();
        assert_eq!(unread, told, "{why}: {:#?}", found.findings);
    }
    let hint = |work: &str| of(&[("cd.yaml", &job(packages, work))]).findings[0].hint.clone();
    let known =
        "https://github.com/acme/shared/.github/workflows/publish.yaml@refs/<tags or heads>/v1";
    assert!(hint(called).is_some_and(|hint| hint.contains(known)), "as whom it signs is known");
    assert_eq!(hint("steps: [{run: ./release.sh}]"), None, "of a script it is this workflow");
}

#[test]
fn a_declared_artifact_that_nothing_is_seen_to_push_is_not_in_order() {
    let here = "    contents: k8s\n    repository";
    let text = super::tests::CONFIG.replace("    repository", here);
    let config = Config::parse("sealwright.yaml", &text, jiff::civil::date(2026, 11, 25)).unwrap();
    for (line, unknown, why) in [
        ("./release.sh", 1, "a script"),
        ("flux push artifact oci://ghcr.io/acme/other:latest", 1, "another one"),
        (TAG, 0, "its tag"),
        (STAGE, 0, "under the name of a commit"),
        ("sealwright-publisher publish --artifact manifests", 0, "by its name"),
        ("sealwright-publisher publish --artifact other", 1, "by the name of another"),
        ("sealwright-publisher publish --artifact \"$ARTIFACT\"", 0, "by a name that is open"),
        ("uses: sealwright/sealwright/.github/actions/publish@v1", 0, "by our own action"),
        ("flux push artifact \"oci://$WHERE:latest\"", 0, "perhaps: the route says so"),
    ] {
        let script = ("release.sh", "go run ./release\n");
        let tree = super::tests::read(&[("cd.yaml", &job(MAIN, &[line])), script]);
        let found = routes(&tree, About::default(), Some(&config));
        let all = found.findings.iter().filter(|f| f.severity == Severity::Unknown);
        assert_eq!(all.count(), unknown, "{why}: {:#?}", found.findings);
    }
    let call = |repository: &str| {
        format!(
            "on: {MAIN}\njobs:\n  call:\n    {RIGHTS}\n    uses: {repository}/.github/workflows/cd.yaml@v1\n"
        )
    };
    for (repository, unknown) in [("acme/platform", 0), ("acme/other", 1)] {
        let tree = super::tests::read(&[("ci.yaml", &call(repository))]);
        let found = routes(&tree, About::default(), Some(&config));
        let all = found.findings.iter().filter(|f| f.severity == Severity::Unknown);
        assert_eq!(all.count(), unknown, "by its signer, called from {repository}");
    }
    let empty = routes(&Tree::default(), About::default(), Some(&config));
    assert_eq!(empty.findings, [], "without any workflow that is told elsewhere");
}

#[test]
fn goreleaser_pushes_what_its_configuration_says_and_signs_it_afterwards() {
    let action =
        |args: &str| format!("uses: goreleaser/goreleaser-action@v6\nwith: {{args: {args}}}");
    let pushes =
        "dockers: [{image_templates: ['ghcr.io/acme/x:{{ .Tag }}', 'ghcr.io/acme/x:latest']}]\n";
    let signs = format!("{pushes}docker_signs: [{{cmd: cosign, args: [sign, '${{artifact}}']}}]\n");
    let early = ["SW9231 Warning", "SW9231 Note"];
    for (line, text, moves, told, why) in [
        (
            action("release --clean"),
            pushes,
            &["ghcr.io/acme/x, a version", "ghcr.io/acme/x:latest"][..],
            &[][..],
            "pushed, and nobody asked for more",
        ),
        (
            action("release --clean"),
            &signs,
            &["ghcr.io/acme/x, a version", "ghcr.io/acme/x:latest"],
            &early,
            "signed behind the push",
        ),
        (
            "goreleaser release --clean".to_owned(),
            &signs,
            &["ghcr.io/acme/x, a version", "ghcr.io/acme/x:latest"],
            &early,
            "by its command",
        ),
        (action("release --snapshot"), &signs, &[], &[], "nothing is published"),
        (action("release"), "builds: [{}]\n", &[], &[], "programs alone"),
        (action("release -f other.yaml"), pushes, &["not resolved"], &[], "by what is not here"),
    ] {
        let cd = job(MAIN, &[&line]);
        let found = of(&[("cd.yaml", &cd), (".config/goreleaser.yaml", text)]);
        let mut moved: Vec<&str> = found.reports.iter().map(|one| one.moves.as_str()).collect();
        moved.sort_unstable();
        assert_eq!(moved, moves, "{why}");
        let serious = found.findings.iter().filter(|one| one.code != Code::RouteUnread);
        let codes: BTreeSet<String> =
            serious.map(|one| format!("{} {:?}", one.code, one.severity)).collect();
        assert_eq!(codes, told.iter().map(|one| (*one).to_owned()).collect(), "{why}");
    }
}
