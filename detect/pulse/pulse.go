// Package pulse is a client of the native protocol of PulseAudio, which
// PipeWire serves too, as far as watching streams needs it: it connects,
// subscribes to changes, and lists recordings, playback, sources and clients.
//
// It turns bytes into values and back and never judges them. It neither plays
// nor records, and of all properties it keeps only those that its user asked
// for: one of the others may be the title of a web page.
//
// Whatever a server sends, the worst outcome is an error: every tag and every
// length is checked, memory grows only with what is kept, and that has limits.
//
// Sources: the versions and their fields are in PulseAudio's
// https://gitlab.freedesktop.org/pulseaudio/pulseaudio/-/blob/master/PROTOCOL,
// the numbers of tags and commands in src/pulsecore/tagstruct.h and
// native-common.h there, and the order of the fields in protocol-native.c. The
// same fields are in PipeWire's src/modules/module-protocol-pulse.
package pulse

import (
	"context"
	"fmt"
	"net"
)

// Stream is a recording (in the protocol's words: a source output) or playback
// (a sink input).
type Stream struct {
	Index      uint32
	Client     uint32 // index of the client that owns it
	Device     uint32 // index of the source or sink
	Rate       uint32 // samples a second
	Resample   string // how the rate is converted
	Corked     bool   // paused by its program
	Properties map[string]string
}

// Source is what can be recorded from.
type Source struct {
	Index   uint32
	Name    string
	Monitor bool // it delivers what a sink plays
}

// Client is a program that is connected to the server.
type Client struct {
	Index      uint32
	Properties map[string]string
}

// Mask says which changes a connection receives.
type Mask uint32

// Kinds of changes.
//
// Source: https://www.freedesktop.org/software/pulseaudio/doxygen/def_8h.html, pa_subscription_mask
const (
	MaskSinkInput    Mask = 1 << 2
	MaskSourceOutput Mask = 1 << 3
)

// Commands, of which a client and a server know more.
const (
	commandError             = 0
	commandReply             = 2
	commandAuth              = 8
	commandSetClientName     = 9
	commandListSources       = 24
	commandListClients       = 28
	commandListSinkInputs    = 30
	commandListSourceOutputs = 32
	commandSubscribe         = 35
	commandSubscribeEvent    = 66
)

// Dial connects to the server that listens at a path and authenticates.
// The properties named in keep are the only ones that lists will have.
func Dial(ctx context.Context, path string, keep ...string) (*Conn, error) {
	conn, err := (&net.Dialer{Timeout: timeout}).DialContext(ctx, "unix", path)
	if err != nil {
		return nil, fmt.Errorf("the sound server does not answer: %w", err)
	}
	return New(ctx, conn, keep...)
}

// Subscribe has Events report the changes in the mask; a second call replaces
// the mask.
func (c *Conn) Subscribe(ctx context.Context, m Mask) error {
	return c.request(ctx, commandSubscribe, appendUint32(nil, uint32(m)), nil)
}

// SourceOutputs lists the recordings.
func (c *Conn) SourceOutputs(ctx context.Context) ([]Stream, error) {
	return list(ctx, c, commandListSourceOutputs, "source outputs", (*decoder).sourceOutput)
}

// SinkInputs lists what is played.
func (c *Conn) SinkInputs(ctx context.Context) ([]Stream, error) {
	return list(ctx, c, commandListSinkInputs, "sink inputs", (*decoder).sinkInput)
}

// Sources lists what can be recorded from.
func (c *Conn) Sources(ctx context.Context) ([]Source, error) {
	return list(ctx, c, commandListSources, "sources", (*decoder).source)
}

// Clients lists the connected programs.
func (c *Conn) Clients(ctx context.Context) ([]Client, error) {
	return list(ctx, c, commandListClients, "clients", (*decoder).client)
}
