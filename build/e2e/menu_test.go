//go:build unix

package e2e

import (
	"os"
	"strings"
	"testing"
	"time"

	"heliograph/build/wait"
)

func TestIconMenuAndTooltip(t *testing.T) {
	p, app := running(t, "1h")
	panel, name := onPanel(t, app)
	panel.click(name, "Busy")
	wait.Until(t, "colleagues see Busy", func() bool { return p.Emu.Shows("Busy/Busy") })
	wait.Until(t, "the tooltip says why", func() bool { return strings.Contains(panel.tooltip(name), "Busy – you chose this") })
	wait.Until(t, "Busy is checked", func() bool { return panel.checked(name, "Busy") })
	panel.click(name, "Automatic")
	wait.Until(t, "colleagues see Available", func() bool { return p.Emu.Shows("Available/Available") })
	panel.click(name, "Sign out")
	wait.Until(t, "nothing is left at Microsoft", func() bool { return p.Emu.Shows("Offline/Offline") })
	panel.click(name, "Sign in")
	wait.Until(t, "signed in again through the browser", func() bool { return p.Emu.Shows("Available/Available") })
	panel.click(name, "Quit")
	if code := app.Wait(); code != 0 {
		t.Errorf("quit with %d", code)
	}
	if !p.Emu.Shows("Offline/Offline") {
		t.Errorf("after quitting colleagues see %+v", p.Emu.Self().Shown)
	}
}

func TestBusyForAnHour(t *testing.T) {
	p, app := running(t, "2s")
	panel, name := onPanel(t, app)
	panel.click(name, "Busy")
	panel.click(name, "1 hour")
	wait.Until(t, "Busy ends in an hour", func() bool {
		v := p.Emu.Self().Preferred
		return v != nil && v.Availability == "Busy" && v.Expires.Sub(v.Set) > 59*time.Minute && v.Expires.Sub(v.Set) <= time.Hour
	})
	wait.Until(t, "the tooltip says until when", func() bool { return strings.Contains(panel.tooltip(name), "Busy until ") })
	// heliograph trusts a read that lacks Busy only after one that has shown it.
	wait.Until(t, "heliograph has read Busy back", func() bool {
		var s struct {
			Shown *struct{ Availability string }
		}
		p.Status(&s)
		return s.Shown != nil && s.Shown.Availability == "Busy"
	})
	p.Emu.Post("advance", `{"by":"1h"}`)
	// At Microsoft the hour is over; heliograph learns of it with its next post.
	touch(t)
	wait.Until(t, "Automatic is checked", func() bool { return panel.checked(name, "Automatic") })
	wait.Until(t, "colleagues see Away, as without a choice", func() bool { return p.Emu.Shows("Away/Away") })
}

func TestChoiceInTeamsIsLeftAndCanBeCleared(t *testing.T) {
	p, app := running(t, "2s")
	panel, name := onPanel(t, app)
	p.Emu.Post("preferred", `{"availability":"DoNotDisturb"}`)
	wait.Until(t, "the tooltip names the choice", func() bool { return strings.Contains(panel.tooltip(name), `you set "Do not disturb" in Teams`) })
	rec := record(t, "zoom")
	wait.During(t, 2*time.Second, "colleagues see what was chosen", func() bool { return p.Emu.Shows("DoNotDisturb/DoNotDisturb") })
	rec.Stop()
	panel.click(name, `Clear "Do not disturb" set in Teams`)
	wait.Until(t, "it is cleared", func() bool { return p.Emu.Self().Preferred == nil })
}

func TestThatWasNotACall(t *testing.T) {
	p, app := running(t, "1h")
	panel, name := onPanel(t, app)
	record(t, "zoom")
	wait.Until(t, "a call is seen", func() bool { return p.Emu.Shows("Busy/InACall") })
	panel.click(name, "Zoom isn't a call")
	wait.Until(t, "it is undone at once", func() bool { return p.Emu.Shows("Available/Available") })
	app.Stop()
	p.Command("run")
	wait.Until(t, "a session is set", func() bool { return len(p.Emu.Self().Sessions) == 1 })
	wait.During(t, 2*time.Second, "it is remembered", func() bool { return p.Emu.Shows("Available/Available") })
}

func TestTreatAsACall(t *testing.T) {
	p, app := running(t, "1h")
	panel, name := onPanel(t, app)
	record(t, "ourmeetings")
	panel.click(name, "Treat ourmeetings as a call")
	wait.Until(t, "it is a call", func() bool { return p.Emu.Shows("Busy/InACall") })
}

func TestMessageInACall(t *testing.T) {
	p, app := running(t, "1h")
	panel, name := onPanel(t, app)
	panel.click(name, "Status message in a call")
	message := func() string {
		if m := p.Emu.Self().StatusMessage; m != nil {
			return m.Content
		}
		return ""
	}
	rec := record(t, "zoom")
	wait.Until(t, "the message is set", func() bool { return message() == "In a Zoom call" })
	rec.Stop()
	wait.Until(t, "the message is cleared", func() bool { return p.Emu.Shows("Available/Available") && message() == "" })
}

// TestSignInPageIsOpenedAgainAndCancelled: a page that the person has closed is
// not the end of the sign-in for five minutes.
func TestSignInPageIsOpenedAgainAndCancelled(t *testing.T) {
	r := newReader(t)
	panel, name := onPanel(t, r.Command("run"))
	opened := func() bool {
		_, err := os.Stat(r.page)
		return err == nil
	}
	offers := func(label string) bool {
		_, ok := panel.find(name, label)
		return ok
	}
	panel.click(name, "Sign in")
	wait.Until(t, "a page is opened", opened)
	if err := os.Remove(r.page); err != nil {
		t.Fatal(err)
	}
	panel.click(name, "Open the sign-in page again")
	wait.Until(t, "the page is opened again", opened)
	panel.click(name, "Cancel sign-in")
	wait.Until(t, "the menu offers to sign in", func() bool { return offers("Sign in") })
	wait.Until(t, "there is nothing to cancel", func() bool { return !offers("Cancel sign-in") })
}

// TestEachRefusedSignInIsAnswered: two clicks within seconds that end with the
// same error are two answers, each with the page for an administrator.
func TestEachRefusedSignInIsAnswered(t *testing.T) {
	p := newPerson(t, "1h")
	p.Emu.Post("faults", `{"path":"/token","aadsts":90094}`)
	panel, name := onPanel(t, p.Command("run"))
	// Toasts of one class share an id, which noticesFromNow tells old ones by.
	desktop := &notices{t: t}
	answers := func() (bodies []string) { return desktop.bodies("Sign-in didn't work") }
	before := len(answers())
	for n := range 2 {
		panel.click(name, "Sign in")
		wait.Until(t, "a notice answers the click", func() bool { return len(answers()) == before+n+1 })
	}
	if newest := answers()[0]; !strings.Contains(newest, "An administrator has to approve heliograph first (AADSTS90094).") {
		t.Errorf("the notice says %q", newest)
	}
	status := p.Command("status", "--json")
	status.Wait()
	if !strings.Contains(status.Output(), "/adminconsent?") {
		t.Errorf("status does not name the page for an administrator:\n%s", status.Output())
	}
}
