package graph

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"heliograph/graph/emu"
	"heliograph/graph/presence"
)

func TestClouds(t *testing.T) {
	for name, want := range map[string]struct{ authority, graph string }{
		"":         {"https://login.microsoftonline.com", "https://graph.microsoft.com"},
		"global":   {"https://login.microsoftonline.com", "https://graph.microsoft.com"},
		"USGov-L4": {"https://login.microsoftonline.us", "https://graph.microsoft.us"},
		"usgov-l5": {"https://login.microsoftonline.us", "https://dod-graph.microsoft.us"},
	} {
		a, err := Open(Config{ClientID: emu.AppID, Cloud: name}, &MemoryVault{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if base := a.Client().base; a.cloud.Authority != want.authority || base != want.graph+"/v1.0" || !strings.HasPrefix(a.consentLink(), want.authority+"/organizations/") {
			t.Errorf("%s: %+v, %s", name, a.cloud, base)
		}
	}
	for name, c := range map[string]struct {
		config Config
		is     error
	}{
		"china":       {Config{ClientID: emu.AppID, Cloud: "china"}, ErrNoPresence},
		"mars":        {Config{ClientID: emu.AppID, Cloud: "mars"}, nil},
		"gov_beta":    {Config{ClientID: emu.AppID, Cloud: "usgov-l4", API: "beta"}, nil},
		"nobody":      {Config{}, ErrNoClientID},
		"no_emulator": {Config{ClientID: emu.AppID, Emulator: "https://graph.microsoft.com"}, nil},
	} {
		_, err := Open(c.config, &MemoryVault{})
		if err == nil || (c.is != nil && !errors.Is(err, c.is)) || (c.is != nil && Explain(err).Key == "network") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestEmulatorIsTheOnlyHost(t *testing.T) {
	s := emu.New(emu.Options{})
	a := signedIn(t, s, &MemoryVault{})
	resp, err := a.http.Get("https://graph.microsoft.us/v1.0/me")
	if err == nil {
		resp.Body.Close()
		t.Error("an emulated account reaches a real server")
	}
}

// forward is an ordinary proxy: it forwards plain requests and tunnels CONNECT.
type forward struct {
	to string // where every tunnel ends

	mu   sync.Mutex
	seen []string
}

func (p *forward) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	p.seen = append(p.seen, r.Method+" "+r.Host)
	p.mu.Unlock()
	if r.Method != http.MethodConnect {
		http.Error(w, "this proxy tunnels only", http.StatusBadGateway)
		return
	}
	far, err := net.Dial("tcp", p.to)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer far.Close()
	near, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer near.Close()
	_, _ = io.WriteString(near, "HTTP/1.1 200 Connection established\r\n\r\n")
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = io.Copy(near, far)
		near.Close()
	}()
	_, _ = io.Copy(far, bufio.NewReader(buffered))
	far.Close()
	<-done
}

// TestProxyFromEnvironment runs its own binary again, since the environment is
// read once in a process. The server's certificate is not trusted: the error about
// it shows that TLS went through the tunnel to the server unbroken.
func TestProxyFromEnvironment(t *testing.T) {
	if os.Getenv("GRAPH_BEHIND_PROXY") != "" {
		behindProxy(t)
		return
	}
	far := httptest.NewTLSServer(http.NotFoundHandler())
	defer far.Close()
	p := &forward{to: far.Listener.Addr().String()}
	proxy := httptest.NewServer(p)
	defer proxy.Close()
	cmd := exec.Command(os.Args[0], "-test.run=^TestProxyFromEnvironment$", "-test.v")
	cmd.Env = append(os.Environ(), "GRAPH_BEHIND_PROXY=1", "HTTPS_PROXY="+proxy.URL, "https_proxy="+proxy.URL, "NO_PROXY=", "no_proxy=")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	seen := strings.Join(p.seen, ", ")
	for _, host := range []string{"CONNECT graph.microsoft.com:443", "CONNECT login.microsoftonline.com:443"} {
		if !strings.Contains(seen, host) {
			t.Errorf("no %s through the proxy: %s", host, seen)
		}
	}
}

func behindProxy(t *testing.T) {
	a, err := Open(Config{ClientID: emu.AppID}, &MemoryVault{})
	if err != nil {
		t.Fatal(err)
	}
	c := a.Client()
	c.user, c.token = emu.SelfID, func(context.Context, string) (string, error) { return "t", nil }
	err = c.SetPresence(t.Context(), presence.Away, time.Hour)
	if err == nil || !strings.Contains(err.Error(), "certificate") || errors.Is(err, presence.ErrRefused) {
		t.Errorf("through the proxy: %v", err)
	}
	if _, err := a.SignIn(t.Context(), Prompt{Device: func(DeviceCode) {}}); err == nil || errors.Is(err, presence.ErrSignIn) {
		t.Errorf("sign-in through the proxy: %v", err)
	}
}
