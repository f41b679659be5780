//! What the transaction says while it runs. How it is shown is decided at the edge.

use sealwright_policy::Finding;
use serde::Serialize;

/// The steps, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the module of each says it")]
pub enum Step {
    Pack,
    Admit,
    Look,
    Stage,
    Sign,
    Attest,
    Prove,
    Promote,
    Confirm,
}

impl Step {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Step::Pack => "pack",
            Step::Admit => "admit",
            Step::Look => "look",
            Step::Stage => "stage",
            Step::Sign => "sign",
            Step::Attest => "attest",
            Step::Prove => "prove",
            Step::Promote => "promote",
            Step::Confirm => "confirm",
        }
    }
}

/// A step that has been made, for the receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Note {
    /// Which.
    pub step: Step,
    /// What came of it.
    pub did: String,
}

/// Where it is said.
pub trait Talk: Send + Sync {
    /// A step begins.
    fn begin(&self, step: Step, what: &str);
    /// A step has ended well.
    fn done(&self, step: Step, did: &str);
    /// Something worth knowing that stops nothing.
    fn remark(&self, finding: &Finding);
}

/// Says nothing.
pub struct Silent;

impl Talk for Silent {
    fn begin(&self, _: Step, _: &str) {}
    fn done(&self, _: Step, _: &str) {}
    fn remark(&self, _: &Finding) {}
}
