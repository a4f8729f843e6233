package order

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"twofold/internal/platform"
)

// What one run does at most; the rest is the next run's. A run is over before the function's time-out of 50 s. Time that a stage leaves is
// the next one's, and all that is left is for driving what is due.
const (
	driveTime = 8 * time.Second // for each home, before anything is looked for
	findTime  = 4 * time.Second // for each of a home's two lists
	runTime   = 45 * time.Second
)

// sweep starts the sagas of orders without outcome, and of cancel requests without answer, again. See the package's documentation for
// why none is missed.
type sweep struct {
	region string
	duties []duty
	store  sweepStore
	starts interface {
		Start(ctx context.Context, orderID string) error
	}
	fences  *platform.Fences
	each    func(ctx context.Context, n int, f func(ctx context.Context, i int)) // several at once, where that is allowed
	clock   platform.Clock
	log     *slog.Logger
	metrics platform.Metrics
}

// duty is to sweep the orders and the cancel requests that a region took, from an age on.
type duty struct {
	home  string
	after time.Duration
}

type sweepStore interface {
	indexed(ctx context.Context, home string, l list, shard int, from place, end time.Time) ([]spot, bool, error)
	confirmed(ctx context.Context, home string, orderIDs []string) (map[string]string, error)
	finished(ctx context.Context, regions, orderIDs []string) (map[string]bool, error)
	load(ctx context.Context, orderID string) (record, error)

	cursors(ctx context.Context, home string) (cursors, error)
	advance(ctx context.Context, home string, c cursors) error
	enlist(ctx context.Context, home string, orderIDs []string, now time.Time) error
	due(ctx context.Context, home string, now time.Time) ([]entry, error)
	change(ctx context.Context, home string, c changes) error
}

// report is what a run did; the function's answer.
type report struct {
	Found   int `json:"found"` // orders put on the list
	Started int `json:"started"`
	Ended   int `json:"ended"` // orders taken off the list
	Failed  int `json:"failed"`

	takeovers int           // of those started, the peer's
	lag       time.Duration // of the list that is furthest behind
}

// run does every duty. What fails does not stop the rest, but the run fails at the end. What stands on the lists comes first, so that
// looking for more never keeps it from being driven; what was found, or had no time before, is driven in the time that is left.
func (s *sweep) run(ctx context.Context) (report, error) {
	var r report
	if err := s.fences.Check(ctx); err != nil {
		return r, err
	}
	start := s.clock.Now()
	until, through := start, true
	for _, d := range s.duties {
		until = until.Add(driveTime)
		through = s.driveHome(ctx, &r, d.home, until) && through
	}
	for _, d := range s.duties {
		s.note(&r, s.taking(&r, d.home, func() error { return s.lookFor(ctx, &r, d, until) }), "home", d.home)
		until = until.Add(2 * findTime)
	}
	if !through || r.Found > 0 {
		for _, d := range s.duties {
			s.driveHome(ctx, &r, d.home, start.Add(runTime))
		}
	}
	s.measure(ctx, r)
	s.log.Info("swept", "found", r.Found, "started", r.Started, "ended", r.Ended, "failed", r.Failed)
	if r.Failed > 0 {
		return r, fmt.Errorf("%d parts of the sweep failed: see the log", r.Failed)
	}
	return r, nil
}

// driveHome drives a home's retry list and reports whether it came through all of it.
func (s *sweep) driveHome(ctx context.Context, r *report, home string, until time.Time) (through bool) {
	s.note(r, s.taking(r, home, func() (err error) {
		through, err = s.drive(ctx, r, home, until)
		return err
	}), "home", home)
	return through
}

// taking notes how many of the orders that a stage started are the peer's.
func (s *sweep) taking(r *report, home string, stage func() error) error {
	before := r.Started
	err := stage()
	if home != s.region {
		r.takeovers += r.Started - before
	}
	return err
}

func (s *sweep) late(until time.Time) bool { return !s.clock.Now().Before(until) }

func (s *sweep) note(r *report, err error, about ...any) {
	if err != nil {
		r.Failed++
		s.log.Error("sweep failed", append(about, "error", err.Error())...)
	}
}
