package emu

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"
	_ "time/tzdata" // expiryDateTime names a zone, which Windows cannot load by itself
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

// setStatusMessage sets or, with null or an empty text, removes the message.
//
// Source: https://learn.microsoft.com/graph/api/presence-setstatusmessage
func setStatusMessage(c *call) (any, *failure) {
	raw, ok := c.body["statusMessage"]
	if !ok {
		return nil, invalid("The statusMessage is required.")
	}
	var in *struct {
		Message *struct {
			Content     *string `json:"content"`
			ContentType *string `json:"contentType"`
		} `json:"message"`
		Expiry *struct {
			DateTime *string `json:"dateTime"`
			TimeZone *string `json:"timeZone"`
		} `json:"expiryDateTime"`
	}
	if json.NewDecoder(bytes.NewReader(raw)).Decode(&in) != nil {
		return nil, badRequest("The statusMessage cannot be read.")
	}
	if in == nil || in.Message == nil || in.Message.Content == nil || *in.Message.Content == "" {
		c.user.status = nil
		c.s.changed()
		return nil, nil
	}
	if t := in.Message.ContentType; t != nil && !strings.EqualFold(*t, "text") {
		return nil, invalid("Only the content type 'text' is supported.")
	}
	m := &statusMessage{text: *in.Message.Content, published: c.now}
	if in.Expiry != nil {
		if in.Expiry.DateTime == nil || in.Expiry.TimeZone == nil {
			return nil, invalid("The expiryDateTime needs dateTime and timeZone.")
		}
		at, ok := expiry(*in.Expiry.DateTime, *in.Expiry.TimeZone)
		if !ok {
			return nil, invalid("The expiryDateTime is not valid.")
		}
		m.expires, m.zone = at, *in.Expiry.TimeZone
	}
	c.user.status = m
	c.s.changed()
	return nil, nil
}

// expiry reads a dateTime, which must not carry a zone, in the named zone.
func expiry(at, zone string) (time.Time, bool) {
	if iana, ok := windowsZones[strings.ToLower(zone)]; ok {
		zone = iana
	}
	if zone == "" || strings.EqualFold(zone, "local") {
		return time.Time{}, false
	}
	loc, err := time.LoadLocation(zone)
	if err != nil {
		return time.Time{}, false
	}
	for _, layout := range []string{"2006-01-02T15:04:05.9999999", "2006-01-02T15:04"} {
		if t, err := time.ParseInLocation(layout, at, loc); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}
