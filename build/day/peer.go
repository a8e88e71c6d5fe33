package day

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"heliograph/graph/emu"
)

// Peer is a way in which other tools keep a presence.
type Peer struct {
	Name string
	poll time.Duration // how often it looks; 0: with each event
	byName,
	keepsAlive,
	leaves,
	long bool
}

// Peers are the strategies that are compared with heliograph.
var Peers = []Peer{
	{Name: "poll-30s", poll: 30 * time.Second},
	{Name: "process-name", byName: true},
	{Name: "no-clear", leaves: true},
	{Name: "keep-alive", keepsAlive: true},
	{Name: "left-at-exit", leaves: true, long: true},
}

// keepAlive is how often the peers repeat a presence.
const keepAlive = 4 * time.Minute

// peer is a small client with the strategy of a Peer. It never reads, and tries
// again only when it would post anyway.
type peer struct {
	Peer
	m   *machine
	net *network

	mu      sync.Mutex
	desk    desk
	choice  wish // until: by the computer's clock, since the day began
	account string
	token   string
	issued  time.Time
	stop    context.CancelFunc
	done    chan struct{}
	wake    chan struct{}
	sent    string
	slot    string
	at      time.Time
}

// open returns a function that makes a peer for a computer.
func (p Peer) open(m *machine) program {
	return &peer{Peer: p, m: m, net: &network{world: m.world, machine: m.id, rng: newRandoms(m.world.script.Seed, uint64(300+m.id))}, wake: make(chan struct{}, 1)}
}

func (p *peer) start() {
	if p.done != nil {
		<-p.done
	}
	var ctx context.Context
	p.mu.Lock()
	ctx, p.stop = context.WithCancel(context.Background())
	p.done, p.sent, p.slot, p.at = make(chan struct{}), "", "", time.Time{}
	p.net = &network{world: p.m.world, machine: p.m.id, rng: p.net.rng}
	p.mu.Unlock()
	go p.run(ctx, p.net)
}

func (p *peer) quit() { p.stop() }
func (p *peer) kill() {
	p.net.kill()
	p.stop()
}
func (p *peer) freeze() { p.net.freeze() }
func (p *peer) resume() { p.net.resume() }

func (p *peer) change(do func()) {
	p.mu.Lock()
	do()
	p.mu.Unlock()
	if p.poll == 0 {
		select {
		case p.wake <- struct{}{}:
		default:
		}
	}
}

func (p *peer) observe(d *desk) { p.change(func() { p.desk = *d }) }

func (p *peer) choose(e Event) {
	c := wish{status: e.Status, until: never}
	if e.Span > 0 {
		c.until = p.m.now().Sub(p.m.world.begin) + e.Span
	}
	p.change(func() { p.choice = c })
}

func (p *peer) signIn(who string) {
	p.change(func() { p.account, p.token, p.sent, p.slot = who, "", "", "" })
	p.m.world.note(Event{Machine: p.m.id, Kind: SignedIn, Who: who})
}

func (p *peer) signOut() {
	p.mu.Lock()
	who := p.account
	p.account = ""
	p.mu.Unlock()
	if !p.leaves {
		go p.clear(context.Background(), p.net, who)
	}
}

// run posts until ctx ends.
func (p *peer) run(ctx context.Context, net *network) {
	defer close(p.done)
	every := time.NewTimer(0)
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			p.mu.Lock()
			who := p.account
			p.mu.Unlock()
			if !p.leaves {
				p.clear(context.Background(), net, who)
			}
			return
		case <-p.wake:
		case <-every.C:
		}
		net.await()
		every.Reset(p.post(ctx, net))
	}
}

// clear removes what may be there.
func (p *peer) clear(ctx context.Context, net *network, who string) {
	if who == "" {
		return
	}
	_ = p.send(ctx, net, who, "clearPresence", fmt.Sprintf(`{"sessionId":%q}`, emu.AppID)) // it tries once
	if p.slot != "" {
		_ = p.send(ctx, net, who, "clearUserPreferredPresence", `{}`)
	}
}

// post sets what differs or is old, and returns when it looks again.
func (p *peer) post(ctx context.Context, net *network) time.Duration {
	p.mu.Lock()
	now := p.m.now()
	if p.choice.status != "" && now.Sub(p.m.world.begin) >= p.choice.until {
		p.choice = wish{}
	}
	pair, edge := p.want(now)
	slot, who, sent, old := pairs[p.choice.status], p.account, p.sent, p.slot
	due := p.at.IsZero() || now.Sub(p.at) >= keepAlive || now.Before(p.at)
	p.mu.Unlock()
	if who != "" && (pair != sent || due && pair != "") {
		if p.set(ctx, net, who, pair) == nil {
			p.mu.Lock()
			p.sent = pair
			p.mu.Unlock()
		}
		p.at = now
	}
	if who != "" && slot != old && p.prefer(ctx, net, who, slot) == nil {
		p.mu.Lock()
		p.slot = slot
		p.mu.Unlock()
	}
	if p.poll > 0 {
		return p.poll
	}
	return max(time.Second, min(edge, keepAlive))
}

// want returns the pair that the strategy shows, and how long that holds.
func (p *peer) want(now time.Time) (string, time.Duration) {
	a, policy := p.desk.activity, p.m.world.script.Policy
	calls := len(p.desk.calls)
	if p.byName {
		calls = len(p.desk.open)
	}
	idle := now.Sub(a.LastInput)
	switch {
	case a.Asleep, p.choice.status == "paused":
		return "", keepAlive
	case p.keepsAlive && (a.Locked || a.Elsewhere):
		return "", keepAlive
	case p.keepsAlive:
		return "Available/Available", keepAlive
	case calls > 0:
		return "Busy/InACall", keepAlive
	case a.Elsewhere, a.Locked && policy.AwayWhenLocked:
		return "Away/Away", keepAlive
	case a.InUse:
		return "Available/Available", keepAlive
	case idle < policy.AwayAfter:
		return "Available/Available", policy.AwayAfter - idle
	}
	return "Away/Away", keepAlive
}

func (p *peer) set(ctx context.Context, net *network, who, pair string) error {
	if pair == "" {
		return p.send(ctx, net, who, "clearPresence", fmt.Sprintf(`{"sessionId":%q}`, emu.AppID))
	}
	span := "PT10M"
	if p.long {
		span = "PT4H"
	}
	return p.send(ctx, net, who, "setPresence", fmt.Sprintf(`{"sessionId":%q,%s,"expirationDuration":%q}`, emu.AppID, members(pair), span))
}

func (p *peer) prefer(ctx context.Context, net *network, who, pair string) error {
	if pair == "" {
		return p.send(ctx, net, who, "clearUserPreferredPresence", `{}`)
	}
	return p.send(ctx, net, who, "setUserPreferredPresence", "{"+members(pair)+"}")
}

// members writes a pair as the members of a body.
func members(pair string) string {
	var availability, activity string
	for i, c := range pair {
		if c == '/' {
			availability, activity = pair[:i], pair[i+1:]
		}
	}
	return fmt.Sprintf(`"availability":%q,"activity":%q`, availability, activity)
}

// send makes one request. Tokens are given out without a sign-in.
func (p *peer) send(ctx context.Context, net *network, who, action, body string) error {
	p.mu.Lock()
	if p.token == "" || time.Since(p.issued) > 50*time.Minute {
		var err error
		if p.token, err = p.m.world.server.IssueToken(emu.TokenRequest{User: who}); err != nil {
			p.mu.Unlock()
			return err
		}
		p.issued = time.Now()
	}
	token := p.token
	p.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://graph.heliograph.test/v1.0/me/presence/"+action, bytes.NewReader([]byte(body)))
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	resp, err := net.RoundTrip(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body) // in memory
	if resp.StatusCode >= 300 && resp.StatusCode != http.StatusNotFound {
		return fmt.Errorf("%s was answered %d", action, resp.StatusCode)
	}
	return nil
}

// peerNames lists the names of strategies.
func peerNames(of map[string]*Sum) []string { return slices.Sorted(maps.Keys(of)) }
