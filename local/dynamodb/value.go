package dynamodb

import (
	"slices"
	"strings"
)

// kind is the type of an attribute value.
type kind uint8

const (
	kindNone kind = iota
	kindS
	kindN
	kindB
	kindBOOL
	kindNULL
	kindM
	kindL
	kindSS
	kindNS
	kindBS
)

// kindNames are the wire names, by kind.
var kindNames = [...]string{"", "S", "N", "B", "BOOL", "NULL", "M", "L", "SS", "NS", "BS"}

func (k kind) String() string { return kindNames[k] }

// kindOf is the kind with a wire name, or kindNone.
func kindOf(name string) kind {
	for k := kindS; k <= kindBS; k++ {
		if kindNames[k] == name {
			return k
		}
	}
	return kindNone
}

// value is one attribute value. Values are never changed once they are stored: an update
// builds new ones and shares what it did not touch.
type value struct {
	kind kind
	flag bool       // BOOL
	text string     // S; N in canonical digits; B as raw bytes
	list []value    // L; members of a set, sorted and distinct
	tree attributes // M
}

// attribute is one named value.
type attribute struct {
	name  string
	value value
}

// attributes is an item or a map: sorted by name, no name twice.
type attributes []attribute

func (a attributes) find(name string) (int, bool) {
	return slices.BinarySearchFunc(a, name, func(e attribute, n string) int { return strings.Compare(e.name, n) })
}

// get is the value with a name, or nil. The result must not be changed.
func (a attributes) get(name string) *value {
	if i, ok := a.find(name); ok {
		return &a[i].value
	}
	return nil
}

// with is a copy of a in which name is v.
func (a attributes) with(name string, v value) attributes {
	i, ok := a.find(name)
	if ok {
		out := slices.Clone(a)
		out[i].value = v
		return out
	}
	out := make(attributes, 0, len(a)+1)
	out = append(out, a[:i]...)
	out = append(out, attribute{name, v})
	return append(out, a[i:]...)
}

// without is a copy of a that lacks name.
func (a attributes) without(name string) attributes {
	i, ok := a.find(name)
	if !ok {
		return a
	}
	out := make(attributes, 0, len(a)-1)
	return append(append(out, a[:i]...), a[i+1:]...)
}

// normalize sorts by name; of a name that comes twice the last one stays.
func (a attributes) normalize() attributes {
	less := func(x, y attribute) int { return strings.Compare(x.name, y.name) }
	if !slices.IsSortedFunc(a, less) {
		slices.SortStableFunc(a, less)
	}
	out := a[:0]
	for i, e := range a {
		if i+1 < len(a) && a[i+1].name == e.name {
			continue
		}
		out = append(out, e)
	}
	return out
}

func (a attributes) equal(b attributes) bool {
	return slices.EqualFunc(a, b, func(x, y attribute) bool { return x.name == y.name && x.value.equal(&y.value) })
}

func (v *value) equal(w *value) bool {
	if v.kind != w.kind || v.text != w.text || v.flag != w.flag || len(v.list) != len(w.list) {
		return false
	}
	for i := range v.list {
		if !v.list[i].equal(&w.list[i]) {
			return false
		}
	}
	return v.tree.equal(w.tree)
}

// compare orders two S, N or B values of the same kind.
func (v *value) compare(w *value) int {
	if v.kind == kindN {
		return compareNumbers(v.text, w.text)
	}
	return strings.Compare(v.text, w.text)
}

// ordered reports whether values of the kind have an order.
func (k kind) ordered() bool { return k == kindS || k == kindN || k == kindB }

// member is the kind of a set's members, or kindNone when k is no set.
func (k kind) member() kind {
	switch k {
	case kindSS:
		return kindS
	case kindNS:
		return kindN
	case kindBS:
		return kindB
	}
	return kindNone
}

// sortSet orders the members of a set; it reports false when one comes twice.
func sortSet(list []value) bool {
	slices.SortFunc(list, func(x, y value) int { return x.compare(&y) })
	for i := 1; i < len(list); i++ {
		if list[i-1].text == list[i].text {
			return false
		}
	}
	return true
}

// size is what an item counts against the 400 KB limit and for capacity, see
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
func (a attributes) size() int {
	n := 0
	for i := range a {
		n += len(a[i].name) + a[i].value.size()
	}
	return n
}

func (v *value) size() int {
	switch v.kind {
	case kindS, kindB:
		return len(v.text)
	case kindN:
		return numberSize(v.text)
	case kindBOOL, kindNULL:
		return 1
	case kindM:
		n := 3 + len(v.tree)
		return n + v.tree.size()
	}
	n := 0
	if v.kind == kindL {
		n = 3 + len(v.list)
	}
	for i := range v.list {
		n += v.list[i].size()
	}
	return n
}
