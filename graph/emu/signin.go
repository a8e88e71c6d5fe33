package emu

import (
	"crypto/rand"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

func itoa(n int) string { return strconv.Itoa(n) }

// flowLife is how long a sign-in page or an authorization code is valid.
const flowLife = 10 * time.Minute

// authorizePage leads a person through the choice of an account and the consent:
// a GET begins, each button posts the id of the flow and the step.
func (s *Server) authorizePage(w http.ResponseWriter, r *http.Request) {
	if r.ParseForm() != nil {
		s.errorPage(w, aadstsError(9002313))
		return
	}
	if r.Method == http.MethodPost && r.PostForm.Get("flow") != "" {
		s.authorizeStep(w, r)
		return
	}
	q := r.Form
	a := &authorization{client: strings.ToLower(q.Get("client_id")), redirect: q.Get("redirect_uri"), state: q.Get("state"),
		nonce: q.Get("nonce"), mode: q.Get("response_mode"), challenge: q.Get("code_challenge"),
		scopes: strings.Fields(q.Get("scope")), hint: q.Get("login_hint"), cp1: declaresCP1(q.Get("claims"))}
	s.mu.Lock()
	known := s.knowsApp(a.client)
	a.expires = s.now().Add(flowLife)
	s.mu.Unlock()
	switch {
	case !known:
		s.errorPage(w, aadstsError(700016))
		return
	case !loopback(a.redirect):
		s.errorPage(w, oauthError{400, "invalid_request", 50011, "The redirect URI specified in the request does not match the redirect URIs configured for the application."})
		return
	case q.Get("response_type") != "code" || a.challenge == "" || q.Get("code_challenge_method") != "S256":
		s.errorPage(w, aadstsError(9002313))
		return
	}
	id := rand.Text()
	s.mu.Lock()
	s.flows[id] = a
	s.mu.Unlock()
	s.accountPage(w, id, a, "")
}

func (s *Server) authorizeStep(w http.ResponseWriter, r *http.Request) {
	id := r.PostForm.Get("flow")
	s.mu.Lock()
	a := s.flows[id]
	if a != nil && !s.now().Before(a.expires) {
		delete(s.flows, id)
		a = nil
	}
	if a == nil {
		s.mu.Unlock()
		s.errorPage(w, aadstsError(70008))
		return
	}
	switch r.PostForm.Get("step") {
	case "account":
		who := r.PostForm.Get("user")
		a.user = s.find(who)
		known := a.user != nil
		s.mu.Unlock()
		if !known {
			s.accountPage(w, id, a, unknownAccountProblem(who))
			return
		}
		s.consentPage(w, id, a)
	case "accept":
		if a.user == nil {
			s.mu.Unlock()
			s.accountPage(w, id, a, "Pick an account first.")
			return
		}
		code := "emc." + rand.Text()
		delete(s.flows, id)
		a.expires = s.now().Add(flowLife)
		s.codes[code] = a
		s.mu.Unlock()
		s.answerPage(w, r, a, url.Values{"code": {code}})
	default:
		delete(s.flows, id)
		s.mu.Unlock()
		e := aadstsError(65004)
		s.answerPage(w, r, a, url.Values{"error": {e.name}, "error_description": {e.describe()}})
	}
}

// deviceCode begins a device code flow.
func (s *Server) deviceCode(w http.ResponseWriter, r *http.Request) {
	base := s.browserBase()
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.Method != http.MethodPost || r.ParseForm() != nil {
		s.oauthFail(w, aadstsError(9002313))
		return
	}
	if !s.knowsApp(r.PostForm.Get("client_id")) {
		s.oauthFail(w, aadstsError(700016))
		return
	}
	d := &deviceFlow{client: strings.ToLower(r.PostForm.Get("client_id")), userCode: rand.Text()[:8],
		scopes: strings.Fields(r.PostForm.Get("scope")), cp1: declaresCP1(r.PostForm.Get("claims")), expires: s.now().Add(15 * time.Minute)}
	id := "emd." + rand.Text()
	s.devices[id] = d
	at := base + "/" + TenantID + "/oauth2/v2.0/deviceauth"
	writeJSON(w, http.StatusOK, map[string]any{"device_code": id, "user_code": d.userCode, "verification_uri": at,
		"expires_in": 900, "interval": 1,
		"message": "To sign in, use a web browser to open the page " + at + " and enter the code " + d.userCode + " to authenticate."})
}

// redeemDevice answers a client that asks whether the code was entered. The lock
// is held.
func (s *Server) redeemDevice(id string, g *grant, scopes []string) (*grant, []string, *oauthError) {
	d, ok := s.devices[id]
	switch {
	case !ok || d.client != g.app:
		return nil, nil, &oauthError{400, "bad_verification_code", 0, "The device code is not known."}
	case d.refused:
		return nil, nil, &oauthError{400, "authorization_declined", 70016, "The user declined the authorization."}
	case !s.now().Before(d.expires):
		return nil, nil, &oauthError{400, "expired_token", 70020, "The device code has expired."}
	case d.user == nil:
		return nil, nil, &oauthError{400, "authorization_pending", 70016, "The user has not signed in yet."}
	}
	delete(s.devices, id)
	g.user, g.cp1 = d.user, g.cp1 || d.cp1
	if len(scopes) == 0 {
		scopes, g.scopes = d.scopes, permissions(d.scopes)
	}
	return g, scopes, nil
}

// devicePage serves the page where a person enters a code and picks an account.
func (s *Server) devicePage(w http.ResponseWriter, r *http.Request) {
	if r.ParseForm() != nil {
		s.errorPage(w, aadstsError(9002313))
		return
	}
	code := strings.ToUpper(strings.TrimSpace(r.Form.Get("code")))
	if r.Method != http.MethodPost {
		s.codePage(w, code, "")
		return
	}
	s.mu.Lock()
	var d *deviceFlow
	for _, f := range s.devices {
		if f.userCode == code && s.now().Before(f.expires) {
			d = f
		}
	}
	u := s.find(r.PostForm.Get("user"))
	refused := r.PostForm.Get("step") == "refuse"
	if d != nil && refused {
		d.refused = true
	} else if d != nil {
		d.user = u
	}
	s.mu.Unlock()
	switch {
	case d == nil:
		s.codePage(w, code, "That code is not known, or it has expired.")
	case refused:
		s.donePage(w, "You refused", "The app was not signed in. You can close this page.")
	case u == nil:
		s.codePage(w, code, "Choose an account.")
	default:
		s.donePage(w, "You are signed in", "Go back to the app. You can close this page.")
	}
}

// ApproveDevice enters a user code as the named person would. It reports whether
// a sign-in waits for the code and the person is known.
func (s *Server) ApproveDevice(userCode, who string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range s.devices {
		if d.userCode == userCode {
			d.user = s.find(who)
			return d.user != nil
		}
	}
	return false
}

// Revoke makes every refresh token of the person invalid, and Graph answer the
// access tokens of clients that declared capability CP1 with a claims challenge.
// It reports whether the person is known.
func (s *Server) Revoke(who string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.find(who)
	for _, g := range s.refresh {
		g.revoked = g.revoked || g.user == u
	}
	for _, g := range s.grants {
		if g.user == u {
			g.revoked, g.challenge = true, g.cp1
		}
	}
	return u != nil
}
