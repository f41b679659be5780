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
        let url = parse("https").and_then(|https| match parse("http") {
            Ok(http) if self.allows(&http) => Ok(http),
            _ => Ok(https),
        });
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
