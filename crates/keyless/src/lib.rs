//! The only crate that speaks to Sigstore services: token, certificate, log entry, timestamp, trusted root; hands back a bundle.
