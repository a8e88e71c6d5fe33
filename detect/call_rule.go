package detect

import (
	"sort"
	"time"
)

// messengerProof is how long a messenger must record and play before it is a
// call and not a voice note.
const messengerProof = 10 * time.Second

// callRule judges recordings, per program: candidate, in call, ending. It is
// pure but for its memory of when each began.
type callRule struct {
	apps            []App
	debounce, grace time.Duration
	seen            map[uint32]time.Time // streams, by when they were first seen
	tracks          map[string]*track    // by app id
}

// track is one program's way through a call.
type track struct {
	app   App
	since time.Time // the first proof
	proof time.Time // the latest proof; while there is one, now
	call  bool
}

func newCallRule(o Options) *callRule {
	return &callRule{apps: o.Apps, debounce: max(0, o.Debounce), grace: max(0, o.Grace),
		seen: map[uint32]time.Time{}, tracks: map[string]*track{}}
}

// setApps replaces the user's rows and forgets calls that they deny.
func (r *callRule) setApps(apps []App) {
	r.apps = apps
	for id, t := range r.tracks {
		if a, ok := lookUp(apps, append([]string{t.app.Name}, t.app.Match...)); ok && a.ID != id {
			delete(r.tracks, id)
		}
	}
}

// step judges one instant.
func (r *callRule) step(f *facts) (c Call, unlisted string, streams []Stream, next time.Time) {
	playing := map[string]bool{}
	for _, p := range f.playbacks {
		if a, ok := lookUp(r.apps, p.names); ok && !p.corked && !p.plumbing {
			playing[a.ID] = true
		}
	}
	proven, apps := map[string]bool{}, map[string]App{}
	firsts := map[uint32]time.Time{}
	for _, s := range f.captures {
		if s.own || s.plumbing {
			continue
		}
		firsts[s.index] = f.now
		if t, ok := r.seen[s.index]; ok {
			firsts[s.index] = t
		}
		out, app, listed := r.judge(s, playing)
		out.Since = firsts[s.index]
		if out.Verdict == verdictProof {
			proven[app.ID], apps[app.ID] = true, app
		}
		if !listed && out.Verdict != verdictNone && unlisted == "" {
			unlisted = out.Name
		}
		if !listed && out.Verdict != verdictNone {
			out.Verdict, out.Unlisted = verdictNone, true
		}
		streams = append(streams, out)
	}
	r.seen = firsts
	next = r.advance(f.now, proven, apps, playing)
	r.mark(streams)
	return r.call(), unlisted, streams, next
}

// The verdicts of Stream. verdictProof is replaced by the state of its track.
const (
	verdictCall   = "call"
	verdictNotYet = "not yet"
	verdictEnding = "ending"
	verdictNone   = "not a call"
	verdictProof  = "proof"
)

// judge tells what one recording proves by itself.
func (r *callRule) judge(s stream, playing map[string]bool) (Stream, App, bool) {
	app, listed := lookUp(r.apps, s.names)
	out := Stream{App: app.ID, Name: app.Name, PID: s.pid, Source: s.source, Running: !s.corked, Playing: playing[app.ID], Verdict: verdictNone}
	if !listed {
		out.Name = s.label
		if len(s.names) > 0 {
			out.App = s.names[0]
		}
		if out.Name == "" {
			out.Name = out.App
		}
	}
	switch {
	case s.monitor:
		out.Because = "it listens to the speakers, not to a microphone"
	case s.meter:
		out.Because = "it is a level meter"
	case s.corked:
		out.Because = "it is paused"
	case !listed:
		out.Verdict, out.Because = verdictProof, "the program is in no list"
	case app.Class == Never:
		out.Because = "the program is never in a call"
	case app.Class == CallFirst:
		out.Verdict, out.Because = verdictProof, "a call program records"
	case playing[app.ID]:
		out.Verdict, out.Because = verdictProof, "it records and plays"
	default:
		out.Because = "it records but does not play"
	}
	return out, app, listed
}

// advance moves every track and names the instant at which one moves by
// itself.
func (r *callRule) advance(now time.Time, proven map[string]bool, apps map[string]App, playing map[string]bool) (next time.Time) {
	for id := range proven {
		if r.tracks[id] == nil {
			r.tracks[id] = &track{app: apps[id], since: now}
		}
	}
	for id, t := range r.tracks {
		// Mute-proof: some programs end their recording while muted, but play
		// on. A browser may play anything, so there it proves nothing.
		held := proven[id] || (t.call && playing[id] && t.app.Class != Browser)
		switch {
		case held:
			t.proof = now
			if from := t.since.Add(r.wait(t.app)); now.Before(from) {
				next = sooner(next, from)
			} else {
				t.call = true
			}
		case t.call && now.Before(t.proof.Add(r.grace)):
			next = sooner(next, t.proof.Add(r.grace))
		default:
			delete(r.tracks, id)
		}
	}
	return next
}

// wait is how long an app's proof must last.
func (r *callRule) wait(a App) time.Duration {
	if a.Class == Messenger && r.debounce > 0 {
		return max(r.debounce, messengerProof)
	}
	return r.debounce
}

// mark writes each track's state into its streams.
func (r *callRule) mark(streams []Stream) {
	for i, s := range streams {
		t := r.tracks[s.App]
		switch {
		case t != nil && t.call && s.Verdict == verdictProof:
			streams[i].Verdict = verdictCall
		case t != nil && t.call:
			streams[i].Verdict = verdictEnding
		case s.Verdict == verdictProof:
			streams[i].Verdict = verdictNotYet
		}
	}
}

// call is the call that began first, with the number of programs in one.
func (r *callRule) call() Call {
	var in []*track
	for _, t := range r.tracks {
		if t.call {
			in = append(in, t)
		}
	}
	if len(in) == 0 {
		return Call{}
	}
	// A call that Teams does not know of speaks before one that it does.
	sort.Slice(in, func(i, j int) bool {
		a, b := in[i], in[j]
		if a.app.Teams != b.app.Teams {
			return b.app.Teams
		}
		if !a.since.Equal(b.since) {
			return a.since.Before(b.since)
		}
		return a.app.ID < b.app.ID
	})
	t := in[0]
	return Call{App: t.app.ID, Name: t.app.Name, Since: t.since, Apps: len(in), Teams: t.app.Teams}
}
