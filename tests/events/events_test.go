package events

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"path"
	"reflect"
	"slices"
	"strings"
	"testing"

	"twofold/internal/event"
	"twofold/internal/fact"
)

// repository is the root of the repository.
func repository() fs.FS { return os.DirFS("../..") }

// goTypes are the generated types of whole events by detail type.
var goTypes = map[string]func() any{
	"OrderPlaced":          func() any { return &event.OrderPlacedEvent{} },
	"OrderActionRequired":  func() any { return &event.OrderActionRequiredEvent{} },
	"OrderCancelRequested": func() any { return &event.OrderCancelRequestedEvent{} },
	"OrderConfirmed":       func() any { return &event.OrderConfirmedEvent{} },
	"OrderRejected":        func() any { return &event.OrderRejectedEvent{} },
	"OrderCancelled":       func() any { return &event.OrderCancelledEvent{} },
	"OrderCancelRefused":   func() any { return &event.OrderCancelRefusedEvent{} },
	"OrderDispatched":      func() any { return &event.OrderDispatchedEvent{} },
	"OrderDelivered":       func() any { return &event.OrderDeliveredEvent{} },
	"OrderRefunded":        func() any { return &event.OrderRefundedEvent{} },
	"OrderPaymentUpdated":  func() any { return &event.OrderPaymentUpdatedEvent{} },
	"ProductChanged":       func() any { return &event.ProductChangedEvent{} },
	"StockReceived":        func() any { return &event.StockReceivedEvent{} },
	"StockRequested":       func() any { return &event.StockRequestedEvent{} },
	"StockTransferred":     func() any { return &event.StockTransferredEvent{} },
}

func schemas(t *testing.T, fsys fs.FS) map[string]*Schema {
	t.Helper()
	out, err := Schemas(fsys, SchemaFolder)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// samples are the files of a folder by detail type.
func samples(t *testing.T, fsys fs.FS, folder string) map[string][]byte {
	t.Helper()
	files, err := fs.Glob(fsys, folder+"/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no samples in %s (%v)", folder, err)
	}
	out := map[string][]byte{}
	for _, f := range files {
		raw, err := fs.ReadFile(fsys, f)
		if err != nil {
			t.Fatal(err)
		}
		out[strings.TrimSuffix(path.Base(f), ".json")] = raw
	}
	return out
}

func keys[V any](m map[string]V) []string {
	out := []string{}
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

func TestEveryDetailTypeHasSchemaSampleAndGoType(t *testing.T) {
	have := keys(schemas(t, repository()))
	for what, got := range map[string][]string{"samples": keys(samples(t, repository(), SampleFolder)), "Go types": keys(goTypes)} {
		if !slices.Equal(got, have) {
			t.Errorf("%s: %v\nschemas: %v", what, got, have)
		}
	}
	for _, k := range fact.Kinds() {
		if !slices.Contains(have, k.DetailType()) {
			t.Errorf("internal/fact/fact.go: the kind %s makes the event %q, of which %s has no schema", k, k.DetailType(), SchemaFolder)
		}
	}
}

func TestSamplesMatchTheirSchemas(t *testing.T) {
	all := schemas(t, repository())
	for name, raw := range samples(t, repository(), SampleFolder) {
		if err := all[name].Validate(raw); err != nil {
			t.Errorf("%s/%s.json: %v", SampleFolder, name, err)
		}
	}
}

// TestAMalformedTwinOfASampleDoesNotMatch spoils every field of every sample in turn: missing, of another type, of another form.
func TestAMalformedTwinOfASampleDoesNotMatch(t *testing.T) {
	all := schemas(t, repository())
	for name, raw := range samples(t, repository(), SampleFolder) {
		for _, field := range all[name].fields() {
			for how, bad := range map[string]func(map[string]any){
				"missing":         func(d map[string]any) { delete(d, field) },
				"of another type": func(d map[string]any) { d[field] = map[string]any{} },
			} {
				if err := all[name].Validate(spoil(t, raw, bad)); err == nil {
					t.Errorf("%s: detail.%s is %s and the schema takes it", name, field, how)
				}
			}
			if field != "title" && field != "reason" && field != "receiptId" { // texts of any form
				if err := all[name].Validate(spoil(t, raw, func(d map[string]any) { d[field] = "not a value of it!" })); err == nil {
					t.Errorf("%s: detail.%s has another form and the schema takes it", name, field)
				}
			}
		}
		if err := all[name].Validate(bytes.Replace(raw, []byte(`"detail-type": "`), []byte(`"detail-type": "X`), 1)); err == nil {
			t.Errorf("%s: another detail type is taken", name)
		}
	}
}

// spoil changes the detail of an event.
func spoil(t *testing.T, raw []byte, change func(detail map[string]any)) []byte {
	t.Helper()
	var doc map[string]any
	if err := json.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	change(doc["detail"].(map[string]any))
	out, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestGoTypesReadAndWriteSamplesWithoutLoss(t *testing.T) {
	for name, raw := range samples(t, repository(), SampleFolder) {
		lossless(t, name, raw)
	}
}

func lossless(t *testing.T, name string, raw []byte) {
	t.Helper()
	v := goTypes[name]()
	if err := json.Unmarshal(raw, v); err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	again, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var want, got any
	if err := json.Unmarshal(raw, &want); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(again, &got); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(want, got) {
		t.Errorf("%s: read and written again it is\n%s", name, again)
	}
}

func TestFieldsOfALaterVersionAreIgnored(t *testing.T) {
	all := schemas(t, repository())
	for name, raw := range samples(t, repository(), SampleFolder) {
		later := spoil(t, raw, func(d map[string]any) { d["laterField"] = []int{1} })
		if err := all[name].Validate(later); err != nil {
			t.Error(err)
		}
		if err := json.Unmarshal(later, goTypes[name]()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestEveryKindIsReadBackAsItsEvent holds the kind in the schema against the kind that makes the event.
func TestTheKindInASchemaIsTheKindOfItsEvent(t *testing.T) {
	all := samples(t, repository(), SampleFolder)
	for _, k := range fact.Kinds() {
		var e struct{ Detail struct{ Kind fact.Kind } }
		if err := json.Unmarshal(all[k.DetailType()], &e); err != nil || e.Detail.Kind != k {
			t.Errorf("%s: the sample's kind is %q, the fact's %q (%v)", k.DetailType(), e.Detail.Kind, k, err)
		}
	}
}
