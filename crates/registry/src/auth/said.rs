//! What a registry says when it refuses: the error envelope of the distribution specification.

use oci_client::errors::{OciEnvelope, OciErrorCode};

use crate::error::quoted;

/// The codes and messages of an error document, if it is one.
#[derive(Debug)]
pub(crate) struct Words(Option<OciEnvelope>);

impl Words {
    pub(crate) fn of(body: &[u8]) -> Self {
        Self(serde_json::from_slice(body).ok())
    }

    /// Whether it says anything that contradicts "not found": some registries answer 404 to
    /// those who may not read, with the reason in the envelope.
    pub(crate) fn deny_absence(&self) -> bool {
        let errors = self.0.iter().flat_map(|envelope| &envelope.errors);
        errors.into_iter().any(|error| {
            matches!(
                error.code,
                OciErrorCode::Denied | OciErrorCode::Unauthorized | OciErrorCode::Toomanyrequests
            )
        })
    }
}

/// A refusal in one line, for a message.
pub(crate) fn said(body: &[u8]) -> String {
    let Words(Some(envelope)) = Words::of(body) else {
        return without_envelope(body);
    };
    let errors = envelope.errors.iter().map(|error| {
        let code = serde_json::to_value(&error.code).unwrap_or_default();
        let code = code.as_str().unwrap_or("an error without a code").to_owned();
        if error.message.is_empty() { code } else { format!("{code}: {}", error.message) }
    });
    let text = quoted(&errors.collect::<Vec<_>>().join("; "));
    if text.is_empty() { "an empty list of errors".to_owned() } else { text }
}

fn without_envelope(body: &[u8]) -> String {
    let text = quoted(&String::from_utf8_lossy(body));
    match text.as_str() {
        "" => "no explanation".to_owned(),
        html if html.starts_with('<') => "a page instead of an explanation".to_owned(),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_told_in_one_line() {
        for (body, expected, denies, why) in [
            (
                r#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"no such manifest"}]}"#,
                "MANIFEST_UNKNOWN: no such manifest",
                false,
                "an envelope",
            ),
            (r#"{"errors":[{"code":"DENIED"}]}"#, "DENIED", true, "no message"),
            (
                r#"{"errors":[{"code":"NAME_UNKNOWN"},{"code":"UNAUTHORIZED","message":"log in"}]}"#,
                "NAME_UNKNOWN; UNAUTHORIZED: log in",
                true,
                "two; the stronger counts",
            ),
            (
                r#"{"errors":[{"code":"ACME_OWN","message":"m","detail":{"a":[1]}}]}"#,
                "ACME_OWN: m",
                false,
                "its own code",
            ),
            (r#"{"errors":[]}"#, "an empty list of errors", false, "empty"),
            (r#"{"message":"x"}"#, r#"{"message":"x"}"#, false, "another document"),
            ("", "no explanation", false, "nothing"),
            ("<!doctype html><p>x", "a page instead of an explanation", false, "a page"),
            ("plain\nwords", "plain words", false, "text"),
        ] {
            assert_eq!(said(body.as_bytes()), expected, "{why}");
            assert_eq!(Words::of(body.as_bytes()).deny_absence(), denies, "{why}");
        }
        assert_eq!(said(&[0xff, 0xfe]), "\u{fffd}\u{fffd}", "not text");
    }
}
