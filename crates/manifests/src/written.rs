//! One artifact's signers, in the words of each consumer beside Flux: what is written here is found by
//! [`crate::discover`] as the very same identities.

use std::collections::BTreeSet;

use sealwright_policy::identity::Segment;
use sealwright_policy::{EvidenceKind, ExpectedSigner, Requirements, SanPattern};

/// Issuer of the tokens of GitHub's workflows; `gh` asks for it unless told otherwise.
const GITHUB_ISSUER: &str = "https://token.actions.githubusercontent.com";
const GITHUB: &str = "https://github.com/";
const REKOR: &str = "https://rekor.sigstore.dev";
const FULCIO: &str = "https://fulcio.sigstore.dev";

/// Who reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// Kyverno's `ClusterPolicy`.
    KyvernoClusterPolicy,
    /// Kyverno's `ImageValidatingPolicy`.
    KyvernoImageValidatingPolicy,
    /// policy-controller's `ClusterImagePolicy`.
    ClusterImagePolicy,
    /// Talos' `ImageVerificationConfig`.
    Talos,
    /// A command of cosign.
    Cosign,
    /// A command of `gh`.
    Gh,
}

/// What is rendered, and for whom.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// Who may sign.
    pub requirements: &'a Requirements,
    /// `registry/path` of the artifact.
    pub repository: &'a str,
    /// What the object is called.
    pub name: &'a str,
    /// The tag that a command looks at.
    pub tag: &'a str,
}

/// Something that a consumer has no words for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotSayable {
    /// Exact issuers only, and one identity.
    #[error(
        "{reader} takes one issuer, written out, and the signers have {issuers}; part the artifact, or let one issuer vouch for all"
    )]
    SeveralIssuers {
        /// Who reads it.
        reader: &'static str,
        /// The issuers.
        issuers: String,
    },
    /// Nothing that `gh` could ask GitHub for.
    #[error("gh asks for one owner on GitHub, and {signer} is of another, or not on GitHub")]
    NotOfOneOwner {
        /// Name of a signer.
        signer: String,
    },
}

/// The text, with a line break at its end.
///
/// # Errors
/// The consumer has no words for it.
pub fn written(reader: Reader, wanted: &Wanted<'_>) -> Result<String, NotSayable> {
    Ok(match reader {
        Reader::KyvernoClusterPolicy => cluster_policy(wanted),
        Reader::KyvernoImageValidatingPolicy => validating_policy(wanted),
        Reader::ClusterImagePolicy => cluster_image_policy(wanted),
        Reader::Talos => talos(wanted)?,
        Reader::Cosign => cosign(wanted),
        Reader::Gh => gh(wanted)?,
    })
}

/// It denies, by name: without a word it would only audit.
fn cluster_policy(wanted: &Wanted<'_>) -> String {
    let Wanted { name, repository, .. } = wanted;
    let (issuer, subject) = halves(wanted);
    format!(
        "apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata:
  name: {name}
spec:
  background: false
  webhookConfiguration:
    failurePolicy: Fail
  rules:
    - name: signed
      match:
        any:
          - resources:
              kinds: [Pod]
      verifyImages:
        - type: SigstoreBundle
          imageReferences: ['{repository}:*', '{repository}@*']
          failureAction: Enforce
          required: true
          attestors:
            - entries:
                - keyless:
                    issuerRegExp: {issuer}
                    subjectRegExp: {subject}
                    rekor:
                      url: {REKOR}
"
    )
}

fn validating_policy(wanted: &Wanted<'_>) -> String {
    let Wanted { name, repository, .. } = wanted;
    let (issuer, subject) = halves(wanted);
    let validations: String = ["containers", "initContainers", "ephemeralContainers"]
        .iter()
        .map(|kind| {
            format!(
                "    - message: an image of {repository} is not signed by who may sign it\n      expression: images.{kind}.map(image, verifyImageSignatures(image, [attestors.signers])).all(found, found > 0)\n"
            )
        })
        .collect();
    format!(
        "apiVersion: policies.kyverno.io/v1
kind: ImageValidatingPolicy
metadata:
  name: {name}
spec:
  validationActions: [Deny]
  failurePolicy: Fail
  matchConstraints:
    resourceRules:
      - apiGroups: ['']
        apiVersions: [v1]
        operations: [CREATE, UPDATE]
        resources: [pods]
  matchImageReferences:
    - glob: '{repository}:*'
    - glob: '{repository}@*'
  attestors:
    - name: signers
      cosign:
        keyless:
          identities:
            - issuerRegExp: {issuer}
              subjectRegExp: {subject}
        ctlog:
          url: {REKOR}
  validations:
{validations}"
    )
}

/// In bundles policy-controller looks for attestations alone, so each kind is asked for by its type.
fn cluster_image_policy(wanted: &Wanted<'_>) -> String {
    let Wanted { name, repository, requirements, .. } = wanted;
    let (issuer, subject) = halves(wanted);
    let attestation = |kind: &EvidenceKind| {
        let (name, kind) = (kind.name(), kind.predicate_type());
        format!("        - name: {name}\n          predicateType: {kind}\n")
    };
    let attestations: String = requirements.evidence.iter().map(attestation).collect();
    format!(
        "apiVersion: policy.sigstore.dev/v1beta1
kind: ClusterImagePolicy
metadata:
  name: {name}
spec:
  mode: enforce
  images:
    - glob: '{repository}:*'
    - glob: '{repository}@*'
  authorities:
    - name: signers
      signatureFormat: bundle
      keyless:
        url: {FULCIO}
        identities:
          - issuerRegExp: {issuer}
            subjectRegExp: {subject}
      ctlog:
        url: {REKOR}
      attestations:
{attestations}"
    )
}

/// The first rule for an image decides, so there can be one only.
fn talos(wanted: &Wanted<'_>) -> Result<String, NotSayable> {
    let issuer = only_issuer(wanted.requirements, "Talos")?;
    let (_, subject) = halves(wanted);
    let repository = wanted.repository;
    Ok(format!(
        "apiVersion: v1alpha1
kind: ImageVerificationConfig
rules:
  - image: '{repository}'
    keyless:
      issuer: {issuer}
      subjectRegex: {subject}
"
    ))
}

fn cosign(wanted: &Wanted<'_>) -> String {
    let requirements = wanted.requirements;
    let issuer = match only_issuer(requirements, "cosign") {
        Ok(issuer) => format!("--certificate-oidc-issuer {issuer}"),
        Err(_) => format!("--certificate-oidc-issuer-regexp '{}'", requirements.issuer_pattern()),
    };
    let subject = match only_name(requirements) {
        Some(name) => format!("--certificate-identity {name}"),
        None => format!("--certificate-identity-regexp '{}'", requirements.subject_pattern()),
    };
    let reference = format!("{}:{}", wanted.repository, wanted.tag);
    format!("cosign verify {reference} \\\n  {issuer} \\\n  {subject}\n")
}

fn gh(wanted: &Wanted<'_>) -> Result<String, NotSayable> {
    let requirements = wanted.requirements;
    let scope = github_scope(requirements)?;
    let subject = match only_name(requirements) {
        Some(name) => format!("--cert-identity {name}"),
        None => format!("--cert-identity-regex '{}'", requirements.subject_pattern()),
    };
    // It looks for provenance unless told otherwise.
    let evidence = &requirements.evidence;
    let kind = match evidence.contains(&EvidenceKind::Provenance) {
        true => String::new(),
        false => {
            let kind = evidence.first().copied().unwrap_or(EvidenceKind::Signature);
            format!(" \\\n  --predicate-type {}", kind.predicate_type())
        }
    };
    let reference = format!("oci://{}:{}", wanted.repository, wanted.tag);
    Ok(format!(
        "gh attestation verify {reference} --bundle-from-oci \\\n  {scope} \\\n  {subject}{kind}\n"
    ))
}

/// `--repo` where all runs are of one repository, else `--owner`.
fn github_scope(requirements: &Requirements) -> Result<String, NotSayable> {
    let mut repositories = BTreeSet::new();
    for signer in &requirements.signers {
        let of = sources(signer).filter(|_| signer.issuer == GITHUB_ISSUER);
        let stranger = || NotSayable::NotOfOneOwner { signer: signer.name.clone() };
        repositories.extend(of.ok_or_else(stranger)?);
    }
    let owners: BTreeSet<&str> =
        repositories.iter().filter_map(|one| one.split('/').next()).collect();
    let last = requirements.signers.last().map(|signer| signer.name.clone());
    match (repositories.first(), repositories.len(), owners.len()) {
        (Some(repository), 1, _) => Ok(format!("--repo {repository}")),
        (Some(_), _, 1) => Ok(format!("--owner {}", owners.first().copied().unwrap_or_default())),
        _ => Err(NotSayable::NotOfOneOwner { signer: last.unwrap_or_default() }),
    }
}

/// `owner/name` of each repository whose runs a signer may be.
fn sources(signer: &ExpectedSigner) -> Option<Vec<String>> {
    let name = |url: &str| {
        let mut parts = url.strip_prefix(GITHUB)?.splitn(3, '/');
        Some(format!("{}/{}", parts.next()?, parts.next()?))
    };
    if signer.source_repositories.is_empty() {
        let Some(Segment::Literal(start)) = signer.san.segments().first() else { return None };
        // Both names have to be there in full.
        return (start.matches('/').count() > 4).then(|| name(start))?.map(|one| vec![one]);
    }
    signer.source_repositories.iter().map(|url| name(url)).collect()
}

/// The name, where all signers are one name, letter for letter.
fn only_name(requirements: &Requirements) -> Option<String> {
    let names = requirements.signers.iter().map(|signer| exact(&signer.san));
    let names: BTreeSet<String> = names.collect::<Option<_>>()?;
    // A name that a shell would read otherwise is written as a pattern, in quotes.
    let plain = |name: &String| {
        name.chars().all(|letter| letter.is_ascii_alphanumeric() || "/:.@_-+".contains(letter))
    };
    (names.len() == 1).then(|| names.into_iter().next())?.filter(plain)
}

/// The one name of a pattern without gaps.
fn exact(pattern: &SanPattern) -> Option<String> {
    let literal = |segment: &Segment| match segment {
        Segment::Literal(text) => Some(text.clone()),
        Segment::OneOf(commits) if commits.len() == 1 => commits.first().cloned(),
        Segment::AnyOf(patterns) if patterns.len() == 1 => patterns.first().and_then(exact),
        _ => None,
    };
    pattern.segments().iter().map(literal).collect()
}

fn only_issuer(requirements: &Requirements, reader: &'static str) -> Result<String, NotSayable> {
    let issuers: BTreeSet<&str> =
        requirements.signers.iter().map(|signer| signer.issuer.as_str()).collect();
    match issuers.first() {
        Some(issuer) if issuers.len() == 1 => Ok((*issuer).to_owned()),
        _ => {
            let issuers = Vec::from_iter(issuers).join(", ");
            Err(NotSayable::SeveralIssuers { reader, issuers })
        }
    }
}

/// Issuer and name as patterns, in quotes of YAML.
fn halves(wanted: &Wanted<'_>) -> (String, String) {
    let quoted = |pattern: String| format!("'{}'", pattern.replace('\'', "''"));
    let requirements = wanted.requirements;
    (quoted(requirements.issuer_pattern()), quoted(requirements.subject_pattern()))
}
