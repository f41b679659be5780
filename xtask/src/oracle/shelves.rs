//! The registries that artifacts are put on, and pushing to them over plain HTTP.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::situation::Shelf;
use crate::devstack::DevStack;
use crate::failure::{Context as _, Failure, Outcome};
use crate::program::{Program, Service, free_port};
use crate::workspace::Workspace;

const DEV_STACK: &str = "sealwright-devstack";

/// Whether the program behind a registry is there; the dev stack always is.
pub(super) fn is_built(workspace: &Workspace, shelf: Shelf) -> bool {
    let peer = match shelf {
        Shelf::Api | Shelf::Tag => return true,
        Shelf::Distribution => "registry",
        Shelf::Crane => "crane",
    };
    workspace.peers().join(peer).is_file()
}

/// The registries that run.
pub(super) struct Shelves {
    pub(super) agent: ureq::Agent,
    /// Where names of the internet lead to the first registry.
    pub(super) proxy: String,
    addresses: BTreeMap<Shelf, String>,
    stacks: Vec<DevStack>,
    _services: Vec<Service>,
}

impl Shelves {
    pub(super) fn start(workspace: &Workspace, folder: &Utf8Path) -> Outcome<Shelves> {
        let agent = ureq::Agent::config_builder().http_status_as_error(false).build().new_agent();
        let mut shelves = Shelves {
            agent,
            proxy: String::new(),
            addresses: BTreeMap::new(),
            stacks: Vec::new(),
            _services: Vec::new(),
        };
        for (shelf, name, flags) in [
            (Shelf::Api, "api", &["--control"] as &[&str]),
            (Shelf::Tag, "tag", &["--control", "--referrers-api", "off"]),
        ] {
            let program = Program::new(workspace.binary(crate::release::PROFILE, DEV_STACK));
            let stack = DevStack::serve(program, &folder.join(name).join("state"), flags)?;
            shelves.addresses.insert(shelf, stack.endpoints().registry.clone());
            shelves.stacks.push(stack);
        }
        let (front, proxy) = front(workspace, folder, shelves.host(Shelf::Api)?)?;
        shelves.proxy = proxy;
        shelves._services.push(front);
        shelves.peer(Shelf::Distribution, distribution(workspace, folder))?;
        shelves.peer(Shelf::Crane, crane(workspace, folder))?;
        Ok(shelves)
    }

    /// A real registry may be missing here; one that is there must run.
    fn peer(&mut self, shelf: Shelf, started: Outcome<Option<(String, Service)>>) -> Outcome {
        if let Some((address, service)) = started? {
            self.addresses.insert(shelf, address);
            self._services.push(service);
        }
        Ok(())
    }

    /// The stack whose Sigstore mints, and whose trusted root everybody trusts.
    pub(super) fn sigstore(&self) -> Outcome<&DevStack> {
        self.stacks.first().ok_or_else(|| Failure::new("the dev stack is not there"))
    }

    pub(super) fn host(&self, shelf: Shelf) -> Outcome<&str> {
        let host = self.addresses.get(&shelf).map(String::as_str);
        host.ok_or_else(|| Failure::new(format!("the registry {shelf:?} does not run")))
    }

    /// Replaces the faults of a dev registry.
    pub(super) fn set_faults(&self, shelf: Shelf, faults: &[Value]) -> Outcome {
        let url = format!("http://{}/_faults", self.host(shelf)?);
        let answer = self.agent.post(&url).send_json(faults).context(|| url.clone())?;
        insist(answer.status().as_u16(), 204, &url)
    }

    /// A repository on one of them.
    pub(super) fn repository<'a>(&'a self, shelf: Shelf, name: &'a str) -> Outcome<Repository<'a>> {
        Ok(Repository { agent: &self.agent, host: self.host(shelf)?, name })
    }
}

/// Where the certificates of the names are; made for tests and used nowhere else.
const CERTIFICATES: &str = "crates/registry/tests/data";

/// The proxy that knows names of the internet, and its URL.
fn front(workspace: &Workspace, folder: &Utf8Path, registry: &str) -> Outcome<(Service, String)> {
    let file = |name: &str| workspace.root.join(CERTIFICATES).join(name).into_string();
    let program = Program::new(workspace.binary(crate::release::PROFILE, DEV_STACK))
        .args(["front", "--to", registry])
        .args(["--certificate", &file("server.pem"), "--key", &file("server.key")])
        .args(["--client-authorities", &file("ca.pem")]);
    let (service, announced) = program.serve_announcing(&folder.join("front.log"))?;
    let announced: Value = serde_json::from_str(&announced)?;
    let proxy = announced["proxy"].as_str();
    let proxy = proxy.ok_or_else(|| Failure::new(format!("no proxy in {announced}")))?;
    Ok((service, proxy.to_owned()))
}

/// distribution's registry; `None` when it is not built.
fn distribution(workspace: &Workspace, folder: &Utf8Path) -> Outcome<Option<(String, Service)>> {
    let path = workspace.peers().join("registry");
    if !path.is_file() {
        return Ok(None);
    }
    let port = free_port()?;
    let folder = folder.join("distribution");
    std::fs::create_dir_all(&folder).context(|| folder.to_string())?;
    let config: Utf8PathBuf = folder.join("config.yml");
    let text = format!(
        "version: 0.1\nstorage:\n  delete:\n    enabled: true\n  filesystem:\n    rootdirectory: {folder}/data\n\
         http:\n  addr: 127.0.0.1:{port}\n"
    );
    std::fs::write(&config, text).context(|| config.to_string())?;
    let program = Program::new(path).args(["serve", config.as_str()]);
    let mut service = program.serve(&folder.join("registry.log"))?;
    service.wait_for_port(port)?;
    Ok(Some((format!("127.0.0.1:{port}"), service)))
}

/// `crane registry serve`; `None` when it is not built.
fn crane(workspace: &Workspace, folder: &Utf8Path) -> Outcome<Option<(String, Service)>> {
    let path = workspace.peers().join("crane");
    if !path.is_file() {
        return Ok(None);
    }
    let port = free_port()?;
    let address = format!("127.0.0.1:{port}");
    let program = Program::new(path).args(["registry", "serve", "--address", &address]);
    let mut service = program.serve(&folder.join("crane.log"))?;
    service.wait_for_port(port)?;
    Ok(Some((address, service)))
}

/// A repository that is pushed to.
pub(super) struct Repository<'a> {
    agent: &'a ureq::Agent,
    pub(super) host: &'a str,
    pub(super) name: &'a str,
}

impl Repository<'_> {
    /// Uploads a blob; gives its descriptor.
    pub(super) fn blob(&self, media_type: &str, bytes: &[u8]) -> Outcome<Value> {
        let digest = digest(bytes);
        let begin = format!("http://{}/v2/{}/blobs/uploads/", self.host, self.name);
        let answer = self.agent.post(&begin).send_empty().context(|| begin.clone())?;
        let location = answer.headers().get("location").and_then(|value| value.to_str().ok());
        let location = location
            .ok_or_else(|| Failure::new(format!("{begin}: {} and no location", answer.status())))?;
        let location = match location.strip_prefix('/') {
            Some(path) => format!("http://{}/{path}", self.host),
            None => location.to_owned(),
        };
        let joint = if location.contains('?') { '&' } else { '?' };
        let url = format!("{location}{joint}digest={digest}");
        let answer = self
            .agent
            .put(&url)
            .content_type("application/octet-stream")
            .send(bytes)
            .context(|| url.clone())?;
        insist(answer.status().as_u16(), 201, &url)?;
        Ok(json!({"mediaType": media_type, "digest": digest, "size": bytes.len()}))
    }

    /// Uploads a manifest, by tag or (`None`) by its digest; gives its descriptor.
    pub(super) fn manifest(&self, tag: Option<&str>, manifest: &Value) -> Outcome<Value> {
        let media_type = manifest["mediaType"].as_str().unwrap_or_default();
        let bytes = serde_json::to_vec(manifest)?;
        let digest = digest(&bytes);
        let reference = tag.unwrap_or(&digest);
        let url = format!("http://{}/v2/{}/manifests/{reference}", self.host, self.name);
        let sent = self.agent.put(&url).content_type(media_type).send(&bytes[..]);
        let answer = sent.context(|| url.clone())?;
        insist(answer.status().as_u16(), 201, &url)?;
        Ok(json!({"mediaType": media_type, "digest": digest, "size": bytes.len()}))
    }

    /// Keeps bytes of a blob under a digest that is not theirs; only the dev stack lets itself be told.
    pub(super) fn forge(&self, digest: &str, bytes: &[u8]) -> Outcome {
        let url = format!("http://{}/_content/{}/{digest}", self.host, self.name);
        let answer = self.agent.put(&url).send(bytes).context(|| url.clone())?;
        insist(answer.status().as_u16(), 201, &url)
    }

    /// Deletes a manifest by digest or tag.
    pub(super) fn delete(&self, reference: &str) -> Outcome {
        let url = format!("http://{}/v2/{}/manifests/{reference}", self.host, self.name);
        let answer = self.agent.delete(&url).call().context(|| url.clone())?;
        insist(answer.status().as_u16(), 202, &url)
    }
}

fn insist(status: u16, wanted: u16, url: &str) -> Outcome {
    if status == wanted {
        return Ok(());
    }
    Err(Failure::new(format!("{url}: {status} instead of {wanted}")))
}

/// `sha256:…` of these bytes.
pub(super) fn digest(bytes: &[u8]) -> String {
    let hex: Vec<String> = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{}", hex.concat())
}
