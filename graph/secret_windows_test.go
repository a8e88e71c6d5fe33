package graph

import (
	"strings"
	"testing"

	"golang.org/x/sys/windows"
)

// allow gives a file the access list that is written in SDDL; {me} is the user.
func allow(t *testing.T, path, sddl string) {
	t.Helper()
	me, err := windows.GetCurrentProcessToken().GetTokenUser()
	if err != nil {
		t.Fatal(err)
	}
	sd, err := windows.SecurityDescriptorFromString(strings.ReplaceAll(sddl, "{me}", me.User.Sid.String()))
	if err != nil {
		t.Fatal(err)
	}
	list, _, err := sd.DACL()
	if err != nil {
		t.Fatal(err)
	}
	err = windows.SetNamedSecurityInfo(path, windows.SE_FILE_OBJECT,
		windows.DACL_SECURITY_INFORMATION|windows.PROTECTED_DACL_SECURITY_INFORMATION, nil, nil, list, nil)
	if err != nil {
		t.Fatal(err)
	}
}

// makePrivate does what icacls does for a careful person. Wine accepts the list
// and keeps the old one; the tests are then skipped.
func makePrivate(t *testing.T, path string) {
	t.Helper()
	allow(t, path, "D:P(A;;FA;;;{me})")
	sd, err := windows.GetNamedSecurityInfo(path, windows.SE_FILE_OBJECT, windows.DACL_SECURITY_INFORMATION)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(sd.String(), ";WD)") {
		t.Skipf("this system keeps no access list: %s", sd)
	}
}

func TestSecretFileOfOthers(t *testing.T) {
	path := secretFile(t, "topsecret")
	for name, sddl := range map[string]string{"everyone": "D:P(A;;FA;;;{me})(A;;FR;;;WD)", "users": "D:P(A;;FA;;;{me})(A;;FR;;;BU)"} {
		allow(t, path, sddl)
		if _, err := loadSecret(path); err == nil || !strings.Contains(err.Error(), `icacls FILE /inheritance:r /grant:r "*S-1-5-`) || strings.Contains(err.Error(), "USERNAME") {
			t.Errorf("%s: %v", name, err)
		}
	}
	makePrivate(t, path)
	if s, err := loadSecret(path); err != nil || s != "topsecret" {
		t.Errorf("a private file: %v", err)
	}
}
