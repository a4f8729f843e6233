package dynamodb

import (
	"context"
	"strconv"
	"time"

	"github.com/tidwall/btree"

	"twofold/local/core"
)

// expiry orders the items of a table by the time at which they end. AWS deletes expired items within
// days; here they go at that second.
type expiry struct {
	table     *table
	attribute string
	ends      *btree.BTreeG[end]
	wake      core.Signal
}

type end struct {
	at  int64 // Unix seconds
	key key
}

// ttlHorizon: DynamoDB leaves alone what expired longer ago than this.
const ttlHorizon = 5 * 365 * 24 * time.Hour

// setTTL switches to an attribute, "" being off; the table is locked.
func (t *table) setTTL(attribute string) {
	if t.expiry != nil {
		t.expiry.wake.Set() // its task sees that it has been replaced
		t.expiry = nil
	}
	if attribute == "" {
		return
	}
	e := &expiry{table: t, attribute: attribute, wake: t.svc.cloud.NewSignal()}
	e.clear()
	if t.items != nil {
		t.items.Scan(func(r *row) bool { e.replace(nil, r); return true })
	}
	t.expiry = e
	t.svc.cloud.Go(core.WithRegion(t.svc.ctx, t.region), "ttl/"+t.name, e.run)
}

func (e *expiry) clear() {
	e.ends = newTree(func(a, b end) bool { return a.at < b.at || a.at == b.at && a.key.less(b.key) })
}

// endOf is when an item ends; ok is false for one that does not.
func (e *expiry) endOf(r *row) (end, bool) {
	v := r.attributes().get(e.attribute)
	if v == nil || v.kind != kindN {
		return end{}, false
	}
	f, err := strconv.ParseFloat(v.text, 64)
	if err != nil || f >= 1<<40 || f < float64(e.table.svc.cloud.Now().Add(-ttlHorizon).Unix()) {
		return end{}, false
	}
	return end{int64(f), r.key}, true
}

// replace follows a change of the table, which is locked.
func (e *expiry) replace(old, r *row) {
	if x, ok := e.endOf(old); ok {
		e.ends.Delete(x)
	}
	if x, ok := e.endOf(r); ok {
		e.ends.Set(x)
		e.wake.Set() // only marks the task as ready; it does not run here
	}
}

// run deletes items as they end.
func (e *expiry) run(ctx context.Context) {
	for {
		wait, any, current := e.sweep()
		if !current {
			return
		}
		var err error
		if any {
			_, err = e.wake.WaitFor(ctx, wait)
		} else {
			err = e.wake.Wait(ctx)
		}
		if err != nil {
			return
		}
	}
}

// sweep deletes what has ended; it tells how long it is to the next end, if there is any, and
// whether the table still uses this expiry.
func (e *expiry) sweep() (wait time.Duration, any, current bool) {
	t := e.table
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.expiry != e {
		return 0, false, false
	}
	for {
		next, ok := e.ends.Min()
		if !ok {
			return 0, false, true
		}
		if wait := time.Unix(next.at, 0).Sub(t.svc.cloud.Now()); wait > 0 {
			return wait, true, true
		}
		e.ends.Delete(next)
		if err := t.write(next.key, nil, true); err != nil {
			t.svc.cloud.Journal.Add(core.Entry{Region: t.region, Kind: core.KindInternal, Subject: t.name, Detail: "an expired item stays: " + err.Message})
		}
	}
}
