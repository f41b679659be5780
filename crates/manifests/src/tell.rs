//! What was found on the way, as findings and as what is not judged.

use sealwright_policy::{Code, Finding, Place as Spot};
use sealwright_yaml::{Complaint, Place, Trouble};

use crate::found::{Found, Unjudged, Unread, Why};
use crate::laying::Struck;
use crate::shapes::flux_instance::Patched;
use crate::target::Hit;

/// A finding at a place of a file.
pub(crate) fn finding(code: Code, file: &str, at: &Place, told: impl Into<String>) -> Finding {
    Finding::new(code, told).with_place(Spot::file(file).at(at.line.max(1), at.column.max(1)))
}

/// What could not be read of a file. `names_a_kind`: of one that names a kind of ours.
pub(crate) fn complaint(complaint: &Complaint, file: &str, names_a_kind: bool, found: &mut Found) {
    let Complaint { trouble, at, told } = complaint;
    let (why, code) = match trouble {
        Trouble::Template(_) => (Some(Why::Template), None),
        Trouble::Encrypted => (Some(Why::Encrypted), None),
        Trouble::DuplicateKey => (None, Some(Code::KeyTwice)),
        Trouble::NotYaml => (Some(Why::Unreadable), Some(Code::DocumentUnreadable)),
        Trouble::TooLarge
        | Trouble::TooDeep
        | Trouble::TooManyNodes
        | Trouble::TooManyComplaints => (Some(Why::Unreadable), Some(Code::DocumentTooLarge)),
    };
    if let Some(why) = why {
        let names_a_kind = names_a_kind && why == Why::Template;
        let (file, at, told) = (file.to_owned(), at.clone(), told.clone());
        found.unjudged.push(Unjudged { file, at, why, told, names_a_kind });
    }
    if let Some(code) = code {
        found.findings.push(finding(code, file, at, told.clone()));
    }
}

/// Something that is not judged.
pub(crate) fn unjudged(found: &mut Found, file: &str, at: &Place, why: Why, told: String) {
    let (file, at) = (file.to_owned(), at.clone());
    found.unjudged.push(Unjudged { file, at, why, told, names_a_kind: false });
}

/// Overlays beyond a limit, from this one on.
pub(crate) fn too_many_overlays(file: &str) -> Finding {
    let told = "overlays take each other too often or too deep: none of them was laid to the end";
    Finding::new(Code::DocumentTooLarge, told).with_place(Spot::file(file))
}

/// A block that nobody reads.
pub(crate) fn unread(unread: Unread, found: &mut Found) {
    let Unread { file, at, told, path, read_at, .. } = &unread;
    let finding = finding(Code::VerifyUnread, file, at, told.clone());
    let finding = finding.with_mismatch(read_at.clone(), path.clone());
    found.findings.push(match () {
        () if told.contains("refuses the object") => {
            finding.with_hint("Write it in the form that its API takes.")
        }
        () if told.contains("charts are verified from") => finding.with_hint(
            "Take the chart from an OCI registry where its publisher signs, or take the block out.",
        ),
        () => finding,
    });
    found.unread.push(unread);
}

/// What a patch in a `FluxInstance` comes to.
pub(crate) fn patched(patched: &Patched, object: &str, file: &str, found: &mut Found) {
    match patched {
        Patched::Nothing { target, at } => {
            let told = format!("this patch aims at {target}, and the instance generates {object}");
            let told = finding(Code::PatchTargetsNothing, file, at, told);
            found.findings.push(told.with_mismatch(object, target.clone()));
        }
        Patched::Removes(at) => found.findings.push(removed(file, at, object)),
        Patched::Unread(block) => unread(block.clone(), found),
        Patched::Fails { why, at } => {
            let told = format!("Kustomize stops at this patch of {object}: {why}");
            found.findings.push(finding(Code::PatchFails, file, at, told));
        }
        Patched::Unknown { why, at } => {
            let told = format!("what this patch changes is not known: {why}");
            unjudged(found, file, at, Why::NotRendered, told);
        }
    }
}

/// What a patch of an overlay comes to.
pub(crate) fn struck(struck: &Struck, found: &mut Found) {
    let Struck { file, at, hit, .. } = struck;
    let target = struck.target.told();
    match hit {
        Hit::No if struck.verifies => {
            let stops = if struck.target.is_exact() { ": Kustomize stops there" } else { "" };
            let told = format!(
                "this patch aims at {target}, and no source of an overlay that has it is one{stops}"
            );
            found.findings.push(finding(Code::PatchTargetsNothing, file, at, told));
        }
        Hit::Unknown if struck.verifies => {
            let told = format!("whether this patch of {target} hits anything takes a rendering");
            unjudged(found, file, at, Why::NotRendered, told);
        }
        Hit::No | Hit::Unknown | Hit::Yes => {}
    }
    if let Some((at, object)) = &struck.removes {
        found.findings.push(removed(file, at, object));
    }
    if let Some((at, why)) = &struck.fails {
        let told = format!("Kustomize stops at this patch of {why}");
        found.findings.push(finding(Code::PatchFails, file, at, told));
    }
    for block in &struck.unread {
        unread(block.clone(), found);
    }
}

fn removed(file: &str, at: &Place, object: &str) -> Finding {
    finding(
        Code::VerifyRemoved,
        file,
        at,
        format!("this patch takes the verification out of {object}"),
    )
}
