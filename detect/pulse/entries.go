package pulse

import "context"

// noIndex is the protocol's "none".
const noIndex = 0xFFFFFFFF

// Versions from which on an entry has more fields. Those of version 34 and
// later do not arrive: we announce 32.
const (
	versionVolumeFlags   = 20 // sink inputs
	versionInputFormat   = 21 // sink inputs
	versionSourceFormats = 22 // sources, source outputs
	versionPortAvailable = 24
)

// list asks for a list and reads its entries up to the end of the reply.
func list[T any](ctx context.Context, c *Conn, command uint32, what string, entry func(*decoder) T) ([]T, error) {
	var out []T
	err := c.request(ctx, command, nil, func(d *decoder) {
		d.version, d.keep, d.what = c.version, c.keep, what
		out = entries(d, entry)
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func entries[T any](d *decoder, entry func(*decoder) T) []T {
	var out []T
	for d.more() {
		if d.entry++; d.entry > maxEntries {
			d.fail("entry", "the list is longer than this program reads")
			break
		}
		out = append(out, entry(d))
	}
	return out
}

// sourceOutput reads what source_output_fill_tagstruct in PulseAudio's
// src/pulsecore/protocol-native.c writes.
func (d *decoder) sourceOutput() Stream {
	s := Stream{Index: d.uint32("index")}
	d.skipText("name")
	d.uint32("module")
	s.Client = d.uint32("client")
	s.Device = d.uint32("source")
	s.Rate = d.sampleSpec("sample spec")
	d.channelMap("channel map")
	d.time("latency")
	d.time("source latency")
	s.Resample = d.text("resample method")
	d.skipText("driver")
	s.Properties = d.properties("properties", d.keep)
	s.Corked = d.bool("corked")
	if d.version >= versionSourceFormats {
		d.volumes("volume")
		d.bool("muted")
		d.bool("has volume")
		d.bool("volume writable")
		d.format("format")
	}
	return s
}

// sinkInput reads what sink_input_fill_tagstruct there writes.
func (d *decoder) sinkInput() Stream {
	s := Stream{Index: d.uint32("index")}
	d.skipText("name")
	d.uint32("module")
	s.Client = d.uint32("client")
	s.Device = d.uint32("sink")
	s.Rate = d.sampleSpec("sample spec")
	d.channelMap("channel map")
	d.volumes("volume")
	d.time("latency")
	d.time("sink latency")
	s.Resample = d.text("resample method")
	d.skipText("driver")
	d.bool("muted")
	s.Properties = d.properties("properties", d.keep)
	s.Corked = d.bool("corked")
	if d.version >= versionVolumeFlags {
		d.bool("has volume")
		d.bool("volume writable")
	}
	if d.version >= versionInputFormat {
		d.format("format")
	}
	return s
}

// source reads what source_fill_tagstruct there writes.
func (d *decoder) source() Source {
	s := Source{Index: d.uint32("index"), Name: d.text("name")}
	d.skipText("description")
	d.sampleSpec("sample spec")
	d.channelMap("channel map")
	d.uint32("module")
	d.volumes("volume")
	d.bool("muted")
	s.Monitor = d.uint32("monitored sink") != noIndex
	d.skipText("monitored sink's name")
	d.time("latency")
	d.skipText("driver")
	d.uint32("flags")
	d.properties("properties", nil)
	d.time("requested latency")
	d.volume("base volume")
	d.uint32("state")
	d.uint32("volume steps")
	d.uint32("card")
	d.ports()
	if d.version >= versionSourceFormats {
		for n := d.uint8("number of formats"); n > 0 && d.err == nil; n-- {
			d.format("format")
		}
	}
	return s
}

func (d *decoder) ports() {
	for n := d.uint32("number of ports"); n > 0 && d.err == nil; n-- {
		d.skipText("port's name")
		d.skipText("port's description")
		d.uint32("port's priority")
		if d.version >= versionPortAvailable {
			d.uint32("port's availability")
		}
	}
	d.skipText("active port")
}

// client reads what client_fill_tagstruct there writes.
func (d *decoder) client() Client {
	c := Client{Index: d.uint32("index")}
	d.skipText("name")
	d.uint32("module")
	d.skipText("driver")
	c.Properties = d.properties("properties", d.keep)
	return c
}
