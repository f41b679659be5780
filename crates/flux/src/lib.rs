//! What Flux would say about a source: the API fields that are read, the version matrix, and the prediction.

pub mod render;
