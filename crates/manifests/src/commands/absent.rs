//! Identities that name a workflow of this very repository which is not there.

use sealwright_policy::{Code, Finding, Place};

use crate::declaration::{Declaration, Form, Matcher};

/// How workflows name the repository that they run in, whichever it is.
const HERE: [&str; 3] =
    ["$GITHUB_REPOSITORY/", "${GITHUB_REPOSITORY}/", "${{ github.repository }}/"];
/// Folder of the workflows, and how it ends a path before their names.
const FOLDER: &str = ".github/workflows/";

/// One finding for each identity whose workflow is not among the files.
pub(crate) fn absent<'a>(
    declarations: &[Declaration],
    paths: impl Iterator<Item = &'a str>,
) -> Vec<Finding> {
    let there: Vec<&str> = paths
        .filter_map(|path| {
            let (before, name) = path.rsplit_once(FOLDER)?;
            (before.is_empty() || before.ends_with('/')).then_some(name)
        })
        .collect();
    // A folder without any may be a part of a repository.
    if there.is_empty() {
        return Vec::new();
    }
    let subjects = declarations.iter().flat_map(|declaration| {
        let subjects = declaration.identities.iter().filter_map(|one| one.subject.as_ref());
        subjects.map(|subject| (declaration.file.as_str(), subject))
    });
    subjects.filter_map(|(file, subject)| missing(subject, &there, file)).collect()
}

fn missing(subject: &Matcher, there: &[&str], file: &str) -> Option<Finding> {
    let name = workflow(subject)?;
    if there.contains(&name.as_str()) {
        return None;
    }
    let message =
        format!("this repository has no workflow {name}: nothing it signs is accepted here");
    let place = Place::file(file).at(subject.at.line, subject.at.column);
    let finding = Finding::new(Code::IdentityWorkflowAbsent, message).with_place(place);
    let stem = |name: &str| name.rsplit_once('.').map(|(stem, _)| stem.to_owned());
    let like = there.iter().find(|other| stem(other) == stem(&name));
    Some(match like {
        Some(like) => finding.with_hint(format!("the file is called {like}")),
        None => finding,
    })
}

/// The file of this repository that an identity names, when it is written out.
fn workflow(subject: &Matcher) -> Option<String> {
    let text = match subject.form {
        Form::Regex => subject.text.replace('\\', ""),
        _ => subject.text.clone(),
    };
    let (before, behind) = text.split_once(FOLDER)?;
    let here = HERE.iter().any(|here| before.ends_with(here));
    let name = behind.split('@').next().unwrap_or_default();
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    let ends = name.ends_with(".yml") || name.ends_with(".yaml");
    (here && plain && ends).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use crate::{File, discover};

    #[test]
    fn a_workflow_that_is_not_there_is_told_of() {
        let ours = "https://github.com/$GITHUB_REPOSITORY/.github/workflows/";
        for (subject, expected, why) in [
            (format!("{ours}release.yaml@refs/heads/main"), None, "it is there"),
            (
                format!("{ours}release.yml@refs/heads/main"),
                Some("the file is called release.yaml"),
                "another ending",
            ),
            (format!("{ours}publish.yaml@$GITHUB_REF"), Some(""), "renamed"),
            (
                "https://github.com/${{ github.repository }}/.github/workflows/publish.yaml@x"
                    .to_owned(),
                Some(""),
                "as an expression",
            ),
            (
                "https://github.com/acme/other/.github/workflows/publish.yaml@x".to_owned(),
                None,
                "another repository, for all we know",
            ),
            (format!("{ours}$NAME@x"), None, "nobody knows the name"),
        ] {
            let step = format!(
                "on: push\njobs:\n  a:\n    steps:\n      - run: cosign verify --certificate-oidc-issuer i --certificate-identity \"{subject}\" img\n"
            );
            let file = |path| File { path, bytes: step.as_bytes() };
            let found = discover([file(".github/workflows/release.yaml")]);
            let hints: Vec<String> = found
                .findings
                .iter()
                .filter(|finding| finding.code.to_string() == "SW9124")
                .map(|finding| finding.hint.clone().unwrap_or_default())
                .collect();
            assert_eq!(hints, Vec::from_iter(expected.map(str::to_owned)), "{why}: {subject}");
            assert!(
                discover([file("ci/release.yaml")]).findings.is_empty(),
                "{why}: no workflows are here"
            );
        }
    }
}
