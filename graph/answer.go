package graph

import (
	"bytes"
	"encoding/json"
	"mime"
	"net/http"
	"strings"

	"heliograph/graph/presence"
)

// A status of 200 does not prove that Graph has answered: the sign-in page of a
// hotspot and the page of a filtering proxy have it, too. So a success counts
// only if the rest of the answer is Graph's. Any other one is an Error without a
// mark of the service, which wraps none of presence's errors: what became of the
// request is unknown, and the network is to blame.

// notGraph returns the error of a success that does not answer the request. JSON
// with Graph's mark is Graph's, though: then only this request has failed.
func notGraph(resp *http.Response, body []byte) error {
	e := &Error{Status: resp.StatusCode}
	if json.Valid(body) {
		e.RequestID = plain(resp.Header.Get("request-id"))
	}
	return e
}

// markedGraph reports whether an answer has the header with which Graph marks
// each of its answers.
//
// Source: https://learn.microsoft.com/graph/best-practices-concept#reliability-and-support
func markedGraph(resp *http.Response) bool { return resp.Header.Get("request-id") != "" }

// doneByGraph reports whether a success answers a write. Microsoft documents 200
// without a body; 204 and an empty JSON object occur, too.
func doneByGraph(resp *http.Response, body []byte) bool {
	media, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")) // empty if it cannot be read
	body = bytes.TrimSpace(body)
	switch {
	case media == "text/html":
		return false
	case len(body) == 0:
		return media == "" || media == "application/json" || markedGraph(resp)
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(body, &members) != nil || members == nil {
		return false
	}
	if _, failed := members["error"]; failed {
		return false
	}
	for name := range members {
		if !strings.HasPrefix(name, "@odata.") && !markedGraph(resp) {
			return false
		}
	}
	return true
}

// presenceFrom decodes a presence resource. ok is false for an answer that is
// not one: availability and activity are the two properties that every cloud
// sends. Words that this version does not know are returned as they are.
//
// Source: https://learn.microsoft.com/graph/api/resources/presence
func presenceFrom(body []byte) (shown presence.Shown, ok bool) {
	var in struct {
		Availability   string         `json:"availability"`
		Activity       string         `json:"activity"`
		SequenceNumber string         `json:"sequenceNumber"`
		StatusMessage  *statusMessage `json:"statusMessage"`
	}
	if json.Unmarshal(body, &in) != nil || in.Availability == "" || in.Activity == "" {
		return presence.Shown{}, false
	}
	out := presence.Shown{Pair: presence.Pair{Availability: in.Availability, Activity: in.Activity}, Sequence: in.SequenceNumber}
	if m := in.StatusMessage; m != nil {
		out.Message = m.Message.Content
		if m.Expiry != nil {
			out.MessageUntil = m.Expiry.instant()
		}
	}
	return out, true
}
