// Package oci has what is read of a signature.
package oci

import "crypto/x509"

// Signature is one that was verified.
type Signature interface {
	Cert() (*x509.Certificate, error)
}
