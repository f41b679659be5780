//! Makes up patterns and texts, and prints each with what we say of it, for `gomatch` to compare.
//!
//! `pairs COUNT [SEED]` prints COUNT lines of JSON: `pattern`, `text`, and `error`, `match` or `limit`.

use std::io::Write as _;

use fastrand::Rng;
use sealwright_pattern::GoRegex;
use serde_json::json;

/// The same pairs every time, unless told otherwise.
const SEED: u64 = 2_026;
/// How deep made-up groups nest.
const DEPTH: usize = 4;

/// Single characters: ordinary ones, those with odd cases, and those with a meaning elsewhere.
const LETTERS: &[&str] = &[
    "a",
    "b",
    "c",
    "k",
    "K",
    "s",
    "S",
    "x",
    "A",
    "Z",
    "0",
    "1",
    "7",
    "9",
    "_",
    "-",
    " ",
    "/",
    "@",
    ":",
    "#",
    "&",
    "~",
    "<",
    ">",
    "=",
    "!",
    ",",
    "'",
    "\"",
    "\n",
    "\r",
    "\t",
    "\u{b}",
    "\0",
    "\u{7f}",
    "\u{e9}",
    "\u{c9}",
    "\u{df}",
    "\u{17f}",
    "\u{212a}",
    "\u{3b8}",
    "\u{3d1}",
    "\u{390}",
    "\u{1fd3}",
    "\u{4e2d}",
    "\u{fb05}",
    "\u{fffd}",
    "\u{1171e}",
    "\u{10400}",
    "\u{1f600}",
    "\u{10ffff}",
    "}",
    "]",
];

/// Atoms with a text that they match, more or less.
const ATOMS: &[(&str, &str)] = &[
    (".", "x"),
    ("^", ""),
    ("$", ""),
    (r"\A", ""),
    (r"\z", ""),
    (r"\b", ""),
    (r"\B", ""),
    (r"\d", "5"),
    (r"\D", "x"),
    (r"\s", " "),
    (r"\S", "x"),
    (r"\w", "w"),
    (r"\W", "\u{e9}"),
    (r"\pL", "\u{e9}"),
    (r"\PL", "1"),
    (r"\p{Greek}", "\u{3b8}"),
    (r"\p{^Greek}", "a"),
    (r"\P{^Greek}", "\u{3b8}"),
    (r"\p{Lu}", "A"),
    (r"\p{lowercase_letter}", "a"),
    (r"\p{LC}", "a"),
    (r"\p{Any}", "\n"),
    (r"\p{Mn}", "\u{1171e}"),
    (r"\x41", "A"),
    (r"\x{3b8}", "\u{3b8}"),
    (r"\101", "A"),
    (r"\0", "\0"),
    (r"\07", "\u{7}"),
    (r"\n", "\n"),
    (r"\t", "\t"),
    (r"\.", "."),
    (r"\-", "-"),
    (r"\_", "_"),
    (r"\<", "<"),
    (r"\Qa.b*\E", "a.b*"),
    (r"\Q\E", ""),
    ("[a-z]", "k"),
    ("[^a-z]", "K"),
    ("[]a]", "]"),
    ("[^]a]", "b"),
    ("[a-]", "-"),
    ("[-a]", "-"),
    ("[a&&b]", "&"),
    ("[[a]b]", "[b]"),
    ("[a~~b]", "~"),
    (r"[\w-]", "-"),
    (r"[\d\-x]", "x"),
    (r"[^\W]", "w"),
    (r"[\pN_]", "_"),
    ("[[:alpha:]]", "a"),
    ("[^[:^alpha:]1]", "a"),
    ("[[:word:][:space:]]", "\u{b}"),
    ("[[:alpha]", ":"),
    ("[:a]", ":"),
    (r"[\x00-\x{10FFFF}]", "\n"),
    (r"[^\x00-\x{10FFFF}]", ""),
    (r"[\x{D7FF}-\x{E000}]", "\u{e000}"),
    ("[\u{390}\u{fb06}]", "\u{1fd3}"),
    ("[K]", "\u{212a}"),
    ("a{,2}", "a{,2}"),
    ("{", "{"),
    ("a{1", "a{1"),
    ("{1,x}", "{1,x}"),
    ("()", ""),
    ("(|)", ""),
    ("(a|)", "a"),
];

/// Things that Go refuses, reads otherwise than one thinks, or both.
const ODDITIES: &[&str] = &[
    "(?=a)",
    "(?!a)",
    "(?<=a)",
    "(?<!a)",
    "(?P=n)",
    "(?P>n)",
    "(?P<n",
    "(?P<>a)",
    "(?<a-b>c)",
    "(?x)",
    "(?u)",
    "(?-u)",
    "(?R)",
    "(?i-)",
    "(?-)",
    "(?)",
    "(?i-s-m)",
    "(?#c)",
    "(?|a)",
    "(?>a)",
    "(?",
    "(?i",
    "(?P",
    "(?P<",
    "(?<",
    "(*",
    "\\",
    "\\C",
    "\\Z",
    "\\1",
    "\\8",
    "\\18",
    "\\u0061",
    "\\xZ1",
    "\\x1",
    "\\x{}",
    "\\x{110000}",
    "\\x{1",
    "\\e",
    "\\cA",
    "\\G",
    "\\K",
    "\\R",
    "\\X",
    "\\h",
    "\\E",
    "\\Q",
    "\\Qab",
    "\\p",
    "\\pX",
    "\\p{",
    "\\p{}",
    "\\p{^}",
    "\\p{Old_Italic}",
    "\\p{Script=Greek}",
    "\\p{L&}",
    "\\b{start}",
    "[",
    "[]",
    "[^]",
    "[^",
    "[a",
    "[\\",
    "[z-a]",
    "[\\d-z]",
    "[a-\\d]",
    "[a--b]",
    "[[:nope:]]",
    "[[:alpha:",
    "[[.a.]]",
    "[[=a=]]",
    "[a\\]",
    "a**",
    "a*+",
    "a+?+",
    "a??",
    "a???",
    "a{2}{3}",
    "a{2}*",
    "a{0}",
    "a{0,0}",
    "a{1001}",
    "a{1000}",
    "a{01}",
    "a{3,2}",
    "a{2,1001}",
    "a{99999999999}",
    "a{1,99999999999}",
    "a{-1}",
    "a{ 1}",
    "*",
    "+a",
    "?",
    "{1}",
    "|*",
    "^*",
    "$+",
    "\\b+",
    "(?i)*",
    "(?:)*",
    "()*",
    ")",
    "(",
    "(a",
    "a)",
    "|",
    "||",
    "(|a|)",
    "\u{e9}*",
    "\\\u{e9}",
    "[\u{e9}-\u{e8}]",
];

/// What real declarations are made of.
const IDENTITIES: &[(&str, &str)] = &[
    (
        r"^https://github\.com/acme/platform/\.github/workflows/cd\.yaml@refs/heads/main$",
        "https://github.com/acme/platform/.github/workflows/cd.yaml@refs/heads/main",
    ),
    (r"^https://github.com/acme/.*$", "https://githubacom/acme/x"),
    (
        r"https://token\.actions\.githubusercontent\.com",
        "https://token.actions.githubusercontent.com",
    ),
    (
        r"(?i)^https://GITHUB\.com/[\w.-]+/[\w.-]+/\.github/workflows/.+@refs/(?:heads|tags)/.+$",
        "https://github.com/acme/x/.github/workflows/cd.yaml@refs/tags/v1",
    ),
    (
        r"^https://github\.com/acme/x/\.github/workflows/cd\.yaml@[0-9a-f]{40}$",
        "https://github.com/acme/x/.github/workflows/cd.yaml@0123456789abcdef0123456789abcdef01234567",
    ),
];

/// A pattern with a text that it was made to match.
#[derive(Clone)]
struct Made {
    pattern: String,
    text: String,
}

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1).map(|word| word.parse::<u64>());
    let count = arguments.next().and_then(Result::ok).unwrap_or(5_000);
    let mut rng = Rng::with_seed(arguments.next().and_then(Result::ok).unwrap_or(SEED));
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for _ in 0..count {
        let made = pair(&mut rng);
        let mut line = json!({"pattern": made.pattern, "text": made.text});
        match GoRegex::parse(&made.pattern) {
            Ok(regex) => line["match"] = regex.is_match(&made.text).into(),
            Err(error) if error.is_gos() => line["error"] = error.to_string().into(),
            Err(limit) => line["limit"] = limit.to_string().into(),
        }
        writeln!(out, "{line}")?;
    }
    out.flush()
}

fn pair(rng: &mut Rng) -> Made {
    let mut made = match rng.u8(0..20) {
        0 | 1 => identity(rng),
        2 => large(rng),
        _ => expression(rng, DEPTH),
    };
    for _ in 0..rng.usize(0..3) {
        if rng.u8(0..4) == 0 {
            made.pattern = damaged(rng, &made.pattern);
        }
        if rng.u8(0..3) == 0 {
            made.text = damaged(rng, &made.text);
        }
    }
    made
}

fn identity(rng: &mut Rng) -> Made {
    let (pattern, _) = IDENTITIES[rng.usize(..IDENTITIES.len())];
    let (_, text) = IDENTITIES[rng.usize(..IDENTITIES.len())];
    Made { pattern: pattern.to_owned(), text: text.to_owned() }
}

/// Near the limits: deep, long, or repeated often.
fn large(rng: &mut Rng) -> Made {
    let count = rng.usize(1..1_200);
    let (open, close) = [("(", ")"), ("(?:", ")*"), ("(?:a|", ")"), ("(?:", "b)?")][rng.usize(..4)];
    let pattern = match rng.u8(0..5) {
        0 => format!("{}a{}", open.repeat(count), close.repeat(count)),
        1 => open.repeat(count),
        2 => format!("(?:{}{{{}}}){{{}}}", atom(rng).pattern, rng.u32(1..40), rng.u32(1..40)),
        3 => (1..count.min(120)).map(|n| "ab".repeat(n)).collect::<Vec<_>>().join("|"),
        _ => (0..count).map(|_| atom(rng).pattern).collect::<Vec<_>>().join("|"),
    };
    Made { pattern, text: ["a", "ab", "ababab", ""][rng.usize(..4)].to_owned() }
}

fn expression(rng: &mut Rng, depth: usize) -> Made {
    let mut made = sequence(rng, depth);
    // Alternatives that begin alike are what Go takes apart.
    for _ in 0..rng.usize(0..6).saturating_sub(3) {
        let other = match rng.bool() {
            true => sequence(rng, depth),
            false => continued(rng, &made),
        };
        made.pattern = format!("{}|{}", made.pattern, other.pattern);
        if rng.bool() {
            made.text = other.text;
        }
    }
    made
}

fn continued(rng: &mut Rng, made: &Made) -> Made {
    let more = atom(rng);
    Made { pattern: made.pattern.clone() + &more.pattern, text: made.text.clone() + &more.text }
}

fn sequence(rng: &mut Rng, depth: usize) -> Made {
    let mut made = Made { pattern: String::new(), text: String::new() };
    for _ in 0..rng.usize(0..5) {
        let piece = repeated(rng, depth);
        made.pattern += &piece.pattern;
        made.text += &piece.text;
    }
    made
}

fn repeated(rng: &mut Rng, depth: usize) -> Made {
    let mut made = match rng.u8(0..10) {
        0..=2 if depth > 0 => group(rng, depth - 1),
        _ => atom(rng),
    };
    let (operator, times) = match rng.u8(0..30) {
        0..=1 => ("*", rng.usize(0..3)),
        2..=3 => ("+", rng.usize(1..3)),
        4..=5 => ("?", rng.usize(0..2)),
        6 => ("*?", rng.usize(0..2)),
        7 => ("{2}", 2),
        8 => ("{1,3}", rng.usize(1..4)),
        9 => ("{2,}", rng.usize(2..4)),
        10 => ("{0,2}?", rng.usize(0..3)),
        11 => ("{0}", 0),
        _ => ("", 1),
    };
    made.pattern += operator;
    made.text = made.text.repeat(times);
    made
}

fn group(rng: &mut Rng, depth: usize) -> Made {
    let mut made = expression(rng, depth);
    let opening = [
        "(", "(?:", "(?i:", "(?s:", "(?m:", "(?U:", "(?im-s:", "(?P<n>", "(?<m>", "(?i)(", "(?-i:",
        "(?i)(?:",
    ];
    made.pattern = format!("{}{})", opening[rng.usize(..opening.len())], made.pattern);
    made
}

fn atom(rng: &mut Rng) -> Made {
    let made =
        |pattern: &str, text: &str| Made { pattern: pattern.to_owned(), text: text.to_owned() };
    match rng.u8(0..40) {
        0 => made(ODDITIES[rng.usize(..ODDITIES.len())], "a"),
        1..=20 => {
            let (pattern, text) = ATOMS[rng.usize(..ATOMS.len())];
            made(pattern, text)
        }
        _ => {
            let letter = LETTERS[rng.usize(..LETTERS.len())];
            made(
                letter,
                if rng.u8(0..8) == 0 { LETTERS[rng.usize(..LETTERS.len())] } else { letter },
            )
        }
    }
}

/// With something taken out, put in or written twice.
fn damaged(rng: &mut Rng, text: &str) -> String {
    let mut characters: Vec<String> = text.chars().map(String::from).collect();
    let at = rng.usize(..=characters.len());
    match rng.u8(0..4) {
        0 if at < characters.len() => drop(characters.remove(at)),
        1 => characters.insert(at, LETTERS[rng.usize(..LETTERS.len())].to_owned()),
        2 => characters.insert(at, ODDITIES[rng.usize(..ODDITIES.len())].to_owned()),
        _ if at < characters.len() => characters.insert(at, characters[at].clone()),
        _ => {}
    }
    characters.concat()
}
