package dynamodb

import (
	"math"
	"math/bits"

	"twofold/local/core"
)

// page is what one Query or Scan call found.
type page struct {
	items   []attributes
	count   int
	scanned int
	size    int // of everything that was evaluated
	fetched float64
	last    *row // where the next page goes on, nil at the end
}

// segment is the range of places that a parallel scan reads.
func (q *search) segment() (from, to uint64) {
	if q.request.segments == nil {
		return 0, math.MaxUint64
	}
	n, i := uint64(*q.request.segments), uint64(*q.request.segment)
	from, _ = bits.Div64(i, 0, n)
	to = math.MaxUint64
	if i+1 < n {
		next, _ := bits.Div64(i+1, 0, n)
		to = next - 1
	}
	return from, to
}

// run reads a page, unless its partition is full, and gives what that used.
func (q *search) run() (*page, *usage, *core.Error) {
	at := partition{"", q.within.hash}
	if q.index != nil && q.index.global {
		at.index = q.index.name
	}
	q.table.mu.Lock()
	defer q.table.mu.Unlock()
	if !q.scan && !q.table.mayRead(at) {
		return nil, nil, q.table.throttled(at, "Read")
	}
	p := q.page()
	u := q.usage(p)
	if !q.scan {
		q.table.spendRead(at, u.total())
	}
	return p, u, nil
}

// page walks from the start to the limit, 1 MB or the end, whichever is first.
func (q *search) page() *page {
	p := &page{}
	backward := q.request.backward && !q.scan
	_, to := q.segment()
	q.walk(q.from(backward), backward, func(k key, r *row) bool {
		if q.start != nil && k == *q.start {
			return true
		}
		if q.scan {
			if k.place > to {
				return false
			}
		} else if at := q.where(k); at != 0 {
			return at < 0 != backward && k.hash == q.within.hash // not there yet
		}
		return q.take(p, r)
	})
	return p
}

// where is the position of a key relative to the range; another partition is beyond it.
func (q *search) where(k key) int {
	if k.hash != q.within.hash {
		return 1
	}
	return q.within.position(k.sort)
}

func (q *search) from(backward bool) key {
	switch {
	case q.start != nil:
		return *q.start
	case q.scan:
		from, _ := q.segment()
		return key{place: from}
	}
	return q.within.bound(backward)
}

// walk visits items in order, in the table or the index.
func (q *search) walk(from key, backward bool, visit func(key, *row) bool) {
	if q.index == nil {
		each := func(r *row) bool { return visit(r.key, r) }
		if backward {
			q.table.items.Descend(&row{key: from}, each)
		} else {
			q.table.items.Ascend(&row{key: from}, each)
		}
		return
	}
	for _, x := range q.table.indexes {
		if x.schema.name != q.index.name {
			continue
		}
		each := func(e *entry) bool { return visit(e.key, e.row) }
		if backward {
			x.rows.Descend(&entry{key: from}, each)
		} else {
			x.rows.Ascend(&entry{key: from}, each)
		}
	}
}

// take evaluates one item; it reports whether the page goes on.
func (q *search) take(p *page, r *row) bool {
	item, size := r.item, r.size
	if q.index != nil {
		held := q.index.project(item)
		size = held.size()
		if q.fetch {
			p.fetched += readUnits(r.size, q.request.consistent)
		} else {
			item = held
		}
	}
	p.scanned++
	p.size += size
	if q.filter == nil || q.filter.holds(r.item) {
		p.count++
		if q.request.choice != "COUNT" {
			if q.projection != nil {
				item = project(item, q.projection)
			}
			p.items = append(p.items, item)
		}
	}
	if q.request.limit != nil && p.scanned >= *q.request.limit || p.size >= maxPage {
		p.last = r
		return false
	}
	return true
}

func (q *search) usage(p *page) *usage {
	u := &usage{table: q.table.name, base: readUnits(p.size, q.request.consistent)}
	if q.index != nil {
		u.indexes = []indexUsage{{q.index.name, q.index.global, u.base}}
		u.base = p.fetched
	}
	return u
}

func (q *search) answer(p *page, u *usage) []byte {
	a := newAnswer()
	if q.request.choice != "COUNT" {
		a.key("Items")
		a.b = append(a.b, '[')
		for i, item := range p.items {
			if i > 0 {
				a.b = append(a.b, ',')
			}
			a.b = appendItem(a.b, item)
		}
		a.b = append(a.b, ']')
	}
	a.integer("Count", p.count)
	a.integer("ScannedCount", p.scanned)
	if p.last != nil {
		a.item("LastEvaluatedKey", p.last.item.only(q.startNames()))
	}
	a.capacity(u, q.request.capacity)
	return a.done()
}
