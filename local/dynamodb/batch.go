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
	b := batchRead{responses: newAnswer()}
	rest := newAnswer()
	for i, ops := range all {
		appendUnprocessed(rest, &r.batch[i], b.read(&r.batch[i], ops))
	}
	if b.done == 0 && b.throttled != nil { // of a batch of which nothing can be done
		return nil, b.throttled
	}
	a := newAnswer()
	a.raw("Responses", b.responses.done())
	a.raw("UnprocessedKeys", rest.done())
	a.capacities(b.used, r.capacity)
	for _, u := range b.used {
		s.cloud.Meter.Add(call.Region, unitRead, u.total())
	}
	return a.done(), nil
}

// batchRead is a BatchGetItem on its way.
type batchRead struct {
	responses *answer
	used      usages
	done      int         // items that were looked at
	bytes     int         // of the answer
	throttled *core.Error // of the last item that could not be read
}

// read answers what a batch asks of one table and gives what is throttled or no longer fits into the answer.
func (r *batchRead) read(b *batchTable, ops []*operation) (left []*operation) {
	list := []byte{'['}
	for j, o := range ops {
		found, units, err := o.read(b.consistent, 1)
		if err != nil {
			left, r.throttled = append(left, o), err
			continue
		}
		if r.bytes += found.bytes(); r.bytes > maxBatchBytes {
			left = append(left, ops[j:]...)
			break
		}
		r.done++
		r.used.of(o.table.name).base += units
		if found == nil {
			continue
		}
		if len(list) > 1 {
			list = append(list, ',')
		}
		list = appendItem(list, o.projected(found.item))
	}
	r.responses.raw(b.name, append(list, ']'))
	return left
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
	var left []*operation
	var throttled *core.Error
	for _, o := range ops {
		_, _, u, err := o.execute()
		s.meterWrites(call.Region, u, o.table.global())
		used.of(o.table.name).add(u)
		switch {
		case err == nil:
		case err.Code == codeThrottled:
			left, throttled = append(left, o), err
		default:
			return nil, err
		}
	}
	if len(left) == len(ops) { // of a batch of which nothing can be done
		return nil, throttled
	}
	a := newAnswer()
	a.raw("UnprocessedItems", unwritten(left))
	a.capacities(used, r.capacity)
	return a.done(), nil
}

// unwritten gives back the writes that were throttled, in the form of a request. Those of a table stand together.
func unwritten(ops []*operation) []byte {
	all := newAnswer()
	for i := 0; i < len(ops); {
		table, list := ops[i].table, []byte{'['}
		for ; i < len(ops) && ops[i].table == table; i++ {
			o, member := ops[i], "Key"
			if o.verb == "Put" {
				member = "Item"
			}
			inner, outer := newAnswer(), newAnswer()
			inner.item(member, o.source())
			outer.raw(o.verb+"Request", inner.done())
			if len(list) > 1 {
				list = append(list, ',')
			}
			list = append(list, outer.done()...)
		}
		all.raw(table.name, append(list, ']'))
	}
	return all.done()
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
