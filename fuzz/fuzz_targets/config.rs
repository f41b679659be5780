//! `sealwright_fuzzing::targets::config`, by libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| sealwright_fuzzing::targets::config(bytes));
