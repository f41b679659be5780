//! Sigstore's policy-controller: `ClusterImagePolicy`. One authority suffices, and within it one
//! identity. `cargo xtask admission` asks the code of release 0.13.1.

use sealwright_yaml::{Node, Value};

use crate::declaration::{
    Consumer, Declaration, Form, Guarded, Identity, Provider, Weakened, Weakening,
};
use crate::found::NoMatch;
use crate::object::Object;
use crate::shapes::{is_word, matcher, narrowed, pattern_or, trust, weakened};

/// Group of the policy.
pub(crate) const GROUP: &str = "policy.sigstore.dev";

/// Fields of an authority that name trust of its own.
const TRUST: &[&[&str]] = &[
    &["keyless", "ca-cert"],
    &["keyless", "trustRootRef"],
    &["ctlog", "trustRootRef"],
    &["rfc3161timestamp", "trustRootRef"],
];

/// Its own ConfigMap.
pub(crate) const CONFIG: &str = "config-policy-controller";

/// One declaration for each authority.
pub(crate) fn policy(object: &Object<'_>, file: &str) -> Vec<Declaration> {
    let Some(spec) = object.node.get("spec") else { return Vec::new() };
    let images = spec.get("images").map(Node::items).unwrap_or_default();
    let guards: Vec<Guarded> =
        images.iter().filter_map(|image| image.get("glob").and_then(Guarded::of)).collect();
    let warns = |value: &Value| is_word(value, &["warn"]);
    let softer = weakened(object.node, &["spec", "mode"], Weakening::Warns, warns);
    let narrowed = narrowed(object.node, &["spec", "match"]);
    let softer: Vec<Weakened> = softer.into_iter().chain(narrowed).collect();
    let authorities = spec.get("authorities").map(Node::items).unwrap_or_default();
    // What fails lets in nobody.
    let fails = |one: &&Node| one.text_at(&["static", "action"]) == Some("fail");
    authorities
        .iter()
        .filter(|one| !fails(one))
        .map(|one| authority(one, object, file, &guards, &softer))
        .collect()
}

fn authority(
    authority: &Node,
    object: &Object<'_>,
    file: &str,
    guards: &[Guarded],
    softer: &[Weakened],
) -> Declaration {
    let identities = authority.at_path(&["keyless", "identities"]).map(Node::items);
    let identity = |entry: &Node| Identity {
        issuer: pattern_or(entry, "issuerRegExp", "issuer", Form::Exact),
        subject: pattern_or(entry, "subjectRegExp", "subject", Form::Exact),
        at: entry.at.clone(),
    };
    let refused = identities.unwrap_or_default().iter().flat_map(refused);
    let passes = |value: &Value| is_word(value, &["pass"]);
    let skips = weakened(authority, &["static", "action"], Weakening::Skips, passes);
    let insecure = |value: &Value| *value == Value::Bool(true);
    let no_sct = weakened(authority, &["keyless", "insecureIgnoreSCT"], Weakening::Skips, insecure);
    // A static answer looks for no signature at all.
    let asks = authority.get("static").is_none();
    let format = authority.text_at(&["signatureFormat"]).unwrap_or("legacy");
    let legacy = (asks && format == "legacy").then(|| Weakened {
        how: Weakening::LegacyOnly,
        field: "signatureFormat: bundle".to_owned(),
        at: authority.at.clone(),
    });
    Declaration {
        consumer: Consumer::PolicyController,
        object: object.told(),
        file: file.to_owned(),
        at: authority.at.clone(),
        guards: guards.to_vec(),
        provider: Provider::Cosign,
        key: authority.get("key").is_some(),
        identities: identities.unwrap_or_default().iter().map(identity).collect(),
        bundle_path: false,
        claims: Vec::new(),
        weakened: softer
            .iter()
            .cloned()
            .chain(skips)
            .chain(no_sct)
            .chain(refused)
            .chain(legacy)
            .chain(trust(authority, TRUST))
            .collect(),
    }
}

/// Its webhook takes one of text and pattern for issuer and name each, no more and no less.
fn refused(entry: &Node) -> Vec<Weakened> {
    let halves = [("issuer", "issuerRegExp"), ("subject", "subjectRegExp")];
    let wrong = halves.into_iter().filter_map(|(text, pattern)| {
        let is_written = |key| matcher(entry, key, Form::Exact).is_some();
        let field = match (is_written(text), is_written(pattern)) {
            (true, true) => format!("`{text}` and `{pattern}`"),
            (false, false) => format!("neither `{text}` nor `{pattern}`"),
            _ => return None,
        };
        Some(Weakened { how: Weakening::Refused, field, at: entry.at.clone() })
    });
    wrong.collect()
}

/// What its ConfigMap says about images that no policy names.
pub(crate) fn no_match(object: &Object<'_>, file: &str) -> Option<NoMatch> {
    let said = object.node.at_path(&["data", "no-match-policy"])?;
    let word = said.scalar()?.to_owned();
    Some(NoMatch { word, file: file.to_owned(), at: said.at.clone() })
}
