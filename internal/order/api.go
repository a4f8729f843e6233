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
	store     orderReader
	lister    lister
	canceller canceller
	fences    *platform.Fences
}

// orderReader reads all that this region holds of an order.
type orderReader interface {
	load(ctx context.Context, orderID string) (record, error)
}

func (a *api) routes() platform.Routes {
	return platform.Routes{
		"POST /v1/orders":                        {Scope: "orders:write", Serve: a.place},
		"GET /v1/orders":                         {Scope: "orders:read", Serve: a.list},
		"GET /v1/orders/{orderId}":               {Scope: "orders:read", Serve: a.read},
		"POST /v1/orders/{orderId}/cancellation": {Scope: "orders:write", Serve: a.cancel},
	}
}

// place answers 202 when the order is stored: from then on it reaches an outcome whatever happens to this function.
func (a *api) place(ctx context.Context, r platform.Request) (platform.Response, error) {
	apply, err := applicationOf(r)
	if err != nil {
		return platform.Response{}, err
	}
	if err := a.fences.Check(ctx); err != nil {
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

// read answers with the order as this region sees it.
func (a *api) read(ctx context.Context, r platform.Request) (platform.Response, error) {
	_, o, err := ownOrder(ctx, a.store, r.Caller.Customer, r.PathParameters["orderId"])
	if err != nil {
		return platform.Response{}, err
	}
	return platform.Response{Status: http.StatusOK, Body: viewOf(o)}, nil
}

// ownOrder is an order of the customer's. One of somebody else is one that does not exist.
func ownOrder(ctx context.Context, store orderReader, customer, orderID string) (record, fact.Order, error) {
	unknown := platform.Refuse(platform.NotFound, "you have no such order")
	if !orderPattern.MatchString(orderID) {
		return record{}, fact.Order{}, unknown
	}
	rec, err := store.load(ctx, orderID)
	if err != nil {
		return record{}, fact.Order{}, err
	}
	o := fact.Fold(rec.facts)
	if o.State == fact.StateUnknown || o.Placed.Customer != customer {
		return record{}, fact.Order{}, unknown
	}
	return rec, o, nil
}

// cancel answers 202 when the wish is stored; what becomes of it is read at the order.
func (a *api) cancel(ctx context.Context, r platform.Request) (platform.Response, error) {
	if r.Body != "" { // there is nothing to say but who and which
		if err := r.DecodeBody(&struct{}{}); err != nil {
			return platform.Response{}, err
		}
	}
	if err := a.fences.Check(ctx); err != nil {
		return platform.Response{}, err
	}
	taken, err := a.canceller.request(ctx, r.Caller.Customer, r.PathParameters["orderId"])
	if err != nil {
		return platform.Response{}, err
	}
	return platform.Response{
		Status: http.StatusAccepted,
		Header: map[string]string{platform.DurabilityHeader: string(taken.durability)},
		Body:   viewOf(taken.order),
	}, nil
}

// pageView is a page of orders: the schema OrderPage of openapi.yaml.
type pageView struct {
	Items      []view `json:"items"`
	NextCursor string `json:"nextCursor,omitempty"`
}

// list answers with a page of the caller's own orders, newest first.
func (a *api) list(ctx context.Context, r platform.Request) (platform.Response, error) {
	limit, after, err := pageOf(r)
	if err != nil {
		return platform.Response{}, err
	}
	orders, next, err := a.lister.page(ctx, r.Caller.Customer, limit, after)
	if err != nil {
		return platform.Response{}, err
	}
	page := pageView{Items: make([]view, len(orders))}
	for i, o := range orders {
		page.Items[i] = viewOf(o)
	}
	page.NextCursor, err = encodeCursor(r.Caller.Customer, next)
	return platform.Response{Status: http.StatusOK, Body: page}, err
}

// view is an order as shoppers see it: the schema Order of openapi.yaml. It tells nothing of the person.
type view struct {
	OrderID         string      `json:"orderId"`
	State           fact.State  `json:"state"`
	Home            string      `json:"home"`
	PlacedAt        string      `json:"placedAt"`
	Lines           []fact.Line `json:"lines"`
	Amount          money.Money `json:"amount"` // with the shipping
	ShippingMethod  string      `json:"shippingMethod"`
	ShippingAmount  money.Money `json:"shippingAmount"`
	Reason          string      `json:"reason,omitempty"`
	ActionURL       string      `json:"actionUrl,omitempty"`
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
	placed := o.Placed
	v := view{
		OrderID: o.ID, State: o.State, Home: o.Home, PlacedAt: placed.At.UTC().Format(timeForm), Lines: placed.Lines,
		Amount: o.Amount, ShippingMethod: placed.ShippingMethod,
		ShippingAmount: money.Money{Amount: placed.ShippingAmount, Currency: placed.Amount.Currency},
		Reason:         o.Reason, ActionURL: o.ActionURL, CancelRequested: o.CancelRequested, Facts: []factView{},
	}
	for _, f := range o.Timeline {
		if f.Kind.DetailType() != "" && f.Kind != fact.PaymentUpdated { // kinds of a newer version, and what only the saga reads, are not for clients
			v.Facts = append(v.Facts, factView{Kind: f.Kind, Region: f.Region, At: f.At.UTC().Format(timeForm)})
		}
	}
	return v
}
