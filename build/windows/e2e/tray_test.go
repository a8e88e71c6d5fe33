//go:build linux

package e2e

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"heliograph/assets"
	"heliograph/build/wait"
	"heliograph/graph/presence"
	"heliograph/tray/menu"
)

// taskbar is the height of Wine's taskbar in pixels; icons are at its right end.
const taskbar = 20

// screen returns a picture of the whole screen.
func screen(t *testing.T) image.Image {
	t.Helper()
	raw, err := exec.Command("import", "-window", "root", "png:-").Output()
	if err != nil {
		t.Fatal(err)
	}
	m, err := png.Decode(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// findIcon looks for the icon of a state at the right of the taskbar, by its
// main colour: nothing else there has it.
func findIcon(t *testing.T, state string) (image.Point, bool) {
	t.Helper()
	want := mainColour(state)
	m := screen(t)
	b := m.Bounds()
	var sum image.Point
	n := 0
	for y := b.Max.Y - taskbar; y < b.Max.Y; y++ {
		for x := b.Max.X - 200; x < b.Max.X; x++ {
			if near(m.At(x, y), want) {
				sum, n = sum.Add(image.Pt(x, y)), n+1
			}
		}
	}
	if n < 20 {
		return image.Point{}, false
	}
	return sum.Div(n), true
}

// mainColour returns the colour of most pixels of an icon.
func mainColour(state string) color.Color {
	m := assets.Image(state, 16, true)
	count := map[color.NRGBA]int{}
	var most color.NRGBA
	for y := range 16 {
		for x := range 16 {
			if c := m.NRGBAAt(x, y); c.A == 255 {
				if count[c]++; count[c] > count[most] {
					most = c
				}
			}
		}
	}
	return most
}

// near reports whether two colours look the same.
func near(a, b color.Color) bool {
	ar, ag, ab, _ := a.RGBA()
	br, bg, bb, _ := b.RGBA()
	far := func(x, y uint32) bool { return max(x, y)-min(x, y) > 0x0a00 }
	return !far(ar, br) && !far(ag, bg) && !far(ab, bb)
}

func TestIconAndMenu(t *testing.T) {
	p, app := running(t, "1h")
	var at image.Point
	wait.Until(t, "a green icon is on the taskbar", func() (ok bool) {
		at, ok = findIcon(t, "available")
		return ok
	})
	dnd := rowsAbove(t, menu.StatusPrefix+string(presence.ChoseDND))
	twice(t, "Do not disturb, clicked in the menu", func() {
		if row, _, ok := openMenu(t, at, dnd); ok {
			click(t, row, "1")
		}
	}, func() bool { return p.Emu.Shows("DoNotDisturb/DoNotDisturb") })
	wait.Until(t, "the icon is red", func() bool {
		_, ok := findIcon(t, "dnd")
		return ok
	})
	twice(t, "Quit, the last row", func() {
		if _, last, ok := openMenu(t, at, dnd); ok {
			click(t, last, "1")
		}
	}, app.Ended)
	if !p.Emu.Shows("Offline/Offline") {
		t.Errorf("after quitting colleagues see %+v", p.Emu.Self().Shown)
	}
}

// rowsAbove counts the visible rows above a row.
func rowsAbove(t *testing.T, id string) int {
	t.Helper()
	n := 0
	for _, r := range menu.View(menu.Facts{Account: "somebody"}).Rows {
		switch {
		case r.ID == id:
			return n
		case !r.Hidden && !r.Separator:
			n++
		}
	}
	t.Fatalf("no row %s", id)
	return 0
}

// twice acts, and once more if ok does not follow: Wine sometimes takes the
// first click to bring its own windows forward.
func twice(t *testing.T, what string, act func(), ok func() bool) {
	t.Helper()
	for range 2 {
		act()
		if wait.Within(5*time.Second, ok) {
			return
		}
		xdotool(t, "key", "Escape")
	}
	t.Fatalf("never: %s", what)
}

// openMenu clicks the icon and finds a row of the menu and the last one, in what
// has changed on the screen. The tooltip of the icon, which opens too, is wider
// but covers the lower end of the menu only.
func openMenu(t *testing.T, icon image.Point, row int) (at, last image.Point, ok bool) {
	t.Helper()
	xdotool(t, "mousemove", "600", "300")
	before := screen(t)
	click(t, icon, "1")
	ok = wait.Within(5*time.Second, func() bool {
		after := screen(t)
		upper := after.Bounds()
		upper.Max.Y -= taskbar + 30
		part := changed(before, after, upper)
		lines := texts(after, part.Inset(2))
		if row >= len(lines) {
			return false
		}
		foot := changed(before, after, image.Rect(part.Min.X+2, upper.Max.Y, part.Min.X+20, after.Bounds().Max.Y))
		middle := (part.Min.X + part.Max.X) / 2
		at, last = image.Pt(middle, lines[row]), image.Pt(middle, foot.Max.Y-10)
		return true
	})
	return at, last, ok
}

// changed returns the rectangle within which two screens differ.
func changed(before, after image.Image, in image.Rectangle) (r image.Rectangle) {
	for y := in.Min.Y; y < in.Max.Y; y++ {
		for x := in.Min.X; x < in.Max.X; x++ {
			if !near(before.At(x, y), after.At(x, y)) {
				r = r.Union(image.Rect(x, y, x+1, y+1))
			}
		}
	}
	return r
}

// texts returns the middles of the lines of text in a part of the screen. A
// thinner line is a separator.
func texts(m image.Image, in image.Rectangle) (middles []int) {
	begin := -1
	for y := in.Min.Y; y < in.Max.Y; y++ {
		ink := false
		for x := in.Min.X; x < in.Max.X && !ink; x++ {
			r, g, b, _ := m.At(x, y).RGBA()
			ink = max(r, g, b) < 0xc000
		}
		switch {
		case ink && begin < 0:
			begin = y
		case !ink && begin >= 0:
			if y-begin >= 5 {
				middles = append(middles, (begin+y)/2)
			}
			begin = -1
		}
	}
	return middles
}

func click(t *testing.T, at image.Point, button string) {
	t.Helper()
	xdotool(t, "mousemove", strconv.Itoa(at.X), strconv.Itoa(at.Y), "click", button)
}
