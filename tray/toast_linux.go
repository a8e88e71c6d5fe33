package tray

import (
	"bytes"
	"context"
	"fmt"
	"html"
	"image"
	"image/draw"
	"image/png"
	"io"
	"log"
	"slices"
	"sync"
	"time"

	"github.com/esiqveland/notify"
	"github.com/gen2brain/beeep"
	"github.com/godbus/dbus/v5"

	"heliograph/detect/bus"
)

// sender speaks to the notification service on a connection of its own, which
// opens with the first toast. Where that service does not answer, beeep tries
// the programs it knows.
//
// Source: https://specifications.freedesktop.org/notification-spec
type sender struct {
	mu      sync.Mutex
	conn    *dbus.Conn
	service notify.Notifier
	markup  bool
	buttons bool
	picture *image.RGBA
	ids     map[string]uint32 // by class
	actions map[uint32][]Action
}

func (s *sender) send(ctx context.Context, t *Toaster, n Toast) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.open(ctx, t); err != nil {
		return err
	}
	body := n.Body
	if s.markup {
		body = html.EscapeString(body)
	}
	note := notify.Notification{AppName: t.name, ReplacesID: s.ids[n.Class], Summary: n.Title, Body: body,
		ExpireTimeout: 15 * time.Second, Hints: map[string]dbus.Variant{"desktop-entry": dbus.MakeVariant("heliograph")}}
	if s.picture != nil {
		note.AddHint(notify.HintImageDataRGBA(s.picture))
	}
	if s.buttons {
		for _, a := range n.Actions {
			note.Actions = append(note.Actions, notify.Action{Key: a.ID, Label: a.Label})
		}
	}
	done := make(chan error, 1)
	go func() { // the library takes no context
		id, err := s.service.SendNotification(note)
		if err == nil {
			s.ids[n.Class], s.actions[id] = id, n.Actions
		}
		done <- err
	}()
	select {
	case err := <-done:
		if err == nil {
			return nil
		}
		s.shut()
		beeep.AppName = t.name
		if beeep.Notify(n.Title, n.Body, t.icon) != nil {
			return fmt.Errorf("the notification service does not answer: %w", err)
		}
		return nil
	case <-ctx.Done():
		s.shut()
		<-done // the closed connection ends it
		return fmt.Errorf("the notification service does not answer: %w", ctx.Err())
	}
}

// open connects and asks what the service can do.
func (s *sender) open(ctx context.Context, t *Toaster) error {
	if s.conn != nil && s.conn.Connected() {
		return nil
	}
	conn, err := bus.Session(context.WithoutCancel(ctx))
	if err != nil {
		return err
	}
	service, err := notify.New(conn, notify.WithOnAction(s.invoked), notify.WithOnClosed(s.closed), notify.WithLogger(log.New(io.Discard, "", 0)))
	if err != nil {
		conn.Close()
		return fmt.Errorf("the notification service cannot be followed: %w", err)
	}
	s.conn, s.service, s.picture = conn, service, picture(t.icon)
	s.ids, s.actions = map[string]uint32{}, map[uint32][]Action{}
	if able, err := service.GetCapabilities(); err == nil {
		s.markup, s.buttons = slices.Contains(able, "body-markup"), slices.Contains(able, "actions")
	}
	return nil
}

// picture decodes the program's icon, which no theme has; nil: none.
func picture(icon []byte) *image.RGBA {
	img, err := png.Decode(bytes.NewReader(icon))
	if err != nil {
		return nil
	}
	out := image.NewRGBA(img.Bounds())
	draw.Draw(out, out.Bounds(), img, img.Bounds().Min, draw.Src)
	return out
}

func (s *sender) invoked(a *notify.ActionInvokedSignal) {
	s.mu.Lock()
	actions := s.actions[a.ID]
	s.mu.Unlock()
	for _, act := range actions {
		if act.ID == a.ActionKey && act.Do != nil {
			act.Do()
		}
	}
}

func (s *sender) closed(c *notify.NotificationClosedSignal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.actions, c.ID)
}

func (s *sender) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shut()
}

func (s *sender) shut() {
	if s.conn != nil {
		s.conn.Close()
		s.conn, s.service = nil, nil
	}
}
