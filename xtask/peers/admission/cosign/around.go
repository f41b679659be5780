// Package cosign has cosign's own comparison of a certificate with identities.
package cosign

// CheckOpts has the fields that the comparison reads.
type CheckOpts struct {
	CertGithubWorkflowTrigger    string
	CertGithubWorkflowSha        string
	CertGithubWorkflowName       string
	CertGithubWorkflowRepository string
	CertGithubWorkflowRef        string
	Identities                   []Identity
}
