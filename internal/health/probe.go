package health

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"twofold/internal/platform"
)

// One check takes this long at most; and it is made again before it counts as failed, so that one lost packet does not move a
// region's shoppers.
const (
	checkDeadline = 2 * time.Second
	checkTries    = 2
)

// check is one thing that a region stands on.
type check struct {
	name string
	run  func(ctx context.Context) error
}

// probe looks at everything and writes down what it found.
type probe struct {
	checks []check
	table  interface {
		save(ctx context.Context, r Report) error
	}
	heart interface {
		beat(ctx context.Context, now time.Time) (lag time.Duration, seen bool, err error)
	}
	clock   platform.Clock
	log     *slog.Logger
	metrics platform.Metrics
}

// run is the function's handler. That something is not well is a finding and no error; that it cannot be written down is one.
func (p *probe) run(ctx context.Context) error {
	r := Report{At: p.clock.Now()}
	samples := p.replication(ctx, r.At)
	failed := 0.0
	for _, c := range p.checks {
		err := p.try(ctx, c)
		if err != nil {
			failed++
			p.log.Error("not well", "check", c.name, "error", err.Error())
		}
		r.Checks = append(r.Checks, Finding{Name: c.name, OK: err == nil})
	}
	p.metrics.Put(ctx, "probed", nil, append(samples, platform.Sample{Metric: platform.ChecksFailed, Value: failed})...)
	return p.table.save(ctx, r)
}

// replication says how old what was last seen of the peer is. That it cannot be told is no reason to take the region out.
func (p *probe) replication(ctx context.Context, now time.Time) []platform.Sample {
	ctx, cancel := p.clock.WithTimeout(ctx, checkDeadline)
	defer cancel()
	lag, seen, err := p.heart.beat(ctx, now)
	if err != nil {
		p.log.Error("no heartbeat", "error", err.Error())
	}
	if err != nil || !seen {
		return nil
	}
	return []platform.Sample{{Metric: platform.ReplicationLag, Value: lag.Seconds()}}
}

func (p *probe) try(ctx context.Context, c check) (err error) {
	for range checkTries {
		if err = p.once(ctx, c); err == nil {
			return nil
		}
	}
	return err
}

func (p *probe) once(ctx context.Context, c check) error {
	ctx, cancel := p.clock.WithTimeout(ctx, checkDeadline)
	defer cancel()
	return c.run(ctx)
}

// readable checks that a table answers. The item need not be there.
func readable(client *dynamodb.Client, table string) func(ctx context.Context) error {
	return func(ctx context.Context) error {
		_, err := client.GetItem(ctx, &dynamodb.GetItemInput{TableName: &table, Key: platform.Item{"pk": str(partition), "sk": str(probeSort)}})
		return err
	}
}

// reachable checks that a provider answers, with whatever: the call has no key, and is not meant to do anything.
func reachable(client *http.Client, base string) func(ctx context.Context) error {
	return func(ctx context.Context) (err error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/", nil)
		if err != nil {
			return err
		}
		res, err := client.Do(req)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, res.Body.Close()) }()
		if res.StatusCode >= http.StatusInternalServerError {
			return fmt.Errorf("answered %d", res.StatusCode)
		}
		return nil
	}
}
