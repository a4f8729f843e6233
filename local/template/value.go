package template

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
)

// Pos is a place in a file.
type Pos struct {
	File string
	Line int // 1-based; 0 is the file as a whole
}

func (p Pos) String() string {
	if p.Line == 0 {
		return p.File
	}
	return p.File + ":" + strconv.Itoa(p.Line)
}

// Errorf makes an error that begins with the position.
func (p Pos) Errorf(format string, args ...any) error {
	if p.File == "" {
		return fmt.Errorf(format, args...)
	}
	return fmt.Errorf("%s: %s", p, fmt.Sprintf(format, args...))
}

// A value of a template is one of bool, float64, string, []any, *Map or *Intrinsic.

// Map is a mapping in file order whose keys know where they stand.
type Map struct {
	Pos    Pos
	Fields []Field
}

// Field is one entry of a Map.
type Field struct {
	Key   string
	Value any
	Pos   Pos
}

// Intrinsic is a call of an intrinsic function that is not resolved yet.
type Intrinsic struct {
	Name string // "Ref", "Condition" or "Fn::..."
	Arg  any
	Pos  Pos
}

// object makes a Map at pos of key, value, key, value, ...; pairs whose value is nil are left out.
func object(pos Pos, pairs ...any) *Map {
	m := &Map{Pos: pos}
	for i := 0; i < len(pairs); i += 2 {
		if !absent(pairs[i+1]) {
			m.Fields = append(m.Fields, Field{Key: pairs[i].(string), Value: pairs[i+1], Pos: pos})
		}
	}
	return m
}

func absent(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case *Map:
		return v == nil
	case []any:
		return v == nil
	}
	return false
}

// Lookup finds a field; a nil Map has none.
func (m *Map) Lookup(key string) (Field, bool) {
	if m != nil {
		for _, f := range m.Fields {
			if f.Key == key {
				return f, true
			}
		}
	}
	return Field{}, false
}

// Get is the value of a key, or nil.
func (m *Map) Get(key string) any {
	f, _ := m.Lookup(key)
	return f.Value
}

// Set puts a value under a key, in place if the key exists; nil changes nothing.
func (m *Map) Set(key string, v any) {
	if absent(v) {
		return
	}
	for i := range m.Fields {
		if m.Fields[i].Key == key {
			m.Fields[i].Value = v
			return
		}
	}
	m.Fields = append(m.Fields, Field{Key: key, Value: v, Pos: m.Pos})
}

// at is where a key stands, or the map if it has no such key.
func (m *Map) at(key string) Pos {
	if f, ok := m.Lookup(key); ok {
		return f.Pos
	}
	return m.Pos
}

// only errors on the first key that is not among the allowed ones.
func (m *Map) only(what string, allowed ...string) error {
	for _, f := range m.Fields {
		if !contains(allowed, f.Key) {
			return f.Pos.Errorf("%s: %s is not understood", what, f.Key)
		}
	}
	return nil
}

// MarshalJSON keeps the file order of keys.
func (m *Map) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, f := range m.Fields {
		if i > 0 {
			b.WriteByte(',')
		}
		key, err := encode(f.Key)
		if err != nil {
			return nil, err
		}
		value, err := encode(f.Value)
		if err != nil {
			return nil, err
		}
		b.Write(key)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// MarshalJSON gives the long form, {"Fn::Name": argument}.
func (c *Intrinsic) MarshalJSON() ([]byte, error) {
	return encode(object(c.Pos, c.Name, c.Arg))
}

// encode is JSON without HTML escapes.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSpace(b.Bytes()), nil
}

// scalar is how CloudFormation writes a string, number or truth value into a string.
func scalar(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case bool:
		return strconv.FormatBool(v), true
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), true
	}
	return "", false
}

func contains(list []string, s string) bool {
	for _, l := range list {
		if l == s {
			return true
		}
	}
	return false
}

// asMap is v as a Map, or an error at pos; absent is nil.
func asMap(v any, pos Pos, what string) (*Map, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case *Map:
		return v, nil
	}
	return nil, pos.Errorf("%s must be a mapping", what)
}

// mapField is asMap of a field of m.
func (m *Map) mapField(key, what string) (*Map, error) {
	if m == nil {
		return nil, nil
	}
	return asMap(m.Get(key), m.at(key), what+": "+key)
}

// text is a field of m that must be a plain string; absent is "".
func (m *Map) text(key, what string) (string, error) {
	switch v := m.Get(key).(type) {
	case nil:
		return "", nil
	case string:
		return v, nil
	}
	return "", m.at(key).Errorf("%s: %s must be a plain string", what, key)
}

// refTo, getAtt and sub make intrinsics for generated resources.
func refTo(pos Pos, id string) *Intrinsic { return &Intrinsic{Name: "Ref", Arg: id, Pos: pos} }

func getAtt(pos Pos, id, attr string) *Intrinsic {
	return &Intrinsic{Name: "Fn::GetAtt", Arg: []any{id, attr}, Pos: pos}
}

func sub(pos Pos, text string, vars *Map) *Intrinsic {
	return &Intrinsic{Name: "Fn::Sub", Arg: []any{text, vars}, Pos: pos}
}

// plainJSON is a value without intrinsics as JSON values; an intrinsic is an error.
func plainJSON(v any) (any, error) {
	switch v := v.(type) {
	case *Intrinsic:
		return nil, v.Pos.Errorf("%s cannot stand here", v.Name)
	case []any:
		list := make([]any, len(v))
		for i, e := range v {
			p, err := plainJSON(e)
			if err != nil {
				return nil, err
			}
			list[i] = p
		}
		return list, nil
	case *Map:
		m := make(map[string]any, len(v.Fields))
		for _, f := range v.Fields {
			p, err := plainJSON(f.Value)
			if err != nil {
				return nil, err
			}
			m[f.Key] = p
		}
		return m, nil
	}
	return v, nil
}
