package stripe

import (
	"slices"

	"twofold/local/providers/webhook"
)

// endpoint is a webhook endpoint, see https://docs.stripe.com/api/webhook_endpoints/object. Its secret is shown once, when it is made.
type endpoint struct {
	ID            string            `json:"id"`
	Object        string            `json:"object"`
	Created       int64             `json:"created"`
	EnabledEvents []string          `json:"enabled_events"`
	Livemode      bool              `json:"livemode"`
	Metadata      map[string]string `json:"metadata"`
	Secret        string            `json:"secret,omitempty"`
	Status        string            `json:"status"`
	URL           string            `json:"url"`

	sender *webhook.Sender
}

// SendTo makes the endpoints known that are made by the API: with makes what sends to one.
func (p *Provider) SendTo(with func(url, secret string, types []string) *webhook.Sender) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.newSender = with
}

func (p *Provider) createEndpoint(r *request) (any, *Error) {
	if err := r.params.need("url"); err != nil {
		return nil, err
	}
	var types []string
	for name, values := range r.params.values {
		if len(name) > len("enabled_events") && name[:len("enabled_events")] == "enabled_events" {
			types = append(types, values...)
		}
	}
	slices.Sort(types)
	metadata, err := r.params.merge(nil)
	switch {
	case err != nil:
		return nil, err
	case len(types) == 0:
		return nil, badRequest("parameter_missing", "enabled_events", "Missing required param: enabled_events.")
	}
	e := &endpoint{ID: p.id("we_1", 23), Object: "webhook_endpoint", Created: p.now(), EnabledEvents: types, Metadata: metadata, Status: "enabled", URL: r.params.get("url")}
	secret := p.id("whsec_", 32)
	if p.newSender != nil {
		e.sender = p.newSender(e.URL, secret, types)
	}
	p.endpoints = append(p.endpoints, e)
	shown := *e
	shown.Secret = secret
	return &shown, nil
}

// listEndpoints gives them newest first, all on one page.
func (p *Provider) listEndpoints(*request) (any, *Error) {
	out := page[*endpoint]{Object: "list", URL: "/v1/webhook_endpoints", Data: slices.Clone(p.endpoints)}
	slices.Reverse(out.Data)
	return out, nil
}

func (p *Provider) deleteEndpoint(r *request) (any, *Error) {
	i := slices.IndexFunc(p.endpoints, func(e *endpoint) bool { return e.ID == r.id })
	if i < 0 {
		return nil, missing("webhook endpoint", r.id, "id")
	}
	p.endpoints = slices.Delete(p.endpoints, i, i+1)
	return map[string]any{"id": r.id, "object": "webhook_endpoint", "deleted": true}, nil
}

// Endpoints are the addresses of the webhook endpoints that were made by the API.
func (p *Provider) Endpoints() (addresses []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range p.endpoints {
		addresses = append(addresses, e.URL)
	}
	return addresses
}
