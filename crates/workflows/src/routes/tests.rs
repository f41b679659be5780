//! Each situation beside its healthy neighbour.

use sealwright_manifests::File;
use sealwright_policy::Severity::{self, Error, Note, Warning};
use sealwright_policy::{Config, Verdict};

use super::*;

const FOLDER: &str = ".github/workflows/";
pub(super) const RIGHTS: &str = "permissions: {contents: read, packages: write, id-token: write}";
const PUSH: &str = "flux push artifact oci://ghcr.io/acme/platform/manifests:latest --path k8s";
pub(super) const STAGE: &str =
    "flux push artifact oci://ghcr.io/acme/platform/manifests:${{ github.sha }} --path k8s";
pub(super) const SIGN: &str = "cosign sign --yes ghcr.io/acme/platform/manifests@${DIGEST}";
pub(super) const VERIFY: &str =
    "cosign verify ghcr.io/acme/platform/manifests@${DIGEST} --certificate-identity a";
pub(super) const TAG: &str =
    "flux tag artifact oci://ghcr.io/acme/platform/manifests:x --tag latest";

pub(super) const CONFIG: &str = "apiVersion: sealwright.dev/v1alpha1
kind: SupplyChain
signers:
  cd: {github: {repository: acme/platform, workflow: cd.yaml, refs: [refs/heads/main]}}
artifacts:
  manifests:
    repository: ghcr.io/acme/platform/manifests
    signers: [cd]
    evidence: [signature]
";

fn config() -> Config {
    Config::parse("sealwright.yaml", CONFIG, jiff::civil::date(2026, 11, 25)).unwrap()
}

pub(super) fn read(files: &[(&str, &str)]) -> Tree {
    let paths: Vec<(String, &str)> = files
        .iter()
        .map(|(name, text)| {
            let is_workflow = !name.contains('/') && name.ends_with(".yaml");
            let folder = if is_workflow { FOLDER } else { "" };
            (format!("{folder}{name}"), *text)
        })
        .collect();
    let files = paths.iter().map(|(path, text)| File { path, bytes: text.as_bytes() });
    let tree = Tree::read(files);
    let wrong = tree.findings.iter().find(|one| !one.message.contains("always true"));
    assert_eq!(wrong, None, "the workflows of a test are right");
    tree
}

pub(super) fn of(files: &[(&str, &str)]) -> Routes {
    routes(&read(files), About::default(), None)
}

pub(super) fn codes(routes: &Routes) -> Vec<(&'static str, Severity)> {
    let serious = routes.findings.iter().filter(|finding| finding.code != Code::RouteUnread);
    serious.map(|finding| (finding.code.entry().id, finding.severity)).collect()
}

/// A workflow of one job with these steps.
pub(super) fn job(on: &str, lines: &[&str]) -> String {
    let steps: String = lines.iter().map(|line| step(line)).collect();
    format!("on: {on}\njobs:\n  publish:\n    runs-on: x\n    {RIGHTS}\n    steps:\n{steps}")
}

pub(super) fn step(line: &str) -> String {
    let indented = line.replace('\n', "\n        ");
    let is_step = ["uses:", "run:", "if:", "id:", "continue-on-error:", "env:", "shell:"]
        .iter()
        .any(|key| line.starts_with(key));
    if is_step {
        format!("      - {indented}\n")
    } else {
        format!("      - run: |\n          {}\n", line.replace('\n', "\n          "))
    }
}

pub(super) const MAIN: &str = "{push: {branches: [main]}}";

#[test]
fn a_tag_waits_for_its_evidence() {
    let build = |more: &str| {
        format!("uses: docker/build-push-action@v6\nid: build\nwith:\n  push: true\n{more}")
    };
    let by_digest = build("  outputs: type=image,name=ghcr.io/acme/x,push-by-digest=true");
    let live = build("  tags: ghcr.io/acme/x:latest");
    let version = build("  tags: ghcr.io/acme/x:${{ steps.next.outputs.version }}");
    let signed = "cosign sign --yes ghcr.io/acme/x@${{ steps.build.outputs.digest }}";
    let other = "cosign sign --yes ghcr.io/acme/other@${{ steps.other.outputs.digest }}";
    let attested =
        "uses: actions/attest@v3\nwith:\n  subject-name: ghcr.io/acme/x\n  push-to-registry: true";
    let forge = "uses: actions/attest@v3\nwith:\n  subject-name: ghcr.io/acme/x";
    let before: &[(&str, Severity)] = &[("SW9231", Warning)];
    for (lines, expected, why) in [
        (&[PUSH, SIGN][..], before, "incident 4: the tag, then the signature"),
        (&[STAGE, SIGN, TAG], &[], "under a tag of the commit, signed, then the tag"),
        (&[STAGE, TAG, SIGN], before, "a retag is a tag that moves"),
        (&[STAGE, SIGN, TAG, SIGN], &[], "signed in time, and once more"),
        (&[PUSH], &[], "nobody said that anything has to be signed"),
        (&[&live, signed], before, "an image by an action"),
        (
            &[
                &by_digest,
                signed,
                "docker buildx imagetools create -t ghcr.io/acme/x:latest ghcr.io/acme/x@$D",
            ],
            &[],
            "by digest, signed, then the tag",
        ),
        (&[&version, signed], &[("SW9231", Note)], "a release's own tag"),
        (&[&live, other], &[], "another image is signed"),
        (&[&live, attested], before, "an attestation in the registry is evidence"),
        (&[&live, forge], &[], "one in GitHub's store is nothing a registry shows"),
        (
            &["docker buildx build --push -t ghcr.io/acme/x:latest .", signed],
            before,
            "an image by its command",
        ),
        (&["docker buildx build -t ghcr.io/acme/x:latest .", signed], &[], "built and not pushed"),
        (&["oras push ghcr.io/acme/x:latest a.txt", signed], before, "oras"),
        (
            &[
                "uses: controlplaneio-fluxcd/distribution/actions/push@main\nwith: {repository: ghcr.io/acme/x, tags: '1.0.0', diff-tag: latest}",
                signed,
            ],
            &[("SW9231", Note), ("SW9231", Warning)],
            "an action of Flux' makers, a version and what is followed",
        ),
        (
            &[
                "uses: controlplaneio-fluxcd/distribution/actions/push@main\nwith: {repository: ghcr.io/acme/x, tags: '${{ steps.a.outputs.b }}'}",
                signed,
            ],
            &[("SW9231", Note)],
            "one tag, which a step before makes",
        ),
        (&["crane copy ghcr.io/acme/y:1 ghcr.io/acme/x:latest", signed], before, "crane"),
        (
            &["skopeo copy docker://ghcr.io/acme/y:1 docker://ghcr.io/acme/x:latest", signed],
            before,
            "skopeo",
        ),
        (&["regctl image copy ghcr.io/acme/y:1 ghcr.io/acme/x:latest", signed], before, "regctl"),
        (&["docker push ghcr.io/acme/x", signed], before, "no tag is latest"),
        (
            &["docker push localhost:5000/x:latest", "cosign sign localhost:5000/x:latest"],
            &[],
            "gone with the machine",
        ),
        (
            &[
                "helm push x-1.0.0.tgz oci://ghcr.io/acme/charts",
                "cosign sign ghcr.io/acme/charts/x@$D",
            ],
            &[("SW9231", Note)],
            "a chart's version",
        ),
        (&["sealwright-publisher publish --tag latest"], &[], "one transaction"),
        (
            &[
                "sealwright-publisher publish --tag candidate",
                "sealwright-publisher promote \"$P\" --tag latest",
            ],
            &[],
            "a candidate, then the tag",
        ),
        (
            &[
                "export TAG=latest\nflux push artifact \"oci://ghcr.io/acme/x:$TAG\"\ncosign sign ghcr.io/acme/x@$D",
            ],
            before,
            "in one script",
        ),
        (
            &["env: {IMAGE: ghcr.io/acme/x}\nrun: crane tag \"$IMAGE:$GITHUB_SHA\" latest", signed],
            before,
            "by the environment",
        ),
        (&["timoni mod push . oci://ghcr.io/acme/x -v 1.0.0 --sign=cosign"], before, "by the push"),
        (&["timoni mod push . oci://ghcr.io/acme/x -v 1.0.0", signed], before, "behind it"),
        (&["timoni mod push . oci://ghcr.io/acme/x -v 1.0.0"], &[], "not told to sign"),
        (
            &["helm push x-1.0.0.tgz oci://ghcr.io/acme/charts --sign=key"],
            &[],
            "a word that means signing to others only",
        ),
        (&["pack build ghcr.io/acme/x --publish", signed], before, "a build that pushes"),
        (&["pack build ghcr.io/acme/x", signed], &[], "and one that does not"),
        (&["imgpkg push -b ghcr.io/acme/x:latest -f k8s", signed], before, "a bundle"),
        (&["gh release create v1 x.tar.gz", signed], &[], "no tag of a registry"),
        (&["echo flux push artifact oci://ghcr.io/acme/x:latest", signed], &[], "only said"),
        (&["flux push artifact oci://ghcr.io/acme/x:pr-1", signed], &[], "nobody's production"),
        (&["flux push artifact --help", signed], &[], "a question"),
    ] {
        let found = of(&[("cd.yaml", &job(MAIN, lines))]);
        assert_eq!(codes(&found), expected, "{why}: {:#?}", found.findings);
    }
}

#[test]
fn what_another_file_names_is_a_route_all_the_same() {
    for (line, routes) in [
        ("docker compose build --push", 1),
        ("docker compose build", 0),
        ("docker compose push", 1),
        ("skaffold build --push", 1),
        ("skaffold build", 0),
    ] {
        assert_eq!(of(&[("cd.yaml", &job(MAIN, &[line]))]).reports.len(), routes, "{line}");
    }
}

#[test]
fn evidence_counts_across_jobs() {
    let jobs = |push: &str, second: &str, needs: &str| {
        format!(
            "on: {MAIN}\njobs:\n  push:\n    {RIGHTS}\n    runs-on: x\n    steps:\n{}  second:\n    {RIGHTS}\n    needs: [{needs}]\n    runs-on: x\n    steps:\n{}",
            step(push),
            step(second)
        )
    };
    for (push, second, needs, expected, why) in [
        (PUSH, SIGN, "push", 1, "signed in a later job"),
        (STAGE, &format!("{SIGN}\n{TAG}"), "push", 0, "the tag comes last"),
        (SIGN, TAG, "push", 0, "signed in the job before"),
        (SIGN, TAG, "", 1, "beside each other: the tag waits for nothing"),
    ] {
        let found = of(&[("cd.yaml", &jobs(push, second, needs))]);
        assert_eq!(codes(&found).len(), expected, "{why}: {:#?}", found.findings);
    }
    let third = format!(
        "  third:\n    {RIGHTS}\n    needs: [second]\n    runs-on: x\n    steps:\n{}",
        step(TAG)
    );
    let through = of(&[("cd.yaml", &(jobs(SIGN, "make", "push") + &third))]);
    assert_eq!(through.reports[0].gates, ["signed", "branch"], "through the job between");
}

#[test]
fn a_declared_artifact_must_have_evidence_on_every_route() {
    let tree = |lines: &[&str]| read(&[("dr-rebuild.yaml", &job("workflow_dispatch", lines))]);
    let rescue = format!("if: failure()\nrun: {SIGN}");
    for (lines, expected, why) in [
        (&[PUSH][..], &[("SW9232", Error)][..], "incident 4: the rebuild that nobody signed"),
        (&[PUSH, SIGN], &[("SW9231", Error)], "signed too late"),
        (&[STAGE, SIGN, TAG], &[], "signed in time"),
        (&[STAGE, &rescue, TAG], &[("SW9232", Error)], "signed only when something failed"),
        (&["sealwright-publisher publish --artifact manifests"], &[], "published"),
        (
            &["sealwright-publisher publish --artifact manifests --tag candidate", TAG],
            &[],
            "proven before by the publisher",
        ),
        (
            &["sealwright-publisher publish --artifact other --tag candidate", TAG],
            &[("SW9232", Error)],
            "another artifact was proven",
        ),
        (
            &["sealwright-publisher publish --artifact $NAME --tag candidate", TAG],
            &[],
            "it may be the one",
        ),
        (&["flux push artifact oci://ghcr.io/acme/other:latest"], &[], "not declared"),
        (
            &["flux push artifact oci://ghcr.io/${{ github.repository }}/manifests:latest"],
            &[("SW9232", Warning)],
            "by the look of it",
        ),
    ] {
        let found = routes(&tree(lines), About::default(), Some(&config()));
        assert_eq!(codes(&found), expected, "{why}: {:#?}", found.findings);
    }
    let open = routes(
        &tree(&["flux push artifact \"oci://$WHERE:latest\""]),
        About::default(),
        Some(&config()),
    );
    assert_eq!(open.reports[0].verdict, Verdict::Unknown, "it may be the declared one");
    let only = ["sealwright-publisher publish --tag latest"];
    let only = routes(&tree(&only), About::default(), Some(&config()));
    assert_eq!(only.reports[0].artifact.as_deref(), Some("manifests"), "there is no other");
    let ours = "flux push artifact oci://ghcr.io/${{ github.repository }}/manifests:latest";
    let about = About { repository: Some("acme/platform"), ..About::default() };
    let known = routes(&tree(&[ours]), about, Some(&config()));
    assert_eq!(codes(&known), [("SW9232", Error)], "by the name of the repository");
    let about = About { repository: Some("acme/fork"), ..About::default() };
    assert_eq!(codes(&routes(&tree(&[ours]), about, Some(&config()))), [], "another repository");
}

#[test]
fn all_routes_have_the_same_gates() {
    let needs = |on: &str, gate: &str, more: &str| {
        format!(
            "on: {on}\njobs:\n  test:\n    runs-on: x\n    steps:\n{}  publish:\n    needs: test\n    {RIGHTS}\n    {more}\n    runs-on: x\n    steps:\n{}",
            step(gate),
            step(TAG)
        )
    };
    let tested = |on: &str| needs(on, "make test", "environment: production");
    let hand = "workflow_dispatch";
    let on_main = "github.ref == 'refs/heads/main'";
    let verified_on = |on: &str| job(on, &[SIGN, VERIFY, TAG]);
    let verified = verified_on(MAIN);
    for (one, other, lacks, why) in [
        (tested(MAIN), tested("{schedule: [{cron: 0 0 * * *}]}"), &[][..], "the same gates"),
        (
            tested(MAIN),
            job(hand, &[TAG]),
            &["branch", "checks", "environment"],
            "incident 17: by hand, past the checks",
        ),
        (
            tested(MAIN),
            tested(hand),
            &[],
            "by hand, past nothing: the environment may hold it to branches",
        ),
        (
            verified.clone(),
            job("{schedule: [{cron: 0 0 * * *}]}", &[SIGN, TAG]),
            &["verified"],
            "not verified",
        ),
        (
            verified.clone(),
            job(
                "{schedule: [{cron: 0 0 * * *}]}",
                &["sealwright-publisher publish --tag latest", TAG],
            ),
            &[],
            "proven by the publisher",
        ),
        (
            verified.clone(),
            verified
                .replace("cosign verify", "true; echo cosign verify")
                .replace("main", "main, x"),
            &["verified"],
            "only said",
        ),
        (
            verified.clone(),
            job(MAIN, &[SIGN, VERIFY, &TAG.replace("latest", "stable")]),
            &[],
            "another tag",
        ),
        (
            job("{push: {branches: [main]}, pull_request: }", &["docker push $LOCAL"]),
            verified.clone(),
            &[],
            "a proposal's run, to where nobody knows",
        ),
        (
            job("{push: {branches: [main]}, workflow_dispatch: }", &["docker push $LOCAL"]),
            verified.clone(),
            &["branch"],
            "by hand from any branch, to the same place whichever that is",
        ),
        (
            verified.clone(),
            job(MAIN, &[SIGN, VERIFY, &TAG.replace("acme/", "acme/other-")]),
            &[],
            "another repository",
        ),
        (verified.clone(), job(hand, &[SIGN, VERIFY, TAG]), &["branch"], "from any branch"),
        (
            verified.clone(),
            job(hand, &[SIGN, VERIFY, &format!("if: github.ref == 'refs/heads/main'\nrun: {TAG}")]),
            &[],
            "held to the branch",
        ),
        (
            verified.clone(),
            job(
                hand,
                &[
                    SIGN,
                    VERIFY,
                    &format!(
                        "if: github.ref_name == github.event.repository.default_branch\nrun: {TAG}"
                    ),
                ],
            ),
            &[],
            "held to the default branch, by the look of it",
        ),
        (
            verified.clone(),
            job("{push: {branches: ['**', '!wip/**']}}", &[SIGN, VERIFY, TAG]),
            &["branch"],
            "a pattern that anybody's branch fits",
        ),
        (
            verified.clone(),
            job("{push: {branches: ['release/**']}}", &[SIGN, VERIFY, TAG]),
            &[],
            "a pattern that may be protected",
        ),
        (
            verified.clone(),
            job(
                hand,
                &[
                    SIGN,
                    VERIFY,
                    &format!("if: ${{{{ github.ref == 'refs/heads/main' }}}} && true\nrun: {TAG}"),
                ],
            ),
            &["branch"],
            "a text is always true",
        ),
        (
            verified,
            job(
                "pull_request",
                &[SIGN, VERIFY, &format!("if: github.event_name != 'pull_request'\nrun: {TAG}")],
            ),
            &[],
            "no route at all",
        ),
        (
            needs(MAIN, "make test", "if: always()"),
            tested("{schedule: [{cron: 0 0 * * *}]}"),
            &["environment"],
            "a gate that holds nothing is none; main is reviewed elsewhere",
        ),
        (
            verified_on(MAIN),
            verified_on(hand).replace("    runs-on", &format!("    if: {on_main}\n    runs-on")),
            &[],
            "the job is held to the branch",
        ),
        (
            needs(MAIN, "make test", ""),
            needs(hand, "make test", "").replacen(
                "    runs-on",
                &format!("    if: {on_main}\n    runs-on"),
                1,
            ),
            &[],
            "the job that it waits for is",
        ),
        (
            needs(MAIN, "make test", ""),
            needs(hand, "make test", "if: always()").replacen(
                "    runs-on",
                &format!("    if: {on_main}\n    runs-on"),
                1,
            ),
            &["branch", "checks"],
            "which it does not wait for",
        ),
        (
            verified_on(MAIN),
            job("{schedule: [{cron: 0 0 * * *}]}", &[VERIFY, TAG, SIGN]),
            &[],
            "a signature that comes late is told on its own",
        ),
    ] {
        let found = of(&[("cd.yaml", &one), ("other.yaml", &other)]);
        let missing = found.findings.iter().filter(|f| f.code == Code::RouteMissesGate).count();
        let lacking: BTreeSet<&str> =
            found.reports.iter().flat_map(|route| &route.lacks).map(String::as_str).collect();
        assert_eq!(lacking, lacks.iter().copied().collect(), "{why}: {:#?}", found.findings);
        assert_eq!(missing, usize::from(!lacks.is_empty()), "{why}: {:#?}", found.findings);
    }
}

#[test]
fn a_route_without_the_evidence_of_another_is_an_error_and_one_without_checks_a_warning() {
    let on = "{schedule: [{cron: 0 0 * * *}]}";
    let good = job(MAIN, &[SIGN, VERIFY, "go test ./...", TAG]);
    for (lines, severity, why) in [
        (&[SIGN, "go test ./...", TAG][..], Error, "nothing verified it"),
        (&[SIGN, VERIFY, TAG], Warning, "nothing tested it"),
    ] {
        let files = [("cd.yaml", good.as_str()), ("other.yaml", &job(on, lines))];
        let found = routes(&read(&files), About::default(), Some(&config()));
        assert_eq!(codes(&found), [("SW9230", severity)], "{why}: {:#?}", found.findings);
    }
}

#[test]
fn routes_are_followed_through_calls_and_composites() {
    let caller = format!(
        "on:\n  push: {{branches: [main]}}\n  workflow_dispatch:\njobs:\n  call:\n    {RIGHTS}\n    uses: ./.github/workflows/shared.yaml\n    with: {{tag: latest}}\n"
    );
    let shared = "on:\n  workflow_call:\n    inputs:\n      tag: {type: string}\n      image: {type: string, default: ghcr.io/acme/x}\njobs:\n  publish:\n    runs-on: x\n    steps:\n      - uses: ./.github/actions/move\n        with: {to: \"${{ inputs.image }}:${{ inputs.tag }}\"}\n";
    let action = "inputs: {to: {required: true}}\nruns:\n  using: composite\n  steps:\n    - shell: bash\n      env: {TO: \"${{ inputs.to }}\"}\n      run: crane cp ghcr.io/acme/x:staged \"$TO\"\n";
    // By the workspace, and by the repository of the file itself.
    for own in ["./", "$/"] {
        let found = of(&[
            ("cd.yaml", &caller.replace("./", own)),
            ("shared.yaml", &shared.replace("./", own)),
            (".github/actions/move/action.yaml", action),
        ]);
        assert_eq!(found.reports.len(), 2, "{own} {:#?}", found.reports);
        let route = &found.reports[0];
        assert_eq!(route.moves, "ghcr.io/acme/x:latest");
        assert_eq!(route.jobs, ["cd.yaml: call", "shared.yaml: publish"]);
        assert_eq!(route.triggers, ["push to main"]);
        assert_eq!((route.by.as_str(), route.place.line), ("crane cp", Some(7)));
        assert_eq!(route.place.file.as_deref(), Some(".github/actions/move/action.yaml"));
        assert_eq!(found.reports[1].lacks, ["branch"], "by hand from any branch");
    }
}

#[test]
fn what_a_generator_is_given_is_named_by_its_digest() {
    let call = |digest: &str| {
        format!(
            "on: {MAIN}\njobs:\n  attest:\n    {RIGHTS}\n    uses: slsa-framework/slsa-github-generator/.github/workflows/generator_container_slsa3.yml@v2.1.0\n    with: {{image: ghcr.io/acme/x{digest}}}\n"
        )
    };
    let needs = ", digest: \"${{ needs.build.outputs.digest }}\"";
    for (digest, expected, why) in
        [(needs, &[][..], "both"), ("", &[("SW9231", Warning)], "a name alone is latest")]
    {
        assert_eq!(codes(&of(&[("cd.yaml", &call(digest))])), expected, "{why}");
    }
}

#[test]
fn a_workflow_that_calls_itself_ends() {
    let circle = "on: {push: {branches: [main]}, workflow_call: }\njobs:\n  a:\n    uses: ./.github/workflows/a.yaml\n  b:\n    uses: ./.github/workflows/a.yaml\n";
    assert!(of(&[("a.yaml", circle)]).findings.iter().any(|f| f.code == Code::RouteUnread));
}

#[test]
fn our_own_workflows_have_one_route() {
    let files = [
        (".github/workflows/cd.yaml", include_str!("../../../../.github/workflows/cd.yaml")),
        (".github/workflows/ci.yaml", include_str!("../../../../.github/workflows/ci.yaml")),
        (
            ".github/workflows/release.yaml",
            include_str!("../../../../.github/workflows/release.yaml"),
        ),
        (
            ".github/actions/publish/action.yaml",
            include_str!("../../../../.github/actions/publish/action.yaml"),
        ),
    ];
    let found = of(&files);
    assert_eq!(found.findings, []);
    let [route] = found.reports.as_slice() else { panic!("{:#?}", found.reports) };
    assert_eq!(route.by, "sealwright-publisher promote");
    assert_eq!(route.triggers, ["push to main"]);
    assert_eq!(route.gates, ["checks", "signed", "verified", "branch", "pull request"]);
}
