package states

import (
	"encoding/json"
	"math/big"
	"strconv"
)

// A JSON value is nil, bool, string, json.Number, []any or *object. Values are never
// changed once they can be seen by two holders: a change copies the objects on its way.

// indexFrom is how many members an object has before it looks them up by a map.
const indexFrom = 16

// object is a JSON object that keeps the order of its members.
type object struct {
	keys  []string
	vals  []any
	index map[string]int // nil while small
}

// obj makes an object of alternating names and values.
func obj(pairs ...any) *object {
	o := &object{keys: make([]string, 0, len(pairs)/2), vals: make([]any, 0, len(pairs)/2)}
	for i := 0; i < len(pairs); i += 2 {
		o.set(pairs[i].(string), pairs[i+1])
	}
	return o
}

func (o *object) find(key string) int {
	if o.index != nil {
		if i, ok := o.index[key]; ok {
			return i
		}
		return -1
	}
	for i, k := range o.keys {
		if k == key {
			return i
		}
	}
	return -1
}

func (o *object) get(key string) (any, bool) {
	if i := o.find(key); i >= 0 {
		return o.vals[i], true
	}
	return nil, false
}

// set adds or replaces a member; a replaced member keeps its place.
func (o *object) set(key string, v any) {
	if i := o.find(key); i >= 0 {
		o.vals[i] = v
		return
	}
	o.keys, o.vals = append(o.keys, key), append(o.vals, v)
	switch {
	case o.index != nil:
		o.index[key] = len(o.keys) - 1
	case len(o.keys) > indexFrom:
		o.index = make(map[string]int, 2*len(o.keys))
		for i, k := range o.keys {
			o.index[k] = i
		}
	}
}

// with is a copy of o (which may be nil) with one member set.
func (o *object) with(key string, v any) *object {
	c := &object{}
	if o != nil {
		c.keys = append(make([]string, 0, len(o.keys)+1), o.keys...)
		c.vals = append(make([]any, 0, len(o.vals)+1), o.vals...)
		if o.index != nil {
			c.index = make(map[string]int, len(o.index)+1)
			for k, i := range o.index {
				c.index[k] = i
			}
		}
	}
	c.set(key, v)
	return c
}

// equal compares two values as JSON: members in any order, numbers by value.
func equal(a, b any) bool {
	switch x := a.(type) {
	case *object:
		y, ok := b.(*object)
		if !ok || len(x.keys) != len(y.keys) {
			return false
		}
		for i, k := range x.keys {
			if v, has := y.get(k); !has || !equal(x.vals[i], v) {
				return false
			}
		}
		return true
	case []any:
		y, ok := b.([]any)
		if !ok || len(x) != len(y) {
			return false
		}
		for i := range x {
			if !equal(x[i], y[i]) {
				return false
			}
		}
		return true
	case json.Number:
		y, ok := b.(json.Number)
		return ok && compareNumbers(x, y) == 0
	}
	return a == b
}

// compareNumbers compares exactly, whatever the number of digits.
func compareNumbers(a, b json.Number) int {
	if a == b {
		return 0
	}
	x, errX := strconv.ParseInt(string(a), 10, 64)
	y, errY := strconv.ParseInt(string(b), 10, 64)
	if errX == nil && errY == nil {
		switch {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return 0
	}
	return wide(a).Cmp(wide(b))
}

// numberBits is the precision in which numbers beyond int64 are compared: 150 digits.
const numberBits = 512

func wide(n json.Number) *big.Float {
	f, _, err := big.ParseFloat(string(n), 10, numberBits, big.ToNearestEven)
	if err != nil && f == nil {
		return new(big.Float)
	}
	return f // out of range is an infinity
}

// integer is the value as a whole number, and whether it is one.
func integer(v any) (int64, bool) {
	n, ok := v.(json.Number)
	if !ok {
		return 0, false
	}
	i, err := strconv.ParseInt(string(n), 10, 64)
	return i, err == nil
}

func number(i int64) json.Number { return json.Number(strconv.FormatInt(i, 10)) }
