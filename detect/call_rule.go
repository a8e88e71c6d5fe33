package detect

import (
	"cmp"
	"slices"
	"sort"
	"time"
)

// messengerProof is how long a messenger must record and play before it is a
// call and not a voice note.
const messengerProof = 10 * time.Second

// bridge is how long a candidate waits for its next proof: programs close the
// microphone and open another while a call is set up.
const bridge = time.Second

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
	held  bool      // there is proof
	lost  time.Time // when it went
	blind bool      // the sound server was away since
	call  bool
	// playbacks are those that sounded beside the recording; nil: any may be,
	// since the sound server was away and has numbered them anew.
	playbacks map[uint32]bool
}

// signs are what programs do at one instant, by app id.
type signs struct {
	playing map[string][]uint32 // playback streams
	webrtc  map[string]bool     // is connected to the other side of a call
	silent  map[string]bool     // is known to be connected to nobody
	camera  map[string]bool
}

func newCallRule(o Options) *callRule {
	return &callRule{apps: o.Apps, debounce: max(0, o.Debounce), grace: max(0, o.Grace),
		seen: map[uint32]time.Time{}, tracks: map[string]*track{}}
}

// setApps replaces the user's rows and forgets calls that they deny, or that
// only the rows before them knew.
func (r *callRule) setApps(apps []App) {
	r.apps = apps
	for id, t := range r.tracks {
		if a, ok := lookUp(apps, append([]string{t.app.Name}, t.app.Match...)); !ok || a.ID != id {
			delete(r.tracks, id)
		}
	}
}

// step judges one instant.
func (r *callRule) step(f *facts, now time.Time) (c Call, unlisted string, streams []Stream, next time.Time) {
	signs := r.read(f)
	proven, firsts := map[string]App{}, map[uint32]time.Time{}
	for _, s := range sorted(f.captures) {
		if s.own || s.plumbing {
			continue
		}
		firsts[s.index] = now
		if t, ok := r.seen[s.index]; ok {
			firsts[s.index] = t
		}
		out, app := r.judge(s, signs)
		out.Since = firsts[s.index]
		switch {
		case out.Verdict == verdictProof && !out.Unlisted:
			proven[app.ID] = app
		case out.Verdict == verdictProof:
			out.Verdict = verdictNone
			// A blip is nothing to ask a person about.
			if from := out.Since.Add(r.debounce); now.Before(from) {
				next = sooner(next, from)
			} else if unlisted == "" {
				unlisted = out.Name
			}
		}
		streams = append(streams, out)
	}
	r.seen = firsts
	next = sooner(next, r.advance(f, now, proven, signs))
	r.mark(streams)
	return r.call(), unlisted, streams, next
}

// sorted orders streams by age, as far as their indices grow with time, so that
// the answer does not depend on the order in which sources list them.
func sorted(streams []stream) []stream {
	return slices.SortedFunc(slices.Values(streams), func(a, b stream) int {
		return cmp.Or(cmp.Compare(a.index, b.index), cmp.Compare(a.pid, b.pid))
	})
}

// read sorts what else than recording programs do.
func (r *callRule) read(f *facts) signs {
	s := signs{playing: map[string][]uint32{}, webrtc: map[string]bool{}, silent: map[string]bool{}, camera: map[string]bool{}}
	for _, p := range f.playbacks {
		if a, ok := lookUp(r.apps, p.names); ok && !p.corked && !p.plumbing {
			s.playing[a.ID] = append(s.playing[a.ID], p.index)
		}
	}
	for _, i := range f.inhibitors {
		if a, ok := lookUp(r.apps, i.names); ok && i.webrtc() {
			s.webrtc[a.ID] = true
		}
	}
	for _, p := range f.peers {
		if a, ok := lookUp(r.apps, p.names); ok && p.connected {
			s.webrtc[a.ID] = true
		} else if ok {
			s.silent[a.ID] = true
		}
	}
	for _, c := range f.cameras {
		if a, ok := lookUp(r.apps, c.names); ok {
			s.camera[a.ID] = true
		}
	}
	return s
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
func (r *callRule) judge(s stream, by signs) (Stream, App) {
	app, listed := lookUp(r.apps, s.names)
	playing := len(by.playing[app.ID]) > 0
	alone := app.Duplex && by.silent[app.ID] && !by.webrtc[app.ID]
	out := Stream{App: app.ID, Name: app.Name, PID: s.pid, Source: s.source, Running: !s.corked, Playing: playing, Verdict: verdictNone, Unlisted: !listed}
	if !listed {
		out.Name, out.Playing = s.label, false
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
	case alone && (app.Class == CallFirst || playing):
		out.Because = "it records, but is connected to nobody"
	case app.Class == CallFirst:
		out.Verdict, out.Because = verdictProof, "a call program records"
	case playing:
		out.Verdict, out.Because = verdictProof, "it records and plays"
	case app.Class == Browser && by.webrtc[app.ID]:
		out.Verdict, out.Because = verdictProof, "it records and has a WebRTC connection"
	case app.Class == Browser && by.camera[app.ID]:
		out.Verdict, out.Because = verdictProof, "it records and films"
	default:
		out.Because = "it records but does not play"
	}
	return out, app
}

// advance moves every track and names the instant at which one moves by
// itself.
func (r *callRule) advance(f *facts, now time.Time, proven map[string]App, by signs) (next time.Time) {
	for id, app := range proven {
		if r.tracks[id] == nil {
			r.tracks[id] = &track{app: app, since: now, playbacks: map[uint32]bool{}}
		}
	}
	for id, t := range r.tracks {
		_, recording := proven[id]
		switch {
		case !f.streamsKnown:
			t.playbacks = nil
		case recording:
			t.playbacks = map[uint32]bool{}
			for _, i := range by.playing[id] {
				t.playbacks[i] = true
			}
		}
		held := recording || (t.call || by.webrtc[id]) && t.muted(by)
		if t.held && !held {
			t.lost = now // not when it was last looked at: nobody looks in a quiet call
		}
		if t.blind && f.streamsKnown && !held {
			t.lost = now // programs come back to a new server after a while
		}
		t.held, t.blind = held, !f.streamsKnown
		last := t.lost.Add(r.patience(t, f.streamsKnown))
		switch {
		case held:
			if from := t.since.Add(r.wait(t.app)); now.Before(from) {
				next = sooner(next, from)
			} else {
				t.call = true
			}
		case now.Before(last):
			next = sooner(next, last)
		default:
			delete(r.tracks, id)
		}
	}
	return next
}

// patience is how long a track outlives its last proof.
func (r *callRule) patience(t *track, known bool) time.Duration {
	if t.call || !known {
		return r.grace // a sound server that restarts ends no call and none to be
	}
	return min(bridge, r.debounce)
}

// muted reports that the call goes on without a recording: some programs end
// theirs while muted, but still play what they played before. A browser may
// play anything, so there only its connection counts, as it does wherever it
// can be seen.
func (t *track) muted(by signs) bool {
	id := t.app.ID
	if t.app.Class == Browser || (t.app.Duplex && (by.silent[id] || by.webrtc[id])) {
		return by.webrtc[id]
	}
	for _, i := range by.playing[id] {
		if t.playbacks == nil || t.playbacks[i] {
			return true
		}
	}
	return false
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
		case s.Unlisted:
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
