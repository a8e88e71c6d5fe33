// Package tray shows a View on the desktop's status area and reports clicks.
// It holds no truth: whoever calls Apply owns the state, and a click changes
// nothing here until a new View says so.
package tray

// Icon is the state drawn by shape and colour.
type Icon string

// The icons; each has its own shape, so that none is told by colour alone.
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

// View is all that the tray shows. Equal views draw nothing.
type View struct {
	Icon    Icon
	Tooltip string // complete sentence: screen readers speak it
	Rows    []Row
}

// Row is one row of the menu. The set of ids and their order is fixed by the
// first View; later Views change how rows look, never which exist.
type Row struct {
	ID        string
	Label     string
	Separator bool
	Disabled  bool
	Hidden    bool
	Checkable bool
	Checked   bool
	Rows      []Row // one submenu level
}
