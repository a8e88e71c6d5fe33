package graph

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"heliograph/graph/emu"
	"heliograph/graph/presence"
)

// secretFile writes a file that only its owner can read.
func secretFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	makePrivate(t, path)
	return path
}

// certificate returns a new certificate and the text of its PEM file.
func certificate(t *testing.T) (*x509.Certificate, string) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	shape := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "heliograph"}, NotAfter: time.Now().Add(time.Hour)}
	raw, err := x509.CreateCertificate(rand.Reader, shape, shape, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(raw)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw})
	return cert, string(append(text, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})...))
}

func kiosk(s *emu.Server, api string, a Application) Config {
	a.User = emu.SelfID
	return Config{ClientID: emu.AppID, Tenant: emu.TenantID, API: api, Transport: s.Transport(), Application: &a}
}

// TestApplicationSignsIn uses every kind of credential, in both versions of the
// contract.
func TestApplicationSignsIn(t *testing.T) {
	cert, certText := certificate(t)
	kept := &MemoryVault{}
	if err := KeepCredential(t.Context(), kept, emu.AppSecret+"\n"); err != nil {
		t.Fatal(err)
	}
	keptCert := &MemoryVault{}
	if err := KeepCredential(t.Context(), keptCert, certText); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		app     Application
		vault   Vault
		api     string
		profile emu.Profile
	}{
		"secret_file":      {Application{SecretFile: secretFile(t, emu.AppSecret+"\n")}, &MemoryVault{}, "v1.0", emu.V1},
		"certificate_file": {Application{CertificateFile: secretFile(t, certText)}, &MemoryVault{}, "v1.0", emu.V1},
		"kept_secret":      {Application{}, kept, "v1.0", emu.V1},
		"kept_certificate": {Application{}, keptCert, "v1.0", emu.V1},
		"beta_2021":        {Application{}, kept, "beta", emu.Beta2021},
		"beta_today":       {Application{}, kept, "beta", emu.V1},
	} {
		t.Run(name, func(t *testing.T) {
			s := emu.New(emu.Options{Profile: c.profile, Certificates: []*x509.Certificate{cert}})
			config := kiosk(s, c.api, c.app)
			a, err := Open(config, c.vault)
			if err != nil {
				t.Fatal(err)
			}
			p, err := a.Restore(t.Context())
			if err != nil || p.ID != emu.SelfID || p.Tenant != emu.TenantID {
				t.Fatalf("%+v, %v", p, err)
			}
			client := a.Client()
			for range 2 { // the second with the token of the first
				if err := client.SetPresence(t.Context(), presence.InACall, time.Hour); err != nil {
					t.Fatal(err)
				}
			}
			if got, err := client.Shown(t.Context()); err != nil || got.Activity != "InACall" {
				t.Errorf("shown %+v, %v", got, err)
			}
			checkApplicationRequests(t, s, c.api)
			if (config.Timing() != nil) != (c.api == "beta") {
				t.Error("renewals do not match the expiration that is sent")
			}
			if err := client.ClearPresence(t.Context()); err != nil {
				t.Error(err)
			}
			if got := s.User("self").Shown.Availability; got != "Offline" {
				t.Errorf("colleagues see %s after the end", got)
			}
		})
	}
}

func checkApplicationRequests(t *testing.T, s *emu.Server, api string) {
	t.Helper()
	grants := 0
	for _, r := range s.Requests() {
		if r.Note == "client_credentials" {
			grants++
		}
		if !strings.HasPrefix(r.Path, "/"+api+"/users/"+emu.SelfID+"/presence") && strings.Contains(r.Path, "presence") {
			t.Errorf("path %s", r.Path)
		}
		if !strings.HasSuffix(r.Path, "/setPresence") {
			continue
		}
		body := map[string]string{}
		if err := json.Unmarshal(r.Body, &body); err != nil {
			t.Fatal(err)
		}
		want := map[string]string{"v1.0": "PT1H", "beta": ""}[api]
		if body["expirationDuration"] != want || body["sessionId"] != emu.AppID {
			t.Errorf("sent %v", body)
		}
	}
	if grants != 1 {
		t.Errorf("%d tokens were requested", grants)
	}
}

func TestApplicationIsRefused(t *testing.T) {
	other, _ := certificate(t)
	_, certText := certificate(t)
	for name, c := range map[string]struct {
		app    Application
		key    string
		aadsts int
	}{
		"wrong_secret":        {Application{SecretFile: secretFile(t, "wrong")}, "secret", 7000215},
		"unknown_certificate": {Application{CertificateFile: secretFile(t, certText)}, "secret", 700027},
		"nothing_kept":        {Application{}, "no-secret", 0},
		"no_file":             {Application{SecretFile: "/nonexistent/secret"}, "credential", 0},
		"no_certificate":      {Application{CertificateFile: secretFile(t, "hello")}, "credential", 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := emu.New(emu.Options{Certificates: []*x509.Certificate{other}})
			a, err := Open(kiosk(s, "", c.app), &MemoryVault{})
			if err != nil {
				t.Fatal(err)
			}
			_, err = a.SignIn(t.Context(), Prompt{})
			var e *SignInError
			if !errors.Is(err, presence.ErrSignIn) || !errors.As(err, &e) || e.AADSTS != c.aadsts {
				t.Fatalf("got %v", err)
			}
			if w := Explain(err); w.Key != c.key || len(w.Args) != adviceKeys[c.key] {
				t.Errorf("explained as %+v", w)
			}
		})
	}
}

// TestNewSecretIsReadAfterARefusal: a kiosk starts with a wrong secret, which is
// replaced while it runs. Nobody has to click.
func TestNewSecretIsReadAfterARefusal(t *testing.T) {
	s := emu.New(emu.Options{})
	path := secretFile(t, "old")
	a, err := Open(kiosk(s, "", Application{SecretFile: path}), &MemoryVault{})
	if err != nil {
		t.Fatal(err)
	}
	if p, err := a.Restore(t.Context()); err != nil || p.ID != emu.SelfID {
		t.Fatalf("an old secret at the start: %+v, %v", p, err)
	}
	err = a.Client().SetPresence(t.Context(), presence.Away, time.Hour)
	if !errors.Is(err, presence.ErrRefused) || Explain(err).Key != "secret" {
		t.Fatalf("an old secret gives %v", err)
	}
	if err := os.WriteFile(path, []byte(emu.AppSecret), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := a.Client().SetPresence(t.Context(), presence.Away, time.Hour); err != nil {
		t.Error(err)
	}
}

// TestKioskRecovers: nobody clicks at a kiosk, so it recovers from every trouble
// with its credential or its permissions.
func TestKioskRecovers(t *testing.T) {
	for name, c := range map[string]struct{ spoil, repair func(*day, string) }{
		"secret file missing": {
			func(d *day, file string) { rewriteSecret(d.t, file, "") },
			func(d *day, file string) { rewriteSecret(d.t, file, emu.AppSecret) }},
		"wrong secret": {
			func(d *day, file string) { rewriteSecret(d.t, file, "old") },
			func(d *day, file string) { rewriteSecret(d.t, file, emu.AppSecret) }},
		"conditional access": {
			func(d *day, _ string) { d.fault(emu.Fault{Path: "/token", AADSTS: 53003}) },
			func(d *day, _ string) { d.server.ClearFaults() }},
		"challenge": {
			func(d *day, _ string) {
				d.proxy.answer(func(r *http.Request) *http.Response {
					if !strings.HasSuffix(r.URL.Path, "/setPresence") {
						return nil
					}
					return challenge(r)
				})
			},
			func(d *day, _ string) { d.proxy.answer(nil) }},
	} {
		t.Run(name, func(t *testing.T) {
			file := secretFile(t, emu.AppSecret)
			simulateAs(t, &Application{User: emu.SelfID, SecretFile: file}, office, func(d *day) {
				c.spoil(d, file)
				if _, err := d.account.Restore(d.t.Context()); err != nil {
					t.Fatal(err)
				}
				d.loop.SetService(d.account.Client())
				d.pass(20 * time.Minute)
				if s := d.loop.State(); s.Err == nil || !s.SignedIn {
					t.Errorf("meanwhile: signed in %v, %v", s.SignedIn, s.Err)
				}
				c.repair(d, file)
				d.pass(16 * time.Minute)
				d.shows("Available/Available")
			})
		})
	}
}

// rewriteSecret replaces the file of a secret; an empty secret removes it.
func rewriteSecret(t *testing.T, file, secret string) {
	t.Helper()
	err := os.Remove(file)
	if secret != "" {
		err = os.WriteFile(file, []byte(secret), 0o600)
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
}

func TestApplicationWithoutNetwork(t *testing.T) {
	s := emu.New(emu.Options{})
	if err := s.AddFault(emu.Fault{Drop: true, Times: 10}); err != nil {
		t.Fatal(err)
	}
	a, err := Open(kiosk(s, "", Application{SecretFile: secretFile(t, emu.AppSecret)}), &MemoryVault{})
	if err != nil {
		t.Fatal(err)
	}
	if p, err := a.Restore(t.Context()); err != nil || p.ID != emu.SelfID {
		t.Fatalf("%+v, %v", p, err)
	}
	s.ClearFaults()
	if err := a.Client().SetPresence(t.Context(), presence.Away, time.Hour); err != nil {
		t.Error(err)
	}
}

func TestApplicationSettingsAreChecked(t *testing.T) {
	for name, c := range map[string]Config{
		"user":   {ClientID: emu.AppID, Tenant: "contoso.com", Application: &Application{User: "ada"}},
		"tenant": {ClientID: emu.AppID, Application: &Application{User: emu.SelfID}},
		"both":   {ClientID: emu.AppID, Tenant: "contoso.com", Application: &Application{User: emu.SelfID, SecretFile: "a", CertificateFile: "b"}},
	} {
		if _, err := Open(c, &MemoryVault{}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestSecretFiles(t *testing.T) {
	if s, err := loadSecret(secretFile(t, "  s3cret~value \n")); err != nil || s != "s3cret~value" {
		t.Errorf("got %q, %v", s, err)
	}
	for name, text := range map[string]string{"empty": "\n", "two_lines": "top\nsecret", "binary": "top\x00secret", "umlaut": "töp", "huge": strings.Repeat("x", maxSecretFile+1)} {
		_, err := loadSecret(secretFile(t, text))
		if err == nil || strings.Contains(err.Error(), "top") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := loadSecret(t.TempDir()); err == nil {
		t.Error("a folder is accepted as a secret")
	}
	v := &MemoryVault{}
	if err := KeepCredential(context.Background(), v, " \n"); err == nil || len(v.items) != 0 {
		t.Errorf("an empty secret is accepted: %v", err)
	}
	if err := KeepCredential(t.Context(), v, "x"); err != nil || len(v.items) == 0 {
		t.Fatal(err)
	}
	if err := ForgetCredential(t.Context(), v); err != nil || len(v.items) != 0 {
		t.Errorf("%d items are left, %v", len(v.items), err)
	}
}
