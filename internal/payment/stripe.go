package payment

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/stripe/stripe-go/v85"

	"twofold/internal/platform"
)

// callDeadline bounds one call to Stripe; most take a second. A call that takes longer goes on at Stripe, and the next run
// sees what it did.
const callDeadline = 5 * time.Second

// stripeGateway speaks to Stripe (https://docs.stripe.com/api/payment_intents). The library retries nothing: the saga does,
// and looks at the status in between.
type stripeGateway struct {
	backends *stripe.Backends
	secret   secret
	back     string // the shop's page of an order, with {orderId}: where a shopper comes back to after authenticating
	clock    platform.Clock
	rand     io.Reader
}

// orderInURL stands for the order's id in the shop's page of an order.
const orderInURL = "{orderId}"

// secret is our key at Stripe.
type secret interface {
	Value(ctx context.Context) (string, error)
}

func newStripe(baseURL, back string, client *http.Client, key secret, clock platform.Clock, rand io.Reader) stripeGateway {
	api := stripe.GetBackendWithConfig(stripe.APIBackend, &stripe.BackendConfig{
		URL: stripe.String(baseURL), HTTPClient: client, MaxNetworkRetries: stripe.Int64(0), EnableTelemetry: stripe.Bool(false),
		LeveledLogger: &stripe.LeveledLogger{Level: stripe.LevelNull}, // it would log bodies
	})
	return stripeGateway{backends: &stripe.Backends{API: api}, secret: key, back: back, clock: clock, rand: rand}
}

func (g stripeGateway) Create(ctx context.Context, p Params, key string) (Intent, error) {
	in := &stripe.PaymentIntentCreateParams{
		Params:        stripe.Params{IdempotencyKey: &key},
		Amount:        stripe.Int64(p.Amount.Amount),
		Currency:      stripe.String(strings.ToLower(p.Amount.Currency)),
		CaptureMethod: stripe.String(string(stripe.PaymentIntentCaptureMethodManual)),
		Metadata:      p.metadata(),
		// Cards only: other methods may stay undecided for days.
		PaymentMethodTypes: stripe.StringSlice([]string{"card"}),
	}
	if p.Customer != "" {
		in.Customer = &p.Customer
	}
	if p.Method != "" {
		in.PaymentMethod, in.Confirm = &p.Method, stripe.Bool(true)
		in.ReturnURL = stripe.String(strings.ReplaceAll(g.back, orderInURL, p.OrderID))
	}
	return g.changed(ctx, func(ctx context.Context, c *stripe.Client) (*stripe.PaymentIntent, error) {
		return c.V1PaymentIntents.Create(ctx, in)
	})
}

func (g stripeGateway) Retrieve(ctx context.Context, id string) (Intent, error) {
	pi, err := g.intent(ctx, func(ctx context.Context, c *stripe.Client) (*stripe.PaymentIntent, error) {
		return c.V1PaymentIntents.Retrieve(ctx, id, nil)
	})
	if err != nil {
		return Intent{}, err
	}
	return intentOf(pi), nil
}

// changed is an intent as it stands after a call. An answer that the provider had kept under the call's key says how the intent stood then, so
// it is read anew.
func (g stripeGateway) changed(ctx context.Context, f intentCall) (Intent, error) {
	pi, err := g.intent(ctx, f)
	switch {
	case err != nil:
		return Intent{}, err
	case isReplayed(pi.LastResponse):
		return g.Retrieve(ctx, pi.ID)
	}
	return intentOf(pi), nil
}

type intentCall func(ctx context.Context, c *stripe.Client) (*stripe.PaymentIntent, error)

func (g stripeGateway) intent(ctx context.Context, f intentCall) (pi *stripe.PaymentIntent, err error) {
	err = g.call(ctx, func(ctx context.Context, c *stripe.Client) error {
		pi, err = f(ctx, c)
		return err
	})
	return pi, err
}

// isReplayed reports whether an answer is one that was kept under the key (https://docs.stripe.com/error-low-level).
func isReplayed(res *stripe.APIResponse) bool {
	return res != nil && res.Header.Get("Idempotent-Replayed") == "true"
}

func intentOf(pi *stripe.PaymentIntent) Intent {
	i := Intent{ID: pi.ID, Status: Status(pi.Status), CancellationReason: string(pi.CancellationReason), Received: pi.AmountReceived, Currency: strings.ToUpper(string(pi.Currency)),
		OrderID: pi.Metadata[metaOrder], PlacedRegion: pi.Metadata[metaPlaced], CommittedBy: pi.Metadata[metaCommittedBy],
		Created: time.Unix(pi.Created, 0), Asked: pi.Metadata[metaAsked] != "", RejectedFor: pi.Metadata[metaRejected], Tried: pi.LastPaymentError != nil}
	if pi.NextAction != nil && pi.NextAction.RedirectToURL != nil {
		i.ActionURL = pi.NextAction.RedirectToURL.URL
	}
	return i
}

// Find lists rather than searches: a list shows what was just created, the search index may be an hour behind
// (https://docs.stripe.com/search#data-freshness). A customer who does not exist has no intents.
func (g stripeGateway) Find(ctx context.Context, customer, orderID string, from time.Time) (found []Intent, err error) {
	created := &stripe.RangeQueryParams{GreaterThanOrEqual: from.Unix()}
	err = g.call(ctx, func(ctx context.Context, c *stripe.Client) error {
		list := c.V1PaymentIntents.List(ctx, &stripe.PaymentIntentListParams{
			ListParams: stripe.ListParams{Limit: stripe.Int64(100)}, Customer: &customer, CreatedRange: created})
		for pi, err := range list.All(ctx) {
			if isMissing(err) {
				return nil
			}
			if err != nil {
				return err
			}
			if pi.Metadata[metaOrder] == orderID {
				found = append(found, intentOf(pi))
			}
		}
		return nil
	})
	return found, err
}

// Recent lists one page of all intents of a time. The list shows what was just created.
func (g stripeGateway) Recent(ctx context.Context, from, to time.Time, after string) (page []Intent, more bool, err error) {
	in := &stripe.PaymentIntentListParams{ListParams: stripe.ListParams{Limit: stripe.Int64(100), Single: true},
		CreatedRange: &stripe.RangeQueryParams{GreaterThanOrEqual: from.Unix(), LesserThanOrEqual: to.Unix()}}
	if after != "" {
		in.StartingAfter = &after
	}
	err = g.call(ctx, func(ctx context.Context, c *stripe.Client) error {
		list := c.V1PaymentIntents.List(ctx, in)
		for pi, err := range list.All(ctx) {
			if err != nil {
				return err
			}
			page = append(page, intentOf(pi))
		}
		more = list.Meta().HasMore
		return nil
	})
	return page, more, err
}

// lists is an error unless the key may list intents: it is taken, and for payments.
func (g stripeGateway) lists(ctx context.Context) error {
	now := g.clock.Now()
	_, _, err := g.Recent(ctx, now.Add(-time.Minute), now, "")
	return err
}

func (g stripeGateway) NoteAsked(ctx context.Context, id string) (Intent, error) {
	return g.note(ctx, id, metaAsked, askedAuthentication)
}

func (g stripeGateway) NoteRejected(ctx context.Context, id, code string) (Intent, error) {
	return g.note(ctx, id, metaRejected, code)
}

// note adds to an intent's metadata.
func (g stripeGateway) note(ctx context.Context, id, key, value string) (Intent, error) {
	own, err := g.once()
	if err != nil {
		return Intent{}, err
	}
	return g.changed(ctx, func(ctx context.Context, c *stripe.Client) (*stripe.PaymentIntent, error) {
		return c.V1PaymentIntents.Update(ctx, id, &stripe.PaymentIntentUpdateParams{Params: own, Metadata: map[string]string{key: value}})
	})
}

func (g stripeGateway) Capture(ctx context.Context, id, committedBy string) (Intent, error) {
	own, err := g.once()
	if err != nil {
		return Intent{}, err
	}
	return g.changed(ctx, func(ctx context.Context, c *stripe.Client) (*stripe.PaymentIntent, error) {
		return c.V1PaymentIntents.Capture(ctx, id, &stripe.PaymentIntentCaptureParams{Params: own, Metadata: map[string]string{metaCommittedBy: committedBy}})
	})
}

func (g stripeGateway) Cancel(ctx context.Context, id, reason string) (Intent, error) {
	own, err := g.once()
	if err != nil {
		return Intent{}, err
	}
	return g.changed(ctx, func(ctx context.Context, c *stripe.Client) (*stripe.PaymentIntent, error) {
		return c.V1PaymentIntents.Cancel(ctx, id, &stripe.PaymentIntentCancelParams{Params: own, CancellationReason: &reason})
	})
}

// Refund names no amount: the provider takes what is left, and refuses when that is nothing.
func (g stripeGateway) Refund(ctx context.Context, id string) error {
	own, err := g.once()
	if err != nil {
		return err
	}
	return g.call(ctx, func(ctx context.Context, c *stripe.Client) error {
		_, err := c.V1Refunds.Create(ctx, &stripe.RefundCreateParams{
			Params: own, PaymentIntent: &id, Reason: stripe.String(string(stripe.RefundReasonRequestedByCustomer))})
		return err
	})
}

// Refunds are an intent's refunds, newest first. The list shows what was just created.
func (g stripeGateway) Refunds(ctx context.Context, id string) ([]Refund, error) {
	var all []Refund
	err := g.call(ctx, func(ctx context.Context, c *stripe.Client) error {
		list := c.V1Refunds.List(ctx, &stripe.RefundListParams{ListParams: stripe.ListParams{Limit: stripe.Int64(100)}, PaymentIntent: &id})
		for r, err := range list.All(ctx) {
			if err != nil {
				return err
			}
			void := r.Status == stripe.RefundStatusFailed || r.Status == stripe.RefundStatusCanceled
			all = append(all, Refund{ID: r.ID, Amount: r.Amount, Void: void})
		}
		return nil
	})
	return all, err
}

// once is for a call that is idempotent by the state of what it changes: its key replays nothing. The library would draw one itself, but not from
// the runtime's randomness.
func (g stripeGateway) once() (stripe.Params, error) {
	var b [16]byte
	if _, err := io.ReadFull(g.rand, b[:]); err != nil {
		return stripe.Params{}, err
	}
	return stripe.Params{IdempotencyKey: stripe.String("twofold-once-" + hex.EncodeToString(b[:]))}, nil
}

func (g stripeGateway) call(ctx context.Context, f func(ctx context.Context, c *stripe.Client) error) error {
	key, err := g.secret.Value(ctx)
	if err != nil {
		return err
	}
	ctx, cancel := g.clock.WithTimeout(ctx, callDeadline)
	defer cancel()
	return failure(f(ctx, stripe.NewClient(key, stripe.WithBackends(g.backends))))
}

// failure sorts an error of the library. Its text is dropped: it is the whole answer, with the intent and the shopper in it.
func failure(err error) error {
	if err == nil {
		return nil
	}
	var e *stripe.Error
	if !errors.As(err, &e) {
		return &Failure{Kind: Unanswered, Detail: "no answer"}
	}
	return &Failure{Kind: kindOf(e), Replayed: isReplayed(e.LastResponse), Detail: fmt.Sprintf("%d %s %s, request %s", e.HTTPStatusCode, e.Type, e.Code, e.RequestID)}
}

func isMissing(err error) bool {
	var e *stripe.Error
	return errors.As(err, &e) && e.Code == stripe.ErrorCodeResourceMissing
}

// kindOf follows https://docs.stripe.com/api/errors. An idempotency error is a 400 when the parameters differ and a 409 when
// the first call is still under way.
func kindOf(e *stripe.Error) Kind {
	switch {
	case e.HTTPStatusCode == http.StatusUnauthorized, e.HTTPStatusCode == http.StatusForbidden:
		return Denied
	case e.HTTPStatusCode == http.StatusConflict, e.HTTPStatusCode == http.StatusTooManyRequests, e.Code == stripe.ErrorCodeLockTimeout:
		return Unanswered
	case e.HTTPStatusCode >= http.StatusInternalServerError:
		return Broken
	case e.Type == stripe.ErrorTypeIdempotency:
		return Mismatch
	}
	return Refused
}
