package emu

import (
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// Browser returns a function that takes the address of a sign-in page and does
// there what the named person would do: it picks the account, accepts what is
// asked and sends the result to the client's loopback address. The demo signs in
// with it, and so do tests. Pages are fetched through rt; nil: over the network.
func Browser(rt http.RoundTripper, who string) func(page string) error {
	pages := &http.Client{Transport: rt}
	return func(page string) error {
		text, err := fetch(pages.Get(page))
		if err != nil {
			return err
		}
		for _, step := range []url.Values{{"step": {"account"}, "user": {who}}, {"step": {"accept"}}} {
			m := flowField.FindStringSubmatch(text)
			if m == nil {
				return fmt.Errorf("the sign-in page has no form")
			}
			step.Set("flow", html.UnescapeString(m[1]))
			if text, err = fetch(pages.PostForm(page, step)); err != nil {
				return err
			}
		}
		to := answerForm.FindStringSubmatch(text)
		if to == nil {
			return fmt.Errorf("the sign-in did not end with an answer")
		}
		answer := url.Values{}
		for _, f := range answerField.FindAllStringSubmatch(text, -1) {
			answer.Set(html.UnescapeString(f[1]), html.UnescapeString(f[2]))
		}
		// The loopback address is a real socket, whatever rt is.
		direct := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		_, err = fetch(direct.Post(html.UnescapeString(to[1]), "application/x-www-form-urlencoded", strings.NewReader(answer.Encode())))
		return err
	}
}

func fetch(resp *http.Response, err error) (string, error) {
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxBody))
	if err != nil {
		return "", err
	}
	if resp.StatusCode >= 400 {
		return "", fmt.Errorf("the sign-in page answers %s", resp.Status)
	}
	return string(text), nil
}
