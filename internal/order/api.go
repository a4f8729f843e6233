package order

import (
	"cmp"
	"context"
	"net/http"

	"twofold/internal/fact"
	"twofold/internal/money"
	"twofold/internal/platform"
)

// api serves the shoppers' routes.
type api struct {
	intake interface {
		take(ctx context.Context, a application) (accepted, error)
	}
	store interface {
		load(ctx context.Context, orderID string) (record, error)
	}
}

func (a *api) routes() platform.Routes {
	return platform.Routes{
		"POST /v1/orders":          {Scope: "orders:write", Serve: a.place},
		"GET /v1/orders/{orderId}": {Scope: "orders:read", Serve: a.read},
	}
}

// place answers 202 when the order is stored: from then on it reaches an outcome whatever happens to this function.
func (a *api) place(ctx context.Context, r platform.Request) (platform.Response, error) {
	apply, err := applicationOf(r)
	if err != nil {
		return platform.Response{}, err
	}
	taken, err := a.intake.take(ctx, apply)
	if err != nil {
		return platform.Response{}, err
	}
	return platform.Response{
		Status: http.StatusAccepted,
		Header: map[string]string{
			"Location":                locationOf(r, taken.order.ID),
			platform.DurabilityHeader: string(taken.durability),
		},
		Body: viewOf(taken.order),
	}, nil
}

// applicationOf checks all that can be checked without asking anybody.
func applicationOf(r platform.Request) (application, error) {
	apply := application{customer: r.Caller.Customer, paymentCustomer: r.Caller.StripeCustomer, key: r.HeaderValue("Idempotency-Key")}
	if len(r.Body) > maxBody {
		return apply, &platform.Error{Code: platform.InvalidRequest, Violations: []platform.Violation{{Detail: "send at most 64 KiB"}}}
	}
	if err := r.DecodeBody(&apply.body); err != nil {
		return apply, err
	}
	if found := violations(apply.key, apply.body); len(found) > 0 {
		return apply, &platform.Error{Code: platform.InvalidRequest, Violations: found}
	}
	if apply.paymentCustomer == "" {
		return apply, platform.Refuse(platform.Unprocessable,
			"the token names no customer of the payment provider: set up a payment method first, then get a token with the claim stripe_customer")
	}
	return apply, nil
}

// locationOf is the order's own path, with the stage or base path under which the client sees this API.
func locationOf(r platform.Request, orderID string) string {
	return cmp.Or(r.RequestContext.Path, r.Path) + "/" + orderID
}

// read answers with the order as this region sees it. An order of somebody else is one that does not exist.
func (a *api) read(ctx context.Context, r platform.Request) (platform.Response, error) {
	id := r.PathParameters["orderId"]
	unknown := platform.Refuse(platform.NotFound, "you have no such order")
	if !orderPattern.MatchString(id) {
		return platform.Response{}, unknown
	}
	rec, err := a.store.load(ctx, id)
	if err != nil {
		return platform.Response{}, err
	}
	o := fact.Fold(rec.facts)
	if o.State == fact.StateUnknown || o.Placed.Customer != r.Caller.Customer {
		return platform.Response{}, unknown
	}
	return platform.Response{Status: http.StatusOK, Body: viewOf(o)}, nil
}

// view is an order as shoppers see it: the schema Order of openapi.yaml. It tells nothing of the person.
type view struct {
	OrderID         string      `json:"orderId"`
	State           fact.State  `json:"state"`
	Home            string      `json:"home"`
	PlacedAt        string      `json:"placedAt"`
	Lines           []fact.Line `json:"lines"`
	Amount          money.Money `json:"amount"`
	ShippingMethod  string      `json:"shippingMethod"`
	Reason          string      `json:"reason,omitempty"`
	CancelRequested bool        `json:"cancelRequested"`
	Facts           []factView  `json:"facts"`
}

// factView is a fact by its kind alone: what else it says is for the services.
type factView struct {
	Kind   fact.Kind `json:"kind"`
	Region string    `json:"region"`
	At     string    `json:"at"`
}

func viewOf(o fact.Order) view {
	v := view{
		OrderID: o.ID, State: o.State, Home: o.Home, PlacedAt: o.Placed.At.UTC().Format(timeForm), Lines: o.Placed.Lines,
		Amount: o.Placed.Amount, ShippingMethod: o.Placed.ShippingMethod, Reason: o.Reason,
		CancelRequested: o.CancelRequested, Facts: []factView{},
	}
	for _, f := range o.Timeline {
		if f.Kind.DetailType() != "" { // kinds of a newer version are not for clients of this one
			v.Facts = append(v.Facts, factView{Kind: f.Kind, Region: f.Region, At: f.At.UTC().Format(timeForm)})
		}
	}
	return v
}
