//! The part of minting that proves: log entry and timestamp, sound or disturbed in one thing.

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::log_entry::LogEntry;
use super::mint::{Minting, Signed};
use super::situation::{LogVersion, Situation};
use super::{Services, rekor_v2, timestamp};
use crate::DevStackError;

impl Minting<'_> {
    /// No entry, one, or the same one twice.
    pub(crate) fn log_entries(&self, signed: &Signed) -> Result<Vec<Value>, DevStackError> {
        let situation = self.mint.situation;
        if situation == Situation::NotLogged {
            return Ok(Vec::new());
        }
        let mut entry = match situation {
            Situation::ForeignLog | Situation::ForeignLogUnderOurId => {
                self.append(signed, self.world.foreign()?)?
            }
            Situation::EntryOfOtherStatement => {
                let other =
                    self.sign_statement(&[b" ", self.mint.statement.as_slice()].concat())?;
                self.append(&other, &self.world.ours)?
            }
            _ => self.append(signed, &self.world.ours)?,
        };
        self.disturb(&mut entry)?;
        let entry = entry.to_json();
        Ok(match situation {
            Situation::EntryTwice => vec![entry.clone(), entry],
            _ => vec![entry],
        })
    }

    fn append(&self, signed: &Signed, services: &Services) -> Result<LogEntry, DevStackError> {
        match self.mint.log {
            LogVersion::V1 => services.rekor_v1.append(signed.v1_body.clone(), self.at),
            LogVersion::V2 => {
                let verifier = self.signer.verifier_v2()?;
                services.rekor_v2.append(rekor_v2::hashedrekord(
                    &signed.digest,
                    &signed.signature,
                    &verifier,
                    "SHA2_256",
                ))
            }
        }
    }

    /// Makes one thing about a sound entry untrue.
    fn disturb(&self, entry: &mut LogEntry) -> Result<(), DevStackError> {
        let Services { rekor_v1, rekor_v2, .. } = &self.world.ours;
        let v1 = self.mint.log == LogVersion::V1;
        match self.mint.situation {
            Situation::ForeignLogUnderOurId => {
                entry.log_id = if v1 { rekor_v1.log_id() } else { rekor_v2.log_id() };
            }
            Situation::LogIdLies => {
                entry.log_id = if v1 { rekor_v2.log_id() } else { rekor_v1.log_id() };
            }
            Situation::CheckpointOfOtherLog => {
                let (size, root) = (entry.place.size, &entry.place.root);
                entry.checkpoint = if v1 {
                    rekor_v2.checkpoint(size, root)?
                } else {
                    rekor_v1.checkpoint(size, root)?
                };
            }
            Situation::WrongProof => entry.place.proof.push([0; 32]),
            Situation::WrongTime if v1 => entry.integrated_time -= 1,
            Situation::NoTime => entry.promise = None,
            _ => {}
        }
        Ok(())
    }

    /// Rekor v2 entries come with a timestamp; v1 entries only where the situation is about one.
    pub(crate) fn timestamps(&self, signed: &Signed) -> Result<Value, DevStackError> {
        let situation = self.mint.situation;
        let needed = match self.mint.log {
            LogVersion::V1 => situation == Situation::ForeignTimestamp,
            LogVersion::V2 => situation != Situation::NoTime,
        };
        if !needed {
            return Ok(json!({}));
        }
        let authority = match situation {
            Situation::ForeignTimestamp => &self.world.foreign()?.timestamps,
            _ => &self.world.ours.timestamps,
        };
        let digest = match situation {
            Situation::WrongTime => Sha256::digest(b"another signature"),
            _ => Sha256::digest(&signed.signature),
        };
        let token = timestamp::timestamp(&digest, authority, self.at)?;
        Ok(json!({"rfc3161Timestamps": [{"signedTimestamp": BASE64.encode(token)}]}))
    }
}
