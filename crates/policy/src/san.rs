//! Patterns over subject alternative names: literal text with closed gaps, so that a rendered
//! matcher is anchored and escaped by construction.

/// A pattern over a whole subject alternative name: literal text with a few closed gaps.
/// There is no way to write an open end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SanPattern(pub(crate) Vec<Segment>);

/// A piece of a [`SanPattern`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Segment {
    /// Exactly this text.
    Literal(String),
    /// One or more printable ASCII characters of one path segment of a git ref (no `/`): a `*` in
    /// `refs`.
    RefSegment,
    /// A git commit: 40 lower-case hexadecimal digits.
    Commit,
    /// One of these commits.
    OneOf(Vec<String>),
    /// One of these patterns.
    AnyOf(Vec<SanPattern>),
}

/// Digits of a git commit, which is a SHA-1.
pub const COMMIT_DIGITS: usize = 40;

impl SanPattern {
    /// A pattern of these pieces.
    pub fn new(segments: Vec<Segment>) -> Self {
        Self(segments)
    }

    /// Exactly this name and no other.
    pub fn exact(san: impl Into<String>) -> Self {
        Self(vec![Segment::Literal(san.into())])
    }

    /// The pieces, in order.
    pub fn segments(&self) -> &[Segment] {
        &self.0
    }

    /// Whether the whole name is in the language of the pattern.
    ///
    /// Time is bounded by the length of the name times the length of the pattern: all ways to fill
    /// the gaps are followed at once.
    pub fn matches(&self, san: &str) -> bool {
        let text = san.as_bytes();
        let mut start = vec![false; text.len() + 1];
        start[0] = true;
        self.advance(text, start)[text.len()]
    }

    /// From the positions before the pattern, the positions after it.
    fn advance(&self, text: &[u8], before: Vec<bool>) -> Vec<bool> {
        self.0.iter().fold(before, |reached, segment| segment.advance(text, &reached))
    }

    /// The same language as a regular expression in the syntax of Go's RE2: anchored at both ends,
    /// every literal character escaped.
    pub fn regex(&self) -> String {
        format!("^{}$", self.regex_unanchored())
    }

    pub(crate) fn regex_unanchored(&self) -> String {
        self.0.iter().map(Segment::regex).collect()
    }
}

impl std::fmt::Display for SanPattern {
    /// For people: `*` for a part of a ref, `<commit>` for any commit.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|segment| match segment {
            Segment::Literal(text) => f.write_str(text),
            Segment::RefSegment => f.write_str("*"),
            Segment::Commit => f.write_str("<commit>"),
            Segment::OneOf(commits) => write!(f, "<{}>", commits.join(" or ")),
            Segment::AnyOf(patterns) => match patterns.as_slice() {
                [single] => single.fmt(f),
                many => {
                    let many: Vec<String> = many.iter().map(SanPattern::to_string).collect();
                    write!(f, "<{}>", many.join(" or "))
                }
            },
        })
    }
}

impl Segment {
    /// From the positions before this piece, the positions after it.
    fn advance(&self, text: &[u8], before: &[bool]) -> Vec<bool> {
        match self {
            Segment::Literal(literal) => skip_any(text, before, &[literal.as_bytes()]),
            Segment::OneOf(commits) => {
                let commits: Vec<&[u8]> = commits.iter().map(String::as_bytes).collect();
                skip_any(text, before, &commits)
            }
            Segment::AnyOf(patterns) => union(
                before.len(),
                patterns.iter().map(|pattern| pattern.advance(text, before.to_vec())),
            ),
            Segment::RefSegment => skip_ref_segment(text, before),
            Segment::Commit => skip_commit(text, before),
        }
    }

    fn regex(&self) -> String {
        match self {
            Segment::Literal(text) => escape(text),
            Segment::RefSegment => "[!-.0-~]+".to_owned(),
            Segment::Commit => format!("[0-9a-f]{{{COMMIT_DIGITS}}}"),
            Segment::OneOf(commits) => alternation(commits.iter().map(|commit| escape(commit))),
            Segment::AnyOf(patterns) => {
                alternation(patterns.iter().map(SanPattern::regex_unanchored))
            }
        }
    }
}

fn skip_any(text: &[u8], before: &[bool], words: &[&[u8]]) -> Vec<bool> {
    let mut after = vec![false; before.len()];
    for start in positions(before) {
        for word in words.iter().filter(|word| text[start..].starts_with(word)) {
            after[start + word.len()] = true;
        }
    }
    after
}

fn union(length: usize, sets: impl Iterator<Item = Vec<bool>>) -> Vec<bool> {
    sets.fold(vec![false; length], |mut all, set| {
        all.iter_mut().zip(set).for_each(|(all, one)| *all |= one);
        all
    })
}

fn skip_ref_segment(text: &[u8], before: &[bool]) -> Vec<bool> {
    let mut after = vec![false; before.len()];
    for (index, byte) in text.iter().enumerate() {
        let inside = before[index] || after[index];
        after[index + 1] = inside && byte.is_ascii_graphic() && *byte != b'/';
    }
    after
}

fn skip_commit(text: &[u8], before: &[bool]) -> Vec<bool> {
    let mut after = vec![false; before.len()];
    for start in positions(before) {
        let digits = text[start..].iter().take(COMMIT_DIGITS);
        if digits.filter(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')).count() == COMMIT_DIGITS
        {
            after[start + COMMIT_DIGITS] = true;
        }
    }
    after
}

fn positions(reached: &[bool]) -> impl Iterator<Item = usize> {
    reached.iter().enumerate().filter_map(|(position, reached)| reached.then_some(position))
}

/// `^(?:a|b)$`, or `^a$` for a single piece: the one place where alternatives are joined.
pub(crate) fn anchored_alternation(pieces: impl Iterator<Item = String>) -> String {
    format!("^{}$", alternation(pieces))
}

fn alternation(pieces: impl Iterator<Item = String>) -> String {
    let pieces: Vec<String> = pieces.collect();
    match pieces.as_slice() {
        [single] => single.clone(),
        many => format!("(?:{})", many.join("|")),
    }
}

/// Text as a regular expression for exactly that text: what Go's `regexp.QuoteMeta` escapes.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        if r"\.+*?()|[]{}^$".contains(character) {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}
