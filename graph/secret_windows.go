package graph

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"unsafe"

	"golang.org/x/sys/windows"
)

// openWithoutWaiting is not needed: a path does not name a pipe that blocks.
const openWithoutWaiting = 0

// contentRights are the rights to read a file's content or to change it; the
// others only show that it exists.
const contentRights = windows.FILE_READ_DATA | windows.FILE_WRITE_DATA | windows.FILE_APPEND_DATA | windows.WRITE_DAC | windows.WRITE_OWNER |
	windows.GENERIC_READ | windows.GENERIC_WRITE | windows.GENERIC_ALL

// onlyOwner refuses a file whose access list allows anybody but the user, the
// system and the administrators, who can read everything anyway.
func onlyOwner(f *os.File, _ fs.FileInfo) error {
	sd, err := windows.GetSecurityInfo(windows.Handle(f.Fd()), windows.SE_FILE_OBJECT, windows.DACL_SECURITY_INFORMATION)
	if err != nil {
		return fmt.Errorf("has permissions that cannot be read: %w", err)
	}
	list, _, err := sd.DACL()
	if err != nil || list == nil {
		return errors.New("can be read by everybody: allow your own account alone")
	}
	me, err := windows.GetCurrentProcessToken().GetTokenUser()
	if err != nil {
		return fmt.Errorf("cannot be checked: your account is unknown: %w", err)
	}
	for i := range uint32(list.AceCount) {
		var entry *windows.ACCESS_ALLOWED_ACE
		if err := windows.GetAce(list, i, &entry); err != nil {
			return fmt.Errorf("has permissions that cannot be read: %w", err)
		}
		if entry.Header.AceType != windows.ACCESS_ALLOWED_ACE_TYPE || entry.Mask&contentRights == 0 {
			continue
		}
		sid := (*windows.SID)(unsafe.Pointer(&entry.SidStart))
		if sid.Equals(me.User.Sid) || sid.IsWellKnown(windows.WinLocalSystemSid) ||
			sid.IsWellKnown(windows.WinBuiltinAdministratorsSid) || sid.IsWellKnown(windows.WinCreatorOwnerRightsSid) {
			continue
		}
		// The account's number means the same in cmd and in PowerShell, which does
		// not know %USERNAME%.
		return fmt.Errorf(`can be reached by others (%s): run icacls FILE /inheritance:r /grant:r "*%s:F"`, sid, me.User.Sid)
	}
	return nil
}
