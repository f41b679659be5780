//! Versions of source-controller, the Flux releases they come in, and what each can do.
//!
//! Source: `manifests/bases/source-controller` of fluxcd/flux2 at each tag, and the change log of
//! fluxcd/source-controller.

use semver::Version;

/// Flux releases and their source-controller, as far as they are known: `(Flux, source-controller)`,
/// oldest first.
const RELEASES: &[(Version, Version)] = &[
    (Version::new(2, 0, 0), Version::new(1, 0, 0)),
    (Version::new(2, 1, 0), Version::new(1, 1, 0)),
    (Version::new(2, 2, 0), Version::new(1, 2, 2)),
    (Version::new(2, 3, 0), Version::new(1, 3, 0)),
    (Version::new(2, 4, 0), Version::new(1, 4, 1)),
    (Version::new(2, 5, 0), Version::new(1, 5, 0)),
    (Version::new(2, 6, 0), Version::new(1, 6, 0)),
    (Version::new(2, 7, 0), Version::new(1, 7, 0)),
    (Version::new(2, 8, 0), Version::new(1, 8, 0)),
    (Version::new(2, 8, 8), Version::new(1, 8, 5)),
    (Version::new(2, 9, 0), Version::new(1, 9, 1)),
    (Version::new(2, 9, 1), Version::new(1, 9, 2)),
    (Version::new(2, 9, 2), Version::new(1, 9, 3)),
    (Version::new(2, 9, 4), Version::new(1, 9, 4)),
];

/// The newest source-controller of each minor release whose rules were read.
const NEWEST_OF_MINOR: &[Version] = &[
    Version::new(1, 0, 1),
    Version::new(1, 1, 2),
    Version::new(1, 2, 5),
    Version::new(1, 3, 0),
    Version::new(1, 4, 1),
    Version::new(1, 5, 0),
    Version::new(1, 6, 2),
    Version::new(1, 7, 4),
    Version::new(1, 8, 5),
    Version::new(1, 9, 6),
    Version::new(1, 10, 1),
];

/// The newest source-controller whose rules were run and compared: what is assumed where nothing is
/// said.
const NEWEST_RUN: Version = Version::new(1, 9, 6);

/// A source-controller whose rules are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Controller {
    version: Version,
    said: Option<String>,
}

/// Why a version says nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no version of Flux 2 or of source-controller 1; expected such as `2.9`, `flux 2.9.4`, \
     `source-controller 1.9.6` or the image `…/source-controller:v1.9.6`"
)]
pub struct UnknownController(String);

impl Default for Controller {
    /// The newest whose rules were compared with the running program.
    fn default() -> Self {
        Self { version: NEWEST_RUN, said: None }
    }
}

impl Controller {
    /// Reads `2.9`, `2.9.x`, `flux 2.9.4`, `1.9.6`, `source-controller 1.8.5`, or the reference of an
    /// image of source-controller. Major version 2 is Flux, 1 is source-controller.
    ///
    /// # Errors
    /// Not a version, or one before Flux 2.0.
    pub fn parse(text: &str) -> Result<Self, UnknownController> {
        let unknown = || UnknownController(sealwright_evidence::quote(text));
        let (name, number) = split(text.trim());
        let (major, minor, patch) = numbers(number).ok_or_else(unknown)?;
        let is_flux = match name {
            "" => major == 2,
            "flux" => true,
            name if name.rsplit('/').next() == Some("source-controller") => false,
            _ => return Err(unknown()),
        };
        match (is_flux, major) {
            (true, 2) => Ok(Self::of_flux(minor, patch)),
            (false, 1) => Ok(Self::of_controller(minor, patch)),
            _ => Err(unknown()),
        }
    }

    fn of_controller(minor: Option<u64>, patch: Option<u64>) -> Self {
        let Some(minor) = minor else { return Self::default() };
        let newest = NEWEST_OF_MINOR.iter().find(|version| version.minor == minor);
        match (newest, patch) {
            (Some(newest), None) => Self { version: newest.clone(), said: None },
            (Some(newest), Some(patch)) if patch <= newest.patch => {
                Self { version: Version::new(1, minor, patch), said: None }
            }
            (newest, patch) => {
                let number = patch.map_or_else(String::new, |patch| format!(".{patch}"));
                let newest = newest.or(NEWEST_OF_MINOR.last()).cloned().unwrap_or(NEWEST_RUN);
                Self { version: newest, said: Some(format!("source-controller 1.{minor}{number}")) }
            }
        }
    }

    fn of_flux(minor: Option<u64>, patch: Option<u64>) -> Self {
        let Some(minor) = minor else { return Self::default() };
        let Some(patch) = patch else { return Self::of_controller(Some(minor), None) };
        let flux = Version::new(2, minor, patch);
        let of_minor = || RELEASES.iter().filter(|(known, _)| known.minor == minor);
        match of_minor().rfind(|(known, _)| *known <= flux) {
            Some((known, version))
                if *known == flux || of_minor().any(|(next, _)| *next > flux) =>
            {
                Self { version: version.clone(), said: None }
            }
            // Later than the last release whose controller is known: the newest of that minor one.
            _ => Self {
                said: Some(format!("Flux 2.{minor}.{patch}")),
                ..Self::of_controller(Some(minor), None)
            },
        }
    }

    /// The version of source-controller whose rules are used.
    pub fn version(&self) -> &Version {
        &self.version
    }

    /// The version that was asked for, when its own rules are not known and those of the nearest
    /// known one are used instead.
    pub fn asked(&self) -> Option<&str> {
        self.said.as_deref()
    }

    /// For people: `source-controller 1.9.6 (Flux 2.9)`.
    pub fn describe(&self) -> String {
        let name = format!("source-controller {} (Flux 2.{})", self.version, self.version.minor);
        match &self.said {
            Some(said) => format!("{name}, whose rules are the nearest known to {said}"),
            None => name,
        }
    }

    /// Whether bundles are looked for: cosign's library is version 3 or later.
    pub fn finds_bundles(&self) -> bool {
        self.version >= Version::new(1, 8, 0)
    }

    /// Whether `trustedRootSecretRef` exists. The API drops it before.
    pub(crate) fn reads_trusted_root(&self) -> bool {
        self.version >= Version::new(1, 9, 0)
    }

    /// Whether bundles are also found in registries without TLS under a name that is not local.
    pub(crate) fn finds_insecure_bundles(&self) -> bool {
        self.version >= Version::new(1, 9, 0)
    }

    /// Whether the digest that is verified is the one that is pulled.
    pub(crate) fn pins_digest(&self) -> bool {
        self.version >= Version::new(1, 9, 0)
    }

    /// Whether the leaf of Rekor v2 is derived from the bundle, and digests in entries are compared:
    /// sigstore-go is version 1.2 or later.
    pub(crate) fn derives_log_leaf(&self) -> bool {
        self.version >= Version::new(1, 9, 0)
    }

    /// Whether the body of an error that was asked for again is kept: go-containerregistry 0.21.6.
    pub(crate) fn keeps_error_bodies(&self) -> bool {
        self.version >= Version::new(1, 9, 0)
    }

    /// Whether the length that a registry announces for an image's layer is compared with the
    /// manifest's before it is read: go-containerregistry 0.21.6.
    pub(crate) fn compares_layer_length(&self) -> bool {
        self.version >= Version::new(1, 9, 0)
    }

    /// Whether `matchOIDCIdentity` exists. Before, keyless verification accepts anybody.
    pub(crate) fn matches_identities(&self) -> bool {
        self.version >= Version::new(1, 2, 0)
    }

    /// Whether `provider: notation` and `semverFilter` exist.
    pub(crate) fn knows_notation(&self) -> bool {
        self.version >= Version::new(1, 3, 0)
    }

    /// Whether a chart is pulled by the digest that was verified.
    pub(crate) fn pulls_charts_by_digest(&self) -> bool {
        self.version >= Version::new(1, 9, 4)
    }

    /// Whether a source is verified again when the contents of its Secrets change.
    pub(crate) fn watches_secrets(&self) -> bool {
        self.version >= Version::new(1, 10, 0)
    }
}

/// Name and number: `flux 2.9`, `source-controller:v1.9.6@sha256:…`, `2.9`.
fn split(text: &str) -> (&str, &str) {
    let text = text.split_once('@').map_or(text, |(name, _digest)| name);
    let (name, number) = text.rsplit_once([' ', ':']).unwrap_or(("", text));
    (name.trim(), number.trim().trim_start_matches('v'))
}

/// Major, minor and patch, the latter two where they are numbers and not `x` or `*`.
fn numbers(text: &str) -> Option<(u64, Option<u64>, Option<u64>)> {
    let mut parts = text.split('.');
    let major = parts.next()?.parse().ok()?;
    let mut next = || match parts.next() {
        None | Some("x" | "X" | "*") => Some(None),
        Some(part) => part.parse().ok().map(Some),
    };
    let (minor, patch) = (next()?, next()?);
    (parts.next().is_none() && !(minor.is_none() && patch.is_some()))
        .then_some((major, minor, patch))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_in_every_form() {
        for (text, version, asked, why) in [
            ("2.9", "1.9.6", None, "Flux: newest controller of the minor release"),
            ("2.9.x", "1.9.6", None, "as a FluxInstance writes it"),
            ("2.8", "1.8.5", None, "the release before"),
            ("2", "1.9.6", None, "the newest that was run"),
            ("flux 2.9.4", "1.9.4", None, "the controller of that very release"),
            ("v2.9.3", "1.9.3", None, "between two changes of the controller"),
            ("2.9.9", "1.9.6", Some("Flux 2.9.9"), "later than what is known"),
            ("2.8.3", "1.8.0", None, "the last change before it"),
            ("2.7", "1.7.4", None, "before bundles"),
            ("1.9.6", "1.9.6", None, "source-controller by number"),
            ("source-controller 1.8.5", "1.8.5", None, "by name"),
            (
                "source-controller v1.8.2",
                "1.8.2",
                None,
                "older than the newest of its minor release",
            ),
            ("ghcr.io/fluxcd/source-controller:v1.9.6", "1.9.6", None, "an image"),
            ("ghcr.io/fluxcd/source-controller:v1.9.6@sha256:ab", "1.9.6", None, "with its digest"),
            ("localhost:5000/fluxcd/source-controller:v1.8.0", "1.8.0", None, "from a mirror"),
            ("1.9.7", "1.9.6", Some("source-controller 1.9.7"), "a newer patch"),
            ("2.14", "1.10.1", Some("source-controller 1.14"), "a newer minor release"),
        ] {
            let controller = Controller::parse(text).unwrap();
            assert_eq!(controller.version.to_string(), version, "{why}");
            assert_eq!(controller.asked(), asked, "{why}");
        }
    }

    #[test]
    fn what_is_no_version_is_refused() {
        for (text, why) in [
            ("", "nothing"),
            ("latest", "a word"),
            ("0.41.2", "before Flux 2"),
            ("3.0", "nobody knows"),
            ("2.x.1", "a patch of no minor release"),
            ("2.9.4.1", "four numbers"),
            ("kustomize-controller 1.9.6", "another controller"),
            ("source-controller 2.9", "Flux's number"),
            ("flux 1.9", "the controller's number"),
            ("-2.9", "a sign"),
            ("99999999999999999999.1", "more than a number holds"),
        ] {
            assert!(Controller::parse(text).is_err(), "{why}");
        }
    }

    #[test]
    fn each_feature_begins_with_its_version() {
        let of = |text| Controller::parse(text).unwrap();
        type Feature = fn(&Controller) -> bool;
        let cases: [(&str, &str, Feature); 6] = [
            ("1.7.4", "1.8.0", Controller::finds_bundles),
            ("1.8.5", "1.9.0", Controller::reads_trusted_root),
            ("1.8.5", "1.9.0", Controller::finds_insecure_bundles),
            ("1.1.2", "1.2.0", Controller::matches_identities),
            ("1.2.5", "1.3.0", Controller::knows_notation),
            ("1.9.6", "1.10.0", Controller::watches_secrets),
        ];
        for (before, from, feature) in cases {
            assert!(!feature(&of(before)) && feature(&of(from)), "{before} and {from}");
        }
    }
}
