package detect

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jfreymuth/pulse/proto"
)

// pulseTimeout bounds one request to the sound server.
const pulseTimeout = 2 * time.Second

// pulse hears of recordings through the native protocol of PulseAudio, which
// PipeWire serves too. It subscribes and asks only when told of a change.
//
// Source: https://www.freedesktop.org/software/pulseaudio/doxygen/subscribe.html
type pulse struct {
	client *proto.Client
	conn   net.Conn
	cancel context.CancelFunc
	done   chan struct{}
	events chan struct{}
	again  *time.Timer // reads anew; only follow and openPulse touch it

	mu        sync.Mutex
	err       error
	raw       pulseAnswer
	captures  []stream
	playbacks []stream
	peers     []peer
}

// openPulse connects to the user's own sound server; one across the network
// is not this desk's.
func openPulse(ctx context.Context, _ Options, wake func()) (source, error) {
	path, err := pulseSocket()
	if err != nil {
		return nil, err
	}
	conn, err := (&net.Dialer{Timeout: pulseTimeout}).DialContext(ctx, "unix", path)
	if err != nil {
		return nil, fmt.Errorf("the sound server does not answer: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	p := &pulse{client: &proto.Client{}, conn: conn, cancel: cancel, done: make(chan struct{}), events: make(chan struct{}, 1)}
	p.client.SetTimeout(pulseTimeout)
	p.client.Callback = func(m any) {
		if _, closed := m.(*proto.ConnectionClosed); closed {
			p.fail(errors.New("the sound server went away"))
			cancel()
		}
		// This runs on the connection's only reader: hand over, never ask.
		signal(p.events)
	}
	p.client.Open(endsInEOF{conn})
	if err = p.greet(); err == nil {
		err = p.read()
	}
	if err != nil {
		cancel()
		conn.Close()
		return nil, err
	}
	go p.follow(ctx, wake)
	return p, nil
}

// endsInEOF makes every end of the connection the one that the library tells.
type endsInEOF struct{ net.Conn }

func (c endsInEOF) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if err != nil {
		err = io.EOF
	}
	return n, err
}

// pulseSocket finds the server as its own clients do.
//
// Source: https://www.freedesktop.org/wiki/Software/PulseAudio/Documentation/User/ServerStrings
func pulseSocket() (string, error) {
	for _, s := range strings.Fields(os.Getenv("PULSE_SERVER")) {
		if i := strings.Index(s, "}"); i >= 0 && strings.HasPrefix(s, "{") {
			s = s[i+1:]
		}
		if s = strings.TrimPrefix(s, "unix:"); strings.HasPrefix(s, "/") {
			return s, nil
		}
	}
	dir := os.Getenv("PULSE_RUNTIME_PATH")
	if dir == "" {
		run := os.Getenv("XDG_RUNTIME_DIR")
		if run == "" {
			return "", errors.New("there is no sound server (neither PULSE_SERVER nor XDG_RUNTIME_DIR is set)")
		}
		dir = filepath.Join(run, "pulse")
	}
	return filepath.Join(dir, "native"), nil
}

// greet signs on and subscribes.
func (p *pulse) greet() error {
	cookie := make([]byte, 256) // a server that knows us by our socket takes any
	path := os.Getenv("PULSE_COOKIE")
	if dir, err := os.UserConfigDir(); path == "" && err == nil {
		path = filepath.Join(dir, "pulse", "cookie")
	}
	if b, err := os.ReadFile(path); err == nil && len(b) == len(cookie) {
		cookie = b
	}
	var hello proto.AuthReply
	if err := p.client.Request(&proto.Auth{Version: p.client.Version(), Cookie: cookie}, &hello); err != nil {
		return fmt.Errorf("the sound server refuses: %w", err)
	}
	p.client.SetVersion(hello.Version)
	name := proto.PropList{"application.name": proto.PropListString("heliograph"), "application.process.id": proto.PropListString(strconv.Itoa(os.Getpid()))}
	if err := p.client.Request(&proto.SetClientName{Props: name}, &proto.SetClientNameReply{}); err != nil {
		return fmt.Errorf("the sound server refuses: %w", err)
	}
	mask := proto.SubscriptionMaskSourceInput | proto.SubscriptionMaskSinkInput
	if err := p.client.Request(&proto.Subscribe{Mask: mask}, nil); err != nil {
		return fmt.Errorf("the sound server does not tell of recordings: %w", err)
	}
	return nil
}

// follow reads anew after each change; a burst ends in one reading.
func (p *pulse) follow(ctx context.Context, wake func()) {
	defer close(p.done)
	defer func() {
		if p.again != nil {
			p.again.Stop()
		}
	}()
	for {
		select {
		case <-ctx.Done():
			wake()
			return
		case <-p.events:
			if err := p.read(); err != nil {
				p.fail(err)
				wake()
				return
			}
			wake()
		}
	}
}

func (p *pulse) fail(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err == nil {
		p.err = err
	}
}

// read asks for all streams, playback too: a program that drops its recording
// while muted is still in its call as long as it plays.
func (p *pulse) read() error {
	a, err := p.ask()
	if err != nil {
		return err
	}
	captures, playbacks := a.decode(hostProc.familyOf)
	peers := p.look(captures)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.raw, p.captures, p.playbacks, p.peers = a, captures, playbacks, peers
	return nil
}

// look finds the connections of programs whose streams prove nothing, as long
// as one records or is connected, and looks again after a while.
func (p *pulse) look(captures []stream) []peer {
	needed := slices.ContainsFunc(p.peers, func(x peer) bool { return x.connected })
	for _, c := range captures {
		a, ok := lookUp(nil, c.names)
		needed = needed || (ok && a.Duplex && !c.corked && !c.monitor && !c.meter)
	}
	if !needed {
		return nil
	}
	if p.again == nil {
		p.again = time.AfterFunc(peerLook, func() { signal(p.events) })
	} else {
		p.again.Reset(peerLook)
	}
	return hostProc.peers()
}

// ask reads what the server knows; what nobody needs is not asked for.
func (p *pulse) ask() (pulseAnswer, error) {
	var a pulseAnswer
	var outs proto.GetSourceOutputInfoListReply
	if err := p.client.Request(&proto.GetSourceOutputInfoList{}, &outs); err != nil {
		return a, fmt.Errorf("recordings cannot be listed: %w", err)
	}
	var ins proto.GetSinkInputInfoListReply
	if err := p.client.Request(&proto.GetSinkInputInfoList{}, &ins); err != nil {
		return a, fmt.Errorf("playback cannot be listed: %w", err)
	}
	var sources proto.GetSourceInfoListReply
	var clients proto.GetClientInfoListReply
	if len(outs) > 0 {
		if err := p.client.Request(&proto.GetSourceInfoList{}, &sources); err != nil {
			return a, fmt.Errorf("microphones cannot be listed: %w", err)
		}
	}
	if len(outs)+len(ins) > 0 {
		if err := p.client.Request(&proto.GetClientInfoList{}, &clients); err != nil {
			return a, fmt.Errorf("programs cannot be listed: %w", err)
		}
	}
	owners := map[uint32]proto.PropList{}
	for _, c := range clients {
		owners[c.ClientIndex] = c.Properties
	}
	for _, o := range outs {
		r := pulseStream{Index: o.SourceOutpuIndex, Corked: o.Corked, Rate: o.Rate, Resample: o.ResampleMethod,
			Props: readProps(o.Properties), Client: readProps(owners[o.ClientIndex])}
		for _, src := range sources {
			if src.SourceIndex == o.SourceIndex {
				r.Source, r.Monitor = src.SourceName, src.MonitorSourceIndex != noIndex
			}
		}
		a.Captures = append(a.Captures, r)
	}
	for _, i := range ins {
		a.Playbacks = append(a.Playbacks, pulseStream{Index: i.SinkInputIndex, Corked: i.Corked,
			Props: readProps(i.Properties), Client: readProps(owners[i.ClientIndex])})
	}
	return a, nil
}

func nonEmpty(values ...string) []string {
	var out []string
	for _, v := range values {
		if v != "" {
			out = append(out, v)
		}
	}
	return out
}

func (p *pulse) sample(f *facts) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err != nil {
		return p.err
	}
	f.streamsKnown, f.captures, f.playbacks, f.peers = true, p.captures, p.playbacks, p.peers
	return nil
}

func (p *pulse) close() {
	p.cancel()
	p.conn.Close()
	<-p.done
}
