package pulse

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"unicode/utf8"
)

// Limits of what is kept, so that no server and no program that is connected to
// it can make this process grow.
const (
	// maxText is the longest text that is kept, in bytes. A file name has at
	// most 255 on Linux, as has an application id (D-Bus, Flatpak); a longer
	// text identifies nothing and is read as empty.
	maxText = 1024
	// maxKept bounds all text kept of one reply. A desktop with 50 programs
	// has some 20 KB.
	maxKept = 1 << 18
	// maxEntries bounds one list. Both servers accept 64 clients, and
	// PulseAudio 256 streams a device.
	maxEntries = 4096
)

// Tags, one before each value.
const (
	tagString     = 't'
	tagNull       = 'N'
	tagUint32     = 'L'
	tagUint8      = 'B'
	tagSampleSpec = 'a'
	tagArbitrary  = 'x'
	tagTrue       = '1'
	tagFalse      = '0'
	tagTime       = 'U'
	tagChannelMap = 'm'
	tagVolumes    = 'v'
	tagProperties = 'P'
	tagVolume     = 'V'
	tagFormat     = 'f'
)

// decoder reads the values of one frame while the frame arrives; it never
// holds the frame. The first error stays, and every value after it is zero.
type decoder struct {
	r       *bufio.Reader
	left    int      // bytes of the frame that are not yet read
	version uint32   // negotiated
	keep    []string // properties
	what    string   // for errors
	entry   int      // of a list, for errors; 0: not in a list
	kept    int      // bytes of text
	err     error

	number  [8]byte
	scratch []byte // text being read
}

func (d *decoder) fail(field, problem string) {
	if d.err != nil {
		return
	}
	where := d.what
	if d.entry > 0 {
		where += fmt.Sprintf(", entry %d", d.entry)
	}
	d.err = fmt.Errorf("the sound server's message cannot be read: %s: %s: %s", where, field, problem)
}

// lost keeps the error of the connection itself.
func (d *decoder) lost(err error) {
	if d.err == nil {
		d.err = gone(err)
	}
}

// errGone is the usual end of a connection.
var errGone = errors.New("the sound server went away")

// gone explains why nothing can be read any more.
func gone(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errGone
	}
	return fmt.Errorf("%w: %w", errGone, err)
}

// more reports whether another value follows.
func (d *decoder) more() bool { return d.err == nil && d.left > 0 }

// end checks that nothing follows.
func (d *decoder) end() {
	if d.more() {
		d.fail("end", fmt.Sprintf("%d bytes follow the last value", d.left))
	}
}

// within checks that the frame has n more bytes.
func (d *decoder) within(field string, n uint64) bool {
	if d.err == nil && n > uint64(d.left) {
		d.fail(field, "it is longer than the rest of the frame")
	}
	return d.err == nil
}

// skip passes over n bytes, however many, without holding them.
func (d *decoder) skip(field string, n uint64) {
	if !d.within(field, n) {
		return
	}
	d.left -= int(n)
	if _, err := d.r.Discard(int(n)); err != nil {
		d.lost(err)
	}
}

// bytes reads n bytes, at most eight; they are zero after an error and valid
// until the next call.
func (d *decoder) bytes(field string, n int) []byte {
	b := d.number[:n]
	clear(b)
	if !d.within(field, uint64(n)) {
		return b
	}
	d.left -= n
	if _, err := io.ReadFull(d.r, b); err != nil {
		clear(b)
		d.lost(err)
	}
	return b
}

// tag reads a tag, which must be one of two; zero after an error.
func (d *decoder) tag(field string, want, or byte) byte {
	got := d.bytes(field, 1)[0]
	if d.err == nil && got != want && got != or {
		d.fail(field, fmt.Sprintf("its tag is %#02x, not %q", got, want))
	}
	if d.err != nil {
		return 0
	}
	return got
}

// uint32Bare reads a number that has no tag of its own.
func (d *decoder) uint32Bare(field string) uint32 {
	return binary.BigEndian.Uint32(d.bytes(field, 4))
}

func (d *decoder) uint32(field string) uint32 {
	d.tag(field, tagUint32, tagUint32)
	return d.uint32Bare(field)
}

func (d *decoder) uint8(field string) uint8 {
	d.tag(field, tagUint8, tagUint8)
	return d.bytes(field, 1)[0]
}

func (d *decoder) bool(field string) bool {
	return d.tag(field, tagFalse, tagTrue) == tagTrue
}

// time passes over microseconds.
func (d *decoder) time(field string) {
	d.tag(field, tagTime, tagTime)
	d.bytes(field, 8)
}

// sampleSpec reads the rate; the format and the number of channels are not
// needed.
func (d *decoder) sampleSpec(field string) (rate uint32) {
	d.tag(field, tagSampleSpec, tagSampleSpec)
	d.bytes(field, 2)
	return d.uint32Bare(field)
}

// channelMap passes over one byte for each channel. PulseAudio has at most 32
// channels, PipeWire more, depending on its version.
func (d *decoder) channelMap(field string) {
	d.tag(field, tagChannelMap, tagChannelMap)
	n := d.bytes(field, 1)[0]
	d.skip(field, uint64(n))
}

// volumes passes over a number for each channel.
func (d *decoder) volumes(field string) {
	d.tag(field, tagVolumes, tagVolumes)
	n := d.bytes(field, 1)[0]
	d.skip(field, 4*uint64(n))
}

// volume passes over one number.
func (d *decoder) volume(field string) {
	d.tag(field, tagVolume, tagVolume)
	d.uint32Bare(field)
}

// format passes over a format: its encoding and properties.
func (d *decoder) format(field string) {
	d.tag(field, tagFormat, tagFormat)
	d.uint8(field)
	d.properties(field, nil)
}

// text reads a text, which may be null. It is empty if it is longer than
// maxText or not UTF-8.
func (d *decoder) text(field string) string {
	if d.tag(field, tagString, tagNull) != tagString || !d.untilZero(field) || !utf8.Valid(d.scratch) {
		return ""
	}
	return d.keepText(field)
}

// skipText passes over a text of any length, which may be null.
func (d *decoder) skipText(field string) {
	if d.tag(field, tagString, tagNull) == tagString {
		d.untilZero(field)
	}
}

// untilZero reads up to a zero byte into scratch, and reports whether that was
// no longer than maxText.
func (d *decoder) untilZero(field string) (short bool) {
	d.scratch = d.scratch[:0]
	for n := 0; d.err == nil; {
		if d.left == 0 {
			d.fail(field, "its text does not end within the frame")
			break
		}
		if _, err := d.r.Peek(1); err != nil {
			d.lost(err)
			break
		}
		b, _ := d.r.Peek(min(d.left, d.r.Buffered())) // they are there
		text, _, ended := bytes.Cut(b, []byte{0})
		if n += len(text); n <= maxText {
			d.scratch = append(d.scratch, text...)
		}
		if ended {
			d.skip(field, uint64(len(text))+1)
			return d.err == nil && n <= maxText
		}
		d.skip(field, uint64(len(text)))
	}
	return false
}

// keepText makes a string of scratch.
func (d *decoder) keepText(field string) string {
	if d.kept += len(d.scratch); d.kept > maxKept {
		d.fail(field, "the message has more text than this program keeps")
	}
	if d.err != nil {
		return ""
	}
	return string(d.scratch)
}

// properties reads a property list, which a null text ends, and keeps what is
// wanted. A value that is not text is dropped: its last byte and no other must
// be zero, and it must be UTF-8.
//
// Source: pa_proplist_gets in PulseAudio's src/pulse/proplist.c
func (d *decoder) properties(field string, keep []string) map[string]string {
	var out map[string]string
	d.tag(field, tagProperties, tagProperties)
	for d.tag(field, tagString, tagNull) == tagString {
		key := ""
		if d.untilZero(field) {
			if i := slices.IndexFunc(keep, func(k string) bool { return k == string(d.scratch) }); i >= 0 {
				key = keep[i]
			}
		}
		length := d.uint32(field)
		d.tag(field, tagArbitrary, tagArbitrary)
		if d.uint32Bare(field) != length {
			d.fail(field, "a value has two lengths")
		}
		value, ok := d.value(field, length, key != "")
		if !ok {
			continue
		}
		if out == nil {
			out = map[string]string{}
		}
		out[key] = value
	}
	return out
}

// value reads a property's value and reports whether it is text to be kept.
func (d *decoder) value(field string, length uint32, wanted bool) (string, bool) {
	if !wanted || length == 0 || length > maxText+1 {
		d.skip(field, uint64(length))
		return "", false
	}
	if !d.within(field, uint64(length)) {
		return "", false
	}
	d.left -= int(length)
	d.scratch = slices.Grow(d.scratch[:0], int(length))[:length]
	if _, err := io.ReadFull(d.r, d.scratch); err != nil {
		d.lost(err)
		return "", false
	}
	if bytes.IndexByte(d.scratch, 0) != len(d.scratch)-1 || !utf8.Valid(d.scratch) {
		return "", false
	}
	d.scratch = d.scratch[:len(d.scratch)-1]
	s := d.keepText(field)
	return s, d.err == nil
}
