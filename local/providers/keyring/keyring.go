// Package keyring keeps the API keys that a stand-in takes: several at once while one is being changed. It guarantees no more than that; keys have no age and no rights.
package keyring

import (
	"slices"
	"sync"
)

// Ring are the keys that are good. Safe for many tasks.
type Ring struct {
	mu   sync.Mutex
	keys []string
}

// New is a ring with one key.
func New(key string) *Ring { return &Ring{keys: []string{key}} }

// Good reports whether a key is.
func (r *Ring) Good(key string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Contains(r.keys, key)
}

// AddKey makes one more key good, as rolling one in a provider's dashboard does.
func (r *Ring) AddKey(key string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keys = append(r.keys, key)
}

// EndKey makes a key bad.
func (r *Ring) EndKey(key string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keys = slices.DeleteFunc(r.keys, func(k string) bool { return k == key })
}
