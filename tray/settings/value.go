package settings

import (
	"fmt"
	"slices"
)

// Source is where a setting comes from.
type Source string

// The sources, each of which wins over those before it.
const (
	FromDefault Source = "default"
	FromFile    Source = "file"
	// FromLastGood: the file is wrong, and this is what it said before.
	FromLastGood Source = "last good file"
	FromMenu     Source = "menu"
	// FromPolicy: whoever manages this computer has set it.
	FromPolicy Source = "policy"
)

// Origin is where one setting comes from.
type Origin struct {
	Source Source
	// Line is the line in the file; 0: none. A list may have a part from the
	// menu and one from the file.
	Line int
}

// String returns the origin for a person: "file, line 12".
func (o Origin) String() string {
	switch {
	case o.Line == 0:
		return string(o.Source)
	case o.Source == FromMenu:
		return fmt.Sprintf("%s and file, line %d", o.Source, o.Line)
	}
	return fmt.Sprintf("%s, line %d", o.Source, o.Line)
}

// Value is the settings at one time. It is never changed.
type Value struct {
	// Config is what is used: the policy over the menu over the file over the
	// defaults.
	Config
	// File is what would be used without menu and policy.
	File Config
	Menu Menu
	// Path is the settings file. Problem is why it was refused; nil: it was
	// accepted.
	Path    string
	Problem *Problem

	source  Source // of File
	origins map[string]Origin
}

// Fallback says what is used instead of a file that was refused: "previous" or
// "default" settings.
func (v Value) Fallback() string {
	if v.source == FromLastGood {
		return "previous"
	}
	return "default"
}

// Origin returns where a setting comes from, by its key:
// "automatic.away_after".
func (v Value) Origin(key string) Origin {
	if o, known := v.origins[key]; known {
		return o
	}
	return Origin{Source: FromDefault}
}

// Switches returns the switches of the menu in their order.
func (v Value) Switches() []Switch {
	var out []Switch
	for _, r := range switchRules {
		out = append(out, Switch{ID: r.id, On: r.isOn(v.Automatic), Empty: r.empty != nil && r.empty(v.File.Automatic)})
	}
	return out
}

// ChangedInMenu lists the keys of the settings that a switch of the menu holds
// otherwise than the file, in the order of the menu.
func (v Value) ChangedInMenu() []string {
	var keys []string
	for _, r := range switchRules {
		if v.Origin(r.key).Source == FromMenu {
			keys = append(keys, r.key)
		}
	}
	return keys
}

// merge makes the value that is used. file is what the settings file says, or
// what is used instead, and source where that comes from.
func merge(o Options, file document, source Source, menu Menu, policy document) Value {
	v := Value{Config: file.config, File: file.config, Menu: menu, Path: o.Path, source: source, origins: map[string]Origin{}}
	for key, line := range file.lines {
		v.origins[key] = Origin{source, line}
	}
	message := func() string { return "" }
	if o.CallMessage != nil {
		message = func() string { return o.CallMessage(v.General.Language) }
	}
	for _, r := range switchRules {
		if on, set := menu.Switches[r.id]; set && on != r.isOn(v.File.Automatic) {
			r.set(&v.Automatic, on, v.File.Automatic, message)
			v.origins[r.key] = Origin{Source: FromMenu}
		}
	}
	menu.calls(&v.Calls)
	for key, lists := range map[string][2][]string{"calls.deny": {v.Calls.Deny, v.File.Calls.Deny}, "calls.allow": {v.Calls.Allow, v.File.Calls.Allow}} {
		if !slices.Equal(lists[0], lists[1]) {
			v.origins[key] = Origin{FromMenu, file.lines[key]}
		}
	}
	v.applyPolicy(policy)
	if o.Adjust != nil {
		o.Adjust(&v.Config)
	}
	return v
}

// applyPolicy puts a policy, which was checked alone, over everything else.
func (v *Value) applyPolicy(policy document) {
	if len(policy.lines) == 0 {
		return
	}
	c := v.Config
	if _, p := decode(policy.data, &c); p != nil {
		return
	}
	v.Config = c
	for key := range policy.lines {
		v.origins[key] = Origin{Source: FromPolicy}
	}
}
