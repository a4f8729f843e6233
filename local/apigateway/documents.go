package apigateway

import (
	"crypto/sha256"
	"encoding/json"
	"reflect"
	"sync"
)

// Documents keeps API documents that were read, so that the gateways of many clouds read each only once. Safe for many tasks.
type Documents struct {
	mu   sync.Mutex
	read map[[sha256.Size]byte]*known
}

// known is what was read of a body, which nobody changes.
type known struct {
	body map[string]any
	def  *definition
}

// NewDocuments makes an empty store.
func NewDocuments() *Documents {
	return &Documents{read: map[[sha256.Size]byte]*known{}}
}

// Share makes the gateway keep what it reads in a store that others use too.
func (g *Gateway) Share(d *Documents) { g.documents = d }

// parse gives the definition of a document, which is the caller's own in what can change.
func (d *Documents) parse(body map[string]any) (*definition, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, k := range d.read {
		if reflect.ValueOf(k.body).UnsafePointer() == reflect.ValueOf(body).UnsafePointer() { // the very same, as prepared worlds hand it over
			return k.def.snapshot(), nil
		}
	}
	text, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(text)
	if d.read[sum] == nil {
		def, err := parse(text)
		if err != nil {
			return nil, err
		}
		d.read[sum] = &known{body, def}
	}
	return d.read[sum].def.snapshot(), nil
}
