package zone

import (
	"os"
	"testing"
	"time"
)

func TestNamed(t *testing.T) {
	noon := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	for name, want := range map[string]string{
		"UTC": "+0000", "utc": "+0000", "Europe/Berlin": "+0200", "W. Europe Standard Time": "+0200", "w. europe standard time": "+0200",
		"Pacific Standard Time": "-0700", "tzone://Microsoft/Utc": "", "India Standard Time": "+0530", "US Mountain Standard Time": "-0700",
		"Etc/GMT-3": "+0300", "": "", "Local": "", "Mars Standard Time": "", "../../etc/passwd": "",
	} {
		loc, err := Named(name)
		if (err == nil) != (want != "") {
			t.Errorf("%q: %v", name, err)
		} else if err == nil && noon.In(loc).Format("-0700") != want {
			t.Errorf("%q is at %s, want %s", name, noon.In(loc).Format("-0700"), want)
		}
	}
}

// TestEveryWindowsNameIsAZone holds that the table names zones that exist.
func TestEveryWindowsNameIsAZone(t *testing.T) {
	for name := range windows {
		if _, err := Named(name); err != nil {
			t.Error(err)
		}
	}
}

// TestLocalFollowsTheSystem holds that a change of the zone is noticed, and that
// a zone that stays is the same pointer.
func TestLocalFollowsTheSystem(t *testing.T) {
	berlin := local("Europe/Berlin")
	if again := local("Europe/Berlin"); again != berlin {
		t.Error("the same zone is another pointer")
	}
	if york := local("America/New_York"); york == berlin || york.String() != "America/New_York" {
		t.Errorf("after the journey: %s", york)
	}
	if loc := local("Nowhere/At_All"); loc != time.Local {
		t.Errorf("an unknown zone is %s", loc)
	}
}

func TestLocalIsFixedByTZ(t *testing.T) {
	t.Setenv("TZ", "Asia/Tokyo")
	if loc := Local(); loc != time.Local {
		t.Errorf("got %s", loc)
	}
}

// TestLocalIsTheSystemsZone: as long as nobody changes it, Go and the system
// agree on the zone, at every time of the year.
func TestLocalIsTheSystemsZone(t *testing.T) {
	if _, fixed := os.LookupEnv("TZ"); fixed {
		t.Skip("TZ is set")
	}
	for month := time.January; month <= time.December; month++ {
		at := time.Date(2026, month, 1, 12, 0, 0, 0, time.UTC)
		if got, want := at.In(Local()).Format("15:04 -0700"), at.Local().Format("15:04 -0700"); got != want {
			t.Errorf("in %s it is %s (%s), Go says %s", month, got, Local(), want)
		}
	}
}
