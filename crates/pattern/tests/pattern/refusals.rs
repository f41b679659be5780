//! Patterns that Go refuses, with Go's text. Each was taken from Go 1.26.8 itself.

use sealwright_pattern::GoRegex;

#[test]
fn what_go_refuses_is_refused_in_its_words() {
    for (pattern, text, why) in [
        ("(a", "missing closing ): `(a`", "a group stays open"),
        ("a)", "unexpected ): `a)`", "nothing is open"),
        ("[a", "missing closing ]: `[a`", "a class stays open"),
        ("[]", "missing closing ]: `[]`", "a bracket right after the first is a member"),
        ("*", "missing argument to repetition operator: `*`", "nothing to repeat"),
        ("(*)", "missing argument to repetition operator: `*`", "nothing to repeat in the group"),
        ("(?i)+?", "missing argument to repetition operator: `+?`", "flags are nothing to repeat"),
        ("a**", "invalid nested repetition operator: `**`", "Perl's rule"),
        ("a++", "invalid nested repetition operator: `++`", "possessive is not supported"),
        ("a{2}{3}", "invalid nested repetition operator: `{2}{3}`", "Perl's rule"),
        ("a{1001}", "invalid repeat count: `{1001}`", "a thousand is the most"),
        ("(a{100}){11}", "invalid repeat count: `{11}`", "also when multiplied"),
        ("a{3,2}", "invalid repeat count: `{3,2}`", "upside down"),
        ("a{99999999999}", "invalid repeat count: `{99999999999}`", "not even a number to Go"),
        ("[b-a]", "invalid character class range: `b-a`", "upside down"),
        ("[a--b]", "invalid character class range: `a--`", "no differences of classes"),
        ("[[:nope:]]", "invalid character class range: `[:nope:]`", "no such class"),
        (r"\p{Nope}", r"invalid character class range: `\p{Nope}`", "no such name"),
        (r"\p", r"invalid character class range: `\p`", "no name"),
        (r"\p{L", r"invalid character class range: `\p{L`", "not closed"),
        (r"\p{Old_Italic}", r"invalid character class range: `\p{Old_Italic}`", "Go misses these"),
        (r"\p{Script=Greek}", r"invalid character class range: `\p{Script=Greek}`", "Rust's form"),
        (r"\C", r"invalid escape sequence: `\C`", "single bytes"),
        (r"\Z", r"invalid escape sequence: `\Z`", "Perl has it, Go does not"),
        (r"\1", r"invalid escape sequence: `\1`", "a back-reference"),
        (r"\x{110000}", r"invalid escape sequence: `\x{110000`", "beyond Unicode"),
        (r"\x4", r"invalid escape sequence: `\x4`", "one digit"),
        (r"\u0061", r"invalid escape sequence: `\u`", "Rust's form"),
        ("\\\u{e9}", "invalid escape sequence: `\\\u{e9}`", "no escape beyond ASCII"),
        ("\\", "trailing backslash at end of expression: ``", "nothing follows"),
        ("[\\", "trailing backslash at end of expression: ``", "nor in a class"),
        ("(?=a)", "invalid or unsupported Perl syntax: `(?=`", "look-ahead"),
        ("(?!a)", "invalid or unsupported Perl syntax: `(?!`", "negative look-ahead"),
        ("(?<=a)", "invalid named capture: `(?<=a)`", "look-behind reads as a name"),
        ("(?<!a>b)", "invalid named capture: `(?<!a>`", "the same, with an end"),
        ("(?P<n", "invalid named capture: `(?P<n`", "a name without end"),
        ("(?P=n)", "invalid or unsupported Perl syntax: `(?P`", "a named back-reference"),
        ("(?P>n)", "invalid or unsupported Perl syntax: `(?P`", "recursion"),
        ("(?x)a", "invalid or unsupported Perl syntax: `(?x`", "verbose mode is Rust's"),
        ("(?u)a", "invalid or unsupported Perl syntax: `(?u`", "Rust's"),
        ("(?i-)a", "invalid or unsupported Perl syntax: `(?i-)`", "a minus and nothing"),
        ("(?", "invalid or unsupported Perl syntax: `(?`", "cut off"),
    ] {
        let said = GoRegex::parse(pattern).map(|regex| regex.as_str().to_owned());
        let expected = format!("error parsing regexp: {text}");
        let said = said.map_err(|error| error.to_string());
        assert_eq!(said, Err(expected), "{pattern}: {why}");
    }
}
