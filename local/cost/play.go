package cost

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"twofold/internal/fact"
	"twofold/local/providers/issuer"
	"twofold/local/world"
)

// Compute is what an invocation takes of a whole CPU: two thirds (the functions' share) of the 27 ms an order that `make bench` measured, over 11.4
// invocations. See docs/architecture.md.
const Compute = 1600 * time.Microsecond

// Latency is how long requests are on their way, each way: a call inside a region takes 5 ms with what the service does, to the other region 70 ms,
// to a provider 300 ms. Invocations and executions are billed while they wait.
func Latency() world.Latency {
	return world.Latency{Region: 2500 * time.Microsecond, Peer: 35 * time.Millisecond, Provider: 150 * time.Millisecond, Client: 20 * time.Millisecond,
		Compute: Compute}
}

const (
	seed   = 1
	lag    = 800 * time.Millisecond
	apart  = 2600 * time.Millisecond // between two orders: a million a month
	opened = 5 * time.Minute         // from the opening of the shop until the orders that warm everything up
	warm   = time.Minute             // after them: their stories are over, and the functions' instances still stand
	settle = 4 * time.Minute         // after the last order
	// patience bounds the waiting for one thing in virtual time.
	patience = 20 * time.Minute
)

// window is how long the measuring of a story takes. Where a region is lost, the peer waits and the region comes back.
func window(s Story) time.Duration {
	d := time.Duration(s.orders())*apart + settle
	if s.During != nil {
		d += lost
	}
	return d
}

// theatre is a world in which a story is played.
type theatre struct {
	*world.World
	home, peer string
	watch      *watch
}

// measure plays orders of a story and gives what all of them took, what went on anyway included. With 0 orders it is the same time without any.
func measure(p *world.Prepared, s Story, orders int) (r reading, err error) {
	w, err := p.Simulate(world.Options{Seed: seed, Lag: lag, Latency: Latency(), Overrides: s.Overrides})
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	t := &theatre{World: w, home: w.Regions()[0], peer: w.Regions()[1], watch: newWatch(w)}
	err = w.Do(context.Background(), s.Name, func(ctx context.Context) error {
		if err := t.open(ctx); err != nil {
			return fmt.Errorf("opening the shop: %w", err)
		}
		r, err = t.perform(ctx, s, orders)
		return err
	})
	if err == nil {
		err = r.unpriced()
	}
	return r, err
}

// perform plays the story twice, so that everything is warm (the provider's webhooks go to the regions in turn), and then measures.
func (t *theatre) perform(ctx context.Context, s Story, orders int) (reading, error) {
	if err := t.Cloud().Sleep(ctx, opened); err != nil {
		return reading{}, err
	}
	for n := range 2 {
		if s.During != nil {
			break
		}
		if err := s.Play(ctx, t, -n); err != nil {
			return reading{}, fmt.Errorf("%s, the first orders: %w", s.Name, err)
		}
	}
	if err := t.Cloud().Sleep(ctx, warm); err != nil {
		return reading{}, err
	}
	begin, before := t.Cloud().Now(), t.watch.read()
	if s.During != nil {
		t.Cloud().Go(ctx, "what happens", func(ctx context.Context) { s.During(ctx, t) })
	}
	var failed error
	for n := range s.orders() {
		if n < orders {
			t.Cloud().Go(ctx, fmt.Sprintf("order-%d", n+1), func(ctx context.Context) {
				if err := s.Play(ctx, t, n+1); err != nil {
					failed = errors.Join(failed, fmt.Errorf("%s, order %d: %w", s.Name, n+1, err))
				}
			})
		}
		if err := t.until(ctx, begin.Add(time.Duration(n+1)*apart)); err != nil {
			return reading{}, err
		}
	}
	err := t.until(ctx, begin.Add(window(s)))
	return t.watch.read().less(before), errors.Join(err, failed)
}

func (t *theatre) until(ctx context.Context, at time.Time) error {
	if d := at.Sub(t.Cloud().Now()); d > 0 {
		return t.Cloud().Sleep(ctx, d)
	}
	return nil
}

// open puts two products on offer, with stock of one.
func (t *theatre) open(ctx context.Context) error {
	for _, sku := range []string{plenty, soldOut} {
		err := t.expect(ctx, http.StatusCreated, request{t.home, http.MethodPut, "/v1/products/" + sku, "",
			`{"title":"Earl Grey, 100 g","price":{"amount":790,"currency":"EUR"},"active":true}`})
		if err != nil {
			return err
		}
	}
	for _, region := range t.Regions() {
		err := t.expect(ctx, http.StatusAccepted, request{t.home, http.MethodPost, "/v1/products/" + plenty + "/receipts", "",
			fmt.Sprintf(`{"receiptId":"open-%s","quantity":1000,"target":%q}`, region, region)})
		if err != nil {
			return err
		}
	}
	return t.Cloud().Sleep(ctx, 10*time.Second)
}

// request is what a client sends.
type request struct{ region, method, path, key, body string }

// expect sends a request whose answer must have the status.
func (t *theatre) expect(ctx context.Context, status int, r request) error {
	_, err := t.send(ctx, status, r)
	return err
}

// send gives the order's id, if the answer has one.
func (t *theatre) send(ctx context.Context, status int, r request) (order string, err error) {
	token, err := t.TokenOf(issuer.Claims{Customer: "customer-01", Scope: "orders:read orders:write catalogue:admin", Lifetime: 24 * time.Hour})
	if err != nil {
		return "", err
	}
	req, err := http.NewRequestWithContext(ctx, r.method, t.APIURL(r.region)+r.path, strings.NewReader(r.body))
	if err != nil {
		return "", err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	if r.key != "" {
		req.Header.Set("Idempotency-Key", r.key)
	}
	res, err := (&http.Client{Transport: t.Transport()}).Do(req)
	if err != nil {
		return "", err
	}
	if res.StatusCode != status {
		err = fmt.Errorf("%s %s in %s: %s", r.method, r.path, r.region, res.Status)
	}
	var answer struct{ OrderID string }
	raw, rerr := io.ReadAll(res.Body)
	if err = errors.Join(err, rerr, res.Body.Close()); err == nil && strings.HasPrefix(r.path, "/v1/orders") {
		err = json.Unmarshal(raw, &answer)
	}
	return answer.OrderID, err
}

// await waits until every region that it looks at has a fact of the kind; it looks into the tables, which costs nobody anything.
func (t *theatre) await(ctx context.Context, order string, kind fact.Kind, regions ...string) error {
	end := t.Cloud().Now().Add(patience)
	for t.Cloud().Now().Before(end) {
		v, err := t.View(ctx)
		if err != nil {
			return err
		}
		found := 0
		for _, region := range regions {
			for _, f := range v.Facts[region] {
				if f.OrderID == order && f.Kind == kind {
					found++
					break
				}
			}
		}
		if found == len(regions) {
			return nil
		}
		if err := t.Cloud().Sleep(ctx, 500*time.Millisecond); err != nil {
			return err
		}
	}
	return fmt.Errorf("%s did not become %s", order, kind)
}
