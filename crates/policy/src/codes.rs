//! Every finding code there is: the only table. `explain`, the SARIF rules and the docs come from it.
//!
//! The first digit is the area: 1 config, 2 registry and gathering, 3 evidence and cryptography,
//! 4 identity and requirements, 5 contents and packing, 6 publishing and signing services,
//! 7 Flux and clusters, 8 negative controls, 9 identities on paper.
//! A code is never reused and never renumbered.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
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
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[expect(missing_docs, reason = "the table below documents each")]
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
        "The file is missing, not UTF-8, or not YAML."
        "Nothing can be judged without knowing who may sign."
        "Give the path with --config, and mend the place that the message points at.";
    ConfigTooLarge "SW1002" Error
        "The configuration exceeds a limit"
        "More than 1 MiB, 50,000 values with all aliases expanded, or 32 levels."
        "A file that grows without end takes the machine with it before anything is judged."
        "Take out anchors and aliases, and what does not belong there.";
    ConfigUnknownKey "SW1003" Error
        "There is a key that means nothing"
        "It is misspelt, or stands at the wrong place."
        "A rule that somebody wrote would be ignored without a word."
        "Correct the key, move it to where it belongs, or take it out.";
    ConfigDuplicateKey "SW1004" Error
        "A key stands twice in one mapping"
        "Two entries have the same name; YAML readers differ in which of them they keep."
        "The rule in force might not be the one that was reviewed."
        "Keep one of them.";
    ConfigMissingKey "SW1005" Error
        "A required key is missing"
        "The schema asks for it."
        "Without it the rule is open or empty."
        "Add the key.";
    ConfigWrongType "SW1006" Error
        "A value has the wrong type"
        "A list stands where a text should, a number where a mapping should, and so on."
        "Guessing what was meant could let somebody sign."
        "Write it as the message shows.";
    ConfigWrongValue "SW1007" Error
        "A value does not have the right form"
        "It is not one of the known words, or not shaped like a repository, workflow, ref, commit, URL or date. Refs are literal but for `*`, which stands for one whole segment: there are no regular expressions."
        "A matcher made from it would let in more, or keep out everybody."
        "Write it as the message shows.";
    ConfigUnknownName "SW1008" Error
        "A name is not defined"
        "An artifact names a signer that is not under `signers`."
        "The artifact could be signed by nobody, or by somebody else once that name is defined."
        "Correct the name, or define the signer.";
    ConfigConflict "SW1009" Error
        "Two statements cannot both hold"
        "A signer has both `refs` and `commit`, two artifacts share a repository, or a list names something twice."
        "Which of them is in force would be a matter of chance."
        "Keep one of them.";
    ConfigExceptionExpired "SW1010" Error
        "An exception has ended"
        "The day after `until` has come."
        "What was let through for a while would be let through for ever."
        "See whether the publisher signs by now and take the exception out, or decide on a new day.";
    RegistryReference "SW2001" Error
        "This is not a reference"
        "It does not parse as HOST/PATH with an optional tag or digest."
        "Nothing can be looked up; a lenient reading could look in the wrong place."
        "Write it like ghcr.io/acme/platform/manifests:latest, with the host and in lower case.";
    RegistrySettings "SW2002" Error
        "The connection to the registry cannot be set up"
        "The file of certificate authorities cannot be read, or TLS cannot be started."
        "Nothing can be looked up."
        "Mend the file given as --ca-certificates.";
    RegistryCredentials "SW2003" Unknown
        "The credentials for the registry cannot be had"
        "Docker's configuration file is broken, or its credential helper is missing or failed."
        "Asking without credentials could make a private artifact look absent."
        "Log in again, install the helper, or point DOCKER_CONFIG at a folder with a good config.json.";
    RegistryUnreachable "SW2004" Unknown
        "The registry cannot be reached"
        "Its name does not resolve, nothing listens, TLS fails, or the connection breaks."
        "Nobody knows what is there."
        "Check the host name, the network, proxies, and --ca-certificates for a private registry.";
    RegistryDeadline "SW2005" Unknown
        "The registry did not answer in time"
        "The total time for the call ran out, retries and requested waiting included."
        "Nobody knows what is there."
        "Run it again later, or give it more time with --deadline.";
    RegistryDenied "SW2006" Unknown
        "The registry does not allow it"
        "The answer was 401 or 403: no credentials, wrong ones, or too few rights."
        "Not being allowed to read is not the same as nothing being there."
        "Log in to the registry, or give the account the right that is missing.";
    RegistryRateLimited "SW2007" Unknown
        "The registry limits the rate of requests"
        "It answered 429 until the time for the call ran out."
        "Nobody knows what is there."
        "Wait, log in (strangers have lower limits), or give it more time with --deadline.";
    RegistryStatus "SW2008" Unknown
        "The registry answered with an error"
        "A status that neither gives the content nor says that it is absent."
        "Nobody knows what is there."
        "Read the registry's words; when it is a 5xx, run it again later.";
    RegistryProtocol "SW2009" Unknown
        "The registry's answer cannot be understood"
        "It does not keep to the OCI distribution specification, or something else than a registry answers."
        "Guessing could take a login page for an empty list."
        "Check the host name and proxies between here and the registry.";
    RegistryMismatch "SW2010" Unknown
        "The bytes are not those that were asked for"
        "Digest or size differ: a cut transfer, a broken cache, or tampering."
        "Other bytes than those that were named could be judged."
        "Run it again; when it stays, the registry or something before it is broken.";
    RegistryRedirect "SW2011" Unknown
        "A redirect is not followed"
        "It leads from https to http, to a host that may not be spoken to in plain text, or round in circles."
        "Content could be read and changed on the way."
        "Mend the registry's configuration of its external URL.";
    RegistryLimit "SW2012" Unknown
        "The registry sent more than is looked at"
        "A count or a size passed its limit."
        "What lies beyond the limit was not looked at."
        "Delete what nobody needs, such as old referrers.";
    RegistryListedAbsent "SW2013" Unknown
        "Something is listed but not there"
        "A list names a manifest or a blob that the registry does not have."
        "The missing part may have been the evidence."
        "Publish again, or remove the entry from the list.";
    RegistryFallbackIndex "SW2014" Unknown
        "The fallback list of referrers cannot be used"
        "What stands under the tag sha256-DIGEST is not an index, is too large, or other writers kept dropping our entry."
        "Evidence may be there and not be found."
        "Look at what stands under that tag; do not let several publishers attach to one artifact at once.";
    RegistryFile "SW2015" Error
        "A file to upload cannot be read"
        "The operating system refused it, or its size changed."
        "Nothing was uploaded."
        "Run it again; let nothing write to the file meanwhile.";
    ArtifactAbsent "SW2020" Error
        "There is nothing under this reference"
        "The registry says that it has no such tag, digest or repository."
        "A cluster that follows it gets nothing, or keeps what it has."
        "Check the reference, or publish.";
    ArtifactIsIndex "SW2021" Error
        "The reference leads to an index instead of a manifest"
        "It names several manifests, one for each platform; a Flux artifact is a single manifest."
        "Which of them a reader takes depends on the reader, and a signature of one says nothing about the others."
        "Name one of its manifests by digest, or publish the artifact as a single manifest.";
    ArtifactIsNotManifest "SW2022" Error
        "What the reference leads to is not an artifact"
        "It is no OCI manifest, or it is evidence about another artifact."
        "There is nothing that a cluster could pull from it."
        "Check the reference: it names REPOSITORY:TAG or REPOSITORY@DIGEST of what was published.";
    ArtifactDigest "SW3001" Error
        "The artifact's manifest is not the one its digest names"
        "The registry served other bytes than were asked for, or a recording was changed."
        "Evidence would be matched with something else than the cluster pulls."
        "Gather again; when it stays, the registry or something before it alters content.";
    EvidenceBytes "SW3002" Error
        "Evidence is not the bytes that its descriptor names"
        "Digest or size of a referrer's manifest or of a bundle differ from what points at it."
        "Something could be judged that was never attached."
        "Delete the referrer and attach the evidence again.";
    ReferrerUnreadable "SW3003" Error
        "A referrer's manifest cannot be read"
        "It is not an OCI image manifest, or exceeds a limit."
        "Evidence may be hidden behind it."
        "Delete the referrer, and attach the evidence again with a current tool.";
    ReferrerForeign "SW3004" Error
        "A referrer points at another artifact"
        "The subject of its manifest is not the artifact that it was listed for."
        "Another artifact's evidence would be taken for this one's."
        "Delete it from the fallback index; it was put there by mistake or to mislead.";
    EvidenceLimit "SW3005" Error
        "Evidence exceeds a limit"
        "A bundle, certificate, statement or payload is larger, or holds more parts, than any honest one."
        "Judging it would cost time and memory without bound."
        "Look at who attached it. Honest evidence is far below every limit.";
    BundleUnreadable "SW3006" Error
        "A bundle cannot be read"
        "It is not the JSON of a Sigstore bundle, or says something twice, so that readers could disagree about it."
        "Two tools could see two different things in the same bytes."
        "Sign again with a current tool, and delete the referrer.";
    BundleForm "SW3007" Error
        "A bundle has a form that does not count as publication evidence"
        "It is older than version 0.3, holds no DSSE envelope, or is signed with a key instead of a certificate."
        "Flux does not accept it, or nobody could say who signed."
        "Sign again with sealwright-publisher or with cosign 3.";
    StatementUnreadable "SW3008" Error
        "The signed statement cannot be read"
        "The envelope holds no in-toto statement of version 1 or 0.1, or says something twice."
        "It cannot be told what was vouched for."
        "Sign again with a current tool.";
    ArtifactNotNamed "SW3009" Error
        "The evidence speaks about another artifact"
        "None of the SHA-256 digests in the statement is the artifact's."
        "A genuine signature moved from another artifact would vouch for this one."
        "Sign this artifact; delete what was moved.";
    SignatureInvalid "SW3010" Error
        "The signature does not hold"
        "It was not made over these bytes with the certified key."
        "What was signed has been changed, or was never signed."
        "Do not deploy it. Publish again from the release workflow.";
    CertificateInvalid "SW3011" Error
        "The certificate does not hold"
        "It cannot be read, was issued by nobody in the trusted root, was not for code signing, or was not valid when it was used."
        "Anybody can write a certificate with any name in it."
        "Check that --trust is the Sigstore instance the publisher signs with; sign again.";
    CertificateUnlogged "SW3012" Error
        "The certificate is in no trusted certificate transparency log"
        "Its signed certificate timestamp is missing, wrong, or of a log that the trusted root does not name."
        "A certificate that nobody could have noticed may be misissued."
        "Check --trust; sign again.";
    LogEntryInvalid "SW3013" Error
        "The log entry does not hold"
        "Inclusion proof, checkpoint or promise is missing or wrong."
        "A signature that nobody could have noticed may be made with a stolen identity."
        "Sign again; when it stays, the transparency log has a fault.";
    LogForeign "SW3014" Error
        "The log entry is of a log that is not trusted"
        "The trusted root has no such log, or what it says about its key, name or time does not fit."
        "A log of the attacker's own says whatever he likes."
        "Check that --trust is the Sigstore instance the publisher signs with, and is fresh.";
    LogEntryMismatch "SW3015" Error
        "The log entry is about something else"
        "It records another signature, certificate or content than the bundle holds."
        "The signature itself was never logged."
        "Sign again.";
    TimeUnproven "SW3016" Error
        "It is not proven when it was signed"
        "Neither a trusted timestamp nor a promise of the log holds."
        "The certificate lives ten minutes: without a time, an old key could sign for ever."
        "Sign again; with a Rekor v2 log a timestamp authority must be in the signing config.";
    TimeAhead "SW3017" Error
        "It was signed in the future"
        "A proven time is later than this machine's clock."
        "Either the clock is wrong or a log is."
        "Set the clock, then judge again.";
    LegacySignatureUnreadable "SW3018" Error
        "A legacy signature cannot be read"
        "An annotation that cosign writes is missing or malformed, or the payload is no simple-signing document."
        "It cannot be told what was vouched for."
        "Sign again with cosign 3 or sealwright-publisher, which make bundles.";
    EvidenceUnjudged "SW3019" Unknown
        "Not all of the evidence was judged"
        "More bundles are attached than are judged for one artifact, or one was not gathered."
        "What is missing may be among the rest."
        "Delete the referrers that nobody needs.";
    PredicateMislabelled "SW3020" Warning
        "A referrer is labelled with another predicate type than it holds"
        "Its annotation and the signed statement differ; the statement counts."
        "Tools that filter by the annotation will miss it."
        "Attach it again with the right annotation.";
    IdentityMismatch "SW4001" Error
        "No signer of the artifact has this identity"
        "The evidence is genuine, but issuer, certificate name or source repository belong to no signer that the configuration allows."
        "Somebody else's workflow vouches for this artifact."
        "Find out who signed. If it was your workflow after a move or rename, change its signer in sealwright.yaml first.";
    IdentityAbsent "SW4002" Error
        "The certificate names nobody"
        "It has no subject alternative name, more than one, an empty one, or no issuer."
        "A pattern would be asked about a name that means nothing."
        "Sign again from a workflow; look at the certificate authority when it stays.";
    EvidenceMissing "SW4003" Error
        "Required evidence is missing"
        "Nothing of this predicate type is attached to the artifact."
        "Nobody vouches for this respect of the artifact; other evidence never stands in for it."
        "Publish with sealwright-publisher, or add it with `sealwright-publisher sign` or `attest`.";
    EvidenceRefused "SW4004" Error
        "Required evidence is there, but none of it holds"
        "Every piece of this predicate type was refused."
        "The artifact is not what an allowed signer vouched for."
        "Read the findings beside it: each says what is wrong with one piece.";
    EvidenceUndecided "SW4005" Unknown
        "It could not be told whether required evidence is there"
        "Nothing that was read satisfies it, and something could not be read."
        "Evidence may be missing; waiting and asking again tells."
        "Ask again, and mend what the findings beside it name.";
    LegacySignatureAccepted "SW4006" Warning
        "A legacy signature was accepted"
        "--accept-legacy-signature was given and only a `.sig` tag carries the signature."
        "The legacy form is not bound to a predicate type, and anybody who can write a tag can replace it."
        "Sign again in bundle form and leave the flag out.";
    ArtifactUnexpected "SW4007" Error
        "No artifact in the configuration has this repository"
        "The reference leads to a repository that sealwright.yaml does not name."
        "Without requirements there is nothing to judge by."
        "Correct the reference, name the artifact with --artifact, or add it to the configuration.";
    JudgedAtAnotherTime "SW4008" Warning
        "Judged at another time than now"
        "--at was given."
        "A trusted root that has ended since, or has not begun, decides as it did then."
        "Leave --at out to judge as of now.";
    NothingAttached "SW4009" Error
        "Nothing vouches for the artifact"
        "The registry holds no signature and no attestation for its digest."
        "Anybody who may push could have put it there."
        "Publish with sealwright-publisher, or sign what is there: sealwright-publisher sign.";
    AttestationIsNoSignature "SW4010" Error
        "There is an attestation, but no signature"
        "A predicate from an expected signer is attached; the statement that vouches for the digest is not."
        "A build that was recorded is not yet a release that was approved."
        "Sign it: sealwright-publisher sign.";
    LegacySignatureNotAccepted "SW4011" Error
        "There is only a legacy signature"
        "The tag sha256-HEX.sig holds one, and the policy does not accept that form."
        "Legacy signatures carry no inclusion proof."
        "Sign again with cosign 3 or sealwright-publisher; or give --accept-legacy-signature for a time.";
    NothingRequired "SW4012" Error
        "The policy requires nothing"
        "No kind of evidence or no signer is named for the artifact."
        "Everything would be accepted."
        "Name at least one signer and one kind of evidence in sealwright.yaml.";
    LegacySignatureAllowed "SW4013" Warning
        "Legacy signatures were allowed"
        "--accept-legacy-signature was given."
        "A `.sig` tag would have counted where no bundle does: it is not bound to a predicate type, and anybody who can write a tag can replace it."
        "Leave the flag out once everything is signed in bundle form.";
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
    BundleTooLarge "SW6012" Error
        "A signed statement is too large"
        "The bundle exceeds the size that readers take, 1 MiB; nearly always it is the SBOM."
        "It would be published and never accepted, so nothing is promoted."
        "Publish smaller contents, or several artifacts; the message names the statement.";
    TokenMissing "SW6020" Error
        "There is no identity token"
        "No --token-file, no SIGSTORE_ID_TOKEN, and no GitHub Actions job with `permissions: id-token: write`."
        "Nothing can be signed, so nothing is published."
        "Give the job `id-token: write`, or hand a token in with --token-file.";
    TokenMalformed "SW6021" Error
        "The identity token cannot be read"
        "It is larger than 64 KiB, does not have three parts, or its claims are not JSON."
        "Nothing is signed; the token was sent to nobody."
        "Look at where it comes from: a cut-off file or the wrong variable is the usual reason.";
    TokenExpired "SW6022" Error
        "The identity token is not valid at this time"
        "Its `exp` has passed or its `nbf` has not come."
        "Nothing is signed; the token was sent to nobody."
        "Ask for a new token right before publishing, and look at the clock.";
    TokenAudience "SW6023" Error
        "The identity token is for another audience"
        "Its `aud` is not the one that the certificate authority asks for."
        "Nothing is signed; the token was sent to nobody, since it may open other doors."
        "Ask for a token with the audience `sigstore`.";
    TokenIssuer "SW6024" Error
        "The identity token comes from another issuer"
        "Its `iss` is not the issuer that the signers in sealwright.yaml are bound to."
        "Every cluster would refuse what this token signs."
        "Run it where that issuer gives tokens, or say --github-issuer for a dev stack.";
    SigningConfigUnusable "SW6025" Error
        "The signing config names no usable services"
        "It cannot be read, or none of its services is valid now and of a version that is understood."
        "Nothing is signed."
        "Update signing_config.json beside the trusted root, or mend --trust.";
    SigningServiceUnavailable "SW6026" Unknown
        "A signing service was not to be had in time"
        "It did not answer, or answered 429 or 5xx, until the deadline."
        "Nothing is promoted."
        "Run it again: it goes on where it stopped. Raise --deadline when the service is slow.";
    SigningServiceRefused "SW6027" Error
        "A signing service refused"
        "It answered with an error that does not go away by asking again."
        "Nothing is promoted."
        "Read what it said; a token that it does not accept is the usual reason.";
    SigningServiceAnswer "SW6028" Error
        "A signing service gave an unusable answer"
        "The certificate is not for our key, or the log entry or timestamp is not about our signature."
        "A broken or hostile service; its answer would prove nothing."
        "Look at which service the signing config names, and run it again.";
    PublicationUnacceptable "SW6029" Error
        "Flux in an environment would not take the artifact"
        "By the rules of its version, with the verify block that the configuration renders, `Ready` would become False."
        "The tag has not moved, so no cluster has seen it; moved, it would stop that cluster's deliveries."
        "Read the condition and the rule; correct the environment or the signers in sealwright.yaml, and run it again.";
    PredictedRefusal "SW7001" Error
        "Flux will not take the source"
        "By the rules of this version of source-controller, `Ready` becomes False."
        "The cluster stays on what it runs, or never starts; other sources that depend on it wait."
        "Read the predicted condition and the rule behind it before this is merged.";
    PredictionUndecided "SW7002" Unknown
        "What Flux will say cannot be predicted"
        "Something that its answer depends on could not be found out, or the controller's own order decides."
        "A merge now would be a guess."
        "Give what the finding names: Secrets, a version, access to the registry; then run it again.";
    JudgeRefuses "SW7003" Error
        "Flux would take what our judge refuses"
        "The controller accepts any attestation of an accepted identity; the configuration asks for more."
        "Something would be deployed that the release workflow did not publish in full."
        "Read what the judge misses; do not take the controller's word for it.";
    FluxRefuses "SW7004" Warning
        "Flux refuses what our judge verifies"
        "The evidence suffices; the verify block or the controller's own rules stand in the way."
        "Deliveries stop though nothing is wrong with the artifact."
        "Compare the block with what `sealwright-verifier render` prints.";
    SourceInvalid "SW7005" Error
        "The API server would not take the object"
        "A field is missing or has another type than the API's."
        "It never reaches the cluster."
        "Correct the field that the message names.";
    SecretAbsent "SW7006" Unknown
        "A Secret that the source points at cannot be read"
        "It is in none of the files, is encrypted, or may not be read."
        "What the controller will say depends on what it holds."
        "Give the Secret with --secrets, decrypted; it is used for the prediction only.";
    TrustReplaced "SW7007" Note
        "Another trusted root stands in for the public one"
        "The environment trusts the public Sigstore, and --trust names another trusted root."
        "The prediction is a rehearsal: in the environment itself the public Sigstore decides."
        "Run it with `--trust public` for what really was signed there.";
    EnvironmentTrustAbsent "SW7008" Unknown
        "The environment's trusted root is not at hand"
        "The environment trusts a dev stack, and --trust names the public Sigstore."
        "Nobody can say what its controller will accept."
        "Give the dev stack's trust folder with --trust.";
    ControllerUnknown "SW7009" Warning
        "The rules of this version are not known"
        "It is newer than the newest that was compared with the running controller."
        "It may decide otherwise."
        "Update this program, or read the release notes of source-controller.";
    ClusterUnreachable "SW7030" Unknown
        "The API server cannot be reached"
        "Its name does not resolve, nothing listens, TLS fails, or the connection breaks."
        "Nobody knows what runs there, or whether the lock is closed."
        "Check the context, the network, and the certificate authority in the kubeconfig.";
    ClusterDeadline "SW7031" Unknown
        "The API server did not answer in time"
        "The total time for all requests ran out, retries included."
        "Nobody knows what runs there, or whether the lock is closed."
        "Run it again later, or give it more time with --deadline.";
    ClusterUnauthorized "SW7032" Unknown
        "The API server does not take the credentials"
        "The answer was 401: the token has expired, or is of another cluster."
        "Nothing can be read, which is not the same as nothing being wrong."
        "Log in to the cluster again.";
    ClusterDenied "SW7033" Unknown
        "A right is missing in the cluster"
        "The answer was 403: the account may not read this kind of object."
        "Sources that may not be read could be without any lock."
        "Add the rule that the finding names; deploy/ beside the verifier has a ClusterRole with all of them, and its README says how to add the name of a Secret.";
    ClusterCredentials "SW7034" Unknown
        "Credentials for the cluster cannot be had"
        "The credential plugin of the kubeconfig is missing, failed or did not end, or a token file cannot be read."
        "Nothing can be read, which is not the same as nothing being wrong."
        "Run the plugin by hand, log in with it, and run this again.";
    ClusterStatus "SW7035" Unknown
        "The API server answered with an error"
        "A status that neither gives the objects nor says that they are absent."
        "Nobody knows what runs there."
        "Read the server's words; when it is a 5xx, look at its health and run this again.";
    ClusterProtocol "SW7036" Unknown
        "The API server's answer cannot be understood"
        "It is not JSON of the Kubernetes API, or contradicts itself."
        "Guessing could take a login page for a cluster without sources."
        "Check that the kubeconfig names an API server, and what stands between here and there.";
    ClusterLimit "SW7037" Unknown
        "The API server sent more than is looked at"
        "A count or a size passed its limit."
        "What lies beyond the limit was not looked at."
        "Find out who makes so many or so large objects.";
    ClusterKindMissing "SW7038" Unknown
        "A kind of object is not served in a version that is understood"
        "Flux is not installed there, or its custom resource definitions are older or newer than what is read here."
        "Objects of other versions exist and are not seen."
        "Check the context; update Flux, or this program.";
    ClusterClock "SW7039" Warning
        "The clocks of cluster and machine differ"
        "One of them is not synchronised."
        "Tokens and certificates seem expired or not yet valid, and times in the report cannot be compared."
        "Synchronise both with a time server.";
    SourceUnverified "SW7040" Error
        "A source of the organisation has no verify block"
        "Its URL is in the scope of the configuration, and the live object does not ask for a signature."
        "The cluster applies whatever anybody pushes there."
        "Add the block that `sealwright-verifier render` prints, where the object comes from.";
    SourceNotInEffect "SW7041" Error
        "A verify block is not in effect"
        "The controller says that verification failed, or has said nothing about verification."
        "The cluster is stuck on its last good artifact, or has never checked one."
        "Read the controller's message, and what it was predicted to say.";
    SourceStale "SW7042" Error
        "The controller's word is about an older object"
        "The object was changed after the controller looked at it last, so its conditions say nothing about what stands there now."
        "A True from before a change looks like a closed lock."
        "See whether source-controller runs and keeps up; wait for it, and run this again.";
    SourceDiffers "SW7043" Error
        "The live verify block is not the declared one"
        "Somebody or something changed it, or the declaration never arrived."
        "Other signers than the reviewed ones may be accepted."
        "Apply the block that `sealwright-verifier render` prints, and find out who owns the field.";
    SourceMissing "SW7044" Error
        "A declared source is not in the cluster"
        "The configuration names it for this environment; the API server has no such object."
        "What should be checked there is not, and what it delivered comes from elsewhere or not at all."
        "Correct the name in the configuration, or apply the source.";
    SourceVanished "SW7045" Error
        "A source that was there last time is gone"
        "The baseline has it; the API server has no such object, or its URL has left the scope."
        "Whoever deletes or moves a source takes it out of every check."
        "If it was meant, write a new baseline with --write-baseline.";
    SourceNoneFound "SW7046" Unknown
        "There is no source in scope"
        "Nothing in the cluster has a URL of the organisation, and the configuration names no source."
        "Looking at nothing would look like finding nothing wrong."
        "Check the context and the `organisation` URLs of the environment.";
    SourceRunsNothing "SW7047" Unknown
        "A source has fetched nothing yet"
        "Its status has no artifact."
        "It cannot be said what runs."
        "Read the controller's message.";
    SourceSuspended "SW7048" Warning
        "A source is suspended"
        "`spec.suspend` is set: the controller neither fetches nor verifies."
        "What it serves stays as it is, however old or revoked."
        "Resume it, or remove it.";
    SourceOwner "SW7049" Warning
        "The verify block was set by hand"
        "The API server's record says that an interactive tool owns the field."
        "The next apply of what is declared may take the block away."
        "Put the block where the object comes from, and apply it from there.";
    SourceJudgedElsewhere "SW7050" Unknown
        "What runs belongs to no declared artifact"
        "The source is in the organisation's scope, and no artifact of the configuration has its repository."
        "Nobody has said who may sign it, so nobody can say whether it is right."
        "Add the artifact to the configuration.";
    PredictionDiffers "SW7051" Warning
        "The controller says something else than predicted"
        "It decided about another state of the registry or the Secrets, or its rules are not those that are modelled."
        "A True that is remembered hides that the next change will be refused."
        "Compare the two; a change of the source makes the controller decide anew.";
    EnforcementAbsent "SW7052" Error
        "Enforcement is declared but does not run"
        "The source-controller, or the admission webhook that policies about images need, is not there or does not answer."
        "Nothing new is checked: conditions stay as they were last written, and policies stand there without effect."
        "Look at the Deployment source-controller in flux-system, or at the webhook that is named, its Service and its pods.";
    ControllerAssumed "SW7053" Note
        "The controller's version is assumed"
        "Neither the Deployment nor the custom resource definitions say it, or may be read."
        "Rules of another version may be in force."
        "Give the account the right to read the Deployment, or set `flux` of the environment.";
    EnforcementUnseen "SW7054" Unknown
        "Nothing shows that the controller runs"
        "There is neither its Deployment nor the Lease that it renews."
        "Conditions that a controller wrote long ago look like a closed lock."
        "Check the context; a controller outside flux-system, or without leader election, cannot be seen.";
    SourceNotReady "SW7055" Error
        "A source is not ready"
        "The controller cannot fetch or store the artifact, for another reason than its signature."
        "Deliveries stand still."
        "Read the controller's message.";
    SourceExcepted "SW7056" Note
        "A chart is let through without a signature"
        "The configuration lists its URL under `charts` as unsigned."
        "The cluster applies whatever anybody pushes there."
        "See whether its publisher signs by now, and take the exception out.";
    TrustedRootDiffers "SW7057" Error
        "The cluster trusts another trusted root than this report"
        "The Secret behind `trustedRootSecretRef` holds other bytes than --trust."
        "Whoever wrote that Secret decides whose signatures count."
        "Put the trusted root that is meant into the Secret, byte for byte, or give the other one with --trust.";
    SourceRunsOther "SW7058" Error
        "What runs is not what was verified"
        "The tag that the source follows names other bytes than the controller serves: it moved after they were fetched, or something else was stored."
        "The controller's `SourceVerified` and our verdict are about the new bytes; nobody has judged those that run."
        "Publish under a version of its own and follow that; to have the source fetched anew, delete it and apply it again.";
    SourceUncompared "SW7059" Unknown
        "What runs cannot be compared with what was verified"
        "The controller packs it anew (a chart with `valuesFiles`), or its status tells no digest of it."
        "Other bytes than the verified ones could run, and nothing would show it."
        "Follow the chart with an OCIRepository and `chartRef`, whose revision names the digest.";
    WaitFailed "SW7060" Error
        "The source failed for good"
        "The controller stalled, or kept failing in the same way while it was watched."
        "It will not run the artifact that is waited for."
        "Read the controller's message and the rule behind it.";
    WaitUnfinished "SW7061" Unknown
        "The source was not there in time"
        "The time ran out before it ran the artifact, verified and Ready."
        "It may still arrive, or never."
        "Ask the controller to reconcile at once, and give it more time with --timeout.";
    WaitUnverified "SW7062" Error
        "The source runs the artifact without having verified it"
        "It is Ready at the digest, and the object has no verify block."
        "It would have run anything else as well."
        "Add the block that `sealwright-verifier render` prints.";
    SourceOutside "SW7063" Note
        "Sources outside the scope were not judged"
        "Their URLs are neither the organisation's nor those of a declared artifact."
        "Whatever they pull reaches the cluster under nobody's verdict."
        "Add the URLs that are yours to `organisation` of the environment.";
    ScopeAssumed "SW7064" Warning
        "No environment says what must be there"
        "Neither --environment nor the context names one, so the scope is taken from all environments and artifacts together."
        "A source that was deleted is not missed, and whose signatures count there is not known."
        "Name the environment with --environment, or write its `context` into the configuration.";
    AdmissionBypassed "SW7065" Warning
        "Admission lets things pass that it should verify"
        "Its webhook lets in what it does not answer about, or is not asked about some namespaces or objects."
        "An image that a policy would refuse runs there all the same."
        "Set failurePolicy to Fail, and let the selectors leave out nothing but Kubernetes' own namespaces; label the namespaces that are named where the webhook asks for a label.";
    ControlAccepted "SW8001" Error
        "A known-bad artifact was accepted"
        "The lock let in what it is there to keep out: its pattern is too wide, or not in force."
        "Whoever can do what this control did can run anything in the cluster."
        "Stop promotions, compare the verify block in force with what `sealwright-verifier render` prints, and look for what came in this way.";
    ControlNotRun "SW8002" Unknown
        "A negative control could not be tried"
        "It is not in the registry, could not be read, or nobody could decide about it in time."
        "An untried lock may be open."
        "Mend what the message names, and try again.";
    ControlRefusedOtherwise "SW8003" Unknown
        "A negative control was refused for another reason than the one it is about"
        "Something else was wrong with it, or with the way to it."
        "The lock that it is about was never tried, so nobody knows whether it would have held."
        "Make the controls anew; when it stays, compare the reason with what the control does.";
    ControlNeighbourRefused "SW8004" Unknown
        "The good artifact beside the controls was not accepted"
        "Trust, issuer, verify block or registry are wrong, so everything is refused."
        "A lock that refuses everything proves nothing by refusing the bad."
        "Mend that first: judge the good artifact with `sealwright-verifier artifact`.";
    ControlPredictionDiffers "SW8005" Warning
        "The cluster decided about a control otherwise than predicted"
        "The controller's rules are not those that are modelled, or its version is another one."
        "Other predictions about this cluster may be wrong, too."
        "Give the controller's version with --controller, and report the difference.";
    ControlRollbackUnseen "SW8006" Note
        "No signature tells that an artifact was superseded"
        "An artifact that was good once is soundly signed for ever, and Flux keeps no order."
        "Whoever can move a tag can bring back an old hole."
        "Compare what runs with what was promoted last: `sealwright-verifier wait --digest`.";
    ControlsLeftOver "SW8007" Unknown
        "Something of the controls is still in the cluster"
        "It could not be deleted, or the API server did not answer any more."
        "Sources that pull known-bad artifacts stay behind in the scratch namespace."
        "Run `sealwright-verifier controls --clean` with the same context and namespace.";
    ControlsCleaned "SW8008" Note
        "Something of earlier controls was removed"
        "A run was killed before it could clean up."
        "None: nothing of it is left."
        "Nothing needs to be done.";
    ControlContentsUnseen "SW8009" Note
        "Nobody compares a layer with its digest"
        "Evidence is about the manifest. Flux extracts a layer and stops reading where its archive ends, before the digest is compared."
        "A registry, or whoever stands before it, can serve other contents under a soundly signed manifest."
        "Reach registries over TLS only, and let nobody write to their storage; a node or an operator that compares digests sees it.";
    PatternInvalid "SW9001" Error
        "A pattern is not one that Go compiles"
        "Flux, cosign and Kyverno compile patterns when they verify, and not when they are applied. Go knows no look-around, no back-references, no possessive repetition, and at most 1000 repetitions."
        "Every verification fails with Go's words, and delivery stops."
        "Mend it where Go points; `sealwright-verifier render` writes patterns that compile.";
    PatternNotAnchored "SW9002" Error
        "A pattern is not anchored"
        "It is searched for anywhere in the identity; only `^` and `$` bind it to the beginning and the end."
        "Anybody whose identity contains the text can sign."
        "Put `^` before and `$` behind, around a group when there are alternatives.";
    PatternUnescapedDot "SW9003" Error
        "A dot stands for any character"
        "In a pattern `.` matches every character; `\\.` matches a dot."
        "Somebody who registers the host or name that differs in that character can sign."
        "Write `\\.` for each dot that is meant.";
    PatternOpenRef "SW9004" Error
        "Any branch, tag, pull request or commit can sign"
        "What stands behind the `@` is open."
        "Whoever can push a branch or open a pull request can run a changed workflow, and its signature counts."
        "Name the refs, or exactly 40 hexadecimal digits for a workflow that is called by commit.";
    PatternOpenOwner "SW9005" Error
        "Any owner can sign"
        "The part that names the owner of the repository is open."
        "Everybody with an account can sign."
        "Write the owner and the repository out.";
    PatternOpenWorkflow "SW9006" Error
        "Any repository or workflow of the owner can sign"
        "The part between the owner and the `@` is open, or names a workflow that may not sign."
        "Every workflow there can sign, also one that a colleague adds for something else."
        "Write the repository and the workflow file out.";
    PatternCaseFolding "SW9007" Error
        "Case does not count"
        "The flag `i` is set."
        "Refs and files differ in case: a branch `MAIN` can sign as `main` does."
        "Take the flag out.";
    PatternIssuerOpen "SW9008" Error
        "Another issuer can vouch"
        "The pattern for the issuer lets in more than the one that is meant."
        "Whoever runs an issuer that is let in can make any identity that the other pattern asks for."
        "Write the issuer out, with `^`, `$` and escaped dots.";
    PatternNeverMatches "SW9009" Error
        "A pattern lets in nobody"
        "No identity can match it."
        "Nothing is ever verified, and delivery stops."
        "Take it from an identity that really signed, or from `sealwright-verifier render`.";
    PatternMatchesEverything "SW9010" Error
        "A pattern lets in everybody"
        "Every identity matches it."
        "Everybody can sign: the verification proves nothing."
        "Write down who may sign.";
    PatternDeadAlternative "SW9011" Warning
        "An alternative adds nobody"
        "The others let in everybody that it does, or nobody can match it."
        "Somebody thinks that it does something; the one that is missing is often a misspelt one."
        "Take it out, or mend it.";
    PatternUndecided "SW9012" Unknown
        "A pattern is too complex to decide about"
        "It takes more states or memory than one question may take, or it is longer than is read."
        "Nobody knows whom it lets in."
        "Write it simpler: no nested or large repetitions, and names instead of classes.";
    PatternTooWide "SW9013" Error
        "A pattern lets in somebody who may not sign"
        "It matches an identity that is none of the signers'."
        "The stranger can sign."
        "Use what `sealwright-verifier render` writes.";
    PatternKeepsOut "SW9014" Error
        "A pattern keeps out a signer"
        "It does not match the identity of a signer that may sign."
        "What that signer publishes is refused; it is often noticed in an emergency."
        "Use what `sealwright-verifier render` writes.";
    DocumentUnreadable "SW9101" Unknown
        "A document cannot be read"
        "It mentions identities, and it is not YAML or JSON."
        "What it declares is not judged, and whoever applies it gets an error."
        "Mend it at the place that the message names; the documents beside it were read.";
    DocumentTooLarge "SW9102" Unknown
        "A document is beyond a limit"
        "The file is larger than 16 MiB, or a document has more than 1,000,000 values or 128 levels once its aliases are expanded. Or overlays take each other 100,000 times, or 32 deep."
        "What it declares is not judged; of overlays, what any source becomes."
        "Split it, or take out the anchors, or the overlays taken twice, that multiply it.";
    KeyTwice "SW9103" Warning
        "A key stands twice in a manifest"
        "Somebody added a line that was there already."
        "Kubernetes' reader keeps the last one, Kustomize refuses the file: the rule in force might not be the one that was reviewed."
        "Keep one of them.";
    PatchTargetsNothing "SW9104" Error
        "A patch changes nothing"
        "It sets a verification on an object that is not there: another kind, name or namespace."
        "With a `target`, Kustomize and flux-operator say nothing, and the source runs unverified; a partial object that matches none stops Kustomize."
        "Aim it at the source: for a FluxInstance `kind: OCIRepository, name: flux-system`.";
    VerifyUnread "SW9105" Error
        "Nobody reads this block"
        "It declares who may sign, at a path or under a key that its consumer does not know."
        "It looks like a lock, and nothing is verified."
        "Move it to the path that the message names.";
    VerifyRemoved "SW9106" Error
        "A patch takes verification out"
        "An overlay removes the block that its base has."
        "What is locked at one place is open at another."
        "Take the patch out, or set a block of its own there.";
    ProviderUnknown "SW9107" Error
        "The provider is unknown"
        "Flux knows `cosign` and `notation`."
        "The API refuses the object, or nothing is verified."
        "Write `provider: cosign`.";
    VerifiedPartly "SW9108" Warning
        "Some overlays verify a source, and others do not"
        "The patch that adds the verification is not in every overlay that takes the source."
        "The environment without it pulls what anybody pushes."
        "Put the block into the base, or the patch into every overlay.";
    PatchFails "SW9109" Error
        "A patch cannot be applied"
        "It removes what is not there, adds to what is not there, or its `test` does not hold."
        "Kustomize renders nothing of the whole overlay: the cluster keeps what it had, and a new one gets nothing."
        "Compare the path with the object as the base and the earlier patches make it.";
    CommandWithoutIdentity "SW9120" Error
        "A verifying command names no identity"
        "A keyless signature is good when the right person made it; the command does not say who that is, or which issuer vouches for it."
        "cosign 1 takes anybody's signature, and later versions and gh refuse to run: the check is open or stops everything."
        "Add --certificate-identity and --certificate-oidc-issuer to cosign, --repo and --signer-workflow to gh.";
    CommandLogIgnored "SW9121" Warning
        "A verifying command ignores the logs"
        "A certificate holds for minutes; that it was used within them is shown by the transparency log or a signed time, and that it was issued in public by the log of certificates."
        "A certificate's key that leaks later can still sign, and nobody would see it."
        "Take the flag out; where there is no log, ask for signed times with --use-signed-timestamps.";
    CommandClaimsIgnored "SW9122" Error
        "A verifying command does not look at what was signed"
        "With --check-claims=false the digest in the signed payload is not compared with the artifact's."
        "A good signature of another artifact, put beside this one, is accepted."
        "Take the flag out.";
    CommandOwnerAlone "SW9123" Warning
        "A verifying command takes any workflow of an owner"
        "--owner stands without --signer-workflow, --signer-repo or --cert-identity."
        "An attestation by any workflow of any repository of the owner passes, also by one that a colleague adds for something else."
        "Name --repo, and --signer-workflow with the workflow that signs.";
    IdentityWorkflowAbsent "SW9124" Error
        "An identity names a workflow that is not there"
        "The certificate of a workflow names its file; this repository has no such file. It was renamed or moved, or its ending is `.yml` where the identity says `.yaml`."
        "Nothing that is signed from here is ever accepted."
        "Name the file that signs; for a reusable workflow, that is the one that is called.";
    IdentityFormMistaken "SW9125" Error
        "An identity is written in another form than is read"
        "Exact names, globs and regular expressions look alike: a star is a letter in the first, stands for any text in the second, and repeats the sign before it in the third."
        "Nobody is accepted, or others than were meant."
        "Write it in the form of the field or flag, or use the one for patterns, such as --certificate-identity-regexp.";
    IdentityTokenSubject "SW9126" Error
        "The subject of a token stands where the certificate's name belongs"
        "The token of a workflow says `repo:OWNER/REPOSITORY:...`; its certificate carries the URL of the workflow instead."
        "Nothing is ever accepted, and delivery stops."
        "Write the URL of the workflow file, with the ref behind an `@`; `sealwright-verifier workflows` prints it.";
    CommandFailureUnseen "SW9127" Warning
        "A verifying command may fail, and nobody sees it"
        "Its failure is made good: by `||`, a pipe without `pipefail`, `set +e`, `continue-on-error`, an `if` that only prints, or because nothing stops the script."
        "What was to be verified is used although it is signed by nobody, or by somebody else."
        "Let the failure end the script: `set -euo pipefail`, and nothing behind the command that takes its answer away.";
    IdentitySeveralMatchers "SW9130" Error
        "More than one identity where the consumer takes one"
        "Sigstore's bundles are verified by one identity only: Flux since 2.8 and Kyverno refuse every artifact when several are given, although their API takes them."
        "Every verification fails, and delivery stops until somebody joins them."
        "Join them into one matcher with alternatives: `^(?:…|…)$`. `sealwright-verifier render` does.";
    IdentityAnybody "SW9131" Error
        "Any identity counts"
        "A keyless verification names neither an identity nor a key."
        "Everybody with an account at any issuer can sign: of legacy signatures any counts. Of bundles Flux takes none, and delivery stops; Kyverno takes any."
        "Name issuer and certificate's name in `matchOIDCIdentity`, or a key in `secretRef`.";
    IdentityEmpty "SW9132" Error
        "One half of an identity is empty"
        "The issuer or the certificate's name is missing or an empty text, which the API admits."
        "A legacy signature is not compared in that half, and a bundle is always refused."
        "Write both: the issuer, and the name with `^` and `$`.";
    VerificationOff "SW9133" Error
        "A verification is written down and switched off"
        "Its provider is blank, which its consumer takes for off, a field takes its policy out of admission, or the webhook that reads the policy refuses it."
        "It looks like a lock, and nothing is verified."
        "Name the provider: `provider: cosign`; or take the field out.";
    IdentityIgnored "SW9134" Warning
        "Identities stand beside a key and are not looked at"
        "With a key the certificate's name is never compared."
        "Whoever reads it takes the identities for what is enforced."
        "Take out the key to verify by identity, or the identities.";
    ConfigDisagreement "SW9135" Error
        "A matcher is not the one of the configuration"
        "It lets in others than the artifact's signers, or not all of them, or takes no identity at all."
        "What is reviewed in the configuration is not what is enforced."
        "Write what `sealwright-verifier render` prints.";
    ConsumersDisagree "SW9136" Warning
        "Two consumers of one artifact let in different signers"
        "Their matchers are different languages: somebody whom one lets in is kept out by the other."
        "What passes at one place is stopped at the next, or the weaker one is the way in."
        "Write the same matcher at every place, or one `sealwright.yaml` that all are rendered from.";
    BootstrapDisagrees "SW9137" Error
        "Bootstrap and steady state let in different signers"
        "The tool that makes the cluster and the patch that keeps it guard the same source by different matchers."
        "A cluster that is built anew, often in a disaster, refuses what runs today, or begins with a weaker lock."
        "Write the same matcher at both places, with every signer in it, the recovery workflow too.";
    SourceOpen "SW9138" Warning
        "Nothing verifies what a source pulls"
        "It has no verification, and nothing that was found guards its URL. Whether it may stay so a configuration says; without one that is Unknown."
        "Whoever can push to that repository decides what runs."
        "Add `spec.verify` with the issuer and the name of the workflow that publishes it (`sealwright-verifier render` writes it); or state in `charts:` of a sealwright.yaml why it cannot be and until when.";
    OrganisationUnverified "SW9139" Error
        "Nothing verifies a source of the organisation"
        "The configuration counts its URL to the organisation or to an artifact, and the source has no verification."
        "What is locked elsewhere comes in here."
        "Add the verify block that `sealwright-verifier render` prints.";
    ChartExcepted "SW9140" Note
        "A chart is used unsigned, by an exception"
        "The configuration allows it, with a reason and an end."
        "Whoever can push that chart decides what it installs."
        "Ask the publisher to sign, and look again before the exception ends.";
    ExceptionUnused "SW9141" Warning
        "An exception is not used"
        "No source that was found has such a URL."
        "It would let in what nobody decided about, when such a source comes."
        "Take it out of `charts:`.";
    ChartAnybody "SW9142" Error
        "A chart is verified without an identity"
        "The verification of a HelmRelease is keyless and has no field for an identity: of legacy signatures any counts."
        "Everybody with an account at any issuer can sign the chart. Bundles are always refused."
        "Pull the chart by an OCIRepository with `layerSelector` (`mediaType: application/vnd.cncf.helm.chart.content.v1.tar+gzip`, `operation: copy`) and `matchOIDCIdentity`, and name it in `spec.chartRef`; or verify by a key.";
    EnforcementWarns "SW9143" Error
        "A verification only warns"
        "Its mode is to warn or to audit: what fails is told and let in."
        "An unsigned or foreign image runs, and a line in a log says so."
        "Set it to enforce once the warnings have ended.";
    CheckWeakened "SW9144" Warning
        "A part of the verification is switched off"
        "A field tells the consumer to do without the transparency log, the certificate log, the signature itself or the webhook's answer; a `PolicyException` or a condition takes something out of a policy, or the consumer does not read the field there."
        "What that part would have caught is let in."
        "Take the field out, or set it back to its default.";
    AnyRevision "SW9145" Note
        "Any revision of the signing workflow counts"
        "The matcher takes every commit: 40 hexadecimal digits, whichever they are."
        "A superseded or withdrawn revision of the shared workflow can still sign."
        "List the commits in `commit:` where that matters; updating them is then part of each change.";
    SourcesFewer "SW9146" Error
        "Fewer sources were found than before"
        "The baseline counts more of this kind or part of the organisation."
        "What is not found is not checked: a moved folder or a new syntax takes sources out of every check without a word."
        "See what is gone. If it is meant, write the baseline anew with --write-baseline.";
    FindingsAdopted "SW9147" Note
        "Findings are adopted by the baseline"
        "They were there when it was written, and do not fail the command."
        "They are as true as before."
        "Mend them one by one, and write the baseline anew.";
    BaselineStale "SW9148" Note
        "The baseline holds findings that are gone"
        "What it adopted was mended or removed."
        "The same mistake would be adopted again when it comes back."
        "Write the baseline anew with --write-baseline.";
    ObservedKeptOut "SW9149" Error
        "A matcher accepts none of those who signed"
        "No signature that was found on the artifact is by an identity that it lets in."
        "Everything is refused, and delivery stops."
        "Compare it with the identities that were found; `sealwright-verifier artifact` shows them.";
    ObservedNothing "SW9150" Error
        "Nothing was found that a matcher could accept"
        "The artifact carries no signature or attestation with an identity in it."
        "A matcher that was never seen to accept anything may accept nothing."
        "Publish and sign first, or take the source out of what is observed.";
    ObservedUnknown "SW9151" Unknown
        "It could not be found out who signed"
        "The registry did not answer, forbade it, or the reference does not say which artifact it is."
        "The matcher may accept nobody."
        "Try again, log in, or give the tag.";
    TreeUnreadable "SW9152" Unknown
        "A part of the tree could not be read"
        "A folder or file is forbidden, vanished while it was read, or is no plain file."
        "What it declares is not judged."
        "Give the right to read it, and run again.";
    TreeTooLarge "SW9153" Unknown
        "A part of the tree is beyond a limit"
        "More files, larger files or deeper folders than are read."
        "What lies beyond is not judged."
        "Give the folder that holds the manifests instead of one above it.";
    OverlayNotRendered "SW9154" Warning
        "An overlay was not rendered"
        "kubectl is missing, took too long or failed, or the overlay takes remote bases, which are never fetched."
        "Its files were read one by one: what its generators make is not seen, nor what its patches make of a policy about images. With such a policy among its files the answer is Unknown."
        "Install kubectl and run again, or render it yourself and give the folder with the result.";
    TreeLinkOutside "SW9155" Unknown
        "A symbolic link leads out of the tree"
        "Links are followed only within the folder that was given. It is a note where neither the name is one of a manifest nor the target a folder."
        "What it leads to is not judged. Flux leaves links out of its artifacts; kubectl and other tools follow them."
        "Give the folder that holds both, or put the file itself in the place of the link.";
    TreeEmpty "SW9156" Unknown
        "Nothing was found that pulls or verifies anything"
        "No object of a known kind and no verify command is in the folder."
        "An empty answer looks like a clean one."
        "Give the folder that holds the manifests.";
    GuardsNothing "SW9157" Warning
        "A rule for images is about no image"
        "Its list of images is missing or empty, a rule before it takes all of them, or a glob fits no image as its consumer spells images: with a tag or a digest."
        "It looks like a lock, and no image is verified."
        "Name the images as the consumer matches them.";
    NotJudged "SW9158" Note
        "Something is not judged"
        "It is a template, a placeholder of a document, encrypted, in a language that is not read, named here and declared elsewhere, or takes a rendering that was not done."
        "Whom it lets in is known only when it is rendered."
        "Render it, and give the folder with the result, or with what is named, as well.";
    TreeFolderPassedOver "SW9159" Note
        "A folder is marked as a cache and passed over"
        "It holds a CACHEDIR.TAG, as cargo's `target` does: programs fill it, and anything may delete it."
        "Manifests that are applied from it are not judged."
        "Take the CACHEDIR.TAG away where people keep manifests.";
    TrustWritten "SW9171" Note
        "Trust is written down in place"
        "Certificates, keys or a trusted root of its own stand in the declaration, or it names another repository of trust."
        "They do not change when Sigstore's do: then everything is refused, by older versions with a crash. And what another Sigstore signs, such as GitHub's for private repositories, is refused wherever its trust is not written."
        "Take them out to trust the public Sigstore. Where another one signs, keep them, with somebody who renews them; `sealwright-verifier artifact` says whose trust a signature needs.";
    ImagesUnnamed "SW9172" Note
        "The engine decides about images that no rule names"
        "Kyverno and Talos let them in. policy-controller denies them in the namespaces that are labelled for it, looks at no other, and takes another answer from its ConfigMap."
        "A rule that is carried from one engine to another opens or stops what it does not mention."
        "Say it yourself: a rule for all images, or `no-match-policy` in `config-policy-controller`.";
    LegacyOnly "SW9173" Note
        "A consumer looks for signatures of the older format alone"
        "Kyverno's `verifyImages` without `type: SigstoreBundle`, and an authority of policy-controller without `signatureFormat: bundle`, read the tags `.sig` and `.att`. cosign 3 and GitHub's attestations write bundles that refer to the image."
        "An image that is signed is refused as unsigned, after an update of the tool that signs."
        "Write the field, which policy-controller knows since 0.13 and Kyverno since 1.13, or sign in both formats until every consumer reads bundles.";
    WorkflowUnreadable "SW9201" Unknown
        "A workflow or action cannot be read"
        "The file is not YAML, or a part of it could not be read."
        "Nobody knows what it does and as whom it signs; GitHub does not run it either."
        "Mend it where the message points.";
    WorkflowMalformed "SW9202" Warning
        "A workflow or action does not have GitHub's form"
        "A key that is needed is missing, or holds something of another kind."
        "GitHub refuses the file, or ignores what was meant."
        "Write it as GitHub's workflow syntax says.";
    WorkflowTooLarge "SW9203" Unknown
        "A workflow or action exceeds a limit"
        "It is larger than any that GitHub would run, or calls itself deeper than GitHub allows."
        "What stands behind the limit was not looked at."
        "Part it into several.";
    SignerWorkflowMissing "SW9204" Error
        "An accepted signer's workflow is not in the repository"
        "The certificate names the workflow file that signs. It was renamed, moved, or ends in `.yml` where `.yaml` is written, or the other way round."
        "Nobody can sign as this signer: what is published is refused, often in an emergency."
        "Write the file's name as it is; for a rename, let both names sign for a while.";
    SignerCannotSign "SW9205" Error
        "An accepted signer's workflow cannot sign"
        "No job of it may ask for an identity token, and none signs."
        "Nobody can sign as this signer; another workflow may have taken over the signing, under its own name."
        "Name the workflow that really signs: for a reusable one that is the called file.";
    SignerSignsNothing "SW9206" Note
        "Nothing in an accepted signer's workflow is known to sign"
        "It may ask for a token, and no step of it is one that is known to sign; a script or an action may do it unseen."
        "If nothing signs there, whoever gets a step into it can."
        "See which step signs, or take the signer out.";
    SigningUnaccepted "SW9207" Warning
        "A job signs, and nobody accepts its identity"
        "No matcher in the configuration or the manifests lets in what its certificate says."
        "What it publishes is refused, if it is meant for those who verify here."
        "Add the signer, or sign by the workflow that is accepted; a called workflow signs under its own name.";
    SigningEventUnaccepted "SW9208" Note
        "A job signs for an event from which nobody accepts it"
        "The ref or the caller that the event runs for is none that the matchers let in, while they let in others of the same job."
        "What is published that way is refused."
        "Leave the event out, or add its ref to the signer if that is meant.";
    RepositoryNameUnknown "SW9209" Note
        "It is not known which repository this is"
        "The name is neither given nor in the configuration or in the folder `.git`."
        "Identities are shown without it, and matchers that name a repository were not compared."
        "Give --repository owner/name.";
    SigningWithoutToken "SW9210" Error
        "A job signs and may not ask for an identity token"
        "Its permissions do not grant `id-token: write`, which no default does."
        "It waits for a login in a browser or fails, often after it has pushed."
        "Grant `id-token: write` to this job, and to no other.";
    SigningWithoutRight "SW9211" Warning
        "A job that signs lacks a permission that it seems to need"
        "What it signs is kept where its token may not write."
        "The step fails after the artifact was pushed, and the artifact stays without evidence."
        "Grant the permission to this job.";
    CallerGrantsLess "SW9212" Error
        "A caller grants less than the called workflow asks for"
        "The permissions of a called workflow cannot exceed those of the job that calls it."
        "GitHub does not start the run."
        "Grant the permission to the job that calls.";
    SigningHoldsAll "SW9213" Warning
        "A job that signs may write everything"
        "Its permissions are `write-all`."
        "Each of its steps could change code, releases and settings, and then sign them."
        "List the permissions that it needs.";
    JobMaySign "SW9214" Warning
        "A job may sign under an accepted identity although nothing in it does"
        "It holds `id-token: write`, often from the top of the file; every job of a workflow has the same name in its certificate."
        "Whatever runs in it, a test or a dependency, can sign what is accepted."
        "Grant `id-token: write` in the job that signs alone, or move the others to a workflow of their own.";
    SigningPathUnpinned "SW9215" Error
        "A job that signs runs something that others can change"
        "An action or workflow is named by a tag or branch, or an image without its digest."
        "Whoever moves that tag signs as this job. Where a matcher here accepts that job it is an error, else a warning; actions of GitHub's own owners are a note of SW9216, for whoever moves their tags runs the machine as well."
        "Name it by its commit of 40 digits, an image by its digest, with the version in a comment.";
    UsesUnpinned "SW9216" Warning
        "A workflow runs something that others can change"
        "An action or workflow is named by a tag or branch, or an image without its digest."
        "Whoever moves that tag runs in this repository's jobs, with their permissions and secrets."
        "Name it by its commit of 40 digits, an image by its digest, with the version in a comment.";
    UsesNotJudged "SW9217" Error
        "What a step or job uses cannot be told"
        "`uses` holds an expression, or nothing that GitHub takes."
        "GitHub refuses the whole file: nothing in it runs, and what was meant was not judged."
        "Write out what it uses.";
    CalledFileMissing "SW9218" Warning
        "A workflow or action that is used is not in the repository"
        "No file of that name is there at this revision."
        "The run fails, unless a step before puts an action there; what it would do was not judged."
        "Correct the path; `.yml` and `.yaml` differ.";
    CallsInCircle "SW9219" Error
        "Workflows call each other in a circle"
        "A workflow calls one that calls it."
        "GitHub does not start the run."
        "Take one of the calls out.";
    NothingSigns "SW9220" Unknown
        "No workflow signs or moves a tag"
        "No job is known to sign, none may ask for a token by which one signs, and no step moves a tag that somebody could follow."
        "An empty answer looks like a clean one."
        "Give the root of the repository; if a script signs, nothing on paper shows it.";
    CosignRefuses "SW9221" Error
        "A command has arguments that its cosign refuses"
        "The version that the job installs never had, took away or replaced an argument; cosign 3 asks for --bundle where older ones wrote two files."
        "The step fails, often after the artifact was pushed: it stays without its evidence."
        "Write it as that version takes it, as the message says, or install another one with `cosign-release`.";
    CosignIgnores "SW9222" Warning
        "A command has arguments that its cosign ignores"
        "The version that the job installs takes the argument and does nothing with it."
        "A file that the next step or a reader expects is not there, or a setting is not in force."
        "Take the argument out, and read what is written instead.";
    EvidenceLeftBehind "SW9223" Warning
        "A copy leaves the evidence behind"
        "The command copies an artifact into another repository and nothing that is attached to it: neither referrers nor the tags that older signatures have."
        "Whoever verifies at the copy refuses it; whoever does not runs what nobody vouches for there."
        "Copy what is attached as well, such as by `oras cp --recursive` or `regctl image copy --referrers --digest-tags`, and verify the copy before somebody follows it.";
    RouteMissesGate "SW9230" Warning
        "A route to the tag walks around a gate that another route has"
        "Two triggers or workflows move the same tag, and one of them does so without the tests, the verification, the signature, the approval or the branch that the other waits for."
        "What the gate would have stopped takes the other way, by accident in an emergency or on purpose."
        "Give both routes the same gates, best by letting both call the same workflow.";
    TagBeforeEvidence "SW9231" Warning
        "The tag moves before its evidence is there"
        "A step pushes or tags what clusters follow, and the signature comes after it; or a signature is asked for by the tag, which is there already."
        "When signing fails, the tag stands at something unsigned: clusters that verify stop, and those that do not run it. Whoever moves the tag in between has something else signed."
        "Push by digest or under a tag of that run alone, sign, verify, and move the tag last; `sealwright-publisher publish` does it as one transaction.";
    RouteWithoutEvidence "SW9232" Error
        "A route moves the tag of a declared artifact and nothing on it signs"
        "The configuration asks for evidence, and a workflow moves that artifact's tag without making any."
        "Every cluster that verifies stops at the next publication; every other one runs what nobody vouched for."
        "Publish with `sealwright-publisher publish`, or remove the route.";
    SigningFailureUnseen "SW9233" Warning
        "A failing signature or verification goes unseen"
        "`continue-on-error`, `|| true`, a pipe without `pipefail`, or a shell that does not stop at a failure lets the job go on."
        "The run is green, the tag moves, and the evidence is missing or was refused."
        "Let the step fail; with a pipe, say `shell: bash` or `set -o pipefail`.";
    TagMovesWhatever "SW9234" Warning
        "The tag moves also when what came before it failed"
        "The step or job runs under `always()` or `!cancelled()` and does not ask for the result of what it waits for."
        "A verification or test that failed stops nothing."
        "Remove the condition, or ask for `success()` or the result of the needed job.";
    SignerVanished "SW9235" Error
        "An identity that is trusted is signed under by no workflow any more"
        "The workflow that signed was renamed, moved or deleted, or its signing moved behind a reusable workflow: certificates will carry another name."
        "Whoever follows the tag refuses everything that is published from now on."
        "Change every place that is listed in the same pull request, and let both names stand until the clusters have the new one.";
    IdentityStillNamed "SW9236" Warning
        "A file still names an identity that no workflow signs under any more"
        "The name of the old workflow stands in a document, a script or a configuration."
        "Instructions that are followed in an emergency do not work."
        "Write the new name, or say that the old one is history.";
    StrangersCodeSigns "SW9237" Error
        "Strangers' code runs where the project's rights are"
        "A workflow that anybody can start checks out what they propose and runs it in a job that may ask for certificates or push packages."
        "Anybody with a pull request signs as the project."
        "Build proposals under `pull_request`, which has no rights, and publish what was reviewed.";
    ScriptInjection "SW9238" Error
        "Text that strangers choose becomes part of a script that may sign or push"
        "An expression in `run` is put into the script before the shell reads it."
        "A title, a branch name or a commit message runs as a command with the job's rights."
        "Pass the text through `env` and write it as a quoted variable.";
    StrangersStartSigning "SW9239" Warning
        "Anybody can start a job that signs or moves a tag"
        "A pull request or a comment of a stranger starts it, with the rights and under the name of the default branch."
        "What it signs carries an identity that clusters trust."
        "Start it by a push to a protected branch, or let an environment ask for approval.";
    RouteUnread "SW9240" Note
        "A route to a tag could not be followed to its end"
        "A workflow or action of another repository, a script that is not here or not read, a name that is not on paper, or a limit stands in the way."
        "What happens there is in no table: the tag may move by it."
        "Read what is called, or publish through a workflow of this repository.";
    BaseUnread "SW9241" Unknown
        "The workflows could not be compared with those of before"
        "The revision could not be read."
        "A renamed signer is found only by the clusters."
        "Fetch the revision that --base names; with actions/checkout, set `fetch-depth: 0`.";
    StrangersArtifact "SW9242" Error
        "What strangers' runs leave behind is signed or published"
        "A workflow that follows a run which anybody can start, from a fork as well, downloads that run's artifacts and signs or publishes with them."
        "Whoever opens a pull request chooses the bytes that carry the project's identity."
        "Build what is signed in the run that signs; or ask for `github.event.workflow_run.event == 'push'`. The name of the branch is no answer: a fork has a `main` as well.";
    StrangersCache "SW9243" Error
        "A job that signs restores a cache that strangers can fill"
        "A workflow that anybody can start runs what they propose for the default branch. Its caches, whatever its permissions are, are read by every run of the repository."
        "What they have put into the cache runs or is packed where the project signs."
        "Run proposals under `pull_request`, whose caches are its own, and restore no cache in the job that signs.";
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

/// Any code, not today's list: a report of a later version stays valid for readers of this one.
impl JsonSchema for Code {
    fn schema_name() -> Cow<'static, str> {
        "Code".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A finding code, such as `SW4001`.",
            "type": "string",
            "pattern": "^SW[0-9]{4}$",
        })
    }
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.entry().id)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn ids_are_sorted_unique_and_well_formed() {
        for pair in TABLE.windows(2) {
            assert!(pair[0].id < pair[1].id, "{} stands before {}", pair[0].id, pair[1].id);
        }
        for entry in TABLE {
            let digits = entry.id.strip_prefix("SW").expect(entry.id);
            assert!(
                digits.len() == 4 && digits.bytes().all(|b| b.is_ascii_digit()),
                "{}",
                entry.id
            );
            assert!((b'1'..=b'9').contains(&digits.as_bytes()[0]), "{}: no such area", entry.id);
        }
    }

    #[test]
    fn every_text_says_something_and_nothing_twice() {
        let mut titles = BTreeSet::new();
        for entry in TABLE {
            assert!(titles.insert(entry.title), "{}: its title is taken", entry.id);
            assert!(!entry.title.ends_with('.'), "{}: a headline has no full stop", entry.id);
            for text in [entry.title, entry.cause, entry.risk, entry.fix] {
                assert!(text.len() >= 10 && text == text.trim(), "{}: {text:?}", entry.id);
            }
            for text in [entry.cause, entry.risk, entry.fix] {
                assert!(text.ends_with('.'), "{}: a sentence ends: {text:?}", entry.id);
            }
        }
    }

    #[test]
    fn a_code_leads_to_its_own_row_and_back() {
        for entry in TABLE {
            assert_eq!(entry.code.entry().id, entry.id);
            assert_eq!(Code::parse(&entry.id.to_lowercase()), Some(entry.code));
            let json = serde_json::to_value(entry.code).unwrap();
            assert_eq!(json, entry.id, "the serialised form is the id");
        }
        assert_eq!(Code::parse("SW0000"), None);
    }
}
