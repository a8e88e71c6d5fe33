package emu

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"time"
)

// edmDuration is Edm.Duration: days and smaller, upper case.
//
// Source: OData CSDL 4.01, section 4.4 and the ABNF rule durationValue
var edmDuration = regexp.MustCompile(`^([+-])?P(?:(\d+)D)?(T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$`)

// parseDuration reads an Edm.Duration. One beyond the bounds of time.Duration is
// cut to them: it is out of every range either way.
func parseDuration(s string) (time.Duration, error) {
	m := edmDuration.FindStringSubmatch(s)
	if m == nil || len(s) > 64 {
		return 0, fmt.Errorf("not an Edm.Duration")
	}
	days, clock, h, min, sec := m[2], m[3], m[4], m[5], m[6]
	if clock == "T" || (days == "" && clock == "") {
		return 0, fmt.Errorf("not an Edm.Duration")
	}
	total := 0.0
	for _, part := range []struct {
		digits string
		unit   time.Duration
	}{{days, 24 * time.Hour}, {h, time.Hour}, {min, time.Minute}, {sec, time.Second}} {
		if part.digits == "" {
			continue
		}
		n, err := strconv.ParseFloat(part.digits, 64)
		if err != nil {
			n = math.MaxFloat64 // more digits than a float holds
		}
		total += n * float64(part.unit)
	}
	d := time.Duration(math.MaxInt64)
	if total < math.MaxInt64/2 {
		d = time.Duration(math.Round(total))
	}
	if m[1] == "-" {
		d = -d
	}
	return d, nil
}

// sequenceNumber makes stamps that sort as text in the order they were made.
func sequenceNumber(n int) string { return fmt.Sprintf("A%012d", n) }
