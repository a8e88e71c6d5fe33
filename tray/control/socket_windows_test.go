package control

import (
	"encoding/json"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
)

// checkPrivate checks that the secret is for the user and the system only.
func checkPrivate(t *testing.T, dir string) {
	t.Helper()
	sd, err := windows.GetNamedSecurityInfo(filepath.Join(dir, endpointFile), windows.SE_FILE_OBJECT, windows.DACL_SECURITY_INFORMATION)
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

// leaveStaleSocket leaves what an instance that was killed leaves: a file that
// names a port that nobody listens on.
func leaveStaleSocket(t *testing.T, dir string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ln.Close()
	raw, err := json.Marshal(endpoint{ln.Addr().String(), "old"})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, endpointFile), raw, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestRequestsNeedTheSecret: every program on the computer can reach the port.
func TestRequestsNeedTheSecret(t *testing.T) {
	_, dir := newServer(t, echo)
	raw, err := os.ReadFile(filepath.Join(dir, endpointFile))
	if err != nil {
		t.Fatal(err)
	}
	var e endpoint
	if err := json.Unmarshal(raw, &e); err != nil || len(e.Secret) < 20 {
		t.Fatalf("%v: secret of %d characters", err, len(e.Secret))
	}
	for name, secret := range map[string]string{"none": "", "wrong": e.Secret + "x", "old": "old"} {
		t.Run(name, func(t *testing.T) {
			conn, err := net.DialTimeout("tcp", e.Address, 5*time.Second)
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

// TestRemoteAddressIsRefused: a damaged file must not have the secret sent to
// another computer.
func TestRemoteAddressIsRefused(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, endpointFile), []byte(`{"address":"192.0.2.1:80","secret":"x"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Call(t.Context(), dir, "count", nil, nil); err == nil || !strings.Contains(err.Error(), "not an address of this computer") {
		t.Errorf("got %v", err)
	}
}

// TestInstanceWithMoreRights: the mutex of an administrator's instance may not be
// opened, so that one runs.
func TestInstanceWithMoreRights(t *testing.T) {
	dir := t.TempDir()
	sd, err := windows.SecurityDescriptorFromString("D:P(D;;GA;;;WD)") // nobody may open it
	if err != nil {
		t.Fatal(err)
	}
	sa := windows.SecurityAttributes{SecurityDescriptor: sd}
	sa.Length = uint32(unsafe.Sizeof(sa))
	name, err := windows.UTF16PtrFromString(mutexName(dir))
	if err != nil {
		t.Fatal(err)
	}
	mutex, err := windows.CreateMutex(&sa, false, name)
	if err != nil {
		t.Fatal(err)
	}
	s, err := Listen(dir, nil)
	if !errors.Is(err, ErrRunning) {
		t.Errorf("got %v", err)
	}
	if err == nil {
		s.Close()
	}
	windows.CloseHandle(mutex)
	if s, err = Listen(dir, nil); err != nil {
		t.Fatalf("once it has ended: %v", err)
	}
	s.Close()
}

// TestInstanceOfAnotherSession: it has the folder, and a mutex that this session
// does not see.
func TestInstanceOfAnotherSession(t *testing.T) {
	dir := t.TempDir()
	lock, err := takeLock(dir)
	if err != nil {
		t.Fatal(err)
	}
	if s, err := Listen(dir, nil); !errors.Is(err, ErrRunning) {
		t.Errorf("got %v", err)
		if err == nil {
			s.Close()
		}
	}
	lock.Close()
	s, err := Listen(dir, nil)
	if err != nil {
		t.Fatalf("once it has ended: %v", err)
	}
	s.Close()
}
