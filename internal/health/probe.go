package health

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

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
	// together does several checks in one call and names those that came out well; the others are made one by one. Nil does none.
	together func(ctx context.Context) (well map[string]bool, err error)
	table    interface {
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
	failed, well := 0.0, p.first(ctx)
	for _, c := range p.checks {
		var err error
		if !well[c.name] {
			err = p.try(ctx, c)
		}
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

// first are the checks that need not be made one by one.
func (p *probe) first(ctx context.Context) map[string]bool {
	if p.together == nil {
		return nil
	}
	ctx, cancel := p.clock.WithTimeout(ctx, checkDeadline)
	defer cancel()
	well, err := p.together(ctx)
	if err != nil {
		p.log.Warn("not all tables were read at once", "error", err.Error())
	}
	return well
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

// anyKey is of an item that need not be there.
func anyKey() platform.Item { return platform.Item{"pk": str(partition), "sk": str(probeSort)} }

// readable checks that a table answers.
func readable(client platform.Tables, table string) func(ctx context.Context) error {
	return func(ctx context.Context) error {
		_, err := client.GetItem(ctx, &dynamodb.GetItemInput{TableName: &table, Key: anyKey()})
		return err
	}
}

// batchReader is what reading several tables at once uses of a DynamoDB client.
type batchReader interface {
	BatchGetItem(ctx context.Context, in *dynamodb.BatchGetItemInput, opts ...func(*dynamodb.Options)) (*dynamodb.BatchGetItemOutput, error)
}

// allReadable does the checks of several tables in one call. checks are their names, by table. One table that does not answer may fail the call
// for all, and which it was is not told.
func allReadable(client batchReader, checks map[string]string) func(ctx context.Context) (map[string]bool, error) {
	return func(ctx context.Context) (map[string]bool, error) {
		ask := make(map[string]types.KeysAndAttributes, len(checks))
		for table := range checks {
			ask[table] = types.KeysAndAttributes{Keys: []platform.Item{anyKey()}}
		}
		res, err := client.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{RequestItems: ask})
		if err != nil {
			return nil, err
		}
		well := make(map[string]bool, len(checks))
		for table, check := range checks {
			_, left := res.UnprocessedKeys[table]
			well[check] = !left
		}
		return well, nil
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
