//! Conditions, with the answer that paper gives.

use proptest::prelude::*;

use super::*;

struct Main;

impl Contexts for Main {
    fn value(&self, path: &str) -> Value {
        match path {
            "github.event_name" => Value::Text("push".to_owned()),
            "github.ref" => Value::Begins("refs/tags/".to_owned()),
            "inputs.off" => Value::Bool(false),
            "inputs.empty" => Value::Null,
            _ => Value::Unknown,
        }
    }
}

#[test]
fn conditions_are_answered_as_far_as_paper_goes() {
    for (text, expected, why) in [
        ("github.event_name == 'push'", Some(true), "known"),
        ("github.event_name != 'PUSH'", Some(false), "case does not count"),
        ("${{ github.event_name == 'push' }}", Some(true), "with its braces"),
        ("startsWith(github.ref, 'refs/tags/')", Some(true), "as far as is known"),
        ("startsWith(github.ref, 'refs/tags/v1')", None, "not as far"),
        ("startsWith(github.ref, 'refs/heads/')", Some(false), "a tag is no branch"),
        ("github.ref == 'refs/heads/main'", Some(false), "nor that one"),
        ("github.ref == 'refs/tags/v1'", None, "perhaps"),
        ("vars.x == 'y'", None, "not on paper"),
        ("vars.x == 'y' && github.event_name == 'x'", Some(false), "whatever it is"),
        ("vars.x || github.event_name == 'push'", Some(true), "whatever it is"),
        ("!(github['event_name'] == 'push')", Some(false), "index and negation"),
        ("inputs.off || !inputs.empty", Some(true), "empty inputs"),
        ("always() && needs.a.result == 'success'", None, "depends"),
        ("failure()", None, "a run may fail"),
        ("failure() && inputs.off", Some(false), "whatever fails"),
        ("inputs.empty == false", Some(true), "as numbers, which an input that is not given is"),
        ("inputs.empty != true", Some(true), "the same"),
        ("inputs.off == 'false'", None, "a text or a yes or no"),
        ("inputs.off == 'no'", Some(false), "neither"),
        ("inputs.off == false", Some(true), "two of a kind"),
        ("inputs.empty == 'x'", Some(false), "nothing is no text"),
        ("contains('a b', 'B')", Some(true), "text in text"),
        ("contains(fromJSON('[1]'), 1)", None, "lists"),
        ("contains(fromJSON('[\"a\", \"b\"]'), 'B')", Some(true), "one of a list"),
        ("contains(fromJSON('[\"a\", \"b\"]'), 'c')", Some(false), "none of it"),
        ("contains(fromJSON('[\"a\", 1]'), 'c')", None, "not all of it are texts"),
        ("contains(inputs.empty, 'c')", Some(false), "nothing holds nothing"),
        ("'it''s' == 'it''s'", Some(true), "a quote in quotes"),
        ("format('{0}-x', 'y') == 'y-x'", Some(true), "put together"),
        ("1 < 2", None, "not needed"),
    ] {
        let parsed = Expression::parse(text).unwrap_or_else(|| panic!("{text}"));
        assert_eq!(parsed.value(&Main).truth(), expected, "{why}: {text}");
    }
    for text in
        ["", "a ==", "(a", "f(a", "'a", "a b", "a[1", &"(".repeat(500), &"a||".repeat(9_999)]
    {
        assert_eq!(Expression::parse(text), None, "{text}");
    }
}

#[test]
fn conditions_are_answered_for_runs_that_fail_and_runs_that_do_not() {
    for (text, failed, not) in [
        ("failure()", Some(true), Some(false)),
        ("success()", Some(false), Some(true)),
        ("success() || failure()", Some(true), Some(true)),
        ("!cancelled()", Some(true), Some(true)),
        ("always() && !failure()", Some(false), Some(true)),
        ("failure() && vars.x", None, Some(false)),
    ] {
        let supposing = |failed| Expression::parse(text).unwrap().supposing(failed);
        let answers = [true, false].map(|failed| supposing(failed).value(&Main).truth());
        assert_eq!(answers, [failed, not], "{text}");
    }
}

#[test]
fn what_is_asked_is_found() {
    let parsed = Expression::parse("always() && (a.b == 'c' || !d['e'].f)").unwrap();
    for (start, expected) in
        [("always", true), ("a.", true), ("d.e.f", true), ("x", false), ("success", false)]
    {
        assert_eq!(parsed.asks(start), expected, "{start}");
    }
}

proptest! {
    #[test]
    fn any_text_is_an_expression_or_none(text in "[a-b'()!&|=<>\\[\\],. {}é$]{0,40}") {
        if let Some(parsed) = Expression::parse(&text) {
            parsed.value(&Main);
        }
    }
}
