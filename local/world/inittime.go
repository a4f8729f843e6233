package world

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"twofold/local/core"
	"twofold/local/lambda"
	"twofold/local/lambda/live"
)

// InitTime is how long a function takes from the start of its process until it asks for its first event.
type InitTime struct {
	Function string
	Took     time.Duration // the median of some runs
}

// InitTimes measures every function of one region, some runs each, one process at a time; and a main that does nothing, the
// executable "empty" beside the folder of the functions, in the place of the first. The slowest comes first. A world whose functions run in this process has
// nothing to measure.
func (w *World) InitTimes(runs int) (all []InitTime, empty time.Duration, err error) {
	r, ok := w.svc.runner.(*live.Runner)
	if !ok {
		return nil, 0, errors.New("only functions that run as processes have an init time")
	}
	functions := w.svc.lambda.Latest(w.Regions()[0])
	if empty, err = w.emptyInit(functions[0], runs); err != nil {
		return nil, 0, err
	}
	for _, v := range functions {
		took, err := medianInit(r, v, runs)
		if err != nil {
			return nil, 0, err
		}
		all = append(all, InitTime{Function: v.Name, Took: took})
	}
	slices.SortFunc(all, func(a, b InitTime) int { return cmp.Compare(b.Took, a.Took) })
	return all, empty, nil
}

// emptyInit has the empty main take the place of a function.
func (w *World) emptyInit(v *lambda.Version, runs int) (took time.Duration, err error) {
	path := filepath.Join(filepath.Dir(w.opts.Functions), "empty")
	if _, err := os.Stat(path); err != nil {
		return 0, fmt.Errorf("%w: build it first (make build)", err)
	}
	r := live.New(live.Config{Journal: w.cloud.Journal, Binary: func(core.Resource) (string, error) { return path, nil }})
	defer func() { err = errors.Join(err, r.Close()) }()
	return medianInit(r, v, runs)
}

func medianInit(r *live.Runner, v *lambda.Version, runs int) (time.Duration, error) {
	took := make([]time.Duration, runs)
	for i := range took {
		var err error
		if took[i], err = r.InitTime(v); err != nil {
			return 0, err
		}
	}
	slices.Sort(took)
	return took[runs/2], nil
}
