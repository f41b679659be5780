//! What a tag is moved in: repository and tag as far as they are known on paper, and whether anybody
//! in production could follow that tag.

use std::ops::Range;

/// A reference as it was worked out: pieces that are not known stay as `${{ … }}` or `${…}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    /// `registry/path`, in lower case.
    pub(super) repository: String,
    /// The tag; `None` where none is written and the repository is not known.
    pub(super) tag: Option<String>,
    pub(super) kind: Kind,
}

/// What a tag is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// It moves from one release to the next: `latest`, `stable`, the name of a branch.
    Floating,
    /// It is written once for a release, and followed by ranges of versions.
    Version,
    /// Not known on paper.
    Unknown,
    /// Followed by what is not production yet: `candidate`, `staging`, `nightly`.
    Staging,
    /// Of one run or one commit: nobody follows it.
    Unique,
    /// No tag at all.
    Digest,
}

/// Words for what comes before production.
const STAGING: &[&str] = &[
    "staging",
    "stage",
    "candidate",
    "rc",
    "canary",
    "preview",
    "test",
    "testing",
    "tests",
    "dev",
    "develop",
    "devel",
    "edge",
    "nightly",
    "unstable",
    "snapshot",
    "ci",
    "tmp",
    "temp",
    "scratch",
    "e2e",
    "pr",
    "beta",
    "alpha",
    "experimental",
    "debug",
    "cache",
    "buildcache",
];
/// What makes a tag that of one run or commit, wherever it comes from.
const UNIQUE: &[&str] = &[
    "github.sha",
    "github_sha",
    "run_id",
    "run_number",
    "run_attempt",
    "github.event.number",
    "pull_request.number",
    "pull_request.head.sha",
    "git rev-parse",
    "$(date",
    "short_sha",
    "sha_short",
    "sha-",
    "short-sha",
    "commit",
    "digest",
    "uuid",
    "timestamp",
    "head.sha",
    "head_sha",
    "git_sha",
];
const VERSION: &[&str] = &["version", "tag", "ref_name", "github.ref", "github_ref", "semver"];
/// Registries that are gone after the job.
const SCRATCH: &[&str] = &[
    "localhost",
    "127.0.0.1",
    "[::1]",
    "0.0.0.0",
    "host.docker.internal",
    "kind-registry",
    "registry.local",
    "ko.local",
    "kind.local",
    "ttl.sh",
    "k3d-",
    "registry:5000",
    "local/",
];

impl Target {
    /// Reads a reference: `oci://` and `docker://` are left out.
    pub(super) fn parse(text: &str) -> Target {
        let text = text.trim();
        let text = text.strip_prefix("oci://").unwrap_or(text);
        let text = text.strip_prefix("docker://").unwrap_or(text);
        let closed = outside(text);
        if let Some((at, _)) = closed.iter().find(|(_, letter)| *letter == '@') {
            let (repository, _) = split_tag(&text[..*at]);
            return Target { repository: tidy(repository), tag: None, kind: Kind::Digest };
        }
        let (repository, tag) = split_tag(text);
        let implied = (!is_open(repository)).then(|| "latest".to_owned());
        let tag = tag.map(str::to_owned).or(implied);
        let kind = tag.as_deref().map_or(Kind::Unknown, kind);
        Target { repository: tidy(repository), tag, kind }
    }

    /// The same repository with another tag.
    pub(super) fn with_tag(&self, tag: &str) -> Target {
        let kind = kind(tag);
        Target { repository: self.repository.clone(), tag: Some(tag.to_owned()), kind }
    }

    /// Nothing is known but that something moves.
    pub(super) fn unknown(tag: Option<&str>) -> Target {
        let tag = tag.map(str::to_owned);
        Target { repository: String::new(), kind: tag.as_deref().map_or(Kind::Unknown, kind), tag }
    }

    /// A release's version, of a repository of which not all may be known.
    pub(super) fn version(repository: &str) -> Target {
        let repository = Target::parse(repository).repository;
        Target { repository, tag: None, kind: Kind::Version }
    }

    /// Whether all of the repository is known, or is the same for every run.
    pub(super) fn is_known(&self) -> bool {
        !self.repository.is_empty() && !is_open(&without_stable(&self.repository))
    }

    /// Whether it is thrown away with the machine.
    pub(super) fn is_scratch(&self) -> bool {
        SCRATCH.iter().any(|start| self.repository.starts_with(start))
    }

    /// Whether production could follow what moves.
    pub(super) fn is_live(&self) -> bool {
        matches!(self.kind, Kind::Floating | Kind::Version | Kind::Unknown) && !self.is_scratch()
    }

    /// Whether it may be this repository of the configuration: where a piece is open, anything may
    /// stand, but something must be known.
    pub(super) fn may_be(&self, repository: &str) -> bool {
        let pieces = closed_pieces(&self.repository);
        let [first, middle @ .., last] = pieces.as_slice() else {
            return self.repository == repository;
        };
        let known = pieces.iter().any(|piece| piece.contains(|c: char| c.is_alphanumeric()));
        let inner = repository.strip_prefix(first).and_then(|rest| rest.strip_suffix(last));
        let fits = middle.iter().try_fold(inner.unwrap_or_default(), |rest, piece| {
            rest.find(piece).map(|at| &rest[at + piece.len()..])
        });
        known && inner.is_some() && fits.is_some()
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let repository = if self.repository.is_empty() { "not resolved" } else { &self.repository };
        f.write_str(repository)?;
        match (&self.tag, self.kind) {
            (Some(tag), _) => write!(f, ":{tag}"),
            (None, Kind::Digest) => f.write_str(" by digest"),
            (None, Kind::Version) => f.write_str(", a version"),
            (None, _) => Ok(()),
        }
    }
}

/// Whether a text holds something that is not known.
pub(super) fn is_open(text: &str) -> bool {
    text.contains(['$', '`'])
}

/// The text without what is not known but the same in every run of a repository.
fn without_stable(text: &str) -> String {
    let stable = ["${{ github.repository }}", "${{ github.repository_owner }}"];
    stable.iter().fold(text.to_owned(), |text, name| text.replace(name, "x"))
}

fn tidy(repository: &str) -> String {
    repository.trim_end_matches('/').to_lowercase()
}

fn split_tag(text: &str) -> (&str, Option<&str>) {
    let closed = outside(text);
    let slash = closed.iter().rposition(|(_, letter)| *letter == '/').map_or(0, |at| at + 1);
    let colon = closed[slash..].iter().rev().find(|(_, letter)| *letter == ':');
    match colon {
        Some((at, _)) => (&text[..*at], Some(&text[at + 1..])),
        None => (text, None),
    }
}

/// The characters of a text that stand in nothing open.
fn outside(text: &str) -> Vec<(usize, char)> {
    let spans = open_spans(text);
    let closed = |at: usize| !spans.iter().any(|span| span.contains(&at));
    text.char_indices().filter(|(at, _)| closed(*at)).collect()
}

/// The literal pieces around what is open; the first and the last may be empty.
fn closed_pieces(text: &str) -> Vec<&str> {
    let mut from = 0;
    let mut pieces = Vec::new();
    for span in open_spans(text) {
        pieces.push(&text[from..span.start]);
        from = span.end;
    }
    pieces.push(&text[from..]);
    pieces
}

/// Where `${{ … }}`, `${…}`, `$(…)`, `$NAME` and backticks stand.
fn open_spans(text: &str) -> Vec<Range<usize>> {
    let mut spans = Vec::new();
    let mut at = 0;
    while let Some(start) = text[at..].find(['$', '`']).map(|found| at + found) {
        let rest = &text[start + 1..];
        let length = match rest.chars().next() {
            _ if text[start..].starts_with('`') => rest.find('`').map_or(rest.len(), |end| end + 1),
            Some('{' | '(') => nested(rest),
            _ => rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len()),
        };
        at = start + 1 + length;
        spans.push(start..at);
    }
    spans
}

/// The length of what begins with a bracket, up to where that closes.
fn nested(text: &str) -> usize {
    let mut depth = 0_usize;
    let closing = text.char_indices().find(|(_, letter)| {
        match letter {
            '{' | '(' => depth += 1,
            '}' | ')' => depth = depth.saturating_sub(1),
            _ => (),
        }
        depth == 0
    });
    closing.map_or(text.len(), |(at, _)| at + 1)
}

/// What a tag is for, by how it is written.
pub(super) fn kind(tag: &str) -> Kind {
    let lower = tag.to_lowercase();
    if UNIQUE.iter().any(|words| lower.contains(words)) {
        return Kind::Unique;
    }
    let words: Vec<&str> = lower.split(['-', '_', '.', '/']).collect();
    let staging = words.iter().any(|word| STAGING.contains(word));
    if !is_open(&lower) {
        let hexadecimal = lower.len() >= 7 && lower.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = lower.strip_prefix('v').unwrap_or(&lower);
        let version = number.starts_with(|c: char| c.is_ascii_digit());
        return match (staging, version) {
            (_, _) if hexadecimal && lower.len() == 40 => Kind::Unique,
            (true, _) => Kind::Staging,
            (false, true) => Kind::Version,
            (false, false) => Kind::Floating,
        };
    }
    match (staging, VERSION.iter().any(|word| lower.contains(word))) {
        (true, _) => Kind::Staging,
        (false, true) => Kind::Version,
        (false, false) => Kind::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_parted_into_repository_and_tag() {
        for (text, repository, tag, kind, why) in [
            (
                "oci://ghcr.io/Acme/x:latest",
                "ghcr.io/acme/x",
                Some("latest"),
                Kind::Floating,
                "plain",
            ),
            ("ghcr.io/acme/x", "ghcr.io/acme/x", Some("latest"), Kind::Floating, "implied"),
            (
                "registry.example:5000/x:v1.2.3",
                "registry.example:5000/x",
                Some("v1.2.3"),
                Kind::Version,
                "a port",
            ),
            ("ghcr.io/acme/x@sha256:abc", "ghcr.io/acme/x", None, Kind::Digest, "a digest"),
            (
                "ghcr.io/acme/x:v1@${{ steps.a.outputs.digest }}",
                "ghcr.io/acme/x",
                None,
                Kind::Digest,
                "both",
            ),
            (
                "ghcr.io/${{ github.repository }}:${{ github.sha }}",
                "ghcr.io/${{ github.repository }}",
                Some("${{ github.sha }}"),
                Kind::Unique,
                "of a commit",
            ),
            (
                "${IMAGE}:$(git rev-parse HEAD)",
                "${image}",
                Some("$(git rev-parse HEAD)"),
                Kind::Unique,
                "of a commit",
            ),
            ("${IMAGE}:${VERSION}", "${image}", Some("${VERSION}"), Kind::Version, "a version"),
            ("${IMAGE}", "${image}", None, Kind::Unknown, "the tag may be in it"),
            (
                "${{ a || 'b/c:d' }}:candidate",
                "${{ a || 'b/c:d' }}",
                Some("candidate"),
                Kind::Staging,
                "signs within",
            ),
        ] {
            let target = Target::parse(text);
            let found = (target.repository.as_str(), target.tag.as_deref(), target.kind);
            assert_eq!(found, (repository, tag, kind), "{why}: {text}");
        }
    }

    #[test]
    fn tags_are_told_apart() {
        for (tag, expected) in [
            ("latest", Kind::Floating),
            ("main", Kind::Floating),
            ("production", Kind::Floating),
            ("v1", Kind::Version),
            ("1.2.3-rc.1", Kind::Staging),
            ("pr-12", Kind::Staging),
            ("sha-${{ x }}", Kind::Unique),
            ("staging-${{ github.run_id }}", Kind::Unique),
            ("${{ github.ref_name }}", Kind::Version),
            ("${{ matrix.flavour }}", Kind::Unknown),
            ("0123456789abcdef0123456789abcdef01234567", Kind::Unique),
        ] {
            assert_eq!(kind(tag), expected, "{tag}");
        }
    }

    #[test]
    fn what_may_be_an_artifact_of_the_configuration() {
        let repository = "ghcr.io/acme/platform/manifests";
        for (text, expected, why) in [
            ("ghcr.io/acme/platform/manifests:x", true, "itself"),
            ("ghcr.io/acme/platform:x", false, "another"),
            ("ghcr.io/${{ github.repository }}/manifests:x", true, "an open middle"),
            ("ghcr.io/${{ github.repository }}/charts:x", false, "another end"),
            ("ghcr.io/${{ github.repository }}:x", true, "an open end"),
            ("${REGISTRY}/acme/platform/manifests:x", true, "an open start"),
            ("quay.io/${OWNER}/platform/manifests:x", false, "another registry"),
            ("${IMAGE}:x", false, "nothing is known"),
        ] {
            assert_eq!(Target::parse(text).may_be(repository), expected, "{why}: {text}");
        }
    }

    #[test]
    fn scratch_registries_and_known_ones() {
        assert!(Target::parse("localhost:5000/x:latest").is_scratch());
        assert!(!Target::parse("localhost:5000/x:latest").is_live());
        assert!(Target::parse("ghcr.io/${{ github.repository }}/x:latest").is_known());
        assert!(!Target::parse("ghcr.io/${{ matrix.x }}/x:latest").is_known());
        assert!(!Target::unknown(None).is_known());
    }
}
