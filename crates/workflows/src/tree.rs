//! All workflows and actions of a repository.

use sealwright_manifests::File;
use sealwright_policy::{Code, Finding, Place as Spot};
use sealwright_yaml::{Place, Trouble};

use crate::cosign;
use crate::goreleaser::{Configuration, Configurations, is_configuration};
use crate::model::{Action, Workflow};
use crate::place::in_file;
use crate::read::Reader;
use crate::scripts::{self, Scripts};
use crate::uses::is_workflow;

/// Bytes of one file that are read: GitHub refuses workflows of more than 512 KiB.
pub const FILE_BYTES_MAX: usize = 1024 * 1024;

/// All workflows and actions of a repository, as far as they could be read.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    /// Those below `.github/workflows`, by path.
    pub workflows: Vec<Workflow>,
    /// Actions anywhere, by path.
    pub actions: Vec<Action>,
    /// What could not be read, and what does not have its form.
    pub findings: Vec<Finding>,
    pub(crate) goreleaser: Configurations,
    pub(crate) scripts: Scripts,
    /// Versions in the comments behind an installer of cosign: file, line, version.
    comments: Vec<(String, u32, String)>,
}

impl Tree {
    /// Reads files; those that are neither workflow, action nor script are passed over. Paths are relative to
    /// the root of the repository, with `/`.
    pub fn read<'a>(files: impl IntoIterator<Item = File<'a>>) -> Self {
        let mut tree = Tree::default();
        for file in files.into_iter().filter(|file| is_wanted(file.path)) {
            if is_of_github(file.path) {
                tree.add(file.path, file.bytes);
            } else {
                tree.scripts.add(file.path, file.bytes);
            }
        }
        tree.workflows.sort_by(|one, other| one.path.cmp(&other.path));
        tree.actions.sort_by(|one, other| one.path.cmp(&other.path));
        tree
    }

    fn add(&mut self, path: &str, bytes: &[u8]) {
        if bytes.len() > FILE_BYTES_MAX {
            let message = format!("has {} bytes, at most {FILE_BYTES_MAX} are read", bytes.len());
            let finding = Finding::new(Code::WorkflowTooLarge, message);
            self.findings.push(finding.with_place(Spot::file(path)));
            return;
        }
        let stream = sealwright_yaml::read(bytes);
        // What goreleaser says of its own file is not for us to repeat.
        for complaint in stream.complaints.iter().filter(|_| !is_configuration(path)) {
            let finding = Finding::new(code(complaint.trouble), complaint.told.clone());
            self.findings.push(finding.with_place(in_file(path, &complaint.at)));
        }
        if is_configuration(path) {
            self.goreleaser.push((path.to_owned(), Configuration::read(&stream)));
            return;
        }
        let lines = (1..).zip(bytes.split(|byte| *byte == b'\n'));
        self.comments.extend(lines.filter_map(|(line, text)| {
            let version = cosign::comment(std::str::from_utf8(text).ok()?)?;
            Some((path.to_owned(), line, version.to_owned()))
        }));
        let (documents, whole) = (stream.documents.len(), stream.complaints.is_empty());
        if whole && documents != 1 {
            let message = format!("holds {documents} documents, and GitHub takes one");
            let finding = Finding::new(Code::WorkflowMalformed, message);
            self.findings.push(finding.with_place(Spot::file(path)));
        }
        let Some(document) = stream.documents.first() else { return };
        let mut reader = Reader::new(path);
        if is_workflow(path) {
            self.workflows.push(reader.workflow(&document.root));
        } else {
            self.actions.push(reader.action(&document.root));
        }
        self.findings.append(&mut reader.findings);
    }

    /// The workflow at this path.
    pub fn workflow(&self, path: &str) -> Option<&Workflow> {
        self.workflows.iter().find(|workflow| workflow.path == path)
    }

    /// The version that a comment gives for the installer of cosign at this place.
    pub(crate) fn comment(&self, path: &str, at: &Place) -> Option<&str> {
        let mut comments = self.comments.iter();
        let found = comments.find(|(file, line, _)| file == path && *line == at.line)?;
        Some(&found.2)
    }

    /// The action in this folder.
    pub fn action(&self, folder: &str) -> Option<&Action> {
        self.actions.iter().find(|action| action.folder() == folder)
    }
}

fn code(trouble: Trouble) -> Code {
    match trouble {
        Trouble::DuplicateKey | Trouble::Encrypted => Code::WorkflowMalformed,
        Trouble::TooLarge | Trouble::TooDeep | Trouble::TooManyNodes => Code::WorkflowTooLarge,
        Trouble::NotYaml | Trouble::TooManyComplaints | Trouble::Template(_) => {
            Code::WorkflowUnreadable
        }
    }
}

/// Whether [`Tree::read`] reads a file: workflows, actions, what goreleaser signs by, and scripts.
pub fn is_wanted(path: &str) -> bool {
    is_of_github(path) || scripts::may_be(path)
}

fn is_of_github(path: &str) -> bool {
    is_workflow(path) || is_action(path) || is_configuration(path)
}

fn is_action(path: &str) -> bool {
    let name = path.rsplit_once('/').map_or(path, |(_, name)| name);
    name == "action.yml" || name == "action.yaml"
}
