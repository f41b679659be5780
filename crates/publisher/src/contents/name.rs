//! Names that can travel: the same on every machine that will unpack them.

use std::path::{Component, Path};

use super::{ContentsError, PATH_BYTES_MAX};

/// `relative` with `/` between its parts, if every extractor reads it as the same path.
///
/// Flux's extractor refuses backslashes and `..` (`github.com/fluxcd/pkg/tar`, `validRelPath`); we
/// also refuse what a terminal or a tar reader could misread.
pub(super) fn parse_relative(relative: &Path) -> Result<String, ContentsError> {
    let refuse = |why| ContentsError::Name {
        path: relative.to_string_lossy().escape_debug().to_string(),
        why,
    };
    let name = relative.to_str().ok_or_else(|| refuse("it is not UTF-8"))?;
    if name.len() > PATH_BYTES_MAX {
        return Err(refuse("it is longer than 4,096 bytes"));
    }
    if name.contains('\\') {
        return Err(refuse("it contains a backslash"));
    }
    if name.chars().any(char::is_control) {
        return Err(refuse("it contains a control character"));
    }
    if relative.components().any(|part| !matches!(part, Component::Normal(_))) {
        return Err(refuse("it is not a plain relative path"));
    }
    Ok(name.to_owned())
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;

    use super::*;

    #[test]
    fn ordinary_names_travel() {
        for name in ["apps/kustomization.yaml", ".sourceignore", "a b/ä.yaml", "..x/y..", "a:b"] {
            assert_eq!(parse_relative(Path::new(name)).expect(name), name);
        }
    }

    #[test]
    fn other_names_are_refused_by_path() {
        let long = "x/".repeat(PATH_BYTES_MAX);
        for (name, why) in [
            (&b"bad\xff.yaml"[..], "not UTF-8"),
            (b"a\\b.yaml", "backslash"),
            (b"a\nb.yaml", "control"),
            (b"../b.yaml", "plain relative"),
            (b"/etc/passwd", "plain relative"),
            (long.as_bytes(), "longer"),
        ] {
            let refused = parse_relative(Path::new(OsStr::from_bytes(name))).expect_err(why);
            assert!(refused.to_string().contains(why), "{refused} should say {why}");
        }
    }
}
