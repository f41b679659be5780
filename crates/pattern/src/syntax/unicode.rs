//! Unicode as Go knows it: its categories and scripts by name, and its simple case folding.
//!
//! Go 1.26 stands at Unicode 15.0, and `regex-syntax` at a later version: what was assigned since is
//! taken out here. The peer `gomatch` compares all of it with Go, code point by code point.

use std::sync::OnceLock;

use regex_syntax::hir::{Class, ClassUnicode, ClassUnicodeRange, HirKind};

use super::runes::RuneSet;

/// Code points that were assigned in the version of Unicode that Go 1.26 knows.
const ASSIGNED: &str = r"\p{Age=15.0}";

/// Pairs that older characters were folded into by Unicode 15.1.
const FOLDED_SINCE: [(char, char); 3] =
    [('\u{390}', '\u{1FD3}'), ('\u{3B0}', '\u{1FE3}'), ('\u{FB05}', '\u{FB06}')];

/// A mark that was of the first category then, and is of the second by now.
const MOVED_SINCE: (char, &str, &str) = ('\u{1171E}', "Mn", "Mc");

/// Categories with one letter, and the cased letters, by what they consist of.
const UNIONS: &[(&str, &[&str])] = &[
    ("C", &["Cc", "Cf", "Cn", "Co", "Cs"]),
    ("L", &["Ll", "Lm", "Lo", "Lt", "Lu"]),
    ("Lc", &["Ll", "Lt", "Lu"]),
    ("M", &["Mc", "Me", "Mn"]),
    ("N", &["Nd", "Nl", "No"]),
    ("P", &["Pc", "Pd", "Pe", "Pf", "Pi", "Po", "Ps"]),
    ("S", &["Sc", "Sk", "Sm", "So"]),
    ("Z", &["Zl", "Zp", "Zs"]),
];

/// Long names of categories, without what Go ignores in names.
const CATEGORY_ALIASES: &[(&str, &str)] = &[
    ("Casedletter", "Lc"),
    ("Closepunctuation", "Pe"),
    ("Cntrl", "Cc"),
    ("Combiningmark", "M"),
    ("Connectorpunctuation", "Pc"),
    ("Control", "Cc"),
    ("Currencysymbol", "Sc"),
    ("Dashpunctuation", "Pd"),
    ("Decimalnumber", "Nd"),
    ("Digit", "Nd"),
    ("Enclosingmark", "Me"),
    ("Finalpunctuation", "Pf"),
    ("Format", "Cf"),
    ("Initialpunctuation", "Pi"),
    ("Letter", "L"),
    ("Letternumber", "Nl"),
    ("Lineseparator", "Zl"),
    ("Lowercaseletter", "Ll"),
    ("Mark", "M"),
    ("Mathsymbol", "Sm"),
    ("Modifierletter", "Lm"),
    ("Modifiersymbol", "Sk"),
    ("Nonspacingmark", "Mn"),
    ("Number", "N"),
    ("Openpunctuation", "Ps"),
    ("Other", "C"),
    ("Otherletter", "Lo"),
    ("Othernumber", "No"),
    ("Otherpunctuation", "Po"),
    ("Othersymbol", "So"),
    ("Paragraphseparator", "Zp"),
    ("Privateuse", "Co"),
    ("Punct", "P"),
    ("Punctuation", "P"),
    ("Separator", "Z"),
    ("Spaceseparator", "Zs"),
    ("Spacingmark", "Mc"),
    ("Surrogate", "Cs"),
    ("Symbol", "S"),
    ("Titlecaseletter", "Lt"),
    ("Unassigned", "Cn"),
    ("Uppercaseletter", "Lu"),
];

/// Scripts that Go finds. It takes `_` out of the name that it is asked for, and so finds no script
/// whose own name has one, nor `SignWriting`.
const SCRIPTS: &str = " Adlam Ahom Arabic Armenian Avestan Balinese Bamum Batak Bengali Bhaiksuki \
Bopomofo Brahmi Braille Buginese Buhid Carian Chakma Cham Cherokee Chorasmian Common Coptic \
Cuneiform Cypriot Cyrillic Deseret Devanagari Dogra Duployan Elbasan Elymaic Ethiopic Georgian \
Glagolitic Gothic Grantha Greek Gujarati Gurmukhi Han Hangul Hanunoo Hatran Hebrew Hiragana \
Inherited Javanese Kaithi Kannada Katakana Kawi Kharoshthi Khmer Khojki Khudawadi Lao Latin Lepcha \
Limbu Lisu Lycian Lydian Mahajani Makasar Malayalam Mandaic Manichaean Marchen Medefaidrin Miao \
Modi Mongolian Mro Multani Myanmar Nabataean Nandinagari Newa Nko Nushu Ogham Oriya Osage Osmanya \
Palmyrene Phoenician Rejang Runic Samaritan Saurashtra Sharada Shavian Siddham Sinhala Sogdian \
Soyombo Sundanese Syriac Tagalog Tagbanwa Takri Tamil Tangsa Tangut Telugu Thaana Thai Tibetan \
Tifinagh Tirhuta Toto Ugaritic Vai Vithkuqi Wancho Yezidi Yi ";

/// The set of a name in `\p{…}`, written in any of the ways that Go accepts.
pub(super) fn named(name: &str) -> Option<RuneSet> {
    let name = canonical(name);
    match name.as_str() {
        "Any" => Some(RuneSet::any()),
        "Assigned" => Some(category("Cn")?.negated()),
        "Ascii" => Some(RuneSet::of(&[(0, 0x7F)])),
        _ => category(&name).or_else(|| script(&name)).or_else(|| {
            let alias = CATEGORY_ALIASES.binary_search_by_key(&name.as_str(), |(long, _)| long);
            category(CATEGORY_ALIASES[alias.ok()?].1)
        }),
    }
}

/// One capital and then small letters, with nothing in between.
fn canonical(name: &str) -> String {
    let mut letters = name.chars().filter(|c| !matches!(c, '_' | '-' | ' '));
    let first = letters.next().map(|c| c.to_ascii_uppercase());
    first.into_iter().chain(letters.map(|c| c.to_ascii_lowercase())).collect()
}

fn category(name: &str) -> Option<RuneSet> {
    if let Some((_, parts)) = UNIONS.iter().find(|(union, _)| *union == name) {
        let mut set = RuneSet::default();
        parts.iter().filter_map(|part| category(part)).for_each(|part| set.union(&part));
        return Some(set);
    }
    let known = UNIONS.iter().any(|(_, parts)| parts.contains(&name));
    match name {
        _ if !known => None,
        "Cs" => Some(RuneSet::surrogates()),
        "Cn" => {
            let mut unassigned = assigned().clone();
            unassigned.negate();
            unassigned.union(&table(r"\p{gc=Cn}"));
            Some(RuneSet::from(&unassigned))
        }
        _ => Some(as_of_then(moved_back(name, table(&format!(r"\p{{gc={name}}}"))))),
    }
}

fn moved_back(name: &str, mut class: ClassUnicode) -> ClassUnicode {
    let (mark, then, now) = MOVED_SINCE;
    let mark = ClassUnicode::new([ClassUnicodeRange::new(mark, mark)]);
    if name == then {
        class.union(&mark);
    } else if name == now {
        class.difference(&mark);
    }
    class
}

fn script(name: &str) -> Option<RuneSet> {
    SCRIPTS
        .contains(&format!(" {name} "))
        .then(|| as_of_then(table(&format!(r"\p{{Script={name}}}"))))
}

fn as_of_then(mut class: ClassUnicode) -> RuneSet {
    class.intersect(assigned());
    RuneSet::from(&class)
}

fn assigned() -> &'static ClassUnicode {
    static SET: OnceLock<ClassUnicode> = OnceLock::new();
    SET.get_or_init(|| table(ASSIGNED))
}

/// One of the tables in `regex-syntax`, which hands them out as parsed classes only.
fn table(pattern: &str) -> ClassUnicode {
    match regex_syntax::parse(pattern).map(|hir| hir.into_kind()) {
        Ok(HirKind::Class(Class::Unicode(class))) => class,
        // A table with a single code point comes back as the literal for it.
        Ok(HirKind::Literal(literal)) => {
            let text = std::str::from_utf8(&literal.0).unwrap_or_default();
            ClassUnicode::new(text.chars().map(|c| ClassUnicodeRange::new(c, c)))
        }
        _ => ClassUnicode::empty(),
    }
}

/// The set of a name where case is ignored. Go has no table to fold the cased letters with.
pub(super) fn named_in_both_cases(name: &str) -> Option<RuneSet> {
    let set = named(name)?;
    let cased = matches!(canonical(name).as_str(), "Lc" | "Casedletter");
    Some(if cased { set } else { folded(&set) })
}

/// The set with everything that differs from a member in case only.
pub(super) fn folded(set: &RuneSet) -> RuneSet {
    let scalars = set.scalars();
    let mut class = scalars.clone();
    class.intersect(assigned());
    // Fails only where the tables are left out, which they are not.
    let _ = class.try_case_fold_simple();
    class.intersect(assigned());
    for (one, other) in FOLDED_SINCE {
        for c in [one, other].into_iter().filter(|c| !set.contains(u32::from(*c))) {
            class.difference(&ClassUnicode::new([ClassUnicodeRange::new(c, c)]));
        }
    }
    let mut folded = set.clone();
    folded.union(&RuneSet::from(&class));
    folded
}

/// Everything that differs from a code point in case only, itself included, ascending.
pub(super) fn orbit(rune: u32) -> Vec<u32> {
    let Some(c) = char::from_u32(rune).filter(|_| known(rune)) else { return vec![rune] };
    let mut class = ClassUnicode::new([ClassUnicodeRange::new(c, c)]);
    let _ = class.try_case_fold_simple();
    let members = class.ranges().iter().flat_map(|r| u32::from(r.start())..=u32::from(r.end()));
    let since = |other| FOLDED_SINCE.iter().any(|(a, b)| [*a, *b].map(u32::from).contains(&other));
    members.filter(|other| *other == rune || known(*other) && !since(*other)).collect()
}

/// Whether Go's Unicode has the character.
fn known(rune: u32) -> bool {
    static SET: OnceLock<RuneSet> = OnceLock::new();
    SET.get_or_init(|| RuneSet::from(assigned())).contains(rune)
}

#[cfg(test)]
mod tests {
    use super::super::runes::RUNE_MAX;
    use super::*;

    #[test]
    fn names_are_found_as_go_finds_them() {
        for (name, found) in [
            ("L", true),
            ("lc", true),
            ("uppercase letter", true),
            ("UPPERCASE_LETTER", true),
            ("latin", true),
            ("any", true),
            ("_L", true),
            ("", false),
            ("L&", false),
            ("Latn", false),
            ("Old_Italic", false),
            ("SignWriting", false),
            ("Garay", false),
        ] {
            assert_eq!(named(name).is_some(), found, "{name}");
        }
    }

    #[test]
    fn every_script_and_category_has_members_from_go_time() {
        let categories = UNIONS.iter().flat_map(|(name, parts)| {
            parts.iter().copied().chain([*name]).filter(|name| *name != "Lc")
        });
        for name in SCRIPTS.split_whitespace().chain(categories) {
            assert!(!named(name).unwrap().ranges().is_empty(), "{name}");
        }
        assert!(CATEGORY_ALIASES.is_sorted());
    }

    /// What Go says of every character, by the peer `gomatch`.
    const GOS_TABLES: &str = include_str!("unicode-15.0.txt");

    fn checksum(text: &str) -> u64 {
        text.bytes().fold(0xCBF2_9CE4_8422_2325, |sum, byte| {
            (sum ^ u64::from(byte)).wrapping_mul(0x100_0000_01B3)
        })
    }

    fn describe(class: &str) -> String {
        let Ok((tree, root)) = super::super::parse::Parser::new(class).parse() else {
            return format!("{class} refused");
        };
        let set = super::super::factor::runes_of(tree.node(root)).scalars();
        let ranges: Vec<String> = set
            .ranges()
            .iter()
            .map(|r| format!("{:x}-{:x},", u32::from(r.start()), u32::from(r.end())))
            .collect();
        format!("{class} {} {:016x}", ranges.len(), checksum(&ranges.concat()))
    }

    #[test]
    fn every_class_has_the_characters_that_it_has_in_go() {
        let mut count = 0;
        for line in GOS_TABLES.lines().filter(|line| line.starts_with(['\\', '(', '[', '.'])) {
            let class = line.split(' ').next().unwrap();
            assert_eq!(describe(class), line);
            count += 1;
        }
        assert!(count > 500, "the table was read: {count}");
    }

    #[test]
    fn folding_is_gos_for_every_code_point() {
        let (mut pairs, mut count) = (String::new(), 0);
        // Nothing beyond the first two planes has cases.
        for rune in 0..0x2_0000 {
            let orbit = orbit(rune);
            let next = orbit.iter().find(|other| **other > rune).unwrap_or(&orbit[0]);
            if *next != rune {
                pairs += &format!("{rune:x}>{next:x},");
                count += 1;
            }
        }
        let expected = GOS_TABLES.lines().find(|line| line.starts_with("folding")).unwrap();
        assert_eq!(format!("folding {count} {:016x}", checksum(&pairs)), expected);
        let beyond = RuneSet::of(&[(0x2_0000, RUNE_MAX)]);
        assert_eq!(folded(&beyond), beyond);
    }
}
