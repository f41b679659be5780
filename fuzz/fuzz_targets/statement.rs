//! Any bytes as what is read on the way to a verdict: statements, certificates, trusted roots.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sealwright_evidence::limits::STATEMENT_SUBJECTS_COUNT_MAX;
use sealwright_evidence::{Digest, Statement, TrustedRoot, certificate};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(statement) = Statement::parse(bytes) {
        assert!(statement.statement_subjects.len() <= STATEMENT_SUBJECTS_COUNT_MAX);
        let written = statement.to_bytes();
        assert_eq!(Statement::parse(&written).as_ref(), Ok(&statement));
        let _ = statement.is_about(&Digest::of(bytes));
    }
    let _ = certificate::read(bytes);
    let _ = TrustedRoot::parse(bytes);
});
