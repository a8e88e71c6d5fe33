package tray

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
	"unsafe"

	"github.com/ebitengine/purego"
	"github.com/ebitengine/purego/objc"

	"heliograph/detect/corefoundation"
)

// center is UNUserNotificationCenter, through which a signed bundle shows
// notifications of its own.
//
// Source: UserNotifications.framework of the macOS SDK,
// https://developer.apple.com/documentation/usernotifications
type center struct{ id objc.ID }

// doPresent is called before a notification is shown while the program is in
// front; without it macOS would show none.
const doPresent = "userNotificationCenter:willPresentNotification:withCompletionHandler:"

// errNotSigned is the error of a program that is not in a signed bundle, in which
// UNUserNotificationCenter would end the process.
var errNotSigned = errors.New("heliograph is not in a signed bundle, so macOS has no notifications for it")

// openCenter opens the one center of the process, once.
var openCenter = sync.OnceValues(func() (*center, error) {
	if err := loadSession(); err != nil {
		return nil, err
	}
	if err := openFramework("Foundation"); err != nil {
		return nil, err
	}
	var own, signed string
	corefoundation.Pool(func() {
		bundle := send(class("NSBundle"), "mainBundle")
		own, signed = corefoundation.Ref(send(bundle, "bundleIdentifier")).Text(), signedID()
	})
	if !isSigned(own, signed) {
		return nil, errNotSigned
	}
	if err := openFramework("UserNotifications"); err != nil {
		return nil, err
	}
	delegate, err := objc.RegisterClass("HeliographNotifications", objc.GetClass("NSObject"), nil, nil,
		[]objc.MethodDef{{Cmd: objc.RegisterName(doPresent), Fn: present}})
	if err != nil {
		return nil, err
	}
	c := &center{}
	corefoundation.Pool(func() {
		c.id = send(class("UNUserNotificationCenter"), "currentNotificationCenter")
		send(c.id, "setDelegate:", send(objc.ID(delegate), "new"))
	})
	if c.id == 0 {
		return nil, errNotSigned
	}
	return c, nil
})

// present has a notification shown as usual. answer is a block of macOS, whose
// function is called as the ABI of blocks says: it is the first pointer after the
// class and two numbers of four bytes, and takes the block itself first.
//
// Source: https://clang.llvm.org/docs/Block-ABI-Apple.html
func present(_ objc.ID, _ objc.SEL, _, _ objc.ID, answer objc.Block) {
	const (
		banner = 1 << 4 // UNNotificationPresentationOptionBanner
		list   = 1 << 3 // UNNotificationPresentationOptionList
	)
	block := *(**struct {
		class        uintptr
		flags, spare int32
		call         uintptr
	})(unsafe.Pointer(&answer))
	purego.SyscallN(block.call, uintptr(answer), banner|list)
}

// permission returns what the person has decided, after asking them if that is
// open. An error means that macOS did not answer in time, or asks nobody for this
// program.
func (c *center) permission(ctx context.Context, limit time.Duration) (may permission, err error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	corefoundation.Pool(func() {
		if may, err = c.status(ctx); err != nil || may != permissionOpen {
			return
		}
		if err = c.ask(ctx); err == nil {
			may, err = c.status(ctx)
		}
	})
	return may, err
}

// status returns what the person has decided.
func (c *center) status(ctx context.Context) (permission, error) {
	answer := make(chan permission, 1)
	block := objc.NewBlock(func(_ objc.Block, settings objc.ID) { answer <- permission(send(settings, "authorizationStatus")) })
	defer block.Release()
	send(c.id, "getNotificationSettingsWithCompletionHandler:", block)
	return await(ctx, answer)
}

// ask asks the person whether heliograph may show notifications, as macOS does
// once for each program.
func (c *center) ask(ctx context.Context) error {
	const alert = 1 << 2 // UNAuthorizationOptionAlert
	answer := make(chan error, 1)
	block := objc.NewBlock(func(_ objc.Block, _ bool, problem objc.ID) { answer <- nsError(problem) })
	defer block.Release()
	send(c.id, "requestAuthorizationWithOptions:completionHandler:", uint(alert), block)
	problem, err := await(ctx, answer)
	if err != nil {
		return err
	}
	return problem
}

// show shows a toast in place of the one of its class.
func (c *center) show(ctx context.Context, n Toast) (err error) {
	corefoundation.Pool(func() {
		content := send(send(send(class("UNMutableNotificationContent"), "alloc"), "init"), "autorelease")
		send(content, "setTitle:", text(n.Title))
		send(content, "setBody:", text(n.body()))
		request := send(class("UNNotificationRequest"), "requestWithIdentifier:content:trigger:", text(n.Class), content, objc.ID(0))
		answer := make(chan error, 1)
		block := objc.NewBlock(func(_ objc.Block, problem objc.ID) { answer <- nsError(problem) })
		defer block.Release()
		send(c.id, "addNotificationRequest:withCompletionHandler:", request, block)
		var problem error
		if problem, err = await(ctx, answer); err == nil {
			err = problem
		}
	})
	if err != nil {
		return fmt.Errorf("macOS did not show the notification: %w", err)
	}
	return nil
}

// nsError returns the domain and the code of an NSError; its text may quote the
// notification.
func nsError(problem objc.ID) error {
	if problem == 0 {
		return nil
	}
	return fmt.Errorf("%s %d", corefoundation.Ref(send(problem, "domain")).Text(), int(send(problem, "code")))
}

// await returns the answer of a completion handler, or an error when ctx ends.
func await[T any](ctx context.Context, answer <-chan T) (v T, err error) {
	select {
	case v = <-answer:
		return v, nil
	case <-ctx.Done():
		return v, fmt.Errorf("macOS does not answer: %w", ctx.Err())
	}
}
