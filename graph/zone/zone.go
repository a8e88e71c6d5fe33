// Package zone finds time zones: by the names that Microsoft uses, and the one
// that this computer is set to now.
package zone

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // Windows has no database of its own that Go can read

	"github.com/thlib/go-timezone-local/tzlocal"
)

// Named returns a time zone by its name in the IANA database ("Europe/Berlin",
// "UTC") or in Windows ("W. Europe Standard Time"). Microsoft Graph uses both.
//
// Source: https://learn.microsoft.com/graph/api/resources/datetimetimezone
func Named(name string) (*time.Location, error) {
	iana, ok := windows[strings.ToLower(name)]
	if !ok {
		iana = name
	}
	// LoadLocation takes these two for UTC and for the zone of this process.
	if iana == "" || iana == "Local" {
		return nil, fmt.Errorf("time zone %q is unknown", name)
	}
	loc, err := time.LoadLocation(iana)
	if err != nil {
		return nil, fmt.Errorf("time zone %q is unknown", name)
	}
	return loc, nil
}

// current remembers the last answer of Local, so that the same zone is the
// same pointer: times that are compared with == stay equal.
var current struct {
	sync.Mutex
	name string
	loc  *time.Location
}

// Local returns the time zone that the computer is set to now. Go reads it only
// once, at the start, and so time.Local is wrong after a journey. Local returns
// time.Local where the environment variable TZ fixes the zone, and where the
// system does not name it.
func Local() *time.Location {
	if _, fixed := os.LookupEnv("TZ"); fixed {
		return time.Local
	}
	name, err := tzlocal.LocalTZ()
	if err != nil {
		return time.Local
	}
	return local(name)
}

// local returns the zone of an IANA name for Local.
func local(name string) *time.Location {
	current.Lock()
	defer current.Unlock()
	if current.loc != nil && name == current.name {
		return current.loc
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		return time.Local
	}
	current.name, current.loc = name, loc
	return loc
}
