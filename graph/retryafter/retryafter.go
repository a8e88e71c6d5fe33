// Package retryafter reads the Retry-After header of an HTTP answer. How long
// a pause may be is for its callers to decide: they trust different servers.
package retryafter

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Parse returns the pause that a Retry-After header asks for, counted from now.
// The header holds whole seconds or an HTTP date. The result is zero if the
// header is empty, cannot be read, or names a time that has passed; it is never
// negative.
//
// Source: RFC 9110, section 10.2.3
func Parse(header string, now time.Time) time.Duration {
	header = strings.TrimSpace(header)
	seconds, err := strconv.ParseUint(header, 10, 32)
	if err == nil || errors.Is(err, strconv.ErrRange) { // ParseUint returns the largest number with ErrRange
		return time.Duration(seconds) * time.Second
	}
	if t, err := http.ParseTime(header); err == nil {
		return max(0, t.Sub(now))
	}
	return 0
}
