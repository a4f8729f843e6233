package order

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"twofold/internal/fact"
	"twofold/internal/money"
	"twofold/internal/platform"
)

// saga runs the steps that write down what the payment, the carrier and the shopper have decided.
type saga struct {
	region  string
	facts   appender
	clock   platform.Clock
	metrics platform.Metrics
}

// appender appends facts in this region; it answers the item that stands there.
type appender interface {
	append(ctx context.Context, f fact.Fact) (platform.Item, error)
}

func (s *saga) steps() platform.Steps {
	return platform.Steps{
		"ConfirmOrder":  platform.StepOf(s.confirm),
		"CloseOrder":    platform.StepOf(s.close),
		"RequireAction": platform.StepOf(s.require),
		"RefuseCancel":  platform.StepOf(s.refuse),
		"CancelOrder":   platform.StepOf(s.cancel),
	}
}

// decided is the input of all steps: the order, and what the payment service has said about it for both regions. A run that began
// before a deployment sends what its version knew: what it lacks is empty here.
type decided struct {
	Order struct {
		OrderID      string     `json:"orderId"`
		Home         string     `json:"home"`
		CommittedBy  string     `json:"committedBy"`
		PlacedRegion string     `json:"placedRegion"`
		PlacedAt     string     `json:"placedAt"`
		State        fact.State `json:"state"`
	} `json:"order"`
	Payment struct {
		Decision     string      `json:"decision"` // captured, cancelled, action-required
		IntentID     string      `json:"intentId"`
		CommittedBy  string      `json:"committedBy"`
		PlacedRegion string      `json:"placedRegion"`
		Outcome      string      `json:"outcome"` // of a cancelled one: rejected, cancelled
		Code         string      `json:"code"`    // ... and why
		URL          string      `json:"url"`     // of one that the shopper must authenticate: where
		Amount       money.Money `json:"amount"`  // of a captured one: what was charged
	} `json:"payment"`
}

// The reasons that this service gives itself.
const (
	reasonTooLate   = "AlreadyDispatched"
	reasonCancelled = "CancelRequested"
)

// done is the other steps' result: there is nothing to say but that the fact stands.
type done struct{}

// confirm writes that the payment was captured, and by whom: that region's reservation is the one that is consumed. Its answer is that region,
// which takes its place in the order that the later steps get.
func (s *saga) confirm(ctx context.Context, in decided) (committedBy string, err error) {
	p := in.Payment
	if p.Decision != "captured" || p.CommittedBy == "" || p.PlacedRegion == "" {
		return "", platform.Refuse(platform.InvalidRequest, "an order is confirmed only by a captured payment that names its region and its placed fact")
	}
	f := s.fact(in, fact.Confirmed)
	f.CommittedBy, f.PlacedRegion, f.Amount = p.CommittedBy, p.PlacedRegion, p.Amount
	_, err = s.write(ctx, in, f)
	return p.CommittedBy, err
}

// close writes that the payment was voided, and which outcome that is.
func (s *saga) close(ctx context.Context, in decided) (done, error) {
	kind := fact.Kind(in.Payment.Outcome)
	if in.Payment.Decision != "cancelled" || (kind != fact.Rejected && kind != fact.Cancelled) || in.Payment.Code == "" {
		return done{}, platform.Refuse(platform.InvalidRequest, "an order is closed only by a cancelled payment that says rejected or cancelled, and why")
	}
	f := s.fact(in, kind)
	f.Reason = in.Payment.Code
	return s.write(ctx, in, f)
}

// require writes where the shopper authenticates the payment. The time for it runs from the first such fact.
func (s *saga) require(ctx context.Context, in decided) (done, error) {
	if in.Payment.Decision != "action-required" || in.Payment.URL == "" {
		return done{}, platform.Refuse(platform.InvalidRequest, "a shopper is asked to act only by a payment that says where")
	}
	f := s.fact(in, fact.ActionRequired)
	f.URL = in.Payment.URL
	return s.write(ctx, in, f)
}

// refuse writes that it is too late to cancel: the carrier says that the goods have left.
func (s *saga) refuse(ctx context.Context, in decided) (done, error) {
	f := s.fact(in, fact.CancelRefused)
	f.Reason = reasonTooLate
	return s.write(ctx, in, f)
}

// cancel writes that a confirmed order was called off: that the money is back, and then the outcome. It is the step after the
// refund; its fact names the region that committed the order, because that one's stock the goods go back to.
func (s *saga) cancel(ctx context.Context, in decided) (done, error) {
	if in.Order.CommittedBy == "" {
		return done{}, platform.Refuse(platform.InvalidRequest, "only an order that some region has committed is refunded")
	}
	for _, kind := range []fact.Kind{fact.Refunded, fact.Cancelled} {
		f := s.fact(in, kind)
		f.CommittedBy, f.PlacedRegion = in.Order.CommittedBy, in.Order.PlacedRegion
		if kind == fact.Cancelled {
			f.Reason = reasonCancelled
		}
		if _, err := s.write(ctx, in, f); err != nil {
			return done{}, err
		}
	}
	return done{}, nil
}

func (s *saga) fact(in decided, kind fact.Kind) fact.Fact {
	return fact.Fact{
		OrderID: in.Order.OrderID, Kind: kind, Region: s.region, Home: in.Order.Home,
		At: s.clock.Now().UTC().Truncate(time.Millisecond), IntentID: in.Payment.IntentID,
	}
}

// write appends a fact in this region only: nobody outside was told of it, replication brings it to the peer, and the payment
// intent or the carrier would tell it again.
func (s *saga) write(ctx context.Context, in decided, f fact.Fact) (done, error) {
	if f.OrderID == "" || f.Home == "" {
		return done{}, platform.Refuse(platform.InvalidRequest, "the order's id and home are missing")
	}
	stands, err := s.facts.append(ctx, f)
	if err != nil {
		return done{}, err
	}
	if text, _ := stands["at"].(*types.AttributeValueMemberS); text != nil && text.Value == f.At.Format(timeForm) {
		s.measure(ctx, in, f) // not when a run before this one wrote the fact
	}
	return done{}, nil
}
