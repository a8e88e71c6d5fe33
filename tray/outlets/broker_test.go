package outlets

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"heliograph/build/wait"
	"heliograph/tray/control"
)

// broker is a real mosquitto on its own port.
type broker struct {
	t      *testing.T
	bin    string
	config string
	port   string
	client []string // arguments of mosquitto_sub and mosquitto_pub
	cmd    *exec.Cmd
	done   chan struct{}
}

// newBroker starts mosquitto with these lines in its configuration; without an
// authority it speaks MQTT without TLS.
func newBroker(t *testing.T, authority *authority, settings ...string) *broker {
	t.Helper()
	b := &broker{t: t, bin: "/usr/sbin/mosquitto"} // which not every PATH holds
	if path, err := exec.LookPath("mosquitto"); err == nil {
		b.bin = path
	} else if _, err := os.Stat(b.bin); err != nil {
		skipWithout(t, "mosquitto: apt-get install mosquitto mosquitto-clients")
	}
	if _, err := exec.LookPath("mosquitto_sub"); err != nil {
		skipWithout(t, "mosquitto_sub: apt-get install mosquitto-clients")
	}
	// A port that was free a moment ago; mosquitto cannot choose one.
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, b.port, _ = net.SplitHostPort(ln.Addr().String())
	ln.Close()
	b.client = []string{"-h", "127.0.0.1", "-p", b.port, "-V", "5"}
	lines := append([]string{"listener " + b.port + " 127.0.0.1", "persistence false"}, settings...)
	if os.Geteuid() == 0 {
		lines = append(lines, "user root") // otherwise it drops the right to read its configuration
	}
	if authority != nil {
		lines = append(lines, "certfile "+authority.cert, "keyfile "+authority.key)
		b.client = append(b.client, "--cafile", authority.ca)
	}
	b.config = filepath.Join(t.TempDir(), "mosquitto.conf")
	if err := os.WriteFile(b.config, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	b.start()
	t.Cleanup(b.stop)
	return b
}

func (b *broker) start() {
	b.t.Helper()
	b.cmd, b.done = exec.Command(b.bin, "-c", b.config), make(chan struct{})
	b.cmd.Stderr = b.t.Output()
	if err := b.cmd.Start(); err != nil {
		b.t.Fatal(err)
	}
	go func() { _ = b.cmd.Wait(); close(b.done) }()
	wait.Until(b.t, "mosquitto listens", func() bool {
		c, err := net.Dial("tcp", "127.0.0.1:"+b.port)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
}

func (b *broker) stop() {
	_ = b.cmd.Process.Kill() // it may have ended
	<-b.done
}

func (b *broker) url(scheme string) string { return scheme + "://localhost:" + b.port }

// retained returns the message that mosquitto_sub gets on a topic, empty after
// a second without one.
func (b *broker) retained(topic string, more ...string) string {
	b.t.Helper()
	args := append(append([]string{"-C", "1", "-W", "1", "-t", topic}, b.client...), more...)
	out, _ := exec.Command("mosquitto_sub", args...).Output() // it fails if there is none
	return strings.TrimSpace(string(out))
}

// state returns the retained state.
func (b *broker) state(name string) (s control.State) {
	b.t.Helper()
	raw := b.retained("heliograph/" + name + "/state")
	if err := json.Unmarshal([]byte(raw), &s); raw != "" && err != nil {
		b.t.Fatalf("%v: %s", err, raw)
	}
	return s
}

// rule returns the rule of the retained state; empty without one.
func (b *broker) rule(name string) string {
	b.t.Helper()
	return valueOf(b.state(name).Reason).Rule
}

// send publishes a message.
func (b *broker) send(topic, payload string, more ...string) {
	b.t.Helper()
	args := append(append([]string{"-q", "1", "-t", topic, "-m", payload}, b.client...), more...)
	if out, err := exec.Command("mosquitto_pub", args...).CombinedOutput(); err != nil {
		b.t.Fatalf("%v: %s", err, out)
	}
}

// listen collects all messages under a topic, as "topic payload".
func (b *broker) listen(topic string) func() string {
	b.t.Helper()
	cmd := exec.Command("mosquitto_sub", append([]string{"-v", "-R", "-t", topic}, b.client...)...)
	pipe, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		b.t.Fatal(err)
	}
	var mu sync.Mutex
	var text strings.Builder
	done := make(chan struct{})
	go func() {
		defer close(done)
		for lines := bufio.NewScanner(pipe); lines.Scan(); {
			mu.Lock()
			fmt.Fprintln(&text, lines.Text())
			mu.Unlock()
		}
		_ = cmd.Wait()
	}()
	b.t.Cleanup(func() { _ = cmd.Process.Kill(); <-done })
	return func() string { mu.Lock(); defer mu.Unlock(); return text.String() }
}

// authority is a certificate authority for one test, with a certificate for
// localhost.
type authority struct{ ca, cert, key string }

func newAuthority(t *testing.T) *authority {
	t.Helper()
	dir := t.TempDir()
	write := func(name, kind string, der []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	must := func(err error) {
		if err != nil {
			t.Helper()
			t.Fatal(err)
		}
	}
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	from, to := time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	ca := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "heliograph test"}, NotBefore: from, NotAfter: to,
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	caDER, err := x509.CreateCertificate(rand.Reader, ca, ca, &caKey.PublicKey, caKey)
	must(err)
	leaf := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"}, NotBefore: from, NotAfter: to,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	leafDER, err := x509.CreateCertificate(rand.Reader, leaf, ca, &key.PublicKey, caKey)
	must(err)
	keyDER, err := x509.MarshalECPrivateKey(key)
	must(err)
	return &authority{write("ca.pem", "CERTIFICATE", caDER), write("cert.pem", "CERTIFICATE", leafDER), write("key.pem", "EC PRIVATE KEY", keyDER)}
}
