//! Which files can hold a declaration, by their names: the others need not be opened.

/// Ends of names of files that hold none: images, archives, programs, and the source code of programs.
const HOLD_NONE: &[&str] = &[
    "7z", "a", "avif", "bin", "bmp", "bz2", "c", "cc", "class", "cpp", "crt", "css", "csv", "dll",
    "dylib", "eot", "exe", "gif", "go", "gz", "h", "hpp", "html", "ico", "jar", "java", "jpeg",
    "jpg", "js", "jsx", "key", "lock", "map", "mod", "mov", "mp3", "mp4", "o", "ogg", "otf",
    "parquet", "pb", "pdf", "pem", "png", "proto", "pyc", "rs", "rst", "scss", "so", "sum", "svg",
    "tar", "tgz", "tiff", "ts", "tsx", "ttf", "wasm", "webm", "webp", "woff", "woff2", "xml", "xz",
    "zip", "zst",
];

/// Whether a file of this name is worth opening. Names that are not known are.
pub fn reads(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    match name.rsplit_once('.') {
        Some((_, end)) => !HOLD_NONE.iter().any(|none| none.eq_ignore_ascii_case(end)),
        None => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell() {
        for (path, expected) in [
            ("k8s/source.yaml", true),
            ("ksail.prod.yaml", true),
            ("README.md", true),
            ("hack/verify", true),
            ("Makefile", true),
            ("main.tf", true),
            (".github/workflows/ci.yml", true),
            ("logo.PNG", false),
            ("cmd/main.go", false),
            ("a.go/b", true),
        ] {
            assert_eq!(reads(path), expected, "{path}");
        }
    }

    #[test]
    fn the_list_is_sorted() {
        assert!(HOLD_NONE.is_sorted());
    }
}
