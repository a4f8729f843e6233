package dynamodb

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"twofold/local/core"
)

// Limits of https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html
const (
	maxTransaction      = 100
	maxTransactionBytes = 4 << 20
	tokenLife           = 10 * time.Minute
	maxToken            = 36
)

func (s *Service) transactWrite(_ context.Context, call *core.Call) ([]byte, *core.Error) {
	r, ops, err := s.prepareTransaction(call, "dynamodb:TransactWriteItems", "Put", "Update", "Delete", "ConditionCheck")
	if err != nil {
		return nil, err
	}
	if len(r.token) > maxToken {
		return nil, invalid("1 validation error detected: Value '%s' at 'clientRequestToken' failed to satisfy constraint: Member must have length less than or equal to %d", r.token, maxToken)
	}
	unlock := lockTables(ops)
	done, err := s.tokens.claim(call.Region, r.token, ops, s.cloud.Now())
	var used usages
	if err == nil && !done {
		err = runTransaction(ops, &used)
		if err != nil {
			s.tokens.release(call.Region, r.token)
		}
	}
	unlock()
	s.meterTransaction(call.Region, used, ops)
	if err != nil {
		return nil, err
	}
	a := newAnswer()
	if done { // a repeated request costs reads, and writes nothing
		for _, o := range ops {
			_, units, err := o.read(true, 2)
			if err != nil {
				return nil, err
			}
			used.of(o.table.name).base += units
		}
	}
	a.capacities(used, r.capacity)
	return a.done(), nil
}

func (s *Service) meterTransaction(region string, used usages, ops []*operation) {
	for _, u := range used {
		for _, o := range ops {
			if o.table.name == u.table {
				s.meterWrites(region, u, o.table.global())
				break
			}
		}
	}
}

// prepareTransaction checks all parts of a transaction.
func (s *Service) prepareTransaction(call *core.Call, enclosing string, verbs ...string) (*request, []*operation, *core.Error) {
	r, err := decodeRequest(call)
	if err != nil {
		return nil, nil, err
	}
	var c constraints
	c.present(r.parts != nil, "transactItems")
	if r.parts != nil {
		c.check(len(r.parts) > 0, quote("[]"), "transactItems", "Member must have length greater than or equal to 1")
		c.check(len(r.parts) <= maxTransaction, quote("["+itoa(len(r.parts))+" items]"), "transactItems", "Member must have length less than or equal to 100")
	}
	c.one(r.capacity, "returnConsumedCapacity", "INDEXES", "TOTAL", "NONE")
	if err := c.err(); err != nil {
		return nil, nil, err
	}
	ops := make([]*operation, len(r.parts))
	for i := range r.parts {
		p := r.parts[i]
		if len(p.verbs) != 1 || !slices.Contains(verbs, p.verbs[0]) {
			return nil, nil, invalid("TransactItems can only contain one of Check, Put, Update or Delete")
		}
		o, err := s.open(call, p.verbs[0], &p.request, enclosing)
		if err != nil {
			return nil, nil, err
		}
		// DynamoDB reports what it finds after it has looked at the table as a cancelled transaction.
		if err := o.place(); err != nil {
			reasons := make([]reason, len(r.parts))
			reasons[i] = reason{code: "ValidationError", message: err.Message}
			return nil, nil, cancelled(reasons)
		}
		ops[i] = o
	}
	return r, ops, checkDistinct(ops)
}

func checkDistinct(ops []*operation) *core.Error {
	bytes := 0
	for i, o := range ops {
		for _, p := range ops[:i] {
			if p.table == o.table && p.key == o.key {
				return invalid("Transaction request cannot include multiple operations on one item")
			}
		}
		bytes += o.request.item.size() + o.request.values.size()
	}
	if bytes > maxTransactionBytes {
		return invalid("Collective size of items in a transaction cannot exceed 4 MB")
	}
	return nil
}

// lockTables locks the tables of a transaction in the order of their names, so that two
// transactions never wait for each other.
func lockTables(ops []*operation) (unlock func()) {
	var tables []*table
	for _, o := range ops {
		if !slices.Contains(tables, o.table) {
			tables = append(tables, o.table)
		}
	}
	slices.SortFunc(tables, func(a, b *table) int { return strings.Compare(a.name, b.name) })
	for _, t := range tables {
		t.mu.Lock()
	}
	return func() {
		for _, t := range slices.Backward(tables) {
			t.mu.Unlock()
		}
	}
}

// reason is one entry of CancellationReasons; the zero value is "None".
type reason struct {
	code, message string
	item          attributes
}

// runTransaction checks every part and then writes all or nothing. The tables are locked.
func runTransaction(ops []*operation, used *usages) *core.Error {
	reasons := make([]reason, len(ops))
	results := make([]attributes, len(ops))
	olds := make([]attributes, len(ops))
	failed := false
	for i, o := range ops {
		olds[i] = o.table.find(o.key).attributes()
		if err := o.checkItem(); err != nil {
			reasons[i], failed = reason{code: "ValidationError", message: err.Message}, true
			continue
		}
		if !o.holds(olds[i]) {
			reasons[i], failed = reason{code: "ConditionalCheckFailed", message: "The conditional request failed"}, true
			if o.request.returnsFailed == "ALL_OLD" {
				reasons[i].item = olds[i]
			}
			continue
		}
		var err *core.Error
		if results[i], err = o.result(olds[i]); err != nil {
			reasons[i], failed = reason{code: "ValidationError", message: err.Message}, true
		}
	}
	if failed {
		copy(results, olds)
	}
	if err := chargeAll(ops, olds, results, reasons, used); err != nil {
		return err
	}
	if failed {
		return cancelled(reasons)
	}
	return takeAll(ops, results)
}

// chargeAll takes what a transaction uses of its partitions. If one of them takes no more, nothing is used, and the transaction is cancelled for
// every part that met one.
func chargeAll(ops []*operation, olds, results []attributes, reasons []reason, used *usages) *core.Error {
	parts := make([]usage, len(ops))
	full := false
	for i, o := range ops {
		parts[i].addWrite(o.schema, o.key.hash, olds[i], results[i], 2)
		if p, is := o.table.full(parts[i].charges); is {
			reasons[i], full = reason{code: "ThrottlingError", message: o.table.throttled(p, "Write").Message}, true
		}
	}
	if full {
		return cancelled(reasons)
	}
	for i, o := range ops {
		used.of(o.table.name).add(&parts[i])
		o.table.spend(parts[i].charges)
	}
	return nil
}

// takeAll makes the results of a transaction the current versions, all or none.
func takeAll(ops []*operation, results []attributes) *core.Error {
	var changes []newVersion
	for i, o := range ops {
		if o.verb == "ConditionCheck" {
			continue
		}
		if r := o.table.version(o.key, results[i]); r != nil {
			changes = append(changes, newVersion{o.table, r})
		}
	}
	if len(changes) == 0 {
		return nil
	}
	svc := changes[0].table.svc
	if err := svc.keep(svc.cloud.Now(), changes...); err != nil {
		return err
	}
	for _, c := range changes {
		c.table.take(c.row, false)
	}
	return nil
}

func cancelled(reasons []reason) *core.Error {
	codes := make([]string, len(reasons))
	list := []byte{'['}
	for i, r := range reasons {
		if codes[i] = first(r.code, "None"); i > 0 {
			list = append(list, ',')
		}
		a := newAnswer()
		if r.item != nil {
			a.item("Item", r.item)
		}
		a.key("Code")
		a.b = appendString(a.b, codes[i])
		if r.message != "" {
			a.key("Message")
			a.b = appendString(a.b, r.message)
		}
		list = append(list, a.done()...)
	}
	err := core.Errorf("TransactionCanceledException", "Transaction cancelled, please refer cancellation reasons for specific reasons [%s]", strings.Join(codes, ", "))
	err.Fields = map[string]any{"CancellationReasons": json.RawMessage(append(list, ']'))}
	return err
}

func (s *Service) transactGet(_ context.Context, call *core.Call) ([]byte, *core.Error) {
	r, ops, err := s.prepareTransaction(call, "dynamodb:TransactGetItems", "Get")
	if err != nil {
		return nil, err
	}
	var used usages
	rows, err := readAll(ops, &used)
	if err != nil {
		return nil, err
	}
	a := newAnswer()
	a.key("Responses")
	a.b = append(a.b, '[')
	for i, o := range ops {
		if i > 0 {
			a.b = append(a.b, ',')
		}
		if rows[i] == nil {
			a.b = append(a.b, "{}"...)
			continue
		}
		a.b = append(appendItem(append(a.b, `{"Item":`...), o.projected(rows[i].item)), '}')
	}
	a.b = append(a.b, ']')
	a.capacities(used, r.capacity)
	for _, u := range used {
		s.cloud.Meter.Add(call.Region, unitRead, u.total())
	}
	return a.done(), nil
}

// readAll reads the items of a transaction as they stand at one moment. If a partition takes no more, the transaction is cancelled for every part that
// met one.
func readAll(ops []*operation, used *usages) ([]*row, *core.Error) {
	defer lockTables(ops)()
	reasons, full := make([]reason, len(ops)), false
	for i, o := range ops {
		if p := (partition{"", o.key.hash}); !o.table.mayRead(p) {
			reasons[i], full = reason{code: "ThrottlingError", message: o.table.throttled(p, "Read").Message}, true
		}
	}
	if full {
		return nil, cancelled(reasons)
	}
	rows := make([]*row, len(ops))
	for i, o := range ops {
		rows[i] = o.table.find(o.key)
		units := 2 * readUnits(rows[i].bytes(), true)
		o.table.spendRead(partition{"", o.key.hash}, units)
		used.of(o.table.name).base += units
	}
	return rows, nil
}

// fingerprint is the same for requests that mean the same: SDKs send maps in any order.
func fingerprint(ops []*operation) [sha256.Size]byte {
	b := make([]byte, 0, 1024)
	text := func(s *string) {
		if s != nil {
			b = appendString(b, *s)
		}
		b = append(b, 0)
	}
	for _, o := range ops {
		r := o.request
		text(&o.verb)
		text(&o.table.name)
		b = appendItem(b, r.item)
		b = appendItem(b, r.key)
		text(r.condition)
		text(r.update)
		b = appendItem(b, r.values)
		for _, n := range sortedKeys(r.names) {
			name := r.names[n]
			text(&n)
			text(&name)
		}
	}
	return sha256.Sum256(b)
}

func sortedKeys(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }
