package e2e_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	twofold "twofold/client/go"
	"twofold/local/promises"
	"twofold/local/world"
)

// fault changes what is broken, from outside as an operator does.
func (p *platform) fault(what string) {
	p.t.Helper()
	res, err := http.Post(p.Endpoint()+strings.Replace(world.PathFaults, "{what}", what, 1), "", nil)
	if err != nil {
		p.t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil || res.StatusCode != http.StatusOK {
		p.t.Fatalf("%s: %s %v", what, res.Status, err)
	}
}

// buyers place orders one after the other until they are told to stop, the nearest region first; it gives the ids of those that were accepted.
func (p *platform) buyers(n int) (stop func() []string) {
	var mu sync.Mutex
	var ids []string
	var done sync.WaitGroup
	enough := make(chan struct{})
	for i := range n {
		nearest, next := p.east, p.west
		if i%2 == 1 {
			nearest, next = next, nearest
		}
		c := p.client("ada", nil, nearest, next)
		done.Go(func() {
			for k := 0; ; k++ {
				select {
				case <-enough:
					return
				case <-time.After(50 * time.Millisecond):
				}
				res, err := c.PlaceOrderWithBodyWithResponse(p.t.Context(), &twofold.PlaceOrderParams{IdempotencyKey: fmt.Sprintf("k-%d-%d", i, k)}, "application/json", strings.NewReader(newOrder("TEA", 1, goodCard)))
				switch {
				case err != nil:
					p.t.Errorf("an order was given up: %v", err)
				case res.JSON202 == nil:
					p.t.Errorf("an order was refused: %s %s", res.Status(), res.Body)
				default:
					mu.Lock()
					ids = append(ids, res.JSON202.OrderId)
					mu.Unlock()
				}
			}
		})
	}
	return func() []string { close(enough); done.Wait(); return ids }
}

// A region is lost under load and comes back: its clients go on in the other, which ends all orders, and both agree.
func TestALostRegionLosesNoOrder(t *testing.T) {
	t.Parallel()
	p := start(t, func(o *world.Options) {
		o.Speed, o.Overrides = 30, map[string]string{"SweepOwnAfter": "1s", "SweepPeerAfter": "2s"}
	})
	p.stock("TEA", 790, 1000)
	stop := p.buyers(4)
	time.Sleep(1500 * time.Millisecond)
	before := len(p.Processes())
	p.fault("lose?region=" + p.east)
	if n := len(p.Processes()); n >= before {
		t.Errorf("%d processes before the loss, %d after", before, n)
	}
	if res, err := http.Get(p.APIURL(p.east) + "/health"); err == nil {
		t.Errorf("the lost region answers: %s %v", res.Status, res.Body.Close())
	}
	time.Sleep(1500 * time.Millisecond)
	ids := stop()
	if len(ids) < 20 {
		t.Fatalf("only %d orders were accepted", len(ids))
	}
	p.awaitFor(2*time.Minute, "every order has an outcome in the other region", func() bool { return p.ended(p.west, ids) == len(ids) })
	p.fault("restore?region=" + p.east)
	p.awaitFor(time.Minute, "both see every outcome", func() bool { return p.ended(p.east, ids) == len(ids) })
	keptButForMails(t, p, ids)
}

// ended counts the orders of which a region's replica has an outcome.
func (p *platform) ended(region string, ids []string) int {
	p.t.Helper()
	view, err := p.View(p.t.Context())
	if err != nil {
		p.t.Fatal(err)
	}
	return promises.Ended(view, region, ids)
}
