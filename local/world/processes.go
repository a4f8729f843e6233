package world

import (
	"os"

	"twofold/local/lambda/live"
)

// Processes are the ids of everything that runs for this world: this process, and one for each instance of a function. In a simulated world
// functions run in this process.
func (w *World) Processes() []int {
	pids := []int{os.Getpid()}
	if r, ok := w.svc.runner.(*live.Runner); ok {
		for _, p := range r.Processes() {
			pids = append(pids, p.PID)
		}
	}
	return pids
}
