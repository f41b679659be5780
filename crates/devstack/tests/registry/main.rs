//! The registry as its clients see it, over HTTP.

#![allow(clippy::unwrap_used, reason = "a test stops where its own set-up fails")]

mod auth;
mod clients;
mod faults;
mod lists;
mod manifests;
mod state;
mod uploads;
mod world;
