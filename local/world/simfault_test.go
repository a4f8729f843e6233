package world_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"twofold/local/world"
)

// storm is a history of forty orders in ten minutes under faults of every kind, the loss of a region and a cut link, and half an hour of
// fair weather after it.
type storm struct {
	*world.World
	seed     uint64
	dice     *rand.Rand
	accepted int
}

const stormOrders = 40

func newStorm(p *world.Prepared, seed uint64) (*storm, error) {
	w, err := p.Simulate(world.Options{Seed: seed, Lag: lag, Latency: world.UsualLatency()})
	return &storm{World: w, seed: seed, dice: rand.New(rand.NewPCG(seed, 1))}, err
}

// play runs the history to its end.
func (s *storm) play(ctx context.Context) error {
	return s.Do(ctx, "storm", func(ctx context.Context) error {
		if err := s.open(ctx); err != nil {
			return err
		}
		s.SetFaults(world.DrawFaults(s.seed))
		for i := range stormOrders {
			s.Cloud().Go(ctx, fmt.Sprintf("client-%d", i), func(ctx context.Context) {
				if s.Cloud().Sleep(ctx, time.Duration(s.dice.IntN(600_000))*time.Millisecond) == nil {
					s.order(ctx, i)
				}
			})
		}
		if err := s.trouble(ctx); err != nil {
			return err
		}
		s.Heal()
		return s.Cloud().Sleep(ctx, 30*time.Minute)
	})
}

// trouble lasts fifteen minutes.
func (s *storm) trouble(ctx context.Context) error {
	east, west := s.Regions()[0], s.Regions()[1]
	for _, step := range []func(){
		func() { s.CutLink(east, west) }, func() { s.HealLink(east, west) }, func() { s.LoseRegion(east) }, func() { s.RestoreRegion(east) }, func() {},
	} {
		if err := s.Cloud().Sleep(ctx, 3*time.Minute); err != nil {
			return err
		}
		step()
	}
	return nil
}

func (s *storm) open(ctx context.Context) error {
	const product = `{"title":"Tea","price":{"amount":790,"currency":"EUR"},"active":true}`
	if err := s.send(ctx, request{region: s.Regions()[0], method: "PUT", path: "/v1/products/TEA-1", customer: "staff", scope: "catalogue:admin", body: product}); err != nil {
		return err
	}
	if err := s.Cloud().Sleep(ctx, 5*time.Second); err != nil {
		return err
	}
	for _, region := range s.Regions() {
		receipt := fmt.Sprintf(`{"receiptId":"open-%s","quantity":60,"target":%q}`, region, region)
		if err := s.send(ctx, request{region: region, method: "POST", path: "/v1/products/TEA-1/receipts", customer: "staff", scope: "catalogue:admin", body: receipt}); err != nil {
			return err
		}
	}
	return s.Cloud().Sleep(ctx, 10*time.Second)
}

// order asks both regions in turn until one accepts.
func (s *storm) order(ctx context.Context, n int) {
	card := []string{goodCard, goodCard, goodCard, declinedCard}[s.dice.IntN(4)]
	body := fmt.Sprintf(`{"lines":[{"sku":"TEA-1","quantity":%d}],"currency":"EUR","payment":{"method":%q},"shipping":{"method":"standard","name":"Ada Byron",`+
		`"email":"ada@shop.example","address":{"line1":"12 St James Square","city":"London","postalCode":"SW1Y 4JH","country":"GB"}}}`, 1+s.dice.IntN(3), card)
	at := s.dice.IntN(2)
	for try := range 6 {
		err := s.send(ctx, request{region: s.Regions()[(at+try)%2], method: "POST", path: "/v1/orders", customer: fmt.Sprintf("customer-%d", n%8),
			scope: "orders:write", key: fmt.Sprintf("order-%d", n), body: body})
		if err == nil {
			s.accepted++
			return
		}
		if s.Cloud().Sleep(ctx, time.Second) != nil {
			return
		}
	}
}

func (s *storm) send(ctx context.Context, r request) (err error) {
	token, err := s.Token(r.customer, r.scope)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, r.method, s.APIURL(r.region)+r.path, strings.NewReader(r.body))
	if err != nil {
		return err
	}
	req.Header = http.Header{"Authorization": {"Bearer " + token}, "Content-Type": {"application/json"}, "Idempotency-Key": {r.key}}
	if r.key == "" {
		req.Header.Del("Idempotency-Key")
	}
	res, err := (&http.Client{Transport: s.Transport()}).Do(req)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, res.Body.Close()) }()
	raw, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode/100 != 2 {
		err = fmt.Errorf("%s %s in %s: %d %s", r.method, r.path, r.region, res.StatusCode, raw)
	}
	return err
}

// BenchmarkSimulatedRun is one seed of a simulation, all in: forty orders, faults, a lost region, 45 minutes. It uses all cores.
func BenchmarkSimulatedRun(b *testing.B) {
	p := prepared(b)
	var seed, steps, accepted atomic.Uint64
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			s, err := newStorm(p, seed.Add(1))
			if err != nil {
				b.Fatal(err)
			}
			if err := s.play(context.Background()); err != nil {
				b.Error(err)
			}
			steps.Add(uint64(s.Sim().Steps()))
			accepted.Add(uint64(s.accepted))
			if err := s.Close(); err != nil {
				b.Error(err)
			}
		}
	})
	b.ReportMetric(float64(steps.Load())/float64(b.N), "steps/op")
	b.ReportMetric(float64(accepted.Load())/float64(b.N), "orders/op")
	runtime.GC()
}

// TestTheSameSeedIsTheSameHistoryUnderFaults runs storms twice each, in worlds that share one preparation and run at once.
func TestTheSameSeedIsTheSameHistoryUnderFaults(t *testing.T) {
	p := prepared(t)
	hashes := make([][2]string, stormSeeds)
	t.Run("storms", func(t *testing.T) {
		for i := range 2 * stormSeeds {
			t.Run(fmt.Sprint(i), func(t *testing.T) {
				t.Parallel()
				s := weather(t, p, uint64(i/2+1))
				hashes[i/2][i%2] = fmt.Sprint(s.Sim().TraceHash(), s.FaultCounts())
			})
		}
	})
	for i, h := range hashes {
		if h[0] != h[1] {
			t.Errorf("seed %d gave %s and %s", i+1, h[0], h[1])
		}
		for j := range i {
			if h[0] == hashes[j][0] {
				t.Errorf("seeds %d and %d gave the same trace", i+1, j+1)
			}
		}
	}
}

// weather plays a storm to its end; its orders must have been accepted and faults must have hit.
func weather(t *testing.T, p *world.Prepared, seed uint64) *storm {
	t.Helper()
	s, err := newStorm(p, seed)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.play(context.Background()); err != nil {
		t.Error(err)
	}
	if len(s.FaultCounts()) < 5 || s.accepted < stormOrders*3/4 {
		t.Errorf("%d of %d orders accepted, faults: %v", s.accepted, stormOrders, s.FaultCounts())
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	return s
}

// TestAWorldThatIsStoppedInAStormLeavesNothingBehind stops 200 worlds (fewer under the race detector) at moments when requests, handlers and deliveries are under way:
// no goroutine is left, and no memory.
func TestAWorldThatIsStoppedInAStormLeavesNothingBehind(t *testing.T) {
	p := prepared(t)
	for seed := range uint64(10) {
		stopInAStorm(t, p, seed)
	}
	goroutines, heap := runtime.NumGoroutine(), heapInUse()
	for seed := range uint64(stoppedWorlds) {
		stopInAStorm(t, p, seed)
	}
	if left := runtime.NumGoroutine() - goroutines; left > 0 {
		t.Errorf("%d goroutines are left of %d worlds", left, stoppedWorlds)
	}
	if grown := int64(heapInUse()) - int64(heap); grown > 4<<20 {
		t.Errorf("%d worlds left %d KiB behind", stoppedWorlds, grown>>10)
	}
}

// stopInAStorm lets an order be placed and stops in the middle of what follows.
func stopInAStorm(t *testing.T, p *world.Prepared, seed uint64) {
	t.Helper()
	s, err := newStorm(p, seed)
	if err != nil {
		t.Fatal(err)
	}
	s.SetFaults(world.DrawFaults(seed))
	s.Cloud().Go(context.Background(), "shop", func(ctx context.Context) {
		if err := s.open(ctx); err == nil {
			s.order(ctx, 0)
		}
	})
	left := 100 + int(seed%100)*7
	s.Sim().RunUntil(s.Cloud().Now().Add(time.Minute), func() bool { left--; return left < 0 })
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// heapInUse is what is reachable.
func heapInUse() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// TestTheSurvivorFinishesTheOrdersOfARegionLostForGood loses a region for good when it has just accepted orders, some of which have not
// been replicated but by the acknowledgement itself.
func TestTheSurvivorFinishesTheOrdersOfARegionLostForGood(t *testing.T) {
	s := simulate(t, 11)
	s.stock("TEA-1", 10)
	ids := s.buy(order{s.east, "TEA-1", goodCard, 1, 0}, order{s.east, "TEA-1", declinedCard, 2, 1}, order{s.west, "TEA-1", goodCard, 1, 2})
	s.LoseRegionForGood(s.east)
	s.wait(20 * time.Minute)
	got := s.stateOf(s.west)
	if got[ids[0]] != "CONFIRMED" || got[ids[1]] != "REJECTED" || got[ids[2]] != "CONFIRMED" {
		t.Errorf("in the survivor: %v", got)
	}
	if n := s.FaultCounts()["region gone"]; n != 1 {
		t.Errorf("%d regions counted as gone", n)
	}
}
