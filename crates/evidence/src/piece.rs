//! One piece of evidence: a bundle judged by itself, and what was learnt from it in any case.

use jiff::Timestamp;
use sealwright_policy::report::EvidenceReport;
use sealwright_policy::{Claims, Code, Finding, Requirements, Verdict};

use crate::bundle::Bundle;
use crate::crypto::{Signed, SignedBy, verify_core};
use crate::refusal::{Refusal, mismatch, refuse};
use crate::statement::{PAYLOAD_TYPE, Statement};
use crate::{Digest, TrustedRoot, certificate, log_entry};

/// What every piece is judged against.
#[derive(Clone, Copy)]
pub(crate) struct Court<'a> {
    pub(crate) artifact: &'a Digest,
    pub(crate) root: &'a TrustedRoot,
    pub(crate) requirements: &'a Requirements,
    pub(crate) now: Timestamp,
}

/// A piece after judgement. It holds exactly when there is no refusal.
pub(crate) struct Piece {
    pub(crate) report: EvidenceReport,
    pub(crate) refusal: Option<Finding>,
    /// Log entries and timestamps in it: what verifying it costs.
    pub(crate) proofs_count: usize,
}

impl Piece {
    /// Runs the steps of a judgement over a report that they fill as they learn.
    pub(crate) fn judge(
        digest: String,
        form: &str,
        steps: impl FnOnce(&mut EvidenceReport) -> Result<(), Refusal>,
    ) -> Self {
        let mut report = EvidenceReport {
            digest,
            referrer: None,
            form: form.to_owned(),
            verdict: Verdict::Refused,
            predicate_type: None,
            signer: None,
            claims: Claims::default(),
            log_entries: vec![],
            times: vec![],
            facts: Default::default(),
        };
        let refusal = steps(&mut report).err().map(|finding| *finding);
        if refusal.is_none() {
            report.verdict = Verdict::Verified;
        }
        Self { report, refusal, proofs_count: 0 }
    }

    /// A piece that was left out because the others were too many.
    pub(crate) fn unjudged(digest: &Digest) -> Self {
        let left_out = |_: &mut EvidenceReport| {
            Err(refuse(Code::EvidenceUnjudged, "the other bundles hold too much to judge this one"))
        };
        let mut piece = Self::judge(digest.to_string(), "bundle", left_out);
        piece.report.verdict = Verdict::Unknown;
        piece
    }

    pub(crate) fn holds(&self) -> bool {
        self.refusal.is_none()
    }
}

/// Judges the exact bytes of a bundle: its form, what it speaks about, its cryptography, and whose
/// identity it carries.
pub(crate) fn judge_bundle(bytes: &[u8], digest: &Digest, court: Court<'_>) -> Piece {
    let mut proofs_count = 0;
    let mut piece = Piece::judge(digest.to_string(), "bundle", |report| {
        let bundle = Bundle::parse(bytes)?;
        proofs_count = bundle.proofs_count();
        learn(report, &bundle, court.root);
        // Both are read before anything is refused, for the report.
        let certificate = read_certificate(report, bundle.certificate().unwrap_or_default());
        let statement = read_statement(report, &bundle);
        bundle.check_publication_form()?;
        certificate?;
        let statement = statement?;
        check_is_about(&statement, court.artifact)?;
        prove(report, &bundle, Signed::Digest(court.artifact), court)?;
        report.signer = Some(authorize(&report.claims, court.requirements)?);
        Ok(())
    });
    piece.proofs_count = proofs_count;
    piece
}

/// Notes what a bundle says about itself, before anything is verified.
pub(crate) fn learn(report: &mut EvidenceReport, bundle: &Bundle, root: &TrustedRoot) {
    let entries = &bundle.document().verification_material.tlog_entries;
    report.log_entries = entries.iter().map(|entry| log_entry::describe(entry, root)).collect();
    report.facts.insert("bundleMediaType".to_owned(), bundle.media_type().to_owned());
    report.facts.insert("cryptography".to_owned(), "not checked".to_owned());
}

/// Reads the certificate into the report.
pub(crate) fn read_certificate(report: &mut EvidenceReport, der: &[u8]) -> Result<(), Refusal> {
    let leaf = certificate::read(der)
        .map_err(|e| refuse(Code::CertificateInvalid, crate::quote(&e.to_string())))?;
    report.claims = leaf.claims;
    report.facts.insert("certificateNotBefore".to_owned(), leaf.not_before.to_string());
    report.facts.insert("certificateNotAfter".to_owned(), leaf.not_after.to_string());
    Ok(())
}

/// Verifies, and notes the outcome and the proven times.
pub(crate) fn prove(
    report: &mut EvidenceReport,
    bundle: &Bundle,
    signed: Signed<'_>,
    court: Court<'_>,
) -> Result<(), Refusal> {
    let mut outcome = verify_core(bundle, signed, SignedBy::AnyCertificate, court.root, court.now);
    // That the signed content names the artifact was checked before; what the verifier still finds
    // about another content is the log entry.
    if let Err(refusal) = &mut outcome
        && refusal.code == Code::ArtifactNotNamed
    {
        refusal.code = Code::LogEntryMismatch;
    }
    let word = if outcome.is_ok() { "holds" } else { "does not hold" };
    report.facts.insert("cryptography".to_owned(), word.to_owned());
    report.times = outcome?.times;
    Ok(())
}

/// The name of the signer whose identity these claims are.
pub(crate) fn authorize(claims: &Claims, requirements: &Requirements) -> Result<String, Refusal> {
    let names: Vec<&String> = claims.sans.iter().filter(|san| !san.is_empty()).collect();
    let issuer = claims.issuer.as_deref().unwrap_or_default();
    if names.len() != 1 || claims.sans.len() != 1 || issuer.is_empty() {
        return Err(mismatch(
            Code::IdentityAbsent,
            "the certificate does not name exactly one signer and an issuer",
            "one subject alternative name, and an issuer",
            crate::quote(&format!("names [{}], issuer `{issuer}`", claims.sans.join(", "))),
        ));
    }
    requirements.signer_for(claims).map(|signer| signer.name.clone()).map_err(|refusals| {
        let expected: Vec<String> = requirements
            .signers
            .iter()
            .map(|signer| format!("{} by {} ({})", signer.san, signer.issuer, signer.name))
            .collect();
        let differences: Vec<String> = refusals
            .iter()
            .flat_map(|(name, all)| all.iter().map(move |one| format!("not {name}: {one}")))
            .collect();
        let found = format!("{} by {issuer}", claims.sans[0]);
        let message = format!("it was signed by {}", crate::quote(&found));
        let mut refusal =
            mismatch(Code::IdentityMismatch, message, expected.join(" or "), crate::quote(&found));
        refusal.hint = Some(crate::quote(&differences.join("; ")));
        refusal
    })
}

/// Reads the statement, and its predicate type into the report.
fn read_statement(report: &mut EvidenceReport, bundle: &Bundle) -> Result<Statement, Refusal> {
    let envelope = bundle
        .envelope()
        .ok_or_else(|| refuse(Code::StatementUnreadable, "there is no envelope to hold one"))?;
    if envelope.payload_type != PAYLOAD_TYPE {
        let message = "the envelope holds something else than a statement";
        let found = crate::quote(&envelope.payload_type);
        return Err(mismatch(Code::StatementUnreadable, message, PAYLOAD_TYPE, found));
    }
    let statement = Statement::parse(envelope.payload.as_bytes())
        .map_err(|e| refuse(Code::StatementUnreadable, crate::quote(&e.to_string())))?;
    report.predicate_type = Some(crate::quote(&statement.predicate_type));
    Ok(statement)
}

fn check_is_about(statement: &Statement, artifact: &Digest) -> Result<(), Refusal> {
    if statement.is_about(artifact) {
        return Ok(());
    }
    let named = statement.statement_subjects.iter().filter_map(|named| named.digest.get("sha256"));
    let found: Vec<String> = named.map(|hex| format!("sha256:{hex}")).collect();
    let found = if found.is_empty() { "no SHA-256 digest".to_owned() } else { found.join(", ") };
    let message = "the statement speaks about another artifact";
    let (expected, found) = (artifact.to_string(), crate::quote(&found));
    Err(mismatch(Code::ArtifactNotNamed, message, expected, found))
}
