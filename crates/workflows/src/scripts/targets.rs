//! What make, just, Task and the managers of `package.json` run by a name.

use sealwright_manifests::shell::{Word, positional};

use super::Scripts;
use super::calls::{Followed, Found, Way, folder_of};
use super::folder::{Base, Folder, Spot};
use super::lost::{Lost, Why};
use super::recipes::{Part, Recipes};

/// Recipes that lead to each other: more are a circle.
const RECIPES_MAX: usize = 50;

/// A file of recipes, and where they are run.
struct Recipe<'s> {
    path: &'s str,
    recipes: &'s Recipes,
    base: Base,
    guessed: bool,
}

impl Scripts {
    pub(super) fn make(&self, arguments: &[Word], base: &Base) -> Found {
        let valued = ["-C", "--directory", "-f", "--file", "--makefile", "-j", "-o", "-W", "-I"];
        let names: Vec<&Word> = positional(arguments, &valued);
        let (given, targets): (Vec<&Word>, Vec<&Word>) =
            names.into_iter().partition(|word| word.start().contains('='));
        let by_file = ["-f", "--file", "--makefile"];
        let Recipe { path, recipes, base, guessed } =
            match self.recipes_of("makefile", &by_file, arguments, base) {
                Ok(found) => found,
                Err(lost) => return Found { texts: vec![], lost },
            };
        let given = given.iter().filter_map(|word| {
            let (name, _) = word.start().split_once('=')?;
            Some((name.to_owned(), word.after(&format!("{name}="))?))
        });
        let given: Vec<(String, Word)> = given.collect();
        let targets: Vec<String> = match targets.is_empty() {
            true => recipes.first.iter().cloned().collect(),
            false => targets.iter().map(|word| word.text()).collect(),
        };
        let texts = targets.iter().flat_map(|name| self.run(path, name, &given, &base));
        let texts = texts.map(|text| Followed { guessed, ..text });
        texts.collect::<Vec<_>>().into()
    }

    /// `just NAME ARGUMENT…`, `task NAME`.
    pub(super) fn recipe(
        &self,
        file: &str,
        valued: &[&str],
        arguments: &[Word],
        base: &Base,
    ) -> Found {
        let found = self.recipes_of(file, valued, arguments, base);
        let Recipe { path, recipes, base, guessed } = match found {
            Ok(found) => found,
            Err(lost) => return Found { texts: vec![], lost },
        };
        let words = positional(arguments, valued);
        let mut words = words.into_iter().filter(|word| !word.start().contains('='));
        let Some(name) = words.next().map(Word::text).or_else(|| recipes.first.clone()) else {
            return Found::default();
        };
        let name =
            if file == "taskfile" && arguments.is_empty() { "default".to_owned() } else { name };
        let parameters = recipes.by_name.get(&name).map(|one| one.parameters.clone());
        let given =
            parameters.unwrap_or_default().into_iter().zip(words.cloned()).collect::<Vec<_>>();
        let texts = self.run(path, &name, &given, &base).into_iter();
        texts.map(|text| Followed { guessed, ..text }).collect::<Vec<_>>().into()
    }

    /// `npm run X`, `npm test`, `yarn X`.
    pub(super) fn package(&self, arguments: &[Word], base: &Base) -> Found {
        let valued = ["--prefix", "-C", "--dir", "-w", "--workspace", "--filter", "-F", "--cwd"];
        let words = positional(arguments, &valued);
        let mut words = words
            .iter()
            .map(|word| word.text())
            .skip_while(|word| word == "run" || word == "run-script");
        let Recipe { path, base, guessed, .. } =
            match self.recipes_of("package.json", &[], arguments, base) {
                Ok(found) => found,
                Err(lost) => return Found { texts: vec![], lost },
            };
        let texts = words.next().map(|name| self.run(path, &name, &[], &base)).unwrap_or_default();
        texts.into_iter().map(|text| Followed { guessed, ..text }).collect::<Vec<_>>().into()
    }

    /// The file of recipes that is read.
    fn recipes_of(
        &self,
        kind: &str,
        by_file: &[&str],
        arguments: &[Word],
        base: &Base,
    ) -> Result<Recipe<'_>, Option<Lost>> {
        let value = |names: &[&str]| {
            let at = arguments.iter().position(|word| names.iter().any(|name| word.is(name)));
            let joined = arguments
                .iter()
                .find_map(|word| names.iter().find_map(|name| word.after(&format!("{name}="))));
            at.and_then(|at| arguments.get(at + 1).cloned()).or(joined).map(|word| word.text())
        };
        let there = value(&["-C", "--directory", "--prefix", "--dir", "--cwd"]);
        let base = base.within(there.as_deref());
        if let Some(Spot::Here(path)) = value(by_file).and_then(|name| base.spot(&name))
            && let Some(found) = self.recipes_at(&path, kind, &base, false)
        {
            return found;
        }
        let is_kind = |path: &&String| {
            let name = path.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
            match kind {
                "makefile" => name == "makefile" || name == "gnumakefile",
                "justfile" => name == "justfile" || name == ".justfile",
                "taskfile" => name.starts_with("taskfile"),
                other => name == other,
            }
        };
        let all = || self.recipes.keys().chain(self.unread.keys()).filter(is_kind);
        let mut folder = match base.own_folder() {
            Spot::Here(folder) => folder,
            Spot::Open => {
                let (mut all, name) = (all(), kind.to_owned());
                return match (all.next(), all.next()) {
                    (Some(path), None) => {
                        self.recipes_at(path, kind, &base, true).unwrap_or(Err(None))
                    }
                    (None, _) => Err(None),
                    _ => Err(Some(Lost { name, by_shell: true, why: Why::FolderOpen })),
                };
            }
            Spot::Outside | Spot::OfAnother(_) => return Err(None),
        };
        loop {
            let found = all().find(|path| folder_of(path) == folder);
            if let Some(found) = found.and_then(|path| self.recipes_at(path, kind, &base, false)) {
                return found;
            }
            // All but make look in the folders above as well.
            if folder.is_empty() || kind == "makefile" {
                return Err(None);
            }
            folder = folder_of(&folder).to_owned();
        }
    }

    /// What is at this path, if anything is.
    fn recipes_at(
        &self,
        path: &str,
        kind: &str,
        base: &Base,
        guessed: bool,
    ) -> Option<Result<Recipe<'_>, Option<Lost>>> {
        if let Some(unread) = self.unread.get(path) {
            let (name, why) = (path.to_owned(), Why::Unread(path.to_owned(), *unread));
            return Some(Err(Some(Lost { name, by_shell: true, why })));
        }
        let (path, recipes) = self.recipes.get_key_value(path)?;
        let own = folder_of(path).to_owned();
        // Only make stays where it was started.
        let folder = match kind {
            "makefile" if !guessed => base.folder.clone(),
            _ => Folder::Known(base.in_run(&own)),
        };
        let base = Base { folder, own, ..base.clone() };
        Some(Ok(Recipe { path, recipes, base, guessed }))
    }

    /// A recipe, and those before it.
    fn run(&self, path: &str, name: &str, given: &[(String, Word)], base: &Base) -> Vec<Followed> {
        let mut order: Vec<(&str, String)> = Vec::new();
        self.ordered(path, name, &mut order);
        let texts = order.into_iter().flat_map(|(path, name)| {
            let recipes = &self.recipes[path];
            let variables: Vec<(String, String)> = recipes.variables.clone().into_iter().collect();
            let base = base.clone();
            recipes.by_name[&name].parts.iter().map(move |part: &Part| Followed {
                file: Some(path.to_owned()),
                text: part.text.clone(),
                line: part.line,
                literal: part.literal,
                way: if part.text.starts_with("#!") { Way::Process } else { Way::Text },
                ignored: part.ignored,
                ends_early: false,
                given: given.to_vec(),
                variables: variables.clone(),
                base: base.clone(),
                guessed: false,
            })
        });
        texts.collect()
    }

    /// Recipes that are not in the file itself are looked for in those that it may include.
    fn ordered<'a>(&'a self, path: &'a str, name: &str, order: &mut Vec<(&'a str, String)>) {
        let here = self.recipes.get_key_value(path);
        let here = here.filter(|(_, recipes)| recipes.by_name.contains_key(name));
        let parts = || {
            self.recipes.iter().find(|(other, recipes)| {
                other.ends_with(".mk") && recipes.by_name.contains_key(name)
            })
        };
        let Some((path, recipes)) = here.or_else(parts) else { return };
        let Some(recipe) = recipes.by_name.get(name) else { return };
        let known = order.iter().any(|(_, other)| other == name);
        if known || order.len() >= RECIPES_MAX {
            return;
        }
        // Its place is kept, so that a circle ends; those before it come first.
        let at = order.len();
        order.push((path, name.to_owned()));
        for before in &recipe.before {
            self.ordered(path, before, order);
        }
        let own = order.remove(at);
        order.push(own);
    }
}
