package words

import "golang.org/x/sys/windows"

// locale returns the person's languages in the order of their settings.
//
// Source: https://learn.microsoft.com/windows/win32/api/winnls/nf-winnls-getuserpreferreduilanguages
func locale() []string {
	names, err := windows.GetUserPreferredUILanguages(windows.MUI_LANGUAGE_NAME)
	if err != nil {
		return nil
	}
	return names
}
