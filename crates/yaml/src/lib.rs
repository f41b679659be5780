//! YAML and JSON as people write them: many documents in one file, byte order marks, templates,
//! encrypted values; every key and value at its line and column. What cannot be read is a complaint,
//! and the documents beside it are still there.
