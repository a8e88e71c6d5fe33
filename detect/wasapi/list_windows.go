//go:build amd64 || arm64

package wasapi

import (
	"errors"
	"hash/fnv"
	"time"
	"unsafe"

	"heliograph/detect/winproc"
)

// listing is one reading of all sessions.
type listing struct {
	processes winproc.Table
	found     [flows][]Session
	listed    map[string]bool   // the instance identifiers of listed sessions
	names     map[string]string // of the devices, by their ids
	devices   int
	failed    int   // how many of the devices failed
	silent    bool  // a device reports no new sessions
	err       error // why the last device failed
}

// list lists the sessions of all devices anew. The registrations of the
// previous listing are removed only afterwards, so that no change is missed in
// between.
func (w *Watcher) list() error {
	before := w.undo
	w.undo = nil
	w.turn = 1 - w.turn
	defer undoAll(before)
	processes, err := winproc.Snapshot()
	if err != nil {
		return err
	}
	l := listing{processes: processes, listed: map[string]bool{}, names: map[string]string{}}
	w.takeAnnounced()
	for flow := range l.found {
		if err := w.listFlow(flow, &l); err != nil {
			return err
		}
	}
	switch l.devices {
	case 0:
		return errors.New("there is no sound device")
	case l.failed:
		return l.err
	}
	for flow := range w.handed {
		w.listHanded(flow, &l)
	}
	w.schedule.read(time.Now(), l.failed > 0, l.silent)
	s := Sessions{Recording: l.found[flowCapture], Playing: l.found[flowRender]}
	s.sort()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sessions = s
	return nil
}

// takeAnnounced takes the sessions that Windows has announced.
func (w *Watcher) takeAnnounced() {
	for _, notifiers := range w.onSession {
		for flow, n := range notifiers {
			sessions, announced := n.sessions()
			if announced {
				w.schedule.announced(time.Now())
			}
			for _, s := range sessions {
				control, err := s.query(&iidSessionControl)
				s.release()
				if err == nil { // else it has ended, or comes with the list
					w.handed[flow] = append(w.handed[flow], handed{control, control.text(getSessionInstance)})
				}
			}
		}
	}
}

// listFlow lists the sessions of all devices that play, or that record. One that
// fails, as while it is plugged in or out, is left out.
func (w *Watcher) listFlow(flow int, l *listing) error {
	var collection *object
	if err := w.enumerator.call(enumAudioEndpoints, uintptr(flow), deviceActive, uintptr(unsafe.Pointer(&collection))); err != nil {
		return err
	}
	defer collection.release()
	var devices uint32
	if err := collection.call(collectionGetCount, uintptr(unsafe.Pointer(&devices))); err != nil {
		return err
	}
	for i := range devices {
		l.devices++
		var device *object
		err := collection.call(collectionItem, uintptr(i), uintptr(unsafe.Pointer(&device)))
		if err == nil {
			err = w.listDevice(flow, device, l)
			device.release()
		}
		if err != nil {
			l.failed++
			l.err = err
		}
	}
	return nil
}

// listDevice lists the sessions of a device and registers for new ones and for
// changes of each.
func (w *Watcher) listDevice(flow int, device *object, l *listing) error {
	var manager *object
	if err := device.call(deviceActivate, uintptr(unsafe.Pointer(&iidSessionManager)), clsctxAll, 0, uintptr(unsafe.Pointer(&manager))); err != nil {
		return err
	}
	w.undo = append(w.undo, manager.release)
	if n := w.onSession[w.turn][flow].address(); manager.call(registerSessions, n) == nil {
		w.undo = append(w.undo, func() { _ = manager.call(unregisterSessions, n) }) // see notifier
	} else {
		l.silent = true
	}
	// Windows notifies of new sessions only after the existing ones were listed
	// ("IAudioSessionManager2::RegisterSessionNotification").
	var enumerator *object
	if err := manager.call(getSessionEnumerator, uintptr(unsafe.Pointer(&enumerator))); err != nil {
		return err
	}
	defer enumerator.release()
	var n int32
	if err := enumerator.call(sessionsGetCount, uintptr(unsafe.Pointer(&n))); err != nil {
		return err
	}
	id := device.text(deviceGetID)
	l.names[id] = deviceName(device, id)
	for i := range n {
		control, err := sessionAt(enumerator, i)
		if err != nil {
			continue // ended meanwhile
		}
		instance := control.text(getSessionInstance)
		l.listed[instance] = true
		w.listSession(flow, handed{control, instance}, l.names[id], l)
		control.release()
	}
	return nil
}

// listHanded lists the sessions that were handed over and are in no list yet;
// the others, and those that have ended, are given up.
func (w *Watcher) listHanded(flow int, l *listing) {
	var kept []handed
	for _, h := range w.handed[flow] {
		if l.listed[h.instance] || !w.listSession(flow, h, l.names[deviceOf(h.instance)], l) {
			h.control.release()
			continue
		}
		l.listed[h.instance] = true // it may have been handed over twice
		kept = append(kept, h)
	}
	w.handed[flow] = kept
}

// listSession reads a session and registers for its changes. It returns false
// for one that has ended: Windows lists it for as long as anybody holds it.
func (w *Watcher) listSession(flow int, h handed, device string, l *listing) bool {
	var state uint32
	if h.control.call(getState, uintptr(unsafe.Pointer(&state))) != nil || state == sessionExpired {
		return false
	}
	h.control.addRef()
	w.undo = append(w.undo, h.control.release)
	n := w.onEvent[w.turn].address()
	if h.control.call(registerEvents, n) == nil {
		w.undo = append(w.undo, func() { _ = h.control.call(unregisterEvents, n) }) // see notifier
	}
	// It may have changed before it was registered.
	if s, ok := readSession(h, l.processes); ok {
		s.Device = device
		l.found[flow] = append(l.found[flow], s)
	}
	return true
}

// sessionAt returns the IAudioSessionControl2 of a session.
func sessionAt(enumerator *object, i int32) (*object, error) {
	var session *object
	if err := enumerator.call(sessionsGetSession, uintptr(i), uintptr(unsafe.Pointer(&session))); err != nil {
		return nil, err
	}
	defer session.release()
	return session.query(&iidSessionControl)
}

// readSession reads a session; it returns false for one that is not active.
func readSession(s handed, processes winproc.Table) (Session, bool) {
	var state, pid uint32
	if s.control.call(getState, uintptr(unsafe.Pointer(&state))) != nil || state != sessionActive {
		return Session{}, false
	}
	// A session of several processes returns the first, and a success code.
	if s.control.call(getProcessID, uintptr(unsafe.Pointer(&pid))) != nil {
		return Session{}, false
	}
	h := fnv.New32a()
	h.Write([]byte(s.instance))
	return Session{ID: h.Sum32(), PID: int(pid), Names: processes.Names(pid), Label: s.control.text(getDisplayName)}, true
}

// deviceName returns the name that Windows shows for a device, or its id.
func deviceName(device *object, id string) string {
	var store *object
	if device.call(openPropertyStore, storageRead, uintptr(unsafe.Pointer(&store))) != nil || store == nil {
		return id
	}
	defer store.release()
	var v variant
	if store.call(propertyGetValue, uintptr(unsafe.Pointer(&keyFriendlyName)), uintptr(unsafe.Pointer(&v))) != nil {
		return id
	}
	defer v.clear()
	if name := v.String(); name != "" {
		return name
	}
	return id
}
