package order

import (
	"context"
	"time"

	"twofold/internal/fact"
	"twofold/internal/platform"
)

// measure counts the outcomes that this region wrote. An order that both regions confirm is counted by the one that committed it.
func (s *saga) measure(ctx context.Context, in decided, f fact.Fact) {
	about := []any{"order", f.OrderID}
	switch f.Kind {
	case fact.Confirmed:
		if f.CommittedBy == s.region {
			s.metrics.Put(ctx, "confirmed", about, confirmation(in, f)...)
		}
	case fact.Rejected:
		s.metrics.Put(ctx, "rejected", about, platform.Sample{Metric: platform.OrdersRejected, Value: 1, By: reasonOf(f.Reason)})
	case fact.Cancelled:
		s.metrics.Put(ctx, "cancelled", about, platform.Sample{Metric: platform.OrdersCancelled, Value: 1})
	}
}

// confirmation has the time that it took, unless the shopper took part of it.
func confirmation(in decided, f fact.Fact) []platform.Sample {
	out := []platform.Sample{{Metric: platform.OrdersConfirmed, Value: 1}}
	placed, err := time.Parse(timeForm, in.Order.PlacedAt)
	if err != nil || in.Order.State != fact.StatePlaced { // the version before did not say when
		return out
	}
	return append(out, platform.Sample{Metric: platform.TimeToConfirm, Value: float64(f.At.Sub(placed).Milliseconds())})
}

// reasonOf is a reason as a dimension: what no table of ours knows would make a metric of its own for each word of a provider's.
func reasonOf(reason string) string {
	switch r := platform.Code(reason); r {
	case platform.InsufficientStock, platform.PaymentDeclined, platform.ShipmentUnavailable:
		return reason
	}
	return "Other"
}

// measure tells of a run, also when there was nothing to do: a sweep that says nothing does not run.
func (s *sweep) measure(ctx context.Context, r report) {
	s.metrics.Put(ctx, "measured", nil,
		platform.Sample{Metric: platform.SagaRestarts, Value: float64(r.Started - r.takeovers)}, platform.Sample{Metric: platform.Takeovers, Value: float64(r.takeovers)},
		platform.Sample{Metric: platform.SweepLag, Value: r.lag.Seconds()}, platform.Sample{Metric: platform.SweepFailures, Value: float64(r.Failed)})
}
