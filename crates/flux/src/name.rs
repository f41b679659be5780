//! Where an artifact is: URLs of repositories as go-containerregistry reads them.

use std::net::Ipv4Addr;

use crate::seen::{Ask, Authorities, Request};

/// Registry of names without one.
const DEFAULT_REGISTRY: &str = "index.docker.io";
const REPOSITORY_CHARACTERS: &str = "abcdefghijklmnopqrstuvwxyz0123456789_-./";

/// A repository in a registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Repository {
    pub(crate) registry: String,
    pub(crate) path: String,
    pub(crate) insecure: bool,
    pub(crate) authorities: Authorities,
}

impl Repository {
    /// Reads `spec.url` of an OCIRepository.
    ///
    /// # Errors
    /// The controller's words.
    pub(crate) fn of_url(url: &str, insecure: bool) -> Result<Self, String> {
        let name = url
            .strip_prefix("oci://")
            .ok_or("URL must be in format 'oci://<domain>/<org>/<repo>'")?;
        let repository = Self::of_name(name, insecure)?;
        let image = name.strip_prefix(&repository.registry).unwrap_or(name);
        match image.split(':').nth(1) {
            Some(tag) => Err(format!("URL must not contain a tag; remove ':{tag}'")),
            None => Ok(repository),
        }
    }

    /// Reads a name without `oci://` (`name.NewRepository`).
    pub(crate) fn of_name(name: &str, insecure: bool) -> Result<Self, String> {
        if name.is_empty() {
            return Err("a repository name must be specified".to_owned());
        }
        let (registry, path) = match name.split_once('/') {
            Some((first, rest)) if first.contains(['.', ':']) => (first, rest),
            _ => ("", name),
        };
        check_path(path)?;
        if !is_authority(registry) {
            return Err(format!("registries must be valid RFC 3986 URI authorities: {registry}"));
        }
        let registry = match registry {
            "" | "docker.io" => DEFAULT_REGISTRY,
            other => other,
        };
        let path = match registry == DEFAULT_REGISTRY && !path.contains('/') {
            true => format!("library/{path}"),
            false => path.to_owned(),
        };
        Ok(Self {
            registry: registry.to_owned(),
            path,
            insecure,
            authorities: Authorities::Everybodys,
        })
    }

    /// The same, asked with these certificate authorities.
    pub(crate) fn by(self, authorities: Authorities) -> Self {
        Self { authorities, ..self }
    }

    /// `registry/repository`.
    pub(crate) fn name(&self) -> String {
        format!("{}/{}", self.registry, self.path)
    }

    pub(crate) fn request(&self, ask: Ask) -> Request {
        Request {
            registry: self.registry.clone(),
            repository: self.path.clone(),
            insecure: self.insecure,
            authorities: self.authorities.clone(),
            ask,
        }
    }

    /// Whether plain HTTP is tried without being asked for.
    pub(crate) fn is_local(&self) -> bool {
        is_local(&self.registry)
    }
}

/// Whether plain HTTP is tried with a registry of this name without being asked for.
pub(crate) fn is_local(registry: &str) -> bool {
    let host = registry.split(':').next().unwrap_or_default();
    let port_free = registry.rsplit_once(':').map_or(registry, |(host, _)| host);
    registry.starts_with("localhost:")
        || registry.contains("127.0.0.1")
        || registry.contains("::1")
        || port_free.ends_with(".localhost")
        || host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_private())
}

fn check_path(path: &str) -> Result<(), String> {
    let count = path.chars().count();
    if !(2..=255).contains(&count) {
        return Err(format!("repository must be between 2 and 255 characters in length: {path}"));
    }
    if path.chars().all(|character| REPOSITORY_CHARACTERS.contains(character)) {
        return Ok(());
    }
    Err(format!("repository can only contain the characters `{REPOSITORY_CHARACTERS}`: {path}"))
}

/// Host and optional port, as Go's `url.Parse` keeps it unchanged.
fn is_authority(text: &str) -> bool {
    let port = text.rsplit_once(':').filter(|_| !text.ends_with(']')).map_or("", |(_, port)| port);
    !text.contains(['/', '?', '#', '@', ' ', '%', '\\', '<', '>', '"'])
        && !text.contains(char::is_control)
        && port.bytes().all(|byte| byte.is_ascii_digit())
        && (text.matches(':').count() <= 1 || text.starts_with('['))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_registry_and_repository() {
        for (url, name, why) in [
            ("oci://ghcr.io/acme/app", "ghcr.io/acme/app", "the usual"),
            ("oci://127.0.0.1:5000/acme/app", "127.0.0.1:5000/acme/app", "with a port"),
            ("oci://acme/app", "index.docker.io/acme/app", "no registry"),
            ("oci://docker.io/app", "index.docker.io/library/app", "no owner"),
        ] {
            assert_eq!(Repository::of_url(url, false).unwrap().name(), name, "{why}");
        }
    }

    #[test]
    fn what_is_no_repository_is_refused_in_the_controller_s_words() {
        for (url, error, why) in [
            (
                "https://h.io/a/b",
                "URL must be in format 'oci://<domain>/<org>/<repo>'",
                "another scheme",
            ),
            ("oci://", "a repository name must be specified", "nothing"),
            (
                "oci://h.io/a/b:v1",
                "repository can only contain the characters `abcdefghijklmnopqrstuvwxyz0123456789_-./`: a/b:v1",
                "a tag",
            ),
            (
                "oci://h.io/A/b",
                "repository can only contain the characters `abcdefghijklmnopqrstuvwxyz0123456789_-./`: A/b",
                "upper case",
            ),
            (
                "oci://h.io/a",
                "repository must be between 2 and 255 characters in length: a",
                "too short",
            ),
            (
                "oci://h.io:x/ab",
                "registries must be valid RFC 3986 URI authorities: h.io:x",
                "a port of letters",
            ),
        ] {
            assert_eq!(Repository::of_url(url, false).unwrap_err(), error, "{why}");
        }
    }

    #[test]
    fn plain_http_is_for_local_names() {
        for (registry, local, why) in [
            ("localhost:5000", true, "this machine"),
            ("127.0.0.1:5000", true, "by address"),
            ("10.1.2.3:5000", true, "a private network"),
            ("r.localhost:5000", true, "below localhost"),
            ("registry.local:5000", false, "no longer"),
            ("ghcr.io", false, "the internet"),
        ] {
            let name = format!("{registry}/acme/app");
            assert_eq!(Repository::of_name(&name, false).unwrap().is_local(), local, "{why}");
        }
    }
}
