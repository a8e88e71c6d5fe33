package settings

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// Show renders the settings in the form of the file, each with a comment that
// says where it comes from. Pasted into a file they mean what they show.
func (v Value) Show() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# The settings in use. Settings file: %s\n", v.Path)
	if v.Problem != nil {
		fmt.Fprintf(&b, "# The file is wrong, so the %s settings are used. %s\n", v.Fallback(), oneLine(v.Problem.Where()))
	}
	sections := reflect.ValueOf(v.Config)
	for i := range sections.NumField() {
		name := sections.Type().Field(i).Tag.Get("toml")
		fmt.Fprintf(&b, "\n[%s]\n", name)
		v.showSection(&b, name, sections.Field(i))
	}
	return b.String()
}

func (v Value) showSection(b *strings.Builder, name string, section reflect.Value) {
	for i := range section.NumField() {
		key := section.Type().Field(i).Tag.Get("toml")
		value := section.Field(i).Interface()
		if apps, ok := value.([]App); ok && len(apps) > 0 {
			v.showApps(b, apps)
			continue
		}
		fmt.Fprintf(b, "%s # %s\n", assign(key, value), v.Origin(name+"."+key))
	}
}

// showApps comes last in its section: each app is a section of its own.
func (v Value) showApps(b *strings.Builder, apps []App) {
	for _, a := range apps {
		fmt.Fprintf(b, "\n[[calls.app]] # %s\n%s\n%s\n%s\n", v.Origin("calls.app"), assign("name", a.Name), assign("class", a.Class), assign("match", a.Match))
	}
}

// assign writes the assignment of one value in TOML.
func assign(key string, value any) string {
	raw, err := toml.Marshal(map[string]any{key: value})
	if err != nil {
		// Only a weekday that does not exist has no text, and none is read.
		return "# " + key + " cannot be shown: " + oneLine(err.Error())
	}
	return strings.TrimRight(string(raw), "\n")
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
