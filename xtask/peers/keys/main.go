// keys writes the throw-away keys of a Sigstore on loopback into a folder: ct.pem (P-256, SEC 1) with
// ct.pub for the certificate log, and rekor.pem (Ed25519, PKCS #8) with rekor.pub for the artifact log.
package main

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
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
	sec1, err := x509.MarshalECPrivateKey(ct)
	if err != nil {
		return err
	}
	public, rekor, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(rekor)
	if err != nil {
		return err
	}
	ctPublic, err := x509.MarshalPKIXPublicKey(&ct.PublicKey)
	if err != nil {
		return err
	}
	rekorPublic, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return err
	}
	for _, file := range []struct {
		name, kind string
		bytes      []byte
	}{
		{"ct.pem", "EC PRIVATE KEY", sec1},
		{"ct.pub", "PUBLIC KEY", ctPublic},
		{"rekor.pem", "PRIVATE KEY", pkcs8},
		{"rekor.pub", "PUBLIC KEY", rekorPublic},
	} {
		text := pem.EncodeToMemory(&pem.Block{Type: file.kind, Bytes: file.bytes})
		if err := os.WriteFile(filepath.Join(folder, file.name), text, 0o600); err != nil {
			return err
		}
	}
	return nil
}
