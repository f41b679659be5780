//! A declaration: who may sign what, as one consumer reads it.

use sealwright_yaml::{Node, Place, template_in};

/// Who reads a declaration, and so how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Consumer {
    /// Flux, `OCIRepository` `spec.verify`.
    FluxOciRepository,
    /// Flux, `HelmChart` `spec.verify`.
    FluxHelmChart,
    /// Flux, `HelmRelease` `spec.chart.spec.verify`: no identity can be told there.
    FluxHelmRelease,
    /// flux-operator, a patch in a `FluxInstance`.
    FluxInstance,
    /// Kustomize, a patch of a Flux source.
    KustomizePatch,
    /// KSail, `spec.workload.flux.verify`.
    Ksail,
    /// kro, a template of a `ResourceGraphDefinition`.
    Kro,
    /// Kyverno, `ClusterPolicy` or `Policy` `verifyImages`.
    KyvernoClusterPolicy,
    /// Kyverno, `ImageValidatingPolicy`.
    KyvernoImageValidatingPolicy,
    /// Sigstore's policy-controller, `ClusterImagePolicy`.
    PolicyController,
    /// Talos, `ImageVerificationConfig`.
    Talos,
    /// A `cosign verify…` command.
    CosignCommand,
    /// A `gh attestation verify` command.
    GhCommand,
    /// A `slsa-verifier verify-…` command.
    SlsaCommand,
    /// A `notation verify` command.
    NotationCommand,
}

impl Consumer {
    /// Its name for a table.
    pub fn name(self) -> &'static str {
        match self {
            Consumer::FluxOciRepository => "Flux OCIRepository",
            Consumer::FluxHelmChart => "Flux HelmChart",
            Consumer::FluxHelmRelease => "Flux HelmRelease",
            Consumer::FluxInstance => "FluxInstance patch",
            Consumer::KustomizePatch => "Kustomize patch",
            Consumer::Ksail => "KSail",
            Consumer::Kro => "kro template",
            Consumer::KyvernoClusterPolicy => "Kyverno ClusterPolicy",
            Consumer::KyvernoImageValidatingPolicy => "Kyverno ImageValidatingPolicy",
            Consumer::PolicyController => "policy-controller",
            Consumer::Talos => "Talos",
            Consumer::CosignCommand => "cosign command",
            Consumer::GhCommand => "gh command",
            Consumer::SlsaCommand => "slsa-verifier command",
            Consumer::NotationCommand => "notation command",
        }
    }

    /// Where an engine for images reads who may sign, or a key. `None`: Flux, whose fields are those that
    /// every text names.
    pub(crate) fn identity_fields(self) -> Option<&'static str> {
        Some(match self {
            Consumer::KyvernoClusterPolicy => {
                "`keyless.issuer` and `keyless.subject`, or a key in `keys`"
            }
            Consumer::KyvernoImageValidatingPolicy => {
                "`cosign.keyless.identities`, or a key in `cosign.key`"
            }
            Consumer::PolicyController => "`keyless.identities`, or a key in `key`",
            Consumer::Talos => "`keyless.issuer` and `keyless.subject`, or a key in `publicKey`",
            _ => return None,
        })
    }

    /// Whether it is a command, which enforces nothing beyond its own run.
    pub fn is_command(self) -> bool {
        matches!(
            self,
            Consumer::CosignCommand
                | Consumer::GhCommand
                | Consumer::SlsaCommand
                | Consumer::NotationCommand
        )
    }

    /// Whether Flux' source-controller reads it in the end.
    pub fn is_flux(self) -> bool {
        matches!(
            self,
            Consumer::FluxOciRepository
                | Consumer::FluxHelmChart
                | Consumer::FluxHelmRelease
                | Consumer::FluxInstance
                | Consumer::KustomizePatch
                | Consumer::Ksail
                | Consumer::Kro
        )
    }
}

/// Who may sign what, at one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declaration {
    /// Who reads it.
    pub consumer: Consumer,
    /// The object, `OCIRepository flux-system/flux-system`; or the first words of a command.
    pub object: String,
    /// File that it stands in.
    pub file: String,
    /// Where the block begins.
    pub at: Place,
    /// What it protects.
    pub guards: Vec<Guarded>,
    /// Which kind of signature it asks for.
    pub provider: Provider,
    /// It trusts a key (a Secret, a key file) and not a keyless identity.
    pub key: bool,
    /// One for each entry: any of them suffices.
    pub identities: Vec<Identity>,
    /// What the certificate must say beside an entry. All of them must hold.
    pub claims: Vec<Claim>,
    /// On the path of Sigstore bundles its consumer takes one identity only, and refuses all
    /// artifacts when there are more.
    pub bundle_path: bool,
    /// What makes it weaker than it looks, or other.
    pub weakened: Vec<Weakened>,
}

/// Something that a certificate of Fulcio says of the run, beside issuer and name, and that a command
/// asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// What it is about.
    pub about: Claimed,
    /// What it must be: all of it, as it is written.
    pub is: Matcher,
}

/// What a claim is about. The run, and so the caller, where the name in the certificate is that of a
/// called workflow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Claimed {
    /// `owner/name` of the repository that the run belongs to. Nobody chooses it but who can make runs
    /// there.
    Repository,
    /// Its owner.
    Owner,
    /// The ref that the run stands on. Every repository has a `refs/heads/main`.
    Ref,
    /// The commit that the run stands on. A fork has the same.
    Commit,
    /// What the workflow calls itself. Anybody may choose that name.
    Name,
    /// The event that started the run.
    Trigger,
}

/// A field that takes something away from a verification, or changes whom it trusts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weakened {
    /// How.
    pub how: Weakening,
    /// The field with its value, `spec.mode: warn`.
    pub field: String,
    /// Where it stands.
    pub at: Place,
}

/// How a verification is weakened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Weakening {
    /// What fails is told and let in: `Audit`, `Warn`.
    Warns,
    /// The same, because the field is not written and that is its default.
    WarnsByDefault,
    /// It does nothing when something is admitted.
    Off,
    /// A part of it is left out: the transparency log, the certificate log, a webhook's answer.
    Skips,
    /// A rule before it takes all that it is about.
    Unreached {
        /// And verifies none of it.
        skipped: bool,
    },
    /// It is not in force for some: namespaces, images, whatever the field says.
    Excepts,
    /// It looks for signatures of the older format alone, at tags that cosign 3 does not write.
    LegacyOnly,
    /// It brings trust of its own, in place of what Sigstore publishes.
    Trusts,
    /// It is in force for nobody but those that a condition takes in.
    Narrows,
    /// Its consumer does not read the field there.
    Ignores,
    /// The webhook that reads it refuses such a policy.
    Refused,
    /// Two of its fields must fit, and what fits both has no words here.
    Undecided,
    /// Two of its fields must fit, and nothing fits both: nobody is let in.
    Excludes,
}

/// Something that a declaration protects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guarded {
    /// URL, image reference or glob, or `kind namespace/name` of a source.
    pub what: String,
    /// Where that is said.
    pub at: Place,
    /// False when a template or a variable without default is in it.
    pub whole: bool,
    /// Which artifact of it.
    pub follows: Follows,
}

/// Which artifact of a repository is pulled.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Follows {
    /// What the text itself names: an image reference, of which tag and digest are a part.
    #[default]
    AsWritten,
    /// What this tag names.
    Tag(String),
    /// Exactly this.
    Digest(String),
    /// The highest version that the tags of the registry have in a range.
    Range(Range),
    /// It takes more than the files to know, and why, as a sentence without a full stop.
    NotResolved(String),
}

/// A range of versions, as Flux reads it (`sealwright_flux::highest_tags`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Range {
    /// The field that says it: `semver` of a source, `version` of a chart.
    pub field: &'static str,
    /// The range.
    pub text: String,
    /// A Go pattern that the tags must match first; empty when all of them count.
    pub filter: String,
    /// The artifact is a chart: a tag has `_` where its version has `+`.
    pub is_chart: bool,
}

/// Which signatures a consumer asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Provider {
    /// Sigstore.
    Cosign,
    /// Notary Project.
    Notation,
    /// None: the provider is empty, or white space.
    Blank,
    /// Another word, which its consumer refuses or does not know.
    Other(String),
}

impl Provider {
    /// From the word in a `provider` field.
    pub fn of(word: &str) -> Self {
        match word.trim() {
            "cosign" => Provider::Cosign,
            "notation" => Provider::Notation,
            "" => Provider::Blank,
            other => Provider::Other(other.to_owned()),
        }
    }
}

/// One entry: both halves must match.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Identity {
    /// The OIDC issuer; absent when the entry does not tell it.
    pub issuer: Option<Matcher>,
    /// The name in the certificate; absent when the entry does not tell it.
    pub subject: Option<Matcher>,
    /// Where the entry begins.
    pub at: Place,
}

/// A text that is matched against a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matcher {
    /// How it is matched.
    pub form: Form,
    /// The text.
    pub text: String,
    /// Where it stands.
    pub at: Place,
    /// False when a template or a variable without default is in it: template, not judged.
    pub whole: bool,
}

/// How a matcher's text is matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Form {
    /// Go's regular expression, found anywhere.
    Regex,
    /// `*` and `?` as Kyverno takes them, against all of it.
    Glob,
    /// Equality.
    Exact,
    /// What it begins with, whatever the case of its letters: what `gh` makes of an owner, a
    /// repository or a workflow.
    Prefix,
}

impl Matcher {
    /// The matcher in a scalar; none when there is no scalar.
    pub fn of(node: &Node, form: Form) -> Option<Self> {
        let text = node.scalar()?.to_owned();
        let whole = template_in(&text).is_none() && !node.is_encrypted();
        Some(Self { form, text, at: node.at.clone(), whole })
    }
}

impl Guarded {
    /// An object that is protected.
    pub fn object(what: impl Into<String>, at: Place) -> Self {
        Self { what: what.into(), at, whole: true, follows: Follows::AsWritten }
    }

    /// What a scalar names.
    pub fn of(node: &Node) -> Option<Self> {
        let what = node.scalar()?.to_owned();
        let whole = template_in(&what).is_none() && !node.is_encrypted();
        Some(Self { what, at: node.at.clone(), whole, follows: Follows::AsWritten })
    }
}

impl Follows {
    /// From the `spec` of an `OCIRepository`: a digest wins over a range, a range over a tag, and
    /// without any it is the tag `latest` (source-controller 1.9.6).
    pub(crate) fn of(spec: &Node) -> Self {
        let Some(reference) = spec.get("ref").filter(|reference| !reference.is_null()) else {
            return Follows::Tag("latest".to_owned());
        };
        if reference.scalar().is_some() {
            return Follows::NotResolved("`spec.ref` is a text".to_owned());
        }
        let field = |key| {
            let node = reference.get(key).filter(|node| !node.is_null())?;
            node.scalar().filter(|text| !text.is_empty()).map(|text| (node, text))
        };
        let named = |to: fn(String) -> Self, (node, text): (&Node, &str)| match node.is_encrypted()
        {
            true => Follows::NotResolved("`spec.ref` is encrypted".to_owned()),
            false => to(text.to_owned()),
        };
        match (field("digest"), field("semver"), field("tag")) {
            (Some(digest), _, _) => named(Follows::Digest, digest),
            (None, Some(range), _) => named(|text| Self::range("semver", &text), range)
                .filtered(field("semverFilter"), spec),
            (None, None, Some(tag)) => named(Follows::Tag, tag),
            (None, None, None) => Follows::Tag("latest".to_owned()),
        }
    }

    /// A range, of which the tags of the registry make a version.
    pub(crate) fn range(field: &'static str, range: &str) -> Self {
        let (text, filter) = (range.to_owned(), String::new());
        Follows::Range(Range { field, text, filter, is_chart: field == "version" })
    }

    fn filtered(mut self, filter: Option<(&Node, &str)>, spec: &Node) -> Self {
        if let Follows::Range(range) = &mut self {
            range.filter = filter.map(|(_, filter)| filter.to_owned()).unwrap_or_default();
            let media_type = spec.text_at(&["layerSelector", "mediaType"]);
            range.is_chart = media_type == Some(sealwright_flux::CHART_LAYER);
        }
        self
    }

    /// From the `version` of a chart: one version is a tag, all else is a range.
    pub(crate) fn chart(version: &str) -> Self {
        let numbers = version.split(['-', '+']).next().unwrap_or_default();
        let is_number =
            |part: &str| !part.is_empty() && part.bytes().all(|digit| digit.is_ascii_digit());
        match numbers.split('.').count() == 3 && numbers.split('.').all(is_number) {
            // A tag has no `+`: Helm writes `_`.
            true => Follows::Tag(version.replace('+', "_")),
            false => Self::range("version", if version.is_empty() { "*" } else { version }),
        }
    }
}
