//! Makes up policies about images and certificates, and prints each pair with what we say of it, for the
//! peer `admission` to compare with the engines' own code.
//!
//! `admission COUNT [SEED]` prints COUNT lines of JSON.

use std::io::Write as _;

use fastrand::Rng;
use sealwright_manifests::checks::accepts;
use sealwright_manifests::{Declaration, File, Weakening, discover};
use serde_json::{Map, Value, json};

/// The same pairs every time, unless told otherwise.
const SEED: u64 = 2_026;
/// Engines, as the peer knows them.
const ENGINES: &[&str] =
    &["kyverno", "kyverno-bundle", "validating", "validating-bundle", "controller"];

const ISSUERS: &[&str] = &[
    "https://token.actions.githubusercontent.com",
    "https://accounts.google.com",
    "https://gitlab.com",
    "i",
];
const NAMES: &[&str] = &[
    "https://github.com/acme/platform/.github/workflows/cd.yaml@refs/heads/main",
    "https://github.com/acme/platform/.github/workflows/cd.yaml@refs/tags/v1.2.3",
    "https://github.com/ACME/platform/.github/workflows/cd.yaml@refs/heads/main",
    "https://github.com/acme-other/x/.github/workflows/cd.yml@refs/heads/main",
    "https://github.com/stranger/fork/.github/workflows/ci.yaml@refs/heads/main",
    "release@acme.test",
    // A certificate holds no letters beyond ASCII; a policy may.
    "a",
];

/// One half of an identity: the text and the pattern of it.
#[derive(Default)]
struct Half {
    text: String,
    pattern: String,
}

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1).map(|word| word.parse::<u64>());
    let count = arguments.next().and_then(Result::ok).unwrap_or(2_000);
    let mut rng = Rng::with_seed(arguments.next().and_then(Result::ok).unwrap_or(SEED));
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for _ in 0..count {
        writeln!(out, "{}", pair(&mut rng))?;
    }
    out.flush()
}

fn pair(rng: &mut Rng) -> Value {
    let engine = one_of(rng, ENGINES);
    // An attestor of `verifyImages` has one, and of a bundle cosign takes one.
    let most = if matches!(engine, "validating" | "controller") { 3 } else { 1 };
    let meant: Vec<[&str; 2]> =
        (0..rng.usize(1..=most)).map(|_| [one_of(rng, ISSUERS), one_of(rng, NAMES)]).collect();
    let identities: Vec<Value> = meant.iter().map(|one| identity(rng, engine, *one)).collect();
    // Whom it is made for, or anybody.
    let [issuer, name] = match rng.u8(0..3) {
        0 => [one_of(rng, ISSUERS), one_of(rng, NAMES)],
        _ => meant[rng.usize(..meant.len())],
    };
    let policy = policy(engine, &identities);
    let bytes = policy.to_string();
    let found = discover([File { path: "policy.yaml", bytes: bytes.as_bytes() }]);
    json!({
        "consumer": engine, "identities": identities, "issuer": issuer, "name": name,
        "said": said(&found.declarations, issuer, name),
    })
}

fn said(declarations: &[Declaration], issuer: &str, name: &str) -> &'static str {
    let [declaration] = declarations else { return "unread" };
    let is = |how| declaration.weakened.iter().any(|one| one.how == how);
    match accepts(declaration, issuer, name) {
        _ if is(Weakening::Refused) => "refused",
        _ if is(Weakening::Undecided) => "unknown",
        Some(true) => "in",
        // With a pattern that Go does not compile nobody comes in.
        Some(false) | None => "out",
    }
}

fn policy(engine: &str, identities: &[Value]) -> Value {
    let cluster = |kind: &str| {
        let entry = json!({"keyless": identities[0]});
        let check = json!({
            "type": kind, "imageReferences": ["ghcr.io/acme/*"], "failureAction": "Enforce",
            "attestors": [{"entries": [entry]}],
        });
        json!({
            "apiVersion": "kyverno.io/v1", "kind": "ClusterPolicy", "metadata": {"name": "images"},
            "spec": {"rules": [{"name": "images", "verifyImages": [check]}]},
        })
    };
    let keyless = json!({"identities": identities});
    match engine {
        "kyverno" => cluster("Cosign"),
        "kyverno-bundle" => cluster("SigstoreBundle"),
        "controller" => json!({
            "apiVersion": "policy.sigstore.dev/v1beta1", "kind": "ClusterImagePolicy",
            "metadata": {"name": "images"},
            "spec": {"images": [{"glob": "ghcr.io/acme/**"}], "authorities": [{"keyless": keyless}]},
        }),
        _ => json!({
            "apiVersion": "policies.kyverno.io/v1", "kind": "ImageValidatingPolicy",
            "metadata": {"name": "images"},
            "spec": {
                "matchImageReferences": [{"glob": "ghcr.io/acme/*"}],
                "attestors": [{"name": "ours", "cosign": {"keyless": keyless}}],
            },
        }),
    }
}

fn identity(rng: &mut Rng, engine: &str, [issuer, name]: [&str; 2]) -> Value {
    let (issuer, subject) = (half(rng, engine, issuer), half(rng, engine, name));
    let fields = [
        ("issuer", issuer.text),
        ("issuerRegExp", issuer.pattern),
        ("subject", subject.text),
        ("subjectRegExp", subject.pattern),
    ];
    let written = fields.into_iter().filter(|(_, text)| !text.is_empty());
    let map: Map<String, Value> =
        written.map(|(key, text)| (key.to_owned(), text.into())).collect();
    map.into()
}

fn half(rng: &mut Rng, engine: &str, of: &str) -> Half {
    // What is read of a policy for both kinds of signature is what holds of the older one.
    // A policy that is refused tells nothing more.
    let odd = match engine {
        "validating-bundle" => false,
        "controller" => rng.u8(0..8) == 0,
        _ => true,
    };
    let (text, pattern) = (text(rng, of), pattern(rng, of, engine.starts_with("kyverno")));
    match rng.u8(0..10) {
        0 if odd => Half::default(),
        1 | 2 if odd => Half { text, pattern },
        3..=5 => Half { text, ..Half::default() },
        _ => Half { pattern, ..Half::default() },
    }
}

/// A text, with a piece of it replaced by a wildcard now and then.
fn text(rng: &mut Rng, of: &str) -> String {
    let mut letters: Vec<char> = of.chars().collect();
    for _ in 0..rng.usize(0..6).saturating_sub(3) {
        let from = rng.usize(0..letters.len());
        let to = (from + rng.usize(1..12)).min(letters.len());
        match rng.u8(0..5) {
            0 => letters[from] = '?',
            4 => letters[from] = '\u{e9}',
            1 => letters[from] = letters[from].to_ascii_uppercase(),
            _ => drop(letters.splice(from..to, ['*'])),
        }
    }
    letters.into_iter().collect()
}

fn pattern(rng: &mut Rng, of: &str, broken: bool) -> String {
    let escaped = of.replace('.', r"\.");
    let head: String = escaped.chars().take(rng.usize(1..24)).collect();
    match rng.u8(0..8) {
        0 => of.to_owned(),
        1 => format!("^{}", head.trim_end_matches('\\')),
        2 => format!("^{}.*$", head.trim_end_matches('\\')),
        3 => format!("(?i)^{escaped}$"),
        4 => ".*".to_owned(),
        5 if broken => "^https://(".to_owned(),
        _ => format!("^{escaped}$"),
    }
}

fn one_of<'a>(rng: &mut Rng, all: &[&'a str]) -> &'a str {
    all[rng.usize(..all.len())]
}
