//! The whole command against a dev registry and a dev Sigstore, with an empty environment.

mod artifact;
mod faults;
mod forms;
mod recording;
mod references;
mod usage;
mod weakenings;
mod world;
