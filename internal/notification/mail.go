package notification

import (
	"context"
	"encoding/json"
	"time"

	"twofold/internal/event"
	"twofold/internal/fact"
	"twofold/internal/platform"
)

// lease is how long a claim keeps others from sending the same mail: longer than the function may run, shorter than the queue's
// visibility time-out, after which the message of a run that died comes back.
const lease = 30 * time.Second

// mailer mails facts.
type mailer struct {
	region  string
	claims  claims
	persons interface {
		Person(ctx context.Context, orderID string) (Person, error)
	}
	sender interface {
		Send(ctx context.Context, to string, n Notice, m Mail) error
	}
	clock platform.Clock
}

// claims sees to it that a mail goes out once.
type claims interface {
	// Claim takes the right to send a mail, also from a run that claimed it before lapsed and has not said more.
	Claim(ctx context.Context, n Notice, now, lapsed time.Time) (State, error)
	Settle(ctx context.Context, n Notice, to State) error
}

// State is where a mail stands.
type State string

// The states. Claim answers Claimed to the run that may send now, and Busy to one that comes while another is at it.
const (
	Claimed State = "claimed"
	Busy    State = "busy"
	Sent    State = "sent"
	Dropped State = "dropped" // there is nobody to send it to
)

// Person is who gets the mail; empty once it was erased.
type Person struct {
	Name  string `json:"name"`
	Email string `json:"email"`
}

// envelope is what all events of the bus have in common.
type envelope struct {
	DetailType string          `json:"detail-type"`
	Detail     json.RawMessage `json:"detail"`
}

func (m mailer) handle(ctx context.Context, body json.RawMessage) error {
	n, region, err := read(body)
	if err != nil || region != m.region {
		return err // a fact that the other region mails changes nothing here
	}
	return m.once(ctx, n)
}

// read is the notice of an event and the region that mails it.
func read(body json.RawMessage) (Notice, string, error) {
	var env envelope
	if err := json.Unmarshal(body, &env); err != nil {
		return Notice{}, "", platform.Wrap(platform.InvalidRequest, err)
	}
	switch env.DetailType {
	case fact.Confirmed.DetailType():
		d, err := decode[event.OrderConfirmed](env)
		return Notice{OrderID: d.OrderID, Kind: fact.Confirmed}, d.CommittedBy, err
	case fact.Rejected.DetailType():
		d, err := decode[event.OrderRejected](env)
		return Notice{OrderID: d.OrderID, Kind: fact.Rejected, Reason: d.Reason}, d.Region, err
	case fact.Cancelled.DetailType():
		d, err := decode[event.OrderCancelled](env)
		return Notice{OrderID: d.OrderID, Kind: fact.Cancelled, Reason: d.Reason}, d.Region, err
	case fact.CancelRefused.DetailType():
		d, err := decode[event.OrderCancelRefused](env)
		return Notice{OrderID: d.OrderID, Kind: fact.CancelRefused, Reason: d.Reason}, d.Region, err
	case fact.Dispatched.DetailType():
		d, err := decode[event.OrderDispatched](env)
		return Notice{OrderID: d.OrderID, Kind: fact.Dispatched}, d.Region, err
	case fact.Delivered.DetailType():
		d, err := decode[event.OrderDelivered](env)
		return Notice{OrderID: d.OrderID, Kind: fact.Delivered}, d.Region, err
	case fact.Refunded.DetailType():
		d, err := decode[event.OrderRefunded](env)
		return Notice{OrderID: d.OrderID, Kind: fact.Refunded}, d.Region, err
	}
	return Notice{}, "", platform.Refuse(platform.InvalidRequest, "there is no mail for "+env.DetailType)
}

func decode[Detail any](env envelope) (d Detail, err error) {
	if err := json.Unmarshal(env.Detail, &d); err != nil {
		return d, platform.Wrap(platform.InvalidRequest, err)
	}
	return d, nil
}

// once sends a mail unless that has been done.
func (m mailer) once(ctx context.Context, n Notice) error {
	now := m.clock.Now()
	state, err := m.claims.Claim(ctx, n, now, now.Add(-lease))
	switch {
	case err != nil:
		return err
	case state == Busy:
		return platform.Refuse(platform.Unavailable, "another run is sending this mail")
	case state != Claimed:
		return nil
	}
	person, err := m.persons.Person(ctx, n.OrderID)
	if err != nil {
		return err
	}
	if person.Email == "" {
		return m.claims.Settle(ctx, n, Dropped)
	}
	mail, err := compose(n, person.Name)
	if err != nil {
		return platform.Wrap(platform.Internal, err)
	}
	if err := m.sender.Send(ctx, person.Email, n, mail); err != nil {
		return err
	}
	return m.claims.Settle(ctx, n, Sent)
}
