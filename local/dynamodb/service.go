package dynamodb

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"

	"twofold/local/core"
)

// Options are choices that AWS leaves open. The zero value is the gentlest of them.
type Options struct {
	// Coalesce lets several changes of one item that wait for replication arrive as the last one.
	Coalesce bool
	// Reorder lets changes of different items reach another region in any order, drawn from
	// the cloud's Rand. Changes of one item always keep their order.
	Reorder bool
	// Partition is what one partition takes in a second; AWS's are PartitionLimits. Zeros are no limit.
	Partition Limits
	// Log keeps everything that must outlive this process; nil keeps nothing. What it took is given back with Load.
	Log Log
}

// Service is DynamoDB, and DynamoDB Streams, in all regions of one cloud.
type Service struct {
	ctx     context.Context
	cloud   *core.Cloud
	options Options
	tokens  tokens

	throttles throttles

	mu     sync.RWMutex
	tables map[tableKey]*table
	groups map[string]*group // global tables by name

	saved   map[tableKey]saved // of an earlier run, for tables that are not made yet
	resumed bool
}

type tableKey struct{ region, name string }

// New makes the service. Its tasks (replication, TTL) live as long as ctx.
func New(ctx context.Context, cloud *core.Cloud, options Options) *Service {
	return &Service{ctx: ctx, cloud: cloud, options: options, tokens: tokens{known: map[tokenKey]tokenUse{}}, throttles: throttles{times: map[Throttle]int{}},
		tables: map[tableKey]*table{}, groups: map[string]*group{}, saved: map[tableKey]saved{}}
}

// handler answers one operation with a JSON body.
type handler func(ctx context.Context, call *core.Call) ([]byte, *core.Error)

// Handle implements core.Service for the signing name "dynamodb", which DynamoDB and DynamoDB Streams share.
func (s *Service) Handle(ctx context.Context, call *core.Call) (*core.Reply, error) {
	h := s.handler(call.Operation)
	if h == nil {
		return nil, core.NotRun("dynamodb", call.Operation)
	}
	body, err := h(ctx, call)
	if err != nil {
		return nil, err
	}
	return &core.Reply{Body: body}, nil
}

func (s *Service) handler(operation string) handler {
	switch operation {
	case "GetItem":
		return s.getItem
	case "PutItem", "UpdateItem", "DeleteItem":
		return s.write(strings.TrimSuffix(operation, "Item"))
	case "Query":
		return s.query
	case "Scan":
		return s.scan
	case "BatchGetItem":
		return s.batchGet
	case "BatchWriteItem":
		return s.batchWrite
	case "TransactWriteItems":
		return s.transactWrite
	case "TransactGetItems":
		return s.transactGet
	}
	if h := s.controlHandler(operation); h != nil {
		return h
	}
	return s.streamHandler(operation)
}

// table finds a table of a region.
func (s *Service) table(region, name string) (*table, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	t, ok := s.tables[tableKey{region, name}]
	return t, ok
}

// tablesOf are the tables of a region by name; "" is every region.
func (s *Service) tablesOf(region string) []*table {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var out []*table
	for k, t := range s.tables {
		if region == "" || k.region == region {
			out = append(out, t)
		}
	}
	slices.SortFunc(out, func(a, b *table) int {
		return cmp.Or(strings.Compare(a.name, b.name), strings.Compare(a.region, b.region))
	})
	return out
}

func (t *table) currentSchema() *schema {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.schema
}

// global reports whether the table is a replica of a global table.
func (t *table) global() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.links) > 0
}
