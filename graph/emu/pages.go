package emu

import (
	"embed"
	"html/template"
	"net/http"
	"net/url"
	"strings"
)

//go:embed pages
var pageFiles embed.FS

var pages = template.Must(template.ParseFS(pageFiles, "pages/*.html"))

// person is a user as a page shows one.
type person struct{ ID, Name, UPN, Initials string }

func (s *Server) people(hint string) []person {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []person
	for _, u := range s.users {
		p := person{ID: u.id, Name: u.name, UPN: u.upn}
		for _, word := range strings.Fields(u.name) {
			p.Initials += word[:1]
		}
		if strings.EqualFold(hint, u.upn) {
			out = append([]person{p}, out...)
		} else {
			out = append(out, p)
		}
	}
	return out
}

// page renders one page, which loads nothing and cannot be framed. Its form may
// post to the loopback address that the client named.
func (s *Server) page(w http.ResponseWriter, status int, name string, data any) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'")
	h.Set("Referrer-Policy", "no-referrer")
	w.WriteHeader(status)
	_ = pages.ExecuteTemplate(w, name, data) // it fails if the client is gone
}

func (s *Server) accountPage(w http.ResponseWriter, flow string, a *authorization, problem string) {
	s.page(w, http.StatusOK, "account.html", map[string]any{"Title": "Pick an account", "Flow": flow, "People": s.people(a.hint), "Problem": problem})
}

// unknownAccountProblem says why an account that is not in the directory cannot
// sign in. Entra refuses a personal or a foreign one on its own page, so that the
// app learns nothing of it.
func unknownAccountProblem(who string) string {
	_, domain, _ := strings.Cut(who, "@")
	if strings.EqualFold(domain, TenantDomain) {
		return aadstsError(50034).describe()
	}
	return aadstsError(50020).describe()
}

func (s *Server) consentPage(w http.ResponseWriter, flow string, a *authorization) {
	var asks []string
	for _, p := range permissions(a.scopes) {
		switch p {
		case "Presence.ReadWrite":
			asks = append(asks, "Read and write your presence")
		case "Presence.Read":
			asks = append(asks, "Read your presence")
		case "openid", "profile", "email":
		case "offline_access":
			asks = append(asks, "Keep access that you have given it")
		default:
			asks = append(asks, p)
		}
	}
	s.page(w, http.StatusOK, "consent.html", map[string]any{"Title": "Permissions requested", "Flow": flow, "Name": a.user.name, "UPN": a.user.upn, "Asks": asks})
}

// answerPage hands the outcome to the client's loopback address, as a form
// that posts itself, or as a redirect.
func (s *Server) answerPage(w http.ResponseWriter, r *http.Request, a *authorization, v url.Values) {
	if a.state != "" {
		v.Set("state", a.state)
	}
	if a.mode != "form_post" {
		u, err := url.Parse(a.redirect)
		if err != nil {
			s.errorPage(w, aadstsError(9002313))
			return
		}
		q := u.Query()
		for k := range v {
			q.Set(k, v.Get(k))
		}
		u.RawQuery = q.Encode()
		http.Redirect(w, r, u.String(), http.StatusFound)
		return
	}
	fields := map[string]string{}
	for k := range v {
		fields[k] = v.Get(k)
	}
	s.page(w, http.StatusOK, "answer.html", map[string]any{"Title": "Working…", "To": a.redirect, "Fields": fields})
}

func (s *Server) errorPage(w http.ResponseWriter, e oauthError) {
	s.page(w, http.StatusBadRequest, "done.html", map[string]any{"Title": "Sorry, but we're having trouble signing you in", "Text": e.describe()})
}

func (s *Server) codePage(w http.ResponseWriter, code, problem string) {
	s.page(w, http.StatusOK, "code.html", map[string]any{"Title": "Enter code", "Code": code, "Problem": problem, "People": s.people("")})
}

func (s *Server) donePage(w http.ResponseWriter, title, text string) {
	s.page(w, http.StatusOK, "done.html", map[string]any{"Title": title, "Text": text})
}
