package emu

import (
	"strings"
	"time"
)

// The default directory: one tenant, two applications, two people.
const (
	TenantID     = "b1c6f6a0-5d0e-4c8b-9f0a-3f6a2f7f1d10"
	TenantDomain = "contoso.example"
	AppID        = "22553876-f5ab-4529-bffb-cfe50aa89f87"
	SecondAppID  = "5d3a1f0e-2c47-4b0b-9a52-7e6f0c1d8b94" // another registration of the same program
	SelfID       = "fa8bf3dc-eca7-46b7-bad1-db199b62afc3"
	OtherID      = "66825e03-7ef5-42da-9069-724602c31f6b"
)

// AppSecret is the application's client secret. It protects nothing.
const AppSecret = "emulator-secret"

// user is one person and all that Graph holds of their presence.
type user struct {
	id, name, upn string
	sessions      []*session
	preferred     *preferred
	status        *statusMessage
	location      *workLocation
	lastShown     pair
	sequence      string
	history       []moment  // of what colleagues saw
	versions      []version // of what a GET answers
}

func directory() []*user {
	return []*user{
		{id: SelfID, name: "Ada Lovelace", upn: "ada@" + TenantDomain},
		{id: OtherID, name: "Grace Hopper", upn: "grace@" + TenantDomain},
	}
}

// find returns a person as control requests name them: by id, user principal
// name, display name, or the words "self" and "other". The lock is held.
func (s *Server) find(who string) *user {
	switch strings.ToLower(who) {
	case "self", "":
		return s.users[0]
	case "other":
		return s.users[1]
	}
	for _, u := range s.users {
		if strings.EqualFold(who, u.id) || strings.EqualFold(who, u.upn) || strings.EqualFold(who, u.name) {
			return u
		}
	}
	return nil
}

// byID returns a person as the paths of Graph name them: by object id only.
func (s *Server) byID(id string) *user {
	for _, u := range s.users {
		if strings.EqualFold(id, u.id) {
			return u
		}
	}
	return nil
}

func (s *Server) knowsApp(id string) bool {
	return strings.EqualFold(id, AppID) || strings.EqualFold(id, SecondAppID)
}

// workLocation is what setManualLocation or setAutomaticLocation has set.
type workLocation struct {
	kind, place string
	manual      bool
}

// statusMessage is what setStatusMessage has set.
type statusMessage struct {
	text      string
	published time.Time
	expires   time.Time // zero: never
}
