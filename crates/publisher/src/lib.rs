//! From a directory to a promoted, proven artifact.
