//! A cluster whose one source is locked, verified and Ready, with the registry and the Sigstore behind
//! it; and what may be changed about it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sealwright_devstack::kubernetes::ClusterOptions;
use sealwright_devstack::sigstore::Mint;
use sealwright_flux::render::{Follows, Matcher, Place, TRUSTED_ROOT_SECRET};
use sealwright_policy::{Code, Config, Issuers, Report};
use serde_json::{Value, json};

use crate::plane::*;
use crate::world::{SIGNATURE, World, answer, mint, sigstore, statement};

pub(crate) const CONFIG: &str = "\
apiVersion: sealwright.dev/v1alpha1
kind: SupplyChain
signers:
  cd: {github: {repository: acme/platform, workflow: cd.yaml, refs: [refs/heads/main]}}
artifacts:
  manifests: {repository: ghcr.io/acme/platform/manifests, signers: [cd], evidence: [signature]}
environments:
  local:
    trust: devstack
    flux: '2.9'
    sources: [flux-system/flux-system]
    organisation: ['oci://ghcr.io/acme/*', 'oci://ghcr.io/acme/*/*']
";

/// A folder with one file, as Flux packs it: gzip over tar.
const LAYER: &str = "\
    H4sIAAAAAAACA+3NMQrCUBAE0K09RU4QvpBE8Dbba2Ni4e3dpBL7BMT3mlmGgc3+lfdb7KqVaRi2LN9Zxo977S+t5l\
    2LAzznJR/1Mv5TXrvzKQAAAAAAAAAAAPg1b255wRgAKAAA\
";

/// A registry, a Sigstore and a plane with everything as it should be.
pub(crate) struct Estate {
    pub(crate) world: World,
    pub(crate) plane: Plane,
    pub(crate) digest: String,
}

impl Estate {
    pub(crate) fn healthy() -> Self {
        Self::with(ClusterOptions::default())
    }

    pub(crate) fn with(options: ClusterOptions) -> Self {
        let world = World::start();
        let digest = world.push_layer(&layer());
        world.attach(&digest, &mint(&Mint::new(statement(&digest, SIGNATURE))));
        let plane = Plane::with(options);
        std::fs::write(plane.path("sealwright.yaml"), CONFIG).expect("it is written");
        let estate = Self { world, plane, digest };
        estate.trusted_root("flux-system", &root());
        estate.source("flux-system", "flux-system", Some(estate.block()));
        estate.plane.status("flux-system", "flux-system", running(&estate.digest));
        estate
    }

    pub(crate) fn url(&self) -> String {
        format!("oci://{}/acme/platform/manifests", self.world.registry.address())
    }

    /// The declared block.
    pub(crate) fn block(&self) -> Value {
        let config = Config::parse("x", CONFIG, jiff::civil::date(2026, 1, 1)).expect("it is good");
        let issuers = Issuers { github: sigstore().issuer_url().to_owned() };
        let requirements = config.requirements("manifests", &issuers).expect("it is there");
        let matcher = Matcher::of(&requirements).trusting(Some(TRUSTED_ROOT_SECRET.to_owned()));
        let place = Place {
            namespace: String::new(),
            name: String::new(),
            repository: String::new(),
            follows: Follows::Tag("latest".to_owned()),
            certificates: None,
        };
        matcher.oci_repository_object(&place)["spec"]["verify"].clone()
    }

    pub(crate) fn source(&self, namespace: &str, name: &str, verify: Option<Value>) {
        self.plane.source(namespace, name, spec(&self.url(), verify));
    }

    pub(crate) fn trusted_root(&self, namespace: &str, bytes: &[u8]) {
        self.plane.room(namespace);
        let secret = json!({
            "metadata": {"name": TRUSTED_ROOT_SECRET, "namespace": namespace},
            "data": {"trusted_root.json": STANDARD.encode(bytes)},
        });
        self.plane.create(&format!("/api/v1/namespaces/{namespace}/secrets"), &secret);
    }

    pub(crate) fn look(&self, flags: &[&str]) -> (Report, i32) {
        let registry = self.world.registry.address().to_string();
        let mut command = self.plane.verifier(&["cluster", "--environment", "local"]);
        command.args(["--registry", &registry, "--github-issuer", sigstore().issuer_url()]);
        command.args(["--trust", sigstore().trust_folder().as_str()]).args(flags);
        answer(&mut command)
    }

    /// What is complained about, and the exit code.
    pub(crate) fn complaints(&self, flags: &[&str]) -> (Vec<Code>, i32) {
        let (report, exit) = self.look(flags);
        (loud(&report), exit)
    }
}

/// Codes of everything that keeps the report from being green, and of warnings.
pub(crate) fn loud(report: &Report) -> Vec<Code> {
    let of_sources = report.sources.iter().flat_map(|source| &source.findings);
    let of_judged = report.sources.iter().filter_map(|source| source.judged.as_ref());
    let all = report.findings.iter().chain(of_sources);
    let all = all.chain(of_judged.flat_map(|judged| &judged.findings));
    let note = sealwright_policy::Severity::Note;
    all.filter(|finding| finding.severity != note).map(|finding| finding.code).collect()
}

/// What its artifact holds; Flux can unpack it.
pub(crate) fn layer() -> Vec<u8> {
    STANDARD.decode(LAYER).expect("base64")
}

/// The trusted root of the Sigstore behind it.
pub(crate) fn root() -> Vec<u8> {
    let file = sigstore().trust_folder().join("trusted_root.json");
    std::fs::read(file).expect("it is there")
}

/// Where the API has the source.
pub(crate) fn path() -> String {
    format!("{SOURCES}/namespaces/flux-system/ocirepositories/flux-system")
}

/// What its controller writes.
pub(crate) fn status(estate: &Estate, status: Value) {
    estate.plane.status("flux-system", "flux-system", status);
}
