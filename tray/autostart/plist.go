package autostart

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// agentLabel is the name of the launch agent, which must be the name of its file
// too.
const agentLabel = "org.heliograph.heliograph"

// renderAgent returns the launch agent that starts a command at sign-in, once,
// and only in a session with a menu bar.
//
// Source: launchd.plist(5)
func renderAgent(exe string, args []string) (string, error) {
	var b strings.Builder
	b.WriteString(xml.Header + `<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
	<key>Label</key>
	<string>` + agentLabel + `</string>
	<key>ProgramArguments</key>
	<array>
`)
	for _, w := range append([]string{exe}, args...) {
		b.WriteString("\t\t<string>")
		if strings.ContainsRune(w, 0) {
			return "", fmt.Errorf("%q cannot be written into a launch agent", w)
		}
		if err := xml.EscapeText(&b, []byte(w)); err != nil {
			return "", err
		}
		b.WriteString("</string>\n")
	}
	b.WriteString(`	</array>
	<key>RunAtLoad</key>
	<true/>
	<key>LimitLoadToSessionType</key>
	<string>Aqua</string>
	<key>ProcessType</key>
	<string>Interactive</string>
</dict>
</plist>
`)
	return b.String(), nil
}

// agent is the part of a launch agent that decides whether it starts.
type agent struct {
	program string
	load    bool // RunAtLoad: it starts at sign-in
	off     bool // Disabled
}

// parseAgent decodes a launch agent in XML, the form that it was written in.
func parseAgent(text string) (agent, error) {
	var a agent
	d := xml.NewDecoder(strings.NewReader(text))
	key, depth := "", 0
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) && depth == 0 && a.program != "" {
			return a, nil
		}
		if err != nil {
			return agent{}, fmt.Errorf("launch agent: %w", err)
		}
		switch el := token.(type) {
		case xml.StartElement:
			depth++
			var word string
			switch el.Name.Local {
			case "key", "string":
				if err := d.DecodeElement(&word, &el); err != nil {
					return agent{}, fmt.Errorf("launch agent: %w", err)
				}
				depth--
			}
			switch {
			case el.Name.Local == "key" && depth == 2: // of the outer dictionary
				key = word
			case el.Name.Local == "string" && (key == "ProgramArguments" || key == "Program") && a.program == "":
				a.program = word
			case el.Name.Local == "true" && key == "RunAtLoad":
				a.load = true
			case el.Name.Local == "true" && key == "Disabled":
				a.off = true
			}
		case xml.EndElement:
			depth--
		}
	}
}
