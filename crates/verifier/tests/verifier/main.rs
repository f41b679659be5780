//! The whole command against a dev registry and a dev Sigstore, with an empty environment.

mod artifact;
mod bad_trees;
mod cluster;
mod cluster_doubts;
mod cluster_scope;
mod connecting;
mod controls;
mod controls_live;
mod empty;
mod examples;
mod faults;
mod forms;
mod incidents;
mod manifests;
mod patterns;
mod plane;
mod predict;
mod recording;
mod references;
mod render;
mod tls;
mod usage;
mod wait;
mod weakenings;
mod workflows;
mod world;
