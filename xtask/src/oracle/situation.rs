//! A situation: what lies in the registry, what the cluster is told, and what happens then.
//!
//! Strings hold places that are filled in when the situation is arranged: `{host}` (of its registry),
//! `{repository}`, `{digest}` (of the first artifact), `{issuer}` (of the dev stack), `{closed}` (an address
//! where nobody listens).

use serde_json::{Map, Value, json};

use super::evidence::Piece;
use crate::planes::Controller;

/// One situation; every object in it is fresh.
#[derive(Debug, Clone)]
pub(super) struct Situation {
    /// Name of the objects, of the repository, and in `docs/concepts/flux.md`.
    pub(super) name: String,
    /// Why it is here, in a line.
    pub(super) because: String,
    pub(super) shelf: Shelf,
    /// The name of the internet that its registry is given, where it is not asked by its address.
    pub(super) under: Option<&'static str>,
    /// What is pushed, by tag; evidence is about the first.
    pub(super) artifacts: Vec<Artifact>,
    pub(super) evidence: Vec<Piece>,
    /// Faults of the dev registry, each for this repository only.
    pub(super) faults: Vec<Value>,
    pub(super) source: Source,
    pub(super) secrets: Vec<Secret>,
    pub(super) acts: Vec<Act>,
    /// How many objects of it are made: more than one where chance decides.
    pub(super) copies: usize,
    /// Why more than one outcome is right; `None` where the controller has no choice.
    pub(super) chance: Option<&'static str>,
    /// Why the predictor must not decide it; `None` where it must.
    pub(super) unforetold: Option<&'static str>,
    /// The controllers that know what it is about, and why the others do not.
    pub(super) only: Option<(Controller, &'static str)>,
}

/// The registry that it is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Shelf {
    /// Dev registry with the referrers API.
    Api,
    /// Dev registry without the referrers API.
    Tag,
    /// distribution's registry.
    Distribution,
    /// `crane registry serve`.
    Crane,
}

/// Something that can be fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Artifact {
    pub(super) tag: &'static str,
    pub(super) form: Form,
}

/// How an artifact is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// As `flux push artifact` makes it.
    Flux,
    /// As KSail makes it: a Docker manifest.
    Docker,
    /// A Helm chart.
    Chart,
    /// An index that holds an image for linux/amd64.
    Index,
    /// An index that holds an image for linux/arm64 only.
    ArmIndex,
    /// A manifest without layers.
    Empty,
    /// Two layers: text first, the contents second.
    TwoLayers,
    /// A layer that is not compressed.
    Plain,
    /// A sound manifest, behind whose layer's digest the registry holds other bytes.
    Forged(Forgery),
}

/// What a registry hands out instead of a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Forgery {
    /// Another whole archive, of the same length.
    Archive,
    /// The same with a byte more.
    Longer,
    /// An archive of the same length that breaks off.
    Broken,
}

/// The object that is watched.
#[derive(Debug, Clone)]
pub(super) enum Source {
    OciRepository(Map<String, Value>),
    /// With a HelmRepository of type `oci`.
    HelmChart {
        chart: Map<String, Value>,
        repository: Map<String, Value>,
    },
    /// The HelmRepository of a chart by itself.
    HelmRepository(Map<String, Value>),
    /// A HelmRelease. Its own controller is not run: what it makes of the release, or what the release
    /// names, is watched.
    HelmRelease {
        release: Map<String, Value>,
        /// Kind and `spec` of that.
        through: (&'static str, Map<String, Value>),
        repository: Map<String, Value>,
    },
}

/// A Secret; the same name always holds the same.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Secret {
    pub(super) name: &'static str,
    pub(super) kind: &'static str,
    pub(super) entries: Vec<(&'static str, Content)>,
}

/// What stands in a Secret under one key.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Content {
    Text(&'static str),
    /// The public key of this name, as the dev stack made it.
    PublicKey(&'static str),
    /// The URL of the proxy that knows the registry's names.
    Proxy,
    /// The dev stack's trusted root.
    TrustedRoot(Edit),
}

/// What is done to a trusted root: JSON pointer and what is put there (`null` takes it away).
pub(super) type Edit = Vec<(&'static str, Value)>;

/// What happens after the controller had its first say; it is asked again after each.
#[derive(Debug, Clone)]
pub(super) enum Act {
    /// `spec` is patched (JSON merge patch).
    Spec(Value),
    /// A Secret is replaced, and a reconciliation asked for by annotation.
    Secret(Secret),
    /// A reconciliation is asked for by annotation.
    Reconcile,
    /// The first tag now leads to the artifact of this tag.
    MoveTag(&'static str),
    /// The evidence is deleted from the registry.
    DeleteEvidence,
}

/// A situation with a healthy artifact `v1` and no verification.
pub(super) fn situation(name: impl Into<String>, because: impl Into<String>) -> Situation {
    let spec = json!({
        "url": "oci://{host}/{repository}", "interval": "1h", "ref": {"tag": "v1"},
    });
    Situation {
        name: name.into(),
        because: because.into(),
        shelf: Shelf::Api,
        under: None,
        artifacts: vec![Artifact { tag: "v1", form: Form::Flux }],
        evidence: Vec::new(),
        faults: Vec::new(),
        source: Source::OciRepository(fields(spec)),
        secrets: Vec::new(),
        acts: Vec::new(),
        copies: 1,
        chance: None,
        unforetold: None,
        only: None,
    }
}

/// A situation with the chart `app` 1.0.0.
pub(super) fn chart(name: impl Into<String>, because: impl Into<String>) -> Situation {
    let chart = json!({
        "chart": "app", "version": "1.0.0", "interval": "1h",
        "sourceRef": {"kind": "HelmRepository", "name": "{name}"},
    });
    let repository = json!({
        "type": "oci", "url": "oci://{host}/oracle/{name}", "interval": "1h", "insecure": true,
    });
    Situation {
        artifacts: vec![Artifact { tag: "1.0.0", form: Form::Chart }],
        source: Source::HelmChart { chart: fields(chart), repository: fields(repository) },
        ..situation(name, because)
    }
}

/// A situation with a HelmRelease that takes the chart `app` 1.0.0 as its template says, verified so.
pub(super) fn release(
    name: impl Into<String>,
    because: impl Into<String>,
    verify: Value,
) -> Situation {
    let of = chart(name, because).verify(verify.clone());
    let Source::HelmChart { chart: mut made, repository } = of.source.clone() else { return of };
    let mut template = made.clone();
    let named = json!({"kind": "HelmRepository", "name": "{name}"});
    template.insert("sourceRef".to_owned(), named);
    let release = json!({"interval": "1h", "chart": {"spec": template}});
    made.insert("reconcileStrategy".to_owned(), json!("ChartVersion"));
    let through = ("HelmChart", made);
    Situation {
        source: Source::HelmRelease { release: fields(release), through, repository },
        ..of
    }
}

/// The same with a HelmRelease that takes what this situation's OCIRepository serves.
pub(super) fn release_of(situation: Situation) -> Situation {
    let Source::OciRepository(spec) = situation.source.clone() else { return situation };
    let named = json!({"kind": "OCIRepository", "name": "{name}"});
    let release = fields(json!({"interval": "1h", "chartRef": named}));
    let through = ("OCIRepository", spec);
    Situation {
        source: Source::HelmRelease { release, through, repository: Map::new() },
        ..situation
    }
}

fn fields(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

impl Situation {
    /// Where its artifacts are, under the registry's host.
    pub(super) fn repository(&self) -> String {
        let is_chart = match &self.source {
            Source::OciRepository(_) => false,
            Source::HelmChart { .. } | Source::HelmRepository(_) => true,
            Source::HelmRelease { through, .. } => through.0 == "HelmChart",
        };
        format!("oracle/{}{}", self.name, if is_chart { "/app" } else { "" })
    }

    pub(super) fn on(self, shelf: Shelf) -> Self {
        Self { shelf, ..self }
    }

    /// Sets a field of the source's `spec`; `null` takes it away.
    pub(super) fn spec(mut self, field: &str, value: Value) -> Self {
        let (Source::OciRepository(spec)
        | Source::HelmChart { chart: spec, .. }
        | Source::HelmRepository(spec)
        | Source::HelmRelease { release: spec, .. }) = &mut self.source;
        match value {
            Value::Null => drop(spec.remove(field)),
            value => drop(spec.insert(field.to_owned(), value)),
        }
        self
    }

    /// The HelmRepository does not say that it speaks plain HTTP.
    pub(super) fn over_tls(mut self) -> Self {
        if let Source::HelmChart { repository, .. } = &mut self.source {
            repository.remove("insecure");
        }
        self
    }

    /// Sets a field of the HelmRepository's `spec`.
    pub(super) fn repository_spec(mut self, field: &str, value: Value) -> Self {
        if let Source::HelmChart { repository, .. } = &mut self.source {
            repository.insert(field.to_owned(), value);
        }
        self
    }

    /// The chart's HelmRepository by itself is what is watched.
    pub(super) fn repository_alone(mut self) -> Self {
        if let Source::HelmChart { repository, .. } = self.source {
            self.source = Source::HelmRepository(repository);
        }
        self
    }

    /// Its registry is asked by this name, which the proxy knows.
    pub(super) fn under(self, name: &'static str) -> Self {
        Self { under: Some(name), ..self }
    }

    pub(super) fn verify(self, verify: Value) -> Self {
        self.spec("verify", verify)
    }

    /// Follows this reference.
    pub(super) fn follows(self, reference: Value) -> Self {
        self.spec("ref", reference)
    }

    /// Artifacts of these tags instead of `v1`.
    pub(super) fn tags(self, tags: &[&'static str]) -> Self {
        let artifacts = tags.iter().map(|tag| Artifact { tag, form: Form::Flux }).collect();
        Self { artifacts, ..self }
    }

    /// Charts of these versions instead of 1.0.0.
    pub(super) fn tags_of_charts(self, tags: &[&'static str]) -> Self {
        self.tags(tags).form(Form::Chart)
    }

    /// All artifacts are of this form.
    pub(super) fn form(mut self, form: Form) -> Self {
        for artifact in &mut self.artifacts {
            artifact.form = form;
        }
        self
    }

    pub(super) fn with(mut self, piece: impl Into<Piece>) -> Self {
        self.evidence.push(piece.into());
        self
    }

    pub(super) fn secret(mut self, secret: Secret) -> Self {
        self.secrets.push(secret);
        self
    }

    /// A fault of the dev registry: kind of request, and effect.
    pub(super) fn fault(mut self, kind: &str, effect: Value) -> Self {
        self.faults.push(json!({"kind": kind, "effect": effect}));
        self
    }

    /// The same for requests whose path holds this.
    pub(super) fn fault_at(mut self, path: &str, effect: Value) -> Self {
        self.faults.push(json!({"path": path, "effect": effect}));
        self
    }

    /// Requests with this method are refused.
    pub(super) fn fault_method(mut self, method: &str, code: u16) -> Self {
        self.faults.push(json!({"method": method, "effect": {"status": {"code": code}}}));
        self
    }

    pub(super) fn then(mut self, act: Act) -> Self {
        self.acts.push(act);
        self
    }

    /// Chance decides, so it is tried several times.
    pub(super) fn chance(self, why: &'static str, copies: usize) -> Self {
        Self { chance: Some(why), copies, ..self }
    }

    /// The predictor says that it cannot know.
    pub(super) fn unforetold(self, why: &'static str) -> Self {
        Self { unforetold: Some(why), ..self }
    }

    pub(super) fn only(self, controller: Controller, why: &'static str) -> Self {
        Self { only: Some((controller, why)), ..self }
    }
}

impl Secret {
    pub(super) fn new(name: &'static str, entries: Vec<(&'static str, Content)>) -> Self {
        Self { name, kind: "Opaque", entries }
    }

    /// One entry of plain text.
    pub(super) fn text(name: &'static str, key: &'static str, text: &'static str) -> Self {
        Self::new(name, vec![(key, Content::Text(text))])
    }

    /// One public key, where cosign's users keep it.
    pub(super) fn key(name: &'static str, key: &'static str) -> Self {
        Self::new(name, vec![("cosign.pub", Content::PublicKey(key))])
    }

    /// A trusted root.
    pub(super) fn root(name: &'static str, edit: Edit) -> Self {
        Self::new(name, vec![("trusted_root.json", Content::TrustedRoot(edit))])
    }
}
