//! The words: what is expected (config, signers, evidence) and how we answer (finding, verdict,
//! report). Pure: knows no clock, file, network, environment or process.

pub mod codes;
pub mod config;
pub mod control_report;
pub mod declaration_report;
pub mod finding;
pub mod identity;
pub mod pattern_report;
pub mod report;
pub mod requirements;
pub mod route_report;
pub mod san;
pub mod schema;
pub mod source_report;
pub mod verdict;
pub mod workflow_report;

pub use codes::Code;
pub use config::{Artifact, Config, ConfigErrors, Environment, Signer, Trust};
pub use finding::{Finding, Place, Severity, verdict_of};
pub use identity::{Claims, ExpectedSigner, Mismatch, SanPattern};
pub use report::{API_VERSION, Report};
pub use requirements::{EvidenceKind, Issuers, Requirements};
pub use verdict::Verdict;
