//! Every shape that declares an identity, each beside the neighbour that declares none.

mod admission;
mod charts;
mod engines;
mod held;
mod instance;
mod left_alone;
mod messy;
mod others;
mod overlays;
mod patched_policies;
mod relaid;
mod rendered;
mod sources;
mod takers;
mod unread;
mod widened;

use sealwright_manifests::{File, Found, Guard, discover};

/// All that is found in these files.
fn found(files: &[(&str, &str)]) -> Found {
    discover(files.iter().map(|(path, text)| File { path, bytes: text.as_bytes() }))
}

/// The codes that are told, in their order.
fn codes(found: &Found) -> Vec<&'static str> {
    found.findings.iter().map(|finding| finding.code.entry().id).collect()
}

/// `object <- subject` for each source that a declaration guards, `object <- ` and what it is else.
fn guards(found: &Found) -> Vec<String> {
    let told = |guard: &Guard| match guard {
        Guard::Nothing => "nothing".to_owned(),
        Guard::Declaration(number) => {
            let identities = &found.declarations[*number].identities;
            let subject = identities.first().and_then(|identity| identity.subject.as_ref());
            subject.map_or("no identity".to_owned(), |subject| subject.text.clone())
        }
        Guard::Source(object) => object.clone(),
        Guard::Unknown(_) => "unknown".to_owned(),
        Guard::NotRendered(_) => "not rendered".to_owned(),
        Guard::Elsewhere(_) => "elsewhere".to_owned(),
    };
    found.sources.iter().map(|one| format!("{} <- {}", one.object, told(&one.guarded_by))).collect()
}

/// An `OCIRepository` with more of its spec.
fn source(name: &str, spec: &str) -> String {
    format!(
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: OCIRepository\nmetadata:\n  name: {name}\n  \
         namespace: apps\nspec:\n  url: oci://ghcr.io/acme/{name}\n{spec}"
    )
}

/// A healthy block, at an indentation of two.
const VERIFY: &str = "  verify:\n    provider: cosign\n    matchOIDCIdentity:\n      - issuer: ^i$\n        subject: ^s$\n";
