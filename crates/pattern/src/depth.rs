//! Room for what calls itself: Go lets an expression nest a thousand levels deep.

/// Levels that are walked on the caller's own stack, which may be a test's or an async worker's 2 MiB.
const LEVELS_ON_THE_CALLERS_STACK: usize = 50;
/// Stack for a thousand levels: compiling takes about 16 KiB for each in a build without
/// optimisations.
const STACK_BYTES: usize = 64 << 20;

/// Does what calls itself once per level; on a stack of its own when there are many levels. `None`:
/// there is no memory for that.
pub(crate) fn with_stack_for<T: Send>(levels: usize, work: impl FnOnce() -> T + Send) -> Option<T> {
    if levels <= LEVELS_ON_THE_CALLERS_STACK {
        return Some(work());
    }
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK_BYTES);
        thread.spawn_scoped(scope, work).ok()?.join().ok()
    })
}
