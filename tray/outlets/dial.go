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

// dialTimeout bounds connecting to a server, name resolution included.
const dialTimeout = 10 * time.Second

// errUnencrypted refuses a connection without encryption to a host outside of
// the user's own network.
var errUnencrypted = errors.New("the address is not on this network, and the connection would not be encrypted")

// newDialer connects to any address or, if privateOnly, only to hosts on the
// user's own network. The address is checked after the name was resolved, so a
// name cannot lead elsewhere.
func newDialer(privateOnly bool) *net.Dialer {
	d := &net.Dialer{Timeout: dialTimeout, KeepAlive: -1}
	if privateOnly {
		d.ControlContext = func(_ context.Context, _, address string, _ syscall.RawConn) error {
			return checkPrivate(address)
		}
	}
	return d
}

// checkPrivate returns an error unless address, an IP address with a port, is
// this machine's or belongs to a private network or link (RFC 1918, RFC 4193,
// RFC 3927, RFC 4291).
func checkPrivate(address string) error {
	a, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%w: %s", errUnencrypted, address)
	}
	if ip := a.Addr().Unmap(); ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast() {
		return nil
	}
	return errUnencrypted
}

// withoutAddresses returns a network error without the addresses and ports in
// it, which differ each time: an outage then has one text and is logged once.
func withoutAddresses(err error) error {
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

// deadlineConn bounds each write, for a library that writes without a deadline:
// a peer that stops reading would block it for ever.
type deadlineConn struct {
	net.Conn
	timeout time.Duration
}

func (c deadlineConn) Write(b []byte) (int, error) {
	if err := c.SetWriteDeadline(time.Now().Add(c.timeout)); err != nil {
		return 0, err
	}
	return c.Conn.Write(b)
}
