package world

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"

	"twofold/local/core"
	"twofold/local/providers/carrier"
	"twofold/local/providers/stripe"
	"twofold/local/providers/webhook"
)

// What the stand-ins sign their webhooks with; [World.fill] puts the same into the local stage's secrets.
const (
	stripeWebhookSecret  = "whsec_local"
	carrierWebhookSecret = "carrier_webhook_local"
)

// stripeTypes are the events that the shop's endpoint at Stripe is subscribed to. payment_intent.succeeded is not among them: a payment
// is captured by the shop itself, which knows.
func stripeTypes() []string {
	return []string{"payment_intent.amount_capturable_updated", "payment_intent.payment_failed", "payment_intent.canceled"}
}

// webhooks send what happens at the stand-ins to the shop.
type webhooks struct {
	stripe, carrier *webhook.Sender
}

// subscribe makes the shop's endpoints known to the stand-ins.
func (w *World) subscribe() {
	w.svc.webhooks = webhooks{
		stripe: webhook.New(w.ctx, w.cloud, webhook.Config{Name: "stripe", Header: stripe.SignatureHeader, Secret: stripeWebhookSecret,
			Types: stripeTypes(), Post: w.poster("/v1/webhooks/payments")}),
		carrier: webhook.New(w.ctx, w.cloud, webhook.Config{Name: "carrier", Header: carrier.SignatureHeader, Secret: carrierWebhookSecret,
			Types: []string{carrier.TypeDispatched, carrier.TypeDelivered}, Post: w.poster("/v1/webhooks/carrier")}),
	}
	w.svc.stripe.Notify(w.svc.webhooks.stripe)
	w.svc.stripe.SendTo(w.endpoint)
	w.svc.carrier.Notify(w.svc.webhooks.carrier)
}

// poster posts to a path of the shop's one API name: to the regions that are up, in turn.
func (w *World) poster(path string) post {
	var turn atomic.Uint64
	return func(ctx context.Context, body []byte, header http.Header) error {
		region, ok := w.upRegion(turn.Add(1))
		if !ok {
			return errors.New("no region is up")
		}
		return w.post(ctx, region, path, body, header)
	}
}

// post is one request of a provider; an error means that it was not answered with a 2xx.
type post = func(ctx context.Context, body []byte, header http.Header) error

// endpoint sends a provider's events to the address of one region's API on AWS, https://<api>.execute-api.<region>.<suffix>/<stage>/...
func (w *World) endpoint(address, secret string, types []string) *webhook.Sender {
	return webhook.New(w.ctx, w.cloud, webhook.Config{Name: "stripe", Header: stripe.SignatureHeader, Secret: secret, Types: types,
		Post: func(ctx context.Context, body []byte, header http.Header) error {
			to, err := url.Parse(address)
			if err != nil {
				return err
			}
			labels := strings.Split(to.Host, ".")
			if len(labels) < 3 || !slices.Contains(w.regions, labels[2]) {
				return fmt.Errorf("%s is no address of an API", address)
			}
			return w.post(ctx, labels[2], strings.TrimPrefix(to.RequestURI(), "/"+w.opts.Stage), body, header)
		}})
}

func (w *World) post(ctx context.Context, region, path string, body []byte, header http.Header) (err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.APIURL(region)+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header = header
	res, err := (&http.Client{Transport: w.driver.transport()}).Do(req)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, res.Body.Close()) }()
	answer, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode/100 != 2 {
		err = fmt.Errorf("%s answered %d: %s", region, res.StatusCode, answer)
	}
	return err
}

// upRegion is the region whose turn it is among those that are up.
func (w *World) upRegion(turn uint64) (string, bool) {
	n := uint64(len(w.regions))
	for i := range n {
		if r := w.regions[(turn+i)%n]; w.cloud.Faults.Region(r) == core.Up {
			return r, true
		}
	}
	return "", false
}

// Stripe is the payment provider, for what only it and the shopper can do.
func (w *World) Stripe() *stripe.Provider { return w.svc.stripe }

// Carrier is the carrier, for what only it can do.
func (w *World) Carrier() *carrier.Provider { return w.svc.carrier }

// StripeWebhooks and CarrierWebhooks can be made late and doubled.
func (w *World) StripeWebhooks() *webhook.Sender { return w.svc.webhooks.stripe }

// CarrierWebhooks are the carrier's.
func (w *World) CarrierWebhooks() *webhook.Sender { return w.svc.webhooks.carrier }

// undelivered is how many webhooks are on their way.
func (w *World) undelivered() int {
	return w.svc.webhooks.stripe.Pending() + w.svc.webhooks.carrier.Pending()
}
