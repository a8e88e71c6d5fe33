// Package console lets one program run in the tray without a console window and
// still print when it is started as a command. Only Windows distinguishes
// programs of the two kinds.
package console
