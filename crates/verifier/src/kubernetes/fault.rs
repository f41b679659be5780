//! Why something could not be read from a cluster: a finding that is never green and says which
//! right, setting or answer is missing.

use std::error::Error;

use kube::client::AuthError;
use kube::core::Status;
use sealwright_policy::{Code, Finding, Place};

use super::kind::Kind;
use super::limits::{ANSWER_BYTES_MAX, QUOTED_CHARS_MAX};

/// What was asked for.
#[derive(Debug, Clone)]
pub(crate) enum Asked {
    /// The server's version.
    Server,
    /// Objects.
    Objects {
        /// As RBAC spells it: `get`, `list`, `watch`.
        verb: &'static str,
        /// Of which kind.
        kind: Kind,
        /// Its name in reports, when it was one object.
        object: Option<String>,
    },
}

impl Asked {
    /// All objects of a kind.
    pub(crate) fn list(kind: Kind) -> Self {
        Self::Objects { verb: "list", kind, object: None }
    }

    /// Changes of all objects of a kind.
    pub(crate) fn watch(kind: Kind) -> Self {
        Self::Objects { verb: "watch", kind, object: None }
    }

    /// One object, `namespace/name`.
    pub(crate) fn get(kind: Kind, object: String) -> Self {
        Self::Objects { verb: "get", kind, object: Some(object) }
    }

    fn what(&self) -> String {
        match self {
            Self::Server => "the API server's version".to_owned(),
            Self::Objects { kind, object: Some(object), .. } => format!("{kind} {object}"),
            Self::Objects { kind, object: None, .. } => format!("all {}", kind.plural()),
        }
    }

    /// What may not be done, and the rule that gives the right.
    fn right(&self) -> (String, String) {
        match self {
            Self::Server => (
                "read /version".to_owned(),
                "{nonResourceURLs: [/version], verbs: [get]}".to_owned(),
            ),
            Self::Objects { verb, kind, object } => {
                let (group, resource) = (kind.group(), kind.plural());
                // Nobody need be let at all Secrets for the sake of one. What is yet to be made
                // has no name that a rule could be about.
                let only = object.as_deref().filter(|_| *verb == "get" && !kind.is_listed());
                let names = only.map(|object| object.rsplit('/').next().unwrap_or(object));
                let names = names.map(|name| format!(" resourceNames: [{name}],"));
                let rule = format!(
                    "{{apiGroups: [\"{group}\"], resources: [{resource}],{} verbs: [{verb}]}}",
                    names.unwrap_or_default()
                );
                let what = only.map_or_else(|| resource.to_owned(), |_| self.what());
                (format!("{verb} {what}"), rule)
            }
        }
    }
}

/// What an error means for the person who asked.
pub(crate) fn fault(error: &kube::Error, asked: &Asked) -> Box<Finding> {
    let finding = match error {
        kube::Error::Api(status) => refused(status, asked),
        other => broken(other),
    };
    Box::new(finding.with_place(Place::object(asked.what())))
}

/// Whether the server says that there is no such thing. A whole group that is not installed is told
/// in plain text, without a reason, which `Status::is_not_found` does not recognise.
pub(super) fn is_absent(status: &Status) -> bool {
    status.code == 404
}

/// Nothing more can be asked: the time for all requests together is over.
pub(crate) fn too_late(asked: &Asked) -> Box<Finding> {
    let what = asked.what();
    let message = format!("the time was over before {what} could be read");
    Box::new(Finding::new(Code::ClusterDeadline, message).with_place(Place::object(what)))
}

/// The server answered, with a status that is no success.
fn refused(status: &Status, asked: &Asked) -> Finding {
    let words = quoted(&status.message);
    match status.code {
        401 => Finding::new(Code::ClusterUnauthorized, "the API server does not take these credentials")
            .with_mismatch("credentials that are valid now", format!("401 {words}"))
            .with_hint("log in to the cluster again; a token that has expired looks like this"),
        403 => {
            let (act, rule) = asked.right();
            Finding::new(Code::ClusterDenied, format!("this account may not {act}"))
                .with_mismatch(rule.clone(), format!("403 {words}"))
                .with_hint(format!("add this rule to the account's ClusterRole: {rule}"))
        }
        404 => kind_missing(asked, "nothing is known of it there"),
        410 => Finding::new(Code::ClusterStatus, "the pages of the list kept expiring")
            .with_mismatch("a whole list", format!("410 {words}"))
            .with_hint("the API server is too slow for its own list: give it more time with --deadline, or look at its load"),
        code => Finding::new(Code::ClusterStatus, format!("the API server answered {code}"))
            .with_mismatch("200", format!("{code} {words}")),
    }
}

/// The API has no such kind, or none of the versions that are understood.
pub(super) fn kind_missing(asked: &Asked, found: &str) -> Finding {
    let Asked::Objects { kind, .. } = asked else {
        return Finding::new(Code::ClusterProtocol, "this is no API server")
            .with_mismatch("an answer to /version", "404");
    };
    let versions: Vec<String> =
        kind.versions().iter().map(|version| kind.api_version(version)).collect();
    let message = format!("the cluster does not serve {kind} in a version that is understood");
    Finding::new(Code::ClusterKindMissing, message)
        .with_place(Place::object(asked.what()))
        .with_mismatch(versions.join(" or "), found)
}

/// There is no answer, or none that can be read.
fn broken(error: &kube::Error) -> Finding {
    if let Some(error) = causes(error).find_map(|cause| cause.downcast_ref::<AuthError>()) {
        return credentials(error, "the kubeconfig's credential plugin");
    }
    if causes(error).any(|cause| cause.is::<http_body_util::LengthLimitError>()) {
        let message = format!("an answer of the API server has more than {ANSWER_BYTES_MAX} bytes");
        return Finding::new(Code::ClusterLimit, message);
    }
    match error {
        kube::Error::SerdeError(_) | kube::Error::FromUtf8(_) | kube::Error::BuildRequest(_) => {
            let message = "the API server's answer cannot be understood";
            Finding::new(Code::ClusterProtocol, message)
                .with_mismatch("JSON of the Kubernetes API", chain(error))
                .with_hint(
                    "check that the kubeconfig names an API server and not something before it",
                )
        }
        _ => Finding::new(Code::ClusterUnreachable, "the API server cannot be reached")
            .with_mismatch("an answer", chain(error)),
    }
}

/// The credentials could not be had. Output of plugins is where tokens are, so of a plugin that
/// failed only its complaint is repeated.
pub(crate) fn credentials(error: &AuthError, plugin: &str) -> Finding {
    let (message, found) = match error {
        AuthError::AuthExecRun { out, .. } => (
            format!("{plugin} failed with {}", out.status),
            quoted(&String::from_utf8_lossy(&out.stderr)),
        ),
        AuthError::AuthExecStart(why) => (format!("{plugin} cannot be started"), why.to_string()),
        AuthError::AuthExecParse(_) | AuthError::ExecPluginFailed => (
            format!("{plugin} printed no credentials"),
            "something else than an ExecCredential".to_owned(),
        ),
        AuthError::ReadTokenFile(why, path) => {
            (format!("the token file {} cannot be read", path.display()), why.to_string())
        }
        other => (
            "the credentials of the kubeconfig cannot be used".to_owned(),
            quoted(&other.to_string()),
        ),
    };
    let finding = Finding::new(Code::ClusterCredentials, message);
    if found.is_empty() { finding } else { finding.with_mismatch("credentials", found) }
}

/// An error with its causes, without the repetitions that many of them make.
pub(crate) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    for cause in causes(error).skip(1) {
        let words = cause.to_string();
        if !text.contains(&words) {
            text = format!("{text}: {words}");
        }
    }
    quoted(&text)
}

fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| (*error).source())
}

/// Text from outside for a message: one line, no control characters, not too long.
pub(crate) fn quoted(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control());
    let line = words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(QUOTED_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(code: u16, reason: &str) -> Status {
        Status::failure("words of the server", reason).with_code(code)
    }

    #[test]
    fn absent_is_what_the_server_says_is_absent() {
        for (status, expected, why) in [
            (status(404, "NotFound"), true, "an object or a kind"),
            (status(404, "Failed to parse error data"), true, "a group: plain text, no reason"),
            (status(403, "Forbidden"), false, "nobody may look"),
            (status(503, "ServiceUnavailable"), false, "nobody knows"),
        ] {
            assert_eq!(is_absent(&status), expected, "{why}");
        }
    }

    #[test]
    fn the_rule_that_is_missing_lets_nobody_at_more_than_was_asked_for() {
        let denied = kube::Error::Api(Box::new(status(403, "Forbidden")));
        for (asked, message, rule, why) in [
            (
                Asked::get(Kind::Secret, "apps/keys".to_owned()),
                "this account may not get Secret apps/keys",
                r#"{apiGroups: [""], resources: [secrets], resourceNames: [keys], verbs: [get]}"#,
                "one Secret, and not all of them",
            ),
            (
                Asked::get(Kind::OciRepository, "apps/shop".to_owned()),
                "this account may not get ocirepositories",
                r#"{apiGroups: ["source.toolkit.fluxcd.io"], resources: [ocirepositories], verbs: [get]}"#,
                "whoever lists them all may get each",
            ),
            (
                Asked::list(Kind::HelmChart),
                "this account may not list helmcharts",
                r#"{apiGroups: ["source.toolkit.fluxcd.io"], resources: [helmcharts], verbs: [list]}"#,
                "a list is of all",
            ),
        ] {
            let finding = fault(&denied, &asked);
            assert_eq!(finding.message, message, "{why}");
            assert_eq!(finding.expected.as_deref(), Some(rule), "{why}");
            assert!(finding.hint.is_some_and(|hint| hint.contains(rule)), "{why}");
        }
    }

    #[test]
    fn each_refusal_has_its_code_and_is_never_green() {
        for (status, code) in [
            (status(401, "Unauthorized"), Code::ClusterUnauthorized),
            (status(403, "Forbidden"), Code::ClusterDenied),
            (status(404, "NotFound"), Code::ClusterKindMissing),
            (status(410, "Expired"), Code::ClusterStatus),
            (status(500, "InternalError"), Code::ClusterStatus),
        ] {
            let error = kube::Error::Api(Box::new(status));
            let finding = fault(&error, &Asked::list(Kind::HelmChart));
            assert_eq!(finding.code, code);
            assert_eq!(finding.severity, sealwright_policy::Severity::Unknown, "{code}");
            assert_eq!(finding.place, Place::object("all helmcharts"));
        }
    }
}
