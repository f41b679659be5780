//! What can go wrong while the dev stack starts, keeps its state, or mints.

use camino::Utf8PathBuf;

/// Why the dev stack could not do what was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DevStackError {
    /// A file or folder of the state could not be read or written.
    #[error("cannot {action} {path}: {source}")]
    File {
        /// The verb: "read", "write", "create".
        action: &'static str,
        /// The file or folder.
        path: Utf8PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A port on loopback could not be had.
    #[error("cannot listen on {address}: {source}; {hint}")]
    Listen {
        /// Address and port that were asked for.
        address: std::net::SocketAddr,
        /// What the system said.
        source: std::io::Error,
        /// What to do about it.
        hint: &'static str,
    },
    /// Somebody asked for an address that other machines can reach.
    #[error(
        "refusing to listen on {0}: the dev stack holds throw-away keys and serves 127.0.0.1 only"
    )]
    NotLoopback(std::net::SocketAddr),
    /// The state folder holds things that the dev stack did not put there.
    #[error(
        "{0} is not empty and was not made by sealwright-devstack; choose an empty or a new folder"
    )]
    ForeignFolder(Utf8PathBuf),
    /// Another process is running on this state folder.
    #[error("{state} is in use by process {pid}; stop it first, or choose another state folder")]
    InUse {
        /// The state folder.
        state: Utf8PathBuf,
        /// The process that holds the lock.
        pid: u32,
    },
    /// No dev stack is running on this state folder.
    #[error("no dev stack is running on {0}; start one with `sealwright-devstack up --state {0}`")]
    NotRunning(Utf8PathBuf),
    /// A file of the state folder does not hold what it should.
    #[error("{path} is damaged: {detail}; remove the state folder to start afresh")]
    Damaged {
        /// The file.
        path: Utf8PathBuf,
        /// What is wrong with it.
        detail: String,
    },
    /// Nothing can be derived from an artifact.
    #[error("cannot make controls from {artifact}: {why}")]
    Controls {
        /// The artifact, as it was given.
        artifact: String,
        /// Why, and what to do.
        why: String,
    },
    /// A key, certificate, signature or encoding could not be made.
    #[error("cannot make {what}: {detail}")]
    Mint {
        /// What was to be made, e.g. "the certificate authority".
        what: &'static str,
        /// Why it failed.
        detail: String,
    },
}

impl DevStackError {
    /// An input/output error with the verb and the path that it belongs to.
    pub fn file(
        action: &'static str,
        path: impl Into<Utf8PathBuf>,
    ) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { action, path, source }
    }

    /// A minting error from anything that can say what went wrong.
    pub fn mint(what: &'static str, detail: impl std::fmt::Display) -> Self {
        Self::Mint { what, detail: detail.to_string() }
    }
}
