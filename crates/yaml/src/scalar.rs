//! What a plain scalar is, as Kubernetes' reader (sigs.k8s.io/yaml, YAML 1.1) takes it.

use crate::node::Value;

/// The value of a scalar without quotes and without a tag.
pub(crate) fn plain(text: String) -> Value {
    match text.as_bytes().first() {
        None => Value::Null,
        // Most values begin with a letter that begins none of the words below.
        Some(b'~' | b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O') => {
            word(&text).unwrap_or(Value::Text(text))
        }
        Some(b'0'..=b'9' | b'+' | b'-' | b'.') if is_number(&text) => Value::Number(text),
        Some(_) => Value::Text(text),
    }
}

fn word(text: &str) -> Option<Value> {
    match text {
        "~" | "null" | "Null" | "NULL" => Some(Value::Null),
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            Some(Value::Bool(true))
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            Some(Value::Bool(false))
        }
        _ => None,
    }
}

/// Integers with Go's prefixes and `_` between digits, and decimal fractions.
fn is_number(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return true;
    }
    let digits: String = unsigned.chars().filter(|c| *c != '_').collect();
    let prefixed = |prefix: [&str; 2], radix: u32| {
        let rest = prefix.iter().find_map(|p| digits.strip_prefix(p));
        rest.is_some_and(|rest| !rest.is_empty() && rest.chars().all(|c| c.is_digit(radix)))
    };
    prefixed(["0x", "0X"], 16)
        || prefixed(["0o", "0O"], 8)
        || prefixed(["0b", "0B"], 2)
        || is_decimal(&digits)
}

fn is_decimal(text: &str) -> bool {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let exponent_is_one = exponent.is_none_or(|exponent| {
        let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        !digits.is_empty() && all_digits(digits)
    });
    !(whole.is_empty() && fraction.is_empty())
        && all_digits(whole)
        && all_digits(fraction)
        && exponent_is_one
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_are_what_kubernetes_takes_them_for() {
        let text = |s: &str| Value::Text(s.to_owned());
        let number = |s: &str| Value::Number(s.to_owned());
        let cases = [
            ("", Value::Null, "nothing is null"),
            ("~", Value::Null, "a tilde"),
            ("Null", Value::Null, "any of three spellings"),
            ("nULL", text("nULL"), "but no others"),
            ("yes", Value::Bool(true), "YAML 1.1"),
            ("on", Value::Bool(true), "YAML 1.1"),
            ("y", Value::Bool(true), "goyaml.v2 reads a single letter"),
            ("No", Value::Bool(false), "YAML 1.1"),
            ("off", Value::Bool(false), "YAML 1.1"),
            ("oN", text("oN"), "mixed case is text"),
            ("yess", text("yess"), "a longer word is text"),
            ("1", number("1"), "integer"),
            ("0644", number("0644"), "octal keeps its spelling"),
            ("1_000", number("1_000"), "underscores between digits"),
            ("0x1F", number("0x1F"), "hexadecimal"),
            ("0x", text("0x"), "a prefix alone is text"),
            ("0b12", text("0b12"), "two is no binary digit"),
            ("-1.5e3", number("-1.5e3"), "fraction with exponent"),
            ("1e", text("1e"), "an exponent without digits"),
            (".5", number(".5"), "no digit before the point"),
            (".", text("."), "a point alone"),
            ("-", text("-"), "a sign alone"),
            ("-.inf", number("-.inf"), "infinity"),
            ("1.2.3", text("1.2.3"), "a version"),
            ("2026-01-31", text("2026-01-31"), "a date goes over JSON as text"),
        ];
        for (spelling, expected, reason) in cases {
            assert_eq!(plain(spelling.to_owned()), expected, "{spelling:?}: {reason}");
        }
    }
}
