//! The dev Sigstore, judged by clients and verifiers that know nothing of it.

#![allow(clippy::unwrap_used, reason = "a test stops where its own set-up fails")]
#![allow(clippy::print_stderr, reason = "what could not run is said")]

mod clients;
mod cosign;
mod keyed;
mod legacy;
mod services;
mod situations;
mod world;
