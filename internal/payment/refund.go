package payment

import (
	"context"
	"errors"

	"twofold/internal/platform"
)

// refunded is what RefundPayment answers.
type refunded struct {
	RefundID string `json:"refundId"` // the newest, if several make up the whole
}

// refund pays an order's money back, all that was captured. It tries first and then reads what has become of it: the provider refuses a
// second full refund, so any number of runs in both regions pays back once. It is called for committed orders only;
// a payment that was not captured contradicts that, and releasing a hold is not what a refund is for.
func (s saga) refund(ctx context.Context, in stepInput) (refunded, error) {
	intent, err := s.known(ctx, in.Order)
	switch {
	case err != nil:
		return refunded{}, coded(err)
	case intent.ID == "":
		return refunded{}, platform.Refuse(platform.Internal, "the order is to be refunded and has no intent")
	case intent.Status != succeeded:
		return refunded{}, platform.Refuse(platform.Internal, "the order is to be refunded and its payment intent is "+string(intent.Status))
	}
	refundErr := s.gateway.Refund(ctx, intent.ID)
	refunds, err := s.gateway.Refunds(ctx, intent.ID)
	if err != nil {
		return refunded{}, coded(errors.Join(err, refundErr))
	}
	last, total := paidBack(refunds)
	if total < intent.Received {
		return refunded{}, &platform.Error{Code: platform.Undecided, Detail: "the payment is not refunded in full", Cause: refundErr}
	}
	return refunded{RefundID: last}, nil
}

// paidBack is the newest refund that counts, and what all together gave back.
func paidBack(newestFirst []Refund) (last string, total int64) {
	for _, r := range newestFirst {
		if r.Void {
			continue
		}
		if last == "" {
			last = r.ID
		}
		total += r.Amount
	}
	return last, total
}
