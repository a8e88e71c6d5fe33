package graph

import (
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
)

// maxSecretFile bounds a secret file, in bytes; a chain of certificates with
// its key is far smaller.
const maxSecretFile = 64 << 10

// loadSecret reads a client secret from a file that only its owner may read.
// Errors never quote the file.
func loadSecret(path string) (string, error) {
	raw, err := readPrivate(path)
	if err != nil {
		return "", err
	}
	secret, err := secretFrom(string(raw))
	if err != nil {
		return "", fmt.Errorf("secret file %s: %w", path, err)
	}
	return secret, nil
}

// loadCertificate reads a certificate, with the chain that may follow it, and
// its unencrypted private key as PEM from a file that only its owner may read.
func loadCertificate(path string) ([]*x509.Certificate, crypto.PrivateKey, error) {
	raw, err := readPrivate(path)
	if err != nil {
		return nil, nil, err
	}
	certs, key, err := certificateFrom(raw)
	if err != nil {
		return nil, nil, fmt.Errorf("certificate file %s: %w", path, err)
	}
	return certs, key, nil
}

func secretFrom(text string) (string, error) {
	secret := strings.TrimSpace(text)
	switch {
	case secret == "":
		return "", errors.New("it is empty: put the secret's value there")
	case strings.ContainsFunc(secret, func(r rune) bool { return r <= ' ' || r > '~' }):
		return "", errors.New("it is not a client secret: one line with the secret's value is expected")
	}
	return secret, nil
}

func certificateFrom(raw []byte) ([]*x509.Certificate, crypto.PrivateKey, error) {
	certs, key, err := confidential.CertFromPEM(raw, "")
	if err != nil {
		return nil, nil, fmt.Errorf("it needs a certificate and its unencrypted private key as PEM: %w", err)
	}
	return certs, key, nil
}

// readPrivate reads a file after its permissions were checked on the opened
// file itself, so that it cannot be exchanged in between. tray/atomicfile reads
// with the same care; it is not used here because graph imports nothing of tray,
// and what both could share is a flag and two comparisons, each with an error that
// names another fix.
func readPrivate(path string) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|openWithoutWaiting, 0)
	if err != nil {
		return nil, fmt.Errorf("secret file cannot be read: %w", err)
	}
	defer f.Close()
	fi, err := f.Stat()
	switch {
	case err != nil:
		return nil, fmt.Errorf("secret file cannot be read: %w", err)
	case !fi.Mode().IsRegular():
		return nil, fmt.Errorf("secret file %s is not a regular file", path)
	case fi.Size() > maxSecretFile:
		return nil, fmt.Errorf("secret file %s is larger than %d bytes", path, maxSecretFile)
	}
	if err := onlyOwner(f, fi); err != nil {
		return nil, fmt.Errorf("secret file %s %w", path, err)
	}
	raw, err := io.ReadAll(io.LimitReader(f, maxSecretFile))
	if err != nil {
		return nil, fmt.Errorf("secret file cannot be read: %w", err)
	}
	return raw, nil
}
