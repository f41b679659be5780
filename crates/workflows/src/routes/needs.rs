//! Jobs, and what they wait for: each situation as a team would write it.

use super::tests::{MAIN, RIGHTS, SIGN, STAGE, TAG, VERIFY, codes, job, of, step};
use super::*;

/// A job that proves and one that moves the tag, with what each says beside its steps.
fn two(prove: &str, moves: &str) -> Routes {
    let jobs = [("prove", prove, [STAGE, SIGN, VERIFY].as_slice()), ("move", moves, &[TAG])];
    let jobs = jobs.map(|(id, more, lines)| {
        let more = if more.is_empty() { String::new() } else { format!("    {more}\n") };
        let steps: String = lines.iter().map(|line| step(line)).collect();
        format!("  {id}:\n    runs-on: x\n    {RIGHTS}\n{more}    steps:\n{steps}")
    });
    of(&[("cd.yaml", &format!("on: {MAIN}\njobs:\n{}", jobs.concat()))])
}

#[test]
fn a_tag_waits_for_the_job_that_proves() {
    let (all, none) = ("signed, verified, branch", "branch");
    for (prove, moves, gates, told, why) in [
        ("", "needs: prove", all, &[][..], "it waits"),
        ("", "", none, &["SW9231"], "it does not"),
        (
            "continue-on-error: true",
            "needs: prove",
            none,
            &["SW9233", "SW9233"],
            "for success or failure",
        ),
        ("continue-on-error: false", "needs: prove", all, &[], "said, and off"),
        ("", "needs: prove\n    if: always()", none, &["SW9234"], "whatever happened"),
        (
            "",
            "needs: prove\n    if: always() && needs.prove.result == 'success'",
            all,
            &[],
            "and asks for it",
        ),
        (
            "",
            "needs: prove\n    if: always() && needs.other.result == 'success'",
            none,
            &["SW9234"],
            "and asks for something else",
        ),
        (
            "",
            "needs: prove\n    if: always() && !contains(needs.*.result, 'failure')",
            all,
            &[],
            "and asks for all",
        ),
    ] {
        let found = two(prove, moves);
        assert_eq!(found.reports[0].gates.join(", "), gates, "{why}: {:?}", found.findings);
        let codes: Vec<&str> = codes(&found).into_iter().map(|(code, _)| code).collect();
        assert_eq!(codes, told, "{why}: {:#?}", found.findings);
    }
}

#[test]
fn a_job_beside_it_that_signs_what_it_moves_itself_is_not_waited_for() {
    let jobs = |other: &[&str]| {
        let own = job(MAIN, &["docker push ghcr.io/acme/x:latest"]);
        let steps: String = other.iter().map(|line| step(line)).collect();
        of(&[(
            "cd.yaml",
            &format!("{own}  other:\n    runs-on: x\n    {RIGHTS}\n    steps:\n{steps}"),
        )])
    };
    let sign = "cosign sign ghcr.io/acme/x@$D";
    for (other, told, why) in [
        (&[sign][..], 1, "what this one pushes"),
        (&["docker push ghcr.io/acme/x:sha-abc", sign], 1, "what is not followed yet"),
        (&["docker push ghcr.io/acme/x:v1", sign], 0, "its own"),
        (&["cosign sign ghcr.io/acme/y@$D"], 0, "another image"),
        (&["cosign sign $IMAGE"], 0, "nobody knows what"),
    ] {
        let found = jobs(other);
        let late = found.findings.iter().filter(|one| one.message.contains("without waiting"));
        assert_eq!(late.count(), told, "{why}: {:#?}", found.findings);
    }
}

#[test]
fn a_shell_stops_where_it_is_told_to() {
    for (shell, gate, why) in [
        ("bash", true, "GitHub starts it with -e"),
        ("sh", true, "and this one"),
        ("bash -el {0}", true, "by a line of one's own"),
        ("bash --noprofile --norc -eo pipefail {0}", true, "the same"),
        ("bash -l {0}", false, "which leaves it out"),
        ("bash {0}", false, "and so does this one"),
        ("pwsh", false, "another shell"),
    ] {
        let verify = format!("shell: {shell}\nrun: |\n  {VERIFY}\n  echo done");
        let gates = of(&[("cd.yaml", &job(MAIN, &[&verify, TAG]))]).reports[0].gates.join(", ");
        assert_eq!(gates.contains("verified"), gate, "{why}: {shell}");
    }
    let set = format!("shell: bash -l {{0}}\nrun: |\n  set -e\n  {VERIFY}\n  echo done");
    let gates = of(&[("cd.yaml", &job(MAIN, &[&set, TAG]))]).reports[0].gates.join(", ");
    assert_eq!(gates, "verified, branch", "by the script itself");
}

#[test]
fn a_machine_with_windows_runs_another_shell() {
    let text = job(MAIN, &[&format!("{VERIFY}\necho done"), TAG]);
    for (on, gates) in [
        ("ubuntu-latest", "verified, branch"),
        ("windows-2022", "branch"),
        ("[windows-latest, large]", "branch"),
    ] {
        let text = text.replace("runs-on: x", &format!("runs-on: {on}"));
        assert_eq!(of(&[("cd.yaml", &text)]).reports[0].gates.join(", "), gates, "{on}");
    }
}

#[test]
fn what_a_script_makes_of_a_verification() {
    for (text, told, why) in [
        (format!("{VERIFY} && echo good\n{TAG}"), 1, "only the end of a list stops"),
        (format!("{VERIFY} && {TAG}"), 0, "the tag stands in the list"),
        (format!("for i in 1 2 3; do {VERIFY} && break; sleep 5; done\n{TAG}"), 1, "tried in vain"),
        (format!("until {VERIFY}; do sleep 5; done\n{TAG}"), 0, "tried until it holds"),
        (format!("echo \"$({VERIFY})\"\n{TAG}"), 1, "taken for words"),
        (format!("OUT=$({VERIFY})\n{TAG}"), 0, "kept"),
    ] {
        let found = of(&[("cd.yaml", &job(MAIN, &[&text]))]);
        assert_eq!(
            found.reports[0].gates.iter().any(|gate| gate == "verified"),
            told == 0,
            "{why}"
        );
        let unseen = found.findings.iter().filter(|one| one.code == Code::SigningFailureUnseen);
        assert_eq!(unseen.count(), told, "{why}: {:#?}", found.findings);
    }
}
