//! One run of the prediction: what it looks at, what it lacks, which rules it met.

use sealwright_evidence::Digest;

use crate::name::is_local;
use crate::predict::Situation;
use crate::rules::Rule;
use crate::secrets::Secret;
use crate::seen::{Answer, Request, Response};

/// Why a step has no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stop {
    /// Answers of the registry are lacking.
    Lacking,
    /// It cannot be told, and why.
    Undecided(String),
}

/// What a step of the controller comes to: a value, or its own error in its own words.
pub(crate) type Step<T> = Result<Result<T, String>, Stop>;

/// A run.
pub(crate) struct Inquiry<'a> {
    pub(crate) situation: Situation<'a>,
    pub(crate) wanted: Vec<Request>,
    pub(crate) because: Vec<&'static Rule>,
}

impl<'a> Inquiry<'a> {
    pub(crate) fn new(situation: Situation<'a>) -> Self {
        Self { situation, wanted: vec![], because: vec![] }
    }

    /// Notes that a rule had a say.
    pub(crate) fn met(&mut self, rule: &'static Rule) {
        if !self.because.iter().any(|met| met.name == rule.name) {
            self.because.push(rule);
        }
    }

    /// The registry's answer, of any status.
    pub(crate) fn ask(&mut self, request: Request) -> Result<&'a Response, Stop> {
        match self.situation.seen.get(&request) {
            Some(Answer::Got(response)) if is_beyond_reach(&request, response) => {
                Err(Stop::Undecided(format!(
                    "the registry {} answers without TLS, and the controller asks it by HTTPS alone: \
                     the source does not say `insecure`",
                    request.registry
                )))
            }
            Some(Answer::Got(response)) => Ok(response),
            Some(Answer::Failed(why)) => Err(Stop::Undecided(format!(
                "the registry {} could not be asked: {why}",
                request.registry
            ))),
            None => {
                self.wanted.push(request);
                Err(Stop::Lacking)
            }
        }
    }

    /// The same for several: all that are lacking are named at once.
    pub(crate) fn ask_all(
        &mut self,
        requests: impl IntoIterator<Item = Request>,
    ) -> Vec<Result<&'a Response, Stop>> {
        requests.into_iter().map(|request| self.ask(request)).collect()
    }

    /// The entries of a Secret, or the API server's error as the controller gets it.
    pub(crate) fn secret(
        &self,
        namespace: &str,
        name: &str,
    ) -> Step<std::collections::BTreeMap<String, Vec<u8>>> {
        match self.situation.secrets.get(namespace, name) {
            Secret::Found(entries) => Ok(Ok(entries)),
            Secret::Missing => Ok(Err(format!("secrets {name:?} not found"))),
            Secret::Unreadable(why) => Err(Stop::Undecided(format!(
                "Secret `{namespace}/{name}` could not be read: {why}"
            ))),
        }
    }
}

/// Whether the controller would not get this answer: nobody has told it to speak plain HTTP.
fn is_beyond_reach(request: &Request, response: &Response) -> bool {
    response.url.starts_with("http://") && !request.insecure && !is_local(&request.registry)
}

/// Checks a digest as go-containerregistry's `NewHash` does.
///
/// # Errors
/// Its words.
pub(crate) fn parse_hash(text: &str) -> Result<(), String> {
    let (algorithm, hex) = match text.split_once(':') {
        Some((algorithm, hex)) if !algorithm.is_empty() && !hex.is_empty() => (algorithm, hex),
        _ => return Err(format!("cannot parse hash: {text:?}")),
    };
    if let Some(other) = hex.chars().find(|c| !matches!(c, '0'..='9' | 'a'..='f')) {
        return Err(format!("found non-hex character in hash: {other}"));
    }
    if algorithm != "sha256" {
        return Err(format!("unsupported hash: {algorithm:?}"));
    }
    if hex.len() != 64 {
        return Err(format!("wrong number of hex digits for sha256: {hex}"));
    }
    Ok(())
}

/// Whether these bytes are those of the digest.
pub(crate) fn is_digest_of(bytes: &[u8], digest: &str) -> bool {
    Digest::of(bytes).to_string() == digest
}

#[cfg(test)]
mod tests {
    use super::parse_hash;

    #[test]
    fn a_digest_is_read_as_the_library_reads_it() {
        let hex = "a".repeat(64);
        assert_eq!(parse_hash(&format!("sha256:{hex}")), Ok(()));
        for (text, error, why) in [
            (hex.clone(), format!("cannot parse hash: \"{hex}\""), "no algorithm"),
            ("sha256:".to_owned(), "cannot parse hash: \"sha256:\"".to_owned(), "no digits"),
            ("sha256:xyz".to_owned(), "found non-hex character in hash: x".to_owned(), "no hex"),
            ("md5:ab".to_owned(), "unsupported hash: \"md5\"".to_owned(), "another algorithm"),
            (
                "sha256:ab".to_owned(),
                "wrong number of hex digits for sha256: ab".to_owned(),
                "short",
            ),
        ] {
            assert_eq!(parse_hash(&text), Err(error), "{why}");
        }
    }
}
