// Package verifiers has the options that decide about identities.
package verifiers

// Options are those of one attestor.
type Options struct {
	Key           string
	Subject       string
	SubjectRegExp string
	Issuer        string
	IssuerRegExp  string
}
