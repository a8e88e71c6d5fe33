package autostart

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// agentLabel names the launch agent; launchd wants it to be the file's name.
const agentLabel = "org.heliograph.heliograph"

// renderAgent writes the launch agent that starts a command at sign-in, once
// and only where there is a menu bar.
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

// agent is what counts in a launch agent.
type agent struct {
	program string
	load    bool // it starts by itself
	off     bool
}

// parseAgent reads a launch agent in XML; macOS keeps what was written.
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
			return agent{}, fmt.Errorf("the launch agent cannot be read: %w", err)
		}
		switch el := token.(type) {
		case xml.StartElement:
			depth++
			var word string
			switch el.Name.Local {
			case "key", "string":
				if err := d.DecodeElement(&word, &el); err != nil {
					return agent{}, fmt.Errorf("the launch agent cannot be read: %w", err)
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
