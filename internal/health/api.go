package health

import (
	"context"
	"net/http"
	"time"

	"twofold/internal/platform"
)

// freshness is how old a report may be: the probe runs every minute, so two may get lost.
const freshness = 3 * time.Minute

// api serves GET /health.
type api struct {
	region string
	table  interface {
		load(ctx context.Context) (status, error)
	}
	clock platform.Clock
}

func (a *api) routes() platform.Routes {
	return platform.Routes{"GET /health": {Serve: a.health}}
}

// view is the schema Health of openapi.yaml.
type view struct {
	Status string    `json:"status"`
	Region string    `json:"region"`
	At     string    `json:"at"`
	Checks []Finding `json:"checks"`
}

func (a *api) health(ctx context.Context, _ platform.Request) (platform.Response, error) {
	s, err := a.table.load(ctx)
	if err != nil {
		return platform.Response{}, err
	}
	if err := s.verdict(a.clock.Now()); err != nil {
		return platform.Response{}, err
	}
	return platform.Response{Status: http.StatusOK, Body: view{
		Status: "pass", Region: a.region, At: s.report.At.UTC().Format(timeForm), Checks: s.report.Checks,
	}}, nil
}

// verdict is why the region is not to be used; nil if it is well.
func (s status) verdict(now time.Time) error {
	switch {
	case s.takenOut:
		return platform.Refuse(platform.Unavailable, "an operator has taken this region out of service")
	case !s.probed:
		return platform.Refuse(platform.Unavailable, "no probe has reported in this region")
	case now.Sub(s.report.At) > freshness:
		return platform.Refuse(platform.Unavailable, "no probe has reported in this region since "+s.report.At.UTC().Format(timeForm))
	}
	failed := &platform.Error{Code: platform.Unavailable, Detail: "something that this region stands on is not well"}
	for _, f := range s.report.Checks {
		if !f.OK {
			failed.Violations = append(failed.Violations, platform.Violation{Pointer: f.Name, Detail: "does not answer: see the log of health-probe"})
		}
	}
	if len(failed.Violations) > 0 {
		return failed
	}
	return nil
}
