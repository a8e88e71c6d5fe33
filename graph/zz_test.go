package graph

import (
	"fmt"
	"testing"
)

func TestZZ(t *testing.T) {
	for seed := range uint64(2000) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { converge(t, seed) })
	}
}
