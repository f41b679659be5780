//! JSON with one reading: no object says the same thing twice.
//!
//! RFC 8259 leaves open what a repeated name means, and parsers differ: some take the first, some
//! the last. A bundle with two envelopes could be one thing to us and another to the cluster.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// Checks that the bytes are exactly one JSON value without repeated names, nested no deeper than
/// [`JSON_DEPTH_MAX`](crate::limits::JSON_DEPTH_MAX).
pub(crate) fn check(bytes: &[u8]) -> Result<(), serde_json::Error> {
    let mut input = serde_json::Deserializer::from_slice(bytes);
    OneReading.deserialize(&mut input)?;
    input.end()
}

#[derive(Clone, Copy)]
struct OneReading;

impl<'de> DeserializeSeed<'de> for OneReading {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, input: D) -> Result<(), D::Error> {
        input.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for OneReading {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON without repeated names")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element_seed(self)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let mut names = HashSet::new();
        while let Some(name) = members.next_key_seed(Name)? {
            if names.contains(&name) {
                let name = crate::quote(&name);
                return Err(A::Error::custom(format_args!("`{name}` stands twice in one object")));
            }
            names.insert(name);
            members.next_value_seed(self)?;
        }
        Ok(())
    }
}

/// A member's name, borrowed from the input where it has no escapes.
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, input: D) -> Result<Self::Value, D::Error> {
        input.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Name {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(name))
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::limits::JSON_DEPTH_MAX;

    #[test]
    fn a_repeated_name_is_refused_wherever_it_stands() {
        for (text, why) in [
            (r#"{"a":1,"a":1}"#, "at the top, though both say the same"),
            (r#"[{"x":{"a":1,"b":2,"a":3}}]"#, "deep inside"),
            (r#"{"a":1,"\u0061":2}"#, "spelt with an escape"),
        ] {
            let error = check(text.as_bytes()).unwrap_err().to_string();
            assert!(error.starts_with("`a` stands twice"), "{why}: {error}");
        }
        for (text, why) in [
            (r#"{"a":{"a":1},"b":{"a":1}}"#, "the same name in different objects"),
            (r#"{"a":1,"A":2}"#, "names differ by case"),
            (r#"[null,true,-1,1.5,18446744073709551615,"x",[],{}]"#, "every kind of value"),
        ] {
            assert!(check(text.as_bytes()).is_ok(), "{why}");
        }
    }

    #[test]
    fn what_is_not_one_json_value_is_refused() {
        for (bytes, why) in [
            (&b""[..], "nothing"),
            (b"{}{}", "two values"),
            (b"{", "cut off"),
            (b"\"\xff\"", "not UTF-8"),
            (b"{1:2}", "a name that is no text"),
        ] {
            assert!(check(bytes).is_err(), "{why}");
        }
    }

    #[test]
    fn depth_is_limited() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(check(nested(JSON_DEPTH_MAX).as_bytes()).is_ok());
        assert!(check(nested(JSON_DEPTH_MAX + 1).as_bytes()).is_err());
        assert!(check("[".repeat(1_000_000).as_bytes()).is_err(), "no stack overflow either");
    }
}
