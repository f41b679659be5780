//! Where a request may go: plain text only to loopback and to named hosts, never from https down
//! to http.

use std::net::IpAddr;

use url::{Host, Url};

use crate::error::{Fault, RegistryError, quoted};
use crate::reference::{Repository, is_path};

/// The hosts that may be spoken to in plain text, beside loopback.
#[derive(Debug)]
pub(crate) struct PlainHttp(Vec<String>);

impl PlainHttp {
    pub(crate) fn new(hosts: Vec<String>) -> Self {
        Self(hosts.into_iter().map(|host| host.to_ascii_lowercase()).collect())
    }

    pub(crate) fn registry_url(
        &self,
        repository: &Repository,
        rest: &str,
    ) -> Result<Url, RegistryError> {
        let error =
            |why: String| RegistryError::new(repository.to_string(), Fault::Reference { why });
        if !is_host(&repository.host) {
            return Err(error(format!("`{}` is not a host", quoted(&repository.host))));
        }
        if !is_path(&repository.path) {
            return Err(error(format!(
                "`{}` is not a repository's name",
                quoted(&repository.path)
            )));
        }
        // Docker Hub's name and the host of its registry differ.
        let host = match repository.host.as_str() {
            "docker.io" => "registry-1.docker.io",
            host => host,
        };
        let parse =
            |scheme: &str| Url::parse(&format!("{scheme}://{host}/v2/{}/{rest}", repository.path));
        let url = match parse("http") {
            Ok(http) if self.allows(&http) => Ok(http),
            _ => parse("https"),
        };
        url.map_err(|reason| error(reason.to_string()))
    }

    /// Where `location` leads, seen from `from`.
    pub(crate) fn next(&self, from: &Url, location: &str) -> Result<Url, Fault> {
        let refuse = |why: String| Err(Fault::Redirect { why });
        let Ok(to) = from.join(location) else {
            return refuse(format!("{} leads to something that is no URL", shown(from)));
        };
        if !to.username().is_empty() || to.password().is_some() {
            return refuse(format!("{} leads to a URL with credentials in it", shown(from)));
        }
        match to.scheme() {
            "https" => Ok(to),
            "http" if from.scheme() == "https" => {
                refuse(format!("it leads from https to {}", shown(&to)))
            }
            "http" if self.allows(&to) => Ok(to),
            "http" => refuse(format!(
                "it leads to {}, which may not be spoken to in plain text; allow it with --plain-http",
                shown(&to)
            )),
            _ => refuse(format!("it leads to the scheme {}", to.scheme())),
        }
    }

    fn allows(&self, url: &Url) -> bool {
        let named = |host: &String| *host == self::host(url) || url.host_str() == Some(host);
        is_loopback(url) || self.0.iter().any(named)
    }
}

/// Whether it can stand before a URL's path and be nothing but host and port there.
fn is_host(host: &str) -> bool {
    let fits = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'.' | b'-' | b':');
    host.bytes().any(|c| c.is_ascii_alphanumeric()) && host.bytes().all(fits)
}

/// Whether the host is this machine.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        None => false,
    }
}

/// Same scheme, host and port: what credentials are bound to.
pub(crate) fn same(one: &Url, other: &Url) -> bool {
    one.origin() == other.origin()
}

/// `host` or `host:port`, for messages and as a key.
pub(crate) fn host(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// A URL for a message: query and fragment may hold signatures and are left out.
pub(crate) fn shown(url: &Url) -> String {
    format!("{}://{}{}", url.scheme(), host(url), url.path())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn plain_text_is_for_loopback_and_named_hosts() {
        let plain =
            PlainHttp::new(vec!["registry.acme.test".into(), "Cache.acme.test:5000".into()]);
        for (host, scheme, why) in [
            ("ghcr.io", "https", "any other"),
            ("127.0.0.1:5000", "http", "loopback"),
            ("127.8.9.1", "http", "all of loopback"),
            ("localhost:5000", "http", "loopback by name"),
            ("localhost.acme.test", "https", "not loopback"),
            ("127.0.0.1.acme.test", "https", "not loopback either"),
            ("registry.acme.test", "http", "named"),
            ("registry.acme.test:5000", "http", "named, at any port"),
            ("cache.acme.test:5000", "http", "named with its port"),
            ("cache.acme.test:5001", "https", "another port"),
        ] {
            let repository = Repository { host: host.to_owned(), path: "acme/platform".to_owned() };
            let url = plain.registry_url(&repository, "tags/list").unwrap();
            assert_eq!(
                url.as_str(),
                format!("{scheme}://{host}/v2/acme/platform/tags/list"),
                "{why}"
            );
        }
        let hub = Repository { host: "docker.io".to_owned(), path: "library/acme".to_owned() };
        let hub = plain.registry_url(&hub, "").unwrap();
        assert_eq!(hub.as_str(), "https://registry-1.docker.io/v2/library/acme/");
        for host in ["", "a b", "ghcr.io/x", "u:p@ghcr.io", "ghcr.io?", "ghcr.io#"] {
            let odd = Repository { host: host.to_owned(), path: "a".to_owned() };
            let url = plain.registry_url(&odd, "");
            assert!(url.is_err(), "{host}: {url:?}");
        }
    }

    #[test]
    fn where_a_redirect_may_lead() {
        let plain = PlainHttp::new(vec!["cache.acme.test".into()]);
        for (from, to, expected, why) in [
            ("https://a.test/x", "/y", Some("https://a.test/y"), "the same host"),
            (
                "https://a.test/x",
                "https://b.test/y?s=1",
                Some("https://b.test/y?s=1"),
                "another host",
            ),
            ("https://a.test/x", "//b.test/y", Some("https://b.test/y"), "the same scheme"),
            ("https://a.test/x", "http://b.test/y", None, "down to plain text"),
            (
                "https://a.test/x",
                "http://cache.acme.test/y",
                None,
                "down, though the host is named",
            ),
            ("https://a.test/x", "http://127.0.0.1/y", None, "down to this machine"),
            (
                "http://127.0.0.1/x",
                "http://127.0.0.1:9/y",
                Some("http://127.0.0.1:9/y"),
                "loopback",
            ),
            ("http://127.0.0.1/x", "https://b.test/y", Some("https://b.test/y"), "up"),
            ("http://127.0.0.1/x", "http://b.test/y", None, "plain text to anybody"),
            (
                "http://127.0.0.1/x",
                "http://cache.acme.test/y",
                Some("http://cache.acme.test/y"),
                "named",
            ),
            ("https://a.test/x", "file:///etc/passwd", None, "a file"),
            ("https://a.test/x", "https://u:p@b.test/", None, "credentials of somebody's"),
            ("https://a.test/x", "https://", None, "no URL"),
        ] {
            let next = plain.next(&url(from), to);
            assert_eq!(next.as_ref().map(Url::as_str).ok(), expected, "{why}: {next:?}");
        }
    }

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        for (one, other, expected, why) in [
            ("https://a.test/x", "https://a.test/y", true, "another path"),
            ("https://a.test/x", "https://a.test:443/x", true, "the port that it has anyway"),
            ("https://a.test/x", "https://A.test/x", true, "case"),
            ("https://a.test/x", "https://a.test:444/x", false, "another port"),
            ("https://a.test/x", "http://a.test/x", false, "another scheme"),
            ("https://a.test/x", "https://b.a.test/x", false, "a host below"),
        ] {
            assert_eq!(same(&url(one), &url(other)), expected, "{why}");
        }
        assert_eq!(shown(&url("https://a.test/x?signature=s#f")), "https://a.test/x");
    }
}
