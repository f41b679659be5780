//! A finding for each place and reason, however many triggers and combinations lead there.

use std::collections::{BTreeMap, BTreeSet};

use sealwright_policy::Finding;

use super::deeds::What;
use super::target::Target;
use super::walk::Run;
use crate::place::in_file;

pub(super) fn once(findings: Vec<Finding>, runs: &[Run<'_>]) -> Vec<Finding> {
    joined(distinct(findings), runs)
}

fn distinct(findings: Vec<Finding>) -> Vec<Finding> {
    let mut kept: Vec<Finding> = Vec::new();
    let mut seen = BTreeMap::new();
    for finding in findings {
        let place = &finding.place;
        let key = (finding.code, place.file.clone(), place.line, finding.message.clone());
        match seen.get(&key) {
            Some(&at) => {
                let known: &mut Finding = &mut kept[at];
                known.severity = known.severity.max(finding.severity);
            }
            None => {
                seen.insert(key, kept.len());
                kept.push(finding);
            }
        }
    }
    kept
}

/// What is so for several combinations of a matrix is said of the first, with how many more they are.
fn joined(findings: Vec<Finding>, runs: &[Run<'_>]) -> Vec<Finding> {
    let names = names(runs);
    let mut kept: Vec<(Finding, usize)> = Vec::new();
    let mut seen = BTreeMap::new();
    for finding in findings {
        let place = (finding.place.file.clone(), finding.place.line);
        let Some(names) = names.get(&place) else {
            kept.push((finding, 0));
            continue;
        };
        // The longest first: one may be a part of another.
        let mut reason = finding.message.clone();
        for name in names.iter().rev() {
            reason = reason.replace(&name.1, "\0");
        }
        match seen.get(&(finding.code, place.clone(), finding.severity, reason.clone())) {
            Some(&at) => {
                let (_, more): &mut (Finding, usize) = &mut kept[at];
                *more += 1;
            }
            None => {
                seen.insert((finding.code, place, finding.severity, reason), kept.len());
                kept.push((finding, 0));
            }
        }
    }
    let told = kept.into_iter().map(|(finding, more)| match more {
        0 => finding,
        more => {
            let message = format!("{}, and so for {more} more of its matrix", finding.message);
            Finding { message, ..finding }
        }
    });
    told.collect()
}

/// A file and a line.
type Line = (Option<String>, Option<u32>);

/// What is moved and signed at each place by jobs with a matrix, by its length.
fn names(runs: &[Run<'_>]) -> BTreeMap<Line, BTreeSet<(usize, String)>> {
    let mut names: BTreeMap<Line, BTreeSet<(usize, String)>> = BTreeMap::new();
    let units = runs.iter().flat_map(|run| &run.units).filter(|unit| unit.of_matrix);
    for (deed, _) in units.flat_map(|unit| &unit.deeds) {
        let targets: Vec<String> = match &deed.what {
            What::Move { to, .. } => vec![to.to_string()],
            What::Sign(texts) => texts.iter().map(|text| Target::parse(text).to_string()).collect(),
            _ => continue,
        };
        let place = in_file(&deed.file, &deed.at);
        let known = names.entry((place.file, place.line)).or_default();
        known.extend(targets.into_iter().map(|name| (name.len(), name)));
    }
    names
}
