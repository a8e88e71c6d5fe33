package support

import (
	"net/url"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
)

// private lists what belongs to the person, by the word that replaces it.
func (f Facts) private() map[string][]string {
	host, _ := os.Hostname()
	names := map[string][]string{"user": userNames(), "computer": {host}, "set": f.Settings.Texts()}
	for _, text := range f.Settings.Texts() {
		if u, err := url.Parse(text); err == nil && u.Host != "" {
			names["address"] = append(names["address"], u.Host, u.Hostname())
		}
	}
	for _, proxy := range []string{"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"} {
		if u, err := url.Parse(os.Getenv(proxy)); err == nil && u.Host != "" {
			names["address"] = append(names["address"], u.Host, u.Hostname())
		}
	}
	for _, p := range f.Report.Parts {
		if p.Name == "account" && p.Problem == "" {
			names["account"] = append(names["account"], p.Value)
		}
	}
	if f.State != nil {
		names["account"] = append(names["account"], deref(f.State.Account))
		names["message"] = append(names["message"], deref(f.State.Choice.Message))
	}
	if f.Calls != nil {
		for _, s := range f.Calls.Streams {
			names["microphone"] = append(names["microphone"], s.Source)
			if s.Name != s.Program { // the program's own word for itself may be any
				names["name"] = append(names["name"], s.Name)
			}
		}
	}
	for _, label := range names["account"] {
		who, domain, _ := strings.Cut(label, "@")
		names["account"] = append(names["account"], who, domain)
	}
	return names
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// everybody are names of users that say nothing about a person, and are words of
// the log.
var everybody = []string{"root", "user", "admin", "administrator", "guest", "home", "system"}

// userNames returns the names of this person on this computer, and of the domain
// that they are from.
func userNames() []string {
	all := []string{os.Getenv("USER"), os.Getenv("USERNAME"), os.Getenv("LOGNAME"), os.Getenv("USERDOMAIN")}
	if home, err := os.UserHomeDir(); err == nil {
		all = append(all, filepath.Base(home))
	}
	if u, err := user.Current(); err == nil {
		all = append(all, strings.FieldsFunc(u.Username, func(r rune) bool { return r == '\\' || r == '@' })...)
		all = append(all, u.Name)
		all = append(all, strings.Fields(u.Name)...)
	}
	return slices.DeleteFunc(all, func(name string) bool { return slices.Contains(everybody, strings.ToLower(name)) })
}
