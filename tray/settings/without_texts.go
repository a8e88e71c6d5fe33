package settings

import (
	"fmt"
	"reflect"
	"strings"
)

// noText stands in place of a text of the person's.
const noText = "(set)"

// ShowWithoutTexts is Show without what a person has written: names, addresses,
// paths, messages, commands. Numbers, choices of a few words and defaults are
// kept.
func (v Value) ShowWithoutTexts() string {
	var b strings.Builder
	b.WriteString("# The settings in use, without texts.\n")
	if v.Problem != nil {
		fmt.Fprintf(&b, "# The file is wrong in line %d, so the %s settings are used.\n", v.Problem.Line, v.Fallback())
	}
	sections, defaults := reflect.ValueOf(v.Config), reflect.ValueOf(Default())
	for i := range sections.NumField() {
		name := sections.Type().Field(i).Tag.Get("toml")
		fmt.Fprintf(&b, "\n[%s]\n", name)
		for j := range sections.Field(i).NumField() {
			key := sections.Field(i).Type().Field(j).Tag.Get("toml")
			value := withoutText(sections.Field(i).Field(j), defaults.Field(i).Field(j))
			fmt.Fprintf(&b, "%s # %s\n", assign(key, value), v.Origin(name+"."+key))
		}
	}
	return b.String()
}

// Texts lists the texts that ShowWithoutTexts leaves out, but the names of
// programs.
func (v Value) Texts() []string {
	var all []string
	sections, defaults := reflect.ValueOf(v.Config), reflect.ValueOf(Default())
	for i := range sections.NumField() {
		if sections.Type().Field(i).Name == "Calls" {
			continue
		}
		for j := range sections.Field(i).NumField() {
			all = append(all, textsOf(sections.Field(i).Field(j), defaults.Field(i).Field(j))...)
		}
	}
	return all
}

// withoutText returns a setting, or what stands in its place.
func withoutText(value, normal reflect.Value) any {
	if len(textsOf(value, normal)) == 0 {
		return value.Interface()
	}
	if value.Kind() == reflect.Slice {
		return fmt.Sprintf("(%d set)", value.Len())
	}
	return noText
}

// textsOf returns the texts in a setting that are the person's own: those of no
// type that has a few words only, and not the default.
func textsOf(value, normal reflect.Value) []string {
	switch value.Kind() {
	case reflect.String:
		if value.Type() == reflect.TypeFor[string]() && value.String() != "" && (!normal.IsValid() || value.String() != normal.String()) {
			return []string{value.String()}
		}
	case reflect.Slice:
		var all []string
		for i := range value.Len() {
			all = append(all, textsOf(value.Index(i), reflect.Value{})...)
		}
		return all
	case reflect.Struct:
		var all []string
		for i := range value.NumField() {
			all = append(all, textsOf(value.Field(i), reflect.Value{})...)
		}
		return all
	}
	return nil
}
