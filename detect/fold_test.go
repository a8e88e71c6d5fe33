package detect

import (
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"heliograph/detect/call"
)

// randomResult makes a result of any kind. Indices are unique in one list of
// results, as they are in a sound system.
func randomResult(r *rand.Rand, index uint32, now time.Time) result {
	bit := func() bool { return r.IntN(2) == 0 }
	at := func() time.Time { return now.Add(-time.Duration(r.IntN(3600)) * time.Second) }
	programs := []string{"zoom", "firefox", "slack", "obs", "softphone", "mumble"}
	names := func() []string { return []string{programs[r.IntN(len(programs))]} }
	streams := func() (out []call.Sound) {
		for i := range uint32(r.IntN(3)) {
			out = append(out, call.Sound{Index: index<<8 | i, Names: names(), Corked: bit()})
		}
		return out
	}
	switch r.IntN(8) {
	case 0:
		return idleResult{inUse: bit(), last: at(), awake: bit(), awakeKnown: bit()}
	case 1:
		return seatResult{locked: bit(), asleep: bit(), elsewhere: bit(), woke: at(), awake: bit(), awakeKnown: bit(), dark: bit()}
	case 2:
		return wakeResult{at()}
	case 3:
		return lockResult{bit()}
	case 4:
		return lockerResult{installed: 2, running: r.IntN(3)}
	case 5:
		return inhibitResult{inhibitors: []call.Inhibitor{{Names: names(), Reason: "WebRTC has active PeerConnections"}}, awake: bit(), awakeKnown: bit()}
	case 6:
		return soundResult{captures: streams(), playbacks: streams(), peers: []call.Peer{{Names: names(), Connected: bit()}}}
	}
	return deviceResult{what: "sound card", devices: 1, record: bit(), holders: []call.Process{{Names: names(), PID: int(index) + 1000}}}
}

// The order of the kinds does not matter, neither for the activity nor for the
// verdict on a call.
func TestOrderOfResultsDoesNotMatter(t *testing.T) {
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	for seed := range uint64(2000) {
		r := rand.New(rand.NewPCG(seed, 1))
		var all []facts
		for i := range uint32(2 + r.IntN(6)) {
			all = append(all, randomResult(r, i, now).facts())
		}
		type outcome struct {
			activity Activity
			judged   call.Judgement
			known    bool
		}
		outcomes := func() (out []outcome) {
			rule := call.NewRule(call.Options{Debounce: 2 * time.Second, Grace: 15 * time.Second})
			f := fold(all)
			for _, at := range []time.Duration{0, time.Second, 3 * time.Second, 20 * time.Second} {
				out = append(out, outcome{f.activity(Call{}), rule.Judge(f.evidence, now.Add(at)), f.awakeKnown})
			}
			return out
		}
		want := outcomes()
		r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		if got := outcomes(); !reflect.DeepEqual(got, want) {
			t.Fatalf("seed %d, in another order:\n%+v\nwant\n%+v", seed, got, want)
		}
	}
}

// A source that reports nothing never undoes what another reports.
func TestFoldKeepsWhatAnySourceSays(t *testing.T) {
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	silent := []result{lockResult{}, lockerResult{}, wakeResult{}, seatResult{}, inhibitResult{}, soundResult{}, deviceResult{}}
	for name, c := range map[string]struct {
		says result
		want func(Activity) bool
	}{
		"locked by logind":    {seatResult{locked: true}, func(a Activity) bool { return a.Locked }},
		"locked by a saver":   {lockResult{true}, func(a Activity) bool { return a.Locked }},
		"locked by a locker":  {lockerResult{installed: 1, running: 1}, func(a Activity) bool { return a.Locked }},
		"asleep":              {seatResult{asleep: true}, func(a Activity) bool { return a.Asleep }},
		"the screen is off":   {seatResult{dark: true}, func(a Activity) bool { return a.Asleep }},
		"elsewhere":           {seatResult{elsewhere: true}, func(a Activity) bool { return a.Elsewhere }},
		"woke by the clock":   {wakeResult{now}, func(a Activity) bool { return a.Woke.Equal(now) }},
		"awake by a desktop":  {inhibitResult{awake: true}, func(a Activity) bool { return a.Inhibited }},
		"awake by a display":  {idleResult{awake: true}, func(a Activity) bool { return a.Inhibited }},
		"in use":              {idleResult{inUse: true, last: now}, func(a Activity) bool { return a.InUse && a.LastInput.Equal(now) }},
		"at rest":             {idleResult{last: now}, func(a Activity) bool { return !a.InUse && a.LastInput.Equal(now) }},
		"nothing about input": {lockResult{}, func(a Activity) bool { return !a.InUse && a.LastInput.IsZero() }},
	} {
		all := []facts{c.says.facts()}
		for _, r := range silent {
			all = append(all, r.facts())
		}
		if a := fold(all).activity(Call{}); !c.want(a) {
			t.Errorf("%s: %+v", name, a)
		}
	}
}

// A process that has a sound card open records, unless it is a sound server,
// which lists its own clients; one that has a camera open films.
func TestHoldersOfDevices(t *testing.T) {
	holders := []call.Process{{PID: 7, Names: []string{"baresip"}}, {PID: 8, Names: []string{"pipewire"}}, {PID: 9, Names: []string{"heliograph"}}}
	sound := deviceResult{what: "sound card", devices: 1, holders: holders, record: true, self: 9}.facts().evidence
	if len(sound.Captures) != 2 || sound.Captures[0].PID != 7 || sound.Captures[0].Own || !sound.Captures[1].Own || sound.Captures[0].Index == sound.Captures[1].Index {
		t.Errorf("%+v", sound.Captures)
	}
	if sound.Known || len(sound.Cameras) != 0 {
		t.Errorf("sound cards say more than they know: %+v", sound)
	}
	camera := deviceResult{what: "camera", devices: 1, holders: holders}.facts().evidence
	if len(camera.Cameras) != 3 || len(camera.Captures) != 0 {
		t.Errorf("%+v", camera)
	}
}

// TestCallWithTheScreenOff: the computer stays awake for it, but not once it goes
// to sleep nevertheless.
func TestCallWithTheScreenOff(t *testing.T) {
	c := Call{App: "zoom", Name: "Zoom"}
	if a := (facts{dark: true}).activity(c); a.Asleep {
		t.Errorf("asleep in a call: %+v", a)
	}
	if a := (facts{dark: true, asleep: true}).activity(c); !a.Asleep {
		t.Errorf("awake while it goes to sleep: %+v", a)
	}
}
