//! What Go allows, and the little less that we do.

/// How often a thing may be repeated, nested repetitions multiplied. Go's.
pub(super) const REPEAT_MAX: i32 = 1_000;
/// Levels of a parsed expression. Go's, which guards its own stack by it.
pub(super) const HEIGHT_MAX: usize = 1_000;
/// Instructions of the compiled expression, at 40 bytes each in 128 MiB. Go's.
pub(super) const INSTRUCTIONS_MAX: i64 = (128 << 20) / 40;
/// Ends of ranges in all character classes, at 4 bytes each in 128 MiB. Go's.
pub(super) const RUNES_MAX: usize = (128 << 20) / 4;

/// Bytes of a pattern. Ours: Go has no such limit, but an identity is at most a few hundred bytes
/// long, and what is longer than this was made to take time.
pub const PATTERN_BYTES_MAX: usize = 64 * 1024;
/// Bytes of the compiled automaton. Ours: Go lets a pattern take 128 MiB. The largest that real
/// declarations of identities take is below 200 KiB.
pub const AUTOMATON_BYTES_MAX: usize = 16 << 20;
