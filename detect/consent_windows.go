package detect

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"

	"heliograph/detect/call"
)

// consentKey is where Windows keeps who uses what, since Windows 10 1903.
const consentKey = `Software\Microsoft\Windows\CurrentVersion\CapabilityAccessManager\ConsentStore\`

// consentStore watches the entries of one device. It looks when the registry
// tells of a change, and when a program that is believed to use the device
// ends, since a crash leaves its entry behind.
type consentStore struct {
	key  registry.Key
	wake func()
	stop windows.Handle // event
	done chan struct{}
	// resultOf is the result of what is in use.
	resultOf func([]believed) result
	ears     *listener // nil: it need not hear

	mu  sync.Mutex
	err error
	use []believed
}

// openConsentMicrophone serves where WASAPI does not. It cannot tell who plays
// sound: a messenger is then never proven, a browser by the camera alone.
// When devices come or go, it makes room for WASAPI.
func openConsentMicrophone(_ context.Context, e env) (source, error) {
	c, err := openConsent("microphone", e.changed, func(use []believed) result {
		var r soundResult
		for _, b := range use {
			h := fnv.New32a()
			h.Write([]byte(b.key))
			r.captures = append(r.captures, call.Sound{Index: h.Sum32(), Names: b.allNames(), PID: b.pid, Own: b.pid == windows.Getpid()})
		}
		return r
	})
	if err != nil {
		return nil, err
	}
	c.ears, err = listen(func(msg uint32, w, _ uintptr) {
		if msg == wmDeviceChange && w == deviceNodesChanged {
			c.fail(errors.New("devices have changed"))
		}
	})
	if err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

// Devices have come or gone.
//
// Source: https://learn.microsoft.com/windows/win32/devio/wm-devicechange
const (
	wmDeviceChange     = 0x0219
	deviceNodesChanged = 7
)

// openConsentCamera tells who has a camera open.
func openConsentCamera(_ context.Context, e env) (source, error) {
	c, err := openConsent("webcam", e.changed, func(use []believed) result {
		r := deviceResult{what: "camera", devices: -1}
		for _, b := range use {
			r.holders = append(r.holders, call.Process{Names: b.allNames(), PID: b.pid})
		}
		return r
	})
	if err != nil {
		return nil, err // a nil *consentStore would be no nil source
	}
	return c, nil
}

// allNames are the entry's and those of the process's family.
func (b believed) allNames() []string {
	names := b.names()
	if all, err := processes(); err == nil {
		names = append(names, family(uint32(b.pid), all)...)
	}
	return names
}

func openConsent(device string, wake func(), resultOf func([]believed) result) (*consentStore, error) {
	key, err := registry.OpenKey(registry.CURRENT_USER, consentKey+device, registry.READ|registry.NOTIFY)
	if err != nil {
		return nil, fmt.Errorf("there is no list of who uses the %s: %w", device, err)
	}
	stop, err := windows.CreateEvent(nil, 1, 0, nil)
	if err != nil {
		key.Close()
		return nil, err
	}
	c := &consentStore{key: key, wake: wake, stop: stop, done: make(chan struct{}), resultOf: resultOf}
	started := make(chan error)
	go c.follow(started)
	if err := <-started; err != nil {
		<-c.done
		windows.CloseHandle(stop)
		key.Close()
		return nil, err
	}
	return c, nil
}

// follow asks for the next notice, then reads: a change between the two is
// told of. The request lives as long as its thread.
func (c *consentStore) follow(started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(c.done)
	changed, err := windows.CreateEvent(nil, 0, 0, nil)
	if err != nil {
		started <- err
		return
	}
	defer windows.CloseHandle(changed)
	for first := true; ; first = false {
		const what = windows.REG_NOTIFY_CHANGE_NAME | windows.REG_NOTIFY_CHANGE_LAST_SET
		err := windows.RegNotifyChangeKeyValue(windows.Handle(c.key), true, what, changed, true)
		var ends []windows.Handle
		if err == nil {
			ends, err = c.read()
		}
		if first {
			started <- err
		}
		if err != nil {
			c.fail(err)
			return
		}
		if !first {
			c.wake()
		}
		n, err := windows.WaitForMultipleObjects(append([]windows.Handle{c.stop, changed}, ends...), false, windows.INFINITE)
		for _, h := range ends {
			windows.CloseHandle(h)
		}
		if err != nil {
			c.fail(err)
			return
		}
		if n == windows.WAIT_OBJECT_0 {
			return
		}
	}
}

func (c *consentStore) fail(err error) {
	c.mu.Lock()
	c.err = fmt.Errorf("who uses a device cannot be followed: %w", err)
	c.mu.Unlock()
	c.wake()
}

// endsMost is how many processes are waited for; more than use a microphone
// at once.
const endsMost = 32

// read takes the entries in and opens what uses the device, to wait for its
// end.
func (c *consentStore) read() ([]windows.Handle, error) {
	entries, err := readConsents(c.key)
	if err != nil {
		return nil, err
	}
	var running []image
	for _, e := range entries {
		if e.inUse() && running == nil {
			if running, err = images(); err != nil {
				return nil, err
			}
		}
	}
	use := believe(entries, running, time.Now())
	c.mu.Lock()
	c.use = use
	c.mu.Unlock()
	var ends []windows.Handle
	for _, b := range use[:min(len(use), endsMost)] {
		if h, err := windows.OpenProcess(windows.SYNCHRONIZE, false, uint32(b.pid)); err == nil {
			ends = append(ends, h)
		}
	}
	return ends, nil
}

// readConsents reads the entries: packages beside each other, all other
// programs under a key of their own.
func readConsents(key registry.Key) ([]consent, error) {
	var out []consent
	names, err := key.ReadSubKeyNames(-1)
	if err != nil {
		return nil, err
	}
	const others = "NonPackaged"
	for _, name := range names {
		if name != others {
			out = append(out, readConsent(key, name, consent{key: name, packaged: true}))
		}
	}
	sub, err := registry.OpenKey(key, others, registry.READ)
	if err != nil {
		return out, nil // nothing without a package has asked yet
	}
	defer sub.Close()
	if names, err = sub.ReadSubKeyNames(-1); err != nil {
		return nil, err
	}
	for _, name := range names {
		out = append(out, readConsent(sub, name, consent{key: name}))
	}
	return out, nil
}

// readConsent reads one entry.
func readConsent(parent registry.Key, name string, c consent) consent {
	k, err := registry.OpenKey(parent, name, registry.QUERY_VALUE)
	if err != nil {
		return c
	}
	defer k.Close()
	value := func(name string) *uint64 {
		n, _, err := k.GetIntegerValue(name)
		if err != nil {
			return nil
		}
		return &n
	}
	return whole(c, value("LastUsedTimeStart"), value("LastUsedTimeStop"))
}

func (c *consentStore) sample() (result, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return nil, c.err
	}
	return c.resultOf(c.use), nil
}

func (c *consentStore) close() {
	if c.ears != nil {
		c.ears.close()
	}
	_ = windows.SetEvent(c.stop) // fails for a closed handle only
	<-c.done
	windows.CloseHandle(c.stop)
	c.key.Close()
}
