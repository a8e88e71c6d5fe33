package support

import "golang.org/x/sys/unix"

// release returns the versions of the system, and the kind of computer.
func release() []string {
	var all []string
	for _, name := range []string{"kern.osproductversion", "kern.osversion", "kern.osrelease", "hw.model", "machdep.cpu.brand_string"} {
		if value, err := unix.Sysctl(name); err == nil {
			all = append(all, name+" "+value)
		}
	}
	return all
}
