package emu

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"
)

// call is one Graph request on its way through the checks.
type call struct {
	s     *Server
	r     *http.Request
	grant *grant
	user  *user
	me    bool // the path said /me
	now   time.Time
	body  object
}

// action is one presence operation: who may use it, and what it does.
type action struct {
	method     string
	delegated  []string // any one of these scopes
	app        []string // any one of these roles; none: not for applications
	properties []string
	required   bool // the body is
	timed      bool // it has an expirationDuration, which the 2021 beta had not
	// session: it concerns one session. A body without sessionId is refused with
	// the body, so before the permission is checked, as was reported.
	session bool
	do      func(*call) (any, *failure)
}

// The presence operations, by their names in lower case.
//
// Source: https://learn.microsoft.com/graph/api/resources/presence
var actions = map[string]action{
	"": {method: http.MethodGet, delegated: []string{"Presence.Read", "Presence.Read.All"}, app: []string{"Presence.Read.All"}, do: getPresence},
	"setpresence": {method: http.MethodPost, delegated: write, app: writeAll, required: true, timed: true, session: true,
		properties: []string{"sessionId", "availability", "activity", "expirationDuration"}, do: setPresence},
	"clearpresence": {method: http.MethodPost, delegated: write, app: writeAll, required: true, session: true,
		properties: []string{"sessionId"}, do: clearPresence},
	"setuserpreferredpresence": {method: http.MethodPost, delegated: write, app: writeAll, required: true,
		// sessionId: a public sample sends it, and it is accepted.
		properties: []string{"availability", "activity", "expirationDuration", "sessionId"}, do: setPreferred},
	"clearuserpreferredpresence": {method: http.MethodPost, delegated: write, app: writeAll, do: clearPreferred},
	"setstatusmessage": {method: http.MethodPost, delegated: write, app: writeAll, required: true,
		properties: []string{"statusMessage"}, do: setStatusMessage},
	"setmanuallocation": {method: http.MethodPost, delegated: write, required: true,
		properties: []string{"workLocationType", "placeId"}, do: setLocation(true)},
	"setautomaticlocation": {method: http.MethodPost, delegated: write, required: true,
		properties: []string{"workLocationType", "placeId"}, do: setLocation(false)},
	"clearlocation":          {method: http.MethodPost, delegated: write, do: clearLocation},
	"clearautomaticlocation": {method: http.MethodPost, delegated: write, do: clearLocation},
}

var (
	write    = []string{"Presence.ReadWrite"}
	writeAll = []string{"Presence.ReadWrite.All"}
)

// graph answers one request below /v1.0 or /beta.
func (s *Server) graph(w http.ResponseWriter, r *http.Request, version, rest string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle()
	answer, fail := s.graphCall(r, rest)
	switch {
	case fail != nil:
		s.fail(w, r, fail)
	case answer == nil && s.opts.Switches.NoContent:
		w.WriteHeader(http.StatusNoContent)
	case answer == nil:
		w.WriteHeader(http.StatusOK) // without a Content-Type: there is no content
	default:
		if m, ok := answer.(map[string]any); ok {
			m["@odata.context"] = graphHost + "/" + version + "/$metadata#" + contextOf(m)
		}
		writeJSON(w, http.StatusOK, answer)
	}
}

// contextOf names the metadata of an answer.
func contextOf(answer map[string]any) string {
	if _, ok := answer["displayName"]; ok {
		return "users/$entity"
	}
	if id, ok := answer["id"].(string); ok {
		return "users('" + id + "')/presence/$entity"
	}
	return "Collection(microsoft.graph.presence)"
}

func (s *Server) graphCall(r *http.Request, rest string) (any, *failure) {
	g, fail := s.authorize(r)
	if fail != nil {
		return nil, fail
	}
	if fail := s.throttle(g); fail != nil {
		return nil, fail
	}
	segments := strings.Split(strings.Trim(rest, "/"), "/")
	if len(segments) == 2 && strings.EqualFold(segments[0], "communications") && strings.EqualFold(unqualified(segments[1]), "getPresencesByUserId") {
		return s.getPresences(r, g)
	}
	if len(segments) == 2 && strings.EqualFold(segments[0], "users") {
		return s.getUser(r, g, segments[1])
	}
	who, name, ok := route(segments)
	if !ok {
		return nil, badRequest("Resource not found for the segment '" + segments[len(segments)-1] + "'.")
	}
	a, ok := actions[strings.ToLower(name)]
	if !ok {
		return nil, badRequest("Resource not found for the segment '" + name + "'.")
	}
	if r.Method != a.method && !(r.Method == http.MethodHead && a.method == http.MethodGet) {
		return nil, methodNotAllowed(a.method)
	}
	c := &call{s: s, r: r, grant: g, me: who == "me", now: s.now()}
	// The body is validated before the permission, as was reported.
	for _, check := range []func() *failure{func() *failure { return c.find(who) }, func() *failure { return c.read(a) }, func() *failure { return c.permit(a) }} {
		if fail := check(); fail != nil {
			return nil, fail
		}
	}
	return a.do(c)
}

// route splits a presence path into whose and which action ("" is the
// presence itself). Graph reads the names in it without regard to case.
func route(seg []string) (who, action string, ok bool) {
	is := func(i int, name string) bool { return i < len(seg) && strings.EqualFold(seg[i], name) }
	switch {
	case is(0, "me") && is(1, "presence"):
		who, seg = "me", seg[2:]
	case is(0, "users") && is(2, "presence"):
		who, seg = seg[1], seg[3:]
	case is(0, "communications") && is(1, "presences") && len(seg) >= 3:
		who, seg = seg[2], seg[3:]
	default:
		return "", "", false
	}
	switch len(seg) {
	case 0:
		return who, "", true
	case 1:
		return who, unqualified(seg[0]), seg[0] != ""
	}
	return "", "", false
}

// unqualified strips the namespace with which the SDKs may name an action.
func unqualified(action string) string {
	const namespace = "microsoft.graph."
	if len(action) > len(namespace) && strings.EqualFold(action[:len(namespace)], namespace) {
		return action[len(namespace):]
	}
	return action
}

// find finds the person.
func (c *call) find(who string) *failure {
	g := c.grant
	if g.personal {
		return badRequest("Presence is not supported for personal Microsoft accounts.")
	}
	if c.me {
		if g.user == nil {
			return badRequest("/me request is only valid with delegated authentication flow.")
		}
		c.user = g.user
	} else if c.user = c.s.byID(who); c.user == nil {
		return notFound("The user was not found.")
	}
	return nil
}

// permit checks whether the token allows the action.
func (c *call) permit(a action) *failure {
	g := c.grant
	reading := a.method == http.MethodGet
	switch {
	case g.user == nil && !g.hasAny(a.app):
		return forbidden()
	case g.user == nil:
		return nil
	case c.s.opts.Profile == Beta2021 && !reading:
		return forbidden() // the 2021 document has application permissions only
	case !g.hasAny(a.delegated) && !reading:
		return &failure{status: http.StatusForbidden, code: "Forbidden"} // without a message, as reported
	case !g.hasAny(a.delegated):
		return g.lacking()
	case c.user != g.user && !reading:
		return &failure{status: http.StatusUnauthorized, code: "Unauthorized", message: "Unauthorized"}
	case c.user != g.user && !g.hasAny([]string{"Presence.Read.All"}):
		return forbidden()
	}
	return nil
}

// read decodes the body of an action, or refuses query options of a GET.
func (c *call) read(a action) *failure {
	if fail := noOptions(c.r); fail != nil || a.method == http.MethodGet {
		return fail
	}
	body, fail := readObject(c.r, a.required)
	if fail != nil {
		return fail
	}
	declared := a.properties
	if c.s.opts.Profile == Beta2021 && a.timed {
		declared = slices.DeleteFunc(slices.Clone(declared), func(p string) bool { return p == "expirationDuration" })
	}
	c.body = body
	if fail := c.s.onlyKnown(body, declared...); fail != nil {
		return fail
	}
	if a.session && c.lacks("sessionId") {
		return noSession
	}
	return nil
}

// lacks reports that the body does not have a property, or has null there.
func (c *call) lacks(property string) bool {
	raw, given := c.body[property]
	return !given || string(raw) == "null"
}

// noOptions refuses OData's query options: presence supports none.
func noOptions(r *http.Request) *failure {
	for key := range r.URL.Query() {
		if strings.HasPrefix(key, "$") {
			return badRequest("Query option '" + key + "' is not allowed.")
		}
	}
	return nil
}

// onlyKnown refuses members that are not declared. Annotations, which contain
// an "@", are always allowed.
func (s *Server) onlyKnown(o object, declared ...string) *failure {
	if s.opts.Switches.AllowUnknownProperties {
		return nil
	}
	for key := range o {
		if !strings.Contains(key, "@") && !slices.Contains(declared, key) {
			return badRequest("The parameter '" + key + "' in the request payload is not a valid parameter for the operation.")
		}
	}
	return nil
}

func (s *Server) getPresences(r *http.Request, g *grant) (any, *failure) {
	if r.Method != http.MethodPost {
		return nil, methodNotAllowed(http.MethodPost)
	}
	switch {
	case g.personal:
		return nil, badRequest("Presence is not supported for personal Microsoft accounts.")
	case !g.hasAny([]string{"Presence.Read.All"}) && g.user != nil:
		return nil, g.lacking()
	case !g.hasAny([]string{"Presence.Read.All"}):
		return nil, forbidden()
	}
	if fail := noOptions(r); fail != nil {
		return nil, fail
	}
	body, fail := readObject(r, true)
	if fail != nil {
		return nil, fail
	}
	if fail := s.onlyKnown(body, "ids"); fail != nil {
		return nil, fail
	}
	var ids []string
	if raw, ok := body["ids"]; !ok || json.Unmarshal(raw, &ids) != nil {
		return nil, badRequest("ids must be a list of user ids.")
	}
	if len(ids) == 0 || len(ids) > 650 {
		return nil, badRequest("ids must hold 1 to 650 user ids.")
	}
	values := []any{}
	for _, id := range ids {
		if u := s.byID(id); u != nil {
			values = append(values, s.presenceOf(u, s.now()))
		}
	}
	return map[string]any{"value": values}, nil
}
