package world

import (
	"twofold/local/core"
	"twofold/local/lambda/live"
)

// Renew takes a function's new executable into use in all regions: what runs ends where it runs, everything later runs in new processes.
// The function is named by its folder in functions/. It gives the number of processes that are replaced; 0 in a simulated world, whose
// functions are part of this program.
func (w *World) Renew(function string) int {
	r, ok := w.svc.runner.(*live.Runner)
	if !ok {
		return 0
	}
	return r.Renew(func(resource core.Resource) bool {
		name, err := folder(resource)
		return err == nil && name == function
	})
}
