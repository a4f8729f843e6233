package dynamodb

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// Item is one stored item.
type Item struct {
	JSON json.RawMessage // attributes in DynamoDB JSON, sorted by name
	By   string          // the region whose write this version is
}

// Items are all items of a table in one region, in the order of their keys; nil when there is no such table.
func (s *Service) Items(region, tableName string) []Item {
	rows := s.Rows(region, tableName)
	if rows == nil {
		return nil
	}
	out := make([]Item, len(rows))
	for i, r := range rows {
		out[i] = Item{r.JSON(), r.by}
	}
	return out
}

// Row is one stored item, of which single attributes are read: what looks at a table after every write cannot pay for JSON.
type Row struct {
	Attributes
	*row
}

// JSON is the item as [Service.Items] has it.
func (r Row) JSON() json.RawMessage { return rawItem(r.item) }

// Rows is Items without the JSON.
func (s *Service) Rows(region, tableName string) []Row {
	t, ok := s.table(region, tableName)
	if !ok {
		return nil
	}
	t.mu.Lock()
	rows := make([]Row, 0, t.items.Len())
	t.items.Scan(func(r *row) bool {
		rows = append(rows, Row{Attributes{r.item}, r})
		return true
	})
	t.mu.Unlock()
	slices.SortFunc(rows, func(a, b Row) int {
		if c := strings.Compare(a.key.hash, b.key.hash); c != 0 {
			return c
		}
		return strings.Compare(a.key.sort, b.key.sort)
	})
	return rows
}

// Attributes are those of an item, or of a map in it.
type Attributes struct{ of attributes }

// Text is an attribute of type S; "" when there is none.
func (a Attributes) Text(name string) string {
	if v := a.of.get(name); v != nil && v.kind == kindS {
		return v.text
	}
	return ""
}

// Int is an attribute of type N: 0 when there is none, an error when it is not a whole number of 64 bits.
func (a Attributes) Int(name string) (int64, error) {
	v := a.of.get(name)
	if v == nil || v.kind != kindN {
		return 0, nil
	}
	return strconv.ParseInt(v.text, 10, 64)
}

// Maps are the members of an attribute of type L that are maps.
func (a Attributes) Maps(name string) []Attributes {
	var out []Attributes
	if v := a.of.get(name); v != nil && v.kind == kindL {
		for i := range v.list {
			out = append(out, Attributes{v.list[i].tree})
		}
	}
	return out
}

// Multiply stores n copies of each item that a table holds, in every region that has it, as if they had been there all along: nothing streams or
// replicates, and nothing is metered, limited or kept. Copy i of a text, in a key or elsewhere, is rename(text, i); an item whose key that leaves as
// it is gets no copies. Replicas share what is stored.
func (s *Service) Multiply(tableName string, n int, rename func(text string, i int) string) {
	s.mu.RLock()
	g := s.groups[tableName]
	s.mu.RUnlock()
	if g != nil {
		multiply(g.replicas, n, rename)
		return
	}
	for _, t := range s.tablesOf("") {
		if t.name == tableName {
			multiply([]*table{t}, n, rename)
		}
	}
}

// multiply copies what the first of the replicas holds.
func multiply(replicas []*table, n int, rename func(text string, i int) string) {
	first := replicas[0]
	rows := first.svc.Rows(first.region, first.name)
	for _, t := range replicas {
		t.mu.Lock()
		defer t.mu.Unlock()
	}
	for i := range n {
		for _, r := range rows {
			item := renamed(r.item, func(text string) string { return rename(text, i) })
			k := first.schema.keyOf(item)
			if first.find(k) != nil {
				continue
			}
			copied := first.version(k, item)
			for _, t := range replicas {
				t.store(nil, copied)
			}
		}
	}
}

func renamed(from attributes, rename func(string) string) attributes {
	out := make(attributes, len(from))
	for i, a := range from {
		out[i] = attribute{a.name, a.value.renamed(rename)}
	}
	return out
}

func (v value) renamed(rename func(string) string) value {
	if v.kind == kindS {
		v.text = rename(v.text)
	}
	if v.kind == kindM {
		v.tree = renamed(v.tree, rename)
	}
	if v.kind == kindL {
		v.list = slices.Clone(v.list)
		for i := range v.list {
			v.list[i] = v.list[i].renamed(rename)
		}
	}
	return v
}
