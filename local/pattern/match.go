package pattern

import (
	"math"
	"net/netip"
	"strconv"
	"strings"
)

// Match reports whether the event matches the pattern.
func (p *Pattern) Match(e *Event) bool {
	for _, alt := range p.alts {
		if alt.matchObject(e.root, e.root) {
			return true
		}
	}
	return false
}

// MatchJSON is Match for an event that is not parsed yet.
func (p *Pattern) MatchJSON(raw []byte) (bool, error) {
	e, err := ParseEvent(raw)
	if err != nil {
		return false, err
	}
	return p.Match(e), nil
}

// match holds a node against what stands at its path; v is nil when nothing does.
func (n *node) match(root, v *Value) bool {
	if n.tests != nil && !n.matchLeaf(v) && !n.matchAbsent(root) {
		return false
	}
	return len(n.children) == 0 || n.matchObject(root, v)
}

// matchObject holds all children against one object: of an array, against one element, so that
// no two elements make a match together.
func (n *node) matchObject(root, v *Value) bool {
	if v != nil && v.kind == kindArray {
		for _, item := range v.items {
			if (item.kind == kindObject || item.kind == kindArray) && n.matchObject(root, item) {
				return true
			}
		}
		v = nil
	}
	var fields []member
	if v != nil && v.kind == kindObject {
		fields = v.members()
	}
	for _, c := range n.children {
		if !c.match(root, find(fields, c.name)) {
			return false
		}
	}
	return true
}

func (n *node) matchLeaf(v *Value) bool {
	switch {
	case v == nil || v.kind == kindObject:
		return false
	case v.kind == kindArray:
		for _, item := range v.items {
			if n.matchLeaf(item) {
				return true
			}
		}
		return false
	}
	for _, t := range n.tests {
		if t.match(v) {
			return true
		}
	}
	return false
}

// matchAbsent is {"exists": false}: nothing in the whole event stands at this path.
func (n *node) matchAbsent(root *Value) bool {
	for _, t := range n.tests {
		if t == exists(false) {
			return !present(root, n.path)
		}
	}
	return false
}

func present(v *Value, path []string) bool {
	switch {
	case v == nil:
		return false
	case v.kind == kindArray:
		for _, item := range v.items {
			if present(item, path) {
				return true
			}
		}
		return false
	case len(path) == 0:
		return v.kind != kindObject
	case v.kind != kindObject:
		return false
	}
	return present(find(v.members(), path[0]), path[1:])
}

// test decides about one scalar.
type test interface{ match(v *Value) bool }

// exact is a string, true, false or null.
type exact struct {
	kind kind
	text string
}

func (t exact) match(v *Value) bool { return v.kind == t.kind && v.text == t.text }

// exactIP is an address, however it is written.
type exactIP struct {
	text string
	addr netip.Addr
}

func exactString(s string) test {
	if looksLikeIP(s) {
		if addr, err := netip.ParseAddr(s); err == nil {
			return exactIP{s, addr}
		}
	}
	return exact{kindString, s}
}

func (t exactIP) match(v *Value) bool {
	if v.kind != kindString {
		return false
	}
	addr, ok := address(v.text)
	return v.text == t.text || (ok && addr == t.addr)
}

func address(s string) (netip.Addr, bool) {
	if len(s) < 2 || !looksLikeIP(s) {
		return netip.Addr{}, false
	}
	addr, err := netip.ParseAddr(s)
	return addr, err == nil
}

// number is an exact number.
type number struct {
	text string
	n    float64
}

func exactNumber(text string) test {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil {
		n = math.NaN() // comparable by its text only
	}
	return number{text, n}
}

const maxExact = 1 << 53

func (t number) match(v *Value) bool {
	if v.kind != kindNumber {
		return false
	}
	if v.text == t.text {
		return true
	}
	n, err := strconv.ParseFloat(v.text, 64)
	return err == nil && n == t.n && math.Abs(n) < maxExact
}

type rangeTest struct {
	low, high         float64
	hasLow, hasHigh   bool
	openLow, openHigh bool
}

func (t rangeTest) match(v *Value) bool {
	if v.kind != kindNumber {
		return false
	}
	n, err := strconv.ParseFloat(v.text, 64)
	if err != nil {
		return false
	}
	if t.hasLow && (n < t.low || (t.openLow && n == t.low)) {
		return false
	}
	return !t.hasHigh || n < t.high || (!t.openHigh && n == t.high)
}

// affix is a prefix or a suffix.
type affix struct {
	text         string
	suffix, fold bool
}

func (t affix) match(v *Value) bool {
	if v.kind != kindString {
		return false
	}
	if !t.fold && t.suffix {
		return strings.HasSuffix(v.text, t.text)
	}
	if !t.fold {
		return strings.HasPrefix(v.text, t.text)
	}
	return hasFold([]rune(v.text), []rune(t.text), t.suffix)
}

func hasFold(s, part []rune, suffix bool) bool {
	if len(part) > len(s) {
		return false
	}
	if suffix {
		return strings.EqualFold(string(s[len(s)-len(part):]), string(part))
	}
	return strings.EqualFold(string(s[:len(part)]), string(part))
}

type sameFold string

func (t sameFold) match(v *Value) bool {
	return v.kind == kindString && strings.EqualFold(v.text, string(t))
}

// wildcard is the texts between the stars.
type wildcard []string

func (t wildcard) match(v *Value) bool {
	if v.kind != kindString {
		return false
	}
	if len(t) == 1 {
		return v.text == t[0]
	}
	s, ok := strings.CutPrefix(v.text, t[0])
	if !ok {
		return false
	}
	for _, part := range t[1 : len(t)-1] {
		i := strings.Index(s, part)
		if i < 0 {
			return false
		}
		s = s[i+len(part):]
	}
	return strings.HasSuffix(s, t[len(t)-1])
}

type exists bool

func (t exists) match(*Value) bool { return bool(t) }

type cidr netip.Prefix

func (t cidr) match(v *Value) bool {
	if v.kind != kindString {
		return false
	}
	addr, ok := address(v.text)
	return ok && netip.Prefix(t).Contains(addr)
}

// not is anything-but: a value that none of the tests takes.
type not struct{ tests []test }

func (t not) match(v *Value) bool {
	for _, inner := range t.tests {
		if inner.match(v) {
			return false
		}
	}
	return true
}
