package oscall

import (
	"fmt"
	"sync"
	"time"
)

// overdue returns the error of a call that has not returned within its
// deadline.
func overdue(name string, limit time.Duration) error {
	return fmt.Errorf("%s: no answer within %v", name, limit)
}

// abandoned maps a name to its latest abandoned loop.
var abandoned struct {
	sync.Mutex
	loops map[string]*Loop
}

// abandon has loops of l's name refused until l has ended.
func abandon(l *Loop) {
	abandoned.Lock()
	defer abandoned.Unlock()
	if abandoned.loops == nil {
		abandoned.loops = map[string]*Loop{}
	}
	abandoned.loops[l.name] = l
}

// refuse returns an error while an abandoned loop of that name goes on.
func refuse(name string) error {
	abandoned.Lock()
	defer abandoned.Unlock()
	l, ok := abandoned.loops[name]
	switch {
	case !ok:
		return nil
	case l.ended.Load():
		delete(abandoned.loops, name)
		return nil
	}
	return fmt.Errorf("%s: an earlier call has not returned yet", name)
}
