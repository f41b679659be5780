//! One part of an ignore pattern against one part of a path, exactly as Go's `filepath.Match` reads
//! it, because Flux does. The glob crates know braces and `[!…]`, which Go takes literally.

/// Whether the pattern is well formed. Go calls the rest `ErrBadPattern`, and Flux then drops the
/// line without a word.
pub(super) fn is_valid(pattern: &str) -> bool {
    let mut rest: Vec<char> = pattern.chars().rev().collect();
    while let Some(character) = rest.pop() {
        let valid = match character {
            '\\' => rest.pop().is_some(),
            '[' => skip_class(&mut rest),
            _ => true,
        };
        if !valid {
            return false;
        }
    }
    true
}

/// Reads a class up to its `]` from a reversed pattern.
fn skip_class(rest: &mut Vec<char>) -> bool {
    if rest.last() == Some(&'^') {
        rest.pop();
    }
    for ranges in 0.. {
        if rest.last() == Some(&']') && ranges > 0 {
            rest.pop();
            break;
        }
        let whole = class_character(rest).is_some()
            && (rest.last() != Some(&'-') || {
                rest.pop();
                class_character(rest).is_some()
            });
        if !whole {
            return false;
        }
    }
    true
}

/// One end of a range; `-` and `]` must be escaped to stand for themselves.
fn class_character(rest: &mut Vec<char>) -> Option<char> {
    match rest.pop()? {
        '-' | ']' => None,
        '\\' => rest.pop(),
        character => Some(character),
    }
    .filter(|_| !rest.is_empty())
}

/// Whether the whole `name` matches a valid pattern. Time is bounded by the product of the lengths.
pub(super) fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), name.chars().collect());
    let (mut at, mut read) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while read < name.len() {
        if pattern.get(at) == Some(&'*') {
            star = Some((at + 1, read));
            at += 1;
        } else if let Some(next) = step(&pattern, at, name[read]) {
            (at, read) = (next, read + 1);
        } else if let Some((after, from)) = star {
            star = Some((after, from + 1));
            (at, read) = (after, from + 1);
        } else {
            return false;
        }
    }
    pattern[at..].iter().all(|character| *character == '*')
}

/// Where the pattern goes on when its piece at `at` takes this character.
fn step(pattern: &[char], at: usize, character: char) -> Option<usize> {
    match pattern.get(at)? {
        '?' => Some(at + 1),
        '\\' => (pattern.get(at + 1)? == &character).then_some(at + 2),
        '[' => step_class(pattern, at + 1, character),
        literal => (*literal == character).then_some(at + 1),
    }
}

fn step_class(pattern: &[char], mut at: usize, character: char) -> Option<usize> {
    let negated = pattern.get(at) == Some(&'^');
    at += usize::from(negated);
    let mut inside = false;
    let first = at;
    while at == first || pattern.get(at) != Some(&']') {
        let (low, next) = class_end(pattern, at)?;
        let (high, next) = match pattern.get(next) {
            Some('-') => class_end(pattern, next + 1)?,
            _ => (low, next),
        };
        inside |= (low..=high).contains(&character);
        at = next;
    }
    (inside != negated).then_some(at + 1)
}

fn class_end(pattern: &[char], at: usize) -> Option<(char, usize)> {
    match pattern.get(at)? {
        '\\' => Some((*pattern.get(at + 1)?, at + 2)),
        character => Some((*character, at + 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of Go's own `path/filepath` tests, as far as it needs no separator.
    #[test]
    fn it_matches_what_go_matches() {
        for (pattern, name, expected) in [
            ("abc", "abc", true),
            ("*", "abc", true),
            ("*c", "abc", true),
            ("a*", "a", true),
            ("a*b*c*d*e*", "axbxcxdxe", true),
            ("a*b*c*d*e*", "axbxcxdxexxx", true),
            ("a*b?c*x", "abxbbxdbxebxczzx", true),
            ("a*b?c*x", "abxbbxdbxebxczzy", false),
            ("ab[c]", "abc", true),
            ("ab[b-d]", "abc", true),
            ("ab[e-g]", "abc", false),
            ("ab[^c]", "abc", false),
            ("ab[^b-d]", "abc", false),
            ("ab[^e-g]", "abc", true),
            ("a\\*b", "a*b", true),
            ("a\\*b", "ab", false),
            ("a?b", "a☺b", true),
            ("a[^a]b", "a☺b", true),
            ("a???b", "a☺b", false),
            ("[a-ζ]*", "α", true),
            ("*[a-ζ]", "A", false),
            ("[\\]a]", "]", true),
            ("[\\-x]", "-", true),
            ("[x\\-]", "z", false),
            ("*x", "xxx", true),
            ("{a,b}", "a", false),
            ("{a,b}", "{a,b}", true),
            ("", "", true),
        ] {
            assert!(is_valid(pattern), "{pattern}");
            assert_eq!(matches(pattern, name), expected, "{pattern} on {name}");
        }
    }

    #[test]
    fn what_go_calls_a_bad_pattern_is_none() {
        for pattern in
            ["[]a]", "[-]", "[x-]", "[-x]", "[a-b-c]", "[", "[^", "[^bc", "a[", "\\", "a\\"]
        {
            assert!(!is_valid(pattern), "{pattern}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_pattern_and_no_name_is_too_odd(pattern in ".{0,12}", name in ".{0,12}") {
            let _ = (is_valid(&pattern), matches(&pattern, &name));
            let pattern = format!("*{}", name.replace(['\\', '[', '*', '?'], "?"));
            let found = matches(&pattern, &name);
            proptest::prop_assert!(found);
        }
    }
}
