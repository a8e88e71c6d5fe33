package tray

import (
	"context"
	"sync"
	"unsafe"

	"github.com/ebitengine/purego/objc"
)

// item is one row of the menu.
type item struct {
	row  Row
	menu objc.ID
	rows []*item
}

// drawer applies views to the icon in the menu bar. Cocoa is touched on the
// main thread only.
type drawer struct {
	opts   Options
	clicks chan<- string
	ctx    context.Context
	wait   *sync.WaitGroup

	// Used on the main thread only.
	status objc.ID
	icon   Icon
	tip    string
	items  []*item
	ids    []string // by tag

	mu   sync.Mutex
	view View // the latest
}

// build makes the icon and the menu. It is called on the main thread.
func (d *drawer) build(v View, _ bool) {
	cocoa.mu.Lock()
	cocoa.drawer = d
	cocoa.mu.Unlock()
	const variableLength = -1.0 // NSVariableStatusItemLength
	bar := send(class("NSStatusBar"), "systemStatusBar")
	d.status = send(send(bar, "statusItemWithLength:", variableLength), "retain")
	menu := d.submenu()
	for _, r := range v.Rows {
		d.items = append(d.items, d.add(menu, r))
	}
	send(d.status, "setMenu:", menu)
	d.draw(v)
}

// submenu makes an empty menu that does not enable or disable rows on its own.
func (d *drawer) submenu() objc.ID {
	menu := send(send(class("NSMenu"), "alloc"), "init")
	send(menu, "setAutoenablesItems:", false)
	return menu
}

func (d *drawer) add(menu objc.ID, r Row) *item {
	it := &item{row: r}
	if r.Separator {
		send(menu, "addItem:", send(class("NSMenuItem"), "separatorItem"))
		return it
	}
	it.menu = send(send(class("NSMenuItem"), "alloc"), "initWithTitle:action:keyEquivalent:", text(r.Label), objc.RegisterName(doClick), text(""))
	send(it.menu, "setTarget:", cocoa.delegate)
	send(it.menu, "setTag:", len(d.ids))
	d.ids = append(d.ids, r.ID)
	it.show(r)
	if len(r.Rows) > 0 {
		sub := d.submenu()
		for _, s := range r.Rows {
			it.rows = append(it.rows, d.add(sub, s))
		}
		send(it.menu, "setSubmenu:", sub)
	}
	send(menu, "addItem:", it.menu)
	return it
}

// show sets all that can be seen of a row.
func (it *item) show(r Row) {
	send(it.menu, "setTitle:", text(r.Label))
	send(it.menu, "setEnabled:", !r.Disabled)
	send(it.menu, "setHidden:", r.Hidden)
	state := 0
	if r.Checked {
		state = 1
	}
	send(it.menu, "setState:", state)
}

// clicked passes a click on. It is called on the main thread, which must not
// wait: clicks that exceed the channel's capacity are dropped.
func (d *drawer) clicked(tag int) {
	if tag < 0 || tag >= len(d.ids) {
		return
	}
	select {
	case d.clicks <- d.ids[tag]:
	default:
	}
}

// apply asks the main thread to draw v; the latest view wins.
func (d *drawer) apply(v View, _ bool) {
	d.mu.Lock()
	d.view = v
	d.mu.Unlock()
	onMain(doApply)
}

// redraw draws the difference between the latest view and the menu. It is
// called on the main thread.
func (d *drawer) redraw() {
	d.mu.Lock()
	v := d.view
	d.mu.Unlock()
	applyRows(d.items, v.Rows)
	d.draw(v)
}

func applyRows(items []*item, rows []Row) {
	for i, it := range items {
		if i >= len(rows) || it.menu == 0 {
			continue
		}
		r := rows[i]
		if o := it.row; r.Label != o.Label || r.Disabled != o.Disabled || r.Hidden != o.Hidden || r.Checked != o.Checked {
			it.show(r)
		}
		applyRows(it.rows, r.Rows)
		it.row = r
	}
}

// draw draws the icon and the tooltip. The bar colours the icon itself, a
// template, so that it needs no shade of its own.
func (d *drawer) draw(v View) {
	button := send(d.status, "button")
	if v.Icon != d.icon {
		d.icon = v.Icon
		if raw := d.opts.Icons(v.Icon, false); len(raw) > 0 {
			data := send(class("NSData"), "dataWithBytes:length:", unsafe.Pointer(&raw[0]), uint(len(raw)))
			image := send(send(send(class("NSImage"), "alloc"), "initWithData:", data), "autorelease")
			const points = 18 // a menu bar is 22 high
			send(image, "setSize:", point{points, points})
			send(image, "setTemplate:", true) // drawn light or dark, as the bar needs it
			send(button, "setImage:", image)
		}
	}
	if v.Tooltip != d.tip {
		d.tip = v.Tooltip
		send(button, "setToolTip:", text(v.Tooltip))
		send(button, "setAccessibilityLabel:", text(v.Tooltip))
	}
}

// text makes a Cocoa string, which is freed at the end of the loop's turn.
func text(s string) objc.ID { return send(class("NSString"), "stringWithUTF8String:", s) }

// forget has nothing to do: Cocoa keeps what was drawn.
func (*drawer) forget() {}
