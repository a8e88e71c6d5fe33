// Package kernel reads what the Linux kernel says about processes, files and
// sleep: /proc, inotify, pidfd and timerfd. It turns that into values and never
// judges them, and needs no privilege.
package kernel
