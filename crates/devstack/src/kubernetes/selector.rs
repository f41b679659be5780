//! Label and field selectors.

use serde_json::Value;

use super::status::Refusal;

/// What a list or a watch is narrowed to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Selector {
    labels: Vec<Requirement>,
    /// Pointer and value, such as `/metadata/name` and `flux-system`.
    fields: Vec<(&'static str, bool, String)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Requirement {
    Exists(String),
    Absent(String),
    In(String, Vec<String>),
    NotIn(String, Vec<String>),
}

impl Selector {
    /// Reads `labelSelector` and `fieldSelector`; an empty text is no condition.
    pub(crate) fn parse(labels: &str, fields: &str) -> Result<Self, Refusal> {
        let labels = split(labels).into_iter().map(requirement).collect::<Option<_>>();
        let labels = labels.ok_or_else(|| {
            Refusal::malformed("unable to parse requirement of the labelSelector")
        })?;
        let fields = split(fields).into_iter().map(field).collect::<Result<_, _>>()?;
        Ok(Self { labels, fields })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.labels.is_empty() && self.fields.is_empty()
    }

    pub(crate) fn matches(&self, object: &Value) -> bool {
        let labels = &object["metadata"]["labels"];
        let fits = |(pointer, wanted, value): &(&str, bool, String)| {
            (object.pointer(pointer).and_then(Value::as_str) == Some(value)) == *wanted
        };
        self.labels.iter().all(|requirement| requirement.holds(labels))
            && self.fields.iter().all(fits)
    }
}

impl Requirement {
    fn holds(&self, labels: &Value) -> bool {
        let value = |key: &str| labels.get(key).and_then(Value::as_str).map(str::to_owned);
        match self {
            Self::Exists(key) => value(key).is_some(),
            Self::Absent(key) => value(key).is_none(),
            Self::In(key, values) => value(key).is_some_and(|value| values.contains(&value)),
            Self::NotIn(key, values) => value(key).is_none_or(|value| !values.contains(&value)),
        }
    }
}

/// At commas, but for those within parentheses.
fn split(text: &str) -> Vec<&str> {
    let mut depth = 0_usize;
    let parts = text.split(|letter| {
        match letter {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        letter == ',' && depth == 0
    });
    parts.map(str::trim).filter(|part| !part.is_empty()).collect()
}

fn requirement(text: &str) -> Option<Requirement> {
    let one = |value: &str| vec![value.trim().to_owned()];
    if let Some((key, value)) = text.split_once("!=") {
        return Some(Requirement::NotIn(word(key)?, one(value)));
    }
    if let Some((key, value)) = text.split_once("==").or_else(|| text.split_once('=')) {
        return Some(Requirement::In(word(key)?, one(value)));
    }
    if let Some((head, values)) = text.strip_suffix(')').and_then(|text| text.split_once('(')) {
        let values = values.split(',').map(|value| value.trim().to_owned()).collect();
        let (key, operator) = head.trim().rsplit_once(' ')?;
        return match operator {
            "in" => Some(Requirement::In(word(key)?, values)),
            "notin" => Some(Requirement::NotIn(word(key)?, values)),
            _ => None,
        };
    }
    match text.strip_prefix('!') {
        Some(key) => Some(Requirement::Absent(word(key)?)),
        None => Some(Requirement::Exists(word(text)?)),
    }
}

fn word(text: &str) -> Option<String> {
    let text = text.trim();
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/');
    (!text.is_empty() && text.chars().all(plain)).then(|| text.to_owned())
}

/// The two fields that every kind can be selected by.
fn field(text: &str) -> Result<(&'static str, bool, String), Refusal> {
    let (name, wanted, value) = match text.split_once("!=") {
        Some((name, value)) => (name, false, value),
        None => match text.split_once("==").or_else(|| text.split_once('=')) {
            Some((name, value)) => (name, true, value),
            None => return Err(Refusal::malformed(format!("invalid field selector {text:?}"))),
        },
    };
    let pointer = match name {
        "metadata.name" => "/metadata/name",
        "metadata.namespace" => "/metadata/namespace",
        _ => return Err(Refusal::malformed(format!("field label not supported: {name}"))),
    };
    Ok((pointer, wanted, value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn selectors_select() {
        let object =
            json!({"metadata": {"name": "a", "labels": {"app": "web", "acme.example/tier": "1"}}});
        for (labels, fields, expected, why) in [
            ("", "", true, "no condition"),
            ("app=web", "", true, "equal"),
            ("app==web", "", true, "equal, spelt twice"),
            ("app=db", "", false, "not equal"),
            ("app!=db", "", true, "unequal"),
            ("other!=db", "", true, "unequal because absent"),
            ("app", "", true, "there"),
            ("!app", "", false, "not there"),
            ("app in (db, web)", "", true, "among"),
            ("app notin (db,web),app", "", false, "not among"),
            ("app=web,acme.example/tier=2", "", false, "both must hold"),
            ("", "metadata.name=a", true, "by name"),
            ("", "metadata.name!=a", false, "but for a name"),
            ("app=web", "metadata.name=b", false, "both kinds must hold"),
        ] {
            let selector = Selector::parse(labels, fields).unwrap();
            assert_eq!(selector.matches(&object), expected, "{why}");
        }
    }

    #[test]
    fn what_is_no_selector_is_refused() {
        for (labels, fields) in
            [("a b", ""), ("=x", ""), ("a like (b)", ""), ("", "spec.url=x"), ("", "x")]
        {
            assert!(Selector::parse(labels, fields).is_err(), "{labels}{fields}");
        }
    }
}
