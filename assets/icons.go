// Package assets draws heliograph's icons: each state has its own shape as well
// as its own colour, so that no state is known by its colour alone. They are
// drawn from shapes, not scaled from pictures, so that they are sharp at any
// size.
package assets

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/png"
	"math"
	"sync"
)

// The states that have an icon; the names are those of tray.Icon.
var States = []string{"available", "busy", "dnd", "brb", "away", "offline", "signedout", "trouble"}

// The colours are close to those of Teams, which people know, and a little
// lighter on dark panels.
var (
	green  = [2]color.NRGBA{{0x2e, 0x9e, 0x3a, 0xff}, {0x6b, 0xc8, 0x5a, 0xff}}
	red    = [2]color.NRGBA{{0xc4, 0x31, 0x4b, 0xff}, {0xf0, 0x5a, 0x6e, 0xff}}
	yellow = [2]color.NRGBA{{0xd0, 0x8a, 0x00, 0xff}, {0xfc, 0xb8, 0x2b, 0xff}}
	grey   = [2]color.NRGBA{{0x5c, 0x5c, 0x60, 0xff}, {0xc8, 0xc8, 0xcc, 0xff}}
	white  = color.NRGBA{0xff, 0xff, 0xff, 0xff}
)

// paint is a colour where a shape covers the point; shapes are signed
// distances in a square from -1 to 1, negative inside.
type paint struct {
	shape func(x, y float64) float64
	fill  color.NRGBA
	hole  bool // takes away instead
}

type key struct {
	state string
	size  int
	dark  bool
}

var (
	mu    sync.Mutex
	drawn = map[key][]byte{}
)

// PNG returns a state's icon of size pixels square, for a dark or a light
// panel. An unknown state is drawn as trouble.
func PNG(state string, size int, dark bool) []byte {
	mu.Lock()
	defer mu.Unlock()
	k := key{state, size, dark}
	if b, ok := drawn[k]; ok {
		return b
	}
	var b bytes.Buffer
	if err := png.Encode(&b, Image(state, size, dark)); err != nil {
		return nil // a buffer takes every write
	}
	drawn[k] = b.Bytes()
	return drawn[k]
}

// Template returns the same icon for panels that colour it themselves, as the
// menu bar of macOS does: black where it is drawn, and transparent where it is
// white in the other form, since only the shape counts.
func Template(state string, size int) []byte {
	paints := picture(state, 0)
	for i := range paints {
		paints[i].hole = paints[i].hole || paints[i].fill == white
		paints[i].fill = color.NRGBA{A: 0xff}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, render(paints, size)); err != nil {
		return nil // a buffer takes every write
	}
	return b.Bytes()
}

// ICO returns the same icon as Windows wants it: bitmaps of several sizes,
// since some hosts swap the colours of a PNG inside an ICO.
func ICO(state string, dark bool) []byte {
	sizes := []int{16, 20, 24, 28, 32, 40, 48, 64} // of the taskbar at 100 to 400 %
	var head, body bytes.Buffer
	put := func(b *bytes.Buffer, v ...any) {
		for _, x := range v {
			_ = binary.Write(b, binary.LittleEndian, x) // fixed sizes into a buffer
		}
	}
	put(&head, uint16(0), uint16(1), uint16(len(sizes)))
	for _, n := range sizes {
		mask := (n + 31) / 32 * 4 * n
		put(&head, uint8(n), uint8(n), uint8(0), uint8(0), uint16(1), uint16(32), uint32(40+4*n*n+mask), uint32(6+16*len(sizes)+body.Len()))
		put(&body, uint32(40), int32(n), int32(2*n), uint16(1), uint16(32), uint32(0), uint32(4*n*n+mask), int32(0), int32(0), uint32(0), uint32(0))
		m := Image(state, n, dark)
		for y := n - 1; y >= 0; y-- {
			for x := range n {
				c := m.NRGBAAt(x, y)
				body.Write([]byte{c.B, c.G, c.R, c.A})
			}
		}
		body.Write(make([]byte, mask))
	}
	return append(head.Bytes(), body.Bytes()...)
}

// Image draws a state's icon.
func Image(state string, size int, dark bool) *image.NRGBA {
	shade := 0
	if dark {
		shade = 1
	}
	return render(picture(state, shade), size)
}

// render draws paints, one over the other.
func render(paints []paint, size int) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, size, size))
	const sub = 4 // samples per pixel and direction
	for py := range size {
		for px := range size {
			var r, g, b, a float64
			for i := range sub * sub {
				x := (float64(px)+(float64(i%sub)+.5)/sub)/float64(size)*2 - 1
				y := (float64(py)+(float64(i/sub)+.5)/sub)/float64(size)*2 - 1
				if c, ok := at(paints, x, y); ok {
					r, g, b, a = r+float64(c.R), g+float64(c.G), b+float64(c.B), a+1
				}
			}
			if a > 0 {
				m.SetNRGBA(px, py, color.NRGBA{uint8(r / a), uint8(g / a), uint8(b / a), uint8(a / (sub * sub) * 255)})
			}
		}
	}
	return m
}

// at returns the colour of the last paint that covers the point.
func at(paints []paint, x, y float64) (c color.NRGBA, ok bool) {
	for _, p := range paints {
		if p.shape(x, y) <= 0 {
			c, ok = p.fill, !p.hole
		}
	}
	return c, ok
}

// picture composes a state's icon.
func picture(state string, shade int) []paint {
	solid := func(c [2]color.NRGBA) paint { return paint{shape: disc(0, 0, .9), fill: c[shade]} }
	on := func(s func(x, y float64) float64) paint { return paint{shape: s, fill: white} }
	cut := func(s func(x, y float64) float64) paint { return paint{shape: s, hole: true} }
	ring := func(c [2]color.NRGBA) []paint { return []paint{solid(c), cut(disc(0, 0, .64))} }
	with := func(p []paint, more ...paint) []paint { return append(p, more...) }
	ink := func(c [2]color.NRGBA, s func(x, y float64) float64) paint { return paint{shape: s, fill: c[shade]} }
	switch state {
	case "available":
		return []paint{solid(green), on(line(-.42, .04, -.12, .36, .13)), on(line(-.12, .36, .44, -.3, .13))}
	case "busy":
		return []paint{{shape: box(0, 0, .82, .82, .3), fill: red[shade]}}
	case "dnd":
		return []paint{solid(red), on(line(-.44, 0, .44, 0, .15))}
	case "brb":
		return with(ring(yellow), ink(yellow, line(0, 0, 0, -.4, .12)), ink(yellow, line(0, 0, .28, .16, .12)))
	case "away":
		return []paint{solid(yellow), cut(disc(.42, -.3, .66))}
	case "offline":
		return with(ring(grey), ink(grey, line(-.27, -.27, .27, .27, .12)), ink(grey, line(.27, -.27, -.27, .27, .12)))
	case "signedout":
		return with(ring(grey), ink(grey, line(-.3, 0, .3, 0, .12)))
	case "app":
		return append(sun(shade), paint{shape: disc(0, 0, .5), fill: yellow[shade]}, on(line(-.2, .16, .2, -.16, .09)))
	}
	return []paint{{shape: triangle, fill: yellow[shade]}, on(line(0, -.22, 0, .26, .11)), on(disc(0, .56, .13))}
}

// sun returns the rays of the program's own icon.
func sun(shade int) []paint {
	var p []paint
	for i := range 8 {
		s, c := math.Sincos(float64(i) * math.Pi / 4)
		p = append(p, paint{shape: line(.68*c, .68*s, .86*c, .86*s, .09), fill: yellow[shade]})
	}
	return p
}

func disc(cx, cy, r float64) func(x, y float64) float64 {
	return func(x, y float64) float64 { return math.Hypot(x-cx, y-cy) - r }
}

// line returns a stroke with round ends; w is half its width.
func line(x1, y1, x2, y2, w float64) func(x, y float64) float64 {
	return func(x, y float64) float64 {
		dx, dy := x2-x1, y2-y1
		t := min(1, max(0, ((x-x1)*dx+(y-y1)*dy)/(dx*dx+dy*dy)))
		return math.Hypot(x-x1-t*dx, y-y1-t*dy) - w
	}
}

// box returns a rectangle with rounded corners; w and h are half its sides.
func box(cx, cy, w, h, r float64) func(x, y float64) float64 {
	return func(x, y float64) float64 {
		dx, dy := math.Abs(x-cx)-w+r, math.Abs(y-cy)-h+r
		return math.Hypot(max(dx, 0), max(dy, 0)) + min(max(dx, dy), 0) - r
	}
}

// triangle points up and has round corners.
func triangle(x, y float64) float64 {
	const r = .12
	k := math.Sqrt(3)
	y = -(y - .22) // up, centred
	side := .98 - k*r
	x = math.Abs(x) - side
	y += side / k
	if x+k*y > 0 {
		x, y = (x-k*y)/2, (-k*x-y)/2
	}
	x -= min(0, max(x, -2*side))
	d := math.Hypot(x, y)
	if y > 0 {
		d = -d
	}
	return d - r
}
