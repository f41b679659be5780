//! Blobs: reading them (distribution specification 1.1, "Pulling blobs").

use http::Method;
use sealwright_evidence::{Descriptor, Digest};

use crate::auth::Access;
use crate::client::{Client, Lookup};
use crate::error::{Fault, RegistryError};
use crate::manifests::absent;
use crate::reference::Repository;
use crate::transport::{Ask, Call};

impl Client {
    /// The bytes that the descriptor names: as many as it says, with its digest, and at most
    /// `bytes_max`. A longer, shorter or other body is an error, never content.
    pub async fn blob(
        &self,
        repository: &Repository,
        descriptor: &Descriptor,
        bytes_max: usize,
    ) -> Result<Lookup<Vec<u8>>, RegistryError> {
        self.blob_within(repository, descriptor, bytes_max, self.call()).await
    }

    pub(crate) async fn blob_within(
        &self,
        repository: &Repository,
        descriptor: &Descriptor,
        bytes_max: usize,
        call: Call,
    ) -> Result<Lookup<Vec<u8>>, RegistryError> {
        let what = format!("{repository}@{}", descriptor.digest);
        let error = |fault: Fault| RegistryError::new(&what, fault);
        let digest = Digest::parse(&descriptor.digest)
            .map_err(|reason| error(Fault::Protocol { why: reason.to_string() }))?;
        let size = usize::try_from(descriptor.size).ok().filter(|size| *size <= bytes_max);
        let size = size.ok_or_else(|| {
            let why = format!("the blob has {} bytes, more than {bytes_max}", descriptor.size);
            error(Fault::Limit { why })
        })?;
        let url = self.transport().url(repository, &format!("blobs/{digest}"))?;
        let ask = Ask::new(Method::GET, url, &what).scope(repository.scope(Access::Pull));
        let ask = ask.answer_bytes_max(size);
        let answer = self.transport().send(&ask, call).await?;
        if absent(&ask, &answer)? {
            return Ok(Lookup::Absent);
        }
        if answer.cut || answer.body.len() != size {
            let found = if answer.cut { "more".to_owned() } else { answer.body.len().to_string() };
            let why = format!("{size} bytes were promised, {found} came");
            return Err(error(Fault::Mismatch { why }));
        }
        let found = Digest::of(&answer.body);
        if found != digest {
            let why = format!("the bytes have the digest {found}");
            return Err(error(Fault::Mismatch { why }));
        }
        Ok(Lookup::Found(answer.body.to_vec()))
    }
}
