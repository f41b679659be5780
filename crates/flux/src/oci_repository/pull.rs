//! Pulling what an OCIRepository resolved to: the manifest, the layer, and what is stored of it.

use super::Run;
use crate::archive::{self, Archive};
use crate::conditions::Conditions;
use crate::image::{self, Layer};
use crate::inquiry::Stop;
use crate::name::Repository;
use crate::prediction::{Outcome, Then};
use crate::resolve::{self, Resolved};
use crate::rules;

impl Run<'_, '_> {
    /// Pulls and stores it.
    pub(super) fn pull(
        &mut self,
        after: Conditions,
        resolved: &Resolved,
        repository: &Repository,
    ) -> Result<Outcome, Stop> {
        let served = self.object.status.artifact.as_ref();
        let is_served = served.is_some_and(|served| served.revision == resolved.revision);
        if !is_served || self.inquiry.situation.fresh {
            self.inquiry.met(&rules::PULL_BY_DIGEST);
            if let Err((reason, message)) = self.layer(resolved, repository)? {
                return Ok(after.fetch_fails(reason, message, Then::Retries));
            }
        }
        let message = format!("stored artifact for digest '{}'", resolved.revision);
        Ok(after.ready("Succeeded", message, resolved.revision.clone()))
    }

    fn layer(
        &mut self,
        resolved: &Resolved,
        repository: &Repository,
    ) -> Result<Result<(), (&'static str, String)>, Stop> {
        let spec = &self.object.spec;
        let failed = |words: String| {
            (
                "OCIArtifactPullFailed",
                format!("failed to pull artifact from '{}': {words}", spec.url),
            )
        };
        let tag = resolved.revision.split_once('@').map(|(tag, _)| tag);
        let named = match tag {
            Some(tag) if !self.inquiry.situation.controller.pins_digest() => tag,
            _ => &resolved.digest,
        };
        let manifest = match resolve::manifest(self.inquiry, &resolved.digest, repository)? {
            Ok(response) => image::of_answer(self.inquiry, response, named, repository)?,
            Err(words) => Err(words),
        };
        let manifest = match manifest {
            Ok(manifest) => manifest,
            Err(words) => return Ok(Err(failed(words))),
        };
        self.inquiry.met(&rules::LAYER);
        let operation = |words: String| ("OCIArtifactLayerOperationFailed", words);
        let layer = match self.select(&manifest.layers) {
            Ok(layer) => layer,
            Err(words) => return Ok(Err(operation(words))),
        };
        let extracts = spec.layer_selector.as_ref().is_none_or(|it| it.operation != "copy");
        let bytes = match image::blob(self.inquiry, layer, repository)? {
            Ok(bytes) => bytes,
            Err(words) => {
                let words = format!("failed to extract the first layer from artifact: {words}");
                return Ok(Err(operation(words)));
            }
        };
        let fault = image::blob_fault(bytes, layer);
        if !extracts {
            let copy = |words| operation(format!("failed to copy layer from artifact: {words}"));
            return Ok(fault.map_or(Ok(()), |words| Err(copy(words))));
        }
        match archive::read(bytes) {
            Archive::Whole => {
                if fault.is_some() {
                    self.inquiry.met(&rules::LAYER_UNCOMPARED);
                }
                Ok(Ok(()))
            }
            Archive::NotGzip(words) => Ok(Err(operation(format!(
                "failed to extract layer contents from artifact: requires gzip-compressed body: {words}"
            )))),
            Archive::Broken => Err(Stop::Undecided(
                "the layer is no whole archive: the controller refuses it, in words that are not foretold"
                    .to_owned(),
            )),
        }
    }

    fn select<'l>(&self, layers: &'l [Layer]) -> Result<&'l Layer, String> {
        let first = layers.first().ok_or("no layers found in artifact")?;
        let wanted = self.object.spec.layer_selector.as_ref().map(|it| it.media_type.as_str());
        match wanted.filter(|wanted| !wanted.is_empty()) {
            None => Ok(first),
            Some(wanted) => {
                layers.iter().find(|layer| layer.media_type == wanted).ok_or_else(|| {
                    format!("failed to find layer with media type '{wanted}' in artifact")
                })
            }
        }
    }
}
