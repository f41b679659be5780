//! The registry as its clients see it, over HTTP.

mod auth;
mod clients;
mod faults;
mod lists;
mod manifests;
mod state;
mod uploads;
mod world;
