package order

import (
	"context"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"twofold/internal/platform"
	"twofold/internal/platform/clocktest"
)

// workTable is a table of retries that does only half of what a batch asks.
type workTable struct {
	*testTable
	calls int
}

func (w *workTable) BatchWriteItem(_ context.Context, in *dynamodb.BatchWriteItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.BatchWriteItemOutput, error) {
	w.calls++
	out := &dynamodb.BatchWriteItemOutput{UnprocessedItems: map[string][]types.WriteRequest{}}
	for table, writes := range in.RequestItems {
		half := (len(writes) + 1) / 2
		for _, r := range writes[:half] {
			if r.PutRequest != nil {
				w.put(r.PutRequest.Item)
			} else {
				delete(w.items, path(r.DeleteRequest.Key))
			}
		}
		if half < len(writes) {
			out.UnprocessedItems[table] = writes[half:]
		}
	}
	return out, w.down
}

func (w *workTable) GetItem(_ context.Context, in *dynamodb.GetItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error) {
	return &dynamodb.GetItemOutput{Item: w.items[path(in.Key)]}, w.down
}

func TestTheListIsWrittenInFewCallsAndKeepsWhatStandsThere(t *testing.T) {
	w := &workTable{testTable: newTestTable()}
	s := &store{db: w, clock: clocktest.At(noon), work: "order-work"}
	tried := entryItem(east, entry{OrderID: "ord_3", Due: noon.Add(time.Hour), Tries: 4})
	w.put(tried)
	var ids []string
	for i := range 9 {
		ids = append(ids, fmt.Sprintf("ord_%d", i))
	}
	if err := s.enlist(t.Context(), east, ids, noon); err != nil || len(w.items) != 9 || w.calls != 4 {
		t.Fatalf("%v: %d items in %d calls", err, len(w.items), w.calls)
	}
	if got := w.items[path(tried)]; len(got) == 0 || got["tries"].(*types.AttributeValueMemberN).Value != "4" {
		t.Errorf("the order that stood there has become %v", got)
	}
	if err := s.change(t.Context(), east, changes{drop: ids[:4]}); err != nil || len(w.items) != 5 {
		t.Errorf("%v: %d items", err, len(w.items))
	}
}

func TestAWriteThatIsNeverDoneIsThrottled(t *testing.T) {
	w := &workTable{testTable: newTestTable()}
	s := &store{db: w, clock: clocktest.At(noon), work: "order-work"}
	var c changes
	for i := range writeLimit {
		c.put = append(c.put, entry{OrderID: fmt.Sprintf("ord_%d", i), Due: noon})
	}
	if err := s.change(t.Context(), east, c); platform.CodeOf(err) != platform.Throttled || w.calls != tries {
		t.Errorf("%v after %d calls", err, w.calls)
	}
}

func TestCursorsAreKeptWithTheirPlacesInside(t *testing.T) {
	w := &workTable{testTable: newTestTable()}
	s := &store{db: w, work: "order-work"}
	want, err := s.cursors(t.Context(), east)
	if err != nil || len(want.places) != 0 || want.version != 0 {
		t.Fatalf("%+v, %v of a sweep that never ran", want, err)
	}
	want.places["placed#0#3"] = place{before: noon, after: "ord_1"}
	want.places["cancelRequested#2#0"] = place{before: noon.Add(time.Millisecond)}
	want.seen = noon.Add(-time.Hour)
	if err := s.advance(t.Context(), east, want); err != nil {
		t.Fatal(err)
	}
	want.version = 1
	if got, err := s.cursors(t.Context(), east); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v, want %+v", got, err, want)
	}
}
