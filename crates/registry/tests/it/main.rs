//! The client against the dev registry and its faults, and against registries that are odd in
//! ways of their own.

#![allow(missing_docs, clippy::unwrap_used, reason = "all of this is a test")]

mod attaching;
mod credentials;
mod expecting;
mod flux_view;
mod gathering;
mod odd;
mod reading;
mod tagging;
mod uploading;
mod world;
mod writing;
