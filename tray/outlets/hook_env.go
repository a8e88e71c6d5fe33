package outlets

import (
	"strconv"
	"strings"
	"time"

	"heliograph/tray/control"
)

// environment returns the state as variables, for commands that read no JSON.
// An instant is in RFC 3339, or empty; README.md lists them.
func environment(s control.State) []string {
	wanted, reason := valueOf(s.Wanted), valueOf(s.Reason)
	variables := [][2]string{
		{"CHOICE", s.Choice.Status},
		{"AVAILABILITY", wanted.Availability},
		{"ACTIVITY", wanted.Activity},
		{"RULE", reason.Rule},
		{"REASON", reason.Text},
		{"APP", valueOf(reason.App)},
		{"SINCE", rfc3339(s.Since)},
		{"UNTIL", rfc3339(s.Until)},
		{"IN_CALL", strconv.FormatBool(s.Activity.InCall)},
		{"CALL_APP", valueOf(s.Activity.Call)},
		{"LOCKED", strconv.FormatBool(s.Activity.Locked)},
		{"IDLE", strconv.FormatBool(s.Activity.Idle)},
		{"LAST_INPUT", rfc3339(s.Activity.LastInput)},
		{"ERROR", valueOf(s.Error)},
	}
	var env []string
	for _, v := range variables {
		// No system accepts a zero byte in a variable.
		env = append(env, "HELIOGRAPH_"+v[0]+"="+strings.ReplaceAll(v[1], "\x00", ""))
	}
	return env
}

func rfc3339(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.Format(time.RFC3339)
}
