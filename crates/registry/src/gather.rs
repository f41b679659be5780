//! Gathering evidence: everything that a registry lists for one artifact, within limits.
//!
//! Nothing is judged here. Faults become gaps, so that one broken referrer does not hide the good
//! one beside it, and so that the judge knows what was not seen.

use futures::future::{join_all, join3};
use serde::Deserialize;

use sealwright_evidence::descriptor::{BUNDLE_PREFIX, SIMPLE_SIGNING};
use sealwright_evidence::{
    Blob, Descriptor, Digest, Evidence, Gap, LegacyImage, Referrer, ReferrersFrom,
};

use crate::client::{Client, Lookup};
use crate::error::{Fault, RegistryError};
use crate::expected::{Ahead, Expected};
use crate::limits::{
    BUNDLE_BYTES_MAX, BUNDLES_COUNT_MAX, EVIDENCE_BYTES_MAX, LEGACY_PAYLOAD_BYTES_MAX,
    LEGACY_SIGNATURES_COUNT_MAX, MANIFEST_BYTES_MAX,
};
use crate::reference::{Repository, Target};
use crate::referrers::{Listed, fallback_tag};
use crate::transport::Call;

/// What to gather beside referrers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct GatherOptions {
    /// Also the legacy `sha256-<hex>.sig` tag.
    pub legacy: bool,
}

/// What of a manifest tells whether and where it holds bundles.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Shape {
    artifact_type: Option<String>,
    config: Option<Descriptor>,
    #[serde(default)]
    layers: Vec<Descriptor>,
}

impl Client {
    /// All evidence for an artifact whose manifest is at hand: the list, then all manifests side
    /// by side, then all bundles side by side. One bundle costs three requests.
    ///
    /// # Errors
    /// Only when the mistake is on this machine. What the registry does wrong becomes a gap.
    pub async fn gather(
        &self,
        repository: &Repository,
        artifact: Blob,
        options: GatherOptions,
    ) -> Result<Evidence, RegistryError> {
        self.gather_expected(repository, artifact, options, &Expected::default()).await
    }

    /// The same by somebody who knows what will be listed: that is asked for beside the list.
    ///
    /// # Errors
    /// As with [`Client::gather`].
    pub async fn gather_expected(
        &self,
        repository: &Repository,
        artifact: Blob,
        options: GatherOptions,
        expected: &Expected,
    ) -> Result<Evidence, RegistryError> {
        let digest = Digest::parse(&artifact.digest).map_err(|reason| {
            let why = reason.to_string();
            RegistryError::new(repository.to_string(), Fault::Reference { why })
        })?;
        let call = self.call();
        let mut gathering = Gathering { client: self, repository, call, ahead: Ahead::default() };
        let legacy =
            async { if options.legacy { gathering.legacy(digest).await } else { (None, vec![]) } };
        let listed = self.referrers(repository, digest, call);
        let ahead = self.read_ahead(repository, expected, call);
        let (listed, (legacy, mut faults), ahead) = join3(listed, legacy, ahead).await;
        gathering.ahead = ahead;
        let listed = listed.unwrap_or_else(|fault| Listed {
            from: ReferrersFrom::Unknown,
            referrers: vec![],
            faults: vec![fault],
        });
        faults.extend(listed.faults);
        let manifests = gathering.manifests(listed.referrers, &mut faults).await;
        let referrers = gathering.bundles(manifests, &mut faults).await;
        let gaps = gaps(faults)?;
        let (repository, referrers_from) = (repository.to_string(), listed.from);
        Ok(Evidence { repository, artifact, referrers_from, referrers, legacy, gaps })
    }
}

/// A mistake of this machine is no gap: the next request would end alike.
fn gaps(faults: Vec<RegistryError>) -> Result<Vec<Gap>, RegistryError> {
    let to_gap = |fault: RegistryError| if fault.is_local() { Err(fault) } else { Ok(fault.gap()) };
    faults.into_iter().map(to_gap).collect()
}

struct Gathering<'a> {
    client: &'a Client,
    repository: &'a Repository,
    call: Call,
    ahead: Ahead,
}

/// Bytes that may still be fetched. Shared out by declared sizes in the order of the list, so that
/// what is left out does not depend on who answers first.
struct Budget(u64);

impl Budget {
    fn take(&mut self, size: u64) -> Result<(), Fault> {
        self.0 = self.0.checked_sub(size).ok_or_else(|| Fault::Limit {
            why: format!("all evidence together has more than {EVIDENCE_BYTES_MAX} bytes"),
        })?;
        Ok(())
    }
}

impl Gathering<'_> {
    async fn manifests(
        &self,
        listed: Vec<Descriptor>,
        faults: &mut Vec<RegistryError>,
    ) -> Vec<Blob> {
        let mut budget = Budget(EVIDENCE_BYTES_MAX);
        let mut wanted = Vec::new();
        for entry in listed {
            match within("the manifest", entry.size, MANIFEST_BYTES_MAX)
                .and_then(|()| budget.take(entry.size))
            {
                Ok(()) => wanted.push(entry),
                Err(fault) => faults.push(self.error(&entry.digest, fault)),
            }
        }
        let fetched = join_all(wanted.iter().map(|entry| self.manifest(entry))).await;
        split(fetched, faults)
    }

    async fn manifest(&self, entry: &Descriptor) -> Result<Blob, RegistryError> {
        let error = |fault| self.error(&entry.digest, fault);
        let digest = Digest::parse(&entry.digest)
            .map_err(|reason| error(Fault::Protocol { why: reason.to_string() }))?;
        let target = Target::Digest(digest);
        let size = usize::try_from(entry.size).unwrap_or(usize::MAX).min(MANIFEST_BYTES_MAX);
        let found = match self.ahead.manifests.get(&entry.digest) {
            Some(manifest) => Lookup::Found(manifest.clone()),
            None => self.client.manifest_within(self.repository, &target, size, self.call).await?,
        };
        let Lookup::Found(manifest) = found else { return Err(error(Fault::Absent)) };
        if manifest.bytes.len() != size {
            let why = format!("{size} bytes are listed, {} came", manifest.bytes.len());
            return Err(error(Fault::Mismatch { why }));
        }
        Ok(manifest)
    }

    /// The referrers with the layers that hold bundles. Which those are, their own manifest says.
    async fn bundles(
        &self,
        manifests: Vec<Blob>,
        faults: &mut Vec<RegistryError>,
    ) -> Vec<Referrer> {
        let mut budget = Budget(EVIDENCE_BYTES_MAX);
        let mut wanted = Vec::new();
        for (owner, manifest) in manifests.iter().enumerate() {
            match bundle_layers(manifest) {
                Ok(layers) => wanted.extend(layers.into_iter().map(|layer| (owner, layer))),
                Err(fault) => faults.push(self.error(&manifest.digest, fault)),
            }
        }
        if wanted.len() > BUNDLES_COUNT_MAX {
            wanted.truncate(BUNDLES_COUNT_MAX);
            let why = format!("the referrers hold more than {BUNDLES_COUNT_MAX} bundles");
            faults.push(RegistryError::new(self.repository.to_string(), Fault::Limit { why }));
        }
        wanted.retain(|(_, layer)| {
            let fits = within("the bundle", layer.size, BUNDLE_BYTES_MAX)
                .and_then(|()| budget.take(layer.size));
            fits.map_err(|fault| faults.push(self.error(&layer.digest, fault))).is_ok()
        });
        let fetch = wanted.iter().map(|(owner, layer)| async {
            Ok((*owner, self.layer(layer, BUNDLE_BYTES_MAX).await?))
        });
        let fetched = split(join_all(fetch).await, faults);
        let mut referrers: Vec<Referrer> =
            manifests.into_iter().map(|manifest| Referrer { manifest, bundles: vec![] }).collect();
        for (owner, bundle) in fetched {
            referrers[owner].bundles.push(bundle);
        }
        referrers
    }

    async fn layer(&self, layer: &Descriptor, bytes_max: usize) -> Result<Blob, RegistryError> {
        let found = match self.ahead.bundles.get(&layer.digest) {
            Some(bytes) if bytes.len() as u64 == layer.size => Lookup::Found(bytes.clone()),
            _ => self.client.blob_within(self.repository, layer, bytes_max, self.call).await?,
        };
        match found {
            Lookup::Found(bytes) => {
                let (digest, media_type) = (layer.digest.clone(), layer.media_type.clone());
                Ok(Blob { digest, media_type, bytes })
            }
            Lookup::Absent => Err(self.error(&layer.digest, Fault::Absent)),
        }
    }

    async fn legacy(&self, artifact: Digest) -> (Option<LegacyImage>, Vec<RegistryError>) {
        let mut faults = Vec::new();
        let image = self.legacy_image(artifact, &mut faults).await;
        let image = image.map_err(|fault| faults.push(fault)).ok().flatten();
        (image, faults)
    }

    async fn legacy_image(
        &self,
        artifact: Digest,
        faults: &mut Vec<RegistryError>,
    ) -> Result<Option<LegacyImage>, RegistryError> {
        let tag = Target::Tag(format!("{}.sig", fallback_tag(artifact)));
        let found =
            self.client.manifest_within(self.repository, &tag, MANIFEST_BYTES_MAX, self.call);
        let Lookup::Found(manifest) = found.await? else { return Ok(None) };
        let shape = shape(&manifest).map_err(|fault| self.error(&manifest.digest, fault))?;
        let mut layers = shape.layers;
        layers.retain(|layer| layer.media_type == SIMPLE_SIGNING);
        if layers.len() > LEGACY_SIGNATURES_COUNT_MAX {
            layers.truncate(LEGACY_SIGNATURES_COUNT_MAX);
            let why = format!("it holds more than {LEGACY_SIGNATURES_COUNT_MAX} signatures");
            faults.push(self.error(&manifest.digest, Fault::Limit { why }));
        }
        let fetched = layers.iter().map(|layer| self.layer(layer, LEGACY_PAYLOAD_BYTES_MAX));
        let payloads = split(join_all(fetched).await, faults);
        Ok(Some(LegacyImage { manifest, payloads }))
    }

    fn error(&self, digest: &str, fault: Fault) -> RegistryError {
        RegistryError::new(format!("{}@{digest}", self.repository), fault)
    }
}

fn shape(manifest: &Blob) -> Result<Shape, Fault> {
    serde_json::from_slice(&manifest.bytes)
        .map_err(|reason| Fault::Protocol { why: format!("it is not a manifest: {reason}") })
}

/// The layers that are bundles, or whose manifest says that its only layer is one.
fn bundle_layers(manifest: &Blob) -> Result<Vec<Descriptor>, Fault> {
    let Shape { artifact_type, config, mut layers } = shape(manifest)?;
    let is_bundle = |media_type: &str| media_type.starts_with(BUNDLE_PREFIX);
    let whole = [artifact_type, config.map(|config| config.media_type)];
    let says_so = layers.len() == 1 && whole.iter().flatten().any(|text| is_bundle(text));
    layers.retain(|layer| says_so || is_bundle(&layer.media_type));
    Ok(layers)
}

fn within(what: &str, size: u64, bytes_max: usize) -> Result<(), Fault> {
    if size <= bytes_max as u64 {
        return Ok(());
    }
    Err(Fault::Limit { why: format!("{what} is listed with {size} bytes, more than {bytes_max}") })
}

fn split<T>(fetched: Vec<Result<T, RegistryError>>, faults: &mut Vec<RegistryError>) -> Vec<T> {
    fetched.into_iter().filter_map(|one| one.map_err(|fault| faults.push(fault)).ok()).collect()
}
