//! A small world on loopback: OCI registry with faults, and Sigstore. For tests and local clusters only.
