package tray

import "testing"

// TestListedItems: an item of :1.11 is not one of :1.1.
func TestListedItems(t *testing.T) {
	for item, want := range map[string]bool{
		":1.1/StatusNotifierItem": true, ":1.1": true, "org.kde.StatusNotifierItem-7-1": true, "org.kde.StatusNotifierItem-7-1/StatusNotifierItem": true,
		":1.11/StatusNotifierItem": false, ":1.11": false, "org.kde.StatusNotifierItem-7-12": false, "": false,
	} {
		if got := lists([]string{":1.5/other", item}, ":1.1", "org.kde.StatusNotifierItem-7-1"); got != want {
			t.Errorf("%q is listed: %v", item, got)
		}
	}
}
