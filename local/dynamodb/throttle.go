package dynamodb

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"twofold/local/core"
)

// Limits are the units that one partition takes in a second; zero is no limit.
type Limits struct{ Write, Read float64 }

// PartitionLimits are those of every partition of a table or a global secondary index, on demand or provisioned
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/burst-adaptive-capacity.html).
//
// How AWS lays items out over partitions is not told and changes with the traffic, so the worst case is taken: all items of one
// partition key stand on one partition, which takes nothing else and is never split. Of the unused capacity that AWS keeps for bursts
// a partition has one second's here: beyond 1,000 writes or 3,000 reads a second it is throttled, says the page, and
// nothing is promised of the rest. Units are the metered ones: two for a transactional write, those of an index at the
// index's partition, whose lack refuses the write of the item (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/gsi-throttling.html).
// What is refused takes nothing. A Scan and what replication brings are not limited: the documentation does not say how they are.
func PartitionLimits() Limits { return Limits{Write: 1000, Read: 3000} }

// partition is what shares a limit: all that a table, or one of its global indexes, has of a partition key. Local indexes stand with their items.
type partition struct{ index, hash string }

// charge is what an operation takes of a partition.
type charge struct {
	at    partition
	units float64
}

// bucket is what a partition has left at a time, in nanoseconds. A request may take more than there is, so that its size does not matter; what it
// took too much is missing to those that come next.
type bucket struct {
	write, read float64
	at          int64
}

// buckets are those of a table that are not full. Each second the younger ones become the older ones: a bucket that nobody has used for that long is full
// again and is forgotten. The table's mu guards them.
type buckets struct {
	younger, older map[partition]bucket
	turned         int64
}

// of is a partition's bucket at a time.
func (b *buckets) of(p partition, limits Limits, now int64) bucket {
	found, ok := b.younger[p]
	if !ok {
		found, ok = b.older[p]
	}
	if !ok {
		return bucket{limits.Write, limits.Read, now}
	}
	passed := float64(now-found.at) / float64(time.Second)
	return bucket{min(limits.Write, found.write+passed*limits.Write), min(limits.Read, found.read+passed*limits.Read), now}
}

// keep remembers a bucket.
func (b *buckets) keep(p partition, left bucket) {
	if left.at-b.turned >= int64(time.Second) {
		b.younger, b.older, b.turned = map[partition]bucket{}, b.younger, left.at
	}
	b.younger[p] = left
}

// full answers the first of the charged partitions that takes no more writes at the moment.
func (t *table) full(charges []charge) (p partition, full bool) {
	limits := t.svc.options.Partition
	if limits.Write <= 0 {
		return p, false
	}
	now := t.svc.cloud.Now().UnixNano()
	for _, c := range charges {
		if t.buckets.of(c.at, limits, now).write <= 0 {
			return c.at, true
		}
	}
	return p, false
}

// spend takes what was charged.
func (t *table) spend(charges []charge) {
	limits := t.svc.options.Partition
	if limits.Write <= 0 {
		return
	}
	now := t.svc.cloud.Now().UnixNano()
	for _, c := range charges {
		left := t.buckets.of(c.at, limits, now)
		left.write -= c.units
		t.buckets.keep(c.at, left)
	}
}

// mayRead reports whether a partition has something left to be read from.
func (t *table) mayRead(p partition) bool {
	limits := t.svc.options.Partition
	return limits.Read <= 0 || t.buckets.of(p, limits, t.svc.cloud.Now().UnixNano()).read > 0
}

// spendRead takes what a read was found to need.
func (t *table) spendRead(p partition, units float64) {
	limits := t.svc.options.Partition
	if limits.Read <= 0 {
		return
	}
	left := t.buckets.of(p, limits, t.svc.cloud.Now().UnixNano())
	left.read -= units
	t.buckets.keep(p, left)
}

// The words of API_TransactWriteItems.html for tables on demand, the only ones that this cloud limits.
const (
	problemTableFull = "Throughput exceeds the current capacity of your table or index. DynamoDB is automatically scaling your table or index so please try again shortly. " +
		"If exceptions persist, check if you have a hot key: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html."
	problemIndexFull = "Throughput exceeds the current capacity for one or more global secondary indexes. DynamoDB is automatically scaling your index so please try again shortly."
)

func problemFull(p partition) string {
	if p.index != "" {
		return problemIndexFull
	}
	return problemTableFull
}

const codeThrottled = "ThrottlingException"

// throttled counts a request that met a full partition, and is how it is refused
// (https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ThrottlingReason.html).
func (t *table) throttled(p partition, operation string) *core.Error {
	t.svc.throttles.count(Throttle{Region: t.region, Table: t.name, Index: p.index, Operation: operation})
	reason := struct {
		Reason   string `json:"reason"`
		Resource string `json:"resource"`
	}{"Table" + operation + "KeyRangeThroughputExceeded", t.arn}
	if p.index != "" {
		reason.Reason, reason.Resource = "Index"+operation+"KeyRangeThroughputExceeded", t.arn+"/index/"+p.index
	}
	err := core.Errorf(codeThrottled, "%s", problemFull(p))
	raw, failed := json.Marshal([]any{reason})
	if failed != nil {
		return coreError(failed)
	}
	err.Fields = map[string]any{"throttlingReasons": json.RawMessage(raw)}
	return err
}

// Throttle says which partitions were full: those of a table, or of an index of it, for reads or writes.
type Throttle struct {
	Region, Table, Index string
	Operation            string // "Read" or "Write"
	N                    int
}

// throttles counts them. It has a lock of its own, because tables have none in common.
type throttles struct {
	mu    sync.Mutex
	times map[Throttle]int
}

func (t *throttles) count(kind Throttle) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.times[kind]++
}

// Throttles are how often a partition was full so far, in a fixed order.
func (s *Service) Throttles() []Throttle {
	s.throttles.mu.Lock()
	defer s.throttles.mu.Unlock()
	var out []Throttle
	for kind, n := range maps.All(s.throttles.times) {
		kind.N = n
		out = append(out, kind)
	}
	slices.SortFunc(out, func(a, b Throttle) int {
		return cmp.Or(strings.Compare(a.Region, b.Region), strings.Compare(a.Table, b.Table), strings.Compare(a.Index, b.Index), strings.Compare(a.Operation, b.Operation))
	})
	return out
}
