//! Who may sign, in words that a person would use: `acme/platform cd.yaml on main`.

use crate::declaration::{Form, Identity, Matcher};

/// Characters of one entry; what is longer is cut.
const WORDS_CHARS_MAX: usize = 72;

/// Entries that are told one by one.
const WHO_MAX: usize = 4;

/// Everybody whom these entries let in.
pub fn who(identities: &[Identity]) -> String {
    let mut told: Vec<String> = Vec::new();
    for words in identities.iter().flat_map(entry) {
        if !told.contains(&words) {
            told.push(words);
        }
    }
    let rest = told.len().saturating_sub(WHO_MAX);
    told.truncate(WHO_MAX);
    match rest {
        0 => told.join(", "),
        more => format!("{}, and {more} more", told.join(", ")),
    }
}

fn entry(identity: &Identity) -> Vec<String> {
    let Some(subject) = &identity.subject else {
        return vec![match &identity.issuer {
            Some(issuer) => format!("anybody of {}", shown(issuer)),
            None => "anybody".to_owned(),
        }];
    };
    let names: Vec<String> = match subject.form {
        Form::Regex => alternatives(subject.text.trim()).iter().map(|one| name(one)).collect(),
        Form::Glob => vec![name(&subject.text.replace('*', ".*"))],
        Form::Exact => vec![name(&subject.text)],
        Form::Prefix => vec![name(&format!("{}.*", subject.text))],
    };
    let open = identity.issuer.as_ref().is_none_or(|issuer| is_open(issuer.text.trim()));
    let vouched = |name: String| if open { format!("{name}, by any issuer") } else { name };
    names.into_iter().map(vouched).collect()
}

fn shown(matcher: &Matcher) -> String {
    short(&unescaped(bare(&matcher.text)))
}

fn is_open(pattern: &str) -> bool {
    matches!(bare(pattern), "" | ".*" | ".+" | "*" | "https://.*" | "https://.+")
}

/// One name as words, as far as it has the form of a workflow.
fn name(pattern: &str) -> String {
    let bare = unescaped(bare(pattern));
    if is_open(pattern) {
        return "anybody".to_owned();
    }
    let rest = bare.strip_prefix("https://").unwrap_or(&bare);
    let Some(path) = rest.strip_prefix("github.com/") else { return short(&bare) };
    let (file, version) = match path.split_once('@') {
        Some((file, version)) => (file, on(version)),
        None => (path, "on any ref".to_owned()),
    };
    let words = match file.split_once("/.github/workflows/") {
        Some((repository, workflow)) => format!("{} {}", piece(repository), workflow_of(workflow)),
        None => format!("{} any workflow", piece(file.trim_end_matches('/'))),
    };
    short(&format!("{words} {version}"))
}

fn workflow_of(text: &str) -> String {
    if is_any(text) { "any workflow".to_owned() } else { text.to_owned() }
}

/// `acme/any repository` for what is open behind the owner.
fn piece(text: &str) -> String {
    match text.split_once('/') {
        Some((owner, rest)) if is_any(rest) || rest.is_empty() => {
            format!("{} any repository,", owner_of(owner))
        }
        // Behind the repository nothing is said of a workflow.
        Some((owner, rest)) => {
            let repository = rest.split_once('/').filter(|(name, _)| !name.contains(['[', '(']));
            let repository = repository.map_or(rest, |(name, _)| name);
            format!("{}/{}", owner_of(owner), repository.trim_end_matches(".*"))
        }
        None if is_any(text) => "any owner, any repository,".to_owned(),
        None => format!("{} any repository,", owner_of(text.trim_end_matches(".*"))),
    }
}

fn owner_of(text: &str) -> String {
    if is_any(text) { "any owner,".to_owned() } else { text.to_owned() }
}

fn is_any(text: &str) -> bool {
    matches!(text, ".*" | ".+" | "*" | "[^/]+" | "[^/]*" | "[^@]+" | "[^@]*")
}

/// What stands behind the `@`.
fn on(version: &str) -> String {
    let commit = ["[0-9a-f]{40}", "[a-f0-9]{40}", "[0-9a-fA-F]{40}"];
    match version {
        text if is_any(text) || text.is_empty() => "on any ref".to_owned(),
        text if commit.contains(&text) => "at any commit".to_owned(),
        text => match text.strip_prefix("refs/heads/") {
            Some(branch) if is_any(branch) => "on any branch".to_owned(),
            Some(branch) => format!("on {branch}"),
            None => match text.strip_prefix("refs/tags/") {
                Some(tag) if is_any(tag) => "on any tag".to_owned(),
                Some(tag) => format!("on tag {tag}"),
                None => format!("on {text}"),
            },
        },
    }
}

/// Without anchors and a group around all of it.
fn bare(pattern: &str) -> &str {
    let text = pattern.trim().trim_start_matches("(?i)").trim_start_matches('^');
    text.strip_suffix('$').unwrap_or(text)
}

/// The alternatives of the outermost group, when it spans all of the pattern or all but a literal
/// beginning.
fn alternatives(pattern: &str) -> Vec<String> {
    let bare = bare(pattern);
    let Some((head, group, tail)) = only_group(bare) else {
        return split(bare).into_iter().map(ToOwned::to_owned).collect();
    };
    let parts = split(group);
    parts.into_iter().map(|part| format!("{head}{part}{tail}")).collect()
}

/// The text before, in and behind the first group, when it has alternatives.
fn only_group(text: &str) -> Option<(&str, &str, &str)> {
    if split(text).len() > 1 {
        return None;
    }
    let open = unescaped_at(text, '(')?;
    let mut depth = 0_usize;
    let mut escaped = false;
    for (at, character) in text[open..].char_indices() {
        match character {
            _ if escaped => {}
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        escaped = character == '\\' && !escaped;
        if depth == 0 {
            let inside = text[open + 1..open + at].trim_start_matches("?:");
            let tail = &text[open + at + 1..];
            let repeated = tail.starts_with(['*', '+', '?', '{']);
            return (!repeated && split(inside).len() > 1).then_some((&text[..open], inside, tail));
        }
    }
    None
}

fn unescaped_at(text: &str, wanted: char) -> Option<usize> {
    let mut escaped = false;
    text.char_indices().find_map(|(at, character)| {
        let found = character == wanted && !escaped;
        escaped = character == '\\' && !escaped;
        found.then_some(at)
    })
}

/// At the bars that stand in no group and no class.
fn split(text: &str) -> Vec<&str> {
    let (mut parts, mut start, mut depth, mut class, mut escaped) =
        (vec![], 0, 0_usize, false, false);
    for (at, character) in text.char_indices() {
        match character {
            _ if escaped => {}
            '[' => class = true,
            ']' => class = false,
            '(' if !class => depth += 1,
            ')' if !class => depth = depth.saturating_sub(1),
            '|' if !class && depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
        escaped = character == '\\' && !escaped;
    }
    parts.push(&text[start..]);
    parts
}

fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match (character, characters.peek()) {
            ('\\', Some(next)) if !next.is_alphanumeric() => {
                plain.push(*next);
                characters.next();
            }
            _ => plain.push(character),
        }
    }
    plain
}

fn short(text: &str) -> String {
    match text.char_indices().nth(WORDS_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(issuer: Option<&str>, subject: Option<&str>, form: Form) -> String {
        let half = |text: Option<&str>| {
            let text = text?.to_owned();
            Some(Matcher { form, text, at: Default::default(), whole: true })
        };
        who(&[Identity { issuer: half(issuer), subject: half(subject), at: Default::default() }])
    }

    #[test]
    fn a_pattern_reads_like_a_sentence() {
        let github = Some(r"^https://token\.actions\.githubusercontent\.com$");
        for (subject, expected, why) in [
            (
                r"^https://github\.com/acme/platform/\.github/workflows/cd\.yaml@refs/heads/main$",
                "acme/platform cd.yaml on main",
                "one workflow on one branch",
            ),
            (
                r"^https://github\.com/acme/actions/\.github/workflows/publish\.yaml@[0-9a-f]{40}$",
                "acme/actions publish.yaml at any commit",
                "a shared workflow",
            ),
            (
                r"^(?:https://github\.com/acme/a/\.github/workflows/x\.yaml@refs/heads/main|https://github\.com/acme/b/\.github/workflows/y\.yaml@refs/tags/.*)$",
                "acme/a x.yaml on main, acme/b y.yaml on any tag",
                "two whole names",
            ),
            (
                r"^https://github\.com/acme/a/\.github/workflows/(cd|ci)\.yaml@refs/heads/main$",
                "acme/a cd.yaml on main, acme/a ci.yaml on main",
                "two files",
            ),
            (
                r"^https://github\.com/acme/.*$",
                "acme any repository, any workflow on any ref",
                "an owner",
            ),
            (
                r"^https://github.com/acme/shop/.github/.+$",
                "acme/shop any workflow on any ref",
                "a repository with the beginning of a path",
            ),
            (
                r"^https://github\.com/.*$",
                "any owner, any repository, any workflow on any ref",
                "a forge",
            ),
            (
                r"^https://github.com/acme/shop.*$",
                "acme/shop any workflow on any ref",
                "a repository without an end",
            ),
            (".*", "anybody", "all"),
            ("^ops@acme\\.example$", "ops@acme.example", "a person"),
        ] {
            assert_eq!(told(github, Some(subject), Form::Regex), expected, "{why}");
        }
    }

    #[test]
    fn what_is_open_is_said() {
        let cd = "https://github.com/acme/a/.github/workflows/x.yaml@refs/heads/main";
        for (issuer, subject, form, expected) in [
            (None, None, Form::Regex, "anybody"),
            (
                Some("https://accounts.example"),
                None,
                Form::Exact,
                "anybody of https://accounts.example",
            ),
            (None, Some(cd), Form::Exact, "acme/a x.yaml on main, by any issuer"),
            (Some(".*"), Some(cd), Form::Regex, "acme/a x.yaml on main, by any issuer"),
            (
                Some("https://a"),
                Some("https://github.com/acme/*"),
                Form::Glob,
                "acme any repository, any workflow on any ref",
            ),
        ] {
            assert_eq!(told(issuer, subject, form), expected);
        }
    }

    #[test]
    fn no_pattern_is_too_odd() {
        for pattern in
            ["(", ")", "((((|", "[", r"\", "a|", "^(?:$", "(a|b", "@", "https://github.com/"]
        {
            let _ = told(None, Some(pattern), Form::Regex);
        }
    }
}
