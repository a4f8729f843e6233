package template

// bag hands out the entries of a mapping once and knows which were never asked for,
// so that no SAM property can be dropped in silence.
type bag struct {
	*Map
	what  string
	taken map[string]bool
}

func newBag(what string, m *Map) *bag { return &bag{Map: m, what: what, taken: map[string]bool{}} }

// take gives the value of a key, or nil.
func (b *bag) take(key string) any {
	b.taken[key] = true
	return b.Get(key)
}

// copy takes keys into a Map as they are.
func (b *bag) copy(into *Map, keys ...string) *Map {
	for _, k := range keys {
		if v := b.take(k); v != nil {
			into.Fields = append(into.Fields, Field{Key: k, Value: v, Pos: b.at(k)})
		}
	}
	return into
}

// takeMap is take for a mapping.
func (b *bag) takeMap(key string) (*Map, error) {
	b.taken[key] = true
	return b.mapField(key, b.what)
}

// need is take for a property that must be there.
func (b *bag) need(key string) (any, error) {
	if v := b.take(key); v != nil {
		return v, nil
	}
	return nil, b.Pos.Errorf("%s: the property %s is missing", b.what, key)
}

// path takes a local path; absent is "".
func (b *bag) path(key string) (string, error) {
	b.taken[key] = true
	return b.text(key, b.what)
}

func (b *bag) errorf(key, format string, args ...any) error {
	return b.at(key).Errorf("%s: "+format, append([]any{b.what}, args...)...)
}

// done errors on the first property that nobody took.
func (b *bag) done() error {
	for _, f := range b.Fields {
		if !b.taken[f.Key] {
			return f.Pos.Errorf("%s: the SAM property %s is not transformed", b.what, f.Key)
		}
	}
	return nil
}
