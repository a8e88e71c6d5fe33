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

// abandoned maps a name to the end of its latest abandoned loop.
var abandoned struct {
	sync.Mutex
	ends map[string]<-chan struct{}
}

// abandon has loops of that name refused until end closes.
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

// refuse returns an error while an abandoned loop of that name goes on.
func refuse(name string) error {
	abandoned.Lock()
	defer abandoned.Unlock()
	if _, ok := abandoned.ends[name]; ok {
		return fmt.Errorf("%s: an earlier call has not returned yet", name)
	}
	return nil
}
