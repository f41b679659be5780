//! Policies about images as overlays make them: a patch can add a signer, soften one or take it away.

use sealwright_yaml::Node;

use crate::declaration::{Consumer, Declaration};
use crate::discover::Kept;
use crate::found::{Unjudged, Why};
use crate::joining::Joining;
use crate::left_alone::leave;
use crate::object::Object;
use crate::settling::{View, is_left};
use crate::shapes::image_policy;

impl Joining {
    /// What every overlay makes of a policy about images.
    pub(crate) fn policy(&mut self, kept: &Kept, views: Vec<View<'_>>, path: &str) {
        let doubt = views.iter().find_map(|view| view.doubt.clone());
        for view in views {
            let all = policies(kept, &view.object, &view.file);
            let before = view
                .before
                .iter()
                .map(|was| policies(kept, &was.object, was.verified_in.as_deref().unwrap_or(path)));
            let before: Vec<Vec<Declaration>> = before.collect();
            for (number, mut declaration) in all.iter().cloned().enumerate() {
                if is_left(kept, &view) {
                    leave(&mut declaration);
                }
                let any_suffices = declaration.consumer == Consumer::PolicyController;
                let guard = self.guard(Some(declaration));
                let said = before.iter().filter_map(|was| match any_suffices {
                    true => all_of(was),
                    false => was.get(number).cloned(),
                });
                let others = all.iter().enumerate().filter(|(other, _)| *other != number);
                let beside =
                    others.filter(|_| any_suffices).flat_map(|(_, one)| one.identities.clone());
                self.before(&guard, said.collect(), &beside.collect::<Vec<_>>());
            }
        }
        if let Some(doubt) = doubt {
            let told = format!("what becomes of {}: {doubt}", kept.named.told());
            let at = kept.object.at.clone();
            let (file, why) = (path.to_owned(), Why::NotRendered);
            self.found.unjudged.push(Unjudged { file, at, why, told, names_a_kind: true });
        }
    }
}

/// What a policy declares, under the name that it has where it is written.
fn policies(kept: &Kept, object: &Node, file: &str) -> Vec<Declaration> {
    let declarations = Object::of(object).map(|object| image_policy(&object, file));
    let named = |one| Declaration { object: kept.named.told(), ..one };
    declarations.unwrap_or_default().into_iter().map(named).collect()
}

/// One declaration with the entries of all.
fn all_of(declarations: &[Declaration]) -> Option<Declaration> {
    let identities = declarations.iter().flat_map(|one| one.identities.clone()).collect();
    Some(Declaration { identities, ..declarations.first()?.clone() })
}
