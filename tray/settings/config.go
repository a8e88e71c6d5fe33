// Package settings owns the settings: what the commented TOML file says, what
// the menu has switched, and the defaults, checked and merged into one [Value]
// that changes while heliograph runs.
//
// It is strict: an unknown key or a value that cannot be used is a [Problem]
// that names the key, the line and what is accepted. It never becomes a silent
// default: the previous settings stay in use.
//
// It keeps no secret: tokens and passwords are kept in the system's keyring. It
// applies nothing: whoever uses a setting subscribes to it.
package settings

import "time"

// Config is a settings file. template.toml explains each field; what is not in
// the file has the value of [Default].
type Config struct {
	General       General       `toml:"general"`
	Account       Account       `toml:"account"`
	Automatic     Automatic     `toml:"automatic"`
	Calls         Calls         `toml:"calls"`
	Notifications Notifications `toml:"notifications"`
	Hooks         Hooks         `toml:"hooks"`
	Webhook       Webhook       `toml:"webhook"`
	MQTT          MQTT          `toml:"mqtt"`
	DBus          DBus          `toml:"dbus"`
	Log           Log           `toml:"log"`
}

// General is the section for the program as a whole.
type General struct {
	Language Language `toml:"language"`
}

// Account is the section for who signs in, and where.
type Account struct {
	ClientID string `toml:"client_id"`
	Tenant   string `toml:"tenant"`
	Cloud    Cloud  `toml:"cloud"`
	API      API    `toml:"api"`
	SignIn   SignIn `toml:"sign_in"`
	// User, SecretFile and CertificateFile are used with SignIn "application"
	// alone.
	User            string `toml:"user"`
	SecretFile      string `toml:"secret_file"`
	CertificateFile string `toml:"certificate_file"`
	Emulator        string `toml:"emulator"`
}

// Automatic is the section for the rules of the automatic status.
type Automatic struct {
	AwayAfter          Duration `toml:"away_after"`
	AwayWhenLocked     bool     `toml:"away_when_locked"`
	BusyInCall         bool     `toml:"busy_in_call"`
	PresentWhenSharing bool     `toml:"present_when_sharing"`
	VideoIsPresence    bool     `toml:"video_is_presence"`
	CallMessage        string   `toml:"call_message"`
	WorkDays           []Day    `toml:"work_days"`
	WorkFrom           Clock    `toml:"work_from"`
	WorkTo             Clock    `toml:"work_to"`
}

// Calls is the section for what counts as a call.
type Calls struct {
	Debounce Duration `toml:"debounce"`
	Grace    Duration `toml:"grace"`
	Allow    []string `toml:"allow"`
	Deny     []string `toml:"deny"`
	App      []App    `toml:"app"`
}

// App is a row that is added to the app table.
type App struct {
	Name  string   `toml:"name"`
	Class Class    `toml:"class"`
	Match []string `toml:"match"`
}

// Notifications is the section for which notices may pop up.
type Notifications struct {
	SignIn  bool `toml:"sign_in"`
	Trouble bool `toml:"trouble"`
	Call    bool `toml:"call"`
	Tray    bool `toml:"tray"`
}

// Hooks is the section for a command that is run with each change.
type Hooks struct {
	OnChange []string `toml:"on_change"`
	Timeout  Duration `toml:"timeout"`
}

// Webhook is the section for an address that each change is sent to.
type Webhook struct {
	URL     string `toml:"url"`
	Account bool   `toml:"account"`
}

// MQTT is the section for a broker that keeps the latest state.
type MQTT struct {
	Broker        string `toml:"broker"`
	Username      string `toml:"username"`
	CAFile        string `toml:"ca_file"`
	Name          string `toml:"name"`
	Discovery     string `toml:"discovery"`
	Account       bool   `toml:"account"`
	AllowCommands bool   `toml:"allow_commands"`
}

// DBus is the section for the state on the session bus.
type DBus struct {
	Enabled bool `toml:"enabled"`
}

// Log is the section for the log.
type Log struct {
	Level Level `toml:"level"`
}

// Default returns the settings that an empty file means.
func Default() Config {
	return Config{
		General: General{Language: "auto"},
		Account: Account{Tenant: "organizations", Cloud: "global", API: "v1.0", SignIn: "person"},
		Automatic: Automatic{
			AwayAfter: Duration(5 * time.Minute), AwayWhenLocked: true, BusyInCall: true,
			WorkFrom: Clock(8 * time.Hour / time.Minute), WorkTo: Clock(18 * time.Hour / time.Minute),
		},
		Calls:         Calls{Debounce: Duration(2 * time.Second), Grace: Duration(15 * time.Second)},
		Notifications: Notifications{SignIn: true, Trouble: true, Call: true, Tray: true},
		Hooks:         Hooks{Timeout: Duration(10 * time.Second)},
		MQTT:          MQTT{Discovery: "homeassistant"},
		DBus:          DBus{Enabled: true},
		Log:           Log{Level: "info"},
	}
}
