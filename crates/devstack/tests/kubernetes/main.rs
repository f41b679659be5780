//! The small Kubernetes API server, over plain HTTP as any client sees it.

#![allow(clippy::unwrap_used, reason = "a test stops where its own set-up fails")]
#![allow(unreachable_pub, reason = "one test program in several files")]

mod faults;
mod objects;
mod state;
mod watches;
mod world;
mod writers;
