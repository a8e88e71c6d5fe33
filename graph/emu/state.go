package emu

import "time"

// State is what GET /_emulator/state answers: everything that is in force.
type State struct {
	Now     time.Time   `json:"now"` // the emulator's clock
	Profile Profile     `json:"profile"`
	Users   []UserState `json:"users"`
	Faults  []Fault     `json:"faults"`
	// Next is when time alone changes something; zero: never.
	Next time.Time `json:"next,omitzero"`
}

// UserState is one person's presence with everything that it is made of.
type UserState struct {
	ID            string          `json:"id"`
	Name          string          `json:"name"`
	UPN           string          `json:"userPrincipalName"`
	Shown         ShownState      `json:"shown"`
	Preferred     *PreferredState `json:"preferred"`
	StatusMessage *StatusState    `json:"statusMessage"`
	WorkLocation  string          `json:"workLocation,omitempty"`
	Sessions      []SessionState  `json:"sessions"`
}

// ShownState is what a colleague sees.
type ShownState struct {
	Availability   string `json:"availability"`
	Activity       string `json:"activity"`
	SequenceNumber string `json:"sequenceNumber"`
}

// PreferredState is a preferred presence in force.
type PreferredState struct {
	Availability string    `json:"availability"`
	Activity     string    `json:"activity"`
	Set          time.Time `json:"set"`
	Expires      time.Time `json:"expires"`
}

// StatusState is a status message in force.
type StatusState struct {
	Content string    `json:"content"`
	Expires time.Time `json:"expires,omitzero"`
}

// SessionState is one live session. Availability and Activity are what its
// client has set; EffectiveAvailability and EffectiveActivity are what it counts
// as after fading.
type SessionState struct {
	ID                    string    `json:"id,omitempty"`
	Name                  string    `json:"name"`
	Availability          string    `json:"availability"`
	Activity              string    `json:"activity"`
	EffectiveAvailability string    `json:"effectiveAvailability"`
	EffectiveActivity     string    `json:"effectiveActivity"`
	Set                   time.Time `json:"set"`
	Fades                 time.Time `json:"fades,omitzero"`
	Expires               time.Time `json:"expires,omitzero"`
}

// State returns a copy of everything that is in force.
func (s *Server) State() State {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.settle()
	st := State{Now: now, Profile: s.opts.Profile, Users: []UserState{}, Faults: []Fault{}, Next: s.next(now)}
	for _, f := range s.faults {
		st.Faults = append(st.Faults, f.Fault)
	}
	for _, u := range s.users {
		st.Users = append(st.Users, s.userState(u, now))
	}
	return st
}

// User returns one person, named as in control requests; zero: nobody is called
// so.
func (s *Server) User(who string) UserState {
	s.mu.Lock()
	defer s.mu.Unlock()
	if u := s.find(who); u != nil {
		return s.userState(u, s.settle())
	}
	return UserState{}
}

func (s *Server) userState(u *user, now time.Time) UserState {
	p := s.shown(u, now)
	out := UserState{ID: u.id, Name: u.name, UPN: u.upn, Shown: ShownState{p.availability, p.activity, u.sequence}, Sessions: []SessionState{}}
	if v := u.preferred; v != nil && now.Before(v.expires) {
		out.Preferred = &PreferredState{v.pair.availability, v.pair.activity, v.set, v.expires}
	}
	if m := u.status; m != nil && (m.expires.IsZero() || now.Before(m.expires)) {
		out.StatusMessage = &StatusState{m.text, m.expires}
	}
	if u.location != nil {
		out.WorkLocation = u.location.kind
	}
	for _, x := range u.sessions {
		current, ok := x.at(now, s.opts.Switches, s.opts.Profile)
		if !ok {
			continue
		}
		v := SessionState{ID: x.id, Name: x.name, Availability: x.pair.availability, Activity: x.pair.activity,
			EffectiveAvailability: current.availability, EffectiveActivity: current.activity, Set: x.set, Expires: x.expires}
		if x.fades && x.pair.availability == "Available" {
			v.Fades = x.set.Add(fade)
			if !now.Before(v.Fades) {
				v.Fades = x.set.Add(2 * fade)
			}
			if !now.Before(v.Fades) {
				v.Fades = time.Time{}
			}
		}
		out.Sessions = append(out.Sessions, v)
	}
	return out
}
