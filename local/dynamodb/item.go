package dynamodb

import (
	"context"

	"twofold/local/core"
)

func (s *Service) getItem(_ context.Context, call *core.Call) ([]byte, *core.Error) {
	o, err := s.single(call, "Get")
	if err != nil {
		return nil, err
	}
	found, units, err := o.read(o.request.consistent, 1)
	if err != nil {
		return nil, err
	}
	u := &usage{table: o.table.name, base: units}
	s.cloud.Meter.Add(call.Region, unitRead, u.base)
	a := newAnswer()
	if found != nil {
		a.item("Item", o.projected(found.item))
	}
	a.capacity(u, o.request.capacity)
	return a.done(), nil
}

// read is the current version of the operation's item, nil for none, and the units that it took.
func (o *operation) read(consistent bool, factor float64) (*row, float64, *core.Error) {
	t, p := o.table, partition{"", o.key.hash}
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.mayRead(p) {
		return nil, 0, t.throttled(p, "Read")
	}
	found := t.find(o.key)
	units := factor * readUnits(found.bytes(), consistent)
	t.spendRead(p, units)
	return found, units, nil
}

func (r *row) bytes() int {
	if r == nil {
		return 0
	}
	return r.size
}

func (o *operation) projected(item attributes) attributes {
	if o.projection == nil {
		return item
	}
	return project(item, o.projection)
}

func (s *Service) single(call *core.Call, verb string) (*operation, *core.Error) {
	r, err := decodeRequest(call)
	if err != nil {
		return nil, err
	}
	return s.prepare(call, verb, r, "")
}

// write is PutItem, UpdateItem and DeleteItem.
func (s *Service) write(verb string) handler {
	return func(_ context.Context, call *core.Call) ([]byte, *core.Error) {
		o, err := s.single(call, verb)
		if err != nil {
			return nil, err
		}
		old, next, u, err := o.execute()
		s.meterWrites(call.Region, u, o.table.global())
		if err != nil {
			return nil, err
		}
		a := newAnswer()
		if shown := o.returned(old, next); shown != nil {
			a.item("Attributes", shown)
		}
		a.capacity(u, o.request.capacity)
		o.collectionMetrics(a)
		return a.done(), nil
	}
}

// execute does the write and gives the item before and after, and what that used: of a write that fails what it looked at, of one that is
// throttled nothing.
func (o *operation) execute() (old, next attributes, u *usage, err *core.Error) {
	t := o.table
	t.mu.Lock()
	defer t.mu.Unlock()
	old = t.find(o.key).attributes()
	if o.holds(old) {
		next, err = o.result(old)
	} else {
		err = o.conditionFailed(old)
	}
	if err != nil {
		next = old
	}
	u = &usage{table: t.name}
	u.addWrite(o.schema, o.key.hash, old, next, 1)
	if p, full := t.full(u.charges); full {
		return old, old, &usage{table: t.name}, t.throttled(p, "Write")
	}
	t.spend(u.charges)
	if err == nil {
		err = t.write(o.key, next, false)
	}
	return old, next, u, err
}

// returned is what ReturnValues asks for, or nil.
func (o *operation) returned(old, next attributes) attributes {
	var shown attributes
	switch o.request.returns {
	case "ALL_OLD":
		shown = old
	case "ALL_NEW":
		return next
	case "UPDATED_OLD":
		shown = project(old, o.touched())
	case "UPDATED_NEW":
		shown = project(next, o.touched())
	}
	if len(shown) == 0 {
		return nil
	}
	return shown
}

// touched are the paths that an update names.
func (o *operation) touched() []path {
	out := make([]path, len(o.actions))
	for i, a := range o.actions {
		out[i] = a.path
	}
	return out
}

// collectionMetrics answers ReturnItemCollectionMetrics, which only tables with local indexes have.
func (o *operation) collectionMetrics(a *answer) {
	if o.request.metrics != "SIZE" || !o.schema.hasLocalIndex() {
		return
	}
	size := float64(o.table.collectionSize(o.key.hash)) / (1 << 30)
	a.key("ItemCollectionMetrics")
	a.b = append(a.b, `{"ItemCollectionKey":`...)
	a.b = appendItem(a.b, o.source().only([]string{o.schema.hash.name}))
	a.b = append(a.b, `,"SizeEstimateRangeGB":[`...)
	a.b = append(appendUnits(a.b, float64(int(size))), ',')
	a.b = append(appendUnits(a.b, float64(int(size)+1)), `]}`...)
}

func (s *schema) hasLocalIndex() bool {
	for i := range s.indexes {
		if !s.indexes[i].global {
			return true
		}
	}
	return false
}

// collectionSize is the size of all items with a partition key.
func (t *table) collectionSize(hash string) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := 0
	t.items.Ascend(&row{key: key{place: place(hash), hash: hash}}, func(r *row) bool {
		if r.key.hash != hash {
			return false
		}
		n += r.size
		return true
	})
	return n
}
