//! Snippets.
pub(crate) fn run(_: &crate::workspace::Workspace) -> crate::failure::Outcome {
    Err(crate::failure::Failure::new("not built"))
}
