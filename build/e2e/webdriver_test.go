//go:build unix

package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"heliograph/build/lab"
	"heliograph/build/wait"
)

// chromium is a real browser, driven over the WebDriver protocol.
//
// Source: https://www.w3.org/TR/webdriver2/
type chromium struct {
	t       *testing.T
	session string // the session's address
}

var driverPort = regexp.MustCompile(`started successfully on port (\d+)`)

// newChromium starts a new browser without a window.
func newChromium(t *testing.T) *chromium {
	t.Helper()
	for _, program := range []string{"chromedriver", "chromium"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("there is no %s: build/install-deps browser", program)
		}
	}
	c := &chromium{t, "http://127.0.0.1:" + startDriver(t) + "/session"}
	args := []string{"--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--window-size=1200,900", "--user-data-dir=" + t.TempDir()}
	var out struct{ SessionID string }
	c.call("POST", "", map[string]any{"capabilities": map[string]any{"alwaysMatch": map[string]any{
		"goog:chromeOptions": map[string]any{"args": args}, "goog:loggingPrefs": map[string]any{"browser": "ALL"}}}}, &out)
	c.session += "/" + out.SessionID
	t.Cleanup(func() { _ = c.try("DELETE", "", nil, nil) }) // the driver ends either way
	return c
}

// startDriver runs chromedriver and returns its port. It picks a free port for
// IPv6 and exits if the same one is taken for IPv4 (error 98): then it is
// started again, a few times.
func startDriver(t *testing.T) (port string) {
	t.Helper()
	for range 5 {
		driver := lab.Start(t, nil, "chromedriver", "--port=0")
		wait.Until(t, "chromedriver prints its port, or that it is taken", func() bool {
			if m := driverPort.FindStringSubmatch(driver.Output()); m != nil {
				port = m[1]
			}
			return port != "" || strings.Contains(driver.Output(), "Address already in use")
		})
		if port != "" {
			return port
		}
	}
	t.Fatal("chromedriver finds no port that is free for IPv4 and IPv6")
	return ""
}

// try sends one command; the value of the answer is decoded into out.
func (c *chromium) try(method, path string, in, out any) error {
	var body io.Reader
	if method == "POST" {
		if in == nil {
			in = struct{}{}
		}
		raw, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(raw)
	}
	req, err := http.NewRequest(method, c.session+path, body)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer := struct{ Value json.RawMessage }{}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: %s", method, path, answer.Value)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(answer.Value, out)
}

func (c *chromium) call(method, path string, in, out any) {
	c.t.Helper()
	if err := c.try(method, path, in, out); err != nil {
		c.t.Fatal(err)
	}
}

func (c *chromium) open(address string) {
	c.t.Helper()
	c.call("POST", "/url", map[string]string{"url": address}, nil)
}

// elementKey is how WebDriver names an element's id.
const elementKey = "element-6066-11e4-a52e-4f735466cecf"

func (c *chromium) find(xpath string) (string, error) {
	var e map[string]string
	err := c.try("POST", "/element", map[string]string{"using": "xpath", "value": xpath}, &e)
	return "/element/" + e[elementKey], err
}

// click waits for the element and clicks it, as a person would.
func (c *chromium) click(xpath string) {
	c.t.Helper()
	wait.Until(c.t, "a click on "+xpath, func() bool {
		e, err := c.find(xpath)
		return err == nil && c.try("POST", e+"/click", nil, nil) == nil
	})
}

// enter types into a field.
func (c *chromium) enter(xpath, text string) {
	c.t.Helper()
	wait.Until(c.t, "text into "+xpath, func() bool {
		e, err := c.find(xpath)
		return err == nil && c.try("POST", e+"/value", map[string]string{"text": text}, nil) == nil
	})
}

// sees waits until the text is on the page.
func (c *chromium) sees(text string) {
	c.t.Helper()
	wait.Until(c.t, "on the page is "+text, func() bool {
		var got string
		e, err := c.find("//body")
		return err == nil && c.try("GET", e+"/text", nil, &got) == nil && strings.Contains(got, text)
	})
}

// complaints returns the errors in the browser's console.
func (c *chromium) complaints() string {
	c.t.Helper()
	var log []struct{ Level, Message string }
	c.call("POST", "/se/log", map[string]string{"type": "browser"}, &log)
	var out []string
	for _, l := range log {
		if l.Level == "SEVERE" {
			out = append(out, l.Message)
		}
	}
	return strings.Join(out, "\n")
}
