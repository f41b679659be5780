//! Whether a signature is asked for by a tag: that is there already, and whoever moves it between the
//! push and the signature is signed for.

use sealwright_policy::{Code, Finding, Severity};

use super::Route;
use super::deeds::{Deed, What};
use super::order::is_evidence_for;
use super::target::{Kind, Target};
use super::walk::Run;
use crate::place::in_file;

/// Schemes that Helm and Flux write and signing tools do not take.
const SCHEMES: &[&str] = &["oci://", "docker://"];

pub(super) fn findings(runs: &[Run<'_>], routes: &[Route<'_>]) -> Vec<Finding> {
    let deeds = runs.iter().flat_map(|run| &run.units).flat_map(|unit| &unit.deeds);
    let deeds = deeds.map(|(deed, _)| deed).filter(|deed| !is_told(deed, routes));
    deeds.flat_map(by_tag).collect()
}

/// Whether a route that moves this very tag before was told of already.
fn is_told(deed: &Deed, routes: &[Route<'_>]) -> bool {
    routes.iter().any(|route| {
        let later = route.spot.later().any(|other| std::ptr::eq(other, deed));
        let target = route.spot.target();
        later && target.is_some_and(|target| is_evidence_for(deed, target, route.spot.deed()))
    })
}

fn by_tag(deed: &Deed) -> Vec<Finding> {
    let What::Sign(references) = &deed.what else { return vec![] };
    // Our own publisher signs the digest that it pushed.
    if deed.by.starts_with("sealwright") {
        return vec![];
    }
    references.iter().filter_map(|text| finding(deed, text)).collect()
}

fn finding(deed: &Deed, text: &str) -> Option<Finding> {
    let scheme = SCHEMES.iter().find(|scheme| text.starts_with(**scheme));
    let target = Target::parse(text);
    let severity = match target.kind {
        Kind::Floating => Severity::Warning,
        // It fails, or signs what nobody asks for.
        Kind::Version if scheme.is_some() => Severity::Warning,
        Kind::Version => Severity::Note,
        Kind::Unknown | Kind::Staging | Kind::Unique | Kind::Digest => return None,
    };
    // A name without a registry may as well be the value of a flag.
    let registry = target.repository.split_once('/').is_some_and(|(host, _)| host.contains('.'));
    if !registry || !target.is_known() || target.is_scratch() {
        return None;
    }
    let message = format!(
        "`{}` names {target} by its tag: whoever moves it in between is signed for",
        deed.by
    );
    let finding = Finding::new(Code::TagBeforeEvidence, message);
    let finding = finding.with_place(in_file(&deed.file, &deed.at));
    let finding = finding.with_mismatch(format!("{}@sha256:...", target.repository), text);
    let finding = match scheme {
        Some(scheme) => finding.with_hint(format!("signing takes a reference without `{scheme}`")),
        None => finding,
    };
    Some(Finding { severity, ..finding })
}
