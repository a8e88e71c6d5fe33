package assets

import (
	"bytes"
	"image/png"
	"testing"
)

// TestShapesDifferWithoutColour: a person who cannot tell red from green, and
// one on a grey panel, must tell the states apart.
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

func TestPNGIsOfTheSizeAskedFor(t *testing.T) {
	for _, s := range append([]string{"app", "unheard-of"}, States...) {
		for _, size := range []int{16, 22, 32, 64} {
			m, err := png.Decode(bytes.NewReader(PNG(s, size, false)))
			if err != nil || m.Bounds().Dx() != size || m.Bounds().Dy() != size {
				t.Errorf("%s at %d: %v", s, size, err)
			}
		}
		if b := ICO(s, true); len(b) < 6+5*16+40 || b[2] != 1 || b[4] != 5 {
			t.Errorf("%s: the ICO is damaged", s)
		}
	}
}
