package e2e_test

import (
	"fmt"
	"syscall"
	"testing"
	"time"
)

// Processes of functions are killed while orders come in: what was accepted ends, and is charged once.
func TestKilledFunctionsLoseNoOrder(t *testing.T) {
	t.Parallel()
	p := start(t, nil)
	p.stock("TEA", 790, 100)
	stop, killed := make(chan struct{}), make(chan int)
	go func() {
		n := 0
		for {
			select {
			case <-stop:
				killed <- n
				return
			case <-time.After(40 * time.Millisecond):
			}
			if all := p.Processes(); len(all) > 1 {
				if syscall.Kill(all[1+n%(len(all)-1)], syscall.SIGKILL) == nil {
					n++
				}
			}
		}
	}()
	var ids []string
	for i := range 30 {
		body, key := newOrder("TEA", 1, goodCard), fmt.Sprintf("k%d", i)
		for { // a client whose request met a killed function sends it again
			a := p.send(p.Regions()[i%2], request{method: "POST", path: "/v1/orders", token: p.shopper("ada"), key: key, body: body})
			if a.Status == 202 {
				ids = append(ids, a.text("orderId"))
				break
			}
			if a.Status < 500 {
				t.Fatalf("%d %s", a.Status, a.Raw)
			}
		}
	}
	close(stop)
	if n := <-killed; n < 5 {
		t.Fatalf("only %d processes were killed", n)
	}
	for _, id := range ids {
		p.awaitStateFor(3*time.Minute, "ada", id, "CONFIRMED")
	}
	keptButForMails(t, p, ids)
}
