// Package console lets one program be both: without a window in the tray, and
// with output when a person types a command. Only Windows tells the two apart.
package console
