package live

import "syscall"

// attributes makes the kernel kill the process when this one dies, and keeps a terminal's
// interrupt for this one, which ends its processes in order.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}
