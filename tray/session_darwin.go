package tray

import (
	"sync"

	"heliograph/detect/corefoundation"
)

// Functions of Security and CoreGraphics.
//
// Source: Security/AuthSession.h, Security/SecCode.h, CGSession.h of the macOS
// SDK
var (
	sessionInfo func(session uint32, id, attributes *uint32) int32
	codeSelf    func(flags uint32, code *corefoundation.Ref) int32
	codeInfo    func(code corefoundation.Ref, flags uint32, info *corefoundation.Ref) int32
	cgSession   func() corefoundation.Ref
)

// loadSession binds these functions, once.
var loadSession = sync.OnceValue(func() error {
	if err := corefoundation.Load(); err != nil {
		return err
	}
	err := corefoundation.Bind(corefoundation.FrameworkPath("Security"), map[string]any{
		"SessionGetInfo":                &sessionInfo,
		"SecCodeCopySelf":               &codeSelf,
		"SecCodeCopySigningInformation": &codeInfo,
	})
	if err != nil {
		return err
	}
	return corefoundation.Bind(corefoundation.FrameworkPath("CoreGraphics"), map[string]any{
		"CGSessionCopyCurrentDictionary": &cgSession,
	})
})

// checkMenuBar returns an error where this process must not use AppKit.
func checkMenuBar() error {
	if err := loadSession(); err != nil {
		return err
	}
	const callerSession = 0xFFFFFFFF // callerSecuritySession
	var id, attributes uint32
	if sessionInfo(callerSession, &id, &attributes) != 0 {
		return errNoMenuBar
	}
	var there bool
	corefoundation.Pool(func() {
		session := cgSession()
		there = session != 0
		session.Release()
	})
	return judgeSession(attributes, there)
}

// signedID returns the identifier of the program's signature; empty if it has
// none.
func signedID() string {
	var code, info corefoundation.Ref
	if codeSelf(0, &code) != 0 {
		return ""
	}
	defer code.Release()
	if codeInfo(code, 0, &info) != 0 {
		return ""
	}
	defer info.Release()
	return info.Get("identifier").Text() // kSecCodeInfoIdentifier
}
