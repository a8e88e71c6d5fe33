// Package latest passes the newest of a series of values to any number of
// receivers. A receiver that is slow misses values in between and gets the
// newest one when it is ready; it never delays the sender or another receiver.
//
// It is for state, where only the newest value counts, not for a series of
// events that must all be seen.
package latest

import "sync"

// Put replaces the value that waits in ch, which must have room for exactly
// one and only one sender at a time. It never blocks.
func Put[T any](ch chan T, v T) {
	select {
	case <-ch: // an older value that nobody has received
	default:
	}
	ch <- v
}

// Notify puts a value into ch, which must have room for exactly one, unless one
// waits there: whoever receives it looks at everything anew. It never blocks.
func Notify(ch chan<- struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}

// Broadcast keeps the newest value and passes it to every subscriber. The zero
// Broadcast is ready to use and holds no value. It must not be copied.
type Broadcast[T any] struct {
	mu   sync.Mutex
	last T
	set  bool
	subs map[chan T]struct{}
}

// Publish makes v the newest value. It never blocks.
func (b *Broadcast[T]) Publish(v T) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.last, b.set = v, true
	for ch := range b.subs {
		Put(ch, v)
	}
}

// Subscribe returns a channel that holds the newest value, the present one
// first if there is one, and a function that ends the subscription. The channel
// is never closed.
func (b *Broadcast[T]) Subscribe() (<-chan T, func()) {
	ch := make(chan T, 1)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.set {
		ch <- b.last
	}
	if b.subs == nil {
		b.subs = map[chan T]struct{}{}
	}
	b.subs[ch] = struct{}{}
	return ch, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.subs, ch)
	}
}

// Last returns the newest value; false if none was published.
func (b *Broadcast[T]) Last() (T, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.last, b.set
}
