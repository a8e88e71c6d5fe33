// Package tray shows a View on the desktop's status area and reports clicks.
// It keeps no state of its own: whoever calls Apply owns the state, and a click
// changes nothing here until a new View does.
package tray

// Icon is a state that the icon shows by its shape and colour.
type Icon string

// The icons. Each has a shape of its own, for people who do not see the colours.
const (
	IconAvailable    Icon = "available"
	IconBusy         Icon = "busy"
	IconDoNotDisturb Icon = "dnd"
	IconBeRightBack  Icon = "brb"
	IconAway         Icon = "away"
	IconOffline      Icon = "offline"
	IconSignedOut    Icon = "signedout" // nobody is signed in
	IconTrouble      Icon = "trouble"   // presence cannot be set
)

// View is all that the tray shows. Only differences between views are drawn.
type View struct {
	Icon    Icon
	Tooltip string // a complete sentence, because screen readers read it aloud
	Rows    []Row
}

// Row is one row of the menu. The first View fixes which rows there are and
// their order; later Views change only how rows look.
type Row struct {
	ID        string
	Label     string
	Separator bool
	Disabled  bool
	Hidden    bool
	Checkable bool
	Checked   bool
	Rows      []Row // the submenu; a row in it has none
}
