//! Versions and ranges as Flux reads them: Masterminds/semver 3.5.0, which is looser than the
//! specification and knows ranges that Rust's `semver` does not.

use std::cmp::Ordering;

use regex_lite::{Captures, Regex};

/// Longest text of a range, in bytes.
const RANGE_BYTES_MAX: usize = 512;
/// Most alternatives in a range.
const ALTERNATIVES_COUNT_MAX: usize = 32;
/// Longest text of a version, in bytes.
const VERSION_BYTES_MAX: usize = 256;

const OPERATORS: &str = r"=||!=|>|<|>=|=>|<=|=<|~|~>|\^";
const PART: &str = concat!(
    r"v?([0-9|x|X|\*]+)(\.[0-9|x|X|\*]+)?(\.[0-9|x|X|\*]+)?",
    r"(-([0-9A-Za-z\-]+(\.[0-9A-Za-z\-]+)*))?",
    r"(\+([0-9A-Za-z\-]+(\.[0-9A-Za-z\-]+)*))?"
);
const VERSION: &str = concat!(
    r"^v?([0-9]+)(\.[0-9]+)?(\.[0-9]+)?",
    r"(-([0-9A-Za-z\-]+(\.[0-9A-Za-z\-]+)*))?",
    r"(\+([0-9A-Za-z\-]+(\.[0-9A-Za-z\-]+)*))?$"
);

/// A version, with the text that it was read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Version {
    numbers: [u64; 3],
    pre: String,
    original: String,
}

impl Version {
    /// Reads a tag that has all three numbers (Flux's `version.ParseVersion`).
    pub(crate) fn of_tag(tag: &str) -> Option<Self> {
        (tag.splitn(3, '.').count() == 3).then(|| Self::parse(tag))?
    }

    fn parse(text: &str) -> Option<Self> {
        if text.len() > VERSION_BYTES_MAX {
            return None;
        }
        let parts = compiled(VERSION).captures(text)?;
        let number = |group| match parts.get(group) {
            Some(part) => part.as_str().trim_start_matches('.').parse().ok(),
            None => Some(0),
        };
        let pre = parts.get(5).map_or("", |part| part.as_str());
        // Numbers in a prerelease have no leading zeros.
        let zero_led = |part: &str| {
            part.len() > 1 && part.starts_with('0') && part.bytes().all(|b| b.is_ascii_digit())
        };
        if pre.split('.').any(zero_led) {
            return None;
        }
        let numbers = [number(1)?, number(2)?, number(3)?];
        Some(Self { numbers, pre: pre.to_owned(), original: text.to_owned() })
    }

    /// The text that it was read from.
    pub(crate) fn original(&self) -> &str {
        &self.original
    }

    /// The order of precedence; what follows a plus does not count.
    pub(crate) fn order(&self, other: &Self) -> Ordering {
        self.numbers.cmp(&other.numbers).then_with(|| match (&*self.pre, &*other.pre) {
            ("", "") => Ordering::Equal,
            ("", _) => Ordering::Greater,
            (_, "") => Ordering::Less,
            (ours, theirs) => order_of_prereleases(ours, theirs),
        })
    }
}

fn order_of_prereleases(ours: &str, theirs: &str) -> Ordering {
    let (mut ours, mut theirs) = (ours.split('.'), theirs.split('.'));
    loop {
        let order = match (ours.next(), theirs.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(a), Some(b)) => match (a.parse::<u64>(), b.parse::<u64>()) {
                (Ok(a), Ok(b)) => a.cmp(&b),
                (Ok(_), Err(_)) => Ordering::Less,
                (Err(_), Ok(_)) => Ordering::Greater,
                (Err(_), Err(_)) => a.cmp(b),
            },
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

/// A range: alternatives of conditions that hold together.
#[derive(Debug, Clone)]
pub(crate) struct Range {
    alternatives: Vec<Vec<Condition>>,
}

#[derive(Debug, Clone)]
struct Condition {
    operator: String,
    version: Version,
    /// Some number was left out or is an `x`.
    open: bool,
    open_minor: bool,
    open_patch: bool,
}

impl Range {
    /// Reads a range.
    ///
    /// # Errors
    /// The library's words.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text.len() > RANGE_BYTES_MAX {
            return Err(format!("constraint string is too long (max {RANGE_BYTES_MAX} bytes)"));
        }
        let text = spell_out_hyphens(text);
        let alternatives: Vec<&str> = text.split("||").collect();
        if alternatives.len() > ALTERNATIVES_COUNT_MAX {
            return Err(format!("too many constraint groups (max {ALTERNATIVES_COUNT_MAX})"));
        }
        let one = format!(r"({OPERATORS})\s*({PART})");
        let valid = compiled(&format!(r"^(\s*{one}\s*)((?:\s+|,\s*){one}\s*)*$"));
        let each = compiled(&one);
        let alternatives = alternatives.into_iter().map(|alternative| {
            if !valid.is_match(alternative) {
                return Err(format!("improper constraint: {alternative:?}"));
            }
            each.captures_iter(alternative).map(|parts| Condition::of(&parts)).collect()
        });
        Ok(Self { alternatives: alternatives.collect::<Result<_, String>>()? })
    }

    /// Whether a version is in it. Prereleases are only where a condition beside names one.
    pub(crate) fn contains(&self, version: &Version) -> bool {
        self.alternatives.iter().any(|conditions| {
            let prereleases = conditions.iter().any(|one| !one.version.pre.is_empty());
            (version.pre.is_empty() || prereleases)
                && conditions.iter().all(|one| one.holds(version))
        })
    }
}

impl Condition {
    fn of(parts: &Captures<'_>) -> Result<Self, String> {
        let group = |number: usize| parts.get(number).map_or("", |part| part.as_str());
        let is_open = |part: &str| matches!(part.trim_start_matches('.'), "" | "x" | "X" | "*");
        let (major, minor, patch, pre) = (group(3), group(4), group(5), group(6));
        let (text, open, open_minor, open_patch) = if is_open(major) {
            (format!("0.0.0{pre}"), true, false, false)
        } else if is_open(minor) {
            (format!("{major}.0.0{pre}"), true, true, false)
        } else if is_open(patch) {
            (format!("{major}{minor}.0{pre}"), true, false, true)
        } else {
            (group(2).to_owned(), false, false, false)
        };
        let version = Version::parse(&text).ok_or("constraint parser error")?;
        Ok(Self { operator: group(1).to_owned(), version, open, open_minor, open_patch })
    }

    fn holds(&self, version: &Version) -> bool {
        let order = version.order(&self.version);
        let ([major, minor, _], [our_major, our_minor, _]) =
            (version.numbers, self.version.numbers);
        match self.operator.as_str() {
            "" | "=" if self.open => self.is_close(version),
            "" | "=" => order == Ordering::Equal,
            "!=" => self.differs(version),
            ">" if !self.open => order == Ordering::Greater,
            ">" if major != our_major => major > our_major,
            ">" if self.open_minor => false,
            ">" if self.open_patch => minor > our_minor,
            ">" => order == Ordering::Greater,
            "<" => order == Ordering::Less,
            ">=" | "=>" => order != Ordering::Less,
            "<=" | "=<" if !self.open => order != Ordering::Greater,
            "<=" | "=<" => {
                major < our_major || (major == our_major && (minor <= our_minor || self.open_minor))
            }
            "~" | "~>" => self.is_close(version),
            _ => self.is_compatible(version),
        }
    }

    fn differs(&self, version: &Version) -> bool {
        let ([major, minor, patch], ours) = (version.numbers, self.version.numbers);
        if !self.open {
            return version.order(&self.version) != Ordering::Equal;
        }
        if major != ours[0] || (minor != ours[1] && !self.open_minor) {
            return true;
        }
        if self.open_minor {
            return false;
        }
        if patch != ours[2] && !self.open_patch {
            return true;
        }
        if self.open_patch {
            return order_of_prereleases(&version.pre, &self.version.pre) != Ordering::Equal
                && !(version.pre.is_empty() && self.version.pre.is_empty());
        }
        version.order(&self.version) != Ordering::Equal
    }

    /// `~`: the same major and, unless it is open, minor number.
    fn is_close(&self, version: &Version) -> bool {
        let ([major, minor, _], ours) = (version.numbers, self.version.numbers);
        if version.order(&self.version) == Ordering::Less {
            return false;
        }
        // `~0.0.0`, and so `*`, takes everything.
        if ours == [0, 0, 0] && !self.open_minor && !self.open_patch {
            return true;
        }
        major == ours[0] && (minor == ours[1] || self.open_minor)
    }

    /// `^`: the first number that is not zero is the same.
    fn is_compatible(&self, version: &Version) -> bool {
        let ([major, minor, patch], ours) = (version.numbers, self.version.numbers);
        if version.order(&self.version) == Ordering::Less {
            return false;
        }
        if ours[0] > 0 || self.open_minor {
            return major == ours[0];
        }
        if major > 0 {
            return false;
        }
        if ours[1] > 0 || self.open_patch {
            return minor == ours[1];
        }
        minor == 0 && patch == ours[2]
    }
}

/// `1.0 - 2.0` as `>= 1.0, <= 2.0 `.
fn spell_out_hyphens(text: &str) -> String {
    let hyphen = compiled(&format!(r"\s*({PART})\s+-\s+({PART})\s*"));
    let mut spelt = text.to_owned();
    for parts in hyphen.captures_iter(text) {
        let range = format!(">= {}, <= {} ", &parts[1], &parts[11]);
        spelt = spelt.replacen(&parts[0], &range, 1);
    }
    spelt
}

fn compiled(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a constant pattern")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_hold_what_masterminds_says() {
        for (range, version, holds, why) in [
            ("*", "1.2.3", true, "everything"),
            ("*", "1.2.3-rc.1", false, "but no prerelease"),
            (">=1.0.0-0", "1.2.3-rc.1", true, "unless one is named"),
            ("", "1.2.3", false, "an empty range is improper and never gets here"),
            ("1.x", "1.9.0", true, "open minor"),
            ("1.x", "2.0.0", false, "another major"),
            ("1.2", "1.2.9", true, "open patch"),
            ("~1.2.3", "1.2.9", true, "same minor"),
            ("~1.2.3", "1.3.0", false, "another minor"),
            ("^1.2.3", "1.9.0", true, "same major"),
            ("^0.2.3", "0.2.9", true, "same minor below 1"),
            ("^0.2.3", "0.3.0", false, "another minor below 1"),
            ("^0.0.3", "0.0.4", false, "another patch below 0.1"),
            ("1.0.0 - 2.0.0", "2.0.0", true, "a hyphen, both ends in"),
            ("1.0.0 - 2.0.0", "2.0.1", false, "and not beyond"),
            (">1.0.0, <2.0.0", "1.5.0", true, "both"),
            (">1.0.0 <2.0.0", "2.0.0", false, "both, with a space"),
            ("<1.0.0 || >2.0.0", "2.5.0", true, "either"),
            ("!=1.2.3", "1.2.3", false, "not this one"),
            ("!=1.2.x", "1.2.9", false, "none of these"),
            (">11", "11.1.0", false, "a range is greater when all of it is"),
            ("<=11", "11.9.0", true, "and less when any of it is"),
            ("1.0.0", "v1.0.0", true, "a v before it"),
            ("2025.2.3", "2025.02.03", true, "zeros before a number"),
            ("1.0.0", "1.0.0+build", true, "what follows a plus does not count"),
        ] {
            let found = Range::parse(range)
                .is_ok_and(|range| range.contains(&Version::of_tag(version).unwrap()));
            assert_eq!(found, holds, "{range} {version}: {why}");
        }
    }

    #[test]
    fn what_is_no_range_is_refused_in_the_library_s_words() {
        for (range, error, why) in [
            ("latest", "improper constraint: \"latest\"", "a word"),
            (">=", "improper constraint: \">=\"", "no version"),
            ("1.0.0 ||| 2", "constraint parser error", "a bar too many, which its grammar lets in"),
            ("", "improper constraint: \"\"", "nothing"),
        ] {
            assert_eq!(Range::parse(range).unwrap_err(), error, "{why}");
        }
        assert!(Range::parse(&"1".repeat(513)).is_err(), "too long");
    }

    #[test]
    fn tags_need_three_numbers_and_are_ordered() {
        for (tag, why) in [("1.0", "two numbers"), ("latest", "none"), ("1.2.3.4", "four")] {
            assert!(Version::of_tag(tag).is_none(), "{why}");
        }
        let order = |a, b| Version::of_tag(a).unwrap().order(&Version::of_tag(b).unwrap());
        for (a, b, expected, why) in [
            ("1.0.0", "1.0.0-rc.1", Ordering::Greater, "a release after its candidates"),
            ("1.0.0-rc.10", "1.0.0-rc.9", Ordering::Greater, "numbers as numbers"),
            ("1.0.0-1", "1.0.0-a", Ordering::Less, "numbers before words"),
            ("1.0.0-a", "1.0.0-a.1", Ordering::Less, "the shorter first"),
            ("v1.0.0", "1.0.0", Ordering::Equal, "the same under two names"),
        ] {
            assert_eq!(order(a, b), expected, "{why}");
        }
    }
}
