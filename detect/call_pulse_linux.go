package detect

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
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

	mu        sync.Mutex
	err       error
	captures  []stream
	playbacks []stream
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
	p := &pulse{client: &proto.Client{}, conn: conn, cancel: cancel, done: make(chan struct{})}
	events := make(chan struct{}, 1)
	p.client.SetTimeout(pulseTimeout)
	p.client.Callback = func(m any) {
		if _, closed := m.(*proto.ConnectionClosed); closed {
			p.fail(errors.New("the sound server went away"))
			cancel()
		}
		// This runs on the connection's only reader: hand over, never ask.
		select {
		case events <- struct{}{}:
		default:
		}
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
	go p.follow(ctx, events, wake)
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
func (p *pulse) follow(ctx context.Context, events <-chan struct{}, wake func()) {
	defer close(p.done)
	for {
		select {
		case <-ctx.Done():
			wake()
			return
		case <-events:
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
	var outs proto.GetSourceOutputInfoListReply
	if err := p.client.Request(&proto.GetSourceOutputInfoList{}, &outs); err != nil {
		return fmt.Errorf("recordings cannot be listed: %w", err)
	}
	var ins proto.GetSinkInputInfoListReply
	if err := p.client.Request(&proto.GetSinkInputInfoList{}, &ins); err != nil {
		return fmt.Errorf("playback cannot be listed: %w", err)
	}
	var sources proto.GetSourceInfoListReply
	var clients proto.GetClientInfoListReply
	if len(outs) > 0 {
		if err := p.client.Request(&proto.GetSourceInfoList{}, &sources); err != nil {
			return fmt.Errorf("microphones cannot be listed: %w", err)
		}
	}
	if len(outs)+len(ins) > 0 {
		if err := p.client.Request(&proto.GetClientInfoList{}, &clients); err != nil {
			return fmt.Errorf("programs cannot be listed: %w", err)
		}
	}
	owners := map[uint32]proto.PropList{}
	for _, c := range clients {
		owners[c.ClientIndex] = c.Properties
	}
	var captures, playbacks []stream
	for _, o := range outs {
		s := streamOf(o.SourceOutpuIndex, o.Properties, owners[o.ClientIndex])
		s.corked = o.Corked
		s.meter = s.meter || o.ResampleMethod == "peaks" || o.Rate <= meterRate
		for _, src := range sources {
			if src.SourceIndex == o.SourceIndex {
				s.source = src.SourceName
				s.monitor = s.monitor || src.MonitorSourceIndex != noIndex
			}
		}
		captures = append(captures, s)
	}
	for _, i := range ins {
		s := streamOf(i.SinkInputIndex, i.Properties, owners[i.ClientIndex])
		s.corked = i.Corked
		playbacks = append(playbacks, s)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.captures, p.playbacks = captures, playbacks
	return nil
}

// noIndex is the protocol's "none"; a source that monitors no sink has it.
const noIndex = 0xFFFFFFFF

// meterRate: mixers draw their meters from a stream of some 25 samples a
// second; speech needs thousands.
const meterRate = 50

// streamOf reads a stream's properties, then its client's.
//
// Source: https://www.freedesktop.org/wiki/Software/PulseAudio/Documentation/Developer/Clients/ApplicationProperties
func streamOf(index uint32, own, client proto.PropList) stream {
	get := func(key string) string {
		for _, p := range []proto.PropList{own, client} {
			if v, ok := p[key]; ok && len(v) > 0 && v[len(v)-1] == 0 {
				return string(v[:len(v)-1])
			}
		}
		return ""
	}
	s := stream{index: index, label: get("application.name")}
	for _, key := range []string{"application.process.id", "pipewire.sec.pid"} {
		if n, err := strconv.Atoi(get(key)); err == nil && n > 0 && s.pid == 0 {
			s.pid = n
		}
	}
	// The sound server vouches for the pid, the program for its own names.
	s.names = append(family(s.pid), nonEmpty(get("application.process.binary"), get("pipewire.access.portal.app_id"), get("application.id"))...)
	if inner, ok := strings.CutPrefix(s.label, "ALSA plug-in ["); ok {
		s.names = append(s.names, strings.TrimSuffix(inner, "]"))
	}
	s.own = s.pid == os.Getpid()
	s.monitor = get("stream.capture.sink") == "true"
	s.meter = get("resample.peaks") == "true" || strings.EqualFold(get("media.name"), "Peak detect")
	switch get("media.role") {
	case "Notification", "event", "Event", "Test", "test", "a11y", "A11y":
		s.plumbing = true
	}
	s.plumbing = s.plumbing || get("node.passive") == "true" || get("media.class") == "Stream/Input/Audio/Internal" || (s.pid == 0 && s.label == "" && len(s.names) == 0)
	return s
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
	f.streamsKnown, f.captures, f.playbacks = true, p.captures, p.playbacks
	return nil
}

func (p *pulse) close() {
	p.cancel()
	p.conn.Close()
	<-p.done
}
