//! A weakness of a pattern in the words of a finding.

use sealwright_pattern::{About, Weakness, WeaknessKind, marked};
use sealwright_policy::{Code, Finding};

/// Characters of a pattern that are repeated in a finding; nobody reads more.
const PATTERN_CHARS_MAX: usize = 1_000;

pub(super) fn finding(weakness: &Weakness, pattern: &str, about: About) -> Finding {
    let who = match about {
        About::Subject | About::OtherSubject => "the subject pattern",
        About::Issuer => "the issuer pattern",
    };
    let message = match &weakness.witness {
        Some(witness) => format!("{who} {}: {witness}", says(weakness.kind)),
        None => format!("{who} {}", says(weakness.kind)),
    };
    let finding = Finding::new(code(weakness.kind), message);
    let finding = match weakness.witness.as_deref().and_then(disguised) {
        Some(name) if weakness.kind == WeaknessKind::OpenRef => finding.with_hint(format!(
            "A branch or tag may be called `{name}`: write `[^@]` for what takes its `@` too."
        )),
        _ => finding,
    };
    Finding { found: Some(shortened(&marked(pattern, &weakness.spots))), ..finding }
}

/// The name of a branch or tag that ends like another ref.
fn disguised(witness: &str) -> Option<&str> {
    let (_, git_ref) = witness.split_once('@')?;
    let name =
        git_ref.strip_prefix("refs/heads/").or_else(|| git_ref.strip_prefix("refs/tags/"))?;
    name.contains("@refs/").then_some(name)
}

pub(super) fn shortened(pattern: &str) -> String {
    match pattern.char_indices().nth(PATTERN_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &pattern[..end]),
        None => pattern.to_owned(),
    }
}

fn code(kind: WeaknessKind) -> Code {
    match kind {
        WeaknessKind::MatchesEverything => Code::PatternMatchesEverything,
        WeaknessKind::NeverMatches => Code::PatternNeverMatches,
        WeaknessKind::OpenIssuer => Code::PatternIssuerOpen,
        WeaknessKind::NotAnchored => Code::PatternNotAnchored,
        WeaknessKind::UnescapedDot => Code::PatternUnescapedDot,
        WeaknessKind::OpenOwner => Code::PatternOpenOwner,
        WeaknessKind::OpenWorkflow => Code::PatternOpenWorkflow,
        WeaknessKind::OpenRef => Code::PatternOpenRef,
        WeaknessKind::CaseFolding => Code::PatternCaseFolding,
        WeaknessKind::TooWide => Code::PatternTooWide,
        WeaknessKind::KeepsOut => Code::PatternKeepsOut,
        WeaknessKind::DeadAlternative => Code::PatternDeadAlternative,
        WeaknessKind::Undecided => Code::PatternUndecided,
    }
}

/// What it does, before the identity that shows it.
fn says(kind: WeaknessKind) -> &'static str {
    match kind {
        WeaknessKind::MatchesEverything => "lets in everybody, such as",
        WeaknessKind::NeverMatches => "lets in nobody",
        WeaknessKind::OpenIssuer => "lets another issuer vouch",
        WeaknessKind::NotAnchored => "is not anchored and lets in",
        WeaknessKind::UnescapedDot => "has a dot for any character and lets in",
        WeaknessKind::OpenOwner => "leaves the owner open and lets in",
        WeaknessKind::OpenWorkflow => "leaves the repository or workflow open and lets in",
        WeaknessKind::OpenRef => "leaves the ref open and lets in",
        WeaknessKind::CaseFolding => "ignores case and lets in",
        WeaknessKind::TooWide => "lets in",
        WeaknessKind::KeepsOut => "keeps out",
        WeaknessKind::DeadAlternative => "has an alternative that adds nobody",
        WeaknessKind::Undecided => "is too complex to decide whom it lets in",
    }
}
