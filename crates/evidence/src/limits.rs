//! Every limit on what comes from outside. Reaching one is a finding, never a crash.

/// Bytes of one Sigstore bundle. Real ones are 5 to 40 KiB; a provenance or SBOM statement inside
/// can make it larger, and GHSA-cq38-jh5f-37mq shows what an open end costs.
pub const BUNDLE_BYTES_MAX: usize = 1 << 20;

/// Bytes of an artifact's or a referrer's manifest. The OCI distribution specification asks
/// registries to take manifests of at least this size, and clients need not expect larger ones.
pub const MANIFEST_BYTES_MAX: usize = 4 << 20;

/// Bytes of a fallback index (`sha256-<hex>` tag): the same limit as for any manifest.
pub const INDEX_BYTES_MAX: usize = MANIFEST_BYTES_MAX;

/// Referrers looked at for one artifact. Three are usual; a registry that lists more than this
/// is attacking or broken.
pub const REFERRERS_COUNT_MAX: usize = 1024;

/// Bundles judged for one artifact. One costs about half a millisecond, three are usual.
pub const BUNDLES_COUNT_MAX: usize = 1024;

/// Log entries and timestamps in all bundles of one artifact together. A bundle has one of each;
/// one entry costs up to two checks of about 60 µs, one timestamp a certificate chain more.
pub const PROOFS_COUNT_MAX: usize = 4096;

/// Transparency log entries in one bundle, as in sigstore-go.
pub const LOG_ENTRIES_COUNT_MAX: usize = 32;

/// RFC 3161 timestamps in one bundle, as in sigstore-go.
pub const TIMESTAMPS_COUNT_MAX: usize = 32;

/// Things one statement speaks about, as in sigstore-go.
pub const STATEMENT_SUBJECTS_COUNT_MAX: usize = 1024;

/// Hashes in one inclusion proof: a tree of 2^64 leaves needs 64.
pub const PROOF_HASHES_COUNT_MAX: usize = 64;

/// Bytes of one checkpoint. A signed note with a handful of witnesses has 2 KiB.
pub const CHECKPOINT_BYTES_MAX: usize = 64 << 10;

/// Certificates in the chain of a bundle before version 0.3. Real ones have one to three.
pub const CHAIN_CERTIFICATES_COUNT_MAX: usize = 16;

/// Bytes of a certificate. Fulcio's have 2 KiB.
pub const CERTIFICATE_BYTES_MAX: usize = 64 << 10;

/// Subject alternative names of a certificate. Fulcio writes one, and more than one is refused
/// anyway; they are read to be shown.
pub const CERTIFICATE_NAMES_COUNT_MAX: usize = 32;

/// Extensions of a certificate that are looked at. Fulcio writes about 25.
pub const CERTIFICATE_EXTENSIONS_COUNT_MAX: usize = 128;

/// Bytes of a trusted root. The public one has 10 KiB.
pub const TRUSTED_ROOT_BYTES_MAX: usize = 1 << 20;

/// Signatures (layers) in a legacy `.sig` image. Flux takes 1000; a real one has one or two.
pub const LEGACY_SIGNATURES_COUNT_MAX: usize = 128;

/// Bytes of a legacy payload (simple signing document). A real one has 250.
pub const LEGACY_PAYLOAD_BYTES_MAX: usize = 64 << 10;

/// Nesting of arrays and objects in any JSON that is parsed here: the depth at which
/// `serde_json` stops.
pub const JSON_DEPTH_MAX: usize = 127;

/// Signature checks that have held and are known ([`crate::signature_checks`]): those of ten thousand
/// bundles, in about 5 MiB. Further ones are computed each time.
pub const SIGNATURE_CHECKS_COUNT_MAX: usize = 1 << 16;

/// Characters of text from outside that are repeated in a finding; the rest is cut.
pub const QUOTED_CHARS_MAX: usize = 300;

/// How far ahead of this machine's clock a proven time may be. Timestamp authorities and machines
/// are rarely further apart; more means that one of them is wrong.
pub const CLOCK_SKEW_MAX: jiff::SignedDuration = jiff::SignedDuration::from_secs(60);
