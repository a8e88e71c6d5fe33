package graph

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
)

// held are the secrets that were sent lately. A server can only quote what it
// was sent, so these are what an answer, or an error about one, is searched for
// before anything of it can reach an error or the log: a shape alone does not
// tell an error code from a piece of a token.
type held struct {
	mu     sync.Mutex
	recent []string // the latest last
}

const (
	// heldSecrets is more than one sign-in and two sets of tokens.
	heldSecrets = 16
	// quotePiece is the length, in bytes, of the shortest piece of a secret that
	// is hidden. Microsoft's secrets have 32 bytes and more; names and error
	// codes do not have twelve letters in common with one.
	quotePiece = 12
	// redacted replaces a piece of a secret.
	redacted = "REDACTED"
	// maxForm bounds a request to Entra, in bytes.
	maxForm = 64 << 10
)

// publicFields are the fields of a request to Entra that are not secret.
var publicFields = map[string]bool{"client_id": true, "grant_type": true, "scope": true, "redirect_uri": true, "claims": true,
	"client_info": true, "client_assertion_type": true}

// note remembers the secrets of a request before it is sent.
func (h *held) note(r *http.Request) {
	if scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok && scheme == "Bearer" {
		h.add(token)
	}
	if r.GetBody == nil || !strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		return
	}
	body, err := r.GetBody()
	if err != nil {
		return
	}
	defer body.Close()
	raw, err := io.ReadAll(io.LimitReader(body, maxForm))
	if err != nil {
		return
	}
	form, _ := url.ParseQuery(string(raw)) // what can be read of it
	for name, values := range form {
		if publicFields[name] {
			continue
		}
		for _, v := range values {
			h.add(v)
		}
	}
}

func (h *held) add(secret string) {
	if len(secret) < quotePiece {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for i, known := range h.recent {
		if known == secret {
			h.recent = append(append(h.recent[:i:i], h.recent[i+1:]...), secret)
			return
		}
	}
	h.recent = append(h.recent, secret)
	if len(h.recent) > heldSecrets {
		h.recent = h.recent[1:]
	}
}

// pieces returns every piece of quotePiece bytes of the secrets.
func (h *held) pieces() map[string]struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	all := map[string]struct{}{}
	for _, secret := range h.recent {
		for i := 0; i+quotePiece <= len(secret); i++ {
			all[secret[i:i+quotePiece]] = struct{}{}
		}
	}
	return all
}

// hide replaces each piece of a secret in a text.
func (h *held) hide(text string) string { return hide(text, h.pieces()) }

func hide(text string, pieces map[string]struct{}) string {
	var out strings.Builder
	kept, until := 0, 0 // text[:kept] is written; up to until it is secret
	for i := 0; i+quotePiece <= len(text); i++ {
		if _, secret := pieces[text[i:i+quotePiece]]; !secret {
			continue
		}
		if until == 0 || i > until {
			out.WriteString(text[kept:i])
			out.WriteString(redacted)
		}
		until = i + quotePiece
		kept = until
	}
	if kept == 0 {
		return text
	}
	out.WriteString(text[kept:])
	return out.String()
}

// clean removes what an answer that is not a success quotes of the secrets, from
// its header and its body.
func (h *held) clean(resp *http.Response) {
	pieces := h.pieces()
	for _, values := range resp.Header {
		for i, v := range values {
			values[i] = hide(v, pieces)
		}
	}
	resp.Body = &cleanBody{body: resp.Body, pieces: pieces}
}

// cleanBody is the body of an answer without what it quotes of the secrets. It
// is read as a whole when its first byte is asked for, or a piece could be
// missed where one read ends and the next begins.
type cleanBody struct {
	body   io.ReadCloser
	pieces map[string]struct{}
	text   io.Reader // nil: not read yet
	err    error     // after the text
}

func (b *cleanBody) Read(p []byte) (int, error) {
	if b.text == nil {
		var raw []byte
		raw, b.err = io.ReadAll(b.body)
		b.text = bytes.NewReader([]byte(hide(string(raw), b.pieces)))
	}
	n, err := b.text.Read(p)
	if err == io.EOF && b.err != nil {
		err = b.err
	}
	return n, err
}

func (b *cleanBody) Close() error { return b.body.Close() }
