package emu

import (
	"encoding/json"
	"strings"
	"time"
	_ "time/tzdata" // expiryDateTime names a zone, which Windows itself cannot load
)

// windowsZones maps the Windows zone names met most to IANA's, as Graph's
// dateTimeTimeZone accepts both.
//
// Source: Unicode CLDR, windowsZones
var windowsZones = map[string]string{
	"utc": "UTC", "gmt standard time": "Europe/London", "w. europe standard time": "Europe/Berlin",
	"romance standard time": "Europe/Paris", "central europe standard time": "Europe/Budapest",
	"eastern standard time": "America/New_York", "central standard time": "America/Chicago",
	"mountain standard time": "America/Denver", "pacific standard time": "America/Los_Angeles",
	"tokyo standard time": "Asia/Tokyo", "india standard time": "Asia/Kolkata", "china standard time": "Asia/Shanghai",
	"aus eastern standard time": "Australia/Sydney", "e. south america standard time": "America/Sao_Paulo",
}

// expiryOf returns an expiryDateTime as a GET answers it: in UTC, or in the
// zone that a switch names.
func (s *Server) expiryOf(at time.Time) map[string]any {
	zone := "UTC"
	if loc, ok := loadZone(s.opts.Switches.StatusZone); ok {
		zone, at = s.opts.Switches.StatusZone, at.In(loc)
	} else {
		at = at.UTC()
	}
	return map[string]any{"dateTime": at.Format("2006-01-02T15:04:05.0000000"), "timeZone": zone}
}

// setStatusMessage sets or, with null or an empty text, removes the message.
//
// Source: https://learn.microsoft.com/graph/api/presence-setstatusmessage
func setStatusMessage(c *call) (any, *failure) {
	raw, ok := c.body["statusMessage"]
	if !ok {
		return nil, invalid("The statusMessage is required.")
	}
	in, fail := c.readStatus(raw)
	switch {
	case fail != nil:
		return nil, fail
	case in.content == "":
		c.user.status = nil
		c.s.changed()
		return nil, nil
	case in.contentType != "" && !strings.EqualFold(in.contentType, "text"):
		return nil, invalid("Only the content type 'text' is supported.")
	}
	m := &statusMessage{text: in.content, published: c.now}
	if in.expires {
		if in.dateTime == "" || in.timeZone == "" {
			return nil, invalid("The expiryDateTime needs dateTime and timeZone.")
		}
		at, ok := expiry(in.dateTime, in.timeZone)
		if !ok {
			return nil, invalid("The expiryDateTime is not valid.")
		}
		m.expires = at
	}
	c.user.status = m
	c.s.changed()
	return nil, nil
}

// statusBody is a presenceStatusMessage as it was sent; what was null or
// missing is empty.
type statusBody struct {
	content, contentType string
	expires              bool
	dateTime, timeZone   string
}

func (c *call) readStatus(raw json.RawMessage) (statusBody, *failure) {
	var in statusBody
	outer, fail := c.member(raw, "message", "expiryDateTime", "publishedDateTime")
	if fail != nil {
		return in, fail
	}
	message, fail := c.member(outer["message"], "content", "contentType")
	if fail != nil {
		return in, fail
	}
	expiry, fail := c.member(outer["expiryDateTime"], "dateTime", "timeZone")
	if fail != nil {
		return in, fail
	}
	in.expires = expiry != nil
	for _, field := range []struct {
		from object
		key  string
		into *string
	}{{message, "content", &in.content}, {message, "contentType", &in.contentType}, {expiry, "dateTime", &in.dateTime}, {expiry, "timeZone", &in.timeZone}} {
		if raw, ok := field.from[field.key]; ok && json.Unmarshal(raw, field.into) != nil {
			return in, notString(field.key)
		}
	}
	return in, nil
}

// member reads an object within the body; missing or null is nil.
func (c *call) member(raw json.RawMessage, declared ...string) (object, *failure) {
	if raw == nil || string(raw) == "null" {
		return nil, nil
	}
	o, err := decodeObject(raw)
	if err != nil {
		return nil, badRequest("The statusMessage cannot be read: " + err.Error() + ".")
	}
	return o, c.s.onlyKnown(o, declared...)
}

// expiry reads a dateTime, which must not carry a zone, in the named zone.
func expiry(at, zone string) (time.Time, bool) {
	loc, ok := loadZone(zone)
	if !ok {
		return time.Time{}, false
	}
	for _, layout := range []string{"2006-01-02T15:04:05.9999999", "2006-01-02T15:04"} {
		if t, err := time.ParseInLocation(layout, at, loc); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// loadZone finds a zone by its Windows or IANA name.
func loadZone(name string) (*time.Location, bool) {
	if iana, ok := windowsZones[strings.ToLower(name)]; ok {
		name = iana
	}
	if name == "" || strings.EqualFold(name, "local") { // these are this computer's zones, for package time
		return nil, false
	}
	loc, err := time.LoadLocation(name)
	return loc, err == nil
}
