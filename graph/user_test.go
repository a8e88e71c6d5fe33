package graph

import (
	"strings"
	"testing"
	"time"

	"heliograph/graph/emu"
	"heliograph/graph/presence"
)

// userRequests counts the requests for the user's name.
func userRequests(s *emu.Server) (n int) {
	for _, r := range s.Requests() {
		if strings.HasSuffix(r.Path, "/users/"+emu.SelfID) {
			n++
		}
	}
	return n
}

// TestApplicationSaysWho: where the administrator has granted more than
// heliograph needs, the user is known by name; elsewhere by object id. Either
// way it is requested once.
func TestApplicationSaysWho(t *testing.T) {
	id := Person{ID: emu.SelfID, Tenant: emu.TenantID, Application: true}
	named := Person{ID: emu.SelfID, Tenant: emu.TenantID, Application: true, Name: "Ada Lovelace", Username: "ada@contoso.example"}
	for name, c := range map[string]struct {
		roles []string
		want  Person
	}{
		"presence": {nil, id},
		"basic":    {[]string{"Presence.ReadWrite.All", "Presence.Read.All", "User.ReadBasic.All"}, named},
		"all":      {[]string{"Presence.ReadWrite.All", "Presence.Read.All", "User.Read.All"}, named},
	} {
		t.Run(name, func(t *testing.T) {
			s := emu.New(emu.Options{Roles: c.roles})
			a, err := Open(kiosk(s, "", Application{SecretFile: secretFile(t, emu.AppSecret)}), &MemoryVault{})
			if err != nil {
				t.Fatal(err)
			}
			for range 2 { // the second time after a sign-out
				if got, err := a.Restore(t.Context()); err != nil || got != c.want || a.Person() != c.want {
					t.Errorf("restored as %+v, %v; person %+v", got, err, a.Person())
				}
				if err := a.Client().SetPresence(t.Context(), presence.Available, time.Hour); err != nil {
					t.Error(err)
				}
				if err := a.SignOut(t.Context()); err != nil || a.Person() != (Person{}) {
					t.Errorf("after the sign-out: %+v, %v", a.Person(), err)
				}
			}
			if n := userRequests(s); n != 1 {
				t.Errorf("asked %d times", n)
			}
		})
	}
}

// TestApplicationNameWaitsForTheNetwork: a kiosk starts before its network. The
// name is requested again, seldom, and presence does not wait for it.
func TestApplicationNameWaitsForTheNetwork(t *testing.T) {
	secret := secretFile(t, emu.AppSecret)
	simulateAs(t, &Application{User: emu.SelfID, SecretFile: secret}, office, func(d *day) {
		d.fault(emu.Fault{Path: "/v1.0/*/" + emu.SelfID, Status: 503, For: emu.Duration(90 * time.Minute)})
		if _, err := d.account.Restore(d.t.Context()); err != nil {
			t.Fatal(err)
		}
		d.loop.SetService(d.account.Client())
		d.pass(time.Minute)
		d.shows("Available/Available")
		d.pass(3 * time.Hour)
		if n := userRequests(d.server); n < 2 || n > 4 {
			t.Errorf("asked %d times in three hours", n)
		}
	})
}
