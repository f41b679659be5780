//! What has to be passed before a tag moves.

use std::collections::BTreeSet;

use super::deeds::{Deed, What};
use super::guards;
use super::start::Branch;
use super::target::Target;
use super::walk::{Run, Unit};
use crate::triggers::Event;

/// Something that can hold back a tag.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Gate {
    /// Tests, linters, validation: in a job before, or on the pull request.
    Checks,
    /// A signature or attestation is made before.
    Signed,
    /// Somebody verified before.
    Verified,
    /// Only what is on a named branch gets there.
    Branch,
    /// A pull request with checks came before, as long as the branch is protected.
    Reviewed,
    /// A deployment environment, which may ask for approval.
    Environment(String),
}

impl std::fmt::Display for Gate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Gate::Checks => f.write_str("checks"),
            Gate::Signed => f.write_str("signed"),
            Gate::Verified => f.write_str("verified"),
            Gate::Branch => f.write_str("branch"),
            Gate::Reviewed => f.write_str("pull request"),
            Gate::Environment(name) => write!(f, "environment {name}"),
        }
    }
}

/// One step that moves a tag, in one run.
#[derive(Clone, Copy)]
pub(super) struct Spot<'a> {
    pub(super) run: &'a Run<'a>,
    pub(super) unit: usize,
    pub(super) deed: usize,
}

impl<'a> Spot<'a> {
    pub(super) fn unit(&self) -> &'a Unit<'a> {
        &self.run.units[self.unit]
    }

    pub(super) fn deed(&self) -> &'a Deed {
        &self.unit().deeds[self.deed].0
    }

    /// Everything that is done before, by needs and by the order of steps.
    pub(super) fn earlier(&self) -> impl Iterator<Item = &'a Deed> {
        let units = self.unit().before.iter().flat_map(|unit| &self.run.units[*unit].deeds);
        units.chain(&self.unit().deeds[..self.deed]).map(|(deed, _)| deed)
    }

    /// Everything that is done after.
    pub(super) fn later(&self) -> impl Iterator<Item = &'a Deed> {
        let here = self.unit;
        let after = self.run.units.iter().filter(move |unit| unit.before.contains(&here));
        let own = &self.unit().deeds[self.deed + 1..];
        own.iter().chain(after.flat_map(|unit| &unit.deeds)).map(|(deed, _)| deed)
    }

    /// The jobs that may run at the same time: it waits for none of them, and none for it.
    pub(super) fn beside(&self) -> impl Iterator<Item = &'a Unit<'a>> {
        let here = self.unit;
        let units = self.run.units.iter().enumerate();
        let apart = units.filter(move |(unit, of)| {
            *unit != here && !self.unit().before.contains(unit) && !of.before.contains(&here)
        });
        apart.map(|(_, unit)| unit)
    }

    /// Jobs before and after it whose failure is passed over.
    pub(super) fn passed_over(&self) -> impl Iterator<Item = &'a Unit<'a>> {
        let here = self.unit;
        let units = self.run.units.iter().enumerate();
        let linked = units.filter(move |(unit, of)| {
            of.passed_over && (self.unit().before.contains(unit) || of.before.contains(&here))
        });
        linked.map(|(_, unit)| unit)
    }

    /// What holds it back.
    pub(super) fn gates(&self, reviewed: bool) -> BTreeSet<Gate> {
        let (unit, deed) = (self.unit(), self.deed());
        let mut gates: BTreeSet<Gate> =
            self.holding().filter(|earlier| earlier.is_gate()).flat_map(gates_of).collect();
        if !deed.guessed && matches!(deed.what, What::Move { proves: true, .. }) {
            gates.extend([Gate::Signed, Gate::Verified]);
        }
        gates.extend(self.branch().filter(|held| *held).map(|_| Gate::Branch));
        let start = &self.run.start;
        if reviewed && start.trigger.event == Event::Push && start.branch == Branch::Named {
            gates.insert(Gate::Reviewed);
        }
        let succeeded = unit.conditions.iter().any(|text| guards::asks_for_success(text));
        if start.trigger.event == Event::WorkflowRun && succeeded {
            gates.insert(Gate::Checks);
        }
        let before = unit.before.iter().map(|unit| &self.run.units[*unit]);
        let environments = before.chain([unit]).filter_map(|unit| unit.environment.clone());
        gates.extend(environments.map(Gate::Environment));
        gates
    }

    /// What is done before and stops it when it fails.
    fn holding(&self) -> impl Iterator<Item = &'a Deed> {
        let (unit, deed) = (self.unit(), self.deed());
        let before = unit.before.difference(&unit.loose);
        let before = before.map(|unit| &self.run.units[*unit]).filter(|unit| !unit.passed_over);
        let before = before.flat_map(|unit| &unit.deeds);
        let own = unit.deeds[..self.deed].iter().filter(|_| !deed.whatever);
        before.chain(own).map(|(deed, _)| deed)
    }

    /// Whether a named branch is what gets there; `None` where that cannot be said.
    pub(super) fn branch(&self) -> Option<bool> {
        let held = self.unit().deeds[self.deed].1;
        match self.run.start.branch {
            Branch::Named => Some(true),
            Branch::Any => Some(held),
            Branch::Unsaid => None,
        }
    }

    pub(super) fn target(&self) -> Option<&'a Target> {
        match &self.deed().what {
            What::Move { to, .. } => Some(to),
            _ => None,
        }
    }
}

fn gates_of(deed: &Deed) -> Vec<Gate> {
    match &deed.what {
        What::Check => vec![Gate::Checks],
        What::Sign(_) => vec![Gate::Signed],
        What::Verify => vec![Gate::Verified],
        What::Move { proves: true, .. } => vec![Gate::Signed, Gate::Verified],
        _ => vec![],
    }
}
