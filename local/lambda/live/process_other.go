//go:build !linux

package live

import "syscall"

// attributes keeps a terminal's interrupt for this process. Where the kernel has no signal for
// a parent's death, an instance ends by itself when its connection to the Runtime API breaks.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
