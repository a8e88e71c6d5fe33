package emu

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"time"
)

// settable are the pairs of setPresence; the 2021 beta had no Presenting.
//
// Source: https://learn.microsoft.com/graph/api/presence-setpresence
var settable = []pair{{"Available", "Available"}, {"Busy", "InACall"}, {"Busy", "InAConferenceCall"}, {"Away", "Away"}, {"DoNotDisturb", "Presenting"}}

// preferable are the pairs of setUserPreferredPresence.
//
// Source: https://learn.microsoft.com/graph/api/presence-setuserpreferredpresence
var preferable = []pair{{"Available", "Available"}, {"Busy", "Busy"}, {"DoNotDisturb", "DoNotDisturb"}, {"BeRightBack", "BeRightBack"}, {"Away", "Away"}, {"Offline", "OffWork"}}

func notString(key string) *failure {
	return badRequest("Cannot convert the value of '" + key + "' to the expected type 'Edm.String'.")
}

// checkTypes refuses values of the wrong type. Graph decodes the whole body
// before it checks any value, so that these errors come before all others.
func (c *call) checkTypes() *failure {
	for _, key := range []string{"availability", "activity", "sessionId"} {
		raw, given := c.body[key]
		var v *string
		if given && (json.Unmarshal(raw, &v) != nil || (v == nil && key != "sessionId")) {
			return notString(key)
		}
	}
	_, _, fail := c.duration()
	return fail
}

// pairFrom reads availability and activity, without regard to case, as one of
// the accepted pairs.
func (c *call) pairFrom(accepted []pair) (pair, *failure) {
	var p pair
	for _, field := range []struct {
		key  string
		into *string
	}{{"availability", &p.availability}, {"activity", &p.activity}} {
		raw, ok := c.body[field.key]
		if !ok {
			return p, invalid("The " + field.key + " is required.")
		}
		if json.Unmarshal(raw, field.into) != nil {
			return p, notString(field.key)
		}
	}
	for _, a := range accepted {
		if strings.EqualFold(a.availability, p.availability) && strings.EqualFold(a.activity, p.activity) {
			return a, nil
		}
	}
	return p, invalid("The provided availability and activity combination is not supported.")
}

// duration reads expirationDuration; ok is false if it is absent or null.
func (c *call) duration() (d time.Duration, ok bool, fail *failure) {
	if c.lacks("expirationDuration") {
		return 0, false, nil
	}
	var text string
	err := json.Unmarshal(c.body["expirationDuration"], &text)
	if err == nil {
		d, err = parseDuration(text)
	}
	if err != nil {
		return 0, false, badRequest("Cannot convert the value of 'expirationDuration' to the expected type 'Edm.Duration'.")
	}
	return d, true, nil
}

var guid = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// noSession is what a setPresence or clearPresence without a sessionId gets.
var noSession = invalid("[SessionId]: The SessionId field is required.")

// sessionID reads the id, which must be the application's own.
func (c *call) sessionID() (string, *failure) {
	if c.lacks("sessionId") {
		return "", noSession
	}
	var id string
	if json.Unmarshal(c.body["sessionId"], &id) != nil {
		return "", notString("sessionId")
	}
	if !guid.MatchString(id) || (!strings.EqualFold(id, c.grant.app) && !c.s.opts.Switches.AnySessionID) {
		return "", invalid("The provided sessionId is not the id of the application.")
	}
	return strings.ToLower(id), nil
}

// outOfRange carries the one message of this kind that people have reported.
func outOfRange() *failure { return invalid("The provided [ExpirationDuration] is out of range.") }

func setPresence(c *call) (any, *failure) {
	accepted := settable
	if c.s.opts.Profile == Beta2021 {
		accepted = settable[:4]
	}
	if fail := c.checkTypes(); fail != nil {
		return nil, fail
	}
	d, given, _ := c.duration()
	sent, fail := c.pairFrom(accepted)
	if fail != nil {
		return nil, fail
	}
	id, fail := c.sessionID()
	if fail != nil {
		return nil, fail
	}
	switch {
	case !given:
		d = 5 * time.Minute
	case d < 5*time.Minute || d > 4*time.Hour:
		return nil, outOfRange()
	}
	x := &session{id: id, name: c.grant.appName(), pair: sent, set: c.now, expires: c.now.Add(d), fades: true}
	if c.s.opts.Profile == Beta2021 {
		x.expires = time.Time{} // in that document a session only fades
	}
	c.user.put(x)
	c.s.changed()
	return nil, nil
}

func clearPresence(c *call) (any, *failure) {
	id, fail := c.sessionID()
	if fail != nil {
		return nil, fail
	}
	if !c.s.drop(c.user, func(x *session) bool { return x.id == id }, c.now) {
		return nil, notFound("The presence session was not found.")
	}
	c.s.changed()
	return nil, nil
}

func setPreferred(c *call) (any, *failure) {
	if fail := c.checkTypes(); fail != nil {
		return nil, fail
	}
	d, given, _ := c.duration()
	sent, fail := c.pairFrom(preferable)
	if fail != nil {
		return nil, fail
	}
	if !given {
		d = 7 * 24 * time.Hour
		if sent.availability == "Busy" || sent.availability == "DoNotDisturb" {
			d = 24 * time.Hour
		}
	}
	if d <= 0 {
		return nil, outOfRange()
	}
	c.user.preferred = &preferred{pair: sent, set: c.now, expires: c.now.Add(min(d, 10*365*24*time.Hour))}
	c.s.changed()
	return nil, nil
}

func clearPreferred(c *call) (any, *failure) {
	c.user.preferred = nil
	c.s.changed()
	return nil, nil
}

// workLocationTypes are the members of the enumeration.
var workLocationTypes = []string{"unspecified", "office", "remote", "timeOff"}

func setLocation(manual bool) func(*call) (any, *failure) {
	return func(c *call) (any, *failure) {
		var kind, place *string
		if raw, ok := c.body["workLocationType"]; !ok || json.Unmarshal(raw, &kind) != nil || kind == nil {
			return nil, badRequest("workLocationType is required.")
		}
		if raw, ok := c.body["placeId"]; ok && json.Unmarshal(raw, &place) != nil {
			return nil, notString("placeId")
		}
		i := slices.IndexFunc(workLocationTypes, func(k string) bool { return strings.EqualFold(k, *kind) })
		if i < 0 {
			return nil, badRequest("Requested value '" + *kind + "' was not found.")
		}
		// An automatic location never takes the place of a manual one.
		if manual || c.user.location == nil || !c.user.location.manual {
			c.user.location = &workLocation{kind: workLocationTypes[i], manual: manual}
			if place != nil {
				c.user.location.place = *place
			}
		}
		c.s.changed()
		return nil, nil
	}
}

func clearLocation(c *call) (any, *failure) {
	automaticOnly := strings.HasSuffix(strings.ToLower(strings.Trim(c.r.URL.Path, "/")), "clearautomaticlocation")
	if l := c.user.location; l != nil && !(automaticOnly && l.manual) {
		c.user.location = nil
	}
	c.s.changed()
	return nil, nil
}

func getPresence(c *call) (any, *failure) { return c.s.presenceOf(c.user, c.now), nil }

// presenceOf returns the presence resource.
//
// Source: https://learn.microsoft.com/graph/api/resources/presence
func (s *Server) presenceOf(u *user, now time.Time) map[string]any {
	at := s.readAt(u, now)
	out := map[string]any{
		"id": u.id, "availability": at.shown.availability, "activity": at.shown.activity,
		"sequenceNumber":      at.sequence,
		"outOfOfficeSettings": map[string]any{"message": nil, "isOutOfOffice": false},
		"statusMessage":       nil, "workLocation": nil,
	}
	if m := at.status; m != nil && (m.expires.IsZero() || at.at.Before(m.expires)) {
		status := map[string]any{
			"message":           map[string]any{"content": m.text, "contentType": "text"},
			"publishedDateTime": m.published.Format(time.RFC3339),
		}
		if !m.expires.IsZero() {
			status["expiryDateTime"] = s.expiryOf(m.expires)
		}
		out["statusMessage"] = status
	}
	if l := at.location; l != nil {
		source := "automatic"
		if l.manual {
			source = "manual"
		}
		out["workLocation"] = map[string]any{"workLocationType": l.kind, "placeId": l.place, "source": source}
	}
	return out
}
