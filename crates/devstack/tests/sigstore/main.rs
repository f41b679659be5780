//! The dev Sigstore, judged by clients and a verifier that know nothing of it.

mod clients;
mod situations;
mod world;
