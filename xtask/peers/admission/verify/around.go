// Package verify has sigstore-go's own comparison of a certificate with identities, and of its policies
// as much as tells which identities are asked for.
package verify

// PolicyBuilder holds the identities of a policy.
type PolicyBuilder struct {
	Identities CertificateIdentities
}

// PolicyOption adds to a policy.
type PolicyOption func(*PolicyBuilder)

// ArtifactPolicyOption says which artifact it is about.
type ArtifactPolicyOption func()

// NewPolicy makes a policy.
func NewPolicy(_ ArtifactPolicyOption, options ...PolicyOption) PolicyBuilder {
	var policy PolicyBuilder
	for _, option := range options {
		option(&policy)
	}
	return policy
}

// WithArtifactDigest names the artifact.
func WithArtifactDigest(string, []byte) ArtifactPolicyOption { return func() {} }

// WithKey asks for a key.
func WithKey() PolicyOption { return func(*PolicyBuilder) {} }

// WithCertificateIdentity asks for an identity.
func WithCertificateIdentity(identity CertificateIdentity) PolicyOption {
	return func(policy *PolicyBuilder) { policy.Identities = append(policy.Identities, identity) }
}
