package app

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

func TestGroupNamesWhatDoesNotEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, release := newGroup(), make(chan struct{})
		g.Go("quick", func() {})
		g.Go("slow", func() { <-time.After(time.Second) })
		g.Go("stuck", func() { <-release })
		g.Go("stuck", func() { <-release })
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		began := time.Now()
		if left := g.Wait(ctx); !slices.Equal(left, []string{"stuck"}) || time.Since(began) != 2*time.Second {
			t.Errorf("after %v these still run: %v", time.Since(began), left)
		}
		close(release)
		if left := g.Wait(t.Context()); left != nil {
			t.Errorf("these still run: %v", left)
		}
	})
}
