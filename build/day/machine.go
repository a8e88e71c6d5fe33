package day

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"sync"
	"time"

	"heliograph/graph"
	"heliograph/graph/emu"
	"heliograph/graph/presence"
)

// program is what runs on a computer: heliograph, or the strategy of a peer.
// Each call returns at once; what it causes may take time.
type program interface {
	start()
	quit()
	kill()
	observe(d *desk)
	choose(e Event)
	signIn(who string)
	signOut()
	freeze()
	resume()
}

// machine is one computer.
type machine struct {
	world   *world
	id      int
	desk    desk
	program program
	running bool

	mu    sync.Mutex
	ahead time.Duration // of its clock
	slept int           // how often it has slept or woken, so that a late freeze is recognised
}

// now returns the computer's clock.
func (m *machine) now() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return time.Now().Add(m.ahead).Round(0)
}

// holdSleep is for how long sleep can be delayed; see detect/logind.
const holdSleep = 4 * time.Second

// apply does what an event says.
func (m *machine) apply(e Event) {
	if m.desk.apply(e, m.now()) && m.running {
		if e.Kind == Wake {
			m.wake()
			<-time.After(3 * time.Millisecond) // so long the notice takes
		}
		m.program.observe(&m.desk)
	}
	switch e.Kind {
	case Start:
		m.running = true
		m.program.start()
		m.program.observe(&m.desk)
	case Quit:
		m.running = false
		m.program.quit()
	case Kill, PowerOff:
		if m.running {
			m.program.kill()
		}
		m.running = false
	case Sleep:
		if m.running {
			m.sleep()
		}
	case Choose:
		m.program.choose(e)
	case SignIn:
		m.program.signIn(e.Who)
	case SignOut:
		m.program.signOut()
	case Clock:
		m.mu.Lock()
		m.ahead += e.Span
		m.mu.Unlock()
	case Stall:
		m.program.freeze()
		p := m.program
		turn := m.turn()
		time.AfterFunc(e.Span, func() {
			if m.sameTurn(turn) {
				p.resume()
			}
		})
	}
}

func (m *machine) turn() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.slept++
	return m.slept
}

func (m *machine) sameTurn(turn int) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.slept == turn
}

// sleep freezes the process when it is ready, or cannot be waited for.
func (m *machine) sleep() {
	turn := m.turn()
	p := m.program
	ready := make(chan struct{})
	if h, ok := p.(*heliograph); ok {
		h.awaitReady(ready)
	}
	go func() {
		select {
		case <-ready:
			<-time.After(time.Millisecond) // so long the system takes
		case <-time.After(holdSleep):
		}
		if m.sameTurn(turn) {
			p.freeze()
		}
	}()
}

func (m *machine) wake() {
	m.turn()
	m.program.resume()
}

// heliograph is the real program without its edges: the loop, the client and
// MSAL. What package tray/app and tray/account do around them is done here in
// the same order.
type heliograph struct {
	m     *machine
	vault *graph.MemoryVault
	rng   *randoms   // the network's
	jit   *rand.Rand // the loop's

	mu   sync.Mutex
	disk []byte // what was kept

	*process
}

// process is one run of it.
type process struct {
	net     *network
	account *graph.Account
	loop    *presence.Loop
	stop    context.CancelFunc
	done    chan struct{}
	ctx     context.Context

	mu sync.Mutex
	op context.CancelFunc // ends the account's operation that works now
	on chan struct{}      // closed when that has ended
}

// openHeliograph installs the program on a computer.
func openHeliograph(m *machine) program {
	seed := m.world.script.Seed
	return &heliograph{m: m, vault: &graph.MemoryVault{}, rng: newRandoms(seed, uint64(100+m.id)), jit: source(seed, uint64(400+m.id))}
}

func (h *heliograph) saved() presence.Saved {
	h.mu.Lock()
	defer h.mu.Unlock()
	var s presence.Saved
	if h.disk != nil {
		if err := json.Unmarshal(h.disk, &s); err != nil {
			panic("what was kept cannot be read: " + err.Error())
		}
	}
	return s
}

func (h *heliograph) start() {
	if h.process != nil {
		<-h.done // the socket of the one before keeps a second from running
	}
	p := &process{net: &network{world: h.m.world, machine: h.m.id, rng: h.rng}, done: make(chan struct{}), op: func() {}, on: make(chan struct{})}
	close(p.on)
	var err error
	if p.account, err = graph.Open(graph.Config{ClientID: emu.AppID, Tenant: emu.TenantID, Transport: p.net, Now: h.m.now}, h.vault); err != nil {
		panic("the account cannot be opened: " + err.Error())
	}
	p.loop = presence.New(presence.Options{Policy: h.m.world.script.Policy.loops(), Saved: h.saved(), Keep: func(s presence.Saved) { h.keep(p, s) },
		Zone: func() *time.Location { return zone }, Jitter: h.jit.Float64,
		Now: func() time.Time { p.net.await(); return h.m.now() }})
	p.ctx, p.stop = context.WithCancel(context.Background())
	h.process = p
	go func() { p.loop.Run(p.ctx); close(p.done) }()
	p.operate(func(ctx context.Context) {
		if _, err := p.account.Restore(ctx); err == nil && ctx.Err() == nil {
			p.loop.SetService(p.account.Client())
		}
	})
}

// zone is where the person lives; the day begins there in the morning.
var zone = time.FixedZone("home", int(dayBegins/time.Second))

// loops returns the policy as the loop has it.
func (p Policy) loops() presence.Policy {
	out := presence.Policy{AwayAfter: p.AwayAfter, AwayWhenLocked: p.AwayWhenLocked, BusyInCall: true}
	if p.CallMessage {
		out.CallMessage = "On a {app} call"
	}
	if p.To > 0 {
		out.Hours = presence.Hours{Days: [7]bool{true, true, true, true, true, true, true}, From: p.From, To: p.To}
	}
	return out
}

func (h *heliograph) keep(p *process, s presence.Saved) {
	if p.net.isDead() {
		return
	}
	raw, err := json.Marshal(s)
	if err != nil {
		panic("the state cannot be kept: " + err.Error())
	}
	h.mu.Lock()
	h.disk = raw
	h.mu.Unlock()
}

// operate runs an operation of the account; a newer one ends it.
func (p *process) operate(do func(context.Context)) {
	ctx, cancel := context.WithCancel(p.ctx)
	p.mu.Lock()
	before, ended := p.op, p.on
	on := make(chan struct{})
	p.op, p.on = cancel, on
	p.mu.Unlock()
	before()
	go func() {
		defer close(on)
		defer cancel()
		<-ended
		do(ctx)
	}()
}

// quit ends a process that is stopped when it goes on.
func (h *heliograph) quit() {
	p := h.process
	go func() {
		p.net.await()
		p.stop()
	}()
}

func (h *heliograph) kill() {
	h.net.kill()
	h.stop()
}

func (h *heliograph) freeze() { h.net.freeze() }
func (h *heliograph) resume() { h.net.resume() }

func (h *heliograph) observe(d *desk) { h.loop.Observe(d.activity) }

func (h *heliograph) choose(e Event) {
	c := presence.Choice{Status: presence.Status(e.Status), Message: e.Text}
	if e.Span > 0 {
		c.Until = h.m.now().Add(e.Span)
	}
	h.loop.Choose(c)
}

// awaitReady closes ready when the computer may sleep, as package tray/app
// decides it.
func (h *heliograph) awaitReady(ready chan<- struct{}) {
	states, cancel := h.loop.Subscribe()
	p := h.process
	go func() {
		defer cancel()
		for {
			select {
			case s := <-states:
				if s.Activity.Asleep && s.InStep {
					close(ready)
					return
				}
			case <-p.done:
				return
			}
		}
	}()
}

// signIn signs in as somebody else too, without a sign-out before; see package
// tray/account. The person tries again when it fails.
func (h *heliograph) signIn(who string) {
	p, w := h.process, h.m.world
	p.operate(func(ctx context.Context) {
		for ctx.Err() == nil {
			_, err := p.account.SignIn(ctx, graph.Prompt{Device: func(c graph.DeviceCode) { w.server.ApproveDevice(c.Code, who) },
				Leave: func(ctx context.Context) { _ = p.loop.Release(ctx) }}) // what it leaves is found
			if err == nil && !p.net.isDead() {
				p.loop.SetService(p.account.Client())
				w.note(Event{Machine: h.m.id, Kind: SignedIn, Who: who})
				return
			}
			select {
			case <-time.After(20 * time.Second):
			case <-ctx.Done():
			}
		}
	})
}

// removeTimeout bounds the removal of the tokens; see package tray/account.
const removeTimeout = 5 * time.Second

func (h *heliograph) signOut() {
	p := h.process
	p.operate(func(ctx context.Context) {
		if p.loop.Release(ctx) != nil {
			return
		}
		rest, cancel := context.WithTimeout(context.WithoutCancel(ctx), removeTimeout)
		defer cancel()
		_ = p.account.SignOut(rest) // the vault is in memory
	})
}
