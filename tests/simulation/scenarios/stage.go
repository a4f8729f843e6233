package scenarios

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"twofold/local/providers/issuer"
	"twofold/local/world"
)

// stage is a simulated world with short names for its regions and orders.
type stage struct {
	*world.World
	begin  time.Time
	orders map[string]*order
	names  map[string]string // of orders, by id
	seen   map[string]bool   // lines of the timeline that were told
}

// order is a request that was sent at least once.
type order struct {
	name, customer, body, id string
	late                     *answer // to a request that was not answered when the script went on
}

func newStage(p *world.Prepared, seed uint64) (*stage, error) {
	w, err := p.Simulate(world.Options{Seed: seed, Lag: 800 * time.Millisecond, Latency: world.UsualLatency()})
	if err != nil {
		return nil, err
	}
	s := &stage{World: w, begin: w.Cloud().Now(), orders: map[string]*order{}, names: map[string]string{}, seen: map[string]bool{}}
	return s, nil
}

// region of a short name.
func (s *stage) region(name string) (string, error) {
	switch name {
	case "east":
		return s.Regions()[0], nil
	case "west":
		return s.Regions()[1], nil
	}
	return "", errors.New("a region is called east or west")
}

// short puts the names of regions and orders back to those of the script.
func (s *stage) short(text string) string {
	pairs := []string{s.Regions()[0], "east", s.Regions()[1], "west"}
	for id, name := range s.names {
		pairs = append(pairs, id, name)
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// request is what somebody asks of a region's API.
type request struct{ region, method, path, customer, scope, key, body string }

// answer is what somebody outside was told; done when it is there.
type answer struct {
	status     int
	durability string
	body       map[string]any
	err        error
	done       bool
}

// send puts a request as somebody outside, and lets the world go on until it is answered, or until stop says so.
func (s *stage) send(r request, stop func() bool) *answer {
	a := &answer{}
	s.Cloud().Go(context.Background(), "client", func(ctx context.Context) {
		a.err = s.exchange(ctx, r, a)
		a.done = true
	})
	s.Sim().RunUntil(s.Cloud().Now().Add(time.Minute), func() bool { return a.done || stop != nil && stop() })
	return a
}

func (s *stage) exchange(ctx context.Context, r request, a *answer) error {
	token, err := s.TokenOf(issuer.Claims{Customer: r.customer, Scope: r.scope, Lifetime: 30 * 24 * time.Hour})
	if err != nil {
		return err
	}
	ctx, cancel := s.Sim().WithTimeout(ctx, 15*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, r.method, s.APIURL(r.region)+r.path, bytes.NewReader([]byte(r.body)))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	if r.key != "" {
		req.Header.Set("Idempotency-Key", r.key)
	}
	res, err := (&http.Client{Transport: s.Transport()}).Do(req)
	if err != nil {
		return err
	}
	raw, err := io.ReadAll(res.Body)
	a.status, a.durability = res.StatusCode, res.Header.Get("Twofold-Durability")
	return errors.Join(err, res.Body.Close(), json.Unmarshal(raw, &a.body))
}

// String is an answer as the script shows it.
func (a *answer) String() string {
	switch {
	case !a.done:
		return "is not answered yet\n"
	case a.err != nil:
		return "no answer\n"
	}
	out := fmt.Sprint(a.status)
	for _, field := range []string{"state", "reason", "code", "detail"} {
		if v, ok := a.body[field].(string); ok {
			out += " " + v
		}
	}
	if amount, ok := a.body["amount"].(map[string]any); ok {
		out += fmt.Sprintf(" %v %v", amount["amount"], amount["currency"])
	}
	if a.body["cancelRequested"] == true {
		out += ", cancel requested"
	}
	if a.durability != "" {
		out += ", " + a.durability
	}
	return out + "\n"
}
