package call

import (
	"cmp"
	"slices"
	"time"
)

// messengerTime is how long a messenger must record and play before that is a
// call and not a voice note.
const messengerTime = 10 * time.Second

// gapTime is how long the evidence may be missing before a call has begun:
// programs close the microphone and open another while they set a call up.
const gapTime = time.Second

// Options configure a Rule.
type Options struct {
	// Debounce is how long a recording must last to be a call. Grace is how
	// long a call outlives its recording. Negative values count as zero.
	Debounce, Grace time.Duration
	Programs        Programs
}

// Rule judges recordings, per program: not yet, in a call, ending. It remembers
// only when each of them began.
type Rule struct {
	programs        Programs
	debounce, grace time.Duration
	seen            map[uint32]time.Time // streams, by when they were first seen
	tracks          map[string]*track    // by program
}

// Judgement is what follows from the evidence at one instant.
type Judgement struct {
	Call Call
	// Unlisted names a program that records and is in no table; empty: none.
	Unlisted string
	// Streams are the recordings with their verdicts, in a stable order.
	Streams []Stream
	// Next is the instant at which the judgement changes although the evidence
	// stays; zero: never.
	Next time.Time
}

// track is the state of one program: before, during or after a call.
type track struct {
	id    identity
	names []string  // that it was identified by
	since time.Time // the first evidence
	held  bool      // there is evidence
	lost  time.Time // when the evidence went
	blind bool      // the sound system has been away since
	call  bool
	// playbacks are those that played beside the recording. nil means that any
	// may have: the sound system was restarted and has numbered them anew.
	playbacks map[uint32]bool
}

// signs are what programs do besides recording, by program.
type signs struct {
	playing map[string][]uint32 // indices of playbacks
	webrtc  map[string]bool     // it is connected to the other side of a call
	silent  map[string]bool     // it is known to be connected to nobody
	camera  map[string]bool
}

// NewRule makes a rule that has seen nothing yet.
func NewRule(o Options) *Rule {
	return &Rule{programs: o.Programs, debounce: max(0, o.Debounce), grace: max(0, o.Grace),
		seen: map[uint32]time.Time{}, tracks: map[string]*track{}}
}

// SetOptions replaces all options, as SetPrograms does with the last of them.
func (r *Rule) SetOptions(o Options) {
	r.debounce, r.grace = max(0, o.Debounce), max(0, o.Grace)
	r.SetPrograms(o.Programs)
}

// SetPrograms replaces what the user says about programs. Calls of programs
// that are denied now, or are not allowed any more, end at once.
func (r *Rule) SetPrograms(p Programs) {
	r.programs = p
	for program, t := range r.tracks {
		t.id = p.identify(t.names, t.id.name)
		if t.id.program != program || t.id.class == Never || t.id.class == "" {
			delete(r.tracks, program)
		}
	}
}

// Judge applies the rule to the evidence at an instant. Instants must not go
// backwards.
func (r *Rule) Judge(e Evidence, now time.Time) Judgement {
	var j Judgement
	by := r.signs(e)
	proven, firsts := map[string]*track{}, map[uint32]time.Time{}
	for _, s := range byAge(e.Captures) {
		if s.Own || s.Plumbing {
			continue
		}
		firsts[s.Index] = now
		if t, ok := r.seen[s.Index]; ok {
			firsts[s.Index] = t
		}
		id := r.programs.identify(s.Names, s.Label)
		out := judge(s, id, by)
		out.Since = firsts[s.Index]
		switch {
		case out.Verdict == verdictProof && !out.Unlisted:
			proven[id.program] = &track{id: id, names: s.Names, since: now, playbacks: map[uint32]bool{}}
		case out.Verdict == verdictProof:
			out.Verdict = verdictNone
			// The user is not asked about a recording that lasts only a moment.
			if from := out.Since.Add(r.debounce); now.Before(from) {
				j.Next = sooner(j.Next, from)
			} else if j.Unlisted == "" {
				j.Unlisted = out.Name
			}
		}
		j.Streams = append(j.Streams, out)
	}
	r.seen = firsts
	j.Next = sooner(j.Next, r.advance(e.Known, now, proven, by))
	r.mark(j.Streams)
	j.Call = r.call()
	slices.SortStableFunc(j.Streams, func(a, b Stream) int {
		return cmp.Or(cmp.Compare(a.Program, b.Program), a.Since.Compare(b.Since))
	})
	return j
}

// byAge orders streams by index, so that the judgement does not depend on the
// order in which they are listed.
func byAge(streams []Sound) []Sound {
	return slices.SortedFunc(slices.Values(streams), func(a, b Sound) int {
		return cmp.Or(cmp.Compare(a.Index, b.Index), cmp.Compare(a.PID, b.PID))
	})
}

// signs finds out, by program, what programs do besides recording.
func (r *Rule) signs(e Evidence) signs {
	s := signs{playing: map[string][]uint32{}, webrtc: map[string]bool{}, silent: map[string]bool{}, camera: map[string]bool{}}
	program := func(names []string) string { return r.programs.identify(names, "").program }
	for _, p := range e.Playbacks {
		if !p.Corked && !p.Plumbing {
			id := program(p.Names)
			s.playing[id] = append(s.playing[id], p.Index)
		}
	}
	for _, i := range e.Inhibitors {
		if i.WebRTC() {
			s.webrtc[program(i.Names)] = true
		}
	}
	for _, p := range e.Peers {
		if p.Connected {
			s.webrtc[program(p.Names)] = true
		} else {
			s.silent[program(p.Names)] = true
		}
	}
	for _, c := range e.Cameras {
		s.camera[program(c.Names)] = true
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

// judge returns what one recording proves, without regard to the past.
func judge(s Sound, id identity, by signs) Stream {
	unlisted := id.class == ""
	playing := len(by.playing[id.program]) > 0 && !unlisted
	alone := id.app.Duplex && by.silent[id.program] && !by.webrtc[id.program]
	out := Stream{Program: id.program, Name: id.name, App: id.app.ID, Class: id.class, PID: s.PID, Source: shown(s.Source),
		Running: !s.Corked, Playing: playing, Verdict: verdictNone, Unlisted: unlisted}
	switch {
	case s.Monitor:
		out.Because = "it listens to the speakers, not to a microphone"
	case s.Meter:
		out.Because = "it is a level meter"
	case s.Corked:
		out.Because = "it is paused"
	case unlisted:
		out.Verdict, out.Because = verdictProof, "the program is in no list"
	case id.class == Never:
		out.Because = "the program is never in a call"
	case alone && (id.class == CallFirst || playing):
		out.Because = "it records, but is connected to nobody"
	case id.class == CallFirst:
		out.Verdict, out.Because = verdictProof, "a call program records"
	case playing:
		out.Verdict, out.Because = verdictProof, "it records and plays"
	case id.class == Browser && by.webrtc[id.program]:
		out.Verdict, out.Because = verdictProof, "it records and has a WebRTC connection"
	case id.class == Browser && by.camera[id.program]:
		out.Verdict, out.Because = verdictProof, "it records and films"
	default:
		out.Because = "it records but does not play"
	}
	return out
}

// mark writes the state of each track into its streams.
func (r *Rule) mark(streams []Stream) {
	for i, s := range streams {
		t := r.tracks[s.Program]
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

// call returns the call that began first, with the number of programs in one. A
// call that Teams does not know of precedes one that it does.
func (r *Rule) call() Call {
	var in []*track
	for _, t := range r.tracks {
		if t.call {
			in = append(in, t)
		}
	}
	if len(in) == 0 {
		return Call{}
	}
	t := slices.MinFunc(in, func(a, b *track) int {
		return cmp.Or(cmp.Compare(number(a.id.app.Teams), number(b.id.app.Teams)), a.since.Compare(b.since), cmp.Compare(a.id.program, b.id.program))
	})
	return Call{App: t.id.program, Name: t.id.name, Since: t.since, Apps: len(in), Teams: t.id.app.Teams}
}

func number(b bool) int {
	if b {
		return 1
	}
	return 0
}

// sooner returns the first of two instants, where zero means never.
func sooner(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}
