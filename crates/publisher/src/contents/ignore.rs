//! `.sourceignore`: what stays out, decided as Flux decides it (`github.com/fluxcd/pkg/sourceignore`,
//! `gitignore/pattern.go`), not as git does: the last line that matches a path *or a folder above it*
//! wins, so a file in an ignored folder can be taken back in. Dropping what Flux would keep would
//! make it prune what runs.

use super::glob;

/// The file that holds the rules of its folder and of all below it.
pub(super) const IGNORE_FILE: &str = ".sourceignore";

/// The rules in force, weakest first: those of the outer folders before those of the inner ones.
#[derive(Debug, Default)]
pub(super) struct Rules(Vec<Rule>);

#[derive(Debug)]
struct Rule {
    /// Parts of the path of the folder whose rules these are.
    domain: Vec<String>,
    /// Between slashes; a rule without a slash has one part and matches at any depth.
    parts: Vec<String>,
    keeps: bool,
    folders_only: bool,
}

/// A line that is no rule.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BadRule {
    pub(super) line: usize,
    pub(super) text: String,
}

impl Rules {
    /// How many there are, to return to when a folder is left.
    pub(super) fn count(&self) -> usize {
        self.0.len()
    }

    /// Forgets all but the first `count`.
    pub(super) fn truncate(&mut self, count: usize) {
        self.0.truncate(count);
    }

    /// Whether anything could be taken back in.
    pub(super) fn keep_anything(&self) -> bool {
        self.0.iter().any(|rule| rule.keeps)
    }

    /// Adds the rules of the folder `domain`.
    pub(super) fn read(&mut self, text: &str, domain: &[&str]) -> Result<(), BadRule> {
        for (index, line) in text.lines().enumerate() {
            if line.starts_with('#') || line.trim().is_empty() {
                continue;
            }
            let rule = Rule::parse(line, domain);
            if !rule.parts.iter().all(|part| glob::is_valid(part)) {
                return Err(BadRule { line: index + 1, text: line.to_owned() });
            }
            self.0.push(rule);
        }
        Ok(())
    }

    /// Whether the path, given by its parts, stays out.
    pub(super) fn exclude(&self, path: &[&str], is_folder: bool) -> bool {
        let deciding = self.0.iter().rev().find(|rule| rule.matches(path, is_folder));
        deciding.is_some_and(|rule| !rule.keeps)
    }
}

impl Rule {
    fn parse(line: &str, domain: &[&str]) -> Self {
        let (keeps, text) = line.strip_prefix('!').map_or((false, line), |rest| (true, rest));
        let text = if text.ends_with("\\ ") { text } else { text.trim_end_matches(' ') };
        let (folders_only, text) =
            text.strip_suffix('/').map_or((false, text), |rest| (true, rest));
        Self {
            domain: domain.iter().map(|part| (*part).to_owned()).collect(),
            parts: text.split('/').map(str::to_owned).collect(),
            keeps,
            folders_only,
        }
    }

    fn matches(&self, path: &[&str], is_folder: bool) -> bool {
        let inside = path.len() > self.domain.len()
            && self.domain.iter().zip(path).all(|(expected, part)| expected == part);
        let matched_parts = match (inside, self.parts.as_slice()) {
            (false, _) => None,
            (true, [name]) => first_match(name, &path[self.domain.len()..]),
            (true, parts) => match_parts(parts, &path[self.domain.len()..]),
        };
        matched_parts.is_some_and(|count| {
            let whole = count == path.len() - self.domain.len();
            !(self.folders_only && whole && !is_folder)
        })
    }
}

/// How many parts it takes until one of them has the name.
fn first_match(name: &str, path: &[&str]) -> Option<usize> {
    path.iter().position(|part| glob::matches(name, part)).map(|index| index + 1)
}

/// How many parts of the path the rule takes, `None` when it does not match. `**` between slashes
/// takes any number, and at the end all that is left.
fn match_parts(parts: &[String], path: &[&str]) -> Option<usize> {
    let (mut taken, mut any_depth) = (0, false);
    for (index, part) in parts.iter().enumerate() {
        match part.as_str() {
            "" => any_depth = false,
            "**" if index + 1 == parts.len() => break,
            "**" => any_depth = true,
            _ if part.contains("**") => return None,
            _ if any_depth => {
                any_depth = false;
                taken += first_match(part, &path[taken..])?;
            }
            _ if path.get(taken).is_some_and(|name| glob::matches(part, name)) => taken += 1,
            _ => return None,
        }
    }
    (taken > 0).then_some(taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rules of the root, rules of the folder `sub`, a path, and whether it stays out. The answers
    /// are those of `github.com/fluxcd/pkg/sourceignore` 0.18.0.
    const GOLDEN: &[(&str, &str, &str, bool)] = &[
        ("/*\n!/apps/", "", "README.md", true),
        ("/*\n!/apps/", "", "apps/base/a.yaml", false),
        ("/*\n!/apps/", "", "apps", true),
        ("/docs\n!docs/keep.yaml", "", "docs/keep.yaml", false),
        ("/docs\n!docs/keep.yaml", "", "docs/other.yaml", true),
        ("!docs/keep.yaml\n/docs", "", "docs/keep.yaml", true),
        ("*.md", "", "a/b/c.md", true),
        ("*.md", "", "a.md/x.yaml", true),
        ("/*.md", "", "a/c.md", false),
        ("/*.md", "", "c.md", true),
        ("build/", "", "build", false),
        ("build/", "", "build/x.yaml", true),
        ("build/", "", "a/build/x.yaml", true),
        ("/build/", "", "a/build/x.yaml", false),
        ("a/b", "", "a/b/c.yaml", true),
        ("a/b", "", "x/a/b", false),
        ("**/secret", "", "x/y/secret", true),
        ("**/secret", "", "secret", true),
        ("a/**", "", "a/b/c", true),
        ("a/**", "", "a", true),
        ("a/**/z", "", "a/z", true),
        ("a/**/z", "", "a/b/c/z", true),
        ("a/**/z", "", "b/z", false),
        ("**", "", "x.yaml", true),
        ("/**", "", "x.yaml", false),
        ("a**", "", "ab", true),
        ("a**/b", "", "ab/b", false),
        ("# comment", "", "# comment", false),
        ("\\#x", "", "#x", true),
        ("trailing   ", "", "trailing", true),
        ("!kept", "", "kept", false),
        ("*.yaml\n!keep.yaml", "", "keep.yaml", false),
        ("*.yaml\n!keep.yaml", "", "x/keep.yaml", false),
        ("*.yaml\n!keep.yaml\nkeep.yaml", "", "keep.yaml", true),
        ("{a,b}.yaml", "", "a.yaml", false),
        ("file[0-9].yaml", "", "file7.yaml", true),
        ("file[^0-9].yaml", "", "file7.yaml", false),
        ("file[!0-9].yaml", "", "filex.yaml", false),
        ("*.tmp", "!x.tmp", "sub/x.tmp", false),
        ("*.tmp", "!x.tmp", "x.tmp", true),
        ("", "/b", "sub/b/x.yaml", true),
        ("", "/b", "b/x.yaml", false),
        ("/sub", "!x.yaml", "sub/x.yaml", false),
    ];

    #[test]
    fn what_stays_out_is_what_flux_leaves_out() {
        for (root, sub, path, expected) in GOLDEN {
            let mut rules = Rules::default();
            rules.read(root, &[]).unwrap();
            rules.read(sub, &["sub"]).unwrap();
            let parts: Vec<&str> = path.split('/').collect();
            assert_eq!(rules.exclude(&parts, false), *expected, "{root:?} {sub:?} on {path}");
        }
    }

    #[test]
    fn a_rule_for_folders_takes_folders_only() {
        let mut rules = Rules::default();
        rules.read("build/", &[]).unwrap();
        assert!(rules.exclude(&["build"], true));
        assert!(!rules.exclude(&["build"], false));
    }

    #[test]
    fn a_line_that_flux_would_drop_without_a_word_is_an_error() {
        let bad = Rules::default().read("*.md\n\nsecret[.yaml\n", &[]).unwrap_err();
        assert_eq!(bad, BadRule { line: 3, text: "secret[.yaml".to_owned() });
    }

    #[test]
    fn the_rules_of_a_folder_end_with_it() {
        let mut rules = Rules::default();
        rules.read("*.md", &[]).unwrap();
        let outside = rules.count();
        rules.read("!keep.md", &["sub"]).unwrap();
        assert!(rules.keep_anything() && !rules.exclude(&["sub", "keep.md"], false));
        rules.truncate(outside);
        assert!(!rules.keep_anything() && rules.exclude(&["sub", "keep.md"], false));
    }
}
