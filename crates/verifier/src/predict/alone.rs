//! What source-controller will say of one source that names no other.

use jiff::Timestamp;
use sealwright_evidence::TrustedRoot;
use sealwright_flux::{Controller, Prediction, Secrets, Seen, Situation, Source, predict};
use sealwright_registry::Client;

/// What it depends on beside the registry.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules<'a> {
    pub(crate) controller: &'a Controller,
    pub(crate) secrets: &'a Secrets,
    /// None where it is not known, or no source trusts it: a prediction that depends on it says so.
    pub(crate) public_root: Option<&'a TrustedRoot>,
    pub(crate) now: Timestamp,
}

impl Rules<'_> {
    /// Predicts; what lacks is asked of the registry.
    pub(crate) async fn foretell(&self, client: &Client, source: &Source) -> Prediction {
        let of = |seen: &Seen| {
            predict(Situation {
                source,
                others: &[],
                secrets: self.secrets,
                seen,
                controller: self.controller,
                public_root: self.public_root,
                now: self.now,
                fresh: true,
            })
        };
        let mut seen = Seen::default();
        client.see_as_flux(&mut seen, 1, |seen| of(seen).wanted).await;
        of(&seen)
    }
}
