package carrier

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"testing"

	"twofold/local/providers/webhook"
)

// memory is a log that outlives a provider.
type memory struct {
	entries []string
	broken  error
}

func (m *memory) log(entry []byte) error {
	if m.broken == nil {
		m.entries = append(m.entries, string(entry))
	}
	return m.broken
}

// reopen is the carrier of a new process that starts from the log, and leaves the log as a snapshot.
func (m *memory) reopen(t *testing.T) *bench {
	t.Helper()
	b := start(t)
	for _, e := range m.entries {
		if err := b.provider.Load([]byte(e)); err != nil {
			t.Fatal(err)
		}
	}
	m.entries = nil
	if err := b.provider.Snapshot(m.log); err != nil {
		t.Fatal(err)
	}
	b.provider.Keep(m.log)
	return b
}

func TestShipmentsAreThereAfterARestart(t *testing.T) {
	m := &memory{}
	b := m.reopen(t)
	for i := range 4 {
		b.expect("PUT", fmt.Sprintf("ord_%d", i), good, 201, "")
	}
	b.expect("POST", "ord_1/release", "", 200, "")
	b.expect("POST", "ord_2/cancellation", "", 200, "")
	b.expect("POST", "ord_3/release", "", 200, "")
	if err := b.provider.Dispatch("ord_3"); err != nil {
		t.Fatal(err)
	}
	before := b.provider.Shipments()
	for range 2 { // from the log, and from a snapshot of it
		b = m.reopen(t)
		if got := b.provider.Shipments(); !reflect.DeepEqual(got, before) {
			t.Fatalf("got  %+v\nwant %+v", got, before)
		}
	}
	b.expect("PUT", "ord_0", good, 200, before[0].ID)
	b.expect("POST", "ord_2/release", "", 409, "cancelled")
	b.expect("POST", "ord_3/cancellation", "", 409, "picked_up")
}

func TestACarrierThatCannotKeepAnswersNothing(t *testing.T) {
	m := &memory{}
	b := m.reopen(t)
	m.broken = errors.New("no space left")
	b.expect("PUT", "ord_1", good, 500, "no space left")
	m.broken = nil
	b.expect("GET", "ord_1", "", 500, "no space left")
	m.reopen(t).expect("GET", "ord_1", "", 404, "")
}

func TestEventsThatWereNotAnsweredAreSentAgainAfterARestart(t *testing.T) {
	m := &memory{}
	seen := make(chan string, 10)
	endpoint := func(b *bench, answer error) {
		b.provider.Notify(webhook.New(t.Context(), b.provider.cloud, webhook.Config{Types: []string{TypeDispatched}, Post: func(_ context.Context, body []byte, _ http.Header) error {
			seen <- string(body)
			return answer
		}}))
	}
	b := m.reopen(t)
	endpoint(b, io.ErrUnexpectedEOF)
	b.expect("PUT", "ord_1", good, 201, "")
	b.expect("POST", "ord_1/release", "", 200, "")
	if err := b.provider.Dispatch("ord_1"); err != nil {
		t.Fatal(err)
	}
	first := <-seen
	b = m.reopen(t)
	endpoint(b, nil)
	b.provider.Resume()
	if again := <-seen; again != first {
		t.Errorf("the event was %s and then %s", first, again)
	}
}
