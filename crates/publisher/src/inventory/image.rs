//! Image references as container runtimes read them: `nginx` is `docker.io/library/nginx`.

/// A reference to something in a registry, spelt out.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ImageReference {
    /// `registry/path`.
    pub repository: String,
    /// Tag, when one is named.
    pub tag: Option<String>,
    /// `algorithm:hex`, when one is named; it wins over the tag.
    pub digest: Option<String>,
}

/// Where an image without a registry comes from (distribution/reference, `normalize.go`).
const DEFAULT_REGISTRY: &str = "docker.io";

impl ImageReference {
    /// Parses `[registry/]path[:tag][@digest]`; `None` when it is nothing of the kind.
    pub fn parse(text: &str) -> Option<Self> {
        let (name, digest) = match text.split_once('@') {
            Some((name, digest)) => (name, Some(digest)),
            None => (text, None),
        };
        let (name, tag) = match name.rsplit_once(':') {
            Some((name, tag)) if !tag.contains('/') => (name, Some(tag)),
            _ => (name, None),
        };
        let valid = tag.is_none_or(is_tag) && digest.is_none_or(is_digest);
        let repository = normalise(name)?;
        let owned = |part: Option<&str>| part.map(str::to_owned);
        valid.then(|| Self { repository, tag: owned(tag), digest: owned(digest) })
    }

    /// The last part of the path.
    pub fn name(&self) -> &str {
        self.repository.rsplit('/').next().unwrap_or_default()
    }
}

impl std::fmt::Display for ImageReference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.repository)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}

fn normalise(name: &str) -> Option<String> {
    let (registry, path) = match name.split_once('/') {
        Some((first, rest)) if first.contains(['.', ':']) || first == "localhost" => (first, rest),
        _ => (DEFAULT_REGISTRY, name),
    };
    let registry = if registry == "index.docker.io" { DEFAULT_REGISTRY } else { registry };
    let valid = is_host(registry) && path.split('/').all(is_path_part);
    let library = if registry == DEFAULT_REGISTRY && !path.contains('/') { "library/" } else { "" };
    valid.then(|| format!("{registry}/{library}{path}"))
}

fn is_host(host: &str) -> bool {
    let (name, port) = host.split_once(':').unwrap_or((host, "443"));
    let named = !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte));
    named && port.parse::<u16>().is_ok()
}

fn is_path_part(part: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let ends = [part.bytes().next(), part.bytes().last()];
    ends.into_iter().all(|end| end.is_some_and(inner))
        && part.bytes().all(|byte| inner(byte) || b"._-".contains(&byte))
}

fn is_tag(tag: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    tag.len() <= 128
        && tag.bytes().next().is_some_and(word)
        && tag.bytes().all(|byte| word(byte) || b".-".contains(&byte))
}

fn is_digest(digest: &str) -> bool {
    let Some((algorithm, hex)) = digest.split_once(':') else { return false };
    let length = match algorithm {
        "sha256" => 64,
        "sha512" => 128,
        _ => return false,
    };
    hex.len() == length && hex.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_spelt_out() {
        let digest = format!("sha256:{}", "a".repeat(64));
        for (text, expected) in [
            ("nginx", "docker.io/library/nginx"),
            ("nginx:1.29", "docker.io/library/nginx:1.29"),
            ("grafana/grafana:13.1.3", "docker.io/grafana/grafana:13.1.3"),
            ("ghcr.io/acme/app:v1", "ghcr.io/acme/app:v1"),
            ("localhost/app", "localhost/app"),
            ("127.0.0.1:5000/app:v1", "127.0.0.1:5000/app:v1"),
            ("index.docker.io/acme/app", "docker.io/acme/app"),
            (&format!("quay.io/a/b:v1@{digest}"), &format!("quay.io/a/b:v1@{digest}")),
            (&format!("quay.io/a/b@{digest}"), &format!("quay.io/a/b@{digest}")),
        ] {
            assert_eq!(ImageReference::parse(text).unwrap().to_string(), expected, "{text}");
        }
    }

    #[test]
    fn other_text_is_no_reference() {
        for (text, why) in [
            ("", "nothing"),
            ("Nginx", "upper case"),
            ("*:latest", "a pattern"),
            ("${IMAGE}", "a template"),
            ("{{ .image }}", "a template"),
            ("a b", "words"),
            ("https://example.com/x", "a URL"),
            ("nginx:", "no tag after the colon"),
            ("nginx@sha256:abc", "a short digest"),
            ("ghcr.io//app", "an empty part"),
            ("ghcr.io/-app", "a dash first"),
            ("ghcr.io:x/app", "no port"),
            ("true:false:1", "two colons"),
        ] {
            assert_eq!(ImageReference::parse(text), None, "{why}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_parsed_is_parsed_again(text in "[a-z./:@-]{0,30}") {
            if let Some(reference) = ImageReference::parse(&text) {
                let again = ImageReference::parse(&reference.to_string());
                proptest::prop_assert_eq!(again, Some(reference));
            }
        }
    }
}
