//! Every finding code there is: the only table. `explain`, the SARIF rules and the docs come from it.
//!
//! The first digit is the area: 1 config, 2 registry and gathering, 3 evidence and cryptography,
//! 4 identity and requirements, 5 contents and packing, 6 publishing and signing services.
//! A code is never reused and never renumbered.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::finding::Severity;

/// One row of the table.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// The code itself.
    pub code: Code,
    /// `SW` and four digits.
    pub id: &'static str,
    /// How loud it is unless the situation says otherwise.
    pub severity: Severity,
    /// A headline.
    pub title: &'static str,
    /// What brings it about.
    pub cause: &'static str,
    /// What could happen if nobody cared.
    pub risk: &'static str,
    /// What to do.
    pub fix: &'static str,
}

macro_rules! codes {
    ($($name:ident $id:literal $severity:ident $title:literal $cause:literal $risk:literal $fix:literal;)*) => {
        /// A finding code. Serialised as its id, `SW1001`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[allow(missing_docs, reason = "the table below documents each")]
        pub enum Code {
            $(#[serde(rename = $id)] $name,)*
        }

        /// The table, in the order of the ids.
        pub const TABLE: &[Entry] = &[
            $(Entry { code: Code::$name, id: $id, severity: Severity::$severity, title: $title, cause: $cause, risk: $risk, fix: $fix },)*
        ];
    };
}

codes! {
    ConfigUnreadable "SW1001" Error
        "The configuration cannot be read"
        "The file is missing, larger than 1 MiB, not UTF-8, or not YAML."
        "Nothing can be judged without knowing who may sign."
        "Give the path with --config, and mend the place that the message points at.";
    ContentsMissing "SW5001" Error
        "The contents folder is missing"
        "The path given as contents does not exist or is not a folder."
        "Nothing is published; the cluster keeps what it has."
        "Give the folder with --contents, or mend artifacts.NAME.contents in the configuration.";
    ContentsEmpty "SW5002" Error
        "The contents folder is empty"
        "No file is left after the ignore rules."
        "An empty artifact would make Flux prune everything that it applied before."
        "Look at .sourceignore and at the path.";
    ContentsUnreadable "SW5003" Error
        "A file or folder cannot be read"
        "The operating system refused it, or it vanished."
        "An artifact without it would be another one than was reviewed."
        "Mend its permissions, or exclude it in .sourceignore.";
    ContentsSymlink "SW5004" Error
        "There is a symbolic link in the contents"
        "Flux drops symbolic links without a word."
        "The cluster would get a tree with a hole in it, or a file from outside the folder."
        "Replace the link by a copy or a Kustomize base, or exclude it in .sourceignore.";
    ContentsSpecialFile "SW5005" Error
        "There is a device, pipe or socket in the contents"
        "Only files and folders can be published."
        "Reading it could block for ever or read something that nobody reviewed."
        "Remove it, or exclude it in .sourceignore.";
    ContentsName "SW5006" Error
        "A name cannot travel"
        "The name is not UTF-8, or holds a backslash, a control character or a path trick."
        "Extractors disagree about such names; one may write outside its folder."
        "Rename the file.";
    ContentsTooLarge "SW5007" Error
        "The contents are too large"
        "The sizes of all files together exceed the limit, 100 MiB unless told otherwise."
        "Flux's extractors stop at their own limit and the cluster keeps the old state."
        "Exclude what is not a manifest in .sourceignore, or raise --contents-bytes-max.";
    ContentsTooMany "SW5008" Error
        "There are too many files"
        "More than 50,000 files and folders are left after the ignore rules."
        "Something that is not manifests is about to be published."
        "Exclude it in .sourceignore.";
    ContentsChanged "SW5009" Error
        "A file changed while it was being packed"
        "Size, time or inode differ between finding the file and having read it."
        "The artifact would hold a state that never existed."
        "Let nothing write to the folder while publishing, and run it again.";
    ContentsIgnoreRules "SW5010" Error
        "The ignore rules cannot be read"
        "A line of a .sourceignore file is not a valid pattern."
        "Something that should stay out might be published."
        "Mend the line; the syntax is gitignore's.";
    ArchiveUnwritable "SW5011" Error
        "The archive cannot be written"
        "The temporary folder or the output file is full or not writable."
        "Nothing is published."
        "Make room, or point TMPDIR elsewhere.";
    ManifestNotJudged "SW5020" Note
        "A manifest could not be searched for what it pulls"
        "It is not YAML or JSON, is a template, is encrypted, or exceeds a limit."
        "The SBOM may be incomplete for this file."
        "Mend the file if it should be a manifest; otherwise nothing.";
    IdentityNotAllowed "SW6001" Error
        "This identity may not sign this artifact"
        "The token at hand would be certified under an identity that no signer of the artifact matches."
        "Every cluster would refuse what is about to be published."
        "Run it from the workflow and ref that sealwright.yaml names, or change the signer there first.";
    PublicationUnproven "SW6002" Error
        "The published evidence does not prove the artifact"
        "A stranger gathered what is in the registry and the judge did not say Verified."
        "Moving the tag would stop every cluster, or let it run something unproven."
        "The tag has not moved. Read the findings below it and run it again.";
    PromotionBackwards "SW6003" Error
        "The tag would move backwards"
        "The artifact behind the tag was made from a newer commit than this one."
        "An old run that finishes late would roll the cluster back."
        "Run it from the newest commit, or say --allow-rollback when that is what is wanted.";
    TagMovedMeanwhile "SW6004" Error
        "Somebody else moved the tag meanwhile"
        "The tag's digest differs from what it was when this publication looked."
        "Two publications race; one would overwrite the other unseen."
        "Find out who else publishes to this repository, then run it again.";
    PublicationUnconfirmed "SW6005" Error
        "The tag does not lead to what was promoted"
        "After the tag had been moved, a stranger resolved it to something else or could not judge it."
        "Clusters may run something else than the receipt says."
        "Run the verifier on the tag, and publish again.";
    RegistryWriteFailed "SW6006" Error
        "The registry did not take a write"
        "Permission, quota, a fault of the registry or of the network."
        "Nothing is promoted. What is staged is under a tag that nobody follows."
        "Run it again: it goes on where it stopped.";
    PublicationStateUnknown "SW6007" Unknown
        "The state of the registry could not be told"
        "A read failed: rate limit, time-out or missing permission."
        "Going on could move a tag backwards or publish twice."
        "Run it again, and look at the credentials when it stays.";
    PublicationArtifactAbsent "SW6008" Error
        "There is no such artifact"
        "The reference leads to nothing."
        "There is nothing to sign or to promote."
        "Check the reference; publish first.";
    TrustUnavailable "SW6009" Unknown
        "The trusted root or the signing config could not be had"
        "No network, a broken file, or a folder without trusted_root.json or signing_config.json."
        "Nothing can be signed or proved."
        "Mend --trust.";
    SigningFailed "SW6010" Error
        "Signing did not succeed"
        "The token, the certificate authority, the log or the timestamp authority failed or refused."
        "Nothing is promoted."
        "Run it again; when it stays, look at the status page of the Sigstore instance.";
    ReferenceForeign "SW6011" Error
        "The reference belongs to another repository"
        "It names a repository that no artifact in the configuration has."
        "Evidence would be attached where nobody looks for it."
        "Use the repository that sealwright.yaml names, or add an artifact for it.";
}

impl Code {
    /// This code's row.
    pub fn entry(self) -> &'static Entry {
        &TABLE[self as usize]
    }

    /// The code of this id, if there is one.
    pub fn parse(id: &str) -> Option<Code> {
        TABLE.iter().find(|entry| entry.id.eq_ignore_ascii_case(id)).map(|entry| entry.code)
    }
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.entry().id)
    }
}
