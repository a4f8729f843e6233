package world

import (
	"os"
	"strings"
	"testing"

	"twofold/local/eventbridge"
)

// registry is a deployed registry with one schema.
func registry(t testing.TB) *schemas {
	t.Helper()
	raw, err := os.ReadFile("../../events/schemas/OrderPlaced.json")
	if err != nil {
		t.Fatal(err)
	}
	return &schemas{compiled: newCompiledSchemas(), find: func(_, name string) (eventbridge.Schema, bool) {
		return eventbridge.Schema{Name: name, Content: string(raw)}, name == "twofold.order@OrderPlaced"
	}}
}

func sample(t testing.TB) string {
	t.Helper()
	raw, err := os.ReadFile("../../events/samples/OrderPlaced.json")
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestAnEventThatIsNotAsItsSchemaSaysIsFound(t *testing.T) {
	s, good := registry(t), sample(t)
	if err := s.check("us-east-1", []byte(good)); err != nil {
		t.Fatal(err)
	}
	for bad, want := range map[string]string{
		strings.Replace(good, `"amount": "2070"`, `"amount": 2070`, 1):         "/detail/amount",
		strings.Replace(good, `"home":`, `"hom":`, 1):                          "home",
		strings.Replace(good, `"OrderPlaced"`, `"OrderShipped"`, 1):            "has no schema twofold.order@OrderShipped",
		strings.Replace(good, `"source": "twofold.order"`, `"source": "x"`, 1): "has no schema x@OrderPlaced",
	} {
		if err := s.check("us-east-1", []byte(bad)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in %v", want, err)
		}
	}
}

func BenchmarkCheckOfAnEvent(b *testing.B) {
	s, event := registry(b), []byte(sample(b))
	for b.Loop() {
		if err := s.check("us-east-1", event); err != nil {
			b.Fatal(err)
		}
	}
}
