//! One HTTP server on loopback, on a thread of its own: callers need no runtime, and a test that
//! blocks its own runtime does not stop the server.

use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::pin::pin;
use std::thread::JoinHandle;
use std::time::Duration;

use axum::body::Body;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::DevStackError;

/// How long requests in flight may go on after a stop; a client on loopback needs much less.
const GRACE: Duration = Duration::from_millis(500);
/// Pause after a failed accept (out of file descriptors), so that the loop does not spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(20);

/// The connection is to be closed without a (further) answer.
#[derive(Debug, thiserror::Error)]
#[error("the connection was dropped on purpose")]
pub(crate) struct Hangup;

/// What a handler gives back for one request.
pub(crate) type Answer = Result<Response<Body>, Hangup>;

/// A running server; dropping it stops it gracefully.
#[derive(Debug)]
pub(crate) struct Server {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

/// Listens on 127.0.0.1 at `port`, or at a free port.
pub(crate) fn bind(port: Option<u16>) -> Result<TcpListener, DevStackError> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port.unwrap_or(0)));
    let listener = TcpListener::bind(address).and_then(|listener| {
        listener.set_nonblocking(true)?;
        Ok(listener)
    });
    listener.map_err(|source| DevStackError::Listen {
        address,
        source,
        hint: "stop what listens there, or choose another port",
    })
}

impl Server {
    /// Serves `handler` on a bound listener until the value is dropped.
    pub(crate) fn start<H, F>(listener: TcpListener, handler: H) -> Result<Self, DevStackError>
    where
        H: Fn(Request<Body>) -> F + Clone + Send + 'static,
        F: Future<Output = Answer> + Send + 'static,
    {
        let failed = |source: io::Error| DevStackError::Listen {
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            source,
            hint: "this machine is out of sockets or threads",
        };
        let address = listener.local_addr().map_err(failed)?;
        if !address.ip().is_loopback() {
            return Err(DevStackError::NotLoopback(address));
        }
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
        let (stop, stopped) = watch::channel(false);
        let thread = std::thread::Builder::new()
            .name(format!("devstack-{}", address.port()))
            .spawn(move || runtime.block_on(serve(listener, handler, stopped)))
            .map_err(failed)?;
        Ok(Self { address, stop, thread: Some(thread) })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        if let Some(thread) = self.thread.take() {
            // A panic in the thread has been printed already; there is nobody to hand it to.
            let _ = thread.join();
        }
    }
}

async fn serve<H, F>(listener: TcpListener, handler: H, mut stopped: watch::Receiver<bool>)
where
    H: Fn(Request<Body>) -> F + Clone + Send + 'static,
    F: Future<Output = Answer> + Send + 'static,
{
    let listener = match tokio::net::TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => return tracing::error!("cannot serve: {error}"),
    };
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(converse(stream, handler.clone(), stopped.clone()));
                }
                Err(error) => {
                    tracing::warn!("cannot accept a connection: {error}");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
            _ = stopped.changed() => break,
        }
    }
    drop(listener);
    let finished = async { while connections.join_next().await.is_some() {} };
    // What is still running after the grace period ends with the runtime.
    let _ = tokio::time::timeout(GRACE, finished).await;
}

/// All requests of one connection.
async fn converse<H, F>(stream: TcpStream, handler: H, mut stopped: watch::Receiver<bool>)
where
    H: Fn(Request<Body>) -> F + Clone + Send + 'static,
    F: Future<Output = Answer> + Send + 'static,
{
    // Without it, small answers wait for the client's delayed acknowledgement.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request: Request<Incoming>| handler(request.map(Body::new)));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        _ = stopped.changed() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!("a connection ended early: {error}");
    }
}
