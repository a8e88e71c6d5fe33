package detect

import (
	"context"
	"fmt"
)

// powerWishes tells who keeps the machine or the screen awake, and why: what
// Chromium's kin do in a call, and what a video does. It asks when anything
// else has changed: macOS tells only its own programs of changes here, and a
// call begins with a recording, which it tells everybody of.
//
// Source: IOKit/pwr_mgt/IOPMLib.h
type powerWishes struct{}

func openPowerWishes(context.Context, env) (source, error) {
	if err := frameworks(); err != nil {
		return nil, err
	}
	p := powerWishes{}
	_, err := p.sample()
	return p, err
}

func (powerWishes) sample() (result, error) {
	var all uintptr
	if status := ioAssertions(&all); status != 0 || all == 0 {
		return nil, fmt.Errorf("macOS does not say who keeps it awake: status %d", status)
	}
	defer cfRelease(all)
	out, awake := wishes(readAssertions(all), program)
	return inhibitResult{inhibitors: out, awake: awake, awakeKnown: true}, nil
}

// readAssertions reads a dictionary of process numbers, with an array of
// dictionaries each.
func readAssertions(all uintptr) []assertion {
	n := cfDictionaryCount(all)
	if n == 0 || cfGetTypeID(all) != cfDictionaryTypeID() {
		return nil
	}
	keys, values := make([]uintptr, n), make([]uintptr, n)
	cfDictionaryAll(all, &keys[0], &values[0])
	var out []assertion
	for i, list := range values {
		if list == 0 || cfGetTypeID(list) != cfArrayTypeID() {
			continue
		}
		for j := range cfArrayCount(list) {
			d := cfArrayAt(list, j)
			if d == 0 || cfGetTypeID(d) != cfDictionaryTypeID() {
				continue
			}
			out = append(out, assertion{pid: int(number(keys[i])), kind: goText(value(d, "AssertType")), name: goText(value(d, "AssertName"))})
		}
	}
	return out
}

func (powerWishes) close() {}
