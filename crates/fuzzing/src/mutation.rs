//! Bytes that were never seen, made of some that were. Small on purpose: the crates that do this
//! better ask for nightly Rust or an instrumented build, and cargo-fuzz is there for long runs.

use fastrand::Rng;

/// Bytes of what is made: beyond, it only grows slower.
const BYTES_MAX: usize = 16 << 10;
/// Changes to one input.
const CHANGES_MAX: usize = 8;
/// How often a piece is repeated.
const REPEATS_MAX: usize = 64;

/// Words that the readers treat in ways of their own.
const WORDS: &[&str] = &[
    "\n",
    "\r\n",
    "\0",
    "\u{feff}",
    "\u{a0}",
    "é",
    "😀",
    " ",
    "\t",
    "---\n",
    "...\n",
    "- ",
    ": ",
    "? ",
    "|\n",
    ">-\n",
    "|2+\n",
    "&a ",
    "*a",
    "<<: *a\n",
    "!!str ",
    "!x ",
    "\"",
    "'",
    "\\x4f",
    "\\u0041",
    "\\\n",
    "{",
    "}",
    "[",
    "]",
    ",",
    "#",
    "{{ .x }}",
    "{% if %}",
    "<< x >>",
    "${X:=a}",
    "ENC[",
    "null",
    "kind: OCIRepository\n",
    "apiVersion: source.toolkit.fluxcd.io/v1\n",
    "  verify:\n",
    "matchOIDCIdentity:\n",
    "- op: add\n",
    "/spec/verify",
    "on: push\n",
    "jobs:\n",
    "uses: ./",
    "${{ ",
    " }}",
    "matrix.x",
    "run: |\n",
    "id-token: write",
    "cosign verify ",
    "cosign sign ",
    "--certificate-identity=",
    "$(",
    "`",
    ")",
    "<<EOF\n",
    "EOF\n",
    "|",
    "||",
    "&&",
    ";",
    "if ",
    "then ",
    "fi\n",
    "case ",
    " in\n",
    ";;",
    "esac\n",
    "for ",
    "do\n",
    "done\n",
    "\\",
    "```sh\n",
    "```\n",
    "(",
    "(?:",
    "(?i)",
    "(?P<n>",
    "(?",
    "[^",
    "[[:alpha:]]",
    "\\pL",
    "\\P{Greek}",
    "\\Q",
    "\\E",
    "\\b",
    "\\x{10ffff}",
    "\\C",
    ".*",
    ".+",
    "*?",
    "{1000}",
    "{2,}",
    "^",
    "$",
    "\\z",
    "\\.",
    "https://github.com/acme/",
    "@refs/heads/main",
    "//-1",
    "18446744073709551616",
    "-9",
];

/// Makes input after input, always the same from the same seed.
#[derive(Debug)]
pub struct Mutator {
    random: Rng,
    seeds: Vec<Vec<u8>>,
}

impl Mutator {
    /// Begins with these, of which there must be one.
    pub fn new(seeds: Vec<Vec<u8>>, seed: u64) -> Self {
        assert!(!seeds.is_empty(), "nothing to begin with");
        Self { random: Rng::with_seed(seed), seeds }
    }

    /// The next input.
    pub fn next_input(&mut self) -> Vec<u8> {
        let mut bytes = self.some_seed();
        for _ in 0..self.random.usize(1..=CHANGES_MAX) {
            self.change(&mut bytes);
            bytes.truncate(BYTES_MAX);
        }
        bytes
    }

    fn some_seed(&mut self) -> Vec<u8> {
        let seed = &self.seeds[self.random.usize(..self.seeds.len())];
        // Of a long one a part, so that all of it comes to be at the beginning.
        let from = if seed.len() > BYTES_MAX { self.random.usize(..seed.len()) } else { 0 };
        seed[from..].iter().copied().take(BYTES_MAX).collect()
    }

    fn change(&mut self, bytes: &mut Vec<u8>) {
        let at = self.random.usize(..=bytes.len());
        let piece = self.piece(bytes);
        match self.random.u8(..8) {
            0 if at < bytes.len() => bytes[at] = self.random.u8(..),
            1 if at < bytes.len() => bytes[at] ^= 1 << self.random.u8(..8),
            2 => drop(bytes.drain(piece)),
            3 => {
                let repeated = bytes[piece].repeat(self.random.usize(1..=REPEATS_MAX));
                drop(bytes.splice(at..at, repeated));
            }
            4 => {
                let moved: Vec<u8> = bytes[piece].to_vec();
                drop(bytes.splice(at..at, moved));
            }
            5 => {
                let other = self.some_seed();
                let part = self.piece(&other);
                drop(bytes.splice(at..at, other[part].to_vec()));
            }
            6 => drop(bytes.splice(piece, self.word().bytes())),
            _ => drop(bytes.splice(at..at, self.word().bytes())),
        }
    }

    /// A piece of some bytes, short ones more often.
    fn piece(&mut self, bytes: &[u8]) -> std::ops::Range<usize> {
        let from = self.random.usize(..=bytes.len());
        let most = 1 << self.random.u8(..12);
        from..bytes.len().min(from + self.random.usize(..=most))
    }

    fn word(&mut self) -> &'static str {
        WORDS[self.random.usize(..WORDS.len())]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_makes_the_same_and_another_makes_others() {
        let make = |seed| {
            let mut mutator =
                Mutator::new(vec![b"kind: A\n".to_vec(), b"on: push\n".to_vec()], seed);
            (0..1_000).map(|_| mutator.next_input()).collect::<Vec<_>>()
        };
        assert_eq!(make(1), make(1));
        let different = make(1).iter().zip(&make(2)).filter(|(one, other)| one != other).count();
        assert!(different > 900, "{different}");
        assert!(make(3).iter().all(|bytes| bytes.len() <= BYTES_MAX));
    }
}
