package detect

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"unsafe"

	"github.com/ebitengine/purego"

	"heliograph/detect/call"
)

// audioAddress is AudioObjectPropertyAddress.
type audioAddress struct{ selector, scope, element uint32 }

// global is the address of a property of the whole object. Under the scope of
// input alone, changes of use go unheard.
func global(selector string) *audioAddress {
	return &audioAddress{selector: fourCC(selector), scope: fourCC("glob"), element: 0}
}

// Objects and properties of Core Audio. Processes are told since macOS 14.2.
//
// Source: CoreAudio/AudioHardware.h of the macOS SDK
const (
	audioSystem    = 1
	audioDevices   = "dev#" // kAudioHardwarePropertyDevices
	audioRunning   = "gone" // kAudioDevicePropertyDeviceIsRunningSomewhere
	audioProcesses = "prs#" // kAudioHardwarePropertyProcessObjectList
	processPID     = "ppid"
	processBundle  = "pbid"
	processInput   = "piri" // records
	processOutput  = "piro" // plays
)

// coreAudio hears of recordings: the devices tell when, the processes who.
// Notices of the processes alone have been seen to be missing.
type coreAudio struct {
	wake   func()
	ring   chan struct{}
	bell   uintptr
	cancel context.CancelFunc
	done   chan struct{}
	heard  []heardOf // of the goroutine alone

	mu        sync.Mutex
	err       error
	captures  []call.Sound
	playbacks []call.Sound
}

// heardOf is a property with our listener.
type heardOf struct {
	object   uint32
	selector string
}

// audioCallback is made once: callbacks are never freed.
var audioCallback = sync.OnceValue(func() uintptr {
	return purego.NewCallback(func(_ uint32, _ uint32, _ uintptr, bell uintptr) uintptr {
		ringBell(bell)
		return 0
	})
})

func openCoreAudio(ctx context.Context, e env) (source, error) {
	if err := frameworks(); err != nil {
		return nil, err
	}
	if !audioHasProperty(audioSystem, global(audioProcesses)) {
		return nil, errors.New("this macOS does not tell which program records: it does since 14.2")
	}
	c := &coreAudio{wake: e.changed, ring: make(chan struct{}, 1), done: make(chan struct{})}
	c.bell = newBell(c.ring)
	if err := c.read(); err != nil {
		c.listen(nil)
		dropBell(c.bell)
		return nil, err
	}
	ctx, c.cancel = context.WithCancel(context.WithoutCancel(ctx))
	go c.follow(ctx)
	return c, nil
}

func (c *coreAudio) follow(ctx context.Context) {
	defer close(c.done)
	defer dropBell(c.bell)
	defer c.listen(nil)
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.ring:
		}
		err := c.read()
		if err != nil {
			c.mu.Lock()
			c.err = err
			c.mu.Unlock()
		}
		c.wake()
		if err != nil {
			return
		}
	}
}

// read listens to what there is now, then asks for all of it: a change between
// the two is told of.
func (c *coreAudio) read() error {
	devices, err := audioList(audioDevices)
	if err != nil {
		return err
	}
	objects, err := audioList(audioProcesses)
	if err != nil {
		return err
	}
	want := []heardOf{{audioSystem, audioDevices}, {audioSystem, audioProcesses}}
	for _, d := range devices {
		want = append(want, heardOf{d, audioRunning})
	}
	for _, p := range objects {
		want = append(want, heardOf{p, processInput}, heardOf{p, processOutput})
	}
	c.listen(want)
	var all []audioProcess
	for _, id := range objects {
		p := audioProcess{id: id, in: audioNumber(id, processInput) != 0, out: audioNumber(id, processOutput) != 0}
		if !p.in && !p.out {
			continue
		}
		p.pid = int(int32(audioNumber(id, processPID)))
		p.bundle, p.file = audioText(id, processBundle), program(p.pid)
		all = append(all, p)
	}
	captures, playbacks := audioStreams(all, os.Getpid())
	c.mu.Lock()
	defer c.mu.Unlock()
	c.captures, c.playbacks = captures, playbacks
	return nil
}

// listen changes what is listened to by the difference. What has gone away
// takes its listener along.
func (c *coreAudio) listen(want []heardOf) {
	wanted := map[heardOf]bool{}
	for _, h := range want {
		wanted[h] = true
	}
	var kept []heardOf
	for _, h := range c.heard {
		if wanted[h] {
			kept = append(kept, h)
			delete(wanted, h)
			continue
		}
		audioRemoveListener(h.object, global(h.selector), audioCallback(), c.bell)
	}
	for h := range wanted {
		if audioAddListener(h.object, global(h.selector), audioCallback(), c.bell) == 0 {
			kept = append(kept, h)
		}
	}
	c.heard = kept
}

// audioList asks the system object for a list of objects.
func audioList(selector string) ([]uint32, error) {
	var size uint32
	if status := audioPropertySize(audioSystem, global(selector), 0, 0, &size); status != 0 {
		return nil, fmt.Errorf("no list of %s from Core Audio: status %d", selector, status)
	}
	if size == 0 {
		return nil, nil
	}
	buf := make([]byte, size)
	if status := audioProperty(audioSystem, global(selector), 0, 0, &size, unsafe.Pointer(&buf[0])); status != 0 {
		return nil, fmt.Errorf("no list of %s from Core Audio: status %d", selector, status)
	}
	return objectIDs(buf[:min(int(size), len(buf))]), nil
}

// audioNumber asks an object for a number; zero: it has none, or has gone.
func audioNumber(object uint32, selector string) uint32 {
	var n uint32
	size := uint32(4)
	if audioProperty(object, global(selector), 0, 0, &size, unsafe.Pointer(&n)) != 0 {
		return 0
	}
	return n
}

func audioText(object uint32, selector string) string {
	var ref uintptr
	size := uint32(unsafe.Sizeof(ref))
	if audioProperty(object, global(selector), 0, 0, &size, unsafe.Pointer(&ref)) != 0 || ref == 0 {
		return ""
	}
	defer cfRelease(ref)
	return goText(ref)
}

func (c *coreAudio) sample() (result, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return nil, c.err
	}
	return soundResult{captures: c.captures, playbacks: c.playbacks}, nil
}

func (c *coreAudio) close() {
	c.cancel()
	<-c.done
}
