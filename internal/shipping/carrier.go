package shipping

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"twofold/internal/platform"
)

// callDeadline bounds one call to the carrier.
const callDeadline = 5 * time.Second

// errNoShipment says that the carrier has no shipment of a reference.
var errNoShipment = errors.New("the carrier knows no shipment of this order")

// carrier speaks to the carrier's HTTP API:
//
//	PUT  /v1/shipments/{reference}               books; again: the shipment as it is. 422: cannot be delivered
//	POST /v1/shipments/{reference}/release       hands over; again: no change. 409: it is cancelled
//	POST /v1/shipments/{reference}/cancellation  cancels; again: no change. 409: it was picked up
//
// A reference that the carrier does not know is a 404. Its errors have codes of the platform: [platform.ShipmentUnavailable] for what the
// carrier will not do, [platform.Conflict] for a 409, a transient one where trying again may help. They carry nothing of the answer's
// text, which may repeat the address.
type carrier struct {
	base   string
	http   *http.Client
	secret interface {
		Value(ctx context.Context) (string, error)
	}
	clock platform.Clock
}

func (c carrier) Book(ctx context.Context, reference string, b Booking) (Shipment, error) {
	body, err := json.Marshal(b)
	if err != nil {
		return Shipment{}, platform.Wrap(platform.Internal, err)
	}
	return c.call(ctx, http.MethodPut, reference, "", body)
}

func (c carrier) Release(ctx context.Context, reference string) error {
	_, err := c.call(ctx, http.MethodPost, reference, "/release", nil)
	return err
}

func (c carrier) Cancel(ctx context.Context, reference string) error {
	_, err := c.call(ctx, http.MethodPost, reference, "/cancellation", nil)
	return err
}

// answers is an error unless the carrier takes the key: asked to cancel what it never had, it says that it does not know it.
func (c carrier) answers(ctx context.Context) error {
	if err := c.Cancel(ctx, "rotation"); !errors.Is(err, errNoShipment) {
		return errors.Join(errors.New("the carrier does not answer as it must"), err)
	}
	return nil
}

func (c carrier) call(ctx context.Context, method, reference, action string, body []byte) (Shipment, error) {
	key, err := c.secret.Value(ctx)
	if err != nil {
		return Shipment{}, err
	}
	ctx, cancel := c.clock.WithTimeout(ctx, callDeadline)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, c.base+"/v1/shipments/"+url.PathEscape(reference)+action, bytes.NewReader(body))
	if err != nil {
		return Shipment{}, platform.Wrap(platform.Internal, err)
	}
	req.Header.Set("Authorization", "Bearer "+key)
	req.Header.Set("Content-Type", "application/json")
	res, err := c.http.Do(req)
	if err != nil {
		return Shipment{}, platform.Wrap(platform.Unavailable, err)
	}
	return read(res)
}

func read(res *http.Response) (s Shipment, err error) {
	defer func() { err = errors.Join(err, res.Body.Close()) }()
	raw, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return Shipment{}, platform.Wrap(platform.Unavailable, err)
	}
	if err := refusal(res.StatusCode); err != nil {
		return Shipment{}, err
	}
	if err := json.Unmarshal(raw, &s); err != nil {
		return Shipment{}, platform.Wrap(platform.Unavailable, errors.New("the carrier's answer is not understood"))
	}
	return s, nil
}

// refusal is what a status of the carrier means.
func refusal(status int) error {
	cause := fmt.Errorf("the carrier answered %d", status)
	switch {
	case status < 300:
		return nil
	case status == http.StatusNotFound:
		return platform.Wrap(platform.NotFound, errNoShipment)
	case status == http.StatusConflict:
		return platform.Wrap(platform.Conflict, cause)
	case status == http.StatusBadRequest, status == http.StatusUnprocessableEntity:
		return &platform.Error{Code: platform.ShipmentUnavailable, Detail: "the carrier does not deliver there", Cause: cause}
	case status == http.StatusTooManyRequests, status == http.StatusRequestTimeout, status >= http.StatusInternalServerError:
		return platform.Wrap(platform.Unavailable, cause)
	}
	return platform.Wrap(platform.Internal, cause)
}
