package retryafter

import (
	"math"
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	for header, want := range map[string]time.Duration{
		"":                               0,
		"0":                              0,
		"120":                            2 * time.Minute,
		" 120 ":                          2 * time.Minute,
		"-5":                             0,
		"1.5":                            0,
		"soon":                           0,
		"99999999999999999999":           math.MaxUint32 * time.Second,
		"Mon, 23 Nov 2026 09:01:30 GMT":  90 * time.Second,
		"Mon, 23 Nov 2026 08:59:00 GMT":  0,
		"Monday, 23-Nov-26 09:00:10 GMT": 10 * time.Second,
		"Mon Nov 23 09:00:10 2026":       10 * time.Second,
		"Mon, 99 Nov 2026 09:01:30 GMT":  0,
	} {
		if got := Parse(header, now); got != want {
			t.Errorf("%q is %v, want %v", header, got, want)
		}
	}
}

// FuzzParse holds that no header yields a negative pause: a caller adds the
// result to an instant.
func FuzzParse(f *testing.F) {
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	for _, seed := range []string{"120", "-1", "18446744073709551616", "Mon, 23 Nov 2026 09:01:30 GMT", "Fri, 31 Dec 9999 23:59:59 GMT", "Mon, 01 Jan 0001 00:00:00 GMT"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		if got := Parse(header, now); got < 0 {
			t.Errorf("%q is %v", header, got)
		}
	})
}
