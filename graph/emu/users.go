package emu

import (
	"net/http"
	"slices"
	"strings"
)

// getUser answers with the properties that $select names, of the few that the
// directory has. Only an application may use it.
//
// Source: https://learn.microsoft.com/graph/api/user-get
func (s *Server) getUser(r *http.Request, g *grant, id string) (any, *failure) {
	switch {
	case r.Method != http.MethodGet:
		return nil, methodNotAllowed(http.MethodGet)
	case g.user != nil, !g.hasAny([]string{"User.Read.All", "User.ReadBasic.All", "Directory.Read.All"}):
		return nil, &failure{status: 403, code: "Authorization_RequestDenied", message: "Insufficient privileges to complete the operation."}
	}
	u := s.byID(id)
	if u == nil {
		return nil, notFound("Resource '" + id + "' does not exist or one of its queried reference-property objects are not present.")
	}
	out := map[string]any{"id": u.id, "displayName": u.name, "userPrincipalName": u.upn}
	if names := r.URL.Query().Get("$select"); names != "" {
		for key := range out {
			if !slices.Contains(strings.Split(names, ","), key) {
				delete(out, key)
			}
		}
	}
	return out, nil
}
