//! What is pulled in the end, and what guards it: each source and chart as every overlay makes it, and
//! where the overlays disagree.

use sealwright_policy::Code;
use sealwright_yaml::Node;

use crate::carried::Was;
use crate::declaration::{Consumer, Declaration, Follows, Guarded};
use crate::discover::{Facts, Kept, Kind};
use crate::found::{Guard, NOT_HERE, Source, Unread, Why};
use crate::joining::Joining;
use crate::laying::Rendered;
use crate::left_alone::{is_left_alone, leave};
use crate::object::Object;
use crate::shapes::charts::{self, Chart, From, Repository};
use crate::shapes::flux;
use crate::takers::Taken;
use crate::target::Named;
use crate::tell;

/// An object as one overlay makes it, or as its own file says.
pub(crate) struct View<'a> {
    /// The outermost overlay.
    pub(crate) overlay: Option<String>,
    pub(crate) object: std::borrow::Cow<'a, Node>,
    /// The file in which the places of its verification are.
    pub(crate) file: String,
    pub(crate) is_patched: bool,
    /// What its verification was before patches changed it.
    pub(crate) before: Vec<Was>,
    pub(crate) doubt: Option<String>,
}

/// What an overlay makes of a source.
struct Made {
    /// The overlay, and what the source is called there.
    rendered: Option<(String, String)>,
    source: Source,
    declaration: Option<Declaration>,
    /// What that said before patches changed it.
    before: Vec<Declaration>,
    /// Another source carries it.
    carrier: Option<Guard>,
    doubt: Option<String>,
}

/// A chart as an overlay makes it.
struct Hung {
    file: String,
    overlay: Option<(String, String)>,
    chart: Chart,
    /// What its verification was before patches changed it.
    before: Vec<Declaration>,
    doubt: Option<String>,
}

/// A repository of charts, with the overlay that makes it so.
struct Stand {
    overlay: Option<String>,
    repository: Repository,
    doubt: Option<String>,
}

impl Joining {
    /// Every source and chart that stands in a file.
    pub(crate) fn objects(&mut self, facts: &[Facts]) {
        let (mut hung, mut stands, mut number) = (Vec::new(), Vec::new(), 0);
        let mut taken = Taken::default();
        for file in facts {
            for kept in &file.kept {
                number += 1;
                let rendered = self.outcome.rendered.remove(&(number - 1)).unwrap_or_default();
                if self.used_as_patch.contains(&file.path) {
                    continue;
                }
                let views = views(kept, &file.path, rendered);
                for view in &views {
                    taken.add(kept, &view.object, view.doubt.as_deref(), &file.path);
                }
                match kept.kind {
                    Kind::Taker => {}
                    Kind::ImagePolicy => self.policy(kept, views, &file.path),
                    Kind::OciRepository => self.source(kept, views, &file.path),
                    Kind::HelmRepository => stands.extend(views.iter().filter_map(stand)),
                    Kind::HelmChart | Kind::HelmRelease => {
                        let all = views.into_iter();
                        let all = all.filter_map(|view| chart(kept, view, &file.path));
                        hung.push(all.collect::<Vec<Hung>>());
                    }
                }
            }
        }
        // What they name may stand in any file, and may be one of them.
        let names_another = |same: &Vec<Hung>| same.iter().any(|one| one.chart.names_another());
        let (last, first): (Vec<_>, Vec<_>) = hung.into_iter().partition(names_another);
        for same in first.into_iter().chain(last) {
            let made = same.into_iter().filter_map(|one| self.chart(one, &stands)).collect();
            self.settle(made);
        }
        self.present.take(&self.found.sources);
        let absent = taken.absent(&self.present);
        self.found.sources.extend(absent);
    }

    fn source(&mut self, kept: &Kept, views: Vec<View<'_>>, path: &str) {
        let made: Vec<Made> = views.iter().filter_map(|view| pulled(kept, view, path)).collect();
        let block = kept.object.at_path(&["spec", "verify"]);
        if made.is_empty()
            && let Some(block) = block.filter(|_| kept.object.at_path(&["spec", "url"]).is_none())
        {
            let told = "this is a part of an object, and no overlay that was found uses it";
            tell::unjudged(&mut self.found, path, &block.at, Why::NotRendered, told.to_owned());
        }
        self.settle(made);
    }

    /// What all overlays make of one source: once for each artifact that it pulls.
    fn settle(&mut self, mut made: Vec<Made>) {
        while !made.is_empty() {
            let pulls = |one: &Made| (one.source.url.clone(), one.source.follows.clone());
            let first = pulls(&made[0]);
            let (same, rest) = made.into_iter().partition(|one| pulls(one) == first);
            made = rest;
            self.settle_one(same);
        }
    }

    fn settle_one(&mut self, made: Vec<Made>) {
        let Some(mut source) = made.first().map(|one| one.source.clone()) else { return };
        source.rendered = made.iter().filter_map(|one| one.rendered.clone()).collect();
        let is_open = |one: &&Made| one.declaration.is_none() && one.carrier.is_none();
        let open = made.iter().find(is_open).and_then(|one| one.rendered.clone());
        let is_partly =
            made.iter().any(|one| is_open(&one)) && !made.iter().all(|one| is_open(&one));
        let doubt = made.iter().find_map(|one| one.doubt.clone());
        let mut guards: Vec<Guard> = Vec::new();
        for one in made {
            guards.extend(one.carrier);
            if one.declaration.is_some() {
                let guard = self.guard(one.declaration);
                self.before(&guard, one.before, &[]);
                guards.push(guard);
            }
        }
        source.guarded_by = match (doubt, open) {
            (Some(doubt), _) => Guard::NotRendered(doubt),
            (None, Some((overlay, _))) if is_partly => {
                let told =
                    format!("{} is verified by some overlays, and not by {overlay}", source.object);
                let finding = tell::finding(Code::VerifiedPartly, &source.file, &source.at, &told);
                self.found.findings.push(finding);
                Guard::Unknown(told)
            }
            _ => guards.into_iter().next().unwrap_or(Guard::Nothing),
        };
        self.keep(source);
    }

    fn chart(&mut self, hung: Hung, stands: &[Stand]) -> Option<Made> {
        let Hung { file, overlay, chart, before, doubt } = hung;
        match chart.from.clone() {
            From::Repository { namespace, name, chart: path, version } => {
                let is_it = |one: &&Stand| {
                    one.repository.name == name
                        && (one.repository.namespace == namespace
                            || one.repository.namespace.is_empty()
                            || namespace.is_empty())
                };
                let here = overlay.as_ref().map(|(overlay, _)| overlay);
                let beside = |one: &&Stand| is_it(one) && one.overlay.as_ref() == here;
                let found = stands.iter().find(beside).or_else(|| stands.iter().find(is_it));
                let doubt = doubt.or_else(|| found.and_then(|one| one.doubt.clone()));
                let follows = Follows::chart(&version);
                let repository = found.map(|one| &one.repository);
                let made = self.of_repository(&chart, repository, (&path, follows), &file);
                Some(Made { rendered: overlay, before, doubt, ..made })
            }
            From::Source { kind, namespace, name } if chart.names_another() => {
                let named = Named { kind, namespace, name, ..Named::default() };
                let made = self.by_reference(&chart, &named, &file);
                Some(Made { rendered: overlay, doubt, ..made })
            }
            From::Source { kind, name, .. } => {
                self.of_files(&chart, &format!("{kind} {name}"));
                None
            }
        }
    }

    /// A chart of a repository, which decides whether it is verified at all.
    fn of_repository(
        &mut self,
        chart: &Chart,
        repository: Option<&Repository>,
        (path, follows): (&str, Follows),
        file: &str,
    ) -> Made {
        let url = |one: &Repository| format!("{}/{path}", one.url.trim_end_matches('/'));
        let source =
            Source { follows, ..source_of(chart, file, &repository.map(url).unwrap_or_default()) };
        let Some(mut declaration) = chart.declaration.clone() else {
            return made(source, None);
        };
        match repository {
            Some(repository) if !repository.is_oci => {
                let from = format!("HelmRepository {}", repository.name);
                tell::unread(not_oci(chart, &from, &declaration), &mut self.found);
                return made(source, None);
            }
            Some(_) => declaration.guards.push(Guarded {
                what: source.url.clone(),
                at: chart.at.clone(),
                whole: source.whole,
                follows: source.follows.clone(),
            }),
            // Whether it is an OCI repository is not known, so neither is whether anything is read.
            None => {}
        }
        made(source, Some(declaration))
    }

    /// A chart of a repository of files, which is not verified there.
    fn of_files(&mut self, chart: &Chart, from: &str) {
        if let Some(declaration) = &chart.declaration {
            tell::unread(not_oci(chart, from, declaration), &mut self.found);
        }
    }

    /// A release whose chart another source carries.
    fn by_reference(&mut self, chart: &Chart, named: &Named, file: &str) -> Made {
        self.present.take(&self.found.sources);
        let carrier = self.present.find(named).map(|number| &self.found.sources[number]);
        let mut source = source_of(chart, file, carrier.map_or("", |carrier| &carrier.url));
        if let Some(carrier) = carrier {
            source.follows.clone_from(&carrier.follows);
        }
        let carrier = match carrier {
            Some(carrier) => Guard::Source(carrier.object.clone()),
            None => Guard::Unknown(format!("{} {NOT_HERE}", named.told())),
        };
        Made { carrier: Some(carrier), ..made(source, None) }
    }
}

fn made(source: Source, declaration: Option<Declaration>) -> Made {
    Made { rendered: None, source, declaration, before: vec![], carrier: None, doubt: None }
}

/// What becomes of an object: nothing where a patch deletes it.
fn views<'a>(kept: &'a Kept, path: &str, rendered: Vec<Rendered>) -> Vec<View<'a>> {
    if rendered.is_empty() {
        let object = std::borrow::Cow::Borrowed(&kept.object);
        let file = path.to_owned();
        let (overlay, before, doubt) = (None, Vec::new(), None);
        return vec![View { overlay, object, file, is_patched: false, before, doubt }];
    }
    let left = rendered.into_iter().filter(|one| !one.object.is_null());
    let view = |one: Rendered| View {
        overlay: Some(one.overlay),
        object: std::borrow::Cow::Owned(one.object),
        is_patched: one.verified_in.is_some(),
        file: one.verified_in.unwrap_or_else(|| path.to_owned()),
        before: one.before,
        doubt: one.doubt,
    };
    left.map(view).collect()
}

impl View<'_> {
    fn rendered(&self) -> Option<(String, String)> {
        Some((self.overlay.clone()?, Object::of(&self.object)?.told()))
    }
}

fn pulled(kept: &Kept, view: &View<'_>, path: &str) -> Option<Made> {
    let mut pulled = flux::oci_repository(&Object::of(&view.object)?, &view.file)?;
    if is_left(kept, view) {
        pulled.leave();
    }
    let (mut source, mut declaration) = (pulled.source, pulled.declaration);
    // It keeps the name and place that it has where it is written.
    source.object = kept.named.told();
    path.clone_into(&mut source.file);
    source.at = kept.object.at.clone();
    if let Some(declaration) = &mut declaration {
        declaration.object.clone_from(&source.object);
        if view.is_patched {
            declaration.consumer = Consumer::KustomizePatch;
        }
    }
    let before = view.before.iter().filter_map(|was| before(kept, was, path)).collect();
    let (rendered, doubt) = (view.rendered(), view.doubt.clone());
    Some(Made { rendered, doubt, before, ..made(source, declaration) })
}

/// What a source's or a chart's verification was before a patch changed it.
fn before(kept: &Kept, was: &Was, path: &str) -> Option<Declaration> {
    let file = was.verified_in.as_deref().unwrap_or(path);
    let object = Object::of(&was.object)?;
    let declaration = match kept.kind {
        Kind::HelmChart => charts::helm_chart(&object, file)?.declaration,
        _ => flux::oci_repository(&object, file)?.declaration,
    };
    Some(Declaration { object: kept.named.told(), ..declaration? })
}

/// Whether Flux puts no variables into it.
pub(crate) fn is_left(kept: &Kept, view: &View<'_>) -> bool {
    if kept.is_held { kept.is_left_alone } else { is_left_alone(&view.object) }
}

fn stand(view: &View<'_>) -> Option<Stand> {
    let repository = charts::repository(&Object::of(&view.object)?);
    Some(Stand { overlay: view.overlay.clone(), repository, doubt: view.doubt.clone() })
}

fn chart(kept: &Kept, view: View<'_>, path: &str) -> Option<Hung> {
    let object = Object::of(&view.object)?;
    let mut chart = match kept.kind {
        Kind::HelmChart => charts::helm_chart(&object, &view.file)?,
        _ => charts::helm_release(&object, &view.file)?,
    };
    chart.object = kept.named.told();
    chart.at = kept.object.at.clone();
    let is_left = is_left(kept, &view);
    if let Some(declaration) = &mut chart.declaration {
        declaration.object.clone_from(&chart.object);
        if is_left {
            leave(declaration);
        }
    }
    let before = view.before.iter().filter_map(|was| before(kept, was, path)).collect();
    let overlay = view.rendered();
    Some(Hung { file: path.to_owned(), overlay, chart, before, doubt: view.doubt })
}

fn source_of(chart: &Chart, file: &str, url: &str) -> Source {
    Source {
        kind: chart.kind,
        object: chart.object.clone(),
        url: url.to_owned(),
        whole: sealwright_yaml::template_in(url).is_none(),
        follows: Follows::AsWritten,
        file: file.to_owned(),
        at: chart.at.clone(),
        guarded_by: Guard::Nothing,
        rendered: Vec::new(),
    }
}

fn not_oci(chart: &Chart, from: &str, block: &Declaration) -> Unread {
    let told = format!(
        "nobody reads the verification of {}: charts are verified from a HelmRepository of type \
         `oci`, and {from} is none",
        chart.object
    );
    Unread {
        file: block.file.clone(),
        at: block.at.clone(),
        object: chart.object.clone(),
        path: "verify".to_owned(),
        read_at: "a chart from a HelmRepository of `type: oci`".to_owned(),
        told,
    }
}
