package main

import (
	"bufio"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/sigstore/sigstore-go/pkg/fulcio/certificate"
	"sealwright.dev/peers/admission/controller"
	"sealwright.dev/peers/admission/cosign"
	"sealwright.dev/peers/admission/kyverno"
	"sealwright.dev/peers/admission/verifiers"
	"sealwright.dev/peers/admission/verify"
)

const (
	lineBytesMax = 1 << 20
	shownMax     = 20
)

// A declaration, a certificate, and whether somebody else says that the one lets in the other.
type pair struct {
	Consumer   string            `json:"consumer"`
	Identities []identity        `json:"identities"`
	Extensions map[string]string `json:"extensions,omitempty"`
	Issuer     string            `json:"issuer"`
	Name       string            `json:"name"`
	Repository string            `json:"repository,omitempty"`
	// `in`, `out`, `refused` as the declaration itself is, or `unknown`.
	Said string `json:"said"`
}

type identity struct {
	Issuer        string `json:"issuer,omitempty"`
	Subject       string `json:"subject,omitempty"`
	IssuerRegExp  string `json:"issuerRegExp,omitempty"`
	SubjectRegExp string `json:"subjectRegExp,omitempty"`
}

type disagreement struct {
	Pair pair   `json:"pair"`
	Is   string `json:"is"`
}

type count struct {
	In      int `json:"in"`
	Out     int `json:"out"`
	Refused int `json:"refused"`
	// Of which nothing was said.
	Unknown int `json:"unknown"`
}

type summary struct {
	Consumers     map[string]*count `json:"consumers"`
	Disagreements int               `json:"disagreements"`
	Shown         []disagreement    `json:"shown"`
}

func pairs(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, lineBytesMax)
	total := summary{Consumers: map[string]*count{}, Shown: []disagreement{}}
	for number := 1; lines.Scan(); number++ {
		var one pair
		if err := json.Unmarshal(lines.Bytes(), &one); err != nil {
			return fmt.Errorf("line %d: %w", number, err)
		}
		if err := total.compare(one); err != nil {
			return fmt.Errorf("line %d: %w", number, err)
		}
	}
	if err := lines.Err(); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(total)
}

func (s *summary) compare(one pair) error {
	is, err := one.ask()
	if err != nil {
		return err
	}
	counted := s.Consumers[one.Consumer]
	if counted == nil {
		counted = &count{}
		s.Consumers[one.Consumer] = counted
	}
	if one.Said == "unknown" {
		counted.Unknown++
		return nil
	}
	switch is {
	case "in":
		counted.In++
	case "out":
		counted.Out++
	default:
		counted.Refused++
	}
	if is == one.Said {
		return nil
	}
	s.Disagreements++
	if len(s.Shown) < shownMax {
		s.Shown = append(s.Shown, disagreement{one, is})
	}
	return nil
}

func (p pair) ask() (string, error) {
	switch p.Consumer {
	case "kyverno":
		return told(kyverno.Signature(p.certificate(), p.options(), p.Extensions)), nil
	case "kyverno-bundle":
		return told(kyverno.Bundle(p.summary(), p.options())), nil
	case "validating":
		return told(cosign.CheckCertificatePolicy(p.certificate(), p.checked())), nil
	case "validating-bundle":
		return told(bundle(p.summary(), p.checked())), nil
	case "controller":
		for _, one := range p.Identities {
			if controller.Refused(controller.Identity(one)) != nil {
				return "refused", nil
			}
		}
		return told(cosign.CheckCertificatePolicy(p.certificate(), p.checked())), nil
	}
	return "", fmt.Errorf("no engine %q", p.Consumer)
}

func told(err error) string {
	if err != nil {
		return "out"
	}
	return "in"
}

// An attestor of `verifyImages` has one.
func (p pair) options() verifiers.Options {
	one := p.Identities[0]
	return verifiers.Options{
		Issuer: one.Issuer, IssuerRegExp: one.IssuerRegExp,
		Subject: one.Subject, SubjectRegExp: one.SubjectRegExp,
	}
}

func (p pair) checked() *cosign.CheckOpts {
	var checked cosign.CheckOpts
	for _, one := range p.Identities {
		checked.Identities = append(checked.Identities, cosign.Identity(one))
	}
	return &checked
}

// As cosign's verificationOptions makes a policy for bundles: of one identity.
func bundle(summary certificate.Summary, checked *cosign.CheckOpts) error {
	if len(checked.Identities) == 0 {
		return nil
	}
	if len(checked.Identities) > 1 {
		return errors.New("more than one identity")
	}
	one := checked.Identities[0]
	identity, err := verify.NewShortCertificateIdentity(one.Issuer, one.IssuerRegExp, one.Subject, one.SubjectRegExp)
	if err != nil {
		return err
	}
	return identity.Verify(summary)
}

func (p pair) summary() certificate.Summary {
	return certificate.Summary{
		SubjectAlternativeName: p.Name,
		Extensions:             certificate.Extensions{Issuer: p.Issuer},
	}
}

// A name as an e-mail address, which is not rewritten as a URL is.
func (p pair) certificate() *x509.Certificate {
	made := &x509.Certificate{EmailAddresses: []string{p.Name}}
	add := func(last int, value string) {
		id := asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1, last}
		made.Extensions = append(made.Extensions, pkix.Extension{Id: id, Value: []byte(value)})
	}
	add(1, p.Issuer)
	if p.Repository != "" {
		add(5, p.Repository)
	}
	return made
}
