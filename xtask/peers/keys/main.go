// keys writes the throw-away keys of a Sigstore on loopback into a folder: ct.pem (P-256, SEC 1) with
// ct.pub for the certificate log, rekor.pem (Ed25519, PKCS #8) with rekor.pub for the artifact log, and
// root.key (P-256, PKCS #8) with root.pem for the certificate authority.
package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"time"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: keys FOLDER")
		os.Exit(64)
	}
	if err := write(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "keys:", err)
		os.Exit(1)
	}
}

func write(folder string) error {
	ct, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	_, rekor, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	root, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	sec1, err := x509.MarshalECPrivateKey(ct)
	if err != nil {
		return err
	}
	certificate, err := selfSigned(root)
	if err != nil {
		return err
	}
	for _, file := range []struct {
		name, kind string
		bytes      func() ([]byte, error)
	}{
		{"ct.pem", "EC PRIVATE KEY", given(sec1)},
		{"ct.pub", "PUBLIC KEY", public(ct)},
		{"rekor.pem", "PRIVATE KEY", private(rekor)},
		{"rekor.pub", "PUBLIC KEY", public(rekor)},
		{"root.key", "PRIVATE KEY", private(root)},
		{"root.pem", "CERTIFICATE", given(certificate)},
	} {
		bytes, err := file.bytes()
		if err != nil {
			return err
		}
		text := pem.EncodeToMemory(&pem.Block{Type: file.kind, Bytes: bytes})
		if err := os.WriteFile(filepath.Join(folder, file.name), text, 0o600); err != nil {
			return err
		}
	}
	return nil
}

func selfSigned(key *ecdsa.PrivateKey) ([]byte, error) {
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(now.UnixNano()),
		Subject:               pkix.Name{Organization: []string{"sealwright"}, CommonName: "loopback root"},
		NotBefore:             now.Add(-time.Hour),
		NotAfter:              now.AddDate(10, 0, 0),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning},
		BasicConstraintsValid: true,
		IsCA:                  true,
		MaxPathLen:            1,
	}
	return x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
}

func given(bytes []byte) func() ([]byte, error) {
	return func() ([]byte, error) { return bytes, nil }
}

func private(key crypto.PrivateKey) func() ([]byte, error) {
	return func() ([]byte, error) { return x509.MarshalPKCS8PrivateKey(key) }
}

func public(key crypto.Signer) func() ([]byte, error) {
	return func() ([]byte, error) { return x509.MarshalPKIXPublicKey(key.Public()) }
}
