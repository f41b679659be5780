//! Any bytes under any name as a file of a repository: YAML, a script, a document, Terraform.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sealwright_manifests::checks::{Expected, judge};
use sealwright_manifests::{File, Place, discover};
use sealwright_policy::Issuers;

/// Each is read in a way of its own.
const NAMES: [&str; 9] = [
    "a.yaml",
    "kustomization.yaml",
    "ksail.yaml",
    ".github/workflows/a.yml",
    "a.sh",
    "Makefile",
    "README.md",
    "a.tf",
    "a.nix",
];

fuzz_target!(|input: (u8, &[u8])| {
    let (name, bytes) = input;
    let path = NAMES[usize::from(name) % NAMES.len()];
    let found = discover([File { path, bytes }]);
    let within = |at: &Place| at.range.start <= at.range.end && at.range.end <= bytes.len();
    for declaration in &found.declarations {
        assert!(within(&declaration.at), "{:?} is in the file", declaration.at);
        for identity in &declaration.identities {
            let halves = [&identity.issuer, &identity.subject].into_iter().flatten();
            assert!(halves.into_iter().all(|matcher| within(&matcher.at)));
        }
    }
    assert!(found.sources.iter().all(|source| within(&source.at)));
    assert!(found.unread.iter().all(|unread| within(&unread.at)));
    judge(&found, &Expected { config: None, issuers: Issuers::public() });
});
