//! Faults on request: which requests they meet, how often, and what goes wrong.

use http::{HeaderName, HeaderValue, Method, StatusCode};
use serde::{Deserialize, Serialize};

use super::names::Digest;
use super::route::Kind;
use crate::faults::Strikes;

/// One thing that goes wrong. Requests are counted after authentication: a `401` uses no fault up.
///
/// As JSON: `{"method": "PUT", "kind": "manifest", "path": "acme/", "after": 1, "times": 1,
/// "effect": {"status": {"code": 429, "retryAfter": "1"}}}`; all but `effect` may be absent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Fault {
    /// Only requests with this method.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Only requests of this kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<Kind>,
    /// Only requests whose path contains this text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Matching requests that are let through first.
    #[serde(default)]
    pub after: u64,
    /// How often it strikes; `None` is always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u64>,
    /// What goes wrong.
    pub effect: Effect,
}

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
#[non_exhaustive]
pub enum Effect {
    /// The request is refused and does nothing.
    Status {
        /// HTTP status, e.g. 429, 500 or 503.
        code: u16,
        /// `Retry-After` header: seconds or a date.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after: Option<String>,
    },
    /// "Failed but it happened": the request takes effect, the answer says it did not.
    StatusAfter {
        /// HTTP status.
        code: u16,
    },
    /// The request waits before anything happens.
    Delay {
        /// How long.
        milliseconds: u64,
    },
    /// The connection is closed, and nothing has happened.
    DropBefore,
    /// The connection is closed when this much of the request's body has been taken in.
    DropDuring {
        /// Bytes of the body that arrive.
        bytes: u64,
    },
    /// "Failed but it happened": the request takes effect, the connection closes unanswered.
    DropAfter,
    /// The answer's body ends early, and the connection with it.
    Truncate {
        /// Bytes of the body that are sent.
        bytes: u64,
    },
    /// The answer's body stops and the connection stays open.
    Stall {
        /// Bytes of the body that are sent.
        bytes: u64,
    },
    /// One byte of the answer's body is another.
    Corrupt {
        /// Which one, from 0; behind the end nothing changes.
        at: u64,
    },
    /// A tag answers with another digest, that the repository must hold.
    MoveTag {
        /// The digest.
        to: String,
    },
    /// The client is sent (307) to the same path of another origin.
    Redirect {
        /// Scheme, host and port.
        to: String,
    },
    /// A header of the answer is missing: `location`, `oci-subject`, `docker-content-digest`.
    OmitHeader {
        /// Its name.
        name: String,
    },
    /// A header of the answer says something else.
    SetHeader {
        /// Its name.
        name: String,
        /// Its value.
        value: String,
    },
    /// `Content-Length` lies by this many bytes.
    ContentLength {
        /// Added to the true length.
        add: i64,
    },
    /// Referrers are listed in pages of this size, each but the last with a `Link` to the next.
    ReferrersPage {
        /// Entries in a page, at least one.
        size: usize,
    },
    /// The sizes in a list of descriptors lie by this many bytes.
    DescriptorSize {
        /// Added to the true sizes.
        add: i64,
    },
}

impl Fault {
    /// A fault that strikes every request, always; narrow it with the other functions.
    pub fn new(effect: Effect) -> Self {
        Self { method: None, kind: None, path: None, after: 0, times: None, effect }
    }

    /// Strikes requests of one kind only.
    #[must_use]
    pub fn on(mut self, kind: Kind) -> Self {
        self.kind = Some(kind);
        self
    }

    /// Strikes requests with one method only.
    #[must_use]
    pub fn method(mut self, method: &str) -> Self {
        self.method = Some(method.to_owned());
        self
    }

    /// Strikes requests whose path contains `text` only.
    #[must_use]
    pub fn path(mut self, text: &str) -> Self {
        self.path = Some(text.to_owned());
        self
    }

    /// Lets `count` matching requests through first.
    #[must_use]
    pub fn after(mut self, count: u64) -> Self {
        self.after = count;
        self
    }

    /// Strikes `count` times.
    #[must_use]
    pub fn times(mut self, count: u64) -> Self {
        self.times = Some(count);
        self
    }

    /// Strikes once.
    #[must_use]
    pub fn once(self) -> Self {
        self.times(1)
    }

    pub(super) fn matches(&self, method: &Method, kind: Kind, path: &str) -> bool {
        let kind_fits = self
            .kind
            .is_none_or(|wanted| wanted == kind || (wanted == Kind::Manifest && kind == Kind::Tag));
        kind_fits
            && self.method.as_ref().is_none_or(|m| m.eq_ignore_ascii_case(method.as_str()))
            && self.path.as_ref().is_none_or(|text| path.contains(text.as_str()))
    }
}

impl Effect {
    /// Says what is wrong with an effect that could never be had.
    ///
    /// # Errors
    /// A sentence on the field that makes no sense.
    pub fn check(&self) -> Result<(), String> {
        let status = |code: u16| {
            StatusCode::from_u16(code).map(drop).map_err(|_| format!("{code} is no HTTP status"))
        };
        let name = |name: &str| {
            HeaderName::try_from(name).map(drop).map_err(|_| format!("{name:?} is no header name"))
        };
        match self {
            Self::Status { code, .. } | Self::StatusAfter { code } => status(*code),
            Self::OmitHeader { name: text } => name(text),
            Self::SetHeader { name: text, value } => name(text).and_then(|()| {
                HeaderValue::try_from(value).map(drop).map_err(|_| format!("{value:?} is no value"))
            }),
            Self::ReferrersPage { size: 0 } => Err("a page of no entries has no next".to_owned()),
            Self::MoveTag { to } => {
                Digest::parse(to).map(drop).ok_or_else(|| format!("{to:?} is no digest"))
            }
            Self::Redirect { to } => match url::Url::parse(to) {
                Ok(url) if url.has_host() => Ok(()),
                _ => Err(format!("{to:?} is no origin")),
            },
            _ => Ok(()),
        }
    }
}

impl Strikes for Fault {
    type Effect = Effect;

    fn effect(&self) -> &Effect {
        &self.effect
    }

    fn counts(&mut self) -> (&mut u64, &mut Option<u64>) {
        (&mut self.after, &mut self.times)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meets(fault: &Fault, kind: Kind) -> bool {
        fault.matches(&Method::GET, kind, "/v2/acme/manifests/v1")
    }

    #[test]
    fn a_fault_meets_what_it_names() {
        let drop = || Fault::new(Effect::DropBefore);
        for (fault, expected, reason) in [
            (drop(), true, "no condition"),
            (drop().on(Kind::Tag), true, "its kind"),
            (drop().on(Kind::Manifest), true, "a tag's manifest is a manifest"),
            (drop().on(Kind::Blob), false, "another kind"),
            (drop().method("get"), true, "methods in any case"),
            (drop().method("PUT"), false, "another method"),
            (drop().path("acme/"), true, "part of the path"),
            (drop().path("other/"), false, "part of another path"),
        ] {
            assert_eq!(meets(&fault, Kind::Tag), expected, "{reason}");
        }
    }

    #[test]
    fn a_fault_on_manifests_by_tag_leaves_digests_alone() {
        assert!(!meets(&Fault::new(Effect::DropBefore).on(Kind::Tag), Kind::Manifest));
    }

    #[test]
    fn faults_as_json() {
        let text = r#"{"method":"PUT","kind":"manifest","after":1,"times":2,"effect":{"status":{"code":429,"retryAfter":"1"}}}"#;
        let fault: Fault = serde_json::from_str(text).unwrap();
        let effect = Effect::Status { code: 429, retry_after: Some("1".to_owned()) };
        let expected = Fault::new(effect).on(Kind::Manifest).method("PUT").after(1).times(2);
        assert_eq!(fault, expected);
        assert_eq!(serde_json::to_string(&fault).unwrap(), text);
        let dropped: Fault = serde_json::from_str(r#"{"effect":"dropAfter"}"#).unwrap();
        assert_eq!(dropped, Fault::new(Effect::DropAfter));
        for (text, reason) in [
            ("{}", "no effect"),
            (r#"{"effect":"explode"}"#, "unknown effect"),
            (r#"{"effect":"dropAfter","time":1}"#, "misspelt field"),
            (r#"{"effect":{"status":{"code":429,"retry":"1"}}}"#, "misspelt field of an effect"),
        ] {
            assert!(serde_json::from_str::<Fault>(text).is_err(), "{reason}");
        }
    }

    #[test]
    fn faults_that_make_no_sense() {
        let digest = Digest::sha256(b"{}").to_string();
        let header = |name: &str| Effect::OmitHeader { name: name.to_owned() };
        for (effect, sound, reason) in [
            (Effect::StatusAfter { code: 500 }, true, "a status"),
            (Effect::StatusAfter { code: 7 }, false, "not a status"),
            (header("location"), true, "a header"),
            (header("two words"), false, "not a header"),
            (Effect::ReferrersPage { size: 1 }, true, "a page"),
            (Effect::ReferrersPage { size: 0 }, false, "no page"),
            (Effect::MoveTag { to: digest }, true, "a digest"),
            (Effect::MoveTag { to: "v2".to_owned() }, false, "a tag"),
            (Effect::Redirect { to: "http://127.0.0.1:1".to_owned() }, true, "an origin"),
            (Effect::Redirect { to: "/elsewhere".to_owned() }, false, "a path"),
        ] {
            assert_eq!(effect.check().is_ok(), sound, "{reason}");
        }
    }
}
