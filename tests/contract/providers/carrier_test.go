//go:build pact

package providers_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"twofold/local/core"
	"twofold/local/providers/carrier"
)

const carrierPactKey = "carrier_contract"

func TestTheCarrierStandInGivesWhatShippingNeeds(t *testing.T) {
	faults := core.NewFaults(0)
	d := &depot{carrier: carrier.New(core.New(core.NewLive(faults), faults, 1), carrierPactKey)}
	server := httptest.NewServer(d.carrier)
	defer server.Close()
	d.base = server.URL
	verify(t, "carrier", verification{base: server.URL, states: d.states()})
}

// depot is the carrier, and the shipment that the state of the moment is about.
type depot struct {
	carrier   *carrier.Provider
	base      string
	count     int
	reference string
}

func (d *depot) states() map[string]state {
	shipment := func(then ...func() error) state {
		return func() (map[string]any, error) {
			d.next()
			err := d.call(http.MethodPut, "", `{"method":"standard","name":"Ada Byron","address":{"line1":"1 High Street","city":"Delft","postalCode":"2611","country":"NL"},"parcels":[{"units":3}]}`)
			for _, f := range then {
				if err == nil {
					err = f()
				}
			}
			return d.named(), err
		}
	}
	return map[string]state{
		"no shipment":                  func() (map[string]any, error) { d.next(); return d.named(), nil },
		"a shipment that is booked":    shipment(),
		"a shipment that is cancelled": shipment(func() error { return d.call(http.MethodPost, "/cancellation", "") }),
		"a shipment that was picked up": shipment(func() error { return d.call(http.MethodPost, "/release", "") },
			func() error { return d.carrier.Dispatch(d.reference) }),
	}
}

func (d *depot) next() { d.count++; d.reference = fmt.Sprintf("ord_contract_%d", d.count) }

func (d *depot) named() map[string]any { return map[string]any{"reference": d.reference} }

func (d *depot) call(method, action, body string) (err error) {
	req, err := http.NewRequest(method, d.base+"/v1/shipments/"+d.reference+action, strings.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+carrierPactKey)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, res.Body.Close()) }()
	if res.StatusCode >= http.StatusMultipleChoices {
		return fmt.Errorf("%s %s answered %s", method, action, res.Status)
	}
	return nil
}
