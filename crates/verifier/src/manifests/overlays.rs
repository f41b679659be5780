//! What overlays really render: patches can take a lock away, or put one on.
//!
//! `kubectl kustomize` renders, where it is installed; nothing here goes to a network: overlays with
//! remote bases are told and left.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use sealwright_manifests::{Consumer, Declaration, File, Found, Guard, Source, join, look};
use sealwright_policy::{Code, Finding, Place};

use super::kustomization::Kustomizations;
use super::tree::Tree;
use crate::program::{Bounds, Unanswered, ask};

/// Time for all overlays together: kustomize takes a tenth of a second for each.
const DEADLINE: Duration = Duration::from_secs(60);
/// Time for one of them: what waits for ever, such as for a pipe, leaves time for the others.
const OVERLAY_DEADLINE: Duration = Duration::from_secs(15);
/// Bytes of one rendered overlay.
const RENDERED_BYTES_MAX: u64 = 32 << 20;
/// Programs side by side.
const THREADS_MAX: usize = 8;

/// What is rendered is read as.
const RENDERED_NAME: &str = "rendered.yaml";
/// What was rendered, each with the file that says how.
#[derive(Debug, Default)]
pub(super) struct Rendered {
    pub(super) found: Vec<(String, Found)>,
    pub(super) findings: Vec<Finding>,
}

/// Renders every overlay that changes a file with a declaration or a source in it.
pub(super) fn render(tree: &Tree, found: &Found) -> Rendered {
    let overlays = overlays(tree, found);
    let (left, local): (Vec<_>, Vec<_>) =
        overlays.into_iter().partition(|overlay| overlay.left.is_some());
    let findings =
        left.iter().filter_map(|overlay| Some(not_rendered(&overlay.file, overlay.left.clone()?)));
    let mut rendered = Rendered { found: vec![], findings: findings.collect() };
    if local.is_empty() {
        return rendered;
    }
    let until = Instant::now() + DEADLINE;
    let mut help = kubectl(&tree.root);
    help.arg("--help");
    if let Err(Unanswered::Stopped(why)) = ask(help, vec![], bounds(until)) {
        let message = format!("{why}: read file by file, as all {} overlays", local.len());
        rendered.findings.push(not_rendered(&local[0].file, message));
        return rendered;
    }
    for (file, answer) in all(tree, &local, until) {
        match answer {
            Ok(bytes) => {
                // Under a name of its own: what kustomize writes is no kustomization.
                let path = file.replace(name_of(&file), RENDERED_NAME);
                let facts = look(File { path: &path, bytes: &bytes });
                rendered.found.push((file, join(vec![facts])));
            }
            Err(why) => rendered.findings.push(not_rendered(&file, why)),
        }
    }
    rendered
}

/// What a patch makes of a source or a policy is known on paper, or said there that it is not.
fn not_rendered(file: &str, message: String) -> Finding {
    Finding::new(Code::OverlayNotRendered, message).with_place(Place::file(file))
}

/// Whether what is declared there is a policy about images.
fn is_policy(declaration: &Declaration) -> bool {
    matches!(
        declaration.consumer,
        Consumer::KyvernoClusterPolicy
            | Consumer::KyvernoImageValidatingPolicy
            | Consumer::PolicyController
            | Consumer::Talos
    )
}

fn name_of(file: &str) -> &str {
    file.rsplit('/').next().unwrap_or(file)
}

/// An overlay that no other one takes in.
#[derive(Debug)]
struct Overlay {
    file: String,
    folder: String,
    /// Why it is not given to kubectl, where that is so.
    left: Option<String>,
}

fn overlays(tree: &Tree, found: &Found) -> Vec<Overlay> {
    let all = Kustomizations::read(tree);
    let taken = all.taken();
    let declared = found.declarations.iter().map(|one| one.file.as_str());
    let telling: BTreeSet<&str> =
        declared.chain(found.sources.iter().map(|one| one.file.as_str())).collect();
    let roots =
        all.by_folder().filter(|(folder, one)| !one.is_component && !taken.contains(folder));
    let overlays = roots.filter_map(|(folder, root)| {
        let closure = all.closure(folder);
        let tells = closure.paths.iter().any(|path| telling.contains(*path));
        (closure.changes && tells).then(|| Overlay {
            file: root.file.clone(),
            folder: folder.clone(),
            left: closure.left,
        })
    });
    overlays.collect()
}

type Answers = Vec<(String, Result<Vec<u8>, String>)>;

/// Renders them, some side by side.
fn all(tree: &Tree, overlays: &[Overlay], until: Instant) -> Answers {
    let threads = thread::available_parallelism().map_or(1, usize::from).clamp(1, THREADS_MAX);
    let share = overlays.len().div_ceil(threads).max(1);
    let render = |overlays: &[Overlay]| -> Answers {
        let one = |overlay: &Overlay| (overlay.file.clone(), one(tree, &overlay.folder, until));
        overlays.iter().map(one).collect()
    };
    thread::scope(|scope| {
        let started: Vec<_> =
            overlays.chunks(share).map(|some| scope.spawn(move || render(some))).collect();
        started.into_iter().flat_map(|part| part.join().expect("it does not panic")).collect()
    })
}

fn one(tree: &Tree, folder: &str, until: Instant) -> Result<Vec<u8>, String> {
    let folder = if folder.is_empty() { "." } else { folder };
    let mut command = kubectl(&tree.root);
    command.arg(folder);
    ask(command, vec![], bounds(until)).map_err(|why| match why {
        Unanswered::Failed(said) => format!("kubectl kustomize says: {said}"),
        Unanswered::Stopped(why) => why,
    })
}

fn bounds(until: Instant) -> Bounds {
    let (now, deadline) = (Instant::now(), OVERLAY_DEADLINE);
    let deadline = deadline.min(until.saturating_duration_since(now));
    Bounds { until: now + deadline, deadline, answer_bytes_max: RENDERED_BYTES_MAX }
}

fn kubectl(root: &Path) -> Command {
    let mut command = Command::new("kubectl");
    command.env_clear().current_dir(root).arg("kustomize");
    // Beside our own look for what is remote: neither git nor a download gets anywhere, but for a download
    // from this machine, for which no proxy is asked.
    command.env("GIT_ALLOW_PROTOCOL", "none").env("GIT_TERMINAL_PROMPT", "0");
    for proxy in ["http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"] {
        command.env(proxy, "http://127.0.0.1:9");
    }
    command
}

/// Adds to what the files say what only the rendered ones do, and says of what takes a rendering what
/// came of it.
pub(super) fn compare(found: &mut Found, rendered: Vec<(String, Found)>) {
    let mut answers: BTreeMap<usize, Vec<(String, Source)>> = BTreeMap::new();
    let files = found.sources.len();
    for (file, overlay) in rendered {
        let places: Vec<usize> =
            overlay.declarations.iter().map(|one| known_or_new(found, one, &file)).collect();
        // What an overlay takes from may stand beside it.
        let here = |one: &Source| !matches!(one.guarded_by, Guard::Elsewhere(_));
        for mut source in overlay.sources.into_iter().filter(here) {
            if let Guard::Declaration(index) = &mut source.guarded_by {
                *index = places[*index];
            }
            let on_paper = &found.sources[..files];
            let of_this = |one: &&Source| {
                one.kind == source.kind
                    && one.rendered.iter().any(|(by, name)| *by == file && *name == source.object)
            };
            match on_paper.iter().position(|one| of_this(&one)) {
                Some(number) => {
                    answers.entry(number).or_default().push((file.clone(), source));
                }
                // A file that no overlay on paper takes, or an object that is made on the way.
                None if !on_paper.iter().any(|one| key(one) == key(&source)) => {
                    let (file, at) = (file.clone(), Default::default());
                    found.sources.push(Source { file, at, ..source });
                }
                None => {}
            }
        }
    }
    for (number, answers) in answers {
        answer(found, number, answers);
    }
}

/// What the overlays that were rendered make of one source.
fn answer(found: &mut Found, number: usize, answers: Vec<(String, Source)>) {
    let source = &found.sources[number];
    let is_whole = answers.len() == source.rendered.len();
    match &source.guarded_by {
        Guard::NotRendered(_) if is_whole => {
            let (file, at) = (source.file.clone(), source.at.clone());
            let mut all: Vec<Source> = Vec::new();
            for (_, one) in answers {
                let one = Source { file: file.clone(), at: at.clone(), ..one };
                if !all.iter().any(|known| is_same(known, &one)) {
                    all.push(one);
                }
            }
            let mut all = all.into_iter();
            if let Some(first) = all.next() {
                found.sources[number] = first;
            }
            found.sources.extend(all);
        }
        // What paper takes for locked is open in the end.
        Guard::Declaration(_) => {
            for (file, one) in answers.into_iter().filter(|(_, it)| it.guarded_by == Guard::Nothing)
            {
                found.sources.push(Source { file, at: Default::default(), ..one });
            }
        }
        Guard::Nothing if is_whole => {
            let guards: Option<Vec<usize>> = answers
                .iter()
                .map(|(_, one)| match one.guarded_by {
                    Guard::Declaration(index) => Some(index),
                    _ => None,
                })
                .collect();
            if let Some(index) = guards.and_then(|guards| guards.first().copied()) {
                found.sources[number].guarded_by = Guard::Declaration(index);
            }
        }
        _ => {}
    }
}

fn is_same(one: &Source, other: &Source) -> bool {
    (&one.url, &one.follows, &one.guarded_by) == (&other.url, &other.follows, &other.guarded_by)
}

/// Sources are the same by kind, name and URL; overlays change namespaces.
fn key(source: &Source) -> String {
    format!("{:?} {} {}", source.kind, name(&source.object), source.url)
}

fn name(object: &str) -> &str {
    object.rsplit(['/', ' ']).next().unwrap_or(object)
}

fn known_or_new(found: &mut Found, declaration: &Declaration, file: &str) -> usize {
    let texts = |one: &Declaration| -> Vec<(Option<String>, Option<String>)> {
        let halves = one.identities.iter().map(|identity| {
            let text = |half: &Option<sealwright_manifests::Matcher>| {
                half.as_ref().map(|matcher| matcher.text.clone())
            };
            (text(&identity.issuer), text(&identity.subject))
        });
        halves.collect()
    };
    // What a policy is about and how far it is enforced may be all that a patch has changed.
    let effect = |one: &Declaration| -> Vec<String> {
        let weakened = one.weakened.iter().map(|it| it.field.clone());
        let guards = one.guards.iter().filter(|_| is_policy(one)).map(|it| it.what.clone());
        weakened.chain(guards).collect()
    };
    let same = |one: &Declaration| {
        (&one.provider, one.key) == (&declaration.provider, declaration.key)
            && texts(one) == texts(declaration)
            && effect(one) == effect(declaration)
            && (name(&one.object) == name(&declaration.object)
                || one.consumer != declaration.consumer)
    };
    if let Some(index) = found.declarations.iter().position(same) {
        return index;
    }
    let mut new =
        Declaration { file: file.to_owned(), at: Default::default(), ..declaration.clone() };
    // Lines of rendered text are nobody's.
    new.weakened.iter_mut().for_each(|one| one.at = Default::default());
    for identity in &mut new.identities {
        identity.at = Default::default();
        for half in [&mut identity.issuer, &mut identity.subject].into_iter().flatten() {
            half.at = Default::default();
        }
    }
    found.declarations.push(new);
    found.declarations.len() - 1
}
