//! Writes behind each rule of `docs/concepts/flux.md` which situations show it: those whose agreed
//! prediction, or rightly undecided one, named the rule.

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8Path;

use super::rows::Row;
use crate::failure::{Context as _, Outcome};

/// The page with the rules, from the root of the repository.
pub(crate) const PAGE: &str = "docs/concepts/flux.md";
/// How many situations are named behind a rule; any further ones are in `oracle.json`.
const NAMED: usize = 4;
/// What the list of situations begins with.
pub(crate) const SHOWN_BY: &str = " *Shown by:* ";
/// What a reason begins with.
const NOT_SHOWN: &str = " *Not shown:* ";
/// Rules that no situation can show, and why.
const NEVER_SHOWN: &[(&str, &str)] = &[
    ("newest-known-rules", "it is about controllers that are not known."),
    (
        "connection-secrets-assumed",
        "it says what the predictor did not look at; the oracle gives it every Secret.",
    ),
    ("secret-fingerprint", "source-controller 1.10 could not be built; it is read only."),
    ("provider-unknown", "the definition of the object admits no other provider."),
    ("identities-dropped", "the controllers that are run are 1.8 and newer."),
    ("bundles-unknown", "the controllers that are run are 1.8 and newer."),
    ("instance-no-verify", "flux-operator is not among the controllers that are run."),
];
const ANCHOR: &str = "- <a id=\"";

/// Replaces the lists of situations on the page.
pub(super) fn write(root: &Utf8Path, rows: &[Row]) -> Outcome {
    let path = root.join(PAGE);
    let page = std::fs::read_to_string(&path).context(|| path.to_string())?;
    std::fs::write(&path, linked(&page, &shown(rows))).context(|| path.to_string())
}

/// The situations that show each rule, those that show the fewest rules first: they are the plainest.
fn shown(rows: &[Row]) -> BTreeMap<&str, Vec<&str>> {
    let mut by_rule: BTreeMap<&str, BTreeSet<(usize, &str)>> = BTreeMap::new();
    let shows = |row: &&Row| row.agree == Some(true) || row.undecided.is_some();
    for row in rows.iter().filter(shows) {
        for rule in &row.rules {
            by_rule.entry(rule).or_default().insert((row.rules.len(), &row.name));
        }
    }
    let mut shown = BTreeMap::new();
    for (rule, all) in by_rule {
        let mut names: Vec<&str> = Vec::new();
        for (_, name) in all {
            if !names.contains(&name) && names.len() < NAMED {
                names.push(name);
            }
        }
        shown.insert(rule, names);
    }
    shown
}

fn linked(page: &str, shown: &BTreeMap<&str, Vec<&str>>) -> String {
    let mut lines = Vec::new();
    for line in page.lines() {
        let Some((rule, _)) = line.strip_prefix(ANCHOR).and_then(|rest| rest.split_once('"'))
        else {
            lines.push(line.to_owned());
            continue;
        };
        let says = line.split(SHOWN_BY).next().unwrap_or(line);
        let says = says.split(NOT_SHOWN).next().unwrap_or(says);
        let never = NEVER_SHOWN.iter().find(|(never, _)| *never == rule);
        lines.push(match (shown.get(rule), never) {
            (Some(names), _) => format!("{says}{SHOWN_BY}`{}`.", names.join("`, `")),
            (None, Some((_, why))) => format!("{says}{NOT_SHOWN}{why}"),
            (None, None) => says.to_owned(),
        });
    }
    lines.join("\n") + "\n"
}

/// Rule and situation of every link on the page.
pub(crate) fn links(page: &str) -> Vec<(&str, &str)> {
    let mut links = Vec::new();
    for line in page.lines() {
        let rule = line.strip_prefix(ANCHOR).and_then(|rest| rest.split_once('"'));
        let (Some((rule, _)), Some((_, names))) = (rule, line.split_once(SHOWN_BY)) else {
            continue;
        };
        links.extend(names.split('`').skip(1).step_by(2).map(|name| (rule, name)));
    }
    links
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "# Rules\n\n- <a id=\"one\"></a>**one**: It is so. *Shown by:* `old`.\n- <a id=\"two\"></a>**two**: It is, too.\n";

    /// A rule that nobody has seen at work is a claim.
    #[test]
    fn every_rule_is_shown_or_says_why_it_is_not() {
        let page = include_str!("../../../docs/concepts/flux.md");
        for line in page.lines().filter(|line| line.starts_with(ANCHOR)) {
            assert!(line.contains(SHOWN_BY) != line.contains(NOT_SHOWN), "{line}");
        }
        for (rule, why) in NEVER_SHOWN {
            assert!(page.contains(&format!("<a id=\"{rule}\">")), "{rule}: {why}");
        }
    }

    #[test]
    fn a_reason_gives_way_to_a_situation() {
        let page = "- <a id=\"provider-unknown\"></a>**x**: It is so.\n";
        let reasoned = linked(page, &BTreeMap::new());
        assert!(reasoned.contains(NOT_SHOWN), "{reasoned}");
        let shown = linked(&reasoned, &BTreeMap::from([("provider-unknown", vec!["a"])]));
        assert!(shown.ends_with("It is so. *Shown by:* `a`.\n"), "{shown}");
    }

    #[test]
    fn lists_are_replaced_added_and_taken_away() {
        let both = BTreeMap::from([("one", vec!["a", "b"]), ("two", vec!["c"])]);
        let page = linked(PAGE, &both);
        assert_eq!(links(&page), [("one", "a"), ("one", "b"), ("two", "c")]);
        assert!(page.starts_with(
            "# Rules\n\n- <a id=\"one\"></a>**one**: It is so. *Shown by:* `a`, `b`.\n"
        ));
        assert_eq!(linked(&page, &both), page, "again");
        assert_eq!(links(&linked(&page, &BTreeMap::new())), []);
    }
}
