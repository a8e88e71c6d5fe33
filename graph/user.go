package graph

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// userLookup is how far the name of an application's user is known.
type userLookup struct {
	mu   sync.Mutex
	done bool
	next time.Time // not before

	name, username string
}

const (
	// lookupTimeout bounds the request for the name, which only people read, so
	// that it does not delay presence.
	lookupTimeout = 3 * time.Second
	// lookupPause is between two tries that got no answer.
	lookupPause = time.Hour
)

// due reports whether to request the name now. If so, it is due again after
// lookupPause.
func (l *userLookup) due(now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if wait := l.next.Sub(now); l.done || wait > 0 && wait <= lookupPause { // a longer one means that the clock was set back
		return false
	}
	l.next = now.Add(lookupPause)
	return true
}

// answered stores the names and ends the requests; both names are empty if the
// application may not read them.
func (l *userLookup) answered(name, username string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.done, l.name, l.username = true, name, username
}

// user returns the person for whom the application acts, as far as known.
func (a *Account) user() Person {
	l := &a.lookup
	l.mu.Lock()
	defer l.mu.Unlock()
	return Person{ID: a.app.User, Name: l.name, Username: l.username, Tenant: a.config.Tenant, Application: true}
}

// lookUpUser asks Graph for the name of the user for whom an application acts.
// That takes a permission which heliograph does not need (User.Read.All or
// User.ReadBasic.All): without it the object id stays all that is known.
//
// Source: https://learn.microsoft.com/graph/api/user-get
func (a *Account) lookUpUser(ctx context.Context, bearer string) {
	if !a.lookup.due(time.Now().Round(0)) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	address := a.cloud.Graph + "/" + a.config.API + "/users/" + url.PathEscape(a.app.User) + "?$select=displayName,userPrincipalName"
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return
	}
	req.Header.Set("Authorization", "Bearer "+bearer)
	req.Header.Set("Accept", "application/json")
	resp, err := a.http.Do(req)
	if err != nil {
		return
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return
	}
	if resp.StatusCode >= 300 {
		if e := failure(resp, raw); !e.foreign() && e.Status < 500 && e.Status != http.StatusTooManyRequests {
			a.lookup.answered("", "") // the permission is missing
		}
		return
	}
	var user struct {
		DisplayName       string `json:"displayName"`
		UserPrincipalName string `json:"userPrincipalName"`
	}
	if json.Unmarshal(raw, &user) != nil || user.UserPrincipalName == "" {
		return // written by something on the way
	}
	a.lookup.answered(user.DisplayName, user.UserPrincipalName)
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.person.ID != "" { // else signed out meanwhile
		a.person = a.user()
	}
}
