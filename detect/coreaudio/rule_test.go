package coreaudio

import (
	"testing"
	"time"
)

// TestRecords holds the rule to values that others have seen on Macs. The number
// of a device is one of these.
func TestRecords(t *testing.T) {
	const builtInMic, speakers, headset = 40, 41, 52
	for name, c := range map[string]struct {
		usage usage
		want  bool
	}{
		// com.apple.CoreSpeech, macOS 14 and 15, "Hey Siri" on, nobody speaks.
		"Hey Siri":                       {usage{running: true, recording: true, known: true}, false},
		"a call with speakers":           {usage{running: true, recording: true, playing: true, inputs: []uint32{builtInMic}, outputs: []uint32{speakers}, known: true}, true},
		"a call with a headset":          {usage{running: true, recording: true, playing: true, inputs: []uint32{headset}, outputs: []uint32{headset}, known: true}, true},
		"a voice note":                   {usage{running: true, recording: true, inputs: []uint32{builtInMic}, known: true}, true},
		"music":                          {usage{running: true, playing: true, outputs: []uint32{speakers}, known: true}, false},
		"music on a headset":             {usage{running: true, playing: true, outputs: []uint32{headset}, known: true}, false},
		"music, listed for both":         {usage{running: true, playing: true, inputs: []uint32{headset}, outputs: []uint32{headset}, known: true}, false},
		"the second call of a process":   {usage{running: true, playing: true, inputs: []uint32{builtInMic}, outputs: []uint32{speakers}, known: true}, true},
		"the second call, headset":       {usage{running: true, recording: true, playing: true, inputs: []uint32{headset}, outputs: []uint32{headset}, known: true}, true},
		"a second voice note":            {usage{running: true, inputs: []uint32{headset}, known: true}, true},
		"a mic of its own and headset":   {usage{running: true, playing: true, inputs: []uint32{headset, builtInMic}, outputs: []uint32{headset}, known: true}, true},
		"a device that is merely open":   {usage{inputs: []uint32{builtInMic}, known: true}, false},
		"devices unknown, it records":    {usage{running: true, recording: true}, true},
		"devices unknown, it does not":   {usage{running: true, playing: true}, false},
		"nothing known":                  {usage{}, false},
		"at rest":                        {usage{known: true}, false},
		"recording flag without running": {usage{recording: true, inputs: []uint32{builtInMic}, known: true}, true},
	} {
		t.Run(name, func(t *testing.T) {
			if got := c.usage.records(); got != c.want {
				t.Errorf("%+v records: %v, want %v", c.usage, got, c.want)
			}
		})
	}
}

// TestPause: what no notification reports is read soon enough for a call to be
// seen within seconds, and seldom while nothing sounds.
func TestPause(t *testing.T) {
	mic, speakers, rest := device{running: true, input: true}, device{running: true}, device{input: true}
	for name, c := range map[string]struct {
		devices []device
		want    time.Duration
	}{
		"nothing runs":        {[]device{rest, {}}, pauseAtRest},
		"no device":           {nil, pauseAtRest},
		"music":               {[]device{rest, speakers}, pausePlaying},
		"a call":              {[]device{speakers, mic}, pauseRecording},
		"the other way round": {[]device{mic, speakers}, pauseRecording},
		"music on a headset":  {[]device{mic, {}}, pauseRecording},
	} {
		if got := pause(c.devices); got != c.want {
			t.Errorf("%s: read again after %v, want %v", name, got, c.want)
		}
	}
	if pauseRecording < 2*time.Second || pausePlaying > 5*time.Second {
		t.Error("while a device runs, everything is read every 2 to 5 seconds")
	}
}
