package share

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"
	"time"
)

// dialTimeout bounds the way to a server, name resolution included.
const dialTimeout = 10 * time.Second

// errOpenRoad is a connection without encryption to a machine out in the world.
var errOpenRoad = errors.New("the address is not on this network, and the connection would not be encrypted")

// dialer connects to any address, or only to near ones. The address is judged
// after the name was resolved, so a name cannot lead elsewhere.
func dialer(nearOnly bool) *net.Dialer {
	d := &net.Dialer{Timeout: dialTimeout, KeepAlive: -1}
	if nearOnly {
		d.ControlContext = func(_ context.Context, _, address string, _ syscall.RawConn) error {
			return near(address)
		}
	}
	return d
}

// near is an error unless address, an IP with a port, is on this machine or a
// private network (RFC 1918, RFC 4193) or link.
func near(address string) error {
	a, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%w: %s", errOpenRoad, address)
	}
	if ip := a.Addr().Unmap(); ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast() {
		return nil
	}
	return errOpenRoad
}
