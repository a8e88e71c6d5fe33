// Package oscall puts deadlines on calls into the operating system that take
// none: COM, Core Audio, and functions of the Windows API that wait for a
// service. Nothing can interrupt such a call. When its deadline passes, its
// caller gets an error, and the call is abandoned: its goroutine ends whenever
// the call returns.
//
// Do is for a single call, Loop for a goroutine that makes many. Both have a
// name, which starts their errors. While an abandoned call has not returned,
// others of the same name are refused at once, so a service that hangs costs
// one goroutine and not one for each attempt.
package oscall

import (
	"fmt"
	"sync"
	"time"
)

// Deadlines of a Loop.
const (
	// OpenLimit is how long opening may take. The services of a healthy system
	// answer within milliseconds, but take seconds while a person signs in or
	// the computer is busy.
	OpenLimit = 20 * time.Second
	// CallLimit is how long each call of an open loop may take.
	CallLimit = 5 * time.Second
	// CloseLimit is how long Loop.Close waits. The detector closes up to five
	// loops one after another, and the program must quit within five seconds.
	CloseLimit = 800 * time.Millisecond
)

// Do returns what f returns, or an error once limit has passed.
func Do[T any](name string, limit time.Duration, f func() (T, error)) (T, error) {
	var none T
	if err := refuse(name); err != nil {
		return none, err
	}
	type result struct {
		value T
		err   error
	}
	results := make(chan result, 1)
	done := make(chan struct{})
	go func() {
		defer close(done)
		v, err := f()
		results <- result{v, err}
	}()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case r := <-results:
		return r.value, r.err
	case <-timer.C:
		abandon(name, done)
		return none, overdue(name, limit)
	}
}

// overdue is the error of a call that has not returned within its deadline.
func overdue(name string, limit time.Duration) error {
	return fmt.Errorf("%s: no answer within %v", name, limit)
}

// abandoned maps a name to the end of its latest abandoned call.
var abandoned struct {
	sync.Mutex
	ends map[string]<-chan struct{}
}

// abandon refuses calls of that name until end closes.
func abandon(name string, end <-chan struct{}) {
	abandoned.Lock()
	defer abandoned.Unlock()
	if abandoned.ends == nil {
		abandoned.ends = map[string]<-chan struct{}{}
	}
	abandoned.ends[name] = end
	go func() {
		<-end
		abandoned.Lock()
		defer abandoned.Unlock()
		if abandoned.ends[name] == end {
			delete(abandoned.ends, name)
		}
	}()
}

// refuse returns an error while an abandoned call of that name goes on.
func refuse(name string) error {
	abandoned.Lock()
	defer abandoned.Unlock()
	if _, ok := abandoned.ends[name]; ok {
		return fmt.Errorf("%s: an earlier call has not returned yet", name)
	}
	return nil
}
