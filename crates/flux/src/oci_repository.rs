//! What the controller does with an OCIRepository, in its order.

mod pull;
mod verify;

use crate::conditions::Conditions;
use crate::connection;
use crate::inquiry::{Inquiry, Stop};
use crate::name::Repository;
use crate::prediction::{Outcome, Then};
use crate::resolve::{self, Followed, Resolved};
use crate::rules;
use crate::source::{OciRepository, Verification};
use crate::verify::Ruling;

/// What comes of it.
pub(crate) struct Course {
    pub(crate) repository: Option<String>,
    pub(crate) digest: Option<String>,
    pub(crate) outcomes: Vec<Outcome>,
}

/// One source on its way through a reconciliation.
struct Run<'a, 'b> {
    inquiry: &'b mut Inquiry<'a>,
    object: &'a OciRepository,
    conditions: Conditions,
}

/// Follows a reconciliation to its end.
pub(crate) fn follow<'a>(
    inquiry: &mut Inquiry<'a>,
    object: &'a OciRepository,
    course: &mut Course,
) -> Result<(), Stop> {
    let conditions = match inquiry.situation.fresh {
        true => Conditions::default(),
        false => Conditions::left_by(&object.status),
    };
    Run { inquiry, object, conditions }.reconcile(course)
}

impl<'a> Run<'a, '_> {
    fn reconcile(mut self, course: &mut Course) -> Result<(), Stop> {
        let spec = &self.object.spec;
        if let Some((reason, message)) = self.connect()? {
            course.outcomes = vec![self.conditions.fetch_fails(reason, message, Then::Retries)];
            return Ok(());
        }
        let repository = match Repository::of_url(&spec.url, spec.insecure) {
            Ok(repository) => repository,
            Err(words) => {
                self.inquiry.met(&rules::URL_INVALID);
                let message = format!("URL validation failed for '{}': {words}", spec.url);
                let outcome = self.conditions.fetch_fails("URLInvalid", message, Then::Stalls);
                course.outcomes = vec![outcome];
                return Ok(());
            }
        };
        course.repository = Some(repository.name());
        let named = spec.cert_secret_ref.as_ref();
        let namespace = &self.object.metadata.namespace;
        let repository = repository.by(connection::authorities(self.inquiry, named, namespace)?);
        let followed = match resolve::choose(self.inquiry, spec, &repository)? {
            Ok(followed) => followed,
            Err(words) => {
                let message =
                    format!("failed to determine the artifact tag for '{}': {words}", spec.url);
                let reason = "ReadOperationFailed";
                course.outcomes = vec![self.conditions.fetch_fails(reason, message, Then::Retries)];
                return Ok(());
            }
        };
        for followed in &followed {
            let outcomes = self.fetch(followed, &repository, course)?;
            course.outcomes.extend(outcomes);
        }
        Ok(())
    }

    /// Credentials, proxy and certificates of the connection: what fails before anything is asked.
    fn connect(&mut self) -> Result<Option<(&'static str, String)>, Stop> {
        let namespace = &self.object.metadata.namespace;
        let fault = connection::fault(self.inquiry, &self.object.spec, namespace)?;
        Ok(fault.map(|message| ("AuthenticationFailed", message)))
    }

    fn fetch(
        &mut self,
        followed: &Followed,
        repository: &Repository,
        course: &mut Course,
    ) -> Result<Vec<Outcome>, Stop> {
        let resolved = match resolve::resolve(self.inquiry, followed, repository)? {
            Ok(resolved) => resolved,
            Err(words) => {
                let message = format!("failed to determine artifact digest: {words}");
                let reason = "OCIArtifactPullFailed";
                return Ok(vec![self.conditions.fetch_fails(reason, message, Then::Retries)]);
            }
        };
        course.digest = Some(resolved.digest.clone());
        let Some(verify) = &self.object.spec.verify else {
            self.inquiry.met(&rules::NOT_VERIFIED);
            let mut after = self.conditions.clone();
            after.source_verified = None;
            return Ok(vec![self.pull(after, &resolved, repository)?]);
        };
        let mut outcomes = vec![];
        let was_verified = self.was_verified(&resolved);
        if was_verified {
            self.inquiry.met(&rules::VERIFIED_BEFORE);
            outcomes.push(self.pull(self.conditions.clone(), &resolved, repository)?);
            if !self.inquiry.situation.controller.watches_secrets() {
                return Ok(outcomes);
            }
            self.inquiry.met(&rules::FINGERPRINT);
        }
        for ruling in self.verify(verify, followed, &resolved, repository)? {
            let outcome = self.rule(verify, ruling, &resolved, repository)?;
            if !outcomes.contains(&outcome) {
                outcomes.push(outcome);
            }
        }
        Ok(outcomes)
    }

    /// Whether this revision was verified for this generation of the object.
    fn was_verified(&self, resolved: &Resolved) -> bool {
        let (object, fresh) = (self.object, self.inquiry.situation.fresh);
        let condition = object.status.condition("SourceVerified");
        !fresh
            && object.status.artifact.as_ref().is_some_and(|it| it.revision == resolved.revision)
            && condition.is_some_and(|it| {
                it.status == "True" && it.observed_generation == object.metadata.generation
            })
    }

    fn rule(
        &mut self,
        verify: &Verification,
        ruling: Ruling,
        resolved: &Resolved,
        repository: &Repository,
    ) -> Result<Outcome, Stop> {
        match ruling {
            Ruling::Verified => {
                let mut after = self.conditions.clone();
                after.verified(format!("verified signature of revision {}", resolved.revision));
                self.pull(after, resolved, repository)
            }
            Ruling::Ignored => self.pull(self.conditions.clone(), resolved, repository),
            Ruling::Fails { message, errors } => {
                self.inquiry.met(&rules::OLD_ARTIFACT_SERVED);
                let keyless = verify.secret_ref.is_none() && verify.provider == "cosign";
                let provider = if keyless { "cosign keyless" } else { &verify.provider };
                let message = format!(
                    "failed to verify the signature using provider '{provider}': {message}"
                );
                Ok(self.conditions.verification_fails(message, errors))
            }
        }
    }
}
