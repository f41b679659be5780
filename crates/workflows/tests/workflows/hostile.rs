//! Trees that nobody should have.

use proptest::prelude::*;
use sealwright_manifests::File;
use sealwright_policy::Code;
use sealwright_workflows::{CALL_DEPTH_MAX, JOBS_COUNT_MAX, STEPS_COUNT_MAX, Tree, judge};

use crate::support::{SIGN, codes, judged};

#[test]
fn workflows_that_call_in_circles_end() {
    let call = |path: &str| {
        format!("on: [push, workflow_call]\njobs: {{a: {{uses: ./.github/workflows/{path}}}}}\n")
    };
    let two = judged(&[
        (".github/workflows/a.yaml", &call("b.yaml")),
        (".github/workflows/b.yaml", &call("a.yaml")),
    ]);
    assert_eq!(codes(&two), [Code::CallsInCircle, Code::CallsInCircle]);
    let one = judged(&[(".github/workflows/a.yaml", &call("a.yaml"))]);
    assert_eq!(codes(&one), [Code::CallsInCircle], "of itself");
}

#[test]
fn an_action_that_uses_itself_ends() {
    let action =
        "runs: {using: composite, steps: [{uses: ./x}, {run: cosign sign y, shell: bash}]}\n";
    let text = crate::support::signing("push", "      - uses: ./x\n");
    let judged = judged(&[(".github/workflows/cd.yaml", &text), ("x/action.yml", action)]);
    assert!(!judged.jobs[0].signs_with.is_empty());
}

#[test]
fn limits_are_findings() {
    let deep: Vec<(String, String)> = (0..CALL_DEPTH_MAX + 3)
        .map(|at| {
            let path = format!(".github/workflows/w{at}.yaml");
            let on = if at == 0 { "push" } else { "workflow_call" };
            let next = at + 1;
            (path, format!("on: {on}\njobs: {{a: {{uses: ./.github/workflows/w{next}.yaml}}}}\n"))
        })
        .collect();
    let deep: Vec<(&str, &str)> = deep.iter().map(|(path, text)| (&**path, &**text)).collect();
    assert!(codes(&judged(&deep)).contains(&Code::WorkflowTooLarge), "calls");
    let jobs: String =
        (0..=JOBS_COUNT_MAX).map(|at| format!("  j{at}: {{steps: [{{run: x}}]}}\n")).collect();
    let jobs = format!("on: push\njobs:\n{jobs}");
    assert_eq!(
        codes(&judged(&[(".github/workflows/a.yaml", &jobs)])),
        [Code::WorkflowTooLarge],
        "jobs"
    );
    let steps = "      - run: x\n".repeat(STEPS_COUNT_MAX + 1);
    let steps = format!("on: push\njobs:\n  a:\n    steps:\n{steps}");
    assert_eq!(
        codes(&judged(&[(".github/workflows/a.yaml", &steps)])),
        [Code::WorkflowTooLarge],
        "steps"
    );
}

#[test]
fn a_bomb_of_aliases_is_one_finding_and_the_rest_is_judged() {
    let mut bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for (name, of) in ('b'..='j').zip('a'..='i') {
        bomb.push_str(&format!("{name}: &{name} [{}]\n", vec![format!("*{of}"); 9].join(", ")));
    }
    let good = crate::support::signing("push", SIGN);
    let judged =
        judged(&[(".github/workflows/bomb.yaml", &bomb), (".github/workflows/cd.yaml", &good)]);
    assert_eq!((codes(&judged), judged.jobs.len()), (vec![Code::WorkflowTooLarge], 1));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_file_is_too_strange(
        on in "(push|\\[push, x\\]|\\{push: \\{branches: [a-z*?+!\\[\\]\\\\\\\\']{0,9}\\}\\}|[a-z:{}\\[\\] ]{0,12})",
        condition in "[a-z.'=!&|() ]{0,20}",
        run in "[a-z$(){}'\"|&; -]{0,30}",
        uses in "[a-z./@{}$ -]{0,20}",
    ) {
        let text = format!(
            "on: {on}\njobs:\n  a:\n    if: {condition}\n    permissions: write-all\n    steps:\n      - run: |\n          cosign sign x\n          {run}\n      - uses: {uses}\n"
        );
        let tree = Tree::read([File { path: ".github/workflows/x.yaml", bytes: text.as_bytes() }]);
        judge(&tree, Default::default(), &Default::default());
    }
}
