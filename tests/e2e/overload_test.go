package e2e_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"

	"twofold/local/world"
)

// overload sends n orders at once and gives what was answered, by status.
func overload(p *platform, n int) map[int][]answer {
	var mu sync.Mutex
	var all sync.WaitGroup
	out := map[int][]answer{}
	token := p.shopper("ada")
	for i := range n {
		all.Go(func() {
			a := p.send(p.east, request{method: "POST", path: "/v1/orders", token: token, key: fmt.Sprint("k", i), body: newOrder("TEA", 1, goodCard)})
			mu.Lock()
			defer mu.Unlock()
			out[a.Status] = append(out[a.Status], a)
		})
	}
	all.Wait()
	return out
}

func TestOverloadIsAnswered429BeforeWorkIsAcceptedWhatWasAcceptedIsFinishedAndReadsKeepWorking(t *testing.T) {
	t.Parallel()
	p := start(t, func(o *world.Options) { o.Overrides = map[string]string{"OrderRate": "10", "OrderBurst": "20"} })
	p.stock("TEA", 790, 500)
	first := p.place(p.east, "ada", "first", newOrder("TEA", 1, goodCard))

	done, reads := make(chan struct{}), make(chan int, 1)
	go func() {
		n := 0
		defer func() { reads <- n }()
		for {
			select {
			case <-done:
				return
			default:
			}
			if a := p.send(p.east, request{method: "GET", path: "/v1/orders/" + first, token: p.shopper("ada")}); a.Status != http.StatusOK {
				t.Errorf("a read meanwhile: %d %s", a.Status, a.Raw)
				return
			}
			n++
		}
	}()
	answers := overload(p, 150)
	close(done)
	if n := <-reads; n == 0 {
		t.Error("nothing was read meanwhile")
	}

	for status := range answers {
		if status != http.StatusAccepted && status != http.StatusTooManyRequests {
			t.Errorf("%d times %d: %s", len(answers[status]), status, answers[status][0].Raw)
		}
	}
	if len(answers[http.StatusAccepted]) < 19 || len(answers[http.StatusTooManyRequests]) < 50 {
		t.Errorf("%d accepted, %d turned away", len(answers[http.StatusAccepted]), len(answers[http.StatusTooManyRequests]))
	}
	for _, a := range answers[http.StatusTooManyRequests] {
		if a.Header.Get("Content-Type") != "application/problem+json" || a.Header.Get("Retry-After") == "" || a.text("code") != "Throttled" || a.text("detail") == "" {
			t.Fatalf("turned away with %v %s", a.Header, a.Raw)
		}
	}
	ids := []string{first}
	for _, a := range answers[http.StatusAccepted] {
		ids = append(ids, a.text("orderId"))
	}
	for _, id := range ids {
		p.awaitState("ada", id, "CONFIRMED")
	}
	p.promisesKept(ids...)
}
