package integration_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambda/messages"

	"twofold/local/core"
	"twofold/local/providers/carrier"
	"twofold/local/providers/stripe"

	"twofold/internal/platform/clocktest"
)

const providerKey = "test-key"

// handDriver is a local cloud's driver that goes by the hand clock.
type handDriver struct {
	*core.Live
	clock *clocktest.Clock
}

func (d handDriver) Now() time.Time { return d.clock.Now() }

// cloud is what a provider's stand-in runs on.
func (r *regions) cloud() *core.Cloud {
	faults := core.NewFaults(0)
	return core.New(handDriver{core.NewLive(faults), r.clock}, faults, 1)
}

// openStripe puts the payment provider's stand-in behind STRIPE_API_BASE.
func (r *regions) openStripe() *stripe.Provider {
	p := stripe.New(r.cloud(), providerKey)
	p.AddCustomer("cus_ada")
	r.calls.hosts["stripe.test"] = inProcess{p}
	return p
}

// openCarrier puts the carrier's stand-in behind CARRIER_API_BASE.
func (r *regions) openCarrier() *carrier.Provider {
	p := carrier.New(r.cloud(), providerKey)
	r.calls.hosts["carrier.test"] = inProcess{p}
	return p
}

// down is a provider that answers every request with 503.
func down() http.RoundTripper {
	return inProcess{http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })}
}

// orderBook stands in for the order service's query function in both regions: it knows states by order.
type orderBook struct {
	mu     sync.Mutex
	states map[string]string
	erased bool // persons are
}

func (r *regions) openOrderBook() *orderBook {
	b := &orderBook{states: map[string]string{}}
	for _, region := range []string{east, west} {
		r.calls.functions[region+"/order-query"] = lambda.NewHandler(func(_ context.Context, in map[string]string) (map[string]any, error) {
			return b.answer(region, in["want"], in["orderId"])
		})
	}
	return b
}

func (b *orderBook) set(order, state string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.states[order] = state
}

func (b *orderBook) answer(region, want, order string) (map[string]any, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	state, known := b.states[order]
	switch {
	case want == "homes":
		return map[string]any{"homes": []string{region}}, nil
	case want == "outcome":
		return map[string]any{"known": known, "state": state}, nil
	case !known:
		return nil, messages.InvokeResponse_Error{Type: "NotFound", Message: "there is no such order"}
	case b.erased:
		return map[string]any{}, nil
	}
	return map[string]any{"name": "Ada Byron", "email": "ada@shop.example",
		"address": map[string]string{"line1": "12 St James's Square", "city": "London", "postalCode": "SW1Y 4JH", "country": "GB"}}, nil
}

// post notes the mails that SES is given, and can refuse them.
type post struct {
	mu    sync.Mutex
	mails []string // bodies of the requests that were taken
	tries []time.Time
	fails bool // before it takes a mail
	loses bool // takes it, and the answer is lost
}

func (p *post) send(r *http.Request, now time.Time) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tries = append(p.tries, now)
	if !p.fails {
		p.mails = append(p.mails, string(body))
	}
	if p.fails || p.loses {
		return nil, io.ErrUnexpectedEOF
	}
	return answer(r, []byte(`{"MessageId":"m"}`)), nil
}

// about counts the mails of an order.
func (p *post) about(order string) (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range p.mails {
		if strings.Contains(m, `"`+order+`"`) {
			n++
		}
	}
	return n
}
