package dynamodb

import (
	"slices"

	"twofold/local/core"
)

// keyPart is one attribute of a key.
type keyPart struct {
	name string
	kind kind
}

// schema is what a table is defined as. It is never changed once it is in use.
type schema struct {
	definitions []keyPart // AttributeDefinitions, in their order
	hash, sort  keyPart   // sort.name is "" when there is none
	indexes     []indexSchema
	billing     string
	view        string // StreamViewType, "" without a stream
	ttl         string // attribute, "" when off
	throughput  throughputSpec
	protected   bool // against DeleteTable
}

// indexSchema is a secondary index.
type indexSchema struct {
	name       string
	global     bool
	hash, sort keyPart
	projection string // ALL, KEYS_ONLY or INCLUDE
	include    []string
	kept       []string // all projected attributes, unless projection is ALL
	throughput throughputSpec
}

// key places an item in a table or index: partitions in the order of their hash, then by sort
// key, then (in an index) by the item's own key.
type key struct {
	place              uint64
	hash, sort         string
	baseHash, baseSort string
	edge               edge
}

// edge makes a key one to search from, behind all that share its beginning.
type edge uint8

const (
	noEdge    edge = iota
	afterHash      // behind every item of the partition
	afterSort      // behind every item with the sort key
)

func (k key) less(o key) bool {
	switch {
	case k.place != o.place:
		return k.place < o.place
	case k.hash != o.hash:
		return k.hash < o.hash
	case k.edge == afterHash || o.edge == afterHash:
		return k.edge != afterHash
	case k.sort != o.sort:
		return k.sort < o.sort
	case k.edge == afterSort || o.edge == afterSort:
		return k.edge != afterSort
	case k.baseHash != o.baseHash:
		return k.baseHash < o.baseHash
	}
	return k.baseSort < o.baseSort
}

// place spreads partition keys evenly over 64 bits (FNV-1a and a finalizer), the same in every run.
func place(hash string) uint64 {
	h := uint64(14695981039346656037)
	for i := 0; i < len(hash); i++ {
		h = (h ^ uint64(hash[i])) * 1099511628211
	}
	h = (h ^ h>>33) * 0xff51afd7ed558ccd
	h = (h ^ h>>33) * 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}

// keyText is a key value as text whose order is the key's order.
func keyText(v *value) string {
	if v.kind == kindN {
		return sortableNumber(v.text)
	}
	return v.text
}

// keyOf is the primary key of an item or Key that was checked.
func (s *schema) keyOf(item attributes) key {
	k := key{hash: keyText(item.get(s.hash.name))}
	if s.sort.name != "" {
		k.sort = keyText(item.get(s.sort.name))
	}
	k.place = place(k.hash)
	return k
}

// keyOf is the place of an item in the index; ok is false when the index leaves it out.
func (x *indexSchema) keyOf(item attributes, base key) (k key, ok bool) {
	hash := item.get(x.hash.name)
	if hash == nil {
		return k, false
	}
	k = key{hash: keyText(hash), baseHash: base.hash, baseSort: base.sort}
	if x.sort.name != "" {
		sort := item.get(x.sort.name)
		if sort == nil {
			return k, false
		}
		k.sort = keyText(sort)
	}
	k.place = place(k.hash)
	return k, true
}

// keyNames are the attributes of the primary key.
func (s *schema) keyNames() []string {
	if s.sort.name == "" {
		return []string{s.hash.name}
	}
	return []string{s.hash.name, s.sort.name}
}

func (x *indexSchema) keyNames() []string {
	if x.sort.name == "" {
		return []string{x.hash.name}
	}
	return []string{x.hash.name, x.sort.name}
}

// only keeps the attributes with the names.
func (a attributes) only(names []string) attributes {
	out := make(attributes, 0, len(names))
	for _, e := range a {
		if slices.Contains(names, e.name) {
			out = append(out, e)
		}
	}
	return out
}

// project is what the index holds of an item.
func (x *indexSchema) project(item attributes) attributes {
	if x.projection == "ALL" {
		return item
	}
	return item.only(x.kept)
}

// index is the secondary index with a name, or nil.
func (s *schema) index(name string) *indexSchema {
	for i := range s.indexes {
		if s.indexes[i].name == name {
			return &s.indexes[i]
		}
	}
	return nil
}

// checkKey checks a Key parameter.
func (s *schema) checkKey(k attributes) *core.Error {
	if len(k) != len(s.keyNames()) {
		return invalid("The provided key element does not match the schema")
	}
	for _, part := range []keyPart{s.hash, s.sort} {
		if part.name == "" {
			continue
		}
		v := k.get(part.name)
		if v == nil || v.kind != part.kind {
			return invalid("The provided key element does not match the schema")
		}
		if err := part.checkText(v, part == s.hash); err != nil {
			return err
		}
	}
	return nil
}

// checkText checks the length of a key value that has the right kind.
func (p keyPart) checkText(v *value, hash bool) *core.Error {
	if v.text == "" && v.kind != kindN {
		return invalid("One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty %s value. Key: %s",
			map[kind]string{kindS: "string", kindB: "binary"}[v.kind], p.name)
	}
	if hash && len(v.text) > maxHashKey {
		return invalid("One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of2048 bytes")
	}
	if !hash && len(v.text) > maxSortKey {
		return invalid("One or more parameter values were invalid: Aggregated size of all range keys has exceeded the size limit of 1024 bytes")
	}
	return nil
}

// Limits of https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
const (
	maxHashKey = 2048
	maxSortKey = 1024
	maxItem    = 400 << 10
	maxPage    = 1 << 20
)

// checkItem checks the key of a whole item.
func (s *schema) checkItem(item attributes) *core.Error {
	for _, part := range []keyPart{s.hash, s.sort} {
		if part.name == "" {
			continue
		}
		v := item.get(part.name)
		if v == nil {
			return invalid("One or more parameter values were invalid: Missing the key %s in the item", part.name)
		}
		if v.kind != part.kind {
			return invalid("One or more parameter values were invalid: Type mismatch for key %s expected: %s actual: %s", part.name, part.kind, v.kind)
		}
		if err := part.checkText(v, part == s.hash); err != nil {
			return err
		}
	}
	return nil
}

// checkIndexKeys checks the attributes of an item that are keys of indexes.
func (s *schema) checkIndexKeys(item attributes) *core.Error {
	for i := range s.indexes {
		x := &s.indexes[i]
		for _, part := range []keyPart{x.hash, x.sort} {
			v := item.get(part.name)
			if part.name == "" || v == nil {
				continue
			}
			if v.kind != part.kind {
				return invalid("One or more parameter values were invalid: Type mismatch for Index Key %s Expected: %s Actual: %s IndexName: %s",
					part.name, part.kind, v.kind, x.name)
			}
			if v.text == "" && v.kind != kindN {
				return invalid("One or more parameter values are not valid. A value specified for a secondary index key is not supported. "+
					"The AttributeValue for a key attribute cannot contain an empty %s value. IndexName: %s, IndexKey: %s",
					map[kind]string{kindS: "string", kindB: "binary"}[v.kind], x.name, part.name)
			}
		}
	}
	return nil
}

// checkPaths refuses paths that look into key attributes.
func (s *schema) checkPaths(paths []path) *core.Error {
	for _, p := range paths {
		if len(p) == 1 {
			continue
		}
		if slices.Contains(s.keyNames(), p[0].name) {
			return invalid("Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: Key: %s", p[0].name)
		}
		for i := range s.indexes {
			if slices.Contains(s.indexes[i].keyNames(), p[0].name) {
				return invalid("Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: IndexKey: %s", p[0].name)
			}
		}
	}
	return nil
}
