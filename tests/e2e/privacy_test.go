package e2e_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"twofold/local/core"
)

// Everything that crosses a bus, starts an execution or is written to a log is searched for what a shopper said of themselves.
func TestPersonalDataIsInNoEventLogOrExecution(t *testing.T) {
	t.Parallel()
	p := start(t, nil)
	var mu sync.Mutex
	var texts []string
	kinds := map[core.Kind]int{}
	p.Cloud().Journal.Tap(func(e core.Entry) {
		if e.Kind == core.KindMail {
			return // the mail itself goes to the shopper
		}
		mu.Lock()
		defer mu.Unlock()
		kinds[e.Kind]++
		text := fmt.Sprintf("%s %s %s %+v", e.Kind, e.Subject, e.Detail, e.Data)
		if raw, ok := e.Data.([]byte); ok {
			text += string(raw)
		}
		texts = append(texts, text)
	})
	p.stock("TEA", 790, 10)
	ids := []string{
		p.place(p.east, "ada", "paid", newOrder("TEA", 1, goodCard)),
		p.place(p.west, "ada", "declined", newOrder("TEA", 1, "pm_card_chargeDeclined")),
		p.place(p.west, "ada", "undeliverable", strings.Replace(newOrder("TEA", 1, goodCard), "SW1Y 4JH", "UNDELIVERABLE", 1)),
	}
	p.awaitState("ada", ids[0], "CONFIRMED")
	p.awaitState("ada", ids[1], "REJECTED")
	p.awaitState("ada", ids[2], "REJECTED")
	p.promisesKept(ids...)

	mu.Lock()
	defer mu.Unlock()
	for _, k := range []core.Kind{core.KindEvent, core.KindExecution, core.KindFunctionLog} {
		if kinds[k] == 0 {
			t.Errorf("no entry of kind %s was searched: %v", k, kinds)
		}
	}
	for _, text := range texts {
		for _, secret := range []string{"ada@shop.example", "Ada Byron", "St James", "SW1Y", "UNDELIVERABLE"} {
			if strings.Contains(text, secret) {
				t.Errorf("%q stands in %.300s", secret, text)
			}
		}
	}
}
