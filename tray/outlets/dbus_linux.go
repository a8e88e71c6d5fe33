package outlets

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/godbus/dbus/v5/introspect"
	"github.com/godbus/dbus/v5/prop"
)

// Where other programs find heliograph on the session bus. The digit counts
// the interface's incompatible versions.
const (
	BusName      = "org.heliograph.Heliograph1"
	busInterface = BusName
	busPath      = dbus.ObjectPath("/org/heliograph/Heliograph1")
	propertiesIf = "org.freedesktop.DBus.Properties"
)

// busTimeout bounds one exchange with the bus.
const busTimeout = 5 * time.Second

// busPause rests after the bus was lost: a session's bus ends with the session,
// so this only serves one that is restarted under a desk.
const busPause = time.Minute

// properties are what can be read, each with its D-Bus type.
var properties = []introspect.Property{
	{Name: "State", Type: "s"},    // availability as Graph names it, as in "Busy"
	{Name: "Activity", Type: "s"}, // activity as Graph names it, as in "InACall"
	{Name: "Reason", Type: "s"},   // why, in words
	{Name: "InCall", Type: "b"},
	{Name: "CallApp", Type: "s"}, // the program in the call; empty: none
	{Name: "Locked", Type: "b"},
	{Name: "Idle", Type: "b"},
	{Name: "Since", Type: "x"}, // Unix seconds; 0: unknown
}

func values(s State) map[string]dbus.Variant {
	var since int64
	if !s.Since.IsZero() {
		since = s.Since.Unix()
	}
	return map[string]dbus.Variant{
		"State": dbus.MakeVariant(text(s.Wanted.Availability)), "Activity": dbus.MakeVariant(text(s.Wanted.Activity)),
		"Reason": dbus.MakeVariant(text(s.Reason.Text)), "InCall": dbus.MakeVariant(s.Activity.InCall),
		"CallApp": dbus.MakeVariant(text(s.Activity.Call)), "Locked": dbus.MakeVariant(s.Activity.Locked),
		"Idle": dbus.MakeVariant(s.Activity.Idle), "Since": dbus.MakeVariant(since),
	}
}

// bus is the service on the session bus, on a connection of its own.
type bus struct {
	report *report
	conn   *dbus.Conn

	mu    sync.Mutex
	facts map[string]dbus.Variant
}

func newBus(r *report) (*bus, error) { return &bus{report: r, facts: values(State{})}, nil }

func (b *bus) run(ctx context.Context, states <-chan State) {
	defer b.close()
	retry := time.NewTimer(never)
	defer retry.Stop()
	b.try(ctx, retry)
	for {
		select {
		case s, ok := <-states:
			if !ok {
				return
			}
			b.set(s)
		case <-b.lost():
			b.close()
			b.report.ill("", errors.New("the session bus went away"), "")
			retry.Reset(busPause)
		case <-retry.C:
			b.try(ctx, retry)
		case <-ctx.Done():
			return
		}
	}
}

// lost is closed when the bus has gone; nil while there is no connection.
func (b *bus) lost() <-chan struct{} {
	if b.conn == nil {
		return nil
	}
	return b.conn.Context().Done()
}

func (b *bus) try(ctx context.Context, retry *time.Timer) {
	err := b.open(ctx)
	switch {
	case err == nil:
		b.report.well("other programs can ask")
		return
	case errors.Is(err, errNoBus):
		b.report.ill("", err, "start heliograph inside a desktop session, or set [dbus] enabled = false")
	default:
		b.report.ill("", err, "set [dbus] enabled = false if you do not need it")
	}
	b.close()
	// Without an address there never will be one; a bus that fails may mend.
	if !errors.Is(err, errNoBus) {
		retry.Reset(busPause)
	}
}

var errNoBus = errors.New("there is no session bus")

// open connects, puts the object up and takes the name, in this order: whoever
// sees the name can ask.
func (b *bus) open(ctx context.Context) error {
	// Looked for first: the library would start a stray bus without one.
	if os.Getenv("DBUS_SESSION_BUS_ADDRESS") == "" {
		dir := os.Getenv("XDG_RUNTIME_DIR")
		if _, err := os.Stat(filepath.Join(dir, "bus")); dir == "" || err != nil {
			return errNoBus
		}
	}
	ctx, cancel := context.WithTimeout(ctx, busTimeout)
	defer cancel()
	// The connection outlives the deadline of its opening.
	conn, err := dbus.ConnectSessionBus(dbus.WithContext(context.WithoutCancel(ctx)))
	if err != nil {
		return fmt.Errorf("the session bus does not answer: %w", err)
	}
	b.conn = conn
	for name, v := range map[string]any{propertiesIf: (*asked)(b), "org.freedesktop.DBus.Introspectable": introspect.NewIntrospectable(node())} {
		if err := conn.Export(v, busPath, name); err != nil {
			return fmt.Errorf("the object cannot be put up: %w", err)
		}
	}
	var reply uint32
	if err := conn.BusObject().CallWithContext(ctx, "org.freedesktop.DBus.RequestName", 0, BusName, uint32(dbus.NameFlagDoNotQueue)).Store(&reply); err != nil {
		return fmt.Errorf("the name %s cannot be taken: %w", BusName, err)
	}
	if dbus.RequestNameReply(reply) != dbus.RequestNameReplyPrimaryOwner {
		return fmt.Errorf("another program has the name %s", BusName)
	}
	return nil
}

func (b *bus) close() {
	if b.conn != nil {
		b.conn.Close()
		b.conn = nil
	}
}

// set takes a state in, and tells what has changed in one signal: nobody sees
// half of a change.
func (b *bus) set(s State) {
	facts := values(s)
	changed := map[string]dbus.Variant{}
	b.mu.Lock()
	for name, v := range facts {
		if b.facts[name].Value() != v.Value() {
			changed[name] = v
		}
	}
	b.facts = facts
	b.mu.Unlock()
	if len(changed) == 0 || b.conn == nil {
		return
	}
	err := b.conn.Emit(busPath, propertiesIf+".PropertiesChanged", busInterface, changed, []string{})
	if err == nil {
		err = b.conn.Emit(busPath, busInterface+".Changed", facts["State"].Value(), facts["Activity"].Value(), facts["Reason"].Value(), facts["InCall"].Value())
	}
	if err != nil {
		b.report.ill("", fmt.Errorf("a change was not told: %w", err), "")
		return
	}
	b.report.well("last told at " + time.Now().Format("15:04:05"))
}

// asked answers org.freedesktop.DBus.Properties.
type asked bus

// Get reads one property.
func (a *asked) Get(iface, name string) (dbus.Variant, *dbus.Error) {
	if iface != "" && iface != busInterface {
		return dbus.Variant{}, prop.ErrIfaceNotFound
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	v, ok := a.facts[name]
	if !ok {
		return dbus.Variant{}, prop.ErrPropNotFound
	}
	return v, nil
}

// GetAll reads all of them, as of one instant.
func (a *asked) GetAll(iface string) (map[string]dbus.Variant, *dbus.Error) {
	if iface != "" && iface != busInterface {
		return nil, prop.ErrIfaceNotFound
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.facts, nil // replaced as a whole, never changed
}

// Set refuses: other programs may look, not touch.
func (a *asked) Set(iface, name string, _ dbus.Variant) *dbus.Error {
	if _, err := a.Get(iface, name); err != nil {
		return err
	}
	return prop.ErrReadOnly
}

// node describes the object to whoever introspects it.
func node() *introspect.Node {
	own := introspect.Interface{Name: busInterface, Signals: []introspect.Signal{{Name: "Changed", Args: []introspect.Arg{
		{Name: "state", Type: "s"}, {Name: "activity", Type: "s"}, {Name: "reason", Type: "s"}, {Name: "in_call", Type: "b"},
	}}}}
	for _, p := range properties {
		p.Access = "read"
		own.Properties = append(own.Properties, p)
	}
	return &introspect.Node{Name: string(busPath), Interfaces: []introspect.Interface{introspect.IntrospectData, prop.IntrospectData, own}}
}

// text is s without what a D-Bus string must not hold; the library would drop
// the connection for it.
func text(s string) string {
	out := make([]rune, 0, len(s))
	for _, r := range s {
		if r != 0 {
			out = append(out, r)
		}
	}
	return string(out)
}
