package support

import (
	"fmt"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"
)

// release returns the version of Windows.
func release() []string {
	v := windows.RtlGetVersion()
	all := []string{fmt.Sprintf("Windows %d.%d.%d", v.MajorVersion, v.MinorVersion, v.BuildNumber)}
	k, err := registry.OpenKey(registry.LOCAL_MACHINE, `SOFTWARE\Microsoft\Windows NT\CurrentVersion`, registry.QUERY_VALUE)
	if err != nil {
		return all
	}
	defer k.Close()
	for _, name := range []string{"ProductName", "DisplayVersion", "EditionID"} {
		if value, _, err := k.GetStringValue(name); err == nil {
			all = append(all, name+" "+value)
		}
	}
	return all
}
