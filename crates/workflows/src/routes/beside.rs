//! Steps that run beside others: a tag may move as soon as such a step begins, and what it would hold
//! back is held back only from where somebody waits for it.

use super::deeds::Deed;
use super::walk::Held;
use crate::model::{Act, Awaited, Step};

/// What steps in the background do that nobody has waited for yet.
#[derive(Default)]
pub(super) struct Beside {
    running: Vec<Running>,
}

/// One of them, with what holds a tag back once it has ended.
struct Running {
    id: Option<String>,
    holding: Vec<(Deed, Held)>,
}

impl Beside {
    /// Takes out what a step in the background would hold back, of the deeds from `from` on, and puts in
    /// what a step has waited for.
    pub(super) fn step(&mut self, step: &Step, deeds: &mut Vec<(Deed, Held)>, from: usize) {
        match &step.act {
            Act::Wait(awaited) => self.end(awaited, deeds),
            // It has not ended well, and it has not failed.
            Act::Cancel(id) => self.running.retain(|one| one.id.as_ref() != Some(&id.text)),
            _ if step.background => {
                let own = deeds.split_off(from);
                let (holding, others): (Vec<_>, Vec<_>) =
                    own.into_iter().partition(|(deed, _)| deed.what.holds());
                deeds.extend(others);
                let id = step.id.as_ref().map(|id| id.text.clone());
                self.running.push(Running { id, holding });
            }
            _ => (),
        }
    }

    /// A job ends when all its steps have.
    pub(super) fn end(&mut self, awaited: &Awaited, deeds: &mut Vec<(Deed, Held)>) {
        let first = match awaited {
            Awaited::Group(count) => self.running.len().saturating_sub(*count),
            Awaited::All | Awaited::Named(_) => 0,
        };
        let is_awaited = |one: &Running| match awaited {
            Awaited::Named(ids) => ids.iter().any(|id| Some(&id.text) == one.id.as_ref()),
            Awaited::All | Awaited::Group(_) => true,
        };
        let last = self.running.split_off(first);
        let (ended, others): (Vec<_>, Vec<_>) = last.into_iter().partition(is_awaited);
        deeds.extend(ended.into_iter().flat_map(|one| one.holding));
        self.running.extend(others);
    }
}

#[cfg(test)]
mod tests {
    use sealwright_policy::Severity;

    use super::super::tests::{MAIN, RIGHTS, SIGN, STAGE, TAG, VERIFY, codes, of};

    #[test]
    fn what_runs_beside_the_tag_does_not_hold_it_back() {
        let late: &[(&str, Severity)] = &[("SW9231", Severity::Warning)];
        let one = |command: &str| format!("      - run: {command}\n");
        let background =
            |command: &str| format!("      - {{id: s, background: true, run: '{command}'}}\n");
        let group = |commands: &[&str]| {
            let inner = commands.iter().map(|command| format!("          - run: {command}\n"));
            format!("      - parallel:\n{}", inner.collect::<String>())
        };
        let line = |text: &str| format!("      - {text}\n");
        for (steps, expected, held, why) in [
            (
                vec![one(STAGE), group(&[SIGN, VERIFY]), one(TAG)],
                &[][..],
                "signed, verified",
                "a group has ended",
            ),
            (vec![one(STAGE), group(&[SIGN, TAG])], late, "nothing", "beside each other"),
            (
                vec![one(STAGE), group(&[TAG, "true"]), one(SIGN)],
                late,
                "nothing",
                "the tag of a group moves",
            ),
            (
                vec![one(STAGE), background(SIGN), line("wait: s"), one(TAG)],
                &[],
                "signed",
                "waited for",
            ),
            (
                vec![one(STAGE), background(SIGN), line("wait: [s]"), one(TAG)],
                &[],
                "signed",
                "in a list",
            ),
            (
                vec![one(STAGE), background(SIGN), line("wait: t"), one(TAG)],
                late,
                "nothing",
                "for another",
            ),
            (
                vec![one(STAGE), background(SIGN), line("wait-all:"), one(TAG)],
                &[],
                "signed",
                "for all",
            ),
            (vec![one(STAGE), background(SIGN), one(TAG)], late, "nothing", "nobody waits"),
            (
                vec![one(STAGE), background(SIGN), group(&["true", "true"]), one(TAG)],
                late,
                "nothing",
                "a group waits for its own",
            ),
            (
                vec![one(STAGE), background(VERIFY), line("cancel: s"), one(TAG)],
                &[],
                "nothing",
                "cancelled",
            ),
        ] {
            let text = format!(
                "on: {MAIN}\njobs:\n  publish:\n    runs-on: x\n    {RIGHTS}\n    steps:\n{}",
                steps.concat()
            );
            let routes = of(&[("cd.yaml", &text)]);
            assert_eq!(codes(&routes), expected, "{why}\n{text}");
            let route = routes.reports.iter().find(|route| route.by == "flux tag artifact");
            let gates: Vec<&str> = route.expect(why).gates.iter().map(String::as_str).collect();
            let own = gates.iter().filter(|gate| !["branch", "pull request"].contains(gate));
            let own = own.copied().collect::<Vec<_>>().join(", ");
            assert_eq!(if own.is_empty() { "nothing" } else { &own }, held, "{why}");
        }
    }
}
