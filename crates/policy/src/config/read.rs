//! From the tree to a configuration: the schema, one function for each type, in the order of the
//! file.

use jiff::civil::Date;

use super::mistake::Mistake;
use super::reader::{At, Fields, Reader};
use super::shape;
use super::*;
use crate::API_VERSION;
use crate::codes::Code;

/// The whole file. `None` only beside mistakes.
pub(super) fn config(reader: &mut Reader, at: &At<'_>, today: Date) -> Option<Config> {
    let fields = reader.fields(
        at,
        &["apiVersion", "kind", "signers", "artifacts"],
        &["charts", "environments"],
    )?;
    let api_version =
        fields.get("apiVersion").and_then(|at| reader.word(&at, &[(API_VERSION, API_VERSION)]));
    let kind = fields.get("kind").and_then(|at| reader.word(&at, &[(KIND, KIND)]));
    let signers = fields.get("signers").and_then(|at| reader.named(&at, &shape::NAME, signer));
    let names = names(&fields, "signers");
    let artifacts = fields.get("artifacts").and_then(|at| {
        let read = reader.named(&at, &shape::NAME, |reader, at| artifact(reader, at, &names));
        refuse_shared_repository(reader, &at);
        read
    });
    let charts = match fields.get("charts") {
        None => Some(Vec::new()),
        Some(at) => reader.list(&at, 0, |reader, at| chart(reader, at, today)),
    };
    let environments = match fields.get("environments") {
        None => Some(BTreeMap::new()),
        Some(at) => reader.named(&at, &shape::NAME, environment),
    };
    Some(Config {
        api_version: api_version?.to_owned(),
        kind: kind?.to_owned(),
        signers: signers?,
        artifacts: artifacts?,
        charts: charts?,
        environments: environments?,
    })
}

fn signer(reader: &mut Reader, at: &At<'_>) -> Option<Signer> {
    let fields = reader.fields(at, &["github"], &["calledFrom"])?;
    let github = fields.get("github").and_then(|at| github_signer(reader, &at));
    let called_from = match fields.get("calledFrom") {
        None => Some(Vec::new()),
        Some(at) => reader.texts(&at, 1, &shape::GITHUB_REPOSITORY),
    };
    let signer = Signer { github: github?, called_from: called_from? };
    let by_commit = signer.github.commit.is_some() && signer.github.refs.is_empty();
    if by_commit && signer.called_from.is_empty() {
        let message = format!("`{}` has a `commit` but no `calledFrom`", at.path);
        let mistake = Mistake::new(Code::ConfigMissingKey, message).hint(Some(
            "a workflow that is pinned by commit is called from elsewhere: list the repositories \
             that may, or anybody's run could sign"
                .to_owned(),
        ));
        reader.keep(at, mistake);
    }
    Some(signer)
}

fn github_signer(reader: &mut Reader, at: &At<'_>) -> Option<GithubSigner> {
    let fields = reader.fields(at, &["repository", "workflow"], &["refs", "commit"])?;
    let repository =
        fields.get("repository").and_then(|at| reader.shaped(&at, &shape::GITHUB_REPOSITORY));
    let workflow = fields.get("workflow").and_then(|at| reader.shaped(&at, &shape::WORKFLOW));
    let refs = match fields.get("refs") {
        None => Some(Vec::new()),
        Some(at) => reader.texts(&at, 1, &shape::GIT_REF),
    };
    let commit = match fields.get("commit") {
        None => Some(None),
        Some(at) => commits(reader, &at).map(Some),
    };
    refs_xor_commit(reader, at, &fields);
    Some(GithubSigner {
        repository: repository?,
        workflow: workflow?,
        refs: refs?,
        commit: commit?,
    })
}

fn refs_xor_commit(reader: &mut Reader, at: &At<'_>, fields: &Fields<'_>) {
    match (fields.key("refs"), fields.key("commit")) {
        (None, None) => {
            let message = format!("`{}` has neither `refs` nor `commit`", at.path);
            let mistake = Mistake::new(Code::ConfigMissingKey, message)
                .expected("`refs: [refs/heads/main]`, or `commit: any` for a workflow that is called pinned by commit")
                .hint(Some("without one of them any branch could sign".to_owned()));
            reader.keep(at, mistake);
        }
        (Some(refs), Some(commit)) => {
            let later = if (refs.line, refs.column) > (commit.line, commit.column) {
                (refs, "refs")
            } else {
                (commit, "commit")
            };
            let message = format!("`{}` has both `refs` and `commit`", at.path);
            let mistake = Mistake::new(Code::ConfigConflict, message).hint(Some(
                "a certificate names a ref or a commit, never both: make two signers of it"
                    .to_owned(),
            ));
            reader.keep_key(later.0, later.1, &at.path, mistake);
        }
        _ => {}
    }
}

fn commits(reader: &mut Reader, at: &At<'_>) -> Option<Commit> {
    match &at.node.value {
        node::Value::List(_) => reader.texts(at, 1, &shape::COMMIT).map(Commit::OneOf),
        node::Value::Text(text) if shape::COMMIT.accepts(text) => {
            let message = format!("`{}` is a single commit", at.path);
            let mistake = Mistake::new(Code::ConfigWrongType, message)
                .expected("`any`, or a list of commits")
                .hint(Some(format!("put it in brackets: `[{text}]`")));
            reader.keep(at, mistake);
            None
        }
        _ => reader.word(at, &[("any", AnyCommit::Any)]).map(Commit::Any),
    }
}

fn artifact(reader: &mut Reader, at: &At<'_>, signers: &[&str]) -> Option<Artifact> {
    let fields = reader.fields(at, &["repository", "signers", "evidence"], &["contents"])?;
    let repository =
        fields.get("repository").and_then(|at| reader.shaped(&at, &shape::OCI_REPOSITORY));
    let contents = match fields.get("contents") {
        None => Some(None),
        Some(at) => reader.shaped(&at, &shape::FOLDER).map(Some),
    };
    let used = fields.get("signers").and_then(|at| {
        let used = reader.list(&at, 1, |reader, at| reader.defined(at, "signer", signers));
        reader.refuse_repeats(&at);
        used
    });
    let kinds = EvidenceKind::ALL.map(|kind| (kind.name(), kind));
    let evidence = fields.get("evidence").and_then(|at| {
        let evidence = reader.list(&at, 1, |reader, at| reader.word(at, &kinds));
        reader.refuse_repeats(&at);
        evidence
    });
    Some(Artifact {
        repository: repository?,
        contents: contents?,
        signers: used?,
        evidence: evidence?,
    })
}

/// Two artifacts in one repository could not be told apart by what a tag leads to.
fn refuse_shared_repository(reader: &mut Reader, at: &At<'_>) {
    let node::Value::Map(entries) = &at.node.value else { return };
    let mut owners: BTreeMap<&str, &str> = BTreeMap::new();
    for (key, node) in entries {
        let node::Value::Map(fields) = &node.value else { continue };
        let repository = fields.iter().find(|(field, _)| field.name == "repository");
        let Some((_, repository @ node::Node { value: node::Value::Text(text), .. })) = repository
        else {
            continue;
        };
        if let Some(owner) = owners.insert(text, &key.name) {
            let path = format!("{}.{}.repository", at.path, key.name);
            let message = format!("{} belongs to the artifact `{owner}`", mistake::quote(text));
            let mistake = Mistake::new(Code::ConfigConflict, message)
                .hint(Some("give each artifact a repository of its own".to_owned()));
            reader.keep(&At { node: repository, path }, mistake);
        }
    }
}

fn chart(reader: &mut Reader, at: &At<'_>, today: Date) -> Option<ChartException> {
    let fields = reader.fields(at, &["url", "unsigned"], &[])?;
    let url = fields.get("url").and_then(|at| reader.shaped(&at, &shape::OCI_URL));
    let unsigned = fields.get("unsigned").and_then(|at| exception(reader, &at, today));
    Some(ChartException { url: url?, unsigned: unsigned? })
}

fn exception(reader: &mut Reader, at: &At<'_>, today: Date) -> Option<Exception> {
    let fields = reader.fields(at, &["reason", "until"], &[])?;
    let reason = fields.get("reason").and_then(|at| reader.shaped(&at, &shape::REASON));
    let until = fields.get("until").and_then(|at| last_day(reader, &at, today));
    Some(Exception { reason: reason?, until: until? })
}

fn last_day(reader: &mut Reader, at: &At<'_>, today: Date) -> Option<Date> {
    let text = reader.shaped(at, &shape::DATE)?;
    let Ok(until) = text.parse::<Date>() else {
        let message = format!("{} is not a day of the calendar", mistake::quote(&text));
        reader.keep(at, Mistake::new(Code::ConfigWrongValue, message));
        return None;
    };
    if until < today {
        let message = format!("the exception ended on {until}");
        let mistake = Mistake::new(Code::ConfigExceptionExpired, message)
            .expected(format!("a day not before {today}"))
            .found(text)
            .hint(Some(Code::ConfigExceptionExpired.entry().fix.to_owned()));
        reader.keep(at, mistake);
    }
    Some(until)
}

fn environment(reader: &mut Reader, at: &At<'_>) -> Option<Environment> {
    let optional = ["context", "flux", "certificates", "sources", "organisation"];
    let fields = reader.fields(at, &["trust"], &optional)?;
    let trusts = [("public", Trust::Public), ("devstack", Trust::Devstack)];
    let trust = fields.get("trust").and_then(|at| reader.word(&at, &trusts));
    let mut text = |name, shape| match fields.get(name) {
        None => Some(None),
        Some(at) => reader.shaped(&at, shape).map(Some),
    };
    let context = text("context", &shape::CONTEXT);
    let flux = text("flux", &shape::FLUX_VERSION);
    let certificates = text("certificates", &shape::SECRET);
    let mut texts = |name, shape| match fields.get(name) {
        None => Some(Vec::new()),
        Some(at) => reader.texts(&at, 0, shape),
    };
    let sources = texts("sources", &shape::KUBERNETES_OBJECT);
    let organisation = texts("organisation", &shape::OCI_URL);
    Some(Environment {
        trust: trust?,
        context: context?,
        flux: flux?,
        certificates: certificates?,
        sources: sources?,
        organisation: organisation?,
    })
}

/// The names of a mapping, whether or not what stands behind them can be read.
fn names<'a>(fields: &Fields<'a>, key: &str) -> Vec<&'a str> {
    match fields.get(key).map(|at| &at.node.value) {
        Some(node::Value::Map(entries)) => {
            entries.iter().map(|(key, _)| key.name.as_str()).collect()
        }
        _ => Vec::new(),
    }
}
