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

#[cfg(test)]
mod tests {
    use sealwright_policy::Severity::{self, Note, Warning};
    use sealwright_yaml::Place;

    use super::*;

    #[test]
    fn what_is_signed_is_named_by_its_digest() {
        for (text, expected, why) in [
            ("ghcr.io/acme/app@${DIGEST}", None, "by digest"),
            ("ghcr.io/acme/app:v1@sha256:aa", None, "the tag beside it counts for nothing"),
            ("ghcr.io/acme/app:latest", Some(Warning), "it moves"),
            ("ghcr.io/acme/app", Some(Warning), "no tag is latest"),
            ("ghcr.io/acme/app:${{ github.ref_name }}", Some(Note), "written once, as a rule"),
            ("oci://ghcr.io/acme/app:1.0.0", Some(Warning), "no reference that signing takes"),
            ("ghcr.io/acme/app:${{ github.sha }}", None, "a tag of that commit"),
            ("ghcr.io/acme/app:candidate", None, "not production yet"),
            ("localhost:5000/acme/app:latest", None, "gone with the machine"),
            ("${IMAGE}", None, "nobody knows"),
            ("ghcr.io/${OWNER}/app:latest", None, "nobody knows all of it"),
            ("predicate.json", None, "a file"),
        ] {
            let sign = What::Sign(vec![text.to_owned()]);
            let by = "cosign sign".to_owned();
            let deed = Deed { by, ..Deed::new(sign, "cd.yaml", &Place::default()) };
            let found: Vec<Severity> =
                by_tag(&deed).iter().map(|finding| finding.severity).collect();
            assert_eq!(found, Vec::from_iter(expected), "{why}: {text}");
        }
    }
}
