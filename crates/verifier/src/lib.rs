//! Judges artifacts by their evidence, as a stranger would.
