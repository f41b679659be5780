//! What documents show of a name without meaning one: `<owner>`, `OWNER/REPO`, `YOUR_ORG`, `{owner}`.

use super::dialect::OPENS;

/// Words that stand for a name of the reader's, when they are all capitals.
const WORDS: &[&str] = &[
    "BRANCH",
    "BRANCH_NAME",
    "COMMIT",
    "GITHUB_ORG",
    "GITHUB_USER",
    "GITHUB_USERNAME",
    "IDENTITY",
    "IMAGE",
    "NAME",
    "NAMESPACE",
    "ORG",
    "ORGANISATION",
    "ORGANIZATION",
    "ORG_NAME",
    "OWNER",
    "PROJECT",
    "REGISTRY",
    "REPO",
    "REPOSITORY",
    "REPOSITORY_NAME",
    "REPO_NAME",
    "REPO_OWNER",
    "SHA",
    "TAG",
    "USER",
    "USERNAME",
    "VERSION",
    "WORKFLOW",
    "WORKFLOW_FILE",
    "WORKFLOW_NAME",
    "X.Y.Z",
    "XXX",
];

/// Whether a reader fills in a part of this word.
pub(super) fn has_placeholder(word: &str) -> bool {
    word.as_bytes().contains(&OPENS)
        || word.contains('…')
        || word.contains("...")
        || brackets(word, '<', '>')
        || brackets(word, '{', '}')
        || pieces(&without_variables(word)).any(|piece| WORDS.contains(&piece) || is_yours(piece))
}

/// `<owner>`, and not the name of a group in a pattern, `(?P<name>…)`; `{owner}`, and no variable.
fn brackets(word: &str, opens: char, closes: char) -> bool {
    word.match_indices(opens).any(|(at, _)| {
        let before = word[..at].chars().next_back();
        let behind = &word[at + 1..];
        let Some(end) = behind.find(closes) else { return false };
        let letter = |one: char| one.is_ascii_alphabetic() || " _-".contains(one);
        let named = end > 0 && behind[..end].chars().all(letter) && !behind.starts_with([' ', '-']);
        named && !matches!(before, Some('?' | 'P' | '$' | '{' | 'p'))
    })
}

/// The word with its variables left out: their names are not what they hold.
fn without_variables(word: &str) -> String {
    let mut kept = String::new();
    let mut rest = word;
    while let Some(at) = rest.find('$') {
        kept.push_str(&rest[..at]);
        let behind = &rest[at + 1..];
        let name = |text: &str| {
            let end = text.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
            end.unwrap_or(text.len())
        };
        let length = match behind.strip_prefix('{') {
            Some(inner) => inner.find('}').map_or(behind.len(), |end| end + 2),
            None => name(behind),
        };
        rest = &behind[length..];
    }
    kept + rest
}

/// What stands between the signs that part a name; `vVERSION` is a version.
fn pieces(word: &str) -> impl Iterator<Item = &str> {
    let pieces =
        word.split(|letter: char| !letter.is_ascii_alphanumeric() && !"_-.".contains(letter));
    pieces.map(|piece| piece.strip_prefix('v').unwrap_or(piece)).map(|piece| {
        let file = piece.strip_suffix(".yml").or_else(|| piece.strip_suffix(".yaml"));
        file.unwrap_or(piece)
    })
}

/// `YOUR_ORG`, `your-repo`, `yourname`.
fn is_yours(piece: &str) -> bool {
    let lower = piece.to_ascii_lowercase();
    let Some(rest) = lower.strip_prefix("your") else { return false };
    rest.starts_with(['-', '_'])
        || ["org", "name", "user", "username", "repo", "project", "company"].contains(&rest)
}

#[cfg(test)]
mod tests {
    use super::has_placeholder;

    #[test]
    fn what_a_reader_fills_in_is_told_from_a_name() {
        for (word, expected, why) in [
            ("https://github.com/<owner>/<repo>/", true, "brackets"),
            (
                "https://github.com/OWNER/REPO/.github/workflows/x.yml@refs/heads/main",
                true,
                "capitals",
            ),
            ("https://github.com/YOUR_ORG/a", true, "yours"),
            ("https://github.com/your-org/a", true, "in small letters"),
            ("https://github.com/{owner}/a", true, "braces"),
            ("@refs/tags/vX.Y.Z", true, "a version"),
            ("/.github/workflows/WORKFLOW.yml@", true, "a file"),
            ("https://github.com/acme/a", false, "a name"),
            ("https://github.com/ACME/a", false, "a name in capitals"),
            ("https://github.com/acme/yours", false, "a repository of that name"),
            ("https://github.com/youracme/a", false, "an owner of that name"),
            ("^(?P<name>a)$", false, "the name of a group"),
            (r"^\p{Lu}{3}[a-f0-9]{40}$", false, "classes and counts"),
            ("https://github.com/${OWNER}/$REPO/x@$TAG", false, "variables"),
            ("https://github.com/${{ env.OWNER }}/x", false, "an expression"),
            ("$OWNER/REPO", true, "one of them"),
            ("https://github.com/acme/release-TAG-x", false, "a part of a name"),
        ] {
            assert_eq!(has_placeholder(word), expected, "{why}: {word}");
        }
    }
}
