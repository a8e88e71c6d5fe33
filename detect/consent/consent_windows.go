package consent

import (
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"

	"heliograph/detect/oscall"
	"heliograph/detect/winproc"
)

// storeKey is the place of the lists below HKEY_CURRENT_USER.
const storeKey = `Software\Microsoft\Windows\CurrentVersion\CapabilityAccessManager\ConsentStore\`

// Watcher keeps the uses of a device up to date. It reads the list when the
// registry reports a change, and when a program that uses the device ends,
// since a program that crashes leaves its entry as it was.
type Watcher struct {
	key  registry.Key
	loop *oscall.Loop

	mu   sync.Mutex
	uses []Use
}

// Watch starts to watch a device; ctx is for opening only. notify is called, from any goroutine, when
// Uses may return something else; it must not block. The error says if this
// Windows keeps no list.
func Watch(ctx context.Context, d Device, notify func()) (*Watcher, error) {
	w := &Watcher{}
	loop, err := oscall.Start(ctx, "uses of the "+string(d), notify, func(ctx context.Context, l *oscall.Loop) error {
		return w.run(ctx, l, d, notify)
	})
	if err != nil {
		return nil, err
	}
	w.loop = loop
	return w, nil
}

// Uses returns the programs that use the device now. After an error it returns
// no more uses; the watcher still has to be closed.
func (w *Watcher) Uses() ([]Use, error) {
	if err := w.loop.Err(); err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.uses, nil
}

// Close ends the watcher. It may be called more than once.
func (w *Watcher) Close() { w.loop.Close() }

func (w *Watcher) run(ctx context.Context, l *oscall.Loop, d Device, notify func()) error {
	key, err := registry.OpenKey(registry.CURRENT_USER, storeKey+string(d), registry.READ|registry.NOTIFY)
	if err != nil {
		return fmt.Errorf("no list of the programs that use the %s: %w", d, err)
	}
	defer key.Close()
	w.key = key
	changed, err := windows.CreateEvent(nil, 0, 0, nil)
	if err != nil {
		return err
	}
	defer windows.CloseHandle(changed)
	stop, err := windows.CreateEvent(nil, 1, 0, nil)
	if err != nil {
		return err
	}
	defer windows.CloseHandle(stop)
	release := l.Interrupt(func() { _ = windows.SetEvent(stop) }) // it fails for an invalid handle only
	defer release()
	ends, err := w.update(changed)
	if err != nil {
		return err
	}
	defer func() { closeAll(ends) }()
	l.Ready()
	for {
		_, err := windows.WaitForMultipleObjects(append([]windows.Handle{stop, changed}, ends...), false, windows.INFINITE)
		closeAll(ends)
		ends = nil
		if err != nil || ctx.Err() != nil {
			return err
		}
		err = l.Call(func() (err error) {
			ends, err = w.update(changed)
			return err
		})
		if err != nil {
			return err
		}
		notify()
	}
}

// update asks for the next notification, then reads the list, so a change
// between the two is notified. It returns the processes that use the device,
// whose ends must be waited for. The request for a notification ends with the
// thread that makes it.
//
// Source: "RegNotifyChangeKeyValue function",
// https://learn.microsoft.com/windows/win32/api/winreg/nf-winreg-regnotifychangekeyvalue
func (w *Watcher) update(changed windows.Handle) ([]windows.Handle, error) {
	const what = windows.REG_NOTIFY_CHANGE_NAME | windows.REG_NOTIFY_CHANGE_LAST_SET
	if err := windows.RegNotifyChangeKeyValue(windows.Handle(w.key), true, what, changed, true); err != nil {
		return nil, fmt.Errorf("registry notification: %w", err)
	}
	uses, err := readUses(w.key)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	w.uses = uses
	w.mu.Unlock()
	return openAll(uses), nil
}

// readUses reads the list and finds the processes that it is about.
func readUses(key registry.Key) ([]Use, error) {
	entries, err := readEntries(key)
	if err != nil {
		return nil, fmt.Errorf("registry: %w", err)
	}
	var running []winproc.Process
	for _, e := range entries {
		if e.inUse() {
			if running, err = winproc.List(); err != nil {
				return nil, err
			}
			break
		}
	}
	uses := current(entries, running, time.Now())
	if len(uses) == 0 {
		return nil, nil
	}
	table, err := winproc.Snapshot()
	if err != nil {
		return nil, err
	}
	for i, u := range uses {
		uses[i].Names = append(u.Names, table.Names(uint32(u.PID))...)
	}
	return uses, nil
}

// maxEnds is how many processes are waited for: WaitForMultipleObjects takes
// 64 handles, and fewer programs share a microphone.
const maxEnds = 32

// openAll opens the processes that use a device, to wait for their ends. One
// that cannot be opened is left out.
func openAll(uses []Use) []windows.Handle {
	var ends []windows.Handle
	for _, u := range uses[:min(len(uses), maxEnds)] {
		if h, err := windows.OpenProcess(windows.SYNCHRONIZE, false, uint32(u.PID)); err == nil {
			ends = append(ends, h)
		}
	}
	return ends
}

func closeAll(handles []windows.Handle) {
	for _, h := range handles {
		windows.CloseHandle(h)
	}
}

// readEntries reads all entries of a device: packages beside each other, other
// programs below a key of their own.
func readEntries(key registry.Key) ([]entry, error) {
	const others = "NonPackaged"
	names, err := key.ReadSubKeyNames(-1)
	if err != nil {
		return nil, err
	}
	var entries []entry
	for _, name := range names {
		if name != others {
			entries = append(entries, readEntry(key, entry{key: name, packaged: true}))
		}
	}
	sub, err := registry.OpenKey(key, others, registry.READ)
	if err != nil {
		return entries, nil // no program without a package has asked yet
	}
	defer sub.Close()
	if names, err = sub.ReadSubKeyNames(-1); err != nil {
		return nil, err
	}
	for _, name := range names {
		entries = append(entries, readEntry(sub, entry{key: name}))
	}
	return entries, nil
}

// readEntry reads the values of an entry.
func readEntry(parent registry.Key, e entry) entry {
	k, err := registry.OpenKey(parent, e.key, registry.QUERY_VALUE)
	if err != nil {
		return e
	}
	defer k.Close()
	value := func(name string) *uint64 {
		n, _, err := k.GetIntegerValue(name)
		if err != nil {
			return nil
		}
		return &n
	}
	return e.withTimes(value("LastUsedTimeStart"), value("LastUsedTimeStop"))
}
