// Package settings reads the settings file: one commented TOML file that a
// person edits. It is strict: an unknown key or a bad value is an error that
// names the key, the line and what is accepted, never a silent default.
//
// It holds no secret: tokens and passwords live in the OS keyring.
package settings

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"

	"heliograph/tray/folders"
)

// Config is the whole file; each field says its meaning in template.toml.
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

// General says how heliograph speaks.
type General struct {
	Language Language `toml:"language"`
}

// Account says who signs in where.
type Account struct {
	ClientID string `toml:"client_id"`
	Tenant   string `toml:"tenant"`
	Cloud    Cloud  `toml:"cloud"`
	API      API    `toml:"api"`
	SignIn   SignIn `toml:"sign_in"`
	// User, SecretFile and CertificateFile count for SignIn "application" only.
	User            string `toml:"user"`
	SecretFile      string `toml:"secret_file"`
	CertificateFile string `toml:"certificate_file"`
	Emulator        string `toml:"emulator"`
}

// Automatic holds the rules of the automatic status.
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

// Calls says what a call is.
type Calls struct {
	Debounce Duration `toml:"debounce"`
	Grace    Duration `toml:"grace"`
	Allow    []string `toml:"allow"`
	Deny     []string `toml:"deny"`
	App      []App    `toml:"app"`
}

// App adds a program to the app table.
type App struct {
	Name  string   `toml:"name"`
	Class Class    `toml:"class"`
	Match []string `toml:"match"`
}

// Notifications switches classes of toasts.
type Notifications struct {
	SignIn  bool `toml:"sign_in"`
	Trouble bool `toml:"trouble"`
	Call    bool `toml:"call"`
	Tray    bool `toml:"tray"`
}

// Hooks names a command that is run with each change.
type Hooks struct {
	OnChange []string `toml:"on_change"`
	Timeout  Duration `toml:"timeout"`
}

// Webhook is an address that is told each change.
type Webhook struct {
	URL     string `toml:"url"`
	Account bool   `toml:"account"`
}

// MQTT is a broker that keeps the latest state.
type MQTT struct {
	Broker        string `toml:"broker"`
	Username      string `toml:"username"`
	CAFile        string `toml:"ca_file"`
	Name          string `toml:"name"`
	Discovery     string `toml:"discovery"`
	Account       bool   `toml:"account"`
	AllowCommands bool   `toml:"allow_commands"`
}

// DBus offers the state on the session bus.
type DBus struct {
	Enabled bool `toml:"enabled"`
}

// Log says how much is logged.
type Log struct {
	Level Level `toml:"level"`
}

// Default is what an empty file means.
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

// Path is where the settings file lives unless --config names another.
func Path() (string, error) {
	dir, err := folders.Settings()
	if err != nil {
		return "", fmt.Errorf("%w: set HOME, or name a file with --config", err)
	}
	return filepath.Join(dir, "config.toml"), nil
}

// Load reads the file at path; one that does not exist means the defaults.
func Load(path string) (Config, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Default(), nil
	}
	if err != nil {
		return Config{}, fmt.Errorf("settings file cannot be read: %w", err)
	}
	c, err := Parse(data)
	if err != nil {
		return Config{}, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

// maxSize is far above any file a person writes, far below what hurts.
const maxSize = 1 << 20

// Parse reads a settings file's bytes.
func Parse(data []byte) (Config, error) {
	c := Default()
	if len(data) > maxSize {
		return Config{}, fmt.Errorf("settings file is larger than %d bytes", maxSize)
	}
	d := toml.NewDecoder(strings.NewReader(string(data)))
	d.DisallowUnknownFields()
	if err := d.Decode(&c); err != nil {
		return Config{}, explain(err)
	}
	if err := c.check(); err != nil {
		return Config{}, err.at(data)
	}
	return c, nil
}

// EnsureFile writes the commented default file if none is at path.
func EnsureFile(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("settings folder cannot be made: %w", err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("settings file cannot be made: %w", err)
	}
	if _, err := f.WriteString(Template); err != nil {
		f.Close()
		return fmt.Errorf("settings file cannot be written: %w", err)
	}
	return f.Close()
}
