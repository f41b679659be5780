//! `sealwright_fuzzing::targets::report`, by libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| sealwright_fuzzing::targets::report(bytes));
