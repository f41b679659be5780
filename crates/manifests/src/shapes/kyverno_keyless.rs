//! Whom a keyless entry of `verifyImages` lets in (kyverno 1.19.1 pkg/image/verifiers/cpol/cosign).
//! `cargo xtask admission` asks Kyverno's own code.
//!
//! Of a signature of the older format a text is a glob, a name must fit the text or the pattern, an issuer
//! both, and what is not written is not asked for. Of a Sigstore bundle a text is compared letter by letter,
//! text and pattern must both fit, and where issuer or name is missing nothing is compared at all.

use sealwright_pattern::{Containment, GoRegex, Language, Witness};
use sealwright_yaml::{Key, Node};

use crate::declaration::{Claim, Claimed, Form, Identity, Matcher, Weakened, Weakening};
use crate::shapes::matcher;

/// Certificate extensions that an entry may ask for, by number and by name.
const EXTENSIONS: &[(&str, &str, Claimed)] = &[
    ("1.3.6.1.4.1.57264.1.2", "githubWorkflowTrigger", Claimed::Trigger),
    ("1.3.6.1.4.1.57264.1.3", "githubWorkflowSha", Claimed::Commit),
    ("1.3.6.1.4.1.57264.1.4", "githubWorkflowName", Claimed::Name),
    ("1.3.6.1.4.1.57264.1.5", "githubWorkflowRepository", Claimed::Repository),
    ("1.3.6.1.4.1.57264.1.6", "githubWorkflowRef", Claimed::Ref),
];

/// What an entry comes to.
#[derive(Debug, Default)]
pub(super) struct Keyless {
    /// None: anybody.
    pub(super) identities: Vec<Identity>,
    pub(super) claims: Vec<Claim>,
    pub(super) other: Vec<Weakened>,
}

/// One half of an identity, as it is written.
struct Half {
    text: Option<Matcher>,
    pattern: Option<Matcher>,
}

pub(super) fn of(keyless: &Node, check: &Node) -> Keyless {
    match check.text_at(&["type"]) {
        Some("SigstoreBundle") => of_bundles(keyless),
        _ => of_signatures(keyless),
    }
}

fn of_signatures(keyless: &Node) -> Keyless {
    let (issuer, subject) = halves(keyless, Form::Glob);
    let (issuer, excludes) = both(issuer, keyless, "issuer");
    let subjects = any_of(subject);
    let identity = |subject| Identity { issuer: issuer.clone(), subject, at: keyless.at.clone() };
    let extensions = keyless.get("additionalExtensions").map(Node::entries).unwrap_or_default();
    Keyless {
        identities: subjects.into_iter().map(identity).collect(),
        claims: extensions.iter().filter_map(claim).collect(),
        other: excludes.into_iter().collect(),
    }
}

fn of_bundles(keyless: &Node) -> Keyless {
    let (issuer, subject) = halves(keyless, Form::Exact);
    let compared = issuer.is_written() && subject.is_written();
    let (issuer, of_issuer) = both(issuer, keyless, "issuer");
    let (subject, of_subject) = both(subject, keyless, "subject");
    let identity = Identity { issuer, subject, at: keyless.at.clone() };
    let ignored = keyless.get("additionalExtensions").map(|extensions| Weakened {
        how: Weakening::Ignores,
        field: "additionalExtensions".to_owned(),
        at: extensions.at.clone(),
    });
    let excludes = [of_issuer, of_subject].into_iter().flatten().filter(|_| compared);
    Keyless {
        identities: Some(identity).filter(|_| compared).into_iter().collect(),
        claims: Vec::new(),
        other: excludes.chain(ignored).collect(),
    }
}

fn halves(keyless: &Node, form: Form) -> (Half, Half) {
    let half = |text, pattern| Half {
        text: matcher(keyless, text, form),
        pattern: matcher(keyless, pattern, Form::Regex),
    };
    (half("issuer", "issuerRegExp"), half("subject", "subjectRegExp"))
}

impl Half {
    fn is_written(&self) -> bool {
        self.text.is_some() || self.pattern.is_some()
    }
}

/// Each that suffices; a pattern that does not compile lets in nobody, whatever stands beside it.
fn any_of(half: Half) -> Vec<Option<Matcher>> {
    match (half.text, half.pattern) {
        (_, Some(broken)) if broken.whole && GoRegex::parse(&broken.text).is_err() => {
            vec![Some(broken)]
        }
        (Some(text), Some(pattern)) => vec![Some(text), Some(pattern)],
        (text, pattern) => vec![text.or(pattern)],
    }
}

/// One matcher for a text and a pattern that must both fit; and that nothing fits both.
fn both(half: Half, keyless: &Node, name: &str) -> (Option<Matcher>, Option<Weakened>) {
    let (text, pattern) = match (half.text, half.pattern) {
        (Some(text), Some(pattern)) => (text, pattern),
        (text, pattern) => return (text.or(pattern), None),
    };
    if !text.whole || !pattern.whole {
        // Whoever it is, it is not known here.
        return (Some(if text.whole { pattern } else { text }), None);
    }
    let told = |how| Weakened {
        how,
        field: format!("`{name}` and `{name}RegExp`"),
        at: keyless.at.clone(),
    };
    let Ok(regex) = GoRegex::parse(&pattern.text) else { return (Some(pattern), None) };
    if text.form == Form::Exact || !text.text.contains(['*', '?']) {
        let fits = regex.is_match(&text.text);
        return (Some(text), (!fits).then(|| told(Weakening::Excludes)));
    }
    let (of_text, of_pattern) = (Language::glob(&text.text), Language::search(&regex));
    if of_text.overlap(&of_pattern) == Witness::Nobody {
        return (Some(text), Some(told(Weakening::Excludes)));
    }
    match (of_text.contained_in(&of_pattern), of_pattern.contained_in(&of_text)) {
        (Containment::Contained, _) => (Some(text), None),
        (_, Containment::Contained) => (Some(pattern), None),
        _ => (Some(pattern), Some(told(Weakening::Undecided))),
    }
}

/// What is asked of the run. A wildcard asks for less: for the owner, or for nothing that is known.
fn claim((key, value): &(Key, Node)) -> Option<Claim> {
    let (_, _, about) =
        EXTENSIONS.iter().find(|(number, name, _)| key.name == *number || key.name == *name)?;
    let mut is = Matcher::of(value, Form::Exact)?;
    let mut about = *about;
    if let (Claimed::Repository, Some(owner)) = (about, is.text.strip_suffix("/*")) {
        (about, is.text) = (Claimed::Owner, owner.to_owned());
    }
    (!is.text.contains(['*', '?'])).then_some(Claim { about, is })
}
