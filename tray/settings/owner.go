package settings

import (
	"context"
	"log/slog"
	"maps"
	"reflect"
	"slices"
	"sync"

	"heliograph/detect/latest"
)

// Options says what an [Owner] merges.
type Options struct {
	// Path is the settings file; empty, or one that does not exist: the defaults.
	Path string
	// State is the folder for what the menu has set and for a copy of the last
	// good file; empty: both are forgotten with the process.
	State string
	// Policy is what the manager of this computer prescribes, in the form of
	// the file. No system has one yet.
	Policy []byte
	// CallMessage is the status message in a call where the menu asks for one
	// and the file has none, in a language; nil: none.
	CallMessage func(Language) string
	// Adjust changes what was merged, as the demo does; nil: nothing.
	Adjust func(*Config)
	// Log gets each change and each refusal; nil: nothing is logged.
	Log *slog.Logger
}

// Owner owns the settings of a process: it reads them, watches them, and hands
// out each new [Value]. All methods may be called from any goroutine, and none
// waits for the disk.
type Owner struct {
	opts    Options
	policy  document
	values  latest.Broadcast[Value]
	unsaved chan struct{} // one slot: the menu has changed

	mu       sync.Mutex
	file     document
	source   Source
	menu     Menu
	problem  *Problem
	watching error
}

// Open reads the settings. It never fails: while the file is wrong the last
// good one is used, or else the defaults, and [Value.Problem] says why. Without
// Run nothing is watched or written.
func Open(opts Options) *Owner {
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	o := &Owner{opts: opts, unsaved: make(chan struct{}, 1), source: FromFile, menu: readMenu(opts.State, opts.Log)}
	if len(opts.Policy) > 0 {
		var p *Problem
		if o.policy, p = parse(opts.Policy); p != nil {
			opts.Log.Warn("the policy of this computer is wrong and does not count", "problem", p)
		}
	}
	o.file, o.problem = readFile(opts.Path)
	if o.problem != nil {
		o.file, o.source = o.lastGood()
		opts.Log.Warn("the settings file is wrong", "problem", o.problem, "used", o.source)
	}
	o.publish()
	return o
}

// lastGood returns the last file that was accepted, or the defaults.
func (o *Owner) lastGood() (document, Source) {
	if d, ok := readLastGood(o.opts.State, o.opts.Path); ok {
		return d, FromLastGood
	}
	return document{config: Default()}, FromDefault
}

// Value returns the settings in use.
func (o *Owner) Value() Value {
	v, _ := o.values.Last()
	return v
}

// Subscribe returns a channel that receives the newest settings, those in use
// first, and a function that ends the subscription.
func (o *Owner) Subscribe() (<-chan Value, func()) { return o.values.Subscribe() }

// Unwatched returns why changes of the file are not noticed; nil if they are,
// or before Run.
func (o *Owner) Unwatched() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.watching
}

// SetSwitch sets a switch of the menu, by its id. One that agrees with the file
// is not kept, so that a later edit of the file counts.
func (o *Owner) SetSwitch(id string, on bool) {
	r, known := ruleOf(id)
	if !known {
		return
	}
	o.change(func(m *Menu) {
		if on == r.isOn(o.file.config.Automatic) {
			delete(m.Switches, id)
			return
		}
		if m.Switches == nil {
			m.Switches = map[string]bool{}
		}
		m.Switches[id] = on
	})
}

// Deny remembers that recordings of a program are never a call.
func (o *Owner) Deny(app string) {
	o.change(func(m *Menu) {
		m.forget(app)
		m.Denied = append(m.Denied, app)
	})
}

// Allow remembers that recordings of a program are always a call.
func (o *Owner) Allow(app string) {
	o.change(func(m *Menu) {
		m.forget(app)
		m.Allowed = append(m.Allowed, app)
	})
}

// Forget removes what Deny and Allow have remembered of a program, and reports
// whether there was anything.
func (o *Owner) Forget(app string) (known bool) {
	o.change(func(m *Menu) { known = m.forget(app) })
	return known
}

// change changes the menu's part, publishes the outcome and has it saved.
func (o *Owner) change(f func(*Menu)) {
	o.mu.Lock()
	m := o.menu.clone() // values that were published keep what they have
	f(&m)
	o.menu = m
	o.publish()
	o.mu.Unlock()
	latest.Notify(o.unsaved)
}

// publish merges the settings, and publishes them if they differ from the last
// ones. The caller has locked mu, or is Open.
func (o *Owner) publish() {
	v := merge(o.opts, o.file, o.source, o.menu, o.policy)
	v.Problem = o.problem
	last, known := o.values.Last()
	if known && reflect.DeepEqual(v, last) {
		return
	}
	if known {
		if changed := changedKeys(last.Config, v.Config); len(changed) > 0 {
			o.opts.Log.Info("settings changed", "keys", changed)
		}
	}
	o.values.Publish(v)
}

// Run watches the file and saves what the menu sets, until ctx ends and the
// last of it is saved.
func (o *Owner) Run(ctx context.Context) {
	var wait sync.WaitGroup
	wait.Go(func() { o.saveMenu(ctx) })
	o.keepLastGood()
	var err error
	if o.opts.Path != "" {
		err = watch(ctx, o.opts.Path, o.reload)
	}
	if err != nil && ctx.Err() == nil {
		o.opts.Log.Warn("changes of the settings file are not noticed", "error", err)
		o.mu.Lock()
		o.watching = err
		o.mu.Unlock()
	}
	wait.Wait()
}

// reload reads the file, which may have changed.
func (o *Owner) reload() {
	d, p := readFile(o.opts.Path)
	o.mu.Lock()
	if p != nil {
		if o.source == FromFile {
			o.source = FromLastGood
		}
		if !reflect.DeepEqual(p, o.problem) {
			o.opts.Log.Warn("the settings file is wrong", "problem", p, "used", o.source)
		}
		o.problem = p
	} else {
		o.file, o.source, o.problem = d, FromFile, nil
	}
	o.publish()
	o.mu.Unlock()
	o.keepLastGood()
}

// keepLastGood keeps a copy of the file while it is right.
func (o *Owner) keepLastGood() {
	o.mu.Lock()
	data, wrong := o.file.data, o.problem != nil
	o.mu.Unlock()
	if wrong || o.opts.State == "" {
		return
	}
	if err := writeLastGood(o.opts.State, o.opts.Path, data); err != nil {
		o.opts.Log.Warn("the last good settings cannot be kept", "error", err)
	}
}

// changedKeys lists the keys that differ between two settings, in order.
func changedKeys(a, b Config) []string {
	was, is := flatten(a), flatten(b)
	var changed []string
	for _, key := range slices.Sorted(maps.Keys(is)) {
		if !reflect.DeepEqual(was[key], is[key]) {
			changed = append(changed, key)
		}
	}
	return changed
}

// flatten lists each setting by its key.
func flatten(c Config) map[string]any {
	all := map[string]any{}
	sections := reflect.ValueOf(c)
	for i := range sections.NumField() {
		section := sections.Field(i)
		name := sections.Type().Field(i).Tag.Get("toml")
		for j := range section.NumField() {
			all[name+"."+section.Type().Field(j).Tag.Get("toml")] = section.Field(j).Interface()
		}
	}
	return all
}
