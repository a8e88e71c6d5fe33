//go:build !darwin

package tray

import (
	"context"
	"slices"
	"sync"

	"fyne.io/systray"
)

// This file and the loop files are the only ones that use fyne.io/systray. Its
// state is global to the process, and desktops do not follow the removal of
// rows reliably, so each row is made once and hidden or shown later. The
// library drops a click when no goroutine receives it, so each row has a
// goroutine of its own.

// item is one row on the desktop.
type item struct {
	row  Row
	menu *systray.MenuItem
	rows []*item
}

// drawer applies views to the one tray of the process.
type drawer struct {
	opts   Options
	clicks chan<- string
	ctx    context.Context // its end ends the goroutines of the rows
	wait   *sync.WaitGroup

	mu    sync.Mutex
	icon  Icon
	dark  bool
	tip   string
	items []*item
}

// build makes the menu, then the icon: a host may not draw an icon that has no
// menu yet.
func (d *drawer) build(v View, dark bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, r := range v.Rows {
		d.items = append(d.items, d.add(nil, r))
	}
	d.draw(v, dark)
}

func (d *drawer) add(parent *systray.MenuItem, r Row) *item {
	it := &item{row: r}
	switch {
	case r.Separator && parent == nil:
		systray.AddSeparator()
		return it
	case r.Separator:
		parent.AddSeparator()
		return it
	case parent == nil && r.Checkable:
		it.menu = systray.AddMenuItemCheckbox(escape(r.Label), "", r.Checked)
	case parent == nil:
		it.menu = systray.AddMenuItem(escape(r.Label), "")
	case r.Checkable:
		it.menu = parent.AddSubMenuItemCheckbox(escape(r.Label), "", r.Checked)
	default:
		it.menu = parent.AddSubMenuItem(escape(r.Label), "")
	}
	if r.Disabled {
		it.menu.Disable()
	}
	if r.Hidden {
		it.menu.Hide()
	}
	for _, sub := range r.Rows {
		it.rows = append(it.rows, d.add(it.menu, sub))
	}
	d.wait.Go(func() { d.listen(r.ID, it.menu.ClickedCh) })
	return it
}

// listen passes each click of one row on.
func (d *drawer) listen(id string, clicked <-chan struct{}) {
	for {
		select {
		case _, ok := <-clicked:
			if !ok {
				return
			}
			select {
			case d.clicks <- id:
			case <-d.ctx.Done():
				return
			}
		case <-d.ctx.Done():
			return
		}
	}
}

// apply draws the difference between v and what is shown.
func (d *drawer) apply(v View, dark bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i, it := range d.items {
		if i < len(v.Rows) {
			it.apply(v.Rows[i])
		}
	}
	d.draw(v, dark)
}

// draw draws the icon and the tooltip.
func (d *drawer) draw(v View, dark bool) {
	if (v.Icon != d.icon || dark != d.dark) && setIcon(d.opts.Icons(v.Icon, dark)) {
		d.icon, d.dark = v.Icon, dark
	}
	if v.Tooltip != d.tip {
		showTooltip(v.Tooltip)
		d.tip = v.Tooltip
	}
}

// setIcon shows a picture, and reports whether it could. The library, which logs
// elsewhere that the session bus has ended, panics here: that ends the tray, as
// loop notices too, but not the program, which still has to clear the presence.
func setIcon(picture []byte) (shown bool) {
	defer func() {
		if v := recover(); v != nil && !busClosed(v) {
			panic(v)
		}
	}()
	showPicture(picture)
	return true
}

// forget has the next apply draw the icon and the tooltip again. The library keeps
// the rows, and shows them as they are to a desktop that asks.
func (d *drawer) forget() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.icon, d.tip = "", ""
}

func (it *item) apply(r Row) {
	if it.menu == nil {
		return
	}
	old := it.row
	if r.Label != old.Label {
		it.menu.SetTitle(escape(r.Label))
	}
	if r.Disabled != old.Disabled {
		choose(r.Disabled, it.menu.Disable, it.menu.Enable)
	}
	if r.Checked != old.Checked {
		choose(r.Checked, it.menu.Check, it.menu.Uncheck)
	}
	if r.Hidden != old.Hidden {
		choose(r.Hidden, it.menu.Hide, it.menu.Show)
	}
	for i, sub := range it.rows {
		if i < len(r.Rows) {
			sub.apply(r.Rows[i])
		}
	}
	it.row = r
	it.row.Rows = slices.Clone(r.Rows)
}

func choose(yes bool, then, otherwise func()) {
	if yes {
		then()
	} else {
		otherwise()
	}
}
