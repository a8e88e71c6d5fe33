package assets

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/png"
	"testing"
)

// TestShapesDifferWithoutColour: people who do not see colours, and those with
// a grey panel, must be able to distinguish the states.
func TestShapesDifferWithoutColour(t *testing.T) {
	const size = 22
	for i, a := range States {
		for _, b := range States[i+1:] {
			ma, mb := Image(a, size, true), Image(b, size, true)
			differ := 0
			for y := range size {
				for x := range size {
					ca, cb := ma.NRGBAAt(x, y), mb.NRGBAAt(x, y)
					// What is seen of the shape: covered or not, white or not.
					whiteA, whiteB := min(ca.R, ca.G, ca.B) > 0xe0, min(cb.R, cb.G, cb.B) > 0xe0
					if (ca.A > 127) != (cb.A > 127) || (ca.A > 127 && whiteA != whiteB) {
						differ++
					}
				}
			}
			if differ < 15 {
				t.Errorf("%s and %s differ in %d of %d pixels only", a, b, differ, size*size)
			}
		}
	}
}

// TestTemplates: a menu bar that colours icons itself sees only what is covered.
// Each state must have a shape of its own in that form, too, and no colour.
func TestTemplates(t *testing.T) {
	const size = 36 // 18 points on a dense screen
	decode := func(state string) image.Image {
		m, err := png.Decode(bytes.NewReader(Template(state, size)))
		if err != nil || m.Bounds().Dx() != size || m.Bounds().Dy() != size {
			t.Fatalf("%s: %v", state, err)
		}
		return m
	}
	for i, a := range States {
		ma, covered := decode(a), 0
		for p := range size * size {
			r, g, b, alpha := ma.At(p%size, p/size).RGBA()
			if r|g|b != 0 {
				t.Fatalf("%s has a colour at %d, %d", a, p%size, p/size)
			}
			if alpha > 0x7fff {
				covered++
			}
		}
		if covered < size*size/8 {
			t.Errorf("%s covers %d of %d pixels only", a, covered, size*size)
		}
		for _, b := range States[i+1:] {
			mb, differ := decode(b), 0
			for p := range size * size {
				_, _, _, ca := ma.At(p%size, p/size).RGBA()
				_, _, _, cb := mb.At(p%size, p/size).RGBA()
				if (ca > 0x7fff) != (cb > 0x7fff) {
					differ++
				}
			}
			if differ < 40 { // 15 at 22 pixels, as above
				t.Errorf("%s and %s differ in %d of %d pixels only", a, b, differ, size*size)
			}
		}
	}
}

func TestPNGIsOfTheSizeAskedFor(t *testing.T) {
	for _, s := range append([]string{"app", "unheard-of"}, States...) {
		for _, size := range []int{16, 22, 32, 64} {
			m, err := png.Decode(bytes.NewReader(PNG(s, size, false)))
			if err != nil || m.Bounds().Dx() != size || m.Bounds().Dy() != size {
				t.Errorf("%s at %d: %v", s, size, err)
			}
		}
		if b := ICO(s, true); len(b) < 6+8*16+40 || b[2] != 1 || b[4] != 8 {
			t.Errorf("%s: the ICO is damaged", s)
		}
	}
}

// TestICOHoldsTheSameBitmap reads the directory and each bitmap back: some
// hosts swap the colours of a PNG inside an ICO, so there must be none.
func TestICOHoldsTheSameBitmap(t *testing.T) {
	for _, dark := range []bool{false, true} {
		raw := ICO("busy", dark)
		for i := range int(binary.LittleEndian.Uint16(raw[4:])) {
			entry := raw[6+16*i:]
			n, size, at := int(entry[0]), binary.LittleEndian.Uint32(entry[8:]), binary.LittleEndian.Uint32(entry[12:])
			bitmap := raw[at : at+size]
			if bytes.HasPrefix(bitmap, []byte("\x89PNG")) || binary.LittleEndian.Uint32(bitmap) != 40 {
				t.Fatalf("size %d is not a bitmap", n)
			}
			want := Image("busy", n, dark)
			for y := range n {
				for x := range n {
					p := bitmap[40+4*((n-1-y)*n+x):] // from the bottom up, blue first
					if c := want.NRGBAAt(x, y); p[2] != c.R || p[1] != c.G || p[0] != c.B || p[3] != c.A {
						t.Fatalf("size %d, pixel %d,%d is %v, want %v", n, x, y, p[:4], c)
					}
				}
			}
		}
	}
}
