package order

import (
	"context"
	"time"

	"twofold/internal/fact"
	"twofold/internal/platform"
)

// saga runs the steps that write an order's outcome.
type saga struct {
	region string
	facts  interface {
		append(ctx context.Context, f fact.Fact) error
	}
	clock platform.Clock
}

func (s *saga) steps() platform.Steps {
	return platform.Steps{
		"ConfirmOrder": platform.StepOf(s.confirm),
		"CloseOrder":   platform.StepOf(s.close),
	}
}

// decided is the input of both steps: the order, and what the payment has decided about it for both regions.
type decided struct {
	Order struct {
		OrderID string `json:"orderId"`
		Home    string `json:"home"`
	} `json:"order"`
	Payment struct {
		Decision     string `json:"decision"` // captured, cancelled
		IntentID     string `json:"intentId"`
		CommittedBy  string `json:"committedBy"`
		PlacedRegion string `json:"placedRegion"`
		Outcome      string `json:"outcome"` // of a cancelled one: rejected, cancelled
		Code         string `json:"code"`    // ... and why
	} `json:"payment"`
}

// done is the steps' result: there is nothing to say but that the fact stands.
type done struct{}

// confirm writes that the payment was captured, and by whom: that region's reservation is the one that is consumed.
func (s *saga) confirm(ctx context.Context, in decided) (done, error) {
	p := in.Payment
	if p.Decision != "captured" || p.CommittedBy == "" || p.PlacedRegion == "" {
		return done{}, platform.Refuse(platform.InvalidRequest, "an order is confirmed only by a captured payment that names its region and its placed fact")
	}
	f := s.fact(in, fact.Confirmed)
	f.CommittedBy, f.PlacedRegion = p.CommittedBy, p.PlacedRegion
	return s.write(ctx, f)
}

// close writes that the payment was voided, and which outcome that is.
func (s *saga) close(ctx context.Context, in decided) (done, error) {
	kind := fact.Kind(in.Payment.Outcome)
	if in.Payment.Decision != "cancelled" || (kind != fact.Rejected && kind != fact.Cancelled) || in.Payment.Code == "" {
		return done{}, platform.Refuse(platform.InvalidRequest, "an order is closed only by a cancelled payment that says rejected or cancelled, and why")
	}
	f := s.fact(in, kind)
	f.Reason = in.Payment.Code
	return s.write(ctx, f)
}

func (s *saga) fact(in decided, kind fact.Kind) fact.Fact {
	return fact.Fact{
		OrderID: in.Order.OrderID, Kind: kind, Region: s.region, Home: in.Order.Home,
		At: s.clock.Now().UTC().Truncate(time.Millisecond), IntentID: in.Payment.IntentID,
	}
}

// write appends an outcome in this region only: nobody outside was told of it, replication brings it to the peer, and the
// payment intent would tell it again.
func (s *saga) write(ctx context.Context, f fact.Fact) (done, error) {
	if f.OrderID == "" || f.Home == "" {
		return done{}, platform.Refuse(platform.InvalidRequest, "the order's id and home are missing")
	}
	return done{}, s.facts.append(ctx, f)
}
