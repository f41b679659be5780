//! Parts of the report that are about routes by which a tag can move.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::codes::Code;
use crate::finding::Place;
use crate::verdict::Verdict;

/// One way from a trigger to a step that moves a tag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RouteReport {
    /// What starts it: `push to main`, `tag v*`, `workflow_dispatch`.
    pub triggers: Vec<String>,
    /// The jobs on the way, `cd.yaml: publish`; a called workflow behind the job that calls it.
    pub jobs: Vec<String>,
    /// The tag, as far as it is known on paper.
    pub moves: String,
    /// Name of the artifact in the configuration, when it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact: Option<String>,
    /// By what: `flux tag artifact`.
    pub by: String,
    /// Where that stands.
    pub place: Place,
    /// What has to be passed before: `checks`, `verified`, `signed`, `branch`, `environment NAME`.
    #[serde(default)]
    pub gates: Vec<String>,
    /// What another route to the same tag has and this one has not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lacks: Vec<String>,
    /// What is wrong with it; the findings of the report tell each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub codes: Vec<Code>,
    /// `Unknown`: which tag it moves could not be worked out, and it may be a declared artifact's.
    pub verdict: Verdict,
}
