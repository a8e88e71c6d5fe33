package graph

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

// errCrash is the error of a power cut.
var errCrash = errors.New("the computer stopped")

// failing is a vault that accepts a number of changes. After them, with dead set,
// every call fails, as after a crash; else only changes fail, as in a full or
// locked keyring.
type failing struct {
	MemoryVault
	left int
	dead bool
}

func (v *failing) spend() error {
	if v.left <= 0 {
		return errCrash
	}
	v.left--
	return nil
}

func (v *failing) Get(ctx context.Context, name string) ([]byte, error) {
	if v.dead && v.left <= 0 {
		return nil, errCrash
	}
	return v.MemoryVault.Get(ctx, name)
}

func (v *failing) Set(ctx context.Context, name string, secret []byte) error {
	if err := v.spend(); err != nil {
		return err
	}
	return v.MemoryVault.Set(ctx, name, secret)
}

func (v *failing) Delete(ctx context.Context, name string) error {
	if err := v.spend(); err != nil {
		return err
	}
	return v.MemoryVault.Delete(ctx, name)
}

func value(seed string, n int) []byte {
	return bytes.Repeat([]byte(seed), n/len(seed)+1)[:n]
}

func TestPartedKeepsAnySize(t *testing.T) {
	v := &MemoryVault{}
	p := parted{v, "account"}
	for _, n := range []int{0, 1, partSize - 1, partSize, partSize + 1, 9000, 3, partSize * maxParts, 1} {
		want := value("token", n)
		if err := p.set(t.Context(), want); err != nil {
			t.Fatal(err)
		}
		if got, err := p.get(t.Context()); err != nil || !bytes.Equal(got, want) {
			t.Fatalf("%d bytes are read as %d, %v", n, len(got), err)
		}
		if want := 1 + max(1, (n+partSize-1)/partSize); len(v.items) != want {
			t.Errorf("%d bytes take %d items, not %d", n, len(v.items), want)
		}
		for name, item := range v.items {
			// Windows holds 2,560 bytes, and the keyring writes base64.
			if len(item)*4/3+4 > 2560 || len(name) > 64 {
				t.Errorf("item %s of %d bytes", name, len(item))
			}
		}
	}
	if err := p.set(t.Context(), value("x", partSize*maxParts+1)); err == nil {
		t.Error("a value of more than maxParts parts is accepted")
	}
	if got, err := p.get(t.Context()); err != nil || len(got) != 1 {
		t.Errorf("a refused value damages the old one: %v", err)
	}
	if err := p.delete(t.Context()); err != nil || len(v.items) != 0 {
		t.Errorf("%d items are left, %v", len(v.items), err)
	}
	if _, err := p.get(t.Context()); !errors.Is(err, ErrNoItem) {
		t.Errorf("after the deletion: %v", err)
	}
}

// TestCrashLeavesAWholeValue crashes after every single step.
func TestCrashLeavesAWholeValue(t *testing.T) {
	old, young := value("old", 4000), value("young", 7000)
	for _, dead := range []bool{true, false} {
		for n := 0; ; n++ {
			v := &failing{left: 1 << 30}
			p := parted{v, "account"}
			if err := p.set(t.Context(), old); err != nil {
				t.Fatal(err)
			}
			v.left, v.dead = n, dead
			err := p.set(t.Context(), young)
			switched := v.left > 0
			v.left, v.dead = 1<<30, false
			got, getErr := p.get(t.Context())
			if getErr != nil || (!bytes.Equal(got, old) && !bytes.Equal(got, young)) {
				t.Fatalf("after %d steps (dead %v) %d bytes are left, %v", n, dead, len(got), getErr)
			}
			if (err == nil) != bytes.Equal(got, young) {
				t.Fatalf("after %d steps (dead %v) set says %v, but the value is new: %v", n, dead, err, bytes.Equal(got, young))
			}
			if err := p.set(t.Context(), young); err != nil {
				t.Fatalf("after %d steps the vault does not recover: %v", n, err)
			}
			if switched {
				break // the whole of it fits into n steps
			}
		}
	}
}

// TestCrashInDelete: a deletion that breaks off never leaves a value that can be
// read.
func TestCrashInDelete(t *testing.T) {
	old := value("old", 4000)
	for n := range 6 {
		v := &failing{left: 1 << 30}
		p := parted{v, "account"}
		if err := p.set(t.Context(), old); err != nil {
			t.Fatal(err)
		}
		v.left = n
		err := p.delete(t.Context())
		v.left = 1 << 30
		got, getErr := p.get(t.Context())
		if n == 0 && (err == nil || !bytes.Equal(got, old)) {
			t.Errorf("nothing was deleted, yet %v and %v", err, getErr)
		}
		if n > 0 && !errors.Is(getErr, ErrNoItem) {
			t.Errorf("after %d steps: %d bytes, %v", n, len(got), getErr)
		}
		if (err == nil) != (n >= 4) {
			t.Errorf("after %d steps: %v", n, err)
		}
	}
}

// lying is a vault that fails to answer the write of the head, which succeeds.
type lying struct{ MemoryVault }

func (v *lying) Set(ctx context.Context, name string, secret []byte) error {
	err := v.MemoryVault.Set(ctx, name, secret)
	if name == "account" {
		return errors.Join(err, context.DeadlineExceeded)
	}
	return err
}

func TestLostAnswerOfTheVault(t *testing.T) {
	v := &lying{}
	p := parted{v, "account"}
	for _, want := range [][]byte{value("old", 4000), value("young", 7000)} {
		if err := p.set(t.Context(), want); err != nil {
			t.Fatal(err)
		}
		if got, err := p.get(t.Context()); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%d bytes, %v", len(got), err)
		}
	}
	if want := 1 + (7000+partSize-1)/partSize; len(v.items) != want {
		t.Errorf("%d items, want %d", len(v.items), want)
	}
}

func TestDamagedItems(t *testing.T) {
	headOf := func(v *MemoryVault) head {
		var h head
		if err := json.Unmarshal(v.items["account"], &h); err != nil {
			t.Fatal(err)
		}
		return h
	}
	for name, spoil := range map[string]func(*MemoryVault){
		"no_json":  func(v *MemoryVault) { v.items["account"] = []byte("{") },
		"empty":    func(v *MemoryVault) { v.items["account"] = nil },
		"no_parts": func(v *MemoryVault) { v.items["account"] = []byte(`{"generation":"x","parts":0}`) },
		"endless":  func(v *MemoryVault) { v.items["account"] = []byte(`{"generation":"x","parts":1000000000}`) },
		"negative": func(v *MemoryVault) { v.items["account"] = []byte(`{"generation":"x","parts":-1}`) },
		"long_name": func(v *MemoryVault) {
			v.items["account"] = []byte(`{"generation":"` + strings.Repeat("x", 500) + `","parts":1}`)
		},
		"other_sum":     func(v *MemoryVault) { h := headOf(v); h.Sum = "00"; v.items["account"], _ = json.Marshal(h) },
		"missing_part":  func(v *MemoryVault) { delete(v.items, "account."+headOf(v).Generation+".1") },
		"changed_part":  func(v *MemoryVault) { v.items["account."+headOf(v).Generation+".1"][7] ^= 1 },
		"too_few_parts": func(v *MemoryVault) { h := headOf(v); h.Parts--; v.items["account"], _ = json.Marshal(h) },
	} {
		t.Run(name, func(t *testing.T) {
			v := &MemoryVault{}
			p := parted{v, "account"}
			if err := p.set(t.Context(), value("old", 4000)); err != nil {
				t.Fatal(err)
			}
			spoil(v)
			_, err := p.get(t.Context())
			if !errors.Is(err, ErrVaultDamaged) || errors.Is(err, ErrNoItem) || Explain(err).Key != "damaged" {
				t.Errorf("got %v: %+v", err, Explain(err))
			}
			young := value("young", 2000)
			if err := p.set(t.Context(), young); err != nil {
				t.Fatal(err)
			}
			if got, err := p.get(t.Context()); err != nil || !bytes.Equal(got, young) {
				t.Errorf("it does not recover: %v", err)
			}
			spoil(v)
			if err := p.delete(t.Context()); err != nil {
				t.Error(err)
			}
			if _, err := p.get(t.Context()); !errors.Is(err, ErrNoItem) {
				t.Errorf("after the deletion: %v", err)
			}
		})
	}
}
