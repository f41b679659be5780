//! Where Go and Rust read the same pattern differently, Go's reading holds.

use sealwright_pattern::GoRegex;

#[test]
fn the_same_text_means_what_it_means_in_go() {
    for (pattern, text, expected, why) in [
        (r"^\w$", "\u{e9}", false, "words are ASCII"),
        (r"^\d$", "\u{663}", false, "digits are ASCII"),
        (r"^\s$", "\u{a0}", false, "space is ASCII"),
        (r"^\s$", "\u{b}", false, "the vertical tab is no space in Perl's class"),
        (r"^[[:space:]]$", "\u{b}", true, "but it is in POSIX's"),
        (r"^[a&&b]$", "&", true, "no intersections: an ampersand is one"),
        (r"^[[a]b]$", "[b]", true, "no nested classes: `[` or `a`, then `b]`"),
        (r"^[[a]b]$", "a", false, "the same, seen from the other side"),
        (r"^\<a$", "<a", true, "an escaped sign is itself"),
        (r"\b{2}", "a", true, "a boundary may be repeated"),
        (r"^\Qa.b\E$", "a.b", true, "quoted"),
        (r"^\Qa.b\E$", "axb", false, "a quoted dot is a dot"),
        (r"^\Qa.b", "a.b", true, "to the end"),
        (r"^a{,2}$", "a{,2}", true, "no repetition without a lower bound"),
        (r"^a{$", "a{", true, "a brace alone is one"),
        (r"^\141\0$", "a\0", true, "octal"),
        (r"^\p{^Greek}$", "a", true, "negated inside"),
        (r"^\P{^Greek}$", "a", false, "and outside"),
        (r"^a$", "a\n", false, "the end is the end, not before a last newline"),
        (r"(?m)^a$", "b\na\nc", true, "unless it is said"),
        (r"(?m)^a$", "b\r\na\r\nc", false, "only a newline ends a line"),
        (r"^.$", "\r", true, "a dot is all but a newline"),
        (r"^.$", "\n", false, "the newline"),
        (r"(?s)^.$", "\n", true, "unless it is said"),
        (r"^[^a]$", "\n", true, "a negated class holds it"),
        (r"(?i)^k$", "\u{212a}", true, "folding goes beyond ASCII"),
        (r"(?i)^[^k]$", "\u{212a}", false, "also when negated"),
        (r"(?i)^(?-i:k)$", "K", false, "flags are taken back for a group"),
        (r"(?i)(?-i)^k$", "k", true, "or for the rest"),
        (r"(?i)^\W$", "\u{17f}", false, "the long s is an s is a word"),
        (r"(?i)^\x{19b}$", "\u{a7dc}", false, "a pair of Unicode 16 is none to Go"),
        (r"^\p{L}$", "\u{1c89}", false, "a letter of Unicode 16 is none to Go"),
        (r"(?U)^a+$", "aa", true, "greed does not change what matches"),
        (r"(?<n>a)", "a", true, "a name without P"),
        (r"(?P<n>a)(?P<n>b)", "ab", true, "twice the same name"),
        (r"\B", "a\u{e9}a", false, "boundaries lie between characters, not within"),
        (r"a|", "b", true, "an empty alternative"),
        (r"[^\x00-\x{10FFFF}]", "a", false, "a class without members"),
        ("", "", true, "nothing matches everything"),
        ("github", "https://github.com", true, "unanchored"),
        ("\0", "a\0b", true, "NUL is a character"),
        ("[\u{1}-\u{10ffff}]", "\0", false, "NUL is below"),
    ] {
        let regex = GoRegex::parse(pattern).unwrap_or_else(|error| panic!("{pattern}: {error}"));
        assert_eq!(regex.is_match(text), expected, "{pattern} on {text:?}: {why}");
    }
}
