package presence

import (
	"context"
	"testing"
	"time"

	"heliograph/detect"
)

// shows is a service that accepts everything and shows what was set.
type shows struct {
	nobody
	shown Shown
}

func (s *shows) SetPresence(_ context.Context, p Pair, _ time.Duration) error {
	s.shown.Pair = p
	return nil
}

func (s *shows) Shown(context.Context) (Shown, error) { return s.shown, nil }

// BenchmarkDecide measures the decision alone.
func BenchmarkDecide(b *testing.B) {
	now := time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)
	a := detect.Activity{LastInput: now, Call: detect.Call{App: "zoom", Name: "Zoom", Since: now, Apps: 1}}
	p := policy()
	b.ReportAllocs()
	for b.Loop() {
		Decide(Choice{}, a, p, now)
	}
}

// BenchmarkRenewal measures all that the loop does for one renewal of the session:
// decide, plan, note the write, handle its outcome, and find when it is due again.
// It fails if a renewal is not one post, or has lost what it knows.
func BenchmarkRenewal(b *testing.B) {
	now, service := time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC), &shows{}
	o := New(Options{Policy: policy(), Now: func() time.Time { return now }, Jitter: func() float64 { return 0.5 }}).opts
	r := newReconciler(o)
	r.absorb(inbox{activity: &detect.Activity{InUse: true, LastInput: now}}, now)
	r.adopt(service, now)
	posts, jobs, renewals := 0, 0, 0
	settle := func() {
		r.decide(now)
		for j, ok := r.next(now); ok; j, ok = r.next(now) {
			if err := j.run(context.Background()); err != nil {
				b.Fatal(err)
			}
			if j.kind == kindSession {
				posts++
			}
			jobs++
			j.done(nil, now)
		}
		r.look.fresh = false
	}
	settle()
	posts, jobs = 0, 0
	b.ReportAllocs()
	for b.Loop() {
		now = r.renewAt
		settle()
		r.sleep(now)
		renewals++
	}
	b.ReportMetric(float64(jobs)/float64(renewals), "requests/op")
	if posts != renewals || !r.ledger.Session.known(Value{Pair: Available}, now) {
		b.Fatalf("%d posts in %d renewals, ledger %+v", posts, renewals, r.ledger.Session)
	}
}
