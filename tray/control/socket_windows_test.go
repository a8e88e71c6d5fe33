package control

import (
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/windows"
)

// checkPrivate checks that the secret is for the user and the system only.
func checkPrivate(t *testing.T, dir string) {
	t.Helper()
	sd, err := windows.GetNamedSecurityInfo(filepath.Join(dir, doorName), windows.SE_FILE_OBJECT, windows.DACL_SECURITY_INFORMATION)
	if err != nil {
		t.Fatal(err)
	}
	user, err := windows.GetCurrentProcessToken().GetTokenUser()
	if err != nil {
		t.Fatal(err)
	}
	_, list, ok := strings.Cut(sd.String(), "(")
	if !ok {
		t.Fatalf("no access list: %s", sd)
	}
	for _, ace := range strings.Split(list, "(") {
		fields := strings.Split(strings.TrimSuffix(ace, ")"), ";")
		if who := fields[len(fields)-1]; who != "SY" && who != "BA" && who != user.User.Sid.String() {
			t.Errorf("%s may open the file: %s", who, sd)
		}
	}
}

// leaveStaleSocket leaves what a kill does: a file that names a port nobody listens
// on.
func leaveStaleSocket(t *testing.T, dir string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ln.Close()
	raw, err := json.Marshal(door{ln.Addr().String(), "old"})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, doorName), raw, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestSecretIsAskedFor: every program on the machine can reach the port.
func TestSecretIsAskedFor(t *testing.T) {
	_, dir := newServer(t, echo)
	raw, err := os.ReadFile(filepath.Join(dir, doorName))
	if err != nil {
		t.Fatal(err)
	}
	var d door
	if err := json.Unmarshal(raw, &d); err != nil || len(d.Secret) < 20 {
		t.Fatalf("%v: secret of %d characters", err, len(d.Secret))
	}
	for name, secret := range map[string]string{"none": "", "wrong": d.Secret + "x", "old": "old"} {
		t.Run(name, func(t *testing.T) {
			conn, err := net.DialTimeout("tcp", d.Address, 5*time.Second)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if err := json.NewEncoder(conn).Encode(Request{Version: Version, Verb: "count", Secret: secret}); err != nil {
				t.Fatal(err)
			}
			var a answer
			if err := json.NewDecoder(conn).Decode(&a); err != nil || a.OK || !strings.Contains(a.Error, "secret") {
				t.Errorf("%+v, %v", a, err)
			}
		})
	}
}

// TestFarDoorIsRefused: a damaged file must not send the secret away.
func TestFarDoorIsRefused(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, doorName), []byte(`{"address":"192.0.2.1:80","secret":"x"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Call(t.Context(), dir, "count", nil, nil); err == nil || !strings.Contains(err.Error(), "not on this machine") {
		t.Errorf("got %v", err)
	}
}
