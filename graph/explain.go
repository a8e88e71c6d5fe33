package graph

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
)

// Advice says in words what went wrong and what to do. Key names the sentence
// in a message catalogue, Args fill it; String is the English one.
type Advice struct {
	Key  string
	Args []any
	// Link is a page that mends it, such as an administrator's consent; empty:
	// none.
	Link string
}

// English has the sentence of each key; fmt verbs take Args.
var English = map[string]string{
	"locked":       "The keyring is locked, so your sign-in cannot be read. Unlock it, or sign in again.",
	"absent":       "There is no keyring service, so your sign-in cannot be kept. Install and start one (gnome-keyring, KWallet or KeePassXC).",
	"damaged":      "What the keyring keeps of your sign-in is damaged. Choose Sign in.",
	"refused":      "Unlocking the keyring was refused, so your sign-in cannot be read. Choose Sign in to try again.",
	"no-client":    "No application id is set. Put the id of your app registration into the settings file, [account] client_id.",
	"no-presence":  "The Microsoft cloud in China has no presence, so there is nothing to set.",
	"signed-out":   "Nobody is signed in. Choose Sign in.",
	"unanswered":   "The sign-in page was not finished in time. Choose Sign in to try again.",
	"cancelled":    "The sign-in was cancelled.",
	"declined":     "You declined the permissions on the sign-in page. heliograph needs them to set your presence.",
	"single":       "This app registration is for one tenant only (AADSTS%d). Put that tenant's id or domain into the settings file, [account] tenant.",
	"consent":      "Your organisation has not allowed heliograph yet (AADSTS%d). Accept its permissions when asked, or send an administrator the consent link.",
	"admin":        "An administrator has to allow heliograph first (AADSTS%d). Send them the consent link.",
	"unknown-app":  "This application id does not exist in your organisation (AADSTS%d). Check client_id and tenant in the settings file.",
	"disabled-app": "This application was disabled in your organisation (AADSTS%d). Ask an administrator, or register your own.",
	"blocked":      "Your organisation's Conditional Access blocks this way of signing in (AADSTS%d). Try the other one (browser or device code), or ask an administrator.",
	"device":       "Your organisation only accepts managed devices here (AADSTS%d). Ask an administrator.",
	"expired":      "Your sign-in has expired or was revoked (AADSTS%d). Choose Sign in.",
	"secret":       "The client secret or certificate is wrong or has expired (AADSTS%d). Make a new one in Entra.",
	"no-secret":    "No client secret is kept for the application. Put one into the keyring with heliograph secret set application, or name a file in the settings, [account] secret_file or certificate_file.",
	"credential":   "The application cannot sign in: %v.",
	"application":  "The application itself lacks a permission (AADSTS%d). An administrator can grant it with the consent link.",
	"entra":        "Microsoft's sign-in refused (AADSTS%d). Choose Sign in to try again.",
	"entra-kept":   "Microsoft's sign-in refuses at the moment (AADSTS%d). heliograph goes on trying; if this lasts, ask an administrator.",
	"sign-in":      "Microsoft asks you to sign in again. Choose Sign in.",
	"token":        "Microsoft does not accept your sign-in at the moment. heliograph goes on trying; if this lasts, sign out and sign in again.",
	"permission":   "Microsoft Graph refuses: a permission is missing. An administrator can grant it with the consent link.",
	"invalid":      "Microsoft Graph does not accept the request (%d %s). This is a fault of heliograph: please report it.",
	"busy":         "Microsoft asks heliograph to wait. It goes on by itself.",
	"server":       "Microsoft has trouble (%d). heliograph goes on trying.",
	"redirected":   "Something on this network redirects Microsoft's address, as the sign-in page of a hotspot does. heliograph sends nothing there and goes on trying. If it is a hotspot, sign in to it in your browser.",
	"network":      "Microsoft cannot be reached. heliograph goes on trying and catches up at once.",
}

func (a Advice) String() string { return fmt.Sprintf(English[a.Key], a.Args...) }

// byAADSTS sorts Entra's numbers.
//
// Source: https://learn.microsoft.com/entra/identity-platform/reference-error-codes
var byAADSTS = map[int]string{
	50194: "single", 65001: "consent", 65004: "declined", 90094: "admin", 90095: "admin",
	700016: "unknown-app", 90002: "unknown-app", 7000112: "disabled-app",
	53003: "blocked", 50005: "blocked", 53000: "device", 53001: "device",
	50173: "expired", 700082: "expired", 70008: "expired", 50078: "expired", 700084: "expired",
	7000215: "secret", 7000222: "secret", 700027: "secret", 501051: "application",
}

// Explain turns an error of this package into advice.
func Explain(err error) Advice {
	for _, known := range []struct {
		err error
		key string
	}{{ErrVaultLocked, "locked"}, {ErrVaultRefused, "refused"}, {ErrVaultAbsent, "absent"}, {ErrVaultDamaged, "damaged"}, {ErrNoClientID, "no-client"}, {ErrNoPresence, "no-presence"},
		{ErrNoCredential, "no-secret"}, {ErrNobodyAnswered, "unanswered"}, {ErrCancelled, "cancelled"}, {ErrNoItem, "signed-out"}} {
		if errors.Is(err, known.err) {
			return Advice{Key: known.key}
		}
	}
	var c *CredentialError
	if errors.As(err, &c) {
		return Advice{Key: "credential", Args: []any{c}}
	}
	var s *SignInError
	if errors.As(err, &s) {
		return explainSignIn(s)
	}
	var r *RedirectError
	if errors.As(err, &r) {
		return Advice{Key: "redirected"}
	}
	var e *Error
	if !errors.As(err, &e) {
		return Advice{Key: "network"}
	}
	switch {
	case e.token():
		return Advice{Key: "token"}
	case e.foreign() && e.Status != http.StatusTooManyRequests:
		return Advice{Key: "network"}
	case e.Status == http.StatusForbidden, e.Status == http.StatusUnauthorized:
		return Advice{Key: "permission", Link: e.Link}
	case e.Wait > 0 || e.Status == http.StatusTooManyRequests:
		return Advice{Key: "busy"}
	case e.Status >= 500, e.from != "":
		return Advice{Key: "server", Args: []any{e.Status}}
	}
	return Advice{Key: "invalid", Args: []any{e.Status, e.Code}}
}

func explainSignIn(s *SignInError) Advice {
	key, known := byAADSTS[s.AADSTS]
	switch {
	case known && key == "declined":
		return Advice{Key: key}
	case key == "consent" || key == "admin" || key == "application":
		return Advice{Key: key, Args: []any{s.AADSTS}, Link: s.Link}
	case known:
		return Advice{Key: key, Args: []any{s.AADSTS}}
	case s.Name == "access_denied":
		return Advice{Key: "declined"}
	case s.AADSTS != 0 && s.keeps:
		return Advice{Key: "entra-kept", Args: []any{s.AADSTS}}
	case s.AADSTS != 0:
		return Advice{Key: "entra", Args: []any{s.AADSTS}}
	}
	if s.keeps {
		return Advice{Key: "token"}
	}
	return Advice{Key: "sign-in"}
}

// ConsentLink is the page on which an administrator allows heliograph for the
// whole organisation.
//
// Source: https://learn.microsoft.com/entra/identity/enterprise-apps/grant-admin-consent
func (a *Account) ConsentLink() string {
	tenant := a.config.Tenant
	if t := a.Person().Tenant; t != "" {
		tenant = t
	}
	scope := a.cloud.Graph + "/Presence.ReadWrite " + a.cloud.Graph + "/Presence.Read"
	if a.app != nil {
		scope = a.cloud.Graph + "/.default" // all that the registration lists
	}
	return a.cloud.Authority + "/" + url.PathEscape(tenant) + "/v2.0/adminconsent?client_id=" + url.QueryEscape(a.config.ClientID) +
		"&scope=" + url.QueryEscape(scope)
}
