package detect

import (
	"context"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"heliograph/detect/call"
	"heliograph/detect/pulse"
)

// A flood of changes must not take a processor: a reading costs about a
// millisecond, here and at the server. The first few changes are read at once,
// since a call begins with several (a stream, its state, the other
// direction); after that, one reading each 50 ms, which nobody notices beside
// the debounce of two seconds, keeps the load at a few per cent.
const (
	readingPause = 50 * time.Millisecond
	readingBurst = 5
)

// pulseBackend hears of recordings from PulseAudio, or from PipeWire, which
// serves the same protocol. It subscribes and asks only when told of a change.
//
// Source: https://www.freedesktop.org/software/pulseaudio/doxygen/subscribe.html
type pulseBackend struct {
	conn   *pulse.Conn
	cancel context.CancelFunc
	done   chan struct{}
	again  *time.Timer // reads anew; only follow and newPulse touch it

	mu        sync.Mutex
	err       error
	raw       call.Listing
	captures  []call.Sound
	playbacks []call.Sound
	peers     []call.Peer
}

// openPulse connects to the user's own sound server; one across the network
// is not this desk's.
func openPulse(ctx context.Context, e env) (source, error) {
	path, err := pulse.Socket()
	if err != nil {
		return nil, err
	}
	conn, err := pulse.Dial(ctx, path, call.PropertyKeys()...)
	if err != nil {
		return nil, err
	}
	p, err := newPulse(ctx, conn, e.changed)
	if err != nil {
		return nil, err
	}
	return p, nil
}

// newPulse watches a connection, which it owns from then on.
func newPulse(ctx context.Context, conn *pulse.Conn, wake func()) (*pulseBackend, error) {
	ctx, cancel := context.WithCancel(ctx)
	p := &pulseBackend{conn: conn, cancel: cancel, done: make(chan struct{}), again: time.NewTimer(time.Hour)}
	p.again.Stop()
	err := conn.Subscribe(ctx, pulse.MaskSourceOutput|pulse.MaskSinkInput)
	if err != nil {
		err = fmt.Errorf("the sound server does not tell of recordings: %w", err)
	} else {
		err = p.read(ctx)
	}
	if err != nil {
		cancel()
		conn.Close()
		return nil, err
	}
	go p.follow(ctx, wake)
	return p, nil
}

// follow reads anew after each change; a burst ends in one reading.
func (p *pulseBackend) follow(ctx context.Context, wake func()) {
	defer close(p.done)
	defer p.again.Stop()
	limit := rate.NewLimiter(rate.Every(readingPause), readingBurst)
	for {
		select {
		case <-ctx.Done():
			return
		case <-p.conn.Done():
			p.fail(p.conn.Err())
			wake()
			return
		case <-p.conn.Events():
		case <-p.again.C:
		}
		if limit.Wait(ctx) != nil {
			return
		}
		select {
		case <-p.conn.Events(): // this reading will see it
		default:
		}
		if err := p.read(ctx); err != nil {
			p.fail(err)
			wake()
			return
		}
		wake()
	}
}

func (p *pulseBackend) fail(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err == nil {
		p.err = err
	}
}

// read asks for all streams, playback too: a program that drops its recording
// while muted is still in its call as long as it plays.
func (p *pulseBackend) read(ctx context.Context) error {
	a, err := p.ask(ctx)
	if err != nil {
		return err
	}
	captures, playbacks := a.Sounds(os.Getpid(), hostProc.familyOf)
	peers := p.look(captures)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.raw, p.captures, p.playbacks, p.peers = a, captures, playbacks, peers
	return nil
}

// look finds the connections of programs whose streams prove nothing, as long
// as one records or is connected, and looks again after a while.
func (p *pulseBackend) look(captures []call.Sound) []call.Peer {
	needed := slices.ContainsFunc(p.peers, func(x call.Peer) bool { return x.Connected })
	for _, c := range captures {
		a, _ := call.Find(c.Names)
		needed = needed || (a.Duplex && !c.Corked && !c.Monitor && !c.Meter)
	}
	if !needed {
		return nil
	}
	p.again.Reset(peerLook)
	return hostProc.peers()
}

// ask reads what the server knows; what nobody needs is not asked for.
func (p *pulseBackend) ask(ctx context.Context) (call.Listing, error) {
	var a call.Listing
	outputs, err := p.conn.SourceOutputs(ctx)
	if err != nil {
		return a, fmt.Errorf("recordings cannot be listed: %w", err)
	}
	inputs, err := p.conn.SinkInputs(ctx)
	if err != nil {
		return a, fmt.Errorf("playback cannot be listed: %w", err)
	}
	sources, owners := map[uint32]pulse.Source{}, map[uint32]map[string]string{}
	if len(outputs) > 0 {
		list, err := p.conn.Sources(ctx)
		if err != nil {
			return a, fmt.Errorf("microphones cannot be listed: %w", err)
		}
		for _, s := range list {
			sources[s.Index] = s
		}
	}
	if len(outputs)+len(inputs) > 0 {
		list, err := p.conn.Clients(ctx)
		if err != nil {
			return a, fmt.Errorf("programs cannot be listed: %w", err)
		}
		for _, c := range list {
			owners[c.Index] = c.Properties
		}
	}
	for _, o := range outputs {
		from := sources[o.Device]
		a.Captures = append(a.Captures, call.Listed{Index: o.Index, Corked: o.Corked, Rate: o.Rate, Resample: o.Resample,
			Source: from.Name, Monitor: from.Monitor, Props: call.KeepProperties(o.Properties), Client: call.KeepProperties(owners[o.Client])})
	}
	for _, i := range inputs {
		a.Playbacks = append(a.Playbacks, call.Listed{Index: i.Index, Corked: i.Corked,
			Props: call.KeepProperties(i.Properties), Client: call.KeepProperties(owners[i.Client])})
	}
	return a, nil
}

func (p *pulseBackend) sample() (result, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err != nil {
		return nil, p.err
	}
	return soundResult{captures: p.captures, playbacks: p.playbacks, peers: p.peers}, nil
}

func (p *pulseBackend) close() {
	p.cancel()
	p.conn.Close()
	<-p.done
}
