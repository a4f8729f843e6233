package world

import (
	"context"
	"net/http"

	"twofold/local/core"
	"twofold/local/lambda"
)

// driver is all that differs between a live and a simulated world: what time is, how the parts reach each other by address,
// and where functions run.
type driver interface {
	core.Scheduler

	// bind takes an address for a name ("aws", "stripe", "api.us-east-1") and gives its base URL. It is done ahead of everything
	// else, because templates and functions are given the addresses.
	bind(name string) (base string, err error)
	// serve answers at a bound name.
	serve(name string, h http.Handler)
	// release gives an address back; nothing answers there any more.
	release(name string) error
	// transport reaches every address, for clients outside the cloud.
	transport() http.RoundTripper

	// runner makes what runs the functions of a world.
	runner(w *World) runner
	// do runs f for somebody outside the cloud and returns when f has.
	do(ctx context.Context, label string, f func(ctx context.Context) error) error
	// stop ends everything: addresses, the runner (nil if the start failed before it was made), tasks, whose contexts have ended.
	stop(r runner) error
}

// runner is a lambda.Runner whose regions can be lost.
type runner interface {
	lambda.Runner
	KillRegion(region string)
	Close() error
}

// bindAll takes the addresses of everything that is reached over HTTP.
func (w *World) bindAll() error {
	names := []string{hostAWS, hostStripe, hostCarrier, hostIssuer}
	for _, r := range w.regions {
		names = append(names, hostAPI+r)
	}
	for _, name := range names {
		base, err := w.driver.bind(name)
		if err != nil {
			return err
		}
		w.bases[name] = base
	}
	return nil
}

// Names of the addresses of a world.
const (
	hostAWS     = "aws"
	hostStripe  = "stripe"
	hostCarrier = "carrier"
	hostIssuer  = "issuer"
	hostAPI     = "api." // and the region
)

// serveAll answers on every address.
func (w *World) serveAll() {
	w.driver.serve(hostAWS, w.operated(core.NewWire(w.cloud)))
	w.driver.serve(hostStripe, w.svc.stripe)
	w.driver.serve(hostCarrier, w.svc.carrier)
	w.driver.serve(hostIssuer, w.svc.issuer)
	for _, r := range w.regions {
		w.driver.serve(hostAPI+r, w.svc.apis.Handler(r))
	}
}
