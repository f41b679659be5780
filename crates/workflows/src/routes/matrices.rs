//! Jobs with a matrix: what each combination moves.

use sealwright_policy::Severity::Unknown;

use super::tests::{MAIN, job, of};
use super::*;

/// A job with these lines, run for this matrix.
fn with(matrix: &str, lines: &[&str]) -> String {
    let strategy = format!("jobs:\n  publish:\n    strategy: {{matrix: {matrix}}}\n");
    job(MAIN, lines).replace("jobs:\n  publish:\n", &strategy)
}

fn moves(text: &str) -> Vec<String> {
    of(&[("cd.yaml", text)]).reports.into_iter().map(|route| route.moves).collect()
}

#[test]
fn the_tag_of_every_combination_is_judged() {
    let push = "docker push ghcr.io/acme/x:${{ matrix.tag }}";
    let build = "uses: docker/build-push-action@v6\nwith: {push: '${{ matrix.push }}', tags: 'ghcr.io/acme/${{ matrix.image.name }}:latest'}";
    let by_env = "env: {TAG: '${{ matrix.tag }}'}\nrun: docker push ghcr.io/acme/x:$TAG";
    let only = format!("if: matrix.tag == 'latest'\nrun: {push}");
    for (matrix, line, expected, why) in [
        ("{tag: [latest, pr-1]}", push, &["ghcr.io/acme/x:latest"][..], "one is followed"),
        (
            "{tag: [latest, stable]}",
            push,
            &["ghcr.io/acme/x:latest", "ghcr.io/acme/x:stable"],
            "both are",
        ),
        ("{tag: [nightly, pr-1]}", push, &[], "none is"),
        (
            "{tag: [latest], exclude: [{tag: latest}], include: [{tag: v1}]}",
            push,
            &["ghcr.io/acme/x:v1"],
            "exchanged",
        ),
        ("{tag: [latest, pr-1]}", by_env, &["ghcr.io/acme/x:latest"], "by the environment"),
        ("{tag: [latest, stable]}", &only, &["ghcr.io/acme/x:latest"], "by a condition"),
        ("{tag: ['${{ github.sha }}']}", push, &[], "of a commit"),
        (
            "{tag: '${{ fromJSON(needs.a.outputs.tags) }}'}",
            push,
            &["ghcr.io/acme/x:${{ matrix.tag }}"],
            "made in the run",
        ),
        (
            "{image: [{name: a}, {name: b}], push: [true, false]}",
            build,
            &["ghcr.io/acme/a:latest", "ghcr.io/acme/b:latest"],
            "a mapping, and a yes or no",
        ),
        (
            "{os: [a, b]}",
            "docker push ghcr.io/acme/x:latest",
            &["ghcr.io/acme/x:latest"],
            "told once",
        ),
        ("{os: [a, b]}", push, &["ghcr.io/acme/x:"], "nothing of that name"),
    ] {
        assert_eq!(moves(&with(matrix, &[line])), expected, "{why}: {matrix}");
    }
}

#[test]
fn a_call_is_made_for_every_combination() {
    let caller = with("{tag: [latest, pr-1]}", &["true"]);
    let at = caller.find("    runs-on").unwrap();
    let work = "    permissions: {packages: write}\n    uses: ./.github/workflows/shared.yaml\n    with: {tag: '${{ matrix.tag }}'}\n";
    let caller = format!("{}{work}", &caller[..at]);
    let push = "docker push ghcr.io/acme/x:${{ inputs.tag }}";
    let shared = job("{workflow_call: {inputs: {tag: {type: string}}}}", &[push]);
    let found = of(&[("cd.yaml", &caller), ("shared.yaml", &shared)]);
    let moved: Vec<&str> = found.reports.iter().map(|route| route.moves.as_str()).collect();
    assert_eq!(moved, ["ghcr.io/acme/x:latest"]);
}

#[test]
fn an_action_sees_the_matrix_of_the_job_that_uses_it() {
    let push = "docker push ghcr.io/acme/x:${{ matrix.tag }}";
    let action =
        format!("runs:\n  using: composite\n  steps:\n    - {{shell: bash, run: '{push}'}}\n");
    let text = with("{tag: [latest, pr-1], os: [a, b]}", &["uses: ./push"]);
    let found = of(&[("cd.yaml", &text), ("push/action.yaml", &action)]);
    let moved: Vec<&str> = found.reports.iter().map(|route| route.moves.as_str()).collect();
    assert_eq!(moved, ["ghcr.io/acme/x:latest"]);
}

#[test]
fn what_holds_back_one_combination_holds_back_no_other() {
    let verify = "cosign verify --key k ghcr.io/acme/x@y";
    let push = "docker push ghcr.io/acme/x:${{ matrix.tag }}";
    for (condition, expected, why) in [
        ("true", ["verified, branch", "verified, branch"], "both verify"),
        ("matrix.tag == 'latest'", ["verified, branch", "branch"], "one does"),
    ] {
        let verify = format!("if: {condition}\nrun: {verify}");
        let found = of(&[("cd.yaml", &with("{tag: [latest, stable]}", &[&verify, push]))]);
        let gates: Vec<String> = found.reports.iter().map(|one| one.gates.join(", ")).collect();
        assert_eq!(gates, expected, "{why}");
    }
}

#[test]
fn what_is_wrong_in_every_combination_is_told_once() {
    let push = "docker push ghcr.io/acme/${{ matrix.image }}:latest";
    let sign = "cosign sign ghcr.io/acme/${{ matrix.image }}@$D";
    for (images, ending) in
        [("[a]", "its evidence"), ("[a, b, ab]", "and so for 2 more of its matrix")]
    {
        let found = of(&[("cd.yaml", &with(&format!("{{image: {images}}}"), &[push, sign]))]);
        let [finding] = found.findings.as_slice() else { panic!("{:#?}", found.findings) };
        assert_eq!(finding.code, Code::TagBeforeEvidence);
        assert!(finding.message.ends_with(ending), "{}", finding.message);
    }
}

#[test]
fn more_combinations_than_github_starts_are_told() {
    let axis = (0..17).map(|n| n.to_string()).collect::<Vec<_>>().join(", ");
    let text = with(
        &format!("{{a: [{axis}], b: [{axis}]}}"),
        &["docker push ghcr.io/acme/x:${{ matrix.a }}"],
    );
    let path = format!(".github/workflows/{}", "cd.yaml");
    let tree = Tree::read([sealwright_manifests::File { path: &path, bytes: text.as_bytes() }]);
    let [finding] = tree.findings.as_slice() else { panic!("{:#?}", tree.findings) };
    assert_eq!(
        (finding.code, finding.severity, finding.place.line),
        (Code::WorkflowTooLarge, Unknown, Some(4))
    );
    let found = routes(&tree, About::default(), None);
    assert_eq!(found.reports[0].moves, "ghcr.io/acme/x:${{ matrix.a }}", "it stays open");
}
