//! Faults on request: which requests they meet, how often, and what goes wrong.

use std::sync::{Mutex, MutexGuard, PoisonError};

use http::StatusCode;
use serde::{Deserialize, Serialize};

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

    fn matches(&self, asked: &Asked<'_>) -> bool {
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

/// The faults in force, with what is left of each.
#[derive(Debug, Default)]
pub(crate) struct Faults(Mutex<Vec<Fault>>);

impl Faults {
    fn in_force(&self) -> MutexGuard<'_, Vec<Fault>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set(&self, faults: Vec<Fault>) {
        *self.in_force() = faults;
    }

    /// What is left: `after` and `times` count down.
    pub(crate) fn left(&self) -> Vec<Fault> {
        self.in_force().clone()
    }

    /// The effects that this request meets, in the order in which the faults were set.
    pub(crate) fn strike(&self, asked: &Asked<'_>) -> Vec<Effect> {
        let mut in_force = self.in_force();
        let mut effects = Vec::new();
        for fault in in_force.iter_mut().filter(|fault| fault.matches(asked)) {
            if fault.after > 0 {
                fault.after -= 1;
                continue;
            }
            if let Some(times) = &mut fault.times {
                let Some(left) = times.checked_sub(1) else { continue };
                *times = left;
            }
            effects.push(fault.effect.clone());
        }
        in_force.retain(|fault| fault.times != Some(0));
        effects
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
            (drop(), 1, "no condition"),
            (drop().verb("list").on("secrets").within("acme"), 1, "all conditions"),
            (drop().verb("watch"), 0, "another verb"),
            (drop().on("configmaps"), 0, "another kind"),
            (drop().within("other"), 0, "another namespace"),
        ] {
            let faults = Faults::default();
            faults.set(vec![fault]);
            assert_eq!(faults.strike(&LIST).len(), expected, "{why}");
        }
    }

    #[test]
    fn counts_run_down() {
        let faults = Faults::default();
        faults.set(vec![Fault::new(Effect::Gone).after(1).times(2)]);
        let met: Vec<usize> = (0..5).map(|_| faults.strike(&LIST).len()).collect();
        assert_eq!((met, faults.left()), (vec![0, 1, 1, 0, 0], vec![]));
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
