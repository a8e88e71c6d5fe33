package winproc

import (
	"slices"
	"testing"
	"time"
)

func TestNames(t *testing.T) {
	at := func(s int) time.Time { return time.Date(2026, 11, 24, 9, 0, s, 0, time.UTC) }
	table := Table{
		4:  {0, "System"},
		10: {4, "explorer.exe"},
		20: {10, "slack.exe"},
		21: {20, "slack.exe"},
		22: {21, "slack-helper.exe"},
		30: {99, "Zoom.exe"},
		40: {41, "orphan.exe"},
		41: {10, "young.exe"},
		50: {10, "ms-teams.exe"},
		60: {61, "a.exe"}, 61: {62, "b.exe"}, 62: {63, "c.exe"}, 63: {64, "d.exe"}, 64: {10, "e.exe"},
		70: {10, "EXPLORER.EXE"},
	}
	read := func(pid uint32) (Process, bool) {
		switch pid {
		case 4: // of another user
			return Process{}, false
		case 41:
			return Process{Started: at(50)}, true
		case 50:
			return Process{Started: at(1), PackageFamily: "MSTeams_8wekyb3d8bbwe"}, true
		}
		_, ok := table[pid]
		return Process{Started: at(1)}, ok
	}
	for name, c := range map[string]struct {
		pid  uint32
		want []string
	}{
		"a helper of a helper":             {22, []string{"slack-helper.exe", "slack.exe", "slack.exe"}},
		"the parent has ended":             {30, []string{"Zoom.exe"}},
		"the parent's id was reused":       {40, []string{"orphan.exe"}},
		"a packaged program":               {50, []string{"MSTeams_8wekyb3d8bbwe", "MSTeams", "ms-teams.exe"}},
		"a long line of parents":           {60, []string{"a.exe", "b.exe", "c.exe", "d.exe"}},
		"a launcher in capitals":           {70, nil},
		"the system":                       {4, nil},
		"no process, as of system sounds":  {0, nil},
		"a process that is not in a table": {1000, nil},
	} {
		t.Run(name, func(t *testing.T) {
			if got := table.names(c.pid, read); !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
