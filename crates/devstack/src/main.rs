//! `sealwright-devstack`: runs the dev stack, and hands out what a job on GitHub would have.

mod plane;
mod proxy;
mod run;

use std::io::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use anstream::eprintln;
use camino::{Utf8Path, Utf8PathBuf};
use clap::{Parser, Subcommand, ValueEnum};
use sealwright_devstack::{DevStack, DevStackError, Endpoints, Options, controls};
use tracing_subscriber::filter::LevelFilter;

use plane::PlaneArguments;
use proxy::FrontArguments;
use run::RunArguments;

/// Exit code for wrong flags (`EX_USAGE`).
const USAGE: u8 = 64;
/// Exit code for a state folder that is not ours or is damaged (`EX_DATAERR`).
const DATA: u8 = 65;
/// Exit code for a dev stack that is not running, a folder or a port in use (`EX_UNAVAILABLE`).
const UNAVAILABLE: u8 = 69;
/// Exit code for what cannot happen (`EX_SOFTWARE`).
const SOFTWARE: u8 = 70;
/// Exit code for files that cannot be read or written (`EX_IOERR`).
const FILES: u8 = 74;

/// A small world on loopback: an OCI registry and a Sigstore, with throw-away keys.
#[derive(Debug, Parser)]
#[command(
    name = "sealwright-devstack",
    version,
    arg_required_else_help = true,
    after_help = "\
Examples:
  sealwright-devstack up --state .devstack
  sealwright-devstack up --state .devstack --referrers-api off --registry-port 5000
  sealwright-devstack token --state .devstack --repository acme/platform --workflow cd.yaml
  env $(sealwright-devstack env --state .devstack) sealwright-publisher whoami

Exit codes: 0 stopped as asked or done, 64 usage, 65 the state folder is not ours or damaged,
69 not running, or folder or port in use, 74 file error."
)]
struct Arguments {
    /// Says more about what happens, on stderr.
    #[arg(long, short, global = true)]
    verbose: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs in the foreground until SIGINT or SIGTERM; one JSON line on stdout says when it is ready.
    #[command(
        arg_required_else_help = true,
        after_help = "\
The line on stdout is what endpoints.json in the state folder holds: registry, referrersApi, issuer,
fulcio, rekorV1, rekorV2, timestamp, trust, tokenRequestUrl, tokenRequestToken.

With --control, other processes set the registry's faults and read its request log:
  curl -X POST http://127.0.0.1:PORT/_faults -d '[{\"kind\": \"manifest\", \"method\": \"PUT\",
    \"times\": 1, \"effect\": {\"status\": {\"code\": 429, \"retryAfter\": \"1\"}}}]'
  curl http://127.0.0.1:PORT/_requests
put bytes under a digest that is not theirs (kept over a restart):
  curl -X PUT http://127.0.0.1:PORT/_content/acme/platform/manifests/sha256:… --data-binary @file
and have evidence minted at the issuer's address, also what no honest Sigstore would issue:
  curl -X POST http://127.0.0.1:PORT/_mint -H 'content-type: application/json' \\
    -d '{\"statement\": \"…\", \"situation\": \"foreign-log\", \"log\": \"v1\"}'
  answers {\"bundle\": {…}}, and with a key also \"publicKey\": PEM.
  curl … -d '{\"form\": \"legacy\", \"repository\": \"HOST/PATH\", \"digest\": \"sha256:…\", \"key\": \"release\"}'
  answers {\"payload\": \"…\", \"annotations\": {…}, \"publicKey\": PEM}.

Fields in every form, none of them needed:
  run     the run that signs, as in the flags of `token`: repository, workflow, workflowRepository,
          workflowRef, callerWorkflow, gitRef, sha, event, runId, runAttempt, visibility, runnerEnvironment
  sans    alternative names instead of the run's: [\"https://…\", \"someone@example.com\"]
  issuer  issuer in the certificate instead of this one
  key     name (a-z, 0-9, -) of a throw-away P-256 key that signs instead; no certificate then
  at      when it was signed, RFC 3339; at most a year ago
form bundle (the default): statement (needed; the exact in-toto text), log v1 or v2 (default v2), situation
  healthy, signed-after-expiry, no-sct, foreign-sct, foreign-authority, two-sans, empty-san, no-san,
  no-issuer, other-issuer, not-logged, foreign-log, foreign-log-under-our-id, log-id-lies,
  checkpoint-of-other-log, wrong-proof, entry-of-other-statement, entry-twice, wrong-time, no-time,
  foreign-timestamp, tampered-payload, other-payload-type, message-signature, bundle-v01, bundle-v02
  (not-logged in log v1 has neither entry nor timestamp, as `cosign sign --key --tlog-upload=false` leaves it)
form legacy: repository and digest (needed), situation
  healthy, other-digest, tampered-payload, entry-of-other-payload, not-logged, foreign-log,
  foreign-authority, signed-after-expiry, no-sct, foreign-sct
Status 422: the request is not one; 400: it cannot be minted."
    )]
    Up(UpArguments),
    /// Runs a small Kubernetes API server in the foreground; one JSON line on stdout says when it is ready.
    #[command(
        arg_required_else_help = true,
        after_help = "\
It holds namespaces, Secrets, Flux's sources and a few kinds more, and runs nothing: no pods, no
controllers. Its version ends in +simulated. The line on stdout names server, kubeconfig and context.

Examples:
  sealwright-devstack plane --state .plane
  kubectl --kubeconfig .plane/kubeconfig get ocirepositories --all-namespaces

With --control, other processes have things go wrong:
  curl -X POST http://127.0.0.1:PORT/_faults \\
    -d '[{\"verb\": \"list\", \"resource\": \"helmcharts\", \"effect\": \"forbidden\"}]'
  curl -X POST 'http://127.0.0.1:PORT/_restart?milliseconds=500'"
    )]
    Plane(PlaneArguments),
    /// Runs a proxy behind which a registry has names of the internet, with TLS and without; one JSON
    /// line on stdout says when it is ready.
    #[command(
        arg_required_else_help = true,
        after_help = "\
The line on stdout names the proxy, for HTTPS_PROXY and HTTP_PROXY of whoever asks the registry. Every
name leads there; under mutual.* the client must show a certificate, under plain.* there is no TLS.

Example:
  sealwright-devstack front --to 127.0.0.1:5000 --certificate server.pem --key server.key \\
    --client-authorities ca.pem"
    )]
    Front(FrontArguments),
    /// Prints a token of the running dev stack.
    #[command(arg_required_else_help = true)]
    Token {
        #[command(flatten)]
        state: StateArgument,
        #[command(flatten)]
        run: RunArguments,
        /// For whom the token is.
        #[arg(long, value_name = "NAME")]
        audience: Option<String>,
        /// Makes a token that must be refused.
        #[arg(long, value_parser = ["expired", "not-yet-valid", "other-issuer", "foreign-key"])]
        fault: Option<String>,
    },
    /// Makes negative controls of a good artifact: one thing is wrong with each, and a lock that accepts
    /// one is open. What was made is printed as JSON, for `sealwright-verifier controls --set`.
    #[command(
        arg_required_else_help = true,
        after_help = "\
The dev stack must be running with --control, and the artifact must have been signed by it.

Example:
  sealwright-devstack controls --state .devstack --artifact acme/platform/manifests@sha256:… \\
    --into acme/platform/controls > controls.json
  sealwright-verifier controls --set controls.json --trust .devstack/trust"
    )]
    Controls {
        #[command(flatten)]
        state: StateArgument,
        /// The good artifact.
        #[arg(long, value_name = "REPOSITORY@DIGEST")]
        artifact: String,
        /// Where to push them; not the artifact's own repository.
        #[arg(long, value_name = "REPOSITORY")]
        into: String,
    },
    /// Prints what a job on GitHub would have in its environment, as NAME=value lines.
    #[command(arg_required_else_help = true)]
    Env {
        #[command(flatten)]
        state: StateArgument,
        #[command(flatten)]
        run: RunArguments,
    },
}

#[derive(Debug, clap::Args)]
struct StateArgument {
    /// Folder with keys, logs and content.
    #[arg(long, value_name = "DIR")]
    state: Utf8PathBuf,
}

#[derive(Debug, clap::Args)]
struct UpArguments {
    #[command(flatten)]
    state: StateArgument,
    /// Whether the registry has the referrers API; GHCR has not.
    #[arg(long, value_name = "on|off", value_enum, default_value = "on")]
    referrers_api: Switch,
    /// Port of the registry on 127.0.0.1 (default: the one before, or a free one).
    #[arg(long, value_name = "N")]
    registry_port: Option<u16>,
    /// Port of Sigstore on 127.0.0.1 (default: the one before, or a free one).
    #[arg(long, value_name = "N")]
    sigstore_port: Option<u16>,
    /// Lets every request wait, as a distant service would.
    #[arg(long, value_name = "MILLISECONDS")]
    latency_ms: Option<u64>,
    /// Lets other processes set faults, read the registry's request log, and mint evidence.
    #[arg(long)]
    control: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Switch {
    On,
    Off,
}

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(talk) => {
            let usage = talk.use_stderr();
            // Nothing more can be said when even this cannot be written.
            let _ = talk.print();
            return if usage { ExitCode::from(USAGE) } else { ExitCode::SUCCESS };
        }
    };
    let level = if arguments.verbose { LevelFilter::DEBUG } else { LevelFilter::WARN };
    tracing_subscriber::fmt().with_max_level(level).with_writer(std::io::stderr).init();
    match run(arguments.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(exit_code(&error))
        }
    }
}

fn exit_code(error: &DevStackError) -> u8 {
    match error {
        DevStackError::ForeignFolder(_)
        | DevStackError::Damaged { .. }
        | DevStackError::Controls { .. } => DATA,
        DevStackError::InUse { .. }
        | DevStackError::Listen { .. }
        | DevStackError::NotRunning(_) => UNAVAILABLE,
        DevStackError::File { .. } => FILES,
        _ => SOFTWARE,
    }
}

fn run(command: Command) -> Result<(), DevStackError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| DevStackError::mint("an async runtime", error))?;
    runtime.block_on(async {
        match command {
            Command::Up(arguments) => up(arguments).await,
            Command::Plane(arguments) => plane::plane(arguments).await,
            Command::Front(arguments) => proxy::front(arguments).await,
            Command::Token { state, run, audience, fault } => {
                let mut parameters = run.parameters();
                let more = [("audience", audience), ("fault", fault)];
                parameters
                    .extend(more.into_iter().filter_map(|(name, value)| Some((name, value?))));
                let endpoints = running(&state.state)?;
                print(&endpoints.token(&state.state, &parameters).await?)
            }
            Command::Controls { state, artifact, into } => {
                let made = controls::push(&running(&state.state)?, &artifact, &into).await?;
                let made = serde_json::to_string_pretty(&made);
                print(&made.map_err(|error| DevStackError::mint("a control set", error))?)
            }
            Command::Env { state, run } => {
                let (parameters, endpoints) = (run.parameters(), running(&state.state)?);
                let token = endpoints.token(&state.state, &parameters).await?;
                let variables = run::environment(&endpoints, &parameters, &token);
                let lines: Vec<String> =
                    variables.iter().map(|(name, value)| format!("{name}={value}")).collect();
                print(&lines.join("\n"))
            }
        }
    })
}

async fn up(arguments: UpArguments) -> Result<(), DevStackError> {
    // Before the first sign of life, so that who stops us at once does it gracefully.
    let stop = stop_signals()?;
    let state = arguments.state.state;
    let stack = DevStack::start(Options {
        state: Some(state.clone()),
        referrers_api: arguments.referrers_api == Switch::On,
        registry_port: arguments.registry_port,
        sigstore_port: arguments.sigstore_port,
        latency: arguments.latency_ms.map(Duration::from_millis),
        control: arguments.control,
        ..Options::default()
    })?;
    let endpoints = serde_json::to_string(stack.endpoints())
        .map_err(|error| DevStackError::mint("the endpoints", error))?;
    print(&endpoints)?;
    eprintln!("registry {}, Sigstore {}", stack.endpoints().registry, stack.endpoints().issuer);
    eprintln!("state in {state}; stop with Ctrl-C");
    let signal = stop.await;
    eprintln!("{signal}: stopping");
    drop(stack);
    Ok(())
}

#[cfg(unix)]
fn stop_signals() -> Result<impl Future<Output = &'static str>, DevStackError> {
    use tokio::signal::unix::{SignalKind, signal};
    let failed = |error| DevStackError::mint("a signal handler", error);
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => "SIGINT",
            _ = terminate.recv() => "SIGTERM",
        }
    })
}

#[cfg(not(unix))]
fn stop_signals() -> Result<impl Future<Output = &'static str>, DevStackError> {
    Ok(async {
        // An error here means that no signal can ever come; stopping is all that is left.
        let _ = tokio::signal::ctrl_c().await;
        "Ctrl-C"
    })
}

fn running(state: &Utf8Path) -> Result<Endpoints, DevStackError> {
    Endpoints::left_in(state)?.ok_or_else(|| DevStackError::NotRunning(state.to_owned()))
}

/// One answer on stdout, there for the reader at once.
fn print(text: &str) -> Result<(), DevStackError> {
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{text}")
        .and_then(|()| stdout.flush())
        .map_err(DevStackError::file("write", "stdout"))
}
