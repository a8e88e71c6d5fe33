package day

import (
	"math/rand/v2"
	"slices"
	"time"
)

// apps are the programs that make calls, by id.
var apps = []string{"Zoom", "Webex", "Slack"}

// teamsApp is the Teams client itself.
const teamsApp = "Teams"

// person draws what one person does on a day: a walk from one thing that is
// possible to the next.
type person struct {
	*seat  // where the person sits
	rng    *rand.Rand
	at     time.Duration
	events []Event
	teams  bool // a Teams client runs while the first computer is on
	seats  []*seat
	notes  int
}

// seat is what holds at one computer.
type seat struct {
	id                                   int
	on, asleep, locked, elsewhere, inUse bool
	running                              bool
	account                              string
	revoked                              bool
	calls, open                          []string
}

// step is something that the person, or fate, may do next.
type step struct {
	weight float64
	when   bool
	do     func()
}

// NewScript draws a day of a person with one or two computers.
func NewScript(seed uint64, machines int) *Script {
	rng := rand.New(rand.NewPCG(seed, 0x9e3779b97f4a7c15))
	s := &Script{Seed: seed, Machines: machines, RoundTrip: time.Duration(40+rng.IntN(260)) * time.Millisecond, TokenLife: time.Duration(60+rng.IntN(30)) * time.Minute}
	s.Policy = Policy{AwayAfter: time.Duration(pick(rng, 5, 5, 5, 3, 10)) * time.Minute, AwayWhenLocked: rng.Float64() < 0.85, CallMessage: rng.Float64() < 0.6}
	s.StatusZone = pick(rng, "", "", "W. Europe Standard Time", "Pacific Standard Time")
	if rng.Float64() < 0.15 {
		s.Policy.From, s.Policy.To = 8*60, (16+rng.IntN(3))*60
	}
	p := &person{rng: rng, teams: rng.Float64() < 0.35}
	for i := range machines {
		p.seats = append(p.seats, &seat{id: i})
	}
	p.seat = p.seats[0]
	p.on = true
	p.live()
	s.Events = withTeamsClient(p.events, p.teams)
	s.Troubles = troubles(rng, s.Events)
	return s
}

// pick returns one of the values.
func pick[T any](rng *rand.Rand, of ...T) T { return of[rng.IntN(len(of))] }

// between draws a duration.
func (p *person) between(from, to time.Duration) time.Duration {
	return from + time.Duration(p.rng.Int64N(int64(to-from)))
}

// live walks through the day.
func (p *person) live() {
	p.at = p.between(time.Minute, time.Hour)
	p.add(Event{Kind: PowerOn})
	p.wait(3*time.Second, 20*time.Second)
	p.add(Event{Kind: Start})
	p.running = true
	p.wait(3*time.Second, 20*time.Second)
	p.signIn(Ada)
	p.typeSomething()
	home := 8*time.Hour + p.between(0, 4*time.Hour)
	for p.at < home {
		p.gap()
		p.next()
	}
	p.goHome()
	if p.rng.Float64() < 0.3 {
		p.wait(time.Hour, 3*time.Hour)
		for range 3 + p.rng.IntN(20) {
			p.next()
			p.gap()
		}
		p.goHome()
	}
}

// gap lets some time pass: often seconds, so that things happen at once.
func (p *person) gap() {
	switch x := p.rng.Float64(); {
	case x < 0.08:
		p.wait(5*time.Millisecond, 800*time.Millisecond) // while requests are under way
	case x < 0.25:
		p.wait(800*time.Millisecond, 10*time.Second)
	case x < 0.75:
		p.wait(10*time.Second, 10*time.Minute)
	default:
		p.wait(10*time.Minute, time.Hour)
	}
}

func (p *person) wait(from, to time.Duration) { p.at += p.between(from, to) }

func (p *person) add(e Event) {
	if p.at >= dayLength-time.Hour {
		return
	}
	// No two things happen in the same instant, so that their order is fixed.
	p.at += time.Duration(1 + p.rng.Int64N(int64(time.Millisecond)))
	e.At, e.Machine = p.at, p.id
	p.events = append(p.events, e)
}

// next does one of the things that are possible now, by their weights.
func (p *person) next() {
	steps := append(p.atComputer(), p.anywhere()...)
	total := 0.0
	for _, s := range steps {
		if s.when {
			total += s.weight
		}
	}
	x := p.rng.Float64() * total
	for _, s := range steps {
		if !s.when {
			continue
		}
		if x -= s.weight; x < 0 {
			s.do()
			return
		}
	}
}

// atComputer lists what somebody does who sits at the computer.
func (p *person) atComputer() []step {
	awake := p.on && !p.asleep
	here := awake && !p.locked && !p.elsewhere
	free := func(app string) bool { return !slices.Contains(p.calls, app) }
	other := slices.DeleteFunc(slices.Clone(apps), func(a string) bool { return !free(a) })
	return []step{
		{18, here && !p.inUse, p.typeSomething},
		{14, here && p.inUse, func() { p.inUse = false; p.add(Event{Kind: Rest}) }},
		{6, here, func() { p.locked, p.inUse = true, false; p.add(Event{Kind: Lock}) }},
		{20, awake && p.locked, func() { p.locked, p.inUse = false, true; p.add(Event{Kind: Unlock}) }},
		{0.5, here, func() { p.elsewhere, p.inUse = true, false; p.add(Event{Kind: Elsewhere}) }},
		{8, awake && p.elsewhere, func() { p.elsewhere, p.inUse = false, true; p.add(Event{Kind: Returns}) }},
		{7, here && len(other) > 0 && free(teamsApp), func() { p.call(pick(p.rng, other...)) }},
		{3, here && p.teams && len(p.calls) == 0, func() { p.call(teamsApp) }},
		{9, awake && len(p.calls) > 0, p.hangUp},
		{2, here, p.toggleApp},
		{10, here && p.running, p.choose},
		{3, awake, func() { p.asleep, p.inUse = true, false; p.add(Event{Kind: Sleep}) }},
		{14, p.on && p.asleep, p.wake},
		{0.5, p.on, p.losePower},
		{14, !p.on, p.powerOn},
		{1.2, here && p.running, func() { p.running = false; p.add(Event{Kind: Quit}); p.wait(6*time.Second, 7*time.Second) }},
		{1, p.on && p.running, p.getKilled},
		{8, here && !p.running, func() { p.running = true; p.add(Event{Kind: Start}) }},
		{0.8, here && p.running && p.account != "", p.signOut},
		{0.7, here && p.running && p.account != "", func() { p.signIn(otherThan(p.account)) }},
		{3, len(p.seats) > 1 && len(p.calls) == 0, p.walk},
		{10, here && p.running && (p.account == "" || p.revoked), func() { p.signIn(pick(p.rng, Ada, Ada, Ada, Grace)) }},
	}
}

// anywhere lists what somebody does in Teams, on whatever device, and what fate
// does to the computer.
func (p *person) anywhere() []step {
	awake := p.on && !p.asleep
	return []step{
		{2.5, p.account != "", p.chooseInTeams},
		{2.5, p.account != "", p.writeNote},
		{0.4, awake, func() { p.add(Event{Kind: Clock, Span: p.clockStep()}) }},
		{0.3, awake && p.running, func() { p.add(Event{Kind: Stall, Span: p.between(time.Second, 20*time.Minute)}) }},
		{0.2, p.account != "" && p.running && !p.revoked, func() { p.revoked = true; p.add(Event{Kind: Revoke, Who: p.account}) }},
	}
}

func otherThan(who string) string {
	if who == Ada {
		return Grace
	}
	return Ada
}

func (p *person) typeSomething() {
	p.inUse = true
	p.add(Event{Kind: Input})
}

func (p *person) signIn(who string) {
	p.account, p.revoked = who, false
	p.add(Event{Kind: SignIn, Who: who})
	p.wait(4*time.Second, 8*time.Second) // what the pages take
}

func (p *person) signOut() {
	p.account, p.revoked = "", false
	p.add(Event{Kind: SignOut})
	p.wait(6*time.Second, 8*time.Second)
}

func (p *person) call(app string) {
	p.calls = append(p.calls, app)
	if !slices.Contains(p.open, app) && app != teamsApp {
		p.open = append(p.open, app)
		p.add(Event{Kind: AppOpens, App: app})
	}
	p.add(Event{Kind: CallBegins, App: app})
}

func (p *person) hangUp() {
	i := p.rng.IntN(len(p.calls))
	p.add(Event{Kind: CallEnds, App: p.calls[i]})
	p.calls = slices.Delete(slices.Clone(p.calls), i, i+1)
}

// toggleApp opens a program that is closed, or closes one that is not in a call.
func (p *person) toggleApp() {
	app := pick(p.rng, apps...)
	switch {
	case slices.Contains(p.calls, app):
	case slices.Contains(p.open, app):
		p.open = slices.DeleteFunc(slices.Clone(p.open), func(a string) bool { return a == app })
		p.add(Event{Kind: AppCloses, App: app})
	default:
		p.open = append(p.open, app)
		p.add(Event{Kind: AppOpens, App: app})
	}
}

// choose chooses in heliograph, and often changes their mind within seconds.
func (p *person) choose() {
	for {
		e := Event{Kind: Choose, Status: pick(p.rng, "automatic", "automatic", "available", "busy", "dnd", "brb", "away", "offline", "automatic", "busy", "dnd", "paused")}
		if e.Status != "automatic" && p.rng.Float64() < 0.5 {
			e.Span = p.between(time.Minute, 2*time.Hour).Round(time.Second)
		}
		if e.Status != "automatic" && e.Status != "paused" && p.rng.Float64() < 0.15 {
			p.notes++
			e.Text = "Writing " + string(rune('A'+p.notes%26))
		}
		p.add(e)
		if p.rng.Float64() > 0.35 {
			return
		}
		p.wait(100*time.Millisecond, 8*time.Second)
	}
}

func (p *person) chooseInTeams() {
	status := pick(p.rng, "Available", "Busy", "DoNotDisturb", "BeRightBack", "Away", "Offline", "", "")
	p.add(Event{Kind: Choice, Status: status, Who: p.account})
}

func (p *person) writeNote() {
	e := Event{Kind: Note, Who: p.account}
	if p.rng.Float64() < 0.8 {
		p.notes++
		e.Text = "Note " + string(rune('A'+p.notes%26))
		if p.rng.Float64() < 0.1 {
			e.Text += "<pinnednote></pinnednote>" // shown when people write to them
		}
		if p.rng.Float64() < 0.4 {
			e.Span = p.between(5*time.Minute, 8*time.Hour).Round(time.Second)
		}
	}
	p.add(e)
}

// getKilled is what fate does to the program, often while it writes. Often
// something starts it again.
func (p *person) getKilled() {
	if p.on && !p.asleep && !p.locked && !p.elsewhere && p.rng.Float64() < 0.5 {
		p.choose()
		p.wait(time.Millisecond, time.Second)
	}
	p.running = false
	p.add(Event{Kind: Kill})
	if !p.asleep && p.rng.Float64() < 0.5 {
		p.wait(time.Second, 10*time.Second)
		p.running = true
		p.add(Event{Kind: Start})
	}
}

// walk goes to the other computer, and leaves this one as people do.
func (p *person) walk() {
	if p.on && !p.asleep && p.inUse {
		p.inUse = false
		switch x := p.rng.Float64(); {
		case x < 0.5:
			p.locked = true
			p.add(Event{Kind: Lock})
		default:
			p.add(Event{Kind: Rest})
		}
	}
	who := p.account
	p.seat = p.seats[1-p.id]
	p.wait(time.Second, time.Minute)
	switch {
	case !p.on:
		p.powerOn()
		if p.account == "" && p.running && who != "" {
			p.wait(3*time.Second, 20*time.Second)
			p.signIn(who)
		}
	case p.asleep:
		p.wake()
	case p.locked:
		p.locked, p.inUse = false, true
		p.add(Event{Kind: Unlock})
	case !p.elsewhere:
		p.typeSomething()
	}
}

func (p *person) wake() {
	p.asleep, p.inUse = false, !p.locked && !p.elsewhere
	p.add(Event{Kind: Wake})
	if p.inUse {
		p.add(Event{Kind: Input})
	}
}

func (p *person) losePower() {
	p.on, p.asleep, p.locked, p.elsewhere, p.inUse, p.running, p.calls, p.open = false, false, false, false, false, false, nil, nil
	p.add(Event{Kind: PowerOff})
}

func (p *person) powerOn() {
	p.on = true
	p.add(Event{Kind: PowerOn})
	p.wait(3*time.Second, 20*time.Second)
	p.running = true
	p.add(Event{Kind: Start})
	p.wait(time.Second, 20*time.Second)
	p.typeSomething()
}

// clockStep draws a step of the clock: a time server's, a wrong time zone's, a
// battery's.
func (p *person) clockStep() time.Duration {
	d := pick(p.rng, p.between(time.Second, time.Minute), time.Hour, 2*time.Hour, p.between(time.Minute, time.Hour), 30*24*time.Hour)
	if p.rng.Float64() < 0.6 {
		return -d.Round(time.Millisecond)
	}
	return d.Round(time.Millisecond)
}

// goHome ends the working day in one of the ways in which people do.
func (p *person) goHome() {
	if !p.on {
		return
	}
	for len(p.calls) > 0 && !p.asleep {
		p.hangUp()
		p.wait(time.Second, time.Minute)
	}
	switch x := p.rng.Float64(); {
	case p.asleep:
	case x < 0.4:
		p.asleep, p.inUse = true, false
		p.add(Event{Kind: Sleep})
	case x < 0.6 && !p.locked && !p.elsewhere:
		p.locked, p.inUse = true, false
		p.add(Event{Kind: Lock})
	case x < 0.8 && p.running:
		p.running = false
		p.add(Event{Kind: Quit})
		p.wait(6*time.Second, 7*time.Second)
	case x < 0.9:
		p.losePower()
	case p.inUse:
		p.inUse = false
		p.add(Event{Kind: Rest})
	}
}
