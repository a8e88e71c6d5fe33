package outlets

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

// plain is a network's error without the addresses and ports in it, which
// differ each time: one trouble that lasts then is one text.
func plain(err error) error {
	var dns *net.DNSError
	var op *net.OpError
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		return fmt.Errorf("there is no host named %s", dns.Name)
	case errors.As(err, &dns):
		return fmt.Errorf("the name %s could not be looked up", dns.Name)
	case errors.As(err, &op):
		return fmt.Errorf("%s: %w", op.Op, op.Err)
	}
	return err
}
