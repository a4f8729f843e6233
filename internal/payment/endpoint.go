package payment

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/stripe/stripe-go/v85"
)

// endpoints are this region's webhook endpoints at Stripe (https://docs.stripe.com/api/webhook_endpoints). What an endpoint's webhooks are signed with is made by
// Stripe and told once, when it is made: a new secret is a new endpoint. While there are two, both get every event, which is stored once.
type endpoints struct {
	stripe stripeGateway
	url    string // of this region's API
}

// metaSecret is the metadata of an endpoint that names the version of the secret that its webhooks are signed with.
const metaSecret = "twofold_secret_version"

// make has an endpoint made for a version of the secret. One that an earlier try left goes: its secret is not told again.
func (e endpoints) make(ctx context.Context, version string) (secret string, err error) {
	if err := e.end(ctx, func(of string) bool { return of == version }); err != nil {
		return "", err
	}
	return e.create(ctx, version)
}

func (e endpoints) create(ctx context.Context, version string) (secret string, err error) {
	var events []*string
	for _, kind := range told {
		events = append(events, &kind)
	}
	own, err := e.stripe.once()
	if err != nil {
		return "", err
	}
	err = e.stripe.call(ctx, func(ctx context.Context, c *stripe.Client) error {
		made, err := c.V1WebhookEndpoints.Create(ctx, &stripe.WebhookEndpointCreateParams{Params: own, EnabledEvents: events,
			URL: stripe.String(e.url + "?version=" + version), Metadata: map[string]string{metaSecret: version}})
		if err == nil {
			secret = made.Secret
		}
		return err
	})
	return secret, err
}

// test is an error unless the version's endpoint gets webhooks.
func (e endpoints) test(ctx context.Context, version, _ string) error {
	all, err := e.list(ctx)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(all, func(w *stripe.WebhookEndpoint) bool {
		return w.Metadata[metaSecret] == version && w.Status == "enabled"
	}) {
		return errors.New("no endpoint at Stripe is enabled for this secret")
	}
	return nil
}

// retire ends the endpoints of all versions but these, and any that was made by hand.
func (e endpoints) retire(ctx context.Context, valid []string) error {
	return e.end(ctx, func(of string) bool { return !slices.Contains(valid, of) })
}

func (e endpoints) end(ctx context.Context, which func(version string) bool) error {
	all, err := e.list(ctx)
	if err != nil {
		return err
	}
	for _, w := range all {
		if !which(w.Metadata[metaSecret]) {
			continue
		}
		err := e.stripe.call(ctx, func(ctx context.Context, c *stripe.Client) error {
			_, err := c.V1WebhookEndpoints.Delete(ctx, w.ID, nil)
			if isMissing(err) {
				return nil
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// list has those whose address is this region's.
func (e endpoints) list(ctx context.Context) (all []*stripe.WebhookEndpoint, err error) {
	err = e.stripe.call(ctx, func(ctx context.Context, c *stripe.Client) error {
		list := c.V1WebhookEndpoints.List(ctx, &stripe.WebhookEndpointListParams{ListParams: stripe.ListParams{Limit: stripe.Int64(100)}})
		for w, err := range list.All(ctx) {
			if err != nil {
				return err
			}
			if url, _, _ := strings.Cut(w.URL, "?"); url == e.url {
				all = append(all, w)
			}
		}
		return nil
	})
	return all, err
}
