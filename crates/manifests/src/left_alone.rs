//! Objects into which Flux puts no variables: what is written in them is what is read.

use sealwright_yaml::{Node, Template, template_in};

use crate::declaration::{Declaration, Follows, Guarded};
use crate::relevant::is_template;

/// The label or annotation by which an object is left as it is written.
const SUBSTITUTE: &str = "kustomize.toolkit.fluxcd.io/substitute";

/// Whether Flux puts no variables into an object, whatever its `Kustomization` has.
pub(crate) fn is_left_alone(object: &Node) -> bool {
    ["labels", "annotations"]
        .iter()
        .any(|held| object.text_at(&["metadata", held, SUBSTITUTE]) == Some("disabled"))
}

/// Takes what stands in a declaration for what its consumer reads, `${…}` too. A file that is a template
/// itself is filled in by somebody else before.
pub(crate) fn leave(declaration: &mut Declaration) {
    if is_template(&declaration.file) {
        return;
    }
    for identity in &mut declaration.identities {
        for matcher in [&mut identity.issuer, &mut identity.subject].into_iter().flatten() {
            matcher.whole |= is_variable(&matcher.text);
        }
    }
    declaration.guards.iter_mut().for_each(leave_guarded);
}

fn leave_guarded(guarded: &mut Guarded) {
    guarded.whole |= is_variable(&guarded.what);
    leave_follows(&mut guarded.follows);
}

/// What is followed, when nothing is put in.
pub(crate) fn leave_follows(follows: &mut Follows) {
    let (Follows::Tag(name) | Follows::Digest(name)) = follows else { return };
    if is_variable(name) {
        let told = format!("`{name}` stays as it is: Flux puts nothing in here");
        *follows = Follows::NotResolved(told);
    }
}

/// Whether Flux' variables are all that could be put into a text.
pub(crate) fn is_variable(text: &str) -> bool {
    template_in(text) == Some(Template::Variable)
}
