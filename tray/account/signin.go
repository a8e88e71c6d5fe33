package account

import (
	"context"
	"errors"

	"heliograph/graph"
	"heliograph/graph/presence"
)

// SignIn asks the person to sign in, on a page in their browser. A session that
// the keyring has kept is used without a page. While a page waits already, it is
// shown again. It returns when the person has answered, when the page was not
// finished in time, or when another operation or ctx has ended it.
func (a *Account) SignIn(ctx context.Context) {
	a.mu.Lock()
	page := a.page
	a.mu.Unlock()
	if page != "" {
		if err := a.opts.OpenURL(page); err != nil {
			a.opts.Failed(err, true)
		}
		return
	}
	ctx, end := a.begin(ctx)
	defer end()
	g, err := a.current()
	if err != nil {
		a.opts.Failed(err, true)
		return
	}
	// The keyring may have become ready since the start.
	if !a.State().Application && g.Person() == (graph.Person{}) {
		switch p, err := a.read(ctx, g); {
		case ctx.Err() != nil:
			return
		case err == nil:
			a.signedIn(g, p)
			return
		case !errors.Is(err, presence.ErrSignIn):
			a.opts.Log.Warn("the keyring cannot be read", "error", err)
		}
	}
	_ = a.signIn(ctx, g) // reported
}

// CancelSignIn ends the sign-in whose page waits for the person, if there is one.
func (a *Account) CancelSignIn() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.page != "" {
		a.last.cancel()
	}
}

// signIn shows the sign-in page and waits for the person's answer. It is called
// by the operation that works now.
func (a *Account) signIn(ctx context.Context, g *graph.Account) error {
	p, err := g.SignIn(ctx, graph.Prompt{OpenURL: func(url string) error {
		a.setPage(url)
		return a.opts.OpenURL(url)
	}, Page: a.opts.AnswerPage, Leave: a.leave})
	a.setPage("")
	switch {
	case ctx.Err() != nil:
		return nil // the person, or the end of the program
	case err != nil:
		a.opts.Log.Warn("sign-in failed", "error", err)
		a.setProblem(err)
		a.opts.Failed(err, true)
		return nil
	}
	a.signedIn(g, p)
	return nil
}

func (a *Account) setPage(url string) {
	a.mu.Lock()
	a.page = url
	a.mu.Unlock()
	a.opts.Changed()
}

// leave clears what was set for the person who was signed in before.
func (a *Account) leave(ctx context.Context) {
	a.setPage("") // it was answered, and cannot be cancelled any more
	if err := a.opts.Loop.Release(ctx); err != nil {
		a.opts.Log.Warn("what was set for the former account was not cleared", "error", err)
	}
}
