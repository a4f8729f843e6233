package dynamodb

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tidwall/btree"

	"twofold/local/core"
)

// table is one table in one region. mu guards everything below it and is never held over a
// call that may block; where several tables are locked, it is in the order of their names.
type table struct {
	svc     *Service
	region  string
	name    string
	arn     string
	id      string
	created time.Time

	mu      sync.Mutex
	schema  *schema
	tags    []tagSpec
	items   *btree.BTreeG[*row]
	indexes []*index
	bytes   int
	graves  map[key]*row // deleted items of a global table whose deletes may still be on the way
	last    int64        // greatest stamp given or seen
	stream  *stream
	expiry  *expiry // nil when TTL is off
	links   []*link // to the other replicas
	buckets buckets // of partitions

	restored []restored // of an earlier run, until Resume; by time
}

// row is one version of one item. It is never changed once it is stored.
type row struct {
	key  key
	item attributes // nil for a deleted one
	id   attributes // key attributes of a deleted one
	size int
	stamp
	seen []stamp // newest version of each region that went into this one, by region
}

// stamp orders versions: by time, then by the region that wrote it.
type stamp struct {
	at int64 // nanoseconds; never given twice in one table and region
	by string
}

func (s stamp) before(o stamp) bool { return s.at < o.at || s.at == o.at && s.by < o.by }

type index struct {
	schema *indexSchema
	rows   *btree.BTreeG[*entry]
}

type entry struct {
	key key
	row *row
}

func newTree[T any](less func(a, b T) bool) *btree.BTreeG[T] {
	return btree.NewBTreeGOptions(less, btree.Options{NoLocks: true})
}

func newTable(svc *Service, region, name string, def *schema) *table {
	t := &table{svc: svc, region: region, name: name, arn: core.ARN("dynamodb", region, "table/"+name),
		id: svc.cloud.Rand.UUID(), created: svc.cloud.Now(), schema: &schema{},
		buckets: buckets{younger: map[partition]bucket{}}}
	t.clear()
	t.define(def)
	return t
}

// clear empties the store.
func (t *table) clear() {
	t.items = newTree(func(a, b *row) bool { return a.key.less(b.key) })
	t.graves = map[key]*row{}
	t.bytes = 0
	t.buildIndexes()
	if t.expiry != nil {
		t.expiry.clear()
	}
	if t.stream != nil {
		t.stream.clear()
	}
}

// define takes over a schema: indexes are built from the items, streams and TTL go on or off.
func (t *table) define(def *schema) {
	old := t.schema
	t.schema = def
	t.buildIndexes()
	switch {
	case def.view == "":
		t.stream = nil
	case t.stream == nil || t.stream.view != def.view:
		t.stream = newStream(t, def.view)
	}
	if old.ttl != def.ttl {
		t.setTTL(def.ttl)
	}
}

func (t *table) buildIndexes() {
	t.indexes = nil
	for i := range t.schema.indexes {
		x := &index{schema: &t.schema.indexes[i], rows: newTree(func(a, b *entry) bool { return a.key.less(b.key) })}
		t.items.Scan(func(r *row) bool {
			if k, ok := x.schema.keyOf(r.item, r.key); ok {
				x.rows.Set(&entry{k, r})
			}
			return true
		})
		t.indexes = append(t.indexes, x)
	}
}

// find is the current version of an item, or nil.
func (t *table) find(k key) *row {
	r, ok := t.items.Get(&row{key: k})
	if !ok {
		return nil
	}
	return r
}

func (r *row) attributes() attributes {
	if r == nil {
		return nil
	}
	return r.item
}

// write makes item (nil: none) the version of a key in this region and passes it on to the
// stream and the other replicas. A write that changes nothing has no effect at all, nor has one that cannot be kept.
func (t *table) write(k key, item attributes, service bool) *core.Error {
	r := t.version(k, item)
	if r == nil {
		return nil
	}
	if err := t.svc.keep(t.svc.cloud.Now(), newVersion{t, r}); err != nil {
		return err
	}
	t.take(r, service)
	return nil
}

// version makes the next version of a key without storing it; nil when it would change nothing.
func (t *table) version(k key, item attributes) *row {
	old := t.find(k)
	if old == nil && item == nil || old != nil && item != nil && old.item.equal(item) {
		return nil
	}
	prior := old
	if prior == nil {
		prior = t.graves[k]
	}
	t.last = max(t.svc.cloud.Now().UnixNano(), t.last+1)
	r := &row{key: k, item: item, size: item.size(), stamp: stamp{t.last, t.region}}
	if item == nil {
		r.id = old.item.only(t.schema.keyNames())
	}
	if len(t.links) > 0 {
		if prior != nil {
			r.seen = prior.seen
		}
		r.seen = withStamp(r.seen, r.stamp)
	}
	return r
}

// take makes a new version the current one.
func (t *table) take(r *row, service bool) {
	old := t.find(r.key)
	t.store(old, r)
	t.record(t.svc.cloud.Now(), old, r, service)
	for _, l := range t.links {
		l.push(r)
	}
}

// store replaces old (nil: none) by r in the tree and the indexes.
func (t *table) store(old, r *row) {
	if old != nil {
		t.bytes -= old.size
	}
	if r.item == nil {
		t.items.Delete(r)
		if len(t.links) > 0 {
			t.graves[r.key] = r
		}
	} else {
		t.items.Set(r)
		t.bytes += r.size
		delete(t.graves, r.key)
	}
	for _, x := range t.indexes {
		x.replace(old, r)
	}
	if t.expiry != nil {
		t.expiry.replace(old, r)
	}
}

func (x *index) replace(old, r *row) {
	was, had := key{}, false
	if old != nil {
		was, had = x.schema.keyOf(old.item, old.key)
	}
	is, has := key{}, false
	if r.item != nil {
		is, has = x.schema.keyOf(r.item, r.key)
	}
	if had && (!has || is != was) {
		x.rows.Delete(&entry{key: was})
	}
	if has {
		x.rows.Set(&entry{is, r})
	}
}

// record adds to the stream what happened to an item.
func (t *table) record(now time.Time, old, r *row, service bool) {
	if t.stream != nil {
		t.stream.append(now, old, r, service)
	}
}

// withStamp is seen with the stamp as the newest of its region.
func withStamp(seen []stamp, s stamp) []stamp {
	i, ok := slices.BinarySearchFunc(seen, s.by, func(e stamp, by string) int { return strings.Compare(e.by, by) })
	if ok && seen[i].at >= s.at {
		return seen
	}
	out := slices.Clone(seen)
	if ok {
		out[i] = s
		return out
	}
	return slices.Insert(out, i, s)
}

// covers reports whether the version with seen was made by somebody who had seen s.
func covers(seen []stamp, s stamp) bool {
	i, ok := slices.BinarySearchFunc(seen, s.by, func(e stamp, by string) int { return strings.Compare(e.by, by) })
	return ok && seen[i].at >= s.at
}
