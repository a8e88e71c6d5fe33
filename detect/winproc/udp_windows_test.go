package winproc

import (
	"net"
	"os"
	"testing"
)

// TestUDPOwners opens a socket of each kind that Windows lists, one at a time.
func TestUDPOwners(t *testing.T) {
	me := uint32(os.Getpid())
	has := func() bool {
		t.Helper()
		owners, err := UDPOwners()
		if err != nil {
			t.Fatal(err)
		}
		return owners[me]
	}
	if has() {
		t.Error("this process has a socket already")
	}
	for _, network := range []string{"udp4", "udp6"} {
		conn, err := net.ListenPacket(network, "")
		if err != nil {
			t.Logf("no %s here: %v", network, err)
			continue
		}
		if !has() {
			t.Errorf("a socket of %s is not seen", network)
		}
		conn.Close()
		if has() {
			t.Errorf("a socket of %s is still seen", network)
		}
	}
}
