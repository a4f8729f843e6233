package simulation

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"twofold/local/providers/issuer"
)

// A client gives up on an answer after its patience, waits a little and asks again, the next time in the other region; after this many tries
// it goes away without knowing.
const (
	patience = 12 * time.Second
	tries    = 8
)

// client is somebody outside AWS, who knows the addresses of all regions.
type client struct {
	run   *run
	token string
	d     dice
}

// client gives somebody a token that outlives the history. n sets its dice apart from others'.
func (r *run) client(name, scope string, n int) (*client, error) {
	key := name + " " + scope
	token, ok := r.tokens[key]
	if !ok {
		var err error
		if token, err = r.world.TokenOf(issuer.Claims{Customer: name, Scope: scope, Lifetime: 30 * 24 * time.Hour}); err != nil {
			return nil, err
		}
		r.tokens[key] = token
	}
	return &client{run: r, token: token, d: newDice(r.plan.Seed<<16 + uint64(n) + 1)}, nil
}

// question is a request without its region.
type question struct{ method, path, key, body string }

// answer is what a region said.
type answer struct {
	region     string
	status     int
	durability string
	body       []byte
}

// into reads the body.
func (a answer) into(v any) error {
	if err := json.Unmarshal(a.body, v); err != nil {
		return fmt.Errorf("%d %s: %w", a.status, a.body, err)
	}
	return nil
}

// ask puts a question to a region once.
func (c *client) ask(ctx context.Context, region string, q question) (answer, error) {
	ctx, cancel := c.run.world.Sim().WithTimeout(ctx, patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, q.method, c.run.world.APIURL(region)+q.path, bytes.NewReader([]byte(q.body)))
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	req.Header.Set("Content-Type", "application/json")
	if q.key != "" {
		req.Header.Set("Idempotency-Key", q.key)
	}
	res, err := (&http.Client{Transport: c.run.world.Transport()}).Do(req)
	if err != nil {
		return answer{}, err
	}
	body, err := io.ReadAll(res.Body)
	return answer{region, res.StatusCode, res.Header.Get("Twofold-Durability"), body}, errors.Join(err, res.Body.Close())
}

// insist asks until a region gives an answer that is not its own trouble. It reports whether one did: if not, nobody knows what was done.
func (c *client) insist(ctx context.Context, first string, q question) (answer, bool, error) {
	at := slices.Index(c.run.world.Regions(), first)
	for try := range tries {
		region := c.run.world.Regions()[(at+try)%len(c.run.world.Regions())]
		a, err := c.ask(ctx, region, q)
		if err == nil && a.status < http.StatusInternalServerError && a.status != http.StatusTooManyRequests {
			return a, true, nil
		}
		c.run.count("client: " + trouble(a, err))
		if err := c.run.sleep(ctx, 200*time.Millisecond+c.d.upTo(time.Second<<min(try, 4))); err != nil {
			return answer{}, false, err
		}
	}
	return answer{}, false, nil
}

// trouble names what a client met instead of an answer.
func trouble(a answer, err error) string {
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "no answer in time"
	case err != nil:
		return "no connection"
	default:
		return fmt.Sprint(a.status)
	}
}
