//go:build pact

package shipping

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"testing"

	"github.com/pact-foundation/pact-go/v2/consumer"
	"github.com/pact-foundation/pact-go/v2/matchers"

	"twofold/internal/platform"
	"twofold/internal/platform/clocktest"
)

// exampleReference is the reference of the contract's bookings; the carrier's test puts its own in its place.
const exampleReference = "ord_contract"

// agreement is one call to the carrier: what it must know before, what is sent, and what of the answer is looked at.
type agreement struct {
	does, given string
	method      consumer.Method
	action      string
	body        any
	status      int
	answer      map[string]any
	call        func(c carrier) error
}

func TestWhatShippingNeedsOfTheCarrier(t *testing.T) {
	for _, a := range agreements() {
		t.Run(a.does, func(t *testing.T) { agree(t, a) })
	}
}

func agreements() []agreement {
	home := map[string]any{"line1": "1 High Street", "city": "Delft", "postalCode": "2611", "country": "NL"}
	nowhere := map[string]any{"line1": "1 High Street", "city": "Delft", "postalCode": "UNDELIVERABLE", "country": "NL"}
	booking := func(to map[string]any) map[string]any {
		return map[string]any{"method": "standard", "name": "Ada Byron", "address": to, "parcels": []any{map[string]any{"units": 3}}}
	}
	book := func(postalCode string, want Status) func(carrier) error {
		return func(c carrier) error {
			b := Booking{Method: "standard", Name: "Ada Byron", Address: Address{Line1: "1 High Street", City: "Delft", PostalCode: postalCode, Country: "NL"}, Parcels: []Parcel{{Units: 3}}}
			s, err := c.Book(context.Background(), exampleReference, b)
			if err == nil && (s.ID == "" || s.Status != want) {
				err = fmt.Errorf("read %+v", s)
			}
			return err
		}
	}
	release := func(c carrier) error { return c.Release(context.Background(), exampleReference) }
	cancel := func(c carrier) error { return c.Cancel(context.Background(), exampleReference) }
	refused := map[string]any{"code": matchers.Like("code"), "message": matchers.Like("why")}
	return []agreement{
		{"a booking", "no shipment", "PUT", "", booking(home), 201, shipmentThatIs(statusBooked), book("2611", statusBooked)},
		{"the same booking again", "a shipment that is booked", "PUT", "", booking(home), 200, shipmentThatIs(statusBooked), book("2611", statusBooked)},
		{"a booking of what was cancelled", "a shipment that is cancelled", "PUT", "", booking(home), 200, shipmentThatIs(statusCancelled), book("2611", statusCancelled)},
		{"a booking to where nothing can be delivered", "no shipment", "PUT", "", booking(nowhere), 422, refused, is(platform.ShipmentUnavailable, book("UNDELIVERABLE", statusBooked))},
		{"a release", "a shipment that is booked", "POST", "/release", nil, 200, shipmentThatIs(statusReleased), release},
		{"a release of what was cancelled", "a shipment that is cancelled", "POST", "/release", nil, 409, refused, is(platform.Conflict, release)},
		{"a release of what was never booked", "no shipment", "POST", "/release", nil, 404, refused, is(platform.NotFound, release)},
		{"a cancellation", "a shipment that is booked", "POST", "/cancellation", nil, 200, shipmentThatIs(statusCancelled), cancel},
		{"a cancellation of what was picked up", "a shipment that was picked up", "POST", "/cancellation", nil, 409, refused, is(platform.Conflict, cancel)},
		{"a cancellation of what was never booked", "no shipment", "POST", "/cancellation", nil, 404, refused, is(platform.NotFound, cancel)},
	}
}

func shipmentThatIs(s Status) map[string]any {
	return map[string]any{"id": matchers.Like("shp_1"), "status": matchers.Equality(string(s))}
}

// is calls the carrier and wants an error of a code.
func is(code platform.Code, call func(carrier) error) func(carrier) error {
	return func(c carrier) error {
		if err := call(c); err == nil || platform.CodeOf(err) != code {
			return errors.Join(errors.New("the refusal is not understood"), err)
		}
		return nil
	}
}

func agree(t *testing.T, a agreement) {
	dir := os.Getenv("TWOFOLD_PACTS")
	if dir == "" {
		t.Fatal("TWOFOLD_PACTS is not set: run this test with `make contract`")
	}
	log.SetOutput(io.Discard) // pact-go reports each of its mock servers there
	pact, err := consumer.NewV4Pact(consumer.MockHTTPProviderConfig{Consumer: "shipping-saga", Provider: "carrier", PactDir: dir, Host: "127.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	path := matchers.FromProviderState("/v1/shipments/${reference}"+a.action, "/v1/shipments/"+exampleReference+a.action)
	err = pact.AddInteraction().Given(a.given).UponReceiving(a.does).WithRequestPathMatcher(a.method, path, func(b *consumer.V4RequestBuilder) {
		b.Header("Authorization", matchers.String("Bearer carrier_contract"))
		if a.body != nil {
			b.JSONBody(a.body)
		}
	}).WillRespondWith(a.status, func(b *consumer.V4ResponseBuilder) { b.JSONBody(a.answer) }).
		ExecuteTest(t, func(m consumer.MockServerConfig) error {
			return a.call(carrier{base: fmt.Sprintf("http://%s:%d", m.Host, m.Port), http: http.DefaultClient, secret: fixed("carrier_contract"), clock: clocktest.New()})
		})
	if err != nil {
		t.Error(err)
	}
}
