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

// subscriber credits receipts, deals with the other region and settles reservations as the bus tells of them.
type subscriber struct {
	region  string
	stock   settler
	past    past
	credit  creditor
	partner partner
}

// creditor books receipts of this region.
type creditor struct {
	region, peer string
	stock        interface {
		EachShard(ctx context.Context, sku string) ([]Ledger, error)
		Credit(ctx context.Context, r Receipt, parts []ReservedLine, at time.Time) (int64, error)
	}
	catalogue interface {
		Taken(ctx context.Context, sku, dead, id, by string) (bool, error)
	}
	tell  func(ctx context.Context, sku string) error
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
	case typeTransfer:
		return on(ctx, env.Detail, e.transferred)
	case typeRequest:
		return on(ctx, env.Detail, e.requested)
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

func (e subscriber) transferred(ctx context.Context, d event.StockTransferred) error {
	quantity, err := event.Number("quantity", d.Quantity)
	if err != nil {
		return platform.Wrap(platform.InvalidRequest, err)
	}
	if d.Target != e.region {
		return nil
	}
	return e.partner.receive(ctx, d.Sku, quantity)
}

func (e subscriber) requested(ctx context.Context, d event.StockRequested) error {
	quantity, err := event.Number("quantity", d.Quantity)
	if err != nil {
		return platform.Wrap(platform.InvalidRequest, err)
	}
	if d.Target != e.region {
		return nil
	}
	return e.partner.answer(ctx, d.Sku, quantity)
}

func (e subscriber) confirmed(ctx context.Context, d event.OrderConfirmed) error {
	_, err := e.past.settle(ctx, e.stock, d.OrderID, committed(d.CommittedBy, e.region))
	return err
}

func (e subscriber) rejected(ctx context.Context, d event.OrderRejected) error {
	return settle(ctx, e.stock, d.OrderID, Released)
}

func (e subscriber) cancelled(ctx context.Context, d event.OrderCancelled) error {
	_, err := e.past.settle(ctx, e.stock, d.OrderID, calledOff(d.CommittedBy, e.region))
	return err
}

// once credits a receipt unless it has been credited before. Two receipts of one id that disagree were written by two
// regions that could not see each other: the first counts, and the log says so. A receipt that the other region took over when it adopted this
// one is not this region's any more: it is marked as credited with nothing.
func (c creditor) once(ctx context.Context, r Receipt) error {
	taken, err := c.catalogue.Taken(ctx, r.SKU, c.region, r.ID, c.peer)
	if err != nil {
		return err
	}
	shards, err := c.stock.EachShard(ctx, r.SKU)
	if err != nil {
		return err
	}
	begin, err := below(c.rand, len(shards))
	if err != nil {
		return platform.Wrap(platform.Internal, err)
	}
	parts := portions(r.SKU, r.Quantity, len(shards), begin)
	if taken {
		parts = nil
	}
	credited, err := c.stock.Credit(ctx, r, parts, c.clock.Now())
	if err != nil {
		return err
	}
	if credited != r.Quantity {
		c.log.Error("a receipt was recorded twice with different quantities", "sku", r.SKU, "receipt", r.ID, "credited", credited, "ignored", r.Quantity)
	}
	return c.tell(ctx, r.SKU)
}
