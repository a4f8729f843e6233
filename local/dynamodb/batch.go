package dynamodb

import (
	"context"
	"fmt"
	"strings"

	"twofold/local/core"
)

// Limits of https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html and
// API_BatchWriteItem.html
const (
	maxBatchGets   = 100
	maxBatchWrites = 25
	maxBatchBytes  = 16 << 20
)

func (s *Service) batchGet(_ context.Context, call *core.Call) ([]byte, *core.Error) {
	r, err := decodeRequest(call)
	if err != nil {
		return nil, err
	}
	all, err := s.prepareBatchGet(call, r)
	if err != nil {
		return nil, err
	}
	var used usages
	responses, rest := newAnswer(), newAnswer()
	bytes := 0
	for i, ops := range all {
		left := readBatch(responses, &r.batch[i], ops, &bytes, &used)
		appendUnprocessed(rest, &r.batch[i], left)
	}
	a := newAnswer()
	a.raw("Responses", responses.done())
	a.raw("UnprocessedKeys", rest.done())
	a.capacities(used, r.capacity)
	for _, u := range used {
		s.cloud.Meter.Add(call.Region, unitRead, u.total())
	}
	return a.done(), nil
}

// readBatch answers what a batch asks of one table and gives what no longer fits into the answer.
func readBatch(responses *answer, b *batchTable, ops []*operation, bytes *int, used *usages) []*operation {
	list := []byte{'['}
	for j, o := range ops {
		found := o.read()
		if *bytes += found.bytes(); *bytes > maxBatchBytes {
			responses.raw(b.name, append(list, ']'))
			return ops[j:]
		}
		used.of(o.table.name).base += readUnits(found.bytes(), b.consistent)
		if found == nil {
			continue
		}
		if len(list) > 1 {
			list = append(list, ',')
		}
		list = appendItem(list, o.projected(found.item))
	}
	responses.raw(b.name, append(list, ']'))
	return nil
}

// read is the current version of the operation's item.
func (o *operation) read() *row {
	o.table.mu.Lock()
	defer o.table.mu.Unlock()
	return o.table.find(o.key)
}

// appendUnprocessed gives back the keys of a table that did not fit, in the form of a request.
func appendUnprocessed(a *answer, b *batchTable, ops []*operation) {
	if len(ops) == 0 {
		return
	}
	a.key(b.name)
	table := newAnswer()
	table.key("Keys")
	table.b = append(table.b, '[')
	for i, o := range ops {
		if i > 0 {
			table.b = append(table.b, ',')
		}
		table.b = appendItem(table.b, o.request.key)
	}
	table.b = append(table.b, ']')
	if b.consistent {
		table.raw("ConsistentRead", []byte("true"))
	}
	if b.projection != nil {
		table.key("ProjectionExpression")
		table.b = appendString(table.b, *b.projection)
	}
	if b.hasNames {
		names := newAnswer()
		for _, n := range sortedKeys(b.names) {
			names.key(n)
			names.b = appendString(names.b, b.names[n])
		}
		table.raw("ExpressionAttributeNames", names.done())
	}
	a.b = append(a.b, table.done()...)
}

func (s *Service) prepareBatchGet(call *core.Call, r *request) ([][]*operation, *core.Error) {
	if err := r.checkBatch(maxBatchGets, "BatchGetItem"); err != nil {
		return nil, err
	}
	all := make([][]*operation, len(r.batch))
	for i := range r.batch {
		b := &r.batch[i]
		seen := map[key]bool{}
		for j := range b.keys {
			k := &b.keys[j]
			k.table, k.projection, k.names, k.hasNames, k.legacy = &b.name, b.projection, b.names, b.hasNames, b.legacy
			o, err := s.prepare(call, "Get", k, "dynamodb:BatchGetItem")
			if err != nil {
				return nil, err
			}
			if seen[o.key] {
				return nil, invalid("Provided list of item keys contains duplicates")
			}
			seen[o.key] = true
			all[i] = append(all[i], o)
		}
	}
	return all, nil
}

// checkBatch checks the shape of RequestItems.
func (r *request) checkBatch(limit int, operation string) *core.Error {
	var c constraints
	c.one(r.capacity, "returnConsumedCapacity", "INDEXES", "TOTAL", "NONE")
	c.present(r.batch != nil, "requestItems")
	if err := c.err(); err != nil {
		return err
	}
	if len(r.batch) == 0 {
		return invalid("The requestItems parameter is required for %s", operation)
	}
	n := 0
	for i := range r.batch {
		b := &r.batch[i]
		c.name(&b.name, "requestItems", 1)
		c.check(len(b.keys) > 0, quote("[]"), "requestItems."+b.name+".member", "Member must have length greater than or equal to 1")
		b.checkCount(&c, limit)
		n += len(b.keys)
	}
	if err := c.err(); err != nil {
		return err
	}
	if n > limit {
		return invalid("Too many items requested for the %s call", operation)
	}
	return nil
}

// checkCount refuses too many requests for one table.
func (b *batchTable) checkCount(c *constraints, limit int) {
	switch {
	case len(b.keys) <= limit:
	case b.writes == nil:
		*c = append(*c, fmt.Sprintf("Value at 'RequestItems.%s.member.Keys' failed to satisfy constraint: Member must have length less than or equal to %d", b.name, limit))
	default:
		shown := make([]string, len(b.writes))
		for i, verb := range b.writes {
			shown[i] = "WriteRequest(" + verb + ")"
		}
		c.check(false, quote("{"+b.name+"=["+strings.Join(shown, ", ")+"]}"), "requestItems",
			fmt.Sprintf("Map value must satisfy constraint: [Member must have length less than or equal to %d, Member must have length greater than or equal to 1]", limit))
	}
}

func (s *Service) batchWrite(_ context.Context, call *core.Call) ([]byte, *core.Error) {
	r, err := decodeRequest(call)
	if err != nil {
		return nil, err
	}
	ops, err := s.prepareBatchWrite(call, r)
	if err != nil {
		return nil, err
	}
	var used usages
	for _, o := range ops {
		old, next, err := o.execute()
		if err != nil {
			return nil, err
		}
		u := used.of(o.table.name)
		before := *u
		u.addWrite(o.schema, old, next, 1)
		s.meterWrites(call.Region, &usage{table: u.table, base: u.base - before.base}, o.table.global())
	}
	a := newAnswer()
	a.raw("UnprocessedItems", []byte("{}"))
	a.capacities(used, r.capacity)
	return a.done(), nil
}

func (s *Service) prepareBatchWrite(call *core.Call, r *request) ([]*operation, *core.Error) {
	if err := r.checkBatch(maxBatchWrites, "BatchWriteItem"); err != nil {
		return nil, err
	}
	var ops []*operation
	for i := range r.batch {
		b := &r.batch[i]
		seen := map[key]bool{}
		for j := range b.keys {
			w, verb := &b.keys[j], strings.TrimSuffix(b.writes[j], "Request")
			if verb != "Put" && verb != "Delete" {
				return nil, invalid("Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes")
			}
			w.table = &b.name
			o, err := s.prepare(call, verb, w, "dynamodb:BatchWriteItem")
			if err != nil {
				return nil, err
			}
			if seen[o.key] {
				return nil, invalid("Provided list of item keys contains duplicates")
			}
			seen[o.key] = true
			ops = append(ops, o)
		}
	}
	return ops, nil
}
