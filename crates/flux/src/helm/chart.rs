//! What the controller does with a HelmChart from a registry.

use sealwright_evidence::steps::PublicKey;

use crate::conditions::Conditions;
use crate::connection;
use crate::inquiry::{Inquiry, Step, Stop};
use crate::keyless::Keyless;
use crate::name::Repository;
use crate::oci_repository::Course;
use crate::prediction::{ERRORS_PLACE, Outcome, Then};
use crate::range::{Range, Version};
use crate::resolve::{self, Followed};
use crate::rules;
use crate::seen::{Ask, Authorities};
use crate::source::{ChartVerification, HelmChart, HelmRepository, Source};
use crate::verify::{self, Ruling, Target, key_words};

/// Texts by which the controller tells an authentication failure, anywhere in an error.
const AUTHENTICATION: [&str; 5] =
    ["401", "unauthorized", "authentication required", "tls", "unknown certificate authority"];

/// Follows a reconciliation to its end.
pub(crate) fn follow_chart(
    inquiry: &mut Inquiry<'_>,
    object: &HelmChart,
    course: &mut Course,
) -> Result<(), Stop> {
    let (spec, namespace) = (&object.spec, &object.metadata.namespace);
    if spec.source_ref.kind != "HelmRepository" {
        return Err(Stop::Undecided(format!(
            "a chart from a {} is not verified, and not looked at here",
            spec.source_ref.kind
        )));
    }
    let source = super::find(inquiry, "HelmRepository", namespace, &spec.source_ref.name);
    let Some(Source::HelmRepository(helm_repository)) = source else {
        let name = &spec.source_ref.name;
        return Err(Stop::Undecided(format!("HelmRepository `{namespace}/{name}` is not at hand")));
    };
    if helm_repository.spec.kind != "oci" {
        inquiry.met(&rules::HELM_CHART_OCI_ONLY);
        return Err(Stop::Undecided(
            "the HelmRepository has an index, which is not looked at here".to_owned(),
        ));
    }
    let conditions = match inquiry.situation.fresh {
        true => Conditions::default(),
        false => Conditions::left_by(&object.status),
    };
    if let Some(words) = connection::chart_fault(inquiry, helm_repository)? {
        // Whatever is no error of the build itself is wrapped in one.
        let words = format!("unknown build error: {words}");
        let outcome = conditions.fetch_fails("Unknown", words, Then::Retries);
        course.outcomes = vec![outcome];
        return Ok(());
    }
    let named = helm_repository.spec.cert_secret_ref.as_ref();
    let namespace = &helm_repository.metadata.namespace;
    let authorities = connection::authorities(inquiry, named, namespace)?;
    Chart { inquiry, object, helm_repository, authorities, conditions }.reconcile(course)
}

struct Chart<'a, 'b> {
    inquiry: &'b mut Inquiry<'a>,
    object: &'b HelmChart,
    helm_repository: &'a HelmRepository,
    authorities: Authorities,
    conditions: Conditions,
}

/// What verifies a chart.
enum Verifiers {
    Keys(Vec<PublicKey>),
    Keyless,
}

impl Chart<'_, '_> {
    fn reconcile(mut self, course: &mut Course) -> Result<(), Stop> {
        let verifiers = match &self.object.spec.verify {
            None => None,
            Some(verify) => match self.verifiers(verify)? {
                Ok(verifiers) => Some(verifiers),
                Err(words) => {
                    course.outcomes = vec![self.verifier_fails(verify, &words)];
                    return Ok(());
                }
            },
        };
        let version = match self.version()? {
            Ok(version) => version,
            Err(words) => {
                let words = format!(
                    "chart pull error: failed to get chart version for remote reference: {words}"
                );
                course.outcomes = vec![self.build_fails("ChartPullError", words)];
                return Ok(());
            }
        };
        self.fetch(verifiers.as_ref(), &version, course)
    }

    fn fetch(
        &mut self,
        verifiers: Option<&Verifiers>,
        version: &str,
        course: &mut Course,
    ) -> Result<(), Stop> {
        let url = self.url();
        let name = url.trim_start_matches("oci://");
        let repository = self.repository(name).map_err(|words| {
            Stop::Undecided(format!("the chart's URL names no repository: {words}"))
        })?;
        course.repository = Some(repository.name());
        let fault = self.client_fault(&url, version, &repository)?;
        // Before charts were pinned, verification had a client of its own.
        let pinned = self.inquiry.situation.controller.pulls_charts_by_digest();
        let fails_later = verifiers.is_some() && !pinned && repository.is_local();
        if let (Some((reason, words)), false) = (&fault, fails_later) {
            course.outcomes = vec![self.build_fails(reason, words.clone())];
            return Ok(());
        }
        let tag = Followed::Tag(version.replace('+', "_"));
        let resolved = resolve::resolve(self.inquiry, &tag, &repository)?.map_err(|_| {
            Stop::Undecided(format!(
                "{url}:{version} does not resolve, and Helm's words are not foretold"
            ))
        })?;
        course.digest = Some(resolved.digest.clone());
        let Some(verifiers) = verifiers else {
            self.inquiry.met(&rules::NOT_VERIFIED);
            self.conditions.source_verified = None;
            course.outcomes = vec![self.pulled(version)];
            return Ok(());
        };
        self.inquiry.met(&rules::HELM_CHART_ALWAYS);
        // Cosign's own client has none of the settings of Helm's.
        if self.authorities != Authorities::Everybodys {
            self.inquiry.met(&rules::HELM_CHART_AUTHORITIES);
        }
        let repository = repository.by(Authorities::Everybodys);
        let target =
            Target { digest: &resolved.digest, repository: &repository, finds_insecure: false };
        let named = match pinned {
            true => format!("{url}@{}", resolved.digest),
            false => format!("{url}:{version}"),
        };
        for ruling in self.verify(verifiers, &target)? {
            let outcome = match (&fault, &ruling) {
                (Some((reason, words)), Ruling::Verified) => {
                    self.build_fails(reason, words.clone())
                }
                _ => self.rule(ruling, &named, version),
            };
            if !course.outcomes.contains(&outcome) {
                course.outcomes.push(outcome);
            }
        }
        Ok(())
    }

    fn verifier_fails(&self, verify: &ChartVerification, words: &str) -> Outcome {
        let keyless = verify.secret_ref.is_none() && verify.provider == "cosign";
        let provider = if keyless { "cosign keyless" } else { &verify.provider };
        let message =
            format!("failed to verify the signature using provider '{provider}': {words}");
        self.conditions.chart_verifier_fails(message)
    }

    fn verifiers(&mut self, verify: &ChartVerification) -> Step<Verifiers> {
        let namespace = &self.object.metadata.namespace;
        if verify.provider != "cosign" {
            self.inquiry.met(&rules::NOTATION);
            let secret = verify.secret_ref.as_ref();
            let name = &self.object.metadata.name;
            return match crate::notation::policy(self.inquiry, namespace, secret, name)? {
                Err(words) => Ok(Err(words)),
                Ok(_) => Err(Stop::Undecided("what Notation says is not foretold".to_owned())),
            };
        }
        let Some(secret) = &verify.secret_ref else { return Ok(Ok(Verifiers::Keyless)) };
        let entries = match self.inquiry.secret(namespace, &secret.name)? {
            Ok(entries) => entries,
            Err(words) => return Ok(Err(words)),
        };
        let mut keys = vec![];
        for (_, pem) in entries.iter().filter(|(name, _)| name.ends_with(".pub")) {
            match PublicKey::parse(pem) {
                Ok(key) => keys.push(key),
                Err(_) if pem.is_empty() => {
                    return Err(Stop::Undecided("an empty key verifies keyless".to_owned()));
                }
                Err(fault) => {
                    self.inquiry.met(&rules::KEY_UNREADABLE);
                    return Ok(Err(key_words(&fault)?));
                }
            }
        }
        if keys.is_empty() {
            self.inquiry.met(&rules::HELM_CHART_NO_KEYS);
            let place = format!("{namespace}/{}", secret.name);
            return Ok(Err(format!("no public keys found in secret '{place}'")));
        }
        Ok(Ok(Verifiers::Keys(keys)))
    }

    fn verify(&mut self, verifiers: &Verifiers, target: &Target<'_>) -> Result<Vec<Ruling>, Stop> {
        match verifiers {
            Verifiers::Keys(keys) => {
                self.inquiry.met(&rules::HELM_CHART_KEYS);
                let mut rulings = vec![];
                // Whichever comes first decides: it verifies, or its error ends the attempt.
                for key in keys {
                    let ruling = verify::by_key(self.inquiry, key, target)?;
                    if !rulings.contains(&ruling) {
                        rulings.push(ruling);
                    }
                }
                Ok(rulings)
            }
            Verifiers::Keyless => {
                self.inquiry.met(&rules::PUBLIC_SIGSTORE);
                let root = self.inquiry.situation.public_root.ok_or_else(|| {
                    Stop::Undecided(
                        "the trusted root of the public Sigstore is not at hand".to_owned(),
                    )
                })?;
                let verify = self.object.spec.verify.as_ref();
                let identities = verify.map_or(&[][..], |verify| &verify.match_oidc_identity);
                verify::by_identities(self.inquiry, &Keyless { root, identities }, target)
            }
        }
    }

    fn rule(&mut self, ruling: Ruling, named: &str, version: &str) -> Outcome {
        match ruling {
            Ruling::Verified => {
                self.conditions.verified(format!("verified signature of version {version}"));
                self.pulled(version)
            }
            Ruling::Ignored => self.pulled(version),
            Ruling::Fails { message, errors } => {
                let message =
                    format!("chart verification error: failed to verify {named}: {message}");
                if self.is_relabelled(&message.replace(ERRORS_PLACE, &errors.join("\n"))) {
                    let mut outcome = self.relabelled(&message);
                    outcome.errors = errors;
                    return outcome;
                }
                self.inquiry.met(&rules::OLD_ARTIFACT_SERVED);
                self.conditions.chart_fails(message, errors)
            }
        }
    }

    fn is_relabelled(&mut self, message: &str) -> bool {
        let relabelled = AUTHENTICATION.iter().any(|text| message.contains(text));
        if relabelled {
            self.inquiry.met(&rules::HELM_CHART_RELABELLED);
        }
        relabelled
    }

    fn build_fails(&mut self, reason: &'static str, message: String) -> Outcome {
        if self.is_relabelled(&message) {
            return self.relabelled(&message);
        }
        self.conditions.fetch_fails(reason, message, Then::Retries)
    }

    fn relabelled(&self, message: &str) -> Outcome {
        let message = format!(
            "unknown build error: failed to authenticate with the Helm repository: {message}"
        );
        self.conditions.fetch_fails("Unknown", message, Then::Retries)
    }

    /// Why Helm's own client does not get the chart, in its words; `None` when it does. It speaks
    /// plain HTTP only where it is told to.
    fn client_fault(
        &mut self,
        url: &str,
        version: &str,
        repository: &Repository,
    ) -> Result<Option<(&'static str, String)>, Stop> {
        let tag = version.replace('+', "_");
        let head = self.inquiry.ask(repository.request(Ask::Head(tag.clone())))?;
        let resolves = self.inquiry.situation.controller.pulls_charts_by_digest();
        let verifies = self.object.spec.verify.is_some() && resolves;
        let failed = |words: String| match verifies {
            true => (
                "ChartVerificationError",
                format!(
                    "chart verification error: failed to resolve digest for '{url}:{version}': {words}"
                ),
            ),
            false => (
                "ChartPullError",
                format!(
                    "chart pull error: failed to download chart for remote reference: failed to get '{url}:{version}': failed to perform \"FetchReference\" on source: {words}"
                ),
            ),
        };
        if head.url.starts_with("http://") && !repository.insecure {
            let method = if verifies { "Head" } else { "Get" };
            let asked = head.url.replacen("http://", "https://", 1);
            return Ok(Some(failed(format!(
                "{method} \"{asked}\": http: server gave HTTP response to HTTPS client"
            ))));
        }
        Ok(match head.status {
            200 => None,
            404 => Some(failed(format!("{}:{tag}: not found", repository.name()))),
            status => {
                return Err(Stop::Undecided(format!(
                    "the registry answers {status} for {url}:{version}, and Helm's words are not foretold"
                )));
            }
        })
    }

    fn pulled(&self, version: &str) -> Outcome {
        let message = format!("pulled '{}' chart with version '{version}'", self.object.spec.chart);
        self.conditions.ready("ChartPullSucceeded", message, version.to_owned())
    }

    fn url(&self) -> String {
        let base = self.helm_repository.spec.url.trim_end_matches('/');
        format!("{base}/{}", self.object.spec.chart)
    }

    fn repository(&self, name: &str) -> Result<Repository, String> {
        let repository = Repository::of_name(name, self.helm_repository.spec.insecure)?;
        Ok(repository.by(self.authorities.clone()))
    }

    /// The version: as it is written when it is one, else the highest tag in the range.
    fn version(&mut self) -> Step<String> {
        let wanted = self.object.spec.version.clone();
        if Version::of_tag(&wanted).is_some() {
            return Ok(Ok(wanted));
        }
        let url = self.url();
        let name = url.trim_start_matches("oci://");
        let repository = match self.repository(name) {
            Ok(repository) => repository,
            Err(words) => return Ok(Err(words)),
        };
        let tags = resolve::tags(self.inquiry, &repository)?.map_err(|_| {
            Stop::Undecided(format!(
                "the tags of {url} cannot be read, and Helm's words are not foretold"
            ))
        })?;
        let tags: Vec<String> = tags.iter().map(|tag| tag.replace('_', "+")).collect();
        if tags.contains(&wanted) {
            return Ok(Ok(wanted));
        }
        let range = match Range::parse(if wanted.is_empty() { "*" } else { &wanted }) {
            Ok(range) => range,
            Err(words) => return Ok(Err(words)),
        };
        Ok(resolve::highest_of(&tags, &range).into_iter().next().ok_or_else(|| {
            format!("could not locate a version matching provided version string {wanted}")
        }))
    }
}
