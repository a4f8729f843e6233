package inventory

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"time"

	"twofold/internal/event"
	"twofold/internal/fact"
	"twofold/internal/platform"
)

// subscriber credits receipts and settles reservations as the bus tells of them.
type subscriber struct {
	region string
	stock  settler
	credit creditor
}

// creditor books receipts of this region.
type creditor struct {
	stock interface {
		shardCounter
		Credit(ctx context.Context, r Receipt, shard int, at time.Time) (int64, error)
	}
	clock platform.Clock
	rand  io.Reader
	log   *slog.Logger
}

// envelope is what all events of the bus have in common.
type envelope struct {
	DetailType string          `json:"detail-type"`
	Detail     json.RawMessage `json:"detail"`
}

func (e subscriber) handle(ctx context.Context, body json.RawMessage) error {
	var env envelope
	if err := json.Unmarshal(body, &env); err != nil {
		return platform.Wrap(platform.InvalidRequest, err)
	}
	switch env.DetailType {
	case typeReceipt:
		return on(ctx, env.Detail, e.received)
	case fact.Confirmed.DetailType():
		return on(ctx, env.Detail, e.confirmed)
	case fact.Rejected.DetailType():
		return on(ctx, env.Detail, e.rejected)
	case fact.Cancelled.DetailType():
		return on(ctx, env.Detail, e.cancelled)
	default:
		return platform.Refuse(platform.InvalidRequest, "inventory does not handle "+env.DetailType)
	}
}

// on reads an event's detail and hands it on.
func on[T any](ctx context.Context, detail json.RawMessage, f func(context.Context, T) error) error {
	var d T
	if err := json.Unmarshal(detail, &d); err != nil {
		return platform.Wrap(platform.InvalidRequest, err)
	}
	return f(ctx, d)
}

func (e subscriber) received(ctx context.Context, d event.StockReceived) error {
	if d.Target != e.region {
		return nil // the rule lets only this region's through; the other's would be credited twice
	}
	quantity, err := event.Number("quantity", d.Quantity)
	if err != nil {
		return platform.Wrap(platform.InvalidRequest, err)
	}
	return e.credit.once(ctx, Receipt{SKU: d.Sku, ID: d.ReceiptID, Quantity: quantity, Target: d.Target, Region: d.Region})
}

func (e subscriber) confirmed(ctx context.Context, d event.OrderConfirmed) error {
	return settle(ctx, e.stock, d.OrderID, committed(d.CommittedBy, e.region))
}

func (e subscriber) rejected(ctx context.Context, d event.OrderRejected) error {
	return settle(ctx, e.stock, d.OrderID, Released)
}

func (e subscriber) cancelled(ctx context.Context, d event.OrderCancelled) error {
	return settle(ctx, e.stock, d.OrderID, calledOff(d.CommittedBy, e.region))
}

// once credits a receipt unless it has been credited before. Two receipts of one id that disagree were written by two
// regions that could not see each other: the first counts, and the log says so.
func (c creditor) once(ctx context.Context, r Receipt) error {
	counts, err := c.stock.Shards(ctx, []string{r.SKU})
	if err != nil {
		return err
	}
	shard, err := below(c.rand, counts[r.SKU])
	if err != nil {
		return platform.Wrap(platform.Internal, err)
	}
	credited, err := c.stock.Credit(ctx, r, shard, c.clock.Now())
	if err != nil {
		return err
	}
	if credited != r.Quantity {
		c.log.Error("a receipt was recorded twice with different quantities", "sku", r.SKU, "receipt", r.ID, "credited", credited, "ignored", r.Quantity)
	}
	return nil
}
