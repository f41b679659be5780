//! Paths within the repository, without a file system.

/// A path without `.`, `..` and empty parts; what leads above the top stays at the top.
pub(crate) fn normal(path: &str) -> String {
    let mut parts = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// A path that is relative to a folder.
pub(crate) fn joined(folder: &str, relative: &str) -> String {
    normal(&format!("{folder}/{relative}"))
}

/// The folder of a file.
pub(crate) fn folder(file: &str) -> &str {
    file.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Whether a file is a folder's, at any depth; the top has all.
pub(crate) fn is_within(file: &str, folder: &str) -> bool {
    folder.is_empty()
        || file.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_read_as_on_a_disk() {
        assert_eq!(joined("apps/prod", "../base/"), "apps/base");
        assert_eq!(joined("", "./a.yaml"), "a.yaml");
        assert_eq!(joined("a", "../../../b"), "b");
        assert_eq!(folder("a/b.yaml"), "a");
        assert!(is_within("a/b/c.yaml", "a/b") && is_within("x", ""));
        assert!(!is_within("a/bc.yaml", "a/b"), "part of a name is no folder");
    }
}
