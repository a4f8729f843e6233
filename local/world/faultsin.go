package world

import (
	"context"
	"net/http"
	"time"

	"twofold/local/core"
	"twofold/local/providers/carrier"
	"twofold/local/providers/stripe"
	"twofold/local/providers/webhook"
)

// arm puts the weather in the way of every call. It is done once, ahead of everything.
func (w *World) arm() {
	w.cloud.Faults.InterceptBefore(w.weather.before)
	w.cloud.Faults.InterceptAfter(w.weather.after)
}

// before refuses calls.
func (w *weather) before(_ context.Context, call *core.Call) error {
	r := w.rates.Load()
	if r == nil || call.Principal.Operator() {
		return nil
	}
	if w.hits(r.Throttled, call.Service, "throttled") {
		return throttled(call.Service)
	}
	if w.hits(r.Failed, call.Service, "failed") {
		return failed(call.Service)
	}
	return nil
}

// after loses answers of calls that were done.
func (w *weather) after(_ context.Context, call *core.Call) error {
	r := w.rates.Load()
	if r == nil || call.Principal.Operator() || !w.hits(r.AnswerLost, call.Service, "answer lost") {
		return nil
	}
	if call.Header != nil { // it came over the wire
		return core.ErrUnreachable
	}
	return failed(call.Service)
}

// throttled is how a service refuses a call that is one too many; see "Common errors" of each API reference.
func throttled(service string) *core.Error {
	e := &core.Error{Code: "ThrottlingException", Message: "Rate exceeded", Status: http.StatusBadRequest}
	switch service {
	case "lambda":
		e.Code, e.Status = "TooManyRequestsException", http.StatusTooManyRequests
		e.Fields = map[string]any{"Reason": "ReservedFunctionConcurrentInvocationLimitExceeded"}
	case "sqs":
		e.Code = "RequestThrottled"
	case "ses":
		e.Code, e.Status = "TooManyRequestsException", http.StatusTooManyRequests
	}
	return e
}

// failed is how a service says that it is at fault.
func failed(service string) *core.Error {
	code := map[string]string{"dynamodb": "InternalServerError", "lambda": "ServiceException", "events": "InternalException"}[service]
	if code == "" {
		code = "InternalFailure"
	}
	return &core.Error{Code: code, Message: "injected", Status: http.StatusInternalServerError}
}

// twice makes a delivery late or twice. The second is nobody's: its failure is not told.
func (w *World) twice(ctx context.Context, kind string, deliver func(context.Context) error) error {
	r := w.weather.rates.Load()
	if r == nil {
		return deliver(ctx)
	}
	if w.weather.hits(r.Late, kind, "late") {
		if err := w.cloud.Sleep(ctx, w.weather.upTo(r.LateBy)); err != nil {
			return err
		}
	}
	return w.again(ctx, kind, func(r *FaultRates) float64 { return r.Doubled }, deliver)
}

// again does something once more some time after it was done, at a rate.
func (w *World) again(ctx context.Context, kind string, rate func(*FaultRates) float64, do func(context.Context) error) error {
	err := do(ctx)
	r := w.weather.rates.Load()
	if err != nil || r == nil || !w.weather.hits(rate(r), kind, "doubled") {
		return err
	}
	after := w.weather.upTo(r.LateBy)
	base := core.WithRegion(w.ctx, core.RegionOf(ctx))
	if core.OfTick(ctx) {
		base = core.WithTick(base)
	}
	w.cloud.Go(base, "doubled/"+kind, func(ctx context.Context) {
		if w.cloud.Sleep(ctx, after) == nil {
			_ = do(ctx) // it has been done once; nobody waits for the second
		}
	})
	return nil
}

// setSkew draws how far each region's clock is off.
func (w *World) setSkew(most time.Duration) {
	skew := map[string]time.Duration{}
	for _, region := range w.regions {
		if most > 0 {
			skew[region] = w.weather.upTo(2*most) - most
		}
	}
	w.weather.skew.Store(&skew)
}

// skewOf is how far the clock of a region is off.
func (w *weather) skewOf(region string) time.Duration {
	if all := w.skew.Load(); all != nil {
		return (*all)[region]
	}
	return 0
}

// setLag gives each replicated change a lag of its own.
func (w *World) setLag(r FaultRates) {
	w.cloud.Faults.DrawLag(func() time.Duration {
		lag := time.Duration(w.weather.lag.Load()) + w.weather.upTo(r.LagSpread)
		if w.weather.hits(r.LongLag, "replication", "late") {
			lag += w.weather.upTo(r.LongLagBy)
		}
		return lag
	})
}

// setProviders takes the place of all faults that were injected into the providers by rate.
func (w *World) setProviders(r FaultRates) {
	w.svc.stripe.ClearFaults()
	w.svc.carrier.ClearFaults()
	w.svc.webhooks.stripe.ClearFaults()
	w.svc.webhooks.carrier.ClearFaults()
	for _, kind := range []stripe.FaultKind{stripe.RateLimit, stripe.LockTimeout, stripe.ServerError} {
		if r.ProviderRefused > 0 {
			w.svc.stripe.Inject(stripe.Fault{Kind: kind, Chance: r.ProviderRefused / 3})
		}
	}
	for _, kind := range []carrier.FaultKind{carrier.RateLimit, carrier.Unavailable} {
		if r.ProviderRefused > 0 {
			w.svc.carrier.Inject(carrier.Fault{Kind: kind, Chance: r.ProviderRefused / 2})
		}
	}
	w.setWebhooks(r)
}

// setWebhooks makes webhooks late by one of several durations, or double.
func (w *World) setWebhooks(r FaultRates) {
	for _, s := range []*webhook.Sender{w.svc.webhooks.stripe, w.svc.webhooks.carrier} {
		if r.WebhookTwice > 0 {
			s.Inject(webhook.Fault{Chance: r.WebhookTwice, Copies: 1, Delay: r.WebhookLateBy / 16})
		}
		for share := time.Duration(1); share <= 8 && r.WebhookLate > 0; share *= 2 {
			s.Inject(webhook.Fault{Chance: r.WebhookLate / 4, Delay: r.WebhookLateBy / share})
		}
	}
}
