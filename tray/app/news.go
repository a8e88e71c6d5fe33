package app

import (
	"bytes"
	"encoding/json"
	"sync"
)

// news holds the latest status as JSON and hands it, with each change, to
// whoever follows it. A follower that is slow gets the latest one.
type news struct {
	mu   sync.Mutex
	last []byte
	subs map[chan []byte]struct{}
}

// publish tells s, unless it says the same as the one before.
func (n *news) publish(s Status) {
	raw, err := json.Marshal(s)
	if err != nil {
		return // an instant beyond the year 9999 is told to nobody
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if bytes.Equal(raw, n.last) {
		return
	}
	n.last = raw
	for ch := range n.subs {
		select {
		case <-ch: // stale
		default:
		}
		ch <- raw // never blocks: only publish sends, under the lock
	}
}

// subscribe returns a channel with the present status, if there is one, and
// those to come, and a function that ends it.
func (n *news) subscribe() (<-chan []byte, func()) {
	ch := make(chan []byte, 1)
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.last != nil {
		ch <- n.last
	}
	if n.subs == nil {
		n.subs = map[chan []byte]struct{}{}
	}
	n.subs[ch] = struct{}{}
	return ch, func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		delete(n.subs, ch)
	}
}
