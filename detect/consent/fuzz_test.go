package consent

import (
	"testing"
	"time"

	"heliograph/detect/winproc"
)

// FuzzEntries: whatever the registry holds, a use belongs to a process that runs
// now, began within a day, and has a name.
func FuzzEntries(f *testing.F) {
	const started = 133779744000000000 // 2024-12-06
	f.Add("C:#Program Files#Zoom#bin#Zoom.exe", false, uint64(started), uint64(0), `c:\program files\zoom\bin\zoom.exe`, int64(0))
	f.Add("MSTeams_8wekyb3d8bbwe", true, uint64(started), uint64(0), "MSTeams_8wekyb3d8bbwe", int64(60))
	f.Add("", true, uint64(1<<64-1), uint64(0), "", int64(-1))
	f.Add("#", false, uint64(1), uint64(1), `\`, int64(1<<62))
	f.Fuzz(func(t *testing.T, key string, packaged bool, start, stop uint64, program string, later int64) {
		e := entry{key: key, packaged: packaged}.withTimes(&start, &stop)
		began := fileTime(start)
		now := began.Add(time.Duration(later))
		p := winproc.Process{PID: 7, Path: program, PackageFamily: program, Started: began.Add(-time.Second)}
		uses := current([]entry{e, {key: key}}, []winproc.Process{p}, now)
		for _, u := range uses {
			if u.PID != 7 || u.Key != key || len(u.Names) == 0 || stop != 0 || start == 0 || now.Sub(began) > maxUse || began.After(now.Add(clockSlack)) {
				t.Errorf("%+v at %s is %+v", e, now, u)
			}
		}
		if len(uses) > 1 {
			t.Errorf("one program has %d uses", len(uses))
		}
	})
}
