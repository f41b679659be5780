//! Workflows and actions of this repository that jobs and steps name: by `./`, or in full at a version
//! whose text may be another one.

use std::collections::BTreeMap;

use super::scope::Scope;
use super::walk::{Run, Unread};
use crate::model::{Act, Runs, Setting, Step};
use crate::tree::Tree;
use crate::uses::{Remote, Uses};

/// A composite action of this repository.
pub(super) struct Composite<'a> {
    pub(super) file: &'a str,
    pub(super) steps: &'a [Step],
    pub(super) inputs: &'a [Setting],
    /// What it is named in full by.
    pub(super) named: Option<&'a Remote>,
}

/// The composite action of this repository that a step uses.
pub(super) fn action_of<'a>(
    tree: &'a Tree,
    step: &'a Step,
    repository: Option<&str>,
) -> Option<Composite<'a>> {
    let Act::Uses(uses) = &step.act else { return None };
    let (path, named) = uses.own(repository)?;
    let action = tree.action(path)?;
    match &action.runs {
        Runs::Composite(steps) => {
            Some(Composite { file: &action.path, steps, inputs: &action.inputs, named })
        }
        _ => None,
    }
}

/// Inputs as they arrive: given, else by default, else empty.
pub(super) fn given(
    declared: &[Setting],
    with: &[Setting],
    scope: &Scope<'_>,
) -> BTreeMap<String, String> {
    let defaults = declared.iter().map(|input| {
        let default = input.value.as_ref().map(|value| scope.expand(&value.text));
        (input.name.to_lowercase(), default.unwrap_or_default())
    });
    let mut inputs: BTreeMap<String, String> = defaults.collect();
    for input in with {
        let value = input.value.as_ref().map(|value| scope.expand(&value.text));
        inputs.insert(input.name.to_lowercase(), value.unwrap_or_default());
    }
    inputs
}

impl Run<'_> {
    /// Whether what is named in full may be another text at that version; then it is kept for telling.
    pub(super) fn is_elsewhen(
        &mut self,
        named: Option<&Remote>,
        uses: Option<&Uses>,
        file: &str,
        job: &str,
    ) -> bool {
        let (Some(named), Some(uses)) = (named, uses) else { return false };
        let elsewhen = !named.is_as_here(self.default_branch);
        if elsewhen {
            self.elsewhen.push(Unread {
                file: file.to_owned(),
                at: uses.at.clone(),
                uses: uses.text.clone(),
                job: job.to_owned(),
            });
        }
        elsewhen
    }
}
