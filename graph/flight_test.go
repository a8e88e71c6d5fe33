package graph

import (
	"testing"
	"time"

	"heliograph/graph/emu"
	"heliograph/graph/presence"
)

// TestServiceChangesDuringAWrite: somebody signs in again, or out, while a
// request is on its way. Its outcome belongs to the account that sent it.
func TestServiceChangesDuringAWrite(t *testing.T) {
	for name, change := range map[string]func(*day){
		"again": func(d *day) { d.loop.SetService(d.account.Client()) },
		"out":   func(d *day) { d.loop.SetService(nil) },
	} {
		for outcome, f := range map[string]emu.Fault{"accepted": {}, "refused": {Status: 403}, "server": {Status: 503}, "lost": {Lose: true}} {
			t.Run(name+"_"+outcome, func(t *testing.T) {
				simulate(t, office, func(d *day) {
					d.signIn()
					d.pass(time.Minute)
					f.Delay, f.Times, f.Path = emu.Duration(5*time.Second), 1, "/setUserPreferredPresence"
					d.fault(f)
					d.choose(presence.ChoseBusy, 0)
					d.pass(time.Second)
					change(d)
					d.pass(10 * time.Second)
					d.loop.SetService(d.account.Client())
					d.choose(presence.Automatic, 0)
					d.pass(2 * time.Minute)
					d.leavesNothing()
				})
			})
		}
	}
}
