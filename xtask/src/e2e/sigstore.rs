//! The real services on loopback: certificate log, certificate authority, artifact log, timestamp
//! authority. The tokens come from the dev stack's issuer, which is asked like any other.

use camino::{Utf8Path, Utf8PathBuf};

use super::instance::Instance;
use super::world::World;
use crate::failure::{Context as _, Outcome};
use crate::program::{Program, Service, free_port};
use crate::say;

/// The name that the artifact log signs its checkpoints with.
const LOG_NAME: &str = "rekor-local";
/// The same of the certificate log.
const CT_LOG_NAME: &str = "tesseract";
/// When everything in the trusted root begins.
const SINCE: &str = "2026-01-01T00:00:00Z";

/// The running services; ended when it is dropped.
pub(super) struct RealSigstore {
    _services: Vec<Service>,
}

/// Where each listens.
struct Ports {
    ct: u16,
    fulcio: u16,
    fulcio_grpc: u16,
    fulcio_metrics: u16,
    rekor: u16,
    rekor_grpc: u16,
    rekor_metrics: u16,
    timestamps: u16,
}

/// What it is called and where it is described, whether it runs or not.
pub(super) fn instance(world: &World) -> Instance {
    Instance {
        name: "real Sigstore, Rekor v2",
        slug: "real-v2",
        trust: folder(world).join("trust"),
        issuer: world.stack.endpoints().issuer.clone(),
        log_tells_time: false,
    }
}

fn folder(world: &World) -> Utf8PathBuf {
    world.folder.join("sigstore")
}

/// Starts them one after another, each when the one that it asks is there.
pub(super) fn start(world: &World) -> Outcome<RealSigstore> {
    say::stage("start the real Sigstore");
    let folder = folder(world);
    std::fs::create_dir_all(&folder).context(|| folder.to_string())?;
    world.tools.peer("keys")?.args([folder.as_str()]).run_ok()?;
    let issuer = &world.stack.endpoints().issuer;
    world.write(&folder.join("fulcio.yaml"), fulcio_config(issuer).as_bytes())?;
    let ports = Ports::free()?;
    let parts = [
        ("tesseract", ct_log(&folder, &ports), ports.ct),
        ("rekor-server", artifact_log(&folder, &ports), ports.rekor),
        ("timestamp-server", timestamps(&ports), ports.timestamps),
        ("fulcio", authority(&folder, &ports), ports.fulcio),
    ];
    let mut services = Vec::new();
    for (name, words, port) in parts {
        let program = world.tools.peer(name)?.args(words).env("GOMEMLIMIT", "1GiB");
        let mut service = program.serve(&folder.join(format!("{name}.log")))?;
        service.wait_for_port(port)?;
        services.push(service);
    }
    let trust = folder.join("trust");
    std::fs::create_dir_all(&trust).context(|| trust.to_string())?;
    describe(world, &folder, &ports, issuer)?;
    Ok(RealSigstore { _services: services })
}

impl Ports {
    fn free() -> Outcome<Ports> {
        Ok(Ports {
            ct: free_port()?,
            fulcio: free_port()?,
            fulcio_grpc: free_port()?,
            fulcio_metrics: free_port()?,
            rekor: free_port()?,
            rekor_grpc: free_port()?,
            rekor_metrics: free_port()?,
            timestamps: free_port()?,
        })
    }

    fn timestamp_url(&self) -> String {
        format!("http://127.0.0.1:{}/api/v1/timestamp", self.timestamps)
    }
}

/// Words of a command line: a text is split at spaces, for no path of ours has any.
fn words(line: &str) -> Vec<String> {
    line.split_whitespace().map(str::to_owned).collect()
}

fn ct_log(folder: &Utf8Path, ports: &Ports) -> Vec<String> {
    words(&format!(
        "--private_key {folder}/ct.pem --origin {CT_LOG_NAME} --storage_dir {folder}/ct \
         --roots_pem_file {folder}/root.pem --ext_key_usages CodeSigning \
         --http_endpoint 127.0.0.1:{}",
        ports.ct
    ))
}

fn artifact_log(folder: &Utf8Path, ports: &Ports) -> Vec<String> {
    words(&format!(
        "serve --http-address 127.0.0.1 --http-port {} --grpc-address 127.0.0.1 --grpc-port {} \
         --http-metrics-port {} --hostname {LOG_NAME} --storage-dir {folder}/rekor \
         --signer-filepath {folder}/rekor.pem --checkpoint-interval 1s",
        ports.rekor, ports.rekor_grpc, ports.rekor_metrics
    ))
}

fn timestamps(ports: &Ports) -> Vec<String> {
    words(&format!(
        "serve --host=127.0.0.1 --port={} --timestamp-signer=memory --disable-ntp-monitoring",
        ports.timestamps
    ))
}

fn authority(folder: &Utf8Path, ports: &Ports) -> Vec<String> {
    words(&format!(
        "serve --host 127.0.0.1 --port {} --grpc-host 127.0.0.1 --grpc-port {} --metrics-port {} \
         --ca fileca --fileca-cert {folder}/root.pem --fileca-key {folder}/root.key \
         --fileca-key-passwd none --fileca-watch=false --ct-log-url http://127.0.0.1:{} \
         --ct-log-origin {CT_LOG_NAME} --ct-log-public-key-path {folder}/ct.pub \
         --config-path {folder}/fulcio.yaml --legacy-unix-domain-socket {folder}/fulcio.sock",
        ports.fulcio, ports.fulcio_grpc, ports.fulcio_metrics, ports.ct
    ))
}

/// Writes trusted root and signing config, as an operator of such an instance does.
fn describe(world: &World, folder: &Utf8Path, ports: &Ports, issuer: &str) -> Outcome {
    let (fulcio, stamps) = (format!("http://127.0.0.1:{}", ports.fulcio), ports.timestamp_url());
    let chain = Utf8PathBuf::from(format!("{folder}/tsa.pem"));
    let answer = ureq::get(format!("{stamps}/certchain")).call();
    let pem = answer
        .context(|| "the timestamp authority's certificates".to_owned())?
        .body_mut()
        .read_to_vec()
        .context(|| "the timestamp authority's certificates".to_owned())?;
    world.write(&chain, &pem)?;
    let cosign =
        |line: String| -> Outcome<Program> { Ok(world.tools.peer("cosign")?.args(words(&line))) };
    cosign(format!(
        "trusted-root create --out {folder}/trust/trusted_root.json \
         --fulcio=url={fulcio},certificate-chain={folder}/root.pem \
         --ctfe=url=http://127.0.0.1:{},public-key={folder}/ct.pub,start-time={SINCE},origin={CT_LOG_NAME} \
         --rekor=url=http://{LOG_NAME},public-key={folder}/rekor.pub,start-time={SINCE},origin={LOG_NAME} \
         --tsa=url={stamps},certificate-chain={chain}",
        ports.ct
    ))?
    .run_ok()?;
    cosign(format!(
        "signing-config create --out {folder}/trust/signing_config.json \
         --fulcio=url={fulcio},api-version=1,start-time={SINCE},operator=local \
         --rekor=url=http://127.0.0.1:{},api-version=2,start-time={SINCE},operator=local --rekor-config=ANY \
         --tsa=url={stamps},api-version=1,start-time={SINCE},operator=local --tsa-config=ANY \
         --oidc-provider=url={issuer},api-version=1,start-time={SINCE},operator=local",
        ports.rekor
    ))?
    .run_ok()?;
    Ok(())
}

/// What the public instance is told about GitHub's tokens, for our issuer.
fn fulcio_config(issuer: &str) -> String {
    format!(
        r#"oidc-issuers:
  {issuer}:
    issuer-url: {issuer}
    client-id: sigstore
    type: ci-provider
    ci-provider: github-workflow
ci-issuer-metadata:
  github-workflow:
    default-template-values:
      url: "https://github.com"
    extension-templates:
      github-workflow-trigger: "event_name"
      github-workflow-sha: "sha"
      github-workflow-name: "workflow"
      github-workflow-repository: "repository"
      github-workflow-ref: "ref"
      build-signer-uri: "{{{{ .url }}}}/{{{{ .job_workflow_ref }}}}"
      build-signer-digest: "job_workflow_sha"
      runner-environment: "runner_environment"
      source-repository-uri: "{{{{ .url }}}}/{{{{ .repository }}}}"
      source-repository-digest: "sha"
      source-repository-ref: "ref"
      source-repository-identifier: "repository_id"
      source-repository-owner-uri: "{{{{ .url }}}}/{{{{ .repository_owner }}}}"
      source-repository-owner-identifier: "repository_owner_id"
      build-config-uri: "{{{{ .url }}}}/{{{{ .workflow_ref }}}}"
      build-config-digest: "workflow_sha"
      build-trigger: "event_name"
      run-invocation-uri: "{{{{ .url }}}}/{{{{ .repository }}}}/actions/runs/{{{{ .run_id }}}}/attempts/{{{{ .run_attempt }}}}"
      source-repository-visibility-at-signing: "repository_visibility"
    subject-alternative-name-template: "{{{{ .url }}}}/{{{{ .job_workflow_ref }}}}"
"#
    )
}
