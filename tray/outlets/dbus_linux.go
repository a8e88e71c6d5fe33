package outlets

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/godbus/dbus/v5"

	"heliograph/detect/bus"
	"heliograph/tray/control"
)

// BusName is heliograph's name on the session bus. The digit counts the
// incompatible versions of its interface.
const BusName = "org.heliograph.Heliograph1"

const (
	busInterface        = BusName
	busPath             = dbus.ObjectPath("/org/heliograph/Heliograph1")
	propertiesInterface = "org.freedesktop.DBus.Properties"
	introspectInterface = "org.freedesktop.DBus.Introspectable"
)

// busService offers the state on the session bus, on a connection of its own.
type busService struct {
	report *report
	again  *bus.Reopener
	conn   *dbus.Conn // nil: not connected

	mu         sync.Mutex
	properties map[string]dbus.Variant // replaced as a whole, never changed
}

func newBusService(r *report) (*busService, error) {
	return &busService{report: r, properties: propertiesOf(control.State{})}, nil
}

func (b *busService) run(ctx context.Context, states <-chan control.State) {
	b.again = bus.NewReopener()
	defer b.again.Close()
	defer b.close()
	b.connect(ctx)
	for {
		select {
		case s, ok := <-states:
			if !ok {
				return
			}
			b.set(ctx, s)
		case <-b.lost():
			b.giveUp(errors.New("the session bus ended"), "heliograph connects again when it is back")
		case <-b.again.C():
			b.connect(ctx)
		case <-ctx.Done():
			return
		}
	}
}

// lost is closed when the connection has ended; nil while there is none.
func (b *busService) lost() <-chan struct{} {
	if b.conn == nil {
		return nil
	}
	return b.conn.Context().Done()
}

// connect opens the service.
func (b *busService) connect(ctx context.Context) {
	err := b.open(ctx)
	switch {
	case err == nil:
		b.report.healthy("other programs can ask")
	case ctx.Err() != nil:
	case errors.Is(err, bus.ErrNoSession):
		b.giveUp(err, "start heliograph inside a desktop session, or set [dbus] enabled = false")
	default:
		b.giveUp(err, "set [dbus] enabled = false if you do not need it")
	}
}

// giveUp ends the connection because of err and has it opened again later.
func (b *busService) giveUp(err error, fix string) {
	b.close()
	b.report.failing(err, fix)
	b.again.Failed(err)
}

// open connects, exports the object and takes the name, in this order: whoever
// sees the name can ask.
func (b *busService) open(ctx context.Context) error {
	conn, err := b.again.Open(ctx)
	if err != nil {
		return err
	}
	b.conn = conn
	for name, methods := range map[string]any{propertiesInterface: (*propertyMethods)(b), introspectInterface: introspection()} {
		if err := conn.Export(methods, busPath, name); err != nil {
			return fmt.Errorf("export %s: %w", name, err)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, bus.CallTimeout)
	defer cancel()
	var reply uint32
	call := conn.BusObject().CallWithContext(ctx, "org.freedesktop.DBus.RequestName", 0, BusName, uint32(dbus.NameFlagDoNotQueue))
	if err := call.Store(&reply); err != nil {
		return fmt.Errorf("the name %s cannot be taken: %w", BusName, err)
	}
	if dbus.RequestNameReply(reply) != dbus.RequestNameReplyPrimaryOwner {
		return fmt.Errorf("another program has the name %s", BusName)
	}
	return nil
}

// busCloseTimeout bounds the release of the name. It fits into stopGrace.
const busCloseTimeout = 200 * time.Millisecond

// close releases the name and ends the connection, so that the name is free when
// it returns, unless the bus hangs: then it returns after busCloseTimeout.
func (b *busService) close() {
	conn := b.conn
	if conn == nil {
		return
	}
	b.conn = nil
	ctx, cancel := context.WithTimeout(context.Background(), busCloseTimeout)
	closed := make(chan struct{})
	go func() { // both calls block while a signal is being written
		defer close(closed)
		defer cancel()
		_ = conn.BusObject().CallWithContext(ctx, "org.freedesktop.DBus.ReleaseName", 0, BusName).Err // the bus may have ended
		conn.Close()
	}()
	select {
	case <-closed:
	case <-ctx.Done():
	}
}

// set takes over a state and signals what has changed. All changed properties
// are in one signal, so that nobody sees half of a change.
func (b *busService) set(ctx context.Context, s control.State) {
	properties := propertiesOf(s)
	changed := map[string]dbus.Variant{}
	b.mu.Lock()
	for name, v := range properties {
		if b.properties[name].Value() != v.Value() {
			changed[name] = v
		}
	}
	b.properties = properties
	b.mu.Unlock()
	if len(changed) == 0 || b.conn == nil {
		return
	}
	err := b.emit(ctx, propertiesInterface+".PropertiesChanged", busInterface, changed, []string{})
	if err == nil {
		err = b.emit(ctx, busInterface+".Changed", properties["State"].Value(), properties["Activity"].Value(), properties["Reason"].Value(), properties["InCall"].Value())
	}
	if err != nil {
		b.giveUp(fmt.Errorf("a change was not signalled: %w", err), "sign out of the desktop and in again if this lasts")
		return
	}
	b.report.healthy("last signalled at " + clock())
}

// emit sends a signal. godbus writes signals without a deadline, so a bus that
// reads nothing would block the caller; it is given up like a lost one.
func (b *busService) emit(ctx context.Context, name string, values ...any) error {
	ctx, cancel := context.WithTimeout(ctx, bus.CallTimeout)
	defer cancel()
	conn, done := b.conn, make(chan error, 1)
	go func() { done <- conn.Emit(busPath, name, values...) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// propertiesOf returns the properties that the service offers, by name.
func propertiesOf(s control.State) map[string]dbus.Variant {
	var since int64
	if s.Since != nil {
		since = s.Since.Unix()
	}
	raw, _ := encode(s, false) // empty if the state has no JSON form
	wanted, reason := valueOf(s.Wanted), valueOf(s.Reason)
	values := map[string]any{
		"State":      validString(wanted.Availability),
		"Activity":   validString(wanted.Activity),
		"Reason":     validString(reason.Text),
		"InCall":     s.Activity.InCall,
		"CallApp":    validString(valueOf(s.Activity.Call)),
		"Locked":     s.Activity.Locked,
		"Idle":       s.Activity.Idle,
		"Since":      since,
		"StatusJson": string(raw),
	}
	properties := map[string]dbus.Variant{}
	for name, v := range values {
		properties[name] = dbus.MakeVariant(v)
	}
	return properties
}

// validString returns s without zero bytes, which a D-Bus string must not hold:
// the bus would end the connection.
func validString(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "")
}
