//! Faults on request: which requests they meet, how often, and what goes wrong.

use http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::faults::Strikes;

/// One thing that goes wrong.
///
/// As JSON: `{"verb": "list", "resource": "ocirepositories", "namespace": "acme", "after": 1,
/// "times": 1, "effect": "forbidden"}`; all but `effect` may be absent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Fault {
    /// Only requests with this verb, as roles spell it: `get`, `list`, `watch`, `create`, `update`,
    /// `patch`, `delete`, `deletecollection`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verb: Option<String>,
    /// Only requests for this kind, by its plural.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// Only requests within this namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Matching requests that are let through first.
    #[serde(default)]
    pub after: u64,
    /// How often it strikes; `None` is always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u64>,
    /// What goes wrong.
    pub effect: Effect,
}

/// What goes wrong. Effects on events strike watches alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
#[non_exhaustive]
pub enum Effect {
    /// 403: the account may not.
    Forbidden,
    /// 401: the token has expired.
    Unauthorized,
    /// 410: the version is too old. A watch begins and says so in its first event.
    Gone,
    /// Another status.
    Status {
        /// HTTP status, e.g. 429, 500 or 503.
        code: u16,
        /// `Retry-After` header, in seconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after: Option<String>,
    },
    /// The request waits before anything happens.
    Delay {
        /// How long.
        milliseconds: u64,
    },
    /// The connection is closed without an answer.
    Drop,
    /// The answer is somebody else's: 200 with a page for people, as a portal in between gives.
    Page,
    /// Every event waits.
    SlowEvents {
        /// How long each.
        milliseconds: u64,
    },
    /// The watch goes silent, and its connection stays open.
    StallAfter {
        /// Events that arrive before.
        events: u64,
    },
    /// The connection is closed in the middle of the watch.
    DropAfter {
        /// Events that arrive before.
        events: u64,
    },
    /// The watch ends with 410.
    GoneAfter {
        /// Events that arrive before.
        events: u64,
    },
}

impl Fault {
    /// A fault that strikes every request, always; narrow it with the other functions.
    pub fn new(effect: Effect) -> Self {
        Self { verb: None, resource: None, namespace: None, after: 0, times: None, effect }
    }

    /// Strikes requests with one verb only.
    #[must_use]
    pub fn verb(mut self, verb: &str) -> Self {
        self.verb = Some(verb.to_owned());
        self
    }

    /// Strikes requests for one kind only, by its plural.
    #[must_use]
    pub fn on(mut self, resource: &str) -> Self {
        self.resource = Some(resource.to_owned());
        self
    }

    /// Strikes requests within one namespace only.
    #[must_use]
    pub fn within(mut self, namespace: &str) -> Self {
        self.namespace = Some(namespace.to_owned());
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

    pub(super) fn matches(&self, asked: &Asked<'_>) -> bool {
        let fits = |wanted: &Option<String>, is: &str| wanted.as_deref().is_none_or(|w| w == is);
        fits(&self.verb, asked.verb)
            && fits(&self.resource, asked.resource)
            && fits(&self.namespace, asked.namespace)
    }

    /// Says what is wrong with a fault that could never be had.
    pub(crate) fn check(&self) -> Result<(), String> {
        match self.effect {
            Effect::Status { code, .. } if StatusCode::from_u16(code).is_err() => {
                Err(format!("{code} is no HTTP status"))
            }
            _ => Ok(()),
        }
    }
}

/// What a fault goes by; empty where the request has none.
pub(crate) struct Asked<'a> {
    pub(crate) verb: &'a str,
    pub(crate) resource: &'a str,
    pub(crate) namespace: &'a str,
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

    const LIST: Asked<'_> = Asked { verb: "list", resource: "secrets", namespace: "acme" };

    #[test]
    fn a_fault_meets_what_it_names() {
        let drop = || Fault::new(Effect::Drop);
        for (fault, expected, why) in [
            (drop(), true, "no condition"),
            (drop().verb("list").on("secrets").within("acme"), true, "all conditions"),
            (drop().verb("watch"), false, "another verb"),
            (drop().on("configmaps"), false, "another kind"),
            (drop().within("other"), false, "another namespace"),
        ] {
            assert_eq!(fault.matches(&LIST), expected, "{why}");
        }
    }

    #[test]
    fn faults_as_json() {
        let text = r#"{"verb":"watch","resource":"secrets","after":0,"effect":{"stallAfter":{"events":2}}}"#;
        let fault: Fault = serde_json::from_str(text).unwrap();
        let expected = Fault::new(Effect::StallAfter { events: 2 }).verb("watch").on("secrets");
        assert_eq!(fault, expected);
        assert_eq!(serde_json::to_string(&fault).unwrap(), text);
        for text in ["{}", r#"{"effect":"explode"}"#, r#"{"effect":"drop","time":1}"#] {
            assert!(serde_json::from_str::<Fault>(text).is_err(), "{text}");
        }
        let odd = Fault::new(Effect::Status { code: 7, retry_after: None });
        assert!(odd.check().is_err() && expected.check().is_ok());
    }
}
