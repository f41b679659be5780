//! The rules of the controller, by name. Each has an anchor of the same name in
//! `docs/concepts/flux.md`.

/// One rule.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its name, and anchor in the documentation.
    pub name: &'static str,
    /// The rule, in one sentence.
    pub says: &'static str,
    /// First version of source-controller that it holds for; `None` for all that are known.
    pub since: Option<&'static str>,
    /// First version that it holds for no longer.
    pub until: Option<&'static str>,
}

const fn first(versions: &[&'static str]) -> Option<&'static str> {
    if versions.is_empty() { None } else { Some(versions[0]) }
}

/// Declares the rules, and the table of all of them.
macro_rules! rules {
    ($($name:ident = $anchor:literal $(since $since:literal)? $(until $until:literal)?: $says:literal;)*) => {
        $(
            #[doc = $says]
            pub const $name: Rule = Rule {
                name: $anchor,
                says: $says,
                since: first(&[$($since)?]),
                until: first(&[$($until)?]),
            };
        )*
        /// All rules, in the order of a reconciliation.
        pub const RULES: &[&Rule] = &[$(&$name),*];
    };
}

rules! {
    NEWEST_KNOWN = "newest-known-rules": "The rules of this version are not known; those of the nearest known version are used.";
    SUSPENDED = "suspended": "A suspended source is left alone: nothing is fetched or verified, and its conditions stay as they are.";
    CONNECTION_ASSUMED = "connection-secrets-assumed": "Secrets for the connection to the registry were not looked at; they are taken to be there and right.";
    CONNECTION_SECRET = "connection-secret-missing": "A Secret for the connection to the registry that is missing ends the reconciliation before anything is fetched, and it is retried.";
    URL_INVALID = "url-invalid": "A URL that names no repository stalls the source until it is changed.";
    REFERENCE_ORDER = "reference-order": "A digest wins over a range of versions, a range over a tag, and without any of them it is the tag latest.";
    DIGEST_AS_IS = "digest-as-is": "A digest is only parsed; the registry is not asked for it before verification.";
    TAG_TO_DIGEST = "tag-to-digest": "A tag is resolved once, by HEAD and on any error by GET, and what follows is about the digest.";
    SEMVER = "semver": "A range takes the highest of all tags that are versions with three numbers and, with a filter, match its unanchored pattern.";
    SEMVER_TIE = "semver-tie": "Of two tags that are the same version either may be taken.";
    CHART_TAGS = "chart-tags": "Only where the layer selector asks for a Helm chart, an underscore in a tag stands for a plus.";
    NOT_VERIFIED = "no-verify-block": "Without a verify block nothing is verified, and an earlier verdict is removed.";
    VERIFIED_BEFORE = "verified-before": "A revision that was verified for this generation of the object is not verified again, whatever has happened to Secrets or evidence since.";
    FINGERPRINT = "secret-fingerprint" since "1.10.0": "A change of the contents of the key or trusted root Secret verifies again.";
    OLD_ARTIFACT_SERVED = "old-artifact-served": "When verification fails, what was fetched before goes on being served.";
    PROVIDER_UNKNOWN = "provider-unknown": "A provider other than cosign and notation verifies nothing.";
    ROOT_FIRST = "trusted-root-first" since "1.9.0": "The Secret with the trusted root is read before anything else, also where keys are used and it is not.";
    ROOT_DROPPED = "trusted-root-dropped" until "1.9.0": "The field trustedRootSecretRef does not exist: the API drops it, and the public Sigstore is trusted.";
    ROOT_EMPTY = "trusted-root-empty" since "1.9.0": "An empty trusted root is none: the public Sigstore is trusted.";
    ROOT_NEEDS_LOG = "trusted-root-needs-log" since "1.9.0": "A trusted root must name a transparency log with a base URL, also where only bundles are verified.";
    ROOT_MALFORMED = "trusted-root-malformed" since "1.9.0": "A trusted root that is not exactly its protobuf is refused, also for one unknown field; a controller words that in one of two ways, decided when it was built.";
    KEYS_WIN = "keys-win": "With a Secret of keys, identities and trusted root count for nothing, and neither log nor time is asked for.";
    KEYS_ANY = "keys-any": "Every entry of the Secret whose name ends in .pub is a key; one that verifies is enough, and the errors of the others are thrown away.";
    KEY_UNREADABLE = "key-unreadable": "A .pub entry that is no key ends the attempt, unless another key has verified before it; the order is random.";
    KEY_EMPTY = "key-empty": "An empty .pub entry verifies keyless, without identities.";
    PUBLIC_SIGSTORE = "public-sigstore": "Without a trusted root of its own, a keyless source trusts the public Sigstore, for which the controller must reach its TUF repository.";
    IDENTITIES_DROPPED = "identities-dropped" until "1.2.0": "The field matchOIDCIdentity does not exist: keyless verification accepts anybody.";
    BUNDLES_UNKNOWN = "bundles-unknown" until "1.8.0": "Bundles are not looked for: only signatures of the older form count.";
    REFERRERS_API = "referrers-api" since "1.8.0": "The referrers API counts only with status 200 and exactly the media type of an index; its answer is the whole, also when it is empty.";
    REFERRERS_TAG = "referrers-tag" since "1.8.0": "Where the referrers API does not count, the index behind the tag sha256-<hex> is read.";
    REFERRERS_FIRST_PAGE = "referrers-first-page" since "1.8.0": "Only the first page of referrers is read.";
    DISCOVERY_ERROR = "discovery-error" since "1.8.0": "Any error while looking for bundles is dropped, and signatures of the older form are looked for instead.";
    REFERRER_SKIPPED = "referrer-skipped" since "1.8.0": "A referrer that is not exactly one layer with a bundle of version 0.3, or that cannot be fetched, is skipped without a word.";
    INSECURE_BUNDLES_UNSEEN = "insecure-bundles-unseen": "On a registry without TLS under a name that is not local, bundles are fetched by HTTPS, so none is seen.";
    BUNDLE_RULES_OUT_SIGNATURE = "bundle-rules-out-signature" since "1.8.0": "Once one bundle is found, only bundles count: a good signature of the older form does not help.";
    ONE_GOOD_BUNDLE = "one-good-bundle" since "1.8.0": "One good bundle among several is enough.";
    ANY_PREDICATE = "any-predicate" since "1.8.0": "The type of the statement is not read: any attestation by the right signer counts as a signature. Our judge asks for each kind.";
    NO_IDENTITIES_BUNDLE = "no-identities-bundle" since "1.8.0": "Without identities every bundle is refused.";
    TWO_IDENTITIES = "two-identities" since "1.8.0": "With more than one identity every bundle is refused, although the API and its documentation say that one match is enough.";
    IDENTITY_EMPTY_BUNDLE = "empty-identity-bundle" since "1.8.0": "An empty issuer or subject refuses every bundle.";
    IDENTITY_MALFORMED = "malformed-identity": "Issuer and subject are Go regular expressions, and are compiled only at verification.";
    IDENTITY_UNANCHORED = "identity-unanchored": "Issuer and subject are matched anywhere in the text unless they are anchored.";
    IDENTITY_FIRST_NAME = "identity-first-name" since "1.8.0": "Of several names in a certificate only one counts for a bundle: the first URI, else the first mail address. Our judge asks for exactly one name.";
    BUNDLE_ENVELOPE = "bundle-envelope" since "1.8.0": "A bundle without a DSSE envelope is refused, also when it is sound.";
    BUNDLE_LOGGED = "bundle-logged" since "1.8.0": "A keyless bundle needs an entry of a trusted log; entries of unknown logs and with promises that do not hold are passed over.";
    BUNDLE_TIME_V1 = "bundle-time-v1" since "1.8.0": "With an entry that has an integrated time, the time is that one, and only under the log's promise.";
    BUNDLE_TIME_V2 = "bundle-time-v2" since "1.8.0": "With entries of Rekor v2 alone, the time is that of a timestamp by an authority in the trusted root.";
    MIXED_LOGS = "mixed-logs" since "1.8.0": "A bundle of Rekor v2 makes the ones verified after it need a timestamp, too, and the order is random.";
    NO_SIGNATURES = "no-signatures": "Without a bundle and without the tag sha256-<hex>.sig there is nothing to verify.";
    SIGNATURE_TAG = "signature-tag": "Signatures of the older form are the layers behind the tag sha256-<hex>.sig; one good one is enough.";
    SIGNATURE_ANYBODY = "signature-anybody": "Without identities a signature of the older form by anybody is accepted.";
    SIGNATURE_UNBOUND = "signature-unbound": "What a signature of the older form says about the digest is not compared with the artifact: Flux would accept this one, and our judge does not.";
    SIGNATURE_ONLINE = "signature-online": "A signature of the older form without its log entry is looked up in Rekor, which cannot be foretold.";
    SIGNATURE_ORDER = "signature-order": "A signature of the older form is checked in the order log, authority, identity, certificate timestamp, signature, expiry.";
    NOTATION = "notation" since "1.3.0": "Notation needs a Secret with a trust policy and certificates; what it says of a signature is not foretold.";
    PULL_BY_DIGEST = "pull-by-digest": "What is pulled is the digest that was verified.";
    PULL_MOVED_TAG = "pull-moved-tag" until "1.9.0": "Verification and pull each resolve the tag again, so a tag that moves meanwhile is not noticed.";
    INDEX_PLATFORM = "index-platform": "Of an index, the image for linux/amd64 is pulled.";
    LAYER = "layer": "The layer served is the first, or the first of the selected media type; extracting needs gzip.";
    LAYER_UNCOMPARED = "layer-uncompared": "An archive is read to its own end, and its bytes are compared with the digest only where the stream ends: a registry that hands out another whole archive is believed. Our judge compares every byte.";
    HELM_REPOSITORY = "helm-repository-oci": "A HelmRepository of type oci is not reconciled: it has no conditions.";
    HELM_CHART_OCI_ONLY = "chart-oci-only": "Charts are verified only from a HelmRepository of type oci.";
    HELM_CHART_ALWAYS = "chart-verified-always": "A chart is verified at every reconciliation.";
    HELM_CHART_KEYS = "chart-keys": "Of several keys for a chart the first that does not verify ends the attempt, and the order is random.";
    HELM_CHART_NO_KEYS = "chart-no-keys": "A Secret for a chart must hold a key.";
    HELM_CHART_AUTHORITIES = "chart-verify-authorities": "The certificate authorities of a HelmRepository are for pulling alone: signatures of its charts are looked for without them.";
    HELM_CHART_RELABELLED = "chart-relabelled": "An error about a chart in whose text 401, tls or unauthorized stands anywhere is called an authentication failure.";
    HELM_RELEASE_NO_IDENTITIES = "release-no-identities": "A HelmRelease cannot name identities: keyless verification through it refuses every bundle and accepts anybody's older signature.";
    HELM_RELEASE_CHART_REF = "release-chart-ref": "A HelmRelease with chartRef takes what that source serves; whether it is verified is said there.";
    INSTANCE_NO_VERIFY = "instance-no-verify": "A FluxInstance generates its source without verification; only a patch can bring it in.";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::RULES;

    #[test]
    fn names_are_anchors_and_each_is_one_sentence() {
        let mut names = BTreeSet::new();
        for rule in RULES {
            assert!(names.insert(rule.name), "{} twice", rule.name);
            let is_anchor = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            assert!(rule.name.chars().all(is_anchor), "{}", rule.name);
            assert!(rule.says.ends_with('.'), "{}", rule.name);
        }
    }

    #[test]
    fn each_rule_stands_in_the_documentation() {
        let page = include_str!("../../../docs/concepts/flux.md");
        for rule in RULES {
            let heading = format!("<a id=\"{}\"></a>", rule.name);
            assert!(page.contains(&heading), "{} has no anchor", rule.name);
            assert!(page.contains(rule.says), "{} is worded otherwise", rule.name);
        }
        let anchors = page.matches("<a id=\"").count();
        assert_eq!(anchors, RULES.len(), "an anchor without a rule");
    }
}
