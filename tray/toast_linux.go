package tray

import (
	"bytes"
	"context"
	"fmt"
	"html"
	"image"
	"image/draw"
	"image/png"
	"slices"
	"sync"
	"time"

	"github.com/godbus/dbus/v5"

	"heliograph/detect/bus"
)

// Names of the notification service.
//
// Source: https://specifications.freedesktop.org/notification-spec
const (
	notifyName = "org.freedesktop.Notifications"
	notifyPath = "/org/freedesktop/Notifications"
)

// toastTimeout bounds the delivery of one toast: a service of the desktop
// answers within milliseconds, and the bus may first have to start it.
const toastTimeout = 3 * time.Second

// expireAfter is how long a toast stays on the screen: long enough to read two
// sentences and to click a button.
const expireAfter = 15 * time.Second

// closeTimeout bounds the withdrawal of toasts at the end; no answer is waited
// for, only room in the socket.
const closeTimeout = 200 * time.Millisecond

// sender sends toasts to the notification service over a connection of its
// own, which opens with the first toast.
type sender struct {
	name string
	icon *image.NRGBA // nil: none

	conn    *dbus.Conn
	end     context.CancelFunc // ends conn
	reading chan struct{}      // closed when the reader of conn's signals has ended
	markup  bool               // the body is read as markup
	buttons bool
	ids     map[string]uint32 // of the last toast, by class

	mu      sync.Mutex
	actions map[uint32][]Action // of the toasts on the screen
}

func newSender(name string, icon []byte) *sender {
	return &sender{name: name, icon: picture(icon)}
}

// send shows one toast. It takes toastTimeout at most and ends with ctx. After
// an error the next toast opens a new connection.
func (s *sender) send(ctx context.Context, n Toast) error {
	ctx, cancel := context.WithTimeout(ctx, toastTimeout)
	defer cancel()
	if s.conn == nil || !s.conn.Connected() {
		s.close()
		if err := s.open(ctx); err != nil {
			s.close()
			return err
		}
	}
	if err := s.notify(ctx, n); err != nil {
		s.close()
		return fmt.Errorf("the notification service does not show toasts: %w", err)
	}
	return nil
}

// notify calls the service. Its signals wait meanwhile: the person may click a
// button before the number of the toast has arrived.
func (s *sender) notify(ctx context.Context, n Toast) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var id uint32
	err := s.service().CallWithContext(ctx, notifyName+".Notify", 0, s.name, s.ids[n.Class], "", n.Title, s.body(n),
		s.buttonsOf(n), s.hints(), int32(expireAfter/time.Millisecond)).Store(&id)
	if err != nil {
		return err
	}
	s.ids[n.Class] = id
	if delete(s.actions, id); s.buttons && len(n.Actions) > 0 {
		s.actions[id] = n.Actions
	}
	return nil
}

func (s *sender) service() dbus.BusObject { return s.conn.Object(notifyName, notifyPath) }

// body returns the text under the title, escaped where the service reads
// markup.
func (s *sender) body(n Toast) string {
	text := n.Body
	if n.Link != "" && !s.buttons {
		text += "\n" + n.Link
	}
	if s.markup {
		return html.EscapeString(text)
	}
	return text
}

// buttonsOf lists id and label of each button in turn.
func (s *sender) buttonsOf(n Toast) []string {
	list := []string{}
	if s.buttons {
		for _, a := range n.Actions {
			list = append(list, a.ID, a.Label)
		}
	}
	return list
}

// rawImage is a picture as the service reads it.
type rawImage struct {
	Width, Height, Stride int32
	Alpha                 bool
	Bits, Channels        int32
	Data                  []byte
}

func (s *sender) hints() map[string]dbus.Variant {
	hints := map[string]dbus.Variant{"desktop-entry": dbus.MakeVariant("heliograph")}
	if s.icon != nil {
		size := s.icon.Bounds().Size()
		hints["image-data"] = dbus.MakeVariant(rawImage{int32(size.X), int32(size.Y), int32(s.icon.Stride), true, 8, 4, s.icon.Pix})
	}
	return hints
}

// picture decodes the program's icon, which no icon theme has; nil: none.
func picture(icon []byte) *image.NRGBA {
	img, err := png.Decode(bytes.NewReader(icon))
	if err != nil {
		return nil
	}
	size := img.Bounds().Size()
	out := image.NewNRGBA(image.Rect(0, 0, size.X, size.Y))
	draw.Draw(out, out.Bounds(), img, img.Bounds().Min, draw.Src)
	return out
}

// open connects, follows the service's signals and asks for what it can show.
func (s *sender) open(ctx context.Context) error {
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	s.end = end
	stop := context.AfterFunc(ctx, end) // frees an opening that does not return
	conn, err := bus.Session(life)
	if err != nil {
		stop()
		return err
	}
	s.conn, s.ids, s.reading = conn, map[string]uint32{}, make(chan struct{})
	s.mu.Lock()
	s.actions = map[uint32][]Action{}
	s.mu.Unlock()
	signals := bus.Signals(conn)
	go func() {
		defer close(s.reading)
		bus.EachSignal(conn, signals, s.signal)
	}()
	if !stop() {
		return ctx.Err()
	}
	err = conn.AddMatchSignalContext(ctx, dbus.WithMatchSender(notifyName), dbus.WithMatchInterface(notifyName), dbus.WithMatchObjectPath(notifyPath))
	if err != nil {
		return fmt.Errorf("the notification service cannot be followed: %w", err)
	}
	var able []string
	if err := s.service().CallWithContext(ctx, notifyName+".GetCapabilities", 0).Store(&able); err != nil {
		return fmt.Errorf("the notification service does not answer: %w", err)
	}
	s.markup, s.buttons = slices.Contains(able, "body-markup"), slices.Contains(able, "actions")
	return nil
}

// signal handles one signal of the service.
func (s *sender) signal(sig *dbus.Signal) {
	if len(sig.Body) < 2 {
		return
	}
	id, ok := sig.Body[0].(uint32)
	if !ok {
		return
	}
	s.mu.Lock()
	actions := s.actions[id]
	if sig.Name == notifyName+".NotificationClosed" {
		delete(s.actions, id)
	}
	s.mu.Unlock()
	if sig.Name != notifyName+".ActionInvoked" {
		return
	}
	for _, a := range actions {
		if a.ID == sig.Body[1] && a.Do != nil {
			a.Do()
		}
	}
}

// close withdraws the toasts whose buttons nobody would answer any more, and
// ends the connection and the reader of its signals. It may be called twice.
func (s *sender) close() {
	if s.conn != nil {
		s.withdraw()
		s.conn.Close()
		<-s.reading
		s.conn = nil
	}
	if s.end != nil {
		s.end()
		s.end = nil
	}
}

func (s *sender) withdraw() {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	s.mu.Lock()
	defer s.mu.Unlock()
	for id := range s.actions {
		// A toast that stays does no harm: its button does nothing.
		_ = s.service().CallWithContext(ctx, notifyName+".CloseNotification", dbus.FlagNoReplyExpected|dbus.FlagNoAutoStart, id).Err
	}
}
