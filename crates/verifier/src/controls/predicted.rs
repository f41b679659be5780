//! What source-controller will say of a control's source.

use jiff::Timestamp;
use sealwright_evidence::TrustedRoot;
use sealwright_flux::{Controller, Prediction, Secrets, Seen, Situation, Source, predict};
use sealwright_registry::Client;
use serde_json::Value;

use crate::failure::Failure;

/// Whose rules, and what the controller finds in its cluster.
pub(super) struct Oracle<'a> {
    pub(super) client: &'a Client,
    pub(super) controller: Controller,
    pub(super) secrets: Secrets,
    pub(super) public_root: Option<&'a TrustedRoot>,
    pub(super) now: Timestamp,
}

impl Oracle<'_> {
    /// Predicts; what lacks is asked of the registry.
    pub(super) async fn predict(&self, object: &Value) -> Result<Prediction, Failure> {
        let source = Source::parse(object).map_err(Failure::data)?;
        let mut seen = Seen::default();
        let situation = |seen: &Seen| {
            predict(Situation {
                source: &source,
                others: &[],
                secrets: &self.secrets,
                seen,
                controller: &self.controller,
                public_root: self.public_root,
                now: self.now,
                fresh: true,
            })
        };
        self.client.see_as_flux(&mut seen, 1, |seen| situation(seen).wanted).await;
        Ok(situation(&seen))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::flux::Flux;
    use super::*;

    #[test]
    fn of_several_things_that_may_come_the_worst_counts() {
        let of = |conditions: Value| json!({"then": "retries", "conditions": conditions});
        let said = |kind: &str, status: &str| json!({"type": kind, "status": status, "reason": "R", "message": "m"});
        let refused = || of(json!([said("Ready", "False"), said("SourceVerified", "False")]));
        let lost = || of(json!([said("Ready", "False")]));
        let accepted = || of(json!([said("Ready", "True")]));
        for (outcomes, expected, why) in [
            (vec![refused()], "refused", "one"),
            (vec![refused(), lost()], "never verified", "it may get nowhere"),
            (vec![refused(), lost(), accepted()], "without verifying", "it may be let in"),
            (vec![], "nothing is predicted", "nobody knows"),
        ] {
            let report = json!({"controller": "c", "outcomes": outcomes, "because": []});
            let words = Flux::predicted(&serde_json::from_value(report).expect(why)).words();
            assert!(words.contains(expected), "{why}: {words}");
        }
    }

    #[test]
    fn what_is_good_must_come_in_whatever_happens() {
        let of = |conditions: Value| json!({"then": "waits", "conditions": conditions});
        let said = |kind: &str, status: &str| json!({"type": kind, "status": status, "reason": "R", "message": "m"});
        let accepted = || of(json!([said("Ready", "True"), said("SourceVerified", "True")]));
        let refused = || of(json!([said("Ready", "False"), said("SourceVerified", "False")]));
        let unverified = || of(json!([said("Ready", "True")]));
        let unsure = "one of several things";
        for (outcomes, expected, why) in [
            (vec![accepted()], "accepted it as verified", "one"),
            (vec![accepted(), accepted()], "accepted it as verified", "the same twice"),
            (vec![accepted(), refused()], unsure, "one keeps it out"),
            (vec![refused(), accepted()], unsure, "in any order"),
            (vec![accepted(), unverified()], unsure, "one does not look"),
            (vec![refused(), refused()], "refused to verify it", "all keep it out"),
            (vec![], "nothing is predicted", "nobody knows"),
        ] {
            let report = json!({"controller": "c", "outcomes": outcomes, "because": []});
            let words = Flux::certain(&serde_json::from_value(report).expect(why)).words();
            assert!(words.contains(expected), "{why}: {words}");
        }
    }
}
