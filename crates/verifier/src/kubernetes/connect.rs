//! From a kubeconfig, or the service account of a pod, to a cluster that answered once.

use std::time::Duration;

use camino::Utf8Path;
use http_body_util::Limited;
use hyper_util::client::proxy::matcher::Matcher;
use kube::client::{ClientBuilder, DynBody};
use kube::config::{ExecInteractiveMode, KubeConfigOptions, Kubeconfig, KubeconfigError};
use kube::{Client, Config};
use sealwright_policy::{Code, Finding, Place};
use tokio::time::Instant;
use tower_http::map_response_body::MapResponseBodyLayer;

use super::arguments::ClusterArguments;
use super::cluster::Cluster;
use super::fault::{chain, credentials};
use super::limits::{ANSWER_BYTES_MAX, CONNECT_TIMEOUT, DEADLINE};
use crate::failure::Failure;

/// What to do when the server says that it is busy (429, 503, 504).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Busy {
    /// Ask again, at growing intervals, until the deadline.
    AskAgain,
    /// Say so: who watches asks again by himself, and sooner.
    SaySo,
}

/// Connects, and asks for the server's version. `context` is what the environment names; what was
/// typed goes before it. Everything that is asked later must be answered within `time`, too.
///
/// The inner error is about the cluster, the outer one about the question.
pub(crate) async fn connect(
    arguments: &ClusterArguments,
    context: Option<&str>,
    time: Option<Duration>,
    busy: Busy,
) -> Result<Result<Cluster, Box<Finding>>, Failure> {
    let deadline = Instant::now() + time.unwrap_or(DEADLINE);
    let context = arguments.context.as_deref().or(context);
    let (mut config, context) = config(arguments.kubeconfig.as_deref(), context).await?;
    config.connect_timeout = Some(CONNECT_TIMEOUT);
    config.default_retry = busy == Busy::AskAgain;
    let name = context.unwrap_or_else(|| host(&config));
    let place = Place::object(format!("{name} ({})", host(&config)));
    let connected = match client(config, deadline).await {
        Ok(client) => Cluster::new(client, name, deadline).await,
        Err(finding) => Err(finding),
    };
    Ok(connected.map_err(|finding| Box::new(finding.with_place(place))))
}

/// With the context that is used: the one that was named, else the kubeconfig's own.
async fn config(
    path: Option<&Utf8Path>,
    context: Option<&str>,
) -> Result<(Config, Option<String>), Failure> {
    let kubeconfig = match path {
        Some(path) => Kubeconfig::read_from(path),
        None => Kubeconfig::read(),
    };
    let mut kubeconfig = match kubeconfig {
        Ok(kubeconfig) => kubeconfig,
        // Inside a pod there is no kubeconfig, and the pod's cluster is meant.
        Err(error) if path.is_none() => match Config::incluster() {
            Ok(config) => return Ok((config, None)),
            Err(_) => return Err(unreadable(&error)),
        },
        Err(error) => return Err(unreadable(&error)),
    };
    let contexts: Vec<String> =
        kubeconfig.contexts.iter().map(|known| known.name.clone()).collect();
    talk_to_people_only_on_a_terminal(&mut kubeconfig);
    let explicit_proxy = kubeconfig
        .clusters
        .iter()
        .any(|known| known.cluster.as_ref().is_some_and(|cluster| cluster.proxy_url.is_some()));
    let current = kubeconfig.current_context.clone().filter(|current| !current.is_empty());
    let used = context.map(ToOwned::to_owned).or(current);
    let options =
        KubeConfigOptions { context: context.map(ToOwned::to_owned), ..Default::default() };
    let config = Config::from_custom_kubeconfig(kubeconfig, &options).await;
    let mut config = config.map_err(|error| unusable(&error, &contexts))?;
    if !explicit_proxy && !goes_through_proxy(&config.cluster_url) {
        config.proxy_url = None;
    }
    Ok((config, used))
}

/// A credential plugin that may ask questions gets the terminal; without one it must not wait for
/// answers, and what it complains about is ours to report.
fn talk_to_people_only_on_a_terminal(kubeconfig: &mut Kubeconfig) {
    if std::io::IsTerminal::is_terminal(&std::io::stdin()) {
        return;
    }
    let users = kubeconfig.auth_infos.iter_mut().filter_map(|user| user.auth_info.as_mut());
    for exec in users.filter_map(|user| user.exec.as_mut()) {
        exec.interactive_mode = Some(ExecInteractiveMode::Never);
    }
}

/// Whether the environment's proxy is meant for this server: loopback never is, nor what NO_PROXY
/// names (kube compares that with the proxy instead of the server).
fn goes_through_proxy(server: &http::Uri) -> bool {
    let host = server.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    let loopback = host == "localhost"
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    !loopback && Matcher::from_env().intercept(server).is_some()
}

fn unreadable(error: &KubeconfigError) -> Failure {
    let hint = "give a kubeconfig with --kubeconfig or KUBECONFIG; inside a pod its service account is used";
    let message = format!("{}\n{hint}", chain(error));
    match error {
        KubeconfigError::ReadConfig(..) | KubeconfigError::FindPath => Failure::unreadable(message),
        _ => Failure::data(message),
    }
}

fn unusable(error: &KubeconfigError, contexts: &[String]) -> Failure {
    let known = if contexts.is_empty() { "none".to_owned() } else { contexts.join(", ") };
    match error {
        KubeconfigError::LoadContext(name) => Failure::usage(format!(
            "the kubeconfig has no context {name}\nit has: {known}\nname one with --context, or in the configuration as environments.NAME.context"
        )),
        KubeconfigError::CurrentContextNotSet => Failure::usage(format!(
            "the kubeconfig has no current context\nname one with --context; it has: {known}"
        )),
        other => Failure::data(format!("the kubeconfig cannot be used: {}", chain(other))),
    }
}

/// A client that reads answers within a limit. Credential plugins run meanwhile, for as long as
/// they like, so this has a thread of its own that nobody waits for after the deadline.
async fn client(config: Config, deadline: Instant) -> Result<Client, Box<Finding>> {
    let exec = config.auth_info.exec.as_ref().and_then(|exec| exec.command.clone());
    let plugin = exec.map(|command| format!("the credential plugin {command}"));
    let plugin = plugin.unwrap_or_else(|| "the credential plugin".to_owned());
    let (send, receive) = tokio::sync::oneshot::channel();
    let runtime = tokio::runtime::Handle::current();
    std::thread::spawn(move || {
        let _inside = runtime.enter();
        let limit =
            MapResponseBodyLayer::new(|body: Box<DynBody>| Limited::new(body, ANSWER_BYTES_MAX));
        let client =
            ClientBuilder::try_from(config).map(|builder| builder.with_layer(&limit).build());
        // Nobody listens after the deadline.
        let _ = send.send(client);
    });
    match tokio::time::timeout_at(deadline, receive).await {
        Ok(Ok(Ok(client))) => Ok(client),
        Ok(Ok(Err(kube::Error::Auth(error)))) => Err(Box::new(credentials(&error, &plugin))),
        Ok(Ok(Err(error))) => Err(Box::new(Finding::new(
            Code::ClusterUnreachable,
            format!("the connection cannot be set up: {}", chain(&error)),
        ))),
        Ok(Err(_)) => Err(Box::new(Finding::new(
            Code::ClusterCredentials,
            format!("{plugin} could not be run to its end"),
        ))),
        Err(_) => Err(Box::new(Finding::new(
            Code::ClusterDeadline,
            format!("{plugin} gave no credentials within the time"),
        ))),
    }
}

/// Scheme, host and port: never what stands before an `@`.
fn host(config: &Config) -> String {
    let url = &config.cluster_url;
    let scheme = url.scheme_str().unwrap_or("https");
    match (url.host(), url.port_u16()) {
        (Some(host), Some(port)) => format!("{scheme}://{host}:{port}"),
        (Some(host), None) => format!("{scheme}://{host}"),
        (None, _) => "a server without a name".to_owned(),
    }
}
