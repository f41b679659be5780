//! Sigstore on loopback: OIDC issuer, certificate authority, transparency logs, timestamp authority.
