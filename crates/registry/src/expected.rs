//! What a list of referrers will hold, known before it is read: by whoever attached it, or looked
//! a moment ago. It is asked for beside the list, so that gathering is one round trip and not three.
//!
//! It changes when things are asked for, never what is gathered: the list decides, every byte comes
//! from the registry and has its digest, and what could not be had is asked for again.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use futures::future::{join, join_all};
use sealwright_evidence::descriptor::Descriptor;
use sealwright_evidence::{Blob, Digest, Evidence};

use crate::attach::Attached;
use crate::client::{Client, Lookup};
use crate::limits::{BUNDLE_BYTES_MAX, MANIFEST_BYTES_MAX};
use crate::reference::{Repository, Target};
use crate::transport::Call;

/// Referrers and bundles that are probably listed. Each is asked for once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expected {
    manifests: BTreeSet<Digest>,
    bundles: BTreeMap<String, Descriptor>,
}

impl Expected {
    /// What was just attached.
    pub fn attached<'a>(attached: impl IntoIterator<Item = &'a Attached>) -> Self {
        let mut expected = Self::default();
        for Attached { manifest_digest, bundle, .. } in attached {
            expected.manifests.insert(*manifest_digest);
            expected.bundles.insert(bundle.digest.clone(), bundle.clone());
        }
        expected
    }

    /// What was there a moment ago.
    pub fn again(evidence: &Evidence) -> Self {
        let mut expected = Self::default();
        for referrer in &evidence.referrers {
            expected.manifests.extend(Digest::parse(&referrer.manifest.digest));
            for Blob { digest, media_type, bytes } in &referrer.bundles {
                let bundle = Descriptor::new(media_type, digest, bytes.len() as u64);
                expected.bundles.insert(digest.clone(), bundle);
            }
        }
        expected
    }
}

/// What of it was there, by digest.
#[derive(Debug, Default)]
pub(crate) struct Ahead {
    pub(crate) manifests: HashMap<String, Blob>,
    pub(crate) bundles: HashMap<String, Vec<u8>>,
}

impl Client {
    /// A fault here is none: whoever misses it asks for it again, and says what is wrong.
    pub(crate) async fn read_ahead(
        &self,
        repository: &Repository,
        expected: &Expected,
        call: Call,
    ) -> Ahead {
        let manifests = expected.manifests.iter().map(async |digest| {
            let target = Target::Digest(*digest);
            let found = self.manifest_within(repository, &target, MANIFEST_BYTES_MAX, call).await;
            Some((digest.to_string(), found.ok().and_then(Lookup::found)?))
        });
        let bundles = expected.bundles.values().map(async |bundle| {
            let found = self.blob_within(repository, bundle, BUNDLE_BYTES_MAX, call).await;
            Some((bundle.digest.clone(), found.ok().and_then(Lookup::found)?))
        });
        let (manifests, bundles) = join(join_all(manifests), join_all(bundles)).await;
        Ahead {
            manifests: manifests.into_iter().flatten().collect(),
            bundles: bundles.into_iter().flatten().collect(),
        }
    }
}
