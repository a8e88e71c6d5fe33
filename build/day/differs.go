package day

import (
	"fmt"
	"maps"
	"slices"
)

// Differs names the first difference of two runs; empty: there is none.
func Differs(a, b *Run) string {
	if where := differ("fact", a.Facts, b.Facts); where != "" {
		return where
	}
	same := func(x, y Request) bool {
		x.Failed, y.Failed = nil, nil // pointers into two scripts
		return x == y
	}
	for i := range min(len(a.Requests), len(b.Requests)) {
		if x, y := a.Requests[i], b.Requests[i]; !same(x, y) {
			return fmt.Sprintf("request %d: %+v and %+v", i, x, y)
		}
	}
	if len(a.Requests) != len(b.Requests) {
		return fmt.Sprintf("%d and %d requests", len(a.Requests), len(b.Requests))
	}
	for _, who := range slices.Sorted(maps.Keys(a.Trace)) {
		if where := differ("moment of "+who, a.Trace[who], b.Trace[who]); where != "" {
			return where
		}
	}
	return ""
}

func differ[T comparable](what string, a, b []T) string {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return fmt.Sprintf("%s %d: %+v and %+v", what, i, a[i], b[i])
		}
	}
	if len(a) != len(b) {
		return fmt.Sprintf("%d and %d of %s", len(a), len(b), what)
	}
	return ""
}
