package shipping

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"twofold/internal/platform"
	"twofold/internal/platform/clocktest"
)

// wire answers one request and writes down what was sent.
type wire struct {
	status int // 0 for no answer
	body   string
	sent   string
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	w.sent = r.Method + " " + r.URL.String() + "\n" + r.Header.Get("Authorization") + "\n" + string(body)
	if w.status == 0 {
		return nil, errors.New("connection reset")
	}
	return &http.Response{StatusCode: w.status, Body: io.NopCloser(strings.NewReader(w.body)), Request: r}, nil
}

type fixed string

func (f fixed) Value(context.Context) (string, error) { return string(f), nil }

func newCarrier(w *wire) carrier {
	return carrier{base: "https://carrier.example", http: &http.Client{Transport: w}, secret: fixed("key_1"), clock: clocktest.New()}
}

func TestRequestsToTheCarrier(t *testing.T) {
	cases := []struct {
		name string
		call func(c carrier) error
		want string
	}{
		{"book", func(c carrier) error {
			s, err := c.Book(t.Context(), "ord_1", Booking{Method: "standard", Name: "Ada", Address: ada().Address, Parcels: []Parcel{{Units: 3}}})
			if s != (Shipment{ID: "shp_1", Status: statusBooked}) {
				t.Errorf("read %+v", s)
			}
			return err
		}, "PUT https://carrier.example/v1/shipments/ord_1\nBearer key_1\n" +
			`{"method":"standard","name":"Ada","address":{"line1":"1 High Street","city":"Delft","postalCode":"2611","country":"NL"},"parcels":[{"units":3}]}`},
		{"release", func(c carrier) error { return c.Release(t.Context(), "ord_1") },
			"POST https://carrier.example/v1/shipments/ord_1/release\nBearer key_1\n"},
		{"cancel", func(c carrier) error { return c.Cancel(t.Context(), "ord_1") },
			"POST https://carrier.example/v1/shipments/ord_1/cancellation\nBearer key_1\n"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := &wire{status: http.StatusCreated, body: `{"id":"shp_1","reference":"ord_1","status":"booked","label":"L"}`}
			if err := c.call(newCarrier(w)); err != nil || w.sent != c.want {
				t.Errorf("%v, sent\n%s\nwant\n%s", err, w.sent, c.want)
			}
		})
	}
}

func TestErrorsOfTheCarrierHaveCodesAndLoseTheirText(t *testing.T) {
	cases := []struct {
		status int
		body   string
		code   platform.Code
	}{
		{0, "", platform.Unavailable},
		{200, "<html>", platform.Unavailable},
		{400, "1 High Street", platform.ShipmentUnavailable},
		{401, "1 High Street", platform.Internal},
		{404, "1 High Street", platform.NotFound},
		{409, "1 High Street", platform.Conflict},
		{422, "1 High Street", platform.ShipmentUnavailable},
		{429, "1 High Street", platform.Unavailable},
		{500, "1 High Street", platform.Unavailable},
	}
	for _, c := range cases {
		err := newCarrier(&wire{status: c.status, body: c.body}).Cancel(t.Context(), "ord_1")
		if err == nil || platform.CodeOf(err) != c.code || strings.Contains(err.Error(), "High Street") {
			t.Errorf("%d: got %v, want %s", c.status, err, c.code)
		}
		if errors.Is(err, errNoShipment) != (c.status == 404) {
			t.Errorf("%d: %v", c.status, err)
		}
	}
}
