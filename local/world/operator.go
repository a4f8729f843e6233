package world

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"twofold/local/providers/stripe"
)

// Paths of the AWS endpoint that AWS does not have: what shoppers and the carrier do. They are requests with POST and no body; the answer is a
// Played.
const (
	operatorPaths = "/_twofold/"

	PathAuthentication = "/_twofold/orders/{order}/authentication" // ?passed=true or false: the shopper answers the bank
	PathPickUp         = "/_twofold/orders/{order}/pick-up"
	PathDelivery       = "/_twofold/orders/{order}/delivery"
)

// Played is what came of a request to one of these paths: 200 when it is done, 409 when it is not the time for it.
type Played struct {
	Detail string `json:"detail"`
}

// operated is the AWS endpoint with these paths.
func (w *World) operated(aws http.Handler) http.Handler {
	mux := http.NewServeMux()
	play := func(path string, do func(r *http.Request, order string) (string, error)) {
		mux.HandleFunc("POST "+path, func(rw http.ResponseWriter, r *http.Request) {
			status := http.StatusOK
			detail, err := do(r, r.PathValue("order"))
			if err != nil {
				status, detail = http.StatusConflict, err.Error()
			}
			rw.Header().Set("Content-Type", "application/json")
			rw.WriteHeader(status)
			_ = json.NewEncoder(rw).Encode(Played{detail}) // a caller that has gone cannot be told
		})
	}
	play(PathAuthentication, func(r *http.Request, order string) (string, error) {
		passed := r.URL.Query().Get("passed") == "true"
		return fmt.Sprintf("the shopper has answered the bank: passed is %v", passed), w.Authenticate(order, passed)
	})
	play(PathPickUp, func(_ *http.Request, order string) (string, error) {
		return "the carrier has picked up the parcel", w.svc.carrier.Dispatch(order)
	})
	play(PathDelivery, func(_ *http.Request, order string) (string, error) {
		return "the carrier has delivered the parcel", w.svc.carrier.Deliver(order)
	})
	play(PathFaults, func(r *http.Request, _ string) (string, error) { return w.control(r) })
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, operatorPaths) {
			mux.ServeHTTP(rw, r)
			return
		}
		aws.ServeHTTP(rw, r)
	})
}

// Authenticate plays the shopper who answers the bank's question about the payment of an order.
func (w *World) Authenticate(order string, passed bool) error {
	for _, i := range w.svc.stripe.Intents() {
		if i.Order == order && i.Status == stripe.RequiresAction {
			return w.svc.stripe.Authenticate(i.ID, passed)
		}
	}
	return errors.New("no payment of order " + order + " asks for authentication")
}
