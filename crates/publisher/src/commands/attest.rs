//! `attest`: a statement with a predicate of the user's own.

use camino::Utf8Path;
use sealwright_evidence::Statement;
use sealwright_evidence::limits::BUNDLE_BYTES_MAX;
use sealwright_policy::EvidenceKind;
use serde_json::Value;

use super::{Failure, Outcome, hand_out};
use crate::cli::AttestArguments;
use crate::{publish, settings};

/// Short names, as cosign has them.
const TYPES: [(&str, EvidenceKind); 4] = [
    ("slsaprovenance1", EvidenceKind::Provenance),
    ("provenance", EvidenceKind::Provenance),
    ("cyclonedx", EvidenceKind::Sbom),
    ("sbom", EvidenceKind::Sbom),
];

pub(super) async fn run(arguments: &AttestArguments) -> Outcome {
    let AttestArguments { common, signing, stranger, .. } = arguments;
    let reference = settings::reference(&arguments.reference)?;
    let predicate_type = predicate_type(&arguments.predicate_type)?;
    let predicate = read_predicate(&arguments.predicate)?;
    let chosen = settings::choose(common, Some(&reference))?;
    let mut world = chosen.world(common, Some(stranger))?;
    settings::with_signing(&mut world, signing)?;
    let name = world.repository.to_string();
    let statement = |artifact: &publish::Artifact, _: &_| {
        Statement::new(&name, &artifact.digest, &predicate_type, predicate)
    };
    let receipt = publish::sign_existing(&world, &reference.target, statement).await?;
    hand_out(&receipt, None)
}

fn predicate_type(text: &str) -> Result<String, Failure> {
    if let Some((_, kind)) = TYPES.iter().find(|(name, _)| *name == text) {
        return Ok(kind.predicate_type().to_owned());
    }
    let is_uri = url::Url::parse(text).is_ok();
    let is_signature = text == EvidenceKind::Signature.predicate_type();
    if is_uri && !is_signature {
        return Ok(text.to_owned());
    }
    let names: Vec<&str> = TYPES.iter().map(|(name, _)| *name).collect();
    let why = if is_signature { "use `sign` for signatures" } else { "it is no URI" };
    Err(Failure::usage(format!("--type {text}: {why}; known names: {}", names.join(", "))))
}

fn read_predicate(path: &Utf8Path) -> Result<Value, Failure> {
    let refuse = |why: String| {
        let message = format!("error: the predicate {path} cannot be used: {why}");
        Failure::rendered(message, vec![])
    };
    let size = std::fs::metadata(path).map_err(|error| refuse(error.to_string()))?.len();
    if size > BUNDLE_BYTES_MAX as u64 {
        let why = format!("it has {size} bytes; readers take bundles of {BUNDLE_BYTES_MAX}");
        return Err(refuse(why));
    }
    let bytes = std::fs::read(path).map_err(|error| refuse(error.to_string()))?;
    match serde_json::from_slice(&bytes) {
        Ok(Value::Object(predicate)) => Ok(Value::Object(predicate)),
        Ok(_) => Err(refuse("it is not a JSON object".to_owned())),
        Err(error) => Err(refuse(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_a_known_name_or_a_uri_and_never_the_signature() {
        assert_eq!(predicate_type("cyclonedx").unwrap(), "https://cyclonedx.org/bom");
        assert_eq!(
            predicate_type("https://acme.example/p/v1").unwrap(),
            "https://acme.example/p/v1"
        );
        for (text, why) in [
            ("cyclonedX", "a typo"),
            ("", "nothing"),
            ("https://sigstore.dev/cosign/sign/v1", "the signature's own"),
        ] {
            assert_eq!(predicate_type(text).unwrap_err().code, super::super::USAGE, "{why}");
        }
    }
}
