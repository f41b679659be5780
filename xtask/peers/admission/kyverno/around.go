// Package kyverno has Kyverno's own comparison of a certificate with an attestor of `verifyImages`.
package kyverno

import (
	"crypto/x509"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/sigstore/sigstore-go/pkg/fulcio/certificate"
	"sealwright.dev/peers/admission/oci"
	"sealwright.dev/peers/admission/verifiers"
)

type signed struct{ certificate *x509.Certificate }

func (s signed) Cert() (*x509.Certificate, error) { return s.certificate, nil }

// Signature is what it says of a signature of the older format.
func Signature(certificate *x509.Certificate, o verifiers.Options, extensions map[string]string) error {
	signatures := []oci.Signature{signed{certificate}}
	return matchSignatures(signatures, o.Subject, o.SubjectRegExp, o.Issuer, o.IssuerRegExp, extensions)
}

// Bundle is what it says of a Sigstore bundle.
func Bundle(summary certificate.Summary, o verifiers.Options) error {
	policy, err := buildPolicy(&v1.Descriptor{}, o)
	if err != nil {
		return err
	}
	// sigstore-go compares identities where a policy has any.
	if len(policy.Identities) == 0 {
		return nil
	}
	_, err = policy.Identities.Verify(summary)
	return err
}
